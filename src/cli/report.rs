//! `smcheck report`: JSON reports read again.

use std::path::Path;
use std::time::Duration;

use super::args::{Flaky, Gate, Measure, ReportCommand, ReportDiffArgs, ReportMergeArgs, ReportShowArgs};
use super::exit::{Exit, Failure};
use super::reports::{self, ReportKind};
use super::{output, run};
use crate::judge::JudgeOptions;
use crate::report::json::{self, Written};
use crate::report::merge::{self, Part};
use crate::report::{counted, markdown, trend};

/// Does what was asked.
pub(super) fn report(command: &ReportCommand) -> Result<Exit, Failure> {
    match command {
        ReportCommand::Diff(args) => diff(args),
        ReportCommand::Merge(args) => merged(args),
        ReportCommand::Show(args) => show(args),
    }
}

fn read(path: &Path) -> Result<Written, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|why| Failure::usage(format!("cannot read {}: {why}", path.display())))?;
    json::read(&text).map_err(|why| Failure::usage(format!("{}: {why}", path.display())))
}

fn diff(args: &ReportDiffArgs) -> Result<Exit, Failure> {
    let reports = reports::read(&args.report, &[ReportKind::Markdown])?;
    let (old, new) = (read(&args.old)?, read(&args.new)?);
    let trend = trend::Trend::of(&old, &new);
    if !trend.is_comparable() {
        return Err(Failure::usage(format!(
            "{} and {} have no scenario of one target in common, so that nothing can be compared",
            args.old.display(),
            args.new.display()
        )));
    }
    if !reports::take_stdout(&reports) {
        output::print(&trend::terminal(&trend, output::width(), true));
    }
    for wanted in &reports {
        output::deliver(&wanted.path, &trend::markdown(&trend, markdown::COMMENT))?;
    }
    Ok(if trend.broke() { Exit::Deviations } else { Exit::Expected })
}

fn measure(measure: &Measure) -> JudgeOptions {
    JudgeOptions {
        strict: measure.strict,
        gate: measure.gate.map(Gate::kind),
        flaky: measure.flaky == Flaky::Fail,
        ..JudgeOptions::default()
    }
}

fn merged(args: &ReportMergeArgs) -> Result<Exit, Failure> {
    let reports = reports::read(&args.report, ReportKind::OF_RUNS)?;
    let mut parts = Vec::with_capacity(args.files.len());
    for file in &args.files {
        parts.push(Part { name: file.display().to_string(), report: read(file)? });
    }
    let whole = merge::merge(&parts, args.force).map_err(|against| {
        let shown: Vec<String> = against.iter().take(SHOWN).map(|one| format!("  {one}")).collect();
        let more = match against.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!("\n  and {more} more"),
        };
        Failure::usage(format!(
            "the reports do not fit together; `--force` takes them all the same\n{}{more}",
            shown.join("\n")
        ))
    })?;
    let judge = measure(&args.measure);
    let out_takes_stdout = args.out == Path::new("-");
    if out_takes_stdout && reports::take_stdout(&reports) {
        return Err(Failure::usage("only one report can go to stdout (`-`)"));
    }
    output::deliver(&args.out, &json::render(&whole.runs))?;
    if !out_takes_stdout && !reports::take_stdout(&reports) {
        for run in &whole.runs {
            run::show(run, Duration::ZERO, &judge, args.measure.strict_known);
        }
    }
    run::write_reports(&reports, &whole.runs, &judge, args.measure.strict_known)?;
    output::say(&format!("merged {}", counted(parts.len(), "report", "reports")));
    run::conclude(&whole.runs, &judge, args.measure.strict_known)
}

/// How many of the reasons against a merge are told.
const SHOWN: usize = 20;

fn show(args: &ReportShowArgs) -> Result<Exit, Failure> {
    let reports = reports::read(&args.report, ReportKind::OF_RUNS)?;
    let written = read(&args.file)?;
    let judge = measure(&args.measure);
    if !reports::take_stdout(&reports) {
        for run in &written.runs {
            match written.part {
                None => run::show(run, Duration::ZERO, &judge, args.measure.strict_known),
                Some(_) => run::show(&run::without_gone(run), Duration::ZERO, &judge, false),
            }
        }
    }
    if written.runs.is_empty() {
        return Err(Failure::usage(format!("{} holds no run", args.file.display())));
    }
    let part = written.part.as_deref();
    run::write_reports_of(&reports, &written.runs, &judge, args.measure.strict_known, part)?;
    Ok(Exit::Expected)
}
