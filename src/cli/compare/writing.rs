//! The reports of `compare`, and those of `run` that are made of a matrix.

use crate::cli::exit::Failure;
use crate::cli::github;
use crate::cli::output;
use crate::cli::reports::{Report, ReportKind};
use crate::cli::run::with_failing;
use crate::judge::{JudgeOptions, RunVerdict};
use crate::report::matrix::{Matrix, data, markdown};
use crate::report::{self, page};

/// Writes the reports, each whole or not at all.
pub(in crate::cli) fn write(
    wanted: &[Report],
    matrix: &Matrix,
    judge: &JudgeOptions,
    strict_known: bool,
) -> Result<(), Failure> {
    for wanted in wanted {
        let runs =
            || -> Vec<RunVerdict> { matrix.columns().iter().map(|column| column.run.clone()).collect() };
        let text = match wanted.kind {
            ReportKind::Json => report::json::render(&runs()),
            ReportKind::Junit => {
                with_failing(judge, strict_known, |failing| report::junit::render(&runs(), &failing))
            }
            ReportKind::Markdown => markdown::render(matrix),
            ReportKind::Github => {
                github::append(|_| markdown::render(matrix))?;
                with_failing(judge, strict_known, |failing| {
                    report::github::render(&runs(), &failing, &github::place)
                })
            }
            ReportKind::Html => page::page(&data::data(matrix, &now())),
        };
        output::deliver(&wanted.path, &text)?;
    }
    Ok(())
}

/// The present time in seconds, as the page holds it.
fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
