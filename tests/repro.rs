//! The smallest scenario of a deviation, its commands and its issue: through the program, on servers that are wrong on
//! purpose. The commands are run with programs that note what they are given, and with the real AWS CLI where it is here.

mod program;
#[path = "repro/scripts.rs"]
mod scripts;

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use program::{Server, command, ends, folder, read, said, write};

#[test]
fn the_smallest_scenario_deviates_there_and_passes_on_the_reference() {
    let here = folder();
    let server = Server::start(here.path(), &["previous-stays-behind"]);
    let arguments =
        ["repro", "labels/move-current-back", "-t", &server.url, "--out", "out", "--server", "wrong 1.0"];
    let output = ends(here.path(), &arguments, 0);
    assert!(output.contains("labels/move-current-back: 3 of 5 steps are left"), "{output}");
    let yaml = read(here.path(), "out/labels-move-current-back.yaml");
    let expected = r#"# yaml-language-server: $schema=schema.json
# Reduced from labels/move-current-back by `smcheck repro`: wrong 1.0 deviates at step 3.
title: Moving AWSCURRENT back swaps it with AWSPREVIOUS, and moving it forward swaps them again
evidence:
  kind: aws-docs
  source: API reference, UpdateSecretVersionStage (AWSPREVIOUS goes where AWSCURRENT was)
secrets: [db]
versions: [v1, v2]
steps:
  - do: CreateSecret
    with: {Name: "${db}", ClientRequestToken: "${v1}", SecretString: one}

  - do: PutSecretValue
    with: {SecretId: "${db}", ClientRequestToken: "${v2}", SecretString: two}

  - do: UpdateSecretVersionStage
    with: {SecretId: "${db}", VersionStage: AWSCURRENT, RemoveFromVersionId: "${v2}", MoveToVersionId: "${v1}"}
    labels: {v1: [AWSCURRENT], v2: [AWSPREVIOUS]}
"#;
    assert_eq!(yaml, expected);
    ends(here.path(), &["lint", "out/labels-move-current-back.yaml"], 0);
    ends(here.path(), &["run", "--scenarios", "out", "--strict"], 0);
    ends(here.path(), &["run", "--scenarios", "out", "-t", &server.url], 1);
    // And nothing of it can be left out: what is left is found again.
    let again =
        ["repro", "labels-move-current-back", "--scenarios", "out", "-t", &server.url, "--out", "again"];
    ends(here.path(), &again, 0);
    assert_eq!(read(here.path(), "again/labels-move-current-back.yaml").matches("- do:").count(), 3);
}

#[test]
fn the_issue_says_what_where_and_why_and_nothing_of_this_machine() {
    let here = folder();
    let server = Server::start(here.path(), &["previous-stays-behind"]);
    let arguments =
        ["repro", "labels/move-current-back", "-t", &server.url, "--out", "out", "--server", "wrong 1.0"];
    ends(here.path(), &arguments, 0);
    let issue = read(here.path(), "out/labels-move-current-back.md");
    let first = issue.lines().next().unwrap_or_default();
    assert_eq!(
        first,
        "# UpdateSecretVersionStage: labels of v1: [\"AWSCURRENT\", \"AWSPREVIOUS\"] instead of [\"AWSCURRENT\"]"
    );
    for part in [
        "**Version:** wrong 1.0\n",
        "**What AWS does:** Moving AWSCURRENT back swaps it",
        "- after step 3 (UpdateSecretVersionStage), labels of v1: `[\"AWSCURRENT\"]`\n",
        "- evidence: AWS's documentation (`aws-docs`): API reference, UpdateSecretVersionStage",
        "**What wrong 1.0 does:**\n\n- after step 3 (UpdateSecretVersionStage), labels of v1: `[\"AWSCURRENT\", \"AWSPREVIOUS\"]`\n",
        "```yaml\n# yaml-language-server",
        "```bash\n#!/usr/bin/env bash",
        "smcheck run labels-move-current-back -t http://127.0.0.1:4566\n",
    ] {
        assert!(issue.contains(part), "{part} is missing: {issue}");
    }
    let port = server.url.rsplit(':').next().unwrap_or_default();
    let user = std::env::var("HOME").unwrap_or_else(|_| "/root".to_owned());
    for foreign in
        [port, &here.path().display().to_string(), &user, env!("CARGO_MANIFEST_DIR"), "/tmp/", "/root"]
    {
        assert!(!issue.contains(foreign), "{foreign} is in the issue: {issue}");
    }
    // Without --out all three are printed, and a server that nobody named is called none.
    let printed = ends(here.path(), &["repro", "labels/move-current-back", "-t", &server.url], 0);
    for section in
        ["labels-move-current-back.yaml", "labels-move-current-back.sh", "labels-move-current-back.md"]
    {
        assert!(printed.contains(&format!("===== {section} =====\n")), "{printed}");
    }
    assert!(printed.contains("**Version:** (please add the name") && !printed.contains(port), "{printed}");
}

#[test]
fn nothing_to_reproduce_is_a_sentence_and_exit_2() {
    let here = folder();
    let server = Server::start(here.path(), &["previous-stays-behind"]);
    let passes = ends(here.path(), &["repro", "labels/create-attaches-current", "-t", "embedded"], 2);
    assert!(passes.contains("passes on embedded: there is nothing to reproduce"), "{passes}");
    let unknown = ends(here.path(), &["repro", "labels/move-current-bak", "-t", &server.url], 2);
    assert!(unknown.contains("did you mean `labels/move-current-back`?"), "{unknown}");
    let step = ends(here.path(), &["repro", "labels/move-current-back", "-t", &server.url, "--step", "1"], 2);
    assert!(step.contains("is the one that was asked for; there are:\n  d1"), "{step}");
    ends(here.path(), &["repro", "labels/move-current-back"], 2);
    ends(here.path(), &["repro", "-t", &server.url], 2);
    let gone = ends(here.path(), &["repro", "labels/move-current-back", "-t", "http://127.0.0.1:9"], 3);
    assert!(gone.contains("cannot connect"), "{gone}");
}

#[test]
fn of_several_deviations_one_is_chosen_by_cause_step_or_report() {
    let here = folder();
    let server = Server::start(here.path(), &["previous-stays-behind"]);
    let run = |more: &[&str]| {
        let arguments = [&["repro", "labels/move-current-back", "-t", &server.url], more].concat();
        ends(here.path(), &arguments, 0)
    };
    let gravest = run(&[]);
    assert!(gravest.contains("deviates in 3 ways"), "{gravest}");
    assert!(
        gravest.contains("this is about d1, the gravest") && gravest.contains("  d3  GetSecretValue member"),
        "{gravest}"
    );
    let other = run(&["--cause", "d3"]);
    assert!(other.contains("# GetSecretValue: VersionStages"), "{other}");
    assert!(other.contains("  - do: GetSecretValue\n") && !other.contains("ways"), "{other}");
    let by_step = run(&["--step", "3"]);
    assert!(by_step.contains("deviates at step 3"), "{by_step}");
    ends(here.path(), &["run", "labels/move-current-back", "-t", &server.url, "--report", "json=r.json"], 1);
    let report: serde_json::Value = serde_json::from_str(&read(here.path(), "r.json")).expect("it is JSON");
    let causes = report["runs"][0]["causes"].as_array().expect("it has causes");
    for cause in causes.iter().take(3) {
        let id = cause["id"].as_str().expect("it has an id");
        let arguments = ["repro", "--from-report", "r.json", "--cause", id, "-t", &server.url];
        let output = ends(here.path(), &arguments, 0);
        let title = format!("# {}: ", cause["operation"].as_str().unwrap_or_default());
        assert!(output.contains(&title), "{cause}: {output}");
    }
    ends(here.path(), &["repro", "--from-report", "r.json", "--cause", "c99", "-t", &server.url], 2);
    // Of several runs the one on this server is taken, and none where that cannot be known.
    let mut two = report.clone();
    two["runs"].as_array_mut().expect("it is a list").insert(0, {
        let mut other = report["runs"][0].clone();
        other["target"] = serde_json::json!({"name": "other:1", "endpoint": "http://other:1"});
        other["scenarios"] = serde_json::json!([]);
        other
    });
    write(here.path(), "two.json", &two.to_string());
    let of_two = ["repro", "--from-report", "two.json", "--cause", "c01", "-t"];
    ends(here.path(), &[&of_two[..], &[&server.url]].concat(), 0);
    let neither = ends(here.path(), &[&of_two[..], &["http://127.0.0.1:1"]].concat(), 2);
    assert!(neither.contains("two.json has no run on `http://127.0.0.1:1`, but on other:1, "), "{neither}");
    // The numbers of a report and those of the list are two things.
    let number = |more: &[&str]| ends(here.path(), &[&["repro", "-t", &server.url], more].concat(), 2);
    let of_report = number(&["labels/move-current-back", "--cause", "c01"]);
    assert!(
        of_report.contains("`c01` is a number of a run's report: name its JSON report too"),
        "{of_report}"
    );
    let of_list = number(&["--from-report", "r.json", "--cause", "d1"]);
    assert!(of_list.contains("`d1` is a number of the list that repro prints"), "{of_list}");
    let none = number(&["labels/move-current-back", "--cause", "d9"]);
    assert!(none.contains("is the one that was asked for; there are:\n  d1"), "{none}");
}

#[test]
fn a_case_is_reduced_with_its_values_and_what_the_contract_finds_too() {
    let here = folder();
    let server = Server::start(here.path(), &["signatures-not-checked", "content-type-html"]);
    let output = ends(here.path(), &["repro", "labels/move-current-back", "-t", &server.url], 0);
    assert!(output.contains("header.content-type: text/html"), "{output}");
    assert!(output.contains("- do: CreateSecret"), "{output}");
    let server = Server::start(here.path(), &["labels-not-counted"]);
    let output = ends(here.path(), &["repro", "limits/twenty-first-label", "-t", &server.url], 0);
    assert!(output.contains("success instead of failure LimitExceededException"), "{output}");
    let cases = "title: A token of ${length} is refused\nevidence: {kind: inferred, source: a test}\nsecrets: [db]\nversions: [v1]\n\
                 cases:\n  short: {length: \"31\", token: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}\nsteps:\n  \
                 - do: CreateSecret\n    with: {Name: \"${db}\", ClientRequestToken: \"${token}\", SecretString: one}\n    fails: {code: ValidationException}\n  \
                 - do: CreateSecret\n    with: {Name: \"${db}\", ClientRequestToken: \"${v1}\", SecretString: CANARY-long-value}\n    returns: {ARN: {$arn: db}, Name: \"${db}\", VersionId: \"${v1}\"}\n";
    write(here.path(), "scenarios/token.yaml", cases);
    let server = Server::start(here.path(), &["arn-suffix-of-five"]);
    let output = ends(here.path(), &["repro", "token", "-t", &server.url], 0);
    assert!(output.contains("Reduced from token[short]") && !output.contains("cases:"), "{output}");
    assert!(!output.contains("CANARY"), "a value that need not be there: {output}");
}

#[test]
fn a_budget_ends_the_search_with_what_there_is() {
    let here = folder();
    let server = Server::start(here.path(), &["previous-stays-behind"]);
    let arguments = ["repro", "labels/move-current-back", "-t", &server.url, "--budget", "1", "--out", "out"];
    let output = ends(here.path(), &arguments, 0);
    assert!(output.contains("after 1 run on this server; the budget ended there"), "{output}");
    ends(here.path(), &["run", "--scenarios", "out", "-t", &server.url], 1);
}

/// Values that a shell would mangle, bytes, a long text, a saved value, requests that the CLI cannot send.
const HARD: &str = r#"
title: Values survive the shell
evidence: {kind: inferred, source: a test}
secrets: [db]
versions: [v1]
steps:
  - do: CreateSecret
    with:
      Name: "${db}"
      ClientRequestToken: "${v1}"
      SecretBinary: AAH/Cg==
      Description: "it's \"two\" $HOME `id` \\ ; ${db}"
      Tags: [{Key: "a b", Value: "-x 'y'"}]
    save: {made: VersionId}

  - do: TagResource
    with: {SecretId: "${db.arn}", Tags: [{Key: long, Value: {$fill: {with: ab, length: 201}}}]}

  - do: GetSecretValue
    with: {SecretId: "${db.partial}", VersionId: "${made}"}

  - do: PutSecretValue
    with: {SecretId: "${db}", SecretString: one}
    fails: {code: InvalidRequestException}

  - raw:
      headers: {X-Amz-Target: secretsmanager.DescribeSecret, X-Other: "a 'b'"}
      body: '{"SecretId": "${db}"}'
      sign: none
    fails: {}

  - do: DeleteSecret
    with: {SecretId: "${db}", ForceDeleteWithoutRecovery: true}
    returns: {ARN: wrong, Name: "${db}", DeletionDate: {$time: now}}
"#;

/// The script of a scenario that nothing can be left out of: the budget is one run, which changes nothing here.
fn script(here: &Path) -> String {
    write(here, "scenarios/hard.yaml", HARD);
    let server = Server::start(here, &[]);
    let arguments = ["repro", "hard", "-t", &server.url, "--budget", "1", "--out", "out"];
    let output = command(here).args(arguments).output().expect("the program was built");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("does not pass on the embedded reference"), "{}", said(&output));
    read(here, "out/hard.sh")
}

/// A program on PATH that notes its arguments, one a line and escaped, in a file.
pub(crate) fn noting(folder: &Path, name: &str, answer: &str) {
    let path = folder.join("bin").join(name);
    write(
        folder,
        &format!("bin/{name}"),
        &format!(
            "#!/usr/bin/env bash\n{{ echo {name}; for word in \"$@\"; do printf '%q\\n' \"$word\"; done; }} >>\"$NOTES\"\n{answer}\n"
        ),
    );
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("it may be run");
}

#[test]
fn the_commands_hand_over_exactly_what_the_scenario_says() {
    let here = folder();
    let text = script(here.path());
    noting(
        here.path(),
        "aws",
        // The answer comes last: who reads it goes on at once, and notes of its own would come between.
        "for word in \"$@\"; do case $word in fileb://*) base64 -w0 \"${word#fileb://}\" >>\"$NOTES\"; echo >>\"$NOTES\";; esac; done\n\
         [ \"$2\" != create-secret ] || printf 'the-version\\tarn:aws:x:name-AbCdEf\\n'",
    );
    noting(here.path(), "curl", "");
    let path = format!("{}:{}", here.path().join("bin").display(), std::env::var("PATH").unwrap_or_default());
    let output = Command::new("bash")
        .arg(here.path().join("out/hard.sh"))
        .arg("http://endpoint.invalid")
        .env("PATH", path)
        .env("NOTES", here.path().join("notes"))
        .env("HOME", "EXPANDED")
        .env_remove("AWS_REGION")
        .output()
        .expect("there is a shell");
    assert!(output.stderr.is_empty(), "{}\n{text}", said(&output));
    let notes = read(here.path(), "notes");
    assert!(!notes.contains("EXPANDED") && !notes.contains("uid="), "{notes}");
    let lines: Vec<&str> = notes.lines().collect();
    let follows = |first: &str, second: &str| {
        assert!(lines.windows(2).any(|pair| pair == [first, second]), "{first} {second}: {notes}\n{text}");
    };
    let unquoted = |word: &str| {
        let echo = Command::new("bash")
            .args(["-c", &format!("printf %s {word}")])
            .output()
            .expect("there is a shell");
        String::from_utf8_lossy(&echo.stdout).into_owned()
    };
    let after = |option: &str| {
        let at = lines.iter().position(|line| *line == option).unwrap_or_else(|| panic!("{option}: {notes}"));
        unquoted(lines[at + 1])
    };
    follows("secretsmanager", "create-secret");
    follows("--endpoint-url", "http://endpoint.invalid");
    follows("--region", "us-east-1");
    follows("--client-request-token", "11111111-1111-4111-8111-111111111111");
    let name = after("--name");
    assert!(name.starts_with("smcheck_") && name.ends_with("_db"), "{name}");
    assert_eq!(after("--description"), format!("it's \"two\" $HOME `id` \\ ; {name}"));
    assert_eq!(after("--tags"), r#"[{"Key":"a b","Value":"-x 'y'"}]"#);
    assert!(lines.contains(&"AAH/Cg=="), "the bytes: {notes}");
    follows("--secret-id", "arn:aws:x:name-AbCdEf");
    follows("--secret-id", "arn:aws:x:name");
    follows("--version-id", "the-version");
    let long = notes.lines().find(|line| line.contains("abab")).map(unquoted).unwrap_or_default();
    let long: serde_json::Value = serde_json::from_str(&long).unwrap_or_default();
    assert_eq!(long[0]["Value"].as_str().map(str::len), Some(201), "{notes}");
    assert!(lines.contains(&"--force-delete-without-recovery"), "{notes}");
    // Without a token the CLI would make one, so that curl sends this; the last is not signed.
    let curls: Vec<String> = notes.split("curl\n").skip(1).map(str::to_owned).collect();
    assert_eq!(curls.len(), 2, "{notes}");
    assert!(curls[0].contains("--aws-sigv4\naws:amz:us-east-1:secretsmanager\n"), "{}", curls[0]);
    assert!(curls[0].contains("X-Amz-Target:\\ secretsmanager.PutSecretValue"), "{}", curls[0]);
    assert!(!curls[1].contains("--aws-sigv4") && curls[1].contains("X-Other:\\ a\\ \\'b\\'"), "{}", curls[1]);
    assert!(
        text.contains("# The AWS CLI cannot send this: it would add a --client-request-token of its own.\n"),
        "{text}"
    );
}

/// The AWS CLI that `tools/clients.sh` prepares, or one that AWS_CLI names.
fn aws_cli() -> Option<PathBuf> {
    let named = std::env::var_os("SMCHECK_AWS_CLI").map(PathBuf::from);
    let prepared = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/clients/python/bin/aws");
    named.or(Some(prepared)).filter(|path| path.exists())
}

fn run_script(script: &Path, endpoint: &str, cli: &Path) -> String {
    let folder = cli.parent().expect("it is in a folder").display();
    let path = format!("{folder}:{}", std::env::var("PATH").unwrap_or_default());
    let mut command = Command::new("bash");
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_")) {
        command.env_remove(name);
    }
    let output = command
        .arg(script)
        .arg(endpoint)
        .env("PATH", path)
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .output()
        .expect("there is a shell");
    said(&output)
}

#[test]
fn the_real_cli_shows_the_deviation() {
    let Some(cli) = aws_cli() else {
        // Nothing is asserted here: the programs that note their arguments stand for it.
        eprintln!("skipped: there is no AWS CLI under target/clients (tools/clients.sh --prepare makes one)");
        return;
    };
    let here = folder();
    let server = Server::start(here.path(), &["previous-stays-behind"]);
    ends(here.path(), &["repro", "labels/move-current-back", "-t", &server.url, "--out", "out"], 0);
    let wrong = run_script(&here.path().join("out/labels-move-current-back.sh"), &server.url, &cli);
    let right = Server::start(here.path(), &[]);
    let good = run_script(&here.path().join("out/labels-move-current-back.sh"), &right.url, &cli);
    // Of the last answer: on the wrong server the first version has both labels.
    let squeezed = |text: &str| text.split_whitespace().collect::<String>();
    assert!(squeezed(&wrong).contains(r#"["AWSCURRENT","AWSPREVIOUS"]"#), "{wrong}");
    assert!(!squeezed(&good).contains(r#"["AWSCURRENT","AWSPREVIOUS"]"#), "{good}");
    assert!(good.contains("AWSPREVIOUS") && !good.to_lowercase().contains("error"), "{good}");
    // All kinds of values and both programs.
    script(here.path());
    let hard = run_script(&here.path().join("out/hard.sh"), &right.url, &cli);
    for part in ["SecretBinary", "AAH/Cg==", "InvalidRequestException", "HTTP/1.1 400", "DeletionDate"] {
        assert!(hard.contains(part), "{part}: {hard}");
    }
    assert!(!hard.contains("command not found") && !hard.contains("usage:"), "{hard}");
}
