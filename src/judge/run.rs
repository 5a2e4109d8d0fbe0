//! A whole run: verdicts of all scenarios with known deviations taken out, causes.

use std::collections::BTreeSet;

use super::causes;
use super::judging::JudgeOptions;
use super::known::KnownList;
use super::status::status_of;
use super::verdict::{Deviation, GoneEntry, Kind, RunVerdict, Status, TargetInfo, Verdict};

/// Puts a run together. `today` is `YYYY-MM-DD`; on it depends which entries of the list have expired. The options
/// are those that the verdicts were made with, since the gate decides what is left when known deviations are out.
#[must_use]
pub fn assemble(
    target: TargetInfo,
    mut verdicts: Vec<Verdict>,
    known: Option<&KnownList>,
    today: &str,
    options: &JudgeOptions,
) -> RunVerdict {
    verdicts.sort_by(|a, b| a.id.cmp(&b.id));
    let mut used = BTreeSet::new();
    for verdict in &mut verdicts {
        if let Some(known) = known {
            known.take_out(verdict, today, &mut used);
        }
        if !matches!(verdict.status, Status::Skipped | Status::Error) {
            verdict.status = status_of(&verdict.deviations, !verdict.known.is_empty(), options);
        }
    }
    let gone = known.map(|list| list.gone(&verdicts, &used, today, options.is_part)).unwrap_or_default();
    let used = known.map(|list| list.places(&used)).unwrap_or_default();
    regroup(target, verdicts, gone, used)
}

/// Puts verdicts together that were judged before, known deviations taken out: sorts them, and finds what the contract
/// found and the causes anew.
#[must_use]
pub fn regroup(
    target: TargetInfo,
    mut verdicts: Vec<Verdict>,
    gone: Vec<GoneEntry>,
    used: Vec<String>,
) -> RunVerdict {
    verdicts.sort_by(|a, b| a.id.cmp(&b.id));
    let mut contract = once_each(&verdicts);
    let causes = causes::group(&mut verdicts, &mut contract);
    RunVerdict { target, verdicts, contract, causes, gone, used }
}

/// What the contract found, by operation, path and kind: of each the first.
fn once_each(verdicts: &[Verdict]) -> Vec<Deviation> {
    let mut seen: BTreeSet<(&str, &str, Kind)> = BTreeSet::new();
    let mut all: Vec<&Deviation> = verdicts.iter().flat_map(|verdict| &verdict.contract).collect();
    all.retain(|found| seen.insert((&found.operation, &found.path, found.kind)));
    all.sort_by(|a, b| (&a.operation, &a.path, a.kind).cmp(&(&b.operation, &b.path, b.kind)));
    all.into_iter().cloned().collect()
}
