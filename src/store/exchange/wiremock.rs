//! Stub mappings of WireMock 3: what is written. A stub says what a request must look like, so that values which the
//! client makes stand as patterns; requests that were repeated form a scenario, one state after the other.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{Exported, Mark, Recording, wire};
use crate::service::WireRequest;
use crate::service::redact::Tree;
use crate::service::wire::TARGET_HEADER;
use crate::store::form;
use crate::store::jsonl::RecordingLine;

pub use super::wiremock_read::{read, read_folder};

/// WireMock's pattern for any text, inside `equalToJson`.
pub(super) const ANY: &str = "${json-unit.any-string}";
/// The state in which every scenario of WireMock begins.
pub(super) const STARTED: &str = "Started";

/// Writes a recording as one file of mappings, which belongs into WireMock's folder `mappings`.
pub fn write(recording: &Recording) -> Exported {
    let mut patterns = Patterns::new(recording);
    let mut stubs: Vec<Value> = Vec::with_capacity(recording.lines.len());
    let mut alike: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, line) in recording.lines.iter().enumerate() {
        let (request, response) = wire::render(line, at + 1);
        let mut mark = Mark::new(&recording.head, line, at + 1);
        let asked = patterns.request(line, &request, &mut mark);
        patterns.answered(line);
        alike.entry(asked.to_string()).or_default().push(at);
        let headers: Map<String, Value> = response
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
            .collect();
        let mut answer = json!({"status": response.status, "headers": headers});
        if !response.body.is_empty() {
            answer["body"] = Value::from(String::from_utf8_lossy(&response.body).into_owned());
        }
        let name = format!("{} {}", line.operation.as_deref().unwrap_or("request"), at + 1);
        stubs.push(json!({
            "name": name,
            "request": asked,
            "response": answer,
            "metadata": {"smcheck": mark},
        }));
    }
    for (number, group) in alike.into_values().filter(|group| group.len() > 1).enumerate() {
        for (nth, at) in group.iter().enumerate() {
            let state = |nth: usize| if nth == 0 { STARTED.to_owned() } else { (nth + 1).to_string() };
            stubs[*at]["scenarioName"] = Value::from(format!("{} {}", recording.name(), number + 1));
            stubs[*at]["requiredScenarioState"] = Value::from(state(nth));
            // The last answer stays, as WireMock's own recorder has it.
            if nth + 1 < group.len() {
                stubs[*at]["newScenarioState"] = Value::from(state(nth + 1));
            }
        }
    }
    if let Some(first) = stubs.first_mut() {
        first["metadata"]["smcheckHead"] = serde_json::to_value(&recording.head).unwrap_or_default();
    }
    let mut lost = wire::lost(recording);
    if patterns.any > 0 {
        lost.push(format!(
            "{} values that the client makes: any text fits them, and answers hold the recorded stand-ins",
            patterns.any
        ));
    }
    let file = json!({"mappings": stubs});
    Exported { text: format!("{file:#}\n"), lost }
}

/// Makes a JSON pointer point one level deeper, and says how long it was.
pub(super) fn below(path: &mut String, part: &str) -> usize {
    let length = path.len();
    path.push('/');
    path.push_str(&part.replace('~', "~0").replace('/', "~1"));
    length
}

/// Whether a text is the stand-in of a version id, or of another UUID.
fn is_version(text: &str) -> bool {
    text.starts_with("00000000-0000-4000-")
}

/// Which values stand as patterns: what the client makes itself, and what no answer has told it up to then.
struct Patterns {
    names: BTreeSet<String>,
    told: BTreeSet<String>,
    /// What the client came with. It may say it again as it knows it, whatever answers made of it; but a version id is new
    /// each time, and who names it later has it from an answer.
    own: BTreeSet<String>,
    any: usize,
}

impl Patterns {
    fn new(recording: &Recording) -> Self {
        let of_lines = recording.lines.iter().flat_map(|line| line.names.keys());
        let names = recording.head.names.keys().chain(of_lines).cloned().collect();
        Patterns { names, told: BTreeSet::new(), own: BTreeSet::new(), any: 0 }
    }

    fn request(&mut self, line: &RecordingLine, request: &WireRequest, mark: &mut Mark) -> Value {
        let mut asked = json!({"method": request.method, "url": request.path});
        let mut headers = Map::new();
        if let Some(target) = request.header(TARGET_HEADER) {
            headers.insert("X-Amz-Target".to_owned(), json!({"equalTo": target}));
        }
        if line.request.unsigned {
            headers.insert("Authorization".to_owned(), json!({"absent": true}));
        }
        // Content-Type is not asked for where it is as always: clients write it in more than one way.
        match line.request.headers.get("content-type").map(String::as_str) {
            Some("") => drop(headers.insert("Content-Type".to_owned(), json!({"absent": true}))),
            Some(value) => drop(headers.insert("Content-Type".to_owned(), json!({"equalTo": value}))),
            None => {}
        }
        if !headers.is_empty() {
            asked["headers"] = Value::Object(headers);
        }
        match (&line.request.body, line.request.length) {
            (Some(tree), _) => {
                let mut path = String::new();
                let pattern = self.pattern(tree, &mut path, mark);
                // As text, which keeps the order of members.
                let pattern = serde_json::to_string(&pattern).unwrap_or_default();
                asked["bodyPatterns"] = json!([{"equalToJson": pattern}]);
            }
            (None, Some(length)) => {
                let length = length.min(super::FILLING_MAX);
                asked["bodyPatterns"] = json!([{"matches": format!("(?s).{{{length}}}")}]);
            }
            (None, None) => {}
        }
        asked
    }

    fn pattern(&mut self, tree: &Tree, path: &mut String, mark: &mut Mark) -> Tree {
        match tree {
            Tree::Leaf(Value::String(text)) if self.is_open(text) => {
                self.any += 1;
                mark.values.insert(path.clone(), text.clone());
                if !is_version(text) {
                    self.own.insert(text.clone());
                }
                Tree::Leaf(Value::from(ANY))
            }
            Tree::Leaf(value) => Tree::Leaf(value.clone()),
            Tree::List(entries) => {
                let mut list = Vec::with_capacity(entries.len());
                for (at, entry) in entries.iter().enumerate() {
                    let length = below(path, &at.to_string());
                    list.push(self.pattern(entry, path, mark));
                    path.truncate(length);
                }
                Tree::List(list)
            }
            Tree::Map(members) => {
                let mut map = Vec::with_capacity(members.len());
                for (key, value) in members {
                    let length = below(path, key);
                    map.push((key.clone(), self.pattern(value, path, mark)));
                    path.truncate(length);
                }
                Tree::Map(map)
            }
        }
    }

    /// Whether the client puts a value of its own in place of this stand-in.
    fn is_open(&self, text: &str) -> bool {
        let stands = self.names.contains(text)
            || is_version(text)
            || form::is_stand_in(text)
            || self.names.iter().any(|name| text.contains(name.as_str()));
        (stands && (self.own.contains(text) || !self.told.contains(text))) || text == ANY
    }

    fn answered(&mut self, line: &RecordingLine) {
        fn strings(tree: &Tree, told: &mut BTreeSet<String>) {
            match tree {
                Tree::Leaf(Value::String(text)) => drop(told.insert(text.clone())),
                Tree::Leaf(_) => {}
                Tree::List(entries) => entries.iter().for_each(|entry| strings(entry, told)),
                Tree::Map(members) => members.iter().for_each(|(key, value)| {
                    told.insert(key.clone());
                    strings(value, told);
                }),
            }
        }
        if let Some(body) = &line.response.body {
            strings(body, &mut self.told);
        }
    }
}
