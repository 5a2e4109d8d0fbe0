//! One step: its responses held against what was stated, and the `invariant` of a parallel step.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::judging::{Judging, Stated, named};
use super::state::{Answer, State, View};
use super::verdict::Kind;
use crate::scenario::{
    Action, Context, Expect, Failure, Matcher, Mismatch, MismatchKind, Repeat, Step, Template, Variables,
    evaluate,
};
use crate::service::ErrorBody;
use crate::trace::{Call, Exchange, StepTrace, Trace, joined_pages};

/// What judging a step leaves for what follows in it.
#[derive(Default)]
pub(super) struct Judged {
    /// Whether a request succeeded that should have failed, or the other way.
    pub(super) outcome_deviates: bool,
    /// What the step saved.
    pub(super) saved: Vec<(String, Value)>,
}

/// Judges the responses of one step.
pub(super) fn judge_step(
    judging: &mut Judging<'_>,
    stated: &Stated<'_>,
    step: &Step,
    happened: &StepTrace,
) -> Judged {
    let mut judged = Judged::default();
    let answers: Vec<Answer<'_>> = happened.calls.iter().map(|call| Answer::read(&call.exchange)).collect();
    if let Some(body) = whole_list(step, happened, &answers) {
        one_list(judging, stated, step, happened, &answers, &body, &mut judged);
    } else {
        let first = judging.noted().len();
        for (call, answer) in happened.calls.iter().zip(&answers) {
            let mark = judging.noted().len();
            let (expect, line) = match (&step.action, call.inner) {
                (Action::Parallel(parallel), Some(inner)) => match parallel.calls.get(inner) {
                    Some(call) => (&call.expect, call.place.line),
                    None => continue,
                },
                _ => (&step.expect, stated.line),
            };
            let stated = Stated { line, ..*stated };
            let variables = in_scope(judging.trace, happened, call);
            let body = answer.body.as_ref();
            let said = one_answer(judging, &stated, expect, answer, body, &variables, &mut judged);
            judging.hold_contract(&stated, answer, &said);
            judging.drop_repeated(first, mark);
        }
    }
    if !judged.outcome_deviates {
        save(judging, stated, step, happened, &answers, &mut judged);
    }
    judged
}

/// The body of all pages as one, where the step follows pages, they all came, and they can be joined. What cannot
/// is judged page by page, so that a member of another type is named as one.
fn whole_list(step: &Step, happened: &StepTrace, answers: &[Answer<'_>]) -> Option<Value> {
    let Some(Repeat::Pages { member }) = &step.repeat else { return None };
    let joins = |answer: &Answer<'_>| {
        let list = answer.body.as_ref().and_then(Value::as_object).map(|page| page.get(member));
        answer.exchange.response.succeeded() && matches!(list, Some(None | Some(Value::Array(_))))
    };
    (!answers.is_empty() && answers.iter().all(joins)).then(|| joined_pages(member, &happened.calls))
}

fn one_list(
    judging: &mut Judging<'_>,
    stated: &Stated<'_>,
    step: &Step,
    happened: &StepTrace,
    answers: &[Answer<'_>],
    body: &Value,
    judged: &mut Judged,
) {
    let (Some(call), Some(first)) = (happened.calls.first(), answers.first()) else { return };
    let variables = in_scope(judging.trace, happened, call);
    let said = one_answer(judging, stated, &step.expect, first, Some(body), &variables, judged);
    for page in answers {
        judging.hold_contract(stated, page, &said);
    }
}

/// Holds one response against its expectation and says of which paths it has spoken, in general form.
fn one_answer(
    judging: &mut Judging<'_>,
    stated: &Stated<'_>,
    expect: &Expect,
    answer: &Answer<'_>,
    body: Option<&Value>,
    variables: &Variables,
    judged: &mut Judged,
) -> Vec<String> {
    let exchange = answer.exchange;
    let operation = exchange.operation.as_deref();
    let succeeded = exchange.response.succeeded();
    let context = Context { variables, sent_at: exchange.sent_at, received_at: exchange.received_at };
    match expect {
        Expect::Either => Vec::new(),
        Expect::Success | Expect::Returns(_) if !succeeded => {
            judged.outcome_deviates = true;
            let actual = failure_text(judging, answer);
            let sides = (json!("success"), Value::String(actual));
            judging.deviate(stated, operation.unwrap_or(""), Kind::Outcome, "outcome".to_owned(), sides);
            Vec::new()
        }
        Expect::Success => Vec::new(),
        Expect::Returns(matcher) => {
            let Some(body) = body else {
                let found = format!("{} bytes that are no JSON", exchange.response.body.len());
                let sides = (json!({"$type": "map"}), Value::String(found));
                // Of a success that no client can read; of a failure it would be the wire.
                judging.deviate(stated, operation.unwrap_or(""), Kind::Type, "body".to_owned(), sides);
                return vec!["body".to_owned()];
            };
            let evaluation = evaluate(matcher, Some(body), &context);
            judged.saved.extend(evaluation.saved);
            for mismatch in &evaluation.mismatches {
                in_body(judging, stated, operation, mismatch);
            }
            named(operation, evaluation.mismatches.into_iter().map(|mismatch| mismatch.path))
        }
        Expect::Fails(failure) if succeeded => {
            judged.outcome_deviates = true;
            let sides = (Value::String(expected_failure(failure)), json!("success"));
            judging.deviate(stated, operation.unwrap_or(""), Kind::Outcome, "outcome".to_owned(), sides);
            Vec::new()
        }
        Expect::Fails(failure) => failed(judging, stated, failure, answer, &context, judged),
    }
}

fn in_body(judging: &mut Judging<'_>, stated: &Stated<'_>, operation: Option<&str>, mismatch: &Mismatch) {
    let kind = match mismatch.kind {
        MismatchKind::Member => Kind::Member,
        MismatchKind::Value => Kind::Value,
        MismatchKind::Type => Kind::Type,
    };
    let expected = judging.names.expected(operation, &mismatch.path, mismatch.expected.as_ref());
    let actual = match &mismatch.actual {
        // A null that is there must not read like a member that is not.
        Some(Value::Null) => json!("null"),
        other => judging.names.actual(operation, &mismatch.path, other.as_ref()),
    };
    let path = if mismatch.path.is_empty() {
        "body".to_owned()
    } else {
        judging.names.path(operation, &mismatch.path)
    };
    judging.deviate(stated, operation.unwrap_or(""), kind, path, (expected, actual));
}

/// Holds a failure against code, message and status. The message is compared where the code is right: the text
/// of another error is the same fault once more.
fn failed(
    judging: &mut Judging<'_>,
    stated: &Stated<'_>,
    failure: &Failure,
    answer: &Answer<'_>,
    context: &Context<'_>,
    judged: &mut Judged,
) -> Vec<String> {
    let error = answer.error();
    let operation = answer.exchange.operation.as_deref().unwrap_or("");
    let mut named = Vec::new();
    let (code, message) = match error {
        Some(ErrorBody { code, message, .. }) => (Some(Value::String(code)), message.map(Value::String)),
        None => (None, None),
    };
    let mut code_is_right = true;
    if let Some(matcher) = &failure.code {
        named.push("code".to_owned());
        let right = in_text(judging, stated, operation, Kind::Code, matcher, code.as_ref(), context, judged);
        code_is_right = right;
    }
    if let Some(matcher) = failure.message.as_ref().filter(|_| code_is_right) {
        named.push("message".to_owned());
        in_text(judging, stated, operation, Kind::Message, matcher, message.as_ref(), context, judged);
    }
    let status = answer.exchange.response.status;
    if let Some(expected) = failure.status {
        named.push("status".to_owned());
        if expected != status {
            let sides = (json!(expected), json!(status));
            judging.deviate(stated, operation, Kind::Wire, "status".to_owned(), sides);
        }
    }
    named
}

#[expect(
    clippy::too_many_arguments,
    reason = "the two callers differ in three of them, and nobody else calls it"
)]
fn in_text(
    judging: &mut Judging<'_>,
    stated: &Stated<'_>,
    operation: &str,
    kind: Kind,
    matcher: &Matcher,
    actual: Option<&Value>,
    context: &Context<'_>,
    judged: &mut Judged,
) -> bool {
    let evaluation = evaluate(matcher, actual, context);
    judged.saved.extend(evaluation.saved);
    let Some(mismatch) = evaluation.mismatches.first() else { return true };
    let path = if kind == Kind::Code { "code" } else { "message" };
    let expected = judging.names.expected_text(mismatch.expected.as_ref());
    let actual = judging.names.expected_text(actual);
    judging.deviate(stated, operation, kind, path.to_owned(), (expected, actual));
    false
}

/// `failure ResourceNotFoundException: the message`, or the status where the body tells no code.
fn failure_text(judging: &mut Judging<'_>, answer: &Answer<'_>) -> String {
    match answer.error() {
        Some(ErrorBody { code, message: Some(message), .. }) => {
            judging.names.message(&format!("failure {code}: {message}"))
        }
        Some(ErrorBody { code, .. }) => judging.names.message(&format!("failure {code}")),
        None => format!("failure with status {}", answer.exchange.response.status),
    }
}

fn expected_failure(failure: &Failure) -> String {
    match &failure.code {
        Some(Matcher::Exact(Template::Value(Value::String(code)))) => format!("failure {code}"),
        _ => "failure".to_owned(),
    }
}

/// The variables in scope for one response: those of the step, its loop variable, and the ARN of the secret that
/// this very response created, which `$arn` in the same step means.
fn in_scope<'v>(trace: &Trace, happened: &'v StepTrace, call: &Call) -> Cow<'v, Variables> {
    let mut variables = Cow::Borrowed(happened.variables.as_ref());
    if let Some((name, value)) = &call.bound {
        variables.to_mut().insert(name.clone(), value.clone());
    }
    if let Some((secret, arn)) = created(trace, &call.exchange) {
        let partial = crate::service::arn::partial(&arn).map(str::to_owned);
        let variables = variables.to_mut();
        variables.insert(format!("{secret}.arn"), Value::String(arn));
        if let Some(partial) = partial {
            variables.insert(format!("{secret}.partial"), Value::String(partial));
        }
    }
    variables
}

/// The declared secret that an exchange created, and the ARN that it was given.
pub(super) fn created<'t>(trace: &'t Trace, exchange: &Exchange) -> Option<(&'t str, String)> {
    if exchange.operation.as_deref() != Some("CreateSecret") || !exchange.response.succeeded() {
        return None;
    }
    let input = exchange.request.json()?;
    let name = input.get("Name")?.as_str()?;
    let (secret, _) = trace.secrets.iter().find(|(_, declared)| declared.as_str() == name)?;
    let arn = exchange.response.json()?.get("ARN")?.as_str()?.to_owned();
    Some((secret, arn))
}

/// What `save` takes from the last response. A path that leads nowhere is a member that is missing.
fn save(
    judging: &mut Judging<'_>,
    stated: &Stated<'_>,
    step: &Step,
    happened: &StepTrace,
    answers: &[Answer<'_>],
    judged: &mut Judged,
) {
    let (Some(_), Some(last)) = (happened.calls.last(), answers.last()) else { return };
    let joined = whole_list(step, happened, answers);
    let body = joined.as_ref().or(last.body.as_ref());
    for (name, path) in &step.save {
        match body.and_then(|body| path.find(body)) {
            Some(value) => judged.saved.push((name.clone(), value.clone())),
            None => {
                let operation = last.exchange.operation.as_deref().unwrap_or("");
                let sides = (json!({"$save": name}), Value::Null);
                judging.deviate(stated, operation, Kind::Member, path_text(&path.0), sides);
            }
        }
    }
}

fn path_text(parts: &[crate::scenario::PathPart]) -> String {
    let mut text = String::new();
    for part in parts {
        match part {
            crate::scenario::PathPart::Member(name) => super::paths::push_member(&mut text, name),
            crate::scenario::PathPart::Index(at) => text.push_str(&format!("[{at}]")),
        }
    }
    text
}

/// What a parallel step says of all its requests together.
pub(super) fn judge_invariant(
    judging: &mut Judging<'_>,
    stated: &Stated<'_>,
    step: &Step,
    happened: &StepTrace,
    states: &BTreeMap<String, State>,
    saved: &[(String, Value)],
) {
    let Action::Parallel(parallel) = &step.action else { return };
    let Some(invariant) = &parallel.invariant else { return };
    let mut variables = (*happened.variables).clone();
    variables.extend(saved.iter().cloned());
    let exchanges = || happened.calls.iter().map(|call| &call.exchange);
    let context = Context {
        variables: &variables,
        sent_at: exchanges().map(|exchange| exchange.sent_at).min().unwrap_or_default(),
        received_at: exchanges().map(|exchange| exchange.received_at).max().unwrap_or_default(),
    };
    let operation = exchanges().find_map(|exchange| exchange.operation.as_deref()).unwrap_or("");
    let succeeded = exchanges().filter(|exchange| exchange.response.succeeded()).count();
    let counts = [
        ("succeeded", &invariant.succeeded, succeeded),
        ("failed", &invariant.failed, happened.calls.len() - succeeded),
    ];
    for (word, matcher, count) in counts {
        let Some(matcher) = matcher else { continue };
        let evaluation = evaluate(matcher, Some(&json!(count)), &context);
        if let Some(mismatch) = evaluation.mismatches.first() {
            let expected = mismatch.expected.clone().unwrap_or_default();
            let path = format!("invariant.{word}");
            judging.deviate(stated, operation, Kind::Invariant, path, (expected, json!(count)));
        }
    }
    if invariant.labels.is_empty() {
        return;
    }
    let only = || judging.scenario.secrets.first().map(|secret| secret.variable.clone());
    let Some(state) = invariant.secret.clone().or_else(only).and_then(|secret| states.get(&secret)) else {
        judging.cannot_judge(format!("step {}: the labels of `invariant` were not read", stated.step));
        return;
    };
    for (label, matcher) in &invariant.labels {
        let carrier = match &state.versions {
            View::Versions(labels) => labels.iter().find(|(_, carried)| carried.contains(label)),
            View::Gone | View::Refused(_) => None,
        };
        let carrier = carrier.map(|(id, _)| Value::String(id.clone()));
        let evaluation = evaluate(matcher, carrier.as_ref(), &context);
        if let Some(mismatch) = evaluation.mismatches.first() {
            let (view, at) = (Some("ListSecretVersionIds"), "Versions[0].VersionId");
            let expected = judging.names.expected(view, at, mismatch.expected.as_ref());
            let actual = judging.names.actual(view, at, carrier.as_ref());
            let path = format!("invariant.labels.{label}");
            judging.deviate(stated, operation, Kind::Invariant, path, (expected, actual));
        }
    }
}
