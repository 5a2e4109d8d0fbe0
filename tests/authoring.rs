//! Scenarios are begun, filled in with what a target answers, and asked what they notice: through the program.

mod program;

use smcheck::service::shapes;

use program::{Server, ends, folder, read, write};

#[test]
fn every_operation_can_be_begun_and_filled_in() {
    let here = folder();
    let operations: Vec<&str> = shapes().operations().map(|operation| operation.name.as_str()).collect();
    for operation in &operations {
        let id = format!("operations/{operation}");
        ends(here.path(), &["new", &id, "--from-operation", operation], 0);
    }
    ends(here.path(), &["lint"], 0);
    ends(here.path(), &["run", "--strict"], 0);
    for operation in &operations {
        let id = format!("operations/{operation}");
        ends(here.path(), &["run", "--fill", &id], 0);
        let text = read(here.path(), &format!("scenarios/{id}.yaml"));
        assert!(text.contains("    returns: ") || text.contains("    returns:\n"), "{text}");
        for volatile in ["arn:aws:secretsmanager", "smcheck_", ":000000000000:", "E9\n"] {
            assert!(!text.contains(volatile), "{operation} holds {volatile}: {text}");
        }
        let again = ends(here.path(), &["run", "--fill", &id], 0);
        assert!(again.contains("nothing to fill in"), "{again}");
        assert_eq!(read(here.path(), &format!("scenarios/{id}.yaml")), text);
    }
    ends(here.path(), &["lint"], 0);
    ends(here.path(), &["run", "--strict"], 0);
}

#[test]
fn new_overwrites_nothing_and_leaves_its_folder() {
    let here = folder();
    ends(
        here.path(),
        &["new", "a/b", "--title", "A secret is made", "--evidence", "aws-docs", "--source", "a page"],
        0,
    );
    let text = read(here.path(), "scenarios/a/b.yaml");
    assert!(
        text.contains("title: A secret is made\nevidence: {kind: aws-docs, source: \"a page\"}\n"),
        "{text}"
    );
    assert!(text.starts_with("# yaml-language-server: $schema=../schema.json\n"), "{text}");
    let again = ends(here.path(), &["new", "a/b"], 2);
    assert!(again.contains("is there already"), "{again}");
    assert_eq!(read(here.path(), "scenarios/a/b.yaml"), text);
    for bad in ["../a", "/a", "a/../b", "", "a b", "a//b", ".a"] {
        let output = ends(here.path(), &["new", bad], 2);
        assert!(output.contains("is no id"), "{output}");
    }
    let near = ends(here.path(), &["new", "c", "--from-operation", "PutSecretValu"], 2);
    assert!(near.contains("did you mean `PutSecretValue`?"), "{near}");
    let date =
        ends(here.path(), &["new", "c", "--evidence", "aws-recorded", "--source", "x", "--date", "x"], 2);
    assert!(date.contains("no date") && !here.path().join("scenarios/c.yaml").exists(), "{date}");
}

/// Comments, blank lines, a flow step, a block scalar, what is stated already, failures, secrets of others.
const HAND: &str = r#"# By hand.
title: Layout and comments stay
evidence: {kind: inferred, source: a test}   # nobody knows
secrets: [db]
versions: [v1, v2]

steps:
  # The first.
  - do: CreateSecret  # makes it
    with:
      Name: "${db}"
      ClientRequestToken: "${v1}"
      SecretString: |
        two
        lines
      Description: "of ${db}"

  - {do: GetSecretValue, with: {SecretId: "${db}", VersionStage: NOPE}}   # in one line

  - do: PutSecretValue
    with: {SecretId: "${db}", ClientRequestToken: "${v2}", SecretString: "hunter2"}
    returns: {$partial: true, Name: "${db}"}   # enough
  - do: DescribeSecret
    with: {SecretId: "${db}"}

  - do: GetRandomPassword
    with: {PasswordLength: 40}
# the end
"#;

#[test]
fn what_is_filled_in_leaves_every_other_line_as_it_was() {
    let here = folder();
    write(here.path(), "scenarios/hand.yaml", HAND);
    let output = ends(here.path(), &["run", "--fill", "hand"], 0);
    assert!(output.contains("+     labels: {v1: [AWSCURRENT]}"), "{output}");
    assert!(output.contains("no evidence of what AWS does"), "{output}");
    let text = read(here.path(), "scenarios/hand.yaml");
    let is_new = |line: &&str| !HAND.lines().any(|old| old == *line);
    let fresh: Vec<&str> = text.lines().filter(is_new).collect();
    assert_eq!(
        fresh,
        [
            r#"    returns: {ARN: {$arn: db}, Name: "${db}", VersionId: "${v1}"}"#,
            "    labels: {v1: [AWSCURRENT]}",
            "  - {do: GetSecretValue, with: {SecretId: \"${db}\", VersionStage: NOPE}, fails: {code: \
             ResourceNotFoundException, message: \"Secrets Manager can't find the specified secret value for staging \
             label: NOPE\"}}   # in one line",
            "    labels: {v1: [AWSPREVIOUS], v2: [AWSCURRENT]}",
            "    returns:",
            "      ARN: {$arn: db}",
            "      LastChangedDate: {$time: now}",
            r#"      VersionIdsToStages: {"${v1}": [AWSPREVIOUS], "${v2}": [AWSCURRENT]}"#,
            "      CreatedDate: {$time: now}",
            "    returns: {RandomPassword: {$length: 40}}",
        ]
    );
    let changed = "  - {do: GetSecretValue";
    let kept = |text: &str| -> Vec<String> {
        let old = text.lines().filter(|line| !is_new(line) && !line.starts_with(changed));
        old.map(str::to_owned).collect()
    };
    assert_eq!(text.matches("Description: \"of ${db}\"").count(), 2, "{text}");
    for line in kept(HAND) {
        assert!(text.contains(&line), "`{line}` went missing");
    }
    assert!(!output.contains("hunter2") && !output.contains("two\n"), "values are shown: {output}");
    ends(here.path(), &["run", "--strict"], 0);
}

#[test]
fn what_is_stated_is_written_anew_only_when_asked() {
    let here = folder();
    let stated = "title: A wrong claim\nevidence: {kind: inferred, source: a test}\nsecrets: [db]\nversions: [v1]\nsteps:\n  \
                  - do: CreateSecret\n    with: {Name: \"${db}\", ClientRequestToken: \"${v1}\", SecretString: one}\n    \
                  fails:\n      code: ResourceExistsException\n    # below\n    note: A note.\n";
    write(here.path(), "scenarios/claim.yaml", stated);
    let output = ends(here.path(), &["run", "--fill", "claim"], 1);
    assert!(output.contains("does not hold on the target"), "{output}");
    assert_eq!(read(here.path(), "scenarios/claim.yaml"), stated, "nothing was written");
    ends(here.path(), &["run", "--fill", "--all-steps", "claim"], 0);
    let text = read(here.path(), "scenarios/claim.yaml");
    assert!(!text.contains("fails") && text.contains("    # below\n    note: A note.\n"), "{text}");
    ends(here.path(), &["run", "--strict"], 0);
}

#[test]
fn cases_are_filled_in_where_they_agree() {
    let here = folder();
    let cases = "title: A value with ${what} is kept\nevidence: {kind: inferred, source: a test}\nsecrets: [db]\nversions: [v1]\n\
                 cases:\n  a: {what: letters, value: abcd}\n  b: {what: digits, value: \"1234\"}\nsteps:\n  \
                 - do: CreateSecret\n    with: {Name: \"${db}\", ClientRequestToken: \"${v1}\", SecretString: \"${value}\"}\n  \
                 - do: GetSecretValue\n    with: {SecretId: \"${db}\"}\n";
    write(here.path(), "scenarios/cases.yaml", cases);
    let output = ends(here.path(), &["run", "--fill", "cases"], 0);
    assert!(output.contains("step 2 answers each case differently"), "{output}");
    let text = read(here.path(), "scenarios/cases.yaml");
    assert_eq!(text.matches("returns:").count(), 1, "{text}");
    ends(here.path(), &["run", "--strict"], 0);
}

#[test]
fn a_value_that_the_scenario_does_not_state_is_not_written() {
    let here = folder();
    // The server answers requests of the second step with what nobody sent to it there.
    let text = "title: Another secret\nevidence: {kind: inferred, source: a test}\nsecrets: [db]\nversions: [v1]\nsteps:\n  \
                - raw:\n      headers: {X-Amz-Target: secretsmanager.CreateSecret}\n      \
                body: '{\"Name\": \"${db}\", \"ClientRequestToken\": \"${v1}\", \"SecretString\": \"CANARY-value\", \"Description\": \"CANARY-text\"}'\n  \
                - do: GetSecretValue\n    with: {SecretId: \"${db}\"}\n  \
                - do: DescribeSecret\n    with: {SecretId: \"${db}\"}\n";
    write(here.path(), "scenarios/raw.yaml", text);
    let output = ends(here.path(), &["run", "--fill", "raw"], 0);
    let after = read(here.path(), "scenarios/raw.yaml");
    assert_eq!(
        (after.matches("CANARY").count(), output.matches("CANARY").count()),
        (2, 0),
        "{after}\n{output}"
    );
    assert!(after.contains("SecretString: {$type: string}"), "{after}");
    assert!(after.contains("Description: {$type: string}"), "{after}");
}

/// A scenario of one secret; its steps.
fn scenario(steps: &str) -> String {
    format!(
        "title: A test\nevidence: {{kind: inferred, source: a test}}\nsecrets: [db]\nversions: [v1]\nsteps:\n{steps}"
    )
}

const CREATE: &str =
    "  - do: CreateSecret\n    with: {Name: \"${db}\", ClientRequestToken: \"${v1}\", SecretString: one}\n";

#[test]
fn what_a_step_sends_stays_what_it_was() {
    let here = folder();
    let before = scenario(&format!(
        "{}      SecretString: |+\n        two\n\n\n  - do: GetSecretValue\n    with: {{SecretId: \"${{db}}\"}}\n",
        "  - do: CreateSecret\n    with:\n      Name: \"${db}\"\n      ClientRequestToken: \"${v1}\"\n"
    ));
    write(here.path(), "scenarios/keep.yaml", &before);
    ends(here.path(), &["run", "--fill", "keep"], 0);
    let after = read(here.path(), "scenarios/keep.yaml");
    assert!(after.contains("        two\n\n\n    returns:"), "{after}");
    assert!(after.contains(r#"SecretString: "two\n\n\n""#), "{after}");
}

#[test]
fn times_are_counted_by_the_clock_that_was_moved() {
    let here = folder();
    let steps = "  - advance: 3 days\n  - do: DeleteSecret\n    with: {SecretId: \"${db}\", RecoveryWindowInDays: 20}\n  \
                 - do: DescribeSecret\n    with: {SecretId: \"${db}\"}\n";
    let text =
        scenario(&format!("{CREATE}{steps}")).replace("steps:", "needs: [clock]\nisolated: true\nsteps:");
    write(here.path(), "scenarios/clock.yaml", &text);
    ends(here.path(), &["run", "--fill", "clock"], 0);
    let after = read(here.path(), "scenarios/clock.yaml");
    for time in ["DeletionDate: {$time: {in: \"20 days\"}}", "CreatedDate: {$time: {in: \"-3 days\"}}"] {
        assert!(after.contains(time), "{time}: {after}");
    }
}

#[test]
fn a_token_in_capitals_and_the_arn_of_an_earlier_secret_are_no_matchers() {
    let here = folder();
    let token = "962DCBFE-FB95-4E08-8BD3-31042A908FF4";
    let steps = format!(
        "{CREATE}  - do: DeleteSecret\n    with: {{SecretId: \"${{db}}\", ForceDeleteWithoutRecovery: true}}\n    eventually: true\n  \
         - do: CreateSecret\n    with: {{Name: \"${{db}}\", ClientRequestToken: {token}, SecretString: one}}\n"
    );
    write(here.path(), "scenarios/token.yaml", &scenario(&steps));
    ends(here.path(), &["run", "--fill", "token"], 0);
    let after = read(here.path(), "scenarios/token.yaml");
    assert!(after.contains(&format!("VersionId: \"{token}\"")), "{after}");

    // `$arn` means the latest of the name.
    let steps = format!(
        "{CREATE}  - do: CreateSecret\n    region: \"${{second-region}}\"\n    \
         with: {{Name: \"${{db}}\", ClientRequestToken: \"${{v1}}\", SecretString: two}}\n  \
         - do: DescribeSecret\n    with: {{SecretId: \"${{db}}\"}}\n"
    );
    let text = scenario(&steps).replace("steps:", "needs: [second-region]\nsteps:");
    write(here.path(), "scenarios/arn.yaml", &text);
    ends(here.path(), &["run", "--fill", "arn"], 0);
    let after = read(here.path(), "scenarios/arn.yaml");
    assert!(after.contains("ARN: {$type: string}") && after.matches("{$arn: db}").count() == 2, "{after}");
}

#[test]
fn an_alias_takes_nothing_and_is_not_counted() {
    let here = folder();
    let steps = format!(
        "{CREATE}  - &read {{do: GetSecretValue, with: {{SecretId: \"${{db}}\"}}}}   # once\n  - *read\n"
    );
    write(here.path(), "scenarios/alias.yaml", &scenario(&steps));
    let output = ends(here.path(), &["run", "--fill", "alias"], 0);
    assert!(output.contains("3 members written"), "{output}");
    let after = read(here.path(), "scenarios/alias.yaml");
    assert!(after.contains("CreatedDate: {$time: now}}}   # once\n  - *read\n"), "{after}");

    // What the anchor was given need not hold for the alias, and that is nobody's statement.
    let other = format!(
        "{CREATE}  - &read {{do: GetSecretValue, with: {{SecretId: \"${{db}}\"}}}}\n  \
         - do: DeleteSecret\n    with: {{SecretId: \"${{db}}\"}}\n  - *read\n"
    );
    write(here.path(), "scenarios/alias.yaml", &scenario(&other));
    let output = ends(here.path(), &["run", "--fill", "alias"], 1);
    assert!(output.contains("what was filled in at step 4 does not hold"), "{output}");
    assert_eq!(read(here.path(), "scenarios/alias.yaml"), scenario(&other));
    write(here.path(), "scenarios/alias.yaml", "title: [");
    let broken = ends(here.path(), &["run", "--fill", "alias"], 2);
    assert!(!broken.contains("filled in"), "the file was broken before: {broken}");
}

#[test]
fn what_saves_and_what_the_cases_say_stays() {
    let here = folder();
    let steps = format!(
        "{CREATE}  - do: DescribeSecret\n    with: {{SecretId: \"${{db}}\"}}\n    \
         returns: {{$partial: true, CreatedDate: {{$save: made}}}}\n  \
         - do: GetSecretValue\n    with: {{SecretId: \"${{db}}\"}}\n    \
         returns: {{$partial: true, CreatedDate: {{$time: {{equals: made}}}}}}\n"
    );
    write(here.path(), "scenarios/saves.yaml", &scenario(&steps));
    let output = ends(here.path(), &["run", "--fill", "--all-steps", "saves"], 0);
    assert!(output.contains("step 2 saves something"), "{output}");
    let after = read(here.path(), "scenarios/saves.yaml");
    assert!(after.contains("{$save: made}") && after.matches("$partial").count() == 1, "{after}");

    let cases = "  - do: GetSecretValue\n    with: {SecretId: \"${db}\"}\n    fails: {code: \"${code}\"}\n";
    let text = scenario(cases).replace(
        "versions: [v1]\n",
        "cases: {a: {code: ResourceNotFoundException}, b: {code: ResourceNotFoundException}}\n",
    );
    write(here.path(), "scenarios/cases.yaml", &text);
    let output = ends(here.path(), &["run", "--fill", "--all-steps", "cases"], 0);
    assert!(output.contains("step 1 states what differs from case to case"), "{output}");
    assert_eq!(read(here.path(), "scenarios/cases.yaml"), text);
}

/// Answers every request with the same failure, until the test ends.
fn failing(body: &'static str) -> String {
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("there is a port");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
            let (mut length, mut line) = (0, String::new());
            while reader.read_line(&mut line).is_ok_and(|read| read > 0) && !line.trim().is_empty() {
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap_or(0);
                }
                line.clear();
            }
            let _ = reader.read_exact(&mut vec![0; length]);
            let _ = write!(
                stream,
                "HTTP/1.1 400 Bad Request\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    url
}

#[test]
fn a_step_that_fails_as_no_service_does_is_left_out() {
    let here = folder();
    let url = failing(r#"{"__type":"KeyError","message":"Name"}"#);
    let text = scenario("  - do: GetSecretValue\n    with: {SecretId: nobody}\n")
        .replace("secrets: [db]\nversions: [v1]\n", "");
    write(here.path(), "scenarios/a.yaml", &text);
    let output = ends(here.path(), &["run", "--fill", "a", "-t", &url], 1);
    assert!(output.contains("step 1 fails with a code that the service does not have"), "{output}");
    assert_eq!(read(here.path(), "scenarios/a.yaml"), text);
    let url = failing(r#"{"__type":"ResourceNotFoundException","message":"$nobody ${x}"}"#);
    ends(here.path(), &["run", "--fill", "a", "-t", &url], 0);
    let after = read(here.path(), "scenarios/a.yaml");
    assert!(after.contains("fails: {code: ResourceNotFoundException"), "{after}");
}

#[test]
fn each_secret_that_is_begun_has_a_name_of_its_own() {
    let here = folder();
    let mut arguments = vec!["new", "many"];
    arguments.extend(["--from-operation", "CreateSecret"].repeat(4));
    ends(here.path(), &arguments, 0);
    let text = read(here.path(), "scenarios/many.yaml");
    assert!(text.contains("secrets: [db, other, other2, other3]"), "{text}");
    ends(here.path(), &["run", "--strict"], 0);
}

#[test]
fn fill_takes_one_file_that_can_be_written() {
    let here = folder();
    let inside = ends(here.path(), &["run", "--fill", "labels/move-current-back"], 2);
    assert!(inside.contains("inside the binary"), "{inside}");
    ends(here.path(), &["new", "a/one"], 0);
    let near = ends(here.path(), &["run", "--fill", "a/on"], 2);
    assert!(near.contains("did you mean `a/one`?"), "{near}");
    ends(here.path(), &["run", "--fill"], 2);
    ends(here.path(), &["run", "--all-steps", "a/one"], 2);
    ends(here.path(), &["run", "--fill", "a/one", "--report", "json=x.json"], 2);
    let gone = ends(here.path(), &["run", "--fill", "a/one", "-t", "http://127.0.0.1:9"], 3);
    assert!(gone.contains("cannot connect"), "{gone}");
}

#[test]
fn what_a_wrong_server_answers_is_filled_in_and_passes_there_only() {
    let here = folder();
    ends(
        here.path(),
        &[
            "new",
            "a",
            "--from-operation",
            "UpdateSecretVersionStage",
            "--from-operation",
            "GetRandomPassword",
        ],
        0,
    );
    let server = Server::start(here.path(), &["arn-suffix-of-five"]);
    ends(here.path(), &["run", "--fill", "a", "-t", &server.url], 1);
    let server = Server::start(here.path(), &["content-type-html"]);
    ends(here.path(), &["run", "--fill", "a", "-t", &server.url], 0);
}

#[test]
fn a_scenario_alone_says_which_wrong_servers_it_notices() {
    let here = folder();
    let output = ends(here.path(), &["selftest", "--scenario", "labels/move-current-back"], 0);
    assert!(output.starts_with("labels/move-current-back notices "), "{output}");
    assert!(
        output.lines().any(|line| line.contains("previous-stays-behind") && line.ends_with("member, labels")),
        "{output}"
    );
    assert!(!output.contains("password-with-an-excluded-space"), "{output}");
    let all = ends(here.path(), &["selftest", "--scenario", "labels/move-current-back", "-v"], 0);
    assert!(all.contains("password-with-an-excluded-space"), "{all}");
    let empty = "title: Nothing is said\nevidence: {kind: inferred, source: a test}\nsteps:\n  \
                 - raw: {method: GET}\n    fails: {}\n";
    write(here.path(), "scenarios/empty.yaml", empty);
    let none = ends(here.path(), &["selftest", "--scenario", "empty"], 1);
    assert!(none.contains("notices 0 of") && none.contains("asserts little"), "{none}");
    let unknown = ends(here.path(), &["selftest", "--scenario", "emty"], 2);
    assert!(unknown.contains("did you mean `empty`?"), "{unknown}");
    ends(here.path(), &["selftest", "-v"], 2);
}

#[test]
fn the_single_changes_that_a_scenario_notices_and_lets_through() {
    let here = folder();
    ends(here.path(), &["new", "a", "--from-operation", "GetSecretValue"], 0);
    let count = |output: &str| -> usize {
        let first = output.lines().next().unwrap_or_default();
        first.split(' ').find_map(|word| word.parse().ok()).expect("a number")
    };
    let loose = ends(here.path(), &["selftest", "--scenario", "a", "--mutations"], 0);
    assert!(loose.contains("lets through"), "{loose}");
    ends(here.path(), &["run", "--fill", "a"], 0);
    let tight = ends(here.path(), &["selftest", "--scenario", "a", "--mutations", "--json", "m.json"], 0);
    assert!(!tight.contains("  ListSecrets: ") && tight.contains("beside its steps"), "{tight}");
    assert!(count(&tight) > count(&loose) + 5, "{loose}\n{tight}");
    let json: serde_json::Value = serde_json::from_str(&read(here.path(), "m.json")).expect("it is JSON");
    assert!(json["mutations"].as_array().is_some_and(|all| all.len() > 20));
}
