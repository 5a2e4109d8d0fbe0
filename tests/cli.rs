//! The program as its users run it: exit codes, what goes where, and what is left behind.

mod program;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use program::{code, command, err, folder, out, smcheck};

#[test]
fn the_catalogue_passes_on_the_reference_from_any_folder() {
    let here = folder();
    let run = smcheck(
        here.path(),
        &["run", "--strict", "--report", "json=report.json", "--report", "junit=report.xml"],
    );
    assert_eq!(code(&run), Some(0), "{}{}", out(&run), err(&run));
    let text = std::fs::read_to_string(here.path().join("report.json")).expect("it was written");
    let report: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(report["schema"], 1);
    let totals = &report["runs"][0]["totals"];
    assert!(totals["passed"].as_u64().is_some_and(|passed| passed > 300), "{totals}");
    assert_eq!((&totals["deviated"], &totals["errors"]), (&0.into(), &0.into()));
    assert!(!out(&run).contains('\u{1b}'), "there is no colour in a pipe");
}

#[test]
fn a_target_that_is_down_is_one_sentence_and_exit_3() {
    let port = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("there is a free port");
    let address = port.local_addr().expect("it has an address");
    drop(port);
    let run = smcheck(folder().path(), &["run", "labels/", "-t", &format!("http://{address}")]);
    assert_eq!(code(&run), Some(3));
    let said: Vec<String> = err(&run).lines().map(str::to_owned).collect();
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains(&format!("cannot connect to http://{address}")), "{said:?}");
}

#[test]
fn wrong_usage_is_exit_2_and_says_how_to_mend_it() {
    let here = folder();
    let cases: &[(&[&str], &str)] = &[
        (&["run", "no-such-scenario"], "no scenario matches `no-such-scenario`"),
        (&["run", "-t", "mota"], "there is no target `mota`"),
        (&["run", "--report", "yaml=x"], "a report here is json=FILE, junit=FILE, markdown=FILE, html=FILE"),
        (&["run", "--report", "json=nowhere/x.json"], "there is no folder nowhere"),
        (&["run", "--known", "nowhere.yaml"], "nowhere.yaml"),
        (&["run", "--scenarios", "nowhere"], "cannot read nowhere"),
        (&["replay"], "there are no fixtures"),
        (&["frobnicate"], "unrecognized subcommand"),
        (&["lint"], "there is neither scenarios/ nor known/ here"),
    ];
    for (arguments, expected) in cases {
        let run = smcheck(here.path(), arguments);
        assert_eq!(code(&run), Some(2), "{arguments:?}: {}", err(&run));
        assert!(err(&run).contains(expected), "{arguments:?}: {}", err(&run));
    }
}

#[test]
fn six_mistakes_are_six_findings_with_their_places() {
    let here = folder();
    let scenarios = here.path().join("scenarios");
    std::fs::create_dir(&scenarios).expect("it can be made");
    let six = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad/six-mistakes.yaml"));
    std::fs::write(scenarios.join("six.yaml"), six.expect("it is there")).expect("it can be written");
    for arguments in [&["lint"][..], &["run"][..]] {
        let run = smcheck(here.path(), arguments);
        assert_eq!(code(&run), Some(2), "{}", err(&run));
        let said = out(&run) + &err(&run);
        let places = said.lines().filter(|line| line.starts_with("scenarios/six.yaml:")).count();
        assert_eq!(places, 6, "{said}");
    }
}

#[test]
fn help_and_version_work_where_the_configuration_is_broken() {
    let here = folder();
    std::fs::write(here.path().join("smcheck.toml"), "targets = 1").expect("it can be written");
    assert_eq!(code(&smcheck(here.path(), &["--version"])), Some(0));
    assert_eq!(code(&smcheck(here.path(), &["run", "--help"])), Some(0));
    let run = smcheck(here.path(), &["run"]);
    assert_eq!(code(&run), Some(2));
    assert!(err(&run).contains("smcheck.toml:1:"), "{}", err(&run));
}

#[test]
fn recording_twice_changes_no_byte_and_replay_shows_no_difference() {
    let here = folder();
    let record = |arguments: &[&str]| {
        let run = smcheck(here.path(), arguments);
        assert_eq!(code(&run), Some(0), "{}{}", out(&run), err(&run));
    };
    record(&["record"]);
    let first = all_files(here.path());
    assert!(first.len() > 600, "{} files", first.len());
    // Only who wins a race is a matter of luck; the other outcome waits beside the first.
    let races = |path: &str| path.contains("/concurrency/") || path.contains("at-once");
    let again = smcheck(here.path(), &["record"]);
    let waiting: Vec<String> = all_files(here.path())
        .into_iter()
        .map(|(path, _)| path)
        .filter(|path| path.ends_with(".new"))
        .collect();
    assert!(waiting.iter().all(|path| races(path)), "the second recording differs in {waiting:?}");
    assert_eq!(code(&again), Some(i32::from(!waiting.is_empty())), "{}{}", out(&again), err(&again));
    for path in &waiting {
        std::fs::remove_file(here.path().join(path)).expect("it can be removed");
    }
    assert!(first == all_files(here.path()), "the second recording differs");
    // Into another folder, with other names and ids: the same bytes.
    let there = folder();
    let run = smcheck(there.path(), &["record"]);
    assert_eq!(code(&run), Some(0), "{}", err(&run));
    let (left, right) = (first, all_files(there.path()));
    for ((path, left), (_, right)) in left.iter().zip(&right).filter(|((path, _), _)| !races(path)) {
        assert!(left == right, "{path} differs between two recordings");
    }
    let replay = smcheck(here.path(), &["replay"]);
    assert_eq!(code(&replay), Some(0), "{}{}", out(&replay), err(&replay));
    assert!(out(&replay).contains(" 0 different"), "{}", out(&replay));
}

#[test]
fn a_changed_snapshot_waits_until_it_is_accepted() {
    let here = folder();
    assert_eq!(code(&smcheck(here.path(), &["record", "labels/put-"])), Some(0));
    let snapshot = all_files(here.path())
        .into_iter()
        .map(|(path, _)| path)
        .find(|path| path.ends_with(".snap"))
        .expect("a snapshot was written");
    let path = here.path().join(&snapshot);
    let text = std::fs::read_to_string(&path).expect("it can be read");
    std::fs::write(&path, text.replacen("AWSCURRENT", "AWSOTHER", 1)).expect("it can be written");
    let run = smcheck(here.path(), &["record", "labels/put-"]);
    assert_eq!(code(&run), Some(1), "{}", err(&run));
    let review = smcheck(here.path(), &["review"]);
    assert_eq!(code(&review), Some(1));
    assert!(out(&review).contains("AWSOTHER"), "{}", out(&review));
    assert_eq!(code(&smcheck(here.path(), &["accept"])), Some(0));
    assert_eq!(std::fs::read_to_string(&path).expect("it can be read"), text);
    assert_eq!(code(&smcheck(here.path(), &["review"])), Some(0));
}

#[test]
fn no_secret_reaches_a_file_or_the_terminal() {
    let here = folder();
    let scenarios = here.path().join("scenarios");
    std::fs::create_dir(&scenarios).expect("it can be made");
    let canary = r#"# planted
title: Values that must never be seen
evidence: {kind: inferred, source: "a test"}
secrets: [db]
versions: [v1, v2]
steps:
  - do: CreateSecret
    with: {Name: "${db}", ClientRequestToken: "${v1}", SecretString: CANARY-string}
    returns: {ARN: wrong, Name: "${db}", VersionId: "${v1}"}
  - do: PutSecretValue
    with: {SecretId: "${db}", ClientRequestToken: "${v2}", SecretBinary: "Q0FOQVJZLWJpbmFyeQ=="}
  - do: GetSecretValue
    with: {SecretId: "${db}", VersionId: "${v1}"}
    returns: {SecretString: CANARY-other}
  - do: GetRandomPassword
    with: {PasswordLength: 32}
    returns: {RandomPassword: CANARY-password}
  - raw:
      headers: {X-Amz-Target: secretsmanager.PutSecretValue}
      body: '{"SecretId": "${db}", "SecretString": "CANARY-raw", "Unknown": "CANARY-unknown"'
    fails: {}
"#;
    std::fs::write(scenarios.join("canary.yaml"), canary).expect("it can be written");
    let arguments: &[&[&str]] = &[
        &["record", "--report", "json=r.json", "--report", "junit=r.xml", "--trace", "trace.txt", "-v"],
        &["run", "--report", "json=r2.json", "--report", "junit=r2.xml", "-v"],
        &["replay"],
    ];
    for arguments in arguments {
        let mut command = command(here.path());
        command.env("AWS_ACCESS_KEY_ID", "CANARY-key").env("AWS_SECRET_ACCESS_KEY", "CANARY-secret-key");
        command.env("AWS_SESSION_TOKEN", "CANARY-token");
        let run = command.args(*arguments).output().expect("the program was built");
        let said = out(&run) + &err(&run);
        assert!(!said.contains("CANARY") && !said.contains("Q0FOQVJZ"), "{arguments:?}: {said}");
    }
    let mut looked = 0;
    for (path, bytes) in all_files(here.path()) {
        if path.starts_with("scenarios/") {
            continue;
        }
        looked += 1;
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("CANARY") && !text.contains("Q0FOQVJZ"), "{path} holds a canary");
    }
    assert!(looked >= 7, "{looked} files were looked at");
}

#[test]
fn credentials_of_the_environment_stay_out_of_what_a_url_target_writes() {
    let here = folder();
    let mut server = command(here.path())
        .args(["serve", "--model", "--port", "0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program was built");
    let mut line = String::new();
    let pipe = server.stdout.take().expect("it was piped");
    std::io::BufRead::read_line(&mut std::io::BufReader::new(pipe), &mut line).expect("it says where it is");
    let endpoint = line.trim().strip_prefix("listening on ").expect("one line, as agreed").to_owned();
    let run = command(here.path())
        .args(["record", "-t", &endpoint, "labels/", "--report", "json=r.json", "--trace", "t.txt"])
        .env("AWS_ACCESS_KEY_ID", "CANARY-key")
        .env("AWS_SECRET_ACCESS_KEY", "CANARY-secret-key")
        .env("AWS_SESSION_TOKEN", "CANARY-token")
        .output()
        .expect("the program was built");
    let _ = server.kill();
    let _ = server.wait();
    assert_eq!(code(&run), Some(0), "{}{}", out(&run), err(&run));
    for (path, bytes) in all_files(here.path()) {
        assert!(!String::from_utf8_lossy(&bytes).contains("CANARY"), "{path} holds a canary");
    }
}

#[test]
fn an_emulator_is_gone_after_the_run_and_after_signals() {
    // A server that says which process it is, and lives until it is ended.
    let here = folder();
    let program = env!("CARGO_BIN_EXE_smcheck");
    let config = format!(
        "[targets.child]\nstart = \"sh -c 'echo $$ > pid; exec {program} serve --model --port {{port}}'\"\n"
    );
    std::fs::write(here.path().join("smcheck.toml"), config).expect("it can be written");
    let run = smcheck(here.path(), &["run", "labels/", "-t", "child"]);
    assert_eq!(code(&run), Some(0), "{}{}", out(&run), err(&run));
    assert_gone(here.path());
    for (signal, expected) in [("INT", Some(130)), ("TERM", Some(143)), ("HUP", Some(129)), ("KILL", None)] {
        let _ = std::fs::remove_file(here.path().join("pid"));
        let mut run = command(here.path())
            .args(["run", "-t", "child", "--jobs", "1"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program was built");
        wait_for(|| here.path().join("pid").exists(), "the emulator to start");
        let kill = Command::new("kill").args([&format!("-{signal}"), &run.id().to_string()]).status();
        assert!(kill.is_ok_and(|status| status.success()));
        let status = run.wait().expect("it ends");
        assert_eq!(status.code(), expected, "after SIG{signal}");
        assert_gone(here.path());
    }
}

/// Fails unless the process whose id stands in the file `pid` is gone, or goes soon.
fn assert_gone(folder: &Path) {
    let pid = std::fs::read_to_string(folder.join("pid")).expect("it was written");
    let stat = Path::new("/proc").join(pid.trim()).join("stat");
    wait_for(
        || std::fs::read_to_string(&stat).map_or(true, |text| text.contains(") Z ")),
        "the emulator to be gone",
    );
}

fn wait_for(mut done: impl FnMut() -> bool, what: &str) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(20), "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// All files under a folder: relative path and bytes, sorted.
fn all_files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, Vec<u8>)>) {
        for entry in std::fs::read_dir(folder).expect("it can be read") {
            let path = entry.expect("it can be read").path();
            if path.is_dir() {
                collect(root, &path, files);
            } else {
                let name = path.strip_prefix(root).expect("it is inside").to_string_lossy().into_owned();
                files.push((name, std::fs::read(&path).expect("it can be read")));
            }
        }
    }
    let mut files = Vec::new();
    collect(folder, folder, &mut files);
    files.sort();
    files
}
