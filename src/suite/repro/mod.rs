//! The smallest scenario that still shows a deviation of a target, and what to send to the target's maintainers.
//!
//! Every candidate is a valid scenario, passes on the embedded reference and has the same deviation on the target: the
//! same operation, kind, path, cause and evidence. [`shell`] writes it as commands: `send` the requests, `client` knows
//! what the AWS CLI cannot send, `saves` what is taken from answers, and `quote` makes words of values, since scenario
//! files are not trusted. [`issue`] writes the text of an issue.

mod client;
pub mod issue;
mod quote;
mod saves;
mod send;
pub mod shell;

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::open::Opened;
use super::session::{Done, RunError, RunOptions, run};
use crate::judge::{Deviation, Kind, Status, Verdict, alike};
use crate::run::Stop;
use crate::scenario::document::{self, Document};
use crate::scenario::{Scenario, parse};
use crate::service::redact::Tree;
use crate::shrink::Shrinker;

/// How much may be spent on the target.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// How many runs.
    pub runs: usize,
    /// How long.
    pub time: Duration,
}

/// Text in one line: what would begin another, steer a terminal or turn the line around is a space.
pub(crate) fn printable(text: &str) -> String {
    let steers = |c: char| c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if steers(c) { ' ' } else { c }).collect()
}

/// A deviation of a scenario.
#[derive(Clone, Debug)]
pub struct Found {
    /// What differs.
    pub deviation: Deviation,
    /// Whether the contract found it, and no step states it.
    pub of_contract: bool,
}

/// A deviation with the smallest scenario that shows it.
#[derive(Debug)]
pub struct Reproduction {
    /// The scenario.
    pub scenario: Arc<Scenario>,
    /// Its tree, for writing it.
    pub root: Tree,
    /// What differs, as the small scenario shows it.
    pub found: Found,
    /// The id of the scenario that it was made from.
    pub origin: String,
    /// Steps of that scenario.
    pub steps_before: usize,
    /// Runs on the target.
    pub runs: usize,
    /// Whether the budget ended before nothing more could be left out.
    pub unfinished: bool,
    /// Whether it passes on the embedded reference.
    pub on_reference: bool,
}

/// All deviations of a verdict, the gravest first: wrong outcomes before wrong values, messages and the wire last; of two
/// the one with the stronger evidence, then the earlier.
pub fn deviations(verdict: &Verdict) -> Vec<Found> {
    let own = verdict.deviations.iter().map(|found| (found, false));
    let contract = verdict.contract.iter().map(|found| (found, true));
    let mut all: Vec<Found> = own
        .chain(contract)
        .map(|(deviation, of_contract)| Found { deviation: deviation.clone(), of_contract })
        .collect();
    all.sort_by_key(|found| {
        (gravity(found.deviation.kind), found.of_contract, found.deviation.evidence, found.deviation.step)
    });
    all
}

fn gravity(kind: Kind) -> u8 {
    match kind {
        Kind::Outcome => 0,
        Kind::Labels => 1,
        Kind::Invariant => 2,
        Kind::Code => 3,
        Kind::Value => 4,
        Kind::Member => 5,
        Kind::Type => 6,
        Kind::Message => 7,
        Kind::Wire => 8,
    }
}

/// Whether a verdict shows the deviation, and as what.
fn shown(verdict: &Verdict, wanted: &Found) -> Option<Found> {
    if matches!(verdict.status, Status::Skipped | Status::Error) {
        return None;
    }
    let (own, theirs) =
        (&wanted.deviation, if wanted.of_contract { &verdict.contract } else { &verdict.deviations });
    let same = |found: &&Deviation| {
        found.operation == own.operation
            && alike(found, own, wanted.of_contract)
            && found.evidence == own.evidence
            && found.source == own.source
    };
    let deviation = theirs.iter().find(same)?.clone();
    Some(Found { deviation, of_contract: wanted.of_contract })
}

/// Where scenarios are tried.
#[derive(Debug)]
pub struct Bench {
    /// The target.
    pub target: Arc<Opened>,
    /// The embedded reference.
    pub reference: Arc<Opened>,
    /// How runs go.
    pub options: RunOptions,
    /// Asked to stop.
    pub stop: Stop,
}

impl Bench {
    /// Runs one scenario on the target, with names of its own.
    ///
    /// # Errors
    /// When the target cannot be reached, or the run was interrupted.
    pub async fn on_target(&self, scenario: &Arc<Scenario>) -> Result<Verdict, RunError> {
        once(scenario, &self.target, &self.options, &self.stop).await.map(|done| done.verdict)
    }

    /// Whether it passes on the reference, the contract included.
    async fn on_reference(&self, scenario: &Arc<Scenario>) -> Result<bool, RunError> {
        let verdict = once(scenario, &self.reference, &self.options, &self.stop).await?.verdict;
        Ok(verdict.status == Status::Passed && verdict.contract.is_empty())
    }
}

/// Runs one scenario, alone on the target where it asks for that.
///
/// # Errors
/// When the target cannot be reached, or the run was interrupted.
pub async fn once(
    scenario: &Arc<Scenario>,
    opened: &Arc<Opened>,
    options: &RunOptions,
    stop: &Stop,
) -> Result<Done, RunError> {
    let mut all = Vec::new();
    run(std::slice::from_ref(scenario), opened, options, stop, |done| {
        all.push(done);
        true
    })
    .await?;
    all.pop().ok_or(RunError::Interrupted)
}

/// Makes the scenario as small as it can be while it shows what was found. `each` is told of every run on the target:
/// how many there were, and how many steps are left.
///
/// # Errors
/// When a target cannot be reached, or the run was interrupted.
pub async fn shrink(
    document: &Document,
    scenario: &Arc<Scenario>,
    wanted: Found,
    bench: &Bench,
    budget: Budget,
    mut each: impl FnMut(usize, usize),
) -> Result<Reproduction, RunError> {
    let begun = Instant::now();
    // Where the reference does not agree with the scenario, it cannot vouch for the smaller ones either.
    let vouches = bench.on_reference(scenario).await?;
    let mut made = Reproduction {
        scenario: Arc::clone(scenario),
        root: document.root.clone(),
        origin: scenario.id.clone(),
        steps_before: scenario.steps.len(),
        runs: 0,
        unfinished: false,
        on_reference: vouches,
        found: wanted.clone(),
    };
    let mut shrinker = Shrinker::new(document.root.clone(), wanted.deviation.step.saturating_sub(1));
    while let Some(candidate) = shrinker.candidate() {
        if made.runs >= budget.runs || begun.elapsed() >= budget.time {
            made.unfinished = true;
            break;
        }
        let text = document::write("schema.json", &[], &candidate);
        let Ok(parsed) = parse("candidate", &scenario.id, text.as_bytes()) else { continue };
        let Some(smaller) = parsed.into_iter().next().map(Arc::new) else { continue };
        if vouches && !bench.on_reference(&smaller).await? {
            continue;
        }
        let verdict = bench.on_target(&smaller).await?;
        made.runs += 1;
        if let Some(found) = shown(&verdict, &wanted) {
            shrinker.keep();
            (made.scenario, made.found, made.root) = (smaller, found, candidate);
        }
        each(made.runs, made.scenario.steps.len());
    }
    Ok(made)
}

impl Reproduction {
    /// The scenario as a file, with a comment that says where it comes from. `server` is how the target is called.
    pub fn yaml(&self, server: &str) -> String {
        let head = [format!(
            "Reduced from {} by `smcheck repro`: {server} deviates at step {}.",
            self.origin, self.found.deviation.step
        )];
        document::write("schema.json", &head, &self.root)
    }

    /// A name for files: the id of the scenario that it was made from, with hyphens.
    pub fn name(&self) -> String {
        let word = |c: char| if c.is_ascii_alphanumeric() || "._".contains(c) { c } else { '-' };
        self.origin.chars().map(word).collect::<String>().trim_matches('-').to_owned()
    }
}
