//! Members of a request that are not read, and tokens that do not count.

use serde_json::{Value, json};

use super::layer::edit_success;
use super::{Ask, Fault, How, Source};
use crate::judge::Kind;

/// Ignores members of a request.
macro_rules! ignoring {
    ($name:literal, $does:literal, $source:expr, $operation:literal, [$($member:literal),+], $kinds:expr, $by:literal) => {
        Fault {
            name: $name,
            does: $does,
            source: $source,
            operations: &[],
            kinds: $kinds,
            at: "",
            caught_by: $by,
            how: How::Input(&[$operation], |input| {
                $(input.remove($member);)+
            }),
        }
    };
}

pub(super) const FAULTS: &[Fault] = &[
    ignoring!(
        "sort-not-read",
        "ListSecrets lists in the order of creation whatever SortBy and SortOrder say.",
        Source::Moto("reads neither and lists in the order of creation"),
        "ListSecrets",
        ["SortBy", "SortOrder"],
        &[Kind::Value],
        "list-secrets/descending-order"
    ),
    ignoring!(
        "page-size-of-versions-not-read",
        "ListSecretVersionIds ignores MaxResults.",
        Source::Moto("moto ignores MaxResults"),
        "ListSecretVersionIds",
        ["MaxResults"],
        &[Kind::Value],
        "versions/list-first-page-has-a-next-token"
    ),
    ignoring!(
        "page-size-not-read",
        "ListSecrets ignores MaxResults and NextToken.",
        Source::Read("moto 1.3.16", "secretsmanager/models.py, list_secrets"),
        "ListSecrets",
        ["MaxResults", "NextToken"],
        &[Kind::Member],
        "list-secrets/page-size"
    ),
    ignoring!(
        "block-public-policy-not-read",
        "PutResourcePolicy stores a policy for everybody although BlockPublicPolicy is true.",
        Source::Moto("moto does not read that"),
        "PutResourcePolicy",
        ["BlockPublicPolicy"],
        &[Kind::Outcome],
        "put-resource-policy/block-public-policy"
    ),
    ignoring!(
        "description-of-an-update-not-read",
        "UpdateSecret ignores Description.",
        Source::Read("moto 1.3.16", "secretsmanager/models.py, update_secret"),
        "UpdateSecret",
        ["Description"],
        &[Kind::Value],
        "update-secret/value-and-description"
    ),
    ignoring!(
        "key-of-an-update-not-read",
        "UpdateSecret ignores KmsKeyId.",
        Source::Read("moto 1.3.16", "secretsmanager/models.py, update_secret"),
        "UpdateSecret",
        ["KmsKeyId"],
        &[Kind::Member],
        "update-secret/key-only"
    ),
    Fault {
        name: "both-values-are-taken",
        does: "CreateSecret takes SecretString and SecretBinary in one request.",
        source: Source::Moto("moto stores both"),
        operations: &["CreateSecret"],
        kinds: &[Kind::Outcome],
        at: "",
        caught_by: "create-secret/both-values",
        how: How::Input(&["CreateSecret"], |input| {
            if input.contains_key("SecretString") {
                input.remove("SecretBinary");
            }
        }),
    },
    Fault {
        name: "deleted-secrets-always-listed",
        does: "ListSecrets lists secrets that are scheduled for deletion whether or not IncludePlannedDeletion asks for them.",
        source: Source::Read("moto 1.3.16", "secretsmanager/models.py, list_secrets"),
        operations: &["ListSecrets"],
        kinds: &[Kind::Member],
        at: "SecretList",
        caught_by: "list-secrets/planned-deletion",
        how: How::Input(&["ListSecrets"], |input| {
            input.insert("IncludePlannedDeletion".to_owned(), true.into());
        }),
    },
    Fault {
        name: "any-page-size",
        does: "ListSecrets takes any MaxResults.",
        source: Source::Moto("takes any number, and 0 for 100"),
        operations: &["ListSecrets"],
        kinds: &[Kind::Outcome],
        at: "",
        caught_by: "list-secrets/max-results-out-of-range[hundred-and-one]",
        how: How::Input(&["ListSecrets"], |input| {
            if let Some(size) = input.get("MaxResults").and_then(Value::as_i64) {
                input.insert("MaxResults".to_owned(), size.clamp(1, 100).into());
            }
        }),
    },
    Fault {
        name: "empty-description-not-read",
        does: "UpdateSecret ignores an empty Description and keeps the old one.",
        source: Source::Moto("moto ignores it and keeps the old one"),
        operations: &["DescribeSecret"],
        kinds: &[Kind::Member],
        at: "Description",
        caught_by: "update-secret/empty-description",
        how: How::Input(&["UpdateSecret"], |input| {
            if input.get("Description") == Some(&json!("")) {
                input.remove("Description");
            }
        }),
    },
    Fault {
        name: "token-made-up",
        does: "A raw request without ClientRequestToken is carried out with a token of the server's own.",
        source: Source::Moto("moto makes a token up"),
        operations: &[],
        kinds: &[Kind::Outcome],
        at: "",
        caught_by: "idempotency/create-without-token",
        how: How::Input(&["CreateSecret", "PutSecretValue", "UpdateSecret"], |input| {
            input.entry("ClientRequestToken").or_insert_with(new_id);
        }),
    },
    Fault {
        name: "token-not-read",
        does: "PutSecretValue gives each version an id of its own, whatever the token.",
        source: Source::Read("moto 1.3.16", "secretsmanager/models.py, put_secret_value"),
        operations: &["PutSecretValue"],
        kinds: &[Kind::Value],
        at: "VersionId",
        caught_by: "idempotency/create-without-value-does-not-use-the-token",
        how: How::Input(&["PutSecretValue"], |input| {
            if let Some(token) = input.get_mut("ClientRequestToken") {
                *token = new_id();
            }
        }),
    },
    Fault {
        name: "token-of-an-update-not-read",
        does: "UpdateSecret gives each version an id of its own, whatever the token.",
        source: Source::Read("moto 1.3.16", "secretsmanager/models.py, update_secret"),
        operations: &["UpdateSecret"],
        kinds: &[Kind::Value],
        at: "VersionId",
        caught_by: "idempotency/update-again-with-same-token-and-value",
        how: How::Input(&["UpdateSecret"], |input| {
            if let Some(token) = input.get_mut("ClientRequestToken") {
                *token = new_id();
            }
        }),
    },
    Fault {
        name: "token-in-use-overwrites",
        does: "PutSecretValue with a token that a version has and another value succeeds.",
        source: Source::Read("moto 3.1.0", "secretsmanager/models.py, put_secret_value"),
        operations: &["PutSecretValue"],
        kinds: &[Kind::Outcome],
        at: "",
        caught_by: "idempotency/json-with-other-spaces-is-another-value",
        how: How::Other(|ask| {
            let response = ask.pass();
            let reused = super::failed_with(&response, "ResourceExistsException", "already in use");
            if ask.is(&["PutSecretValue"]) && reused { ask.succeed() } else { response }
        }),
    },
    Fault {
        name: "replayed-create-tells-the-current-version",
        does: "A repeated CreateSecret answers with the current version instead of that of its token.",
        source: Source::Moto("moto answers with the current version"),
        operations: &["CreateSecret"],
        kinds: &[Kind::Value],
        at: "VersionId",
        caught_by: "idempotency/create-again-after-later-versions",
        how: How::Other(|ask| {
            let mut response = ask.pass();
            if ask.is(&["CreateSecret"]) {
                let current = ask.next.labels(&ask.secret()).remove("AWSCURRENT");
                edit_success(&mut response, |body| {
                    if let (Some(version), Some(current)) = (body.get_mut("VersionId"), current) {
                        *version = current.into();
                    }
                });
            }
            response
        }),
    },
    Fault {
        name: "created-without-a-value-has-a-version",
        does: "CreateSecret without a value answers a VersionId.",
        source: Source::Read("moto 1.3.16", "secretsmanager/models.py, create_secret"),
        operations: &["CreateSecret"],
        kinds: &[Kind::Member],
        at: "VersionId",
        caught_by: "create-secret/without-a-value",
        how: How::Other(|ask| version_always(ask, "CreateSecret")),
    },
    Fault {
        name: "every-update-makes-a-version",
        does: "UpdateSecret without a value answers a VersionId.",
        source: Source::Read("moto 1.3.16", "secretsmanager/models.py, update_secret"),
        operations: &["UpdateSecret"],
        kinds: &[Kind::Member],
        at: "VersionId",
        caught_by: "update-secret/nothing-to-change",
        how: How::Other(|ask| version_always(ask, "UpdateSecret")),
    },
    Fault {
        name: "new-key-makes-a-version",
        does: "UpdateSecret with KmsKeyId makes a version also where there is no value.",
        source: Source::Read(
            "localstack-core 4.2.0",
            "services/secretsmanager/provider.py, backend_update_secret",
        ),
        operations: &["UpdateSecret"],
        kinds: &[Kind::Member],
        at: "VersionId",
        caught_by: "update-secret/key-only",
        how: How::Other(|ask| match ask.input.get("KmsKeyId") {
            Some(_) => version_always(ask, "UpdateSecret"),
            None => ask.pass(),
        }),
    },
];

fn new_id() -> Value {
    uuid::Uuid::new_v4().to_string().into()
}

/// A success of the operation always tells a version: that of the token.
fn version_always(ask: &Ask<'_>, operation: &str) -> crate::service::WireResponse {
    let mut response = ask.pass();
    if let (true, Some(token)) = (ask.is(&[operation]), ask.input.get("ClientRequestToken")) {
        edit_success(&mut response, |body| {
            body.entry("VersionId").or_insert_with(|| token.clone());
        });
    }
    response
}
