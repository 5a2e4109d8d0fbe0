//! One fixed run in every report. The snapshots show what people see; the other tests hold what programs rely on.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus};
use serde_json::{Value, json};
use smcheck::judge::{
    About, Attempt, Cause, Convergence, Deviation, GoneEntry, Kind, RunVerdict, Status, TargetInfo, Verdict,
};
use smcheck::report::{Failing, json, junit, terminal};
use smcheck::scenario::EvidenceKind;

fn deviation(
    step: usize,
    operation: &str,
    kind: Kind,
    path: &str,
    expected: Value,
    actual: Value,
) -> Deviation {
    Deviation {
        step,
        operation: operation.into(),
        kind,
        path: path.into(),
        cause: String::new(),
        expected,
        actual,
        evidence: EvidenceKind::AwsDocs,
        source: format!("API reference, {operation}"),
        line: 10 + step,
    }
}

fn verdict(id: &str, title: &str, status: Status) -> Verdict {
    Verdict {
        id: id.into(),
        title: title.into(),
        path: format!("scenarios/{}.yaml", id.split('[').next().unwrap_or(id)),
        line: 2,
        status,
        reason: None,
        requests: 3,
        probes: 9,
        millis: 12,
        deviations: Vec::new(),
        known: Vec::new(),
        contract: Vec::new(),
        convergence: Vec::new(),
        about: About {
            evidence: Some(EvidenceKind::AwsDocs),
            source: "API reference".into(),
            operations: vec!["GetSecretValue".into()],
            rules: Vec::new(),
            steps: 3,
        },
        earlier: Vec::new(),
    }
}

/// A run in which everything that can happen happens once.
fn run() -> RunVerdict {
    let labels = Deviation {
        cause: "c01".into(),
        ..deviation(2, "PutSecretValue", Kind::Labels, "labels.v1", json!(["AWSPREVIOUS"]), json!([]))
    };
    let policy = |effect: &str| {
        let lines = [
            "{",
            "  \"Version\": \"2012-10-17\",",
            effect,
            "  \"Action\": \"secretsmanager:GetSecretValue\"",
            "}",
        ];
        Value::String(lines.join("\n"))
    };
    let header = Deviation {
        evidence: EvidenceKind::AwsModel,
        source: "the service model".into(),
        cause: "c03".into(),
        ..deviation(
            1,
            "CreateSecret",
            Kind::Wire,
            "header.content-type",
            json!("application/x-amz-json-1.1"),
            json!("text/html"),
        )
    };
    let message = "Secrets Manager can't find the specified secret.";
    let scenarios = vec![
        Verdict {
            reason: Some(
                "connection closed before the response was complete\nthe emulator's last words:\n  Traceback"
                    .into(),
            ),
            ..verdict(
                "policies/put-policy",
                "PutResourcePolicy keeps the policy as it was sent",
                Status::Error,
            )
        },
        Verdict {
            deviations: vec![deviation(
                1,
                "GetRandomPassword",
                Kind::Message,
                "message",
                json!("The length of password cannot be bigger than 4096."),
                json!("the length of password cannot be bigger than 4096"),
            )],
            ..verdict("random/too-long", "A password of more than 4096 characters is refused", Status::Near)
        },
        Verdict {
            reason: Some("needs rotation-lambda".into()),
            requests: 0,
            probes: 0,
            ..verdict("rotation/rotates-now", "RotateSecret calls the function at once", Status::Skipped)
        },
        Verdict {
            reason: Some("needs rotation-lambda".into()),
            requests: 0,
            probes: 0,
            ..verdict("rotation/rotates-later", "RotateSecret can wait for the window", Status::Skipped)
        },
        Verdict {
            known: vec![(
                3,
                deviation(
                    1,
                    "TagResource",
                    Kind::Outcome,
                    "",
                    json!("success"),
                    json!({"code": "InternalFailure"}),
                ),
            )],
            ..verdict("tags/names[50 tags]", "A secret may carry fifty tags", Status::Known)
        },
        Verdict {
            deviations: vec![Deviation {
                evidence: EvidenceKind::Inferred,
                source: "as PutSecretValue does".into(),
                ..deviation(3, "UpdateSecret", Kind::Value, "VersionId", json!("${v2}"), json!(null))
            }],
            ..verdict("update/same-token", "UpdateSecret with a used token changes nothing", Status::Unsure)
        },
        Verdict {
            convergence: vec![Convergence { step: 2, attempts: 4, millis: 350 }],
            ..verdict("versions/list-eventually", "A new version is listed after a while", Status::Passed)
        },
        Verdict {
            deviations: vec![
                labels.clone(),
                Deviation {
                    cause: "c02".into(),
                    ..deviation(
                        3,
                        "GetSecretValue",
                        Kind::Code,
                        "code",
                        json!("ResourceNotFoundException"),
                        json!("InvalidRequestException"),
                    )
                },
                deviation(
                    3,
                    "GetSecretValue",
                    Kind::Message,
                    "message",
                    json!(message),
                    json!("Secrets Manager can't find the secret."),
                ),
                deviation(
                    4,
                    "DescribeSecret",
                    Kind::Member,
                    "VersionIdsToStages.${v3}",
                    json!(null),
                    json!(["AWSCURRENT"]),
                ),
                deviation(
                    5,
                    "GetResourcePolicy",
                    Kind::Value,
                    "ResourcePolicy",
                    policy("  \"Effect\": \"Allow\","),
                    policy("  \"Effect\": \"Deny\","),
                ),
            ],
            ..verdict(
                "versions/put-moves-current",
                "PutSecretValue moves AWSCURRENT, and AWSPREVIOUS follows it",
                Status::Deviated,
            )
        },
        verdict(
            "versions/put-same-value",
            "PutSecretValue with the same token and value changes nothing",
            Status::Passed,
        ),
    ];
    let cause = |id: &str, of: &Deviation, scenarios, example: &str| Cause {
        id: id.into(),
        operation: of.operation.clone(),
        kind: of.kind,
        summary: format!("{}: expected {}, got {}", of.path, of.expected, of.actual),
        scenarios,
        evidence: of.evidence,
        source: of.source.clone(),
        example: example.into(),
    };
    let put = "versions/put-moves-current";
    let causes = vec![
        cause("c01", &labels, 1204, put),
        cause("c02", &scenarios[7].deviations[1], 2, put),
        cause("c03", &header, 1, put),
    ];
    RunVerdict {
        target: TargetInfo {
            name: "moto".into(),
            endpoint: "http://127.0.0.1:5000".into(),
            version: Some("5.2.5".into()),
        },
        verdicts: scenarios,
        contract: vec![header],
        causes,
        gone: vec![GoneEntry {
            place: "known/moto.yaml:12".into(),
            entry: "scenario tags/*, operation UntagResource, kind outcome".into(),
        }],
        used: vec!["known/moto.yaml:9".into()],
    }
}

fn passed_only() -> RunVerdict {
    RunVerdict {
        target: TargetInfo {
            name: "embedded".into(),
            endpoint: "http://127.0.0.1:4566".into(),
            version: None,
        },
        verdicts: vec![Verdict { probes: 0, requests: 1, ..verdict("a/b", "It holds", Status::Passed) }],
        contract: Vec::new(),
        causes: Vec::new(),
        gone: Vec::new(),
        used: Vec::new(),
    }
}

const STRICT: Failing<'static> = Failing {
    scenario: &|verdict| !matches!(verdict.status, Status::Passed | Status::Skipped | Status::Known),
    contract: &|_| true,
    gone: true,
};

const LENIENT: Failing<'static> =
    Failing { scenario: &|verdict| verdict.status == Status::Error, contract: &|_| false, gone: false };

fn on_terminal(run: &RunVerdict, width: usize, colour: bool, failing: Failing<'_>) -> String {
    terminal::render(run, &terminal::Options { width, colour, elapsed: Duration::from_millis(420), failing })
}

#[test]
fn terminal_for_a_person() {
    insta::assert_snapshot!("terminal", on_terminal(&run(), 100, false, Failing::USUAL));
}

#[test]
fn terminal_when_everything_counts() {
    insta::assert_snapshot!("terminal_strict", on_terminal(&run(), 100, false, STRICT));
}

#[test]
fn terminal_of_a_clean_run_is_two_lines() {
    let text = on_terminal(&passed_only(), 80, false, Failing::USUAL);
    assert_eq!(text, "embedded at http://127.0.0.1:4566\n1 passed; 1 request in 0.4 s\n");
}

#[test]
fn terminal_keeps_to_its_width() {
    let text = on_terminal(&run(), 80, false, STRICT);
    // The closing line stays in one piece, so that one can search for it.
    let body = text.trim_end().rsplit_once('\n').expect("many lines").0;
    let long: Vec<&str> = body.lines().filter(|line| line.chars().count() > 80).collect();
    assert!(long.is_empty(), "{long:#?}");
    assert_eq!(text, on_terminal(&run(), 10, false, STRICT), "less than 80 columns are taken for 80");
}

#[test]
fn colour_changes_the_look_and_nothing_else() {
    let plain = on_terminal(&run(), 100, false, Failing::USUAL);
    let painted = on_terminal(&run(), 100, true, Failing::USUAL);
    assert!(!plain.contains('\u{1b}'), "no escape sequences unless asked for");
    assert!(painted.contains("\u{1b}[31m"), "red");
    let stripped = anstream::adapter::strip_str(&painted).to_string();
    let trimmed: Vec<&str> = stripped.lines().map(str::trim_end).collect();
    assert_eq!(trimmed, plain.lines().collect::<Vec<_>>());
}

#[test]
fn one_line_for_each_scenario() {
    let lines: Vec<String> =
        run().verdicts.iter().map(|verdict| terminal::scenario_line(verdict, false)).collect();
    insta::assert_snapshot!("scenario_lines", lines.join("\n"));
    assert!(terminal::scenario_line(&run().verdicts[0], true).starts_with("\u{1b}[31mERROR"));
}

#[test]
fn the_closing_line_counts_scenarios_and_requests() {
    let shown = on_terminal(&run(), 100, false, Failing::USUAL);
    assert_eq!(
        shown.trim_end().lines().last().unwrap_or_default(),
        "2 passed, 1 error, 1 deviated, 1 unsure, 1 near, 1 known, 2 skipped; 1 contract finding; \
         84 requests (63 of them probes) in 0.4 s"
    );
}

#[test]
fn what_a_target_says_cannot_steer_the_terminal() {
    let mut run = run();
    let found = &mut run.verdicts[7].deviations[0];
    found.path = "labels.\u{1b}[2J".into();
    found.actual = json!(["\u{1b}]0;title\u{7}", "\u{9b}31m", "\u{202e}"]);
    let text = on_terminal(&run, 100, false, Failing::USUAL);
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
    assert!(!text.contains('\u{202e}'));
    let xml = junit::render(&[run], &Failing::USUAL);
    assert!(xml.chars().all(|c| c == '\n' || !c.is_control()), "{xml:?}");
}

#[test]
fn json_for_programs() {
    insta::assert_snapshot!("json", json::render(&[run()]).replace(env!("CARGO_PKG_VERSION"), "VERSION"));
}

/// The fields that the design promises, in its order. Others may stand between them.
fn holds_in_order(value: &Value, text: &str, keys: &[&str]) {
    let map = value.as_object().expect("a map");
    let mut rest = text;
    for key in keys {
        assert!(map.contains_key(*key), "{key} is missing in {value}");
        let at = rest.find(&format!("\"{key}\":")).unwrap_or_else(|| panic!("{key} is out of order"));
        rest = &rest[at..];
    }
}

#[test]
fn json_holds_every_field_of_the_design_in_its_order() {
    let text = json::render(&[run(), passed_only()]);
    let report: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(report["schema"], 1);
    assert_eq!(report["smcheck"], env!("CARGO_PKG_VERSION"));
    holds_in_order(&report, &text, &["schema", "smcheck", "runs"]);
    let runs = report["runs"].as_array().expect("a list");
    assert_eq!(runs.len(), 2);
    let run = &runs[0];
    let from_run = &text[text.find("\"runs\"").expect("runs")..];
    // Causes first: they are what there is to mend.
    holds_in_order(run, from_run, &["target", "totals", "causes", "scenarios"]);
    assert_eq!(
        run["target"],
        json!({"name": "moto", "endpoint": "http://127.0.0.1:5000", "version": "5.2.5"})
    );
    assert_eq!(
        run["totals"],
        json!({"passed": 2, "near": 1, "unsure": 1, "deviated": 1, "known": 1, "skipped": 2, "errors": 1})
    );
    let scenarios = run["scenarios"].as_array().expect("a list");
    assert_eq!(scenarios.len(), 9);
    let from_scenarios = &text[text.find("\"scenarios\"").expect("scenarios")..];
    for scenario in scenarios {
        holds_in_order(
            scenario,
            from_scenarios,
            &["id", "title", "status", "reason", "requests", "millis", "deviations"],
        );
        let has_reason = scenario["reason"].is_string();
        assert_eq!(has_reason, ["skipped", "error"].contains(&scenario["status"].as_str().expect("a word")));
    }
    let statuses: Vec<&str> = scenarios.iter().filter_map(|scenario| scenario["status"].as_str()).collect();
    assert_eq!(
        statuses,
        ["error", "near", "skipped", "skipped", "known", "unsure", "passed", "deviated", "passed"]
    );
    let first = &scenarios[7]["deviations"][0];
    let from_first = &text[text.find("\"step\": 2").expect("a step")..];
    holds_in_order(
        first,
        from_first,
        &["step", "operation", "kind", "path", "cause", "expected", "actual", "evidence", "source"],
    );
    assert_eq!(
        first,
        &json!({"step": 2, "operation": "PutSecretValue", "kind": "labels", "path": "labels.v1", "cause": "c01",
            "expected": ["AWSPREVIOUS"], "actual": [], "evidence": "aws-docs",
            "source": "API reference, PutSecretValue", "severity": "outcome", "line": 12})
    );
    let cause = &run["causes"][0];
    let from_causes = &text[text.find("\"causes\"").expect("causes")..];
    holds_in_order(cause, from_causes, &["id", "operation", "kind", "summary", "scenarios"]);
    assert_eq!(cause["scenarios"], 1204);
    assert_eq!(
        (&cause["smallest"], &cause["severity"]),
        (&"versions/put-moves-current".into(), &"outcome".into())
    );
    assert_eq!(scenarios[4]["known"][0]["operation"], "TagResource");
    assert_eq!(scenarios[4]["known"][0]["entry"], 3);
    assert_eq!(scenarios[4]["operations"], json!(["GetSecretValue"]));
    assert_eq!(run["contract"][0]["path"], "header.content-type");
    assert_eq!(run["gone"][0]["place"], "known/moto.yaml:12");
    assert_eq!(scenarios[6]["convergence"][0], json!({"step": 2, "attempts": 4, "millis": 350}));
}

#[test]
fn json_that_is_read_again_loses_nothing() {
    let mut run = run();
    run.verdicts[6].earlier = vec![Attempt {
        status: Status::Deviated,
        reason: None,
        deviations: run.verdicts[7].deviations.clone(),
        millis: 5,
    }];
    run.verdicts[8].contract = run.contract.clone();
    let read =
        json::read(&json::render_part(&[run.clone(), passed_only()], Some("hash:1/4"))).expect("a report");
    assert_eq!(read.part.as_deref(), Some("hash:1/4"));
    assert_eq!(read.runs, [run, passed_only()]);
}

#[test]
fn a_report_of_before_is_read_too() {
    let text = json::render(&[run()]);
    let mut old: Value = serde_json::from_str(&text).expect("JSON");
    let run = &mut old["runs"][0];
    for name in ["flaky", "used"] {
        run.as_object_mut().expect("a map").remove(name);
    }
    for scenario in run["scenarios"].as_array_mut().expect("a list") {
        let scenario = scenario.as_object_mut().expect("a map");
        for name in
            ["file", "evidence", "source", "operations", "rules", "steps", "contract", "flaky", "earlier"]
        {
            scenario.remove(name);
        }
    }
    let read = json::read(&old.to_string()).expect("a report");
    assert_eq!(read.runs[0].verdicts[7].deviations.len(), 5);
    assert_eq!(read.runs[0].verdicts[7].path, "scenarios/versions/put-moves-current.yaml");
}

#[test]
fn the_same_run_gives_the_same_text() {
    assert_eq!(json::render(&[run()]), json::render(&[run()]));
    assert!(json::render(&[]).contains("\"runs\": []"));
}

#[test]
fn junit_for_ci_servers() {
    insta::assert_snapshot!("junit", junit::render(&[run()], &Failing::USUAL));
}

fn case<'a>(report: &'a Report, suite: usize, name: &str) -> &'a TestCase {
    let cases = &report.test_suites[suite].test_cases;
    cases.iter().find(|case| case.name.as_str() == name).unwrap_or_else(|| panic!("no case {name}"))
}

fn is(case: &TestCase, wanted: NonSuccessKind) -> bool {
    matches!(&case.status, TestCaseStatus::NonSuccess { kind, .. } if *kind == wanted)
}

fn is_success(case: &TestCase) -> bool {
    matches!(case.status, TestCaseStatus::Success { .. })
}

#[test]
fn junit_is_well_formed_and_counts_right() {
    let xml = junit::render(&[run(), passed_only()], &Failing::USUAL);
    let report = Report::deserialize_from_str(&xml).expect("well-formed");
    assert_eq!(report.test_suites.len(), 2, "one suite for each target");
    let suite = &report.test_suites[0];
    assert_eq!((suite.name.as_str(), suite.tests, suite.failures, suite.errors), ("moto", 11, 2, 1));
    assert_eq!(suite.skipped, 2);
    let put = case(&report, 0, "put-moves-current");
    assert_eq!(put.classname.as_deref(), Some("versions"));
    assert!(is(put, NonSuccessKind::Failure));
    let TestCaseStatus::NonSuccess { message, description, .. } = &put.status else { panic!("a failure") };
    let message = message.as_deref().expect("a message");
    assert_eq!(message, "step 2, labels.v1: expected [AWSPREVIOUS], got []");
    let text = description.as_deref().expect("a text");
    assert!(text.contains("scenarios/versions/put-moves-current.yaml:12"), "{text}");
    assert!(is(case(&report, 0, "put-policy"), NonSuccessKind::Error));
    let TestCaseStatus::Skipped { message, .. } = &case(&report, 0, "rotates-now").status else {
        panic!("skipped")
    };
    assert_eq!(message.as_deref(), Some("needs rotation-lambda"));
    for quiet in ["too-long", "same-token", "names[50 tags]"] {
        let quiet = case(&report, 0, quiet);
        assert!(is_success(quiet) && quiet.system_out.is_some(), "{quiet:?}");
    }
    assert!(is(case(&report, 0, "contract"), NonSuccessKind::Failure));
    assert!(is_success(case(&report, 1, "contract")));
    assert!(is_success(case(&report, 0, "known")));
}

#[test]
fn junit_fails_what_fails_the_run() {
    let strict = Report::deserialize_from_str(&junit::render(&[run()], &STRICT)).expect("well-formed");
    for failing in ["too-long", "same-token", "put-moves-current", "contract", "known"] {
        assert!(is(case(&strict, 0, failing), NonSuccessKind::Failure), "{failing}");
    }
    let lenient = Report::deserialize_from_str(&junit::render(&[run()], &LENIENT)).expect("well-formed");
    for passing in ["too-long", "put-moves-current", "contract", "known"] {
        let passing = case(&lenient, 0, passing);
        assert!(is_success(passing) && passing.system_out.is_some(), "{passing:?}");
    }
    assert!(is(case(&lenient, 0, "put-policy"), NonSuccessKind::Error));
}
