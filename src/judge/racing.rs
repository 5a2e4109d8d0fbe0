//! Requests that were sent at once: which of their values nobody can tell apart, and a canonical order for them.
//!
//! Who wins a race is chance. An observation must not show chance, so the versions and secret values by which
//! writers differ share one name from then on, the calls are sorted by what came back, and of a read beside a
//! write only the status is shown.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::service::redact::{Class, Leaf, Naming, walk};
use crate::service::shapes;
use crate::trace::{Call, Exchange, StepTrace};

/// What the requests of one parallel step differ by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Race {
    /// Version ids that some writers named and others did not.
    pub versions: Vec<String>,
    /// Secret values that some writers sent and others did not.
    pub secrets: Vec<String>,
    /// Whether reads ran beside writes.
    pub reads_raced: bool,
}

/// The race of a step; `None` where nothing was sent at once or nothing was written.
pub fn race(step: &StepTrace) -> Option<Race> {
    let parallel = step.calls.iter().filter(|call| call.inner.is_some());
    let (reads, writes): (Vec<&Call>, Vec<&Call>) = parallel.partition(|call| reads(&call.exchange));
    if writes.is_empty() {
        return None;
    }
    let sent: Vec<Sent> = writes.iter().map(|call| Sent::of(&call.exchange)).collect();
    let differing = |of: fn(&Sent) -> &BTreeSet<String>| -> Vec<String> {
        let all: BTreeSet<&String> = sent.iter().flat_map(of).collect();
        all.into_iter().filter(|value| !sent.iter().all(|sent| of(sent).contains(*value))).cloned().collect()
    };
    Some(Race {
        versions: differing(|sent| &sent.versions),
        secrets: differing(|sent| &sent.secrets),
        reads_raced: !reads.is_empty(),
    })
}

/// Whether the exchange only read.
pub fn reads(exchange: &Exchange) -> bool {
    let operation = exchange.operation.as_deref().and_then(|name| shapes().operation(name));
    operation.is_some_and(|operation| operation.reads)
}

/// The calls of a step in canonical order: as declared; of requests sent at once that differ in nothing but what
/// has no name yet, those first whose outcomes sort first.
pub fn in_order<'t>(naming: &dyn Naming, step: &'t StepTrace) -> Vec<&'t Call> {
    if step.calls.iter().all(|call| call.inner.is_none()) {
        return step.calls.iter().collect();
    }
    let mut calls: Vec<&Call> = step.calls.iter().collect();
    calls.sort_by_key(|call| call.inner);
    let ranked: Vec<(String, String, &Call)> = calls
        .into_iter()
        .map(|call| {
            let exchange = &call.exchange;
            let operation = exchange.operation.as_deref();
            let (request, response) = (exchange.request.json(), exchange.response.json());
            let (request, response) =
                walk::rank_exchange(naming, operation, request.as_ref(), response.as_ref());
            let request = format!("{} {request}", operation.unwrap_or_default());
            (request, format!("{} {response}", exchange.response.status), call)
        })
        .collect();
    let group = |request: &String| ranked.iter().position(|(other, _, _)| other == request);
    let mut order: Vec<&(String, String, &Call)> = ranked.iter().collect();
    order.sort_by_key(|(request, response, call)| (group(request), response, call.inner));
    order.into_iter().map(|(_, _, call)| *call).collect()
}

/// The values of one request that a race can mix up.
#[derive(Default)]
struct Sent {
    versions: BTreeSet<String>,
    secrets: BTreeSet<String>,
}

impl Sent {
    fn of(exchange: &Exchange) -> Self {
        let mut sent = Sent::default();
        if let Some(input) = exchange.request.json() {
            walk::input(&mut sent, exchange.operation.as_deref(), &input);
        }
        sent
    }
}

impl Naming for Sent {
    fn stand(&mut self, leaf: Leaf<'_>) -> Value {
        if let Value::String(text) = leaf.value {
            match leaf.class {
                Class::Version => drop(self.versions.insert(text.clone())),
                Class::Secret | Class::Blob => drop(self.secrets.insert(text.clone())),
                _ => {}
            }
        }
        Value::Null
    }

    fn rank(&self, _: Leaf<'_>) -> Value {
        Value::Null
    }
}
