//! Writing a list of known deviations from a run: few entries, one for each cause as far as that can be told.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::known::{FORMAT, KnownEntry, KnownEvidence, KnownList, TODO_REASON};
use super::paths;
use super::verdict::{Deviation, Kind, RunVerdict};
use crate::scenario::EvidenceKind;

/// The version of the catalogue that a list is written for: it travels inside the binary.
const CATALOGUE: &str = env!("CARGO_PKG_VERSION");
/// In more folders than this a cause is everywhere.
const FOLDERS_MAX: usize = 3;

/// The text of a list that names everything that deviates in a run. Entries of an existing list stay, with their
/// reasons, but for those that the run found gone; one that has expired stays, since its reason may be wanted still.
/// New entries have a reason to fill in. Comments stay at the head of the file only; what an entry has to say belongs
/// into its reason. `today` is `YYYY-MM-DD`.
#[must_use]
pub fn render(run: &RunVerdict, existing: Option<&KnownList>, today: &str) -> String {
    let mut text = existing.map(|list| list.head.clone()).unwrap_or_default();
    let _ = writeln!(text, "smcheck: {FORMAT}\ncatalogue: {}", quoted(CATALOGUE));
    let new = new_entries(run, existing);
    let stays = |list: &KnownList, entry: &KnownEntry| {
        entry.has_expired(today)
            || !run.gone.iter().any(|gone| gone.place == list.place(entry) && gone.entry == entry.describe())
    };
    let old: Vec<Written<'_>> = existing.map_or_else(Vec::new, |list| {
        list.entries.iter().filter(|entry| stays(list, entry)).map(Written::of).collect()
    });
    if old.is_empty() && new.is_empty() {
        text.push_str("entries: []\n");
        return text;
    }
    text.push_str("entries:\n");
    let fresh = new.iter().flat_map(Group::written);
    for entry in old.into_iter().chain(fresh) {
        entry.write(&mut text);
    }
    text
}

/// Deviations with the same operation, kind and general path, and the scenarios that show them.
struct Group<'r> {
    operation: &'r str,
    kind: Kind,
    path: String,
    evidence: EvidenceKind,
    source: &'r str,
    scenarios: BTreeSet<&'r str>,
    is_contract: bool,
}

impl<'r> Group<'r> {
    fn note(&mut self, deviation: &'r Deviation) {
        if deviation.evidence < self.evidence {
            self.evidence = deviation.evidence;
            self.source = &deviation.source;
        }
    }

    fn patterns(&self) -> Vec<String> {
        if self.is_contract {
            return vec!["*".to_owned()];
        }
        let mut folders: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for id in &self.scenarios {
            folders.entry(id.rsplit_once('/').map_or("", |(folder, _)| folder)).or_default().push(id);
        }
        if folders.len() > FOLDERS_MAX {
            return vec!["*".to_owned()];
        }
        let pattern = |(folder, ids): (&str, Vec<&str>)| match (ids.as_slice(), folder) {
            ([one], _) => vec![(*one).to_owned()],
            // Without a folder there is no pattern for these and no others.
            (several, "") => several.iter().map(|&id| id.to_owned()).collect(),
            _ => vec![format!("{folder}/*")],
        };
        folders.into_iter().flat_map(pattern).collect()
    }

    fn written(&self) -> Vec<Written<'_>> {
        let written = |scenario| Written {
            scenario,
            operation: self.operation,
            kind: self.kind.as_str(),
            path: &self.path,
            reason: TODO_REASON,
            evidence: KnownEvidence { kind: self.evidence, source: self.source.to_owned(), date: None },
            issue: None,
            expires: None,
            sometimes: false,
        };
        self.patterns().into_iter().map(written).collect()
    }
}

/// What no entry names yet. The run may have been judged with another list or none, so entries are asked again.
fn new_entries<'r>(run: &'r RunVerdict, existing: Option<&KnownList>) -> Vec<Group<'r>> {
    let entries = existing.map_or(&[][..], |list| list.entries.as_slice());
    let mut groups: BTreeMap<(&str, Kind, String, bool), Group<'r>> = BTreeMap::new();
    let mut add = |scenario: Option<&'r str>, deviation: &'r Deviation| {
        let path = paths::general_shown(&deviation.path);
        // What the contract finds on the wire is one cause for all operations.
        let on_wire = scenario.is_none() && deviation.kind == Kind::Wire;
        let operation = if on_wire { "*" } else { deviation.operation.as_str() };
        let key = (operation, deviation.kind, path.clone(), scenario.is_none());
        let group = groups.entry(key).or_insert_with(|| Group {
            operation,
            kind: deviation.kind,
            path,
            evidence: deviation.evidence,
            source: &deviation.source,
            scenarios: BTreeSet::new(),
            is_contract: scenario.is_none(),
        });
        group.scenarios.extend(scenario);
        group.note(deviation);
    };
    for verdict in &run.verdicts {
        let known = verdict.known.iter().map(|(_, deviation)| deviation);
        for deviation in verdict.deviations.iter().chain(known) {
            if !entries.iter().any(|entry| entry.covers(&verdict.id, deviation)) {
                add(Some(&verdict.id), deviation);
            }
        }
    }
    for deviation in &run.contract {
        if !entries.iter().any(|entry| entry.covers_contract(deviation)) {
            add(None, deviation);
        }
    }
    groups.into_values().collect()
}

/// An entry as it is written.
struct Written<'e> {
    scenario: String,
    operation: &'e str,
    kind: &'e str,
    path: &'e str,
    reason: &'e str,
    evidence: KnownEvidence,
    issue: Option<&'e str>,
    expires: Option<&'e str>,
    sometimes: bool,
}

impl<'e> Written<'e> {
    fn of(entry: &'e KnownEntry) -> Self {
        Written {
            scenario: entry.scenario.clone(),
            operation: &entry.operation,
            kind: &entry.kind,
            path: &entry.path,
            reason: &entry.reason,
            evidence: entry.evidence.clone(),
            issue: entry.issue.as_deref(),
            expires: entry.expires.as_deref(),
            sometimes: entry.sometimes,
        }
    }

    fn write(&self, text: &mut String) {
        let evidence = &self.evidence;
        let date = evidence.date.as_ref().map(|date| format!(", date: {}", quoted(date))).unwrap_or_default();
        let _ = write!(
            text,
            "  - scenario: {}\n    operation: {}\n    kind: {}\n    path: {}\n    reason: {}\n    evidence: {{kind: {}, \
             source: {}{date}}}\n",
            quoted(&self.scenario),
            quoted(self.operation),
            quoted(self.kind),
            quoted(self.path),
            quoted(self.reason),
            evidence.kind.as_str(),
            quoted(&evidence.source),
        );
        for (key, value) in [("issue", self.issue), ("expires", self.expires)] {
            if let Some(value) = value {
                let _ = writeln!(text, "    {key}: {}", quoted(value));
            }
        }
        if self.sometimes {
            text.push_str("    sometimes: true\n");
        }
    }
}

/// A scalar of YAML: plain where it can be nothing but this text, otherwise in quotes as JSON writes it, which
/// YAML reads alike.
fn quoted(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'/' | b'.'))
        && !matches!(
            text.to_ascii_lowercase().as_str(),
            "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "y" | "n"
        );
    if plain { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}
