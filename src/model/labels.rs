//! Staging labels: where they stand, how they move, and UpdateSecretVersionStage.

use std::collections::BTreeMap;

use serde_json::json;

use super::failure::{Answer, Failure};
use super::given::Given;
use super::input::Input;
use super::rotation;
use super::state::{Secret, State};
use crate::service::time::Timestamp;
use crate::service::{AWSCURRENT, AWSPENDING, AWSPREVIOUS, LABELS_MAX};

/// Label to version id: a label stands on one version at most, by construction.
pub(crate) type Labels = BTreeMap<String, String>;

/// Puts labels on a version that gets a new value, taking each from where it stood.
///
/// - Labels that are not named stay where they are (aws-recorded: PutSecretValue.custom-labels.partial-move).
/// - Where AWSCURRENT moves, AWSPREVIOUS follows it to the version that it left, and that version loses AWSPENDING
///   (aws-recorded: PutSecretValue.default, PutSecretValue.demotion-drops-pending). It keeps its custom labels
///   (`inferred`; recorded for UpdateSecretVersionStage).
/// - `inferred`: a request that names both AWSCURRENT and AWSPREVIOUS has the automatic move of AWSPREVIOUS last.
pub(crate) fn attach(labels: &mut Labels, wanted: &[&str], version: &str) {
    for label in wanted.iter().filter(|label| **label != AWSCURRENT) {
        labels.insert((*label).to_owned(), version.to_owned());
    }
    if wanted.contains(&AWSCURRENT)
        && let Some(demoted) = promote(labels, version)
        && labels.get(AWSPENDING) == Some(&demoted)
    {
        labels.remove(AWSPENDING);
    }
}

/// Moves AWSCURRENT to a version, AWSPREVIOUS behind it; returns the version that lost AWSCURRENT.
///
/// aws-recorded: UpdateSecretVersionStage.move-current, .cycle2, .previous-lost-custom-stays.
fn promote(labels: &mut Labels, version: &str) -> Option<String> {
    let demoted = labels.insert(AWSCURRENT.to_owned(), version.to_owned()).filter(|old| old != version)?;
    labels.insert(AWSPREVIOUS.to_owned(), demoted.clone());
    Some(demoted)
}

/// aws-docs: quota.labels, UpdateSecretVersionStage.label-limit. The text is `inferred`.
pub(crate) fn check_limit(labels: &Labels) -> Result<(), Failure> {
    if labels.len() > LABELS_MAX {
        return Err(Failure::limit(format!(
            "You can't have more than {LABELS_MAX} staging labels attached to the versions of a secret."
        )));
    }
    Ok(())
}

impl Secret {
    /// Takes over new labels. A version that a rotation announced and that never got a value goes with its last
    /// label (`inferred`: it has nothing to deprecate); all others stay, and can be labelled again.
    pub(crate) fn relabel(&mut self, labels: Labels, now: Timestamp) {
        self.labels = labels;
        let labels = &self.labels;
        self.versions
            .retain(|version| version.value.is_some() || labels.values().any(|holder| *holder == version.id));
        rotation::note_promotion(self, now);
    }
}

/// UpdateSecretVersionStage.
///
/// aws-verified-test: UpdateSecretVersionStage.missing-remove. aws-docs: a version named in RemoveFromVersionId that
/// does not carry the label is an error (.wrong-remove); its text is `inferred`, and so are the refusals to remove
/// AWSCURRENT without moving it (.remove-current-only), to name no version at all, and to name one that does not
/// exist. AWSPENDING is left where it is (aws-recorded: .move-current; `inferred` for the version demoted).
pub(crate) fn update(state: &mut State, input: Input<'_>, given: &mut Given<'_>) -> Answer {
    let (remove, add) = (input.text("RemoveFromVersionId"), input.text("MoveToVersionId"));
    let label = input.required("VersionStage");
    let secret = state.find_live_mut(input, given)?;
    if remove.is_none() && add.is_none() {
        return Err(Failure::parameter("You must specify RemoveFromVersionId or MoveToVersionId."));
    }
    for id in [remove, add].into_iter().flatten() {
        let known = secret.version(id);
        // AWSCURRENT must not end up where there is no value.
        if known.is_none_or(|version| version.value.is_none() && add == Some(id) && label == AWSCURRENT) {
            return Err(Failure::no_such_version(id));
        }
    }
    let holder = secret.holder(label);
    match (holder, remove, add) {
        (Some(holder), None, Some(add)) if holder != add => {
            return Err(Failure::parameter(format!(
                "The parameter RemoveFromVersionId can't be empty. Staging label {label} is currently attached to \
                 version {holder}, so you must explicitly reference that version in RemoveFromVersionId."
            )));
        }
        (Some(holder), Some(remove), _) if holder != remove => {
            return Err(Failure::parameter(format!(
                "The parameter RemoveFromVersionId is not valid. Staging label {label} is currently attached to version \
                 {holder}, so you must explicitly reference that version in RemoveFromVersionId."
            )));
        }
        (None, Some(remove), _) => {
            return Err(Failure::parameter(format!(
                "The parameter RemoveFromVersionId is not valid. Staging label {label} is not attached to version \
                 {remove}."
            )));
        }
        (Some(_), _, None) if label == AWSCURRENT => {
            return Err(Failure::parameter(format!(
                "You can't remove the staging label {AWSCURRENT}. You can only move it to another version."
            )));
        }
        _ => {}
    }
    let mut labels = secret.labels.clone();
    match add {
        None => {
            labels.remove(label);
        }
        Some(add) if label == AWSCURRENT => {
            promote(&mut labels, add);
        }
        Some(add) => {
            labels.insert(label.to_owned(), add.to_owned());
        }
    }
    check_limit(&labels)?;
    if labels != secret.labels {
        secret.relabel(labels, given.now);
        secret.touch(given.now);
    }
    Ok(Some(json!({"ARN": secret.arn, "Name": secret.name})))
}
