//! A whole run: verdicts of all scenarios with known deviations taken out, causes, and whether it fails.

use std::collections::BTreeSet;

use super::causes;
use super::judging::JudgeOptions;
use super::known::KnownList;
use super::status::{counts, status_of};
use super::verdict::{Deviation, Kind, RunVerdict, Status, TargetInfo, Verdict};

/// Puts a run together. `today` is `YYYY-MM-DD`; on it depends which entries of the list have expired.
#[must_use]
pub fn assemble(
    target: TargetInfo,
    mut verdicts: Vec<Verdict>,
    known: Option<&KnownList>,
    options: &JudgeOptions,
    today: &str,
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
    let gone = known.map(|list| list.gone(&verdicts, &used, today)).unwrap_or_default();
    let mut contract = once_each(&verdicts);
    let causes = causes::group(&mut verdicts, &mut contract);
    RunVerdict { target, verdicts, contract, causes, gone }
}

/// What the contract found, by operation, path and kind: of each the first.
fn once_each(verdicts: &[Verdict]) -> Vec<Deviation> {
    let mut seen: BTreeSet<(&str, &str, Kind)> = BTreeSet::new();
    let mut all: Vec<&Deviation> = verdicts.iter().flat_map(|verdict| &verdict.contract).collect();
    all.retain(|found| seen.insert((&found.operation, &found.path, found.kind)));
    all.sort_by(|a, b| (&a.operation, &a.path, a.kind).cmp(&(&b.operation, &b.path, b.kind)));
    all.into_iter().cloned().collect()
}

/// Whether a scenario fails its run: it could not be judged, or it deviates in a way that counts.
pub fn fails_run(verdict: &Verdict, options: &JudgeOptions) -> bool {
    match verdict.status {
        Status::Error => true,
        Status::Passed | Status::Known | Status::Skipped => false,
        Status::Deviated | Status::Unsure | Status::Near => {
            verdict.deviations.iter().any(|deviation| counts(deviation, options))
        }
    }
}

/// Whether a run fails: a scenario fails it, or what the contract found does.
pub fn run_fails(run: &RunVerdict, options: &JudgeOptions) -> bool {
    run.verdicts.iter().any(|verdict| fails_run(verdict, options))
        || run.contract.iter().any(|deviation| counts(deviation, options))
}
