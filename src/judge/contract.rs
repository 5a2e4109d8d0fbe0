//! The contract: what every response must keep, whatever a scenario expects of it. From the service model and
//! from recordings of AWS.

use serde_json::{Value, json};

use super::shape_check::{check_body, json_type};
use super::verdict::Kind;
use crate::scenario::EvidenceKind;
use crate::service::errors::{AUTHENTICATION, is_common};
use crate::service::wire::{CONTENT_TYPE, REQUEST_ID_HEADER};
use crate::service::{ErrorBody, Operation, WireResponse, shapes};

/// Recordings of headers: every recorded response carries both, errors and empty bodies included.
const HEADERS: &str = "headers in recordings of AWS, 2018 to 2025";
/// Recordings of failures: `__type` holds the bare code.
const ERROR_BODY: &str = "bodies of failures in recordings of AWS, 2023";
/// The recorded TagResource has `content-length: 0`.
const EMPTY_BODY: &str = "TagResource in recordings of AWS, 2018 and 2025";
/// The codes that no operation declares: the list of common errors.
const COMMON_ERRORS: &str = "API reference, common errors";

/// A response that breaks the contract at one place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Breach {
    /// In which way.
    pub(super) kind: Kind,
    /// Where, with `[]` for places in lists and `*` for keys of maps. It may be printed.
    pub(super) path: String,
    /// Where exactly, with real keys.
    pub(super) at: String,
    /// What the contract says, in words that hold no value of a target.
    pub(super) expected: Value,
    /// What was there.
    pub(super) actual: Found,
    /// How strong the expectation is.
    pub(super) evidence: EvidenceKind,
    /// Where it comes from.
    pub(super) source: String,
}

/// What was there instead. It decides how it is redacted.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Found {
    /// Nothing.
    Nothing,
    /// A value of the body.
    Body(Value),
    /// Text of the target outside of a body's members: a header, a code.
    Text(String),
    /// Words of ours that hold no value of the target.
    Words(Value),
}

/// Holds one response against the contract of its operation. `body` is the parsed body, an empty object for zero
/// bytes, `None` when it does not parse.
pub(super) fn check(operation: &str, response: &WireResponse, body: Option<&Value>) -> Vec<Breach> {
    let Some(operation) = shapes().operation(operation) else { return Vec::new() };
    let mut breaches = headers(response);
    if response.succeeded() {
        if response.status != 200 {
            breaches.push(status(&[200], response.status, EvidenceKind::AwsModel, shapes().source()));
        }
        breaches.extend(success(operation, response, body));
    } else {
        breaches.extend(failure(operation, response, body));
    }
    breaches
}

fn headers(response: &WireResponse) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let mut breach = |path: &str, expected, actual| {
        breaches.push(wire(path, expected, actual, EvidenceKind::AwsRecorded, HEADERS));
    };
    match response.header("content-type") {
        Some(found) if found.eq_ignore_ascii_case(CONTENT_TYPE) => {}
        found => breach("header.content-type", json!(CONTENT_TYPE), text(found)),
    }
    match response.header(REQUEST_ID_HEADER) {
        Some(found) if is_lower_uuid(found) => {}
        // The id itself says nothing, and differs with every response.
        found => breach(
            "header.x-amzn-requestid",
            json!({"$uuid": "any"}),
            found.map_or(Found::Nothing, |_| Found::Words(json!("no UUID in lower case"))),
        ),
    }
    breaches
}

fn success(operation: &Operation, response: &WireResponse, body: Option<&Value>) -> Vec<Breach> {
    let size = response.body.len();
    match (operation.output, body) {
        (None, _) if size == 0 => Vec::new(),
        (None, _) => {
            let found = Found::Words(json!(format!("{size} bytes")));
            vec![wire("body", json!("zero bytes"), found, EvidenceKind::AwsRecorded, EMPTY_BODY)]
        }
        (Some(_), _) if size == 0 => vec![not_an_object("zero bytes")],
        (Some(_), None) => vec![not_an_object("no JSON")],
        (Some(output), Some(Value::Object(members))) => check_body(output, members),
        (Some(_), Some(other)) => vec![not_an_object(json_type(other))],
    }
}

/// No client can read such a body, which is more than the wire being spelt differently.
fn not_an_object(found: &str) -> Breach {
    Breach {
        kind: Kind::Type,
        path: "body".to_owned(),
        at: "body".to_owned(),
        expected: json!({"$type": "map"}),
        actual: Found::Words(json!(found)),
        evidence: EvidenceKind::AwsModel,
        source: shapes().source().to_owned(),
    }
}

fn failure(operation: &Operation, response: &WireResponse, body: Option<&Value>) -> Vec<Breach> {
    let Some(error) = body.and_then(ErrorBody::read) else {
        let found = match body {
            _ if response.body.is_empty() => "zero bytes",
            None => "no JSON",
            Some(Value::Object(_)) => "no __type",
            Some(other) => json_type(other),
        };
        let expected = json!({"$type": "string"});
        let found = Found::Words(json!(found));
        return vec![wire("__type", expected, found, EvidenceKind::AwsRecorded, ERROR_BODY)];
    };
    let mut breaches = Vec::new();
    if error.raw_type != error.code {
        let expected = json!("the bare code");
        let found = Found::Text(error.raw_type.clone());
        breaches.push(wire("__type", expected, found, EvidenceKind::AwsRecorded, ERROR_BODY));
    }
    let declared = operation.errors.contains(&error.code);
    if !declared && !is_common(&error.code) {
        breaches.push(Breach {
            kind: Kind::Code,
            path: "code".to_owned(),
            at: "code".to_owned(),
            expected: json!(format!("a code that {} declares, or a common one", operation.name)),
            actual: Found::Text(error.code.clone()),
            evidence: EvidenceKind::AwsModel,
            source: shapes().source().to_owned(),
        });
    }
    let (expected, evidence, source) = statuses(&error.code);
    if !expected.contains(&response.status) {
        breaches.push(status(expected, response.status, evidence, source));
    }
    breaches
}

/// The statuses that a code may come with, and why.
fn statuses(code: &str) -> (&'static [u16], EvidenceKind, &'static str) {
    if let Some(status) = shapes().errors().get(code) {
        let known: &[u16] = if *status == 500 { &[500] } else { &[400] };
        return (known, EvidenceKind::AwsModel, shapes().source());
    }
    let known: &[u16] = match code {
        "InternalFailure" => &[500],
        "ServiceUnavailable" | "ServiceUnavailableException" => &[503],
        // Services of this protocol differ in it, and no recording of this one is public.
        "UnknownOperationException" => &[400, 404],
        // The documentation says 403 for some of them, recordings show 400.
        code if AUTHENTICATION.contains(&code) => &[400, 403],
        code if is_common(code) => &[400],
        // Nobody knows a code that is not AWS's; that it is not AWS's is said already.
        _ => &[400, 500],
    };
    (known, EvidenceKind::AwsDocs, COMMON_ERRORS)
}

fn status(expected: &[u16], found: u16, evidence: EvidenceKind, source: &str) -> Breach {
    let expected = match expected {
        [one] => json!(one),
        several => json!({"$oneOf": several}),
    };
    wire("status", expected, Found::Words(json!(found)), evidence, source)
}

fn wire(path: &str, expected: Value, actual: Found, evidence: EvidenceKind, source: &str) -> Breach {
    Breach {
        kind: Kind::Wire,
        path: path.to_owned(),
        at: path.to_owned(),
        expected,
        actual,
        evidence,
        source: source.to_owned(),
    }
}

fn text(found: Option<&str>) -> Found {
    found.map_or(Found::Nothing, |text| Found::Text(text.to_owned()))
}

fn is_lower_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    const REQUEST_ID: &str = "762cae71-1250-48fc-a89e-1e7fb2c4762f";

    fn found(operation: &str, response: &WireResponse) -> Vec<(Kind, String)> {
        let body = response.json();
        check(operation, response, body.as_ref())
            .into_iter()
            .map(|breach| (breach.kind, breach.path))
            .collect()
    }

    fn with(mut response: WireResponse, change: impl FnOnce(&mut WireResponse)) -> WireResponse {
        change(&mut response);
        response
    }

    #[test]
    fn what_aws_answers_keeps_the_contract() {
        let secret = json!({"Name": "db"});
        assert_eq!(found("RestoreSecret", &WireResponse::success(Some(&secret), REQUEST_ID)), []);
        assert_eq!(found("TagResource", &WireResponse::success(None, REQUEST_ID)), []);
        for (status, code) in [
            (400, "ResourceNotFoundException"),
            (400, "ValidationException"),
            (500, "InternalServiceError"),
            (500, "InternalFailure"),
            (503, "ServiceUnavailable"),
        ] {
            let response = WireResponse::failure(status, code, "m", REQUEST_ID);
            assert_eq!(found("RestoreSecret", &response), [], "{code}");
        }
        let refusal = WireResponse::refusal(400, "UnrecognizedClientException", "m", REQUEST_ID);
        assert_eq!(found("RestoreSecret", &refusal), []);
    }

    #[test]
    fn every_way_to_break_the_wire_is_named() {
        let good = WireResponse::success(Some(&json!({})), REQUEST_ID);
        let bad = WireResponse::failure(400, "ResourceNotFoundException", "m", REQUEST_ID);
        let cases = [
            (with(good.clone(), |r| r.status = 201), Kind::Wire, "status"),
            (with(good.clone(), |r| r.headers.truncate(1)), Kind::Wire, "header.content-type"),
            (
                with(good.clone(), |r| r.headers[1].1 = "application/json".to_owned()),
                Kind::Wire,
                "header.content-type",
            ),
            (
                with(good.clone(), |r| r.headers[0].1.make_ascii_uppercase()),
                Kind::Wire,
                "header.x-amzn-requestid",
            ),
            (with(good.clone(), |r| r.body = Bytes::from_static(b"<html>")), Kind::Type, "body"),
            (with(good.clone(), |r| r.body = Bytes::new()), Kind::Type, "body"),
            (with(good, |r| r.body = Bytes::from_static(b"[]")), Kind::Type, "body"),
            (with(bad.clone(), |r| r.status = 404), Kind::Wire, "status"),
            (with(bad.clone(), |r| r.body = Bytes::from_static(b"{}")), Kind::Wire, "__type"),
            (with(bad, |r| r.body = Bytes::from_static(b"<html>")), Kind::Wire, "__type"),
            (
                WireResponse::failure(400, "a#ResourceNotFoundException", "m", REQUEST_ID),
                Kind::Wire,
                "__type",
            ),
            (WireResponse::failure(400, "PublicPolicyException", "m", REQUEST_ID), Kind::Code, "code"),
            (WireResponse::failure(400, "InternalServiceError", "m", REQUEST_ID), Kind::Wire, "status"),
        ];
        for (response, kind, path) in cases {
            assert_eq!(found("RestoreSecret", &response), [(kind, path.to_owned())], "{response:?}");
        }
        let filled = WireResponse::success(Some(&json!({})), REQUEST_ID);
        assert_eq!(found("TagResource", &filled), [(Kind::Wire, "body".to_owned())]);
    }
}
