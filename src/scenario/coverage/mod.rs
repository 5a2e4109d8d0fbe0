//! What the scenarios check of what the service has: rules, operations, members, errors and label transitions.
//!
//! `wanted` is the service model and the register, `touched` what scenarios state. A member counts as checked where a
//! scenario sends it, or states what comes back in it; an error where a scenario expects its code; a rule where a
//! scenario names it.

mod touched;
mod wanted;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::ast::Scenario;
use super::register::Register;
use touched::Touched;

/// What is counted, in the order of reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dimension {
    /// Operations of the service model that a scenario calls.
    Operations,
    /// Members of inputs, nested ones too, that a scenario sends.
    InputMembers,
    /// Members of outputs, nested ones too, that a scenario states.
    OutputMembers,
    /// Errors that an operation declares and a scenario expects of it.
    Errors,
    /// Transitions of staging labels that a scenario walks.
    LabelTransitions,
    /// Rules of the register that a scenario names.
    Rules,
}

impl Dimension {
    /// All dimensions.
    pub const ALL: [Dimension; 6] = [
        Self::Operations,
        Self::InputMembers,
        Self::OutputMembers,
        Self::Errors,
        Self::LabelTransitions,
        Self::Rules,
    ];

    /// In words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operations => "operations",
            Self::InputMembers => "input members",
            Self::OutputMembers => "output members",
            Self::Errors => "declared errors",
            Self::LabelTransitions => "label transitions",
            Self::Rules => "rules",
        }
    }
}

/// One thing to be checked, and by how many scenarios it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The operation, or `*`.
    pub operation: String,
    /// The member's path, the error's code, the rule's id; empty for an operation as such.
    pub name: String,
    /// How many scenarios check it; every case counts.
    pub scenarios: usize,
    /// Why no scenario can.
    pub exempt: Option<String>,
}

/// What the scenarios check.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    items: BTreeMap<Dimension, Vec<Item>>,
    /// Rules that scenarios name and the register does not have: scenario, rule.
    pub unknown_rules: Vec<(String, String)>,
}

/// How much of one dimension is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// What a scenario checks.
    pub checked: usize,
    /// What could be checked.
    pub checkable: usize,
    /// What no scenario can check, and the register says why; not part of `checkable`.
    pub exempt: usize,
}

impl Share {
    /// The share in per cent, rounded down to a tenth.
    pub fn percent(self) -> f64 {
        if self.checkable == 0 {
            return 100.0;
        }
        (self.checked as f64 * 1000.0 / self.checkable as f64).floor() / 10.0
    }
}

impl Coverage {
    /// Counts what the scenarios check.
    pub fn of(scenarios: &[Arc<Scenario>], register: &Register) -> Self {
        let touched = Touched::by(scenarios);
        let mut coverage = Coverage { items: wanted::items(register), unknown_rules: Vec::new() };
        for (dimension, items) in &mut coverage.items {
            for item in items.iter_mut() {
                item.scenarios = touched.count(*dimension, &item.operation, &item.name);
            }
        }
        for scenario in scenarios {
            let unknown = scenario.rules.iter().filter(|rule| register.rule(rule).is_none());
            coverage.unknown_rules.extend(unknown.map(|rule| (scenario.id.clone(), rule.clone())));
        }
        coverage
    }

    /// Everything of one dimension.
    pub fn items(&self, dimension: Dimension) -> &[Item] {
        self.items.get(&dimension).map_or(&[], Vec::as_slice)
    }

    /// What could be checked and is not.
    pub fn missing(&self, dimension: Dimension) -> impl Iterator<Item = &Item> {
        self.items(dimension).iter().filter(|item| item.scenarios == 0 && item.exempt.is_none())
    }

    /// How much of one dimension is checked. What is exempt and checked all the same counts as checked.
    pub fn share(&self, dimension: Dimension) -> Share {
        let items = self.items(dimension);
        let exempt = items.iter().filter(|item| item.exempt.is_some() && item.scenarios == 0).count();
        let checked = items.iter().filter(|item| item.scenarios > 0).count();
        Share { checked, checkable: items.len() - exempt, exempt }
    }
}
