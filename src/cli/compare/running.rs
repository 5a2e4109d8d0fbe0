//! Several targets at once. They share their turns, so that eight of them are no heavier on the machine than one.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use crate::cli::args::Running;
use crate::cli::driving::{self, Tracer};
use crate::cli::exit::Failure;
use crate::cli::output::Progress;
use crate::cli::settings;
use crate::cli::signals::Signals;
use crate::judge::{KnownList, Sheet, Status, TargetInfo, Timeline, Verdict, assemble, timeline};
use crate::report::matrix::Column;
use crate::run::{Stop, stop};
use crate::scenario::Scenario;
use crate::suite::{self, Done, Opened, Refuse, RunError, RunOptions, today};
use crate::target::{Config, Kind, Target, resolve};

/// How many scenarios run at once for each processor, over all targets: most of a scenario is waiting.
const TURNS_EACH: usize = 8;

/// Whether the labels of scenarios that deviate are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Timelines {
    /// They are.
    Kept,
    /// Nobody asked for them.
    None,
}

/// A target that was named.
pub(super) enum Given {
    /// As it was resolved, with its known list.
    Target { target: Box<Target>, known: Option<KnownList> },
    /// It is named rightly, and cannot be used.
    Unusable { name: String, reason: String },
}

/// What one target's task tells as it goes on.
enum Event {
    /// A target was opened, or could not be; with the program that was started for it, where one was.
    Opened { target: usize, program: Option<String> },
    /// A scenario has ended.
    Done(Box<Told>),
}

/// What is kept of a scenario.
struct Told {
    target: usize,
    verdict: Verdict,
    observed: Option<Timeline>,
    left: Vec<String>,
}

/// How one target ended.
struct Ended {
    target: usize,
    info: Option<TargetInfo>,
    trouble: Option<String>,
}

/// Runs all targets side by side; a column for each, in their order.
pub(super) async fn all(
    scenarios: &[Arc<Scenario>],
    targets: Vec<Given>,
    options: &RunOptions,
    running: &Running,
    signals: &Signals,
    timelines: Timelines,
) -> Result<Vec<Column>, Failure> {
    let turns = options.jobs.unwrap_or_else(|| {
        TURNS_EACH * std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
    });
    let options = RunOptions { turns: Some(Arc::new(Semaphore::new(turns))), ..options.clone() };
    let sheets: Vec<Sheet> = scenarios.iter().map(|scenario| Sheet::of(scenario)).collect();
    let tracer = Arc::new(Mutex::new(Tracer::open(running)?));
    let mut waiting = Waiting::new(targets.len());
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let mut tasks = JoinSet::new();
    let mut programs = InOrder::default();
    for (at, given) in targets.into_iter().enumerate() {
        let (target, known) = match given {
            Given::Target { target, known } => (target, known),
            Given::Unusable { name, reason } => {
                let info = TargetInfo { name, endpoint: String::new(), version: None };
                waiting.columns[at].ended =
                    Some(Ended { target: at, info: Some(info), trouble: Some(reason) });
                programs.told(at, None);
                continue;
            }
        };
        waiting.columns[at].known = known;
        waiting.columns[at].named = target.name.clone();
        // Where AWS is to be called there may be a question, and two of them at once would be none.
        let opened = match &target.kind {
            Kind::Aws { .. } => Some(settings::open((*target).clone()).await.map_err(|why| why.message)),
            Kind::Embedded | Kind::Url(_) | Kind::Start(_) => None,
        };
        let task = Task {
            at,
            scenarios: scenarios.to_vec(),
            options: options.clone(),
            stop: signals.stop().clone(),
            timelines,
            tracer: Arc::clone(&tracer),
            sender: sender.clone(),
        };
        tasks.spawn(task.run(*target, opened));
    }
    drop(sender);
    let progress = Progress::new(scenarios.len() * tasks.len(), &format!("{} targets", tasks.len()), false);
    while let Some(event) = receiver.recv().await {
        let told = match event {
            Event::Opened { target, program } => {
                programs.told(target, program).iter().for_each(|program| progress.say(program));
                continue;
            }
            Event::Done(told) => told,
        };
        progress.done(&told.verdict);
        let column = &mut waiting.columns[told.target];
        column.left.extend(told.left);
        if let Some(observed) = told.observed {
            column.observed.insert(told.verdict.id.clone(), observed);
        }
        column.verdicts.push(told.verdict);
    }
    while let Some(joined) = tasks.join_next().await {
        match joined {
            Ok(ended) => {
                let at = ended.target;
                waiting.columns[at].ended = Some(ended);
            }
            Err(why) => std::panic::resume_unwind(why.into_panic()),
        }
    }
    progress.finish();
    tracer.lock().unwrap_or_else(PoisonError::into_inner).trouble()?;
    if let Some(exit) = signals.exit() {
        return Err(Failure { exit, message: "interrupted".to_owned() });
    }
    Ok(waiting.columns.into_iter().map(|column| column.finish(&sheets, &options)).collect())
}

/// Programs are named in the order of their targets, whichever is up first: two runs print the same.
#[derive(Default)]
struct InOrder {
    early: BTreeMap<usize, Option<String>>,
    next: usize,
}

impl InOrder {
    /// Takes what one target tells, and gives what can be said now.
    fn told(&mut self, target: usize, program: Option<String>) -> Vec<String> {
        self.early.insert(target, program);
        let mut now = Vec::new();
        while let Some(program) = self.early.remove(&self.next) {
            now.extend(program);
            self.next += 1;
        }
        now
    }
}

/// Columns that are not finished yet.
struct Waiting {
    columns: Vec<Begun>,
}

#[derive(Default)]
struct Begun {
    named: String,
    known: Option<KnownList>,
    verdicts: Vec<Verdict>,
    observed: BTreeMap<String, Timeline>,
    left: Vec<String>,
    ended: Option<Ended>,
}

impl Waiting {
    fn new(count: usize) -> Self {
        Waiting { columns: std::iter::repeat_with(Begun::default).take(count).collect() }
    }
}

impl Begun {
    fn finish(self, sheets: &[Sheet], options: &RunOptions) -> Column {
        driving::warn_of_left(&self.named, &self.left);
        let (info, trouble) = match self.ended {
            Some(ended) => (ended.info, ended.trouble),
            None => (None, Some("it was not run".to_owned())),
        };
        if let Some(info) = &info {
            settings::compare_versions(info, self.known.as_ref());
        }
        let info = info.unwrap_or(TargetInfo { name: self.named, endpoint: String::new(), version: None });
        // What was skipped without a request says nothing of a target that is not there.
        let judged = |verdict: &Verdict| !matches!(verdict.status, Status::Skipped | Status::Error);
        if let Some(reason) = &trouble
            && !self.verdicts.iter().any(judged)
        {
            return Column::unusable(info, reason, sheets);
        }
        let mut run = assemble(info, self.verdicts, self.known.as_ref(), &today(), &options.judge);
        // Scenarios that never ran are no reason to take an entry out of a list.
        if trouble.is_some() {
            run.gone.clear();
        }
        let reasons = self.known.map(|known| known.entries.into_iter().map(|entry| entry.reason).collect());
        let column =
            Column { reasons: reasons.unwrap_or_default(), observed: self.observed, ..Column::of(run) };
        match trouble {
            Some(reason) => column.lost(&reason, sheets),
            None => column,
        }
    }
}

/// The work on one target.
struct Task {
    at: usize,
    scenarios: Vec<Arc<Scenario>>,
    options: RunOptions,
    stop: Stop,
    timelines: Timelines,
    tracer: Arc<Mutex<Tracer>>,
    sender: mpsc::UnboundedSender<Event>,
}

impl Task {
    async fn run(self, target: Target, opened: Option<Result<Arc<Opened>, String>>) -> Ended {
        let ended = |info, trouble| Ended { target: self.at, info, trouble };
        let opened = match opened {
            Some(opened) => opened,
            None => tokio::select! {
                // Dropping what is being opened stops what was started for it.
                () = self.stop.wait() => Err("interrupted".to_owned()),
                opened = Opened::open(target, &Refuse, Path::new(".")) => {
                    opened.map(Arc::new).map_err(|why| why.to_string())
                }
            },
        };
        let program = opened.as_ref().ok().and_then(|opened| settings::program(opened));
        // Nobody listens any more: then nobody needs it.
        let _ = self.sender.send(Event::Opened { target: self.at, program });
        let opened = match opened {
            Ok(opened) => opened,
            Err(why) => return ended(None, Some(why)),
        };
        let info = opened.info.clone();
        // A target's own limit holds beside the turns that all share.
        let options = RunOptions { jobs: None, ..self.options.clone() };
        let result = self.scenarios_on(&opened, &options).await;
        let mut epitaph = None;
        if let Ok(mut opened) = Arc::try_unwrap(opened) {
            epitaph = opened.epitaph();
            opened.close().await;
        }
        let trouble = match result {
            Ok(()) => None,
            Err(RunError::Interrupted) => Some("interrupted".to_owned()),
            Err(RunError::Unreachable(why)) => Some(match epitaph {
                Some(epitaph) => format!("{why}\n{epitaph}"),
                None => why,
            }),
        };
        ended(Some(info), trouble)
    }

    async fn scenarios_on(&self, opened: &Arc<Opened>, options: &RunOptions) -> Result<(), RunError> {
        // `each` cannot wait, so the channel has no end; what lies in it is small.
        suite::run(&self.scenarios, opened, options, &self.stop, |done| {
            self.sender.send(Event::Done(Box::new(self.told(&opened.info.name, done)))).is_ok()
        })
        .await
    }

    /// What is kept of a scenario: the trace is large and ends here.
    fn told(&self, name: &str, done: Done) -> Told {
        self.tracer.lock().unwrap_or_else(PoisonError::into_inner).note_of(name, &done);
        let differs = !matches!(done.verdict.status, Status::Passed | Status::Skipped);
        let observed = (self.timelines == Timelines::Kept && differs)
            .then(|| timeline::observed(&done.scenario, &done.trace));
        Told { target: self.at, verdict: done.verdict, observed, left: done.left }
    }
}

/// Where labels should have been: what scenarios state, and between that what the embedded reference shows.
pub(in crate::cli) async fn expected(
    scenarios: &[Arc<Scenario>],
) -> Result<BTreeMap<String, Timeline>, Failure> {
    let target = resolve("embedded", &Config::default()).await.map_err(Failure::target)?;
    let opened = Opened::open(target, &Refuse, Path::new(".")).await.map_err(Failure::target)?;
    let opened = Arc::new(opened);
    let (_stopper, stop) = stop::pair();
    let mut expected = BTreeMap::new();
    suite::run(scenarios, &opened, &RunOptions::default(), &stop, |done| {
        // What the reference does not do is not shown as expected.
        let right = done.verdict.status == Status::Passed;
        let shown = timeline::expected(&done.scenario, right.then_some(&done.trace));
        expected.insert(done.scenario.id.clone(), shown);
        true
    })
    .await
    .map_err(Failure::target)?;
    if let Ok(opened) = Arc::try_unwrap(opened) {
        opened.close().await;
    }
    Ok(expected)
}
