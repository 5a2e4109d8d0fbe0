//! DeleteSecret and RestoreSecret.

use serde_json::{Value, json};

use super::failure::{Answer, Failure};
use super::given::Given;
use super::input::Input;
use super::state::{Deletion, Secret, State};
use crate::service::SecretArn;
use crate::service::time::{DAY_MS, Timestamp};

/// Without a window the secret can be restored for this many days (aws-docs: DeleteSecret.default-30).
const DEFAULT_WINDOW: i64 = 30;

/// DeleteSecret.
///
/// - The range of the window is checked before anything else (reported: DeleteSecret.window-0-and-force,
///   .window-out-of-range), then that it does not stand beside a forced deletion (`inferred`: .window-and-force;
///   aws-verified-test: .window-and-force-false is fine).
/// - DeletionDate is now and the window (aws-recorded: .window-7); rotation is disabled, its function and all labels
///   stay (aws-recorded: DescribeSecret.delete-disables-rotation).
/// - A forced deletion takes secrets in their window (aws-recorded: .force.already-deleted) and succeeds for secrets
///   that never were (aws-verified-test: .force.unknown), but not for names that cannot be (aws-recorded:
///   .invalid-name). The secret is gone at once, its name free: what AWS takes some time for.
/// - `inferred`: a second plain deletion is refused like every other call (.already-deleted).
pub(crate) fn delete(state: &mut State, input: Input<'_>, given: &mut Given<'_>) -> Answer {
    let window = input.number("RecoveryWindowInDays");
    let force = input.flag("ForceDeleteWithoutRecovery").unwrap_or(false);
    if window.is_some_and(|days| !(7..=30).contains(&days)) {
        return Err(Failure::parameter(
            "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).",
        ));
    }
    if force && window.is_some() {
        return Err(Failure::parameter(
            "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
        ));
    }
    if force {
        return force_delete(state, input, given);
    }
    let due = given.now.plus_ms(window.unwrap_or(DEFAULT_WINDOW) * DAY_MS);
    let secret = state.find_live_mut(input, given)?;
    secret.check_deletable()?;
    secret.deletion = Some(Deletion { requested: given.now, due });
    if let Some(rotation) = &mut secret.rotation {
        rotation.disable();
    }
    secret.touch(given.now);
    let answer = answer(&secret.arn, &secret.name, due);
    state.note_ends();
    Ok(Some(answer))
}

fn force_delete(state: &mut State, input: Input<'_>, given: &mut Given<'_>) -> Answer {
    let found = state.find(input, given);
    match found.and_then(|secret| secret.check_deletable().map(|()| secret.name.clone())) {
        Ok(name) => {
            let gone = state.secrets.remove(&name);
            state.note_ends();
            Ok(gone.map(|Secret { arn, name, .. }| answer(&arn, &name, given.now)))
        }
        Err(failure) if failure == Failure::no_such_secret() => {
            let id = input.required("SecretId");
            // What an ARN that leads nowhere is answered with is `inferred`.
            let (arn, name) = match SecretArn::parse(id) {
                Some(arn) => (id.to_owned(), arn.name_and_suffix().map_or(arn.resource, |(name, _)| name)),
                None => (given.new_arn(id), id),
            };
            Ok(Some(answer(&arn, name, given.now)))
        }
        Err(failure) => Err(failure),
    }
}

fn answer(arn: &str, name: &str, date: Timestamp) -> Value {
    json!({"ARN": arn, "Name": name, "DeletionDate": date.to_seconds()})
}

/// RestoreSecret (aws-recorded: RestoreSecret.ok; aws-verified-test: DescribeSecret.restore-clears).
///
/// `inferred`: a secret that is not deleted is left as it is, and the call succeeds; rotation stays disabled.
pub(crate) fn restore(state: &mut State, input: Input<'_>, given: &mut Given<'_>) -> Answer {
    let secret = state.find_mut(input, given)?;
    let answer = json!({"ARN": secret.arn, "Name": secret.name});
    if secret.deletion.take().is_some() {
        secret.touch(given.now);
        state.note_ends();
    }
    Ok(Some(answer))
}
