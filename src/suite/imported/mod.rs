//! A scenario from a recording: what was called and what came back, with names, versions and ARNs as variables, and
//! with the labels that the reference has after the same calls. It says of itself that nobody has checked it.
//!
//! `calls` picks the exchanges that a step can say, `names` gives variables, `labels` runs the calls on the reference,
//! `body` turns bodies into templates and matchers, `yaml` writes.

mod body;
mod calls;
mod labels;
mod names;

use crate::scenario::{self, yaml};
use crate::service::redact::Tree;
use crate::store::exchange::Recording;
pub(super) use body::unordered;
use calls::Call;
use names::Names;
use yaml::{map, text};

/// A scenario that was made.
#[derive(Clone, Debug)]
pub struct Made {
    /// The file.
    pub text: String,
    /// How many steps it has.
    pub steps: usize,
    /// What to look at before it is used, in words.
    pub notes: Vec<String>,
}

/// Makes a scenario of a recording.
pub fn scenario(recording: &Recording) -> Made {
    let mut notes = Vec::new();
    let (recorded, left_out) = calls::of(recording);
    if left_out > 0 {
        notes.push(format!("{left_out} exchanges left out that are no plain call of an operation"));
    }
    let mut names = Names::new(recording);
    let (calls, before) = names.with_setup(recorded);
    for name in &before {
        notes.push(format!(
            "the secret `{name}` was there before: a step creates it, look at its value and labels"
        ));
    }
    let outcomes = labels::run(&calls, &recording.head.region, &mut notes);
    let mut needs = std::collections::BTreeSet::new();
    let mut steps = Vec::with_capacity(calls.len());
    for (call, outcome) in calls.iter().zip(&outcomes) {
        let with = body::input(&mut names, call, &mut needs);
        let mut step = vec![("do".to_owned(), text(&call.operation)), ("with".to_owned(), with)];
        step.extend(body::output(&mut names, call));
        if let Some(labels) = outcome.as_ref().and_then(|outcome| names.labels(outcome)) {
            step.push(("labels".to_owned(), labels));
        }
        if let Some(note) = &call.note {
            step.push(("note".to_owned(), text(note)));
        }
        names.end_step();
        steps.push(step);
    }
    let text = file(recording, &names, &needs, &calls, &steps);
    if let Err(findings) = scenario::parse("scenario", "imported", text.as_bytes()) {
        notes.extend(findings.into_iter().map(|finding| {
            format!("line {}, column {}: {}", finding.place.line, finding.place.column, finding.message)
        }));
    }
    Made { text, steps: steps.len(), notes }
}

type Step = Vec<(String, Tree)>;

fn file(
    recording: &Recording,
    names: &Names,
    needs: &std::collections::BTreeSet<&'static str>,
    calls: &[Call],
    steps: &[Step],
) -> String {
    let mut operations: Vec<&str> = Vec::new();
    for call in calls {
        if !operations.contains(&call.operation.as_str()) {
            operations.push(&call.operation);
        }
    }
    let name = yaml::plain_words(recording.name());
    let target = yaml::plain_words(&recording.head.recorded.target);
    let title = format!("{name} answers as it was recorded: {}", operations.join(", "));
    let source = format!("imported recording {name} of {target}, not checked");
    let mut out = String::new();
    yaml::entry(&mut out, "", "title", &text(&title));
    yaml::entry(&mut out, "", "evidence", &map([("kind", text("inferred")), ("source", text(&source))]));
    if needs.contains("empty-account") {
        yaml::entry(&mut out, "", "isolated", &Tree::Leaf(true.into()));
    }
    if !needs.is_empty() {
        yaml::entry(&mut out, "", "needs", &Tree::List(needs.iter().map(|need| text(need)).collect()));
    }
    if let Some(secrets) = names.secrets() {
        yaml::entry(&mut out, "", "secrets", &secrets);
    }
    if let Some(versions) = names.versions() {
        yaml::entry(&mut out, "", "versions", &versions);
    }
    out.push_str("steps:\n");
    for (at, step) in steps.iter().enumerate() {
        if at > 0 {
            out.push('\n');
        }
        for (at, (key, value)) in step.iter().enumerate() {
            let lead = if at == 0 { "  - " } else { "    " };
            yaml::entry(&mut out, lead, key, value);
        }
    }
    out
}
