//! Whether the scenarios notice: each fault of the catalogue of wrong servers, and single changes of a right one.
//!
//! A fault survives when no scenario sees it, and it is caught wrongly when scenarios see something else than what it
//! is: the kind of the deviation, its operation and its path are part of what a fault expects.

pub mod alone;
pub mod density;
pub mod explained;
pub mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::open::{OpenError, Opened};
use super::session::{RunError, RunOptions, execute_one};
use crate::judge::{Deviation, JudgeOptions, Kind, Status, Verdict, judge};
use crate::run::{Names, stop};
use crate::scenario::{Action, Scenario};
use crate::server::faults::layer::Behaviour;
use crate::server::faults::{Fault, Layer};
use crate::target::Target;
use crate::trace::Trace;

/// How long `eventually` waits: what a wrong server has not done by then it does not do.
const PATIENCE: Duration = Duration::from_millis(150);

/// A selftest that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum SelftestError {
    /// Our own server does not start.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Our own server went away.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The server that is right deviates: nothing can be told of wrong ones.
    #[error("without a fault, {0} deviates already")]
    Control(String),
}

/// What became of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Scenarios see it as what it is.
    Caught,
    /// Scenarios see something, but not what it is.
    Wrongly,
    /// No scenario sees it.
    Survived,
    /// The scenario that would see it needs something that the embedded server does not provide.
    NotRun,
}

/// A fault, and what the scenarios made of it.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The fault.
    pub fault: &'static Fault,
    /// How many scenarios ran.
    pub ran: usize,
    /// Those that see it as what it is, in the order of their ids.
    pub caught_by: Vec<String>,
    /// The kinds of all deviations, with the number of scenarios that have them.
    pub kinds: BTreeMap<Kind, usize>,
    /// The expected kinds that no scenario saw where they belong.
    pub missing: Vec<Kind>,
    /// Whether a scenario that is named for it was skipped.
    pub skipped: bool,
}

impl Finding {
    /// What became of the fault.
    pub fn fate(&self) -> Fate {
        match (self.kinds.is_empty(), self.missing.is_empty()) {
            (true, _) if self.skipped => Fate::NotRun,
            (true, _) => Fate::Survived,
            (false, false) => Fate::Wrongly,
            (false, true) => Fate::Caught,
        }
    }
}

/// A server that can be made wrong, and what calls it.
pub(crate) struct Bench {
    opened: Opened,
    layer: Arc<Layer>,
    options: RunOptions,
}

impl Bench {
    pub(crate) async fn open(target: &Target) -> Result<Self, OpenError> {
        let (opened, layer) = Opened::wrong(target).await?;
        let options = RunOptions { wait_at_most: Some(PATIENCE), ..RunOptions::default() };
        Ok(Bench { opened, layer, options })
    }

    /// From now on the server behaves so.
    pub(crate) fn behave(&self, behaviour: Option<Arc<dyn Behaviour>>) {
        self.layer.become_wrong(behaviour.into_iter().collect());
    }

    pub(crate) async fn run(&self, scenario: &Arc<Scenario>) -> Result<(Trace, Verdict), RunError> {
        // The other half only asks for a stop.
        let (_stopper, stop) = stop::pair();
        let executed = execute_one(scenario, &self.opened, &self.options, &Names::fresh(), &stop).await?;
        let verdict = judge(scenario, &executed.trace, &JudgeOptions::default());
        Ok((executed.trace, verdict))
    }

    pub(crate) async fn close(self) {
        self.opened.close().await;
    }
}

/// All deviations of a scenario, what the contract found among them.
pub(crate) fn deviations(verdict: &Verdict) -> impl Iterator<Item = &Deviation> {
    verdict.deviations.iter().chain(&verdict.contract)
}

/// The operations that a scenario's steps call, and an empty name where a step is no call.
pub(crate) fn operations(scenario: &Scenario) -> BTreeSet<&str> {
    fn named(action: &Action) -> &str {
        match action {
            Action::Call(call) => &call.operation,
            Action::Raw(_) | Action::Advance(_) | Action::Parallel(_) => "",
        }
    }
    scenario.actions().map(named).collect()
}

/// When so many scenarios have seen a fault as what it is, no more are asked.
const ENOUGH: usize = 25;

/// When one has, so many are asked in all.
const MANY: usize = 150;

/// Which scenarios run against a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All that have to do with it; the others, when none of these sees it.
    All,
    /// Only those that are named for it.
    Named,
}

/// Runs scenarios against each fault. `each` is told of every fault as it ends.
///
/// The scenarios that are named for a fault come first, then those that call its operations. When one of them sees the
/// fault as what it is, the others do not run, nor do all of these where there are many.
///
/// # Errors
/// When our own server does not start or answer, or the right server deviates.
pub async fn run(
    faults: &[&'static Fault],
    scenarios: &[Arc<Scenario>],
    scope: Scope,
    target: &Target,
    jobs: usize,
    each: impl Fn(&Finding) + Send + Sync,
) -> Result<Vec<Finding>, SelftestError> {
    let named = |scenario: &&Arc<Scenario>| {
        scope == Scope::All || faults.iter().any(|fault| fault.names(&scenario.id))
    };
    let scenarios: Vec<Arc<Scenario>> = scenarios.iter().filter(named).cloned().collect();
    control(&scenarios, target, jobs).await?;
    let mut findings = spread(faults, target, jobs, async |bench: &Bench, fault: &&'static Fault| {
        bench.behave(Some(fault.behaviour()));
        let finding = against(bench, fault, &scenarios, scope).await?;
        each(&finding);
        Ok(finding)
    })
    .await?;
    findings.sort_by_key(|(at, _)| *at);
    Ok(findings.into_iter().map(|(_, finding)| finding).collect())
}

/// The right server passes, the layer around it doing nothing; returns what happened.
pub(crate) async fn control(
    scenarios: &[Arc<Scenario>],
    target: &Target,
    jobs: usize,
) -> Result<Vec<(Arc<Scenario>, Trace)>, SelftestError> {
    let mut traces = spread(scenarios, target, jobs, async |bench: &Bench, scenario: &Arc<Scenario>| {
        let (trace, verdict) = bench.run(scenario).await?;
        match deviations(&verdict).next() {
            Some(_) => Err(SelftestError::Control(scenario.id.clone())),
            None => Ok((Arc::clone(scenario), trace)),
        }
    })
    .await?;
    traces.sort_by_key(|(at, _)| *at);
    Ok(traces.into_iter().map(|(_, trace)| trace).collect())
}

/// Does something with each item, on several servers at once; the results carry the item's place.
pub(crate) async fn spread<T: Sync, R: Send>(
    items: &[T],
    target: &Target,
    jobs: usize,
    work: impl AsyncFn(&Bench, &T) -> Result<R, SelftestError>,
) -> Result<Vec<(usize, R)>, SelftestError> {
    let next = AtomicUsize::new(0);
    let worker = async || {
        let bench = Bench::open(target).await?;
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(at) else { break };
            done.push((at, work(&bench, item).await?));
        }
        bench.close().await;
        Ok::<_, SelftestError>(done)
    };
    let workers = (0..jobs.clamp(1, items.len().max(1))).map(|_| worker());
    let mut all = Vec::new();
    for done in join_all(workers).await {
        all.extend(done?);
    }
    Ok(all)
}

/// Waits for all futures, on this task: the servers they call have tasks of their own.
async fn join_all<T>(futures: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut waiting: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        let mut pending = false;
        for (future, result) in &mut waiting {
            if result.is_none() {
                match future.as_mut().poll(context) {
                    std::task::Poll::Ready(done) => *result = Some(done),
                    std::task::Poll::Pending => pending = true,
                }
            }
        }
        if pending { std::task::Poll::Pending } else { std::task::Poll::Ready(()) }
    })
    .await;
    waiting.into_iter().filter_map(|(_, result)| result).collect()
}

async fn against(
    bench: &Bench,
    fault: &'static Fault,
    scenarios: &[Arc<Scenario>],
    scope: Scope,
) -> Result<Finding, SelftestError> {
    let touched = fault.touches();
    let concerned = |scenario: &Arc<Scenario>| {
        if scope == Scope::Named {
            return fault.names(&scenario.id);
        }
        let called = operations(scenario);
        touched.is_empty() || touched.iter().any(|operation| called.contains(operation))
    };
    let (mut first, rest): (Vec<_>, Vec<_>) = scenarios.iter().partition(|scenario| concerned(scenario));
    first.sort_by_key(|scenario| !fault.names(&scenario.id));
    let mut finding = Finding {
        fault,
        ran: 0,
        caught_by: Vec::new(),
        kinds: BTreeMap::new(),
        missing: fault.kinds.to_vec(),
        skipped: false,
    };
    for part in [first, rest] {
        for scenario in part {
            let (_, verdict) = bench.run(scenario).await?;
            finding.note(&verdict);
            let enough = finding.caught_by.len() >= ENOUGH || finding.ran >= MANY;
            if enough && finding.missing.is_empty() {
                break;
            }
        }
        if scope == Scope::Named || finding.fate() == Fate::Caught {
            break;
        }
    }
    finding.caught_by.sort();
    Ok(finding)
}

impl Finding {
    fn note(&mut self, verdict: &Verdict) {
        let fault = self.fault;
        self.ran += 1;
        self.skipped |= verdict.status == Status::Skipped && fault.names(&verdict.id);
        let belongs = |found: &&Deviation| {
            (fault.operations.is_empty() || fault.operations.contains(&found.operation.as_str()))
                && found.path.contains(fault.at)
        };
        let seen: BTreeSet<Kind> = deviations(verdict).map(|found| found.kind).collect();
        let right: BTreeSet<Kind> = deviations(verdict).filter(belongs).map(|found| found.kind).collect();
        for kind in seen {
            *self.kinds.entry(kind).or_default() += 1;
        }
        self.missing.retain(|kind| !right.contains(kind));
        if fault.kinds.iter().any(|kind| right.contains(kind)) {
            self.caught_by.push(verdict.id.clone());
        }
    }
}
