//! `smcheck compare`: several targets at once, and a matrix of scenarios by targets.
//!
//! [`running`] runs the targets side by side, [`writing`] writes what was asked for. What is compared may come from
//! JSON reports instead.

mod running;
mod writing;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;

use super::args::{Judging, Running, Select};
use super::exit::{Exit, Failure};
use super::output;
use super::reports::{self, Report, ReportKind};
use super::settings;
use super::signals::Signals;
use crate::judge::{JudgeOptions, RunVerdict, Sheet, regroup};
use crate::report::matrix::{Column, Matrix, saved, terminal};
use crate::report::{counted, json};
use crate::scenario::Scenario;
use crate::suite::Catalogue;

use running::{Timelines, expected};
use writing::write;

/// Arguments of `compare`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 as expected on every target, 1 deviations on some, 2 wrong usage, a broken \
    scenario, or a filter that matches nothing, 3 a target could not be reached, started or used.\n\n\
    Examples:\n  \
    smcheck compare -t moto -t localstack                           on the terminal\n  \
    smcheck compare -t moto -t http://127.0.0.1:4566 labels/ --all  every scenario about labels\n  \
    smcheck compare -t moto -t ministack --report html=matrix.html --report markdown=comment.md\n  \
    smcheck compare --from old.json --from new.json                 of saved reports, nothing is run"
)]
pub struct CompareArgs {
    /// Which scenarios.
    #[command(flatten)]
    pub select: Select,
    /// A target of smcheck.toml, `embedded`, `env`, `aws`, or a URL; as often as wanted
    #[arg(long, short, value_name = "TARGET", required_unless_present = "from")]
    pub target: Vec<String>,
    /// Read a JSON report of `run` or `compare` instead of running; as often as wanted
    #[arg(long, value_name = "FILE", conflicts_with_all = ["target", "trace", "verbose", "jobs", "known", "probe", "timeout"])]
    pub from: Vec<PathBuf>,
    /// Show scenarios that are right on every target too, and all causes
    #[arg(long)]
    pub all: bool,
    /// How scenarios are run.
    #[command(flatten)]
    pub running: Running,
    /// How they are judged.
    #[command(flatten)]
    pub judging: Judging,
}

/// Runs the targets, or reads their reports, and shows the matrix.
pub(super) async fn compare(args: CompareArgs) -> Result<Exit, Failure> {
    let wanted = reports::read(&args.judging.report, ReportKind::ALL)?;
    let has_page = wanted.iter().any(|report| report.kind == ReportKind::Html);
    let judge = settings::judge_options(&args.judging, &args.select);
    let begun = Instant::now();
    let (mut matrix, scenarios) = if args.from.is_empty() {
        let scenarios = settings::load(&args.select)?;
        (run(&args, &scenarios, judge, has_page).await?, scenarios)
    } else {
        read(&args)?
    };
    let elapsed = args.from.is_empty().then(|| begun.elapsed());
    if has_page {
        if args.from.is_empty() {
            matrix = with_expected(matrix, &scenarios).await?;
        } else {
            output::say("the page has no timelines of labels: reports hold none");
        }
    }
    // What goes to stdout takes the matrix's place there.
    if !reports::take_stdout(&wanted) {
        show(&matrix, args.all, elapsed);
    }
    write(&wanted, &matrix, &judge, args.judging.strict_known)?;
    let unusable = matrix.columns().iter().filter(|column| column.unusable.is_some());
    let reasons: Vec<String> = unusable
        .map(|column| {
            format!("{}: {}", column.run.target.name, column.unusable.as_deref().unwrap_or_default())
        })
        .collect();
    for reason in &reasons {
        output::error(reason);
    }
    exit(&matrix, &judge, args.judging.strict_known)
}

/// Writes the pages that `run` was asked for: a matrix of the targets that it ran on.
pub(super) async fn write_pages(
    pages: &[Report],
    columns: Vec<Column>,
    scenarios: &[Arc<Scenario>],
    judge: &JudgeOptions,
    strict_known: bool,
) -> Result<(), Failure> {
    if pages.is_empty() {
        return Ok(());
    }
    let matrix = Matrix::new(scenarios.iter().map(|scenario| Sheet::of(scenario)).collect(), columns);
    write(pages, &with_expected(matrix, scenarios).await?, judge, strict_known)
}

/// The gravest of what the targets ask for.
fn exit(matrix: &Matrix, judge: &JudgeOptions, strict_known: bool) -> Result<Exit, Failure> {
    if matrix.columns().iter().any(|column| column.unusable.is_some()) {
        return Ok(Exit::Target);
    }
    let runs: Vec<RunVerdict> = matrix.columns().iter().map(|column| column.run.clone()).collect();
    super::run::conclude(&runs, judge, strict_known)
}

async fn run(
    args: &CompareArgs,
    scenarios: &[Arc<Scenario>],
    judge: JudgeOptions,
    page: bool,
) -> Result<Matrix, Failure> {
    let config = settings::config()?;
    // What was typed wrongly is told before anything starts.
    let mut targets = Vec::new();
    for name in &args.target {
        targets.push(match settings::target(name, &config, &args.running).await {
            Ok(target) => {
                let known = settings::known(&target, args.judging.known.as_deref())?;
                running::Given::Target { target: Box::new(target), known }
            }
            Err(failure) if failure.exit == Exit::Target => {
                running::Given::Unusable { name: name.clone(), reason: failure.message }
            }
            Err(failure) => return Err(failure),
        });
    }
    let options = settings::run_options(&args.running, judge, false);
    let signals = Signals::listen().map_err(Failure::target)?;
    let timelines = if page { Timelines::Kept } else { Timelines::None };
    let columns = running::all(scenarios, targets, &options, &args.running, &signals, timelines).await?;
    Ok(Matrix::new(scenarios.iter().map(|scenario| Sheet::of(scenario)).collect(), columns))
}

/// Adds where labels should have been, for scenarios that deviate somewhere.
async fn with_expected(matrix: Matrix, scenarios: &[Arc<Scenario>]) -> Result<Matrix, Failure> {
    let deviates = |column: &Column, id: &str| column.observed.contains_key(id);
    let wanted: Vec<Arc<Scenario>> = scenarios
        .iter()
        .filter(|scenario| matrix.columns().iter().any(|column| deviates(column, &scenario.id)))
        .cloned()
        .collect();
    if wanted.is_empty() {
        return Ok(matrix);
    }
    output::say(&format!(
        "running the embedded reference on {}: between what they state, the page shows its labels as expected",
        counted(wanted.len(), "scenario that deviates", "scenarios that deviate")
    ));
    let expected = expected(&wanted).await?;
    Ok(matrix.expecting(expected))
}

/// The matrix of saved reports.
fn read(args: &CompareArgs) -> Result<(Matrix, Vec<Arc<Scenario>>), Failure> {
    let mut columns = Vec::new();
    for path in &args.from {
        let text = std::fs::read_to_string(path)
            .map_err(|why| Failure::usage(format!("cannot read {}: {why}", path.display())))?;
        let read = json::read(&text).map_err(|why| Failure::usage(format!("{}: {why}", path.display())))?;
        let mut read: Vec<Column> = read.runs.into_iter().map(Column::of).collect();
        if args.from.len() > 1 {
            distinguish(&mut read, path);
        }
        columns.extend(read);
    }
    let filters = &args.select.filters;
    let wanted = |id: &str| filters.is_empty() || filters.iter().any(|filter| id.contains(filter.as_str()));
    for column in &mut columns {
        column.run.verdicts.retain(|verdict| wanted(&verdict.id));
        if !filters.is_empty() {
            // What the contract found, and the causes, are those of the scenarios that are left.
            let run = &mut column.run;
            let (verdicts, used) = (std::mem::take(&mut run.verdicts), std::mem::take(&mut run.used));
            *run = regroup(run.target.clone(), verdicts, Vec::new(), used);
        }
    }
    let mut sheets = saved::sheets(&columns);
    if sheets.is_empty() {
        let what = if filters.is_empty() { "the reports hold no scenario" } else { "no scenario matches" };
        let filters: Vec<String> = filters.iter().map(|filter| format!("`{filter}`")).collect();
        return Err(Failure::usage(format!("{what} {}", filters.join(" or ")).trim_end()));
    }
    // Evidence, rules and steps come from the files, as far as they are there; a report of another catalogue is
    // shown all the same.
    let catalogue = Catalogue::choose(args.select.scenarios.as_deref(), std::path::Path::new("."));
    let scenarios = catalogue.load(&[]).unwrap_or_default();
    for sheet in &mut sheets {
        if let Ok(at) = scenarios.binary_search_by(|scenario| scenario.id.as_str().cmp(&sheet.id)) {
            *sheet = Sheet::of(&scenarios[at]);
        }
    }
    Ok((Matrix::new(sheets, columns), scenarios))
}

/// Two reports of one target are told apart by their files.
fn distinguish(columns: &mut [Column], path: &std::path::Path) {
    let file = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    for column in columns {
        let name = &mut column.run.target.name;
        if *name != file {
            *name = format!("{name} ({file})");
        }
    }
}

fn show(matrix: &Matrix, all: bool, elapsed: Option<Duration>) {
    let options = terminal::Options { width: output::width(), colour: true, all, elapsed };
    output::print(&terminal::render(matrix, &options));
}
