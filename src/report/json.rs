//! The JSON report, which other programs rely on: `schema: 1`. It is written here, and read again.
//!
//! Members may be added within a schema; none is renamed, retyped or taken away. The order of keys is the order
//! of the fields below, so that one run gives one text. `report.schema.json` beside this file describes it, and
//! `smcheck schema --report` prints that. What is read again is what was written: a report that is merged or shown
//! later loses nothing.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::judge::{
    About, Attempt, Cause, Convergence, Deviation, GoneEntry, Kind, KindOfEvidence as EvidenceKind,
    RunVerdict, Severity, Status, TargetInfo, Totals, Verdict,
};

/// The version of the report's shape.
pub const SCHEMA: u32 = 1;

/// The JSON Schema of the report.
pub const JSON_SCHEMA: &str = include_str!("report.schema.json");

/// A report as it was written: the program's version, the part of the catalogue, and the runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// The version of smcheck that made it.
    pub smcheck: String,
    /// The part of the catalogue that was run, as `hash:1/4`; all of it where there is none.
    pub part: Option<String>,
    /// One run for each target.
    pub runs: Vec<RunVerdict>,
}

/// A text that is no report of ours.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is no JSON, or not of the report's shape.
    #[error(
        "it is no JSON report of smcheck: {0}; `smcheck run --report json=FILE` writes one, and `smcheck schema --report` \
         says what it holds"
    )]
    Shape(#[from] serde_json::Error),
    /// It has a newer shape.
    #[error("it has schema {0}, and this smcheck reads schema {SCHEMA}: take a newer smcheck")]
    Newer(u32),
    /// A scenario names a finding of the contract that is not there.
    #[error("`{scenario}` names contract finding {index}, and there are only {count}")]
    Contract {
        /// The scenario.
        scenario: String,
        /// What it names.
        index: usize,
        /// How many there are.
        count: usize,
    },
}

#[derive(Serialize, Deserialize)]
struct Report {
    schema: u32,
    smcheck: String,
    #[serde(default)]
    part: Option<String>,
    runs: Vec<Run>,
}

#[derive(Serialize, Deserialize)]
struct Run {
    target: TargetInfo,
    totals: Totals,
    #[serde(default)]
    flaky: Vec<String>,
    causes: Vec<Explained>,
    scenarios: Vec<Scenario>,
    #[serde(default)]
    contract: Vec<Differs>,
    #[serde(default)]
    gone: Vec<GoneEntry>,
    #[serde(default)]
    used: Vec<String>,
}

/// A cause, and the smallest scenario once more under the name that says so.
#[derive(Serialize, Deserialize)]
struct Explained {
    #[serde(flatten)]
    cause: Cause,
    #[serde(default)]
    severity: Option<Severity>,
    #[serde(default)]
    smallest: String,
}

#[derive(Serialize, Deserialize)]
struct Scenario {
    id: String,
    title: String,
    status: Status,
    reason: Option<String>,
    requests: usize,
    millis: u64,
    deviations: Vec<Differs>,
    #[serde(default)]
    path: String,
    #[serde(default)]
    file: Option<String>,
    #[serde(default)]
    line: usize,
    #[serde(default)]
    evidence: Option<EvidenceKind>,
    #[serde(default)]
    source: String,
    #[serde(default)]
    operations: Vec<String>,
    #[serde(default)]
    rules: Vec<String>,
    #[serde(default)]
    steps: usize,
    #[serde(default)]
    probes: usize,
    #[serde(default)]
    known: Vec<Differs>,
    #[serde(default)]
    convergence: Vec<Convergence>,
    /// Which findings of the run's `contract` it met, by their places in that list.
    #[serde(default)]
    contract: Vec<usize>,
    #[serde(default)]
    flaky: bool,
    #[serde(default)]
    earlier: Vec<Try>,
}

#[derive(Serialize, Deserialize)]
struct Try {
    status: Status,
    reason: Option<String>,
    millis: u64,
    deviations: Vec<Differs>,
}

#[derive(Serialize, Deserialize)]
struct Differs {
    step: usize,
    operation: String,
    kind: Kind,
    path: String,
    cause: String,
    expected: Value,
    actual: Value,
    evidence: EvidenceKind,
    source: String,
    #[serde(default)]
    severity: Option<Severity>,
    #[serde(default)]
    line: usize,
    /// The entry of the known list, counted from 0; only of deviations that are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    entry: Option<usize>,
}

/// The report of one run or several, one per target, ending in a line feed.
pub fn render(runs: &[RunVerdict]) -> String {
    render_part(runs, None)
}

/// The same, of a part of the catalogue.
pub fn render_part(runs: &[RunVerdict], part: Option<&str>) -> String {
    let report = Report {
        schema: SCHEMA,
        smcheck: env!("CARGO_PKG_VERSION").to_owned(),
        part: part.map(str::to_owned),
        runs: runs.iter().map(run).collect(),
    };
    let mut text = serde_json::to_string_pretty(&report)
        .expect("only maps with string keys, lists and scalars are written, and memory takes them all");
    text.push('\n');
    text
}

/// Reads a report again, also one of an older smcheck of the same schema.
///
/// # Errors
/// When it is none.
pub fn read(text: &str) -> Result<Written, ReadError> {
    #[derive(Deserialize)]
    struct Only {
        schema: u32,
    }
    // A newer shape may not fit what is expected below, and the number is the better sentence.
    let only: Only = serde_json::from_str(text)?;
    if only.schema > SCHEMA {
        return Err(ReadError::Newer(only.schema));
    }
    let report: Report = serde_json::from_str(text)?;
    let runs = report.runs.into_iter().map(run_again).collect::<Result<_, _>>()?;
    Ok(Written { smcheck: report.smcheck, part: report.part, runs })
}

fn run(run: &RunVerdict) -> Run {
    let flaky = run.verdicts.iter().filter(|verdict| verdict.is_flaky());
    Run {
        target: run.target.clone(),
        totals: run.totals(),
        flaky: flaky.map(|verdict| verdict.id.clone()).collect(),
        causes: run.causes.iter().map(explained).collect(),
        scenarios: run.verdicts.iter().map(|verdict| scenario(verdict, &run.contract)).collect(),
        contract: run.contract.iter().map(|found| differs(found, None)).collect(),
        gone: run.gone.clone(),
        used: run.used.clone(),
    }
}

fn explained(cause: &Cause) -> Explained {
    Explained { cause: cause.clone(), severity: Some(cause.kind.severity()), smallest: cause.example.clone() }
}

fn scenario(verdict: &Verdict, contract: &[Deviation]) -> Scenario {
    let same = |left: &Deviation, right: &Deviation| {
        (&left.operation, &left.path, left.kind) == (&right.operation, &right.path, right.kind)
    };
    let place = |found: &Deviation| contract.iter().position(|listed| same(listed, found));
    Scenario {
        id: verdict.id.clone(),
        title: verdict.title.clone(),
        status: verdict.status,
        reason: verdict.reason.clone(),
        requests: verdict.requests,
        millis: verdict.millis,
        deviations: verdict.deviations.iter().map(|found| differs(found, None)).collect(),
        path: verdict.path.clone(),
        file: Some(verdict.path.clone()),
        line: verdict.line,
        evidence: verdict.about.evidence,
        source: verdict.about.source.clone(),
        operations: verdict.about.operations.clone(),
        rules: verdict.about.rules.clone(),
        steps: verdict.about.steps,
        probes: verdict.probes,
        known: verdict.known.iter().map(|(entry, known)| differs(known, Some(*entry))).collect(),
        convergence: verdict.convergence.clone(),
        contract: verdict.contract.iter().filter_map(place).collect(),
        flaky: verdict.is_flaky(),
        earlier: verdict.earlier.iter().map(attempt).collect(),
    }
}

fn attempt(attempt: &Attempt) -> Try {
    Try {
        status: attempt.status,
        reason: attempt.reason.clone(),
        millis: attempt.millis,
        deviations: attempt.deviations.iter().map(|found| differs(found, None)).collect(),
    }
}

fn differs(found: &Deviation, entry: Option<usize>) -> Differs {
    Differs {
        step: found.step,
        operation: found.operation.clone(),
        kind: found.kind,
        path: found.path.clone(),
        cause: found.cause.clone(),
        expected: found.expected.clone(),
        actual: found.actual.clone(),
        evidence: found.evidence,
        source: found.source.clone(),
        severity: Some(found.kind.severity()),
        line: found.line,
        entry,
    }
}

fn run_again(run: Run) -> Result<RunVerdict, ReadError> {
    let contract: Vec<Deviation> = run.contract.into_iter().map(deviation).collect();
    let verdict = |scenario| verdict(scenario, &contract);
    let verdicts = run.scenarios.into_iter().map(verdict).collect::<Result<_, _>>()?;
    let causes = run.causes.into_iter().map(|explained| explained.cause).collect();
    Ok(RunVerdict { target: run.target, verdicts, contract, causes, gone: run.gone, used: run.used })
}

fn verdict(scenario: Scenario, contract: &[Deviation]) -> Result<Verdict, ReadError> {
    let found = |index: &usize| {
        contract.get(*index).cloned().ok_or_else(|| ReadError::Contract {
            scenario: scenario.id.clone(),
            index: *index,
            count: contract.len(),
        })
    };
    let met = scenario.contract.iter().map(found).collect::<Result<_, _>>()?;
    Ok(Verdict {
        id: scenario.id,
        title: scenario.title,
        path: scenario.file.unwrap_or(scenario.path),
        line: scenario.line,
        status: scenario.status,
        reason: scenario.reason,
        requests: scenario.requests,
        probes: scenario.probes,
        millis: scenario.millis,
        deviations: scenario.deviations.into_iter().map(deviation).collect(),
        known: scenario.known.into_iter().map(|known| (known.entry.unwrap_or(0), deviation(known))).collect(),
        contract: met,
        convergence: scenario.convergence,
        about: About {
            evidence: scenario.evidence,
            source: scenario.source,
            operations: scenario.operations,
            rules: scenario.rules,
            steps: scenario.steps,
        },
        earlier: scenario.earlier.into_iter().map(attempt_again).collect(),
    })
}

fn attempt_again(told: Try) -> Attempt {
    Attempt {
        status: told.status,
        reason: told.reason,
        deviations: told.deviations.into_iter().map(deviation).collect(),
        millis: told.millis,
    }
}

fn deviation(told: Differs) -> Deviation {
    Deviation {
        step: told.step,
        operation: told.operation,
        kind: told.kind,
        path: told.path,
        cause: told.cause,
        expected: told.expected,
        actual: told.actual,
        evidence: told.evidence,
        source: told.source,
        line: told.line,
    }
}
