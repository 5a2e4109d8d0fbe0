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
        for file in ["smcheck.toml", ".gitignore", ".github/workflows/smcheck.yml"] {
            assert!(project.join(file).is_file(), "{file}");
            assert!(said(&init).contains(&format!("made  checks/{file}")), "{}", said(&init));
        }
        let workflow =
            fs::read_to_string(project.join(".github/workflows/smcheck.yml")).expect("it was made");
        let workflow: Value = serde_yaml::from_str(&workflow).expect("the workflow is YAML");
        let steps = workflow["jobs"]["scenarios"]["steps"].as_array().expect("it has steps");
        // Who checks a server gets the whole catalogue, which a folder `scenarios` would hide.
        assert_eq!(project.join("scenarios/schema.json").is_file(), target.is_none());
        let filter: &[&str] = if target.is_none() { &[] } else { &["put-secret-value/"] };
        let run = smcheck(&project, &[&["run", "--strict"], filter].concat());
        assert_eq!(code(&run), Some(0), "{}", said(&run));
        assert_eq!(said(&run).contains("\n1 passed"), target.is_none(), "{}", said(&run));
        // What the workflow does about files must work in the folder that was made.
        let lints = steps.iter().any(|step| step["run"] == "smcheck lint");
        assert_eq!(lints, !matches!(target, Some("moto" | "ministack" | "localstack")), "{target:?}");
        if lints {
            let lint = smcheck(&project, &["lint"]);
            assert_eq!(code(&lint), Some(0), "{}", said(&lint));
        }
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

#[test]
fn a_workflow_installs_the_server_or_says_that_it_does_not() {
    for (service, file) in [("github", ".github/workflows/smcheck.yml"), ("gitlab", ".gitlab-ci.yml")] {
        for (target, flag, line, whole) in [
            ("moto", "-t moto", "pip install 'moto[server]==", true),
            ("ministack", "-t ministack", "pip install ministack==", true),
            ("localstack", "-t localstack", "# To do: a step that installs localstack", false),
            ("http://127.0.0.1:5000", "-t mine", "# To do: a step that starts the server", false),
        ] {
            let here = folder();
            let init = smcheck(here.path(), &["init", "--target", target, "--ci", service]);
            assert_eq!(code(&init), Some(0), "{}", said(&init));
            let text = fs::read_to_string(here.path().join(file)).expect("it was made");
            let run = format!("smcheck run {flag} --report junit=smcheck.xml");
            assert!(text.contains(&run) && text.contains(line) && !text.contains("{"), "{text}");
            serde_yaml::from_str::<Value>(&text).unwrap_or_else(|why| panic!("{why}: {text}"));
            assert_eq!(said(&init).contains("The workflow is not whole"), !whole, "{}", said(&init));
        }
    }
}

#[test]
fn a_configuration_that_is_there_is_not_said_to_have_the_server() {
    let here = folder();
    fs::write(here.path().join("smcheck.toml"), "# mine\n").expect("it can be written");
    let url = "http://127.0.0.1:5000";
    let init = smcheck(here.path(), &["init", "--target", url]);
    let text = said(&init);
    assert_eq!(code(&init), Some(0), "{text}");
    assert!(text.contains("  [targets.mine]\n  url = \"http://127.0.0.1:5000\"\n"), "{text}");
    assert!(text.contains(&format!("smcheck doctor -t {url}")) && !text.contains("-t mine"), "{text}");
    assert!(!here.path().join("known").exists(), "nothing names such a list");
    // Once it is there, it is named.
    fs::write(here.path().join("smcheck.toml"), format!("[targets.mine]\nurl = \"{url}\"\n"))
        .expect("it can be written");
    let again = smcheck(here.path(), &["init", "--target", url]);
    assert!(said(&again).contains("smcheck doctor -t mine"), "{}", said(&again));
}

#[test]
fn few_scenarios_in_place_of_the_catalogue_are_told() {
    let here = folder();
    assert_eq!(code(&smcheck(here.path(), &["init"])), Some(0));
    let told = "1 scenario of ./scenarios, in place of the catalogue's ";
    for command in [&["run"][..], &["compare", "-t", "embedded"], &["record", "--out", "kept"], &["list"]] {
        let run = smcheck(here.path(), command);
        let errors = String::from_utf8_lossy(&run.stderr).into_owned();
        assert_eq!(errors.matches(told).count(), 1, "{command:?}: {}", said(&run));
    }
    for command in
        [&["run", "--scenarios", "scenarios"][..], &["run", "labels/move", "--scenarios", "catalogue"]]
    {
        let run = smcheck(here.path(), command);
        assert_eq!(code(&run), Some(0), "{}", said(&run));
        assert!(!said(&run).contains("in place of"), "{}", said(&run));
    }
    let run = smcheck(here.path(), &["run", "delete-secret/"]);
    assert_eq!(code(&run), Some(2), "{}", said(&run));
    assert!(said(&run).contains("Only 1 scenario of ./scenarios"), "{}", said(&run));
    // In a clone the folder is the catalogue.
    let clone = Path::new(env!("CARGO_MANIFEST_DIR"));
    let run = smcheck(clone, &["list", "labels/move"]);
    assert!(!said(&run).contains("in place of"), "{}", said(&run));
    let other = folder();
    let new = smcheck(other.path(), &["new", "labels/first"]);
    assert!(said(&new).contains("takes the place of the catalogue here"), "{}", said(&new));
}

#[test]
fn a_configuration_with_a_slip_is_answered_with_what_was_meant() {
    let here = folder();
    let write = |text: &str| fs::write(here.path().join("smcheck.toml"), text).expect("it can be written");
    write("[targets.mine]\nstrat = \"x\"\n");
    let run = smcheck(here.path(), &["run", "-t", "mine"]);
    let text = said(&run);
    assert!(text.contains("did you mean `start`?") && !text.contains("one of"), "{text}");
    write("[targets.mine]\nurl = \"127.0.0.1:4599\"\n");
    let run = smcheck(here.path(), &["run", "-t", "mine"]);
    assert_eq!(code(&run), Some(2), "{}", said(&run));
    assert!(said(&run).contains("`url = \"http://127.0.0.1:4599\"`"), "{}", said(&run));
    write("[targets.mine]\nstart = \"sleep 60\"\nstart-timeout = 1\n");
    let run = smcheck(here.path(), &["run", "-t", "mine"]);
    assert_eq!(code(&run), Some(3), "{}", said(&run));
    assert!(said(&run).contains("within 1 s: neither `start` nor `env` holds {port}"), "{}", said(&run));
}

#[test]
fn a_folder_that_cannot_be_made_is_told_with_one_hint() {
    let init = smcheck(folder().path(), &["init", "/proc/x"]);
    assert_eq!(code(&init), Some(2), "{}", said(&init));
    assert_eq!(said(&init).matches(';').count(), 1, "{}", said(&init));
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
    let run = smcheck(here.path(), &["run", "-t", "gone"]);
    let text = said(&run);
    assert!(
        text.contains("put it on PATH, or write its whole path") && !text.contains("emulators.sh"),
        "{text}"
    );
}

/// A web server that is no emulator: it answers 404 to all, and its clock is an hour behind.
fn something_else() -> String {
    answering("404 Not Found", "nope", Arc::default())
}

/// A web server that gives one answer to all, with a clock that is an hour behind, and keeps what it is asked.
fn answering(status: &'static str, body: &'static str, asked: Arc<Mutex<Vec<String>>>) -> String {
    use std::io::Write;
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("there is a free port");
    let address = listener.local_addr().expect("it has an address");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut reader = BufReader::new(stream.try_clone().expect("it can be shared"));
            let (mut line, mut length, mut head) = (String::new(), 0, String::new());
            while reader.read_line(&mut line).is_ok_and(|bytes| bytes > 2) {
                if let Some(given) = line.to_lowercase().strip_prefix("content-length:") {
                    length = given.trim().parse().unwrap_or(0);
                }
                head.push_str(&line);
                line.clear();
            }
            let mut sent = vec![0; length];
            let _ = std::io::Read::read_exact(&mut reader, &mut sent);
            head.push_str(&String::from_utf8_lossy(&sent));
            asked.lock().expect("nobody panics with it").push(head);
            let date = httpdate::fmt_http_date(std::time::SystemTime::now() - Duration::from_secs(3600));
            let _ = write!(
                stream,
                "HTTP/1.1 {status}\r\nDate: {date}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
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
fn a_secret_that_doctor_did_not_make_stays() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let body =
        r#"{"ARN":"arn:aws:secretsmanager:us-east-1:123456789012:secret:prod-db-AbCdEf","SecretList":[]}"#;
    let url = answering("200 OK", body, Arc::clone(&asked));
    let run = smcheck(folder().path(), &["doctor", "-t", &url]);
    assert!(said(&run).contains("succeeds with input that AWS refuses: "), "{}", said(&run));
    let asked = asked.lock().expect("nobody panics with it");
    assert!(asked.len() > 20, "{asked:?}");
    assert!(!asked.iter().any(|one| one.contains("prod-db")), "{asked:?}");
}

#[test]
fn a_server_of_recordings_says_nothing_about_signatures() {
    let body = r#"{"__type":"SmcheckNoRecordingException"}"#;
    let url = answering("400 Bad Request", body, Arc::default());
    let run = smcheck(folder().path(), &["doctor", "--json", "-t", &url]);
    let report = checkup(&run);
    assert_eq!(status(&report, "signed"), "wrong");
    assert_eq!(status(&report, "wrongly-signed"), "note", "{report:#}");
    assert!(said(&run).contains("it plays recordings") && !said(&run).contains("keys that it knows"));
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
    let list = "# What embedded 9.9.9 does differently.\nsmcheck: 1\nentries: []\n";
    fs::write(here.path().join("other.yaml"), list).expect("it can be written");
    let mut run = Running::start(here.path(), &["run", "--watch", "--known", "other.yaml"]);
    let first = run.until("watching scenarios");
    assert!(first.contains("other.yaml was written for embedded 9.9.9"), "{first}");
    assert!(first.contains("2 passed") && !first.contains("\u{1b}[2J"), "{first}");
    fs::write(
        &file,
        right.replace("SecretString: one\n      VersionId", "SecretString: three\n      VersionId"),
    )
    .expect("it can be written");
    let second = run.until("watching scenarios");
    assert!(!second.contains("was written for"), "it is said once: {second}");
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
