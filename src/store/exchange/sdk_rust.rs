//! `NetworkTraffic` of aws-smithy-http-client 1 (`test_util::dvr`): a list of events, each of one connection, which
//! carries one request. `docs` is free text; ours is JSON in it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Entry, Exported, Head, Imported, Malformed, Mark, Recording, split_url, wire};
use crate::service::wire::Headers;
use crate::service::{WireRequest, WireResponse};

/// A text in `docs` longer than this is none of ours.
const DOCS_MAX: usize = 64 << 20;

#[derive(Serialize, Deserialize)]
struct NetworkTraffic {
    events: Vec<Event>,
    docs: Option<String>,
    version: Version,
}

#[derive(Serialize, Deserialize)]
enum Version {
    V0,
}

#[derive(Serialize, Deserialize)]
struct Event {
    connection_id: usize,
    action: Action,
}

#[derive(Serialize, Deserialize)]
enum Action {
    Request { request: Request },
    Response { response: Result<Response, String> },
    Data { data: BodyData, direction: Direction },
    Eof { ok: bool, direction: Direction },
}

#[derive(Serialize, Deserialize)]
struct Request {
    uri: String,
    headers: BTreeMap<String, Vec<String>>,
    method: String,
}

#[derive(Serialize, Deserialize)]
struct Response {
    status: u16,
    headers: BTreeMap<String, Vec<String>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Direction {
    Request,
    Response,
}

#[derive(Serialize, Deserialize)]
#[serde(try_from = "Encoded", into = "Encoded")]
struct BodyData(Vec<u8>);

impl Clone for BodyData {
    fn clone(&self) -> Self {
        BodyData(self.0.clone())
    }
}

#[derive(Serialize, Deserialize)]
enum Encoded {
    Utf8(String),
    Base64(String),
}

impl TryFrom<Encoded> for BodyData {
    type Error = &'static str;

    fn try_from(encoded: Encoded) -> Result<Self, Self::Error> {
        match encoded {
            Encoded::Utf8(text) => Ok(BodyData(text.into_bytes())),
            Encoded::Base64(text) => STANDARD.decode(text).map(BodyData).map_err(|_| "the data is no base64"),
        }
    }
}

impl From<BodyData> for Encoded {
    fn from(data: BodyData) -> Self {
        match String::from_utf8(data.0) {
            Ok(text) => Encoded::Utf8(text),
            Err(error) => Encoded::Base64(STANDARD.encode(error.as_bytes())),
        }
    }
}

/// What we say in `docs`.
#[derive(Serialize, Deserialize)]
struct Docs {
    smcheck: Head,
    exchanges: Vec<Mark>,
}

#[derive(Default)]
struct Open {
    asked: Vec<u8>,
    head: Option<Result<Response, String>>,
    answered: Vec<u8>,
    broken: bool,
}

/// Reads traffic.
///
/// # Errors
/// Where it is none.
pub fn read(text: &str) -> Result<Imported, Malformed> {
    let traffic: NetworkTraffic = serde_json::from_str(text).map_err(|error| Malformed::of_json(&error))?;
    let docs = traffic.docs.filter(|docs| docs.len() <= DOCS_MAX);
    let docs: Option<Docs> = docs.and_then(|docs| serde_json::from_str(&docs).ok());
    let mut imported = Imported::default();
    let mut requests: Vec<(Request, Open)> = Vec::new();
    // The exchange that a connection carries now.
    let mut current: BTreeMap<usize, usize> = BTreeMap::new();
    for event in traffic.events {
        let connection = event.connection_id;
        if let Action::Request { request } = event.action {
            current.insert(connection, requests.len());
            requests.push((request, Open::default()));
            continue;
        }
        let Some((_, open)) = current.get(&connection).and_then(|at| requests.get_mut(*at)) else {
            imported.notes.push(format!("connection {connection} has an event before its request"));
            continue;
        };
        match event.action {
            Action::Request { .. } => {}
            Action::Response { response } => open.head = Some(response),
            Action::Data { data, direction: Direction::Request } => open.asked.extend(data.0),
            Action::Data { data, direction: Direction::Response } => open.answered.extend(data.0),
            Action::Eof { ok, direction } => open.broken |= !ok && direction == Direction::Response,
        }
    }
    let mut marks = Vec::new();
    if let Some(docs) = docs {
        imported.head = Some(docs.smcheck);
        marks = docs.exchanges;
    }
    let marks_fit = marks.len() == requests.len();
    for (at, (request, open)) in requests.into_iter().enumerate() {
        // An error of the connection, an answer that broke off, or none.
        let (Some(Ok(response)), false) = (open.head, open.broken) else {
            imported.unanswered += 1;
            continue;
        };
        let (host, path) = split_url(&request.uri);
        imported.entries.push(Entry {
            host,
            request: WireRequest {
                method: request.method,
                path,
                headers: flat(request.headers),
                body: open.asked.into(),
            },
            response: WireResponse {
                status: response.status,
                headers: flat(response.headers),
                body: open.answered.into(),
            },
            at: None,
            mark: marks.get(at).filter(|_| marks_fit).cloned(),
        });
    }
    Ok(imported)
}

fn flat(headers: BTreeMap<String, Vec<String>>) -> Headers {
    let each = |(name, values): (String, Vec<String>)| {
        values.into_iter().map(move |value| (name.clone(), value)).collect::<Vec<_>>()
    };
    headers.into_iter().flat_map(each).collect()
}

/// Writes a recording as traffic; requests went to `endpoint`.
pub fn write(recording: &Recording, endpoint: &str) -> Exported {
    let mut events = Vec::new();
    let mut exchanges = Vec::new();
    for (connection_id, line) in recording.lines.iter().enumerate() {
        let (request, response) = wire::render(line, connection_id + 1);
        exchanges.push(Mark::new(&recording.head, line, connection_id + 1));
        let mut event = |action| events.push(Event { connection_id, action });
        event(Action::Request {
            request: Request {
                uri: format!("{endpoint}{}", request.path),
                headers: grouped(&request.headers),
                method: request.method.clone(),
            },
        });
        let body = |bytes: &[u8]| (!bytes.is_empty()).then(|| BodyData(bytes.to_vec()));
        if let Some(data) = body(&request.body) {
            event(Action::Data { data, direction: Direction::Request });
        }
        event(Action::Eof { ok: true, direction: Direction::Request });
        let head = Response { status: response.status, headers: grouped(&response.headers) };
        event(Action::Response { response: Ok(head) });
        if let Some(data) = body(&response.body) {
            event(Action::Data { data, direction: Direction::Response });
        }
        event(Action::Eof { ok: true, direction: Direction::Response });
    }
    let docs = Docs { smcheck: recording.head.clone(), exchanges };
    let traffic = NetworkTraffic { events, docs: serde_json::to_string(&docs).ok(), version: Version::V0 };
    let value = serde_json::to_value(&traffic).unwrap_or(Value::Null);
    Exported { text: format!("{value:#}\n"), lost: wire::lost(recording) }
}

fn grouped(headers: &Headers) -> BTreeMap<String, Vec<String>> {
    let mut grouped: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in headers {
        grouped.entry(name.to_ascii_lowercase()).or_default().push(value.clone());
    }
    grouped
}
