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

    /// The share of those judged, with one decimal. Only all are 100 %, and only none are 0 %.
    pub fn percent(&self, scenarios: usize) -> String {
        let judged = self.judged();
        if judged == 0 {
            return "–".to_owned();
        }
        let thousandths = (scenarios * 1000 + judged / 2) / judged;
        let shown = match thousandths {
            0 if scenarios > 0 => 1,
            1000 if scenarios < judged => 999,
            shown => shown,
        };
        format!("{}.{} %", shown / 10, shown % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_all_are_a_hundred_percent() {
        let row = |scenarios| Row { scenarios, known: 0 };
        let tally = Tally { rows: [row(9999), row(0), row(0), row(1)] };
        assert_eq!(tally.percent(9999), "99.9 %");
        assert_eq!(tally.percent(1), "0.1 %");
        assert_eq!((tally.percent(0), tally.percent(10_000)), ("0.0 %".into(), "100.0 %".into()));
        assert_eq!(Tally::default().percent(0), "–");
    }
}
