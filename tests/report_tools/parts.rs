//! What is told of a part: of saved reports with a filter, of a run that ended early, of a report of one part.

use super::made::{asks, code, folder, read};
use super::program::{Server, err, out, said, smcheck};

/// One scenario that deviates and one that is right, so that a run has both.
fn two() -> tempfile::TempDir {
    folder(&[
        ("a/right", &asks("A secret that is not there is refused", "ResourceNotFoundException")),
        ("b/wrong", &asks("The same, and wrong on purpose", "InvalidRequestException")),
    ])
}

#[test]
fn a_filter_over_saved_reports_leaves_nothing_of_the_others() {
    let here = two();
    let server = Server::start(here.path(), &["content-type-html"]);
    let run = smcheck(here.path(), &["run", "-t", &server.url, "--report", "json=a.json"]);
    assert_eq!(code(&run), 1);
    let mut report: serde_json::Value =
        serde_json::from_str(&read(&here.path().join("a.json"))).expect("it is JSON");
    // Only the wrong one met what the contract found.
    let scenarios = report["runs"][0]["scenarios"].as_array_mut().expect("it is a list");
    assert_eq!(scenarios[0]["id"], "a/right");
    scenarios[0]["contract"] = serde_json::json!([]);
    std::fs::write(here.path().join("b.json"), report.to_string()).expect("it can be written");
    let all = smcheck(here.path(), &["compare", "--from", "b.json"]);
    assert!(code(&all) == 1 && out(&all).contains("contract finding"), "{}", said(&all));
    let right = smcheck(here.path(), &["compare", "--from", "b.json", "a/right"]);
    assert_eq!(code(&right), 0, "{}", said(&right));
    assert!(!out(&right).contains("contract finding"), "{}", out(&right));
}

#[test]
fn fail_fast_begins_no_other_target() {
    let here = two();
    let run = smcheck(
        here.path(),
        &["run", "-t", "embedded", "-t", "embedded", "--fail-fast", "b/", "--report", "json=a.json"],
    );
    assert_eq!(code(&run), 1, "{}", err(&run));
    let report: serde_json::Value =
        serde_json::from_str(&read(&here.path().join("a.json"))).expect("it is JSON");
    assert_eq!(report["runs"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_report_of_one_part_tells_of_no_entry_that_it_is_gone() {
    let here = two();
    let list = "smcheck: 1\nentries:\n  - {scenario: '*', operation: '*', kind: labels, path: '*', reason: so it is, evidence: {kind: reported, source: me}}\n";
    std::fs::write(here.path().join("k.yaml"), list).expect("it can be written");
    let part = ["run", "--partition", "hash:1/2", "--known", "k.yaml", "--report", "json=p.json"];
    assert!(code(&smcheck(here.path(), &part)) < 2);
    let shown = smcheck(here.path(), &["report", "show", "p.json"]);
    assert!(!out(&shown).contains("gone"), "{}", out(&shown));
}

#[test]
fn a_part_of_very_many_is_refused_in_few_words() {
    let here = two();
    let whole = ["run", "a/", "--report", "json=a.json"];
    assert_eq!(code(&smcheck(here.path(), &whole)), 0);
    let text =
        read(&here.path().join("a.json")).replacen("\"part\": null", "\"part\": \"hash:1/4000000000\"", 1);
    std::fs::write(here.path().join("many.json"), text).expect("it can be written");
    let merged = smcheck(here.path(), &["report", "merge", "many.json", "--out", "all.json"]);
    assert_eq!(code(&merged), 2, "{}", said(&merged));
    assert!(err(&merged).contains("hash:21/4000000000, others"), "{}", err(&merged));
}

#[test]
fn what_only_a_new_scenario_met_broke_nothing() {
    let here = two();
    let server = Server::start(here.path(), &["content-type-html"]);
    let run = |filter: &str, file: &str| {
        let report = format!("json={file}");
        code(&smcheck(here.path(), &["run", "-t", &server.url, filter, "--report", &report]))
    };
    run("a/", "whole.json");
    // The old report has another scenario, which met nothing.
    let old = read(&here.path().join("whole.json"));
    let mut old: serde_json::Value = serde_json::from_str(&old).expect("it is JSON");
    run("/", "new.json");
    let scenario = &mut old["runs"][0]["scenarios"][0];
    scenario["contract"] = serde_json::json!([]);
    old["runs"][0]["contract"] = serde_json::json!([]);
    std::fs::write(here.path().join("old.json"), old.to_string()).expect("it can be written");
    let mut new: serde_json::Value =
        serde_json::from_str(&read(&here.path().join("new.json"))).expect("it is JSON");
    new["runs"][0]["scenarios"][0]["contract"] = serde_json::json!([]);
    std::fs::write(here.path().join("new.json"), new.to_string()).expect("it can be written");
    let diff = smcheck(here.path(), &["report", "diff", "old.json", "new.json"]);
    assert_eq!(code(&diff), 0, "{}", said(&diff));
}

#[test]
fn annotations_do_not_stand_beside_a_report_on_stdout() {
    let here = two();
    let both = smcheck(here.path(), &["run", "--report", "json=-", "--report", "github"]);
    assert_eq!((code(&both), out(&both).as_str()), (2, ""));
}
