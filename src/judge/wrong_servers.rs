//! One small trace for each way of being wrong: each must be found, and named by its kind.

use serde_json::json;

use super::miniature::*;
use super::{JudgeOptions, Kind, Status};
use crate::scenario::{EvidenceKind, Expect, Failure, Matcher, Repeat, Template};
use crate::trace::End;

const CURRENT: &[&str] = &["AWSCURRENT"];
const PREVIOUS: &[&str] = &["AWSPREVIOUS"];
const PENDING: &[&str] = &["AWSPENDING"];

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
fn what_was_not_run_is_no_pass() {
    let mut cut = put(&right()).step("GetSecretValue", Expect::Success, ok(&json!({})));
    cut.trace.steps.pop();
    for (end, reason) in [
        (End::Completed, "only 1 of 2 steps were run"),
        (End::Stopped, "the run ended after step 1 of 2 although all was as expected until then"),
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

/// Whatever a wrong server does with what it was told, none of it is printed.
#[test]
fn no_secret_enters_a_verdict() {
    let canary = "CANARY-9f8e7d6c5b4a";
    let input = json!({"SecretId": NAME, "ClientRequestToken": V2, "SecretString": canary});
    let unlisted = json!({"SecretString": canary, "Description": canary, canary: canary, "Other": [canary],
        "VersionIdsToStages": {canary: [canary]}, "VersionStages": canary, "VersionId": canary, "ARN": {canary: 1}});
    let mut html = ok(&json!({}));
    html.body = bytes::Bytes::from(canary);
    html.headers[1].1 = canary.to_owned();
    let mut namespaced = fail(&format!("{canary}#{canary}"), canary);
    namespaced.status = 404;
    let expect_json = Expect::Returns(Matcher::Map {
        members: vec![(
            Template::Value(json!("SecretString")),
            Matcher::OneOf(vec![
                Matcher::Json(Box::new(exact(&json!({"p": canary})))),
                exact(&json!(canary)),
            ]),
        )],
        partial: true,
    });
    let mini = Mini::new()
        .step_with("PutSecretValue", &input, returns(&right()), ok(&unlisted))
        .labels(&[("v1", PREVIOUS)])
        .read(state(&[(V1, &[]), (canary, CURRENT)]))
        .step("GetSecretValue", returns(&json!({"SecretString": "other"})), ok(&unlisted))
        .step("GetSecretValue", expect_json, ok(&json!({"SecretString": "{\"p\": \"else\"}"})))
        .step("DescribeSecret", Expect::Success, ok(&unlisted))
        .step("DescribeSecret", Expect::Success, html)
        .step("DescribeSecret", fails("ResourceNotFoundException", canary), namespaced.clone())
        .step(
            "DescribeSecret",
            fails("ResourceNotFoundException", canary),
            fail("ResourceNotFoundException", canary),
        )
        .step("DescribeSecret", Expect::Success, namespaced);
    let verdict = mini.verdict();
    assert!(verdict.deviations.len() > 10 && verdict.contract.len() > 8, "{verdict:#?}");
    let paths: Vec<&str> = verdict.contract.iter().map(|found| found.path.as_str()).collect();
    for path in ["Versions[].VersionId", "VersionIdsToStages.*", "<member>", "header.content-type", "code"] {
        assert!(paths.contains(&path), "{paths:?}");
    }
    let run = run_of(vec![verdict]);
    let shown = format!("{run:#?}");
    assert!(!shown.contains("CANARY"), "{shown}");
    assert!(!shown.contains(NAME) && !shown.contains("123456789012") && !shown.contains(V2), "{shown}");
}

#[test]
fn the_wire_is_one_cause_for_all_operations() {
    let wrong = |operation: &str| {
        let mut response = ok(&json!({"Name": NAME}));
        response.headers[1].1 = "application/json".to_owned();
        Mini::named(operation).step(operation, Expect::Success, response).verdict()
    };
    let run = run_of(vec![wrong("GetSecretValue"), wrong("RestoreSecret")]);
    assert_eq!((run.contract.len(), run.causes.len()), (2, 1));
    assert_eq!((run.causes[0].operation.as_str(), run.causes[0].scenarios), ("*", 2));
    assert!(run.contract.iter().all(|found| found.cause == "c01"));
}
