//! The files: a scenario for every transition, the rules, and the table.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::calls::{Call, variable};
use super::evidence::{Evidence, Kind};
use super::explore::{Explored, Transition, evidence_of};
use super::state::{Presence, Situation};
use super::yaml::member;

/// How the files are made again.
const MADE_BY: &str = "UPDATE=1 cargo test --test label_transitions";

/// The folder of the scenarios.
pub(crate) const FOLDER: &str = "scenarios/label-transitions";
/// The rules.
pub(crate) const RULES: &str = "rules/label-transitions.yaml";
/// The table for readers.
pub(crate) const TABLE: &str = "docs/label-transitions.md";

/// All files by path.
pub(crate) fn files(explored: &Explored) -> BTreeMap<String, String> {
    let kept = explored.kept();
    let mut files = BTreeMap::new();
    for transition in &kept {
        let path = format!("{FOLDER}/{}.yaml", transition.path());
        assert!(files.insert(path, scenario(transition)).is_none(), "two of {}", transition.id());
    }
    files.insert(RULES.to_owned(), rules(&kept));
    files.insert(TABLE.to_owned(), table(explored, &kept));
    files
}

fn evidence_members(evidence: &Evidence) -> Vec<(&'static str, Value)> {
    let mut members = vec![("kind", evidence.kind.text().into()), ("source", evidence.source.clone().into())];
    if let Some(date) = evidence.date {
        members.push(("date", date.into()));
    }
    members
}

fn scenario(transition: &Transition) -> String {
    let evidence = evidence_of(transition);
    let mut out = "# yaml-language-server: $schema=../../schema.json\n".to_owned();
    let _ = writeln!(out, "# Generated from the reference model by {MADE_BY}");
    let _ = writeln!(out, "title: {}", title(&transition.title()));
    out.push_str(&evidence_lines(0, &evidence));
    let _ = writeln!(out, "rules: [{}]", transition.id());
    out.push_str("secrets: [db]\n");
    let sent: Vec<String> = (0..8)
        .map(variable)
        .filter(|name| {
            let template = format!("${{{name}}}");
            transition
                .path
                .iter()
                .chain([transition])
                .any(|step| step.call.input.iter().any(|(_, value)| value.as_str() == Some(&template)))
        })
        .collect();
    let _ = writeln!(out, "versions: [{}]", sent.join(", "));
    out.push_str("steps:\n");
    for step in &transition.path {
        let own = evidence_of(step);
        let weaker = own.kind < evidence.kind;
        out.push_str(&do_step(step, weaker.then_some(&own)));
        out.push('\n');
    }
    out.push_str(&do_step(transition, None));
    if transition.after.presence == Presence::Scheduled {
        out.push('\n');
        out.push_str(&describe(&transition.after));
    }
    out
}

/// A title as it stands in YAML: plain, or in quotes where it would be read otherwise.
fn title(text: &str) -> String {
    if text.contains(": ") || text.contains(" #") { Value::from(text).to_string() } else { text.to_owned() }
}

fn evidence_lines(indent: usize, evidence: &Evidence) -> String {
    member(indent, "evidence", &evidence_members(evidence))
}

fn do_step(step: &Transition, evidence: Option<&Evidence>) -> String {
    let mut out = format!("  - do: {}\n", step.call.operation);
    if let Some(evidence) = evidence {
        out.push_str(&evidence_lines(4, evidence));
    }
    out.push_str(&member(4, "with", &step.call.input));
    match &step.outcome {
        Ok(body) => out.push_str(&member(4, "returns", &returns(&step.call, body, &step.after))),
        Err((code, message)) => out.push_str(&member(4, "fails", &fails(step, code, message))),
    }
    // The versions of a secret that waits for its deletion are not listed by every service.
    if step.after.presence == Presence::Live {
        let _ = writeln!(out, "    labels: {}", labels(&step.after));
    }
    out
}

/// The labels of all versions: by the variable of each.
fn labels(after: &Situation) -> String {
    let versions: Vec<String> = after
        .versions
        .iter()
        .enumerate()
        .map(|(at, set)| format!("{}: {}", variable(at), set.brackets()))
        .collect();
    format!("{{{}}}", versions.join(", "))
}

/// DescribeSecret still tells the labels while the secret waits for its deletion.
fn describe(after: &Situation) -> String {
    let mut out = "  - do: DescribeSecret\n".to_owned();
    out.push_str("    with: {SecretId: \"${db}\"}\n");
    let mut members = vec![("$partial", Value::Bool(true))];
    members.push(("VersionIdsToStages", stages_by_version(after)));
    out.push_str(&member(4, "returns", &members));
    out
}

fn stages_by_version(after: &Situation) -> Value {
    let labelled = after.versions.iter().enumerate().filter(|(_, set)| !set.is_bare());
    let map: serde_json::Map<String, Value> = labelled
        .map(|(at, set)| (format!("${{{}}}", variable(at)), stages(set.0.iter().map(|label| label.text()))))
        .collect();
    if map.is_empty() { json!({"$absent": true}) } else { Value::Object(map) }
}

/// A list of labels, whose order is not promised.
fn stages<'a>(labels: impl Iterator<Item = &'a str>) -> Value {
    let labels: Vec<&str> = labels.collect();
    if labels.len() > 1 { json!({"$unordered": labels}) } else { json!(labels) }
}

fn returns(call: &Call, body: &Value, after: &Situation) -> Vec<(&'static str, Value)> {
    match call.operation {
        "DescribeSecret" => {
            return vec![("$partial", true.into()), ("VersionIdsToStages", stages_by_version(after))];
        }
        "ListSecretVersionIds" => {
            let labelled = after.versions.iter().enumerate().filter(|(_, set)| !set.is_bare());
            let versions: Vec<Value> = labelled
                .map(|(at, set)| {
                    let labels = stages(set.0.iter().map(|label| label.text()));
                    json!({"$partial": true, "VersionId": format!("${{{}}}", variable(at)), "VersionStages": labels})
                })
                .collect();
            return vec![("$partial", true.into()), ("Versions", json!({"$unordered": versions}))];
        }
        _ => {}
    }
    let members =
        ["ARN", "Name", "VersionId", "SecretString", "VersionStages", "CreatedDate", "DeletionDate"];
    let known = body.as_object().map_or(0, serde_json::Map::len);
    let told: Vec<(&'static str, Value)> = members
        .into_iter()
        .filter_map(|name| {
            let value = body.get(name)?;
            let value = match name {
                "ARN" => json!({"$arn": "db"}),
                "CreatedDate" => json!({"$time": "now"}),
                "DeletionDate" => json!({"$time": {"in": "7 days", "within": "2 min"}}),
                "VersionStages" => stages(value.as_array().into_iter().flatten().filter_map(Value::as_str)),
                _ => value.clone(),
            };
            Some((name, value))
        })
        .collect();
    assert_eq!(told.len(), known, "members of {} that nobody writes: {body}", call.operation);
    told
}

/// The code, and the text where it is known; where it is not, the status.
fn fails(step: &Transition, code: &str, message: &str) -> Vec<(&'static str, Value)> {
    let known = evidence_of(step).kind == Kind::Recorded
        || message.contains("was marked for deletion")
        || message.contains("already scheduled for deletion")
        || message.starts_with("You can't use ClientRequestToken")
        || message.contains("for staging label:");
    let mut members = vec![("code", code.into())];
    members.push(if known { ("message", message.into()) } else { ("status", 400.into()) });
    members
}

fn rules(kept: &[&Transition]) -> String {
    let mut out =
        format!("# Transitions of staging labels. Generated from the reference model by {MADE_BY}\n");
    out.push_str("operation: \"*\"\nrules:\n");
    for transition in kept {
        let evidence = evidence_of(transition);
        let _ = writeln!(out, "  - id: {}", transition.id());
        let _ = writeln!(out, "    rule: {}", title(&transition.rule()));
        out.push_str(&evidence_lines(4, &evidence));
        if !evidence.facts.is_empty() {
            let _ = writeln!(out, "    facts: [{}]", evidence.facts.join(", "));
        }
    }
    out
}

const INTRODUCTION: &str = "\
# Label transitions

Every change of staging labels that is a behaviour of its own: which call, the labels before, the labels after, and the
scenario that checks it. The table is generated from the reference model, and so are the scenarios under
`scenarios/label-transitions/` and the rules in `rules/label-transitions.yaml`; a test fails when they are not what the
model says. Do not edit them: change the model or the generator (`tests/label_transitions/`), and run
`UPDATE=1 cargo test --test label_transitions`.

## How it is made

A class of label state says which of AWSCURRENT, AWSPREVIOUS, AWSPENDING and one custom label (`blue`) stand together, which
stand apart and which stand nowhere, whether there is a version without a label, and whether the secret waits for its
deletion. The names and the age of versions make no difference. The generator starts from nothing, applies every call to
every class it reaches, with at most four versions and one of them without a label, and takes the shortest way to each.

Most of what it finds is the same behaviour again. A transition has a row when it shows something that no shorter one
of its call shows:

- for calls that move labels, a pair of labels of which at least one moves: where each stood (on the version that the call
  names, on the one that loses AWSCURRENT, on another, or nowhere), where each went, and whether they stood together; and
  whether a version was left without a label, or got one again. No rule of the model looks at more than two labels;
- for calls that repeat a token or read one version, each label that this version can have, and none;
- for refusals the shortest, and for calls that move nothing the class with the most labels;
- and always what AWS was recorded to do, or was seen to do by a verified test.

Brackets are versions: `a[AWSCURRENT, blue] b[AWSPREVIOUS] c[]` are three, the last without a label; the letters are theirs
before and after, and `new` is the version that the call makes. *same* means that no label moves. Evidence is that of exactly this transition; `inferred` and `aws-docs` rows name the rule they follow in the scenario.
";

/// A situation before or after a call, its versions with the letters that they have before: `a[AWSCURRENT] b[]`.
fn lettered(transition: &Transition, situation: &Situation) -> String {
    let before = &transition.before.versions;
    let mut order: Vec<usize> = (0..before.len()).collect();
    order.sort_by_key(|at| (before[*at].is_bare(), before[*at].clone()));
    let mut out: Vec<String> = ('a'..)
        .zip(&order)
        .map(|(letter, at)| format!("{letter}{}", situation.versions[*at].brackets()))
        .collect();
    out.extend(situation.versions.iter().skip(before.len()).map(|set| format!("new{}", set.brackets())));
    if situation.versions.is_empty() {
        return situation.brackets();
    }
    if situation.presence == Presence::Scheduled {
        out.push("scheduled for deletion".to_owned());
    }
    out.join(" ")
}

fn table(explored: &Explored, kept: &[&Transition]) -> String {
    let mut out = INTRODUCTION.to_owned();
    let count = |kind: Kind| kept.iter().filter(|found| evidence_of(found).kind == kind).count();
    let _ = writeln!(
        out,
        "\nThere are {} classes of label state, {} calls on them, and {} transitions that are kept: {} recorded, {} documented, \
         {} inferred.",
        explored.classes.len(),
        explored.all.len(),
        kept.len(),
        count(Kind::Recorded),
        count(Kind::Docs),
        count(Kind::Inferred)
    );
    let mut operations: Vec<&str> = kept.iter().map(|found| found.call.operation).collect();
    operations.sort_unstable();
    operations.dedup();
    for operation in operations {
        let _ = writeln!(
            out,
            "\n## {operation}\n\n| call | before | after | evidence | scenario |\n|---|---|---|---|---|"
        );
        for found in kept.iter().filter(|found| found.call.operation == operation) {
            let after = match &found.outcome {
                Err((code, _)) => format!("{code}; same"),
                Ok(_) if found.after == found.before => "same".to_owned(),
                Ok(_) => lettered(found, &found.after),
            };
            let evidence = evidence_of(found).kind.text();
            let subject = found.call.subject.trim_end_matches(',');
            let link = format!("[{0}](../{FOLDER}/{1}.yaml)", found.call.class, found.path());
            let _ = writeln!(
                out,
                "| {subject} | {} | {after} | {evidence} | {link} |",
                lettered(found, &found.before)
            );
        }
    }
    out
}
