//! What the tests of recording and playback share: a small service that answers like Secrets Manager, with ids,
//! ARNs, times and passwords that differ from run to run, and a small runner that makes traces of it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use smcheck::judge::TargetInfo;
use smcheck::scenario::{
    Action, Evidence, EvidenceKind, Expect, OperationCall, Parallel, ParallelCall, Place, Scenario,
    SecretDecl, Side, Step, Template,
};
use smcheck::server::Responder;
use smcheck::service::time::{DAY_MS, Timestamp};
use smcheck::service::{WireRequest, WireResponse};
use smcheck::trace::{Call, End, Exchange, Probe, StepTrace, Trace};
use uuid::Uuid;

/// What a step sends: an operation with its input; several for requests at once.
pub(crate) type Sent = Vec<(&'static str, Value)>;

/// A scenario with its names for one run.
pub(crate) struct Case {
    pub(crate) scenario: Scenario,
    pub(crate) secrets: BTreeMap<String, String>,
    pub(crate) versions: BTreeMap<String, String>,
    steps: Vec<Sent>,
}

static RUNS: AtomicU64 = AtomicU64::new(1);

impl Case {
    /// A scenario of these steps, in whose inputs `${name}` is a secret or a version. Names are new at each call.
    pub(crate) fn new(id: &str, secrets: &[(&str, &str, &str)], versions: &[&str], steps: &[Sent]) -> Case {
        let run = RUNS.fetch_add(1, Ordering::Relaxed);
        let names = secrets.iter().map(|(name, before, after)| {
            ((*name).to_owned(), format!("{before}smcheck_{:010x}_{run}_{name}{after}", run * 7919))
        });
        let secrets_made: BTreeMap<String, String> = names.collect();
        let versions_made: BTreeMap<String, String> =
            versions.iter().map(|name| ((*name).to_owned(), Uuid::new_v4().to_string())).collect();
        let fill = |value: &Value| -> Value {
            let mut text = value.to_string();
            for (name, made) in secrets_made.iter().chain(&versions_made) {
                text = text.replace(&format!("${{{name}}}"), made);
            }
            serde_json::from_str(&text).expect("names hold nothing that JSON escapes")
        };
        let steps: Vec<Sent> = steps
            .iter()
            .map(|sent| sent.iter().map(|(operation, input)| (*operation, fill(input))).collect())
            .collect();
        let declared = secrets.iter().map(|(name, before, after)| SecretDecl {
            variable: (*name).to_owned(),
            prefix: (*before).to_owned(),
            suffix: (*after).to_owned(),
        });
        let scenario = Scenario {
            id: id.to_owned(),
            path: Arc::from(format!("scenarios/{id}.yaml")),
            hash: Arc::from("00"),
            title: "Something holds".to_owned(),
            evidence: Evidence { kind: EvidenceKind::Inferred, source: "a test".to_owned(), date: None },
            secrets: declared.collect(),
            versions: versions.iter().map(|name| (*name).to_owned()).collect(),
            needs: Vec::new(),
            rules: Vec::new(),
            isolated: false,
            varies_by_date: false,
            stop: true,
            steps: steps.iter().map(step).collect(),
            place: Place::default(),
        };
        Case { scenario, secrets: secrets_made, versions: versions_made, steps }
    }

    /// Runs the steps against a service, with a full probe of every secret after each. `{arn}` in an input is the
    /// ARN that CreateSecret answered last.
    pub(crate) fn run(&self, service: &dyn Responder) -> Trace {
        let mut arn = String::new();
        let mut steps = Vec::new();
        for (index, sent) in self.steps.iter().enumerate() {
            let mut calls = Vec::new();
            for (at, (operation, input)) in sent.iter().enumerate() {
                let input =
                    serde_json::from_str(&input.to_string().replace("{arn}", &arn)).expect("it is JSON");
                let exchange = exchange(service, operation, &input);
                if *operation == "CreateSecret" && exchange.response.succeeded() {
                    let body = exchange.response.json().unwrap_or_default();
                    body["ARN"].as_str().unwrap_or_default().clone_into(&mut arn);
                }
                calls.push(Call { inner: (sent.len() > 1).then_some(at), bound: None, exchange });
            }
            let probes = self.secrets.iter().map(|(variable, name)| Probe {
                secret: variable.clone(),
                versions: vec![exchange(
                    service,
                    "ListSecretVersionIds",
                    &json!({"SecretId": name, "IncludeDeprecated": true}),
                )],
                describe: Some(exchange(service, "DescribeSecret", &json!({"SecretId": name}))),
                list: vec![exchange(
                    service,
                    "ListSecrets",
                    &json!({"Filters": [{"Key": "name", "Values": [name]}]}),
                )],
            });
            steps.push(StepTrace {
                index,
                calls,
                probes: probes.collect(),
                attempts: 1,
                waited: Duration::ZERO,
                variables: Arc::new(BTreeMap::new()),
            });
        }
        Trace {
            scenario: self.scenario.id.clone(),
            secrets: self.secrets.clone(),
            versions: self.versions.clone(),
            region: "eu-west-3".to_owned(),
            steps,
            end: End::Completed,
            elapsed: Duration::ZERO,
        }
    }
}

fn step(sent: &Sent) -> Step {
    let call = |(operation, input): &(&str, Value)| {
        Action::Call(OperationCall {
            operation: (*operation).to_owned(),
            input: Template::Value(input.clone()),
        })
    };
    let action = match sent.as_slice() {
        [one] => call(one),
        several => Action::Parallel(Parallel {
            calls: several
                .iter()
                .map(|one| ParallelCall {
                    place: Place::default(),
                    action: call(one),
                    expect: Expect::Either,
                })
                .collect(),
            invariant: None,
        }),
    };
    Step {
        side: Side::default(),
        place: Place::default(),
        action,
        expect: Expect::Success,
        labels: None,
        save: Vec::new(),
        eventually: None,
        repeat: None,
        evidence: None,
    }
}

/// Sends one request, signed in form alone.
pub(crate) fn exchange(service: &dyn Responder, operation: &str, input: &Value) -> Exchange {
    let mut request = WireRequest::call(operation, input);
    let signature = "AWS4-HMAC-SHA256 Credential=KEY/20240101/eu-west-3/secretsmanager/aws4_request, \
                     SignedHeaders=host, Signature=CANARY-signature";
    request.headers.push(("Authorization".to_owned(), signature.to_owned()));
    request.headers.push(("X-Amz-Security-Token".to_owned(), "CANARY-session-token".to_owned()));
    let sent_at = Timestamp::now();
    let response = service.respond(&request);
    Exchange {
        operation: Some(operation.to_owned()),
        sent_at,
        received_at: Timestamp::now(),
        request,
        response,
    }
}

/// The target of the tests.
pub(crate) fn target() -> TargetInfo {
    TargetInfo {
        name: "small".to_owned(),
        endpoint: "http://127.0.0.1:1".to_owned(),
        version: Some("1".to_owned()),
    }
}

/// All files under a folder with their bytes.
pub(crate) fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("it can be read") {
            let path = entry.expect("it can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root).expect("it lies under the root").display().to_string();
                found.insert(name, std::fs::read(&path).expect("it can be read"));
            }
        }
    }
    found
}

/// A small Secrets Manager. What `edit` does to an answer makes it wrong on purpose.
#[derive(Default)]
pub(crate) struct Small {
    secrets: Mutex<BTreeMap<String, Secret>>,
    edit: Option<fn(&str, &mut Value)>,
}

#[derive(Default)]
struct Secret {
    arn: String,
    description: Option<Value>,
    tags: Vec<Value>,
    /// Id, value, labels; the newest last.
    versions: Vec<(String, Value, Vec<String>)>,
    read: bool,
}

impl Responder for Small {
    fn respond(&self, request: &WireRequest) -> WireResponse {
        let id = Uuid::new_v4().to_string();
        let operation = request.operation().unwrap_or_default();
        match self.answer(operation, &request.json().unwrap_or_default()) {
            Ok(mut body) => {
                if let Some(edit) = self.edit {
                    edit(operation, &mut body);
                }
                WireResponse::success(Some(&body), &id)
            }
            Err((code, message)) => WireResponse::failure(400, code, &message, &id),
        }
    }
}

impl Small {
    /// One whose answers are edited.
    pub(crate) fn edited(edit: Option<fn(&str, &mut Value)>) -> Self {
        Small { edit, ..Self::default() }
    }

    fn answer(&self, operation: &str, input: &Value) -> Result<Value, (&'static str, String)> {
        let mut secrets = self.secrets.lock().expect("no test panics inside");
        let text = |name: &str| input[name].as_str().unwrap_or_default().to_owned();
        if operation == "GetRandomPassword" {
            let random = Uuid::new_v4().simple().to_string();
            return Ok(json!({"RandomPassword": format!("aA1!{}", &random[..12])}));
        }
        if operation == "CreateSecret" {
            let (name, token) = (text("Name"), text("ClientRequestToken"));
            if secrets.contains_key(&name) {
                let message = format!("The operation failed because the secret {name} already exists.");
                return Err(("ResourceExistsException", message));
            }
            let suffix = &Uuid::new_v4().simple().to_string()[..6];
            let arn = format!("arn:aws:secretsmanager:eu-west-3:987654321098:secret:{name}-{suffix}");
            let secret = Secret {
                arn: arn.clone(),
                description: input.get("Description").cloned(),
                tags: input["Tags"].as_array().cloned().unwrap_or_default(),
                versions: vec![(token.clone(), value_of(input), vec!["AWSCURRENT".to_owned()])],
                read: false,
            };
            secrets.insert(name.clone(), secret);
            return Ok(json!({"ARN": arn, "Name": name, "VersionId": token}));
        }
        if operation == "ListSecrets" {
            let wanted = input["Filters"][0]["Values"][0].as_str().unwrap_or_default();
            let found = secrets.iter().filter(|(name, _)| name.starts_with(wanted));
            let list: Vec<Value> = found.map(|(name, secret)| secret.entry(name)).collect();
            return Ok(json!({"SecretList": list}));
        }
        let id = text("SecretId");
        let Some((name, secret)) = secrets.iter_mut().find(|(name, secret)| **name == id || secret.arn == id)
        else {
            return Err((
                "ResourceNotFoundException",
                "Secrets Manager can't find the specified secret.".to_owned(),
            ));
        };
        match operation {
            "PutSecretValue" => {
                let token = text("ClientRequestToken");
                for (_, _, labels) in &mut secret.versions {
                    labels.retain(|label| label != "AWSPREVIOUS");
                    labels.iter_mut().for_each(|label| "AWSPREVIOUS".clone_into(label));
                }
                secret.versions.push((token.clone(), value_of(input), vec!["AWSCURRENT".to_owned()]));
                Ok(
                    json!({"ARN": secret.arn, "Name": name, "VersionId": token, "VersionStages": ["AWSCURRENT"]}),
                )
            }
            "GetSecretValue" => {
                let label = input["VersionStage"].as_str().unwrap_or("AWSCURRENT");
                let found = secret.versions.iter().find(|(_, _, labels)| labels.iter().any(|l| l == label));
                let Some((id, value, labels)) = found else {
                    let message = format!(
                        "Secrets Manager can't find the specified secret value for staging label: {label}"
                    );
                    return Err(("ResourceNotFoundException", message));
                };
                secret.read = true;
                let mut body = json!({"ARN": secret.arn, "Name": name, "VersionId": id, "VersionStages": labels,
                    "CreatedDate": now()});
                merge(&mut body, value);
                Ok(body)
            }
            "DescribeSecret" => {
                let mut body = secret.entry(name);
                let labels = body.as_object_mut().and_then(|body| body.remove("SecretVersionsToStages"));
                body["VersionIdsToStages"] = labels.unwrap_or_default();
                Ok(body)
            }
            "ListSecretVersionIds" => {
                // In an order of chance, as a list without an order has it.
                let versions: BTreeMap<String, Value> = secret
                    .versions
                    .iter()
                    .map(|(id, _, labels)| {
                        let mut entry = json!({"VersionId": id, "CreatedDate": now(), "KmsKeyIds": ["DefaultEncryptionKey"]});
                        if !labels.is_empty() {
                            entry["VersionStages"] = json!(labels);
                        }
                        (Uuid::new_v4().to_string(), entry)
                    })
                    .collect();
                Ok(
                    json!({"Versions": versions.into_values().collect::<Vec<_>>(), "ARN": secret.arn, "Name": name}),
                )
            }
            "DeleteSecret" => {
                let deleted = Timestamp::now().plus_ms(30 * DAY_MS).to_seconds();
                Ok(json!({"ARN": secret.arn, "Name": name, "DeletionDate": deleted}))
            }
            _ => Err(("InternalFailure", format!("no {operation}"))),
        }
    }
}

impl Secret {
    fn entry(&self, name: &str) -> Value {
        let labels: BTreeMap<&String, &Vec<String>> =
            self.versions.iter().filter(|v| !v.2.is_empty()).map(|v| (&v.0, &v.2)).collect();
        let mut entry = json!({"ARN": self.arn, "Name": name, "CreatedDate": now(), "LastChangedDate": now(),
            "SecretVersionsToStages": labels});
        if let Some(description) = &self.description {
            entry["Description"] = description.clone();
        }
        if !self.tags.is_empty() {
            entry["Tags"] = json!(self.tags);
        }
        if self.read {
            entry["LastAccessedDate"] = json!(Timestamp::now().day().to_seconds());
        }
        entry
    }
}

fn now() -> f64 {
    Timestamp::now().to_seconds()
}

fn value_of(input: &Value) -> Value {
    let kept = input
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, _)| ["SecretString", "SecretBinary"].contains(&name.as_str()));
    Value::Object(kept.map(|(name, value)| (name.clone(), value.clone())).collect())
}

fn merge(body: &mut Value, more: &Value) {
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
}
