//! No secret leaves memory: unmistakable ones are planted wherever a response or a request can hold one, and every
//! byte that is written or shown is searched for them.

mod recording;

use recording::{Case, Sent, Small, exchange, files, target};
use serde_json::{Value, json};
use smcheck::judge::observe;
use smcheck::server::{Playback, Responder};
use smcheck::service::redact::Redactor;
use smcheck::service::{WireRequest, WireResponse};
use smcheck::store::{self, Recorded, Store};

/// `CANARY-BINARY-1234567890` in base64.
const BINARY: &str = "Q0FOQVJZLUJJTkFSWS0xMjM0NTY3ODkw";

fn one(operation: &'static str, input: Value) -> Sent {
    vec![(operation, input)]
}

/// A scenario that sends secrets itself.
fn case() -> Case {
    Case::new(
        "secrets/planted",
        &[("db", "", "")],
        &["v1", "v2"],
        &[
            one(
                "CreateSecret",
                json!({"Name": "${db}", "ClientRequestToken": "${v1}", "SecretString": "CANARY-STRING"}),
            ),
            one(
                "PutSecretValue",
                json!({"SecretId": "${db}", "ClientRequestToken": "${v2}", "SecretBinary": BINARY,
                "RotationToken": "CANARY-ROTATION-TOKEN-0123456789-0123456789"}),
            ),
            one("GetSecretValue", json!({"SecretId": "${db}", "VersionStage": "AWSPREVIOUS"})),
            one("GetSecretValue", json!({"SecretId": "${db}"})),
            one(
                "PutSecretValue",
                json!({"SecretId": "${db}", "ClientRequestToken": "${v2}",
                "SecretString": "{\"password\": \"CANARY-JSON\", \"key\": \"-----BEGIN KEY-----\\nCANARY\\n-----END KEY-----\"}"}),
            ),
            one("GetRandomPassword", json!({})),
            one("DescribeSecret", json!({"SecretId": "${db}"})),
        ],
    )
}

/// What a target puts where it should not, and what it tells of others.
fn plant(operation: &str, body: &mut Value) {
    body["Surprise"] = json!("CANARY-UNKNOWN");
    body["SurpriseNumber"] = json!(777_777_777);
    body["SurpriseMap"] = json!({"CANARY key with spaces": {"deep": ["CANARY-DEEP"]}});
    match operation {
        "GetRandomPassword" => body["RandomPassword"] = json!("CANARY-password-1"),
        "DescribeSecret" => {
            body["Description"] = json!("CANARY-DESCRIPTION");
            body["KmsKeyId"] = json!("arn:aws:kms:eu-west-3:111122223333:key/CANARY-KEY");
            body["RotationLambdaARN"] =
                json!("arn:aws:lambda:eu-west-3:111122223333:function:CANARY-FUNCTION");
            body["Tags"] = json!([{"Key": "CANARY-TAG-KEY", "Value": "CANARY-TAG-VALUE"}]);
            body["OwningService"] = json!("CANARY-SERVICE");
            body["PrimaryRegion"] = json!("CANARY region");
            body["LastChangedDate"] = json!("CANARY-TIME");
            body["RotationEnabled"] = json!("CANARY-BOOLEAN");
            body["RotationRules"] =
                json!({"AutomaticallyAfterDays": "CANARY-NUMBER", "Duration": "CANARY-DURATION"});
        }
        "ListSecrets" => {
            body["NextToken"] = json!("CANARY-CURSOR");
            body["SecretList"] = json!([{"Name": "CANARY-OTHER-SECRET",
                "ARN": "arn:aws:secretsmanager:eu-west-3:111122223333:secret:CANARY-OTHER-SECRET-AbCdEf"}]);
        }
        "ListSecretVersionIds" => body["Versions"][0]["KmsKeyIds"] = json!(["CANARY-KEY-ID"]),
        "GetSecretValue" => {
            body["SecretString"] = json!({"not": "CANARY-TYPE", "a": ["CANARY-LIST", 424_242_424]});
            body["SecretBinary"] = json!(BINARY);
        }
        _ => {}
    }
}

/// What must never be found. Account numbers are those that the target told.
const FORBIDDEN: &[&str] = &[
    "CANARY",
    "Q0FOQVJZ",
    "111122223333",
    "987654321098",
    "777777777",
    "424242424",
    "AKIAPLANTED",
    "wrong-region-of",
];

fn assert_clean(what: &str, text: &str) {
    let flat = text.to_uppercase();
    for forbidden in FORBIDDEN {
        let found = flat.find(&forbidden.to_uppercase());
        let around = found.map(|at| text.get(at.saturating_sub(40)..(at + 60).min(text.len())));
        assert_eq!(around, None, "{what} holds {forbidden}");
    }
}

#[test]
fn no_planted_secret_is_written_or_shown() {
    for edit in [None, Some(plant as fn(&str, &mut Value))] {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let store = Store::new(folder.path(), "small").expect("it has a name");
        for round in 0..2 {
            let case = case();
            let trace = case.run(&Small::edited(edit));
            let recorded = store.record(&case.scenario, &trace, &target(), false).expect("it can be kept");
            assert_eq!(recorded, if round == 0 { Recorded::New } else { Recorded::Unchanged });
            assert_clean("the observation", &observe(&case.scenario, &trace).text);
            assert_clean("the shown exchanges", &store::render_exchanges(&case.scenario, &trace));
        }
        let written = files(folder.path());
        assert_eq!(written.len(), 2);
        for (name, bytes) in written {
            assert_clean(&name, &String::from_utf8(bytes).expect("it is text"));
        }
    }
}

/// Answers everything with a failure that tells too much.
struct Telling;

impl Responder for Telling {
    fn respond(&self, request: &WireRequest) -> WireResponse {
        let input = request.json().unwrap_or_default();
        let secret = input["SecretString"].as_str().unwrap_or("x");
        let message = format!(
            "User: arn:aws:sts::111122223333:assumed-role/CANARY-ROLE/CANARY-SESSION is not authorized to perform: \
             secretsmanager:Get on resource: arn:aws:secretsmanager:eu-west-3:111122223333:secret:CANARY-X-AbCdEf, \
             account 111122223333, key AKIAPLANTEDCANARY123, user: CANARY-joe, value {secret}, '{secret}', token \
             FwoGZXIvYXdzEJr1234567890abcdefCANARYxyz0987654321="
        );
        let mut response = WireResponse::failure(400, "AccessDeniedException", &message, "CANARY-REQUEST-ID");
        response.headers.push(("X-Canary".to_owned(), "CANARY-HEADER".to_owned()));
        response.headers.push(("Server".to_owned(), "CANARY-SERVER".to_owned()));
        response
    }
}

/// Answers everything with text that is no JSON.
struct Broken;

impl Responder for Broken {
    fn respond(&self, _: &WireRequest) -> WireResponse {
        let headers = vec![("Content-Type".to_owned(), "text/html; CANARY-TYPE".to_owned())];
        WireResponse { status: 500, headers, body: "<html>CANARY-HTML".into() }
    }
}

#[test]
fn messages_headers_and_broken_bodies_tell_nothing() {
    for service in [&Telling as &dyn Responder, &Broken] {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let store = Store::new(folder.path(), "small").expect("it has a name");
        let case = case();
        let trace = case.run(service);
        assert_eq!(
            store.record(&case.scenario, &trace, &target(), false).expect("it is kept"),
            Recorded::New
        );
        for (name, bytes) in files(folder.path()) {
            assert_clean(&name, &String::from_utf8(bytes).expect("it is text"));
        }
        assert_clean("the shown exchanges", &store::render_exchanges(&case.scenario, &trace));

        // And what cannot be told is played back all the same.
        let playback = Playback::new();
        playback
            .add_session("KEY", store.load_fixture("secrets/planted").expect("read").expect("it is there"));
        let again = case.run(&playback);
        let (left, right) = (observe(&case.scenario, &trace).text, observe(&case.scenario, &again).text);
        assert!(left == right, "{}", smcheck::judge::diff::diff(&left, &right));
    }
}

#[test]
fn what_is_planted_is_played_back_as_what_it_was() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let store = Store::new(folder.path(), "small").expect("it has a name");
    let first = case();
    let trace = first.run(&Small::edited(Some(plant)));
    assert_eq!(store.record(&first.scenario, &trace, &target(), false).expect("it is kept"), Recorded::New);
    let second = case();
    let playback = Playback::new();
    playback.add_session("KEY", store.load_fixture("secrets/planted").expect("read").expect("it is there"));
    let again = second.run(&playback);
    let (left, right) = (observe(&first.scenario, &trace).text, observe(&second.scenario, &again).text);
    assert!(left == right, "{}", smcheck::judge::diff::diff(&left, &right));
}

#[test]
fn a_body_of_a_request_that_does_not_parse_is_not_written() {
    let case = case();
    let mut trace = case.run(&Small::default());
    trace.steps[0].calls[0].exchange.request.body = "CANARY {".into();
    trace.steps[0].calls[0].exchange.request.path = "/?token=CANARY-QUERY".to_owned();
    trace.steps[0].calls[0].exchange.request.method = "CANARYMETHOD".to_owned();
    let mut headers = trace.steps[0].calls[0].exchange.request.headers.clone();
    headers.push(("Cookie".to_owned(), "CANARY-COOKIE".to_owned()));
    headers[0].1 = "CANARY/type; x".to_owned();
    headers[1].1 = "CANARY target".to_owned();
    trace.steps[0].calls[0].exchange.request.headers = headers;
    assert_clean("the shown exchanges", &store::render_exchanges(&case.scenario, &trace));
    assert_clean("the observation", &observe(&case.scenario, &trace).text);
}

#[test]
fn a_redactor_and_a_playback_show_nothing_when_they_are_debugged() {
    let mut redactor = Redactor::new();
    redactor.input(Some("PutSecretValue"), &json!({"SecretString": "CANARY-1"}));
    redactor.literal("CANARY-2");
    redactor.name("CANARY-3", "${x}");
    assert_clean("a redactor", &format!("{redactor:?}"));
    let case = case();
    let trace = case.run(&Small::default());
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let store = Store::new(folder.path(), "small").expect("it has a name");
    assert_eq!(store.record(&case.scenario, &trace, &target(), false).expect("it is kept"), Recorded::New);
    let playback = Playback::new();
    playback.add_session("KEY", store.load_fixture("secrets/planted").expect("read").expect("it is there"));
    exchange(&playback, "CreateSecret", &json!({"Name": "n", "SecretString": "CANARY-4"}));
    assert_clean("a playback", &format!("{playback:?}"));
}
