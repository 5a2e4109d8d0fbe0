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
