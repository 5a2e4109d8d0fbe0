//! `smcheck sweep`: what a killed run left is deleted, and nothing else.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::json;
use smcheck::run::caller::Guard;
use smcheck::run::{Caller, stop};
use smcheck::service::sigv4::Credentials;
use smcheck::target::Client;
use smcheck::target::aws::{Ledger, LedgerLine};

struct Served(Child, String);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn serve() -> Served {
    let mut child = Command::new(env!("CARGO_BIN_EXE_smcheck"))
        .args(["serve", "--model", "--port", "0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program was built");
    let mut line = String::new();
    let out = child.stdout.take().expect("it was piped");
    BufReader::new(out).read_line(&mut line).expect("it says where it listens");
    Served(child, line.trim().rsplit(' ').next().unwrap_or_default().to_owned())
}

fn sweep(folder: &Path, endpoint: &str, more: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_smcheck"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_")) {
        command.env_remove(name);
    }
    let output = command
        .args(["sweep", "-t", endpoint])
        .args(more)
        .current_dir(folder)
        .output()
        .expect("the program was built");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test]
async fn what_the_ledger_names_is_deleted_and_nothing_else() {
    let served = serve();
    let endpoint = served.1.as_str();
    let client = Client::new(endpoint, Duration::from_secs(2), Duration::from_secs(5)).expect("it is a URL");
    let (_stopper, stop) = stop::pair();
    let caller = Caller::new(&client, &Credentials::new("test", "test"), "us-east-1", Guard::default(), stop);
    for (number, name) in ["smcheck_left", "smcheck_other", "application"].into_iter().enumerate() {
        let token = format!("00000000-0000-4000-8000-00000000000{number}");
        let input = json!({"Name": name, "ClientRequestToken": token, "SecretString": "x"});
        assert!(caller.call("CreateSecret", &input).await.expect("it answers").response.succeeded());
    }
    let names = async || {
        let listed = caller.call("ListSecrets", &json!({})).await.expect("it answers").response.json();
        let list = listed.expect("it is JSON")["SecretList"].as_array().cloned().unwrap_or_default();
        let mut names: Vec<String> =
            list.iter().filter_map(|entry| entry["Name"].as_str()).map(str::to_owned).collect();
        names.sort();
        names
    };
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let ledger = Ledger::open(folder.path()).expect("it can be made");
    for name in ["smcheck_left", "smcheck_gone"] {
        let line = LedgerLine { name: name.to_owned(), region: "us-east-1".to_owned() };
        ledger.note(&line).expect("it can be written");
    }
    let said = sweep(folder.path(), endpoint, &["--dry-run"]);
    assert_eq!(said.trim(), "would delete smcheck_left");
    assert_eq!(names().await, ["application", "smcheck_left", "smcheck_other"]);
    assert_eq!(sweep(folder.path(), endpoint, &[]).trim(), "deleted smcheck_left");
    assert_eq!(names().await, ["application", "smcheck_other"]);
    assert!(Ledger::read(folder.path()).expect("it can be read").is_empty(), "the ledger is forgotten");
    assert_eq!(sweep(folder.path(), endpoint, &["--all"]).trim(), "deleted smcheck_other");
    assert_eq!(names().await, ["application"]);
}
