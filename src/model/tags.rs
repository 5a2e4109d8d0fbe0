//! TagResource and UntagResource. Both answer zero bytes (aws-recorded: TagResource.ok, UntagResource.ok).

use serde_json::{Value, json};

use super::failure::{Answer, Failure};
use super::given::Given;
use super::input::Input;
use super::state::State;

type Tags = Vec<(String, String)>;

/// How many tags a secret may have; system tags do not count, but the reference makes none (aws-docs).
const TAGS_MAX: usize = 50;

/// The tags of a secret after those of a request were added: new keys at the end, known ones in their place with the
/// last value that was given (aws-recorded: TagResource.append).
///
/// `inferred`: an empty list tags nothing; a key that stands twice in one request has its last value; a tag without a
/// value has an empty one; the texts for a tag without a key and for too many tags.
pub(crate) fn added(tags: Option<&Tags>, input: Input<'_>) -> Result<Option<Tags>, Failure> {
    let wanted = input.structures("Tags").unwrap_or_default();
    if wanted.is_empty() {
        return Ok(tags.cloned());
    }
    let mut tags = tags.cloned().unwrap_or_default();
    for tag in wanted {
        let Some(key) = tag.text("Key") else {
            return Err(Failure::parameter("You must provide a key for every tag."));
        };
        refuse_system(key)?;
        let value = tag.text("Value").unwrap_or_default().to_owned();
        match tags.iter_mut().find(|(known, _)| known == key) {
            Some((_, old)) => *old = value,
            None => tags.push((key.to_owned(), value)),
        }
    }
    if tags.len() > TAGS_MAX {
        return Err(Failure::parameter(format!("You can't have more than {TAGS_MAX} tags on a secret.")));
    }
    Ok(Some(tags))
}

/// reported: TagResource.system. `inferred` for UntagResource and CreateSecret.
fn refuse_system(key: &str) -> Result<(), Failure> {
    if key.starts_with("aws:") {
        return Err(Failure::parameter(format!("You can't modify system tags. Tag key: '{key}'.")));
    }
    Ok(())
}

/// The tags as a response shows them.
pub(crate) fn shown(tags: &[(String, String)]) -> Value {
    tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect()
}

/// TagResource. It moves LastChangedDate (aws-recorded: DescribeSecret.tag-bumps-lastchanged) and is refused for a
/// deleted secret (aws-recorded: TagResource.deleted).
pub(crate) fn tag(state: &mut State, input: Input<'_>, given: &mut Given<'_>) -> Answer {
    let secret = state.find_live_mut(input, given)?;
    let tags = added(secret.tags.as_ref(), input)?;
    if input.list("Tags").is_some_and(|tags| !tags.is_empty()) {
        secret.tags = tags;
        secret.touch(given.now);
    }
    Ok(None)
}

/// UntagResource. After the last tag `Tags` is an empty list, not absent (aws-recorded: UntagResource.last-tag); a key
/// that is not there changes nothing (aws-docs: UntagResource.unknown-key).
pub(crate) fn untag(state: &mut State, input: Input<'_>, given: &mut Given<'_>) -> Answer {
    let secret = state.find_live_mut(input, given)?;
    let keys = input.texts("TagKeys").unwrap_or_default();
    keys.iter().try_for_each(|key| refuse_system(key))?;
    if let Some(tags) = &mut secret.tags {
        let before = tags.len();
        tags.retain(|(key, _)| !keys.contains(&key.as_str()));
        if tags.len() != before {
            secret.touch(given.now);
        }
    }
    Ok(None)
}
