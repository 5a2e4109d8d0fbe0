//! Driving a run: progress, traces, signals and what is left at its end.

use std::sync::Arc;

use super::args::Running;
use super::exit::Failure;
use super::output::{self, Progress};
use super::signals::Signals;
use crate::judge::{JudgeOptions, KnownList, Status, TargetInfo, Verdict, assemble, fails_run};
use crate::scenario::Scenario;
use crate::store;
use crate::suite::{self, Done, Opened, RunError, RunOptions, today};

/// How many of the secrets that could not be deleted are named.
const LEFT_SHOWN: usize = 5;

/// What is said of single scenarios while a run goes on, and what is tried again.
#[derive(Clone, Copy, Default)]
pub(super) struct Weighing<'a> {
    /// The deviations that are expected.
    pub(super) known: Option<&'a KnownList>,
    /// How often a scenario that fails is tried again.
    pub(super) retries: usize,
    /// Whether nothing is said of deviations: what is observed is compared, not judged.
    pub(super) quiet: bool,
}

impl Weighing<'_> {
    /// A verdict without what is known.
    fn weighed(&self, verdict: &Verdict, info: &TargetInfo, judge: &JudgeOptions) -> Verdict {
        if self.known.is_none() || !matches!(verdict.status, Status::Near | Status::Unsure | Status::Deviated)
        {
            return verdict.clone();
        }
        let alone = assemble(info.clone(), vec![verdict.clone()], self.known, &today(), judge);
        alone.verdicts.into_iter().next().unwrap_or_else(|| verdict.clone())
    }
}

/// Runs scenarios on an opened target, with progress, traces and clean-up; `each` is told of every one.
pub(super) async fn drive(
    scenarios: &[Arc<Scenario>],
    opened: Arc<Opened>,
    options: &RunOptions,
    running: &Running,
    signals: &Signals,
    weighing: &Weighing<'_>,
    mut each: impl FnMut(&Done),
) -> Result<(), Failure> {
    let progress = Progress::new(scenarios.len(), &opened.info.name, !weighing.quiet);
    let info = opened.info.clone();
    let weighed = |verdict: &Verdict| weighing.weighed(verdict, &info, &options.judge);
    let fails = |verdict: &Verdict| fails_run(weighed(verdict).status, &options.judge);
    let mut tracer = Tracer::open(running)?;
    let mut left = Vec::new();
    let mut failed = None;
    let told = |done: Done| {
        let verdict = weighed(&done.verdict);
        progress.done(&verdict);
        left.extend(done.left.iter().cloned());
        if let Err(failure) = tracer.note(&done) {
            failed = Some(failure);
        }
        each(&done);
        let stops = options.fail_fast && fails_run(verdict.status, &options.judge);
        if stops {
            signals.stopper().stop();
        }
        failed.is_none() && !stops
    };
    let stop = signals.stop();
    let ended = suite::run_again(scenarios, &opened, options, weighing.retries, fails, stop, told).await;
    progress.finish();
    warn_of_left("", &left);
    let mut epitaph = None;
    if let Ok(mut opened) = Arc::try_unwrap(opened) {
        epitaph = opened.epitaph();
        opened.close().await;
    }
    if let Some(failure) = failed {
        return Err(failure);
    }
    match ended {
        Ok(()) => Ok(()),
        Err(RunError::Unreachable(why)) => Err(Failure::target(match epitaph {
            Some(epitaph) => format!("{why}\n{epitaph}"),
            None => why,
        })),
        Err(RunError::Interrupted) => match signals.exit() {
            Some(exit) => Err(Failure { exit, message: "interrupted".to_owned() }),
            // It was --fail-fast that stopped it.
            None => Ok(()),
        },
    }
}

/// Says which secrets could not be deleted, of which target where there are several.
pub(super) fn warn_of_left(target: &str, left: &[String]) {
    if left.is_empty() {
        return;
    }
    let some = left.iter().take(LEFT_SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = if left.len() > LEFT_SHOWN { ", …" } else { "" };
    let whose = if target.is_empty() { String::new() } else { format!("{target}: ") };
    output::warn(&format!("{whose}could not delete {} secrets: {some}{more}", left.len()));
}

/// Writes exchanges, redacted: to a file for `--trace`, to stderr for `-v`.
pub(super) struct Tracer {
    file: Option<std::fs::File>,
    verbose: bool,
    failed: Option<Failure>,
}

impl Tracer {
    pub(super) fn open(running: &Running) -> Result<Self, Failure> {
        let open = |path: &std::path::PathBuf| {
            std::fs::File::create(path)
                .map_err(|why| Failure::usage(format!("cannot write {}: {why}", path.display())))
        };
        Ok(Tracer {
            file: running.trace.as_ref().map(open).transpose()?,
            verbose: running.verbose,
            failed: None,
        })
    }

    /// As [`Tracer::note`] where several targets are traced at once; what fails is told by [`Tracer::trouble`].
    pub(super) fn note_of(&mut self, target: &str, done: &Done) {
        if self.failed.is_none()
            && let Err(failure) = self.note_under(Some(target), done)
        {
            self.failed = Some(failure);
        }
    }

    /// What went wrong in [`Tracer::note_of`].
    pub(super) fn trouble(&mut self) -> Result<(), Failure> {
        self.failed.take().map_or(Ok(()), Err)
    }

    fn note(&mut self, done: &Done) -> Result<(), Failure> {
        self.note_under(None, done)
    }

    fn note_under(&mut self, target: Option<&str>, done: &Done) -> Result<(), Failure> {
        use std::io::Write;
        let loud = self.verbose && !matches!(done.verdict.status, crate::judge::Status::Passed);
        if self.file.is_none() && !loud {
            return Ok(());
        }
        let mut text = store::render_exchanges(&done.scenario, &done.trace);
        if let Some(target) = target {
            text.insert_str(0, &format!("# {target}\n"));
        }
        if let Some(file) = &mut self.file {
            file.write_all(text.as_bytes())
                .map_err(|why| Failure::usage(format!("cannot write the trace: {why}")))?;
        }
        if loud {
            output::say(&text);
        }
        Ok(())
    }
}
