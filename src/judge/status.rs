//! From deviations to a status, and from statuses to whether a run fails.

use super::about::Severity;
use super::judging::JudgeOptions;
use super::verdict::{Deviation, Status};
use crate::scenario::EvidenceKind;

/// Whether a deviation is of the sort that makes a scenario *near*: the text of a message, or the wire.
fn is_minor(deviation: &Deviation) -> bool {
    match deviation.kind.severity() {
        Severity::Message | Severity::Wire => true,
        Severity::Outcome => false,
    }
}

/// Whether the expectation is too weak to fail a run: inferred, or weaker than the gate asks for.
fn is_weak(deviation: &Deviation, options: &JudgeOptions) -> bool {
    deviation.evidence > options.gate.unwrap_or(EvidenceKind::Reported)
}

/// The status of a scenario that was judged: the first that applies of deviated, unsure, near, known, passed.
///
/// A gate takes away the weight of everything weaker: such a scenario is at most unsure, and *near* when what the
/// gate lets through is about messages and the wire.
pub(super) fn status_of(deviations: &[Deviation], has_known: bool, options: &JudgeOptions) -> Status {
    let any = |minor: bool, weak: bool| {
        deviations.iter().any(|found| is_minor(found) == minor && is_weak(found, options) == weak)
    };
    if any(false, false) {
        Status::Deviated
    } else if options.gate.is_some() && any(true, false) {
        Status::Near
    } else if any(false, true) || (options.gate.is_some() && any(true, true)) {
        Status::Unsure
    } else if !deviations.is_empty() {
        Status::Near
    } else if has_known {
        Status::Known
    } else {
        Status::Passed
    }
}

/// Whether a scenario with this status fails its run. Under a gate no weaker evidence does, strict or not.
pub fn fails_run(status: Status, options: &JudgeOptions) -> bool {
    match status {
        Status::Error | Status::Deviated => true,
        Status::Near => options.strict,
        Status::Unsure => options.strict && options.gate.is_none(),
        Status::Passed | Status::Known | Status::Skipped => false,
    }
}

/// Whether what the contract found fails a run: it is held to the same measure as a scenario's deviations.
pub fn contract_fails(contract: &[Deviation], options: &JudgeOptions) -> bool {
    fails_run(status_of(contract, false, options), options)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::judge::Kind;

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
        let weak_text = deviation(Kind::Message, EvidenceKind::AwsDocs);
        let text = deviation(Kind::Message, EvidenceKind::AwsRecorded);
        let gate = Some(EvidenceKind::AwsRecorded);
        for strict in [false, true] {
            let options = JudgeOptions { gate, strict, ..JudgeOptions::default() };
            let fails = |all: &[&Deviation]| {
                let all: Vec<Deviation> = all.iter().map(|&d| d.clone()).collect();
                contract_fails(&all, &options)
            };
            assert_eq!(status_of(std::slice::from_ref(&docs), false, &options), Status::Unsure);
            assert!(!fails(&[&docs]));
            assert!(!fails(&[&weak_text]));
            assert!(fails(&[&docs, &first_hand]));
            assert_eq!(fails(&[&docs, &text]), strict);
        }
    }

    #[test]
    fn strict_counts_what_is_near_or_unsure() {
        let strict = JudgeOptions { strict: true, ..JudgeOptions::default() };
        for found in
            [deviation(Kind::Wire, EvidenceKind::AwsDocs), deviation(Kind::Code, EvidenceKind::Inferred)]
        {
            let found = [found];
            assert!(contract_fails(&found, &strict));
            assert!(!contract_fails(&found, &JudgeOptions::default()));
        }
    }
}
