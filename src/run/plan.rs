//! What a scenario needs before its first request: names that nobody else uses, and whether it can run here.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

use crate::scenario::{Need, Scenario, Variables};
use crate::target::Isolation;

/// Every name that a run makes begins with this, so that what is left behind can be found.
pub const NAME_PREFIX: &str = "smcheck_";

/// Makes names that no other scenario and no other run uses.
///
/// A name has no hyphen of its own: a partial ARN of a name that ends in a hyphen and six characters does not
/// resolve (aws-recorded), and only scenarios about that should meet it.
#[derive(Debug)]
pub struct Names {
    run: String,
    next: AtomicU32,
}

impl Names {
    /// Names for a run; `run` is a few letters and digits that differ from run to run.
    pub fn new(run: &str) -> Self {
        Names { run: run.to_owned(), next: AtomicU32::new(1) }
    }

    /// Names for a run of now.
    pub fn fresh() -> Self {
        let id = uuid::Uuid::new_v4().simple().to_string();
        Self::new(&id[..10])
    }

    /// What the names of the whole run begin with.
    pub fn prefix(&self) -> String {
        format!("{NAME_PREFIX}{}_", self.run)
    }
}

/// A scenario with its names, ready to be executed.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The scenario.
    pub scenario: Arc<Scenario>,
    /// The declared secrets: variable and real name.
    pub secrets: BTreeMap<String, String>,
    /// The declared version ids: variable and UUID.
    pub versions: BTreeMap<String, String>,
    /// All variables that have a value before the first step.
    pub variables: Variables,
}

impl Plan {
    /// Plans a scenario, or says why it cannot run on this target.
    ///
    /// # Errors
    /// The reason to skip it.
    pub fn new(
        scenario: &Arc<Scenario>,
        names: &Names,
        region: &str,
        provides: &BTreeMap<String, Value>,
        isolation: &Isolation,
    ) -> Result<Self, String> {
        let alone = *isolation != Isolation::None;
        if scenario.isolated && !alone {
            return Err("the scenario needs an account of its own, and the target has no `reset`".to_owned());
        }
        let mut variables = Variables::new();
        for need in &scenario.needs {
            let own = *need == Need::EmptyAccount && scenario.isolated;
            match provides.get(need.as_str()) {
                Some(value) => drop(variables.insert(need.as_str().to_owned(), value.clone())),
                None if own => {}
                None => return Err(format!("the target does not provide `{}`", need.as_str())),
            }
        }
        let number = names.next.fetch_add(1, Ordering::Relaxed);
        let secrets: BTreeMap<String, String> = scenario
            .secrets
            .iter()
            .map(|decl| {
                let unique = format!("{}{number}_{}", names.prefix(), decl.variable);
                (decl.variable.clone(), format!("{}{unique}{}", decl.prefix, decl.suffix))
            })
            .collect();
        let fresh = || uuid::Uuid::new_v4().to_string();
        let versions: BTreeMap<String, String> =
            scenario.versions.iter().map(|variable| (variable.clone(), fresh())).collect();
        for (variable, value) in secrets.iter().chain(&versions) {
            variables.insert(variable.clone(), Value::String(value.clone()));
        }
        variables.insert("region".to_owned(), Value::String(region.to_owned()));
        Ok(Plan { scenario: Arc::clone(scenario), secrets, versions, variables })
    }
}
