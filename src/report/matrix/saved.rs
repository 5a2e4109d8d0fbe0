//! A matrix of reports that `run --report json=FILE` wrote: each run in them is a column.

use serde::Deserialize;
use serde_json::Value;

use super::Column;
use crate::judge::{
    Cause, Convergence, Deviation, GoneEntry, Kind, RunVerdict, Sheet, Status, TargetInfo, Verdict,
};
use crate::report::json::SCHEMA;

/// Why a file is no report that can be read.
#[derive(Debug, thiserror::Error)]
pub enum SavedError {
    /// It is no JSON, or not of the shape of a report.
    #[error("this is no JSON report of smcheck: {0}")]
    Shape(#[from] serde_json::Error),
    /// It has another shape than this version knows.
    #[error("the report has schema {0}, and this version of smcheck reads {SCHEMA}")]
    Schema(u32),
    /// It has no runs.
    #[error("the report holds no run")]
    Empty,
}

#[derive(Deserialize)]
struct Report {
    schema: u32,
    runs: Vec<Run>,
}

#[derive(Deserialize)]
struct Run {
    target: Target,
    scenarios: Vec<Scenario>,
    #[serde(default)]
    causes: Vec<SavedCause>,
    #[serde(default)]
    contract: Vec<Found>,
    #[serde(default)]
    gone: Vec<Gone>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    endpoint: String,
    version: Option<String>,
}

#[derive(Deserialize)]
struct Scenario {
    id: String,
    title: String,
    status: Status,
    reason: Option<String>,
    #[serde(default)]
    requests: usize,
    #[serde(default)]
    millis: u64,
    #[serde(default)]
    deviations: Vec<Found>,
    #[serde(default)]
    path: String,
    #[serde(default)]
    line: usize,
    #[serde(default)]
    probes: usize,
    #[serde(default)]
    known: Vec<Found>,
    #[serde(default)]
    convergence: Vec<Converged>,
}

#[derive(Deserialize)]
struct Found {
    step: usize,
    operation: String,
    kind: Kind,
    path: String,
    #[serde(default)]
    cause: String,
    expected: Value,
    actual: Value,
    evidence: Evidence,
    #[serde(default)]
    source: String,
    #[serde(default)]
    line: usize,
}

/// The kind of evidence, as a deviation holds it.
type Evidence = crate::judge::KindOfEvidence;

#[derive(Deserialize)]
struct SavedCause {
    id: String,
    operation: String,
    kind: Kind,
    summary: String,
    scenarios: usize,
    evidence: Evidence,
    #[serde(default)]
    source: String,
    #[serde(default)]
    example: String,
}

#[derive(Deserialize)]
struct Gone {
    place: String,
    entry: String,
}

#[derive(Deserialize)]
struct Converged {
    step: usize,
    attempts: u32,
    millis: u64,
}

/// Reads the runs of a JSON report, in its order, with its own words.
///
/// # Errors
/// When the text is no report, or one that this version does not know.
pub fn read(text: &str) -> Result<Vec<Column>, SavedError> {
    let report: Report = serde_json::from_str(text)?;
    if report.schema != SCHEMA {
        return Err(SavedError::Schema(report.schema));
    }
    if report.runs.is_empty() {
        return Err(SavedError::Empty);
    }
    Ok(report.runs.into_iter().map(|run| Column::of(of(run))).collect())
}

/// What the reports themselves tell of scenarios, for those of which there is no file: id, title, place.
#[must_use]
pub fn sheets(columns: &[Column]) -> Vec<Sheet> {
    let mut sheets: Vec<Sheet> = columns
        .iter()
        .flat_map(|column| &column.run.verdicts)
        .map(|verdict| Sheet {
            id: verdict.id.clone(),
            title: verdict.title.clone(),
            file: verdict.path.clone(),
            ..Sheet::default()
        })
        .collect();
    sheets.sort_by(|a, b| a.id.cmp(&b.id));
    sheets.dedup_by(|a, b| a.id == b.id);
    sheets
}

fn of(run: Run) -> RunVerdict {
    let mut verdicts: Vec<Verdict> = run.scenarios.into_iter().map(verdict).collect();
    verdicts.sort_by(|a, b| a.id.cmp(&b.id));
    RunVerdict {
        target: TargetInfo {
            name: run.target.name,
            endpoint: run.target.endpoint,
            version: run.target.version,
        },
        verdicts,
        contract: run.contract.into_iter().map(deviation).collect(),
        causes: run.causes.into_iter().map(cause).collect(),
        gone: run.gone.into_iter().map(|gone| GoneEntry { place: gone.place, entry: gone.entry }).collect(),
    }
}

fn verdict(scenario: Scenario) -> Verdict {
    Verdict {
        id: scenario.id,
        title: scenario.title,
        path: scenario.path,
        line: scenario.line,
        status: scenario.status,
        reason: scenario.reason,
        requests: scenario.requests,
        probes: scenario.probes,
        millis: scenario.millis,
        deviations: scenario.deviations.into_iter().map(deviation).collect(),
        // Which entry named them a report does not tell.
        known: scenario.known.into_iter().map(|found| (0, deviation(found))).collect(),
        contract: Vec::new(),
        convergence: scenario
            .convergence
            .into_iter()
            .map(|step| Convergence { step: step.step, attempts: step.attempts, millis: step.millis })
            .collect(),
    }
}

fn deviation(found: Found) -> Deviation {
    Deviation {
        step: found.step,
        operation: found.operation,
        kind: found.kind,
        path: found.path,
        cause: found.cause,
        expected: found.expected,
        actual: found.actual,
        evidence: found.evidence,
        source: found.source,
        line: found.line,
    }
}

fn cause(cause: SavedCause) -> Cause {
    Cause {
        id: cause.id,
        operation: cause.operation,
        kind: cause.kind,
        summary: cause.summary,
        scenarios: cause.scenarios,
        evidence: cause.evidence,
        source: cause.source,
        example: cause.example,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{json, matrix::sample};

    #[test]
    fn what_was_written_is_read_back() {
        let run = sample::ten();
        let columns = read(&json::render(std::slice::from_ref(&run))).expect("it is a report");
        assert_eq!(columns.len(), 1);
        let back = &columns[0].run;
        assert_eq!((&back.target, back.totals(), &back.causes), (&run.target, run.totals(), &run.causes));
        assert_eq!(json::render(std::slice::from_ref(back)), json::render(&[run]));
        assert_eq!(sheets(&columns).len(), 10);
    }

    #[test]
    fn what_is_no_report_is_refused() {
        for (text, why) in [
            ("{", "no JSON report"),
            ("{\"schema\": 9, \"runs\": []}", "schema 9"),
            ("{\"schema\": 1, \"runs\": []}", "no run"),
            ("[]", "no JSON report"),
        ] {
            let told = read(text).expect_err("it is none").to_string();
            assert!(told.contains(why), "{told}");
        }
    }
}
