//! Causes: deviations that look alike are one thing to mend, and reports lead with those.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::paths;
use super::pattern;
use super::verdict::{Cause, Deviation, Kind, Verdict};

/// What makes deviations one cause: operation, kind, path and the pattern of both sides. Of what the contract
/// found the sides do not count, since it is reported once for operation, kind and path; and what it found on the
/// wire is one cause for all operations, since headers, status and the form of failures are made in one place.
type Key = (bool, String, Kind, String, String, String);

/// The operation of a cause that is no single operation's.
const ALL: &str = "*";

/// Groups all deviations, those in verdicts and those that the contract found, gives each its cause, and ranks the
/// causes by scenarios affected, then by evidence.
pub(super) fn group(verdicts: &mut [Verdict], contract: &mut [Deviation]) -> Vec<Cause> {
    let mut groups: BTreeMap<Key, Group> = BTreeMap::new();
    for verdict in verdicts.iter() {
        let size = (verdict.requests, verdict.id.clone());
        for (deviation, of_contract) in both(verdict) {
            groups
                .entry(key(deviation, of_contract))
                .or_insert_with(|| Group::new(deviation))
                .add(deviation, &size);
        }
    }
    let mut ranked: Vec<(&Key, &Group)> = groups.iter().collect();
    // The keys are in order already, so that equal causes stand in the same order in every run.
    ranked.sort_by_key(|(_, group)| (std::cmp::Reverse(group.scenarios.len()), group.strongest.evidence));
    let ids: BTreeMap<&Key, String> =
        ranked.iter().enumerate().map(|(at, (key, _))| (*key, format!("c{:02}", at + 1))).collect();
    let causes = ranked.iter().map(|(key, group)| group.cause(&ids[*key], &key.3)).collect();
    let id_of = |deviation: &Deviation, of_contract| {
        ids.get(&key(deviation, of_contract)).cloned().unwrap_or_default()
    };
    for verdict in verdicts {
        verdict.deviations.iter_mut().for_each(|deviation| deviation.cause = id_of(deviation, false));
        verdict.contract.iter_mut().for_each(|deviation| deviation.cause = id_of(deviation, true));
    }
    contract.iter_mut().for_each(|deviation| deviation.cause = id_of(deviation, true));
    causes
}

fn both(verdict: &Verdict) -> impl Iterator<Item = (&Deviation, bool)> {
    let own = verdict.deviations.iter().map(|deviation| (deviation, false));
    own.chain(verdict.contract.iter().map(|deviation| (deviation, true)))
}

/// Whether two deviations are one cause. `of_contract`: whether the contract found them, and no step.
pub fn alike(left: &Deviation, right: &Deviation, of_contract: bool) -> bool {
    key(left, of_contract) == key(right, of_contract)
}

fn key(deviation: &Deviation, of_contract: bool) -> Key {
    let path = paths::general_shown(&deviation.path);
    let (expected, actual) = if of_contract { Default::default() } else { sides(deviation) };
    let on_wire = of_contract && deviation.kind == Kind::Wire;
    let operation = if on_wire { ALL.to_owned() } else { deviation.operation.clone() };
    (of_contract, operation, deviation.kind, path, expected, actual)
}

/// The patterns of expected and actual, as far as they tell one fault from another.
fn sides(deviation: &Deviation) -> (String, String) {
    let (expected, actual) = (&deviation.expected, &deviation.actual);
    match deviation.kind {
        // Which value a missing member should have had says nothing about why it is missing.
        Kind::Member => (presence(expected), presence(actual)),
        // The message behind the code is another in every scenario.
        Kind::Outcome => (code_of(expected), code_of(actual)),
        // A status is a name, and not a quantity.
        Kind::Wire => (expected.to_string(), actual.to_string()),
        Kind::Type => (pattern::general(expected).to_string(), found_type(actual).to_owned()),
        // The same goes for an entry of a list.
        Kind::Value if expected.is_null() || actual.is_null() => (presence(expected), presence(actual)),
        Kind::Code | Kind::Message | Kind::Value | Kind::Labels | Kind::Invariant => {
            (pattern::general(expected).to_string(), pattern::general(actual).to_string())
        }
    }
}

fn presence(value: &Value) -> String {
    if value.is_null() { "absent" } else { "present" }.to_owned()
}

fn code_of(value: &Value) -> String {
    let text = value.as_str().unwrap_or_default();
    text.split_once(": ").map_or(text, |(code, _)| code).to_owned()
}

/// The type that was found: words of ours where the value itself says nothing, otherwise the value's own.
fn found_type(value: &Value) -> &str {
    const WORDS: [&str; 8] = ["null", "boolean", "number", "string", "list", "map", "no JSON", "zero bytes"];
    match value {
        Value::String(text) if WORDS.contains(&text.as_str()) => text,
        Value::String(text) if text.ends_with("no JSON") => "no JSON",
        other => super::shape_check::json_type(other),
    }
}

struct Group {
    scenarios: BTreeSet<String>,
    operations: BTreeSet<String>,
    strongest: Deviation,
    example: Option<((usize, String), Deviation)>,
}

impl Group {
    fn new(first: &Deviation) -> Self {
        Group {
            scenarios: BTreeSet::new(),
            operations: BTreeSet::new(),
            strongest: first.clone(),
            example: None,
        }
    }

    fn add(&mut self, deviation: &Deviation, size: &(usize, String)) {
        self.scenarios.insert(size.1.clone());
        self.operations.insert(deviation.operation.clone());
        if deviation.evidence < self.strongest.evidence {
            self.strongest = deviation.clone();
        }
        if self.example.as_ref().is_none_or(|(smallest, _)| size < smallest) {
            self.example = Some((size.clone(), deviation.clone()));
        }
    }

    fn cause(&self, id: &str, path: &str) -> Cause {
        let (example, shown) = match &self.example {
            Some(((_, id), deviation)) => (id.clone(), deviation),
            None => (String::new(), &self.strongest),
        };
        Cause {
            id: id.to_owned(),
            operation: if self.operations.len() == 1 {
                self.strongest.operation.clone()
            } else {
                ALL.to_owned()
            },
            kind: self.strongest.kind,
            summary: summary(shown, path),
            scenarios: self.scenarios.len(),
            evidence: self.strongest.evidence,
            source: self.strongest.source.clone(),
            example,
        }
    }
}

/// What differs, in one line that stands after the operation's name.
fn summary(deviation: &Deviation, path: &str) -> String {
    let (expected, actual) = (pattern::words(&deviation.expected), pattern::words(&deviation.actual));
    match deviation.kind {
        Kind::Member if deviation.actual.is_null() => format!("{path} is missing, expected {expected}"),
        Kind::Member if deviation.expected.is_null() => format!("{path} should not be there, got {actual}"),
        Kind::Labels if deviation.expected.is_null() => format!("a version too many, labelled {actual}"),
        Kind::Labels if deviation.actual.is_null() => format!("a version is missing, expected {expected}"),
        Kind::Labels if path == "labels" => {
            format!("labels of the secret: expected {expected}, got {actual}")
        }
        Kind::Labels => format!("labels of a version: expected {expected}, got {actual}"),
        Kind::Type => format!("{path}: expected {expected}, got {}", found_type(&deviation.actual)),
        Kind::Outcome => format!("expected {expected}, got {actual}"),
        Kind::Code | Kind::Message | Kind::Member | Kind::Value | Kind::Invariant | Kind::Wire => {
            format!("{path}: expected {expected}, got {actual}")
        }
    }
}
