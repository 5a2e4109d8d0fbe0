//! Recorded exchanges as requests and responses, and back: what is left out of a recording because it is as always is
//! there again on the wire.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::service::redact::class::is_uuid;
use crate::service::redact::{Class, Leaf, Naming, Tree, walk};
use crate::service::wire::{CONTENT_TYPE, Headers, REQUEST_ID_HEADER, TARGET_HEADER, TARGET_PREFIX};
use crate::service::{WireRequest, WireResponse, shapes};
use crate::store::fixture::{NameForm, RecordedFrom, RecordedRequest, RecordedResponse};
use crate::store::jsonl::RecordingLine;
use crate::store::{form, keep};

/// What is said of a whole recording, in a member that other readers skip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// The version of our format.
    pub smcheck: u64,
    /// The name of an application's recording.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recording: Option<String>,
    /// The id of a scenario, if it is a scenario's fixture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
    /// What it was recorded from.
    pub recorded: RecordedFrom,
    /// The region that requests were signed for.
    pub region: String,
    /// As in a fixture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observation: Option<String>,
    /// Names that stand for others, of a fixture.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<String, NameForm>,
    /// As in a fixture.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub provides: BTreeMap<String, String>,
    /// How many exchanges it has.
    pub exchanges: usize,
}

/// What is said of one exchange, in a member that other readers skip.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// Which exchange of the recording it is, from 1.
    pub number: usize,
    /// As in a recording.
    pub step: usize,
    /// As in a recording.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<String>,
    /// As in a recording.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub parallel: bool,
    /// As in a recording.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unsigned: bool,
    /// As in a recording.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<String, NameForm>,
    /// Values of the request that stand there as patterns, by JSON pointer.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, String>,
    /// A checksum over the redacted exchange and the [`Head`]: what was edited since is redacted anew.
    pub seal: String,
}

impl Mark {
    /// The mark of an exchange.
    pub fn new(head: &Head, line: &RecordingLine, number: usize) -> Self {
        Mark {
            number,
            step: line.step,
            probe: line.probe.clone(),
            parallel: line.parallel,
            unsigned: line.request.unsigned,
            names: line.names.clone(),
            values: BTreeMap::new(),
            seal: seal(head, line),
        }
    }
}

/// A checksum over what is written of an exchange, in which nothing secret is.
pub fn seal(head: &Head, line: &RecordingLine) -> String {
    let text = serde_json::to_string(&(head, line)).unwrap_or_default();
    keep::hash(&text)
}

/// The request and the response of a recorded exchange; it is the `number`th.
pub fn render(line: &RecordingLine, number: usize) -> (WireRequest, WireResponse) {
    let request = &line.request;
    let target = line.operation.as_ref().map(|operation| format!("{TARGET_PREFIX}{operation}"));
    let mut headers = Headers::new();
    push(&mut headers, &request.headers, "content-type", "Content-Type", Some(CONTENT_TYPE.to_owned()));
    push(&mut headers, &request.headers, TARGET_HEADER, "X-Amz-Target", target);
    let path = request.path.as_deref().unwrap_or("/");
    let wire_request = WireRequest {
        method: request.method.clone().unwrap_or_else(|| "POST".to_owned()),
        path: if path.starts_with('/') { path.to_owned() } else { format!("/{path}") },
        headers,
        body: body(request.body.as_ref(), request.length).into(),
    };
    let response = &line.response;
    let mut headers = Headers::new();
    let id = format!("00000000-0000-4000-9000-{number:012}");
    push(&mut headers, &response.headers, REQUEST_ID_HEADER, "x-amzn-RequestId", Some(id));
    push(&mut headers, &response.headers, "content-type", "Content-Type", Some(CONTENT_TYPE.to_owned()));
    let body = body(response.body.as_ref(), response.length).into();
    (wire_request, WireResponse { status: response.status, headers, body })
}

fn push(
    headers: &mut Headers,
    recorded: &BTreeMap<String, String>,
    name: &str,
    shown: &str,
    usual: Option<String>,
) {
    let value = recorded.get(name).cloned().or(usual).unwrap_or_default();
    // An empty text is a header that was not there.
    if !value.is_empty() {
        headers.push((shown.to_owned(), value));
    }
}

fn body(tree: Option<&Tree>, length: Option<usize>) -> Vec<u8> {
    match (tree, length) {
        (Some(tree), _) => serde_json::to_vec(tree).unwrap_or_default(),
        (None, Some(length)) => vec![b'x'; length.min(super::FILLING_MAX)],
        (None, None) => Vec::new(),
    }
}

/// The recorded exchange that was rendered so, read without redacting anything: for what bears our seal.
pub fn reread(mark: &Mark, request: &WireRequest, response: &WireResponse) -> RecordingLine {
    let operation = request.operation().filter(|name| shapes().operation(name).is_some()).map(str::to_owned);
    let target = operation.as_ref().map(|operation| format!("{TARGET_PREFIX}{operation}"));
    let mut headers = BTreeMap::new();
    keep_header(&mut headers, request.header("content-type"), "content-type", Some(CONTENT_TYPE));
    keep_header(&mut headers, request.header(TARGET_HEADER), TARGET_HEADER, target.as_deref());
    let path = match request.path.strip_prefix('/') {
        Some(rest) if rest.starts_with(form::MARK) => rest,
        _ => &request.path,
    };
    let (tree, length) = read_body(&request.body);
    let recorded = RecordedRequest {
        method: (request.method != "POST").then(|| request.method.clone()),
        path: (path != "/").then(|| path.to_owned()),
        headers,
        unsigned: mark.unsigned,
        body: tree,
        length,
    };
    let mut headers = BTreeMap::new();
    keep_header(&mut headers, response.header("content-type"), "content-type", Some(CONTENT_TYPE));
    let usual = format!("00000000-0000-4000-9000-{:012}", mark.number);
    let id = response.header(REQUEST_ID_HEADER);
    keep_header(&mut headers, id, REQUEST_ID_HEADER, Some(&usual));
    let (tree, length) = read_body(&response.body);
    RecordingLine {
        step: mark.step,
        probe: mark.probe.clone(),
        parallel: mark.parallel,
        operation,
        names: mark.names.clone(),
        request: recorded,
        response: RecordedResponse { status: response.status, headers, body: tree, length },
    }
}

fn keep_header(headers: &mut BTreeMap<String, String>, found: Option<&str>, name: &str, usual: Option<&str>) {
    if found != usual {
        headers.insert(name.to_owned(), found.unwrap_or_default().to_owned());
    }
}

fn read_body(bytes: &[u8]) -> (Option<Tree>, Option<usize>) {
    match serde_json::from_slice::<Tree>(bytes) {
        _ if bytes.is_empty() => (None, None),
        Ok(tree @ (Tree::Map(_) | Tree::List(_))) => (Some(tree), None),
        _ => (None, Some(bytes.len())),
    }
}

/// Whether every secret value of the exchanges is a stand-in as we write them. A seal can be made by anybody; what it
/// vouches for is looked at all the same.
pub fn is_redacted(lines: &[RecordingLine]) -> bool {
    let mut secrets = Secrets::default();
    for line in lines {
        let operation = line.operation.as_deref();
        if let Some(body) = &line.request.body {
            walk::input(&mut secrets, operation, &body.clone().into_value());
        }
        if let Some(body) = &line.response.body {
            walk::output(&mut secrets, operation, &body.clone().into_value());
        }
    }
    let numbers = secrets.numbers.len();
    let is_id = |text: &str| text.starts_with("00000000-0000-4000-") && is_uuid(text);
    secrets
        .texts
        .iter()
        .all(|(text, is_blob)| form::is_whole_stand_in(text, *is_blob, numbers) || is_id(text))
}

/// The secret values of a recording, and the numbers that stand in for others.
#[derive(Default)]
struct Secrets {
    texts: BTreeSet<(String, bool)>,
    numbers: BTreeSet<String>,
}

impl Naming for Secrets {
    fn stand(&mut self, leaf: Leaf<'_>) -> serde_json::Value {
        match (leaf.class, leaf.value) {
            (Class::Open | Class::Message | Class::Key | Class::Name | Class::Id, _) => {}
            (Class::Time | Class::Day, _) => {}
            (class, serde_json::Value::String(text)) => {
                self.numbers.extend(form::numbers_in(text));
                if matches!(class, Class::Secret | Class::Blob) {
                    self.texts.insert((text.clone(), class == Class::Blob));
                }
            }
            (_, serde_json::Value::Number(number)) => drop(self.numbers.insert(number.to_string())),
            _ => {}
        }
        leaf.value.clone()
    }

    fn rank(&self, leaf: Leaf<'_>) -> serde_json::Value {
        leaf.value.clone()
    }
}

/// What no other format says and no other tool knows of a recording, in words.
pub fn lost(recording: &super::Recording) -> Vec<String> {
    let count =
        |what: &dyn Fn(&RecordingLine) -> bool| recording.lines.iter().filter(|line| what(line)).count();
    let names =
        recording.head.names.len() + recording.lines.iter().map(|line| line.names.len()).sum::<usize>();
    let length = |line: &RecordingLine| line.request.length.is_some() || line.response.length.is_some();
    let rows = [
        (names, "names that stand for others: to other tools they are plain text"),
        (
            count(&|line| line.probe.is_some()),
            "exchanges that were probes: to other tools they are calls as any other",
        ),
        (count(&|line| line.parallel), "exchanges that were sent at once: to other tools they have an order"),
        (count(&|line| line.request.unsigned), "requests without a signature: the format has no signatures"),
        (count(&length), "bodies of which only the length is known: filling stands in their place"),
        (recording.head.provides.len(), "values that the target provided"),
    ];
    let said = rows.into_iter().filter(|(count, _)| *count > 0);
    said.map(|(count, what)| format!("{count} {what}")).collect()
}
