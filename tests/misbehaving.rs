//! Small wrong servers, one for each kind of deviation: each must be found, and named by its kind.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use smcheck::judge::{JudgeOptions, Kind, RunVerdict, Status, assemble};
use smcheck::run::stop;
use smcheck::scenario::parse;
use smcheck::server::{Auth, Reference, ReferenceOptions, Responder, Server};
use smcheck::service::{WireRequest, WireResponse};
use smcheck::suite::{Opened, Refuse, RunOptions, run};
use smcheck::target::{Config, resolve};

/// What a wrong server does to the body of a response.
type Spoil = fn(operation: &str, body: &mut Value);

/// The reference, with one thing wrong.
struct Wrong {
    reference: Reference,
    spoil: Spoil,
}

impl Responder for Wrong {
    fn respond(&self, request: &WireRequest) -> WireResponse {
        let operation = request.operation().unwrap_or_default().to_owned();
        let mut response = self.reference.respond(request);
        if let Some(mut body) = response.json().filter(|_| !response.body.is_empty()) {
            (self.spoil)(&operation, &mut body);
            response.body = body.to_string().into();
        }
        response
    }
}

const SCENARIO: &str = r#"
title: PutSecretValue moves AWSCURRENT, and AWSPREVIOUS follows it
evidence: {kind: aws-docs, source: "API reference, PutSecretValue"}
secrets: [db]
versions: [v1, v2]
steps:
  - do: CreateSecret
    with: {Name: "${db}", ClientRequestToken: "${v1}", SecretString: one}
    returns: {ARN: {$arn: db}, Name: "${db}", VersionId: "${v1}"}
    labels: {v1: [AWSCURRENT]}
  - do: PutSecretValue
    with: {SecretId: "${db}", ClientRequestToken: "${v2}", SecretString: two}
    returns: {ARN: {$arn: db}, Name: "${db}", VersionId: "${v2}", VersionStages: [AWSCURRENT]}
    labels: {v1: [AWSPREVIOUS], v2: [AWSCURRENT]}
  - do: GetSecretValue
    with: {SecretId: "${db}"}
    returns:
      ARN: {$arn: db}
      Name: "${db}"
      VersionId: "${v2}"
      SecretString: two
      VersionStages: [AWSCURRENT]
      CreatedDate: {$time: now}
  - do: GetSecretValue
    with: {SecretId: "${db}", VersionStage: NOPE}
    fails:
      code: ResourceNotFoundException
      message: "Secrets Manager can't find the specified secret value for staging label: NOPE"
"#;

async fn judged(spoil: Spoil) -> RunVerdict {
    judged_on(SCENARIO, spoil).await
}

async fn judged_on(scenario: &str, spoil: Spoil) -> RunVerdict {
    let options = ReferenceOptions { auth: Auth::Any, ..ReferenceOptions::default() };
    let wrong = Wrong { reference: Reference::new(options), spoil };
    let server = Server::start(Arc::new(wrong), 0).await.expect("there is a free port");
    let target = resolve(&server.endpoint(), &Config::default()).await.expect("a URL is a target");
    let opened = Opened::open(target, &Refuse, Path::new(".")).await.expect("it opens");
    let info = opened.info.clone();
    let scenarios: Vec<_> = parse("put.yaml", "put", scenario.as_bytes())
        .expect("it is right")
        .into_iter()
        .map(Arc::new)
        .collect();
    let (_stopper, stop) = stop::pair();
    let mut verdicts = Vec::new();
    run(&scenarios, &Arc::new(opened), &RunOptions::default(), &stop, |done| {
        verdicts.push(done.verdict);
        true
    })
    .await
    .expect("it answers");
    assemble(info, verdicts, None, "2026-11-24", &JudgeOptions::default())
}

/// The kinds and paths of the scenario's deviations.
fn found(run: &RunVerdict) -> Vec<(Kind, String)> {
    run.verdicts[0].deviations.iter().map(|deviation| (deviation.kind, deviation.path.clone())).collect()
}

#[tokio::test]
async fn the_reference_itself_passes() {
    let run = judged(|_, _| {}).await;
    assert_eq!(run.verdicts[0].status, Status::Passed, "{:#?}", run.verdicts[0]);
    assert!(run.contract.is_empty(), "{:#?}", run.contract);
}

/// What was to be saved is not there: the target's deviation, and no error of the run.
#[tokio::test]
async fn a_value_that_a_later_step_needs_is_missed_where_it_should_have_come() {
    let scenario = r#"
title: The pages of a list follow each other
evidence: {kind: aws-docs, source: "API reference, ListSecretVersionIds"}
secrets: [db]
versions: [v1, v2]
steps:
  - do: CreateSecret
    with: {Name: "${db}", ClientRequestToken: "${v1}", SecretString: one}
  - do: PutSecretValue
    with: {SecretId: "${db}", ClientRequestToken: "${v2}", SecretString: two}
  - do: ListSecretVersionIds
    with: {SecretId: "${db}", MaxResults: 1}
    returns: {$partial: true, Name: "${db}"}
    save: {more: NextToken}
  - do: ListSecretVersionIds
    with: {SecretId: "${db}", MaxResults: 1, NextToken: "${more}"}
    returns: {$partial: true, Name: "${db}"}
"#;
    let run = judged_on(scenario, |_, body| {
        if let Some(body) = body.as_object_mut() {
            body.remove("NextToken");
        }
    })
    .await;
    assert_eq!(found(&run), [(Kind::Member, "NextToken".to_owned())]);
    assert_eq!((run.verdicts[0].status, &run.verdicts[0].reason), (Status::Deviated, &None));
}

#[tokio::test]
async fn a_label_that_moves_wrongly_is_a_labels_deviation() {
    // AWSPREVIOUS does not follow.
    let run = judged(|operation, body| {
        let drop_previous = |stages: &mut Value| {
            if let Some(list) = stages.as_array_mut() {
                list.retain(|label| label != "AWSPREVIOUS");
            }
        };
        match operation {
            "ListSecretVersionIds" => {
                for version in body["Versions"].as_array_mut().into_iter().flatten() {
                    drop_previous(&mut version["VersionStages"]);
                }
            }
            "DescribeSecret" => {
                for stages in
                    body["VersionIdsToStages"].as_object_mut().into_iter().flat_map(|map| map.values_mut())
                {
                    drop_previous(stages);
                }
            }
            _ => {}
        }
    })
    .await;
    assert_eq!(run.verdicts[0].status, Status::Deviated);
    assert!(found(&run).contains(&(Kind::Labels, "labels.v1".to_owned())), "{:?}", found(&run));
}

#[tokio::test]
async fn views_that_disagree_break_an_invariant() {
    let run = judged(|operation, body| {
        if operation == "DescribeSecret" {
            for stages in
                body["VersionIdsToStages"].as_object_mut().into_iter().flat_map(|map| map.values_mut())
            {
                if *stages == json!(["AWSCURRENT"]) {
                    *stages = json!(["AWSCURRENT", "AWSPENDING"]);
                }
            }
        }
    })
    .await;
    assert!(found(&run).iter().any(|(kind, _)| *kind == Kind::Invariant), "{:?}", found(&run));
}

#[tokio::test]
async fn a_member_too_many_is_a_member_deviation() {
    let run = judged(|operation, body| {
        if operation == "PutSecretValue" {
            body["CreatedDate"] = json!(1.5);
        }
    })
    .await;
    assert_eq!(found(&run), [(Kind::Member, "CreatedDate".to_owned())]);
}

#[tokio::test]
async fn a_null_is_found_by_the_contract() {
    let run = judged(|operation, body| {
        if operation == "DescribeSecret" && body.get("__type").is_none() {
            body["Description"] = Value::Null;
        }
    })
    .await;
    let contract: Vec<_> = run.contract.iter().map(|found| (found.kind, found.path.as_str())).collect();
    assert_eq!(contract, [(Kind::Type, "Description")]);
}

#[tokio::test]
async fn a_text_where_a_timestamp_belongs_is_a_type_deviation() {
    let run = judged(|operation, body| {
        if operation == "GetSecretValue" && body.get("__type").is_none() {
            body["CreatedDate"] = json!("2026-11-24T00:00:00Z");
        }
    })
    .await;
    assert_eq!(found(&run), [(Kind::Type, "CreatedDate".to_owned())]);
}

#[tokio::test]
async fn another_value_is_a_value_deviation_and_shows_no_secret() {
    let run = judged(|operation, body| {
        if operation == "GetSecretValue" && body.get("__type").is_none() {
            body["SecretString"] = json!("CANARY-value");
        }
    })
    .await;
    assert_eq!(found(&run), [(Kind::Value, "SecretString".to_owned())]);
    assert!(!format!("{run:?}").contains("CANARY"));
}

#[tokio::test]
async fn another_error_code_is_a_code_deviation() {
    let run = judged(|_, body| {
        if body.get("__type").is_some() {
            body["__type"] = json!("InvalidRequestException");
        }
    })
    .await;
    assert_eq!(found(&run), [(Kind::Code, "code".to_owned())]);
    assert_eq!(run.verdicts[0].status, Status::Deviated);
}

#[tokio::test]
async fn another_message_is_near() {
    let run = judged(|_, body| {
        if body.get("__type").is_some() {
            body["Message"] = json!("there is nothing here");
        }
    })
    .await;
    assert_eq!(found(&run), [(Kind::Message, "message".to_owned())]);
    assert_eq!(run.verdicts[0].status, Status::Near);
}

#[tokio::test]
async fn a_success_where_a_failure_belongs_is_an_outcome_deviation() {
    struct Lenient(Reference);
    impl Responder for Lenient {
        fn respond(&self, request: &WireRequest) -> WireResponse {
            let mut request = request.clone();
            let text = String::from_utf8_lossy(&request.body).replace("NOPE", "AWSCURRENT");
            request.body = text.into();
            self.0.respond(&request)
        }
    }
    let lenient =
        Lenient(Reference::new(ReferenceOptions { auth: Auth::Any, ..ReferenceOptions::default() }));
    let server = Server::start(Arc::new(lenient), 0).await.expect("there is a free port");
    let target = resolve(&server.endpoint(), &Config::default()).await.expect("a URL is a target");
    let opened = Arc::new(Opened::open(target, &Refuse, Path::new(".")).await.expect("it opens"));
    let scenarios: Vec<_> = parse("put.yaml", "put", SCENARIO.as_bytes())
        .expect("it is right")
        .into_iter()
        .map(Arc::new)
        .collect();
    let (_stopper, stop) = stop::pair();
    let mut verdicts = Vec::new();
    run(&scenarios, &opened, &RunOptions::default(), &stop, |done| {
        verdicts.push(done.verdict);
        true
    })
    .await
    .expect("it answers");
    let run = assemble(opened.info.clone(), verdicts, None, "2026-11-24", &JudgeOptions::default());
    assert_eq!(found(&run), [(Kind::Outcome, "outcome".to_owned())]);
    let options = JudgeOptions::default();
    assert!(smcheck::judge::fails_run(run.verdicts[0].status, &options));
}
