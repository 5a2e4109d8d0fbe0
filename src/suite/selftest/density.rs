//! How dense the scenarios are: every single change of the right server, and the first scenario that notices it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::{Bench, SelftestError, control, deviations, spread};
use crate::judge::Kind;
use crate::scenario::Scenario;
use crate::server::faults::mutation::{Change, FailureChange, Mutant, Mutation, Which, WireChange, general};
use crate::service::{Kind as ShapeKind, ShapeId, shapes};
use crate::target::Target;
use crate::trace::{Exchange, Trace};

/// Operations with which labels move.
const MOVING: [&str; 4] = ["PutSecretValue", "RotateSecret", "UpdateSecret", "UpdateSecretVersionStage"];

/// What became of a mutation.
#[derive(Clone, Debug)]
pub struct Tried {
    /// The mutation.
    pub mutation: Mutation,
    /// How many scenarios ran against it.
    pub ran: usize,
    /// Whether it ever changed anything.
    pub applied: bool,
    /// The first scenario that noticed it, and as what.
    pub caught: Option<(String, BTreeSet<Kind>)>,
}

/// Where a mutation would show: scenarios by place, whether in a step (not only in a probe).
type Occasions = BTreeMap<Mutation, BTreeMap<usize, bool>>;

/// Tries every mutation on the scenarios in which it would show. `each` is told of every one as it ends.
///
/// # Errors
/// When our own server does not start or answer, or the right server deviates.
pub async fn run(
    scenarios: &[Arc<Scenario>],
    target: &Target,
    jobs: usize,
    each: impl Fn(&Tried) + Send + Sync,
) -> Result<Vec<Tried>, SelftestError> {
    let traces = control(scenarios, target, jobs).await?;
    let mut occasions = Occasions::new();
    for (at, (_, trace)) in traces.iter().enumerate() {
        note(&mut occasions, at, trace);
    }
    let cost: Vec<usize> = traces
        .iter()
        .map(|(_, trace)| {
            let (steps, probes) = trace.requests();
            steps + probes
        })
        .collect();
    let mut items: Vec<(Mutation, Vec<Arc<Scenario>>)> = Vec::new();
    for (mutation, places) in occasions {
        let mut places: Vec<(usize, bool)> = places.into_iter().collect();
        // Those that ask for it in a step know most of it; of them the cheapest first.
        places.sort_by_key(|(at, in_step)| (!in_step, cost[*at]));
        items.push((mutation, places.iter().map(|(at, _)| Arc::clone(&traces[*at].0)).collect()));
    }
    let mut tried =
        spread(&items, target, jobs, async |bench: &Bench, (mutation, scenarios): &(Mutation, Vec<_>)| {
            let tried = one(bench, mutation, scenarios).await?;
            each(&tried);
            Ok(tried)
        })
        .await?;
    tried.sort_by_key(|(at, _)| *at);
    Ok(tried.into_iter().map(|(_, tried)| tried).collect())
}

async fn one(
    bench: &Bench,
    mutation: &Mutation,
    scenarios: &[Arc<Scenario>],
) -> Result<Tried, SelftestError> {
    let mutant = Arc::new(Mutant::new(mutation.clone()));
    bench.behave(Some(mutant.clone()));
    let mut tried = Tried { mutation: mutation.clone(), ran: 0, applied: false, caught: None };
    for scenario in scenarios {
        let (_, verdict) = bench.run(scenario).await?;
        tried.ran += 1;
        let kinds: BTreeSet<Kind> = deviations(&verdict).map(|found| found.kind).collect();
        if !kinds.is_empty() {
            tried.caught = Some((scenario.id.clone(), kinds));
            break;
        }
    }
    tried.applied = mutant.applied();
    Ok(tried)
}

/// Notes every mutation that would have changed something of a trace.
fn note(occasions: &mut Occasions, at: usize, trace: &Trace) {
    let mut add = |mutation: Mutation, in_step: bool| {
        *occasions.entry(mutation).or_default().entry(at).or_default() |= in_step;
    };
    for step in &trace.steps {
        for call in &step.calls {
            exchange(&call.exchange, &mut |mutation| add(mutation, true));
        }
        for probed in step.probes.iter().flat_map(crate::trace::Probe::exchanges) {
            exchange(probed, &mut |mutation| add(mutation, false));
        }
    }
    if !trace.steps.is_empty() {
        for change in WireChange::ALL {
            add(Mutation::Wire(change), true);
        }
    }
}

fn exchange(exchange: &Exchange, add: &mut impl FnMut(Mutation)) {
    let Some(operation) = exchange.operation.as_deref().and_then(|name| shapes().operation(name)) else {
        return;
    };
    let name = || operation.name.clone();
    if let Some(Value::Object(input)) = exchange.request.json() {
        let mut path = |path: &str| add(Mutation::Ignored(name(), path.to_owned()));
        inputs(&Value::Object(input), operation.input, "", &mut path);
    }
    if let Some(error) = exchange.response.error() {
        let text = general(error.message.as_deref().unwrap_or_default());
        for change in [FailureChange::Code, FailureChange::Text, FailureChange::Success] {
            add(Mutation::Failure(name(), error.code.clone(), text.clone(), change));
        }
        return;
    }
    add(Mutation::Refused(name()));
    if MOVING.contains(&operation.name.as_str()) {
        for which in Which::ALL {
            add(Mutation::Label(name(), which));
        }
    }
    if let (Some(output), Some(body @ Value::Object(_))) = (operation.output, exchange.response.json())
        && !exchange.response.body.is_empty()
    {
        let mut change = |path: &str, change: Change| add(Mutation::Output(name(), path.to_owned(), change));
        outputs(&body, output, "", &mut change);
    }
}

fn join(path: &str, member: &str) -> String {
    if path.is_empty() { member.to_owned() } else { format!("{path}.{member}") }
}

/// The paths of a request's members.
fn inputs(value: &Value, shape: ShapeId, path: &str, add: &mut impl FnMut(&str)) {
    match (&shapes().shape(shape).kind, value) {
        (ShapeKind::Structure(members), Value::Object(sent)) => {
            for member in members {
                if let Some(value) = sent.get(&member.name) {
                    let path = join(path, &member.name);
                    add(&path);
                    inputs(value, member.shape, &path, add);
                }
            }
        }
        (ShapeKind::List { element, .. }, Value::Array(entries)) => {
            for entry in entries {
                inputs(entry, *element, &format!("{path}[]"), add);
            }
        }
        _ => {}
    }
}

/// What may be changed in a response.
fn outputs(value: &Value, shape: ShapeId, path: &str, add: &mut impl FnMut(&str, Change)) {
    match (&shapes().shape(shape).kind, value) {
        (ShapeKind::Structure(members), Value::Object(there)) => {
            add(path, Change::Unknown);
            for member in members {
                if let Some(value) = there.get(&member.name) {
                    let path = join(path, &member.name);
                    add(&path, Change::Dropped);
                    add(&path, Change::Null);
                    outputs(value, member.shape, &path, add);
                }
            }
        }
        (ShapeKind::List { element, .. }, Value::Array(entries)) => {
            if entries.len() > 1 {
                add(path, Change::Reversed);
            }
            for entry in entries {
                let path = format!("{path}[]");
                add(&path, Change::Dropped);
                outputs(entry, *element, &path, add);
            }
        }
        (ShapeKind::Map { value: element, .. }, Value::Object(entries)) => {
            for entry in entries.values() {
                let path = join(path, "*");
                add(&path, Change::Dropped);
                outputs(entry, *element, &path, add);
            }
        }
        _ => add(path, Change::Other),
    }
}
