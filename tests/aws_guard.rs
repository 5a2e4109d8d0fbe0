//! The parts of the target `aws`, against local servers: AWS itself is never called.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use smcheck::judge::Status;
use smcheck::run::caller::Guard;
use smcheck::run::{Caller, Trouble, stop};
use smcheck::scenario::parse;
use smcheck::server::{Auth, Reference, ReferenceOptions, Responder, Server};
use smcheck::service::sigv4::{Credentials, Signer};
use smcheck::service::{WireRequest, WireResponse};
use smcheck::suite::{Done, Opened, Refuse, RunOptions, run};
use smcheck::target::aws::{self, Ledger, Pace};
use smcheck::target::{Client, Config, resolve};

fn client(endpoint: &str) -> Client {
    Client::new(endpoint, Duration::from_secs(2), Duration::from_secs(5)).expect("it is a URL")
}

fn reference() -> Reference {
    Reference::new(ReferenceOptions { auth: Auth::Any, ..ReferenceOptions::default() })
}

/// Answers as STS would, and keeps what it was asked with.
struct Sts {
    body: &'static str,
    asked: Mutex<Vec<WireRequest>>,
}

impl Responder for Sts {
    fn respond(&self, request: &WireRequest) -> WireResponse {
        self.asked.lock().expect("nobody panics with it").push(request.clone());
        WireResponse { status: 200, headers: Vec::new(), body: self.body.into() }
    }
}

#[tokio::test]
async fn the_account_is_asked_of_sts_and_nonsense_is_refused() {
    let xml = "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account>\
               </GetCallerIdentityResult></GetCallerIdentityResponse>";
    let json = r#"{"GetCallerIdentityResponse":{"GetCallerIdentityResult":{"Account":"123456789012"}}}"#;
    for (body, expected) in [(xml, Some("123456789012")), (json, Some("123456789012")), ("<html/>", None)] {
        let sts = Arc::new(Sts { body, asked: Mutex::default() });
        let server = Server::start(sts.clone(), 0).await.expect("there is a free port");
        let signer = Signer::new(&Credentials::new("AKID", "secret"), "eu-west-3");
        let found = aws::account(&client(&server.endpoint()), &signer).await;
        assert_eq!(found.ok().as_deref(), expected);
        let asked = sts.asked.lock().expect("nobody panics with it");
        let signed = asked[0].header("authorization").expect("it is signed");
        assert!(signed.contains("/eu-west-3/sts/aws4_request"), "{signed}");
    }
}

/// The reference, which looks into the ledger before it creates.
struct Witness {
    reference: Reference,
    folder: PathBuf,
    noted: AtomicUsize,
}

impl Responder for Witness {
    fn respond(&self, request: &WireRequest) -> WireResponse {
        if request.operation() == Some("CreateSecret") {
            let name = request.json().and_then(|body| body["Name"].as_str().map(str::to_owned));
            let lines = Ledger::read(&self.folder).expect("it can be read");
            let noted = lines.iter().any(|line| Some(&line.name) == name.as_ref());
            self.noted.fetch_add(usize::from(noted), Ordering::SeqCst);
        }
        self.reference.respond(request)
    }
}

#[tokio::test]
async fn a_create_is_in_the_ledger_before_it_is_sent_and_keeps_to_the_pace() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let witness = Arc::new(Witness {
        reference: reference(),
        folder: folder.path().to_path_buf(),
        noted: AtomicUsize::new(0),
    });
    let server = Server::start(witness.clone(), 0).await.expect("there is a free port");
    let (_stopper, stop) = stop::pair();
    let guard = Guard {
        pace: Some(Arc::new(Pace::default())),
        ledger: Some(Arc::new(Ledger::open(folder.path()).expect("it can be made"))),
    };
    let caller =
        Caller::new(&client(&server.endpoint()), &Credentials::new("test", "test"), "us-east-1", guard, stop);
    let begun = std::time::Instant::now();
    for number in 0..4 {
        let token = format!("00000000-0000-4000-8000-00000000000{number}");
        let input =
            json!({"Name": format!("smcheck_{number}"), "ClientRequestToken": token, "SecretString": "x"});
        let exchange = caller.call("CreateSecret", &input).await.expect("it answers");
        assert!(exchange.response.succeeded());
    }
    assert_eq!(witness.noted.load(Ordering::SeqCst), 4);
    // Twenty-five a second: the fourth is not sent before three intervals have gone by.
    assert!(begun.elapsed() >= Duration::from_millis(115), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn nothing_is_sent_after_a_stop() {
    let server = Server::start(Arc::new(reference()), 0).await.expect("there is a free port");
    let (stopper, stop) = stop::pair();
    let key = Credentials::new("test", "test");
    let caller = Caller::new(&client(&server.endpoint()), &key, "us-east-1", Guard::default(), stop);
    stopper.stop();
    let answer = caller.call("ListSecrets", &json!({})).await;
    assert!(matches!(answer, Err(Trouble::Stopped)));
}

/// The reference behind views that lag: after a write, the next reads of labels show what was before.
struct Lagging {
    reference: Reference,
    last: Mutex<Option<WireResponse>>,
    stale: AtomicUsize,
}

impl Responder for Lagging {
    fn respond(&self, request: &WireRequest) -> WireResponse {
        let response = self.reference.respond(request);
        let mut last = self.last.lock().expect("nobody panics with it");
        match request.operation() {
            Some("PutSecretValue") => self.stale.store(2, Ordering::SeqCst),
            Some("ListSecretVersionIds") => {
                let left = self.stale.load(Ordering::SeqCst);
                if let (Some(old), true) = (&*last, left > 0) {
                    self.stale.store(left - 1, Ordering::SeqCst);
                    return old.clone();
                }
                *last = Some(response.clone());
            }
            _ => {}
        }
        response
    }
}

const SCENARIO: &str = r#"
title: PutSecretValue moves AWSCURRENT
evidence: {kind: aws-docs, source: "API reference, PutSecretValue"}
secrets: [db]
versions: [v1, v2]
steps:
  - do: CreateSecret
    with: {Name: "${db}", ClientRequestToken: "${v1}", SecretString: one}
    labels: {v1: [AWSCURRENT]}
  - do: PutSecretValue
    with: {SecretId: "${db}", ClientRequestToken: "${v2}", SecretString: two}
    labels: {v1: [AWSPREVIOUS], v2: [AWSCURRENT]}
"#;

async fn run_lagging(eventual: bool) -> Done {
    let lagging = Lagging { reference: reference(), last: Mutex::default(), stale: AtomicUsize::new(0) };
    let server = Server::start(Arc::new(lagging), 0).await.expect("there is a free port");
    let mut target = resolve(&server.endpoint(), &Config::default()).await.expect("a URL is a target");
    target.eventual = eventual;
    let opened = Opened::open(target, &Refuse, Path::new(".")).await.expect("it opens");
    let scenarios: Vec<_> = parse("lag.yaml", "lag", SCENARIO.as_bytes())
        .expect("it is right")
        .into_iter()
        .map(Arc::new)
        .collect();
    let (_stopper, stop) = stop::pair();
    let mut last = None;
    run(&scenarios, &Arc::new(opened), &RunOptions::default(), &stop, |done| {
        last = Some(done);
        true
    })
    .await
    .expect("it answers");
    last.expect("one scenario ran")
}

#[tokio::test]
async fn views_that_lag_pass_on_an_eventual_target_and_convergence_is_told() {
    let done = run_lagging(true).await;
    assert_eq!(done.verdict.status, Status::Passed, "{:#?}", done.verdict);
    assert!(done.verdict.convergence.iter().any(|step| step.attempts > 1), "{:?}", done.verdict.convergence);
    assert!(done.left.is_empty(), "all was deleted");
}

#[tokio::test]
async fn views_that_lag_deviate_elsewhere() {
    assert_eq!(run_lagging(false).await.verdict.status, Status::Deviated);
}

fn smcheck(folder: &Path, environment: &[(&str, &str)]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_smcheck"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_")) {
        command.env_remove(name);
    }
    let output = command
        .args(["run", "-t", "aws", "labels/"])
        .current_dir(folder)
        .env("HOME", folder)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .output()
        .expect("the program was built");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn an_endpoint_that_is_slipped_in_is_refused_and_not_asked() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("there is a free port");
    listener.set_nonblocking(true).expect("it can be set");
    let url = format!("http://{}", listener.local_addr().expect("it has an address"));
    let keys =
        [("AWS_REGION", "eu-west-3"), ("AWS_ACCESS_KEY_ID", "AKID"), ("AWS_SECRET_ACCESS_KEY", "secret")];
    let mut environment = keys.to_vec();
    environment.push(("AWS_ENDPOINT_URL", &url));
    let (code, said) = smcheck(folder.path(), &environment);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("is not an endpoint of AWS"), "{said}");
    assert!(listener.accept().is_err(), "nobody connected");
}

#[test]
fn without_credentials_the_run_says_so() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let (code, said) = smcheck(folder.path(), &[("AWS_REGION", "eu-west-3")]);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("there are no AWS credentials"), "{said}");
}
