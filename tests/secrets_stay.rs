//! No secret leaves memory: unmistakable ones are planted wherever a response or a request can hold one, and every
//! byte that is written or shown is searched for them.

mod recording;

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use recording::{Case, Sent, Small, exchange, files, target};
use serde_json::{Value, json};
use smcheck::judge::observe;
use smcheck::server::{Playback, Responder};
use smcheck::service::redact::password::Rule;
use smcheck::service::redact::url::UrlParts;
use smcheck::service::redact::{Class, Redactor, class_of, walk};
use smcheck::service::time::Timestamp;
use smcheck::service::{Kind, ShapeId, WireRequest, WireResponse, shapes};
use smcheck::store::audit::{self, Canaries};
use smcheck::store::standin::StandIns;
use smcheck::store::{self, Recorded, Store};
use uuid::Uuid;

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

/// Values of every shape of the model, with canaries in every member that is not on the allow-list.
struct Planter {
    state: u64,
    planted: Vec<String>,
}

impl Planter {
    fn chance(&mut self, of: usize) -> usize {
        // SplitMix64.
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % of as u64).expect("it is less than a usize")
    }

    fn word(&mut self) -> String {
        format!("CANARY-{:06}", self.chance(999_999))
    }

    /// A text of one of the forms that stand-ins keep, or of none.
    fn text(&mut self) -> String {
        let (word, other) = (self.word(), self.word());
        match self.chance(10) {
            0 => json!({"password": word, "port": 777_777_777, "on": true, "deep": [{"x": other, "none": null, "empty": ""}]})
                .to_string(),
            1 => json!({"in": json!({"in": json!({"key": word}).to_string()}).to_string(), "same": word}).to_string(),
            2 => format!("postgres://{word}:{other}@{word}.example:5432/{other}?password={word}"),
            3 => STANDARD.encode(format!("{word} and {other}")),
            4 => STANDARD.encode(json!({"auth": STANDARD.encode(format!("{word}:{other}"))}).to_string()),
            5 => format!(
                "-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----\n",
                STANDARD.encode(format!("{word}{other}{word}"))
            ),
            6 => format!("{word} {}", "x".repeat(self.chance(5000))),
            7 => json!({"CANARY key": word, "AKIAPLANTEDCANARY1234": other, "url": format!("redis://:{word}@h")}).to_string(),
            8 => format!("arn:aws:kms:eu-west-3:111122223333:key/{word}"),
            _ => word,
        }
    }

    fn value(&mut self, shape: ShapeId) -> Value {
        let shape = shapes().shape(shape);
        match &shape.kind {
            Kind::Structure(members) => {
                let mut map = serde_json::Map::new();
                for member in members {
                    if self.chance(8) > 0 {
                        map.insert(member.name.clone(), self.value(member.shape));
                    }
                }
                if self.chance(4) == 0 {
                    let surprise =
                        json!({"Surprise": self.text(), "Number": 777_777_777, "CANARY key": [self.text()]});
                    map.extend(surprise.as_object().cloned().unwrap_or_default());
                }
                Value::Object(map)
            }
            Kind::List { element, .. } => (0..1 + self.chance(2)).map(|_| self.value(*element)).collect(),
            Kind::Map { value, .. } => {
                json!({Uuid::from_u128(self.chance(99) as u128).to_string(): self.value(*value)})
            }
            Kind::Boolean => json!(true),
            Kind::Integer { .. } => json!(7),
            Kind::Timestamp => json!(1.7e9),
            Kind::Blob { .. } => {
                let text = self.text();
                let text = STANDARD.encode(text);
                self.planted.push(text.clone());
                json!(text)
            }
            Kind::String { variants, .. } => match class_of(shape) {
                Class::Open => json!(variants.first().map_or("AWSCURRENT", String::as_str)),
                Class::Name | Class::Id => json!("prod/db"),
                Class::Arn => json!("arn:aws:secretsmanager:eu-west-3:111122223333:secret:prod/db-AbCdEf"),
                Class::Message => {
                    let known = self.planted.last().cloned().unwrap_or_default();
                    json!(format!("User: {} said {known}", self.word()))
                }
                Class::Password => json!("CANARY-aB3!aB3!"),
                class => {
                    let text = self.text();
                    if class == Class::Secret {
                        self.planted.push(text.clone());
                    }
                    json!(text)
                }
            },
        }
    }
}

/// What is left of a value when its scalars are gone: types, keys that may stay, and what texts hold.
fn form(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<String> = map
                .iter()
                .map(|(key, value)| {
                    format!(
                        "{}: {}",
                        if key.contains("CANARY") || key.starts_with("<smcheck-key") { "?" } else { key },
                        form(value)
                    )
                })
                .collect();
            keys.sort();
            json!(keys)
        }
        Value::Array(entries) => entries.iter().map(form).collect(),
        Value::String(text) => {
            if let Ok(inner @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str::<Value>(text) {
                return json!({"json": form(&inner)});
            }
            let decoded = STANDARD
                .decode(text)
                .ok()
                .filter(|_| text.len() >= 24)
                .and_then(|bytes| String::from_utf8(bytes).ok());
            if let Some(inner) = decoded {
                return json!({"base64": form(&json!(inner))});
            }
            if let Some(url) = UrlParts::parse(text) {
                return json!({"url": [url.scheme, url.user.is_some(), url.password.is_some(), url.port.is_some(),
                    url.path.is_some(), url.query.len()]});
            }
            if text.starts_with("-----BEGIN") {
                return json!(text.lines().next());
            }
            let class = [65, 1025, 4097].iter().filter(|shortest| text.chars().count() >= **shortest).count();
            json!(if text.is_empty() { "empty".to_owned() } else { format!("text {class}") })
        }
        Value::Number(number) => json!(if number.is_f64() { "float" } else { "integer" }),
        Value::Bool(_) => json!("boolean"),
        Value::Null => json!("null"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 20, cases: 6, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_sent_and_answered_leaves_no_canary_and_keeps_its_form(seed in any::<u64>()) {
        let canaries = Canaries::new(&[
            ("a canary".to_owned(), "CANARY".to_owned()),
            ("a number".to_owned(), "777777777".to_owned()),
            ("a key".to_owned(), "AKIAPLANTED".to_owned()),
            ("an account".to_owned(), "111122223333".to_owned()),
        ]).expect("they are long enough");
        let mut planter = Planter { state: seed, planted: Vec::new() };
        let mut stand_ins = StandIns::new(BTreeMap::new(), BTreeSet::new()).wary();
        let mut lines = vec![r#"{"smcheck":1,"recording":"all","recorded":{"target":"x"},"region":"eu-west-3"}"#.to_owned()];
        let mut secrets: BTreeMap<String, String> = BTreeMap::new();
        for operation in shapes().operations() {
            let name = Some(operation.name.as_str());
            stand_ins.begin(Timestamp::from_seconds(1.7e9).expect("it is a time"));
            let input = planter.value(operation.input);
            stand_ins.asked(Rule::of(&input));
            let output = match (operation.output, planter.chance(4)) {
                (Some(shape), 1..) => planter.value(shape),
                _ => json!({"__type": "AccessDeniedException",
                    "Message": format!("'{}' of {}", planter.planted.last().cloned().unwrap_or_default(), planter.word())}),
            };
            let asked = walk::input(&mut stand_ins, name, &input).into_value();
            let told = walk::output_as_it_stands(&mut stand_ins, name, &output).into_value();
            // The same values again are written in the same way.
            prop_assert_eq!(&walk::input(&mut stand_ins, name, &input).into_value(), &asked);
            // The message of a failure is text that is searched; the heuristic is held in other tests.
            let mut line = json!({"step": lines.len(), "operation": operation.name, "request": {"body": asked},
                "response": {"status": 200, "body": told}});
            if output.get("__type").is_some() {
                line["response"]["body"]["Message"] = json!("");
            } else {
                for (secret, shown) in pairs(&input, &line["request"]["body"]).chain(pairs(&output, &line["response"]["body"])) {
                    prop_assert_eq!(form(&json!(secret)), form(&json!(shown)), "{}", operation.name);
                    prop_assert_eq!(secrets.entry(secret).or_insert_with(|| shown.clone()), &shown);
                }
            }
            let text = line.to_string();
            let found = canaries.look(text.as_bytes()).expect("it is no gzip");
            let around = found.first().map(|found| text.chars().skip(found.at.column.saturating_sub(60)).take(140).collect::<String>());
            prop_assert_eq!(around, None, "{}", operation.name);
            lines.push(text);
        }
        let told: BTreeSet<&String> = secrets.values().collect();
        prop_assert_eq!(told.len(), secrets.len(), "two secrets have one stand-in");
        // And what was written is what an audit takes for stand-ins.
        let found = audit::look(&lines.join("\n"));
        let line = |found: &audit::Found| lines[found.at.line - 1].chars().skip(found.at.column.saturating_sub(80)).take(200).collect::<String>();
        let first = found.first().map(|found| (found.clone(), line(found)));
        prop_assert!(first.is_none(), "{:?}", first);
    }
}

/// The secret strings of a body, each with what stands for it.
fn pairs(body: &Value, shown: &Value) -> impl Iterator<Item = (String, String)> {
    let text = |value: &Value| value["SecretString"].as_str().map(str::to_owned);
    text(body).zip(text(shown)).into_iter()
}

#[test]
fn versions_of_a_secret_that_share_a_part_share_its_stand_in() {
    let mut stand_ins = StandIns::new(BTreeMap::new(), BTreeSet::new());
    let mut put = |text: &str| {
        let shown =
            walk::input(&mut stand_ins, Some("PutSecretValue"), &json!({"SecretString": text})).into_value();
        shown["SecretString"].as_str().unwrap_or_default().to_owned()
    };
    let first = put(r#"{"username":"CANARY-user","password":"CANARY-1","port":5432}"#);
    let second = put(r#"{"username":"CANARY-user","password":"CANARY-2","port":5432}"#);
    let read = |text: &str| serde_json::from_str::<Value>(text).expect("it is JSON");
    assert_eq!(read(&first)["username"], read(&second)["username"]);
    assert_eq!(read(&first)["port"], read(&second)["port"]);
    assert_ne!(read(&first)["password"], read(&second)["password"]);
    // A part that is sent alone is the same secret, and one that differs in nothing that is shown is another.
    assert_eq!(put("CANARY-2"), read(&second)["password"]);
    let (on, off) = (put(r#"{"on":true}"#), put(r#"{"on":false}"#));
    assert_ne!(on, off);
    assert_eq!(read(&on), read(&off));
}

#[test]
fn messages_tell_no_part_of_a_secret_in_any_spelling() {
    let secret = r#"{"password":"CANARY\"x/y","dsn":"postgres://joe:CANARY-dsn@h/x","word":"lantern"}"#;
    let mut stand_ins = StandIns::new(BTreeMap::new(), BTreeSet::new()).wary();
    walk::input(&mut stand_ins, Some("PutSecretValue"), &json!({"SecretString": secret}));
    let mut told = |message: &str| {
        let body = json!({"__type": "InternalServiceError", "Message": message});
        walk::output(&mut stand_ins, Some("PutSecretValue"), &body).into_value()["Message"].to_string()
    };
    for message in [
        "cannot store CANARY\"x/y here",
        "cannot store \"CANARY\\\"x/y\" here",
        "GET /?p=CANARY%22x%2Fy",
        "login of joe with CANARY-dsn failed",
        "the word lantern was refused",
        "password=CANARY-unseen, token: \"CANARY-unseen\", api_key=CANARY-unseen",
        &format!("cannot parse {secret}"),
    ] {
        let shown = told(message);
        assert!(!shown.contains("CANARY") && !shown.contains("lantern"), "{shown}");
    }
    let plain = "Secrets Manager can't find the specified secret.";
    assert_eq!(told(plain), format!("\"{plain}\""));
}

#[test]
fn a_secret_in_a_member_of_the_allow_list_is_replaced_in_an_applications_recording() {
    let mut stand_ins = StandIns::new(BTreeMap::new(), BTreeSet::new()).wary();
    let secret = "CANARY-planted-4711";
    walk::input(&mut stand_ins, Some("PutSecretValue"), &json!({"SecretString": secret}));
    let told = json!({"Name": secret, "VersionStages": [secret], "PrimaryRegion": "CANARY7", "ReplicationStatus": [{"Region": "CANARY-1"}]});
    let shown = walk::output(&mut stand_ins, Some("GetSecretValue"), &told).into_value();
    assert_clean("the response", &shown.to_string());
}
