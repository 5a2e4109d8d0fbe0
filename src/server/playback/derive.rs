//! Deriving: answers to reads that were not recorded so, from the state that the recording and the calls so far imply.
//!
//! A shadow of the account is kept with the reference model. It is told what the recording says of a secret before its
//! first change, then every request that is played, with the answer that was played to it, so that ARNs and version ids
//! are those that the client knows. What the recording does not imply is not derived: a value that no answer holds, a
//! label on a version that nobody has seen, a secret that the recording does not name.

use std::collections::{HashMap, HashSet};
use std::fmt;

use serde_json::{Map, Value};

use super::asked::{Asked, about_key, secrets_of};
use super::binding::Bindings;
use super::cassette::Cassette;
use super::fill::{self, From};
use super::miss::REQUEST_ID;
use crate::model::{self, Given, Random, World};
use crate::service::time::Timestamp;
use crate::service::{SecretArn, WireResponse};

/// The header that says that an answer was not recorded.
pub const DERIVED: &str = "x-smcheck-derived";
/// The header that says what it was derived from.
pub const DERIVED_FROM: &str = "x-smcheck-derived-from";

/// What of DescribeSecret the shadow keeps itself.
const KEPT: [&str; 11] = [
    "ARN",
    "Name",
    "Description",
    "KmsKeyId",
    "Tags",
    "CreatedDate",
    "LastChangedDate",
    "LastAccessedDate",
    "DeletedDate",
    "VersionIdsToStages",
    "SecretVersionsToStages",
];

/// The account as the client must see it.
pub(super) struct Shadow {
    world: World,
    account: String,
    region: String,
    /// By the name that the client knows.
    known: HashMap<String, Known>,
    /// Names, as the recording has them, of which the beginning was read.
    seeded: HashSet<String>,
    listed: bool,
    /// What answers told of secrets that the shadow does not keep: rotation, replicas.
    extras: HashMap<String, Map<String, Value>>,
}

/// How much of a secret is known.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    /// All labels.
    labels: bool,
    /// All versions.
    versions: bool,
}

impl fmt::Debug for Shadow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Shadow({} secrets)", self.known.len())
    }
}

/// The shadow takes its ARNs from answers, and makes no passwords.
struct NoDice;

impl Random for NoDice {
    fn below(&mut self, _: u32) -> u32 {
        0
    }
}

impl Shadow {
    pub(super) fn new(region: &str) -> Self {
        Shadow {
            world: World::new(),
            account: "000000000000".to_owned(),
            region: region.to_owned(),
            known: HashMap::new(),
            seeded: HashSet::new(),
            listed: false,
            extras: HashMap::new(),
        }
    }

    /// Whether the beginning of a secret is still to be read.
    pub(super) fn begin(&mut self, recorded_name: &str) -> bool {
        self.seeded.insert(recorded_name.to_owned())
    }

    /// Reads what the recording says of a secret before its first change, and values of its versions from all of it.
    pub(super) fn seed(
        &mut self,
        name: &str,
        cassette: &Cassette,
        bindings: &mut Bindings,
        from: From<'_>,
        now: Timestamp,
    ) {
        let mut changed = false;
        let mut seen = HashSet::new();
        for (_, at) in cassette.under(about_key(name)).1 {
            let at = *at as usize;
            let entry = cassette.entry(at);
            let Some(operation) = cassette.operation(at) else { continue };
            if entry.changes {
                if !changed && operation == "CreateSecret" {
                    let shown = bindings.value(name).unwrap_or(name).to_owned();
                    self.known.insert(shown, Known { labels: true, versions: true });
                }
                changed = true;
                continue;
            }
            // Equal answers tell the same.
            if !seen.insert(entry.answer) || (changed && operation != "GetSecretValue") {
                continue;
            }
            let Some(line) = cassette.line(at) else { continue };
            let Some(recorded) = fill::value_of(&line.response).filter(|_| line.response.status == 200)
            else {
                continue;
            };
            let output = fill::body(bindings, Some(operation), &recorded, from).into_value();
            if changed {
                self.world.learn_late(&self.account, &self.region, &output, now);
            } else {
                let input = line.request.body.and_then(|body| serde_json::from_str(body.get()).ok());
                self.learn(operation, &input.unwrap_or_default(), &output, now);
            }
        }
    }

    /// Takes over an exchange that was played.
    pub(super) fn saw(
        &mut self,
        asked: &Asked<'_>,
        cassette: &Cassette,
        at: usize,
        body: &[u8],
        now: Timestamp,
    ) {
        let (Some(operation), Some(input)) = (asked.operation, &asked.input) else { return };
        let output: Value = serde_json::from_slice(body).unwrap_or_default();
        if output.get("__type").is_some() {
            return;
        }
        self.place(&output);
        if cassette.entry(at).changes {
            let named = secrets_of(input).map(name_of).next().map(str::to_owned);
            let name = output.get("Name").and_then(Value::as_str).map(str::to_owned).or(named);
            let applied = self.apply(operation, input, now).is_ok();
            if let Some(name) = name {
                if operation == "CreateSecret" {
                    self.known.insert(name.clone(), Known { labels: true, versions: true });
                }
                if operation == "RotateSecret" || operation == "CancelRotateSecret" {
                    self.extras.remove(&name);
                }
                if !applied {
                    // The service did what the reference would not: only what it answers is known from here on.
                    self.known.insert(name, Known::default());
                }
            }
        }
        self.learn(operation, input, &output, now);
    }

    fn learn(&mut self, operation: &str, input: &Value, output: &Value, now: Timestamp) {
        self.place(output);
        self.world.learn(&self.account, &self.region, operation, output, now);
        let more = output.get("NextToken").is_some() || input.get("NextToken").is_some();
        let all = input.get("IncludeDeprecated").and_then(Value::as_bool).unwrap_or(false);
        let told = match operation {
            "DescribeSecret" | "ListSecrets" => Known { labels: true, versions: false },
            "ListSecretVersionIds" => Known { labels: !more, versions: !more && all },
            _ => Known::default(),
        };
        let list = |member: &str| output.get(member).and_then(Value::as_array).into_iter().flatten();
        for entry in std::iter::once(output).chain(list("SecretList")).chain(list("SecretValues")) {
            let Some(name) = entry.get("Name").and_then(Value::as_str) else { continue };
            let known = self.known.entry(name.to_owned()).or_default();
            known.labels |= told.labels;
            known.versions |= told.versions;
            if let (Value::Object(members), "DescribeSecret" | "ListSecrets") = (entry, operation) {
                let rest = members.iter().filter(|(member, _)| !KEPT.contains(&member.as_str()));
                let rest = rest.map(|(member, value)| (member.clone(), value.clone())).collect();
                self.extras.insert(name.to_owned(), rest);
            }
        }
    }

    /// The account and region of the first secret are those of all.
    fn place(&mut self, output: &Value) {
        if self.world != World::new() {
            return;
        }
        if let Some(arn) = output.get("ARN").and_then(Value::as_str).and_then(SecretArn::parse) {
            (self.account, self.region) = (arn.account.to_owned(), arn.region.to_owned());
        }
    }

    fn apply(&mut self, operation: &str, input: &Value, now: Timestamp) -> model::Answer {
        let function = input.get("RotationLambdaARN").and_then(Value::as_str).map(str::to_owned);
        let functions: Vec<String> = function.into_iter().collect();
        let mut given = Given {
            now,
            account: &self.account,
            region: &self.region,
            partition: model::partition(&self.region),
            functions: &functions,
            random: &mut NoDice,
        };
        model::apply(&mut self.world, operation, input, &mut given)
    }

    /// Reads, for ListSecrets, what the recording lists before its first change.
    pub(super) fn seed_list(
        &mut self,
        cassette: &Cassette,
        bindings: &mut Bindings,
        from: From<'_>,
        now: Timestamp,
    ) {
        if std::mem::replace(&mut self.listed, true) {
            return;
        }
        let first = cassette.entries().iter().position(|entry| entry.changes).unwrap_or(cassette.len());
        for at in (0..first).filter(|at| cassette.operation(*at) == Some("ListSecrets")) {
            let Some(line) = cassette.line(at).filter(|line| line.response.status == 200) else { continue };
            let Some(recorded) = fill::value_of(&line.response) else { continue };
            let output = fill::body(bindings, Some("ListSecrets"), &recorded, from).into_value();
            let mut fresh = output.clone();
            if let Some(Value::Array(entries)) = fresh.get_mut("SecretList") {
                // What is known of a secret by now is newer.
                entries.retain(|entry| {
                    entry
                        .get("Name")
                        .and_then(Value::as_str)
                        .is_some_and(|name| !self.known.contains_key(name))
                });
            }
            self.learn("ListSecrets", &Value::Null, &fresh, now);
        }
    }

    /// The answer to a read; `None` where the recording does not imply one.
    pub(super) fn derive(
        &mut self,
        asked: &Asked<'_>,
        name: &str,
        last: Option<usize>,
        now: Timestamp,
    ) -> Option<WireResponse> {
        let (operation, input) = (asked.operation?, asked.input.as_ref()?);
        let mut about: Vec<&str> = secrets_of(input).map(name_of).collect();
        match operation {
            "GetSecretValue" | "DescribeSecret" | "ListSecretVersionIds" => {}
            "BatchGetSecretValue" | "ListSecrets" if about.is_empty() => {
                about = self.known.keys().map(String::as_str).collect();
            }
            "BatchGetSecretValue" => {}
            _ => return None,
        }
        let known: Option<Vec<Known>> = about.iter().map(|name| self.known.get(*name).copied()).collect();
        let known = known.filter(|known| !known.is_empty())?;
        let labels = known.iter().all(|known| known.labels);
        let versions = known.iter().all(|known| known.versions);
        let all = input.get("IncludeDeprecated").and_then(Value::as_bool).unwrap_or(false);
        let complete = match operation {
            "GetSecretValue" => true,
            "ListSecretVersionIds" if all => versions,
            _ => labels,
        };
        if !complete {
            return None;
        }
        let by_id = input.get("VersionId").is_some();
        let mut response = match self.apply(operation, input, now) {
            Ok(body) => {
                let mut body = body.unwrap_or_default();
                if holds_unknown(&body) {
                    return None;
                }
                self.add_extras(operation, &mut body);
                WireResponse::success(Some(&body), REQUEST_ID)
            }
            Err(failure) => {
                let absent = failure.code == "ResourceNotFoundException";
                if failure.code == crate::service::errors::NOT_MODELLED
                    || (absent && !(if by_id { versions } else { labels }))
                {
                    return None;
                }
                WireResponse::failure(failure.status(), failure.code, &failure.message, REQUEST_ID)
            }
        };
        let from = match last {
            Some(number) => format!("{name}, the state after exchange {number}"),
            None => format!("{name}, the state before its first change"),
        };
        response.headers.push((DERIVED.to_owned(), "true".to_owned()));
        response.headers.push((DERIVED_FROM.to_owned(), from));
        Some(response)
    }

    fn add_extras(&self, operation: &str, body: &mut Value) {
        let entries: Vec<&mut Value> = match (operation, body) {
            ("DescribeSecret", body) => vec![body],
            ("ListSecrets", body) => {
                body.get_mut("SecretList").and_then(Value::as_array_mut).into_iter().flatten().collect()
            }
            _ => return,
        };
        for entry in entries {
            let extras = entry.get("Name").and_then(Value::as_str).and_then(|name| self.extras.get(name));
            let Some(extras) = extras else { continue };
            if let Value::Object(members) = entry {
                for (member, value) in extras {
                    members.entry(member.clone()).or_insert_with(|| value.clone());
                }
            }
        }
    }
}

/// The name that an id leads to.
fn name_of(id: &str) -> &str {
    match SecretArn::parse(id) {
        Some(arn) => arn.name_and_suffix().map_or(arn.resource, |(name, _)| name),
        None => id,
    }
}

/// Whether an answer holds the empty text that stands for a value nobody has seen.
fn holds_unknown(body: &Value) -> bool {
    let listed = body.get("SecretValues").and_then(Value::as_array).into_iter().flatten();
    std::iter::once(body).chain(listed).any(|entry| entry.get("SecretString").is_some_and(|text| text == ""))
}
