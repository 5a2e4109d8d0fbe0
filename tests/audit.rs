//! `smcheck audit`: what it finds, what it leaves alone, and that it shows no value.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use smcheck::store::audit::{Canaries, Kind, audit, look};

fn kinds(text: &str) -> Vec<Kind> {
    let mut kinds: Vec<Kind> = look(text).into_iter().map(|found| found.kind).collect();
    kinds.dedup();
    kinds
}

/// Put together here, so that whoever searches this repository for secrets finds none.
fn access_key() -> String {
    format!("AKIA{}", "Q3EGRIDLSLH4W2XZ")
}

fn secret_key() -> String {
    format!("{}{}", "hB3kQ9vXz7LmN2pR5tW8", "yC4dF6gJ1sA0eU+iO/Zq")
}

fn exchange(operation: &str, request: &str, response: &str) -> String {
    format!(
        r#"{{"step":1,"operation":"{operation}","request":{{"body":{request}}},"response":{{"status":200,"body":{response}}}}}"#
    )
}

fn recording(lines: &[String]) -> String {
    let header = r#"{"smcheck":1,"recording":"app","recorded":{"target":"moto"},"region":"eu-west-3"}"#;
    format!("{header}\n{}\n", lines.join("\n"))
}

fn fixture(secret: &str) -> String {
    format!(
        "smcheck: 1\nscenario: a/b\nrecorded:\n  target: moto\nregion: eu-west-3\nobservation: ''\nexchanges:\n\
         - step: 1\n  operation: PutSecretValue\n  request:\n    body:\n      SecretId: prod/db\n      \
         SecretString: {secret}\n  response:\n    status: 200\n    body: {{}}\n"
    )
}

#[test]
fn a_sensitive_member_of_a_recording_must_be_a_stand_in() {
    for good in [
        r#""smcheck-secret-0001""#,
        r#""{\"password\":\"smcheck-secret-0001\",\"port\":1}""#,
        r#""postgres://smcheck-secret-0001:smcheck-secret-0001.2@smcheck-secret-0001.3.invalid:7624/""#,
        r#""76240001""#,
        r#""00000000-0000-4000-8000-000000000001""#,
    ] {
        let line =
            exchange("GetSecretValue", r#"{"SecretId":"prod/db"}"#, &format!(r#"{{"SecretString":{good}}}"#));
        assert_eq!(kinds(&recording(&[line])), [], "{good}");
    }
    for bad in [
        r#""hunter2""#,
        r#""smcheck-secret-0001 hunter2""#,
        r#""{\"password\":\"hunter2\",\"note\":\"smcheck-secret-0001\"}""#,
        r#""{\"password\":\"smcheck-secret-0001\",\"pin\":4711}""#,
        r#"{"password":"hunter2"}"#,
        "4711",
    ] {
        let line =
            exchange("GetSecretValue", r#"{"SecretId":"prod/db"}"#, &format!(r#"{{"SecretString":{bad}}}"#));
        let found = look(&recording(&[line]));
        assert_eq!(found.len(), 1, "{bad}: {found:?}");
        assert_eq!((found[0].kind, found[0].at.line), (Kind::SecretValue, 2), "{bad}");
        assert!(found[0].at.column > 100, "it says where in the line: {:?}", found[0].at);
        assert!(!found[0].what.contains("hunter2"), "{found:?}");
    }
    let secrets = |text: &str| {
        let found = look(text).into_iter().map(|found| (found.kind, found.at.line, found.at.column));
        found.collect::<Vec<_>>()
    };
    assert_eq!(secrets(&fixture("smcheck-secret-0001")), []);
    assert_eq!(secrets(&fixture("hunter2")), [(Kind::SecretValue, 13, 21)]);
}

#[test]
fn every_other_member_of_a_recording_must_be_judged() {
    for (operation, request, response, expected) in [
        (
            "DescribeSecret",
            r#"{"SecretId":"prod/db"}"#,
            r#"{"Name":"prod/db","Description":"hunter2"}"#,
            vec![Kind::Unjudged],
        ),
        (
            "DescribeSecret",
            r#"{"SecretId":"prod/db"}"#,
            r#"{"Description":"smcheck-text-0001","RotationEnabled":true}"#,
            vec![],
        ),
        (
            "DescribeSecret",
            r#"{"SecretId":"prod/db"}"#,
            r#"{"Surprise":{"two words":"smcheck-text-0001"}}"#,
            vec![Kind::Unjudged],
        ),
        ("DescribeSecret", r#"{"SecretId":"prod/db"}"#, r#"{"Surprise":12345}"#, vec![Kind::Unjudged]),
        (
            "DescribeSecret",
            r#"{"SecretId":"prod/db"}"#,
            r#"{"VersionIdsToStages":{"00000000-0000-4000-8000-000000000001":["AWSCURRENT"]}}"#,
            vec![],
        ),
        (
            "GetSecretValue",
            r#"{"SecretId":"arn:aws:secretsmanager:eu-west-3:398211274411:secret:prod/db-AAAAA1"}"#,
            "{}",
            vec![Kind::Account],
        ),
        (
            "GetSecretValue",
            r#"{"SecretId":"prod/db"}"#,
            r#"{"__type":"X","Message":"User: joe-smith is not authorized"}"#,
            vec![Kind::Message],
        ),
        (
            "GetSecretValue",
            r#"{"SecretId":"prod/db"}"#,
            r#"{"__type":"ResourceNotFoundException","Message":"Secrets Manager can't find the specified secret."}"#,
            vec![],
        ),
        ("GetRandomPassword", "{}", r#"{"RandomPassword":"Tr0ub4dor&3"}"#, vec![Kind::SecretValue]),
        ("Unheard", "{}", r#"{"SecretString":"smcheck-text-0001"}"#, vec![]),
        ("Unheard", "{}", r#"{"a":"hunter2"}"#, vec![Kind::Unjudged]),
    ] {
        let text = recording(&[exchange(operation, request, response)]);
        assert_eq!(kinds(&text), expected, "{operation} {response}");
    }
    let rule = smcheck::service::redact::password::Rule::default();
    let made = serde_json::json!({"RandomPassword": rule.stand_in("Tr0ub4dor&3", 1)}).to_string();
    assert_eq!(kinds(&recording(&[exchange("GetRandomPassword", "{}", &made)])), []);
    for broken in ["{\"step\":1}", "not JSON"] {
        assert_eq!(kinds(&recording(&[broken.to_owned()])), [Kind::Broken], "{broken}");
    }
    let cut = format!(
        "{}{}",
        recording(&[]).trim_end(),
        "\n{\"step\":1,\"request\":{\"body\":{\"SecretString\":\"hun"
    );
    assert_eq!(kinds(&cut), [Kind::Broken]);
}

#[test]
fn snapshots_and_reports_hold_names() {
    let snapshot = |value: &str| {
        format!(
            "---\nsource: x\nexpression: x\ninfo:\n  smcheck: 1\n  scenario: a/b\n---\nstep 1: X\n  response: 200\n    SecretString: {value}\n    Name: ${{db}}\n"
        )
    };
    for good in ["<secret:1>", "<secret of race 1>", "<password: 32, lower upper>", "<text:2>"] {
        assert_eq!(kinds(&snapshot(good)), [], "{good}");
    }
    for bad in [
        "hunter2",
        "\n      password: hunter2",
        "<secret:1> hunter2\n      - x: hunter2",
        "hunter2 <secret:1>",
    ] {
        assert_eq!(
            kinds(&snapshot(bad)),
            if bad.starts_with("<") { vec![] } else { vec![Kind::SecretValue] },
            "{bad}"
        );
    }
    let report = |actual: &str| {
        format!(
            r#"{{"schema": 1, "smcheck": "0.1.0", "runs": [{{"deviations": [{{"path": "SecretString", "expected": "one", "actual": {actual}}}]}}]}}"#
        )
    };
    assert_eq!(kinds(&report(r#""<secret:1>""#)), []);
    assert_eq!(kinds(&report(r#""hunter2""#)), [Kind::SecretValue]);
}

#[test]
fn recordings_of_other_tools_are_read() {
    let body = r#"{\"ARN\":\"x\",\"SecretString\":\"hunter2\"}"#;
    let packed = STANDARD.encode(r#"{"SecretString":"{\"password\":\"hunter2\"}"}"#);
    for (what, text) in [
        (
            "HAR",
            format!(
                r#"{{"log":{{"entries":[{{"response":{{"content":{{"mimeType":"x","text":"{body}"}}}}}}]}}}}"#
            ),
        ),
        (
            "HAR in base64",
            format!(
                r#"{{"log":{{"entries":[{{"response":{{"content":{{"text":"{packed}","encoding":"base64"}}}}}}]}}}}"#
            ),
        ),
        (
            "vcrpy",
            format!(
                "interactions:\n- request:\n    body: '{{\"SecretString\": \"hunter2\"}}'\n  response:\n    body:\n      string: \"{body}\"\n"
            ),
        ),
        (
            "vcrpy, binary",
            format!("interactions:\n- response:\n    body:\n      string: !!binary |\n        {packed}\n"),
        ),
        ("WireMock", format!(r#"{{"mappings":[{{"response":{{"body":"{body}"}}}}]}}"#)),
        ("WireMock, plain", r#"{"response":{"jsonBody":{"SecretBinary":"aHVudGVyMg=="}}}"#.to_owned()),
        ("SDK for Rust", format!(r#"{{"events":[{{"action":{{"Data":{{"data":{{"Utf8":"{body}"}}}}}}}}]}}"#)),
        ("Terraform", r#"{"secret_string": "hunter2"}"#.to_owned()),
    ] {
        assert!(kinds(&text).contains(&Kind::SecretValue), "{what}: {:?}", look(&text));
        let clean =
            text.replace("hunter2", "smcheck-secret-0001").replace(&packed, "").replace("aHVudGVyMg==", "");
        assert_eq!(kinds(&clean), [], "{what}");
    }
    let header = r#"{"headers":[{"name":"X-Amz-Security-Token","value":"hunter2hunter2"}]}"#;
    assert_eq!(kinds(header), [Kind::Header]);
    assert_eq!(kinds("headers:\n  X-Amz-Security-Token: [hunter2hunter2]\n"), [Kind::Header]);
    assert_eq!(kinds("headers:\n  X-Amz-Security-Token: ['<redacted>']\n"), []);
    for public in
        ["", "${PASSWORD}", "$PASSWORD", "{{ password }}", "<password>", "[REDACTED]", "****", "%PASSWORD%"]
    {
        assert_eq!(kinds(&serde_json::json!({"SecretString": public}).to_string()), [], "{public}");
    }
    for secret in
        ["$ecret4711", "{\"a\":\"hunter2\"}", "[\"hunter2\"]", "<hunter2", "%hunter2", "x${PASSWORD}hunter2"]
    {
        assert_eq!(
            kinds(&serde_json::json!({"SecretString": secret}).to_string()),
            [Kind::SecretValue],
            "{secret}"
        );
    }
}

#[test]
fn a_scenario_is_public_and_a_file_of_values_names_sources() {
    assert_eq!(kinds("title: x\nsteps:\n- do: CreateSecret\n  with: {SecretString: hunter2}\n"), []);
    assert_eq!(
        kinds("prod/db:\n  password: {env: DB_PASSWORD}\n  host: {value: localhost}\n  $: {file: /run/x}\n"),
        []
    );
    let found = look("prod/db:\n  password: {value: hunter2}\n");
    assert_eq!((found.len(), found[0].kind, found[0].is_warning), (1, Kind::LiteralValue, true));
}

#[test]
fn what_looks_like_a_secret_is_found_and_what_does_not_is_left_alone() {
    let (id, key) = (access_key(), secret_key());
    let token = format!("IQoJb3JpZ2lu{}", key.repeat(3));
    let pem = |body: &str| {
        format!("-----BEGIN RSA {} KEY-----\n{body}\n-----END RSA {} KEY-----\n", "PRIVATE", "PRIVATE")
    };
    let jwt = format!(
        "eyJhbGciOiJIUzI1NiJ9.{}.{}",
        "eyJzdWIiOiIxMjM0NTY3ODkwIn0", "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"
    );
    for (text, expected) in [
        (format!("aws_access_key_id = {id}"), Kind::AccessKey),
        (format!("aws_secret_access_key = {key}"), Kind::SecretKey),
        (format!("\"SecretAccessKey\": \"{key}\","), Kind::SecretKey),
        (format!("token {token}"), Kind::SessionToken),
        (pem("MIIEpAIBAAKCAQEA7bq9Zk3"), Kind::PrivateKey),
        (pem("MIIEpAIBAAKCAQEA7bq9Zk3").replace('\n', "\\n"), Kind::PrivateKey),
        (format!("sent {jwt} to"), Kind::Jwt),
        ("postgres://app:hunter2@db.internal/x".to_owned(), Kind::UrlPassword),
        (format!("ghp_{}", "a1B2".repeat(9)), Kind::ServiceToken),
        (format!("arn:aws:kms:eu-west-3:{}:key/x", "398211274411"), Kind::Account),
        ("Authorization: Bearer q7Xz2Lm9Kp4Rt8Wv1Yn".to_owned(), Kind::Header),
        ("db_password: 'q7Xz2Lm9Kp4Rt8Wv1Yn'".to_owned(), Kind::Random),
        ("API_KEY=9f86d081884c7d659a2feaa0c55ad015".to_owned(), Kind::Random),
    ] {
        let found = look(&text);
        assert_eq!(found.len(), 1, "{expected}: {found:?}");
        assert_eq!(found[0].kind, expected);
        assert!(!found[0].kind.is_certain());
    }
    for text in [
        "AKIAIOSFODNN7EXAMPLE and AKIASMCHECK000000000",
        "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "-----BEGIN RSA PRIVATE KEY----- begins one",
        "-----BEGIN RSA PRIVATE KEY-----\nc21jaGVjay1zZWNyZXQtMDAwNw==\n-----END RSA PRIVATE KEY-----",
        "postgres://${USER}:${PASSWORD}@db and http://host:8080/a@b",
        "arn:aws:kms:eu-west-3:123456789012:key/x, arn:aws:iam::aws:policy/X",
        "password: correct-horse-battery-staple, SecretString: smcheck-secret-0001",
        "token = next_page_token_of_the_last_call; secret_name: prod/db-credentials-2025",
        "secrets_manager_client.get_secret_value(SecretId='prod/db')",
        "ClientRequestToken: 0f8fad5b-d9cb-469f-a165-70867728950e",
    ] {
        assert_eq!(look(text), [], "{text}");
    }
}

#[test]
fn canaries_are_found_however_they_are_written() {
    let text = "CANARY \"quoted\"/\u{e9}\u{1f600} 42";
    let canaries = Canaries::new(&[("canary 1".to_owned(), text.to_owned())]).expect("it is long enough");
    let json = serde_json::to_string(text).expect("it is text");
    let hex: String = text.bytes().map(|b| format!("{b:02x}")).collect();
    let percent: String = text.bytes().map(|b| format!("%{b:02X}")).collect();
    let url = "CANARY%20%22quoted%22%2F%C3%A9%F0%9F%98%80%2042";
    let base64 = |before: &str| STANDARD.encode(format!("{before}{text}??"));
    let broken: String = base64("x")
        .as_bytes()
        .chunks(10)
        .map(|part| format!("{}\n", String::from_utf8_lossy(part)))
        .collect();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(format!("a\nb {text}").as_bytes()).expect("there is room");
    let packed = packed.finish().expect("there is room");
    let python = "CANARY \\\"quoted\\\"/\\u00e9\\ud83d\\ude00 42";
    for (what, bytes) in [
        ("plain", format!("a\n  {text}").into_bytes()),
        ("JSON", json.clone().into_bytes()),
        ("JSON of Python", python.as_bytes().to_vec()),
        ("JSON in JSON", serde_json::to_string(&json).expect("it is text").into_bytes()),
        ("hex", hex.to_uppercase().into_bytes()),
        ("URL", url.as_bytes().to_vec()),
        ("form", url.replace("%20", "+").into_bytes()),
        ("base64 0", base64("").into_bytes()),
        ("base64 1", base64("x").into_bytes()),
        ("base64 2", base64("xy").into_bytes()),
        ("base64 in lines", broken.into_bytes()),
        ("base64 of JSON", STANDARD.encode(format!("{{\"a\":{json}}}")).into_bytes()),
        ("binary", [&[0, 0xff, 0xfe][..], text.as_bytes(), &[0]].concat()),
        ("UTF-16", text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("gzip", packed),
    ] {
        let found = canaries.look(&bytes).expect("it can be unpacked");
        assert!(!found.is_empty(), "{what}");
        assert!(
            found.iter().all(|found| found.kind == Kind::Canary && !found.what.contains("quoted")),
            "{what}"
        );
    }
    assert_eq!(canaries.look(&percent.as_bytes()[..30]).expect("it is no gzip"), []);
    let place = &canaries.look(format!("a\n  {text}").as_bytes()).expect("it is no gzip")[0];
    assert_eq!((place.at.line, place.at.column), (2, 3));
    assert!(Canaries::new(&[("x".to_owned(), "short".to_owned())]).is_err());
}

fn program(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_smcheck"));
    command.current_dir(folder).stdin(Stdio::null()).env("PLANTED", "CANARY-from-the-environment");
    command.arg("audit").args(arguments).output().expect("the program was built")
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("it is in the folder")).expect("there is room");
    fs::write(&path, text).expect("there is room");
    path
}

#[test]
fn no_value_is_shown_and_the_exit_code_tells() {
    let here = tempfile::tempdir().expect("there is room for a folder");
    let (id, key) = (access_key(), secret_key());
    write(here.path(), "notes.txt", &format!("x\nkey {id}\naws_secret_access_key={key}\n"));
    write(here.path(), "fixtures/a.yaml", &fixture("hunter2-hunter2"));
    write(here.path(), "broken.yaml", &fixture("[hunter2-hunter2"));
    write(here.path(), "target/left.txt", &id);
    write(
        here.path(),
        "logs/CANARY-from-the-environment.txt",
        "CANARY-from-the-environment and CANARY-typed-in",
    );
    let run = program(
        here.path(),
        &[".", "--canary", "env:PLANTED", "--canary", "CANARY-typed-in", "--json", "report.json"],
    );
    assert_eq!(run.status.code(), Some(1), "{}", said(&run));
    let report = fs::read_to_string(here.path().join("report.json")).expect("it was written");
    for text in [&said(&run), &report] {
        for secret in [&id, &key, "hunter2", "CANARY-from-the-environment", "CANARY-typed-in"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
    for expected in [
        "notes.txt:2:5: error[access-key]",
        "notes.txt:3:23: error[secret-key]",
        "fixtures/a.yaml:13:21: error[secret-value]",
        "broken.yaml:1:1: error[broken]",
        "logs/(name withheld):1:1: error[canary]: the canary of PLANTED, as it is",
        "error[canary]: canary 2, as it is",
        "not looked into: target",
        "is a guess",
    ] {
        assert!(said(&run).contains(expected), "{expected}: {}", said(&run));
    }
    let report: serde_json::Value = serde_json::from_str(&report).expect("it is JSON");
    assert_eq!((&report["schema"], &report["files"]), (&1.into(), &4.into()));

    let clean = tempfile::tempdir().expect("there is room for a folder");
    write(clean.path(), "a.yaml", &fixture("smcheck-secret-0001"));
    assert_eq!(program(clean.path(), &[]).status.code(), Some(0));
    assert_eq!(program(clean.path(), &["nowhere"]).status.code(), Some(2));
    fs::create_dir(clean.path().join("empty")).expect("there is room");
    assert_eq!(program(clean.path(), &["empty"]).status.code(), Some(2));
    assert_eq!(program(clean.path(), &["--canary", "x"]).status.code(), Some(2));
    assert_eq!(program(clean.path(), &["--canary", "env:NOT_THERE_AT_ALL"]).status.code(), Some(2));
    write(clean.path(), "bad.gz", "");
    fs::write(clean.path().join("bad.gz"), [0x1f, 0x8b, 8, 0, 1]).expect("there is room");
    assert_eq!(program(clean.path(), &["--canary", "CANARY-typed-in"]).status.code(), Some(3));
}

#[test]
fn what_was_judged_may_stay_and_what_nothing_needs_is_told() {
    let here = tempfile::tempdir().expect("there is room for a folder");
    let id = access_key();
    write(here.path(), "a.py", &format!("KEY = '{id}'  # smcheck: allow made for this test\n"));
    write(here.path(), "b.py", &format!("# smcheck: allow made for this test\nKEY = '{id}'\n"));
    write(here.path(), "c/d.txt", &id);
    write(
        here.path(),
        ".smcheck-audit.yaml",
        "allow:\n- {path: 'c/**', kind: access-key, reason: made for this test}\n",
    );
    let run = program(here.path(), &["--strict"]);
    assert_eq!(run.status.code(), Some(0), "{}", said(&run));
    assert!(said(&run).contains("0 findings, 3 allowed"), "{}", said(&run));

    // Without a reason it is none, and one too many is told.
    write(
        here.path(),
        "a.py",
        &format!("KEY = '{id}'  # smcheck: allow\nx = 1  # smcheck: allow nothing here\n"),
    );
    fs::remove_file(here.path().join("c/d.txt")).expect("it is there");
    let run = program(here.path(), &[]);
    assert_eq!(run.status.code(), Some(1), "{}", said(&run));
    for expected in [
        "a.py:1:8: error[access-key]",
        "unused allowance: a.py:2",
        "unused allowance: .smcheck-audit.yaml: access-key in c/**",
    ] {
        assert!(said(&run).contains(expected), "{expected}: {}", said(&run));
    }
    for (wrong, because) in [
        ("allow:\n- {path: a, kind: nothing, reason: because}\n", "no kind `nothing`"),
        ("allow:\n- {path: a, kind: jwt, reason: ' '}\n", "needs a reason"),
        ("allow:\n- {path: a, kind: canary, reason: because}\n", "cannot be allowed"),
        ("allow: 5\n", ".smcheck-audit.yaml"),
    ] {
        write(here.path(), ".smcheck-audit.yaml", wrong);
        let run = program(here.path(), &[]);
        assert_eq!(run.status.code(), Some(2), "{wrong}");
        assert!(said(&run).contains(because), "{}", said(&run));
    }
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    let here = tempfile::tempdir().expect("there is room for a folder");
    let elsewhere = tempfile::tempdir().expect("there is room for a folder");
    let secret = write(elsewhere.path(), "x.txt", &access_key());
    write(here.path(), "a.txt", "nothing");
    std::os::unix::fs::symlink(secret, here.path().join("link")).expect("links can be made");
    let none = Canaries::new(&[]).expect("there is none");
    let audited = audit(&[here.path().to_owned()], &none).expect("there is no list");
    assert_eq!((audited.files, audited.findings.len(), audited.skipped.len()), (1, 0, 1));
}
