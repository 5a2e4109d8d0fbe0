//! Values as a scenario would state them: variables, matchers, and literals only where they are harmless or its own.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::scenario::template::{Part, escaped, worded};
use crate::scenario::yaml::text;
use crate::scenario::{Action, Need, Scenario, Step, Template};
use crate::service::redact::class::{is_token_like, is_uuid};
use crate::service::redact::{Class, Leaf, Naming, Tree};
use crate::service::time::{DAY_MS, Timestamp};
use crate::trace::{Call, StepTrace, Trace};

/// A time this near to the request is the time of the request.
const NOW_MS: i64 = 30_000;

/// The values of one run.
#[derive(Debug)]
pub(super) struct Names<'t> {
    trace: &'t Trace,
    second_region: bool,
    /// Variables by secret name, by version id, by the ARN of a secret.
    secrets: BTreeMap<String, String>,
    versions: BTreeMap<String, String>,
    arns: BTreeMap<String, String>,
    /// What the scenario itself says: the value, and how it is written.
    stated: BTreeMap<String, Value>,
    /// Other variables that have a value by now.
    others: BTreeMap<String, String>,
    /// The variable of a loop.
    bound: Option<(String, String)>,
    /// When the request was sent, by the target's clock.
    sent_at: Timestamp,
}

impl<'t> Names<'t> {
    pub(super) fn new(scenario: &Scenario, trace: &'t Trace) -> Self {
        let turned = |map: &BTreeMap<String, String>| {
            map.iter().map(|(name, value)| (value.clone(), name.clone())).collect::<BTreeMap<_, _>>()
        };
        Names {
            trace,
            second_region: scenario.needs.contains(&Need::SecondRegion),
            secrets: turned(&trace.secrets),
            versions: turned(&trace.versions),
            arns: BTreeMap::new(),
            stated: BTreeMap::new(),
            others: BTreeMap::new(),
            bound: None,
            sent_at: Timestamp(0),
        }
    }

    /// A step begins: what it sends is what the scenario states.
    pub(super) fn begin(&mut self, step: &Step, happened: &StepTrace) {
        self.sent_at = happened.calls.first().map_or(Timestamp(0), |call| call.exchange.sent_at);
        let variables = &happened.variables;
        for (name, value) in variables.iter() {
            let Some(value) = value.as_str() else { continue };
            let declared = self.trace.secrets.contains_key(name) || self.trace.versions.contains_key(name);
            if is_uuid(value) && !declared {
                self.versions.entry(value.to_owned()).or_insert_with(|| name.clone());
            } else if !declared && !name.contains('.') && value.len() >= 4 {
                self.others.entry(value.to_owned()).or_insert_with(|| name.clone());
            }
        }
        if let Action::Call(call) = &step.action {
            self.state(&call.input, variables);
        }
    }

    fn state(&mut self, template: &Template, variables: &BTreeMap<String, Value>) {
        match template {
            Template::Value(value) => self.state_value(value),
            Template::List(entries) => entries.iter().for_each(|entry| self.state(entry, variables)),
            Template::Map(members) => members.iter().for_each(|(_, value)| self.state(value, variables)),
            Template::Text(parts) => {
                if let Ok(Value::String(value)) = template.resolve(variables) {
                    let written = parts.iter().map(|part| match part {
                        Part::Literal(text) => escaped(text),
                        Part::Variable(name) => format!("${{{name}}}"),
                    });
                    self.stated.insert(value, Value::from(written.collect::<String>()));
                }
            }
            Template::Fill { start, with, length } => {
                if let Ok(Value::String(value)) = template.resolve(variables) {
                    let fill = json!({"$fill": {"start": start.to_string(), "with": with, "length": length}});
                    self.stated.insert(value, fill);
                }
            }
            Template::Whole(_) => {}
        }
    }

    fn state_value(&mut self, value: &Value) {
        match value {
            Value::String(text) => {
                self.stated.insert(text.clone(), Value::from(escaped(text)));
            }
            Value::Array(entries) => entries.iter().for_each(|entry| self.state_value(entry)),
            Value::Object(members) => members.values().for_each(|value| self.state_value(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// One call of a step: the value of the loop's variable, and the ARN that a CreateSecret has just made.
    pub(super) fn bind(&mut self, bound: Option<&(String, Value)>, call: Option<&Call>) {
        self.bound = bound.and_then(|(name, value)| Some((value.as_str()?.to_owned(), name.clone())));
        call.into_iter().for_each(|call| self.created(call));
    }

    fn created(&mut self, call: &Call) {
        let exchange = &call.exchange;
        if exchange.operation.as_deref() != Some("CreateSecret") || !exchange.response.succeeded() {
            return;
        }
        let member = |body: Option<Value>, name: &str| Some(body?.get(name)?.as_str()?.to_owned());
        let name = member(exchange.request.json(), "Name");
        let arn = member(exchange.response.json(), "ARN");
        if let (Some(variable), Some(arn)) = (name.and_then(|name| self.secrets.get(&name).cloned()), arn) {
            // A variable's ARN is the latest; that of an earlier secret of the name has none any more.
            self.arns.retain(|_, known| *known != variable);
            self.arns.insert(arn, variable);
        }
    }

    /// What a step has brought about.
    pub(super) fn learn(&mut self, happened: &StepTrace) {
        self.bound = None;
        happened.calls.iter().for_each(|call| self.created(call));
    }

    /// Takes out what cannot be stated: nothing where something should be, and maps by versions that have no variable.
    /// Says whether the body as a whole lost a member.
    pub(super) fn take_out(&self, value: &mut Value) -> bool {
        let mut lost = false;
        match value {
            Value::Array(entries) => {
                for entry in entries {
                    if self.take_out(entry)
                        && let Some(members) = entry.as_object_mut()
                    {
                        members.insert("$partial".to_owned(), Value::Bool(true));
                    }
                }
            }
            Value::Object(members) => {
                let before = members.len();
                let unknown = |value: &Value| {
                    value.as_object().is_some_and(|map| map.keys().any(|id| !self.versions.contains_key(id)))
                };
                members.retain(|name, value| {
                    let by_version =
                        ["VersionIdsToStages", "SecretVersionsToStages"].contains(&name.as_str());
                    !(value.is_null() || (by_version && unknown(value)))
                });
                lost = members.len() < before;
                for inner in members.values_mut() {
                    if self.take_out(inner)
                        && let Some(members) = inner.as_object_mut()
                    {
                        members.insert("$partial".to_owned(), Value::Bool(true));
                    }
                }
            }
            _ => {}
        }
        lost
    }

    fn variable(&self, value: &str) -> Option<String> {
        let bound = self.bound.as_ref().filter(|(bound, _)| bound == value).map(|(_, name)| name);
        let named = bound
            .or_else(|| self.secrets.get(value))
            .or_else(|| self.versions.get(value))
            .or_else(|| self.others.get(value));
        named.map(|name| format!("${{{name}}}"))
    }

    fn arn(&self, value: &str) -> Option<Value> {
        if let Some(secret) = self.arns.get(value) {
            return Some(json!({"$arn": secret}));
        }
        let region = |arn: &str| arn.split(':').nth(3).map(str::to_owned);
        let elsewhere = |arn: &str| region(arn).map(|region| arn.replacen(&region, "", 1));
        let found = self
            .arns
            .iter()
            .find(|(arn, _)| elsewhere(arn) == elsewhere(value) && elsewhere(value).is_some());
        let (_, secret) = found.filter(|_| self.second_region)?;
        Some(json!({"$arn": {"secret": secret, "region": "${second-region}"}}))
    }

    fn text(&self, class: Class, value: &str) -> Value {
        if let Some(arn) = self.arn(value) {
            return arn;
        }
        let unknown = || json!({"$type": "string"});
        let stated = || self.stated.get(value).cloned();
        match class {
            Class::Password => json!({"$length": value.chars().count()}),
            Class::Cursor => unknown(),
            Class::Version => match self.variable(value) {
                Some(variable) => Value::from(variable),
                // What was sent first: `$uuid` refuses one in capitals.
                None => stated().unwrap_or_else(|| {
                    match is_uuid(value) && !value.contains(|c: char| c.is_ascii_uppercase()) {
                        true => json!({"$uuid": "any"}),
                        false => unknown(),
                    }
                }),
            },
            Class::Open => match self.given(value) {
                Some(variable) => Value::from(variable),
                None => stated().unwrap_or_else(|| Value::from(escaped(value))),
            },
            Class::Message => self.message(value).map_or_else(unknown, Value::from),
            _ => match self.variable(value) {
                Some(variable) => Value::from(variable),
                None => stated().or_else(|| self.json(value)).unwrap_or_else(unknown),
            },
        }
    }

    /// A region or another value that the target gives.
    fn given(&self, value: &str) -> Option<String> {
        let name = self.others.get(value)?;
        let given = name == "region" || Need::ALL.iter().any(|need| need.as_str() == name);
        given.then(|| format!("${{{name}}}"))
    }

    /// JSON that the scenario states, written in another way.
    fn json(&self, value: &str) -> Option<Value> {
        let of = |text: &str| serde_json::from_str::<Value>(text).ok().filter(Value::is_object);
        let parsed = of(value)?;
        let stated = self.stated.keys().any(|text| of(text).as_ref() == Some(&parsed));
        stated.then(|| json!({"$json": all_escaped(parsed)}))
    }

    fn time(&self, class: Class, value: &Value) -> Value {
        let Some(at) = value.as_f64().and_then(Timestamp::from_seconds) else {
            return json!({"$type": "number"});
        };
        let away = at.0 - self.sent_at.0;
        if class == Class::Day {
            let today = at.0 == self.sent_at.day().0;
            return json!({"$time": if today { "day" } else { "any" }});
        }
        if away.abs() <= NOW_MS {
            return json!({"$time": "now"});
        }
        let days = (away + DAY_MS / 2).div_euclid(DAY_MS);
        if days != 0 && (away - days * DAY_MS).abs() <= NOW_MS {
            return json!({"$time": {"in": format!("{days} days")}});
        }
        json!({"$time": "any"})
    }

    /// A message with variables for names, versions and ARNs; none where something else in it is not for keeping.
    pub(super) fn message(&self, message: &str) -> Option<String> {
        let mut known: Vec<(&str, String)> = Vec::new();
        known.extend(self.arns.iter().map(|(arn, secret)| (arn.as_str(), format!("${{{secret}.arn}}"))));
        for map in [&self.secrets, &self.versions, &self.others] {
            known.extend(map.iter().map(|(value, name)| (value.as_str(), format!("${{{name}}}"))));
        }
        let out = worded(message, known)?;
        let words = || out.split(|c: char| !c.is_ascii_alphanumeric() && !"-_".contains(c));
        let tells = words().any(is_token_like) || out.contains("arn:aws") || self.holds_a_secret(&out);
        (!tells).then_some(out)
    }

    /// Whether a stated text stands in a message that is long enough to be a value: a server may echo it.
    fn holds_a_secret(&self, message: &str) -> bool {
        self.stated.keys().any(|value| value.len() >= 20 && message.contains(value.as_str()))
    }

    /// `labels` as they were read after a step; an error where a version in them has no variable.
    pub(super) fn labels(&self, scenario: &Scenario, happened: &StepTrace) -> Result<Option<Tree>, String> {
        let mut secrets = Vec::new();
        for probe in &happened.probes {
            let mut versions = Vec::new();
            for exchange in &probe.versions {
                let body = exchange.response.json().filter(|_| exchange.response.succeeded());
                let Some(entries) = body.as_ref().and_then(|body| body.get("Versions")?.as_array()) else {
                    return Ok(None);
                };
                for entry in entries {
                    let id = entry.get("VersionId").and_then(Value::as_str).unwrap_or_default();
                    let Some(variable) = self.versions.get(id) else {
                        return Err(
                            "made a version that has no variable, so that its labels cannot be stated"
                                .to_owned(),
                        );
                    };
                    let labels =
                        entry.get("VersionStages").and_then(Value::as_array).cloned().unwrap_or_default();
                    let mut labels: Vec<String> =
                        labels.iter().filter_map(Value::as_str).map(escaped).collect();
                    labels.sort();
                    let labels = labels.iter().map(|label| text(label)).collect();
                    versions.push((variable.clone(), Tree::List(labels)));
                }
            }
            versions.sort_by_key(|(variable, _)| {
                scenario.versions.iter().position(|declared| declared == variable).unwrap_or(usize::MAX)
            });
            secrets.push((probe.secret.clone(), Tree::Map(versions)));
        }
        Ok(match (secrets.len(), scenario.secrets.len()) {
            (0, _) => None,
            (1, 1) => secrets.pop().map(|(_, versions)| versions),
            _ => Some(Tree::Map(secrets)),
        })
    }
}

impl Naming for Names<'_> {
    fn stand(&mut self, leaf: Leaf<'_>) -> Value {
        match (leaf.class, leaf.value) {
            (Class::Key, Value::String(key)) => Value::from(key.as_str()),
            (class @ (Class::Time | Class::Day), value @ Value::Number(_)) => self.time(class, value),
            (class, Value::String(value)) => self.text(class, value),
            (_, other) => other.clone(),
        }
    }

    fn rank(&self, leaf: Leaf<'_>) -> Value {
        // By variable, since the ids themselves are in another order each time.
        match leaf.value.as_str().and_then(|text| self.variable(text)) {
            Some(variable) => Value::from(variable),
            None => leaf.value.clone(),
        }
    }
}

fn all_escaped(value: Value) -> Value {
    match value {
        Value::String(text) => Value::from(escaped(&text)),
        Value::Array(entries) => Value::Array(entries.into_iter().map(all_escaped).collect()),
        Value::Object(members) => Value::Object(
            members.into_iter().map(|(key, value)| (escaped(&key), all_escaped(value))).collect(),
        ),
        other => other,
    }
}
