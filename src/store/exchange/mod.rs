//! Exchange of recordings with other tools: HAR, vcrpy cassettes, WireMock mappings, and the record format of the
//! test utilities of the AWS SDK for Rust.
//!
//! Every format is read into [`Entry`] values, which hold what really stood in the file and are never written;
//! [`assemble()`] makes a [`Recording`] of them, redacted by the recorder of everything else. The other way a
//! recording is [rendered](wire) as requests and responses, which a format writes down. What a format cannot hold goes
//! into members that its other readers skip ([`Mark`], [`Head`]), so that ours comes back as it was. Nothing here opens
//! a file: `bodyFileName` of WireMock is asked of the caller.

pub mod assemble;
pub mod har;
pub mod recording;
pub mod sdk_rust;
pub mod vcrpy;
pub mod wire;
pub mod wiremock;
mod wiremock_read;

use serde_json::Value;

pub use assemble::{Wanted, assemble};
pub use recording::Recording;
pub use wire::{Head, Mark};

use crate::service::time::Timestamp;
use crate::service::{WireRequest, WireResponse};

/// A file longer than this is not read.
pub const FILE_MAX: u64 = 256 << 20;
/// The longest body of which only the length was kept that is written as filling.
pub const FILLING_MAX: usize = 16 << 20;

/// A format of another tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// HTTP Archive 1.2, as browsers and mitmproxy write it.
    Har,
    /// A cassette of vcrpy, YAML or JSON.
    Vcrpy,
    /// Stub mappings of WireMock.
    WireMock,
    /// `NetworkTraffic` of aws-smithy-http-client's `test_util::dvr`.
    SdkRust,
}

impl Format {
    /// The word for it on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Format::Har => "har",
            Format::Vcrpy => "vcrpy",
            Format::WireMock => "wiremock",
            Format::SdkRust => "aws-sdk-rust",
        }
    }

    /// Which format a text seems to be, by its first keys; `None` where nothing tells.
    pub fn guess(text: &str) -> Option<Format> {
        if !text.trim_start().starts_with('{') {
            return text.lines().any(|line| line.starts_with("interactions:")).then_some(Format::Vcrpy);
        }
        // Only the first level is looked at: what stands below is skipped, not kept.
        let keys: std::collections::BTreeMap<String, serde::de::IgnoredAny> =
            serde_json::from_str(text).ok()?;
        let has = |key: &str| keys.contains_key(key);
        match () {
            () if has("log") => Some(Format::Har),
            () if has("interactions") => Some(Format::Vcrpy),
            () if has("events") => Some(Format::SdkRust),
            () if has("mappings") || (has("request") && has("response")) => Some(Format::WireMock),
            () => None,
        }
    }
}

/// One request and its response as they stood in a file of another tool.
#[derive(Clone)]
pub struct Entry {
    /// The host that was asked, where the format tells.
    pub host: Option<String>,
    /// What was sent.
    pub request: WireRequest,
    /// What came back.
    pub response: WireResponse,
    /// When it began, where the format tells.
    pub at: Option<Timestamp>,
    /// What an export of ours added.
    pub mark: Option<Mark>,
}

/// Shows nothing of it, since it holds real values.
impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Entry")
    }
}

/// What stood in a file of another tool.
#[derive(Debug, Default)]
pub struct Imported {
    /// What an export of ours said of the whole.
    pub head: Option<Head>,
    /// The exchanges, in order.
    pub entries: Vec<Entry>,
    /// How many requests had no answer.
    pub unanswered: usize,
    /// What could not be read the way it was meant, in words.
    pub notes: Vec<String>,
}

/// A recording as text of another format.
#[derive(Clone, Debug, Default)]
pub struct Exported {
    /// The file.
    pub text: String,
    /// What the format's other readers do not get, in words; it is kept for us where the format allows it.
    pub lost: Vec<String>,
}

/// A text that is not of the format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {message}")]
pub struct Malformed {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// What is wrong; nothing of the text's values.
    pub message: String,
}

impl Malformed {
    fn new(line: usize, column: usize, message: impl Into<String>) -> Self {
        Malformed { line: line.max(1), column: column.max(1), message: message.into() }
    }

    fn of_json(error: &serde_json::Error) -> Self {
        let text = error.to_string();
        let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message);
        Malformed::new(error.line(), error.column(), masked(message))
    }

    fn of_yaml(error: &serde_yaml::Error) -> Self {
        let (line, column) = error.location().map_or((1, 1), |at| (at.line(), at.column()));
        let text = error.to_string();
        let message = text.split(" at line ").next().unwrap_or_default();
        // A path of keys stands before it, and keys are the file's.
        let words = ["invalid ", "missing ", "unknown ", "duplicate ", "a body ", "the body "];
        let at = words.iter().filter_map(|word| message.find(word)).min().unwrap_or(0);
        let message = &message[at..];
        Malformed::new(line, column, masked(message))
    }
}

/// A parser's message without what it quotes of the text, which may be a secret.
fn masked(message: &str) -> String {
    let Some(open) = message.find('"') else { return plain_start(message) };
    match message.rfind('"') {
        Some(close) if close > open => format!("{}…{}", &message[..open], &message[close + 1..]),
        _ => message[..open].to_owned(),
    }
}

/// What a message quotes in other marks: numbers and unknown names, in backticks.
fn plain_start(message: &str) -> String {
    for start in ["unknown variant", "unknown field"] {
        if let Some(rest) = message.strip_prefix(start) {
            let known = rest.find("expected").map_or("", |at| &rest[at..]);
            return format!("{start}, {known}").trim_end_matches(", ").to_owned();
        }
    }
    match (message.find('`'), message.find("expected")) {
        (Some(open), Some(expected)) if open < expected => {
            format!("{}…, {}", &message[..open], &message[expected..])
        }
        _ => message.to_owned(),
    }
}

/// A member of ours in a file of another tool. What it does not understand it does without.
fn ours<T: serde::de::DeserializeOwned>(value: Option<Value>) -> Option<T> {
    serde_json::from_value(value?).ok()
}

/// Host and path of an URL, or of what stands where one should.
fn split_url(url: &str) -> (Option<String>, String) {
    let Some((_, rest)) = url.split_once("://") else {
        return (None, if url.starts_with('/') { url.to_owned() } else { format!("/{url}") });
    };
    let at = rest.find(['/', '?']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(at);
    let path = path.split('#').next().unwrap_or_default();
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    (Some(host.to_owned()), path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_known_by_its_first_keys() {
        for (text, format) in [
            (r#"{"log": {"entries": []}}"#, Some(Format::Har)),
            ("interactions:\n- request: {}\n", Some(Format::Vcrpy)),
            (r#"{"version": 1, "interactions": []}"#, Some(Format::Vcrpy)),
            (r#"{"mappings": []}"#, Some(Format::WireMock)),
            (r#"{"request": {}, "response": {}}"#, Some(Format::WireMock)),
            (r#"{"events": [], "docs": null, "version": "V0"}"#, Some(Format::SdkRust)),
            ("{}", None),
            ("hello", None),
        ] {
            assert_eq!(Format::guess(text), format, "{text}");
        }
    }

    #[test]
    fn an_error_tells_nothing_of_a_value() {
        for text in [r#"{"log": "CANARY"}"#, r#"{"log": {"entries": [{"request": {"method": 7777777}}]}}"#] {
            let error = har::read(text).expect_err("it is malformed").to_string();
            assert!(!error.contains("CANARY") && !error.contains("7777777"), "{error}");
            assert!(error.starts_with("1:"), "{error}");
        }
    }

    #[test]
    fn an_url_comes_apart() {
        assert_eq!(split_url("https://a.b:1/c?d#e"), (Some("a.b:1".to_owned()), "/c?d".to_owned()));
        assert_eq!(split_url("http://a"), (Some("a".to_owned()), "/".to_owned()));
        assert_eq!(split_url("x"), (None, "/x".to_owned()));
    }
}
