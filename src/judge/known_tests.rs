//! Lists of known deviations: reading, taking out, what is gone, and writing one from a run.

use serde_json::json;

use super::known::{KnownError, KnownList, render};
use super::miniature::*;
use super::{JudgeOptions, Kind, RunVerdict, Status, Verdict, assemble};
use crate::scenario::Expect;

const TODAY: &str = "2026-11-24";

const LIST: &str = r#"# Where mini differs.
smcheck: 1
catalogue: "0.1.0"
entries:
  - scenario: "get/*"
    operation: GetSecretValue
    kind: message
    path: "*"
    reason: |
      AWS says it with a full stop.
      - and that is a list in a text
    evidence: {kind: aws-recorded, source: "a recording", date: "2024"}
  - scenario: "*"
    operation: PutSecretValue
    kind: member
    path: "Tags[].Color"
    reason: "TODO: say why AWS differs"
    evidence: {kind: aws-model, source: botocore}
    issue: https://example.org/1
    expires: 2027-01-01
"#;

fn list(text: &str) -> KnownList {
    KnownList::parse("known/mini.yaml", text).expect("it is a list")
}

fn message(id: &str) -> Verdict {
    let expect = fails("ResourceNotFoundException", "no.");
    Mini::named(id).step("GetSecretValue", expect, fail("ResourceNotFoundException", "no")).verdict()
}

fn member_too_many(id: &str) -> Verdict {
    let body = json!({"Name": NAME, "Extra": 1});
    Mini::named(id).step("PutSecretValue", Expect::Success, ok(&body)).verdict()
}

fn run_with(verdicts: Vec<Verdict>, list: &KnownList, today: &str) -> RunVerdict {
    assemble(target(), verdicts, Some(list), today, &JudgeOptions::default())
}

#[test]
fn a_list_is_read_with_the_lines_of_its_entries() {
    let list = list(LIST);
    assert_eq!(list.catalogue.as_deref(), Some("0.1.0"));
    assert_eq!(list.entries.iter().map(|entry| entry.line).collect::<Vec<_>>(), [5, 13]);
    assert_eq!(list.entries[1].issue.as_deref(), Some("https://example.org/1"));
    assert_eq!(
        list.lint(),
        [
            "known/mini.yaml:13: no reason: say what AWS does instead, for * PutSecretValue member Tags[].Color"
        ]
    );
}

#[test]
fn what_is_wrong_with_a_list_names_file_and_line() {
    for (from, to, expected) in [
        ("smcheck: 1", "smcheck: 2", "known/mini.yaml:1: this list has format 2"),
        ("kind: member", "kind: mebmer", "known/mini.yaml:13: unknown kind `mebmer`"),
        (
            "operation: PutSecretValue",
            "operation: PutSecret",
            "known/mini.yaml:13: unknown operation `PutSecret`",
        ),
        ("expires: 2027-01-01", "expires: soon", "known/mini.yaml:13: `expires` is no day"),
        ("    issue:", "    isue:", "known/mini.yaml:19:5: "),
        ("entries:", "entries: [", "known/mini.yaml:"),
    ] {
        let text = LIST.replace(from, to);
        assert_ne!(text, LIST);
        let error = KnownList::parse("known/mini.yaml", &text).expect_err("it is wrong").to_string();
        assert!(error.starts_with(expected), "{error}");
    }
    let large = "#".repeat((1 << 20) + 1);
    assert!(matches!(KnownList::parse("k.yaml", &large), Err(KnownError::TooLarge { .. })));
}

#[test]
fn known_deviations_are_taken_out_and_decide_nothing() {
    let run = run_with(vec![message("get/a"), message("other/a")], &list(LIST), "2026-11-24");
    let [known, near] = &run.verdicts[..] else { panic!("{run:#?}") };
    assert_eq!((known.status, known.known.len(), known.deviations.len()), (Status::Known, 1, 0));
    assert_eq!(known.known[0].0, 0);
    assert_eq!((near.status, near.known.len()), (Status::Near, 0));
    // Only what is not known has a cause.
    assert_eq!((run.causes.len(), run.causes[0].scenarios), (1, 1));
}

#[test]
fn findings_of_the_contract_are_known_by_entries_for_all_scenarios() {
    let extra = |scenario: &str| {
        list(
            &LIST
                .replace("\"*\"\n    operation: Put", &format!("{scenario:?}\n    operation: Put"))
                .replace("Tags[].Color", "Extra"),
        )
    };
    let run = run_with(vec![member_too_many("put/a")], &extra("*"), "2026-11-24");
    assert_eq!((run.contract.len(), run.causes.len(), run.verdicts[0].status), (0, 0, Status::Passed));
    let run = run_with(vec![member_too_many("put/a")], &extra("put/*"), "2026-11-24");
    assert_eq!((run.contract.len(), run.causes.len()), (1, 1));
}

#[test]
fn an_entry_that_nothing_matched_is_gone_when_a_scenario_of_its_ran() {
    let passed = |id: &str| {
        Mini::named(id).step("RestoreSecret", Expect::Success, ok(&json!({"Name": NAME}))).verdict()
    };
    let run = run_with(vec![passed("get/a")], &list(LIST), "2026-11-24");
    assert_eq!(
        run.gone.iter().map(|g| g.place.as_str()).collect::<Vec<_>>(),
        ["known/mini.yaml:5", "known/mini.yaml:13"]
    );
    assert_eq!(run.gone[0].entry, "get/* GetSecretValue message *");
    let run = run_with(vec![passed("other/a")], &list(LIST), "2026-11-24");
    assert_eq!(run.gone.len(), 1, "{:?}", run.gone);
    let mut skipped = passed("get/a");
    skipped.status = Status::Skipped;
    assert_eq!(run_with(vec![skipped], &list(LIST), "2026-11-24").gone, []);
}

#[test]
fn an_entry_is_not_gone_where_nobody_can_know_it() {
    let passed =
        || Mini::named("get/a").step("RestoreSecret", Expect::Success, ok(&json!({"Name": NAME}))).verdict();
    let judged = |text: &str, is_part: bool| {
        let options = JudgeOptions { is_part, ..JudgeOptions::default() };
        let before = list(text);
        let run = assemble(target(), vec![passed()], Some(&before), TODAY, &options);
        let written = list(&render(&run, Some(&before), TODAY)).entries.len();
        (run.gone.iter().map(|gone| gone.entry.clone()).collect::<Vec<_>>(), written)
    };
    let text = LIST.replace("scenario: \"*\"", "scenario: get/a");
    // Both scenarios' entries have no use, and are taken out where the list is written anew.
    assert_eq!(judged(&text, false).0.len(), 2);
    assert_eq!(judged(&text, false).1, 0);
    // In a part another scenario may need the pattern.
    assert_eq!(judged(&text, true), (vec!["get/a PutSecretValue member Tags[].Color".to_owned()], 1));
    // And what does not always occur is never gone.
    let text = text.replace("    operation:", "    sometimes: true\n    operation:");
    assert_eq!(judged(&text, false), (vec![], 2));
    assert!(list(&text).entries.iter().all(|entry| entry.sometimes));
}

#[test]
fn an_expired_entry_no_longer_applies_and_is_reported() {
    let text = LIST.replace("Tags[].Color", "Extra");
    let run = |today| run_with(vec![member_too_many("put/a")], &list(&text), today);
    assert_eq!(run("2027-01-01").contract.len(), 0);
    let expired = run("2027-01-02");
    assert_eq!(expired.contract.len(), 1);
    assert!(expired.gone[0].entry.ends_with("(expired on 2027-01-01)"), "{:?}", expired.gone);
}

#[test]
fn a_pattern_reads_brackets_and_braces_as_they_are() {
    let text = LIST.replace("get/*", "get/a[space]").replace("path: \"*\"", "path: mess*");
    let run = run_with(vec![message("get/a[space]"), message("get/as")], &list(&text), "2026-11-24");
    assert_eq!(run.verdicts.iter().map(|v| v.status).collect::<Vec<_>>(), [Status::Known, Status::Near]);
}

#[test]
fn a_list_written_from_a_run_makes_that_run_known() {
    let verdicts = || {
        let mut all =
            vec![member_too_many("put/a"), message("get/a"), message("get/b"), message("x/a[case: 1]")];
        all.extend(["f1/a", "f2/a", "f3/a", "f4/a"].map(|id| {
            Mini::named(id)
                .step("RestoreSecret", Expect::Success, fail("InvalidRequestException", id))
                .verdict()
        }));
        all
    };
    let text = render(&run_of(verdicts()), None, TODAY);
    let written = list(&text);
    let described: Vec<String> = written.entries.iter().map(super::KnownEntry::describe).collect();
    assert_eq!(
        described,
        [
            "get/* GetSecretValue message message",
            "x/a[case: 1] GetSecretValue message message",
            "* PutSecretValue member Extra",
            "* RestoreSecret outcome outcome",
        ],
        "{text}"
    );
    assert_eq!(written.lint().len(), 4);
    let run = run_with(verdicts(), &written, "2026-11-24");
    assert!(run.verdicts.iter().all(|v| matches!(v.status, Status::Known | Status::Passed)), "{run:#?}");
    assert_eq!((run.contract.len(), run.causes.len(), run.gone.len()), (0, 0, 0));
    // Writing again changes nothing, judged with the list or without it.
    assert_eq!(render(&run, Some(&written), TODAY), text);
    assert_eq!(render(&run_of(verdicts()), Some(&written), TODAY), text);
}

#[test]
fn what_is_written_already_keeps_its_words() {
    let old = list(LIST);
    // Of a part, so that nothing is taken out.
    let options = JudgeOptions { is_part: true, ..JudgeOptions::default() };
    let run = assemble(target(), vec![message("new/a")], Some(&old), TODAY, &options);
    let text = render(&run, Some(&old), TODAY);
    assert!(text.starts_with("# Where mini differs.\nsmcheck: 1\n"), "{text}");
    let new = list(&text);
    assert_eq!(new.entries.len(), 3);
    for (old, new) in old.entries.iter().zip(&new.entries) {
        assert_eq!(
            (old.describe(), &old.reason, &old.evidence),
            (new.describe(), &new.reason, &new.evidence)
        );
        assert_eq!((&old.issue, &old.expires), (&new.issue, &new.expires));
    }
    assert_eq!(
        (new.entries[2].scenario.as_str(), new.entries[2].kind.as_str()),
        ("new/a", Kind::Message.as_str())
    );
}
