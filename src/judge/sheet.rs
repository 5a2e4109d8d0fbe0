//! What a report says of a scenario besides its verdict: where it stands, what it rests on, what it does.

use serde::Serialize;

use crate::scenario::{Action, Scenario};

/// A scenario in the words of a report.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sheet {
    /// The scenario's id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its file.
    pub file: String,
    /// The kind of its evidence; empty where it is not known.
    pub evidence: String,
    /// Where the evidence comes from.
    pub source: String,
    /// The rules that it checks.
    pub rules: Vec<String>,
    /// The operations that it calls, in alphabetical order.
    pub operations: Vec<String>,
    /// Its steps.
    pub steps: Vec<SheetStep>,
}

/// A step in the words of a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SheetStep {
    /// Which, counted from 1.
    pub step: usize,
    /// The operation, or `raw request`, `parallel`, `advance`.
    pub operation: String,
    /// Its line in the file.
    pub line: usize,
}

impl Sheet {
    /// The sheet of a scenario.
    #[must_use]
    pub fn of(scenario: &Scenario) -> Self {
        let mut steps = Vec::with_capacity(scenario.steps.len());
        for (at, step) in scenario.steps.iter().enumerate() {
            let operation = match &step.action {
                Action::Call(call) => call.operation.as_str(),
                Action::Raw(_) => "raw request",
                Action::Parallel(_) => "parallel",
                Action::Advance(_) => "advance",
            };
            steps.push(SheetStep { step: at + 1, operation: operation.to_owned(), line: step.place.line });
        }
        Sheet {
            id: scenario.id.clone(),
            title: scenario.title.clone(),
            file: scenario.path.to_string(),
            evidence: scenario.evidence.kind.as_str().to_owned(),
            source: scenario.evidence.source.clone(),
            rules: scenario.rules.clone(),
            operations: scenario.operations().into_iter().map(str::to_owned).collect(),
            steps,
        }
    }
}
