//! `smcheck serve DIR` as a program.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use smcheck::service::WireRequest;

use super::support::*;

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("there is room");
    let write =
        |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("it is written");
    write("shop.jsonl", &format!("{}{}", shop(), r#"{"step":7,"oper"#));
    std::fs::create_dir(folder.path().join("more")).expect("it is made");
    write("more/temporary.jsonl", &temporary());
    write(
        "values.yaml",
        "app/db: {password: {env: SMCHECK_TEST_PASSWORD}, port: {value: 5432}, no: {value: x}}",
    );
    folder
}

struct Served {
    process: std::process::Child,
    port: u16,
}

fn serve(folder: &Path, more: &[&str]) -> Served {
    let mut process = Command::new(env!("CARGO_BIN_EXE_smcheck"))
        .args(["serve", "--port", "0", "--fail-on-unused"])
        .arg(folder)
        .args(more)
        .env("SMCHECK_TEST_PASSWORD", "CANARY-password")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut line = String::new();
    let out = process.stdout.as_mut().expect("it is piped");
    BufReader::new(out).read_line(&mut line).expect("it says where it listens");
    let port = line.trim().rsplit_once(':').and_then(|(_, port)| port.parse().ok()).expect("a port");
    Served { process, port }
}

impl Served {
    fn post(&self, operation: &str, input: &Value) -> String {
        let request = signed("KEY", WireRequest::call(operation, input));
        let mut text = "POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n".to_owned();
        for (name, value) in &request.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str(&format!("Content-Length: {}\r\n\r\n{input}", input.to_string().len()));
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("it listens");
        stream.write_all(text.as_bytes()).expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        answer
    }

    /// Stops it: the exit code, and what it said.
    fn stop(mut self) -> (Option<i32>, String) {
        let pid = rustix::process::Pid::from_child(&self.process);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it runs");
        let code = self.process.wait().expect("it ends").code();
        let mut said = String::new();
        self.process.stderr.take().expect("it is piped").read_to_string(&mut said).expect("text");
        self.process.stdout.take().expect("it is piped").read_to_string(&mut said).expect("text");
        (code, said)
    }
}

#[test]
fn the_program_plays_values_from_outside_and_tells_what_was_not_used() {
    let folder = folder();
    let served = serve(folder.path(), &[]);
    let answer = served.post("GetSecretValue", &json!({"SecretId": "app/db"}));
    let body: Value = serde_json::from_str(answer.split_once("\r\n\r\n").expect("a body").1).expect("JSON");
    let secret: Value = serde_json::from_str(body["SecretString"].as_str().expect("text")).expect("JSON");
    assert_eq!(secret, json!({"password": "CANARY-password", "port": 5432}));
    assert!(served.post("ListSecrets", &json!({"MaxResults": 7})).contains("SmcheckNoRecordingException"));
    let (code, said) = served.stop();
    assert_eq!(code, Some(1), "{said}");
    for part in [
        "shop.jsonl:8:1: the last line is cut off",
        "2 recordings with 9 exchanges",
        "of 2 recordings none holds ListSecrets",
        "8 recorded exchanges were never used",
        "shop: 2 (DescribeSecret)",
        "no answer had a place for: app/db: no",
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
    assert!(!said.contains("CANARY") && !said.contains("5432"), "{said}");
}

#[test]
fn the_program_ends_well_when_all_was_used() {
    let folder = tempfile::tempdir().expect("there is room");
    let text = recording("a", &[("ListSecrets", json!({}), 200, json!({"SecretList": []}))]);
    std::fs::write(folder.path().join("a.jsonl"), text).expect("it is written");
    let served = serve(folder.path(), &["--mode", "strict", "--exhausted", "repeat-last", "--dates", "keep"]);
    for _ in 0..2 {
        assert!(served.post("ListSecrets", &json!({})).starts_with("HTTP/1.1 200"));
    }
    let (code, said) = served.stop();
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn what_cannot_be_played_is_refused_at_the_start() {
    let run = |folder: &Path, more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_smcheck"));
        let output = command.args(["serve", "--port", "0"]).arg(folder).args(more).output().expect("it ends");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let one = folder();
    let (code, said) = run(one.path(), &[]);
    assert_eq!(code, Some(2));
    assert!(
        said.contains("app/db: password: the environment variable SMCHECK_TEST_PASSWORD is not set"),
        "{said}"
    );
    let empty = tempfile::tempdir().expect("there is room");
    assert!(run(empty.path(), &[]).1.contains("there is no recording"));
    std::fs::write(empty.path().join("a.jsonl"), header("a") + "{\"step\": \"CANARY\"}\n")
        .expect("it is written");
    let (code, said) = run(empty.path(), &[]);
    assert!(said.contains("a.jsonl:2:") && !said.contains("CANARY"), "{said}");
    assert_eq!(code, Some(2));
    std::fs::write(empty.path().join("a.jsonl"), header("a")).expect("it is written");
    std::fs::write(empty.path().join("b.jsonl"), header("a")).expect("it is written");
    assert!(run(empty.path(), &[]).1.contains("both hold the recording `a`"));
    assert_eq!(run(empty.path(), &["--model"]).0, Some(2));
}
