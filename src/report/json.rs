//! The JSON report, which other programs rely on: `schema: 1`.
//!
//! Members may be added within a schema; none is renamed, retyped or taken away. The order of keys is the order
//! of the fields below, so that one run gives one text. Beyond what the design names, scenarios say `path`,
//! `line`, `probes`, `known` and `convergence`, causes say `evidence`, `source` and `example`, and a run says
//! `contract` and `gone`.

use serde::Serialize;

use crate::judge::{
    Cause, Convergence, Deviation, GoneEntry, RunVerdict, Status, TargetInfo, Totals, Verdict,
};

/// The version of the report's shape.
pub const SCHEMA: u32 = 1;

#[derive(Serialize)]
struct Report<'a> {
    schema: u32,
    smcheck: &'static str,
    runs: Vec<Run<'a>>,
}

#[derive(Serialize)]
struct Run<'a> {
    target: &'a TargetInfo,
    totals: Totals,
    scenarios: Vec<Scenario<'a>>,
    causes: &'a [Cause],
    contract: &'a [Deviation],
    gone: &'a [GoneEntry],
}

#[derive(Serialize)]
struct Scenario<'a> {
    id: &'a str,
    title: &'a str,
    status: Status,
    reason: Option<&'a str>,
    requests: usize,
    millis: u64,
    deviations: &'a [Deviation],
    path: &'a str,
    line: usize,
    probes: usize,
    known: Vec<&'a Deviation>,
    convergence: &'a [Convergence],
}

/// The report of one run or several, one per target, ending in a line feed.
pub fn render(runs: &[RunVerdict]) -> String {
    let report =
        Report { schema: SCHEMA, smcheck: env!("CARGO_PKG_VERSION"), runs: runs.iter().map(run).collect() };
    let mut text = serde_json::to_string_pretty(&report)
        .expect("only maps with string keys, lists and scalars are written, and memory takes them all");
    text.push('\n');
    text
}

fn run(run: &RunVerdict) -> Run<'_> {
    Run {
        target: &run.target,
        totals: run.totals(),
        scenarios: run.verdicts.iter().map(scenario).collect(),
        causes: &run.causes,
        contract: &run.contract,
        gone: &run.gone,
    }
}

fn scenario(verdict: &Verdict) -> Scenario<'_> {
    Scenario {
        id: &verdict.id,
        title: &verdict.title,
        status: verdict.status,
        reason: verdict.reason.as_deref(),
        requests: verdict.requests,
        millis: verdict.millis,
        deviations: &verdict.deviations,
        path: &verdict.path,
        line: verdict.line,
        probes: verdict.probes,
        known: verdict.known.iter().map(|(_, deviation)| deviation).collect(),
        convergence: &verdict.convergence,
    }
}
