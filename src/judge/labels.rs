//! The labels that a step states, held against the state that was read after it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::judging::{Judging, Stated};
use super::state::{Labels, State, View};
use super::verdict::Kind;
use crate::scenario::{SecretLabels, Step, Variables};
use crate::trace::{End, StepTrace};

/// Judges `labels` of a step. `saved` is what the step itself saved.
pub(super) fn judge_labels(
    judging: &mut Judging<'_>,
    stated: &Stated<'_>,
    step: &Step,
    happened: &StepTrace,
    states: &BTreeMap<String, State>,
    saved: &[(String, Value)],
) {
    let Some(secrets) = &step.labels else { return };
    let mut variables = Cow::Borrowed(happened.variables.as_ref());
    if !saved.is_empty() {
        variables.to_mut().extend(saved.iter().cloned());
    }
    let operation = happened.calls.last().and_then(|call| call.exchange.operation.as_deref()).unwrap_or("");
    for secret in secrets {
        // With several secrets a path says which one.
        let path = if secrets.len() > 1 { format!("labels.{}", secret.secret) } else { "labels".to_owned() };
        let Some(state) = states.get(&secret.secret) else {
            // A run that failed says itself why nothing was read.
            if !matches!(judging.trace.end, End::Failed(_)) {
                judging.cannot_judge(format!("step {}: the labels it states were not read", stated.step));
            }
            continue;
        };
        let expected = match expected(secret, &variables) {
            Ok(expected) => expected,
            Err(reason) => {
                judging.cannot_judge(format!("step {}: {reason}", stated.step));
                continue;
            }
        };
        match &state.versions {
            View::Versions(found) => {
                compare(judging, stated, operation, &path, &expected, found, &variables);
            }
            View::Gone => unreadable(judging, stated, operation, path, &expected, "no secret"),
            View::Refused(code) => {
                let found = judging.names.message(&format!("failure {code}"));
                unreadable(judging, stated, operation, path, &expected, &found);
            }
        }
    }
}

/// A stated version: its variable, its id as far as it has one, its labels.
struct Expected {
    variable: String,
    id: Option<String>,
    labels: BTreeSet<String>,
}

fn expected(secret: &SecretLabels, variables: &Variables) -> Result<Vec<Expected>, String> {
    let version = |(variable, labels): &(String, Vec<crate::scenario::Template>)| {
        let id = variables.get(variable).and_then(Value::as_str).map(str::to_owned);
        let labels: Result<BTreeSet<String>, _> =
            labels.iter().map(|label| label.resolve_text(variables)).collect();
        Ok(Expected { variable: variable.clone(), id, labels: labels.map_err(|e| e.to_string())? })
    };
    secret.versions.iter().map(version).collect()
}

fn compare(
    judging: &mut Judging<'_>,
    stated: &Stated<'_>,
    operation: &str,
    path: &str,
    expected: &[Expected],
    found: &Labels,
    variables: &Variables,
) {
    for version in expected {
        let actual = version.id.as_ref().and_then(|id| found.get(id));
        if actual != Some(&version.labels) {
            let wanted = judging.names.labels(&version.labels);
            let actual = actual.map_or(Value::Null, |labels| judging.names.labels(labels));
            let path = format!("{path}.{}", version.variable);
            judging.deviate(stated, operation, Kind::Labels, path, (wanted, actual));
        }
    }
    let stated_ids: BTreeSet<&String> = expected.iter().filter_map(|version| version.id.as_ref()).collect();
    for (id, labels) in found.iter().filter(|(id, _)| !stated_ids.contains(id)) {
        let variable =
            variables.iter().find(|(_, value)| value.as_str() == Some(id)).map(|(name, _)| name.clone());
        let name = variable.unwrap_or_else(|| judging.names.version(id));
        let actual = judging.names.labels(labels);
        judging.deviate(stated, operation, Kind::Labels, format!("{path}.{name}"), (Value::Null, actual));
    }
}

fn unreadable(
    judging: &mut Judging<'_>,
    stated: &Stated<'_>,
    operation: &str,
    path: String,
    expected: &[Expected],
    found: &str,
) {
    let mut wanted = serde_json::Map::new();
    for version in expected {
        wanted.insert(version.variable.clone(), judging.names.labels(&version.labels));
    }
    judging.deviate(stated, operation, Kind::Labels, path, (Value::Object(wanted), json!(found)));
}
