//! `smcheck run`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::args::{Flaky, RunArgs, Sharding};
use super::compare;
use super::driving::{Weighing, drive};
use super::exit::{Exit, Failure};
use super::github;
use super::output;
use super::reports::{self, Report, ReportKind};
use super::settings;
use super::signals::Signals;
use crate::judge::{
    Deviation, JudgeOptions, RunVerdict, Status, Verdict, assemble, contract_fails, fails_run, timeline,
};
use crate::report::matrix::Column;
use crate::report::{self, Failing};
use crate::scenario::Scenario;
use crate::suite::{self, today};

/// Runs the scenarios on every target, one after the other, and judges them.
pub(super) async fn run(args: RunArgs) -> Result<Exit, Failure> {
    let reports = reports::read(&args.judging.report, ReportKind::ALL)?;
    let alone = reports::take_stdout(&reports);
    let (pages, reports): (Vec<Report>, Vec<Report>) =
        reports.into_iter().partition(|report| report.kind == ReportKind::Html);
    let config = settings::config()?;
    let scenarios = part(settings::load(&args.select)?, &args.sharding)?;
    let judge = JudgeOptions {
        flaky: args.sharding.flaky == Flaky::Fail,
        ..settings::judge_options(&args.judging, &args.select)
    };
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
        settings::compare_versions(&opened.info, known.as_ref());
        let info = opened.info.clone();
        let mut verdicts = Vec::new();
        let mut observed = BTreeMap::new();
        let weighing =
            Weighing { known: known.as_ref(), retries: usize::from(args.sharding.retries), quiet: false };
        let ended = drive(&scenarios, opened, &options, &args.running, &signals, &weighing, |done| {
            if !pages.is_empty() && !matches!(done.verdict.status, Status::Passed | Status::Skipped) {
                let shown = timeline::observed(&done.scenario, &done.trace);
                observed.insert(done.scenario.id.clone(), shown);
            }
            verdicts.push(done.verdict.clone());
        })
        .await;
        let is_part = judge.is_part || verdicts.len() < scenarios.len();
        let run = assemble(info, verdicts, known.as_ref(), &today(), &JudgeOptions { is_part, ..judge });
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
        // It was --fail-fast: the next target is not begun.
        if signals.stop().requested() {
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
pub(super) fn without_gone(run: &RunVerdict) -> RunVerdict {
    RunVerdict { gone: Vec::new(), ..run.clone() }
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
