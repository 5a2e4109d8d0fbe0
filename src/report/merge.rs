//! Reports of parts of a catalogue, put together into the report of the whole.

use std::collections::BTreeMap;

use super::json::Written;
use crate::judge::{Deviation, GoneEntry, RunVerdict, Status, TargetInfo, Verdict, regroup};

/// A report and where it comes from.
#[derive(Clone, Debug)]
pub struct Part {
    /// How messages name it: its file.
    pub name: String,
    /// What it holds.
    pub report: Written,
}

/// Puts reports together. Runs on targets of one name become one run, whose causes are found anew.
///
/// Refused unless `force` is set: reports of different versions of smcheck or of a target, a scenario that two reports
/// judge differently (with `force` the worse of the two counts), and parts of which one is missing.
///
/// # Errors
/// Everything that stands against it, one sentence each.
pub fn merge(parts: &[Part], force: bool) -> Result<Written, Vec<String>> {
    let mut against = versions(parts);
    against.extend(missing(parts));
    let mut runs: Vec<Gathered> = Vec::new();
    for part in parts {
        for run in &part.report.runs {
            match runs.iter_mut().find(|known| known.target.name == run.target.name) {
                Some(known) => known.add(&part.name, run, &mut against),
                None => {
                    let mut fresh = Gathered::new(&part.name, run);
                    fresh.add(&part.name, run, &mut against);
                    runs.push(fresh);
                }
            }
        }
    }
    if !against.is_empty() && !force {
        return Err(against);
    }
    let smcheck = parts.first().map_or_else(String::new, |part| part.report.smcheck.clone());
    Ok(Written { smcheck, part: None, runs: runs.into_iter().map(Gathered::finish).collect() })
}

fn versions(parts: &[Part]) -> Vec<String> {
    let Some((first, rest)) = parts.split_first() else { return vec!["there is no report".to_owned()] };
    let other = rest.iter().filter(|part| part.report.smcheck != first.report.smcheck);
    other
        .map(|part| {
            format!(
                "{} is of smcheck {}, and {} of {}",
                first.name, first.report.smcheck, part.name, part.report.smcheck
            )
        })
        .collect()
}

/// How many parts that are not there are named.
const ABSENT: usize = 20;

/// The parts that are not there. Whether one is missing can be said only where all were cut in one way.
fn missing(parts: &[Part]) -> Vec<String> {
    let cut = |part: &Part| {
        let (how, rest) = part.report.part.as_deref()?.split_once(':')?;
        let (number, of) = rest.split_once('/')?;
        Some((how.to_owned(), number.parse::<u32>().ok()?, of.parse::<u32>().ok()?))
    };
    let cuts: Vec<Option<(String, u32, u32)>> = parts.iter().map(cut).collect();
    let Some((how, _, of)) = cuts.iter().flatten().next() else { return Vec::new() };
    let mut against = Vec::new();
    for (part, cut) in parts.iter().zip(&cuts) {
        match cut {
            Some((other, _, count)) if (other, count) == (how, of) => {}
            Some((other, number, count)) => against.push(format!(
                "{} is part {other}:{number}/{count}, and others are parts of {how}:…/{of}",
                part.name
            )),
            None => against.push(format!(
                "{} is no part of a catalogue, and others are parts of {how}:…/{of}",
                part.name
            )),
        }
    }
    let there: Vec<u32> = cuts.iter().flatten().map(|(_, number, _)| *number).collect();
    let absent = (1..=*of).filter(|part| !there.contains(part));
    let mut named: Vec<String> = absent.take(ABSENT + 1).map(|part| format!("{how}:{part}/{of}")).collect();
    if named.len() > ABSENT {
        named[ABSENT] = "others".to_owned();
    }
    if !named.is_empty() {
        against.push(format!("there is no report of {}", named.join(", ")));
    }
    against
}

/// The run on one target, as it grows.
struct Gathered {
    first: String,
    target: TargetInfo,
    verdicts: BTreeMap<String, (String, Verdict)>,
    gone: Vec<GoneEntry>,
    used: Vec<String>,
}

impl Gathered {
    fn new(name: &str, run: &RunVerdict) -> Self {
        Gathered {
            first: name.to_owned(),
            target: run.target.clone(),
            verdicts: BTreeMap::new(),
            gone: Vec::new(),
            used: Vec::new(),
        }
    }

    fn add(&mut self, name: &str, run: &RunVerdict, against: &mut Vec<String>) {
        if self.target.version != run.target.version {
            let version =
                |target: &TargetInfo| target.version.clone().unwrap_or_else(|| "no version".to_owned());
            against.push(format!(
                "{} ran on {} {}, and {name} on {}",
                self.first,
                self.target.name,
                version(&self.target),
                version(&run.target)
            ));
        }
        for verdict in &run.verdicts {
            let Some((other, known)) = self.verdicts.get(&verdict.id) else {
                self.verdicts.insert(verdict.id.clone(), (name.to_owned(), verdict.clone()));
                continue;
            };
            if !agree(known, verdict) {
                against.push(format!(
                    "`{}` on {} is {} in {other} and {} in {name}",
                    verdict.id,
                    self.target.name,
                    told(known),
                    told(verdict)
                ));
            }
            if badness(verdict.status) > badness(known.status) {
                self.verdicts.insert(verdict.id.clone(), (name.to_owned(), verdict.clone()));
            }
        }
        let new = run.gone.iter().filter(|entry| !self.gone.contains(entry)).cloned().collect::<Vec<_>>();
        self.gone.extend(new);
        self.used.extend(run.used.iter().cloned());
    }

    fn finish(mut self) -> RunVerdict {
        self.used.sort();
        self.used.dedup();
        // What did not occur in one part may have occurred in another.
        self.gone.retain(|entry| !self.used.contains(&entry.place));
        let verdicts = self.verdicts.into_values().map(|(_, verdict)| verdict).collect();
        regroup(self.target, verdicts, self.gone, self.used)
    }
}

fn told(verdict: &Verdict) -> String {
    let flaky = if verdict.is_flaky() { ", flaky" } else { "" };
    let count = match verdict.deviations.len() {
        0 => String::new(),
        1 => " with 1 deviation".to_owned(),
        count => format!(" with {count} deviations"),
    };
    format!("{}{count}{flaky}", verdict.status.as_str())
}

/// Whether two judgements say the same; causes are numbered in each report for itself, and times differ always.
fn agree(left: &Verdict, right: &Verdict) -> bool {
    let plain = |found: &[Deviation]| -> Vec<Deviation> {
        found.iter().map(|one| Deviation { cause: String::new(), ..one.clone() }).collect()
    };
    left.status == right.status
        && left.is_flaky() == right.is_flaky()
        && plain(&left.deviations) == plain(&right.deviations)
}

/// Which of two judgements counts where both are there: the one that hides least.
fn badness(status: Status) -> u8 {
    match status {
        Status::Error => 6,
        Status::Deviated => 5,
        Status::Unsure => 4,
        Status::Near => 3,
        Status::Known => 2,
        Status::Passed => 1,
        Status::Skipped => 0,
    }
}
