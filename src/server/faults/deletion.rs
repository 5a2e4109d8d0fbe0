//! Deletion and what a deleted secret still answers.

use serde_json::{Value, json};

use super::{Fault, How, Source, failed_with, failure};
use crate::judge::Kind;

const DELETE: &[&str] = &["DeleteSecret"];

/// Carries an operation out although the secret is scheduled for deletion.
macro_rules! carried_out {
    ($name:literal, $does:literal, $operations:expr, $by:literal) => {
        Fault {
            name: $name,
            does: $does,
            source: Source::Moto("AWS refuses this on a secret that is scheduled for deletion; moto carries it out"),
            operations: $operations,
            kinds: &[Kind::Outcome],
            at: "",
            caught_by: $by,
            how: How::Other(|ask| {
                let response = ask.pass();
                if !(ask.is($operations) && failed_with(&response, "InvalidRequestException", "marked for deletion")) {
                    return response;
                }
                let secret = json!({"SecretId": ask.secret()});
                ask.next.call("RestoreSecret", &secret);
                let response = ask.pass();
                ask.next.call("DeleteSecret", &secret);
                response
            }),
        }
    };
}

pub(super) const FAULTS: &[Fault] = &[
    carried_out!(
        "put-into-a-deleted-secret",
        "PutSecretValue succeeds on a secret that is scheduled for deletion.",
        &["PutSecretValue"],
        "delete-secret/put-is-refused-afterwards"
    ),
    carried_out!(
        "labels-of-a-deleted-secret-move",
        "UpdateSecretVersionStage succeeds on a secret that is scheduled for deletion.",
        &["UpdateSecretVersionStage"],
        "labels/move-label-while-scheduled-for-deletion"
    ),
    carried_out!(
        "policy-of-a-deleted-secret",
        "Resource policies of a secret that is scheduled for deletion are put, read and deleted.",
        &["PutResourcePolicy", "GetResourcePolicy", "DeleteResourcePolicy"],
        "get-resource-policy/deleted-secret"
    ),
    carried_out!(
        "tags-of-a-deleted-secret",
        "TagResource and UntagResource succeed on a secret that is scheduled for deletion.",
        &["TagResource", "UntagResource"],
        "tag-resource/deleted-secret-cannot-be-tagged"
    ),
    Fault {
        name: "versions-of-a-deleted-secret-refused",
        does: "ListSecretVersionIds is refused for a secret that is scheduled for deletion.",
        source: Source::Read(
            "localstack-core 4.2.0",
            "services/secretsmanager/provider.py, moto_smb_list_secret_version_ids",
        ),
        operations: &["ListSecretVersionIds"],
        kinds: &[Kind::Code],
        at: "",
        caught_by: "labels/labels-while-scheduled-for-deletion",
        how: How::Other(|ask| {
            let described = ask.next.call("DescribeSecret", &json!({"SecretId": ask.secret()}));
            let deleted = described.is_some_and(|body| body.get("DeletedDate").is_some());
            if ask.is(&["ListSecretVersionIds"]) && deleted {
                let text =
                    "You can't perform this operation on the secret because it was marked for deletion.";
                return failure("InvalidRequestException", text);
            }
            ask.pass()
        }),
    },
    Fault {
        name: "force-needs-a-secret",
        does: "DeleteSecret with ForceDeleteWithoutRecovery fails for a secret that never was.",
        source: Source::Read("moto 1.3.16", "secretsmanager/models.py, delete_secret"),
        operations: DELETE,
        kinds: &[Kind::Outcome],
        at: "",
        caught_by: "delete-secret/force-on-unknown-secret",
        how: How::Other(|ask| {
            if ask.is(DELETE) && forced(&ask.input) && ask.arn().is_none() && ask.pass().succeeded() {
                return failure(
                    "ResourceNotFoundException",
                    "Secrets Manager can't find the specified secret.",
                );
            }
            ask.pass()
        }),
    },
    Fault {
        name: "force-after-plain-refused",
        does: "DeleteSecret with ForceDeleteWithoutRecovery is refused for a secret in its recovery window.",
        source: Source::Read("moto 3.1.0", "secretsmanager/models.py, delete_secret"),
        operations: DELETE,
        kinds: &[Kind::Outcome],
        at: "",
        caught_by: "delete-secret/force-within-the-window",
        how: How::Other(|ask| {
            let described = ask.next.call("DescribeSecret", &json!({"SecretId": ask.secret()}));
            let deleted = described.is_some_and(|body| body.get("DeletedDate").is_some());
            if ask.is(DELETE) && forced(&ask.input) && deleted {
                let text = "You tried to perform the operation on a secret that's currently marked deleted.";
                return failure("InvalidRequestException", text);
            }
            ask.pass()
        }),
    },
    Fault {
        name: "force-takes-any-name",
        does: "DeleteSecret with ForceDeleteWithoutRecovery succeeds also for a name that no secret can have.",
        source: Source::Moto("moto answers success for a secret that is not there"),
        operations: DELETE,
        kinds: &[Kind::Outcome],
        at: "",
        caught_by: "names-and-arns/invalid-secret-id[bracket-and-backslash]",
        how: How::Other(|ask| {
            let response = ask.pass();
            let refused = failed_with(&response, "ValidationException", "Invalid name");
            if ask.is(DELETE) && forced(&ask.input) && refused {
                let now = crate::service::time::Timestamp::now().to_seconds();
                let arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:none-AbCdEf";
                return super::success(&json!({"ARN": arn, "Name": ask.secret(), "DeletionDate": now}));
            }
            response
        }),
    },
    Fault {
        name: "window-of-zero-is-none",
        does: "DeleteSecret takes RecoveryWindowInDays 0 for none.",
        source: Source::Read("moto 3.1.0", "secretsmanager/models.py, delete_secret"),
        operations: DELETE,
        kinds: &[Kind::Outcome],
        at: "",
        caught_by: "delete-secret/window-of-zero-with-force",
        how: How::Input(DELETE, |input| {
            if input.get("RecoveryWindowInDays") == Some(&json!(0)) {
                input.remove("RecoveryWindowInDays");
            }
        }),
    },
    Fault {
        name: "deletion-loses-rotation",
        does: "DescribeSecret does not show the rotation of a secret that is scheduled for deletion as turned off.",
        source: Source::Read(
            "moto 3.1.0",
            "secretsmanager/models.py, FakeSecret.delete: only the date is set",
        ),
        operations: &["DescribeSecret"],
        kinds: &[Kind::Value],
        at: "RotationEnabled",
        caught_by: "rotate-secret/deletion-turns-rotation-off",
        how: How::Output(&["DescribeSecret"], |body| {
            if body.contains_key("DeletedDate")
                && let Some(enabled) = body.get_mut("RotationEnabled")
            {
                *enabled = true.into();
            }
        }),
    },
];

fn forced(input: &Value) -> bool {
    input.get("ForceDeleteWithoutRecovery") == Some(&Value::Bool(true))
}
