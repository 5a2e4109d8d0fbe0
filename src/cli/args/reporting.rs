//! Arguments of `report`, and those of `run` that CI needs.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::Gate;
use crate::suite::Partition;

/// Which part is run, in which order, and what is tried again.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "In CI")]
pub struct Sharding {
    /// Run one part of the scenarios: hash:1/4 by a hash of the id, which other scenarios do not change; slice:1/4
    /// every fourth
    #[arg(long, value_name = "HOW:PART/OF")]
    pub partition: Option<Partition>,
    /// Run a scenario that fails again, up to so often, under fresh names; one that then does not fail is flaky
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=20))]
    pub retries: u8,
    /// Whether flaky scenarios fail the run
    #[arg(long, value_enum, default_value_t = Flaky::Pass, value_name = "WHAT")]
    pub flaky: Flaky,
    /// Run the scenarios in another order, the same for the same number
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u64>,
}

/// Whether flaky scenarios fail a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Flaky {
    /// They are named and fail nothing
    Pass,
    /// They fail the run
    Fail,
}

/// Arguments of `schema`.
#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// Print the JSON Schema of the JSON report instead
    #[arg(long)]
    pub report: bool,
}

/// Commands of `report`.
#[derive(Debug, Subcommand)]
pub enum ReportCommand {
    /// Say what was fixed and what broke from one JSON report to another
    Diff(ReportDiffArgs),
    /// Put the JSON reports of parts together
    Merge(ReportMergeArgs),
    /// Show a JSON report, or make another sort of report of it
    Show(ReportShowArgs),
}

/// Arguments of `report diff`.
#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 nothing broke, 1 something broke, 2 a file that is no report.\n\n\
    Examples:\n  \
    smcheck report diff main.json branch.json\n  \
    smcheck report diff main.json branch.json --report markdown=comment.md")]
pub struct ReportDiffArgs {
    /// The JSON report of before
    pub old: PathBuf,
    /// The JSON report of now
    pub new: PathBuf,
    /// Write the comparison as Markdown too: markdown=FILE (`-` is stdout)
    #[arg(long, value_name = "markdown=FILE")]
    pub report: Vec<String>,
}

/// What fails, where a report is read again.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Judging")]
pub struct Measure {
    /// Let messages, the wire and inferred expectations fail too
    #[arg(long)]
    pub strict: bool,
    /// Let entries of the known list that no longer occur fail
    #[arg(long)]
    pub strict_known: bool,
    /// Let only contract findings of this evidence or stronger fail; what scenarios are was decided when they ran
    #[arg(long, value_enum, value_name = "EVIDENCE")]
    pub gate: Option<Gate>,
    /// Whether flaky scenarios fail
    #[arg(long, value_enum, default_value_t = Flaky::Pass, value_name = "WHAT")]
    pub flaky: Flaky,
}

/// Arguments of `report merge`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: as `smcheck run` of the whole would have; 2 when the reports do not fit together.\n\n\
    Examples:\n  \
    smcheck report merge part-*.json --out all.json\n  \
    smcheck report merge part-*.json --out all.json --report junit=all.xml --report markdown=all.md"
)]
pub struct ReportMergeArgs {
    /// JSON reports
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Where the JSON report of the whole goes
    #[arg(long, short, value_name = "FILE")]
    pub out: PathBuf,
    /// Write other reports of the whole; as `smcheck run --report`
    #[arg(long, value_name = "KIND=FILE")]
    pub report: Vec<String>,
    /// Take also what does not fit: other versions, a missing part, one scenario judged in two ways (the worse counts)
    #[arg(long)]
    pub force: bool,
    /// What fails.
    #[command(flatten)]
    pub measure: Measure,
}

/// Arguments of `report show`.
#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 shown, 2 a file that is no report.\n\n\
    Examples:\n  \
    smcheck report show report.json\n  \
    smcheck report show report.json --report markdown=comment.md")]
pub struct ReportShowArgs {
    /// A JSON report
    pub file: PathBuf,
    /// Write other reports of it; as `smcheck run --report`
    #[arg(long, value_name = "KIND=FILE")]
    pub report: Vec<String>,
    /// What fails.
    #[command(flatten)]
    pub measure: Measure,
}
