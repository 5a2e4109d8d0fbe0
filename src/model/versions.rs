//! Values and versions: PutSecretValue, GetSecretValue, ListSecretVersionIds.

use serde_json::{Map, Value, json};

use super::failure::{Answer, Failure};
use super::given::Given;
use super::input::Input;
use super::labels;
use super::paging::{self, Cursor, Key};
use super::state::{Secret, SecretValue, State, Version};
use super::{resolve, rotation};
use crate::service::AWSCURRENT;
use crate::service::time::{DAY_MS, Timestamp};

/// How many versions a secret keeps (aws-docs: quota.versions says about 100).
const VERSIONS_MAX: usize = 100;

/// The id that stands for the default key in `KmsKeyIds` (aws-recorded: ListSecretVersionIds.one).
const DEFAULT_KEY: &str = "DefaultEncryptionKey";

/// What a token says about a value that comes with it.
pub(crate) enum Token {
    /// No version has this id, or one that waits for its value.
    Free,
    /// A version has this id and this value: nothing is to be done.
    Replay,
}

/// Compares a token and a value with the versions of a secret.
///
/// aws-verified-test: the same token with the same value succeeds and does nothing, with another value it fails
/// (PutSecretValue.idempotent, .token-reuse-diff-value, and the same of CreateSecret and UpdateSecret; the API text
/// of UpdateSecret, which says that it always fails, is contradicted by the test).
pub(crate) fn check_token(
    secret: &Secret,
    token: &str,
    value: Option<&SecretValue>,
) -> Result<Token, Failure> {
    match secret.version(token).and_then(|version| version.value.as_ref()) {
        None => Ok(Token::Free),
        stored if stored == value => Ok(Token::Replay),
        Some(_) => Err(Failure::token_in_use(token, &secret.arn)),
    }
}

/// Adds a version with a value and puts labels on it; AWSCURRENT as well when it is the secret's first (aws-docs:
/// PutSecretValue.first-value.with-pending). Nothing is changed on failure.
pub(crate) fn add(
    secret: &mut Secret,
    id: &str,
    value: SecretValue,
    wanted: &[&str],
    now: Timestamp,
) -> Result<(), Failure> {
    let mut wanted = wanted.to_vec();
    if !secret.labels.contains_key(AWSCURRENT) && !wanted.contains(&AWSCURRENT) {
        wanted.push(AWSCURRENT);
    }
    let mut labels = secret.labels.clone();
    labels::attach(&mut labels, &wanted, id);
    labels::check_limit(&labels)?;
    let waiting = secret.version(id).is_some();
    if !waiting {
        make_room(secret, now)?;
    }
    let (kms_key, before) = (secret.kms_key.clone(), secret.labels.get(AWSCURRENT).cloned());
    match secret.version_mut(id) {
        Some(version) => {
            version.value = Some(value);
            version.kms_key = kms_key;
        }
        None => secret.announce(id, Some(value), now),
    }
    secret.relabel(labels, now);
    if secret.labels.get(AWSCURRENT) != before.as_ref() {
        rotation::note_value(secret, now);
    }
    secret.touch(now);
    Ok(())
}

/// Drops the oldest unlabelled versions beyond the limit, but none younger than a day; when that is not enough the
/// call fails (aws-docs: quota.versions, PutSecretValue.version-limit). The text is `inferred`.
pub(crate) fn make_room(secret: &mut Secret, now: Timestamp) -> Result<(), Failure> {
    let Some(excess) = (secret.versions.len() + 1).checked_sub(VERSIONS_MAX).filter(|excess| *excess > 0)
    else {
        return Ok(());
    };
    let labels = &secret.labels;
    let droppable = |version: &Version| {
        version.created.plus_ms(DAY_MS) <= now && !labels.values().any(|holder| *holder == version.id)
    };
    if secret.versions.iter().filter(|version| droppable(version)).count() < excess {
        return Err(Failure::limit(format!(
            "You can't have more than {VERSIONS_MAX} versions of a secret within 24 hours."
        )));
    }
    let mut left = excess;
    secret.versions.retain(|version| {
        let drop = left > 0 && droppable(version);
        left -= usize::from(drop);
        !drop
    });
    Ok(())
}

/// PutSecretValue. Labels default to AWSCURRENT (aws-recorded: PutSecretValue.default and its variants). Any label is
/// accepted, also one that begins with `AWS` and means nothing (aws-recorded: .aws-prefixed-custom-label).
///
/// reported: PutSecretValue.empty-string; `inferred`: .no-value, .not-found, .deleted.
pub(crate) fn put(state: &mut State, input: Input<'_>, given: &mut Given<'_>) -> Answer {
    let token = resolve::token(input, "InvalidRequestException")?;
    let Some(value) = input.secret_value()? else {
        return Err(Failure::request("You must provide either SecretString or SecretBinary."));
    };
    let secret = state.find_live_mut(input, given)?;
    if let Token::Free = check_token(secret, token, Some(&value))? {
        let wanted = input.texts("VersionStages").unwrap_or_else(|| vec![AWSCURRENT]);
        add(secret, token, value, &wanted, given.now)?;
    }
    let mut answer = json!({"ARN": secret.arn, "Name": secret.name, "VersionId": token});
    let labels = secret.labels_of(token);
    if !labels.is_empty() {
        answer["VersionStages"] = json!(labels);
    }
    Ok(Some(answer))
}

/// GetSecretValue.
///
/// aws-recorded: GetSecretValue.string, .binary, .no-value, .version-not-found, .stage-not-found,
/// .stage-version-mismatch (an InvalidRequestException), .by-version-id.custom-stage. aws-verified-test: a version
/// that waits for its value counts as not found (.pending-no-value). `inferred`: a deprecated version can be read by
/// its id, and its answer has no VersionStages.
pub(crate) fn get(state: &mut State, input: Input<'_>, given: &mut Given<'_>) -> Answer {
    state.find_live(input, given)?;
    let secret = state.find_to_note(input, given)?;
    let id = match (input.text("VersionId"), input.text("VersionStage")) {
        (Some(id), label) => {
            let version = secret.version(id).ok_or_else(|| Failure::no_such_version(id))?;
            if version.value.is_none() {
                return Err(label.map_or_else(|| Failure::no_such_version(id), Failure::no_such_label));
            }
            if label.is_some_and(|label| secret.holder(label) != Some(id)) {
                return Err(Failure::request(
                    "You provided a VersionStage that is not associated to the provided VersionId.",
                ));
            }
            id.to_owned()
        }
        (None, label) => {
            let label = label.unwrap_or(AWSCURRENT);
            secret.holder(label).ok_or_else(|| Failure::no_such_label(label))?.to_owned()
        }
    };
    let labels: Vec<String> = secret.labels_of(&id).into_iter().map(str::to_owned).collect();
    let by_label = input.text("VersionStage").unwrap_or(AWSCURRENT);
    let read = secret
        .version_mut(&id)
        .and_then(|version| version.value.as_ref().map(SecretValue::shown).map(|shown| (version, shown)));
    let Some((version, (member, text))) = read else {
        return Err(Failure::no_such_label(by_label));
    };
    // The day, not the time (aws-recorded: protocol.timestamps.lastaccessed-day), and at once (aws-verified-test:
    // DescribeSecret.lastaccessed.same-day).
    version.accessed = Some(given.now.day());
    let created = version.created;
    secret.accessed = Some(given.now.day());
    let mut answer = Map::new();
    answer.insert("ARN".to_owned(), secret.arn.clone().into());
    answer.insert("Name".to_owned(), secret.name.clone().into());
    answer.insert("VersionId".to_owned(), id.into());
    answer.insert(member.to_owned(), text.into());
    answer.insert("CreatedDate".to_owned(), created.to_seconds().into());
    if !labels.is_empty() {
        answer.insert("VersionStages".to_owned(), labels.into());
    }
    Ok(Some(Value::Object(answer)))
}

/// ListSecretVersionIds, oldest first (aws-recorded: ListSecretVersionIds.cmk). Unlabelled versions only with
/// IncludeDeprecated and without a VersionStages key (aws-recorded: .hides-deprecated, .include-deprecated); a
/// version without a value never (aws-docs: .valueless-hidden).
///
/// `inferred`: it works on a secret that is scheduled for deletion, since the operation declares no
/// InvalidRequestException; `KmsKeyIds` repeats a key as it was given, where AWS resolves it to the key's ARN.
pub(crate) fn list(state: &mut State, input: Input<'_>, given: &mut Given<'_>) -> Answer {
    let secret = state.find(input, given)?;
    let deprecated = input.flag("IncludeDeprecated").unwrap_or(false);
    let scope = format!("versions {} {deprecated}", secret.arn);
    let after = paging::after(input, &scope)?;
    let shown = |version: &&Version| {
        version.value.is_some() && (deprecated || secret.labels.values().any(|holder| *holder == version.id))
    };
    let cursor_of = |version: &Version| Cursor { key: Key::Number(0), order: version.order };
    let from = after.map_or(0, |cursor| secret.versions.partition_point(|v| v.order <= cursor.order));
    let rest: Vec<&Version> = secret.versions[from..].iter().filter(shown).collect();
    let (page, more) = paging::page(&rest, input);
    let versions: Vec<Value> = page.iter().map(|version| entry(secret, version)).collect();
    let mut answer = json!({"ARN": secret.arn, "Name": secret.name, "Versions": versions});
    if let (true, Some(last)) = (more, page.last()) {
        answer["NextToken"] = paging::token(&scope, &cursor_of(last)).into();
    }
    Ok(Some(answer))
}

fn entry(secret: &Secret, version: &Version) -> Value {
    // The alias of the default key means the default key (`inferred`).
    let key = version.kms_key.as_deref().filter(|key| *key != "alias/aws/secretsmanager");
    let mut entry = json!({
        "VersionId": version.id,
        "CreatedDate": version.created.to_seconds(),
        "KmsKeyIds": [key.unwrap_or(DEFAULT_KEY)],
    });
    let labels = secret.labels_of(&version.id);
    if !labels.is_empty() {
        entry["VersionStages"] = json!(labels);
    }
    if let Some(accessed) = version.accessed {
        entry["LastAccessedDate"] = accessed.to_seconds().into();
    }
    entry
}
