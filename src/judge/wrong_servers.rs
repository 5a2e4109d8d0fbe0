//! One small trace for each way of being wrong: each must be found, and named by its kind.

use serde_json::{Value, json};

use super::miniature::*;
use super::{JudgeOptions, Kind, Status, judge};
use crate::scenario::{
    Action, EvidenceKind, Expect, Failure, Invariant, Matcher, OperationCall, Parallel, ParallelCall, Place,
    Repeat, Template,
};
use crate::trace::End;

const CURRENT: &[&str] = &["AWSCURRENT"];
const PREVIOUS: &[&str] = &["AWSPREVIOUS"];
const PENDING: &[&str] = &["AWSPENDING"];

fn put(response: &Value) -> Mini {
    Mini::new().step("PutSecretValue", Expect::Success, ok(response))
}

fn right() -> Value {
    json!({"ARN": ARN, "Name": NAME, "VersionId": V2, "VersionStages": ["AWSCURRENT"]})
}

fn deviation(kind: Kind, path: &str) -> (Kind, String) {
    (kind, path.to_owned())
}

#[test]
fn a_server_that_is_right_passes() {
    let mini = Mini::new()
        .step("PutSecretValue", returns(&right()), ok(&right()))
        .labels(&[("v1", PREVIOUS), ("v2", CURRENT)])
        .read(state(&[(V1, PREVIOUS), (V2, CURRENT)]))
        .step(
            "GetSecretValue",
            Expect::Success,
            ok(&json!({"Name": NAME, "VersionId": V2, "VersionStages": CURRENT})),
        );
    let verdict = mini.verdict();
    assert_eq!((verdict.status, verdict.deviations, verdict.contract), (Status::Passed, vec![], vec![]));
    assert_eq!((verdict.requests, verdict.probes, verdict.millis), (2, 3, 12));
}

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
fn a_success_where_a_failure_belongs_is_an_outcome() {
    let fails = || fails("ResourceNotFoundException", "no");
    let verdict = Mini::new().step("GetSecretValue", fails(), ok(&json!({"Name": NAME}))).verdict();
    let found = &verdict.deviations[0];
    assert_eq!((found.kind, found.path.as_str()), (Kind::Outcome, "outcome"));
    assert_eq!(
        (&found.expected, &found.actual),
        (&json!("failure ResourceNotFoundException"), &json!("success"))
    );
}

#[test]
fn a_failure_where_a_success_belongs_is_one_deviation_whatever_follows_from_it() {
    let mini = Mini::new()
        .step("PutSecretValue", returns(&right()), fail("InvalidRequestException", "not now"))
        .labels(&[("v2", CURRENT)])
        .read(state(&[(V1, CURRENT)]));
    let verdict = mini.verdict();
    assert_eq!(mini.found(), [deviation(Kind::Outcome, "outcome")]);
    assert_eq!(verdict.deviations[0].actual, json!("failure InvalidRequestException: not now"));
}

#[test]
fn another_code_is_a_code_and_its_text_no_second_fault() {
    let mini = Mini::new().step(
        "GetSecretValue",
        fails("ResourceNotFoundException", "no"),
        fail("InvalidRequestException", "another text"),
    );
    assert_eq!(mini.found(), [deviation(Kind::Code, "code")]);
    assert_eq!(mini.verdict().status, Status::Deviated);
}

#[test]
fn a_code_that_nobody_declares_is_told_once() {
    let step = |expect| Mini::new().step("GetSecretValue", expect, fail("NoSuchThing", "no"));
    let stated = step(fails("ResourceNotFoundException", "no")).verdict();
    assert_eq!((stated.deviations.len(), stated.contract.len()), (1, 0));
    let unstated = Expect::Fails(Failure { code: None, message: None, status: Some(400) });
    let unstated = step(unstated).verdict();
    assert_eq!((unstated.status, unstated.deviations.len()), (Status::Passed, 0));
    assert_eq!((unstated.contract[0].kind, unstated.contract[0].path.as_str()), (Kind::Code, "code"));
}

#[test]
fn another_message_or_status_is_near() {
    let expect = Expect::Fails(Failure {
        code: Some(exact(&json!("ResourceNotFoundException"))),
        message: Some(exact(&json!("no"))),
        status: Some(404),
    });
    let mini = Mini::new().step("GetSecretValue", expect, fail("ResourceNotFoundException", "not there"));
    assert_eq!(mini.found(), [deviation(Kind::Message, "message"), deviation(Kind::Wire, "status")]);
    assert_eq!(mini.verdict().status, Status::Near);
    assert_eq!(mini.verdict().contract, []);
}

#[test]
fn what_only_inference_says_is_unsure() {
    let mini = put(&json!({"Name": "x"}))
        .written(|step| step.expect = returns(&json!({"Name": NAME})))
        .written(|step| step.evidence = Some(evidence(EvidenceKind::Inferred)));
    assert_eq!(mini.found(), [deviation(Kind::Value, "Name")]);
    assert_eq!(mini.verdict().status, Status::Unsure);
}

#[test]
fn a_member_too_many_is_reported_by_the_step_that_lists_members_and_not_again() {
    let mut body = right();
    body["CreatedAt"] = json!(1);
    let mini = Mini::new().step("PutSecretValue", returns(&right()), ok(&body));
    let verdict = mini.verdict();
    assert_eq!(mini.found(), [deviation(Kind::Member, "CreatedAt")]);
    assert_eq!((verdict.status, verdict.contract), (Status::Deviated, vec![]));
}

#[test]
fn the_contract_finds_what_no_step_names_once_for_the_target() {
    let get = json!({"Name": NAME, "CreatedDate": "2026-01-01", "SecretString": null, "Extra": 1});
    let mini = Mini::new().step("GetSecretValue", Expect::Success, ok(&get)).step(
        "GetSecretValue",
        Expect::Success,
        ok(&get),
    );
    let verdict = mini.verdict();
    assert_eq!((verdict.status, verdict.deviations.len()), (Status::Passed, 0));
    let found: Vec<_> = verdict.contract.iter().map(|d| (d.kind, d.path.as_str(), d.step)).collect();
    let expected =
        [(Kind::Type, "CreatedDate", 1), (Kind::Member, "Extra", 1), (Kind::Type, "SecretString", 1)];
    assert_eq!(found, expected);
    let run = run_of(vec![verdict.clone(), verdict]);
    assert_eq!(run.contract.len(), 3);
    assert!(run.contract.iter().all(|found| !found.cause.is_empty()));
    assert!(super::contract_fails(&run.contract, &JudgeOptions::default()));
}

#[test]
fn a_null_and_a_text_for_a_time_are_types_where_a_step_names_them() {
    let expect = |member: &str, matcher| {
        Expect::Returns(Matcher::Map {
            members: vec![(Template::Value(json!(member)), matcher)],
            partial: false,
        })
    };
    let time = Matcher::Type(crate::scenario::matcher::TypeName::Timestamp);
    let text = Mini::new().step(
        "GetSecretValue",
        expect("CreatedDate", time),
        ok(&json!({"CreatedDate": "2026-01-01T00:00:00Z"})),
    );
    assert_eq!(text.found(), [deviation(Kind::Type, "CreatedDate")]);
    assert_eq!(text.verdict().contract, []);
    let null =
        Mini::new().step("GetSecretValue", expect("Name", exact(&json!(NAME))), ok(&json!({"Name": null})));
    assert_eq!(null.found(), [deviation(Kind::Type, "Name")]);
    assert_eq!(null.verdict().deviations[0].actual, json!("null"));
}

#[test]
fn a_success_that_no_client_can_read_deviates() {
    let mut response = ok(&right());
    response.body = bytes::Bytes::from_static(b"<html>");
    let mini = Mini::new().step("PutSecretValue", returns(&right()), response);
    assert_eq!(mini.found(), [deviation(Kind::Type, "body")]);
    assert_eq!(mini.verdict().contract, []);
}

#[test]
fn a_request_that_is_repeated_deviates_once() {
    let wrong = json!({"ARN": ARN, "Name": NAME, "VersionId": V2, "VersionStages": ["AWSPENDING"]});
    let mini = Mini::new()
        .step("PutSecretValue", returns(&right()), ok(&wrong))
        .and(None, Some(("n", json!(2))), ok(&wrong))
        .written(|step| step.repeat = Some(Repeat::Times { times: 2, variable: Some("n".to_owned()) }));
    assert_eq!(mini.found(), [deviation(Kind::Value, "VersionStages[0]")]);
}

#[test]
fn the_loop_variable_is_in_scope_of_its_own_response() {
    let body = |id: &str| json!({"VersionId": id});
    let members =
        vec![(Template::Value(json!("VersionId")), Matcher::Exact(Template::Whole("token".to_owned())))];
    let mini = Mini::new()
        .step("PutSecretValue", Expect::Returns(Matcher::Map { members, partial: false }), ok(&body(V1)))
        .and(None, Some(("token", json!(V2))), ok(&body(V2)));
    let mut mini = mini.written(|step| {
        step.repeat = Some(Repeat::Over { values: Vec::new(), variable: "token".to_owned() });
    });
    mini.trace.steps[0].calls[0].bound = Some(("token".to_owned(), json!(V1)));
    assert_eq!(mini.found(), []);
    mini.trace.steps[0].calls[1].bound = Some(("token".to_owned(), json!(V1)));
    assert_eq!(mini.found(), [deviation(Kind::Value, "VersionId")]);
}

#[test]
fn pages_are_matched_as_one_list() {
    let page = |id: &str, more: bool| {
        let mut body = json!({"Versions": [{"VersionId": id}], "Name": NAME});
        if more {
            body["NextToken"] = json!("token");
        }
        ok(&body)
    };
    let all = json!({"Versions": [{"VersionId": V1}, {"VersionId": V2}], "Name": NAME});
    let mini = |last| {
        Mini::new()
            .step("ListSecretVersionIds", returns(&all), page(V1, true))
            .and(None, None, last)
            .written(|step| step.repeat = Some(Repeat::Pages { member: "Versions".to_owned() }))
    };
    assert_eq!(mini(page(V2, false)).found(), []);
    assert_eq!(mini(page(V3, false)).found(), [deviation(Kind::Value, "Versions[1].VersionId")]);
    assert_eq!(
        mini(fail("InvalidNextTokenException", "no")).found().last(),
        Some(&deviation(Kind::Outcome, "outcome"))
    );
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

#[test]
fn what_was_not_run_is_no_pass() {
    let mut cut = put(&right()).step("GetSecretValue", Expect::Success, ok(&json!({})));
    cut.trace.steps.pop();
    for (end, reason) in [
        (End::Completed, "only 1 of 2 steps were run"),
        (End::Stopped, "the run ended after step 1 of 2 although its outcome is as expected"),
        (End::Failed("no answer in time".to_owned()), "no answer in time"),
    ] {
        cut.trace.end = end;
        let verdict = cut.verdict();
        assert_eq!((verdict.status, verdict.reason.as_deref()), (Status::Error, Some(reason)));
    }
    cut.trace.end = End::Skipped("needs a clock".to_owned());
    let verdict = cut.verdict();
    assert_eq!((verdict.status, verdict.reason.as_deref()), (Status::Skipped, Some("needs a clock")));
}

#[test]
fn an_operation_that_is_not_modelled_skips_the_scenario() {
    let refusal = fail(crate::service::errors::NOT_MODELLED, "not yet");
    let verdict = Mini::new().step("BatchGetSecretValue", Expect::Success, refusal).verdict();
    let reason = "the target does not model BatchGetSecretValue yet";
    assert_eq!((verdict.status, verdict.reason.as_deref()), (Status::Skipped, Some(reason)));
    assert_eq!((verdict.deviations, verdict.contract), (vec![], vec![]));
}

#[test]
fn what_became_true_after_a_while_is_convergence_and_no_deviation() {
    let mut mini = put(&right());
    mini.trace.steps[0].attempts = 3;
    mini.trace.steps[0].waited = std::time::Duration::from_millis(1500);
    let verdict = mini.verdict();
    assert_eq!(verdict.status, Status::Passed);
    assert_eq!((verdict.convergence[0].attempts, verdict.convergence[0].millis), (3, 1500));
}

#[test]
fn a_member_that_should_be_saved_and_is_not_there_is_missing() {
    let path = crate::scenario::BodyPath(vec![
        crate::scenario::PathPart::Member("Versions".to_owned()),
        crate::scenario::PathPart::Index(0),
    ]);
    let mini = Mini::new()
        .step("ListSecretVersionIds", Expect::Success, ok(&json!({"Versions": []})))
        .written(|step| step.save = vec![("first".to_owned(), path)]);
    assert_eq!(mini.found(), [deviation(Kind::Member, "Versions[0]")]);
}

#[test]
fn causes_gather_what_looks_alike_and_rank_by_scenarios() {
    let wrong = |id: &str, actual: &'static [&str]| {
        let mut mini = Mini::named(id)
            .step("PutSecretValue", Expect::Success, ok(&right()))
            .labels(&[("v1", PREVIOUS), ("v2", CURRENT)])
            .read(state(&[(V1, actual), (V2, CURRENT)]));
        // The example of a cause is the smallest scenario that shows it.
        if id == "a/1" {
            mini = mini.step("GetSecretValue", Expect::Success, ok(&json!({"Name": NAME})));
        }
        mini.verdict()
    };
    let other =
        Mini::named("c/1").step("GetSecretValue", fails("X", "no"), ok(&json!({"Name": NAME}))).verdict();
    let run = run_of(vec![wrong("b/1", &[]), other, wrong("a/1", &[]), wrong("a/2", PENDING)]);
    assert_eq!(run.verdicts.iter().map(|v| v.id.as_str()).collect::<Vec<_>>(), ["a/1", "a/2", "b/1", "c/1"]);
    let causes: Vec<_> =
        run.causes.iter().map(|c| (c.id.as_str(), c.scenarios, c.example.as_str())).collect();
    assert_eq!(causes[0], ("c01", 2, "b/1"));
    assert_eq!(causes.len(), 3);
    assert_eq!(run.causes[0].summary, "labels of a version: expected [AWSPREVIOUS], got []");
    assert_eq!(run.verdicts[0].deviations[0].cause, "c01");
    assert_ne!(run.verdicts[1].deviations[0].cause, "c01");
}
