//! `smcheck run`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::args::{Flaky, RunArgs, Running, Sharding};
use super::compare;
use super::exit::{Exit, Failure};
use super::github;
use super::output::{self, Progress};
use super::reports::{self, Report, ReportKind};
use super::settings;
use super::signals::Signals;
use crate::judge::{
    Deviation, JudgeOptions, RunVerdict, Status, Verdict, assemble, contract_fails, fails_run, timeline,
};
use crate::report::matrix::Column;
use crate::report::{self, Failing};
use crate::scenario::Scenario;
use crate::store;
use crate::suite::{self, Done, Opened, RunError, RunOptions, today};

/// Runs the scenarios on every target, one after the other, and judges them.
pub(super) async fn run(args: RunArgs) -> Result<Exit, Failure> {
    let reports = reports::read(&args.judging.report, ReportKind::ALL)?;
    let alone = reports::take_stdout(&reports);
    let (pages, reports): (Vec<Report>, Vec<Report>) =
        reports.into_iter().partition(|report| report.kind == ReportKind::Html);
    let config = settings::config()?;
    let scenarios = part(settings::load(&args.select)?, &args.sharding)?;
    let judge =
        JudgeOptions { flaky: args.sharding.flaky == Flaky::Fail, ..settings::judge_options(&args.judging) };
    let part = args.sharding.partition.map(|partition| partition.to_string());
    if part.is_some() && args.judging.strict_known {
        return Err(Failure::usage(
            "a part cannot tell whether an entry of the known list is gone, since another part may need it; leave \
             --strict-known to `smcheck report merge --strict-known`",
        ));
    }
    let options = settings::run_options(&args.running, judge, args.fail_fast);
    let mut columns = Vec::new();
    let signals = Signals::listen().map_err(Failure::target)?;
    let mut runs = Vec::new();
    let mut broken = None;
    for name in &args.target {
        let begun = Instant::now();
        let target = settings::target(name, &config, &args.running).await?;
        let known = settings::known(&target, args.judging.known.as_deref())?;
        let opened = settings::open(target).await?;
        settings::compare_versions(&opened, known.as_ref());
        let info = opened.info.clone();
        let mut verdicts = Vec::new();
        let mut observed = BTreeMap::new();
        let again = Again {
            retries: usize::from(args.sharding.retries),
            fails: &|verdict| {
                let alone = assemble(info.clone(), vec![verdict.clone()], known.as_ref(), &today(), &judge);
                alone.verdicts.iter().any(|verdict| fails_run(verdict.status, &judge))
            },
        };
        let progress = Progress::new(scenarios.len(), &info.name, true);
        let ended =
            drive_with(progress, &scenarios, opened, &options, &args.running, &signals, &again, |done| {
                if !pages.is_empty() && !matches!(done.verdict.status, Status::Passed | Status::Skipped) {
                    let shown = timeline::observed(&done.scenario, &done.trace);
                    observed.insert(done.scenario.id.clone(), shown);
                }
                verdicts.push(done.verdict.clone());
            })
            .await;
        let run = assemble(info, verdicts, known.as_ref(), &today(), &judge);
        match part {
            _ if alone => {}
            None => show(&run, begun.elapsed(), &judge, args.judging.strict_known),
            Some(_) => show(&without_gone(&run), begun.elapsed(), &judge, false),
        }
        if !pages.is_empty() {
            let entries = known.iter().flat_map(|known| &known.entries);
            let reasons = entries.map(|entry| entry.reason.clone()).collect();
            columns.push(Column { reasons, observed, ..Column::of(run.clone()) });
        }
        runs.push(run);
        if let Err(failure) = ended {
            broken = Some(failure);
            break;
        }
    }
    write_reports_of(&reports, &runs, &judge, args.judging.strict_known, part.as_deref())?;
    compare::write_pages(&pages, columns, &scenarios, &judge, args.judging.strict_known).await?;
    match broken {
        Some(failure) => Err(failure),
        None => conclude(&runs, &judge, args.judging.strict_known),
    }
}

/// The part of the scenarios that was asked for, in the order that was asked for.
fn part(all: Vec<Arc<Scenario>>, sharding: &Sharding) -> Result<Vec<Arc<Scenario>>, Failure> {
    let mut chosen = match &sharding.partition {
        None => all,
        Some(partition) => {
            let chosen = partition.choose(&all);
            if chosen.is_empty() {
                return Err(Failure::usage(format!(
                    "nothing ran: {partition} holds none of {}; take fewer parts",
                    report::counted(all.len(), "scenario", "scenarios")
                )));
            }
            chosen
        }
    };
    if let Some(seed) = sharding.seed {
        suite::shuffle(&mut chosen, seed);
    }
    Ok(chosen)
}

/// What a part cannot know is not told: that an entry of the known list did not occur.
fn without_gone(run: &RunVerdict) -> RunVerdict {
    RunVerdict { gone: Vec::new(), ..run.clone() }
}

/// What is tried again.
struct Again<'a> {
    retries: usize,
    fails: &'a dyn Fn(&Verdict) -> bool,
}

impl Again<'static> {
    const NEVER: Self = Again { retries: 0, fails: &|_| false };
}

/// The exit code that the verdicts ask for; that nothing was judged is no success.
pub(super) fn conclude(
    runs: &[RunVerdict],
    judge: &JudgeOptions,
    strict_known: bool,
) -> Result<Exit, Failure> {
    let exit = verdict_of(runs, judge, strict_known);
    if exit != Exit::Expected {
        return Ok(exit);
    }
    match nothing_ran(runs) {
        Some(why) => Err(Failure::usage(why)),
        None => Ok(exit),
    }
}

/// Says so where nothing was judged on a target.
pub(super) fn nothing_ran(runs: &[RunVerdict]) -> Option<String> {
    if runs.is_empty() {
        return Some("nothing ran: there is no run".to_owned());
    }
    let empty = runs.iter().find(|run| run.totals().judged() + run.totals().errors == 0)?;
    let name = &empty.target.name;
    let Some(first) = empty.verdicts.first() else {
        return Some(format!("nothing ran on {name}: there was no scenario"));
    };
    Some(format!(
        "nothing ran on {name}: {} skipped; {}: {}",
        match empty.verdicts.len() {
            1 => "the only scenario was".to_owned(),
            count => format!("all {count} scenarios were"),
        },
        first.id,
        first.reason.as_deref().unwrap_or("no reason was given")
    ))
}

/// How many of the secrets that could not be deleted are named.
const LEFT_SHOWN: usize = 5;

/// Runs scenarios on an opened target, with progress, traces and clean-up; `each` is told of every one.
pub(super) async fn drive(
    scenarios: &[Arc<Scenario>],
    opened: Arc<Opened>,
    options: &RunOptions,
    running: &Running,
    signals: &Signals,
    each: impl FnMut(&Done),
) -> Result<(), Failure> {
    let progress = Progress::new(scenarios.len(), &opened.info.name, true);
    drive_with(progress, scenarios, opened, options, running, signals, &Again::NEVER, each).await
}

/// As [`drive`], without a word about deviations: what is observed is compared, not judged.
pub(super) async fn drive_quietly(
    scenarios: &[Arc<Scenario>],
    opened: Arc<Opened>,
    options: &RunOptions,
    running: &Running,
    signals: &Signals,
    each: impl FnMut(&Done),
) -> Result<(), Failure> {
    let progress = Progress::new(scenarios.len(), &opened.info.name, false);
    drive_with(progress, scenarios, opened, options, running, signals, &Again::NEVER, each).await
}

#[expect(clippy::too_many_arguments, reason = "all that a run needs, and two callers")]
async fn drive_with(
    progress: Progress,
    scenarios: &[Arc<Scenario>],
    opened: Arc<Opened>,
    options: &RunOptions,
    running: &Running,
    signals: &Signals,
    again: &Again<'_>,
    mut each: impl FnMut(&Done),
) -> Result<(), Failure> {
    let mut tracer = Tracer::open(running)?;
    let mut left = Vec::new();
    let mut failed = None;
    let told = |done: Done| {
        progress.done(&done.verdict);
        left.extend(done.left.iter().cloned());
        if let Err(failure) = tracer.note(&done) {
            failed = Some(failure);
        }
        each(&done);
        let stops = options.fail_fast && fails_run(done.verdict.status, &options.judge);
        if stops {
            signals.stopper().stop();
        }
        failed.is_none() && !stops
    };
    let stop = signals.stop();
    let ended = suite::run_again(scenarios, &opened, options, again.retries, again.fails, stop, told).await;
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

/// Prints the report of a run.
pub(super) fn show(run: &RunVerdict, elapsed: Duration, judge: &JudgeOptions, strict_known: bool) {
    with_failing(judge, strict_known, |failing| {
        let options = report::terminal::Options { width: output::width(), colour: true, elapsed, failing };
        output::print(&report::terminal::render(run, &options));
    });
}

/// What fails a run, in the words of the reports.
pub(super) fn with_failing<T>(
    judge: &JudgeOptions,
    strict_known: bool,
    then: impl FnOnce(Failing<'_>) -> T,
) -> T {
    let scenario = |verdict: &Verdict| scenario_fails(verdict, judge);
    let contract = |found: &Deviation| contract_fails(std::slice::from_ref(found), judge);
    then(Failing { scenario: &scenario, contract: &contract, gone: strict_known })
}

fn scenario_fails(verdict: &Verdict, judge: &JudgeOptions) -> bool {
    fails_run(verdict.status, judge) || judge.flaky && verdict.is_flaky()
}

/// The exit code that the verdicts ask for.
pub(super) fn verdict_of(runs: &[RunVerdict], judge: &JudgeOptions, strict_known: bool) -> Exit {
    let fails = |run: &RunVerdict| {
        run.verdicts.iter().any(|verdict| scenario_fails(verdict, judge))
            || contract_fails(&run.contract, judge)
            || (strict_known && !run.gone.is_empty())
    };
    if runs.iter().any(fails) { Exit::Deviations } else { Exit::Expected }
}

/// Writes the reports that were asked for, each whole or not at all.
pub(super) fn write_reports(
    reports: &[Report],
    runs: &[RunVerdict],
    judge: &JudgeOptions,
    strict_known: bool,
) -> Result<(), Failure> {
    write_reports_of(reports, runs, judge, strict_known, None)
}

/// The same, of a part of the scenarios.
pub(super) fn write_reports_of(
    reports: &[Report],
    runs: &[RunVerdict],
    judge: &JudgeOptions,
    strict_known: bool,
    part: Option<&str>,
) -> Result<(), Failure> {
    let known: Vec<RunVerdict>;
    let told = match part {
        None => runs,
        Some(_) => {
            known = runs.iter().map(without_gone).collect();
            &known
        }
    };
    for wanted in reports {
        let text = with_failing(judge, strict_known, |failing| {
            Ok::<_, Failure>(Some(match wanted.kind {
                ReportKind::Json => report::json::render_part(runs, part),
                ReportKind::Junit => report::junit::render(told, &failing),
                ReportKind::Markdown => report::markdown::render(told, &failing, report::markdown::COMMENT),
                ReportKind::Github => {
                    github::summary(told, &failing)?;
                    report::github::render(told, &failing, &github::place)
                }
                // The page is of targets side by side: `compare::write_pages` makes it.
                ReportKind::Html => return Ok(None),
            }))
        })?;
        if let Some(text) = text {
            output::deliver(&wanted.path, &text)?;
        }
    }
    Ok(())
}
