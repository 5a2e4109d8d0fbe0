//! Running many scenarios on one target, at once where they may be, and judging each as it ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Semaphore, mpsc};

use super::open::Opened;
use crate::judge::{JudgeOptions, Verdict, judge};
use crate::run::{Executed, Names, Plan, ProbeLevel, Settings, Stop, Trouble, execute};
use crate::scenario::{Eventually, Need, Scenario};
use crate::target::{ClientError, Isolation};
use crate::trace::{End, Trace};

/// How many scenarios run at once where nothing else is said.
const JOBS: usize = 8;

/// The longest that `eventually` waits on a target whose changes show at once: what is wrong there stays wrong, and a
/// catalogue has hundreds of such steps.
const STRONG_WAIT: std::time::Duration = std::time::Duration::from_secs(1);

/// The same where a rotation function takes part: an emulator that starts one needs seconds.
const FUNCTION_WAIT: std::time::Duration = std::time::Duration::from_secs(10);

/// How a run goes.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// How many scenarios run at once.
    pub jobs: Option<usize>,
    /// What is read after each step.
    pub probe: ProbeLevel,
    /// How verdicts are made.
    pub judge: JudgeOptions,
    /// Stop at the first scenario that fails the run.
    pub fail_fast: bool,
    /// The longest that `eventually` waits on a target whose changes show at once, where not the usual time.
    pub wait_at_most: Option<std::time::Duration>,
    /// What runs that go on side by side share: a scenario waits for one of these before it begins.
    pub turns: Option<Arc<Semaphore>>,
}

/// One scenario that has ended.
#[derive(Debug)]
pub struct Done {
    /// The scenario.
    pub scenario: Arc<Scenario>,
    /// What happened.
    pub trace: Trace,
    /// What it is worth, the known list not applied yet.
    pub verdict: Verdict,
    /// Secrets that could not be deleted.
    pub left: Vec<String>,
}

/// A run that could not go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The target is not there, or went away.
    #[error("{0}")]
    Unreachable(String),
    /// The run was asked to stop.
    #[error("interrupted")]
    Interrupted,
}

/// Runs scenarios on a target. `each` is told of every scenario as it ends, in the order of their ends; when it
/// answers `false`, the run stops.
///
/// # Errors
/// When the target cannot be reached, or the run was interrupted. What had ended by then was told.
pub async fn run(
    scenarios: &[Arc<Scenario>],
    opened: &Arc<Opened>,
    options: &RunOptions,
    stop: &Stop,
    mut each: impl FnMut(Done) -> bool,
) -> Result<(), RunError> {
    let by_reset = matches!(opened.target.isolation, Isolation::Reset { .. });
    let (alone, together): (Vec<_>, Vec<_>) =
        scenarios.iter().cloned().partition(|scenario| by_reset && scenario.isolated);
    let shared = Arc::new(Shared {
        opened: Arc::clone(opened),
        options: options.clone(),
        names: Names::fresh(),
        stop: stop.clone(),
        next: AtomicUsize::new(0),
        scenarios: together,
    });
    let jobs = options.jobs.or(opened.target.jobs).unwrap_or(JOBS).clamp(1, shared.scenarios.len().max(1));
    let (sender, mut receiver) = mpsc::channel(64);
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..jobs {
        let (shared, sender) = (Arc::clone(&shared), sender.clone());
        workers.spawn(async move {
            while let Some(scenario) = shared.take() {
                let done = shared.one(&scenario).await;
                if sender.send(done).await.is_err() {
                    return;
                }
            }
        });
    }
    drop(sender);
    while let Some(result) = receiver.recv().await {
        if !each(result?) {
            return Ok(());
        }
    }
    // A worker that panicked would leave a scenario out of the results without a word.
    while let Some(joined) = workers.join_next().await {
        if let Err(why) = joined {
            std::panic::resume_unwind(why.into_panic());
        }
    }
    for scenario in alone {
        if stop.requested() {
            break;
        }
        if let Err(why) = opened.reset().await {
            return Err(RunError::Unreachable(why));
        }
        if !each(shared.one(&scenario).await?) {
            return Ok(());
        }
    }
    if stop.requested() { Err(RunError::Interrupted) } else { Ok(()) }
}

struct Shared {
    opened: Arc<Opened>,
    options: RunOptions,
    names: Names,
    stop: Stop,
    next: AtomicUsize,
    scenarios: Vec<Arc<Scenario>>,
}

impl Shared {
    fn take(&self) -> Option<Arc<Scenario>> {
        if self.stop.requested() {
            return None;
        }
        self.scenarios.get(self.next.fetch_add(1, Ordering::Relaxed)).cloned()
    }

    async fn one(&self, scenario: &Arc<Scenario>) -> Result<Done, RunError> {
        // Nobody closes it; if somebody did, there would be no more turns to wait for.
        let _turn = match &self.options.turns {
            Some(turns) => turns.acquire().await.ok(),
            None => None,
        };
        let executed = execute_one(scenario, &self.opened, &self.options, &self.names, &self.stop).await?;
        let options = JudgeOptions { list_may_lag: self.opened.target.eventual, ..self.options.judge };
        let verdict = judge(scenario, &executed.trace, &options);
        Ok(Done { scenario: Arc::clone(scenario), trace: executed.trace, verdict, left: executed.left })
    }
}

/// Runs one scenario on a target, without judging it.
///
/// # Errors
/// When the target cannot be reached.
pub async fn execute_one(
    scenario: &Arc<Scenario>,
    opened: &Opened,
    options: &RunOptions,
    names: &Names,
    stop: &Stop,
) -> Result<Executed, RunError> {
    let target = &opened.target;
    let plan = match Plan::new(scenario, names, &target.region, &target.provides, &target.isolation) {
        Ok(plan) => plan,
        Err(reason) => return Ok(not_run(scenario, End::Skipped(reason))),
    };
    // Changes on AWS take a while to show; half a minute is what its own verified tests wait for most of them.
    let patience = target.eventual.then_some(Eventually {
        within: std::time::Duration::from_secs(30),
        every: std::time::Duration::from_secs(1),
    });
    let strong = if scenario.needs.contains(&Need::RotationLambda) { FUNCTION_WAIT } else { STRONG_WAIT };
    let wait_at_most = match (opened.is_playback(), target.eventual) {
        // Of what took several attempts the last was recorded; asking again would find nothing.
        (true, _) => Some(std::time::Duration::ZERO),
        (false, true) => None,
        (false, false) => Some(options.wait_at_most.unwrap_or(strong)),
    };
    let settings = Settings {
        probe: options.probe,
        patience,
        wait_at_most,
        playback: opened.is_playback(),
        clock: target.clock.clone(),
    };
    let executed = execute(plan, &opened.caller(scenario, stop.clone()), settings).await;
    match &executed.trouble {
        Some(Trouble::Client(why @ ClientError::Connect { .. })) => {
            Err(RunError::Unreachable(why.to_string()))
        }
        _ => Ok(executed),
    }
}

/// A scenario that sent nothing.
fn not_run(scenario: &Scenario, end: End) -> Executed {
    let trace = Trace {
        scenario: scenario.id.clone(),
        secrets: std::collections::BTreeMap::new(),
        versions: std::collections::BTreeMap::new(),
        region: String::new(),
        steps: Vec::new(),
        end,
        elapsed: std::time::Duration::ZERO,
    };
    Executed { trace, trouble: None, left: Vec::new() }
}
