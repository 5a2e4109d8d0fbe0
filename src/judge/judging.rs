//! One scenario's trace, judged step by step.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::about::About;
use super::contract::{self, Breach, Found};
use super::invariants::Laws;
use super::labels;
use super::names::Names;
use super::paths;
use super::state::{Answer, ProbeAnswers, State};
use super::status::status_of;
use super::step;
use super::verdict::{Convergence, Deviation, Kind, Status, Verdict};
use crate::scenario::{Evidence, EvidenceKind, Scenario, Step};
use crate::service::errors::NOT_MODELLED;
use crate::trace::{End, StepTrace, Trace};

/// What a run is asked to fail on, and what its target is allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JudgeOptions {
    /// Near and unsure scenarios fail the run too.
    pub strict: bool,
    /// The weakest evidence that lets a deviation fail the run; all but `inferred` unless said otherwise.
    pub gate: Option<EvidenceKind>,
    /// A scenario that failed at first and then did not fails the run too.
    pub flaky: bool,
    /// ListSecrets may lag, as on AWS itself: an entry that is missing, or still there, is no deviation.
    pub list_may_lag: bool,
    /// Not all scenarios were asked for, or the run did not come to its end.
    pub is_part: bool,
}

/// Judges what happened when a scenario ran.
#[must_use]
pub fn judge(scenario: &Scenario, trace: &Trace, options: &JudgeOptions) -> Verdict {
    let mut judging = Judging::new(scenario, trace, options);
    let (requests, probes) = trace.requests();
    let mut reason = match &trace.end {
        End::Skipped(reason) => Some((Status::Skipped, reason.clone())),
        _ => not_modelled(trace).map(|reason| (Status::Skipped, reason)),
    };
    if reason.is_none() {
        for happened in &trace.steps {
            if let Some(step) = scenario.steps.get(happened.index) {
                judging.step(step, happened);
            }
        }
        reason = judging.incomplete();
    }
    let status = match &reason {
        Some((status, _)) => *status,
        None => status_of(&judging.deviations, false, options),
    };
    Verdict {
        id: scenario.id.clone(),
        title: scenario.title.clone(),
        path: scenario.path.to_string(),
        line: scenario.place.line,
        status,
        reason: reason.map(|(_, reason)| reason),
        requests,
        probes,
        millis: u64::try_from(trace.elapsed.as_millis()).unwrap_or(u64::MAX),
        deviations: judging.deviations,
        known: Vec::new(),
        contract: judging.contract,
        convergence: convergence(trace),
        about: About::of(scenario),
        earlier: Vec::new(),
    }
}

/// Why a scenario is not judged: our own reference says of an operation that it is not modelled yet.
fn not_modelled(trace: &Trace) -> Option<String> {
    let calls = trace.steps.iter().flat_map(|step| &step.calls);
    let mut refused =
        calls.filter(|call| call.exchange.response.error().is_some_and(|error| error.code == NOT_MODELLED));
    let operation = refused.next()?.exchange.operation.clone();
    Some(format!("the target does not model {} yet", operation.as_deref().unwrap_or("this operation")))
}

fn convergence(trace: &Trace) -> Vec<Convergence> {
    let slow = trace.steps.iter().filter(|step| step.attempts > 1);
    slow.map(|step| Convergence {
        step: step.index + 1,
        attempts: step.attempts,
        millis: u64::try_from(step.waited.as_millis()).unwrap_or(u64::MAX),
    })
    .collect()
}

/// What a deviation says besides what differs: which step, and how strong its expectation is.
#[derive(Clone, Copy)]
pub(super) struct Stated<'s> {
    /// The step, counted from 1.
    pub(super) step: usize,
    /// Its line, or that of the request inside a parallel step.
    pub(super) line: usize,
    /// Why the expectation is believed.
    pub(super) evidence: &'s Evidence,
}

/// The work on one scenario.
pub(super) struct Judging<'t> {
    pub(super) scenario: &'t Scenario,
    pub(super) trace: &'t Trace,
    pub(super) options: &'t JudgeOptions,
    pub(super) names: Names<'t>,
    deviations: Vec<Deviation>,
    contract: Vec<Deviation>,
    contract_seen: BTreeSet<(String, String, Kind)>,
    laws: Laws,
    /// What we could not judge although it was asked for.
    unread: Option<String>,
}

impl<'t> Judging<'t> {
    fn new(scenario: &'t Scenario, trace: &'t Trace, options: &'t JudgeOptions) -> Self {
        Judging {
            scenario,
            trace,
            options,
            names: Names::new(scenario, trace),
            deviations: Vec::new(),
            contract: Vec::new(),
            contract_seen: BTreeSet::new(),
            laws: Laws::default(),
            unread: None,
        }
    }

    fn step(&mut self, step: &'t Step, happened: &StepTrace) {
        let stated = Stated {
            step: happened.index + 1,
            line: step.place.line,
            evidence: self.scenario.evidence_of(step),
        };
        let judged = step::judge_step(self, &stated, step, happened);
        let states = self.read_probes(&stated, happened);
        // What follows from a wrong outcome is the same fault once more.
        if !judged.outcome_deviates {
            labels::judge_labels(self, &stated, step, happened, &states, &judged.saved);
            step::judge_invariant(self, &stated, step, happened, &states, &judged.saved);
        }
        let mut laws = std::mem::take(&mut self.laws);
        laws.after_step(self, &stated, step, happened, &states);
        self.laws = laws;
    }

    /// Reads the probes of a step and holds their responses against the contract.
    fn read_probes(&mut self, stated: &Stated<'_>, happened: &StepTrace) -> BTreeMap<String, State> {
        let mut states = BTreeMap::new();
        for probe in &happened.probes {
            let answers = ProbeAnswers::read(probe);
            for answer in answers.all() {
                self.hold_contract(stated, answer, &[]);
            }
            let name = self.trace.secrets.get(&probe.secret).map_or("", String::as_str);
            states.insert(probe.secret.clone(), answers.state(name));
        }
        states
    }

    /// Holds one response against the contract. `named` are the paths, in general form, of which the step itself
    /// has spoken: they are not repeated.
    pub(super) fn hold_contract(&mut self, stated: &Stated<'_>, answer: &Answer<'_>, named: &[String]) {
        let Some(operation) = answer.exchange.operation.as_deref() else { return };
        for breach in contract::check(operation, &answer.exchange.response, answer.body.as_ref()) {
            if named.iter().any(|path| leads_to(path, &breach.path)) {
                continue;
            }
            if self.contract_seen.insert((operation.to_owned(), breach.path.clone(), breach.kind)) {
                let deviation = self.broken(stated, operation, &breach);
                self.contract.push(deviation);
            }
        }
    }

    fn broken(&mut self, stated: &Stated<'_>, operation: &str, breach: &Breach) -> Deviation {
        let actual = match &breach.actual {
            Found::Nothing => Value::Null,
            Found::Body(value) => self.names.actual(Some(operation), &breach.at, Some(value)),
            Found::Text(text) => Value::String(self.names.message(text)),
            Found::Words(words) => words.clone(),
        };
        Deviation {
            step: stated.step,
            operation: operation.to_owned(),
            kind: breach.kind,
            path: breach.path.clone(),
            cause: String::new(),
            expected: breach.expected.clone(),
            actual,
            evidence: breach.evidence,
            source: breach.source.clone(),
            line: stated.line,
        }
    }

    /// Notes a deviation; `expected` and `actual` are redacted already.
    pub(super) fn deviate(
        &mut self,
        stated: &Stated<'_>,
        operation: &str,
        kind: Kind,
        path: String,
        sides: (Value, Value),
    ) {
        self.deviations.push(Deviation {
            step: stated.step,
            operation: operation.to_owned(),
            kind,
            path,
            cause: String::new(),
            expected: sides.0,
            actual: sides.1,
            evidence: stated.evidence.kind,
            source: stated.evidence.source.clone(),
            line: stated.line,
        });
    }

    /// The deviations noted so far.
    pub(super) fn noted(&self) -> &[Deviation] {
        &self.deviations
    }

    /// Drops, of the deviations noted since `mark`, those that the same step had at the same place before: a
    /// request that is repeated twenty times deviates once.
    pub(super) fn drop_repeated(&mut self, since_step: usize, mark: usize) {
        let fresh = self.deviations.split_off(mark);
        for deviation in fresh {
            let said = self.deviations[since_step..mark].iter().any(|earlier| {
                (earlier.kind, &earlier.path, earlier.line)
                    == (deviation.kind, &deviation.path, deviation.line)
            });
            if !said {
                self.deviations.push(deviation);
            }
        }
    }

    /// Says that something could not be judged although it was asked for; the first such thing is the reason.
    pub(super) fn cannot_judge(&mut self, reason: String) {
        self.unread.get_or_insert(reason);
    }

    /// Why there is no verdict although the scenario ran: silence must never look like agreement.
    fn incomplete(&mut self) -> Option<(Status, String)> {
        let (begun, all) = (self.trace.steps.len(), self.scenario.steps.len());
        let reason = match &self.trace.end {
            End::Failed(reason) => Some(self.names.message(reason)),
            End::Completed if begun < all => Some(format!("only {begun} of {all} steps were run")),
            End::Stopped if begun < all && self.deviations.is_empty() => Some(format!(
                "the run ended after step {begun} of {all} although all was as expected until then"
            )),
            End::Completed | End::Stopped | End::Skipped(_) => self.unread.take(),
        };
        reason.map(|reason| (Status::Error, reason))
    }
}

/// Whether a path is another one, or leads to it.
fn leads_to(path: &str, other: &str) -> bool {
    other.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        && !path.is_empty()
}

/// The paths of deviations of one call, in the form in which the contract names places.
pub(super) fn named(operation: Option<&str>, deviating: impl IntoIterator<Item = String>) -> Vec<String> {
    deviating.into_iter().map(|path| paths::general(operation, &path)).collect()
}
