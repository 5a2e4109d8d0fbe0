//! What a report says of a scenario besides what became of it, and what came of earlier tries.

use serde::{Deserialize, Serialize};

use super::verdict::{Deviation, Status, Verdict};
use crate::scenario::{EvidenceKind, Scenario};

/// What a scenario rests on and what it does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// The kind of its evidence; `None` where it is not known, as in reports of older versions.
    pub evidence: Option<EvidenceKind>,
    /// Where that evidence comes from.
    pub source: String,
    /// The operations that its steps call, in alphabetical order.
    pub operations: Vec<String>,
    /// The rules of the register that it checks.
    pub rules: Vec<String>,
    /// How many steps it has.
    pub steps: usize,
}

impl About {
    /// What is to be said of a scenario.
    #[must_use]
    pub fn of(scenario: &Scenario) -> Self {
        About {
            evidence: Some(scenario.evidence.kind),
            source: scenario.evidence.source.clone(),
            operations: scenario.operations().into_iter().map(str::to_owned).collect(),
            rules: scenario.rules.clone(),
            steps: scenario.steps.len(),
        }
    }
}

/// A try that failed before the one that counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// What became of it.
    pub status: Status,
    /// Why it could not be judged.
    pub reason: Option<String>,
    /// What differed.
    pub deviations: Vec<Deviation>,
    /// How long it took.
    pub millis: u64,
}

impl Attempt {
    /// The try that a verdict tells of.
    #[must_use]
    pub fn of(verdict: &Verdict) -> Self {
        Attempt {
            status: verdict.status,
            reason: verdict.reason.clone(),
            deviations: verdict.deviations.clone(),
            millis: verdict.millis,
        }
    }
}

/// How much a deviation matters to somebody who uses the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The service did something else, or said something else that programs read.
    Outcome,
    /// Only the text of a message differs.
    Message,
    /// Only the status, a header or the form of an error differs.
    Wire,
}

impl Severity {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Outcome => "outcome",
            Severity::Message => "message",
            Severity::Wire => "wire",
        }
    }
}
