//! Normalising: a trace becomes an observation, the same text for every run that behaves the same.
//!
//! Volatile values become names that are the same wherever the value is the same, so that relations survive: that
//! two steps return one VersionId is still there to see. Times become `<time>`, lists without an order are sorted,
//! passwords become their length and classes, and what requests sent at once differ by is not told apart (see
//! [`super::racing`]). Nothing else is thrown away.

use std::collections::BTreeMap;

use serde_json::Value;

use super::observation::Observation;
use super::racing::{self, Race};
use super::text::{line, scalar, write_tree};
use crate::scenario::{Action, Need, Scenario, Side, Sign, span_text};
use crate::service::redact::{Redactor, Tree};
use crate::trace::{Call, End, Exchange, Probe, StepTrace, Trace};

/// What a run showed, with volatile values named.
pub fn observe(scenario: &Scenario, trace: &Trace) -> Observation {
    let mut observer = Observer { trace, redactor: prepared(scenario, trace), races: 0, out: String::new() };
    for step in &trace.steps {
        let planned = scenario.steps.get(step.index);
        observer.step(
            step,
            planned.map(|step| &step.action),
            planned.map_or("", |step| side_words(step.side)),
        );
    }
    if trace.end == End::Stopped {
        line(&mut observer.out, 0, "stopped: the outcome of the last step was not the expected one");
    }
    Observation { text: observer.out }
}

/// A redactor that knows the names made for a run and the scenario's literals.
fn prepared(scenario: &Scenario, trace: &Trace) -> Redactor {
    let mut redactor = Redactor::new();
    for (variable, value) in trace.secrets.iter().chain(&trace.versions) {
        redactor.name(value, &format!("${{{variable}}}"));
    }
    redactor.name(&trace.region, "${region}");
    for need in [Need::SecondRegion, Need::SecondAccount] {
        let known = trace.steps.first().and_then(|step| step.variables.get(need.as_str())?.as_str());
        if let Some(value) = known {
            redactor.name(value, &format!("${{{}}}", need.as_str()));
        }
    }
    for literal in super::literals::literals(scenario, trace) {
        redactor.literal(&literal);
    }
    redactor
}

struct Observer<'t> {
    trace: &'t Trace,
    redactor: Redactor,
    races: usize,
    out: String,
}

impl Observer<'_> {
    fn step(&mut self, step: &StepTrace, action: Option<&Action>, side: &str) {
        let race = racing::race(step);
        if let Some(race) = &race {
            self.share_names(race);
        }
        let calls = racing::in_order(&self.redactor, step);
        let parallel = calls.iter().any(|call| call.inner.is_some());
        let title = match (calls.first(), action) {
            _ if parallel => "parallel".to_owned(),
            (_, Some(Action::Advance(span))) => format!("advance {}", span_text(*span)),
            (Some(call), _) => title_of(&call.exchange),
            (None, _) => "nothing sent".to_owned(),
        };
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        line(&mut self.out, 0, &format!("step {}: {title}{side}", step.index + 1));
        for (at, call) in calls.iter().enumerate() {
            let sign = sign_of(action, call.inner);
            let hides_body =
                race.as_ref().is_some_and(|race| race.reads_raced) && racing::reads(&call.exchange);
            if parallel {
                line(&mut self.out, 2, &format!("call {}: {}", at + 1, title_of(&call.exchange)));
                self.call(4, call, sign, hides_body);
            } else if calls.len() > 1 {
                line(&mut self.out, 2, &format!("call {}:", at + 1));
                self.call(4, call, sign, hides_body);
            } else {
                self.call(2, call, sign, hides_body);
            }
        }
        for probe in &step.probes {
            self.probe(probe);
        }
    }

    /// Gives one name to the versions, and one to the secrets, that a race mixes up.
    fn share_names(&mut self, race: &Race) {
        if race.versions.is_empty() && race.secrets.is_empty() {
            return;
        }
        self.races += 1;
        let declared = self.trace.versions.iter().filter(|(_, value)| race.versions.contains(value));
        let variables: Vec<&str> = declared.map(|(variable, _)| variable.as_str()).collect();
        let shown = match variables.len() == race.versions.len() {
            true => format!("${{{}}}", variables.join("|")),
            false => format!("<raced:{}>", self.races),
        };
        self.redactor.alias(&race.versions, &shown);
        self.redactor.alias(&race.secrets, &format!("<secret of race {}>", self.races));
    }

    fn call(&mut self, indent: usize, call: &Call, sign: Option<Sign>, hides_body: bool) {
        let exchange = &call.exchange;
        let operation = exchange.operation.as_deref();
        let request = &exchange.request;
        if request.method != "POST" || request.path != "/" {
            let path = self.redactor.output_at(None, "path", &Value::String(request.path.clone()));
            let method = self.redactor.output_at(None, "method", &Value::String(request.method.clone()));
            let method = if is_method(&request.method) { request.method.clone() } else { scalar(&method) };
            line(&mut self.out, indent, &format!("sent: {method} {}", scalar(&path)));
        }
        if let Some(sign) = sign.filter(|sign| *sign != Sign::Good) {
            line(&mut self.out, indent, &format!("signed: {}", sign_word(sign)));
        }
        match request.json() {
            Some(input) => {
                let tree = self.redactor.input_tree(operation, &input);
                self.block(indent, "request:", &tree);
            }
            None if request.body.is_empty() => line(&mut self.out, indent, "request: no body"),
            None => line(&mut self.out, indent, "request: a body that is not JSON"),
        }
        let response = &exchange.response;
        let head = match response.error() {
            Some(error) if crate::service::redact::class::is_code(&error.code) => {
                format!("response: {} {}", response.status, error.code)
            }
            _ => format!("response: {}", response.status),
        };
        if hides_body && response.succeeded() {
            line(&mut self.out, indent, &format!("{head}, read beside a write"));
            return;
        }
        if response.body.is_empty() {
            line(&mut self.out, indent, &format!("{head}, no body"));
            return;
        }
        match response.json() {
            Some(output) => {
                let mut tree = self.redactor.output_tree(operation, &output);
                drop_plain_code(&mut tree, exchange);
                self.block(indent, &head, &tree);
            }
            None => line(&mut self.out, indent, &format!("{head}, a body that is not JSON")),
        }
    }

    fn block(&mut self, indent: usize, head: &str, tree: &Tree) {
        match tree {
            Tree::Map(members) if members.is_empty() => {
                line(&mut self.out, indent, &format!("{} {{}}", head.trim_end()));
            }
            _ => {
                line(&mut self.out, indent, head);
                write_tree(&mut self.out, indent + 2, tree);
            }
        }
    }

    /// The labels of a secret: every version with its labels, in the order in which they appeared.
    fn probe(&mut self, probe: &Probe) {
        let head = format!("labels of ${{{}}}:", probe.secret);
        let Some(last) = probe.versions.last() else { return };
        if !last.response.succeeded() {
            let text = match last.response.error() {
                Some(error) if error.code == "ResourceNotFoundException" => "no such secret".to_owned(),
                Some(error) => format!("not readable, {}", self.redactor.message(&error.code)),
                None => format!("not readable, status {}", last.response.status),
            };
            line(&mut self.out, 2, &format!("{head} {text}"));
            return;
        }
        let mut labels: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut order: Vec<String> = Vec::new();
        for page in &probe.versions {
            let Some(output) = page.response.json() else { continue };
            let shown = self.redactor.output("ListSecretVersionIds".into(), &output);
            for entry in shown.get("Versions").and_then(Value::as_array).into_iter().flatten() {
                let id = entry.get("VersionId").map_or_else(|| "?".to_owned(), scalar);
                let stages = entry.get("VersionStages").and_then(Value::as_array);
                let found = labels.entry(id.clone()).or_insert_with(|| {
                    order.push(id);
                    Vec::new()
                });
                found.extend(stages.into_iter().flatten().map(scalar));
            }
        }
        if order.is_empty() {
            line(&mut self.out, 2, &format!("{head} no versions"));
            return;
        }
        line(&mut self.out, 2, &head);
        for id in order {
            let mut found = labels.remove(&id).unwrap_or_default();
            found.sort();
            let text = if found.is_empty() { "none".to_owned() } else { found.join(" ") };
            line(&mut self.out, 4, &format!("{id}: {text}"));
        }
    }
}

/// Leaves `__type` out where it says no more than the code in the first line does.
fn drop_plain_code(tree: &mut Tree, exchange: &Exchange) {
    let Some(error) = exchange.response.error() else { return };
    if let Tree::Map(members) = tree
        && error.code == error.raw_type
    {
        members.retain(|(key, value)| {
            key != "__type" || *value != Tree::Leaf(Value::String(error.code.clone()))
        });
    }
}

fn title_of(exchange: &Exchange) -> String {
    exchange.operation.clone().unwrap_or_else(|| "a request without an operation".to_owned())
}

fn side_words(side: Side) -> &'static str {
    match (side.second_region, side.second_account) {
        (false, false) => "",
        (true, false) => ", in the second region",
        (false, true) => ", by the second account",
        (true, true) => ", in the second region by the second account",
    }
}

fn is_method(text: &str) -> bool {
    !text.is_empty() && text.len() <= 10 && text.bytes().all(|b| b.is_ascii_uppercase())
}

fn sign_of(action: Option<&Action>, inner: Option<usize>) -> Option<Sign> {
    match action? {
        Action::Raw(raw) => Some(raw.sign),
        Action::Parallel(parallel) => match &parallel.calls.get(inner?)?.action {
            Action::Raw(raw) => Some(raw.sign),
            Action::Call(_) | Action::Parallel(_) | Action::Advance(_) => None,
        },
        Action::Call(_) | Action::Advance(_) => None,
    }
}

fn sign_word(sign: Sign) -> &'static str {
    match sign {
        Sign::Good => "good",
        Sign::None => "none",
        Sign::Bad => "bad",
        Sign::Expired => "expired",
        Sign::WrongRegion => "wrong-region",
        Sign::UnknownKey => "unknown-key",
    }
}
