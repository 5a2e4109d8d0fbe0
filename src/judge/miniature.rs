//! Small traces of servers that are wrong on purpose, for tests: a scenario and what happened, built step by step.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{JudgeOptions, Kind, RunVerdict, TargetInfo, Verdict, assemble, judge};
use crate::scenario::{
    Action, Evidence, EvidenceKind, Expect, Failure, Matcher, OperationCall, Place, Scenario, SecretDecl,
    SecretLabels, Side, Step, Template,
};
use crate::service::time::Timestamp;
use crate::service::{WireRequest, WireResponse};
use crate::trace::{Call, End, Exchange, Probe, StepTrace, Trace};

/// The declared secret `db`.
pub(super) const NAME: &str = "smcheck-1a2b3c-db";
/// The declared versions `v1` and `v2`, and one that nobody declared.
pub(super) const V1: &str = "11111111-1111-4111-8111-111111111111";
pub(super) const V2: &str = "22222222-2222-4222-8222-222222222222";
pub(super) const V3: &str = "33333333-3333-4333-8333-333333333333";
/// The secret's ARN.
pub(super) const ARN: &str = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:smcheck-1a2b3c-db-A1b2C3";
const REQUEST_ID: &str = "762cae71-1250-48fc-a89e-1e7fb2c4762f";
const SENT: Timestamp = Timestamp(1_700_000_000_000);

/// Versions with their labels.
pub(super) type Stated<'s> = &'s [(&'s str, &'s [&'s str])];

/// A scenario and its trace.
pub(super) struct Mini {
    pub(super) scenario: Scenario,
    pub(super) trace: Trace,
}

impl Mini {
    pub(super) fn new() -> Self {
        Self::named("put/moves")
    }

    pub(super) fn named(id: &str) -> Self {
        let declared =
            |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let secret = SecretDecl { variable: "db".to_owned(), prefix: String::new(), suffix: String::new() };
        Mini {
            scenario: Scenario {
                id: id.to_owned(),
                path: format!("scenarios/{id}.yaml").into(),
                hash: "".into(),
                title: "a title".to_owned(),
                evidence: evidence(EvidenceKind::AwsDocs),
                secrets: vec![secret],
                versions: vec!["v1".to_owned(), "v2".to_owned()],
                needs: Vec::new(),
                rules: Vec::new(),
                isolated: false,
                varies_by_date: false,
                stop: true,
                steps: Vec::new(),
                place: Place { line: 1, column: 1 },
            },
            trace: Trace {
                scenario: id.to_owned(),
                secrets: declared(&[("db", NAME)]),
                versions: declared(&[("v1", V1), ("v2", V2)]),
                region: "eu-west-3".to_owned(),
                steps: Vec::new(),
                end: End::Completed,
                elapsed: Duration::from_millis(12),
            },
        }
    }

    /// A step that sends one request about `db`.
    pub(super) fn step(self, operation: &str, expect: Expect, response: WireResponse) -> Self {
        self.step_with(operation, &json!({"SecretId": NAME}), expect, response)
    }

    /// A step that sends one request with this input.
    pub(super) fn step_with(
        mut self,
        operation: &str,
        input: &Value,
        expect: Expect,
        response: WireResponse,
    ) -> Self {
        let index = self.scenario.steps.len();
        let action = OperationCall { operation: operation.to_owned(), input: Template::Value(input.clone()) };
        self.scenario.steps.push(Step {
            side: Side::default(),
            place: Place { line: 10 * (index + 1), column: 5 },
            action: Action::Call(action),
            expect,
            labels: None,
            save: Vec::new(),
            eventually: None,
            repeat: None,
            evidence: None,
        });
        let variables = BTreeMap::from([
            ("db".to_owned(), json!(NAME)),
            ("db.arn".to_owned(), json!(ARN)),
            ("v1".to_owned(), json!(V1)),
            ("v2".to_owned(), json!(V2)),
        ]);
        self.trace.steps.push(StepTrace {
            index,
            calls: vec![Call { inner: None, bound: None, exchange: exchange(operation, input, response) }],
            probes: Vec::new(),
            attempts: 1,
            waited: Duration::ZERO,
            variables: Arc::new(variables),
        });
        self
    }

    /// One more response of the last step.
    pub(super) fn and(
        mut self,
        inner: Option<usize>,
        bound: Option<(&str, Value)>,
        response: WireResponse,
    ) -> Self {
        let step = self.trace.steps.last_mut().expect("a step comes first");
        let operation = step.calls[0].exchange.operation.clone().unwrap_or_default();
        let bound = bound.map(|(name, value)| (name.to_owned(), value));
        let exchange = exchange(&operation, &json!({"SecretId": NAME}), response);
        step.calls.push(Call { inner, bound, exchange });
        self
    }

    /// Changes the last step as it is written.
    pub(super) fn written(mut self, change: impl FnOnce(&mut Step)) -> Self {
        change(self.scenario.steps.last_mut().expect("a step comes first"));
        self
    }

    /// The last step states labels.
    pub(super) fn labels(self, stated: Stated<'_>) -> Self {
        let text = |label: &&str| Template::Value(json!(label));
        let version = |(variable, labels): &(&str, &[&str])| {
            ((*variable).to_owned(), labels.iter().map(text).collect())
        };
        let versions = stated.iter().map(version).collect();
        self.written(|step| step.labels = Some(vec![SecretLabels { secret: "db".to_owned(), versions }]))
    }

    /// After the last step, this was read.
    pub(super) fn read(mut self, probe: Probe) -> Self {
        self.trace.steps.last_mut().expect("a step comes first").probes.push(probe);
        self
    }

    /// The verdict.
    pub(super) fn verdict(&self) -> Verdict {
        judge(&self.scenario, &self.trace, &JudgeOptions::default())
    }

    /// Kinds and paths of the deviations.
    pub(super) fn found(&self) -> Vec<(Kind, String)> {
        self.verdict().deviations.iter().map(|found| (found.kind, found.path.clone())).collect()
    }
}

pub(super) fn evidence(kind: EvidenceKind) -> Evidence {
    Evidence { kind, source: "a source".to_owned(), date: None }
}

/// A run of these verdicts without a list.
pub(super) fn run_of(verdicts: Vec<Verdict>) -> RunVerdict {
    assemble(target(), verdicts, None, "2026-11-24", &JudgeOptions::default())
}

pub(super) fn target() -> TargetInfo {
    TargetInfo { name: "mini".to_owned(), endpoint: "http://127.0.0.1:1".to_owned(), version: None }
}

pub(super) fn exchange(operation: &str, input: &Value, response: WireResponse) -> Exchange {
    Exchange {
        operation: Some(operation.to_owned()),
        sent_at: SENT,
        received_at: SENT.plus_ms(3),
        request: WireRequest::call(operation, input),
        response,
    }
}

/// A success with this body.
pub(super) fn ok(body: &Value) -> WireResponse {
    WireResponse::success(Some(body), REQUEST_ID)
}

/// A failure with status 400.
pub(super) fn fail(code: &str, message: &str) -> WireResponse {
    WireResponse::failure(400, code, message, REQUEST_ID)
}

/// A failure with this code and message is expected.
pub(super) fn fails(code: &str, message: &str) -> Expect {
    Expect::Fails(Failure {
        code: Some(exact(&json!(code))),
        message: Some(exact(&json!(message))),
        status: None,
    })
}

/// A success with exactly this body is expected.
pub(super) fn returns(body: &Value) -> Expect {
    Expect::Returns(exact(body))
}

/// A matcher for exactly this value.
pub(super) fn exact(value: &Value) -> Matcher {
    match value {
        Value::Object(members) => Matcher::Map {
            members: members.iter().map(|(k, v)| (Template::Value(json!(k)), exact(v))).collect(),
            partial: false,
        },
        Value::Array(entries) => Matcher::List(entries.iter().map(exact).collect()),
        other => Matcher::Exact(Template::Value(other.clone())),
    }
}

/// The state of `db`, all views agreeing.
pub(super) fn state(versions: Stated<'_>) -> Probe {
    views(versions, versions, versions)
}

/// The state of `db` as each view tells it: ListSecretVersionIds, DescribeSecret, ListSecrets.
pub(super) fn views(versions: Stated<'_>, described: Stated<'_>, listed: Stated<'_>) -> Probe {
    let map = |stated: Stated<'_>| -> Map<String, Value> {
        let labelled = stated.iter().filter(|(_, labels)| !labels.is_empty());
        labelled.map(|(id, labels)| ((*id).to_owned(), json!(labels))).collect()
    };
    let version = |(id, labels): &(&str, &[&str])| {
        if labels.is_empty() {
            json!({"VersionId": id})
        } else {
            json!({"VersionId": id, "VersionStages": labels})
        }
    };
    let all: Vec<Value> = versions.iter().map(version).collect();
    let call = |operation: &str, body: Value| exchange(operation, &json!({"SecretId": NAME}), ok(&body));
    Probe {
        secret: "db".to_owned(),
        versions: vec![call("ListSecretVersionIds", json!({"Versions": all, "ARN": ARN, "Name": NAME}))],
        describe: Some(call("DescribeSecret", json!({"Name": NAME, "VersionIdsToStages": map(described)}))),
        list: vec![call(
            "ListSecrets",
            json!({"SecretList": [{"Name": NAME, "SecretVersionsToStages": map(listed)}]}),
        )],
    }
}

/// A probe whose first request failed.
pub(super) fn refused(code: &str) -> Probe {
    let call = |operation: &str| exchange(operation, &json!({"SecretId": NAME}), fail(code, "no"));
    Probe {
        secret: "db".to_owned(),
        versions: vec![call("ListSecretVersionIds")],
        describe: None,
        list: Vec::new(),
    }
}

/// A step that puts a value and is answered this.
pub(super) fn put(response: &Value) -> Mini {
    Mini::new().step("PutSecretValue", Expect::Success, ok(response))
}

/// The right answer to it.
pub(super) fn right() -> Value {
    json!({"ARN": ARN, "Name": NAME, "VersionId": V2, "VersionStages": ["AWSCURRENT"]})
}

/// A kind and a path.
pub(super) fn deviation(kind: Kind, path: &str) -> (Kind, String) {
    (kind, path.to_owned())
}
