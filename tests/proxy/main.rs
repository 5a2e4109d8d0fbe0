//! The recording proxy: who is let in, what is passed on, what is written, and that a kill costs nothing that was
//! answered.

mod hostile;
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use smcheck::server::{Responder, Server, Tls};
use smcheck::service::sigv4::Credentials;
use smcheck::service::{WireRequest, WireResponse};
use support::{REGION, Sdk, Setup, create, failure, lines, reference};

/// `CANARY-BINARY-1234567890` in base64.
const BINARY: &str = "Q0FOQVJZLUJJTkFSWS0xMjM0NTY3ODkw";

/// The program, and what it exported.
struct Program {
    child: Child,
    stdout: BufReader<std::process::ChildStdout>,
    shown: String,
    exported: BTreeMap<String, String>,
}

impl Program {
    fn start(to: &str, out: &Path, more: &[&str]) -> Program {
        let mut child = Command::new(env!("CARGO_BIN_EXE_smcheck"))
            .args(["proxy", "--to", to, "--port", "0", "--out"])
            .arg(out)
            .args(more)
            .env("AWS_ACCESS_KEY_ID", "CANARYACCESSKEY")
            .env("AWS_SECRET_ACCESS_KEY", "CANARY-SECRET-KEY")
            .env("AWS_SESSION_TOKEN", "CANARY-SESSION-TOKEN")
            .env("AWS_REGION", REGION)
            .env_remove("AWS_CA_BUNDLE")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        let (mut shown, mut exported) = (String::new(), BTreeMap::new());
        while !exported.contains_key("AWS_DEFAULT_REGION") {
            let mut line = String::new();
            assert_ne!(stdout.read_line(&mut line).expect("it is text"), 0, "it ended early: {shown}");
            if let Some((name, value)) =
                line.trim().strip_prefix("export ").and_then(|rest| rest.split_once('='))
            {
                exported.insert(name.to_owned(), value.to_owned());
            }
            shown.push_str(&line);
        }
        Program { child, stdout, shown, exported }
    }

    fn sdk(&self) -> Sdk {
        let get = |name: &str| self.exported[name].as_str();
        let key = Credentials::new(get("AWS_ACCESS_KEY_ID"), get("AWS_SECRET_ACCESS_KEY"));
        Sdk::new(get("AWS_ENDPOINT_URL_SECRETS_MANAGER"), &key, None)
    }

    /// Asks it to end, and gives the exit code and all that it wrote to its two outputs.
    fn end(mut self) -> (Option<i32>, String, String) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it runs");
        let code = self.child.wait().expect("it ends").code();
        self.stdout.read_to_string(&mut self.shown).expect("it is text");
        let mut said = String::new();
        self.child.stderr.take().expect("it is piped").read_to_string(&mut said).expect("it is text");
        (code, self.shown, said)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_survives_a_kill() {
    let target = reference(None).await;
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let mut program = Program::start(&target.endpoint(), folder.path(), &["--name", "shop"]);
    let answered = Arc::new(AtomicUsize::new(0));
    let mut clients = tokio::task::JoinSet::new();
    for client in 0..8 {
        let (sdk, answered) = (program.sdk(), answered.clone());
        clients.spawn(async move {
            for number in 0.. {
                let input = create(&format!("shop/{client}/{number}"), "{\"user\":\"u\",\"password\":\"p\"}");
                let Some(response) = sdk.try_call("CreateSecret", &input).await else { return };
                assert_eq!(response.status, 200);
                answered.fetch_add(1, Ordering::SeqCst);
            }
        });
    }
    while answered.load(Ordering::SeqCst) < 100 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    program.child.kill().expect("it runs");
    program.child.wait().expect("it ends");
    while let Some(client) = clients.join_next().await {
        client.expect("it ends");
    }
    let text = std::fs::read_to_string(folder.path().join("shop.jsonl")).expect("it is there");
    let lines = lines(&text);
    let answered = answered.load(Ordering::SeqCst);
    assert!((answered..=answered + 8).contains(&lines.len()), "{answered} answered, {} kept", lines.len());
    let steps: BTreeSet<usize> = lines.iter().map(|line| line.step).collect();
    assert_eq!(steps.len(), lines.len(), "every exchange has a number of its own");
}

#[tokio::test]
async fn only_the_key_pair_of_the_proxy_is_let_in() {
    let target = reference(None).await;
    let running = Setup::default().start(&target.endpoint()).await;
    let own = running.proxy.credentials().clone();
    for (key, code) in [
        (Credentials::new("test", "test"), "UnrecognizedClientException"),
        (Credentials::new(own.access_key.clone(), "guessed"), "InvalidSignatureException"),
    ] {
        let sdk = Sdk::new(&running.server.endpoint(), &key, None);
        assert_eq!(failure(&sdk.call("ListSecrets", &json!({})).await).1, code);
    }
    assert_eq!(running.sdk().call("ListSecrets", &json!({})).await.status, 200);
    assert_eq!(running.lines().len(), 1, "what is refused is not recorded");
    let summary = running.proxy.finish(Duration::from_secs(1)).await;
    assert_eq!(summary.refused.values().sum::<u64>(), 2);
    assert_eq!(summary.recorded, BTreeMap::from([("ListSecrets".to_owned(), 1)]));
}

/// Counts what reaches it, and tells what was signed.
struct Witness(AtomicUsize);

impl Responder for Witness {
    fn respond(&self, request: &WireRequest) -> WireResponse {
        self.0.fetch_add(1, Ordering::SeqCst);
        let signed = request.header("authorization").unwrap_or_default();
        assert!(signed.contains("Credential=target/"), "it is signed anew");
        let mut response = WireResponse::failure(400, "ResourceNotFoundException", "no", "not-a-uuid");
        response.headers.push(("X-Of-The-Target".to_owned(), "yes".to_owned()));
        response
    }
}

#[tokio::test]
async fn what_a_recording_has_no_business_with_does_not_reach_the_target() {
    let witness = Arc::new(Witness(AtomicUsize::new(0)));
    let target = Server::start(witness.clone(), 0).await.expect("there is a free port");
    let setup = Setup { writes: false, only: &["test/*"], ..Setup::default() };
    let running = setup.start(&target.endpoint()).await;
    let sdk = running.sdk();
    for (operation, input) in [
        ("CreateSecret", create("test/a", "x")),
        ("GetSecretValue", json!({"SecretId": "prod/a"})),
        ("ListSecrets", json!({})),
    ] {
        let (status, code, message) = failure(&sdk.call(operation, &input).await);
        assert_eq!((status, code.as_str()), (400, "AccessDeniedException"));
        assert!(message.starts_with("smcheck proxy: "), "{message}");
    }
    assert_eq!(witness.0.load(Ordering::SeqCst), 0);
    let answer = sdk.call("GetSecretValue", &json!({"SecretId": "test/a"})).await;
    assert_eq!(witness.0.load(Ordering::SeqCst), 1);
    assert_eq!(failure(&answer), (400, "ResourceNotFoundException".to_owned(), "no".to_owned()));
    assert_eq!(answer.header("x-of-the-target"), Some("yes"), "the answer is the target's");
    assert_eq!(answer.header("x-amzn-requestid"), Some("not-a-uuid"));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_planted_secret_is_written_or_shown() {
    let target = reference(None).await;
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let env_file = folder.path().join("proxy.env");
    let more = ["--env-file", env_file.to_str().expect("it is text")];
    let program = Program::start(&target.endpoint(), &folder.path().join("out"), &more);
    let sdk = program.sdk();
    let arn = "arn:aws:iam::111122223333:role/CANARY-ROLE";
    let policy = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "secretsmanager:*",
        "Resource": "*", "Principal": {"AWS": arn}}]});
    for (operation, input) in [
        (
            "CreateSecret",
            json!({"Name": "db", "SecretString": "{\"password\":\"CANARY-STRING\"}", "Description": "CANARY-TEXT",
                "ClientRequestToken": "00000000-0000-4000-9000-0000000ca4a7",
                "Tags": [{"Key": "CANARY-KEY", "Value": "CANARY-VALUE"}]}),
        ),
        ("PutSecretValue", json!({"SecretId": "db", "SecretBinary": BINARY})),
        ("GetSecretValue", json!({"SecretId": "db"})),
        ("GetSecretValue", json!({"SecretId": "db", "VersionStage": "AWSPREVIOUS"})),
        ("GetRandomPassword", json!({})),
        ("PutResourcePolicy", json!({"SecretId": "db", "ResourcePolicy": policy.to_string()})),
        ("GetResourcePolicy", json!({"SecretId": "db"})),
        ("DescribeSecret", json!({"SecretId": "db"})),
        ("CreateSecret", json!({"Name": "CANARY with spaces", "SecretString": "CANARY-2"})),
        ("ListSecrets", json!({"Filters": [{"Key": "tag-value", "Values": ["CANARY-VALUE"]}]})),
        ("Unknown", json!({"Whatever": "CANARY-UNKNOWN", "CANARY key": ["CANARY-DEEP"]})),
    ] {
        let mut request = WireRequest::call(operation, &input);
        for (name, value) in [
            ("Cookie", "CANARY-COOKIE"),
            ("User-Agent", "CANARY-AGENT"),
            ("X-Amz-Security-Token", "CANARY-CLIENT-TOKEN"),
        ] {
            request.headers.push((name.to_owned(), value.to_owned()));
        }
        sdk.send(request).await.expect("it answers");
    }
    let mut odd = WireRequest::call("GetSecretValue", &json!({}));
    odd.path = "/?token=CANARY-QUERY".to_owned();
    odd.body = "CANARY {".into();
    sdk.send(odd).await.expect("it answers");
    let (code, shown, said) = program.end();
    assert_eq!(code, Some(143), "{said}");
    let file = folder.path().join("out/recording.jsonl");
    let text = std::fs::read_to_string(&file).expect("it is there");
    assert_eq!(lines(&text).len(), 12);
    let environment = std::fs::read_to_string(&env_file).expect("it is there");
    for (what, text) in
        [("the recording", &text), ("stdout", &shown), ("stderr", &said), ("the variables", &environment)]
    {
        let flat = text.to_uppercase();
        for forbidden in ["CANARY", "Q0FOQVJZ", "111122223333", "123456789012"] {
            let around = flat.find(forbidden).map(|at| flat.get(at.saturating_sub(60)..at + 20));
            assert_eq!(around, None, "{what} holds {forbidden}");
        }
    }
    assert!(said.contains("recorded 12 exchanges in "), "{said}");
    assert!(said.contains("GetSecretValue 3") && said.contains("SecretString "), "{said}");
    assert!(shown.starts_with("listening on http://127.0.0.1:"), "{shown}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&env_file).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn a_recording_is_replaced_only_where_that_is_said() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let file = folder.path().join("recording.jsonl");
    std::fs::write(&file, "mine").expect("it can be written");
    let output = Command::new(env!("CARGO_BIN_EXE_smcheck"))
        .args(["proxy", "--to", "http://127.0.0.1:9", "--port", "0", "--out"])
        .arg(folder.path())
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("recording.jsonl exists") && said.contains("--overwrite"), "{said}");
    assert_eq!(std::fs::read_to_string(&file).expect("it is there"), "mine");
    let program = Program::start("http://127.0.0.1:9", folder.path(), &["--overwrite"]);
    let text = std::fs::read_to_string(&file).expect("it is there");
    assert!(lines(&text).is_empty());
    let (_, _, said) = program.end();
    assert!(said.contains("recorded 0 exchanges"), "{said}");
}

#[tokio::test]
async fn names_stay_unless_they_are_variable() {
    let target = reference(None).await;
    let setup = Setup { variable: &["app-*-db"], ..Setup::default() };
    let running = setup.start(&target.endpoint()).await;
    let sdk = running.sdk();
    let created = sdk.call("CreateSecret", &create("shop/db", "one")).await.json().expect("it is JSON");
    sdk.call("CreateSecret", &create("app-1764096000-db", "two")).await;
    sdk.call("GetSecretValue", &json!({"SecretId": created["ARN"]})).await;
    sdk.call("GetSecretValue", &json!({"SecretId": "app-1764096000-db"})).await;
    let lines = running.lines();
    let body = |at: usize| lines[at].request.body.clone().expect("it has a body").into_value();
    assert_eq!(body(0)["Name"], "shop/db");
    assert_eq!(body(1)["Name"], "app-secret-0001-db");
    let names: Vec<usize> = lines.iter().map(|line| line.names.len()).collect();
    assert_eq!(names, [0, 1, 0, 0], "a stand-in of a name is told once");
    let form = &lines[1].names["app-secret-0001-db"];
    assert_eq!((form.prefix.as_str(), form.suffix.as_str()), ("app-", "-db"));
    let arn = body(2)["SecretId"].as_str().expect("it is text").to_owned();
    assert_eq!(arn, "arn:aws:secretsmanager:us-east-1:000000000000:secret:shop/db-AAAAA1");
    assert_eq!(body(3)["SecretId"], "app-secret-0001-db");
    let value = |at: usize| lines[at].response.body.clone().expect("it has a body").into_value();
    assert_eq!(value(2)["SecretString"], body(0)["SecretString"], "equal values stay equal");
    assert_ne!(value(2)["SecretString"], value(3)["SecretString"]);
    assert_eq!(value(2)["VersionId"], body(0)["ClientRequestToken"]);
    assert_eq!(lines.iter().map(|line| line.step).collect::<Vec<_>>(), [1, 2, 3, 4]);
}

/// Says which page comes next, as moto does after the last one: with nothing.
struct Pages;

impl Responder for Pages {
    fn respond(&self, request: &WireRequest) -> WireResponse {
        let first = request.json().is_some_and(|input| input.get("NextToken").is_none());
        let next = if first { "page-two" } else { "" };
        WireResponse::success(Some(&json!({"SecretList": [], "NextToken": next})), "id")
    }
}

#[tokio::test]
async fn the_last_page_stays_the_last() {
    let target = Server::start(Arc::new(Pages), 0).await.expect("there is a free port");
    let running = Setup::default().start(&target.endpoint()).await;
    let sdk = running.sdk();
    for input in [json!({}), json!({"NextToken": "page-two"})] {
        assert_eq!(sdk.call("ListSecrets", &input).await.status, 200);
    }
    let lines = running.lines();
    let tokens: Vec<_> = lines
        .iter()
        .map(|line| line.response.body.clone().expect("it has a body").into_value()["NextToken"].clone())
        .collect();
    assert_eq!(tokens, [json!("smcheck-token-0001"), json!("")]);
}

#[tokio::test]
async fn tls_on_both_sides_trusts_only_whom_it_is_told_to() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let bundle = |name: &str, tls: &Tls| {
        let path = folder.path().join(name);
        std::fs::write(&path, tls.authority()).expect("it can be written");
        path
    };
    let of_target = Tls::generate(&[]).expect("a certificate");
    let of_proxy = Tls::generate(&["proxy.example".to_owned()]).expect("a certificate");
    let (target_ca, proxy_ca) = (bundle("target.pem", &of_target), bundle("proxy.pem", &of_proxy));
    let target = reference(Some(of_target)).await;
    assert!(target.endpoint().starts_with("https://127.0.0.1:"));

    let setup = Setup { ca_bundle: Some(&target_ca), tls: Some(of_proxy), ..Setup::default() };
    let running = setup.start(&target.endpoint()).await;
    let endpoint = running.server.endpoint();
    let sdk = |bundle: &Path| Sdk::new(&endpoint, running.proxy.credentials(), Some(bundle));
    assert_eq!(sdk(&proxy_ca).call("CreateSecret", &create("db", "x")).await.status, 200);
    assert!(sdk(&target_ca).try_call("ListSecrets", &json!({})).await.is_none(), "another authority");
    assert_eq!(running.lines().len(), 1);

    // And the other way round: the proxy does not trust the target.
    let setup = Setup { ca_bundle: Some(&proxy_ca), ..Setup::default() };
    let running = setup.start(&target.endpoint()).await;
    let (status, code, message) = failure(&running.sdk().call("ListSecrets", &json!({})).await);
    assert_eq!((status, code.as_str()), (502, "InternalServiceError"));
    assert!(message.starts_with("smcheck proxy: cannot connect to https://127.0.0.1:"), "{message}");
    assert!(message.contains("certificate"), "{message}");
}

#[test]
fn a_served_authority_is_written_where_it_is_told_to() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let ca = folder.path().join("ca.pem");
    let program = Program::start(
        "embedded",
        folder.path(),
        &["--tls", "--ca-file", ca.to_str().expect("it is text"), "--allow", "read"],
    );
    assert!(program.shown.starts_with("listening on https://127.0.0.1:"), "{}", program.shown);
    let get = |name: &str| program.exported[name].as_str();
    let key = Credentials::new(get("AWS_ACCESS_KEY_ID"), get("AWS_SECRET_ACCESS_KEY"));
    let sdk = Sdk::new(get("AWS_ENDPOINT_URL_SECRETS_MANAGER"), &key, Some(&ca));
    let runtime = tokio::runtime::Runtime::new().expect("it starts");
    let listed = runtime.block_on(sdk.call("ListSecrets", &json!({})));
    assert_eq!(listed.status, 200);
    let refused = runtime.block_on(sdk.call("CreateSecret", &create("x", "y")));
    assert_eq!(failure(&refused).1, "AccessDeniedException");
    let (_, shown, said) = program.end();
    assert!(shown.contains("export AWS_CA_BUNDLE=") || said.contains("AWS_CA_BUNDLE"), "{shown}");
    assert!(said.contains("refused: AccessDeniedException 1"), "{said}");
}
