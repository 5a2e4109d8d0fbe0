//! The words for what was found: everything that enters a deviation is redacted here, as it enters.
//!
//! The redactor is made when the first deviation is found, and not before: a scenario that passes needs none. It
//! then reads the whole trace in its order, so that names are numbered by appearance however late the first
//! deviation is.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::paths::{self, Part};
use crate::scenario::{Action, Expect, Matcher, Scenario, Template};
use crate::service::redact::Redactor;
use crate::service::{Kind, ShapeId, shapes};
use crate::trace::Trace;

/// A saved value shorter than this is no identity: naming it would replace it inside unrelated messages.
const NAMED_FROM: usize = 8;

/// Turns values of one scenario into what may be printed.
pub(super) struct Names<'t> {
    scenario: &'t Scenario,
    trace: &'t Trace,
    redactor: Option<Redactor>,
}

impl<'t> Names<'t> {
    /// The names of one scenario's run.
    pub(super) fn new(scenario: &'t Scenario, trace: &'t Trace) -> Self {
        Names { scenario, trace, redactor: None }
    }

    fn redactor(&mut self) -> &mut Redactor {
        let (scenario, trace) = (self.scenario, self.trace);
        self.redactor.get_or_insert_with(|| prepared(scenario, trace))
    }

    /// A path into an operation's output. Keys of maps are values and become names; a member that the model does
    /// not know is shown when it looks like one.
    pub(super) fn path(&mut self, operation: Option<&str>, path: &str) -> String {
        let mut text = String::with_capacity(path.len());
        for (part, _) in paths::read(operation, path).parts {
            match part {
                Part::Member(name) | Part::Unknown(name) => {
                    paths::push_member(&mut text, paths::shown_member(name));
                }
                Part::Key(key) => {
                    let shown = self.version(key);
                    paths::push_member(&mut text, &shown);
                }
                Part::Index(at) => {
                    text.push('[');
                    text.push_str(at);
                    text.push(']');
                }
            }
        }
        text
    }

    /// A value that a target answered at a path; null for nothing.
    pub(super) fn actual(&mut self, operation: Option<&str>, path: &str, value: Option<&Value>) -> Value {
        let Some(value) = value else { return Value::Null };
        // Inside a string that holds JSON the model knows nothing: the string's own member decides.
        let parts = paths::read(operation, path);
        let path = if is_leaf(operation, &path[..parts.known_to]) { &path[..parts.known_to] } else { path };
        let mut shown = self.redactor().output_at(operation, path, value);
        self.name_keys(&mut shown);
        shown
    }

    /// A wrong server may put a value where the name of a member belongs; what has a name is named there too.
    fn name_keys(&mut self, shown: &mut Value) {
        match shown {
            Value::Array(entries) => entries.iter_mut().for_each(|entry| self.name_keys(entry)),
            Value::Object(members) => {
                for (key, mut value) in std::mem::take(members) {
                    self.name_keys(&mut value);
                    members.insert(self.message(&key), value);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// What was expected at a path. The words of matchers stay; the literals in them are redacted like answers.
    pub(super) fn expected(&mut self, operation: Option<&str>, path: &str, value: Option<&Value>) -> Value {
        match value {
            None => Value::Null,
            Some(Value::Object(members)) => match matcher_of(members) {
                Some((word, inner)) => self.matcher(operation, path, word, inner),
                None => Value::Object(
                    members.iter().map(|(key, value)| self.member(operation, path, key, value)).collect(),
                ),
            },
            Some(Value::Array(entries)) => {
                let entry = |(at, value)| self.expected(operation, &format!("{path}[{at}]"), Some(value));
                Value::Array(entries.iter().enumerate().map(entry).collect())
            }
            Some(scalar) => self.actual(operation, path, Some(scalar)),
        }
    }

    fn member(&mut self, operation: Option<&str>, path: &str, key: &str, value: &Value) -> (String, Value) {
        if key == "$partial" {
            return (key.to_owned(), value.clone());
        }
        let mut inner = path.to_owned();
        paths::push_member(&mut inner, key);
        // The key as it is shown: its path without the part that leads to it.
        let is_key = matches!(paths::read(operation, &inner).parts.last(), Some((Part::Key(_), _)));
        let shown = if is_key { self.version(key) } else { key.to_owned() };
        (shown, self.expected(operation, &inner, Some(value)))
    }

    fn matcher(&mut self, operation: Option<&str>, path: &str, word: &str, inner: &Value) -> Value {
        let entry = format!("{path}[0]");
        let shown = match word {
            // Words of the language and names of variables, no values.
            "$arn" | "$uuid" | "$time" | "$type" | "$length" | "$absent" => inner.clone(),
            "$regex" if !is_sensitive(operation, path) => inner.clone(),
            "$not" => self.expected(operation, path, Some(inner)),
            "$oneOf" => self.each(operation, path, inner),
            "$unordered" => self.each(operation, &entry, inner),
            "$contains" if is_list(operation, path) => self.expected(operation, &entry, Some(inner)),
            "$contains" => self.expected(operation, path, Some(inner)),
            "$save" => match inner.get("is") {
                Some(is) => {
                    let name = inner.get("as").cloned().unwrap_or_default();
                    serde_json::json!({"as": name, "is": self.expected(operation, path, Some(is))})
                }
                None => inner.clone(),
            },
            // `$json`, `$bytes`, a `$regex` of a secret, and whatever comes later: literals of the member.
            _ => self.actual(operation, path, Some(inner)),
        };
        Value::Object(Map::from_iter([(word.to_owned(), shown)]))
    }

    fn each(&mut self, operation: Option<&str>, path: &str, entries: &Value) -> Value {
        match entries {
            Value::Array(entries) => Value::Array(
                entries.iter().map(|value| self.expected(operation, path, Some(value))).collect(),
            ),
            other => self.expected(operation, path, Some(other)),
        }
    }

    /// Text of an answer that is no member of a body: a message, a code, a header.
    pub(super) fn message(&mut self, text: &str) -> String {
        self.redactor().message(text)
    }

    /// The strings of an expectation that is held against such text.
    pub(super) fn expected_text(&mut self, value: Option<&Value>) -> Value {
        match value {
            None => Value::Null,
            Some(Value::String(text)) => Value::String(self.message(text)),
            Some(Value::Array(entries)) => {
                Value::Array(entries.iter().map(|value| self.expected_text(Some(value))).collect())
            }
            Some(Value::Object(members)) => Value::Object(
                members.iter().map(|(key, value)| (key.clone(), self.expected_text(Some(value)))).collect(),
            ),
            Some(other) => other.clone(),
        }
    }

    /// The name of a version id.
    pub(super) fn version(&mut self, id: &str) -> String {
        let id = Value::String(id.to_owned());
        match self.redactor().output_at(Some("ListSecretVersionIds"), "Versions[0].VersionId", &id) {
            Value::String(shown) => shown,
            other => other.to_string(),
        }
    }

    /// Staging labels in alphabetical order.
    pub(super) fn labels<'l>(&mut self, labels: impl IntoIterator<Item = &'l String>) -> Value {
        let labels: BTreeSet<&String> = labels.into_iter().collect();
        let list = Value::Array(labels.into_iter().map(|label| Value::String(label.clone())).collect());
        self.redactor().output_at(Some("ListSecretVersionIds"), "Versions[0].VersionStages", &list)
    }
}

/// The one `$` word of a matcher and what stands behind it.
fn matcher_of(members: &Map<String, Value>) -> Option<(&str, &Value)> {
    let mut words = members.iter().filter(|(key, _)| key.starts_with('$') && *key != "$partial");
    match (words.next(), members.len()) {
        (Some((word, inner)), 1) => Some((word.as_str(), inner)),
        _ => None,
    }
}

fn is_leaf(operation: Option<&str>, path: &str) -> bool {
    let kind = paths::read(operation, path).shape.map(|id| &shapes().shape(id).kind);
    matches!(kind, Some(Kind::String { .. } | Kind::Blob { .. }))
}

fn is_list(operation: Option<&str>, path: &str) -> bool {
    let kind = paths::read(operation, path).shape.map(|id| &shapes().shape(id).kind);
    matches!(kind, Some(Kind::List { .. }))
}

/// Whether a value at this path must not be shown; so it is where the model does not know the path.
fn is_sensitive(operation: Option<&str>, path: &str) -> bool {
    paths::read(operation, path).shape.is_none_or(|id| shapes().shape(id).sensitive)
}

/// A redactor that knows everything of one scenario's run.
fn prepared(scenario: &Scenario, trace: &Trace) -> Redactor {
    let mut redactor = Redactor::new();
    for (value, shown) in identities(trace) {
        redactor.name(&value, &shown);
    }
    for literal in literals(scenario) {
        redactor.literal(&literal);
    }
    // In the order of the trace, so that what has no name yet is numbered by appearance.
    for exchange in trace.exchanges() {
        let operation = exchange.operation.as_deref();
        if let Some(input) = exchange.request.json() {
            redactor.input(operation, &input);
        }
        if let Some(output) = exchange.response.json() {
            redactor.output(operation, &output);
        }
    }
    redactor
}

/// Values that have a name, each once: declared names and version ids, ARNs, saved values.
fn identities(trace: &Trace) -> Vec<(String, String)> {
    let mut known = Identities::default();
    for (variable, value) in trace.secrets.iter().chain(&trace.versions) {
        known.add(value, format!("${{{variable}}}"));
    }
    for step in &trace.steps {
        for (variable, value) in step.variables.iter() {
            known.variable(variable, value);
        }
        for call in &step.calls {
            if let Some((secret, arn)) = super::step::created(trace, &call.exchange) {
                known.variable(&format!("{secret}.arn"), &Value::String(arn.clone()));
                if let Some(partial) = crate::service::arn::partial(&arn) {
                    known.variable(&format!("{secret}.partial"), &Value::String(partial.to_owned()));
                }
            }
        }
    }
    known.named
}

#[derive(Default)]
struct Identities {
    named: Vec<(String, String)>,
    seen: BTreeSet<String>,
    arns: BTreeMap<String, usize>,
}

impl Identities {
    fn add(&mut self, value: &str, shown: String) {
        if self.seen.insert(value.to_owned()) {
            self.named.push((value.to_owned(), shown));
        }
    }

    fn variable(&mut self, variable: &str, value: &Value) {
        let Some(text) = value.as_str().filter(|text| text.len() >= NAMED_FROM) else { return };
        if self.seen.contains(text) {
            return;
        }
        let shown = match variable.strip_suffix(".arn") {
            Some(secret) => {
                // A secret that is created anew has another ARN, and the two must not read alike.
                let count = self.arns.entry(secret.to_owned()).or_insert(0);
                *count += 1;
                if *count == 1 { format!("<arn:{secret}>") } else { format!("<arn:{secret}:{count}>") }
            }
            None => format!("${{{variable}}}"),
        };
        self.add(text, shown);
    }
}

/// What the scenario itself wrote, except what it also wrote into a sensitive member.
fn literals(scenario: &Scenario) -> BTreeSet<String> {
    let mut found = Literals::default();
    for step in &scenario.steps {
        let parallel = match &step.action {
            Action::Parallel(parallel) => parallel.calls.as_slice(),
            Action::Call(_) | Action::Raw(_) | Action::Advance(_) => &[],
        };
        let inner = parallel.iter().map(|call| (&call.action, &call.expect));
        for (action, expect) in std::iter::once((&step.action, &step.expect)).chain(inner) {
            let Action::Call(call) = action else { continue };
            let operation = shapes().operation(&call.operation);
            found.template(&call.input, operation.map(|op| op.input));
            if let Expect::Returns(matcher) = expect {
                found.matcher(matcher, operation.and_then(|op| op.output));
            }
        }
    }
    &found.plain - &found.sensitive
}

#[derive(Default)]
struct Literals {
    plain: BTreeSet<String>,
    sensitive: BTreeSet<String>,
}

impl Literals {
    fn text(&mut self, text: &str, shape: Option<ShapeId>) {
        // Where the model knows no member nothing is known to be harmless.
        if shape.is_none_or(|id| shapes().shape(id).sensitive) {
            self.sensitive.insert(text.to_owned());
        } else {
            self.plain.insert(text.to_owned());
        }
    }

    fn value(&mut self, value: &Value, shape: Option<ShapeId>) {
        match value {
            Value::String(text) => self.text(text, shape),
            Value::Array(entries) => entries.iter().for_each(|value| self.value(value, element(shape))),
            Value::Object(members) => {
                members.iter().for_each(|(key, value)| self.value(value, member(shape, Some(key))));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn template(&mut self, template: &Template, shape: Option<ShapeId>) {
        match template {
            Template::Value(value) => self.value(value, shape),
            Template::List(entries) => entries.iter().for_each(|entry| self.template(entry, element(shape))),
            Template::Map(members) => {
                for (key, value) in members {
                    self.template(value, member(shape, literal_key(key)));
                }
            }
            Template::Whole(_) | Template::Text(_) | Template::Fill { .. } => {}
        }
    }

    fn matcher(&mut self, matcher: &Matcher, shape: Option<ShapeId>) {
        match matcher {
            Matcher::Exact(template) => self.template(template, shape),
            Matcher::List(entries) | Matcher::Unordered(entries) => {
                entries.iter().for_each(|entry| self.matcher(entry, element(shape)));
            }
            Matcher::Map { members, .. } => {
                for (key, value) in members {
                    self.matcher(value, member(shape, literal_key(key)));
                }
            }
            Matcher::OneOf(choices) => choices.iter().for_each(|choice| self.matcher(choice, shape)),
            Matcher::Save { is: Some(inner), .. } | Matcher::Not(inner) => self.matcher(inner, shape),
            Matcher::Contains(inner) => {
                let of_list = shape.is_some_and(|id| matches!(shapes().shape(id).kind, Kind::List { .. }));
                self.matcher(inner, if of_list { element(shape) } else { shape });
            }
            Matcher::Save { is: None, .. }
            | Matcher::Arn { .. }
            | Matcher::Uuid
            | Matcher::Time(_)
            | Matcher::Regex { .. }
            | Matcher::Type(_)
            | Matcher::Length { .. }
            | Matcher::Absent
            | Matcher::Json(_)
            | Matcher::Bytes(_) => {}
        }
    }
}

fn literal_key(key: &Template) -> Option<&str> {
    match key {
        Template::Value(Value::String(key)) => Some(key),
        _ => None,
    }
}

fn element(shape: Option<ShapeId>) -> Option<ShapeId> {
    match &shapes().shape(shape?).kind {
        Kind::List { element, .. } => Some(*element),
        _ => None,
    }
}

fn member(shape: Option<ShapeId>, name: Option<&str>) -> Option<ShapeId> {
    match &shapes().shape(shape?).kind {
        Kind::Structure(members) => members.iter().find(|m| Some(m.name.as_str()) == name).map(|m| m.shape),
        Kind::Map { value, .. } => Some(*value),
        _ => None,
    }
}
