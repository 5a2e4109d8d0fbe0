//! Stub mappings of WireMock 3: what is read. A stub is no record: its request is made up from what it asks for.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use regex::Regex;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::wiremock::{ANY, STARTED, below};
use super::{Entry, Imported, Malformed, Mark, ours};
use crate::service::redact::Tree;
use crate::service::wire::{CONTENT_TYPE, Headers, REQUEST_ID_HEADER};
use crate::service::{WireRequest, WireResponse};

/// `$.SecretId` and deeper, in JSONPath without brackets.
static MEMBER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\$((?:\.[A-Za-z0-9_]+)+)$").expect("the expression is tested"));
/// `$[?(@.SecretId == 'db')]`
static FILTER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"^\$\[\?\(\s*@((?:\.[A-Za-z0-9_]+)+)\s*==\s*(?:'([^']*)'|"([^"]*)")\s*\)\]$"#)
        .expect("the expression is tested")
});
/// `{{jsonPath request.body '$.ClientRequestToken'}}` in an answer.
static TEMPLATE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\{\{\{?\s*jsonPath request\.body '(\$[A-Za-z0-9_.]+)'\s*\}?\}\}")
        .expect("the expression is tested")
});

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stub {
    request: StubRequest,
    response: StubResponse,
    #[serde(default)]
    scenario_name: Option<String>,
    #[serde(default)]
    required_scenario_state: Option<String>,
    #[serde(default)]
    new_scenario_state: Option<String>,
    #[serde(default)]
    metadata: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StubRequest {
    #[serde(default)]
    method: Option<String>,
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    url_path: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, Value>,
    #[serde(default)]
    body_patterns: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StubResponse {
    #[serde(default = "ok")]
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, Value>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    json_body: Option<Value>,
    #[serde(default)]
    base64_body: Option<String>,
    #[serde(default)]
    body_file_name: Option<String>,
    #[serde(default)]
    fault: Option<String>,
    #[serde(default)]
    proxy_base_url: Option<String>,
}

fn ok() -> u16 {
    200
}

/// Reads a file of mappings: one, or many under `mappings`. `body_file` gives the bytes of a `bodyFileName`.
///
/// # Errors
/// Where it is none.
pub fn read(text: &str, body_file: &dyn Fn(&str) -> Option<Vec<u8>>) -> Result<Imported, Malformed> {
    let (mut imported, entries) = unordered(text, body_file)?;
    imported.entries = in_order(entries);
    Ok(imported)
}

/// The mappings of a folder, file by file. WireMock writes a file for each stub that it records, so that the order is
/// told by all of them together; files that were exported by smcheck tell it themselves, and stay apart.
///
/// # Errors
/// Where one is none: which, and what is wrong with it.
pub fn read_folder(
    texts: &[String],
    body_file: &dyn Fn(&str) -> Option<Vec<u8>>,
) -> Result<Vec<Imported>, (usize, Malformed)> {
    let (mut ours, mut theirs, mut all) = (Vec::new(), Imported::default(), Vec::new());
    for (at, text) in texts.iter().enumerate() {
        let (mut imported, entries) = unordered(text, body_file).map_err(|why| (at, why))?;
        if imported.head.is_some() {
            imported.entries = in_order(entries);
            ours.push(imported);
            continue;
        }
        theirs.unanswered += imported.unanswered;
        theirs.notes.append(&mut imported.notes);
        all.extend(entries);
    }
    match ours.first_mut() {
        // What was said of files without a stub that answers belongs to the whole, and is no recording of its own.
        Some(first) if all.is_empty() => {
            first.unanswered += theirs.unanswered;
            first.notes.append(&mut theirs.notes);
        }
        _ => {
            theirs.entries = in_order(all);
            ours.push(theirs);
        }
    }
    Ok(ours)
}

/// What a file holds, with its entries beside it as they stand there.
fn unordered(
    text: &str,
    body_file: &dyn Fn(&str) -> Option<Vec<u8>>,
) -> Result<(Imported, Vec<(Stub, Entry)>), Malformed> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let stubs = stubs(text)?;
    let mut reading = Reading { imported: Imported::default(), body_file, vague: 0, templates: 0 };
    let mut entries: Vec<(Stub, Entry)> = Vec::new();
    for mut stub in stubs {
        let metadata = stub.metadata.as_mut();
        let head = metadata.and_then(|metadata| ours(metadata.remove("smcheckHead")));
        reading.imported.head = reading.imported.head.take().or(head);
        match reading.entry(&mut stub) {
            Some(entry) => entries.push((stub, entry)),
            None => reading.imported.unanswered += 1,
        }
    }
    let mut imported = reading.imported;
    if reading.vague > 0 {
        let what = "patterns of requests that name no value: what they ask for is left out";
        imported.notes.push(format!("{} {what}", reading.vague));
    }
    if reading.templates > 0 {
        imported.notes.push(format!("{} answers hold templates, which stay as they are", reading.templates));
    }
    Ok((imported, entries))
}

/// The stubs of a file. Each is read where it stands, so that an error says its place.
fn stubs(text: &str) -> Result<Vec<Stub>, Malformed> {
    #[derive(Deserialize)]
    struct Many {
        mappings: Vec<Stub>,
    }
    let keys = serde_json::from_str::<BTreeMap<String, serde::de::IgnoredAny>>(text);
    let is_one = keys.is_ok_and(|keys| keys.contains_key("request"));
    let read = match is_one {
        true => serde_json::from_str::<Stub>(text).map(|stub| vec![stub]),
        false => serde_json::from_str::<Many>(text).map(|many| many.mappings),
    };
    read.map_err(|error| Malformed::of_json(&error))
}

struct Reading<'r> {
    imported: Imported,
    body_file: &'r dyn Fn(&str) -> Option<Vec<u8>>,
    vague: usize,
    templates: usize,
}

impl Reading<'_> {
    fn entry(&mut self, stub: &mut Stub) -> Option<Entry> {
        if stub.response.fault.is_some() || stub.response.proxy_base_url.is_some() {
            return None;
        }
        let metadata = stub.metadata.as_mut();
        let mark: Option<Mark> = metadata.and_then(|metadata| ours(metadata.remove("smcheck")));
        let mut headers = Headers::new();
        for (name, pattern) in &stub.request.headers {
            match literal(pattern) {
                Some(value) => headers.push((name.clone(), value)),
                None if pattern.get("absent").is_some() => {}
                None => self.vague += 1,
            }
        }
        let absent = |name: &str| {
            let mut found = stub.request.headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
            found.any(|(_, pattern)| pattern.get("absent").is_some())
        };
        let has =
            |headers: &Headers, name: &str| headers.iter().any(|(key, _)| key.eq_ignore_ascii_case(name));
        if !has(&headers, "content-type") && !absent("content-type") {
            headers.push(("Content-Type".to_owned(), CONTENT_TYPE.to_owned()));
        }
        let body = self.request_body(&stub.request.body_patterns, mark.as_ref());
        let url = stub.request.url.as_deref().or(stub.request.url_path.as_deref()).unwrap_or("/");
        let request = WireRequest {
            method: stub
                .request
                .method
                .clone()
                .filter(|method| method != "ANY")
                .unwrap_or_else(|| "POST".to_owned()),
            path: url.to_owned(),
            headers,
            body: body.into(),
        };
        let response = self.response(&stub.response, &request, mark.is_some());
        Some(Entry { host: None, request, response, at: None, mark })
    }

    fn request_body(&mut self, patterns: &[Value], mark: Option<&Mark>) -> Vec<u8> {
        let mut made = Value::Object(Map::new());
        for pattern in patterns {
            if let Some(json) = pattern.get("equalToJson") {
                if let (Some(mark), Some(text)) = (mark, json.as_str()) {
                    return filled(text, mark);
                }
                let json = json.as_str().map_or(Some(json.clone()), |text| serde_json::from_str(text).ok());
                match json {
                    Some(json) => merge(&mut made, without_patterns(json, &mut self.vague)),
                    None => self.vague += 1,
                }
            } else if let Some(path) = pattern.get("matchesJsonPath") {
                match member(path) {
                    Some((at, value)) => put(&mut made, &at, value),
                    None => self.vague += 1,
                }
            } else if let (Some(length), Some(_)) = (filling(pattern), mark) {
                return vec![b'x'; length];
            } else if let Some(text) = pattern.get("equalTo").and_then(Value::as_str) {
                return text.as_bytes().to_vec();
            } else {
                self.vague += 1;
            }
        }
        match patterns.is_empty() {
            true if mark.is_some() => Vec::new(),
            _ => made.to_string().into_bytes(),
        }
    }

    fn response(&mut self, stub: &StubResponse, request: &WireRequest, is_ours: bool) -> WireResponse {
        let mut body = match (&stub.body, &stub.json_body, &stub.base64_body, &stub.body_file_name) {
            (Some(text), ..) => text.clone().into_bytes(),
            (None, Some(json), ..) => json.to_string().into_bytes(),
            (None, None, Some(text), _) => STANDARD.decode(text).unwrap_or_default(),
            (None, None, None, Some(name)) => (self.body_file)(name).unwrap_or_else(|| {
                self.imported
                    .notes
                    .push("a file that an answer names by bodyFileName cannot be read".to_owned());
                Vec::new()
            }),
            (None, None, None, None) => Vec::new(),
        };
        if !is_ours
            && let Ok(text) = std::str::from_utf8(&body)
            && text.contains("{{")
        {
            let input = request.json().unwrap_or_default();
            let fill = |found: &regex::Captures<'_>| {
                let pointer = found[1].trim_start_matches('$').replace('.', "/");
                let value = input.pointer(&pointer).and_then(Value::as_str);
                value.map_or_else(|| found[0].to_owned(), str::to_owned)
            };
            let text = TEMPLATE.replace_all(text, fill).into_owned();
            self.templates += usize::from(text.contains("{{"));
            body = text.into_bytes();
        }
        let mut headers = Headers::new();
        for (name, value) in &stub.headers {
            match value {
                Value::String(text) => headers.push((name.clone(), text.clone())),
                Value::Array(values) => headers.extend(
                    values.iter().filter_map(Value::as_str).map(|value| (name.clone(), value.to_owned())),
                ),
                _ => {}
            }
        }
        // A stub says what its author cared for; AWS sends these always.
        for (name, usual) in
            [("content-type", CONTENT_TYPE), (REQUEST_ID_HEADER, "00000000-0000-4000-9000-000000000000")]
        {
            if !is_ours && !headers.iter().any(|(key, _)| key.eq_ignore_ascii_case(name)) {
                headers.push((name.to_owned(), usual.to_owned()));
            }
        }
        WireResponse { status: stub.status, headers, body: body.into() }
    }
}

/// The body of which ours made a pattern.
fn filled(pattern: &str, mark: &Mark) -> Vec<u8> {
    fn fill(tree: &mut Tree, path: &mut String, mark: &Mark) {
        match tree {
            Tree::Leaf(value) => {
                if let (Some(ANY), Some(text)) = (value.as_str(), mark.values.get(path)) {
                    *value = Value::from(text.as_str());
                }
            }
            Tree::List(entries) => {
                for (at, entry) in entries.iter_mut().enumerate() {
                    let length = below(path, &at.to_string());
                    fill(entry, path, mark);
                    path.truncate(length);
                }
            }
            Tree::Map(members) => {
                for (key, value) in members {
                    let length = below(path, key);
                    fill(value, path, mark);
                    path.truncate(length);
                }
            }
        }
    }
    let Ok(mut tree) = serde_json::from_str::<Tree>(pattern) else { return pattern.as_bytes().to_vec() };
    fill(&mut tree, &mut String::new(), mark);
    serde_json::to_vec(&tree).unwrap_or_default()
}

/// The value of a pattern for a text, where it has one.
fn literal(pattern: &Value) -> Option<String> {
    if let Some(text) = pattern.get("equalTo").and_then(Value::as_str) {
        return Some(text.to_owned());
    }
    let text = pattern.get("contains").or_else(|| pattern.get("matches"))?.as_str()?;
    let plain = text.trim_start_matches("^").trim_end_matches('$').replace("\\.", ".");
    let plain = plain.trim_start_matches(".*").trim_end_matches(".*");
    let simple = plain.chars().all(|c| c.is_ascii_alphanumeric() || "._/-".contains(c));
    simple.then(|| plain.to_owned())
}

/// A value without WireMock's placeholders: what may be anything is left out.
fn without_patterns(value: Value, vague: &mut usize) -> Value {
    let is_pattern = |value: &Value| value.as_str().is_some_and(|text| text.contains("${json-unit."));
    match value {
        Value::Object(members) => {
            let mut kept = Map::new();
            for (key, value) in members {
                match is_pattern(&value) {
                    true => *vague += 1,
                    false => drop(kept.insert(key, without_patterns(value, vague))),
                }
            }
            Value::Object(kept)
        }
        Value::Array(entries) => {
            Value::Array(entries.into_iter().map(|entry| without_patterns(entry, vague)).collect())
        }
        other => other,
    }
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}

/// Where a JSON path points, and what must stand there.
fn member(path: &Value) -> Option<(Vec<String>, Value)> {
    let parts = |text: &str| text.split('.').filter(|part| !part.is_empty()).map(str::to_owned).collect();
    match path {
        Value::String(text) => {
            let found = FILTER.captures(text)?;
            let value = found.get(2).or_else(|| found.get(3))?.as_str();
            Some((parts(&found[1]), Value::from(value)))
        }
        Value::Object(members) => {
            let found = MEMBER.captures(members.get("expression")?.as_str()?)?;
            Some((parts(&found[1]), Value::from(members.get("equalTo")?.as_str()?)))
        }
        _ => None,
    }
}

fn put(into: &mut Value, path: &[String], value: Value) {
    let mut at = into;
    for part in path {
        if !at.is_object() {
            *at = Value::Object(Map::new());
        }
        let Some(members) = at.as_object_mut() else { return };
        at = members.entry(part.clone()).or_insert(Value::Null);
    }
    *at = value;
}

/// The length of a body that ours wrote as filling.
fn filling(pattern: &Value) -> Option<usize> {
    let inner = pattern.get("matches")?.as_str()?.strip_prefix("(?s).{")?.strip_suffix('}')?;
    inner.parse().ok().filter(|length| *length <= super::FILLING_MAX)
}

/// When a stub was recorded, as far as it tells: the second of its answer. Its file and `insertionIndex` tell nothing.
fn second(entry: &Entry) -> u64 {
    let date = entry.response.header("date").and_then(|text| httpdate::parse_http_date(text).ok());
    let second = date.and_then(|date| date.duration_since(std::time::UNIX_EPOCH).ok());
    second.map_or(0, |second| second.as_secs())
}

/// Stubs as they are used: where a scenario's states follow each other, in that order.
fn in_order(mut entries: Vec<(Stub, Entry)>) -> Vec<Entry> {
    if entries.iter().all(|(_, entry)| entry.mark.is_none()) {
        entries.sort_by_cached_key(|(_, entry)| second(entry));
    }
    let mut places: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, (stub, _)) in entries.iter().enumerate() {
        if let Some(scenario) = &stub.scenario_name {
            places.entry(scenario.clone()).or_default().push(at);
        }
    }
    let mut order: Vec<usize> = (0..entries.len()).collect();
    for group in places.values() {
        let mut left = group.clone();
        let mut state = STARTED.to_owned();
        for place in group {
            // What asks for no state answers in every one.
            let required = |at: usize| entries[at].0.required_scenario_state.as_deref();
            let next = left.iter().position(|at| required(*at) == Some(&state));
            let next = next.or_else(|| left.iter().position(|at| required(*at).is_none())).unwrap_or(0);
            let at = left.remove(next);
            order[*place] = at;
            if let Some(new) = &entries[at].0.new_scenario_state {
                state.clone_from(new);
            }
        }
    }
    let mut entries: Vec<Option<Entry>> = entries.into_iter().map(|(_, entry)| Some(entry)).collect();
    order.into_iter().filter_map(|at| entries[at].take()).collect()
}
