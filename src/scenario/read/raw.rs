//! `raw`: an exact request.

use std::collections::BTreeSet;

use http::{HeaderName, HeaderValue, Method};
use serde_json::Value;

use super::Reader;
use crate::scenario::ast::{RawBody, RawRequest, Sign};
use crate::scenario::finding::shown_word;
use crate::scenario::node::{Key, Node, NodeKind};
use crate::scenario::template::Template;
use crate::scenario::words::RAW;
use crate::service::wire::{TARGET_HEADER, TARGET_PREFIX};
use crate::service::{Operation, shapes};

impl Reader<'_> {
    /// An exact request, and the operation that it names, if it names one that exists.
    pub(super) fn raw(&mut self, node: &Node) -> (Option<&'static Operation>, RawRequest) {
        let text = |text: &str| Template::Value(Value::from(text));
        let mut request = RawRequest {
            method: "POST".to_owned(),
            path: text("/"),
            headers: Vec::new(),
            body: RawBody::Text(text("")),
            sign: Sign::Good,
        };
        let Some(fields) = self.fields_of(node, "`raw`", RAW) else { return (None, request) };
        // What is in it may be anything, so tokens count as sent and secrets as made.
        self.mention(node);
        if let Some(node) = fields.get("method") {
            request.method = self.method(node);
        }
        if let Some(node) = fields.get("path") {
            request.path = self.path(node);
        }
        if let Some(node) = fields.get("headers") {
            request.headers = self.headers(node);
        }
        if let Some(node) = fields.get("body") {
            request.body = self.body(node);
        }
        if let Some(node) = fields.get("sign") {
            request.sign = self.sign(node);
        }
        let named = request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(TARGET_HEADER));
        let operation = match named {
            Some((_, Some(Template::Value(Value::String(target))))) => {
                target.strip_prefix(TARGET_PREFIX).and_then(|name| shapes().operation(name))
            }
            _ => None,
        };
        (operation, request)
    }

    fn method(&mut self, node: &Node) -> String {
        let method = node.text().unwrap_or_default();
        match Method::from_bytes(method.as_bytes()) {
            // It asks for a tunnel, and no client sends it to a server like other requests.
            Ok(Method::CONNECT) => self.findings.add(node.span, "the method CONNECT cannot be sent", None),
            Ok(_) => {}
            Err(_) => {
                let message = format!("`{}` is no method", shown_word(method));
                self.wrong(node.span, message, "for example POST, GET or PUT");
            }
        }
        method.to_owned()
    }

    fn path(&mut self, node: &Node) -> Template {
        let path = self.scalar_template(node, "`path`").unwrap_or(Template::Value(Value::Null));
        let text = node.scalar_text().map(|text| &**text).unwrap_or_default();
        let begins = text.starts_with('/') || text.starts_with("${");
        if !begins || text.bytes().any(|b| b <= b' ' || b == 0x7f || b == b'#' || !b.is_ascii()) {
            let message = format!("`{}` is no path of a request", shown_word(text));
            self.wrong(
                node.span,
                message,
                "it begins with `/`, and everything but plain ASCII is escaped as `%20`",
            );
        }
        path
    }

    fn headers(&mut self, node: &Node) -> Vec<(String, Option<Template>)> {
        let Some(entries) = node.map() else {
            self.wrong_kind(node, "`headers`", "a map");
            return Vec::new();
        };
        let mut seen = BTreeSet::new();
        let mut headers = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            if HeaderName::from_bytes(key.text.as_bytes()).is_err() {
                let message = format!("`{}` cannot name a header", shown_word(&key.text));
                self.findings.add(key.span, message, None);
            } else if !seen.insert(key.text.to_ascii_lowercase()) {
                let message = format!("the header `{}` stands here twice", key.text);
                self.wrong(key.span, message, "names of headers compare without regard to case");
            }
            headers.push((key.text.to_string(), self.header(key, value)));
        }
        headers
    }

    fn header(&mut self, key: &Key, value: &Node) -> Option<Template> {
        if matches!(value.kind, NodeKind::Null(_)) {
            return None;
        }
        let place = format!("the header `{}`", shown_word(&key.text));
        let template = match value.dollar() {
            Some((word, inner)) if &*word.text == "$fill" => Some(self.fill(inner)),
            _ => self.scalar_template(value, &place),
        };
        if let Some(text) = value.scalar_text()
            && HeaderValue::from_str(text).is_err()
        {
            self.findings.add(value.span, format!("{place} cannot have this value"), None);
        }
        template
    }

    fn body(&mut self, node: &Node) -> RawBody {
        match node.dollar() {
            Some((key, inner)) if &*key.text == "$bytes" => return RawBody::Bytes(self.base64(inner)),
            Some((key, inner)) if &*key.text == "$fill" => return RawBody::Text(self.fill(inner)),
            _ => {}
        }
        match node.text() {
            Some(text) => RawBody::Text(self.text_template(text, node.span)),
            None => {
                let message = format!("`body` takes text or `{{$bytes: BASE64}}`, not {}", node.words());
                self.wrong(node.span, message, "write JSON as text, in quotes");
                RawBody::Bytes(Vec::new())
            }
        }
    }

    fn sign(&mut self, node: &Node) -> Sign {
        let word = node.scalar_text().map(|text| &**text).unwrap_or_default();
        Sign::ALL.into_iter().find(|sign| sign.as_str() == word).unwrap_or_else(|| {
            let message = format!("unknown way to sign `{}`", shown_word(word));
            self.findings.unknown(node.span, message, word, Sign::ALL.map(Sign::as_str));
            Sign::Good
        })
    }
}
