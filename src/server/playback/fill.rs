//! Filling: a recorded response with what the client has sent in place of the stand-ins, with values from outside,
//! and with times of now.

use std::collections::HashMap;

use bytes::Bytes;
use serde_json::Value;

use super::binding::Bindings;
use super::options::Dates;
use crate::service::WireResponse;
use crate::service::redact::{Class, Leaf, Naming, walk};
use crate::service::time::{DAY_MS, Timestamp};
use crate::service::wire::{CONTENT_TYPE, REQUEST_ID_HEADER};
use crate::store::fixture::BASE;
use crate::store::reader::ResponseLine;
use crate::store::values::Values;

/// What a response is filled from besides the bindings.
#[derive(Clone, Copy)]
pub(super) struct From<'v> {
    /// What the recording's base instant stands for.
    pub(super) started: Timestamp,
    pub(super) dates: Dates,
    pub(super) values: &'v Values,
    /// Whether the client is told the response, and knows its stand-ins from then on.
    pub(super) told: bool,
}

/// A response that is filled but for the id of its request.
#[derive(Clone, Debug)]
pub(super) struct Filled {
    status: u16,
    /// Absent where the recorded response lacked one; its own where it was no UUID.
    request_id: Option<Option<String>>,
    content_type: Option<String>,
    pub(super) body: Bytes,
}

impl Filled {
    /// A response of which nothing is left.
    pub(super) fn nothing() -> Self {
        Filled { status: 500, request_id: Some(None), content_type: None, body: Bytes::new() }
    }

    /// The response as the client gets it. `number` is the exchange's in the recording, counted from 1.
    pub(super) fn response(&self, number: usize) -> WireResponse {
        let mut headers = Vec::with_capacity(2);
        if let Some(own) = &self.request_id {
            let id = own.clone().unwrap_or_else(|| request_id(number));
            headers.push(("x-amzn-RequestId".to_owned(), id));
        }
        if let Some(value) = &self.content_type {
            headers.push(("Content-Type".to_owned(), value.clone()));
        }
        WireResponse { status: self.status, headers, body: self.body.clone() }
    }
}

/// Fills a response.
pub(super) fn fill(
    bindings: &mut Bindings,
    operation: Option<&str>,
    recorded: &ResponseLine<'_>,
    from: From<'_>,
) -> Filled {
    let body = match (value_of(recorded), recorded.length) {
        (Some(value), _) => {
            let tree = body(bindings, operation, &value, from);
            serde_json::to_vec(&tree).unwrap_or_default()
        }
        (None, Some(length)) => vec![b'x'; length],
        (None, None) => Vec::new(),
    };
    // An empty text is a header that the recorded response lacked.
    let own = |name: &str| recorded.headers.get(name).cloned();
    let request_id = match own(REQUEST_ID_HEADER) {
        Some(id) if id.is_empty() => None,
        id => Some(id),
    };
    let content_type = own("content-type").unwrap_or_else(|| CONTENT_TYPE.to_owned());
    let content_type = Some(content_type).filter(|value| !value.is_empty());
    Filled { status: recorded.status, request_id, content_type, body: body.into() }
}

/// The recorded body, where it is JSON.
pub(super) fn value_of(recorded: &ResponseLine<'_>) -> Option<Value> {
    recorded.body.and_then(|body| serde_json::from_str(body.get()).ok())
}

/// Fills a body.
pub(super) fn body(
    bindings: &mut Bindings,
    operation: Option<&str>,
    value: &Value,
    from: From<'_>,
) -> crate::service::redact::Tree {
    let outside = outside(bindings, from.values, value);
    walk::output_as_it_stands(&mut Filling { bindings, from, outside }, operation, value)
}

/// What stands for the stand-ins of secrets that somebody gave a value from outside.
fn outside(bindings: &Bindings, values: &Values, body: &Value) -> HashMap<String, String> {
    let mut found = HashMap::new();
    if values.is_empty() {
        return found;
    }
    let listed = body.get("SecretValues").and_then(Value::as_array).into_iter().flatten();
    for entry in std::iter::once(body).chain(listed) {
        let text = |member: &str| entry.get(member).and_then(Value::as_str);
        let Some(name) = text("Name") else { continue };
        for name in [Some(name), bindings.value(name)].into_iter().flatten() {
            let string = text("SecretString").and_then(|value| Some((value, values.apply(name, value)?)));
            let blob = text("SecretBinary").and_then(|value| Some((value, values.apply_blob(name, value)?)));
            found.extend(string.into_iter().chain(blob).map(|(key, value)| (key.to_owned(), value)));
        }
    }
    found
}

/// The id of a request, which says which exchange of the recording answered it.
pub(super) fn request_id(number: usize) -> String {
    format!("00000000-0000-4000-9000-{number:012}")
}

struct Filling<'b, 'v> {
    bindings: &'b mut Bindings,
    from: From<'v>,
    outside: HashMap<String, String>,
}

impl Filling<'_, '_> {
    fn text(&mut self, class: Class, text: &str) -> String {
        if let Some(value) = self.bindings.value(text) {
            return value.to_owned();
        }
        if class == Class::Message {
            return self.message(text);
        }
        if class == Class::Key {
            return text.to_owned();
        }
        let outside = self.outside.get(text).filter(|_| class.is_sensitive());
        let filled = match outside.cloned().or_else(|| self.bindings.arn(text)) {
            Some(filled) => filled,
            None if class.is_sensitive() => text.to_owned(),
            None => self.with_names(text),
        };
        if !self.from.told {
            return filled;
        }
        // A stand-in that only responses hold stays as it is written, and is then known by that.
        if class.is_sensitive() || self.bindings.is_stand_in(text) || self.bindings.arn_form(text).is_some() {
            self.bindings.answered(text, &filled);
        }
        filled
    }

    /// A literal with the names in it as the client knows them.
    fn with_names(&self, text: &str) -> String {
        let mut filled = text.to_owned();
        for name in self.bindings.names().within(text) {
            if let Some(value) = self.bindings.value(name) {
                filled = filled.replace(name, value);
            }
        }
        filled
    }

    /// A message with the stand-ins that were recorded in it. They are looked for in one go, so that no value
    /// that was put in is searched again.
    fn message(&self, text: &str) -> String {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            match self.bindings.at_start(rest) {
                Some((length, value)) => {
                    filled.push_str(value);
                    rest = &rest[length..];
                }
                None => {
                    filled.push(next);
                    rest = &rest[next.len_utf8()..];
                }
            }
        }
        filled
    }

    fn time(&self, seconds: f64, class: Class) -> Option<Value> {
        if self.from.dates == Dates::Keep {
            return None;
        }
        let offset = Timestamp::from_seconds(seconds)?.0 - BASE.0;
        let days = offset.div_euclid(DAY_MS) * DAY_MS;
        let started = self.from.started;
        // What was recorded as a midnight is one; what was none is a time of day.
        let from = if class == Class::Day && offset == days { started.day() } else { started };
        Some(Value::from(from.plus_ms(days).to_seconds()))
    }
}

impl Naming for Filling<'_, '_> {
    fn stand(&mut self, leaf: Leaf<'_>) -> Value {
        match (leaf.class, leaf.value) {
            (class, Value::String(text)) => Value::String(self.text(class, text)),
            (class @ (Class::Time | Class::Day), Value::Number(number)) => {
                let time = number.as_f64().and_then(|seconds| self.time(seconds, class));
                time.unwrap_or_else(|| leaf.value.clone())
            }
            (_, other) => other.clone(),
        }
    }

    fn rank(&self, leaf: Leaf<'_>) -> Value {
        leaf.value.clone()
    }
}
