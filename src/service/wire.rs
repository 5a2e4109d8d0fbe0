//! The JSON 1.1 wire: `POST /` with `X-Amz-Target: secretsmanager.OPERATION`, JSON both ways.
//!
//! Source of target prefix, content type and status: the SDK's model (aws-model); of header and error shapes:
//! recordings (aws-recorded).

use bytes::Bytes;
use serde_json::Value;

/// What stands before the operation's name in `X-Amz-Target`.
pub const TARGET_PREFIX: &str = "secretsmanager.";
/// The content type of requests and responses.
pub const CONTENT_TYPE: &str = "application/x-amz-json-1.1";
/// The header that names the operation.
pub const TARGET_HEADER: &str = "x-amz-target";
/// The header that carries the id of a request: a lower-case UUID (aws-recorded).
pub const REQUEST_ID_HEADER: &str = "x-amzn-requestid";

/// Headers in the order of the wire, names as they were written.
pub type Headers = Vec<(String, String)>;

/// A request, as it goes over the wire or came from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireRequest {
    /// `POST` for every operation.
    pub method: String,
    /// Path and query; `/` for every operation.
    pub path: String,
    /// All headers.
    pub headers: Headers,
    /// The body's bytes.
    pub body: Bytes,
}

/// A response, as it came from the wire or goes over it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireResponse {
    /// The HTTP status.
    pub status: u16,
    /// All headers.
    pub headers: Headers,
    /// The body's bytes.
    pub body: Bytes,
}

/// The body of a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorBody {
    /// The error code: `__type` without a namespace before `#`.
    pub code: String,
    /// `__type` as it was written; AWS writes the bare code (aws-recorded).
    pub raw_type: String,
    /// The text, from `Message` or `message`.
    pub message: Option<String>,
}

impl WireRequest {
    /// The request that calls an operation. It is not signed yet.
    pub fn call(operation: &str, input: &Value) -> Self {
        WireRequest {
            method: "POST".to_owned(),
            path: "/".to_owned(),
            headers: vec![
                ("Content-Type".to_owned(), CONTENT_TYPE.to_owned()),
                ("X-Amz-Target".to_owned(), format!("{TARGET_PREFIX}{operation}")),
            ],
            body: Bytes::from(input.to_string()),
        }
    }

    /// The header's value; names compare without regard to case.
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// The operation that `X-Amz-Target` names, if it has the service's prefix.
    pub fn operation(&self) -> Option<&str> {
        self.header(TARGET_HEADER)?.strip_prefix(TARGET_PREFIX)
    }

    /// The body as JSON; `None` when it does not parse.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

impl WireResponse {
    /// The response of a success. `None` is a body of zero bytes.
    pub fn success(body: Option<&Value>, request_id: &str) -> Self {
        let body = body.map(Value::to_string).unwrap_or_default();
        WireResponse { status: 200, headers: head(request_id), body: Bytes::from(body) }
    }

    /// The response of a failure of the service: bare `__type`, and `Message` with a capital (aws-recorded).
    pub fn failure(status: u16, code: &str, message: &str, request_id: &str) -> Self {
        let body = serde_json::json!({"__type": code, "Message": message});
        WireResponse { status, headers: head(request_id), body: Bytes::from(body.to_string()) }
    }

    /// The response of the layer in front of the service, which writes `message` (reported).
    pub fn refusal(status: u16, code: &str, message: &str, request_id: &str) -> Self {
        let body = serde_json::json!({"__type": code, "message": message});
        WireResponse { status, headers: head(request_id), body: Bytes::from(body.to_string()) }
    }

    /// The header's value; names compare without regard to case.
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// Whether the status says success.
    pub fn succeeded(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as JSON: an empty object for zero bytes, `None` when it does not parse.
    pub fn json(&self) -> Option<Value> {
        if self.body.is_empty() {
            return Some(Value::Object(serde_json::Map::new()));
        }
        serde_json::from_slice(&self.body).ok()
    }

    /// The failure that the body tells, where it has the shape of one.
    pub fn error(&self) -> Option<ErrorBody> {
        if self.succeeded() {
            return None;
        }
        ErrorBody::read(&self.json()?)
    }
}

impl ErrorBody {
    /// Reads `{"__type": …, "Message": …}`; `None` when there is no `__type`.
    pub fn read(body: &Value) -> Option<Self> {
        let raw_type = body.get("__type")?.as_str()?;
        let code = raw_type.rsplit_once('#').map_or(raw_type, |(_, code)| code);
        let message = body.get("Message").or_else(|| body.get("message"));
        Some(ErrorBody {
            code: code.to_owned(),
            raw_type: raw_type.to_owned(),
            message: message.and_then(Value::as_str).map(str::to_owned),
        })
    }
}

fn head(request_id: &str) -> Headers {
    vec![
        ("x-amzn-RequestId".to_owned(), request_id.to_owned()),
        ("Content-Type".to_owned(), CONTENT_TYPE.to_owned()),
    ]
}

fn find<'h>(headers: &'h Headers, name: &str) -> Option<&'h str> {
    headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_read_back() {
        let response = WireResponse::failure(400, "ResourceNotFoundException", "no", "id");
        let error = response.error().expect("it is a failure");
        assert_eq!(
            (error.code.as_str(), error.message.as_deref()),
            ("ResourceNotFoundException", Some("no"))
        );
    }

    #[test]
    fn a_namespace_is_no_part_of_the_code() {
        let error =
            ErrorBody::read(&serde_json::json!({"__type": "a.b#C", "message": "m"})).expect("it has a type");
        assert_eq!((error.code.as_str(), error.raw_type.as_str()), ("C", "a.b#C"));
    }

    #[test]
    fn zero_bytes_are_an_empty_object() {
        assert_eq!(WireResponse::success(None, "id").json(), Some(serde_json::json!({})));
    }
}
