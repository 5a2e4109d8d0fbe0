//! The wrong servers: what their table says is true, and each is noticed as what it is.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use smcheck::server::faults::{self, Fault, Source};
use smcheck::suite::Catalogue;
use smcheck::suite::selftest::{self, Fate, Scope, density, text};
use smcheck::target::{Config, resolve};

/// The issue asks for forty.
const FEWEST: usize = 40;

fn smcheck(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_smcheck"));
    command.args(arguments).stdin(Stdio::null());
    command
}

fn output(arguments: &[&str]) -> Output {
    smcheck(arguments).output().expect("the program was built")
}

#[test]
fn the_table_is_true() {
    let known = include_str!("../known/moto.yaml");
    let scenarios = Catalogue::BuiltIn.load(&[]).expect("the catalogue loads");
    let mut names = BTreeSet::new();
    for fault in faults::all() {
        let name = fault.name;
        assert!(names.insert(name), "two faults are called {name}");
        assert!(
            name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'),
            "{name}"
        );
        assert!(fault.does.ends_with(['.', '"']) && !fault.does.contains('\n'), "{name}: {}", fault.does);
        assert!(!fault.kinds.is_empty(), "{name} expects no kind of deviation");
        assert!(
            scenarios.iter().any(|scenario| fault.names(&scenario.id)),
            "{name} names {}, which is no scenario",
            fault.caught_by
        );
        match fault.source {
            Source::Moto(words) => {
                assert!(known.contains(words), "{name}: known/moto.yaml does not say: {words}");
            }
            Source::Known(emulator, words) => {
                let list = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("known/{emulator}.yaml"));
                let list = std::fs::read_to_string(list).expect("the list is there");
                assert!(list.contains(words), "{name}: known/{emulator}.yaml does not say: {words}");
            }
            Source::Noted(fact, note) => assert!(fact.contains('.') && !note.is_empty(), "{name}"),
            Source::Read(package, place) => {
                assert!(package.contains(' ') && place.contains(".py"), "{name}: {package}, {place}");
            }
        }
    }
    assert!(names.len() >= FEWEST, "there are only {} faults", names.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_is_noticed_as_what_it_is() {
    let scenarios = Catalogue::BuiltIn.load(&[]).expect("the catalogue loads");
    let target = resolve("embedded", &Config::default()).await.expect("it is a target");
    let all: Vec<&'static Fault> = faults::all().collect();
    let findings =
        selftest::run(&all, &scenarios, Scope::Named, &target, 4, |_| {}).await.expect("the server answers");
    let missed: Vec<String> = findings
        .iter()
        .filter(|finding| !matches!(finding.fate(), Fate::Caught | Fate::NotRun))
        .map(text::line)
        .collect();
    assert!(missed.is_empty(), "{}", missed.join("\n"));
    assert_eq!(findings.len(), all.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn single_changes_are_noticed() {
    // A part of the catalogue, for speed: all of it is tried by `smcheck selftest --mutations`.
    let scenarios = Catalogue::BuiltIn.load(&["restore-secret/".to_owned()]).expect("the catalogue loads");
    let target = resolve("embedded", &Config::default()).await.expect("it is a target");
    let tried = density::run(&scenarios, &target, 4, |_| {}).await.expect("the server answers");
    let restoring = tried.iter().filter(|tried| tried.mutation.to_string().starts_with("RestoreSecret: "));
    let missed: Vec<String> = restoring
        .clone()
        .filter(|tried| tried.caught.is_none() && tried.explained().is_none())
        .map(text::tried)
        .collect();
    assert!(missed.is_empty(), "{}", missed.join("\n"));
    assert!(restoring.count() > 10);
}

#[test]
fn the_page_holds_the_table() {
    let page = include_str!("../docs/selftest.md");
    for table in [text::markdown(), text::explanations()] {
        assert!(
            page.contains(&table),
            "docs/selftest.md lacks this; `smcheck selftest --markdown` prints it:\n{table}"
        );
    }
    let printed = output(&["selftest", "--markdown"]);
    assert_eq!(
        String::from_utf8_lossy(&printed.stdout),
        format!("{}\n{}", text::markdown(), text::explanations())
    );
}

#[test]
fn an_unknown_fault_is_told_with_the_nearest_and_all_others() {
    for arguments in [
        ["serve", "--model", "--fault", "not-found-is-403"].as_slice(),
        &["selftest", "--fault", "not-found-is-403"],
    ] {
        let refused = output(arguments);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(2), "{said}");
        assert!(
            said.contains("did you mean `not-found-is-404`?") && said.contains("put-drops-custom-labels"),
            "{said}"
        );
    }
    for arguments in [["serve", "--list-faults"].as_slice(), &["selftest", "--list"]] {
        let listed = output(arguments);
        assert_eq!(String::from_utf8_lossy(&listed.stdout), text::list());
    }
}

/// A server of the program, ended when the test ends.
struct Serving {
    child: Child,
    address: String,
}

impl Serving {
    fn start(arguments: &[&str]) -> Self {
        let mut child = smcheck(arguments).stdout(Stdio::piped()).spawn().expect("the program was built");
        let mut line = String::new();
        let out = child.stdout.take().expect("it is piped");
        BufReader::new(out).read_line(&mut line).expect("it says where it listens");
        let address = line.trim().strip_prefix("listening on http://").expect("an address").to_owned();
        Serving { child, address }
    }

    fn ask(&self, operation: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        let request = format!(
            "POST / HTTP/1.1\r\nHost: {}\r\nX-Amz-Target: secretsmanager.{operation}\r\nConnection: close\r\n\
             Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/secretsmanager/aws4_request, \
             SignedHeaders=host, Signature=00\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        answer
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_program_serves_wrongly_in_several_ways_at_once() {
    let arguments =
        ["serve", "--model", "--port", "0", "--fault", "not-found-is-404", "--fault", "content-type-html"];
    let serving = Serving::start(&arguments);
    let wrong = serving.ask("DescribeSecret", r#"{"SecretId": "nobody"}"#);
    assert!(wrong.starts_with("HTTP/1.1 404") && wrong.contains("text/html"), "{wrong}");
    let right = Serving::start(&["serve", "--model", "--port", "0"])
        .ask("DescribeSecret", r#"{"SecretId": "nobody"}"#);
    assert!(right.starts_with("HTTP/1.1 400") && right.contains("application/x-amz-json-1.1"), "{right}");
}

#[test]
fn a_fault_that_no_scenario_notices_ends_with_1() {
    let blind = ["selftest", "--fault", "not-found-is-404", "get-random-password/everything-excluded"];
    let survived = output(&blind);
    let said = String::from_utf8_lossy(&survived.stdout).into_owned();
    assert_eq!(survived.status.code(), Some(1), "{said}");
    assert!(said.contains("SURVIVED") && said.contains("1 survived"), "{said}");
    let caught = output(&["selftest", "--fault", "not-found-is-404", "get-secret-value/unknown-secret"]);
    assert_eq!(caught.status.code(), Some(0), "{}", String::from_utf8_lossy(&caught.stdout));
}
