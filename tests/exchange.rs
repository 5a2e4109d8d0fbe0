//! Recordings go to other tools and come back, and no secret of theirs comes with them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use smcheck::server::{Auth, Reference, ReferenceOptions, Responder};
use smcheck::service::WireRequest;
use smcheck::store::exchange::{
    Entry, Exported, Imported, Malformed, Recording, Wanted, assemble, har, sdk_rust, vcrpy, wiremock,
};
use smcheck::store::{Fixture, exchange::Format};

const ENDPOINT: &str = "https://secretsmanager.us-east-1.amazonaws.com";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exchange")
}

fn smcheck(args: &[&str], at: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_smcheck")).args(args).current_dir(at).output().expect("it runs")
}

fn words(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Writes a recording in every format.
fn formats(recording: &Recording) -> Vec<(&'static str, Exported)> {
    vec![
        ("har", har::write(recording, ENDPOINT)),
        ("vcrpy yaml", vcrpy::write(recording, ENDPOINT, false)),
        ("vcrpy json", vcrpy::write(recording, ENDPOINT, true)),
        ("wiremock", wiremock::write(recording)),
        ("aws-sdk-rust", sdk_rust::write(recording, ENDPOINT)),
    ]
}

fn read(format: &str, text: &str) -> Result<Imported, Malformed> {
    match format {
        "har" => har::read(text),
        "wiremock" => wiremock::read(text, &|_| None),
        "aws-sdk-rust" => sdk_rust::read(text),
        _ => vcrpy::read(text),
    }
}

fn assembled(files: Vec<Imported>) -> (Recording, Vec<String>) {
    let globs = ["app-*".to_owned()];
    let wanted = Wanted { name: "shop", from: "imported-test", variable_names: &globs };
    let made = assemble(files, &wanted).expect("the globs are good");
    (made.recording, made.notes)
}

/// What an application does, answered by the reference.
fn application(calls: &[(&str, Value)]) -> Recording {
    let options = ReferenceOptions { auth: Auth::Any, seed: Some(7), ..ReferenceOptions::default() };
    let reference = Reference::new(options);
    let mut imported = Imported::default();
    let mut known: Vec<(String, Value)> = Vec::new();
    for (operation, input) in calls {
        let mut text = input.to_string();
        for (name, value) in &known {
            text = text.replace(name.as_str(), value.as_str().unwrap_or_default());
        }
        let input: Value = serde_json::from_str(&text).expect("it is JSON");
        let mut request = WireRequest::call(operation, &input);
        let scope = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/secretsmanager/aws4_request, SignedHeaders=host, Signature=00";
        request.headers.push(("Authorization".to_owned(), scope.to_owned()));
        let response = reference.respond(&request);
        let body = response.json().unwrap_or_default();
        for (member, name) in [("ARN", "<arn>"), ("NextToken", "<next>")] {
            if let Some(value) = body.get(member) {
                known.retain(|(known, _)| known != name);
                known.push((name.to_owned(), value.clone()));
            }
        }
        let at = Some(smcheck::service::time::Timestamp::now());
        imported.entries.push(Entry { host: None, request, response, at, mark: None });
    }
    assembled(vec![imported]).0
}

fn token(number: usize) -> String {
    format!("0f8fad5b-d9cb-469f-a165-{number:012}")
}

fn shop() -> Recording {
    application(&[
        ("GetSecretValue", json!({"SecretId": "shop/db"})),
        (
            "CreateSecret",
            json!({"Name": "shop/db", "ClientRequestToken": token(1), "SecretString": "{\"user\":\"u\",\"password\":\"CANARY-1\"}",
                "Description": "CANARY", "Tags": [{"Key": "team", "Value": "CANARY"}, {"Key": "cost", "Value": "x"}]}),
        ),
        (
            "PutSecretValue",
            json!({"SecretId": "<arn>", "ClientRequestToken": token(2), "SecretString": "CANARY-2", "VersionStages": ["AWSPENDING"]}),
        ),
        ("GetSecretValue", json!({"SecretId": "shop/db", "VersionStage": "AWSPENDING"})),
        ("GetSecretValue", json!({"SecretId": "shop/db"})),
        (
            "UpdateSecretVersionStage",
            json!({"SecretId": "shop/db", "VersionStage": "AWSCURRENT", "MoveToVersionId": token(2), "RemoveFromVersionId": token(1)}),
        ),
        ("GetSecretValue", json!({"SecretId": "shop/db"})),
        ("DescribeSecret", json!({"SecretId": "<arn>"})),
        (
            "CreateSecret",
            json!({"Name": "app-1700000000", "ClientRequestToken": token(3), "SecretBinary": "Q0FOQVJZ"}),
        ),
        ("GetSecretValue", json!({"SecretId": "app-1700000000"})),
        ("ListSecrets", json!({"MaxResults": 1, "Filters": [{"Key": "name", "Values": ["shop"]}]})),
        ("ListSecretVersionIds", json!({"SecretId": "shop/db", "MaxResults": 1})),
        ("ListSecretVersionIds", json!({"SecretId": "shop/db", "MaxResults": 1, "NextToken": "<next>"})),
        ("GetRandomPassword", json!({"PasswordLength": 20})),
        ("DeleteSecret", json!({"SecretId": "shop/db", "RecoveryWindowInDays": 7})),
        ("GetSecretValue", json!({"SecretId": "shop/db"})),
        ("DeleteSecret", json!({"SecretId": "app-1700000000", "ForceDeleteWithoutRecovery": true})),
    ])
}

fn fixtures() -> Vec<Recording> {
    fn visit(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a folder of fixtures") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { visit(&path, found) } else { found.push(path) }
        }
    }
    let mut paths = Vec::new();
    visit(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/embedded"), &mut paths);
    paths.sort();
    // Each fifth: all take minutes without optimisation.
    let fixture = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).expect("it can be read");
        Recording::of_fixture(Fixture::parse(&text).expect("it is a fixture"))
    };
    let found: Vec<Recording> = paths.iter().step_by(5).map(fixture).collect();
    assert!(found.len() > 50);
    found
}

#[test]
fn ours_comes_back_as_it_was() {
    let mut recordings = fixtures();
    recordings.push(shop());
    for recording in &recordings {
        for (format, exported) in formats(recording) {
            let guessed = Format::guess(&exported.text).expect("the format is known");
            assert!(format.starts_with(guessed.word()), "{format}");
            let imported = read(format, &exported.text).expect("it is read");
            let (back, notes) = assembled(vec![imported]);
            assert_eq!(&back, recording, "{} as {format}: {notes:?}", recording.name());
        }
    }
}

#[test]
fn what_was_changed_since_is_redacted_anew() {
    let recording = shop();
    for (format, exported) in formats(&recording) {
        for (old, new) in [("AWSPENDING", "CANARY-LABEL"), ("smcheck-secret-0002", "CANARY-SECRET")] {
            let text = exported.text.replace(old, new);
            assert_ne!(text, exported.text, "{format}");
            let (back, notes) = assembled(vec![read(format, &text).expect("it is read")]);
            assert!(notes.iter().any(|note| note.contains("redacted anew")), "{format}: {notes:?}");
            let text = back.render().expect("it is written").0;
            assert!(!text.contains("CANARY-SECRET"), "{format}");
        }
    }
}

#[test]
fn a_recording_is_read_as_it_is_written() {
    let recording = shop();
    let (text, ending) = recording.render().expect("it is written");
    assert_eq!(ending, "jsonl");
    assert!(!text.contains("CANARY") && !text.contains("123456789012"), "{text}");
    assert!(text.contains(r#""names":{"app-secret-0001":{"prefix":"app-"}}"#), "{text}");
    let back = Recording::read(&text).expect("it is ours").expect("it is whole");
    assert_eq!(back, recording);
    let torn =
        Recording::read(&text[..text.len() - 9]).expect("it is ours").expect("all but the last line count");
    assert_eq!(torn.lines.len() + 1, recording.lines.len());
    let broken = text.replacen("\"step\":3", "\"step\":x", 1);
    let error = Recording::read(&broken).expect("it is ours").expect_err("it is broken");
    assert_eq!((error.line, error.column), (4, 9), "{error}");
}

/// A stub as WireMock's recorder writes it: one file, a second for a time, and a state where a request came again.
fn stub(operation: &str, body: &Value, answer: &Value, second: u8, states: [Option<&str>; 2]) -> String {
    let mut stub = json!({
        "request": {
            "url": "/", "method": "POST",
            "headers": {"X-Amz-Target": {"equalTo": format!("secretsmanager.{operation}")}},
            "bodyPatterns": [{"equalToJson": body.to_string()}],
        },
        "response": {
            "status": 200, "body": answer.to_string(),
            "headers": {"date": format!("Wed, 25 Nov 2026 23:15:{second:02} GMT")},
        },
    });
    for (name, state) in ["requiredScenarioState", "newScenarioState"].into_iter().zip(states) {
        if let Some(state) = state {
            stub["scenarioName"] = "again".into();
            stub[name] = state.into();
        }
    }
    stub.to_string()
}

#[test]
fn stubs_of_a_folder_are_put_in_order_together() {
    let password = "DQqt3Laffgk1gh7jDPeTbqtG";
    let (get, put) = (
        json!({"SecretId": "app-db"}),
        json!({"SecretId": "app-db", "SecretString": json!({"password": password}).to_string()}),
    );
    let version = |label: &str| json!({"Name": "app-db", "VersionStages": [label]});
    // By the names of the files, which are chance, everything stands the wrong way round.
    let files = [
        stub("GetSecretValue", &get, &version("SECOND"), 28, [Some("2"), None]),
        stub("PutSecretValue", &put, &version("AWSCURRENT"), 27, [None, None]),
        stub("GetRandomPassword", &json!({}), &json!({"RandomPassword": password}), 26, [None, None]),
        stub("GetSecretValue", &get, &version("FIRST"), 28, [Some("Started"), Some("2")]),
        stub("CreateSecret", &json!({"Name": "app-db"}), &json!({"Name": "app-db"}), 25, [None, None]),
    ];
    let read = wiremock::read_folder(&files, &|_| None).expect("they are stubs");
    let (recording, _) = assembled(read);
    let operations: Vec<_> =
        recording.lines.iter().map(|line| line.operation.as_deref().unwrap_or_default()).collect();
    let expected =
        ["CreateSecret", "GetRandomPassword", "PutSecretValue", "GetSecretValue", "GetSecretValue"];
    assert_eq!(operations, expected);
    let text = recording.render().expect("it is written").0;
    assert!(text.find("FIRST") < text.find("SECOND"), "{text}");
    assert!(!text.contains(password));
    let (at_fault, why) = wiremock::read_folder(&[files[0].clone(), "{".to_owned()], &|_| None)
        .expect_err("the second is none");
    assert_eq!((at_fault, why.line), (1, 1), "{why}");
}

#[test]
fn stubs_leave_open_what_the_client_makes_itself() {
    let calls = [
        ("CreateSecret", json!({"Name": "app-db", "Description": "mine", "SecretString": "x"})),
        ("DescribeSecret", json!({"SecretId": "app-db"})),
        ("UpdateSecret", json!({"SecretId": "app-db", "Description": "mine"})),
    ];
    let text = wiremock::write(&application(&calls)).text;
    let mappings: Value = serde_json::from_str(&text).expect("it is JSON");
    let pattern = mappings["mappings"][2]["request"]["bodyPatterns"][0]["equalToJson"].as_str();
    let pattern: Value = serde_json::from_str(pattern.expect("it asks for a body")).expect("it is JSON");
    // DescribeSecret has told the stand-in of the description meanwhile; the client says its own all the same.
    assert_eq!(pattern["Description"], "${json-unit.any-string}", "{pattern}");
}

#[test]
fn files_of_other_tools_are_imported_without_their_secrets() {
    let out = tempfile::tempdir().expect("there is room");
    for (file, count, said) in [
        ("shop.har", 2, vec!["1 requests to other hosts", "1 requests without an answer"]),
        ("shop.cassette.yaml", 2, vec![]),
        ("mappings.json", 2, vec!["1 requests without an answer"]),
        ("traffic.json", 1, vec!["1 requests without an answer"]),
    ] {
        let path = folder().join(file);
        let path = path.to_string_lossy();
        let ran = smcheck(&["import", &path, "--name", file, "--out", ".", "--scenario"], out.path());
        let said_all = words(&ran);
        assert!(ran.status.success(), "{file}: {said_all}");
        for part in said {
            assert!(said_all.contains(part), "{file}: {said_all}");
        }
        let text = std::fs::read_to_string(out.path().join(format!("{file}.jsonl"))).expect("it is there");
        assert_eq!(text.lines().count(), count + 1, "{file}");
        for all in [&text, &said_all] {
            assert!(
                !all.contains("CANARY") && !all.contains("987654321098") && !all.contains("Q0FOQVJZ"),
                "{all}"
            );
        }
        assert!(said_all.contains("kind: inferred"), "{said_all}");
        let recording = Recording::read(&text).expect("it is ours").expect("it is whole");
        let steps: Vec<usize> = recording.lines.iter().map(|line| line.step).collect();
        assert_eq!(steps, (1..=count).collect::<Vec<_>>());
        assert!(recording.lines.iter().all(|line| !line.request.unsigned), "{file}");
        if file == "shop.har" {
            assert_eq!(
                recording.lines[0].operation.as_deref(),
                Some("CreateSecret"),
                "in the order of starting"
            );
            assert_eq!(recording.head.region, "eu-west-3");
            // It was read two seconds after it was made: that is the moment of the exchange itself.
            assert!(text.contains("\"CreatedDate\":1577836800"), "{text}");
        }
    }
    let both = Recording::read(
        &std::fs::read_to_string(out.path().join("mappings.json.jsonl")).expect("it is there"),
    );
    let both = both.expect("it is ours").expect("it is whole");
    let value = |at: usize| {
        let body = both.lines[at].response.body.clone().expect("a body").into_value();
        body["VersionId"].as_str().expect("an id").to_owned()
    };
    assert_eq!(
        (value(0), value(1)),
        (
            "00000000-0000-4000-8000-000000000001".to_owned(),
            "00000000-0000-4000-8000-000000000002".to_owned()
        )
    );
}

#[test]
fn what_is_malformed_says_where() {
    let out = tempfile::tempdir().expect("there is room");
    for (name, text, place) in [
        ("a.har", "{\"log\": {\"entries\": [\n  {\"request\": 5}]}}", "a.har:2:15:"),
        (
            "b.yaml",
            "interactions:\n- request: {method: POST, uri: x}\n  response: {status: {code: CANARY}}\n",
            "b.yaml:3:29:",
        ),
        ("c.json", "{\"events\": [\n{\"connection_id\": \"CANARY\"}], \"version\": \"V0\"}", "c.json:2:26:"),
        ("d.json", "{\"mappings\": [\n{\"request\": {}}]}", "d.json:2:15:"),
        ("e.json", "{\"log\": ", "e.json:1:8:"),
        ("f.json", "hello", "f.json:1:1:"),
        ("g.har", "{\"log\": {\"entries\": []}}", "no exchange"),
    ] {
        std::fs::write(out.path().join(name), text).expect("it is written");
        let ran = smcheck(&["import", name, "--out", "o"], out.path());
        let said = words(&ran);
        assert_eq!(ran.status.code(), Some(2), "{name}: {said}");
        assert!(said.contains(place) && !said.contains("CANARY"), "{name}: {said}");
    }
    assert!(!out.path().join("o").exists());
}

#[test]
fn a_scenario_of_a_recording_passes_where_it_came_from() {
    let out = tempfile::tempdir().expect("there is room");
    let text = shop().render().expect("it is written").0;
    std::fs::write(out.path().join("shop.jsonl"), text).expect("it is written");
    let args = ["import", "shop.jsonl", "--scenario", "scenarios/shop.yaml"];
    let ran = smcheck(&args, out.path());
    assert!(ran.status.success(), "{}", words(&ran));
    assert!(ran.stderr.is_empty(), "{}", words(&ran));
    let text = std::fs::read_to_string(out.path().join("scenarios/shop.yaml")).expect("it is there");
    for part in [
        "source: \"imported recording shop of imported-test, not checked\"",
        "labels: {db: {v1: [AWSCURRENT], v2: [AWSPENDING]}}",
        "{$arn: db}",
        "DeletionDate: {$time: {in: 7 days}}",
        "NextToken: {$save: next",
        "prefix: app-",
    ] {
        assert!(text.replace("\"7 days\"", "7 days").contains(part), "{part}\n{text}");
    }
    let lint = smcheck(&["lint", "scenarios"], out.path());
    assert!(lint.status.success(), "{}\n{text}", words(&lint));
    let run = smcheck(&["run", "--scenarios", "scenarios", "--strict"], out.path());
    assert!(run.status.success(), "{}\n{text}", words(&run));
    // Somebody may have edited it.
    assert_eq!(smcheck(&args, out.path()).status.code(), Some(2));
}

#[test]
fn a_scenario_of_a_secret_that_was_there_creates_it() {
    let recording = application(&[
        ("CreateSecret", json!({"Name": "old", "ClientRequestToken": token(1), "SecretString": "CANARY"})),
        ("GetSecretValue", json!({"SecretId": "old"})),
    ]);
    let later = Recording { lines: recording.lines[1..].to_vec(), ..recording };
    let made = smcheck::suite::imported::scenario(&later);
    assert!(made.notes.iter().any(|note| note.contains("`old` was there before")), "{:?}", made.notes);
    assert_eq!(made.steps, 2);
    smcheck::scenario::parse("x", "x", made.text.as_bytes()).expect("it is a scenario");
}

#[test]
fn every_fixture_becomes_a_scenario_that_can_be_read() {
    for recording in fixtures() {
        let made = smcheck::suite::imported::scenario(&recording);
        if made.steps > 0 {
            let parsed = smcheck::scenario::parse("x", "x", made.text.as_bytes());
            assert!(parsed.is_ok(), "{}: {:?}\n{}", recording.name(), parsed.err(), made.text);
        }
    }
}
