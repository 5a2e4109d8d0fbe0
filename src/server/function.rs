//! The rotation function that the reference plays itself, in place of a Lambda function.
//!
//! It does what AWS's template for rotation functions does, by calling the operations of the model as any client: the
//! four steps createSecret, setSecret, testSecret and finishSecret (aws-docs: RotateSecret.lambda-steps), each of which
//! looks first whether the rotation is still wanted. On AWS that goes on beside the client; here it is done before
//! RotateSecret has answered, so that what a client reads afterwards is the end of it. A scheduled rotation that is due
//! is played at the next request of its account and region, at the end of its window, however much later that is.
//!
//! A second function fails whatever it is called for, and so leaves AWSPENDING on a version without a value.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::model::{Answer, Invocation, State};
use crate::service::time::Timestamp;
use crate::service::{AWSCURRENT, AWSPENDING};

/// The name of the function.
const NAME: &str = "smcheck-rotation";
/// What stands behind it in the name of the one that fails.
const FAILING: &str = "-failing";
/// The most scheduled rotations that are played before one request; what is due then too is played once, and late.
const ROUNDS: usize = 1000;
/// When a rotation that failed is attempted again.
const RETRY_MS: i64 = 3_600_000;

/// Where the function calls the model: as the account that owns the secret, in its region.
pub(super) trait Turn {
    /// Answers one call at a moment.
    fn call(&mut self, operation: &str, input: &Value, at: Timestamp) -> Answer;
    /// The secrets of the account in the region, at a moment.
    fn state(&mut self, at: Timestamp) -> &mut State;
    /// Starts the scheduled rotation of a secret.
    fn start(&mut self, name: &str, at: Timestamp) -> Option<Invocation>;
}

/// The ARN of the function in an account and region.
pub(super) fn arn(partition: &str, region: &str, account: &str) -> String {
    format!("arn:{partition}:lambda:{region}:{account}:function:{NAME}")
}

/// Whether an ARN names one of our functions, in this region. It may be in another account than the secret, as on AWS.
pub(super) fn is_ours(function: &str, partition: &str, region: &str) -> bool {
    let name = function.strip_suffix(FAILING).unwrap_or(function);
    let account = name.split(':').nth(4).unwrap_or_default();
    let digits = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    digits && name == arn(partition, region, account)
}

/// Does what follows from a RotateSecret that has succeeded: rotates, or tries the function only.
pub(super) fn after_rotate(
    turn: &mut dyn Turn,
    ours: impl Fn(&str) -> bool,
    input: &Value,
    answer: &Value,
    now: Timestamp,
) {
    let Some(secret) = answer.get("ARN").and_then(Value::as_str) else { return };
    if answer.get("VersionId").is_some() {
        if let Some(invocation) = turn.state(now).invocation(secret).filter(|found| ours(&found.function)) {
            rotate(turn, &invocation, now);
        }
        return;
    }
    let token = input.get("ClientRequestToken").and_then(Value::as_str).unwrap_or_default();
    if let Some(trial) = turn.state(now).begin_trial(secret, token, now) {
        if ours(&trial.invocation.function) {
            // Whether a function passes its test is not told to whoever configures it.
            let _ = step(turn, "testSecret", &trial.invocation, now);
        }
        turn.state(now).end_trial(trial);
    }
}

/// Plays the scheduled rotations that are due by a moment, the earliest first; `latest` is the account's time before and
/// after. Returns when to look again.
pub(super) fn catch_up(
    turn: &mut dyn Turn,
    ours: impl Fn(&str) -> bool,
    latest: &mut Timestamp,
    until: Timestamp,
) -> Option<Timestamp> {
    let mut failed = BTreeSet::new();
    let mut next = None;
    for round in 0.. {
        let due =
            turn.state(*latest).next_rotation(|name, function| !failed.contains(name) && ours(function));
        next = due.as_ref().map(|(at, _)| *at);
        let Some((at, name)) = due.filter(|(at, _)| *at <= until) else { break };
        // After too many rounds every rotation counts as done now, so that its next one lies ahead.
        *latest = if round < ROUNDS { at.max(*latest) } else { until };
        let rotated = match turn.start(&name, *latest) {
            Some(invocation) => rotate(turn, &invocation, *latest),
            None => false,
        };
        if !rotated {
            failed.insert(name);
        }
    }
    let retry = (!failed.is_empty()).then(|| until.plus_ms(RETRY_MS));
    next.into_iter().chain(retry).min()
}

/// Plays all steps until one fails; says whether none did.
fn rotate(turn: &mut dyn Turn, invocation: &Invocation, now: Timestamp) -> bool {
    let steps = ["createSecret", "setSecret", "testSecret", "finishSecret"];
    steps.into_iter().all(|name| step(turn, name, invocation, now).is_some())
}

/// One call of the function; `None` when it fails.
fn step(turn: &mut dyn Turn, name: &str, invocation: &Invocation, now: Timestamp) -> Option<()> {
    let Invocation { function, secret, token } = invocation;
    let mut call =
        |operation: &str, input: Value| turn.call(operation, &input, now).ok().map(Option::unwrap_or_default);
    if function.ends_with(FAILING) {
        return None;
    }
    let described = call("DescribeSecret", json!({"SecretId": secret}))?;
    let versions = described.get("VersionIdsToStages")?.as_object()?;
    let carries = |version: &Value, label: &str| {
        version.as_array().is_some_and(|labels| labels.iter().any(|found| found == label))
    };
    let pending = versions.get(token)?;
    if described["RotationEnabled"] != true {
        return None;
    }
    if carries(pending, AWSCURRENT) {
        // It was finished before.
        return Some(());
    }
    if !carries(pending, AWSPENDING) {
        return None;
    }
    match name {
        "createSecret" => {
            // There must be a value to rotate.
            call("GetSecretValue", json!({"SecretId": secret, "VersionStage": AWSCURRENT}))?;
            let made = json!({"SecretId": secret, "VersionId": token, "VersionStage": AWSPENDING});
            if call("GetSecretValue", made).is_none() {
                let password = call("GetRandomPassword", json!({"ExcludeCharacters": "/@\"'\\"}))?;
                let value = json!({"SecretId": secret, "ClientRequestToken": token,
                    "SecretString": password["RandomPassword"], "VersionStages": [AWSPENDING]});
                call("PutSecretValue", value)?;
            }
        }
        "finishSecret" => {
            let current = versions.iter().find(|(_, labels)| carries(labels, AWSCURRENT)).map(|(id, _)| id);
            let moved = json!({"SecretId": secret, "VersionStage": AWSCURRENT, "MoveToVersionId": token,
                "RemoveFromVersionId": current});
            call("UpdateSecretVersionStage", moved)?;
            let removed =
                json!({"SecretId": secret, "VersionStage": AWSPENDING, "RemoveFromVersionId": token});
            call("UpdateSecretVersionStage", removed)?;
        }
        // Nobody else holds the secret: there is nothing to set and nothing to log in to.
        _ => {}
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_functions_are_known_by_region_and_name() {
        let ours = arn("aws", "eu-west-1", "111111111111");
        for (function, known) in [
            (ours.clone(), true),
            (format!("{ours}{FAILING}"), true),
            (format!("{ours}{FAILING}{FAILING}"), false),
            (ours.replace("eu-west-1", "eu-west-2"), false),
            (ours.replace("111111111111", "me"), false),
            (ours.replace(NAME, "other"), false),
            (String::new(), false),
        ] {
            assert_eq!(is_ours(&function, "aws", "eu-west-1"), known, "{function}");
        }
    }
}
