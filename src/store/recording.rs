//! A fixture from a trace: canonical order, and stand-ins from the first byte.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::fixture::{Fixture, NameForm, RecordedExchange, RecordedFrom, RecordedRequest, RecordedResponse};
use super::standin::StandIns;
use crate::judge::{TargetInfo, literals, racing};
use crate::scenario::Scenario;
use crate::service::redact::class::is_uuid;
use crate::service::redact::password::Rule;
use crate::service::redact::walk;
use crate::service::wire::{CONTENT_TYPE, REQUEST_ID_HEADER, TARGET_HEADER, TARGET_PREFIX};
use crate::service::{WireRequest, WireResponse};
use crate::trace::{Exchange, Trace};

/// What is written instead of the number of an account.
const NO_ACCOUNT: &str = "000000000000";

/// A content type as servers write it; anything else in that header is nobody's business.
static MEDIA_TYPE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^[a-z]{1,20}/[A-Za-z0-9.+-]{1,40}(; ?charset=[A-Za-z0-9-]{1,20})?$")
        .expect("the expression is tested")
});
/// The name of an operation behind the name of its service.
static TARGET: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^[A-Za-z]{1,40}\.[A-Za-z]{0,60}$").expect("the expression is tested"));

/// The exchanges of a trace, redacted, in canonical order: steps as declared, requests before responses, members
/// in the service model's order, lists without an order sorted, of `eventually` the last attempt.
pub fn record(scenario: &Scenario, trace: &Trace, target: &TargetInfo, observation: &str) -> Fixture {
    let recorded = RecordedFrom { target: target.name.clone(), version: target.version.clone() };
    let mut fixture = Fixture::new(&scenario.id, recorded, &trace.region);
    fixture.observation = observation.to_owned();
    let literals = literals::literals(scenario, trace);
    let mut recorder = Recorder::new(StandIns::new(declared(scenario, trace), literals));
    for step in &trace.steps {
        let number = step.index + 1;
        // Times are written by the machine's clock, which is what a playback has.
        recorder.moved = scenario.moved_by(step.index);
        for call in racing::in_order(&recorder.stand_ins, step) {
            let mut exchange = recorder.exchange(number, &call.exchange);
            exchange.parallel = call.inner.is_some();
            fixture.exchanges.push(exchange);
        }
        for probe in &step.probes {
            for exchange in probe.exchanges() {
                let mut exchange = recorder.exchange(number, exchange);
                exchange.probe = Some(probe.secret.clone());
                fixture.exchanges.push(exchange);
            }
        }
    }
    fixture.provides = recorder.provided(scenario, trace);
    fixture.names = recorder.stand_ins.names();
    fixture
}

/// The exchanges of a trace as text, redacted as a recording is: for showing.
pub fn render_exchanges(scenario: &Scenario, trace: &Trace) -> String {
    let nowhere = TargetInfo { name: String::new(), endpoint: String::new(), version: None };
    let fixture = record(scenario, trace, &nowhere, "");
    match serde_yaml::to_string(&fixture.exchanges) {
        Ok(text) => format!("--- # {}\n{text}", scenario.id),
        Err(why) => format!("--- # {}\n# cannot be shown: {why}\n", scenario.id),
    }
}

/// The names made for the run, each with what the scenario puts around its unique part.
fn declared(scenario: &Scenario, trace: &Trace) -> BTreeMap<String, NameForm> {
    let form = |variable: &String, name: &String| {
        let decl = scenario.secrets.iter().find(|decl| decl.variable == *variable)?;
        let fits = name.len() > decl.prefix.len() + decl.suffix.len()
            && name.starts_with(&decl.prefix)
            && name.ends_with(&decl.suffix);
        fits.then(|| NameForm { prefix: decl.prefix.clone(), suffix: decl.suffix.clone() })
    };
    let pair =
        |(variable, name): (&String, &String)| (name.clone(), form(variable, name).unwrap_or_default());
    trace.secrets.iter().map(pair).collect()
}

/// Makes exchanges that may be written, with the stand-ins of one recording.
pub(super) struct Recorder {
    pub(super) stand_ins: StandIns,
    /// How far the target's clock was ahead of the machine's, in milliseconds.
    moved: i64,
}

impl Recorder {
    pub(super) fn new(stand_ins: StandIns) -> Self {
        Recorder { stand_ins, moved: 0 }
    }

    pub(super) fn exchange(&mut self, step: usize, exchange: &Exchange) -> RecordedExchange {
        self.stand_ins.begin(exchange.received_at.plus_ms(self.moved.saturating_neg()));
        let operation = exchange.operation.as_deref();
        let input = exchange.request.json().filter(is_container);
        if operation == Some("GetRandomPassword") {
            self.stand_ins.asked(Rule::of(input.as_ref().unwrap_or(&Value::Null)));
        }
        RecordedExchange {
            step,
            probe: None,
            parallel: false,
            operation: exchange.operation.clone(),
            request: self.request(operation, &exchange.request, input.as_ref()),
            response: self.response(operation, &exchange.response),
        }
    }

    fn request(
        &mut self,
        operation: Option<&str>,
        request: &WireRequest,
        input: Option<&Value>,
    ) -> RecordedRequest {
        let mut recorded = RecordedRequest {
            method: (request.method != "POST").then(|| self.word(&request.method)),
            path: (request.path != "/").then(|| self.stand_ins.closed(&request.path)),
            unsigned: is_unsigned(request),
            ..RecordedRequest::default()
        };
        let usual_target = operation.map(|operation| format!("{TARGET_PREFIX}{operation}"));
        for (name, usual, form) in [
            ("content-type", Some(CONTENT_TYPE.to_owned()), &MEDIA_TYPE),
            (TARGET_HEADER, usual_target, &TARGET),
        ] {
            let value = request.header(name);
            if value != usual.as_deref() {
                let value = value.map(|value| self.header(value, form)).unwrap_or_default();
                recorded.headers.insert(name.to_owned(), value);
            }
        }
        match input {
            Some(input) => recorded.body = Some(walk::input(&mut self.stand_ins, operation, input)),
            None if request.body.is_empty() => {}
            None => recorded.length = Some(request.body.len()),
        }
        recorded
    }

    fn response(&mut self, operation: Option<&str>, response: &WireResponse) -> RecordedResponse {
        let mut recorded = RecordedResponse { status: response.status, ..RecordedResponse::default() };
        let content_type = response.header("content-type");
        if content_type != Some(CONTENT_TYPE) {
            let value = content_type.map(|value| self.header(value, &MEDIA_TYPE)).unwrap_or_default();
            recorded.headers.insert("content-type".to_owned(), value);
        }
        let id = response.header(REQUEST_ID_HEADER);
        if !id.is_some_and(|id| is_uuid(id) && !id.bytes().any(|b| b.is_ascii_uppercase())) {
            let id = id.map(|id| self.stand_ins.closed(id)).unwrap_or_default();
            recorded.headers.insert(REQUEST_ID_HEADER.to_owned(), id);
        }
        match response.json().filter(is_container) {
            _ if response.body.is_empty() => {}
            Some(output) => recorded.body = Some(walk::output(&mut self.stand_ins, operation, &output)),
            None => recorded.length = Some(response.body.len()),
        }
        recorded
    }

    fn header(&mut self, value: &str, form: &Regex) -> String {
        if form.is_match(value) { value.to_owned() } else { self.stand_ins.closed(value) }
    }

    fn word(&mut self, text: &str) -> String {
        let plain = text.len() <= 10 && text.bytes().all(|b| b.is_ascii_uppercase());
        if plain { text.to_owned() } else { self.stand_ins.closed(text) }
    }

    /// What stands for the values that the target provided.
    fn provided(&mut self, scenario: &Scenario, trace: &Trace) -> BTreeMap<String, String> {
        let Some(step) = trace.steps.first() else { return BTreeMap::new() };
        let value = |need: &str| step.variables.get(need).and_then(Value::as_str).map(str::to_owned);
        let needs = scenario.needs.iter().map(|need| need.as_str());
        let provided: Vec<_> = needs.filter_map(|need| Some((need.to_owned(), value(need)?))).collect();
        let stand_in = |(need, value): (String, String)| {
            let shown = match need.as_str() {
                // A region is written wherever it stands, and the number of any account is this one.
                "second-region" => value,
                "second-account" => NO_ACCOUNT.to_owned(),
                _ => self.stand_ins.closed(&value),
            };
            (need, shown)
        };
        provided.into_iter().map(stand_in).collect()
    }
}

/// Whether a value is kept as JSON: an object or a list.
pub(crate) fn is_container(value: &Value) -> bool {
    value.is_object() || value.is_array()
}

/// Whether a request has no signature of SigV4.
pub(crate) fn is_unsigned(request: &WireRequest) -> bool {
    !request.header("authorization").is_some_and(|value| value.starts_with("AWS4-HMAC-SHA256"))
}
