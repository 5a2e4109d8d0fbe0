//! What terminal and Markdown say alike: words for a cell, what differs in a row, reasons.

use std::collections::BTreeMap;

use super::{Column, Matrix};
use crate::judge::{Deviation, Severity, Status, Verdict};
use crate::report::deviation;

/// What is said where a target did not tell why.
const NO_REASON: &str = "no reason given";

/// The folder of a scenario's id with its slash, and the rest. A case in brackets may hold slashes of its own.
pub(super) fn parts(id: &str) -> (&str, &str) {
    let file = &id[..id.find('[').unwrap_or(id.len())];
    match file.rfind('/') {
        Some(at) => id.split_at(at + 1),
        None => ("", id),
    }
}

/// Rows by their folders, in order.
pub(super) fn by_folder<'m>(matrix: &'m Matrix, rows: &[usize]) -> Vec<(&'m str, Vec<usize>)> {
    let mut folders: Vec<(&str, Vec<usize>)> = Vec::new();
    for row in rows {
        let folder = parts(&matrix.sheets[*row].id).0;
        match folders.last_mut() {
            Some((last, rows)) if *last == folder => rows.push(*row),
            _ => folders.push((folder, vec![*row])),
        }
    }
    folders
}

/// The gravest deviation of a verdict that is not known: the first that is more than a message, or the first.
pub(super) fn gravest(verdict: &Verdict) -> Option<&Deviation> {
    let all = &verdict.deviations;
    all.iter().find(|found| found.kind.severity() == Severity::Outcome).or(all.first())
}

/// What differs in a row, told of the first target that differs, and how many others differ otherwise.
pub(super) fn told(matrix: &Matrix, row: usize) -> Option<String> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    for (at, column) in matrix.columns.iter().enumerate() {
        let Some(verdict) = matrix.verdict(row, at) else { continue };
        let line = match (gravest(verdict), verdict.status) {
            (Some(found), _) => format!("step {}, {}", found.step, deviation::line(found)),
            (None, Status::Error) if column.unusable.is_none() => reason(verdict),
            _ => continue,
        };
        lines.push((at, line));
    }
    let (at, first) = lines.first()?;
    let alike: Vec<String> =
        lines.iter().filter(|(_, line)| line == first).map(|(at, _)| (at + 1).to_string()).collect();
    let others = lines.len() - alike.len();
    let whose = if matrix.columns.len() == 1 { String::new() } else { format!("{}: ", alike.join(" ")) };
    let more = match others {
        0 => String::new(),
        _ => format!(" (otherwise on {others} more)"),
    };
    debug_assert!(alike.contains(&(at + 1).to_string()));
    Some(format!("{whose}{first}{more}"))
}

/// The first line of a verdict's reason.
pub(super) fn reason(verdict: &Verdict) -> String {
    let first = verdict.reason.as_deref().and_then(|reason| reason.lines().next()).unwrap_or(NO_REASON);
    super::super::style::plain(first)
}

/// Why a target skipped scenarios, with how many, most first.
pub(super) fn skipped(column: &Column) -> Vec<(String, usize)> {
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    for verdict in column.run.verdicts.iter().filter(|verdict| verdict.status == Status::Skipped) {
        *reasons.entry(reason(verdict)).or_default() += 1;
    }
    let mut reasons: Vec<(String, usize)> = reasons.into_iter().collect();
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::matrix::sample;

    #[test]
    fn a_row_tells_of_the_targets_that_differ_alike() {
        let matrix = sample::large(2, 3);
        let told = told(&matrix, 0).expect("it differs");
        assert!(told.starts_with("1 2 3: step 2, labels.v1: expected [AWSPREVIOUS], got "), "{told}");
    }

    #[test]
    fn rows_are_grouped_by_folder() {
        let matrix = sample::matrix();
        let rows = matrix.rows(true);
        let folders: Vec<(&str, usize)> =
            by_folder(&matrix, &rows).iter().map(|(folder, rows)| (*folder, rows.len())).collect();
        assert_eq!(folders, [("a/", 8), ("b/", 2)]);
        // A target that could not be used is no difference, and neither is a skipped scenario.
        let different: Vec<&str> =
            matrix.rows(false).iter().map(|row| matrix.sheets[*row].id.as_str()).collect();
        assert_eq!(different, ["a/5", "a/6", "a/7", "a/8", "b/99"]);
        assert_eq!(parts("a/b/c[x/y]"), ("a/b/", "c[x/y]"));
    }
}
