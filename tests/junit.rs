//! JUnit reports of every sort, held to the schema that Jenkins' xunit plugin validates with (`tests/junit/junit-10.xsd`,
//! under the MIT licence, as pytest's source archive carries it). GitLab has no schema: what it reads is asked for below.
//!
//! `.ci/run junit` installs the validator and calls this test with `SMCHECK_PYTHON`; where neither that nor
//! `target/ci/junit` is there, the schema is not asked, and the test says so. The rules of it that matter most are held
//! here all the same.

use std::path::{Path, PathBuf};
use std::process::Command;

use quick_junit::Report;
use serde_json::json;
use smcheck::judge::{
    About, Attempt, Cause, Deviation, GoneEntry, Kind, RunVerdict, Status, TargetInfo, Verdict,
};
use smcheck::report::{Failing, json as json_report, junit};
use smcheck::scenario::EvidenceKind;

/// What XML forbids, what it escapes, and what a terminal would obey.
const NASTY: &str = "a\u{0}b\u{8}c\u{1b}[31m ]]> <b a=\"1\">&amp; \u{fffe}\u{ffff}\u{85}\r\n\ttab é 𝄞 'q'";

fn deviation(kind: Kind) -> Deviation {
    Deviation {
        step: 1,
        operation: NASTY.into(),
        kind,
        path: NASTY.into(),
        cause: "c01".into(),
        expected: json!(NASTY),
        actual: json!({NASTY: [NASTY]}),
        evidence: EvidenceKind::AwsDocs,
        source: NASTY.into(),
        line: 3,
    }
}

fn verdict(id: &str, status: Status) -> Verdict {
    let differs = matches!(status, Status::Deviated | Status::Near | Status::Unsure);
    let reason = matches!(status, Status::Skipped | Status::Error).then(|| NASTY.to_owned());
    Verdict {
        id: format!("folder/{id}[{NASTY}]"),
        title: NASTY.into(),
        path: "scenarios/folder/file.yaml".into(),
        line: 1,
        status,
        reason,
        requests: 1,
        probes: 0,
        millis: 1_234_567,
        deviations: if differs { vec![deviation(Kind::Value), deviation(Kind::Message)] } else { Vec::new() },
        known: if status == Status::Known { vec![(0, deviation(Kind::Code))] } else { Vec::new() },
        contract: Vec::new(),
        convergence: Vec::new(),
        about: About::default(),
        earlier: Vec::new(),
    }
}

fn attempt(status: Status) -> Attempt {
    let of = verdict("x", status);
    Attempt { status, reason: of.reason, deviations: of.deviations, millis: 3 }
}

/// A run in which everything happens.
fn run() -> RunVerdict {
    let statuses = [
        ("a", Status::Passed),
        ("b", Status::Near),
        ("c", Status::Unsure),
        ("d", Status::Deviated),
        ("e", Status::Known),
        ("f", Status::Skipped),
        ("g", Status::Error),
    ];
    let mut verdicts: Vec<Verdict> = statuses.iter().map(|(id, status)| verdict(id, *status)).collect();
    let tried = |id, status| Verdict {
        earlier: vec![attempt(Status::Deviated), attempt(Status::Error)],
        ..verdict(id, status)
    };
    verdicts.push(tried("h", Status::Passed));
    verdicts.push(tried("i", Status::Deviated));
    verdicts.push(tried("j", Status::Error));
    verdicts.push(tried("k", Status::Skipped));
    RunVerdict {
        target: TargetInfo { name: NASTY.into(), endpoint: NASTY.into(), version: Some(NASTY.into()) },
        verdicts,
        contract: vec![deviation(Kind::Wire)],
        causes: vec![Cause {
            id: "c01".into(),
            operation: NASTY.into(),
            kind: Kind::Value,
            summary: NASTY.into(),
            scenarios: 3,
            evidence: EvidenceKind::AwsDocs,
            source: NASTY.into(),
            example: "folder/d".into(),
        }],
        gone: vec![GoneEntry { place: "known/x.yaml:1".into(), entry: NASTY.into() }],
        used: Vec::new(),
    }
}

fn clean() -> RunVerdict {
    RunVerdict {
        target: TargetInfo { name: "embedded".into(), endpoint: "http://127.0.0.1:1".into(), version: None },
        verdicts: vec![verdict("a", Status::Passed)],
        contract: Vec::new(),
        causes: Vec::new(),
        gone: Vec::new(),
        used: Vec::new(),
    }
}

const ALL_FAIL: Failing<'static> = Failing { scenario: &|_| true, contract: &|_| true, gone: true };
const NONE_FAIL: Failing<'static> = Failing { scenario: &|_| false, contract: &|_| false, gone: false };

fn reports() -> Vec<(&'static str, String)> {
    vec![
        ("usual", junit::render(&[run(), clean()], &Failing::USUAL)),
        ("all-fail", junit::render(&[run()], &ALL_FAIL)),
        ("none-fails", junit::render(&[run()], &NONE_FAIL)),
        ("clean", junit::render(&[clean()], &Failing::USUAL)),
        ("empty", junit::render(&[], &Failing::USUAL)),
    ]
}

/// The interpreter that has the validator, if there is one.
fn python() -> Option<PathBuf> {
    let named = std::env::var_os("SMCHECK_PYTHON").map(PathBuf::from);
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/ci/junit/bin/python");
    named.or_else(|| installed.is_file().then_some(installed))
}

fn validate(python: &Path, arguments: &[&Path]) -> (bool, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/junit/validate.py");
    let output = Command::new(python).arg(script).args(arguments).output().expect("there is a Python");
    let told = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&told).into_owned())
}

#[test]
fn reports_are_valid_by_the_schemas_that_others_read_them_with() {
    let Some(python) = python() else {
        eprintln!("the schemas were not asked: `.ci/run junit` installs their validator");
        return;
    };
    let folder = tempfile::tempdir().expect("there is room for a folder");
    for (name, text) in reports() {
        let file = folder.path().join(format!("{name}.xml"));
        std::fs::write(&file, text).expect("it can be written");
        let (valid, told) = validate(&python, &[Path::new("xml"), &file]);
        assert!(valid, "{name}: {told}");
    }
    // A validator that finds nothing wrong with anything would be of no use.
    let wrong = folder.path().join("wrong.xml");
    let text = junit::render(&[clean()], &Failing::USUAL).replace("<testcase name=", "<testcase file=");
    std::fs::write(&wrong, text).expect("it can be written");
    let (valid, told) = validate(&python, &[Path::new("xml"), &wrong]);
    assert!(!valid && told.contains("testcase"), "{told}");

    let schema = folder.path().join("report.schema.json");
    std::fs::write(&schema, json_report::JSON_SCHEMA).expect("it can be written");
    let report = folder.path().join("report.json");
    std::fs::write(&report, json_report::render(&[run(), clean()])).expect("it can be written");
    let (valid, told) = validate(&python, &[Path::new("json"), &schema, &report]);
    assert!(valid, "{told}");
}

/// The attributes that each element may have, by the schema.
const ATTRIBUTES: &[(&str, &[&str])] = &[
    ("testsuites", &["name", "time", "tests", "failures", "errors"]),
    (
        "testsuite",
        &[
            "name",
            "tests",
            "failures",
            "errors",
            "group",
            "time",
            "skipped",
            "timestamp",
            "hostname",
            "id",
            "package",
            "file",
            "log",
            "url",
            "version",
        ],
    ),
    ("property", &["name", "value"]),
    ("testcase", &["name", "time", "classname", "group"]),
    ("failure", &["type", "message"]),
    ("error", &["type", "message"]),
    ("skipped", &["type", "message"]),
    ("rerunFailure", &["type", "message"]),
    ("rerunError", &["type", "message"]),
    ("flakyFailure", &["type", "message"]),
    ("flakyError", &["type", "message"]),
    ("properties", &[]),
    ("system-out", &[]),
    ("stackTrace", &[]),
];

/// The opening tags of a text: name and attributes. Ours have `<` nowhere else.
fn tags(text: &str) -> Vec<(String, Vec<String>)> {
    let tag = regex::Regex::new(r#"<([A-Za-z-]+)((?:\s+[A-Za-z-]+="[^"]*")*)\s*/?>"#).expect("it is one");
    let attribute = regex::Regex::new(r#"([A-Za-z-]+)="[^"]*""#).expect("it is one");
    tag.captures_iter(text)
        .map(|found| {
            let names = attribute.captures_iter(&found[2]).map(|one| one[1].to_owned()).collect();
            (found[1].to_owned(), names)
        })
        .collect()
}

#[test]
fn no_element_has_an_attribute_that_the_schema_does_not_know() {
    for (report, text) in reports() {
        let text = text.split_once("?>").expect("it has a declaration").1;
        let found = tags(text);
        assert_eq!(
            found.len(),
            text.matches('<').count() - text.matches("</").count(),
            "{report}: a tag is no tag"
        );
        for (name, attributes) in found {
            let (_, allowed) = ATTRIBUTES
                .iter()
                .find(|(known, _)| *known == name)
                .unwrap_or_else(|| panic!("{report}: {name}"));
            for attribute in &attributes {
                assert!(allowed.contains(&attribute.as_str()), "{report}: {name} has {attribute}");
            }
            if name.starts_with("rerun") || name.starts_with("flaky") {
                assert!(attributes.contains(&"type".to_owned()), "{report}: {name} must say its type");
            }
        }
    }
}

#[test]
fn characters_that_xml_forbids_are_shown_as_escapes() {
    for (report, text) in reports() {
        let forbidden = |c: char| c.is_control() && c != '\n' || matches!(c, '\u{fffe}' | '\u{ffff}');
        assert_eq!(text.chars().find(|c| forbidden(*c)), None, "{report}");
        Report::deserialize_from_str(&text).unwrap_or_else(|why| panic!("{report}: {why}"));
    }
}

/// GitLab shows name, classname, time, and the text of a failure or error; a case is what has a name.
#[test]
fn what_gitlab_reads_is_there() {
    let text = junit::render(&[run()], &Failing::USUAL);
    let report = Report::deserialize_from_str(&text).expect("well-formed");
    let suite = &report.test_suites[0];
    for case in &suite.test_cases {
        assert!(!case.name.as_str().is_empty() && case.classname.is_some(), "{case:?}");
    }
    let mut names: Vec<(&str, &str)> = suite
        .test_cases
        .iter()
        .map(|case| (case.classname.as_deref().unwrap_or(""), case.name.as_str()))
        .collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "GitLab takes cases of one name for one");
}
