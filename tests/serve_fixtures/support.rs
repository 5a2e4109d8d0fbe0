//! A small recording, a playback of it, and the calls of a client.

use std::path::Path;

use serde_json::{Value, json};
use smcheck::server::playback::{Cassette, DERIVED, DERIVED_FROM, Mode, Options, Shelf};
use smcheck::server::{Playback, Responder};
use smcheck::service::time::DAY_MS;
use smcheck::service::{WireRequest, WireResponse};

pub(crate) const ARN: &str = "arn:aws:secretsmanager:us-east-1:000000000000:secret:app/db-AAAAA1";
pub(crate) const V1: &str = "00000000-0000-4000-8000-000000000001";
pub(crate) const V2: &str = "00000000-0000-4000-8000-000000000002";
/// The client's own token.
pub(crate) const TOKEN: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";
pub(crate) const BASE: i64 = 1_577_836_800;

pub(crate) fn header(name: &str) -> String {
    format!(
        "{}\n",
        json!({"smcheck": 1, "recording": name, "recorded": {"target": "moto"}, "region": "us-east-1"})
    )
}

/// A line as the proxy writes it; `names` where it is the first to hold one.
pub(crate) fn line(
    step: usize,
    operation: &str,
    names: &Value,
    input: &Value,
    status: u16,
    output: &Value,
) -> String {
    let mut line = json!({"step": step, "operation": operation, "request": {"body": input},
        "response": {"status": status, "body": output}});
    if !names.is_null() {
        line["names"] = names.clone();
    }
    format!("{line}\n")
}

pub(crate) fn recording(name: &str, exchanges: &[(&str, Value, u16, Value)]) -> String {
    let lines = exchanges.iter().enumerate().map(|(at, (operation, input, status, output))| {
        line(at + 1, operation, &Value::Null, input, *status, output)
    });
    std::iter::once(header(name)).chain(lines).collect()
}

/// An application that reads a secret, rotates it by hand, and looks for one that is not there.
pub(crate) fn shop() -> String {
    let read = |version: &str, value: &str, stages: &[&str]| {
        json!({"ARN": ARN, "Name": "app/db", "VersionId": version, "SecretString": value,
            "VersionStages": stages, "CreatedDate": BASE})
    };
    let old = r#"{"password":"smcheck-secret-0001","port":1}"#;
    recording(
        "shop",
        &[
            ("GetSecretValue", json!({"SecretId": "app/db"}), 200, read(V1, old, &["AWSCURRENT"])),
            (
                "DescribeSecret",
                json!({"SecretId": "app/db"}),
                200,
                json!({"ARN": ARN, "Name": "app/db", "RotationEnabled": false,
                    "VersionIdsToStages": {V1: ["AWSCURRENT"]}, "CreatedDate": BASE - DAY_MS / 1000}),
            ),
            (
                "PutSecretValue",
                json!({"SecretId": "app/db", "ClientRequestToken": V2, "SecretString": "smcheck-secret-0002",
                    "VersionStages": ["AWSPENDING"]}),
                200,
                json!({"ARN": ARN, "Name": "app/db", "VersionId": V2, "VersionStages": ["AWSPENDING"]}),
            ),
            (
                "UpdateSecretVersionStage",
                json!({"SecretId": "app/db", "VersionStage": "AWSCURRENT", "RemoveFromVersionId": V1,
                    "MoveToVersionId": V2}),
                200,
                json!({"ARN": ARN, "Name": "app/db"}),
            ),
            (
                "GetSecretValue",
                json!({"SecretId": "app/db"}),
                200,
                read(V2, "smcheck-secret-0002", &["AWSCURRENT", "AWSPENDING"]),
            ),
            (
                "GetSecretValue",
                json!({"SecretId": "app/none"}),
                400,
                json!({"__type": "ResourceNotFoundException", "Message": "Secrets Manager can't find it."}),
            ),
        ],
    )
}

pub(crate) fn shelf(texts: &[String]) -> Shelf {
    let mut shelf = Shelf::default();
    for text in texts {
        let (cassette, cut) =
            Cassette::read(Path::new("a.jsonl"), text.clone().into_bytes()).expect("it is one");
        assert_eq!(cut, None);
        shelf.add(cassette);
    }
    shelf
}

pub(crate) fn play(mode: Mode) -> Playback {
    Playback::of(shelf(&[shop()]), Options { mode, ..Options::default() })
}

pub(crate) fn signed(key: &str, mut request: WireRequest) -> WireRequest {
    let value = format!(
        "AWS4-HMAC-SHA256 Credential={key}/20260101/us-east-1/secretsmanager/aws4_request, SignedHeaders=host, Signature=00"
    );
    request.headers.push(("authorization".to_owned(), value));
    request
}

pub(crate) fn call_as(playback: &Playback, key: &str, operation: &str, input: &Value) -> WireResponse {
    playback.respond(&signed(key, WireRequest::call(operation, input)))
}

#[expect(clippy::needless_pass_by_value, reason = "a call reads better without a sign for borrowing")]
pub(crate) fn call(playback: &Playback, operation: &str, input: Value) -> WireResponse {
    call_as(playback, "KEY", operation, &input)
}

pub(crate) fn body(response: &WireResponse) -> Value {
    response.json().expect("it is JSON")
}

pub(crate) fn get(playback: &Playback, id: &str) -> WireResponse {
    call(playback, "GetSecretValue", json!({"SecretId": id}))
}

pub(crate) fn put(playback: &Playback) -> WireResponse {
    let input = json!({"SecretId": "app/db", "ClientRequestToken": TOKEN, "SecretString": "CANARY-new",
        "VersionStages": ["AWSPENDING"]});
    call(playback, "PutSecretValue", input)
}

pub(crate) fn promote(playback: &Playback) -> WireResponse {
    let input = json!({"SecretId": "app/db", "VersionStage": "AWSCURRENT", "RemoveFromVersionId": V1,
        "MoveToVersionId": TOKEN});
    call(playback, "UpdateSecretVersionStage", input)
}

#[track_caller]
pub(crate) fn missed(response: &WireResponse, part: &str) -> String {
    let error = response.error().expect("it is a failure");
    assert_eq!((response.status, error.code.as_str()), (400, "SmcheckNoRecordingException"));
    let message = error.message.expect("it says why");
    assert!(message.contains(part), "{message}");
    message
}

#[track_caller]
pub(crate) fn is_derived(response: &WireResponse, from: &str) -> Value {
    assert_eq!(response.header(DERIVED), Some("true"), "{response:?}");
    assert_eq!(response.header(DERIVED_FROM), Some(from));
    body(response)
}

/// A recording with a name that was made when it was recorded, made, read and deleted.
pub(crate) fn temporary() -> String {
    let arn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:app-secret-0001-AAAAA1";
    let names = json!({"app-secret-0001": {"prefix": "app-"}});
    let create =
        json!({"Name": "app-secret-0001", "ClientRequestToken": V1, "SecretString": "smcheck-secret-0001"});
    let created = json!({"ARN": arn, "Name": "app-secret-0001", "VersionId": V1});
    let read = json!({"ARN": arn, "Name": "app-secret-0001", "VersionId": V1, "SecretString": "smcheck-secret-0001",
        "VersionStages": ["AWSCURRENT"], "CreatedDate": BASE});
    let gone = json!({"ARN": arn, "Name": "app-secret-0001", "DeletionDate": BASE + 30 * DAY_MS / 1000});
    [
        header("temporary"),
        line(1, "CreateSecret", &names, &create, 200, &created),
        line(2, "GetSecretValue", &Value::Null, &json!({"SecretId": "app-secret-0001"}), 200, &read),
        line(3, "DeleteSecret", &Value::Null, &json!({"SecretId": arn}), 200, &gone),
    ]
    .concat()
}
