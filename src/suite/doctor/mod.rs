//! What a target is and can, and what is wrong with it: asked with requests that change nothing.
//!
//! [`examine`] resolves nothing and prints nothing; it opens the target, asks, and gives a [`Checkup`]. What an
//! emulator does otherwise than AWS is the scenarios' matter: here it is at most something to know.

mod before;
mod known;
mod operations;
mod talk;

use std::path::Path;
use std::time::Instant;

use serde_json::{Value, json};

use super::open::{Consent, OpenError, Opened};
use crate::judge::TargetInfo;
use crate::target::config::TargetConfig;
use crate::target::{Kind, Target};

pub use operations::{Answer, Asked};

/// What a check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// As it should be.
    Good,
    /// To be known; nothing has to be done.
    Note,
    /// Scenarios cannot be run so, or not all of them.
    Wrong,
}

impl Level {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Good => "good",
            Level::Note => "note",
            Level::Wrong => "wrong",
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug)]
pub struct Check {
    /// Its name, for programs: `reachable`, `signed`, …
    pub name: &'static str,
    /// What was found.
    pub level: Level,
    /// The sentence.
    pub said: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Check {
    fn good(name: &'static str, said: impl Into<String>) -> Self {
        Check { name, level: Level::Good, said: said.into(), hint: None }
    }

    fn note(name: &'static str, said: impl Into<String>) -> Self {
        Check { name, level: Level::Note, said: said.into(), hint: None }
    }

    fn wrong(name: &'static str, said: impl Into<String>, hint: impl Into<String>) -> Self {
        Check { name, level: Level::Wrong, said: said.into(), hint: Some(hint.into()) }
    }

    fn hinting(self, hint: impl Into<String>) -> Self {
        Check { hint: Some(hint.into()), ..self }
    }
}

/// All that was found.
#[derive(Clone, Debug)]
pub struct Checkup {
    /// Name, endpoint and version of the target, as far as it came to that.
    pub target: TargetInfo,
    /// Whether it answered at all.
    pub reached: bool,
    /// The checks, in the order in which they were made.
    pub checks: Vec<Check>,
    /// The operations that were asked for, each with what it answered.
    pub operations: Vec<Asked>,
}

impl Checkup {
    /// Whether nothing is wrong.
    pub fn healthy(&self) -> bool {
        self.reached && self.checks.iter().all(|check| check.level != Level::Wrong)
    }

    /// The whole as JSON.
    pub fn json(&self) -> Value {
        let checks: Vec<Value> = self
            .checks
            .iter()
            .map(|check| {
                json!({"check": check.name, "status": check.level.as_str(), "text": check.said, "hint": check.hint})
            })
            .collect();
        let operations: serde_json::Map<String, Value> =
            self.operations.iter().map(|asked| (asked.operation.clone(), asked.json())).collect();
        json!({
            "schema": 1,
            "smcheck": env!("CARGO_PKG_VERSION"),
            "target": {"name": self.target.name, "endpoint": self.target.endpoint, "version": self.target.version},
            "reached": self.reached,
            "healthy": self.healthy(),
            "checks": checks,
            "operations": operations,
        })
    }
}

/// What is known before anything is asked.
#[derive(Debug)]
pub struct Patient<'a> {
    /// The target.
    pub target: Target,
    /// Its table of the configuration, if it has one.
    pub config: Option<&'a TargetConfig>,
    /// Whether that table stands in a smcheck.toml of the user's.
    pub own_table: bool,
    /// The known list that was named instead of the target's own.
    pub known: Option<&'a str>,
    /// The scenarios' ids, to see whether the known list still fits them.
    pub scenarios: Vec<String>,
}

/// Examines a target.
pub async fn examine(patient: Patient<'_>, consent: &dyn Consent, folder: &Path) -> Checkup {
    let target = patient.target.clone();
    let endpoint = match &target.kind {
        Kind::Url(url) | Kind::Aws { endpoint: url, .. } => url.clone(),
        Kind::Embedded | Kind::Start(_) => String::new(),
    };
    let mut checkup = Checkup {
        target: TargetInfo { name: target.name.clone(), endpoint: endpoint.clone(), version: None },
        reached: false,
        checks: Vec::new(),
        operations: Vec::new(),
    };
    checkup.checks.push(before::configuration(&patient));
    checkup.checks.extend(before::prerequisites(&target, patient.config).await);
    checkup.checks.push(before::credentials(&target));
    if !endpoint.is_empty() && !before::connect(&endpoint, &target, &mut checkup.checks).await {
        return checkup;
    }
    let begun = Instant::now();
    let opened = match Opened::open(target, consent, folder).await {
        Ok(opened) => opened,
        Err(why) => {
            checkup.checks.push(not_opened(&why));
            return checkup;
        }
    };
    checkup.target = opened.info.clone();
    if let Some(program) = opened.program() {
        let said = format!("{} was ready after {:.1} s", program.display(), begun.elapsed().as_secs_f64());
        checkup.checks.push(Check::good("started", said));
    }
    checkup.checks.push(match &opened.info.version {
        Some(version) => Check::good("version", format!("version {version}")),
        None => Check::note("version", "its version is not known")
            .hinting("`version` of the target in smcheck.toml is the command that prints it"),
    });
    checkup.reached = talk::talk(&opened, &mut checkup.checks).await;
    if checkup.reached {
        let (asked, found) = operations::ask_all(&opened).await;
        checkup.operations = asked;
        checkup.checks.extend(found);
        checkup.checks.extend(talk::capabilities(&opened).await);
    }
    let version = opened.info.version.as_deref();
    checkup.checks.extend(known::list(&opened.target, version, patient.known, &patient.scenarios));
    opened.close().await;
    checkup
}

fn not_opened(why: &OpenError) -> Check {
    let hint = match why {
        OpenError::Start(_) => "`start`, `env` and `start-timeout` of the target say how it is started",
        OpenError::Guard(_) => "docs/aws.md says what is asked before AWS is called",
        OpenError::Talk(_) => "an endpoint is http:// or https://, a host and a port",
        OpenError::Listen(_) | OpenError::Ledger(_) => {
            "smcheck needs a free port and a folder that it may write to"
        }
    };
    Check::wrong("started", why.to_string(), hint)
}
