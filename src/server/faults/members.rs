//! Members that are there and should not be, or the other way.

use serde_json::{Value, json};

use super::{Fault, How, Members, Source};
use crate::judge::Kind;

const DESCRIBE: &[&str] = &["DescribeSecret"];
const LIST: &[&str] = &["ListSecrets"];
const VERSIONS: &[&str] = &["ListSecretVersionIds"];

/// A fault of the responses of one or two operations.
macro_rules! output {
    ($name:literal, $does:literal, $source:expr, $operations:expr, $kind:ident, $at:literal, $by:literal, $edit:expr) => {
        Fault {
            name: $name,
            does: $does,
            source: $source,
            operations: $operations,
            kinds: &[Kind::$kind],
            at: $at,
            caught_by: $by,
            how: How::Output($operations, $edit),
        }
    };
}

pub(super) const FAULTS: &[Fault] = &[
    output!(
        "tags-of-the-never-tagged",
        "DescribeSecret shows an empty Tags of a secret that was never tagged.",
        Source::Read("moto 1.3.16", "secretsmanager/models.py, describe_secret"),
        DESCRIBE,
        Member,
        "Tags",
        "describe-secret/by-name-and-arn",
        |body| default(body, "Tags", &json!([]))
    ),
    output!(
        "description-always-there",
        "DescribeSecret shows an empty Description of a secret that has none.",
        Source::Read("moto 3.1.0", "secretsmanager/models.py, FakeSecret.to_dict"),
        DESCRIBE,
        Member,
        "Description",
        "describe-secret/by-name-and-arn",
        |body| default(body, "Description", &json!(""))
    ),
    output!(
        "default-key-is-empty",
        "DescribeSecret shows an empty KmsKeyId of a secret under the default key.",
        Source::Read("moto 1.3.16", "secretsmanager/models.py, describe_secret"),
        DESCRIBE,
        Member,
        "KmsKeyId",
        "describe-secret/by-name-and-arn",
        |body| default(body, "KmsKeyId", &json!(""))
    ),
    output!(
        "default-key-is-null",
        "DescribeSecret shows KmsKeyId of a secret under the default key as null.",
        Source::Moto("writes KmsKeyId of a secret under the default key as null"),
        DESCRIBE,
        Type,
        "KmsKeyId",
        "describe-secret/by-name-and-arn",
        |body| default(body, "KmsKeyId", &Value::Null)
    ),
    output!(
        "key-by-alias-dropped",
        "DescribeSecret does not show KmsKeyId if the caller named alias/aws/secretsmanager.",
        Source::Moto("drops the key if it is that alias"),
        DESCRIBE,
        Member,
        "KmsKeyId",
        "describe-secret/default-key-given-by-name",
        |body| body.retain(|member, value| member != "KmsKeyId" || value != "alias/aws/secretsmanager")
    ),
    output!(
        "deleted-date-is-null",
        "DescribeSecret shows DeletedDate of a live secret as null.",
        Source::Moto("writes DeletedDate of a live secret as null"),
        DESCRIBE,
        Type,
        "DeletedDate",
        "describe-secret/by-name-and-arn",
        |body| default(body, "DeletedDate", &Value::Null)
    ),
    output!(
        "next-rotation-is-null",
        "ListSecrets shows NextRotationDate of a secret that does not rotate as null.",
        Source::Moto("writes NextRotationDate of a secret that does not rotate as null"),
        LIST,
        Type,
        "NextRotationDate",
        "list-secrets/all-filters-must-match",
        |body| each_secret(body, |secret| default(secret, "NextRotationDate", &Value::Null))
    ),
    output!(
        "rotation-of-the-never-rotated",
        "DescribeSecret shows RotationEnabled false of a secret for which rotation was never set up.",
        Source::Read("moto 3.1.0", "secretsmanager/models.py, FakeSecret.to_dict"),
        DESCRIBE,
        Member,
        "RotationEnabled",
        "describe-secret/by-name-and-arn",
        |body| default(body, "RotationEnabled", &json!(false))
    ),
    output!(
        "last-changed-is-null",
        "DescribeSecret shows LastChangedDate as null always.",
        Source::Read("moto 1.3.16", "secretsmanager/models.py, describe_secret"),
        DESCRIBE,
        Type,
        "LastChangedDate",
        "describe-secret/created-date-stays",
        |body| {
            body.insert("LastChangedDate".to_owned(), Value::Null);
        }
    ),
    output!(
        "created-date-missing",
        "DescribeSecret and ListSecrets do not show CreatedDate.",
        Source::Read("moto 1.3.16", "secretsmanager/models.py, describe_secret and list_secrets"),
        &["DescribeSecret", "ListSecrets"],
        Member,
        "CreatedDate",
        "describe-secret/created-date-stays",
        |body| {
            body.remove("CreatedDate");
            each_secret(body, |secret| {
                secret.remove("CreatedDate");
            });
        }
    ),
    output!(
        "both-maps-of-labels",
        "DescribeSecret shows SecretVersionsToStages, which only ListSecrets has.",
        Source::Moto("adds the name that ListSecrets uses"),
        DESCRIBE,
        Member,
        "SecretVersionsToStages",
        "describe-secret/created-date-stays",
        |body| copy(body, "VersionIdsToStages", "SecretVersionsToStages")
    ),
    output!(
        "both-maps-of-labels-in-the-list",
        "ListSecrets shows VersionIdsToStages, which only DescribeSecret has.",
        Source::Moto("adds the name that DescribeSecret uses"),
        LIST,
        Member,
        "VersionIdsToStages",
        "list-secrets/entry",
        |body| each_secret(body, |secret| copy(secret, "SecretVersionsToStages", "VersionIdsToStages"))
    ),
    output!(
        "next-token-is-null",
        "ListSecrets writes NextToken as null on the last page.",
        Source::Moto("AWS leaves NextToken out on the last page; moto writes null."),
        LIST,
        Type,
        "NextToken",
        "list-secrets/all-filters-must-match",
        |body| default(body, "NextToken", &Value::Null)
    ),
    output!(
        "next-token-is-empty",
        "ListSecretVersionIds writes an empty NextToken.",
        Source::Moto("does not page and always writes an empty string"),
        VERSIONS,
        Value,
        "NextToken",
        "versions/list-one-version",
        |body| {
            body.insert("NextToken".to_owned(), json!(""));
        }
    ),
    output!(
        "keys-of-versions-missing",
        "ListSecretVersionIds does not show KmsKeyIds.",
        Source::Moto("has no such member"),
        VERSIONS,
        Member,
        "KmsKeyIds",
        "versions/list-by-arn",
        |body| each_version(body, |version| {
            version.remove("KmsKeyIds");
        })
    ),
    output!(
        "last-read-of-no-version",
        "ListSecretVersionIds shows LastAccessedDate of no version.",
        Source::Moto("records no reads"),
        VERSIONS,
        Member,
        "LastAccessedDate",
        "versions/list-shows-which-version-was-read",
        |body| each_version(body, |version| {
            version.remove("LastAccessedDate");
        })
    ),
    output!(
        "last-read-never-shown",
        "DescribeSecret does not show when a secret was read.",
        Source::Moto("records no reads"),
        DESCRIBE,
        Member,
        "LastAccessedDate",
        "describe-secret/members-after-a-read",
        |body| {
            body.remove("LastAccessedDate");
        }
    ),
    output!(
        "last-read-is-null",
        "DescribeSecret shows LastAccessedDate of a secret that was never read as null.",
        Source::Moto("writes null for a secret and the time of the listing for a version"),
        DESCRIBE,
        Type,
        "LastAccessedDate",
        "describe-secret/by-name-and-arn",
        |body| default(body, "LastAccessedDate", &Value::Null)
    ),
];

fn default(body: &mut Members, member: &str, value: &Value) {
    body.entry(member).or_insert_with(|| value.clone());
}

fn copy(body: &mut Members, from: &str, to: &str) {
    if let Some(value) = body.get(from).cloned() {
        body.insert(to.to_owned(), value);
    }
}

/// Each entry of ListSecrets.
pub(super) fn each_secret(body: &mut Members, edit: impl FnMut(&mut Members)) {
    each(body, "SecretList", edit);
}

/// Each entry of ListSecretVersionIds.
pub(super) fn each_version(body: &mut Members, edit: impl FnMut(&mut Members)) {
    each(body, "Versions", edit);
}

fn each(body: &mut Members, list: &str, edit: impl FnMut(&mut Members)) {
    let entries = body.get_mut(list).and_then(Value::as_array_mut);
    entries.into_iter().flatten().filter_map(Value::as_object_mut).for_each(edit);
}
