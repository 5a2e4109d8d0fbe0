//! HTTP Archive 1.2, as browsers and mitmproxy write and read it. Members that begin with `_` are anybody's own.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::{Entry, Exported, Head, Imported, Malformed, Mark, Recording, ours, split_url, wire};
use crate::service::time::Timestamp;
use crate::service::wire::Headers;
use crate::service::{WireRequest, WireResponse};
use crate::store::fixture::BASE;

#[derive(Deserialize)]
struct File {
    log: Log,
}

#[derive(Deserialize)]
struct Log {
    entries: Vec<HarEntry>,
    #[serde(default, rename = "_smcheck")]
    ours: Option<Value>,
}

#[derive(Deserialize)]
struct HarEntry {
    #[serde(default, rename = "startedDateTime")]
    started: Option<String>,
    request: HarRequest,
    response: HarResponse,
    #[serde(default, rename = "_smcheck")]
    ours: Option<Value>,
}

#[derive(Deserialize)]
struct HarRequest {
    method: String,
    url: String,
    #[serde(default)]
    headers: Vec<Pair>,
    #[serde(default, rename = "postData")]
    body: Option<Body>,
}

#[derive(Deserialize)]
struct HarResponse {
    status: i64,
    #[serde(default)]
    headers: Vec<Pair>,
    #[serde(default)]
    content: Option<Body>,
}

#[derive(Deserialize)]
struct Pair {
    name: String,
    value: String,
}

/// The bytes of a body.
struct Body(Vec<u8>);

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Raw {
            #[serde(default)]
            text: Option<String>,
            #[serde(default)]
            encoding: Option<String>,
        }
        let raw = Raw::deserialize(deserializer)?;
        let text = raw.text.unwrap_or_default();
        match raw.encoding.as_deref() {
            Some("base64") => {
                let bytes = STANDARD.decode(text.trim());
                bytes.map(Body).map_err(|_| serde::de::Error::custom("`text` is no base64"))
            }
            _ => Ok(Body(text.into_bytes())),
        }
    }
}

/// Reads an archive.
///
/// # Errors
/// Where it is none.
pub fn read(text: &str) -> Result<Imported, Malformed> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let file: File = serde_json::from_str(text).map_err(|error| Malformed::of_json(&error))?;
    let mut imported = Imported { head: ours(file.log.ours), ..Imported::default() };
    let mut entries = Vec::new();
    for entry in file.log.entries {
        // Browsers write 0 and -1 where nothing came back.
        let Some(status) = u16::try_from(entry.response.status).ok().filter(|status| *status >= 100) else {
            imported.unanswered += 1;
            continue;
        };
        let (host, path) = split_url(&entry.request.url);
        let bytes = |body: Option<Body>| body.map(|body| body.0).unwrap_or_default();
        entries.push(Entry {
            host,
            request: WireRequest {
                method: entry.request.method,
                path,
                headers: headers(entry.request.headers),
                body: bytes(entry.request.body).into(),
            },
            response: WireResponse {
                status,
                headers: headers(entry.response.headers),
                body: bytes(entry.response.content).into(),
            },
            at: entry.started.as_deref().and_then(time),
            mark: ours(entry.ours),
        });
    }
    // Entries are in the order of starting wherever they are written; a tool that saves several pages may do without.
    entries.sort_by_key(|entry: &Entry| entry.at);
    imported.entries = entries;
    Ok(imported)
}

fn headers(pairs: Vec<Pair>) -> Headers {
    pairs.into_iter().map(|pair| (pair.name, pair.value)).collect()
}

fn time(text: &str) -> Option<Timestamp> {
    text.parse::<jiff::Timestamp>().ok().map(|at| Timestamp(at.as_millisecond()))
}

/// Writes a recording as an archive; requests went to `endpoint`.
pub fn write(recording: &Recording, endpoint: &str) -> Exported {
    let head = &recording.head;
    let entry = |(at, line): (usize, &crate::store::jsonl::RecordingLine)| {
        let (request, response) = wire::render(line, at + 1);
        let moment = BASE.plus_ms(i64::try_from(at).unwrap_or(i64::MAX)).0;
        let started = jiff::Timestamp::from_millisecond(moment).unwrap_or_default();
        let mut asked = json!({
            "method": request.method,
            "url": format!("{endpoint}{}", request.path),
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": pairs(&request.headers),
            "queryString": [],
            "headersSize": -1,
            "bodySize": request.body.len(),
        });
        if !request.body.is_empty() {
            asked["postData"] = json!({
                "mimeType": request.header("content-type").unwrap_or_default(),
                "text": String::from_utf8_lossy(&request.body),
            });
        }
        json!({
            "startedDateTime": format!("{started:.3}"),
            "time": 0,
            "request": asked,
            "response": {
                "status": response.status,
                "statusText": if response.succeeded() { "OK" } else { "" },
                "httpVersion": "HTTP/1.1",
                "cookies": [],
                "headers": pairs(&response.headers),
                "content": {
                    "size": response.body.len(),
                    "mimeType": response.header("content-type").unwrap_or_default(),
                    "text": String::from_utf8_lossy(&response.body),
                },
                "redirectURL": "",
                "headersSize": -1,
                "bodySize": response.body.len(),
            },
            "cache": {},
            "timings": {"send": 0, "wait": 0, "receive": 0},
            "_smcheck": Mark::new(head, line, at + 1),
        })
    };
    let entries: Vec<Value> = recording.lines.iter().enumerate().map(entry).collect();
    let file = json!({"log": {
        "version": "1.2",
        "creator": {"name": "smcheck", "version": env!("CARGO_PKG_VERSION")},
        "entries": entries,
        "_smcheck": as_value(head),
    }});
    Exported { text: format!("{file:#}\n"), lost: wire::lost(recording) }
}

fn as_value(head: &Head) -> Value {
    serde_json::to_value(head).unwrap_or_default()
}

fn pairs(headers: &Headers) -> Vec<Value> {
    headers.iter().map(|(name, value)| json!({"name": name, "value": value})).collect()
}
