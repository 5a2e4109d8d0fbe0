//! What a scenario itself sent as a literal: it stays readable, sensitive members aside.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::scenario::{Action, RawBody, Repeat, Scenario, Template, Variables};
use crate::service::redact::walk;
use crate::trace::Trace;

/// The strings that the scenario's requests hold in members that are not sensitive, as far as they follow from
/// the file and from the names made for the run alone. What came from a response or from a target's configuration
/// is no literal.
pub fn literals(scenario: &Scenario, trace: &Trace) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let known = own_variables(trace);
    for step in &scenario.steps {
        for variables in repetitions(step.repeat.as_ref(), &known) {
            add(&step.action, &variables, &mut found);
        }
    }
    // A name or an id that was made for the run is no literal although it is known.
    for made in trace.secrets.values().chain(trace.versions.values()) {
        found.remove(made);
    }
    found
}

/// The variables whose values follow from the file and the run.
fn own_variables(trace: &Trace) -> Variables {
    let text = |(name, value): (&String, &String)| (name.clone(), Value::String(value.clone()));
    let mut known: Variables = trace.secrets.iter().chain(&trace.versions).map(text).collect();
    known.insert("region".to_owned(), Value::String(trace.region.clone()));
    known
}

/// The variables of every round of a step.
fn repetitions(repeat: Option<&Repeat>, known: &Variables) -> Vec<Variables> {
    let with = |name: &String, value: Value| {
        let mut variables = known.clone();
        variables.insert(name.clone(), value);
        variables
    };
    match repeat {
        Some(Repeat::Times { times, variable: Some(name) }) => {
            (1..=*times).map(|count| with(name, Value::from(count))).collect()
        }
        Some(Repeat::Over { values, variable }) => values
            .iter()
            .filter_map(|value| literal(value, known))
            .map(|value| with(variable, value))
            .collect(),
        _ => vec![known.clone()],
    }
}

fn add(action: &Action, known: &Variables, found: &mut BTreeSet<String>) {
    match action {
        Action::Call(call) => {
            if let Some(input) = literal(&call.input, known) {
                found.extend(walk::literals(Some(&call.operation), &input));
            }
        }
        Action::Raw(raw) => {
            let target = raw.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("x-amz-target"));
            let target = target.and_then(|(_, value)| value.as_ref()?.resolve_text(known).ok());
            let operation = target.as_deref().and_then(|target| target.strip_prefix("secretsmanager."));
            if let RawBody::Text(body) = &raw.body
                && let Ok(text) = body.resolve_text(known)
                && let Ok(input) = serde_json::from_str(&text)
            {
                found.extend(walk::literals(operation, &input));
            }
            found.extend(raw.path.resolve_text(known));
        }
        Action::Advance(_) => {}
        Action::Parallel(parallel) => {
            for call in &parallel.calls {
                add(&call.action, known, found);
            }
        }
    }
}

/// The value of a template without the parts that need other variables.
fn literal(template: &Template, known: &Variables) -> Option<Value> {
    match template {
        Template::List(entries) => {
            Some(Value::Array(entries.iter().filter_map(|entry| literal(entry, known)).collect()))
        }
        Template::Map(members) => {
            let member = |(key, value): &(Template, Template)| {
                Some((key.resolve_text(known).ok()?, literal(value, known)?))
            };
            Some(Value::Object(members.iter().filter_map(member).collect::<Map<_, _>>()))
        }
        Template::Value(value) => Some(value.clone()),
        Template::Whole(_) | Template::Text(_) | Template::Fill { .. } => template.resolve(known).ok(),
    }
}
