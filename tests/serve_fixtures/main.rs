//! Playing recordings of an application back: modes, what follows the last answer, sessions, dates, values, misses.

mod program;
mod support;

use std::net::TcpStream;

use serde_json::{Value, json};
use smcheck::server::playback::{DERIVED, Dates, Exhausted, Mode, Options};
use smcheck::server::{Playback, Responder};
use smcheck::service::time::{DAY_MS, Timestamp};
use smcheck::service::{WireRequest, WireResponse};

use support::*;

#[test]
fn equal_requests_are_answered_in_sequence_and_tokens_and_secrets_flow() {
    let playback = play(Mode::AnyOrder);
    assert_eq!(body(&put(&playback))["VersionId"], TOKEN, "writes first: any order");
    assert_eq!(body(&get(&playback, "app/db"))["VersionId"], V1);
    let second = body(&get(&playback, "app/db"));
    assert_eq!((&second["VersionId"], &second["SecretString"]), (&json!(TOKEN), &json!("CANARY-new")));
    missed(&get(&playback, "app/db"), "are used up");
    assert_eq!(
        get(&playback, "app/none").error().map(|error| error.code).as_deref(),
        Some("ResourceNotFoundException")
    );
    let unused: Vec<String> = playback.unused_exchanges().iter().map(ToString::to_string).collect();
    assert_eq!(unused, ["shop: 2 (DescribeSecret)", "shop: 4 (UpdateSecretVersionStage)"]);
}

#[test]
fn what_follows_the_last_answer_is_chosen() {
    let options = Options { exhausted: Some(Exhausted::RepeatLast), ..Options::default() };
    let playback = Playback::of(shelf(&[shop()]), options);
    let versions: Vec<Value> = (0..4).map(|_| body(&get(&playback, "app/db"))["VersionId"].clone()).collect();
    assert_eq!(versions, [V1, V2, V2, V2]);
    missed(&get(&playback, "app/other"), "nothing was recorded");

    let options = Options { exhausted: Some(Exhausted::Derive), ..Options::default() };
    let playback = Playback::of(shelf(&[shop()]), options);
    let describe = || call(&playback, "DescribeSecret", json!({"SecretId": "app/db"}));
    assert_eq!(describe().header(DERIVED), None);
    is_derived(&describe(), "shop, the state before its first change");
    missed(&get(&playback, "app/other"), "nothing was recorded");
    assert!(put(&playback).succeeded());
    missed(&put(&playback), "are used up");

    let options = Options { mode: Mode::Stateful, exhausted: Some(Exhausted::Error), ..Options::default() };
    let playback = Playback::of(shelf(&[shop()]), options);
    assert!(get(&playback, "app/db").succeeded());
    missed(&get(&playback, "app/db"), "are used up");
}

#[test]
fn strict_plays_the_recording_in_its_order_only() {
    let playback = play(Mode::Strict);
    missed(&put(&playback), "not the next");
    assert_eq!(body(&get(&playback, "app/db"))["VersionId"], V1);
    missed(&get(&playback, "app/db"), "");
    assert!(call(&playback, "DescribeSecret", json!({"SecretId": "app/db"})).succeeded());
    assert!(put(&playback).succeeded());
    assert!(promote(&playback).succeeded());
    assert_eq!(body(&get(&playback, "app/db"))["VersionId"], TOKEN);
    assert_eq!(get(&playback, "app/none").status, 400);
    assert_eq!(playback.unused_exchanges(), []);
}

#[test]
fn stateful_answers_reads_from_the_state_that_the_calls_imply() {
    let playback = play(Mode::Stateful);
    let stage =
        |stage: &str| call(&playback, "GetSecretValue", json!({"SecretId": "app/db", "VersionStage": stage}));
    let first = get(&playback, "app/db");
    assert_eq!((first.header(DERIVED), &body(&first)["VersionId"]), (None, &json!(V1)));
    let again = is_derived(&get(&playback, "app/db"), "shop, the state before its first change");
    assert_eq!(again["SecretString"], body(&first)["SecretString"]);
    assert_eq!(
        stage("AWSPENDING").error().map(|error| error.code).as_deref(),
        Some("ResourceNotFoundException")
    );

    assert!(put(&playback).succeeded());
    let pending = is_derived(&stage("AWSPENDING"), "shop, the state after exchange 3");
    assert_eq!(pending["SecretString"], "CANARY-new");
    assert_eq!((&pending["VersionId"], &pending["ARN"]), (&json!(TOKEN), &json!(ARN)));
    let current = is_derived(&get(&playback, ARN), "shop, the state after exchange 3");
    assert_eq!(current["VersionId"], V1, "the recorded answer of the later state is not played too early");

    assert!(promote(&playback).succeeded());
    let recorded = get(&playback, "app/db");
    assert_eq!((recorded.header(DERIVED), &body(&recorded)["VersionId"]), (None, &json!(TOKEN)));
    let previous = is_derived(&stage("AWSPREVIOUS"), "shop, the state after exchange 4");
    assert_eq!(
        (&previous["VersionId"], &previous["SecretString"]),
        (&json!(V1), &body(&first)["SecretString"])
    );
    let described = call(&playback, "DescribeSecret", json!({"SecretId": "app/db"}));
    let described = is_derived(&described, "shop, the state after exchange 4");
    assert_eq!(
        described["VersionIdsToStages"],
        json!({V1: ["AWSPREVIOUS"], TOKEN: ["AWSCURRENT", "AWSPENDING"]})
    );
    assert_eq!(described["RotationEnabled"], false, "what the shadow does not keep is not lost");
    let list = |all: bool| {
        call(&playback, "ListSecretVersionIds", json!({"SecretId": "app/db", "IncludeDeprecated": all}))
    };
    assert_eq!(body(&list(false))["Versions"].as_array().map(Vec::len), Some(2));
    missed(&list(true), "does not imply");
    let batch = call(&playback, "BatchGetSecretValue", json!({"SecretIdList": ["app/db"]}));
    assert_eq!(body(&batch)["SecretValues"][0]["VersionId"], TOKEN);
    let listed = call(&playback, "ListSecrets", json!({}));
    assert_eq!(is_derived(&listed, "shop, the state after exchange 4")["SecretList"][0]["Name"], "app/db");
    missed(&get(&playback, "app/other"), "does not imply");
}

#[test]
fn what_nobody_has_seen_is_not_derived() {
    let described = json!({"ARN": ARN, "Name": "app/db", "VersionIdsToStages": {V1: ["AWSCURRENT"]}});
    let text = recording("a", &[("DescribeSecret", json!({"SecretId": "app/db"}), 200, described)]);
    let playback = Playback::of(shelf(&[text]), Options { mode: Mode::Stateful, ..Options::default() });
    missed(&get(&playback, "app/db"), "does not imply");
    let read = json!({"ARN": ARN, "Name": "app/db", "VersionId": V1, "SecretString": "smcheck-secret-0001",
        "VersionStages": ["AWSCURRENT"]});
    let text = recording("a", &[("GetSecretValue", json!({"SecretId": "app/db"}), 200, read)]);
    let playback = Playback::of(shelf(&[text]), Options { mode: Mode::Stateful, ..Options::default() });
    let previous = json!({"SecretId": "app/db", "VersionStage": "AWSPREVIOUS"});
    missed(&call(&playback, "GetSecretValue", previous), "does not imply");
    missed(&call(&playback, "DescribeSecret", json!({"SecretId": "app/db"})), "does not imply");
    let by_id = call(&playback, "GetSecretValue", json!({"SecretId": "app/db", "VersionId": V1}));
    assert_eq!(
        is_derived(&by_id, "a, the state before its first change")["SecretString"],
        "smcheck-secret-0001"
    );
}

#[test]
fn workers_with_names_made_at_run_time_do_not_meet() {
    for mode in [Mode::Strict, Mode::AnyOrder, Mode::Stateful] {
        let playback = Playback::of(shelf(&[temporary(), shop()]), Options { mode, ..Options::default() });
        std::thread::scope(|scope| {
            for worker in 0..8 {
                let playback = &playback;
                scope.spawn(move || {
                    let (key, name) = (format!("WORKER{worker}"), format!("app-{}", 17_000 + worker));
                    let value = format!("value {worker}");
                    let token = format!("0f8fad5b-d9cb-469f-a165-7086772895{worker:02}");
                    let create = json!({"Name": name, "ClientRequestToken": token, "SecretString": value});
                    let created = body(&call_as(playback, &key, "CreateSecret", &create));
                    let arn = created["ARN"].as_str().expect("an ARN").to_owned();
                    assert!(arn.ends_with(&format!("secret:{name}-AAAAA1")), "{arn}");
                    let read = body(&call_as(playback, &key, "GetSecretValue", &json!({"SecretId": name})));
                    assert_eq!((&read["VersionId"], &read["SecretString"]), (&json!(token), &json!(value)));
                    let deleted = call_as(playback, &key, "DeleteSecret", &json!({"SecretId": arn}));
                    assert_eq!(body(&deleted)["Name"], json!(name));
                    assert_eq!(playback.unused_of(&key).map(|unused| unused.len()), Some(6));
                });
            }
        });
        assert_eq!(playback.unused().len(), 8);
        let other = json!({"Name": "other-1", "ClientRequestToken": TOKEN, "SecretString": "x"});
        missed(&call(&playback, "CreateSecret", other), "");
    }
}

fn control(playback: &Playback, method: &str, path: &str, body: &str) -> (u16, Value) {
    let request = WireRequest {
        method: method.to_owned(),
        path: path.to_owned(),
        headers: Vec::new(),
        body: body.to_owned().into(),
    };
    let response = playback.respond(&request);
    (response.status, response.json().expect("it is JSON"))
}

#[test]
fn sessions_are_made_told_and_reset() {
    let playback = Playback::of(shelf(&[shop(), temporary()]), Options::default());
    let made =
        control(&playback, "POST", "/_smcheck/sessions/w1", r#"{"recording": "shop", "mode": "strict"}"#);
    assert_eq!(made, (200, json!({"session": "w1", "recordings": ["shop"]})));
    let read = json!({"SecretId": "app/db"});
    missed(&call_as(&playback, "w1", "DescribeSecret", &read), "not the next");
    assert!(call_as(&playback, "w2", "DescribeSecret", &read).succeeded(), "another session, another mode");
    let health = json!({"status": "ok", "recordings": 2, "exchanges": 9, "sessions": 2});
    assert_eq!(control(&playback, "GET", "/_smcheck/health", ""), (200, health));
    assert!(call_as(&playback, "w1", "GetSecretValue", &read).succeeded());
    let (_, unused) = control(&playback, "GET", "/_smcheck/unused?session=w1", "");
    assert_eq!((&unused["unused"], &unused["exchanges"][0]["step"]), (&json!(5), &json!(2)));
    assert_eq!(control(&playback, "GET", "/_smcheck/unused", "").1["unused"], 7);
    assert_eq!(control(&playback, "POST", "/_smcheck/reset?session=w1", "").0, 200);
    let again = call_as(&playback, "w1", "GetSecretValue", &read);
    assert_eq!(body(&again)["VersionId"], V1, "it begins anew");
    assert_eq!(control(&playback, "POST", "/_smcheck/reset", ""), (200, json!({"reset": 2})));
    for (method, path, text) in [
        ("GET", "/_smcheck/reset", ""),
        ("POST", "/_smcheck/reset?session=nobody", ""),
        ("GET", "/_smcheck/clock", ""),
        ("POST", "/_smcheck/sessions/", ""),
        ("POST", "/_smcheck/sessions/a%2Fb", ""),
        ("POST", "/_smcheck/sessions/a", "[]"),
        ("POST", "/_smcheck/sessions/a", r#"{"recording": "none"}"#),
        ("POST", "/_smcheck/sessions/a", r#"{"mode": "lax"}"#),
        ("POST", "/_smcheck/sessions/a", r#"{"modes": "strict"}"#),
    ] {
        assert_eq!(control(&playback, method, path, text).0, 400, "{method} {path} {text}");
    }
}

#[test]
fn a_request_without_a_signature_or_with_a_strange_one_is_refused() {
    let playback = play(Mode::AnyOrder);
    let request = WireRequest::call("GetSecretValue", &json!({"SecretId": "app/db"}));
    let code = |response: &WireResponse| response.error().expect("it fails").code;
    assert_eq!(code(&playback.respond(&request)), "MissingAuthenticationTokenException");
    let strict = play(Mode::AnyOrder).only_for("us-east-1", [("OURS".to_owned(), "secret".to_owned())]);
    for key in ["OURS", "THEIRS"] {
        let response = call_as(&strict, key, "GetSecretValue", &json!({"SecretId": "app/db"}));
        assert_ne!(code(&response), "SmcheckNoRecordingException", "{key}");
    }
    assert_eq!(control(&strict, "POST", "/_smcheck/reset", "").0, 400, "nor may anybody else reset it");
}

#[test]
fn times_are_those_of_now_or_of_the_recording() {
    let created = |dates: Dates| {
        let playback = Playback::of(shelf(&[shop()]), Options { dates, ..Options::default() });
        let describe = call(&playback, "DescribeSecret", json!({"SecretId": "app/db"}));
        body(&describe)["CreatedDate"].as_f64().expect("a time")
    };
    let a_day_ago = Timestamp::now().to_seconds() - 86_400.0;
    assert!((created(Dates::Now) - a_day_ago).abs() < 60.0);
    assert_eq!(created(Dates::Keep), (BASE - DAY_MS / 1000) as f64);
}

#[test]
fn a_miss_shows_the_nearest_request_and_no_secret() {
    let playback = play(Mode::AnyOrder);
    let wrong = json!({"SecretId": "app/db", "ClientRequestToken": TOKEN, "SecretString": "CANARY-1",
        "Description": "CANARY-2", "VersionStages": ["AWSCURRENT"]});
    let message = missed(&call(&playback, "PutSecretValue", wrong), "the nearest, of step 3 of shop");
    assert!(message.contains("-") && message.contains("AWSPENDING") && message.contains("+"), "{message}");
    assert!(!message.contains("CANARY"), "{message}");
    missed(&call(&playback, "ListSecrets", json!({})), "shop holds no ListSecrets");
}

#[test]
fn recordings_with_different_answers_to_one_request_are_not_guessed_between() {
    let read = |version: &str| json!({"ARN": ARN, "Name": "app/db", "VersionId": version, "VersionStages": ["AWSCURRENT"]});
    let one = |name: &str, version: &str| {
        recording(name, &[("GetSecretValue", json!({"SecretId": "app/db"}), 200, read(version))])
    };
    let playback = Playback::of(shelf(&[one("a", V1), one("b", V1)]), Options::default());
    assert_eq!(body(&get(&playback, "app/db"))["VersionId"], V1);
    let playback = Playback::of(shelf(&[one("a", V1), one("b", V2)]), Options::default());
    missed(&get(&playback, "app/db"), "would be a guess");
    control(&playback, "POST", "/_smcheck/sessions/KEY", r#"{"recording": "b"}"#);
    assert_eq!(body(&get(&playback, "app/db"))["VersionId"], V2);
}

/// A client that repeats what was recorded gets exchange after exchange, in every mode: the id of each answer is its
/// number.
#[test]
fn a_client_that_does_what_was_recorded_gets_every_exchange() {
    let mut seed = 7_u64;
    let mut dice = |sides: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % sides
    };
    let id = |number: u64| format!("00000000-0000-4000-8000-{number:012}");
    let mut sent: Vec<(&str, Value)> = Vec::new();
    let mut exchanges = Vec::new();
    let mut versions = [0_u64; 5];
    for number in 1..=600_u64 {
        let secret = dice(5);
        let name = format!("app/{secret}");
        let arn = format!("arn:aws:secretsmanager:us-east-1:000000000000:secret:{name}-AAAAA{secret}");
        let version = &mut versions[secret as usize];
        if dice(3) == 0 || *version == 0 {
            *version = number;
            let value = |what: &str| format!("{what}-{number:04}");
            let input = |token: String, value: String| json!({"SecretId": name, "ClientRequestToken": token, "SecretString": value});
            let output =
                json!({"ARN": arn, "Name": name, "VersionId": id(number), "VersionStages": ["AWSCURRENT"]});
            exchanges.push(("PutSecretValue", input(id(number), value("smcheck-secret")), 200, output));
            sent.push((
                "PutSecretValue",
                input(TOKEN.replace("950e", &format!("{number:04}")), value("real")),
            ));
        } else {
            let input = json!({"SecretId": if dice(2) == 0 { &name } else { &arn }});
            let output = json!({"ARN": arn, "Name": name, "VersionId": id(*version), "VersionStages": ["AWSCURRENT"],
                "SecretString": format!("smcheck-secret-{version:04}"), "CreatedDate": BASE});
            exchanges.push(("GetSecretValue", input.clone(), 200, output));
            sent.push(("GetSecretValue", input));
        }
    }
    let text = recording("big", &exchanges);
    for mode in [Mode::Strict, Mode::AnyOrder, Mode::Stateful] {
        let playback =
            Playback::of(shelf(std::slice::from_ref(&text)), Options { mode, ..Options::default() });
        for (at, (operation, input)) in sent.iter().enumerate() {
            let response = call_as(&playback, "KEY", operation, input);
            let number = format!("00000000-0000-4000-9000-{:012}", at + 1);
            assert_eq!(
                response.header("x-amzn-requestid"),
                Some(number.as_str()),
                "{mode:?} {operation} {input}"
            );
        }
        assert_eq!(playback.unused_exchanges(), []);
    }
}

/// A folder with two recordings, one of them cut off, and values.
#[tokio::test(flavor = "multi_thread")]
async fn the_library_starts_and_stops_a_playback() {
    let folder = tempfile::tempdir().expect("there is room");
    std::fs::write(folder.path().join("shop.jsonl"), shop()).expect("it is written");
    let playing =
        smcheck::Playback::from_dir(folder.path()).mode(Mode::Strict).start().await.expect("it starts");
    let port = playing.endpoint().rsplit_once(':').expect("a port").1.parse().expect("a port");
    assert_eq!((playing.unused().len(), playing.region()), (6, "us-east-1"));
    assert!(playing.session("w1", &["none"]).is_err());
    assert_eq!(playing.session("w1", &["shop"]).expect("it is there").access_key, "w1");
    drop(playing);
    let blocking = smcheck::Playback::from_dir(folder.path());
    let blocking = std::thread::spawn(move || blocking.start_blocking().expect("it starts"));
    let blocking = blocking.join().expect("it ends");
    let other = blocking.endpoint().rsplit_once(':').expect("a port").1.parse().expect("a port");
    assert!(TcpStream::connect(("127.0.0.1", other)).is_ok());
    drop(blocking);
    for port in [port, other] {
        let gone = |_: &u32| TcpStream::connect(("127.0.0.1", port)).is_err();
        let wait = |_: &u32| std::thread::sleep(std::time::Duration::from_millis(20));
        assert!((0..250).inspect(wait).any(|n| gone(&n)), "{port}");
    }
}
