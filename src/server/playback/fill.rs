//! Filling: a recorded response with what the client has sent in place of the stand-ins, and with times of now.

use serde_json::Value;

use super::binding::Bindings;
use crate::service::WireResponse;
use crate::service::redact::{Class, Leaf, Naming, walk};
use crate::service::time::{DAY_MS, Timestamp};
use crate::service::wire::{CONTENT_TYPE, REQUEST_ID_HEADER};
use crate::store::fixture::{BASE, RecordedResponse};

/// The response as the client gets it. `number` is the exchange's in the recording, counted from 1; `started` is what the recording's base instant stands for.
pub fn fill(
    bindings: &mut Bindings,
    operation: Option<&str>,
    recorded: &RecordedResponse,
    number: usize,
    started: Timestamp,
) -> WireResponse {
    let body = match (&recorded.body, recorded.length) {
        (Some(tree), _) => {
            let mut filling = Filling { bindings, started };
            let tree = walk::output_as_it_stands(&mut filling, operation, &tree.clone().into_value());
            serde_json::to_vec(&tree).unwrap_or_default()
        }
        (None, Some(length)) => vec![b'x'; length],
        (None, None) => Vec::new(),
    };
    let mut headers = Vec::new();
    for (name, shown, usual) in [
        (REQUEST_ID_HEADER, "x-amzn-RequestId", request_id(number)),
        ("content-type", "Content-Type", CONTENT_TYPE.to_owned()),
    ] {
        let value = recorded.headers.get(name).cloned().unwrap_or(usual);
        // A header that the recorded response lacked.
        if !value.is_empty() {
            headers.push((shown.to_owned(), value));
        }
    }
    WireResponse { status: recorded.status, headers, body: body.into() }
}

/// The id of a request, which says which exchange of the recording answered it.
fn request_id(number: usize) -> String {
    format!("00000000-0000-4000-9000-{number:012}")
}

struct Filling<'b> {
    bindings: &'b mut Bindings,
    started: Timestamp,
}

impl Filling<'_> {
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
        let filled = match self.bindings.arn(text) {
            Some(arn) => arn,
            None => self.with_names(text),
        };
        // A stand-in that only responses hold stays as it is written, and is then known by that.
        if class.is_sensitive() || self.bindings.is_stand_in(text) || self.bindings.arn_form(text).is_some() {
            self.bindings.answered(text, &filled);
        }
        filled
    }

    /// A literal with the names in it as the client knows them.
    fn with_names(&self, text: &str) -> String {
        let mut filled = text.to_owned();
        for name in self.bindings.names().filter(|name| text.contains(*name)) {
            if let Some(value) = self.bindings.value(name) {
                filled = filled.replace(name, value);
            }
        }
        filled
    }

    /// A message with the stand-ins that were recorded in it. They are looked for in one go, so that no value
    /// that was put in is searched again.
    fn message(&self, text: &str) -> String {
        let all = self.bindings.all();
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        'text: while let Some(next) = rest.chars().next() {
            for (stand_in, value) in &all {
                let found = rest.strip_prefix(stand_in).filter(|_| !stand_in.is_empty());
                // `secret-0001` is no part of `secret-00012`.
                if let Some(after) = found.filter(|after| !after.starts_with(|c: char| c.is_ascii_digit())) {
                    filled.push_str(value);
                    rest = after;
                    continue 'text;
                }
            }
            filled.push(next);
            rest = &rest[next.len_utf8()..];
        }
        filled
    }

    fn time(&self, seconds: f64, class: Class) -> Option<Value> {
        let offset = Timestamp::from_seconds(seconds)?.0 - BASE.0;
        let days = offset.div_euclid(DAY_MS) * DAY_MS;
        // What was recorded as a midnight is one; what was none is a time of day.
        let from = if class == Class::Day && offset == days { self.started.day() } else { self.started };
        Some(Value::from(from.plus_ms(days).to_seconds()))
    }
}

impl Naming for Filling<'_> {
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
