//! What the percentages say: of the scenarios that were judged, how many are right, and how far.

use crate::judge::{RunVerdict, Severity, Status, Verdict};
use crate::report::tally;

/// How far a target agrees with AWS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Agreement {
    /// Scenarios that were judged: neither skipped nor an error.
    pub judged: usize,
    /// Those whose outcomes are right: at most messages or the wire differ. Known deviations count as they are.
    pub right: usize,
    /// Those where nothing differs, known or not.
    pub exact: usize,
}

impl Agreement {
    /// Counts a run.
    #[must_use]
    pub fn of(run: &RunVerdict) -> Self {
        let mut agreement = Agreement::default();
        for verdict in &run.verdicts {
            if matches!(verdict.status, Status::Skipped | Status::Error) {
                continue;
            }
            agreement.judged += 1;
            agreement.right += usize::from(has_right_outcomes(verdict));
            agreement.exact += usize::from(verdict.deviations.is_empty() && verdict.known.is_empty());
        }
        agreement
    }

    /// A share of the judged scenarios in words.
    #[must_use]
    pub fn percent(&self, count: usize) -> String {
        tally::percent(count, self.judged)
    }
}

fn has_right_outcomes(verdict: &Verdict) -> bool {
    let known = verdict.known.iter().map(|(_, deviation)| deviation);
    verdict.deviations.iter().chain(known).all(|found| found.kind.severity() != Severity::Outcome)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::matrix::sample;

    #[test]
    fn a_message_that_differs_is_no_wrong_outcome_and_what_is_known_still_is() {
        // Of ten: four pass, two differ in a message, one is wrong, one is known and wrong, one skipped, one error.
        let agreement = Agreement::of(&sample::ten());
        assert_eq!(agreement, Agreement { judged: 8, right: 6, exact: 4 });
        assert_eq!(agreement.percent(agreement.right), "75.0 %");
        assert_eq!(agreement.percent(agreement.exact), "50.0 %");
    }
}
