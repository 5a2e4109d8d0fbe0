//! What the expectations control while a scenario runs: whether to stop, and whether to ask again.
//!
//! Nothing here judges, and nothing here changes a request: a target sees the same requests whatever we hope for.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::scenario::{Action, Expect, Failure, Repeat, SecretLabels, Step, Template, Variables};
use crate::scenario::{Context, Matcher, evaluate};
use crate::service::{AWSPENDING, WireResponse};
use crate::trace::{Call, Exchange, Probe, joined_pages};

/// The expectation of one call of a step.
pub fn expectation<'s>(step: &'s Step, call: &Call) -> &'s Expect {
    match (&step.action, call.inner) {
        (Action::Parallel(parallel), Some(at)) => {
            parallel.calls.get(at).map_or(&step.expect, |inner| &inner.expect)
        }
        _ => &step.expect,
    }
}

/// Whether a response is a success where one is expected, or a failure where that is.
pub fn outcome_fits(expect: &Expect, response: &WireResponse) -> bool {
    match expect {
        Expect::Success | Expect::Returns(_) => response.succeeded(),
        Expect::Fails(_) => !response.succeeded(),
        Expect::Either => true,
    }
}

/// Whether every call succeeded, as the step expects.
pub fn carried_out(step: &Step, calls: &[Call]) -> bool {
    calls.iter().all(|call| {
        let response = &call.exchange.response;
        response.succeeded() && outcome_fits(expectation(step, call), response)
    })
}

/// Whether everything that the step states holds: what `eventually` waits for.
pub fn holds(step: &Step, calls: &[Call], probes: &[Probe], variables: &Variables) -> bool {
    calls_hold(step, calls, variables) && labels_hold(step.labels.as_deref(), probes, variables)
}

fn calls_hold(step: &Step, calls: &[Call], variables: &Variables) -> bool {
    if let (Some(Repeat::Pages { member }), Expect::Returns(matcher), Some(last)) =
        (&step.repeat, &step.expect, calls.last())
    {
        let body = joined_pages(member, calls);
        return calls.iter().all(|call| call.exchange.response.succeeded())
            && matches(matcher, Some(&body), &last.exchange, variables);
    }
    calls.iter().all(|call| {
        let expect = expectation(step, call);
        if !outcome_fits(expect, &call.exchange.response) {
            return false;
        }
        let bound = bind(variables, call);
        match expect {
            Expect::Returns(matcher) => {
                let body = call.exchange.response.json();
                matches(matcher, body.as_ref(), &call.exchange, bound.as_ref().unwrap_or(variables))
            }
            Expect::Fails(failure) => fails_so(failure, &call.exchange, bound.as_ref().unwrap_or(variables)),
            Expect::Success | Expect::Either => true,
        }
    })
}

/// The variables with the loop variable of a call, where it has one.
fn bind(variables: &Variables, call: &Call) -> Option<Variables> {
    let (name, value) = call.bound.clone()?;
    let mut bound = variables.clone();
    bound.insert(name, value);
    Some(bound)
}

fn fails_so(failure: &Failure, exchange: &Exchange, variables: &Variables) -> bool {
    let error = exchange.response.error();
    let code = error.as_ref().map(|error| Value::String(error.code.clone()));
    let message = error.and_then(|error| error.message).map(Value::String);
    let fits = |matcher: &Option<Matcher>, actual: Option<&Value>| {
        matcher.as_ref().is_none_or(|matcher| matches(matcher, actual, exchange, variables))
    };
    fits(&failure.code, code.as_ref())
        && fits(&failure.message, message.as_ref())
        && failure.status.is_none_or(|status| status == exchange.response.status)
}

fn matches(matcher: &Matcher, actual: Option<&Value>, exchange: &Exchange, variables: &Variables) -> bool {
    let context = Context { variables, sent_at: exchange.sent_at, received_at: exchange.received_at };
    evaluate(matcher, actual, &context).mismatches.is_empty()
}

/// What `$save` saves when the calls of a step are matched, in order.
pub fn saved_by_matchers(step: &Step, calls: &[Call], variables: &Variables) -> Vec<(String, Value)> {
    let mut saved = Vec::new();
    for call in calls {
        let context =
            Context { variables, sent_at: call.exchange.sent_at, received_at: call.exchange.received_at };
        let error = || call.exchange.response.error();
        match expectation(step, call) {
            Expect::Returns(matcher) => {
                let body = match &step.repeat {
                    Some(Repeat::Pages { member }) => Some(joined_pages(member, calls)),
                    _ => call.exchange.response.json(),
                };
                saved.extend(evaluate(matcher, body.as_ref(), &context).saved);
            }
            Expect::Fails(Failure { code, message, .. }) => {
                let code_found = error().map(|error| Value::String(error.code));
                let message_found = error().and_then(|error| error.message).map(Value::String);
                for (matcher, actual) in [(code, code_found), (message, message_found)] {
                    if let Some(matcher) = matcher {
                        saved.extend(evaluate(matcher, actual.as_ref(), &context).saved);
                    }
                }
            }
            Expect::Success | Expect::Either => {}
        }
    }
    saved
}

fn labels_hold(stated: Option<&[SecretLabels]>, probes: &[Probe], variables: &Variables) -> bool {
    let Some(stated) = stated else { return true };
    stated.iter().all(|secret| {
        let probe = probes.iter().find(|probe| probe.secret == secret.secret);
        let actual = probe.and_then(labels_read);
        let expected = labels_stated(&secret.versions, variables);
        actual.is_some() && actual == expected
    })
}

/// Whether DescribeSecret tells of the same labels as ListSecretVersionIds, wherever both answered. On a target whose
/// changes show after a while, one view may be ahead of the other.
pub fn views_agree(probes: &[Probe]) -> bool {
    probes.iter().all(|probe| {
        let described = probe.describe.as_ref().and_then(labels_described);
        match (labels_read(probe), described) {
            (Some(mut read), Some(mut described)) => {
                // Versions without labels are in one view only, and those that wait for their value in the other.
                described.retain(|id, labels| {
                    !labels.is_empty() && (read.contains_key(id) || !labels.iter().eq([AWSPENDING]))
                });
                read.retain(|_, labels| !labels.is_empty());
                read == described
            }
            _ => true,
        }
    })
}

type LabelState = BTreeMap<String, BTreeSet<String>>;

/// The labels of every version as the probe read them; `None` when it was refused or is no such list.
fn labels_read(probe: &Probe) -> Option<LabelState> {
    let mut state = LabelState::new();
    for page in &probe.versions {
        if !page.response.succeeded() {
            return None;
        }
        for version in page.response.json()?.get("Versions")?.as_array()? {
            let labels = texts(version.get("VersionStages"));
            state.insert(version.get("VersionId")?.as_str()?.to_owned(), labels);
        }
    }
    Some(state)
}

/// The labels of every version as DescribeSecret tells them; a secret without a version has no such member.
fn labels_described(exchange: &Exchange) -> Option<LabelState> {
    if !exchange.response.succeeded() {
        return None;
    }
    let body = exchange.response.json()?;
    let versions = body.get("VersionIdsToStages").and_then(Value::as_object);
    Some(versions.into_iter().flatten().map(|(id, labels)| (id.clone(), texts(Some(labels)))).collect())
}

fn texts(list: Option<&Value>) -> BTreeSet<String> {
    let items = list.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn labels_stated(versions: &[(String, Vec<Template>)], variables: &Variables) -> Option<LabelState> {
    versions
        .iter()
        .map(|(variable, labels)| {
            let id = variables.get(variable)?.as_str()?.to_owned();
            let labels: Option<BTreeSet<String>> =
                labels.iter().map(|label| label.resolve_text(variables).ok()).collect();
            Some((id, labels?))
        })
        .collect()
}
