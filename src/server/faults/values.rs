//! Values that are not AWS's.

use serde_json::{Value, json};

use super::layer::edit_success;
use super::members::each_version;
use super::{Ask, Fault, How, Source};
use crate::judge::Kind;
use crate::service::WireResponse;
use crate::service::time::Timestamp;

const DESCRIBE: &[&str] = &["DescribeSecret"];
const VERSIONS: &[&str] = &["ListSecretVersionIds"];

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "arn-is-the-name",
        does: "ListSecretVersionIds answers the name of the secret as its ARN.",
        source: Source::Moto("answers the name"),
        operations: VERSIONS,
        kinds: &[Kind::Value],
        at: "ARN",
        caught_by: "versions/list-by-arn",
        how: How::Output(VERSIONS, |body| {
            let name = body.get("Name").cloned().unwrap_or_default();
            body.insert("ARN".to_owned(), name);
        }),
    },
    Fault {
        name: "arn-suffix-of-five",
        does: "The ARN of a secret ends in five letters instead of six, and the account has ten digits.",
        source: Source::Read("moto 1.3.16", "secretsmanager/utils.py, secret_arn"),
        operations: &[],
        kinds: &[Kind::Value],
        at: "ARN",
        caught_by: "names-and-arns/six-random-characters",
        how: How::Output(&["CreateSecret"], |body| {
            let name = body.get("Name").and_then(Value::as_str).unwrap_or_default();
            let arn = format!("arn:aws:secretsmanager:us-east-1:1234567890:secret:{name}-rIjad");
            body.insert("ARN".to_owned(), arn.into());
        }),
    },
    Fault {
        name: "whole-seconds",
        does: "GetSecretValue tells CreatedDate in whole seconds.",
        source: Source::Read("moto 1.3.16", "secretsmanager/models.py, _add_secret"),
        operations: &["GetSecretValue"],
        kinds: &[Kind::Value],
        at: "CreatedDate",
        caught_by: "versions/get-tells-the-created-date-of-the-version",
        how: How::Output(&["GetSecretValue"], |body| {
            if let Some(seconds) = body.get("CreatedDate").and_then(Value::as_f64) {
                body.insert("CreatedDate".to_owned(), json!(seconds.floor()));
            }
        }),
    },
    Fault {
        name: "versions-made-now",
        does: "ListSecretVersionIds tells the time of the listing as CreatedDate of each version.",
        source: Source::Moto("gives the time of the listing for both"),
        operations: VERSIONS,
        kinds: &[Kind::Value],
        at: "CreatedDate",
        caught_by: "versions/created-date-of-a-version-stays",
        how: How::Output(VERSIONS, |body| {
            each_version(body, |version| {
                version.insert("CreatedDate".to_owned(), Timestamp::now().to_seconds().into());
            });
        }),
    },
    Fault {
        name: "versions-read-now",
        does: "ListSecretVersionIds tells the time of the listing as LastAccessedDate of each version that was read.",
        source: Source::Moto("gives the time of the listing for both"),
        operations: VERSIONS,
        kinds: &[Kind::Value],
        at: "LastAccessedDate",
        caught_by: "versions/list-shows-which-version-was-read",
        how: How::Output(VERSIONS, |body| {
            each_version(body, |version| {
                if let Some(date) = version.get_mut("LastAccessedDate") {
                    *date = Timestamp::now().to_seconds().into();
                }
            });
        }),
    },
    Fault {
        name: "versions-always-read",
        does: "ListSecretVersionIds tells a LastAccessedDate of versions that nobody read.",
        source: Source::Read("moto 1.3.16", "secretsmanager/models.py, list_secret_version_ids"),
        operations: VERSIONS,
        kinds: &[Kind::Member],
        at: "LastAccessedDate",
        caught_by: "versions/list-by-arn",
        how: How::Output(VERSIONS, |body| {
            each_version(body, |version| {
                version.insert("LastAccessedDate".to_owned(), Timestamp::now().to_seconds().into());
            });
        }),
    },
    Fault {
        name: "deleted-date-is-planned",
        does: "DescribeSecret tells the end of the recovery window as DeletedDate.",
        source: Source::Moto("shows the end of the recovery window"),
        operations: DESCRIBE,
        kinds: &[Kind::Value],
        at: "DeletedDate",
        caught_by: "describe-secret/deleted-date",
        how: How::Other(|ask| {
            let mut response = ask.pass();
            if let (true, Some(arn), Some(body)) = (ask.is(&["DeleteSecret"]), ask.arn(), response.json()) {
                ask.memory.keep(&arn, body.get("DeletionDate").cloned().unwrap_or_default());
            }
            if ask.is(DESCRIBE) {
                edit_success(&mut response, |body| {
                    let planned =
                        body.get("ARN").and_then(Value::as_str).and_then(|arn| ask.memory.recall(arn));
                    if let (Some(date), Some(planned)) = (body.get_mut("DeletedDate"), planned) {
                        *date = planned;
                    }
                });
            }
            response
        }),
    },
    Fault {
        name: "last-changed-with-values-only",
        does: "LastChangedDate moves with values and descriptions, not with deletion, policy and tags.",
        source: Source::Moto("does so only with values and descriptions, in whole seconds"),
        operations: DESCRIBE,
        kinds: &[Kind::Value],
        at: "LastChangedDate",
        caught_by: "put-resource-policy/moves-last-changed-date",
        how: How::Other(last_changed),
    },
    Fault {
        name: "policy-as-it-came",
        does: "GetResourcePolicy returns the text of the policy as it was put.",
        source: Source::Moto("returns the text as it came"),
        operations: &["GetResourcePolicy"],
        kinds: &[Kind::Value],
        at: "ResourcePolicy",
        caught_by: "get-resource-policy/document-is-written-anew",
        how: How::Other(|ask| {
            let mut response = ask.pass();
            if ask.is(&["PutResourcePolicy"])
                && response.succeeded()
                && let (Some(arn), Some(policy)) = (ask.arn(), ask.text("ResourcePolicy"))
            {
                ask.memory.keep(&arn, policy.into());
            }
            if ask.is(&["GetResourcePolicy"]) {
                edit_success(&mut response, |body| {
                    let put = body.get("ARN").and_then(Value::as_str).and_then(|arn| ask.memory.recall(arn));
                    if let (Some(policy), Some(put)) = (body.get_mut("ResourcePolicy"), put) {
                        *policy = put;
                    }
                });
            }
            response
        }),
    },
    Fault {
        name: "policy-of-nobody",
        does: "GetResourcePolicy returns an invented policy of a secret that has none.",
        source: Source::Read("moto 1.3.16", "secretsmanager/models.py, get_resource_policy"),
        operations: &["GetResourcePolicy"],
        kinds: &[Kind::Member],
        at: "ResourcePolicy",
        caught_by: "get-resource-policy/no-policy",
        how: How::Output(&["GetResourcePolicy"], |body| {
            body.entry("ResourcePolicy")
                .or_insert_with(|| r#"{"Version":"2012-10-17","Statement":[]}"#.into());
        }),
    },
    Fault {
        name: "password-with-an-excluded-space",
        does: "GetRandomPassword adds a space that ExcludeCharacters names.",
        source: Source::Moto("adds it again as a required type"),
        operations: &["GetRandomPassword"],
        kinds: &[Kind::Value],
        at: "RandomPassword",
        caught_by: "get-random-password/include-space",
        how: How::Other(|ask| {
            let mut response = ask.pass();
            let space = ask.is(&["GetRandomPassword"])
                && ask.input.get("IncludeSpace") == Some(&json!(true))
                && ask.text("ExcludeCharacters").is_some_and(|excluded| excluded.contains(' '));
            if space {
                edit_success(&mut response, |body| {
                    if let Some(Value::String(password)) = body.get_mut("RandomPassword") {
                        password.replace_range(..1, " ");
                    }
                });
            }
            response
        }),
    },
];

/// Remembers LastChangedDate before a call that must not move it, until one that may.
fn last_changed(ask: &Ask<'_>) -> WireResponse {
    const STILL: &[&str] = &[
        "TagResource",
        "UntagResource",
        "PutResourcePolicy",
        "DeleteResourcePolicy",
        "DeleteSecret",
        "RestoreSecret",
    ];
    if ask.is(STILL) {
        let described = ask.next.call("DescribeSecret", &json!({"SecretId": ask.secret()}));
        let part = |member: &str| described.as_ref().and_then(|body| body.get(member));
        if let (Some(arn), Some(changed)) = (part("ARN").and_then(Value::as_str), part("LastChangedDate"))
            && ask.memory.recall(arn).is_none()
        {
            ask.memory.keep(arn, changed.clone());
        }
    }
    let mut response = ask.pass();
    if ask.is(&["PutSecretValue", "UpdateSecret"])
        && let Some(arn) = ask.arn()
    {
        ask.memory.forget(&arn);
    }
    if ask.is(DESCRIBE) {
        edit_success(&mut response, |body| {
            if let Some(still) =
                body.get("ARN").and_then(Value::as_str).and_then(|arn| ask.memory.recall(arn))
            {
                body.insert("LastChangedDate".to_owned(), still);
            }
        });
    }
    response
}
