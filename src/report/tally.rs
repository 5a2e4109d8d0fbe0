//! How much of what was judged is as on AWS, by the worst thing that differs. Known deviations count as what they are:
//! a list of them makes no target better.

use crate::judge::{RunVerdict, Severity, Status};

/// The worst thing that differs in a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worst {
    /// Nothing.
    Nothing,
    /// Status, headers or the form of an error.
    Wire,
    /// The text of a message.
    Message,
    /// What the service did, or said to programs.
    Outcome,
}

impl Worst {
    /// All, best first.
    pub const ALL: [Worst; 4] = [Worst::Nothing, Worst::Wire, Worst::Message, Worst::Outcome];

    /// In the words of a table.
    pub fn words(self) -> &'static str {
        match self {
            Worst::Nothing => "none",
            Worst::Wire => "the wire: status, headers, the form of an error",
            Worst::Message => "the text of a message",
            Worst::Outcome => "an outcome: a code, a member, a value, labels",
        }
    }
}

/// How many scenarios there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// How many scenarios.
    pub scenarios: usize,
    /// Of which all that differs is on the known list.
    pub known: usize,
}

/// The scenarios that were judged, by the worst thing that differs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    rows: [Row; 4],
}

/// Counts the scenarios of a run.
#[must_use]
pub fn of(run: &RunVerdict) -> Tally {
    let mut tally = Tally::default();
    for verdict in run.verdicts.iter().filter(|one| !matches!(one.status, Status::Skipped | Status::Error)) {
        let known = verdict.known.iter().map(|(_, known)| known);
        // The enumeration runs from the worst to the least.
        let worst = verdict.deviations.iter().chain(known).map(|found| found.kind.severity()).min();
        let row = &mut tally.rows[at(match worst {
            None => Worst::Nothing,
            Some(Severity::Wire) => Worst::Wire,
            Some(Severity::Message) => Worst::Message,
            Some(Severity::Outcome) => Worst::Outcome,
        })];
        row.scenarios += 1;
        row.known += usize::from(verdict.status == Status::Known);
    }
    tally
}

fn at(worst: Worst) -> usize {
    match worst {
        Worst::Nothing => 0,
        Worst::Wire => 1,
        Worst::Message => 2,
        Worst::Outcome => 3,
    }
}

impl Tally {
    /// One row.
    pub fn row(&self, worst: Worst) -> Row {
        self.rows[at(worst)]
    }

    /// How many scenarios were judged.
    pub fn judged(&self) -> usize {
        self.rows.iter().map(|row| row.scenarios).sum()
    }

    /// The share of those judged, as [`percent`] says it.
    pub fn percent(&self, scenarios: usize) -> String {
        percent(scenarios, self.judged())
    }
}

/// A share with one decimal, never rounded up: 100 % means all, and 0 % means none.
#[must_use]
pub fn percent(count: usize, all: usize) -> String {
    match (count, all) {
        (_, 0) => "–".to_owned(),
        (0, _) => "0 %".to_owned(),
        (count, all) if count >= all => "100 %".to_owned(),
        (count, all) => {
            let tenths = count.saturating_mul(1000) / all;
            if tenths == 0 { "<0.1 %".to_owned() } else { format!("{}.{} %", tenths / 10, tenths % 10) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_never_rounded_up() {
        let told = [(0, 0), (0, 9), (9, 9), (1999, 2000), (1, 2000), (2, 3), (1, 1000)];
        assert_eq!(
            told.map(|(count, all)| percent(count, all)),
            ["–", "0 %", "100 %", "99.9 %", "<0.1 %", "66.6 %", "0.1 %"]
        );
    }
}
