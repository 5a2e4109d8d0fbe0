//! The clock of an account on the reference: who may move it, how far, and what does not move it.

use serde_json::{Value, json};
use smcheck::server::{Auth, Reference, ReferenceOptions, Responder};
use smcheck::service::time::{DAY_MS, Timestamp};
use smcheck::service::{WireRequest, WireResponse};

const NOW: Timestamp = Timestamp(1_700_000_000_000);
const ONE: &str = "111111111111";
const OTHER: &str = "222222222222";

fn reference() -> Reference {
    Reference::new(ReferenceOptions {
        auth: Auth::Any,
        clock: std::sync::Arc::new(|| NOW),
        ..ReferenceOptions::default()
    })
}

fn authorized(account: &str, mut request: WireRequest) -> WireRequest {
    let credential = format!("{account}/20231114/us-east-1/secretsmanager/aws4_request");
    let value = format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=00");
    request.headers.push(("Authorization".to_owned(), value));
    request
}

fn call(reference: &Reference, account: &str, operation: &str, input: &Value) -> WireResponse {
    reference.respond(&authorized(account, WireRequest::call(operation, input)))
}

fn admin(method: &str, path: &str, body: &str) -> WireRequest {
    WireRequest {
        method: method.to_owned(),
        path: path.to_owned(),
        headers: vec![("Content-Type".to_owned(), "application/json".to_owned())],
        body: body.to_owned().into(),
    }
}

fn advance(reference: &Reference, account: &str, body: &str) -> WireResponse {
    reference.respond(&authorized(account, admin("POST", "/_smcheck/clock", body)))
}

fn created(reference: &Reference, account: &str, name: &str) -> f64 {
    let token = "11111111-1111-4111-8111-111111111111";
    let input = json!({"Name": name, "ClientRequestToken": token, "SecretString": "one"});
    assert!(call(reference, account, "CreateSecret", &input).succeeded());
    let described = call(reference, account, "DescribeSecret", &json!({"SecretId": name}));
    described.json().expect("it is JSON")["CreatedDate"].as_f64().expect("it is a number")
}

#[test]
fn the_clock_belongs_to_the_account_that_moves_it() {
    let reference = reference();
    let eight_days = advance(&reference, ONE, "{\"advance\": 691200}");
    assert_eq!(eight_days.status, 200);
    let there = NOW.plus_ms(8 * DAY_MS).to_seconds();
    assert_eq!(eight_days.json(), Some(json!({"now": there})));
    assert_eq!(created(&reference, ONE, "a"), there);
    assert_eq!(created(&reference, OTHER, "a"), NOW.to_seconds());
    // It adds up.
    assert_eq!(advance(&reference, ONE, "{\"advance\": 0.5}").json(), Some(json!({"now": there + 0.5})));
    reference.reset();
    assert_eq!(created(&reference, ONE, "a"), NOW.to_seconds());
}

#[test]
fn a_malformed_request_is_told_what_is_wrong_and_moves_nothing() {
    let reference = reference();
    for body in ["", "{", "[]", "{}", "{\"advance\": -1}", "{\"advance\": \"8 days\"}", "{\"advance\": 1e40}"]
    {
        let refused = advance(&reference, ONE, body);
        assert_eq!(refused.status, 400, "{body}");
        let error = refused.error().expect("it is an error");
        assert_eq!(error.code, "SmcheckBadRequestException");
        assert!(error.message.is_some_and(|message| message.contains("advance")), "{body}");
    }
    let too_far = advance(&reference, ONE, "{\"advance\": 1e14}");
    assert_eq!(too_far.status, 400);
    for (method, path) in [("GET", "/_smcheck/clock"), ("POST", "/_smcheck/nothing")] {
        let request = authorized(ONE, admin(method, path, "{\"advance\": 1}"));
        assert_eq!(reference.respond(&request).status, 400, "{method} {path}");
    }
    assert_eq!(created(&reference, ONE, "a"), NOW.to_seconds());
}

#[test]
fn without_a_signature_no_clock_is_moved() {
    let reference = reference();
    let refused = reference.respond(&admin("POST", "/_smcheck/clock", "{\"advance\": 1}"));
    assert!(!refused.succeeded());
    assert_ne!(refused.error().expect("it is an error").code, "SmcheckBadRequestException");
}

#[test]
fn a_request_with_an_operation_is_the_services() {
    let reference = reference();
    let mut request = WireRequest::call("ListSecrets", &json!({}));
    request.path = "/_smcheck/clock".to_owned();
    let listed = reference.respond(&authorized(ONE, request));
    assert_eq!(listed.json(), Some(json!({"SecretList": []})));
}
