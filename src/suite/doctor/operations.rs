//! Which operations a target knows, asked with input that changes nothing.

use serde_json::{Map, Value, json};

use super::{Check, Opened};
use crate::server::proxy::Upstream;
use crate::service::time::Timestamp;
use crate::service::{Kind as Shape, Operation, WireRequest, WireResponse, shapes};
use crate::target::Kind;

/// An operation that nobody has: what a server says to it, it says to every operation that it does not know.
const NOBODYS: &str = "SmcheckDoctorAsks";

/// What a target makes of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It knows it.
    Known,
    /// It says that there is no such operation, or what it says to one that nobody has.
    Unknown,
    /// It answers with a fault of its own, or not at all.
    Unclear,
    /// It would write, and was not asked.
    NotAsked,
}

impl Answer {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Answer::Known => "known",
            Answer::Unknown => "unknown",
            Answer::Unclear => "unclear",
            Answer::NotAsked => "not-asked",
        }
    }
}

/// An operation, and what was answered.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The operation.
    pub operation: String,
    /// What that means.
    pub answer: Answer,
    /// The status, where there was an answer.
    pub status: Option<u16>,
    /// The error code, where it is one of the service's or of this wire's.
    pub code: Option<String>,
}

impl Asked {
    pub(super) fn json(&self) -> Value {
        json!({"answer": self.answer.as_str(), "status": self.status, "code": self.code})
    }
}

/// Asks for all operations; on AWS, for those that read.
pub(super) async fn ask_all(opened: &Opened) -> (Vec<Asked>, Vec<Check>) {
    let upstream = opened.upstream();
    let name = format!("smcheck_doctor_{}", uuid::Uuid::new_v4().simple());
    let only_reads = matches!(opened.target.kind, Kind::Aws { .. });
    let control = send(&upstream, NOBODYS, &json!({"SecretId": name})).await.map(|response| face(&response));
    let mut asked = Vec::new();
    let mut loose: Vec<String> = Vec::new();
    let mut made: Vec<String> = Vec::new();
    for operation in shapes().operations() {
        let mut entry =
            Asked { operation: operation.name.clone(), answer: Answer::NotAsked, status: None, code: None };
        if may_be_asked(operation, only_reads) {
            let response = send(&upstream, &operation.name, &harmless(operation, &name)).await;
            entry.answer = meaning(response.as_ref(), control.as_ref());
            if let Some(response) = response {
                entry.status = Some(response.status);
                entry.code = response.error().map(|error| error.code).filter(|code| is_code(code));
                if response.succeeded()
                    && !operation.reads
                    && let Some(arn) = response.json().unwrap_or_default()["ARN"].as_str()
                {
                    // ValidateResourcePolicy and the like may succeed; what names a secret says to have changed one.
                    loose.push(operation.name.clone());
                    if is_ours(arn, &name) && !made.iter().any(|known| known == arn) {
                        made.push(arn.to_owned());
                    }
                }
            }
        }
        asked.push(entry);
    }
    let mut checks = summary(&asked);
    if !loose.is_empty() {
        let said = format!("succeeds with input that AWS refuses: {}", loose.join(", "));
        checks.push(Check::note("operations", said));
    }
    for arn in made {
        let input = json!({"SecretId": arn, "ForceDeleteWithoutRecovery": true});
        let gone = send(&upstream, "DeleteSecret", &input).await.is_some_and(|answer| answer.succeeded());
        let end = if gone { "was deleted again" } else { "could not be deleted" };
        checks.push(Check::note("operations", format!("the secret that it made of such input {end}")));
    }
    (asked, checks)
}

/// Whether a secret was made by these questions: its name is one that they invented. A server may answer with any
/// secret, somebody's own among them, and that one must stay.
fn is_ours(arn: &str, name: &str) -> bool {
    arn.contains(name)
}

/// Whether an operation is asked for: at AWS, where requests have consequences, only one that reads.
fn may_be_asked(operation: &Operation, only_reads: bool) -> bool {
    operation.reads || !only_reads
}

fn summary(asked: &[Asked]) -> Vec<Check> {
    let of = |answer: Answer| -> Vec<&str> {
        asked.iter().filter(|one| one.answer == answer).map(|one| one.operation.as_str()).collect()
    };
    let (known, unknown, unclear) = (of(Answer::Known), of(Answer::Unknown), of(Answer::Unclear));
    let tried = asked.len() - of(Answer::NotAsked).len();
    let mut checks = Vec::new();
    checks.push(match known.is_empty() {
        true => Check::wrong(
            "operations",
            format!("knows none of {tried} operations"),
            "is it a server of the Secrets Manager API? Look at the port",
        ),
        false => Check::good("operations", format!("knows {} of {tried} operations", known.len())),
    });
    if !unknown.is_empty() && !known.is_empty() {
        checks.push(Check::note("operations", format!("does not know {}", unknown.join(", "))));
    }
    if !unclear.is_empty() {
        checks.push(
            Check::note("operations", format!("fails with a fault of its own at {}", unclear.join(", ")))
                .hinting(
                    "it does not know them, or breaks on a secret that is not there; its log may say which",
                ),
        );
    }
    if tried < asked.len() {
        let said = format!("{} operations write and were not asked of AWS", asked.len() - tried);
        checks.push(Check::note("operations", said));
    }
    checks
}

/// Status and code: what two answers are compared by.
fn face(response: &WireResponse) -> (u16, Option<String>) {
    (response.status, response.error().map(|error| error.code))
}

fn meaning(response: Option<&WireResponse>, control: Option<&(u16, Option<String>)>) -> Answer {
    let Some(response) = response else { return Answer::Unclear };
    if response.succeeded() {
        return Answer::Known;
    }
    let code = response.error().map(|error| error.code);
    let says_unknown = code.as_deref().is_some_and(|code| {
        matches!(code, "UnknownOperationException" | "UnknownOperation" | "InvalidAction" | "NotImplemented")
            || code == crate::service::errors::NOT_MODELLED
    });
    let declared = code.as_deref().is_some_and(|code| shapes().errors().contains_key(code));
    match response.status {
        _ if says_unknown => Answer::Unknown,
        501 => Answer::Unknown,
        _ if declared => Answer::Known,
        // A server that breaks on what it does not know may break on a secret that is not there, too.
        500..=599 => Answer::Unclear,
        _ if control == Some(&face(response)) => Answer::Unknown,
        _ if code.is_some() => Answer::Known,
        _ => Answer::Unclear,
    }
}

/// Text of the target is shown only where it is a word.
pub(super) fn is_code(code: &str) -> bool {
    code.len() <= 64 && code.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

async fn send(upstream: &Upstream, operation: &str, input: &Value) -> Option<WireResponse> {
    if let Some(pace) = &upstream.pace {
        tokio::time::sleep(pace.turn(operation, std::time::Instant::now())).await;
    }
    let mut request = WireRequest::call(operation, input);
    upstream.signer.sign(&mut request, upstream.client.endpoint(), Timestamp::now()).ok()?;
    upstream.client.send(&request).await.ok().map(|(response, _)| response)
}

/// All members that the operation requires, with a secret that nobody has.
fn harmless(operation: &Operation, name: &str) -> Value {
    if operation.name == "CreateSecret" {
        // Refused for its name, which holds characters that none may hold; and it has no value.
        return json!({"Name": format!("{name} ?*"), "ClientRequestToken": "too-short"});
    }
    let mut input = Map::new();
    for member in shapes().members(operation.input) {
        let value = match member.name.as_str() {
            "SecretId" => json!(name),
            "SecretIdList" => json!([name]),
            // Wanted by AWS though the model does not say so, and answered with the secret not found.
            "ClientRequestToken" => json!(uuid::Uuid::new_v4().to_string()),
            "MaxResults" if operation.reads => json!(1),
            _ if !member.required => continue,
            "ResourcePolicy" => json!("{}"),
            _ => match &shapes().shape(member.shape).kind {
                Shape::List { .. } => json!([]),
                Shape::Map { .. } | Shape::Structure(_) => json!({}),
                Shape::Integer { min, .. } => json!(min.unwrap_or(1)),
                Shape::Boolean => json!(false),
                Shape::String { .. } | Shape::Blob { .. } => json!("smcheck"),
                Shape::Timestamp => json!(0),
            },
        };
        input.insert(member.name.clone(), value);
    }
    if operation.name == "BatchGetSecretValue" {
        // It takes either a list or filters, and no size of pages with a list.
        input.remove("MaxResults");
    }
    Value::Object(input)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_told_from_that_to_an_operation_that_nobody_has() {
        let answer = |status, code: &str| WireResponse::failure(status, code, "", "");
        let control = (404, Some("Nope".to_owned()));
        let seen = |response: &WireResponse| meaning(Some(response), Some(&control));
        assert_eq!(seen(&answer(404, "Nope")), Answer::Unknown);
        assert_eq!(seen(&answer(400, "ResourceNotFoundException")), Answer::Known);
        assert_eq!(seen(&answer(400, "UnknownOperationException")), Answer::Unknown);
        assert_eq!(seen(&answer(500, "Oops")), Answer::Unclear);
        assert_eq!(seen(&answer(501, "Oops")), Answer::Unknown);
        assert_eq!(meaning(None, Some(&control)), Answer::Unclear);
    }

    #[test]
    fn aws_is_asked_nothing_that_writes() {
        let asked: Vec<&str> = shapes()
            .operations()
            .filter(|operation| may_be_asked(operation, true))
            .map(|operation| operation.name.as_str())
            .collect();
        let reads = ["BatchGet", "Describe", "Get", "List", "Validate"];
        assert!(asked.len() > 5, "{asked:?}");
        assert!(asked.iter().all(|name| reads.iter().any(|word| name.starts_with(word))), "{asked:?}");
    }

    #[test]
    fn nothing_that_is_asked_names_a_secret_that_somebody_may_have() {
        for operation in shapes().operations() {
            let input = harmless(operation, "smcheck_doctor_x");
            for (member, value) in input.as_object().expect("it is an object") {
                if member.starts_with("SecretId") {
                    assert!(value.to_string().contains("smcheck_doctor_x"), "{}: {input}", operation.name);
                }
            }
        }
    }

    #[test]
    fn only_a_secret_of_the_invented_name_is_deleted() {
        let name = "smcheck_doctor_0f";
        assert!(is_ours(
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:smcheck_doctor_0f ?*-AbCdEf",
            name
        ));
        assert!(!is_ours("arn:aws:secretsmanager:us-east-1:123456789012:secret:prod-db-AbCdEf", name));
    }
}
