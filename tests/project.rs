//! `smcheck init`, `doctor` and `--watch`, as a new user meets them.

mod program;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use program::{code, command, folder, said, smcheck};

#[test]
fn the_project_that_is_made_works_at_once() {
    for target in [None, Some("moto"), Some("ministack"), Some("localstack"), Some("http://127.0.0.1:5000")] {
        let here = folder();
        let mut arguments = vec!["init", "checks", "--ci", "github"];
        arguments.extend(target.iter().flat_map(|target| ["--target", target]));
        let init = smcheck(here.path(), &arguments);
        assert_eq!(code(&init), Some(0), "{}", said(&init));
        let project = here.path().join("checks");
        for file in ["smcheck.toml", "scenarios/schema.json", ".gitignore", ".github/workflows/smcheck.yml"] {
            assert!(project.join(file).is_file(), "{file}");
            assert!(said(&init).contains(&format!("made  checks/{file}")), "{}", said(&init));
        }
        let workflow =
            fs::read_to_string(project.join(".github/workflows/smcheck.yml")).expect("it was made");
        let workflow: Value = serde_yaml::from_str(&workflow).expect("the workflow is YAML");
        assert!(workflow["jobs"]["scenarios"]["steps"].is_array());
        let run = smcheck(&project, &["run", "--strict"]);
        assert_eq!(code(&run), Some(0), "{}", said(&run));
        assert!(said(&run).contains("1 passed"), "{}", said(&run));
        let lint = smcheck(&project, &["lint"]);
        assert_eq!(code(&lint), Some(0), "{}", said(&lint));
        let targets = smcheck(&project, &["targets"]);
        assert_eq!(code(&targets), Some(0), "{}", said(&targets));
    }
}

#[test]
fn nothing_that_is_there_is_overwritten() {
    let here = folder();
    fs::write(here.path().join("smcheck.toml"), "# mine\n").expect("it can be written");
    fs::write(here.path().join(".gitignore"), "/target").expect("it can be written");
    let init = smcheck(here.path(), &["init", "--ci", "gitlab"]);
    assert_eq!(code(&init), Some(0), "{}", said(&init));
    assert!(said(&init).contains("kept  smcheck.toml"), "{}", said(&init));
    let read = |name: &str| fs::read_to_string(here.path().join(name)).expect("it is there");
    assert_eq!(read("smcheck.toml"), "# mine\n");
    assert_eq!(read(".gitignore"), "/target\n*.snap.new\n*.yaml.new\n.smcheck/\n");
    assert!(read(".gitlab-ci.yml").contains("junit: smcheck.xml"));
    fs::write(here.path().join("scenarios/labels/put-moves-current.yaml"), "# mine\n")
        .expect("it can be written");
    let again = smcheck(here.path(), &["init"]);
    assert!(said(&again).contains("All was there already"), "{}", said(&again));
    assert_eq!(read("scenarios/labels/put-moves-current.yaml"), "# mine\n");
    assert_eq!(read(".gitignore").lines().count(), 4);
}

fn checkup(run: &Output) -> Value {
    serde_json::from_slice(&run.stdout).unwrap_or_else(|why| panic!("{why}: {}", said(run)))
}

fn status<'a>(report: &'a Value, check: &str) -> &'a str {
    let checks = report["checks"].as_array().expect("it has checks");
    checks
        .iter()
        .find(|one| one["check"] == check)
        .map_or("", |one| one["status"].as_str().unwrap_or_default())
}

#[test]
fn the_reference_is_in_good_health() {
    let here = folder();
    let run = smcheck(here.path(), &["doctor", "--json"]);
    assert_eq!(code(&run), Some(0), "{}", said(&run));
    let report = checkup(&run);
    assert_eq!((&report["healthy"], &report["reached"]), (&true.into(), &true.into()));
    for check in ["signed", "unsigned", "wrongly-signed", "operations", "isolation"] {
        assert_eq!(status(&report, check), "good", "{check}: {report:#}");
    }
    let operations = report["operations"].as_object().expect("it has operations");
    assert_eq!(operations.len(), 26);
    let unknown: Vec<_> = operations.iter().filter(|(_, one)| one["answer"] != "known").collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    let shown = smcheck(here.path(), &["doctor"]);
    let text = said(&shown);
    assert!(text.contains("✓ knows 26 of 26 operations") && text.contains("Nothing is wrong"), "{text}");
    assert!(!text.contains('✗') && !text.contains('\u{1b}'), "{text}");
}

#[test]
fn nobody_there_is_exit_3_with_a_way_to_mend_it() {
    let here = folder();
    let port = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("there is a free port");
    let address = port.local_addr().expect("it has an address");
    drop(port);
    let run = smcheck(here.path(), &["doctor", "-t", &format!("http://{address}")]);
    assert_eq!(code(&run), Some(3), "{}", said(&run));
    assert!(
        said(&run).contains("✗ nobody is there") && said(&run).contains("→ start the server"),
        "{}",
        said(&run)
    );
    fs::write(
        here.path().join("smcheck.toml"),
        "[targets.gone]\nstart = \"no-such-program --port {port}\"\n",
    )
    .expect("it can be written");
    let run = smcheck(here.path(), &["doctor", "-t", "gone"]);
    assert_eq!(code(&run), Some(3), "{}", said(&run));
    assert!(said(&run).contains("write its whole path in `start`"), "{}", said(&run));
}

/// A web server that is no emulator: it answers 404 to all, and its clock is an hour behind.
fn something_else() -> String {
    use std::io::Write;
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("there is a free port");
    let address = listener.local_addr().expect("it has an address");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut reader = BufReader::new(stream.try_clone().expect("it can be shared"));
            let (mut line, mut length) = (String::new(), 0);
            while reader.read_line(&mut line).is_ok_and(|bytes| bytes > 2) {
                if let Some(given) = line.to_lowercase().strip_prefix("content-length:") {
                    length = given.trim().parse().unwrap_or(0);
                }
                line.clear();
            }
            let _ = std::io::Read::read_exact(&mut reader, &mut vec![0; length]);
            let date = httpdate::fmt_http_date(std::time::SystemTime::now() - Duration::from_secs(3600));
            let _ = write!(
                stream,
                "HTTP/1.1 404 Not Found\r\nDate: {date}\r\nConnection: close\r\nContent-Length: 4\r\n\r\nnope"
            );
        }
    });
    format!("http://{address}")
}

#[test]
fn a_server_of_something_else_is_told_from_an_emulator() {
    let run = smcheck(folder().path(), &["doctor", "--json", "-t", &something_else()]);
    assert_eq!(code(&run), Some(1), "{}", said(&run));
    let report = checkup(&run);
    for check in ["signed", "clock", "operations"] {
        assert_eq!(status(&report, check), "wrong", "{check}: {report:#}");
    }
    let operations = report["operations"].as_object().expect("it has operations");
    assert!(operations.values().all(|one| one["answer"] != "known"), "{report:#}");
}

#[test]
fn no_secret_of_the_environment_is_told() {
    let run = command(folder().path())
        .args(["doctor", "-t", &something_else()])
        .envs([
            ("AWS_ACCESS_KEY_ID", "CANARY-ID"),
            ("AWS_SECRET_ACCESS_KEY", "CANARY-KEY"),
            ("AWS_SESSION_TOKEN", "CANARY-TOKEN"),
        ])
        .output()
        .expect("it was built");
    assert!(said(&run).contains("AWS_SECRET_ACCESS_KEY, with a session token"), "{}", said(&run));
    assert!(!said(&run).contains("CANARY"), "{}", said(&run));
}

/// A program whose words are read as they come.
struct Running {
    child: Child,
    text: Arc<Mutex<String>>,
}

impl Running {
    fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut child = command(folder)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program was built");
        let text = Arc::new(Mutex::new(String::new()));
        fn follow(stream: impl std::io::Read + Send + 'static, text: Arc<Mutex<String>>) {
            std::thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    text.lock().expect("nobody panics with it").push_str(&format!("{line}\n"));
                }
            });
        }
        follow(child.stdout.take().expect("it is piped"), Arc::clone(&text));
        follow(child.stderr.take().expect("it is piped"), Arc::clone(&text));
        Running { child, text }
    }

    /// Waits for a word, takes what was said until then away, and gives it.
    fn until(&mut self, word: &str) -> String {
        let begun = Instant::now();
        loop {
            {
                let mut text = self.text.lock().expect("nobody panics with it");
                if text.contains(word) {
                    return std::mem::take(&mut *text);
                }
                assert!(begun.elapsed() < Duration::from_secs(60), "`{word}` was not said: {text}");
            }
            std::thread::yield_now();
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }

    /// Ctrl-C, and the exit code.
    fn interrupt(mut self) -> Option<i32> {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).expect("it is a pid")).expect("it is one");
        kill_process(pid, Signal::INT).expect("it runs");
        self.child.wait().expect("it ends").code()
    }
}

#[test]
fn a_change_runs_what_changed_and_ctrl_c_gives_the_last_code() {
    let here = folder();
    assert_eq!(code(&smcheck(here.path(), &["init"])), Some(0));
    let file = here.path().join("scenarios/labels/put-moves-current.yaml");
    let right = fs::read_to_string(&file).expect("it was made");
    fs::write(here.path().join("scenarios/labels/second.yaml"), &right).expect("it can be written");
    let mut run = Running::start(here.path(), &["run", "--watch"]);
    let first = run.until("watching scenarios");
    assert!(first.contains("2 passed") && !first.contains("\u{1b}[2J"), "{first}");
    fs::write(
        &file,
        right.replace("SecretString: one\n      VersionId", "SecretString: three\n      VersionId"),
    )
    .expect("it can be written");
    let second = run.until("watching scenarios");
    assert!(second.contains("changed: scenarios/labels/put-moves-current.yaml"), "{second}");
    assert!(second.contains("1 deviated") && second.contains("1 of 2 scenarios"), "{second}");
    // A mistake in a file is said, and ends nothing.
    fs::write(&file, "title: 7\n").expect("it can be written");
    let broken = run.until("watching scenarios");
    assert!(broken.contains("scenarios/labels/put-moves-current.yaml:1:"), "{broken}");
    fs::write(&file, &right).expect("it can be written");
    let third = run.until("watching scenarios");
    assert!(third.contains("1 passed"), "{third}");
    // The configuration bears on all.
    fs::write(here.path().join("smcheck.toml"), "# nothing\n").expect("it can be written");
    let fourth = run.until("watching scenarios");
    assert!(fourth.contains("2 passed"), "{fourth}");
    fs::write(
        &file,
        right.replace("SecretString: one\n      VersionId", "SecretString: three\n      VersionId"),
    )
    .expect("it can be written");
    run.until("watching scenarios");
    assert_eq!(run.interrupt(), Some(1), "the last run deviated");
}

#[test]
fn lint_watches_too() {
    let here = folder();
    assert_eq!(code(&smcheck(here.path(), &["init"])), Some(0));
    let mut lint = Running::start(here.path(), &["lint", "--watch"]);
    assert!(lint.until("watching").contains("nothing wrong"));
    fs::write(here.path().join("scenarios/new.yaml"), "title: 7\n").expect("it can be written");
    assert!(lint.until("watching").contains("scenarios/new.yaml:1:"));
    assert_eq!(lint.interrupt(), Some(2), "the last look found something");
}

#[test]
fn a_catalogue_inside_the_binary_cannot_be_watched() {
    let run = smcheck(folder().path(), &["run", "--watch"]);
    assert_eq!(code(&run), Some(2));
    assert!(said(&run).contains("smcheck init"), "{}", said(&run));
}
