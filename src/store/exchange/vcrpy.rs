//! Cassettes of vcrpy (format 1), of its YAML and its JSON serializer. Keys beside `request` and `response`, and beside
//! `interactions`, are nobody's: vcrpy skips them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use regex::Regex;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::{Entry, Exported, Imported, Malformed, Mark, Recording, ours, split_url, wire};
use crate::service::wire::Headers;
use crate::service::{WireRequest, WireResponse};

/// Bytes, as PyYAML writes them: of boto3 those are the values of headers too. The parser forgets tags of YAML's own,
/// and keeps others.
static BINARY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?m)^(\s*(?:- )*(?:[A-Za-z0-9_-]+: )?)!!binary\b").expect("the expression is tested")
});

#[derive(Deserialize)]
struct Cassette {
    interactions: Vec<Interaction>,
    #[serde(default)]
    smcheck: Option<Value>,
}

#[derive(Deserialize)]
struct Interaction {
    request: Request,
    response: Response,
    #[serde(default)]
    smcheck: Option<Value>,
}

#[derive(Deserialize)]
struct Request {
    method: String,
    uri: String,
    #[serde(default)]
    headers: Option<BTreeMap<String, Values>>,
    #[serde(default)]
    body: Option<Body>,
}

#[derive(Deserialize)]
struct Response {
    status: Status,
    #[serde(default)]
    headers: Option<BTreeMap<String, Values>>,
    #[serde(default)]
    body: Option<Body>,
}

#[derive(Deserialize)]
struct Status {
    code: u16,
}

/// The values of a header.
struct Values(Vec<String>);

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = |value: &serde_yaml::Value| {
            bytes(value, false).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        };
        let values = match &serde_yaml::Value::deserialize(deserializer)? {
            serde_yaml::Value::Sequence(values) => values.iter().map(text).collect(),
            value => text(value).map(|value| vec![value]),
        };
        values.map(Values).map_err(serde::de::Error::custom)
    }
}

/// The bytes of a body: text, binary, or either in a map.
struct Body(Vec<u8>);

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        bytes(&serde_yaml::Value::deserialize(deserializer)?, false)
            .map(Body)
            .map_err(serde::de::Error::custom)
    }
}

fn bytes(value: &serde_yaml::Value, encoded: bool) -> Result<Vec<u8>, &'static str> {
    use serde_yaml::Value as Yaml;
    match value {
        Yaml::Null => Ok(Vec::new()),
        Yaml::String(text) if encoded => {
            let text: String = text.split_whitespace().collect();
            STANDARD.decode(text).map_err(|_| "the body is no base64")
        }
        Yaml::String(text) => Ok(text.clone().into_bytes()),
        Yaml::Tagged(tagged) if tagged.tag == "!binary" => bytes(&tagged.value, true),
        Yaml::Mapping(map) => match (map.get("string"), map.get("base64_string")) {
            (Some(text), _) => bytes(text, false),
            (None, Some(text)) => bytes(text, true),
            (None, None) => Err("a body has `string` or `base64_string`"),
        },
        _ => Err("a body is text"),
    }
}

/// Reads a cassette.
///
/// # Errors
/// Where it is none.
pub fn read(text: &str) -> Result<Imported, Malformed> {
    let cassette: Cassette = if text.trim_start().starts_with('{') {
        serde_json::from_str(text).map_err(|error| Malformed::of_json(&error))?
    } else {
        let text = BINARY.replace_all(text, "$1!binary");
        serde_yaml::from_str(&text).map_err(|error| Malformed::of_yaml(&error))?
    };
    let entry = |interaction: Interaction| {
        let Interaction { request, response, smcheck } = interaction;
        let (host, path) = split_url(&request.uri);
        let bytes = |body: Option<Body>| body.map(|body| body.0).unwrap_or_default();
        Entry {
            host,
            request: WireRequest {
                method: request.method,
                path,
                headers: flat(request.headers),
                body: bytes(request.body).into(),
            },
            response: WireResponse {
                status: response.status.code,
                headers: flat(response.headers),
                body: bytes(response.body).into(),
            },
            at: None,
            mark: ours(smcheck),
        }
    };
    Ok(Imported {
        head: ours(cassette.smcheck),
        entries: cassette.interactions.into_iter().map(entry).collect(),
        ..Imported::default()
    })
}

fn flat(headers: Option<BTreeMap<String, Values>>) -> Headers {
    let each = |(name, Values(values)): (String, Values)| {
        values.into_iter().map(move |value| (name.clone(), value)).collect::<Vec<_>>()
    };
    headers.unwrap_or_default().into_iter().flat_map(each).collect()
}

/// Writes a recording as a cassette; requests went to `endpoint`. `as_json` is for vcrpy's JSON serializer.
pub fn write(recording: &Recording, endpoint: &str, as_json: bool) -> Exported {
    let interaction = |(at, line): (usize, &crate::store::jsonl::RecordingLine)| {
        let (request, response) = wire::render(line, at + 1);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let body = if request.body.is_empty() { Value::Null } else { Value::from(text(&request.body)) };
        json!({
            "request": {
                "method": request.method,
                "uri": format!("{endpoint}{}", request.path),
                "headers": lists(&request.headers),
                "body": body,
            },
            "response": {
                "status": {"code": response.status, "message": if response.succeeded() { "OK" } else { "" }},
                "headers": lists(&response.headers),
                "body": {"string": text(&response.body)},
            },
            "smcheck": Mark::new(&recording.head, line, at + 1),
        })
    };
    let interactions: Vec<Value> = recording.lines.iter().enumerate().map(interaction).collect();
    let cassette = json!({"version": 1, "interactions": interactions, "smcheck": recording.head});
    let text = match as_json {
        true => format!("{cassette:#}\n"),
        false => serde_yaml::to_string(&cassette).unwrap_or_default(),
    };
    Exported { text, lost: wire::lost(recording) }
}

fn lists(headers: &Headers) -> Value {
    Value::Object(headers.iter().map(|(name, value)| (name.clone(), json!([value]))).collect())
}
