//! Secrets as a whole: CreateSecret, UpdateSecret, DescribeSecret.

use serde_json::{Map, Value, json};

use super::failure::{Answer, Failure};
use super::given::Given;
use super::input::Input;
use super::labels::Labels;
use super::replication::Replication;
use super::state::{Secret, State};
use super::versions::{self, Token};
use super::{resolve, tags};
use crate::service::{AWSCURRENT, AWSPENDING, AWSPREVIOUS};

/// CreateSecret.
///
/// aws-recorded: CreateSecret.string, .no-value (no version is made, and the answer has no VersionId),
/// .empty-description (it counts as none; `inferred`: so does an empty Type), .dup.recorded, .scheduled-for-deletion
/// (InvalidRequestException).
/// aws-verified-test: .idempotent, .token-reuse-diff-value. Any key is accepted: the reference has no KMS.
pub(crate) fn create(state: &mut State, input: Input<'_>, given: &mut Given<'_>) -> Answer {
    let token = resolve::token(input, "InvalidRequestException")?;
    let name = input.required("Name");
    resolve::check_name(name)?;
    let value = input.secret_value()?;
    let tags = tags::added(None, input)?;
    if let Some(secret) = state.secrets.get(name) {
        if secret.deletion.is_some() {
            return Err(Failure::request(
                "You can't create this secret because a secret with this name is already scheduled for deletion.",
            ));
        }
        return match versions::check_token(secret, token, value.as_ref())? {
            Token::Replay => Ok(Some(named(secret, Some(token)))),
            Token::Free => Err(Failure::new(
                "ResourceExistsException",
                format!("The operation failed because the secret {name} already exists."),
            )),
        };
    }
    let mut secret = Secret {
        name: name.to_owned(),
        arn: given.new_arn(name),
        description: stated(input.text("Description")),
        kms_key: stated(input.text("KmsKeyId")),
        created: given.now,
        changed: given.now,
        accessed: None,
        deletion: None,
        tags,
        policy: None,
        rotation: None,
        replication: Replication::default(),
        external: stated(input.text("Type")),
        versions: Vec::new(),
        labels: Labels::new(),
        order: state.created + 1,
    };
    let made = value.is_some().then_some(token);
    if let Some(value) = value {
        versions::add(&mut secret, token, value, &[AWSCURRENT], given.now)?;
        // Created and changed are one moment (aws-recorded: DescribeSecret.minimal).
        secret.changed = given.now;
    }
    let answer = named(&secret, made);
    state.created = secret.order;
    state.secrets.insert(name.to_owned(), secret);
    Ok(Some(answer))
}

/// UpdateSecret: a new value becomes AWSCURRENT; description and key change without a version.
///
/// aws-recorded: UpdateSecret.value, .description-only, .nothing (it succeeds), .keeps-description, .kms-only.
/// aws-verified-test: .idempotent, .token-reuse-diff-value. `inferred`: .deleted; a replay ignores the other members;
/// nothing to change leaves LastChangedDate; an empty description, key or type takes the stored one away.
/// aws-docs, UpdateSecret, KmsKeyId: versions with AWSCURRENT, AWSPREVIOUS or AWSPENDING are encrypted anew with a new key;
/// that it shows in `KmsKeyIds`, and in those labels as they were before the call, is `inferred`.
pub(crate) fn update(state: &mut State, input: Input<'_>, given: &mut Given<'_>) -> Answer {
    let token = resolve::token(input, "InvalidRequestException")?;
    let value = input.secret_value()?;
    let secret = state.find_live_mut(input, given)?;
    let made = value.is_some().then_some(token);
    if value.is_some()
        && let Token::Replay = versions::check_token(secret, token, value.as_ref())?
    {
        return Ok(Some(named(secret, made)));
    }
    let (description, key, external) =
        (input.text("Description"), input.text("KmsKeyId"), input.text("Type"));
    let old_key = secret.kms_key.clone();
    let in_use: Vec<String> = [AWSCURRENT, AWSPREVIOUS, AWSPENDING]
        .iter()
        .filter_map(|label| secret.holder(label).map(str::to_owned))
        .collect();
    if let Some(key) = key {
        secret.kms_key = stated(Some(key));
    }
    if let Some(value) = value
        && let Err(failure) = versions::add(secret, token, value, &[AWSCURRENT], given.now)
    {
        secret.kms_key = old_key;
        return Err(failure);
    }
    // Those that were labelled before the new value came: its labels have moved by now, and AWSPREVIOUS with them.
    for id in key.map(|_| in_use).unwrap_or_default() {
        let key = secret.kms_key.clone();
        if let Some(version) = secret.version_mut(&id) {
            version.kms_key = key;
        }
    }
    if let Some(description) = description {
        secret.description = stated(Some(description));
    }
    if let Some(external) = external {
        secret.external = stated(Some(external));
    }
    if made.is_none() && (description.is_some() || key.is_some() || external.is_some()) {
        secret.touch(given.now);
    }
    Ok(Some(named(secret, made)))
}

/// DescribeSecret, also of a secret that is scheduled for deletion (aws-recorded: DescribeSecret.deleted).
pub(crate) fn describe(state: &mut State, input: Input<'_>, given: &mut Given<'_>) -> Answer {
    let secret = state.find(input, given)?;
    Ok(Some(details(secret, "VersionIdsToStages")))
}

/// ARN, Name and, where a version was made, VersionId.
fn named(secret: &Secret, version: Option<&str>) -> Value {
    let mut answer = json!({"ARN": secret.arn, "Name": secret.name});
    if let Some(version) = version {
        answer["VersionId"] = version.into();
    }
    answer
}

fn stated(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(str::to_owned)
}

/// How ListSecrets calls the map of labels.
pub(super) const IN_LIST: &str = "SecretVersionsToStages";

/// What DescribeSecret and ListSecrets tell of a secret. The map of labels has another name in each
/// (aws-recorded: ListSecrets.entry).
///
/// Members without a value are absent, never null, false or empty (aws-recorded: DescribeSecret.minimal,
/// .empty-secret, .kms-default-omitted); a key is repeated in the form it was given (.kms-alias-echoed); DeletedDate
/// is the time of the request (.deleteddate-is-request-time, against the documentation); versions without a label are
/// left out (.deprecated-not-listed); `PrimaryRegion` is there where there are replicas (.replica-primary), in lists too
/// (ListSecrets.replicated); `Tags` is there from the first tag on (UntagResource.last-tag).
pub(crate) fn details(secret: &Secret, labels_member: &str) -> Value {
    let mut answer = Map::new();
    let mut put = |member: &str, value: Option<Value>| {
        if let Some(value) = value {
            answer.insert(member.to_owned(), value);
        }
    };
    put("ARN", Some(secret.arn.clone().into()));
    put("Name", Some(secret.name.clone().into()));
    put("Description", secret.description.clone().map(Value::from));
    put("KmsKeyId", secret.kms_key.clone().map(Value::from));
    put("Type", secret.external.clone().map(Value::from));
    put("CreatedDate", Some(secret.created.to_seconds().into()));
    put("LastChangedDate", Some(secret.changed.to_seconds().into()));
    put("LastAccessedDate", secret.accessed.map(|time| time.to_seconds().into()));
    put("DeletedDate", secret.deletion.map(|deletion| deletion.requested.to_seconds().into()));
    put("Tags", secret.tags.as_deref().map(tags::shown));
    put("PrimaryRegion", secret.primary_region().map(Value::from));
    let mut labels = Map::new();
    for (label, version) in &secret.labels {
        if let Value::Array(labels) = labels.entry(version.as_str()).or_insert_with(|| json!([])) {
            labels.push(label.as_str().into());
        }
    }
    put(labels_member, (!labels.is_empty()).then_some(Value::Object(labels)));
    if let Some(rotation) = &secret.rotation {
        rotation.show(labels_member == IN_LIST, &mut answer);
    }
    Value::Object(answer)
}
