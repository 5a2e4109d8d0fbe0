//! The state of one account in one region: its secrets, their versions and labels.

use std::collections::BTreeMap;
use std::fmt;

use super::labels::Labels;
use super::replication::Replication;
use super::rotation::Rotation;
use crate::service::time::Timestamp;

/// The secrets of one account in one region. Two states are equal when no request could tell them apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// By name: a name belongs to one secret at a time, and an ARN leads to its name.
    pub(crate) secrets: BTreeMap<String, Secret>,
    /// How many secrets were ever created; gives [`Secret::order`].
    pub(crate) created: u64,
    /// When the next recovery window ends, so that forgetting costs nothing while none does.
    next_end: Option<Timestamp>,
}

/// One secret.
#[derive(Clone, Debug, PartialEq)]
pub struct Secret {
    pub(crate) name: String,
    pub(crate) arn: String,
    pub(crate) description: Option<String>,
    /// As it was given; `None` for the default key.
    pub(crate) kms_key: Option<String>,
    pub(crate) created: Timestamp,
    pub(crate) changed: Timestamp,
    /// Midnight of the day of the last read.
    pub(crate) accessed: Option<Timestamp>,
    pub(crate) deletion: Option<Deletion>,
    /// `None` when never tagged, which is not the same as no tags left. In the order of tagging.
    pub(crate) tags: Option<Vec<(String, String)>>,
    /// The policy as GetResourcePolicy returns it.
    pub(crate) policy: Option<String>,
    pub(crate) rotation: Option<Rotation>,
    pub(crate) replication: Replication,
    /// The partner who holds it, where it is a managed external secret: its `Type`.
    pub(crate) external: Option<String>,
    /// Oldest first.
    pub(crate) versions: Vec<Version>,
    /// Label to version id. One entry a label, so that no label can stand on two versions.
    pub(crate) labels: Labels,
    /// Which secret of the account this was, counted from 1; tells apart secrets of the same millisecond.
    pub(crate) order: u64,
}

/// One version of a secret.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Version {
    pub(crate) id: String,
    /// `None` while a rotation has announced the version and its function has not yet put a value.
    pub(crate) value: Option<SecretValue>,
    pub(crate) created: Timestamp,
    pub(crate) accessed: Option<Timestamp>,
    /// The key that encrypted it; `None` for the default key.
    pub(crate) kms_key: Option<String>,
    /// Grows from version to version of a secret; the place where a page ends.
    pub(crate) order: u64,
}

/// The value of a version.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum SecretValue {
    Text(String),
    Binary(Vec<u8>),
}

/// A deletion that waits for its recovery window to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Deletion {
    /// When DeleteSecret was called.
    pub(crate) requested: Timestamp,
    /// When the secret is gone.
    pub(crate) due: Timestamp,
}

/// Shows that there is a value, never which.
impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SecretValue::Text(text) => write!(f, "Text({} bytes)", text.len()),
            SecretValue::Binary(bytes) => write!(f, "Binary({} bytes)", bytes.len()),
        }
    }
}

impl State {
    /// An account without secrets.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many secrets there are, those scheduled for deletion included.
    pub fn len(&self) -> usize {
        self.secrets.len()
    }

    /// Whether there is no secret.
    pub fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }

    /// Forgets the secrets whose recovery window has ended. Every call of `apply` does it first.
    ///
    /// aws-docs, DeleteSecret: at the end of the recovery window the secret is deleted permanently. AWS does it
    /// some time after; the reference on the moment.
    pub fn forget_ended(&mut self, now: Timestamp) {
        if self.next_end.is_none_or(|end| end > now) {
            return;
        }
        self.secrets.retain(|_, secret| secret.deletion.is_none_or(|deletion| deletion.due > now));
        self.note_ends();
    }

    /// Finds out anew when the next recovery window ends; to be called after any change of a deletion.
    pub(crate) fn note_ends(&mut self) {
        let ends = self.secrets.values().filter_map(|secret| secret.deletion.map(|deletion| deletion.due));
        self.next_end = ends.min();
    }

    /// All secrets, by name.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        self.secrets.values()
    }
}

impl Secret {
    /// The friendly name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The complete ARN.
    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// The ids of all versions, oldest first.
    pub fn version_ids(&self) -> impl Iterator<Item = &str> {
        self.versions.iter().map(|version| version.id.as_str())
    }

    /// The version that carries the label.
    pub fn holder(&self, label: &str) -> Option<&str> {
        self.labels.get(label).map(String::as_str)
    }

    /// The labels of a version, in alphabetical order.
    ///
    /// aws-recorded: GetSecretValue.multi-stage-order (the order is not specified).
    pub fn labels_of<'s>(&'s self, id: &str) -> Vec<&'s str> {
        self.labels.iter().filter(|(_, holder)| *holder == id).map(|(label, _)| label.as_str()).collect()
    }

    pub(crate) fn version(&self, id: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.id == id)
    }

    pub(crate) fn version_mut(&mut self, id: &str) -> Option<&mut Version> {
        self.versions.iter_mut().find(|version| version.id == id)
    }

    /// Adds a version behind the others, without a label yet.
    pub(crate) fn announce(&mut self, id: &str, value: Option<SecretValue>, now: Timestamp) {
        self.versions.push(Version {
            id: id.to_owned(),
            value,
            created: now,
            accessed: None,
            kms_key: self.kms_key.clone(),
            order: self.versions.last().map_or(1, |last| last.order + 1),
        });
    }

    /// Moves LastChangedDate. It grows by a millisecond at least, because AWS's is strictly greater after every
    /// change (aws-verified-test: UpdateSecret.lastchanged) and the reference answers several calls in one.
    pub(crate) fn touch(&mut self, now: Timestamp) {
        self.changed = now.max(self.changed.plus_ms(1));
    }
}
