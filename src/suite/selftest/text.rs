//! The tables of a selftest: for the terminal, for Markdown, and as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::density::Tried;
use super::explained::EXPLANATIONS;
use super::{Fate, Finding};
use crate::judge::Kind;
use crate::server::faults::{self, Fault};

/// How many scenarios are named where more catch a fault.
const NAMED: usize = 3;

fn words(kinds: &[Kind]) -> String {
    kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", ")
}

/// The names of all faults with what they do, one a line.
pub fn list() -> String {
    let widest = faults::all().map(|fault| fault.name.len()).max().unwrap_or_default();
    faults::all().fold(String::new(), |mut out, fault| {
        let _ = writeln!(out, "{:widest$}  {}", fault.name, fault.does);
        out
    })
}

/// One line about a fault.
pub fn line(finding: &Finding) -> String {
    let fate = match finding.fate() {
        Fate::Caught => "caught",
        Fate::Wrongly => "WRONGLY",
        Fate::Survived => "SURVIVED",
        Fate::NotRun => "not run",
    };
    let seen: Vec<String> =
        finding.kinds.iter().map(|(kind, count)| format!("{} {count}", kind.as_str())).collect();
    let mut out = format!(
        "{fate:8} {:42} expects {:10} sees {:40} {:3} of {:3}",
        finding.fault.name,
        words(finding.fault.kinds),
        if seen.is_empty() { "nothing".to_owned() } else { seen.join(", ") },
        finding.caught_by.len(),
        finding.ran,
    );
    for (at, id) in finding.caught_by.iter().take(NAMED).enumerate() {
        let _ = write!(out, "{} {id}", if at == 0 { ":" } else { "," });
    }
    if finding.caught_by.len() > NAMED {
        out.push_str(", …");
    }
    out
}

/// What a selftest came to, in one line.
pub fn summary(findings: &[Finding]) -> String {
    let count = |fate: Fate| findings.iter().filter(|finding| finding.fate() == fate).count();
    format!(
        "{} faults: {} caught, {} caught as something else, {} survived, {} not run for want of a rotation function",
        findings.len(),
        count(Fate::Caught),
        count(Fate::Wrongly),
        count(Fate::Survived),
        count(Fate::NotRun)
    )
}

/// The findings as JSON.
pub fn json(findings: &[Finding]) -> Value {
    let faults: Vec<Value> = findings
        .iter()
        .map(|finding| {
            let kinds: serde_json::Map<String, Value> =
                finding.kinds.iter().map(|(kind, count)| (kind.as_str().to_owned(), json!(count))).collect();
            json!({
                "fault": finding.fault.name,
                "fate": match finding.fate() {
                    Fate::Caught => "caught",
                    Fate::Wrongly => "wrongly",
                    Fate::Survived => "survived",
                    Fate::NotRun => "not-run",
                },
                "expected": finding.fault.kinds,
                "seen": kinds,
                "ran": finding.ran,
                "caught_by": finding.caught_by,
            })
        })
        .collect();
    json!({"schema": 1, "faults": faults})
}

/// The table of all faults for `docs/selftest.md`.
pub fn markdown() -> String {
    let mut out = String::from(
        "| fault | what the server does | known from | noticed as | for example by |\n|---|---|---|---|---|\n",
    );
    for fault in faults::all() {
        let _ = writeln!(
            out,
            "| `{}` | {} | {} | {} | `{}` |",
            fault.name,
            cell(fault.does),
            cell(&fault.source.to_string()),
            noticed(fault),
            fault.caught_by
        );
    }
    out
}

fn noticed(fault: &Fault) -> String {
    match fault.at {
        "" => words(fault.kinds),
        at => format!("{} at `{}`", words(fault.kinds), at.trim_end_matches('.')),
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// One line about a mutation.
pub fn tried(tried: &Tried) -> String {
    match &tried.caught {
        Some((id, kinds)) => {
            let kinds: Vec<Kind> = kinds.iter().copied().collect();
            format!("caught   {} ({} by {id}, after {})", tried.mutation, words(&kinds), tried.ran)
        }
        None if !tried.applied => format!("no case  {}", tried.mutation),
        None => {
            let fate = if tried.explained().is_some() { "open    " } else { "SURVIVED" };
            format!("{fate} {} (in {} scenarios)", tried.mutation, tried.ran)
        }
    }
}

/// What the mutations came to, with the kinds as which they were caught.
pub fn tried_summary(all: &[Tried]) -> String {
    let real: Vec<&Tried> = all.iter().filter(|tried| tried.applied).collect();
    let caught = real.iter().filter_map(|tried| tried.caught.as_ref());
    let open = real.iter().filter(|tried| tried.open()).count();
    let survived = real.iter().filter(|tried| tried.survived()).count();
    let mut kinds: BTreeMap<Kind, usize> = BTreeMap::new();
    for kind in caught.clone().flat_map(|(_, kinds)| kinds) {
        *kinds.entry(*kind).or_default() += 1;
    }
    let kinds: Vec<String> = kinds.iter().map(|(kind, count)| format!("{} {count}", kind.as_str())).collect();
    format!(
        "{} mutations: {} caught ({}), {open} left open for a reason, {survived} survived",
        real.len(),
        caught.count(),
        kinds.join(", ")
    )
}

/// The table of reasons for `docs/selftest.md`.
pub fn explanations() -> String {
    let mut out = String::from("| change | why no scenario is asked to notice it |\n|---|---|\n");
    for explanation in EXPLANATIONS {
        let _ = writeln!(out, "| {} | {} |", explanation.changes, explanation.reason);
    }
    out
}

/// The mutations as JSON.
pub fn tried_json(all: &[Tried]) -> Value {
    let mutations: Vec<Value> = all
        .iter()
        .filter(|tried| tried.applied)
        .map(|tried| {
            json!({
                "mutation": tried.mutation.to_string(),
                "ran": tried.ran,
                "caught_by": tried.caught.as_ref().map(|(id, _)| id),
                "open": tried.explained().filter(|_| tried.open()).map(|explanation| explanation.reason),
                "kinds": tried.caught.as_ref().map(|(_, kinds)| kinds),
            })
        })
        .collect();
    json!({"schema": 1, "mutations": mutations})
}
