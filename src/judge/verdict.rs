//! What judging finds: deviations, verdicts, causes. Everything here is redacted already and may be printed.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::about::{About, Attempt, Severity};
use crate::scenario::EvidenceKind;

/// The kinds of deviation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A success where a failure was expected, or the other way.
    Outcome,
    /// Another error code.
    Code,
    /// Another error message.
    Message,
    /// A member too many or too few.
    Member,
    /// Another value.
    Value,
    /// Another JSON type.
    Type,
    /// Other labels than stated.
    Labels,
    /// A rule that always holds is broken, or an `invariant` of a step.
    Invariant,
    /// Status, headers, or the shape of an error body.
    Wire,
}

impl Kind {
    /// All kinds, in the order of the design.
    pub const ALL: [Kind; 9] = [
        Kind::Outcome,
        Kind::Code,
        Kind::Message,
        Kind::Member,
        Kind::Value,
        Kind::Type,
        Kind::Labels,
        Kind::Invariant,
        Kind::Wire,
    ];

    /// The word in lists and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Outcome => "outcome",
            Kind::Code => "code",
            Kind::Message => "message",
            Kind::Member => "member",
            Kind::Value => "value",
            Kind::Type => "type",
            Kind::Labels => "labels",
            Kind::Invariant => "invariant",
            Kind::Wire => "wire",
        }
    }

    /// How much a deviation of this kind matters.
    pub fn severity(self) -> Severity {
        match self {
            Kind::Message => Severity::Message,
            Kind::Wire => Severity::Wire,
            Kind::Outcome
            | Kind::Code
            | Kind::Member
            | Kind::Value
            | Kind::Type
            | Kind::Labels
            | Kind::Invariant => Severity::Outcome,
        }
    }
}

/// One way in which a target differs from the expectation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Deviation {
    /// The step, counted from 1.
    pub step: usize,
    /// The operation; empty for a raw request that names none.
    pub operation: String,
    /// In which way.
    pub kind: Kind,
    /// Where: `VersionIdsToStages.${v1}`, `labels.v1`, `status`, `header.content-type`.
    pub path: String,
    /// The cause that it belongs to, by [`Cause::id`]; set when all verdicts are known.
    pub cause: String,
    /// What was expected, redacted; null for nothing.
    pub expected: Value,
    /// What was there, redacted; null for nothing.
    pub actual: Value,
    /// How strong the expectation is.
    pub evidence: EvidenceKind,
    /// Where the expectation comes from.
    pub source: String,
    /// The line of the step in the scenario's file, counted from 1.
    #[serde(skip)]
    pub line: usize,
}

/// What became of a scenario; the first that applies, in the order error, deviated, unsure, near, known, passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// All expectations hold.
    Passed,
    /// Only messages or the wire differ.
    Near,
    /// What else differs rests on inferred expectations.
    Unsure,
    /// The target differs.
    Deviated,
    /// All that differs is on the list of known deviations.
    Known,
    /// Not judged, for a reason that lies in the target.
    Skipped,
    /// We could not do our work.
    Error,
}

impl Status {
    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Passed => "passed",
            Status::Near => "near",
            Status::Unsure => "unsure",
            Status::Deviated => "deviated",
            Status::Known => "known",
            Status::Skipped => "skipped",
            Status::Error => "error",
        }
    }
}

/// The judgement on one scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The scenario's id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its file.
    pub path: String,
    /// The line at which it begins.
    pub line: usize,
    /// What became of it.
    pub status: Status,
    /// Why it was skipped or could not be judged.
    pub reason: Option<String>,
    /// Requests that its steps sent.
    pub requests: usize,
    /// Requests that its probes sent.
    pub probes: usize,
    /// How long it took.
    pub millis: u64,
    /// Deviations that are not known.
    pub deviations: Vec<Deviation>,
    /// Deviations that the known list names, each with the index of its entry.
    pub known: Vec<(usize, Deviation)>,
    /// What the contract found, beyond what the steps state; reported once for the target.
    pub contract: Vec<Deviation>,
    /// Steps that took more than one attempt.
    pub convergence: Vec<Convergence>,
    /// What the scenario rests on and what it does.
    pub about: About,
    /// Tries that failed before this one, oldest first (`--retries`).
    pub earlier: Vec<Attempt>,
}

impl Verdict {
    /// Whether it failed at first and then did not: neither right nor wrong can be said of such a scenario.
    pub fn is_flaky(&self) -> bool {
        !self.earlier.is_empty() && !matches!(self.status, Status::Deviated | Status::Error | Status::Skipped)
    }
}

/// A step that became true after a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Convergence {
    /// The step, counted from 1.
    pub step: usize,
    /// How many attempts it took.
    pub attempts: u32,
    /// How long, in milliseconds.
    pub millis: u64,
}

/// Deviations that share operation, kind, path and pattern of expected and actual.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cause {
    /// `c01`, `c02`, … in the order of reports.
    pub id: String,
    /// The operation.
    pub operation: String,
    /// The kind.
    pub kind: Kind,
    /// One line that says what differs.
    pub summary: String,
    /// How many scenarios it affects.
    pub scenarios: usize,
    /// The strongest evidence among its deviations.
    pub evidence: EvidenceKind,
    /// Where that evidence comes from.
    pub source: String,
    /// The id of the smallest scenario that shows it.
    pub example: String,
}

/// A run of scenarios on one target, judged.
#[derive(Clone, Debug, PartialEq)]
pub struct RunVerdict {
    /// Whom it ran against.
    pub target: TargetInfo,
    /// All scenarios, in the order of their ids.
    pub verdicts: Vec<Verdict>,
    /// What the contract found, once each, and not known.
    pub contract: Vec<Deviation>,
    /// Causes of deviations that are not known, by scenarios affected.
    pub causes: Vec<Cause>,
    /// Entries of the known list that no deviation matched although their scenarios ran.
    pub gone: Vec<GoneEntry>,
    /// Where the entries of the known list stand that something matched.
    pub used: Vec<String>,
}

/// Whom a run talked to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetInfo {
    /// The target's name.
    pub name: String,
    /// Its endpoint.
    pub endpoint: String,
    /// Its version, as far as known.
    pub version: Option<String>,
}

/// A known deviation that did not occur.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoneEntry {
    /// Where the entry stands: `known/moto.yaml:12`.
    pub place: String,
    /// What it said: scenario, operation, kind and path.
    pub entry: String,
}

/// How many scenarios ended in each status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Those whose expectations all hold.
    pub passed: usize,
    /// Those where only messages or the wire differ.
    pub near: usize,
    /// Those where what else differs rests on inference.
    pub unsure: usize,
    /// Those that differ.
    pub deviated: usize,
    /// Those whose differences are all known.
    pub known: usize,
    /// Those that were not judged.
    pub skipped: usize,
    /// Those where we could not do our work.
    pub errors: usize,
}

impl Totals {
    /// How many scenarios there are.
    pub fn all(&self) -> usize {
        self.judged() + self.skipped + self.errors
    }

    /// How many were judged, so that something can be said of the target.
    pub fn judged(&self) -> usize {
        self.passed + self.near + self.unsure + self.deviated + self.known
    }
}

impl RunVerdict {
    /// Counts the scenarios by status; every case is one.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for verdict in &self.verdicts {
            *match verdict.status {
                Status::Passed => &mut totals.passed,
                Status::Near => &mut totals.near,
                Status::Unsure => &mut totals.unsure,
                Status::Deviated => &mut totals.deviated,
                Status::Known => &mut totals.known,
                Status::Skipped => &mut totals.skipped,
                Status::Error => &mut totals.errors,
            } += 1;
        }
        totals
    }
}
