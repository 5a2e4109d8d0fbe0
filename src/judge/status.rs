//! From deviations to a status, and from statuses to whether a run fails.

use super::judging::JudgeOptions;
use super::verdict::{Deviation, Kind, Status};
use crate::scenario::EvidenceKind;

/// Whether a deviation is of the sort that makes a scenario *near*: the text of a message, or the wire.
pub fn is_minor(deviation: &Deviation) -> bool {
    match deviation.kind {
        Kind::Message | Kind::Wire => true,
        Kind::Outcome
        | Kind::Code
        | Kind::Member
        | Kind::Value
        | Kind::Type
        | Kind::Labels
        | Kind::Invariant => false,
    }
}

/// Whether the expectation is too weak to fail a run: inferred, or weaker than the gate asks for.
pub fn is_weak(deviation: &Deviation, options: &JudgeOptions) -> bool {
    deviation.evidence > options.gate.unwrap_or(EvidenceKind::Reported)
}

/// Whether a deviation fails a run. Under a gate no weaker evidence does, strict or not.
pub fn counts(deviation: &Deviation, options: &JudgeOptions) -> bool {
    let weak = is_weak(deviation, options);
    if options.strict { !(weak && options.gate.is_some()) } else { !weak && !is_minor(deviation) }
}

/// The status of a scenario that was judged: the first that applies of deviated, unsure, near, known, passed.
pub fn status_of(deviations: &[Deviation], has_known: bool, options: &JudgeOptions) -> Status {
    let (minor, major): (Vec<&Deviation>, Vec<&Deviation>) = deviations.iter().partition(|d| is_minor(d));
    if major.iter().any(|deviation| !is_weak(deviation, options)) {
        Status::Deviated
    } else if !major.is_empty() {
        Status::Unsure
    } else if !minor.is_empty() {
        Status::Near
    } else if has_known {
        Status::Known
    } else {
        Status::Passed
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn deviation(kind: Kind, evidence: EvidenceKind) -> Deviation {
        Deviation {
            step: 1,
            operation: "GetSecretValue".to_owned(),
            kind,
            path: String::new(),
            cause: String::new(),
            expected: Value::Null,
            actual: Value::Null,
            evidence,
            source: String::new(),
            line: 1,
        }
    }

    #[test]
    fn the_first_status_that_applies_decides() {
        use EvidenceKind::{AwsDocs, Inferred};
        let options = JudgeOptions::default();
        let firm = deviation(Kind::Value, AwsDocs);
        let weak = deviation(Kind::Value, Inferred);
        let text = deviation(Kind::Message, AwsDocs);
        let status = |all: &[&Deviation], known| {
            let all: Vec<Deviation> = all.iter().map(|&d| d.clone()).collect();
            status_of(&all, known, &options)
        };
        assert_eq!(status(&[&text, &weak, &firm], true), Status::Deviated);
        assert_eq!(status(&[&text, &weak], true), Status::Unsure);
        assert_eq!(status(&[&text], true), Status::Near);
        assert_eq!(status(&[], true), Status::Known);
        assert_eq!(status(&[], false), Status::Passed);
    }

    #[test]
    fn a_gate_raises_the_evidence_that_counts() {
        let docs = deviation(Kind::Value, EvidenceKind::AwsDocs);
        let first_hand = deviation(Kind::Value, EvidenceKind::AwsRecorded);
        let gate = Some(EvidenceKind::AwsRecorded);
        for strict in [false, true] {
            let options = JudgeOptions { gate, strict, ..JudgeOptions::default() };
            assert!(!counts(&docs, &options));
            assert!(counts(&first_hand, &options));
            assert_eq!(status_of(std::slice::from_ref(&docs), false, &options), Status::Unsure);
        }
    }

    #[test]
    fn strict_counts_what_is_near_or_unsure() {
        let strict = JudgeOptions { strict: true, ..JudgeOptions::default() };
        for found in
            [deviation(Kind::Wire, EvidenceKind::AwsDocs), deviation(Kind::Code, EvidenceKind::Inferred)]
        {
            assert!(counts(&found, &strict));
            assert!(!counts(&found, &JudgeOptions::default()));
        }
    }
}
