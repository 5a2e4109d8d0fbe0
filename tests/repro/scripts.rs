//! Scripts of scenarios that mean harm or are awkward, run with programs that note what they are given.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use smcheck::judge::{Deviation, Kind};
use smcheck::scenario::{EvidenceKind, document, parse};
use smcheck::suite::repro::{Found, Reproduction, issue, shell};

use super::noting;
use super::program::{folder, read, said};

/// The script of a scenario that deviates at a step.
fn script(yaml: &str, step: usize, path: &str) -> String {
    shell::script(&made(yaml, step, path), "wrong 1.0")
}

/// A scenario that deviates at a step, without having been made smaller.
fn made(yaml: &str, step: usize, path: &str) -> Reproduction {
    let scenario = parse("a.yaml", "a", yaml.as_bytes())
        .unwrap_or_else(|findings| panic!("it is a scenario: {findings:?}"))
        .pop()
        .expect("there is one");
    let document = document::documents("a.yaml", "a", yaml.as_bytes()).expect("it is YAML").pop();
    let deviation = Deviation {
        step,
        operation: "DescribeSecret".to_owned(),
        kind: Kind::Labels,
        path: path.to_owned(),
        cause: String::new(),
        expected: Value::Null,
        actual: Value::Null,
        evidence: EvidenceKind::Inferred,
        source: "a test".to_owned(),
        line: 1,
    };
    Reproduction {
        steps_before: scenario.steps.len(),
        scenario: scenario.into(),
        root: document.expect("there is one").root,
        found: Found { deviation, of_contract: false },
        origin: "a".to_owned(),
        runs: 0,
        unfinished: false,
        on_reference: true,
    }
}

/// Runs it in a folder of its own.
fn run(here: &Path, script: &str, aws: &str, set: &[(&str, &str)]) -> (Output, String) {
    noting(here, "aws", aws);
    noting(here, "curl", "");
    noting(here, "pwned", "");
    super::write(here, "a.sh", script);
    let path = format!("{}:{}", here.join("bin").display(), std::env::var("PATH").unwrap_or_default());
    let output = Command::new("bash")
        .arg("a.sh")
        .arg("http://endpoint.invalid")
        .current_dir(here)
        .env("PATH", path)
        .env("NOTES", here.join("notes"))
        .env_remove("AWS_REGION")
        .env_remove("SECOND_ACCESS_KEY_ID")
        .envs(set.iter().copied())
        .output()
        .expect("there is a shell");
    (output, if here.join("notes").exists() { read(here, "notes") } else { String::new() })
}

/// Each program's arguments, one call after the other, as the programs got them.
fn calls(notes: &str) -> Vec<Vec<String>> {
    let mut calls: Vec<Vec<String>> = Vec::new();
    for line in notes.lines() {
        match (calls.last_mut(), line) {
            (_, "aws" | "curl" | "pwned") => calls.push(vec![line.to_owned()]),
            (Some(call), word) => {
                let echo = Command::new("bash").args(["-c", &format!("printf %s {word}")]).output();
                call.push(String::from_utf8_lossy(&echo.expect("there is a shell").stdout).into_owned());
            }
            (None, _) => {}
        }
    }
    calls
}

const HARMFUL: &str = r#"
title: What a scenario says is not run
evidence: {kind: inferred, source: a test}
secrets: [db]
versions: [v1]
steps:
  - do: CreateSecret
    with: {Name: "${db}", ClientRequestToken: "${v1}", SecretString: x}
  - do: DescribeSecret
    with: {SecretId: "${db}"}
    save: {d: "VersionIdsToStages.x'$(pwned)'"}
  - do: DescribeSecret
    with: {SecretId: "${db}"}
    returns: {$partial: true, VersionIdsToStages: {"${v1}'`pwned`\"": [{$save: stage}]}}
  - do: GetSecretValue
    repeat: {over: ["file:///etc/hostname", "x"], as: it}
    with: {SecretId: "${it}"}
    fails: {}
  - raw:
      method: "GET|pwned"
      path: "/a[1-3]/../b?c={d,e}"
      body: "@/etc/hostname"
    fails: {}
  - raw: {method: "GET&pwned`pwned`"}
    fails: {}
"#;

#[test]
fn nothing_that_a_scenario_says_is_run_and_no_file_is_sent() {
    let here = folder();
    let text = script(HARMFUL, 1, "labels.v1");
    let (output, notes) = run(here.path(), &text, "printf 'one\\n'", &[]);
    assert!(output.stderr.is_empty(), "{}\n{text}", said(&output));
    let calls = calls(&notes);
    assert!(calls.iter().all(|call| call[0] != "pwned"), "{notes}\n{text}");
    let has = |words: &[&str]| {
        let found = calls.iter().any(|call| call.windows(words.len()).any(|some| some == words));
        assert!(found, "{words:?}: {notes}\n{text}");
    };
    has(&["-X", "GET|pwned"]);
    has(&["-X", "GET&pwned`pwned`"]);
    has(&["--data-raw", "@/etc/hostname"]);
    has(&["-g", "--path-as-is"]);
    has(&["http://endpoint.invalid/a[1-3]/../b?c={d,e}"]);
    // A variable in a path is one, and a key of any kind stays a key.
    has(&["--query", "[VersionIdsToStages.\"x'$(pwned)'\"]"]);
    has(&["--query", "[VersionIdsToStages.\"11111111-1111-4111-8111-111111111111'`pwned`\\\"\"[0]]"]);
    // The AWS CLI would send what is in the file.
    has(&["--data-raw", r#"{"SecretId":"file:///etc/hostname"}"#]);
    assert!(calls.iter().all(|call| call[0] != "aws" || !call.iter().any(|word| word.contains("file://"))));
}

#[test]
fn an_answer_that_names_a_file_ends_the_script_and_leaves_nothing() {
    let here = folder();
    let text = script(HARMFUL, 1, "labels.v1");
    let (output, notes) = run(here.path(), &text, "printf 'file:///etc/hostname\\n'", &[]);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(said(&output).contains("this value of d is not given to the AWS CLI"), "{}", said(&output));
    let operations: Vec<String> = calls(&notes).iter().map(|call| call[2].clone()).collect();
    assert_eq!(operations, ["create-secret", "describe-secret", "delete-secret"], "{notes}");
}

#[test]
fn what_a_server_says_is_no_markup_in_the_issue_and_no_line_in_the_scenario() {
    let mut made = made(HARMFUL, 2, "Description");
    made.found.deviation.kind = Kind::Message;
    made.found.deviation.actual = "`<img src=//x.example> @octocat".into();
    let server = issue::Server { name: Some("a\nnext: line".to_owned()), version: None };
    let yaml = made.yaml(&server.words());
    assert!(yaml.contains(": a next: line deviates at step 2.\n") && !yaml.contains("\nnext:"), "{yaml}");
    let issue = issue::markdown(&made, &server, &yaml, "");
    let first = issue.lines().next().unwrap_or_default();
    assert_eq!(
        first,
        "# DescribeSecret: message: \\`\\<img src=//x.example> @\u{2060}octocat instead of nothing"
    );
}

const AWKWARD: &str = r#"
title: Every variable has a value
evidence: {kind: inferred, source: a test}
needs: [second-account]
secrets: [a-b, a_b]
versions: [v1, v2]
steps:
  - do: CreateSecret
    with: {Name: "${a-b}", ClientRequestToken: "${v1}", SecretString: "https://a.example"}
    save: {made: VersionId}
  - do: CreateSecret
    with: {Name: "${a_b}", ClientRequestToken: "${v2}", SecretString: x}
    save: {words: Name, name: VersionId}
  - do: DescribeSecret
    repeat: {over: ["${a-b.arn}", "${a_b.partial}"], as: one}
    with: {SecretId: "${one}"}
    save: {last: Description}
  - do: DescribeSecret
    account: second
    with: {SecretId: "${a_b}"}
    returns: {$partial: true, Description: {$json: {$save: inner}}}
  - do: TagResource
    with: {SecretId: "${a_b}", Tags: [{Key: "${words}", Value: "${name} ${last} ${inner} ${made}"}]}
    labels: {a-b: {v1: [AWSCURRENT]}, a_b: {v2: [AWSCURRENT]}}
"#;

#[test]
fn no_variable_is_without_a_value() {
    let here = folder();
    let text = script(AWKWARD, 5, "labels.a_b.v2");
    let aws = "case \" $* \" in\n\
               *' --query [ARN] '*) printf 'arn:aws:described-AbCdEf\\n' ;;\n\
               *' --query [Name, VersionId, ARN] '*) printf 'two words\\tthe-version\\tarn:aws:made-AbCdEf\\n' ;;\n\
               *' --query [Description] '*) printf 'told\\n' ;;\nesac";
    let account = [("SECOND_ACCOUNT", "1"), ("SECOND_ACCESS_KEY_ID", "k"), ("SECOND_SECRET_ACCESS_KEY", "s")];
    let set = [&account[..], &[("inner", "by-hand")]].concat();
    let (output, notes) = run(here.path(), &text, aws, &set);
    assert!(output.stderr.is_empty() && output.status.success(), "{}\n{text}", said(&output));
    assert!(text.contains("# set made by hand: VersionId\nmade=${made:-}\n"), "{text}");
    assert!(text.contains("# set inner by hand: in the JSON of Description\n"), "{text}");
    let calls = calls(&notes);
    let word = |call: &[String], option: &str| {
        let at = call.iter().position(|word| word == option);
        at.and_then(|at| call.get(at + 1)).cloned().unwrap_or_default()
    };
    let of = |operation: &str| {
        calls.iter().filter(|call| call.get(2).is_some_and(|found| found == operation)).collect::<Vec<_>>()
    };
    let tags: Value = serde_json::from_str(&word(of("tag-resource")[0], "--tags")).unwrap_or_default();
    assert_eq!(tags[0]["Key"], "two words", "{notes}");
    assert_eq!(tags[0]["Value"], "the-version told by-hand ", "{notes}");
    let described: Vec<String> = of("describe-secret").iter().map(|call| word(call, "--secret-id")).collect();
    assert!(described[0].starts_with("smcheck_") && described[0].ends_with("_a-b"), "{described:?}");
    assert_eq!(described[1..3], ["arn:aws:described-AbCdEf", "arn:aws:made"], "{described:?}");
    // What is read at the end is the secret that the path names.
    let listed = of("list-secret-version-ids");
    assert!(word(listed[0], "--secret-id").ends_with("_a_b"), "{notes}");
    let deleted: Vec<String> = of("delete-secret").iter().map(|call| word(call, "--secret-id")).collect();
    assert!(
        deleted.len() == 2 && deleted[0].ends_with("_a-b") && deleted[1].ends_with("_a_b"),
        "{deleted:?}"
    );
    let by_step = script(AWKWARD, 5, "labels");
    let shows = by_step.split("# Where it shows:").nth(1).unwrap_or_default();
    assert!(shows.contains("--secret-id \"$a_b_2\""), "{by_step}");
    // Without the second account it says what is missing, before anything is made.
    let without = folder();
    let (output, notes) = run(without.path(), &text, "", &[("SECOND_ACCOUNT", "1")]);
    assert!(said(&output).contains("the access key of another account") && notes.is_empty(), "{notes}");
}

/// Bash ends where a variable has no value: no script of a scenario of ours does.
#[test]
fn the_scripts_of_our_scenarios_run_to_their_end() {
    let here = folder();
    let mut count = 0;
    // Functions instead of programs, and no shell for each: there are hundreds.
    let mut all = "aws() { :; }; curl() { :; }; date() { echo 1; }\n".to_owned();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")];
    while let Some(next) = folders.pop() {
        for path in std::fs::read_dir(next).expect("it is a folder").flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            // Those with cases need their values, and those without such words have no variables but the declared.
            let has_more = ["save", ".arn}", ".partial}", "repeat:", "account:", "SecretBinary"];
            let is_scenario = path.extension().is_some_and(|kind| kind == "yaml");
            if !is_scenario || text.contains("\ncases:") || !has_more.iter().any(|word| text.contains(word)) {
                continue;
            }
            count += 1;
            super::write(here.path(), &format!("{count}.sh"), &script(&text, 1, ""));
            let name = path.display();
            all.push_str(&format!("( . ./{count}.sh >/dev/null ) || echo 'fails: {count} {name}'\n"));
        }
    }
    assert!(count > 50, "{count}");
    super::write(here.path(), "all.sh", &all);
    let needs = ["ROTATION_LAMBDA", "CUSTOMER_KMS_KEY", "SECOND_REGION", "SECOND_ACCOUNT"];
    let keys = ["SECOND_ACCESS_KEY_ID", "SECOND_SECRET_ACCESS_KEY"];
    let output = Command::new("bash")
        .arg("all.sh")
        .current_dir(here.path())
        .envs(needs.into_iter().chain(keys).map(|name| (name, "a")))
        .output()
        .expect("there is a shell");
    assert!(output.stderr.is_empty() && output.stdout.is_empty(), "{}", said(&output));
}
