//! The rotation function that the reference plays: when it is called, and what it leaves behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use serde_json::{Value, json};
use smcheck::server::{Auth, Reference, ReferenceOptions, Responder};
use smcheck::service::time::{DAY_MS, Timestamp};
use smcheck::service::{WireRequest, WireResponse};

const START: i64 = 1_700_000_000_000;

/// A reference with a clock of the test's own.
struct Server {
    reference: Reference,
    now: Arc<AtomicI64>,
}

impl Server {
    fn new() -> Self {
        let now = Arc::new(AtomicI64::new(START));
        let clock = Arc::clone(&now);
        let options = ReferenceOptions {
            auth: Auth::Any,
            clock: Arc::new(move || Timestamp(clock.load(Ordering::Relaxed))),
            ..ReferenceOptions::default()
        };
        Server { reference: Reference::new(options), now }
    }

    fn wait(&self, millis: i64) {
        self.now.fetch_add(millis, Ordering::Relaxed);
    }

    fn call(&self, region: &str, operation: &str, input: &Value) -> WireResponse {
        let mut request = WireRequest::call(operation, input);
        let credential = format!("123456789012/20231114/{region}/secretsmanager/aws4_request");
        let value = format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=00");
        request.headers.push(("Authorization".to_owned(), value));
        self.reference.respond(&request)
    }

    fn ok(&self, operation: &str, input: &Value) -> Value {
        let response = self.call("us-east-1", operation, input);
        assert!(response.succeeded(), "{operation} {input}: {:?}", response.error());
        response.json().expect("it is JSON")
    }

    fn create(&self, name: &str) {
        self.ok(
            "CreateSecret",
            &json!({"Name": name, "ClientRequestToken": token(1), "SecretString": "one"}),
        );
    }

    fn described(&self, name: &str) -> Value {
        self.ok("DescribeSecret", &json!({"SecretId": name}))
    }
}

fn token(number: u32) -> String {
    format!("{number:08}-0000-4000-8000-000000000000")
}

fn function(region: &str, ending: &str) -> String {
    format!("arn:aws:lambda:{region}:123456789012:function:smcheck-rotation{ending}")
}

fn rotation(name: &str, function: &str, days: u32, now: bool) -> Value {
    json!({"SecretId": name, "ClientRequestToken": token(2), "RotationLambdaARN": function,
        "RotationRules": {"AutomaticallyAfterDays": days}, "RotateImmediately": now})
}

#[test]
fn the_arn_that_is_told_is_the_one_that_is_called() {
    let server = Server::new();
    assert_eq!(server.reference.rotation_function("123456789012"), function("us-east-1", ""));
    server.create("a");
    let answer = server.ok("RotateSecret", &rotation("a", &function("us-east-1", ""), 1, true));
    assert_eq!(answer["VersionId"], token(2));
    let labels = json!({token(1): ["AWSPREVIOUS"], token(2): ["AWSCURRENT"]});
    assert_eq!(server.described("a")["VersionIdsToStages"], labels);
}

#[test]
fn functions_of_other_regions_and_names_are_none() {
    let server = Server::new();
    server.create("a");
    for other in [function("eu-west-1", ""), function("us-east-1", "-other"), function("us-east-1", "2")] {
        let refused = server.call("us-east-1", "RotateSecret", &rotation("a", &other, 1, true));
        assert_eq!(refused.error().expect("it is refused").code, "AccessDeniedException", "{other}");
    }
    assert!(server.described("a").get("RotationEnabled").is_none());
}

#[test]
fn years_of_schedules_are_played_before_one_request() {
    let server = Server::new();
    for name in ["a", "b", "c"] {
        server.create(name);
        server.ok("RotateSecret", &rotation(name, &function("us-east-1", ""), 1, false));
    }
    server.wait(10 * 365 * DAY_MS);
    // More rotations than are played one by one: the last is now, and the next one lies ahead.
    for name in ["a", "b", "c"] {
        let described = server.described(name);
        let now = Timestamp(START + 10 * 365 * DAY_MS).to_seconds();
        assert_eq!(described["LastRotatedDate"].as_f64(), Some(now), "{name}");
        assert!(described["NextRotationDate"].as_f64().is_some_and(|next| next > now), "{name}");
    }
    // What a daily rotation leaves: no more versions than a secret may have.
    let versions = server.ok(
        "ListSecretVersionIds",
        &json!({"SecretId": "a", "IncludeDeprecated": true,
        "MaxResults": 100}),
    );
    assert!(versions["Versions"].as_array().expect("a list").len() <= 100);
}

#[test]
fn each_scheduled_rotation_has_its_own_time() {
    let server = Server::new();
    server.create("a");
    server.ok("RotateSecret", &rotation("a", &function("us-east-1", ""), 1, false));
    server.wait(4 * DAY_MS);
    let versions = server.ok("ListSecretVersionIds", &json!({"SecretId": "a", "IncludeDeprecated": true}));
    let dates: Vec<f64> = versions["Versions"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|version| version["CreatedDate"].as_f64().expect("a number"))
        .collect();
    // Three windows have ended: those of tomorrow and of the two days after.
    let midnight = Timestamp(START).day();
    let ends = (2..=4).map(|day| midnight.plus_ms(day * DAY_MS - 1000).to_seconds());
    let expected: Vec<f64> = std::iter::once(Timestamp(START).to_seconds()).chain(ends).collect();
    assert_eq!(dates, expected);
}

#[test]
fn a_rotation_that_failed_is_attempted_again_when_it_is_due() {
    let server = Server::new();
    server.create("a");
    server.ok("RotateSecret", &rotation("a", &function("us-east-1", "-failing"), 1, true));
    let labels = json!({token(1): ["AWSCURRENT"], token(2): ["AWSPENDING"]});
    assert_eq!(server.described("a")["VersionIdsToStages"], labels);
    // With a function that works the attempt at the end of the window succeeds, with the same version.
    server.ok(
        "UpdateSecretVersionStage",
        &json!({"SecretId": "a", "VersionStage": "AWSPENDING",
        "RemoveFromVersionId": token(2)}),
    );
    let again = json!({"SecretId": "a", "ClientRequestToken": token(3),
        "RotationLambdaARN": function("us-east-1", ""), "RotateImmediately": false});
    server.ok("RotateSecret", &again);
    let half = json!({"SecretId": "a", "ClientRequestToken": token(4), "SecretString": "half done",
        "VersionStages": ["AWSPENDING"]});
    server.ok("PutSecretValue", &half);
    server.wait(3 * DAY_MS);
    let described = server.described("a");
    assert_eq!(described["VersionIdsToStages"][token(1)], Value::Null, "{described}");
    let value = server.ok("GetSecretValue", &json!({"SecretId": "a", "VersionStage": "AWSPREVIOUS"}));
    assert_eq!((&value["VersionId"], &value["SecretString"]), (&json!(token(4)), &json!("half done")));
}
