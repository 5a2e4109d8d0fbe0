//! Rotation: RotateSecret, CancelRotateSecret, and what is stored of it.
//!
//! The reference calls no function. A function that is not among the given ones cannot be invoked, and nothing is
//! stored. One that is accepts the call and does nothing: its steps (PutSecretValue with the token, moving AWSCURRENT)
//! are the client's to play.

use serde_json::json;

use super::failure::{Answer, Failure};
use super::given::Given;
use super::input::Input;
use super::schedule::Rules;
use super::state::{Secret, State};
use super::{resolve, versions};
use crate::service::time::Timestamp;
use crate::service::{AWSCURRENT, AWSPENDING};

/// The rotation configuration of a secret.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rotation {
    pub(crate) enabled: bool,
    pub(crate) function: String,
    pub(crate) rules: Option<Rules>,
    pub(crate) last: Option<Timestamp>,
    pub(crate) next: Option<Timestamp>,
    /// The version that the rotation in progress announced.
    pending: Option<String>,
}

impl Rotation {
    /// Switches rotation off; function and rules stay, the next date goes (aws-recorded:
    /// DescribeSecret.delete-disables-rotation; aws-docs: CancelRotateSecret.keeps-pending).
    pub(crate) fn disable(&mut self) {
        self.enabled = false;
        self.next = None;
    }
}

/// Notes that a rotation has completed, when the version it announced has become AWSCURRENT (aws-docs, DescribeSecret:
/// LastRotatedDate; the next date follows from the actual date of the last rotation).
pub(crate) fn note_promotion(secret: &mut Secret, now: Timestamp) {
    let current = secret.labels.get(AWSCURRENT);
    if let Some(rotation) = &mut secret.rotation
        && rotation.pending.is_some()
        && rotation.pending.as_ref() == current
    {
        rotation.pending = None;
        rotation.last = Some(now);
        if rotation.enabled {
            rotation.next = rotation.rules.as_ref().and_then(|rules| rules.next(now));
        }
    }
}

/// The version with AWSPENDING, unless it is the one with AWSCURRENT.
fn in_progress(secret: &Secret) -> Option<&str> {
    secret.holder(AWSPENDING).filter(|pending| secret.holder(AWSCURRENT) != Some(*pending))
}

/// RotateSecret.
///
/// - aws-recorded: RotateSecret.no-lambda, .bad-lambda (an AccessDeniedException), .no-lambda.unchanged and
///   .bad-lambda.unchanged (a failure stores nothing), .ok, .second-no-params (stored function and rules are used).
/// - reported: .in-progress, .token-becomes-version (also for a secret without a value). The version has no value yet
///   (aws-verified-test: GetSecretValue.pending-no-value).
/// - aws-verified-test: .not-immediate leaves the labels alone. `inferred`: its answer names no version, since none is
///   left; the order of the checks; a token that is a version already is refused, but for the one of the rotation in
///   progress, which is answered again.
pub(crate) fn rotate(state: &mut State, input: Input<'_>, given: &mut Given<'_>) -> Answer {
    let token = resolve::token(input, "InvalidParameterException")?;
    let rules = Rules::read(input)?;
    let functions = given.functions;
    let secret = state.find_live_mut(input, given)?;
    let stored = secret.rotation.as_ref();
    let asked = input.text("RotationLambdaARN").filter(|function| !function.is_empty());
    let Some(function) = asked.or(stored.map(|stored| stored.function.as_str())) else {
        return Err(Failure::request("No Lambda rotation function ARN is associated with this secret."));
    };
    let immediately = input.flag("RotateImmediately").unwrap_or(true);
    if let Some(pending) = in_progress(secret) {
        if pending == token && stored.is_some_and(|stored| stored.pending.as_deref() == Some(token)) {
            return Ok(Some(json!({"ARN": secret.arn, "Name": secret.name, "VersionId": token})));
        }
        return Err(Failure::request(
            "A previous rotation isn't complete. That rotation will be reattempted.",
        ));
    }
    if !functions.iter().any(|known| known == function) {
        return Err(Failure::new(
            "AccessDeniedException",
            "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access \
             to the principal secretsmanager.amazonaws.com.",
        ));
    }
    if immediately && secret.version(token).is_some() {
        return Err(Failure::parameter(Failure::token_in_use(token, &secret.arn).message));
    }
    let rules = rules.or_else(|| stored.and_then(|stored| stored.rules.clone()));
    let mut rotation = Rotation {
        enabled: true,
        function: function.to_owned(),
        last: stored.and_then(|stored| stored.last),
        next: rules.as_ref().and_then(|rules| rules.next(given.now)),
        rules,
        pending: None,
    };
    let mut answer = json!({"ARN": secret.arn, "Name": secret.name});
    if immediately {
        let mut labels = secret.labels.clone();
        labels.insert(AWSPENDING.to_owned(), token.to_owned());
        super::labels::check_limit(&labels)?;
        versions::make_room(secret, given.now)?;
        secret.announce(token, None, given.now);
        secret.relabel(labels, given.now);
        rotation.pending = Some(token.to_owned());
        answer["VersionId"] = token.into();
    }
    secret.rotation = Some(rotation);
    secret.touch(given.now);
    Ok(Some(answer))
}

/// CancelRotateSecret (aws-docs: CancelRotateSecret.ok, .keeps-pending). The answer names the version that the rotation
/// in progress made, if there is one.
///
/// `inferred`: .not-configured, whose code is analogy and whose text is RotateSecret's; a deleted secret is refused.
pub(crate) fn cancel(state: &mut State, input: Input<'_>, given: &mut Given<'_>) -> Answer {
    let secret = state.find_live_mut(input, given)?;
    let mut answer = json!({"ARN": secret.arn, "Name": secret.name});
    if let Some(pending) = in_progress(secret) {
        answer["VersionId"] = pending.into();
    }
    let Some(rotation) = &mut secret.rotation else {
        return Err(Failure::request("No Lambda rotation function ARN is associated with this secret."));
    };
    rotation.disable();
    secret.touch(given.now);
    Ok(Some(answer))
}
