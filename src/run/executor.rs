//! Goes through the steps of a scenario in order, and makes a trace of what happens.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::caller::{Caller, Trouble};
use super::cleanup::Created;
use super::control;
use super::plan::Plan;
use super::probe::{ProbeLevel, pages, probe};
use crate::scenario::{
    Action, Eventually, RawBody, RawRequest, Repeat, Scenario, Side, Sign, Step, Variables,
};
use crate::service::errors::NOT_MODELLED;
use crate::service::wire::CONTENT_TYPE;
use crate::service::{WireRequest, arn, shapes};
use crate::target::AdminRequest;
use crate::trace::{Call, End, Exchange, StepTrace, Trace, joined_pages};

/// How scenarios are run.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// What is read after each step that can change state.
    pub probe: ProbeLevel,
    /// For a target whose changes show after a while: how long probes and reads are repeated before they count.
    pub patience: Option<Eventually>,
    /// The longest that `eventually` waits, whatever it says. A target whose changes show at once needs no minutes.
    pub wait_at_most: Option<Duration>,
    /// The target plays a recording: it holds no secrets to delete afterwards, and what was sent at once is sent in an
    /// order that it can follow.
    pub playback: bool,
    /// The request that moves the target's clock.
    pub clock: Option<AdminRequest>,
}

/// What came of a scenario.
#[derive(Debug)]
pub struct Executed {
    /// What happened.
    pub trace: Trace,
    /// Why it could not go on, if it could not.
    pub trouble: Option<Trouble>,
    /// Secrets that could not be deleted afterwards, by ARN or name.
    pub left: Vec<String>,
}

/// Runs a scenario, and deletes what it created.
pub async fn execute(plan: Plan, caller: &Caller, settings: Settings) -> Executed {
    let begun = Instant::now();
    let mut run = Run {
        scenario: Arc::clone(&plan.scenario),
        caller: caller.clone(),
        homes: BTreeMap::new(),
        settings,
        secrets: plan.secrets.iter().map(|(variable, name)| (variable.clone(), name.clone())).collect(),
        variables: plan.variables,
        created: Created::default(),
        seen: BTreeSet::new(),
        steps: Vec::with_capacity(plan.scenario.steps.len()),
    };
    let (end, trouble) = match run.steps().await {
        Ok(end) => (end, None),
        // The target left out what a step wanted to save, which judging finds: a deviation, and no fault of ours.
        Err(Trouble::Unbound(_)) => (End::Stopped, None),
        Err(trouble) => (End::Failed(trouble.to_string()), Some(trouble)),
    };
    let elapsed = begun.elapsed();
    let left = if run.settings.playback { Vec::new() } else { run.created.delete(caller).await };
    let trace = Trace {
        scenario: plan.scenario.id.clone(),
        secrets: plan.secrets,
        versions: plan.versions,
        region: caller.region().to_owned(),
        steps: run.steps,
        end,
        elapsed,
    };
    Executed { trace, trouble, left }
}

struct Run {
    scenario: Arc<Scenario>,
    /// On the side of the present step.
    caller: Caller,
    /// Where the latest CreateSecret of each declared secret was sent.
    homes: BTreeMap<String, Side>,
    settings: Settings,
    /// The declared secrets: variable and name.
    secrets: Vec<(String, String)>,
    variables: Variables,
    created: Created,
    /// The declared secrets that a CreateSecret has named.
    seen: BTreeSet<String>,
    steps: Vec<StepTrace>,
}

impl Run {
    async fn steps(&mut self) -> Result<End, Trouble> {
        let scenario = Arc::clone(&self.scenario);
        for (index, step) in scenario.steps.iter().enumerate() {
            let trace = self.step(index, step, index + 1 == scenario.steps.len()).await?;
            let missing = not_modelled(&trace.calls)
                .map(|operation| End::Skipped(format!("the target does not model {operation} yet")));
            if let Some(end) = missing {
                self.steps.push(trace);
                return Ok(end);
            }
            let fits = trace
                .calls
                .iter()
                .all(|call| control::outcome_fits(control::expectation(step, call), &call.exchange.response));
            self.save(step, &trace);
            self.steps.push(trace);
            if !fits && scenario.stop {
                return Ok(End::Stopped);
            }
        }
        Ok(End::Completed)
    }

    async fn step(&mut self, index: usize, step: &Step, last: bool) -> Result<StepTrace, Trouble> {
        let begun = Instant::now();
        self.caller = self.caller.at(step.side);
        let resend = step.eventually.or(self.settings.patience.filter(|_| reads_only(&step.action)));
        let wait = resend.or(self.settings.patience);
        let mut attempts = 1;
        let mut waited = Duration::ZERO;
        let mut calls = self.send(step).await?;
        loop {
            let variables = Arc::new(self.variables.clone());
            let mut probes = Vec::new();
            for (variable, name, level) in self.to_probe(step, &calls, last) {
                // The ARN says where the secret was made; elsewhere there may be another of its name.
                let known = variables.get(&format!("{variable}.arn")).and_then(Value::as_str);
                let known = known.filter(|_| self.homes.get(&variable) == Some(&step.side));
                let id = known.unwrap_or(&name).to_owned();
                probes.push(probe(&self.caller, &variable, &name, &id, level).await?);
            }
            let done = match wait {
                None => true,
                Some(limit) => {
                    let within =
                        self.settings.wait_at_most.map_or(limit.within, |most| most.min(limit.within));
                    let agree = self.settings.patience.is_none() || control::views_agree(&probes);
                    begun.elapsed() >= within || agree && control::holds(step, &calls, &probes, &variables)
                }
            };
            if done {
                return Ok(StepTrace { index, calls, probes, attempts, waited, variables });
            }
            if let Some(limit) = wait {
                self.caller.pause(limit.every).await?;
            }
            attempts += 1;
            waited = begun.elapsed();
            // A write that was carried out must not be carried out twice.
            if resend.is_some() && (reads_only(&step.action) || !control::carried_out(step, &calls)) {
                calls = self.send(step).await?;
            }
        }
    }

    /// Sends what the step says, once.
    async fn send(&mut self, step: &Step) -> Result<Vec<Call>, Trouble> {
        let calls = match (&step.action, &step.repeat) {
            (Action::Advance(span), _) => {
                self.advance(*span).await?;
                Vec::new()
            }
            (Action::Parallel(parallel), _) => {
                let actions: Vec<&Action> = parallel.calls.iter().map(|call| &call.action).collect();
                self.send_at_once(&actions).await?
            }
            (action, None) => vec![plain(self.send_one(action, None).await?)],
            (action, Some(Repeat::Times { times, variable })) => {
                let mut calls = Vec::new();
                for number in 1..=*times {
                    let bound = variable.clone().map(|variable| (variable, json!(number)));
                    let exchange = self.send_one(action, bound.as_ref()).await?;
                    calls.push(Call { inner: None, bound, exchange });
                }
                calls
            }
            (action, Some(Repeat::Over { values, variable })) => {
                let mut calls = Vec::new();
                for value in values {
                    let bound = Some((variable.clone(), value.resolve(&self.variables)?));
                    let exchange = self.send_one(action, bound.as_ref()).await?;
                    calls.push(Call { inner: None, bound, exchange });
                }
                calls
            }
            (Action::Call(call), Some(Repeat::Pages { .. })) => {
                let input = call.input.resolve(&self.variables)?;
                pages(&self.caller, &call.operation, input).await?.into_iter().map(plain).collect()
            }
            (action @ Action::Raw(_), Some(Repeat::Pages { .. })) => {
                vec![plain(self.send_one(action, None).await?)]
            }
        };
        for call in &calls {
            self.see(&call.exchange);
        }
        Ok(calls)
    }

    async fn advance(&self, span: Duration) -> Result<(), Trouble> {
        let admin = self.settings.clock.as_ref();
        if admin.is_none() && !self.settings.playback {
            return Err(Trouble::Clock("the target does not say how (`clock` in smcheck.toml)".to_owned()));
        }
        self.caller.advance(span, admin.filter(|_| !self.settings.playback)).await
    }

    async fn send_at_once(&mut self, actions: &[&Action]) -> Result<Vec<Call>, Trouble> {
        if self.settings.playback {
            return self.send_in_turn(actions).await;
        }
        let mut tasks = tokio::task::JoinSet::new();
        for (inner, action) in actions.iter().enumerate() {
            let (request, sign) = self.request(action, None)?;
            self.suspect(&request);
            let caller = self.caller.clone();
            tasks.spawn(async move { (inner, caller.raw(request, sign).await) });
        }
        let mut calls = Vec::with_capacity(actions.len());
        while let Some(joined) = tasks.join_next().await {
            // A task ends early only when it panics, and then so do we.
            let (inner, sent) = joined.unwrap_or_else(|why| std::panic::resume_unwind(why.into_panic()));
            calls.push(Call { inner: Some(inner), bound: None, exchange: sent? });
        }
        calls.sort_by_key(|call| call.inner);
        Ok(calls)
    }

    /// Sends to a playback what was sent at once when it was recorded. Writes come first: an answer that tells of a
    /// version can only be played when the request that names the version has come.
    async fn send_in_turn(&mut self, actions: &[&Action]) -> Result<Vec<Call>, Trouble> {
        let mut order: Vec<usize> = (0..actions.len()).collect();
        order.sort_by_key(|inner| reads_only(actions[*inner]));
        let mut calls = Vec::with_capacity(actions.len());
        for inner in order {
            let (request, sign) = self.request(actions[inner], None)?;
            let exchange = self.caller.raw(request, sign).await?;
            calls.push(Call { inner: Some(inner), bound: None, exchange });
        }
        calls.sort_by_key(|call| call.inner);
        Ok(calls)
    }

    async fn send_one(
        &mut self,
        action: &Action,
        bound: Option<&(String, Value)>,
    ) -> Result<Exchange, Trouble> {
        let (request, sign) = self.request(action, bound)?;
        if request.operation() != Some("CreateSecret") {
            return self.caller.raw(request, sign).await;
        }
        let sent = self.caller.raw(request.clone(), sign).await;
        if matches!(sent, Err(Trouble::Client(_))) {
            self.suspect(&request);
        }
        sent
    }

    /// The request of an action, not signed yet.
    fn request(
        &self,
        action: &Action,
        bound: Option<&(String, Value)>,
    ) -> Result<(WireRequest, Sign), Trouble> {
        let with_bound = bound.map(|(name, value)| {
            let mut variables = self.variables.clone();
            variables.insert(name.clone(), value.clone());
            variables
        });
        let variables = with_bound.as_ref().unwrap_or(&self.variables);
        match action {
            Action::Call(call) => {
                Ok((WireRequest::call(&call.operation, &call.input.resolve(variables)?), Sign::Good))
            }
            Action::Raw(raw) => Ok((raw_request(raw, variables)?, raw.sign)),
            Action::Parallel(_) | Action::Advance(_) => {
                unreachable!("the parser puts neither into a parallel step")
            }
        }
    }

    /// Takes note of what a response says: created secrets and their ARNs.
    fn see(&mut self, exchange: &Exchange) {
        self.created.see(exchange, self.caller.side());
        if exchange.operation.as_deref() != Some("CreateSecret") {
            return;
        }
        let Some(input) = exchange.request.json() else { return };
        let Some(name) = input.get("Name").and_then(Value::as_str) else { return };
        let Some((variable, _)) = self.secrets.iter().find(|(_, known)| known == name) else { return };
        self.seen.insert(variable.clone());
        if !exchange.response.succeeded() {
            return;
        }
        self.homes.insert(variable.clone(), self.caller.side());
        let body = exchange.response.json();
        if let Some(arn) = body.as_ref().and_then(|body| body.get("ARN")).and_then(Value::as_str) {
            if let Some(partial) = arn::partial(arn) {
                self.variables.insert(format!("{variable}.partial"), json!(partial));
            }
            self.variables.insert(format!("{variable}.arn"), json!(arn));
        }
    }

    /// A CreateSecret that may have worked although no answer came.
    fn suspect(&mut self, request: &WireRequest) {
        if request.operation() == Some("CreateSecret")
            && let Some(input) = request.json()
            && let Some(name) = input.get("Name").and_then(Value::as_str)
            && self.secrets.iter().any(|(_, known)| known == name)
        {
            self.created.suspect(name, self.caller.side());
        }
    }

    /// Which secrets to read after a step: those whose labels it states and, where it can change state, those that
    /// it names.
    fn to_probe(&self, step: &Step, calls: &[Call], last: bool) -> Vec<(String, String, ProbeLevel)> {
        let stated = |variable: &str| {
            step.labels.iter().flatten().any(|labels| labels.secret == variable)
                || matches!(&step.action, Action::Parallel(parallel) if parallel
                    .invariant
                    .as_ref()
                    .is_some_and(|invariant| !invariant.labels.is_empty()
                        && invariant.secret.as_deref().is_none_or(|secret| secret == variable)))
        };
        let once = self.settings.patience.is_some();
        let mut chosen = Vec::new();
        for (variable, name) in &self.secrets {
            let touched = || {
                self.seen.contains(variable) && calls.iter().any(|call| self.touches(call, variable, name))
            };
            let level = match (stated(variable), self.settings.probe) {
                // Where calls are dear, the views are compared once, after the last step.
                (true, ProbeLevel::Full) if once && !last => ProbeLevel::Labels,
                (true, ProbeLevel::None) => ProbeLevel::Labels,
                (true, level) => level,
                (false, level) if level > ProbeLevel::None && (!once || last) && touched() => level,
                (false, _) => continue,
            };
            chosen.push((variable.clone(), name.clone(), level));
        }
        chosen
    }

    /// Whether a call can have changed this secret.
    fn touches(&self, call: &Call, variable: &str, name: &str) -> bool {
        let operation = call.exchange.operation.as_deref().and_then(|name| shapes().operation(name));
        if operation.is_none_or(|operation| operation.reads) {
            return false;
        }
        let Some(input) = call.exchange.request.json() else { return false };
        let id = input.get("SecretId").or_else(|| input.get("Name")).and_then(Value::as_str);
        let known = |kind: &str| self.variables.get(&format!("{variable}.{kind}")).and_then(Value::as_str);
        id.is_some_and(|id| id == name || Some(id) == known("arn") || Some(id) == known("partial"))
    }

    /// Saves what the step says, from its last call.
    fn save(&mut self, step: &Step, trace: &StepTrace) {
        for (name, value) in control::saved_by_matchers(step, &trace.calls, &trace.variables) {
            self.variables.insert(name, value);
        }
        if step.save.is_empty() {
            return;
        }
        let body = match (&step.repeat, trace.calls.last()) {
            (Some(Repeat::Pages { member }), _) => Some(joined_pages(member, &trace.calls)),
            (_, last) => last.and_then(|call| call.exchange.response.json()),
        };
        for (name, path) in &step.save {
            // What is not there stays unbound: the step that uses it says so.
            if let Some(value) = body.as_ref().and_then(|body| path.find(body)) {
                self.variables.insert(name.clone(), value.clone());
            }
        }
    }
}

fn plain(exchange: Exchange) -> Call {
    Call { inner: None, bound: None, exchange }
}

fn raw_request(raw: &RawRequest, variables: &Variables) -> Result<WireRequest, Trouble> {
    let mut headers = vec![("Content-Type".to_owned(), CONTENT_TYPE.to_owned())];
    for (name, value) in &raw.headers {
        headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        if let Some(value) = value {
            headers.push((name.clone(), value.resolve_text(variables)?));
        }
    }
    let body = match &raw.body {
        RawBody::Text(text) => text.resolve_text(variables)?.into_bytes(),
        RawBody::Bytes(bytes) => bytes.clone(),
    };
    let path = raw.path.resolve_text(variables)?;
    Ok(WireRequest { method: raw.method.clone(), path, headers, body: body.into() })
}

/// Whether an action only reads, so that it may be sent again without being asked for.
fn reads_only(action: &Action) -> bool {
    match action {
        Action::Call(call) => shapes().operation(&call.operation).is_some_and(|operation| operation.reads),
        Action::Raw(_) | Action::Parallel(_) | Action::Advance(_) => false,
    }
}

/// The operation that the target says it does not model.
fn not_modelled(calls: &[Call]) -> Option<&str> {
    calls
        .iter()
        .find(|call| call.exchange.response.error().is_some_and(|error| error.code == NOT_MODELLED))
        .map(|call| call.exchange.operation.as_deref().unwrap_or("this operation"))
}
