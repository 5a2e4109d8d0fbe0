//! One small trace for each way in which labels can be wrong: what a step states of them, the laws they keep, the
//! views that tell of them.

use serde_json::{Value, json};

use super::miniature::*;
use super::{JudgeOptions, Kind, Status, judge};
use crate::scenario::{Action, Expect, Invariant, OperationCall, Parallel, ParallelCall, Place, Template};

const CURRENT: &[&str] = &["AWSCURRENT"];
const PREVIOUS: &[&str] = &["AWSPREVIOUS"];
const PENDING: &[&str] = &["AWSPENDING"];

#[test]
fn a_label_that_moves_wrongly_is_named_by_its_version() {
    let mini = put(&right()).labels(&[("v1", PREVIOUS), ("v2", CURRENT)]).read(state(&[
        (V1, &["AWSPENDING"]),
        (V2, CURRENT),
        (V3, &[]),
    ]));
    let verdict = mini.verdict();
    assert_eq!(verdict.status, Status::Deviated);
    let [moved, extra] = &verdict.deviations[..] else { panic!("{:#?}", verdict.deviations) };
    assert_eq!((moved.kind, moved.path.as_str()), (Kind::Labels, "labels.v1"));
    assert_eq!((&moved.expected, &moved.actual), (&json!(["AWSPREVIOUS"]), &json!(["AWSPENDING"])));
    assert_eq!((moved.step, moved.line, moved.source.as_str()), (1, 10, "a source"));
    assert!(extra.path.starts_with("labels.") && extra.expected.is_null() && extra.actual == json!([]));
}

#[test]
fn a_version_that_does_not_exist_has_no_labels_at_all() {
    let mini = put(&right()).labels(&[("v1", &[]), ("v2", CURRENT)]).read(state(&[(V2, CURRENT)]));
    let verdict = mini.verdict();
    assert_eq!(mini.found(), [deviation(Kind::Labels, "labels.v1")]);
    assert_eq!((&verdict.deviations[0].expected, &verdict.deviations[0].actual), (&json!([]), &Value::Null));
}

#[test]
fn no_version_at_all_is_a_state() {
    let create = || Mini::new().step("CreateSecret", Expect::Success, ok(&json!({"ARN": ARN, "Name": NAME})));
    assert_eq!(create().labels(&[]).read(state(&[])).found(), []);
    assert_eq!(
        create().labels(&[]).read(state(&[(V1, CURRENT)])).found(),
        [deviation(Kind::Labels, "labels.v1")]
    );
}

#[test]
fn a_secret_that_is_gone_or_refused_deviates_only_where_labels_are_stated() {
    for code in ["ResourceNotFoundException", "InvalidRequestException"] {
        let gone = || put(&right()).read(refused(code));
        assert_eq!(gone().found(), []);
        assert_eq!(gone().labels(&[]).found(), [deviation(Kind::Labels, "labels")]);
    }
}

#[test]
fn labels_that_were_not_read_are_an_error_and_no_agreement() {
    let verdict = put(&right()).labels(&[("v2", CURRENT)]).verdict();
    assert_eq!(verdict.status, Status::Error);
    assert_eq!(verdict.reason.as_deref(), Some("step 1: the labels it states were not read"));
}

#[test]
fn a_label_on_two_versions_breaks_a_law_and_is_told_with_the_first_step_that_shows_it() {
    let broken = || state(&[(V1, CURRENT), (V2, CURRENT)]);
    let mini =
        put(&right()).read(broken()).step("PutSecretValue", Expect::Success, ok(&right())).read(broken());
    let verdict = mini.verdict();
    assert_eq!(mini.found(), [deviation(Kind::Invariant, "invariant.one-version-per-label")]);
    assert_eq!(verdict.deviations[0].step, 1);
}

#[test]
fn a_secret_with_a_value_has_a_current_version_and_a_limit_of_labels() {
    assert_eq!(
        put(&right()).read(state(&[(V1, PREVIOUS)])).found(),
        [deviation(Kind::Invariant, "invariant.one-current")]
    );
    // A rotation may have begun before the secret had a value.
    assert_eq!(put(&right()).read(state(&[(V1, PENDING)])).found(), []);
    let many: Vec<String> = (0..20).map(|n| format!("label-{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).chain(["AWSCURRENT"]).collect();
    let mini = put(&right()).read(state(&[(V1, &many[..11]), (V2, &many[11..])]));
    assert_eq!(mini.found(), [deviation(Kind::Invariant, "invariant.label-limit")]);
}

#[test]
fn views_that_disagree_break_an_invariant() {
    let right_state: Stated<'_> = &[(V1, CURRENT), (V2, &[])];
    let wrong: Stated<'_> = &[(V1, &["AWSCURRENT", "AWSPENDING"])];
    let describe = put(&right()).read(views(right_state, wrong, right_state));
    assert_eq!(describe.found(), [deviation(Kind::Invariant, "invariant.views.describe")]);
    assert_eq!(describe.verdict().deviations[0].operation, "DescribeSecret");
    let list = put(&right()).read(views(right_state, right_state, wrong));
    assert_eq!(list.found(), [deviation(Kind::Invariant, "invariant.views.list")]);
    // A version that waits for its value is told of by the other views alone, and by nothing but AWSPENDING.
    let waits: Stated<'_> = &[(V1, CURRENT), (V3, PENDING)];
    assert_eq!(put(&right()).read(views(right_state, waits, waits)).found(), []);
    let valued: Stated<'_> = &[(V1, CURRENT), (V3, &["AWSPENDING", "mine"])];
    let both =
        ["describe", "list"].map(|view| deviation(Kind::Invariant, &format!("invariant.views.{view}")));
    assert_eq!(put(&right()).read(views(right_state, valued, valued)).found(), both);
    // A version without labels is in no other view.
    assert_eq!(put(&right()).read(views(right_state, &[(V1, CURRENT)], &[(V1, CURRENT)])).found(), []);
}

#[test]
fn an_entry_that_the_list_lacks_may_only_lag() {
    let mut probe = state(&[(V1, CURRENT)]);
    probe.list = vec![exchange("ListSecrets", &json!({}), ok(&json!({"SecretList": []})))];
    let mini = put(&right()).read(probe);
    assert_eq!(mini.found(), [deviation(Kind::Invariant, "invariant.views.list")]);
    let lagging = JudgeOptions { list_may_lag: true, ..JudgeOptions::default() };
    assert_eq!(judge(&mini.scenario, &mini.trace, &lagging).deviations, []);
}

#[test]
fn get_secret_value_tells_the_same_labels_as_the_list_of_versions() {
    let get = json!({"Name": NAME, "VersionId": V1, "VersionStages": ["AWSCURRENT", "AWSPENDING"]});
    let read = put(&right()).read(state(&[(V1, CURRENT)]));
    let mini = read.step("GetSecretValue", Expect::Success, ok(&get));
    assert_eq!(mini.found(), [deviation(Kind::Invariant, "invariant.views.value")]);
    // What changed since the last probe is not known.
    let mini = put(&right())
        .read(state(&[(V1, CURRENT)]))
        .step("UpdateSecretVersionStage", Expect::Success, ok(&json!({})))
        .step("GetSecretValue", Expect::Success, ok(&get));
    assert_eq!(mini.found(), []);
}

fn at_once(invariant: Invariant) -> Mini {
    let call = |line| ParallelCall {
        place: Place { line, column: 9 },
        action: Action::Call(OperationCall {
            operation: "PutSecretValue".to_owned(),
            input: Template::Value(json!({"SecretId": NAME})),
        }),
        expect: Expect::Either,
    };
    let mut mini =
        put(&right()).and(Some(1), None, fail("InvalidRequestException", "busy")).written(|step| {
            step.action =
                Action::Parallel(Parallel { calls: vec![call(11), call(12)], invariant: Some(invariant) });
        });
    mini.trace.steps[0].calls[0].inner = Some(0);
    mini
}

#[test]
fn an_invariant_of_a_parallel_step_counts_and_finds_the_carrier() {
    let invariant = |succeeded: u64, carrier: &str| Invariant {
        succeeded: Some(exact(&json!(succeeded))),
        failed: None,
        secret: None,
        labels: vec![("AWSCURRENT".to_owned(), exact(&json!(carrier)))],
    };
    let read = state(&[(V1, CURRENT)]);
    assert_eq!(at_once(invariant(1, V1)).read(read.clone()).found(), []);
    let wrong = at_once(invariant(2, V2)).read(read);
    assert_eq!(
        wrong.found(),
        [
            deviation(Kind::Invariant, "invariant.succeeded"),
            deviation(Kind::Invariant, "invariant.labels.AWSCURRENT"),
        ]
    );
    assert_eq!(wrong.verdict().deviations[0].actual, json!(1));
}
