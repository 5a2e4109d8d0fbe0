//! Writing what a target answered into a scenario: `returns`, `fails` and `labels` where a step does not state them.
//!
//! What differs from run to run becomes a matcher or a variable; a value is written as it is only where the scenario itself
//! states it, or where its member is a harmless one. `names` turns values into templates. Nothing here asserts that AWS
//! does the same.

mod given;
mod merge;
mod names;

use std::sync::Arc;

use serde_json::{Value, json};

use super::imported::unordered;
use super::open::Opened;
use super::repro::once;
use super::session::{Done, RunError, RunOptions};
use crate::judge::{Deviation, Status, TargetInfo, Verdict};
use crate::run::Stop;
use crate::scenario::document;
use crate::scenario::outline::{self, Addition, StepOutline};
use crate::scenario::template::{Variables, escaped};
use crate::scenario::yaml::text;
use crate::scenario::{Action, Expect, Finding, Matcher, Repeat, Scenario, Side, parse};
use crate::service::errors::is_common;
use crate::service::redact::{Tree, walk};
use crate::service::shapes;
use crate::trace::{StepTrace, joined_pages};
use given::Given;
use merge::merged;
use names::Names;

/// Operations after which labels are stated.
const MOVING: [&str; 5] =
    ["CreateSecret", "PutSecretValue", "UpdateSecret", "UpdateSecretVersionStage", "RestoreSecret"];

/// Keys of which a step has one.
const OUTCOMES: [&str; 2] = ["returns", "fails"];

/// A file with what was answered written into it.
#[derive(Clone, Debug)]
pub struct Filled {
    /// The file before.
    pub before: String,
    /// The file after; the same where nothing was missing.
    pub after: String,
    /// How many members were written.
    pub written: usize,
    /// What could not be filled in, one sentence each.
    pub notes: Vec<String>,
    /// The steps, counted from 1, that were left out because of how they fail, and that therefore do not hold.
    pub failing: Vec<usize>,
}

/// A file that cannot be filled in.
#[derive(Debug, thiserror::Error)]
pub enum FillError {
    /// The target cannot be reached, or the run was interrupted.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The scenario could not be run to its end.
    #[error("{0}")]
    NotRun(String),
    /// What the file states already does not hold on the target.
    #[error(
        "what the scenario states already, or what holds always, does not hold on the target: nothing was written"
    )]
    Deviates(Box<Verdict>, TargetInfo),
    /// What was filled in does not hold on the target, which is our fault. The step is counted from 1.
    #[error("what was filled in at step {0} does not hold on the target: nothing was written")]
    DoesNotHold(usize, Box<Verdict>, TargetInfo),
    /// The file is no scenario.
    #[error("the file is no scenario: nothing was written")]
    Broken(Vec<Finding>),
    /// What was written is no scenario, which is our fault.
    #[error("what was filled in does not lint: nothing was written")]
    Findings(Vec<Finding>),
    /// What was written would have changed something else, which is our fault.
    #[error("filling it in would change what else the file says: nothing was written")]
    Changes,
}

/// Runs the scenarios of one file twice, writes down what was the same, and runs the result once more, where it must pass.
/// `path` and `id` are the file's. `all`: write what is stated already anew, too.
///
/// # Errors
/// When the target cannot be used, or the result does not pass on it.
pub async fn fill(
    path: &str,
    id: &str,
    bytes: &[u8],
    all: bool,
    opened: &Arc<Opened>,
    options: &RunOptions,
    stop: &Stop,
) -> Result<Filled, FillError> {
    let before = String::from_utf8_lossy(bytes).into_owned();
    let scenarios = parse(path, id, bytes).map_err(FillError::Broken)?;
    let mut rows: Vec<Vec<Step>> = Vec::new();
    let mut notes = Vec::new();
    for scenario in &scenarios {
        let (first, second) = (
            observe(scenario, all, opened, options, stop).await?,
            observe(scenario, all, opened, options, stop).await?,
        );
        rows.push(merged(first, second));
    }
    // A mark of the byte order is no part of the text that has places.
    let (mark, body) = match before.strip_prefix('\u{feff}') {
        Some(rest) => ("\u{feff}", rest),
        None => ("", before.as_str()),
    };
    let outline = outline::steps(body);
    let keys: Vec<String> = document::case_keys(bytes).iter().map(|key| format!("${{{key}}}")).collect();
    // What is written from one case or turn would say nothing of the others, and the variable would have no use.
    let of_cases = |at: usize, names: &[&str]| {
        let entries = outline.get(at).map_or(&[][..], |step| &step.entries);
        let mut stated = entries.iter().filter(|entry| names.contains(&entry.key.as_str()));
        let turn = match scenarios.first().and_then(|scenario| scenario.steps.get(at)?.repeat.as_ref()) {
            Some(Repeat::Over { variable, .. } | Repeat::Times { variable: Some(variable), .. }) => {
                Some(format!("${{{variable}}}"))
            }
            _ => None,
        };
        stated.any(|entry| keys.iter().chain(&turn).any(|key| body[entry.at.clone()].contains(key)))
    };
    let additions = additions(&scenarios, &rows, all, of_cases, &mut notes);
    let replaces = |key: &str| -> &'static [&'static str] {
        match (all, key) {
            (false, _) => &[],
            (true, "labels") => &["labels"],
            (true, _) => &OUTCOMES,
        }
    };
    let added = outline::add(body, &additions, replaces);
    // A step that is an alias has what its anchor was given.
    let is_alias = |(at, step): (usize, &StepOutline)| step.entries.is_empty().then_some(at);
    let aliases: Vec<usize> = outline.iter().enumerate().filter_map(is_alias).collect();
    let given = Given { written: &added.written, aliases };
    let after = format!("{mark}{}", added.text);
    let mut filled = Filled { before, after, written: added.written.len(), notes, failing: Vec::new() };
    given.hold_all_else(&filled.before, &filled.after, (path, id))?;
    let left_out = |at: usize| rows.iter().any(|row| row.get(at).is_some_and(|step| step.unknown));
    for mut scenario in parse(path, id, filled.after.as_bytes()).map_err(FillError::Findings)? {
        // A step that is left to the author does not hide those behind it.
        scenario.stop = scenario.stop && !(0..scenario.steps.len()).any(left_out);
        let mut verdict = once(&Arc::new(scenario), opened, options, stop).await?.verdict;
        if matches!(verdict.status, Status::Error | Status::Skipped) {
            return Err(FillError::NotRun(verdict.reason.unwrap_or_default()));
        }
        let (left, wrong): (Vec<Deviation>, Vec<Deviation>) =
            verdict.deviations.into_iter().partition(|found| found.step.checked_sub(1).is_some_and(left_out));
        filled.failing.extend(left.iter().map(|found| found.step));
        verdict.deviations = wrong;
        if let Some(first) = verdict.deviations.first() {
            let (step, info) = (first.step, opened.info.clone());
            return Err(match verdict.deviations.iter().all(|found| given.is_behind(found)) {
                true => FillError::DoesNotHold(step, Box::new(verdict), info),
                false => FillError::Deviates(Box::new(verdict), info),
            });
        }
    }
    filled.failing.sort_unstable();
    filled.failing.dedup();
    Ok(filled)
}

/// What a step was answered.
#[derive(Clone, Debug, Default, PartialEq)]
struct Step {
    /// `returns` or `fails`, and its value.
    said: Option<(&'static str, Tree)>,
    labels: Option<Tree>,
    /// Why something is left out.
    note: Option<String>,
    /// Whether it fails as no service does.
    unknown: bool,
}

/// Runs a scenario without an end at the first surprise, and writes its answers as the language has them.
async fn observe(
    scenario: &Scenario,
    all: bool,
    opened: &Arc<Opened>,
    options: &RunOptions,
    stop: &Stop,
) -> Result<Vec<Step>, FillError> {
    let mut open = scenario.clone();
    open.stop = false;
    if all {
        for step in &mut open.steps {
            // Later steps need what is saved.
            if !saves(step) {
                step.expect = Expect::Success;
            }
            step.labels = None;
        }
    }
    let done: Done = once(&Arc::new(open), opened, options, stop).await?;
    if let (Status::Skipped | Status::Error, Some(reason)) = (done.verdict.status, &done.verdict.reason) {
        return Err(FillError::NotRun(format!("{}: {reason}", scenario.id)));
    }
    let mut names = Names::new(scenario, &done.trace);
    let mut steps =
        vec![Step { note: Some("was not reached".to_owned()), ..Step::default() }; scenario.steps.len()];
    for happened in &done.trace.steps {
        if let (Some(step), Some(place)) = (scenario.steps.get(happened.index), steps.get_mut(happened.index))
        {
            *place = of_step(&mut names, scenario, step, happened);
        }
    }
    Ok(steps)
}

/// Whether what a step states saves something.
fn saves(step: &crate::scenario::Step) -> bool {
    fn within(value: &Value) -> bool {
        match value {
            Value::Array(entries) => entries.iter().any(within),
            Value::Object(members) => members.iter().any(|(key, value)| key == "$save" || within(value)),
            _ => false,
        }
    }
    let says = |matcher: &Matcher| within(&matcher.describe(&Variables::new()));
    match &step.expect {
        Expect::Returns(matcher) => says(matcher),
        Expect::Fails(failure) => failure.code.iter().chain(&failure.message).any(says),
        Expect::Success | Expect::Either => false,
    }
}

fn of_step(
    names: &mut Names<'_>,
    scenario: &Scenario,
    step: &crate::scenario::Step,
    happened: &StepTrace,
) -> Step {
    names.begin(step, happened);
    let mut made = Step::default();
    match &step.action {
        Action::Advance(_) => return made,
        Action::Parallel(_) => {
            made.note = Some("is parallel, and who wins is a matter of luck; state it by hand".to_owned());
            return made;
        }
        Action::Call(_) | Action::Raw(_) => {}
    }
    let mut bodies = Vec::new();
    let operation = happened.calls.first().and_then(|call| call.exchange.operation.as_deref());
    let unknown = |code: &str| {
        // As the language has it: a raw request may reach any operation, or none.
        let called = operation.filter(|_| matches!(step.action, Action::Call(_)));
        let declared = match called.and_then(|name| shapes().operation(name)) {
            Some(operation) => operation.errors.iter().any(|declared| declared == code),
            None => shapes().errors().contains_key(code),
        };
        !declared && !is_common(code)
    };
    let succeeded = happened.calls.iter().all(|call| call.exchange.response.succeeded());
    if let (Some(Repeat::Pages { member }), true) = (&step.repeat, succeeded) {
        names.bind(None, happened.calls.last());
        bodies.push(answered(names, operation, &joined_pages(member, &happened.calls)));
    } else {
        for call in &happened.calls {
            names.bind(call.bound.as_ref(), Some(call));
            let response = &call.exchange.response;
            bodies.push(match (response.succeeded(), response.error()) {
                (true, _) if response.body.is_empty() => Some(("returns", Tree::Map(Vec::new()))),
                (true, _) => response.json().and_then(|body| answered(names, operation, &body)),
                (false, Some(error)) if unknown(&error.code) => {
                    made.note =
                        Some("fails with a code that the service does not have; state it by hand".to_owned());
                    made.unknown = true;
                    None
                }
                (false, Some(error)) => {
                    let mut fails = vec![("code".to_owned(), text(&escaped(&error.code)))];
                    let message = error.message.as_deref().and_then(|message| names.message(message));
                    fails.extend(message.map(|message| ("message".to_owned(), text(&message))));
                    Some(("fails", Tree::Map(fails)))
                }
                (false, None) => {
                    let status = Tree::Leaf(json!(response.status));
                    Some(("fails", Tree::Map(vec![("status".to_owned(), status)])))
                }
            });
        }
    }
    let same = made.unknown || bodies.windows(2).all(|pair| pair[0] == pair[1]);
    made.said = bodies.into_iter().next().flatten().filter(|_| same && !made.unknown);
    if !same {
        made.note = Some("repeats, and its answers differ; state it by hand".to_owned());
    }
    names.learn(happened);
    if succeeded && step.side == Side::default() && operation.is_some_and(|name| MOVING.contains(&name)) {
        match names.labels(scenario, happened) {
            Ok(labels) => made.labels = labels,
            Err(why) => made.note = Some(why),
        }
    }
    made
}

/// The body of a success as `returns`.
fn answered(names: &mut Names<'_>, operation: Option<&str>, body: &Value) -> Option<(&'static str, Tree)> {
    let mut body = body.clone();
    let known = operation.and_then(|name| shapes().operation(name)).and_then(|operation| operation.output);
    let mut partial = names.take_out(&mut body);
    if let (Some(members), Some(output)) = (body.as_object_mut(), known) {
        // A member that the service does not have is the target's, and no scenario's.
        let before = members.len();
        members.retain(|name, _| name == "$partial" || shapes().member(output, name).is_some());
        partial |= members.len() < before;
    }
    let tree = walk::output_as_it_stands(names, operation, &body);
    let Tree::Map(mut members) = unordered(tree) else { return None };
    members.retain(|(name, _)| name != "$partial");
    if partial {
        members.insert(0, ("$partial".to_owned(), Tree::Leaf(true.into())));
    }
    Some(("returns", Tree::Map(members)))
}

/// What goes into the file: what all its scenarios agree on, where a step does not state it.
fn additions(
    scenarios: &[Scenario],
    rows: &[Vec<Step>],
    all: bool,
    of_cases: impl Fn(usize, &[&str]) -> bool,
    notes: &mut Vec<String>,
) -> Vec<Addition> {
    let mut additions = Vec::new();
    let (Some(scenario), Some(first)) = (scenarios.first(), rows.first()) else { return additions };
    for (at, step) in first.iter().enumerate() {
        let mut say = |what: &str| {
            let note = format!("step {} {what}", at + 1);
            if !notes.contains(&note) {
                notes.push(note);
            }
        };
        let stated = scenario.steps.get(at);
        let saving = stated.is_some_and(saves);
        if all && saving {
            say("saves something, so that what it states stays");
        }
        let (said_of_cases, labels_of_cases) = (of_cases(at, &OUTCOMES), of_cases(at, &["labels"]));
        if all && (said_of_cases || labels_of_cases) {
            say("states what differs from case to case or turn to turn, so that it stays");
        }
        let said = stated.is_some_and(|step| matches!(step.expect, Expect::Success))
            || (all && !saving && !said_of_cases);
        let labelled = stated.is_some_and(|step| step.labels.is_none()) || (all && !labels_of_cases);
        if let (true, Some(note)) = (said || labelled, &step.note) {
            say(note);
        }
        let same =
            |of: fn(&Step) -> Option<Tree>| rows.iter().all(|row| row.get(at).and_then(of) == of(step));
        let word = |row: &Vec<Step>| row.get(at).and_then(|step| step.said.as_ref().map(|(word, _)| *word));
        if let (true, Some((key, value))) = (said, &step.said) {
            if same(|step| step.said.clone().map(|(_, tree)| tree))
                && rows.iter().all(|row| word(row) == Some(key))
            {
                additions.push(Addition { step: at, key: (*key).to_owned(), value: value.clone() });
            } else {
                say("answers each case differently; state it by hand");
            }
        }
        if let (true, Some(value)) = (labelled, &step.labels) {
            if same(|step| step.labels.clone()) {
                additions.push(Addition { step: at, key: "labels".to_owned(), value: value.clone() });
            } else {
                say("has other labels in each case; state them by hand");
            }
        }
    }
    additions
}
