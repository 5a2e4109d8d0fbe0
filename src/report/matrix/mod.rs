//! Scenarios by targets: what several targets answered to the same scenarios, side by side.
//!
//! [`Matrix`] holds what was judged; [`terminal`] shows it to a person, [`markdown`] fits it into a comment on a pull
//! request, [`data`] is what the page of [`page`](super::page) draws, [`saved`] reads it back from JSON reports.
//! [`share`] counts what the percentages say.

pub mod data;
pub mod markdown;
pub mod saved;
pub mod share;
pub mod terminal;

mod rows;

#[cfg(test)]
mod sample;

use std::collections::BTreeMap;

use crate::judge::{About, RunVerdict, Sheet, Status, TargetInfo, Timeline, Verdict};

pub use share::Agreement;

/// What one target did.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its verdicts, judged with its own list of known deviations.
    pub run: RunVerdict,
    /// Why it could not be used, or not to the end.
    pub unusable: Option<String>,
    /// The reasons of the known list's entries, by their index.
    pub reasons: Vec<String>,
    /// Where the labels were in scenarios that deviated, by the scenario's id.
    pub observed: BTreeMap<String, Timeline>,
}

impl Column {
    /// A target that ran to its end.
    #[must_use]
    pub fn of(run: RunVerdict) -> Self {
        Column { run, unusable: None, reasons: Vec::new(), observed: BTreeMap::new() }
    }

    /// A target that could not be used: an error in every scenario, with the reason.
    #[must_use]
    pub fn unusable(target: TargetInfo, reason: &str, sheets: &[Sheet]) -> Self {
        let run = RunVerdict {
            target,
            verdicts: Vec::new(),
            contract: Vec::new(),
            causes: Vec::new(),
            gone: Vec::new(),
            used: Vec::new(),
        };
        Column::of(run).lost(reason, sheets)
    }

    /// The target went away: scenarios without a verdict are errors, with the reason.
    #[must_use]
    pub fn lost(mut self, reason: &str, sheets: &[Sheet]) -> Self {
        let told: std::collections::BTreeSet<String> =
            self.run.verdicts.iter().map(|verdict| verdict.id.clone()).collect();
        self.run.verdicts.extend(
            sheets.iter().filter(|sheet| !told.contains(&sheet.id)).map(|sheet| error(sheet, reason)),
        );
        self.run.verdicts.sort_by(|a, b| a.id.cmp(&b.id));
        self.unusable = Some(reason.to_owned());
        self
    }

    /// Name and version.
    fn name(&self) -> String {
        let target = &self.run.target;
        let name = super::style::plain(&target.name);
        match &target.version {
            Some(version) => format!("{name} {}", super::style::plain(version)),
            None => name,
        }
    }
}

fn error(sheet: &Sheet, reason: &str) -> Verdict {
    Verdict {
        id: sheet.id.clone(),
        title: sheet.title.clone(),
        path: sheet.file.clone(),
        line: 1,
        status: Status::Error,
        reason: Some(reason.to_owned()),
        requests: 0,
        probes: 0,
        millis: 0,
        deviations: Vec::new(),
        known: Vec::new(),
        contract: Vec::new(),
        convergence: Vec::new(),
        about: About::default(),
        earlier: Vec::new(),
    }
}

/// Several targets on the same scenarios.
#[derive(Clone, Debug)]
pub struct Matrix {
    sheets: Vec<Sheet>,
    columns: Vec<Column>,
    expected: BTreeMap<String, Timeline>,
    /// For each scenario and each target the place of the verdict in its run.
    places: Vec<Vec<Option<usize>>>,
}

impl Matrix {
    /// Puts columns beside each other. Scenarios without a sheet are left out.
    #[must_use]
    pub fn new(mut sheets: Vec<Sheet>, columns: Vec<Column>) -> Self {
        sheets.sort_by(|a, b| a.id.cmp(&b.id));
        sheets.dedup_by(|a, b| a.id == b.id);
        let indexes: Vec<BTreeMap<&str, usize>> = columns
            .iter()
            .map(|column| {
                let all = column.run.verdicts.iter().enumerate();
                all.map(|(at, verdict)| (verdict.id.as_str(), at)).collect()
            })
            .collect();
        let places = sheets
            .iter()
            .map(|sheet| indexes.iter().map(|index| index.get(sheet.id.as_str()).copied()).collect())
            .collect();
        Matrix { sheets, columns, expected: BTreeMap::new(), places }
    }

    /// Adds where the labels should have been, by the scenario's id.
    #[must_use]
    pub fn expecting(mut self, expected: BTreeMap<String, Timeline>) -> Self {
        self.expected = expected;
        self
    }

    /// The scenarios, in the order of their ids.
    pub fn sheets(&self) -> &[Sheet] {
        &self.sheets
    }

    /// The targets, in the order in which they were named.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// What a target did in a scenario, both counted from 0; `None` where it did not run there.
    pub fn verdict(&self, row: usize, column: usize) -> Option<&Verdict> {
        let place = (*self.places.get(row)?.get(column)?)?;
        self.columns.get(column)?.run.verdicts.get(place)
    }

    /// Whether the targets differ in a scenario, from each other or from AWS. A target that could not be used says
    /// nothing of that, and neither does one that skipped it.
    pub fn differs(&self, row: usize) -> bool {
        self.columns.iter().enumerate().any(|(at, column)| match self.verdict(row, at) {
            Some(verdict) => match verdict.status {
                Status::Passed | Status::Skipped => false,
                Status::Error => column.unusable.is_none(),
                Status::Near | Status::Unsure | Status::Deviated | Status::Known => true,
            },
            None => false,
        })
    }

    /// The scenarios in which the targets differ, by their place; or all.
    fn rows(&self, all: bool) -> Vec<usize> {
        (0..self.sheets.len()).filter(|row| all || self.differs(*row)).collect()
    }
}
