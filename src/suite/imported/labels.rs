//! The labels after each call: what the reference has after the same calls. Where it answers otherwise than the
//! recording says, it knows no more of that secret, and nothing is stated.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::calls::Call;
use crate::server::{Auth, Reference, ReferenceOptions, Responder};
use crate::service::WireRequest;

/// Operations after which labels are stated.
const MOVING: [&str; 5] =
    ["CreateSecret", "PutSecretValue", "UpdateSecret", "UpdateSecretVersionStage", "RestoreSecret"];
/// Operations after which the labels depend on what happens beside the calls.
const BESIDE: [&str; 2] = ["RotateSecret", "ReplicateSecretToRegions"];

/// The labels of a secret after a call.
#[derive(Clone, Debug)]
pub(super) struct After {
    /// The secret's name in the recording.
    pub(super) secret: String,
    /// Its versions, by their id in the recording.
    pub(super) versions: Vec<(String, Vec<String>)>,
}

/// Runs the calls on the reference. What it does not answer as recorded becomes a note.
pub(super) fn run(calls: &[Call], region: &str, notes: &mut Vec<String>) -> Vec<Option<After>> {
    let options = ReferenceOptions { auth: Auth::Any, seed: Some(1), ..ReferenceOptions::default() };
    let mut running = Running {
        reference: Reference::new(options),
        authorization: format!(
            "AWS4-HMAC-SHA256 Credential=test/20200101/{region}/secretsmanager/aws4_request, \
             SignedHeaders=host;x-amz-date, Signature=00"
        ),
        real: BTreeMap::new(),
        recorded: BTreeMap::new(),
        names: BTreeMap::new(),
        lost: BTreeSet::new(),
    };
    let mut after = Vec::with_capacity(calls.len());
    for (at, call) in calls.iter().enumerate() {
        let (labels, note) = running.step(call);
        notes.extend(note.map(|note| format!("step {}, {}: {note}", at + 1, call.operation)));
        after.push(labels);
    }
    after
}

struct Running {
    reference: Reference,
    authorization: String,
    /// The reference's ARNs, versions and tokens, by the recording's.
    real: BTreeMap<String, String>,
    /// The other way round.
    recorded: BTreeMap<String, String>,
    /// Names by ARN, both of the recording.
    names: BTreeMap<String, String>,
    /// Secrets of which the reference knows no more.
    lost: BTreeSet<String>,
}

impl Running {
    fn step(&mut self, call: &Call) -> (Option<After>, Option<String>) {
        let mut input = call.input.clone();
        self.replace(&mut input);
        let (code, body) = self.ask(&call.operation, &input);
        self.learn(call, &body);
        let secret = self.secret_of(call);
        let recorded_code = match call.succeeded {
            true => None,
            false => Some(code_of(call.output.as_ref().unwrap_or(&Value::Null))),
        };
        if code != recorded_code {
            self.lost.extend(secret);
            let words = |code: Option<String>| code.unwrap_or_else(|| "success".to_owned());
            let note = format!(
                "the recording has {}, and the reference answers {} to the same with stand-ins in it",
                words(recorded_code),
                words(code)
            );
            return (None, Some(note));
        }
        let Some(secret) = secret.filter(|_| call.succeeded) else { return (None, None) };
        if BESIDE.contains(&call.operation.as_str()) {
            self.lost.insert(secret);
            return (None, None);
        }
        if call.output.as_ref().is_some_and(|recorded| self.contradicts(recorded, &body)) {
            self.lost.insert(secret);
            return (None, Some("the reference has other labels; none are stated from here on".to_owned()));
        }
        if self.lost.contains(&secret) || !MOVING.contains(&call.operation.as_str()) {
            return (None, None);
        }
        (self.labels(secret), None)
    }

    fn ask(&self, operation: &str, input: &Value) -> (Option<String>, Value) {
        let mut request = WireRequest::call(operation, input);
        request.headers.push(("Authorization".to_owned(), self.authorization.clone()));
        let response = self.reference.respond(&request);
        let body = response.json().unwrap_or_default();
        ((!response.succeeded()).then(|| code_of(&body)), body)
    }

    fn replace(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Some(real) = self.real.get(text) {
                    text.clone_from(real);
                }
            }
            Value::Array(entries) => entries.iter_mut().for_each(|entry| self.replace(entry)),
            Value::Object(members) => members.values_mut().for_each(|value| self.replace(value)),
            _ => {}
        }
    }

    /// ARNs, versions and tokens that both answers hold in the same place.
    fn learn(&mut self, call: &Call, body: &Value) {
        for member in ["ARN", "VersionId", "NextToken"] {
            if let (Some(recorded), Some(real)) =
                (call.answered(member), body.get(member).and_then(Value::as_str))
            {
                self.real.insert(recorded.to_owned(), real.to_owned());
                self.recorded.insert(real.to_owned(), recorded.to_owned());
            }
        }
        if let (Some(arn), Some(name)) = (call.answered("ARN"), call.answered("Name")) {
            self.names.insert(arn.to_owned(), name.to_owned());
        }
    }

    /// The recording's name of the secret that a call is about.
    fn secret_of(&self, call: &Call) -> Option<String> {
        let id = call.asked("SecretId").or_else(|| call.asked("Name"))?;
        let name = call.answered("Name").or_else(|| self.names.get(id).map(String::as_str)).unwrap_or(id);
        Some(name.to_owned())
    }

    /// Whether both answers tell labels, and not the same ones.
    fn contradicts(&self, recorded: &Value, body: &Value) -> bool {
        let stages = |body: &Value, translate: &dyn Fn(&str) -> String| {
            let versions = body.get("VersionIdsToStages")?.as_object()?.clone();
            let sorted = |value: Value| {
                let mut labels: Vec<String> = serde_json::from_value(value).unwrap_or_default();
                labels.sort();
                labels
            };
            Some(
                versions
                    .into_iter()
                    .map(|(id, labels)| (translate(&id), sorted(labels)))
                    .collect::<BTreeMap<_, _>>(),
            )
        };
        let theirs = stages(recorded, &|id| id.to_owned());
        let ours = stages(body, &|id| self.recorded.get(id).cloned().unwrap_or_else(|| id.to_owned()));
        theirs.is_some() && theirs != ours
    }

    fn labels(&self, secret: String) -> Option<After> {
        let input = json!({"SecretId": secret, "IncludeDeprecated": true, "MaxResults": 100});
        let (code, body) = self.ask("ListSecretVersionIds", &input);
        let list = body.get("Versions").and_then(Value::as_array).filter(|_| code.is_none())?;
        // More than a page of versions is nobody's to read.
        if body.get("NextToken").is_some() {
            return None;
        }
        let version = |entry: &Value| {
            let id = entry.get("VersionId")?.as_str()?;
            let labels = entry.get("VersionStages").cloned().unwrap_or_else(|| json!([]));
            let mut labels: Vec<String> = serde_json::from_value(labels).ok()?;
            labels.sort();
            Some((self.recorded.get(id).cloned().unwrap_or_else(|| id.to_owned()), labels))
        };
        let mut versions: Vec<_> = list.iter().map(version).collect::<Option<_>>()?;
        versions.sort();
        Some(After { secret, versions })
    }
}

fn code_of(body: &Value) -> String {
    crate::service::ErrorBody::read(body).map_or_else(|| "a failure".to_owned(), |error| error.code)
}
