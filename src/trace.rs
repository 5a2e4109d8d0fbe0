//! The vocabulary between running and judging: what was sent, what came back, and the labels after every step.
//!
//! A [`Trace`] is the one artifact that everything after a run reads. It holds real values, secrets included,
//! lives in memory only, and is never written: what is kept passes through `service::redact` first.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::service::time::Timestamp;
use crate::service::{WireRequest, WireResponse};

/// All that happened when one scenario ran.
#[derive(Clone, Debug)]
pub struct Trace {
    /// The scenario's id.
    pub scenario: String,
    /// The secrets that the scenario declares: variable and real name.
    pub secrets: BTreeMap<String, String>,
    /// The version ids that the scenario declares: variable and real UUID.
    pub versions: BTreeMap<String, String>,
    /// The region that requests were signed for.
    pub region: String,
    /// The steps that were begun, in order.
    pub steps: Vec<StepTrace>,
    /// How the scenario ended.
    pub end: End,
    /// How long it took, clean-up not counted.
    pub elapsed: Duration,
}

/// How a scenario's run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// All steps ran.
    Completed,
    /// A step's outcome deviated, or a step needs a value that the target has left out, and the steps from there on were
    /// not run.
    Stopped,
    /// Nothing was judged, for a reason that lies in the target (a missing capability, an operation it does not model).
    Skipped(String),
    /// We could not do our work: no connection, no answer in time.
    Failed(String),
}

/// What one step did.
#[derive(Clone, Debug)]
pub struct StepTrace {
    /// Which step of the scenario, counted from 0.
    pub index: usize,
    /// The exchanges that count: one for a plain step, several for `repeat` and `parallel`. Of `eventually` only
    /// the last attempt.
    pub calls: Vec<Call>,
    /// The state of secrets as it was read after the step.
    pub probes: Vec<Probe>,
    /// How often the step was tried (1 without `eventually`).
    pub attempts: u32,
    /// How long it took until the last attempt began.
    pub waited: Duration,
    /// All variables that were known when the step had been sent, before its own `save`.
    pub variables: Arc<BTreeMap<String, Value>>,
}

/// One exchange of a step, with its place in it.
#[derive(Clone, Debug)]
pub struct Call {
    /// Which of the steps inside `parallel`, counted from 0.
    pub inner: Option<usize>,
    /// The loop variable of `repeat`, if there is one.
    pub bound: Option<(String, Value)>,
    /// What was sent and what came back.
    pub exchange: Exchange,
}

/// One request and its response.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The operation that `X-Amz-Target` names; `None` where a raw request names none that exists.
    pub operation: Option<String>,
    /// When the request was sent.
    pub sent_at: Timestamp,
    /// When the response had been read.
    pub received_at: Timestamp,
    /// The request with all its headers.
    pub request: WireRequest,
    /// The response, whatever its status.
    pub response: WireResponse,
}

/// The state of one secret, read after a step.
#[derive(Clone, Debug)]
pub struct Probe {
    /// The secret's variable.
    pub secret: String,
    /// ListSecretVersionIds with IncludeDeprecated, all pages.
    pub versions: Vec<Exchange>,
    /// DescribeSecret; `None` when the probe was for labels only.
    pub describe: Option<Exchange>,
    /// ListSecrets with a filter on the exact name and planned deletions, all pages; empty when the probe was for
    /// labels only.
    pub list: Vec<Exchange>,
}

impl Trace {
    /// How many requests the steps sent, and how many the probes.
    pub fn requests(&self) -> (usize, usize) {
        self.steps.iter().fold((0, 0), |(calls, probes), step| {
            (calls + step.calls.len(), probes + step.probes.iter().map(Probe::requests).sum::<usize>())
        })
    }

    /// All exchanges in the order of steps, each step's calls before its probes.
    pub fn exchanges(&self) -> impl Iterator<Item = &Exchange> {
        self.steps.iter().flat_map(|step| {
            step.calls.iter().map(|call| &call.exchange).chain(step.probes.iter().flat_map(Probe::exchanges))
        })
    }
}

impl Probe {
    /// How many requests the probe took.
    pub fn requests(&self) -> usize {
        self.versions.len() + usize::from(self.describe.is_some()) + self.list.len()
    }

    /// Its exchanges: versions, description, list.
    pub fn exchanges(&self) -> impl Iterator<Item = &Exchange> {
        self.versions.iter().chain(&self.describe).chain(&self.list)
    }
}

/// The body of a paged list as one: the last page's, with the entries of all pages in `member` and without
/// NextToken.
pub fn joined_pages(member: &str, calls: &[Call]) -> Value {
    let bodies: Vec<Value> = calls.iter().filter_map(|call| call.exchange.response.json()).collect();
    let entries = |body: &Value| body.get(member).and_then(Value::as_array).cloned().unwrap_or_default();
    let all: Vec<Value> = bodies.iter().flat_map(entries).collect();
    let mut joined = bodies.last().cloned().unwrap_or(Value::Null);
    if let Some(body) = joined.as_object_mut() {
        body.remove("NextToken");
        body.insert(member.to_owned(), Value::Array(all));
    }
    joined
}
