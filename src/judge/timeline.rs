//! Where the labels of each version were after every step: what a target showed, and what should have been.
//!
//! A timeline holds names of variables and labels, redacted as everything that is printed. A step that was not
//! probed because it cannot have changed the secret leaves the state as it was.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use super::names::Names;
use super::state::{ProbeAnswers, View};
use crate::scenario::{Action, Scenario, SecretLabels, Step, Variables};
use crate::service::shapes;
use crate::trace::{StepTrace, Trace};

/// The labels of all versions of a scenario's secrets, after each step.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Timeline {
    /// The secrets that had versions, in the order in which the scenario declares them.
    pub secrets: Vec<SecretTimeline>,
}

/// The versions of one secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SecretTimeline {
    /// The secret's variable.
    pub name: String,
    /// Its versions: those that the scenario declares, then the others as they appeared.
    pub versions: Vec<VersionTimeline>,
}

/// The labels of one version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VersionTimeline {
    /// The version's variable, or a name such as `<uuid:1>`.
    pub name: String,
    /// For each step of the scenario the labels after it, in alphabetical order; `None` where they are not known, or
    /// there was no such version.
    pub labels: Vec<Option<Vec<String>>>,
}

/// The labels of the versions of one secret, by the version's name; `None` where nothing is known.
type Known = Option<BTreeMap<String, Vec<String>>>;

/// What a target showed.
#[must_use]
pub fn observed(scenario: &Scenario, trace: &Trace) -> Timeline {
    let mut names = Names::new(scenario, trace);
    let mut columns: BTreeMap<String, Vec<Known>> = BTreeMap::new();
    let mut order = declared_versions(scenario);
    let mut steps: BTreeMap<usize, &StepTrace> = BTreeMap::new();
    for step in &trace.steps {
        steps.insert(step.index, step);
    }
    for decl in &scenario.secrets {
        let mut column: Vec<Known> = Vec::with_capacity(scenario.steps.len());
        for at in 0..scenario.steps.len() {
            let before = column.last().cloned().flatten();
            column.push(steps.get(&at).and_then(|step| {
                match step.probes.iter().find(|probe| probe.secret == decl.variable) {
                    Some(probe) => {
                        let name = trace.secrets.get(&decl.variable).map_or("", String::as_str);
                        read(&mut names, &ProbeAnswers::read(probe).state(name).versions, &mut order)
                    }
                    None if unchanged(step) => before,
                    None => None,
                }
            }));
        }
        columns.insert(decl.variable.clone(), column);
    }
    assemble(scenario, columns, &order)
}

/// What should have been: what the steps state, and between them what a right server showed, as far as there is a
/// trace of one.
#[must_use]
pub fn expected(scenario: &Scenario, reference: Option<&Trace>) -> Timeline {
    let shown = reference.map(|trace| observed(scenario, trace)).unwrap_or_default();
    let mut columns: BTreeMap<String, Vec<Known>> = BTreeMap::new();
    let mut order = declared_versions(scenario);
    for secret in &shown.secrets {
        let column = columns.entry(secret.name.clone()).or_insert_with(|| vec![None; scenario.steps.len()]);
        for version in &secret.versions {
            remember(&mut order, &version.name);
            for (at, labels) in version.labels.iter().enumerate() {
                if let (Some(labels), Some(known)) = (labels, column.get_mut(at)) {
                    known.get_or_insert_default().insert(version.name.clone(), labels.clone());
                }
            }
        }
    }
    let mut names = reference.map(|trace| Names::new(scenario, trace));
    let none = Variables::new();
    for (at, step) in scenario.steps.iter().enumerate() {
        let variables = reference
            .and_then(|trace| trace.steps.iter().find(|happened| happened.index == at))
            .map_or(&none, |happened| happened.variables.as_ref());
        for stated in step.labels.iter().flatten() {
            let column =
                columns.entry(stated.secret.clone()).or_insert_with(|| vec![None; scenario.steps.len()]);
            for (version, _) in &stated.versions {
                remember(&mut order, version);
            }
            column[at] = Some(labels_of(stated, variables, names.as_mut()));
        }
        if let (true, None) = (at > 0, reference) {
            carry(step, at, &mut columns);
        }
    }
    assemble(scenario, columns, &order)
}

/// Takes the state before a step over where the step only reads and states nothing.
fn carry(step: &Step, at: usize, columns: &mut BTreeMap<String, Vec<Known>>) {
    let reads = match &step.action {
        Action::Call(call) => shapes().operation(&call.operation).is_some_and(|operation| operation.reads),
        Action::Raw(_) | Action::Parallel(_) | Action::Advance(_) => false,
    };
    for column in columns.values_mut().filter(|_| reads) {
        if column[at].is_none() {
            column[at] = column[at - 1].clone();
        }
    }
}

/// The labels that a step states. What a variable holds is redacted; without a trace no variable holds anything.
fn labels_of(
    stated: &SecretLabels,
    variables: &Variables,
    mut names: Option<&mut Names<'_>>,
) -> BTreeMap<String, Vec<String>> {
    let mut versions = BTreeMap::new();
    for (version, labels) in &stated.versions {
        let labels: BTreeSet<String> =
            labels.iter().map(|label| text(label.resolve_known(variables))).collect();
        let shown = match names.as_deref_mut() {
            Some(names) => list(names.labels(&labels)),
            None => labels.into_iter().collect(),
        };
        versions.insert(version.clone(), shown);
    }
    versions
}

fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

fn list(value: Value) -> Vec<String> {
    match value {
        Value::Array(entries) => entries.into_iter().map(text).collect(),
        _ => Vec::new(),
    }
}

fn declared_versions(scenario: &Scenario) -> Vec<String> {
    scenario.versions.clone()
}

fn remember(order: &mut Vec<String>, version: &str) {
    if !order.iter().any(|known| known == version) {
        order.push(version.to_owned());
    }
}

/// Whether a step that was not probed leaves every secret as it was: it only read, or what it touched was probed.
fn unchanged(step: &StepTrace) -> bool {
    let reads = |operation: &str| shapes().operation(operation).is_some_and(|operation| operation.reads);
    let all_read = step.calls.iter().all(|call| call.exchange.operation.as_deref().is_some_and(reads));
    (all_read && !step.calls.is_empty()) || !step.probes.is_empty()
}

fn read(names: &mut Names<'_>, view: &View, order: &mut Vec<String>) -> Known {
    let View::Versions(found) = view else { return None };
    let mut versions = BTreeMap::new();
    for (id, labels) in found {
        let shown = names.version(id);
        // A variable is told by its name alone; everything else as it is printed elsewhere.
        let name = shown.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).unwrap_or(&shown);
        remember(order, name);
        let labels = list(names.labels(labels));
        versions.insert(name.to_owned(), labels);
    }
    Some(versions)
}

fn assemble(scenario: &Scenario, mut columns: BTreeMap<String, Vec<Known>>, order: &[String]) -> Timeline {
    let mut secrets = Vec::new();
    for decl in &scenario.secrets {
        let Some(column) = columns.remove(&decl.variable) else { continue };
        let has = |version: &String| column.iter().flatten().any(|known| known.contains_key(version));
        let versions: Vec<VersionTimeline> = order
            .iter()
            .filter(|version| has(version))
            .map(|version| VersionTimeline {
                name: version.clone(),
                labels: column.iter().map(|known| known.as_ref()?.get(version).cloned()).collect(),
            })
            .collect();
        if !versions.is_empty() {
            secrets.push(SecretTimeline { name: decl.variable.clone(), versions });
        }
    }
    Timeline { secrets }
}
