//! Status, headers, the shape of bodies, and who is let in.

use bytes::Bytes;
use serde_json::Value;

use super::{Ask, Fault, How, Source, failed_with, success};
use crate::judge::Kind;
use crate::service::wire::{CONTENT_TYPE, REQUEST_ID_HEADER, TARGET_HEADER, TARGET_PREFIX};
use crate::service::{WireRequest, WireResponse};

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "content-type-html",
        does: "Every response is labelled text/html.",
        source: Source::Moto("returns a bare string, which Flask labels text/html"),
        operations: &[],
        kinds: &[Kind::Wire],
        at: "header.content-type",
        caught_by: "wire/error-body[put]",
        how: How::Wire(|response| set_header(response, "content-type", "text/html; charset=utf-8")),
    },
    Fault {
        name: "request-id-of-letters",
        does: "The request id is 52 letters and digits in capitals instead of a UUID.",
        source: Source::Moto("makes 52 letters and digits in the manner of other services"),
        operations: &[],
        kinds: &[Kind::Wire],
        at: "header.x-amzn-requestid",
        caught_by: "wire/error-body[put]",
        how: How::Wire(|response| {
            set_header(response, REQUEST_ID_HEADER, "1D7QX3N6V0ZK2M5P8S4T9B1C3F6H0J2L5R7W9Y1A3E6G8U0I2O4Q");
        }),
    },
    Fault {
        name: "not-found-is-404",
        does: "What is not found is answered with status 404.",
        source: Source::Moto("gives 404 to what is not found"),
        operations: &[],
        kinds: &[Kind::Wire],
        at: "status",
        caught_by: "get-secret-value/unknown-secret",
        how: How::Failure(&[], |failed| {
            if failed.code == "ResourceNotFoundException" {
                failed.status = 404;
            }
        }),
    },
    Fault {
        name: "failure-is-a-page",
        does: "A body that is no JSON is answered with an HTML page of status 500.",
        source: Source::Moto("lets Python exceptions out as an HTML page with status 500 or 404"),
        operations: &[],
        kinds: &[Kind::Wire],
        at: "__type",
        caught_by: "wire/malformed-json[cut-off]",
        how: How::Wire(|response| {
            if failed_with(response, "SerializationException", "") {
                response.status = 500;
                response.body =
                    Bytes::from_static(b"<!doctype html>\n<title>500 Internal Server Error</title>\n");
            }
        }),
    },
    Fault {
        name: "empty-object-for-zero-bytes",
        does: "TagResource and UntagResource answer an empty object instead of zero bytes.",
        source: Source::Moto("writes an empty object"),
        operations: &["TagResource", "UntagResource"],
        kinds: &[Kind::Wire],
        at: "body",
        caught_by: "tag-resource/empty-value-is-kept",
        how: How::Wire(|response| {
            if response.succeeded() && response.body.is_empty() {
                response.body = Bytes::from_static(b"{}");
            }
        }),
    },
    Fault {
        name: "signatures-not-checked",
        does: "A request is answered whatever its key, date and signature are.",
        source: Source::Moto("checks no signatures unless it is told to"),
        operations: &[],
        kinds: &[Kind::Outcome],
        at: "",
        caught_by: "authentication/expired-signature",
        how: How::Wire(|response| {
            let refused = response.json().is_some_and(|body| body.get("message").is_some());
            if refused && !response.succeeded() {
                *response = success(&Value::Object(serde_json::Map::new()));
            }
        }),
    },
    Fault {
        name: "broken-json-is-empty",
        does: "A body that is no JSON is taken for an empty one.",
        source: Source::Moto("takes a body that it cannot read for an empty one"),
        operations: &[],
        kinds: &[Kind::Outcome],
        at: "",
        caught_by: "wire/malformed-json",
        how: How::Other(|ask| {
            let response = ask.pass();
            let broken = failed_with(&response, "SerializationException", "well-formed");
            if broken { ask.pass_with(&Value::Object(serde_json::Map::new())) } else { response }
        }),
    },
    Fault {
        name: "types-not-checked",
        does: "A member of another type than the service's is taken.",
        source: Source::Moto("checks no types, and stores what it gets"),
        operations: &[],
        kinds: &[Kind::Outcome],
        at: "",
        caught_by: "wire/wrong-type-in-a-read[list-for-string]",
        how: How::Other(|ask| {
            let response = ask.pass();
            let wrong = failed_with(&response, "SerializationException", "")
                && !failed_with(&response, "SerializationException", "well-formed");
            if wrong { ask.succeed() } else { response }
        }),
    },
    Fault {
        name: "get-is-answered",
        does: "An operation is carried out for a GET, too.",
        source: Source::Moto("takes a GET as well"),
        operations: &[],
        kinds: &[Kind::Outcome],
        at: "",
        caught_by: "wire/get",
        how: How::Other(|ask| match ask.request.method.as_str() {
            "GET" => {
                let body = if ask.request.body.is_empty() {
                    Bytes::from_static(b"{}")
                } else {
                    ask.request.body.clone()
                };
                ask.next.respond(&WireRequest { method: "POST".to_owned(), body, ..ask.request.clone() })
            }
            _ => ask.pass(),
        }),
    },
    Fault {
        name: "target-by-its-last-word",
        does: "Only what follows the last dot of X-Amz-Target is read.",
        source: Source::Moto("reads only what follows the last dot"),
        operations: &[],
        kinds: &[Kind::Outcome],
        at: "",
        caught_by: "wire/unknown-target[no-prefix]",
        how: How::Other(last_word),
    },
];

pub(super) fn set_header(response: &mut WireResponse, name: &str, value: &str) {
    response.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    response.headers.push((name.to_owned(), value.to_owned()));
    debug_assert!(value != CONTENT_TYPE, "a fault that changes nothing");
}

fn last_word(ask: &Ask<'_>) -> WireResponse {
    let mut request = ask.request.clone();
    for (name, value) in &mut request.headers {
        if name.eq_ignore_ascii_case(TARGET_HEADER) {
            let operation = value.rsplit('.').next().unwrap_or_default();
            *value = format!("{TARGET_PREFIX}{operation}");
        }
    }
    ask.next.respond(&request)
}
