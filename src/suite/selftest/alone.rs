//! What one scenario notices by itself: of the wrong servers, and of the single changes of a right one.

use std::fmt::Write as _;
use std::sync::Arc;

use super::density::{self, Tried};
use super::{Fate, Finding, Scope, SelftestError};
use crate::judge::Kind;
use crate::report::counted;
use crate::scenario::Scenario;
use crate::server::faults;
use crate::service::shapes;
use crate::target::Target;

/// Runs one scenario on every wrong server.
///
/// # Errors
/// When our own server does not start or answer, or the right server deviates.
pub async fn faults(
    scenario: &Arc<Scenario>,
    target: &Target,
    jobs: usize,
) -> Result<Vec<Finding>, SelftestError> {
    let all: Vec<_> = faults::all().collect();
    super::run(&all, std::slice::from_ref(scenario), Scope::All, target, jobs, |_| {}).await
}

/// Tries the single changes that would show in the scenario.
///
/// # Errors
/// When our own server does not start or answer, or the right server deviates.
pub async fn mutations(
    scenario: &Arc<Scenario>,
    target: &Target,
    jobs: usize,
) -> Result<Vec<Tried>, SelftestError> {
    let tried = density::run(std::slice::from_ref(scenario), target, jobs, |_| {}).await?;
    Ok(tried.into_iter().filter(|tried| tried.applied).collect())
}

/// Whether the scenario sees anything of a fault.
fn seen(finding: &Finding) -> bool {
    matches!(finding.fate(), Fate::Caught | Fate::Wrongly)
}

/// Whether it sees at least one.
pub fn sees_any(findings: &[Finding]) -> bool {
    findings.iter().any(seen)
}

/// Which faults it sees, as what, and how many it does not see; with `all` also which.
pub fn faults_text(id: &str, findings: &[Finding], all: bool) -> String {
    let (caught, missed): (Vec<&Finding>, Vec<&Finding>) = findings.iter().partition(|finding| seen(finding));
    let mut out = format!(
        "{id} notices {} of {}\n",
        caught.len(),
        counted(findings.len(), "wrong server", "wrong servers")
    );
    let widest = caught.iter().map(|finding| finding.fault.name.len()).max().unwrap_or_default();
    for finding in &caught {
        let kinds: Vec<&str> = finding.kinds.keys().map(|kind| kind.as_str()).collect();
        let as_what = match finding.fate() {
            Fate::Wrongly => format!("   (its table says {})", words(finding.fault.kinds)),
            Fate::Caught | Fate::Survived | Fate::NotRun => String::new(),
        };
        let _ = writeln!(out, "  {:widest$}  {}{as_what}", finding.fault.name, kinds.join(", "));
    }
    if all && !missed.is_empty() {
        out.push_str("and not\n");
        for finding in &missed {
            let _ = writeln!(out, "  {}", finding.fault.name);
        }
    }
    if caught.is_empty() {
        out.push_str(
            "A scenario that no wrong server trips asserts little: state `returns`, `fails` or `labels`.\n",
        );
    }
    out
}

/// Which single changes it notices and which it lets through. Those it notices are listed with `all`, and so are those of
/// operations that no step calls: they show only in what the run reads beside the steps.
pub fn mutations_text(scenario: &Scenario, tried: &[Tried], all: bool) -> String {
    let called = super::operations(scenario);
    let beside = |tried: &&Tried| {
        let text = tried.mutation.to_string();
        text.split_once(": ").is_some_and(|(operation, _)| {
            shapes().operation(operation).is_some() && !called.contains(operation)
        })
    };
    let (caught, missed): (Vec<&Tried>, Vec<&Tried>) = tried.iter().partition(|tried| tried.caught.is_some());
    let (others, own): (Vec<&Tried>, Vec<&Tried>) = missed.into_iter().partition(beside);
    let of = counted(tried.len(), "single change", "single changes");
    let mut out = format!(
        "{} notices {} of {of} of what it is answered and of what it sends\n",
        scenario.id,
        caught.len()
    );
    if all {
        for tried in &caught {
            let kinds: Vec<Kind> = tried.caught.iter().flat_map(|(_, kinds)| kinds.iter().copied()).collect();
            let _ = writeln!(out, "  {} ({})", tried.mutation, words(&kinds));
        }
    }
    if !own.is_empty() {
        out.push_str("and lets through\n");
    }
    for tried in &own {
        let why = if tried.explained().is_some() { "   (no scenario is asked to notice it)" } else { "" };
        let _ = writeln!(out, "  {}{why}", tried.mutation);
    }
    if !others.is_empty() {
        let _ = writeln!(out, "and {} in the probes, which read beside its steps", others.len());
    }
    for tried in others.iter().filter(|_| all) {
        let _ = writeln!(out, "  {}", tried.mutation);
    }
    out
}

fn words(kinds: &[Kind]) -> String {
    kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", ")
}
