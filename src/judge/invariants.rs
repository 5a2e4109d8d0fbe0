//! The laws of labels, checked after every probe whatever a scenario states: each label on one version, AWSCURRENT
//! on one, no more than the quota, and all views telling the same story.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::judging::{Judging, Stated};
use super::state::{Answer, Labels, State, View, labelled};
use super::verdict::Kind;
use crate::scenario::{Action, Evidence, EvidenceKind, Side, Step};
use crate::service::{AWSCURRENT, AWSPENDING, LABELS_MAX, shapes};
use crate::trace::StepTrace;

/// Where the laws come from (aws-docs).
const ONE_VERSION: &str =
    "API reference, UpdateSecretVersionStage: a staging label is attached to one version at a time";
const ONE_CURRENT: &str = "user guide, What's in a secret: a secret always has a version labeled AWSCURRENT";
const LIMIT: &str = "user guide, quotas: staging labels attached across all versions of a secret";
const VIEWS: &str = "API reference: DescribeSecret, ListSecrets, ListSecretVersionIds and GetSecretValue all return the labels of versions";

/// What was seen of the laws so far in one scenario.
#[derive(Default)]
pub(super) struct Laws {
    /// Breaches that were reported. One that persists is reported with the first step that shows it.
    reported: BTreeSet<String>,
    /// The state of each secret as it was last read, while nothing has changed it since.
    last: BTreeMap<String, Labels>,
    /// Where it was read.
    side: Side,
}

impl Laws {
    /// Checks the states that were read after a step, and what the step itself told of labels.
    pub(super) fn after_step(
        &mut self,
        judging: &mut Judging<'_>,
        stated: &Stated<'_>,
        step: &Step,
        happened: &StepTrace,
        states: &BTreeMap<String, State>,
    ) {
        let operation =
            happened.calls.last().and_then(|call| call.exchange.operation.clone()).unwrap_or_default();
        let moved = matches!(step.action, Action::Advance(_));
        let changed = happened.calls.iter().any(|call| changes_state(call.exchange.operation.as_deref()));
        let elsewhere = std::mem::replace(&mut self.side, step.side) != step.side;
        if moved || changed || elsewhere {
            self.last.clear();
        }
        for (secret, state) in states {
            if let View::Versions(labels) = &state.versions {
                self.laws(judging, stated, &operation, labels);
                self.last.insert(secret.clone(), labels.clone());
            }
            self.views(judging, stated, state);
        }
        // Requests that were sent at once saw the state at moments that nobody knows.
        if happened.calls.len() == 1 && !matches!(step.action, Action::Parallel(_)) {
            self.value_view(judging, stated, happened);
        }
    }

    fn breach(
        &mut self,
        judging: &mut Judging<'_>,
        stated: &Stated<'_>,
        operation: &str,
        law: &str,
        source: &str,
        sides: impl FnOnce(&mut Judging<'_>) -> (Value, Value),
    ) {
        let path = format!("invariant.{law}");
        if self.reported.insert(path.clone()) {
            let evidence = Evidence { kind: EvidenceKind::AwsDocs, source: source.to_owned(), date: None };
            let sides = sides(judging);
            judging.deviate(
                &Stated { evidence: &evidence, ..*stated },
                operation,
                Kind::Invariant,
                path,
                sides,
            );
        }
    }

    fn laws(&mut self, judging: &mut Judging<'_>, stated: &Stated<'_>, operation: &str, labels: &Labels) {
        let mut carriers: BTreeMap<&String, Vec<&String>> = BTreeMap::new();
        for (id, carried) in labels {
            carried.iter().for_each(|label| carriers.entry(label).or_default().push(id));
        }
        if carriers.values().any(|versions| versions.len() > 1) {
            self.breach(judging, stated, operation, "one-version-per-label", ONE_VERSION, |judging| {
                let shared = carriers.iter().filter(|(_, versions)| versions.len() > 1);
                let shared: Map<String, Value> = shared
                    .map(|(label, versions)| {
                        let label =
                            judging.names.labels([*label])[0].as_str().unwrap_or("<label>").to_owned();
                        let versions = versions.iter().map(|id| json!(judging.names.version(id)));
                        (label, versions.collect())
                    })
                    .collect();
                (json!("each label on one version"), Value::Object(shared))
            });
        }
        // A version that a rotation has prepared may have no value yet: a secret with no other has none.
        let without_value = labels.values().all(|carried| carried.iter().eq([AWSPENDING]));
        if !without_value && !carriers.keys().any(|label| *label == AWSCURRENT) {
            self.breach(judging, stated, operation, "one-current", ONE_CURRENT, |judging| {
                (json!("AWSCURRENT on one version"), shown(judging, labels.iter()))
            });
        }
        if carriers.len() > LABELS_MAX {
            self.breach(judging, stated, operation, "label-limit", LIMIT, |_| {
                (json!(format!("at most {LABELS_MAX} labels")), json!(format!("{} labels", carriers.len())))
            });
        }
    }

    fn views(&mut self, judging: &mut Judging<'_>, stated: &Stated<'_>, state: &State) {
        if let Some(describe) = &state.describe {
            self.agree(judging, stated, ("DescribeSecret", "views.describe"), &state.versions, describe);
        }
        if let Some(list) = &state.list {
            let lags = judging.options.list_may_lag
                && (matches!(list, View::Gone) || matches!(state.versions, View::Gone));
            if !lags {
                self.agree(judging, stated, ("ListSecrets", "views.list"), &state.versions, list);
            }
        }
    }

    fn agree(
        &mut self,
        judging: &mut Judging<'_>,
        stated: &Stated<'_>,
        (operation, law): (&str, &str),
        versions: &View,
        other: &View,
    ) {
        let agrees = match (versions, other) {
            // A version that waits for its value is told of by the other views alone (aws-docs:
            // ListSecretVersionIds.valueless-hidden); AWSPENDING is all that it carries.
            (View::Versions(all), View::Versions(some)) => {
                let waits = |id: &String, carried: &BTreeSet<String>| {
                    !all.contains_key(id) && carried.iter().eq([AWSPENDING])
                };
                labelled(all).eq(labelled(some).filter(|(id, carried)| !waits(id, carried)))
            }
            (View::Gone, View::Gone) | (View::Refused(_), _) | (_, View::Refused(_)) => true,
            (View::Gone, View::Versions(_)) | (View::Versions(_), View::Gone) => false,
        };
        if !agrees {
            self.breach(judging, stated, operation, law, VIEWS, |judging| {
                (told(judging, versions), told(judging, other))
            });
        }
    }

    /// Compares what GetSecretValue tells of a version's labels with the state as it was last read.
    fn value_view(&mut self, judging: &mut Judging<'_>, stated: &Stated<'_>, happened: &StepTrace) {
        let Some(call) = happened.calls.first() else { return };
        if call.exchange.operation.as_deref() != Some("GetSecretValue") || !call.exchange.response.succeeded()
        {
            return;
        }
        // The step has said it in its own words.
        if judging.noted().iter().any(|d| d.step == stated.step && d.path.starts_with("VersionStages")) {
            return;
        }
        let answer = Answer::read(&call.exchange);
        let Some(body) = &answer.body else { return };
        let text = |member: &str| body.get(member).and_then(Value::as_str);
        let name = text("Name");
        let secret = judging.trace.secrets.iter().find(|(_, declared)| Some(declared.as_str()) == name);
        let last = secret.and_then(|(variable, _)| self.last.get(variable));
        let (Some(last), Some(id)) = (last, text("VersionId")) else { return };
        let stages = body.get("VersionStages").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let told: BTreeSet<String> = stages.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        let known = last.get(id).cloned();
        if known.as_ref() != Some(&told) {
            self.breach(judging, stated, "GetSecretValue", "views.value", VIEWS, |judging| {
                let known = known.as_ref().map(|labels| judging.names.labels(labels));
                (known.unwrap_or_else(|| json!("no such version")), judging.names.labels(&told))
            });
        }
    }
}

/// Whether a request may change secrets, versions or labels; what is no operation may do anything.
fn changes_state(operation: Option<&str>) -> bool {
    operation.and_then(|name| shapes().operation(name)).is_none_or(|operation| !operation.reads)
}

fn told(judging: &mut Judging<'_>, view: &View) -> Value {
    match view {
        View::Gone => json!("no secret"),
        View::Refused(code) => Value::String(judging.names.message(&format!("failure {code}"))),
        View::Versions(labels) => shown(judging, labelled(labels)),
    }
}

fn shown<'l>(
    judging: &mut Judging<'_>,
    labels: impl Iterator<Item = (&'l String, &'l BTreeSet<String>)>,
) -> Value {
    labels
        .map(|(id, carried)| (judging.names.version(id), judging.names.labels(carried)))
        .collect::<Map<String, Value>>()
        .into()
}
