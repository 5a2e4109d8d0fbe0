//! Why a transition is believed. What was recorded is claimed for exactly the transition that was recorded; a rule that is
//! carried over to another class of label state is `aws-docs` where the documentation says it in general, and
//! `inferred` elsewhere, and the source names the rule.

use super::explore::{Fate, Transition, is_scheduled};
use super::state::Label;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Inferred,
    Docs,
    Recorded,
}

impl Kind {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Kind::Inferred => "inferred",
            Kind::Docs => "aws-docs",
            Kind::Recorded => "aws-recorded",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Evidence {
    pub(crate) kind: Kind,
    pub(crate) source: String,
    pub(crate) date: Option<&'static str>,
    /// The facts of the evidence collection that it rests on.
    pub(crate) facts: Vec<&'static str>,
}

/// One transition that AWS was seen to make.
pub(crate) struct Recorded {
    pub(crate) class: &'static str,
    /// The names of the situation, with the suffix of the call, and of the one afterwards.
    pub(crate) before: &'static str,
    pub(crate) after: &'static str,
    fact: &'static str,
    test: &'static str,
    date: &'static str,
}

const SNAPSHOT: &str = "localstack/localstack@8b9a79f058 test_secretsmanager.snapshot.json";
const VERIFIED: &str = "getmoto/moto@0af643a5db test_secretsmanager.py";

const fn seen(
    class: &'static str,
    before: &'static str,
    after: &'static str,
    fact: &'static str,
    test: &'static str,
    date: &'static str,
) -> Recorded {
    Recorded { class, before, after, fact, test, date }
}

/// Everything that is recorded in terms of one custom label. Recordings with two or more are named as the rule that
/// other transitions follow.
#[rustfmt::skip]
pub(crate) const RECORDED: &[Recorded] = &[
    seen("create-with-value", "no-secret", "current", "CreateSecret.string", "test_update_secret_description", "2022-09-28"),
    seen("create-without-value", "no-secret", "no-value", "CreateSecret.no-value", "test_create_secret_version_from_empty_secret", "2023-09-05"),
    seen("create-name-taken", "current", "current", "CreateSecret.dup.recorded", "test_secret_exists_snapshots", "2022-10-27"),
    seen("create-repeated", "current--again-current", "current", "CreateSecret.idempotent", "test_create_duplicate_secret_with_same_token (verified test)", "2026-02-13"),
    seen("create-token-in-use", "current--again-current", "current", "CreateSecret.token-reuse-diff-value", "test_create_different_secret_with_same_token (verified test)", "2026-02-13"),
    seen("create-scheduled", "current--scheduled", "current--scheduled", "CreateSecret.scheduled-for-deletion", "test_exp_raised_on_creation_of_secret_scheduled_for_deletion", "2022-09-28"),
    seen("put-default", "no-value", "current", "PutSecretValue.first-value", "test_create_secret_version_from_empty_secret", "2023-09-05"),
    seen("put-default", "current", "current--previous", "PutSecretValue.default", "test_deprecated_secret_version_stage", "2024-03-29"),
    seen("put-default", "current--previous", "current--previous--deprecated", "PutSecretValue.third", "test_deprecated_secret_version_stage", "2024-03-29"),
    seen("put-default", "current-pending--previous", "current--previous--deprecated", "PutSecretValue.demotion-drops-pending", "test_update_secret_version_stages_current_pending", "2022-09-28"),
    seen("put-pending", "current", "current--pending", "PutSecretValue.pending", "test_update_secret_version_stages_current_pending", "2022-09-28"),
    seen("put-pending", "current-pending--previous", "current--previous--pending", "PutSecretValue.pending-moves-off-current", "test_update_secret_version_stages_current_pending_cycle", "2022-09-28"),
    seen("put-current-and-custom", "current", "current-custom--previous", "PutSecretValue.current-plus-custom", "test_update_secret_version_stages_current_pending_cycle_custom_stages_2", "2022-09-28"),
    seen("put-repeated", "current--again-current", "current", "PutSecretValue.idempotent", "test_put_same_secret_value_with_same_token (verified test)", "2026-02-13"),
    seen("put-token-in-use", "current--again-current", "current", "PutSecretValue.token-reuse-diff-value", "test_put_different_secret_value_with_same_token (verified test)", "2026-02-13"),
    seen("update-value", "current", "current--previous", "UpdateSecret.value", "test_update_secret_version_stages_current_previous", "2022-09-28"),
    seen("update-value", "current--previous", "current--previous--deprecated", "UpdateSecret.keeps-description", "test_update_secret_description", "2022-09-28"),
    seen("update-without-value", "current", "current", "UpdateSecret.description-only", "test_update_secret_description", "2022-09-28"),
    seen("update-repeated", "current--again-current", "current", "UpdateSecret.idempotent", "test_update_same_secret_value_with_same_token (verified test)", "2026-02-13"),
    seen("update-token-in-use", "current--again-current", "current", "UpdateSecret.token-reuse-diff-value", "test_update_different_secret_value_with_same_token (verified test)", "2026-02-13"),
    seen("move-current", "current--pending--to-pending", "current-pending--previous", "UpdateSecretVersionStage.move-current", "test_update_secret_version_stages_current_pending", "2022-09-28"),
    seen("move-current", "current--previous--pending--to-pending", "current-pending--previous--deprecated", "UpdateSecretVersionStage.cycle2", "test_update_secret_version_stages_current_pending_cycle", "2022-09-28"),
    seen("move-current-without-remove-from", "current--pending", "current--pending", "UpdateSecretVersionStage.missing-remove", "test_update_secret_version_stage_dont_specify_current_stage (verified test)", "2024-03-07"),
    seen("remove-custom", "current-custom--previous", "current--previous", "UpdateSecretVersionStage.remove-custom", "test_update_secret_version_stages_current_pending_cycle_custom_stages_3", "2024-01-18"),
    seen("get-no-value", "no-value", "no-value", "GetSecretValue.no-value", "test_secret_version_not_found", "2024-06-13"),
    seen("get-by-absent-pending", "current", "current", "GetSecretValue.stage-not-found.pending", "test_secret_version_not_found", "2024-06-13"),
    seen("get-by-absent-previous", "current", "current", "GetSecretValue.stage-not-found.previous", "test_get_secret_value_errors", "2024-04-11"),
];

/// The recording of exactly this transition, if there is one.
pub(crate) fn recorded(transition: &Transition) -> Option<&'static Recorded> {
    let name = transition.name();
    RECORDED.iter().find(|recorded| recorded.class == transition.call.class && recorded.before == name)
}

fn docs(source: impl Into<String>, facts: &[&'static str]) -> Evidence {
    Evidence { kind: Kind::Docs, source: source.into(), date: None, facts: facts.to_vec() }
}

fn inferred(source: impl Into<String>, facts: &[&'static str]) -> Evidence {
    Evidence { kind: Kind::Inferred, source: source.into(), date: None, facts: facts.to_vec() }
}

/// The evidence of a transition.
pub(crate) fn of(transition: &Transition) -> Evidence {
    if let Some(seen) = recorded(transition) {
        let from = if seen.test.ends_with("(verified test)") { VERIFIED } else { SNAPSHOT };
        return Evidence {
            kind: Kind::Recorded,
            source: format!("{from}, {}", seen.test),
            date: Some(seen.date),
            facts: vec![seen.fact],
        };
    }
    let class = transition.call.class.as_str();
    if is_scheduled(&transition.before) && class != "restore" {
        return scheduled(transition);
    }
    match transition.call.operation {
        "CreateSecret" => match class {
            "create-repeated" => {
                docs("API reference, CreateSecret, ClientRequestToken (a repeated request is ignored)", &[])
            }
            "create-token-in-use" => docs("API reference, CreateSecret, ClientRequestToken", &[]),
            _ => docs("API reference, CreateSecret, ResourceExistsException", &[]),
        },
        "PutSecretValue" | "UpdateSecret" => value(transition),
        "UpdateSecretVersionStage" => stage(transition),
        "DeleteSecret" => docs(
            "API reference, DeleteSecret (no more is said than that the secret gets a date); that DescribeSecret still shows \
             AWSCURRENT is recorded (test_force_delete_deleted_secret)",
            &["DescribeSecret.deleted"],
        ),
        "RestoreSecret" if class == "restore" => docs(
            "API reference, RestoreSecret (the planned deletion is called off); labels afterwards are not recorded",
            &[],
        ),
        "RestoreSecret" => {
            inferred("getmoto/moto; nothing is recorded of AWS", &["RestoreSecret.not-deleted"])
        }
        operation => read(transition, operation),
    }
}

fn scheduled(transition: &Transition) -> Evidence {
    if transition.call.operation == "CreateSecret" {
        return inferred(
            "as recorded for a secret with one version (test_exp_raised_on_creation_of_secret_scheduled_for_deletion)",
            &[],
        );
    }
    inferred(
        "the text is recorded for TagResource and UntagResource (test_tag_untag_resource_on_deleted_secret) and not for this \
         operation",
        &["TagResource.deleted"],
    )
}

/// PutSecretValue and UpdateSecret.
fn value(transition: &Transition) -> Evidence {
    let operation = transition.call.operation;
    match transition.call.class.as_str() {
        "update-without-value" => {
            return docs(
                "API reference, UpdateSecret (a version is made only for a value); recorded for AWSCURRENT alone",
                &["UpdateSecret.description-only"],
            );
        }
        "put-repeated" | "put-repeated-with-other-labels" => {
            return docs(
                "API reference, PutSecretValue (a repeated request succeeds but does nothing)",
                &["PutSecretValue.idempotent"],
            );
        }
        "update-repeated" => {
            return inferred(
                "test_update_same_secret_value_with_same_token (verified test) repeats the token of AWSCURRENT; other labels by analogy",
                &["UpdateSecret.idempotent"],
            );
        }
        "put-token-in-use" | "update-token-in-use" => {
            return docs(format!("API reference, {operation}, ClientRequestToken"), &[]);
        }
        _ => {}
    }
    let (mut doubts, mut facts) = (Vec::new(), Vec::new());
    if matches!(transition.fate(Label::Pending), Fate::Gone(_)) {
        doubts.push("AWSPENDING leaves a demoted version as is recorded for a put with AWSPREVIOUS on another version (test_update_secret_version_stages_current_pending)");
        facts.push("PutSecretValue.demotion-drops-pending");
    }
    if let (Some(demoted), Fate::Stays(at)) = (transition.demoted(), transition.fate(Label::Custom))
        && demoted == at
    {
        doubts.push("UpdateSecretVersionStage is recorded to leave custom labels on a demoted version (test_update_secret_version_stages_current_pending_cycle_custom_stages_1), a new value is not");
        facts.push("UpdateSecretVersionStage.demoted-keeps-custom");
    }
    if together(transition) {
        doubts.push("AWSPREVIOUS on the version with AWSCURRENT is not recorded; AWSPREVIOUS goes where AWSCURRENT was");
    }
    if transition.call.class == "put-previous" {
        doubts.push("API reference, PutSecretValue, VersionStages: the general rule, applied to AWSPREVIOUS");
    }
    if !doubts.is_empty() {
        return inferred(doubts.join("; "), &facts);
    }
    if transition.before.versions.is_empty() {
        return docs(format!("API reference, {operation} (the first version always gets AWSCURRENT)"), &[]);
    }
    if operation == "UpdateSecret" {
        return docs(
            "API reference, UpdateSecret (a new version gets AWSCURRENT); AWSPREVIOUS as recorded in test_update_secret_version_stages_current_previous",
            &["UpdateSecret.value"],
        );
    }
    let mut source = "API reference, PutSecretValue, VersionStages (a label leaves the version that had it; no others move".to_owned();
    if transition.demoted().is_some() {
        source.push_str(" but AWSPREVIOUS, which goes where AWSCURRENT was");
        facts.push("PutSecretValue.default");
    }
    source.push(')');
    if transition.call.class == "put-custom" {
        source.push_str("; recorded with two labels (test_put_secret_value_with_version_stages)");
        facts.push("PutSecretValue.custom-labels");
    }
    docs(source, &facts)
}

/// Whether AWSCURRENT and AWSPREVIOUS share a version before or after.
fn together(transition: &Transition) -> bool {
    [&transition.before, &transition.after].into_iter().any(|situation| {
        situation.holder(Label::Previous).is_some()
            && situation.holder(Label::Previous) == situation.holder(Label::Current)
    })
}

fn stage(transition: &Transition) -> Evidence {
    const API: &str = "API reference, UpdateSecretVersionStage";
    let call = &transition.call;
    let class = call.class.as_str();
    if transition.outcome.is_err() {
        return match class {
            "remove-current" => inferred(
                "a secret with a value always has an AWSCURRENT version; code and text are not recorded",
                &["UpdateSecretVersionStage.remove-current-only"],
            ),
            "stage-without-a-version" => {
                inferred("nothing is asked for; neither code nor text is recorded", &[])
            }
            "attach-to-an-unknown-version" => inferred(
                "as GetSecretValue answers an unknown VersionId; not recorded for UpdateSecretVersionStage",
                &["GetSecretValue.version-not-found"],
            ),
            _ if class.starts_with("remove-absent") => inferred(
                format!(
                    "{API}, RemoveFromVersionId: the version does not match; that the label stands nowhere is not mentioned"
                ),
                &[],
            ),
            _ if class.ends_with("without-remove-from") => docs(
                format!(
                    "{API}, RemoveFromVersionId; code and text are known for AWSCURRENT (test_update_secret_version_stage_dont_specify_current_stage)"
                ),
                &["UpdateSecretVersionStage.missing-remove"],
            ),
            _ => docs(format!("{API}, RemoveFromVersionId"), &["UpdateSecretVersionStage.wrong-remove"]),
        };
    }
    if class.starts_with("attach-again") || class.starts_with("move-in-place") {
        return inferred(
            format!(
                "{API}, asks for RemoveFromVersionId only where a different version has the label, and says nothing of moving a label to where it is"
            ),
            &[],
        );
    }
    let (mut doubts, mut facts) = (Vec::new(), Vec::new());
    if let (Some(demoted), Fate::Stays(at)) = (transition.demoted(), transition.fate(Label::Pending))
        && demoted == at
    {
        doubts.push(format!("{API}, names AWSCURRENT and AWSPREVIOUS only; that AWSPENDING goes is recorded for PutSecretValue alone"));
    }
    if call.named.is_some_and(|named| transition.had(named).is_bare()) {
        doubts.push("deprecated versions are recorded to stay available (test_deprecated_secret_version_stage); labelling one is not recorded".to_owned());
        facts.push("ListSecretVersionIds.include-deprecated");
    }
    if call.label == Some(Label::Previous) && !class.starts_with("remove") {
        doubts.push(format!("{API}: the general rule, applied to AWSPREVIOUS"));
    } else if together(transition) {
        doubts.push("AWSPREVIOUS on the version with AWSCURRENT is not recorded".to_owned());
    }
    if !doubts.is_empty() {
        return inferred(doubts.join("; "), &facts);
    }
    if let Some(demoted) = transition.demoted() {
        let mut source = format!("{API} (AWSPREVIOUS goes where AWSCURRENT was");
        facts.push("UpdateSecretVersionStage.move-current");
        if transition.fate(Label::Custom) == Fate::Stays(demoted) {
            source.push_str("; that custom labels stay is recorded with more of them, test_update_secret_version_stages_current_pending_cycle_custom_stages_1");
            facts.push("UpdateSecretVersionStage.demoted-keeps-custom");
        } else if transition.before.holder(Label::Previous).is_some_and(|previous| {
            Some(previous) != call.named && transition.fate(Label::Custom) == Fate::Stays(previous)
        }) {
            source.push_str("; that the version which loses AWSPREVIOUS keeps custom labels is recorded with more of them, test_update_secret_version_stages_current_pending_cycle_custom_stages_2");
            facts.push("UpdateSecretVersionStage.previous-lost-custom-stays");
        }
        source.push(')');
        return docs(source, &facts);
    }
    let what = match class.split('-').next() {
        Some("attach") => "labels are added to the existing ones",
        Some("remove") => "RemoveFromVersionId without MoveToVersionId",
        _ => "RemoveFromVersionId and MoveToVersionId",
    };
    docs(format!("{API} ({what})"), &[])
}

fn read(transition: &Transition, operation: &str) -> Evidence {
    let class = transition.call.class.as_str();
    if class == "get-by-absent-current" {
        return inferred(
            "as recorded for a read without VersionStage (test_secret_version_not_found)",
            &["GetSecretValue.no-value"],
        );
    }
    if class == "get-by-absent-custom" {
        return inferred(
            "as AWSPENDING and AWSPREVIOUS are recorded to be answered (test_secret_version_not_found)",
            &["GetSecretValue.stage-not-found.pending"],
        );
    }
    if transition.call.named.is_some_and(|named| transition.had(named).is_bare()) {
        return inferred(
            "deprecated versions are recorded in lists, without a VersionStages member (test_deprecated_secret_version_stage); \
             reading one is not recorded",
            &["ListSecretVersionIds.include-deprecated"],
        );
    }
    docs(format!("API reference, {operation}"), &[])
}
