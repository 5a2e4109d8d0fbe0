//! `smcheck compare` as its users run it: a matrix of right, wrong and missing targets, in every format.

mod program;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use program::{command, err, out, smcheck};

/// Three scenarios that are judged and one that is skipped: one whose labels the wrong server gets wrong, one that
/// both get right, and one whose message no server says.
const SCENARIOS: [(&str, &str); 4] = [
    (
        "labels/previous-follows",
        "title: AWSPREVIOUS follows
evidence: {kind: aws-docs, source: 'API reference, UpdateSecretVersionStage'}
secrets: [db]
versions: [v1, v2]
steps:
  - do: CreateSecret
    with: {Name: '${db}', ClientRequestToken: '${v1}', SecretString: CANARY-one}
  - do: PutSecretValue
    with: {SecretId: '${db}', ClientRequestToken: '${v2}', SecretString: CANARY-two}
    labels: {v1: [AWSPREVIOUS], v2: [AWSCURRENT]}
  - do: GetSecretValue
    with: {SecretId: '${db}'}
  - do: UpdateSecretVersionStage
    with: {SecretId: '${db}', VersionStage: AWSCURRENT, MoveToVersionId: '${v1}', RemoveFromVersionId: '${v2}'}
    labels: {v1: [AWSCURRENT], v2: [AWSPREVIOUS]}
",
    ),
    (
        "values/a-message",
        "title: A message that no server says
evidence: {kind: aws-docs, source: 'API reference, GetSecretValue'}
secrets: [db]
steps:
  - do: GetSecretValue
    with: {SecretId: '${db}'}
    fails: {code: ResourceNotFoundException, message: 'No such | <b>secret</b> @anywhere.'}
",
    ),
    (
        "values/needs-more",
        "title: What no target of this test has
evidence: {kind: aws-docs, source: 'User guide'}
needs: [clock, empty-account]
secrets: [db]
steps:
  - do: CreateSecret
    with: {Name: '${db}'}
",
    ),
    (
        "values/reads",
        "title: A value is read
evidence: {kind: aws-docs, source: 'API reference, GetSecretValue'}
secrets: [db]
versions: [v1]
steps:
  - do: CreateSecret
    with: {Name: '${db}', ClientRequestToken: '${v1}', SecretString: CANARY-three}
  - do: GetSecretValue
    with: {SecretId: '${db}'}
    returns: {$partial: true, Name: '${db}', SecretString: CANARY-three}
",
    ),
];

/// A folder with the scenarios and with targets that are started: `right`, `wrong` and `broken`.
fn project() -> tempfile::TempDir {
    let here = tempfile::tempdir().expect("there is room for a folder");
    for (id, text) in SCENARIOS {
        let path = here.path().join(format!("scenarios/{id}.yaml"));
        std::fs::create_dir_all(path.parent().expect("it has one")).expect("it can be made");
        std::fs::write(path, text).expect("it can be written");
    }
    let program = env!("CARGO_BIN_EXE_smcheck");
    let target = |name: &str, more: &str| {
        format!(
            "[targets.{name}]\nstart = \"sh -c 'echo $$ > {name}.pid; exec {program} serve --model --port {{port}} {more}'\"\n"
        )
    };
    let config = [
        target("right", ""),
        target("wrong", "--fault previous-stays-behind"),
        "[targets.broken]\nstart = \"false\"\n".to_owned(),
    ];
    std::fs::write(here.path().join("smcheck.toml"), config.concat()).expect("it can be written");
    here
}

fn text(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap_or_else(|why| panic!("{name}: {why}"))
}

/// The data inside a page.
fn data(page: &str) -> Value {
    let (_, rest) = page.split_once("id=\"smcheck-data\">").expect("the page holds data");
    serde_json::from_str(rest.split_once("</script>").expect("it ends").0).expect("it is JSON")
}

/// An address at which nobody is.
fn nobody() -> String {
    let port = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("there is a free port");
    format!("http://{}", port.local_addr().expect("it has an address"))
}

#[test]
fn a_right_and_a_wrong_target_stand_side_by_side() {
    let here = project();
    let run = smcheck(here.path(), &["compare", "-t", "right", "-t", "wrong"]);
    assert_eq!(run.status.code(), Some(1), "{}{}", out(&run), err(&run));
    let shown = out(&run);
    for line in [
        "2 targets on 4 scenarios",
        // Judged three of four; a message that differs is right, and not exact.
        "  1  right         3  100 % 66.6 %      0      0     1     0     1    0",
        "  2  wrong         3 66.6 % 33.3 %      1      0     1     0     1    0",
        "= X previous-follows",
        "~ ~ a-message",
        "1 other scenario is right on every target that judged them; --all shows it\n1 scenario was not judged on any target",
    ] {
        assert!(shown.contains(line), "{line}\n{shown}");
    }
    assert!(shown.contains("1  right: 1 cause, by") && shown.contains("\n2  wrong: "), "{shown}");
    assert!(shown.contains("smallest: labels/previous-follows"), "{shown}");
    assert!(!shown.contains("= = reads") && !shown.contains('\u{1b}'), "{shown}");
    assert!(shown.lines().all(|line| line.chars().count() <= 100), "{shown}");
    assert!(
        shown.lines().last().is_some_and(|line| line.starts_with("right: right 100 %, wrong 66.6 %; in "))
    );
    let all = smcheck(here.path(), &["compare", "-t", "right", "-t", "wrong", "--all", "values/"]);
    assert_eq!(all.status.code(), Some(0), "a message fails no run: {}", err(&all));
    let shown = out(&all);
    assert!(shown.contains("= = reads") && shown.contains("- - needs-more"), "{shown}");
    let strict = smcheck(here.path(), &["compare", "-t", "right", "-t", "wrong", "--strict", "values/"]);
    assert_eq!(strict.status.code(), Some(1));
}

/// Whichever is up first: what two runs print can be compared.
#[test]
fn programs_are_named_in_the_order_of_their_targets() {
    let here = project();
    let path = here.path().join("smcheck.toml");
    let slow = text(here.path(), "smcheck.toml").replacen("sh -c 'echo", "sh -c 'sleep 1; echo", 1);
    std::fs::write(path, slow).expect("it can be written");
    // Between them one that starts nothing, and one that cannot be used.
    let targets = ["compare", "-t", "right", "-t", "embedded", "-t", "broken", "-t", "wrong"];
    let run = smcheck(here.path(), &targets);
    let said = err(&run);
    let named: Vec<&str> = said
        .lines()
        .filter(|line| line.ends_with("of unknown version"))
        .filter_map(|line| line.split(':').next())
        .collect();
    assert_eq!(named, ["right", "wrong"], "{said}");
}

#[test]
fn each_target_has_a_list_of_its_own() {
    let here = project();
    let path = here.path().join("smcheck.toml");
    let config = text(here.path(), "smcheck.toml");
    let config = config.replace("[targets.wrong]", "[targets.wrong]\nknown = \"wrong.yaml\"");
    std::fs::write(path, config).expect("it can be written");
    let known = "smcheck: 1
catalogue: '0.1.0'
entries:
  - scenario: labels/*
    operation: UpdateSecretVersionStage
    kind: labels
    path: '*'
    reason: the label stays behind
    evidence: {kind: aws-docs, source: 'API reference, UpdateSecretVersionStage'}
  - scenario: labels/*
    operation: UpdateSecretVersionStage
    kind: invariant
    path: '*'
    reason: what follows from it
    evidence: {kind: aws-docs, source: 'API reference, UpdateSecretVersionStage'}
";
    std::fs::write(here.path().join("wrong.yaml"), known).expect("it can be written");
    let run = smcheck(here.path(), &["compare", "-t", "right", "-t", "wrong", "--report", "html=m.html"]);
    assert_eq!(run.status.code(), Some(0), "{}{}", out(&run), err(&run));
    // It is expected, and still no agreement.
    assert!(out(&run).contains("= k previous-follows"), "{}", out(&run));
    assert!(out(&run).contains("  2  wrong         3 66.6 % 33.3 %      0      0     1     1     1    0"));
    let data = data(&text(here.path(), "m.html"));
    assert_eq!(data["scenarios"][0]["cells"][1]["status"], "known");
    assert!(
        data["scenarios"][0]["cells"][1]["reason"].as_str().is_some_and(|why| why.contains("stays behind"))
    );
    assert_eq!(data["targets"][1]["agreement"]["judged"], 3);
}

#[test]
fn a_target_that_is_not_there_is_a_column_of_errors_beside_the_others() {
    let here = project();
    let nobody = nobody();
    let arguments = ["compare", "-t", "right", "-t", "broken", "-t", &nobody];
    let run = smcheck(here.path(), &[&arguments[..], &["--all", "--report", "json=m.json"]].concat());
    assert_eq!(run.status.code(), Some(3), "{}{}", out(&run), err(&run));
    let shown = out(&run);
    assert!(shown.contains("= ! ! reads") && shown.contains("~ ! ! a-message"), "{shown}");
    assert!(shown.contains("  1  right"), "{shown}");
    let said = err(&run);
    assert!(said.contains("error: broken: ") && said.contains("cannot connect to"), "{said}");
    let report: Value = serde_json::from_str(&text(here.path(), "m.json")).expect("it is JSON");
    let runs = report["runs"].as_array().expect("a list");
    assert_eq!(runs.len(), 3);
    for run in &runs[1..] {
        assert_eq!(run["totals"]["errors"], 4);
        assert!(run["scenarios"][0]["reason"].as_str().is_some_and(|reason| !reason.is_empty()));
    }
    // A column that says nothing makes no row differ.
    let run = smcheck(here.path(), &["compare", "-t", "right", "-t", &nobody, "values/reads"]);
    assert_eq!(run.status.code(), Some(3));
    assert!(!out(&run).contains("! reads"), "{}", out(&run));
    // Where nobody is there, nothing is right.
    let run = smcheck(here.path(), &["compare", "-t", &nobody]);
    assert_eq!(run.status.code(), Some(3));
    assert!(out(&run).contains("unusable") && !out(&run).contains("right on every"), "{}", out(&run));
}

#[test]
fn every_format_tells_the_same_and_no_secret() {
    let here = project();
    let arguments = ["compare", "-t", "right", "-t", "wrong"];
    let reports: Vec<String> = ["html=m.html", "markdown=m.md", "json=m.json", "junit=m.xml"]
        .iter()
        .flat_map(|report| ["--report".to_owned(), (*report).to_owned()])
        .collect();
    let reports: Vec<&str> = reports.iter().map(String::as_str).collect();
    let run = smcheck(here.path(), &[&arguments[..], &reports, &["--trace", "t.txt", "-v"]].concat());
    assert_eq!(run.status.code(), Some(1), "{}{}", out(&run), err(&run));
    let said = err(&run);
    assert!(said.contains("running the embedded reference on 2 scenarios that deviate"), "{said}");
    let page = text(here.path(), "m.html");
    let found = data(&page);
    let row = &found["scenarios"][0];
    assert_eq!((&row["id"], &row["evidence"]), (&"labels/previous-follows".into(), &"aws-docs".into()));
    assert_eq!(row["steps"][3]["operation"], "UpdateSecretVersionStage");
    assert_eq!(row["cells"][0], serde_json::json!({"status": "passed", "millis": row["cells"][0]["millis"]}));
    let labels =
        |timeline: &Value, version: usize| timeline["secrets"][0]["versions"][version]["labels"].clone();
    // What is stated, and in the steps between what the reference shows; a read leaves all as it is.
    let (expected, observed) = (&row["expected"], &row["cells"][1]["observed"]);
    let (current, previous) = (vec!["AWSCURRENT"], vec!["AWSPREVIOUS"]);
    assert_eq!(labels(expected, 0), serde_json::json!([current, previous, previous, current]));
    assert_eq!(labels(expected, 1), serde_json::json!([null, current, current, previous]));
    assert_eq!(
        labels(observed, 0),
        serde_json::json!([current, previous, previous, ["AWSCURRENT", "AWSPREVIOUS"]])
    );
    assert_eq!(labels(observed, 1), serde_json::json!([null, current, current, []]));
    assert_eq!(expected["secrets"][0]["versions"][1]["name"], "v2");
    let comment = text(here.path(), "m.md");
    assert!(comment.contains("| 2 | wrong | 3 | **66.6 %** | 33.3 % | 1 |"), "{comment}");
    assert!(comment.contains("| <code>previous-follows</code> | right | **wrong** |"), "{comment}");
    assert!(!comment.contains("<b>secret") && !comment.contains("&lt;b&gt;secret</b>"), "{comment}");
    let junit = text(here.path(), "m.xml");
    assert_eq!(junit.matches("<testsuite ").count(), 2);
    let report: Value = serde_json::from_str(&text(here.path(), "m.json")).expect("it is JSON");
    assert_eq!(report["runs"][1]["totals"]["deviated"], 1);
    let trace = text(here.path(), "t.txt");
    assert_eq!((trace.matches("# right\n").count(), trace.matches("# wrong\n").count()), (4, 4));
    for text in [&page, &comment, &junit, &trace, &text(here.path(), "m.json"), &out(&run), &said] {
        assert!(!text.contains("CANARY"), "a secret got out");
    }
    // On stdout it stands alone.
    let run = smcheck(here.path(), &[&arguments[..], &["values/", "--report", "markdown=-"]].concat());
    assert!(out(&run).starts_with("## smcheck: 2 targets on 3 scenarios\n"), "{}", out(&run));
    assert!(!out(&run).contains("right: right"));
}

#[test]
fn saved_reports_make_the_same_matrix() {
    let here = project();
    for target in ["right", "wrong"] {
        smcheck(here.path(), &["run", "-t", target, "--report", &format!("json={target}.json")]);
    }
    let live = smcheck(here.path(), &["compare", "-t", "right", "-t", "wrong"]);
    let from = ["compare", "--from", "right.json", "--from", "wrong.json"];
    let saved = smcheck(here.path(), &from);
    assert_eq!(saved.status.code(), Some(1), "{}", err(&saved));
    let without_time = |text: String| text.split("; in ").next().unwrap_or_default().trim_end().to_owned();
    assert_eq!(without_time(out(&saved)), without_time(out(&live)));
    let page = smcheck(here.path(), &[&from[..], &["--report", "html=m.html"]].concat());
    assert!(err(&page).contains("no timelines of labels"), "{}", err(&page));
    let found = data(&text(here.path(), "m.html"));
    assert_eq!(found["scenarios"][0]["cells"][1]["status"], "deviated");
    assert_eq!(found["scenarios"][0]["source"], "API reference, UpdateSecretVersionStage");
    let part = smcheck(here.path(), &[&from[..], &["values/reads"]].concat());
    assert_eq!(part.status.code(), Some(0), "{}{}", out(&part), err(&part));
    assert!(!out(&part).contains("cause"), "causes of other scenarios are not told: {}", out(&part));
}

#[test]
fn run_writes_a_page_too() {
    let here = project();
    let run = smcheck(here.path(), &["run", "-t", "wrong", "-t", "right", "--report", "html=r.html"]);
    assert_eq!(run.status.code(), Some(1), "{}{}", out(&run), err(&run));
    let found = data(&text(here.path(), "r.html"));
    let names: Vec<&Value> =
        found["targets"].as_array().expect("a list").iter().map(|t| &t["name"]).collect();
    assert_eq!(names, ["wrong", "right"]);
    assert!(found["scenarios"][0]["cells"][0]["observed"]["secrets"][0]["versions"][1].is_object());
}

#[test]
fn wrong_usage_is_exit_2_and_says_how_to_mend_it() {
    let here = project();
    std::fs::write(here.path().join("no.json"), "{}").expect("it can be written");
    let cases: &[(&[&str], &str)] = &[
        (&["compare"], "--target"),
        (&["compare", "-t", "rigth"], "there is no target `rigth`"),
        (&["compare", "-t", "right", "nothing-of-the-kind"], "no scenario matches"),
        (&["compare", "-t", "right", "--report", "html"], "a report here is json=FILE"),
        (&["compare", "-t", "right", "--report", "pdf=x"], "a report here is json=FILE"),
        (&["compare", "-t", "right", "--report", "html=nowhere/x.html"], "there is no folder nowhere"),
        (&["compare", "-t", "right", "--report", "html=-", "--report", "json=-"], "only one report"),
        (&["compare", "-t", "right", "--from", "no.json"], "cannot be used with"),
        (&["compare", "--from", "no.json"], "no.json: it is no JSON report of smcheck"),
        (&["compare", "--from", "missing.json"], "cannot read missing.json"),
    ];
    for (arguments, expected) in cases {
        let run = smcheck(here.path(), arguments);
        assert_eq!(run.status.code(), Some(2), "{arguments:?}: {}", err(&run));
        assert!(err(&run).contains(expected), "{arguments:?}: {}", err(&run));
        assert_eq!(out(&run), "", "{arguments:?}");
    }
}

#[test]
fn emulators_are_gone_after_the_run_and_after_a_signal() {
    let here = project();
    let run = smcheck(here.path(), &["compare", "-t", "right", "-t", "wrong", "values/"]);
    assert_eq!(run.status.code(), Some(0), "{}{}", out(&run), err(&run));
    assert_gone(here.path());
    // Something that lasts.
    let slow = "title: Waits
evidence: {kind: aws-docs, source: 'User guide'}
steps:
  - {repeat: {times: 1000}, do: GetRandomPassword, with: {}}
";
    std::fs::write(here.path().join("scenarios/slow.yaml"), slow).expect("it can be written");
    for name in ["right", "wrong"] {
        std::fs::remove_file(here.path().join(format!("{name}.pid"))).expect("it was there");
    }
    let mut run = command(here.path())
        .args(["compare", "-t", "right", "-t", "wrong", "slow"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program was built");
    wait_for(|| ["right", "wrong"].iter().all(|name| here.path().join(format!("{name}.pid")).exists()));
    let kill = Command::new("kill").args(["-INT", &run.id().to_string()]).status();
    assert!(kill.is_ok_and(|status| status.success()));
    assert_eq!(run.wait().expect("it ends").code(), Some(130));
    assert_gone(here.path());
}

fn assert_gone(folder: &Path) {
    for name in ["right", "wrong"] {
        let pid = text(folder, &format!("{name}.pid"));
        let stat = Path::new("/proc").join(pid.trim()).join("stat");
        wait_for(|| std::fs::read_to_string(&stat).map_or(true, |text| text.contains(") Z ")));
    }
}

fn wait_for(mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(20), "waited in vain");
        std::thread::sleep(Duration::from_millis(10));
    }
}
