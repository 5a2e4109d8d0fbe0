//! The state of a secret as a probe read it: its versions with their labels, in each of the views.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::service::ErrorBody;
use crate::trace::{Exchange, Probe};

/// Versions with their labels.
pub(super) type Labels = BTreeMap<String, BTreeSet<String>>;

/// An exchange with its body, parsed once.
pub(super) struct Answer<'t> {
    /// The exchange.
    pub(super) exchange: &'t Exchange,
    /// The response's body: an empty object for zero bytes, `None` when it does not parse.
    pub(super) body: Option<Value>,
}

impl<'t> Answer<'t> {
    /// Parses the response's body.
    pub(super) fn read(exchange: &'t Exchange) -> Self {
        Answer { exchange, body: exchange.response.json() }
    }

    /// The failure that the response tells, where it has the shape of one.
    pub(super) fn error(&self) -> Option<ErrorBody> {
        if self.exchange.response.succeeded() {
            return None;
        }
        ErrorBody::read(self.body.as_ref()?)
    }

    /// What became of the request in a word: the code, or the status where there is none.
    pub(super) fn failure(&self) -> String {
        match self.error() {
            Some(error) => error.code,
            None => format!("status {}", self.exchange.response.status),
        }
    }
}

/// What one operation tells of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum View {
    /// There is no such secret.
    Gone,
    /// It was refused, with this code, or the answer cannot be read.
    Refused(String),
    /// Its versions.
    Versions(Labels),
}

/// What a probe read.
#[derive(Clone, Debug)]
pub(super) struct State {
    /// ListSecretVersionIds with IncludeDeprecated: all versions.
    pub(super) versions: View,
    /// DescribeSecret: versions that carry a label.
    pub(super) describe: Option<View>,
    /// The entry of ListSecrets: versions that carry a label.
    pub(super) list: Option<View>,
}

/// The exchanges of a probe, parsed.
pub(super) struct ProbeAnswers<'t> {
    /// ListSecretVersionIds, all pages.
    pub(super) versions: Vec<Answer<'t>>,
    /// DescribeSecret.
    pub(super) describe: Option<Answer<'t>>,
    /// ListSecrets, all pages.
    pub(super) list: Vec<Answer<'t>>,
}

impl<'t> ProbeAnswers<'t> {
    /// Parses all responses of a probe.
    pub(super) fn read(probe: &'t Probe) -> Self {
        ProbeAnswers {
            versions: probe.versions.iter().map(Answer::read).collect(),
            describe: probe.describe.as_ref().map(Answer::read),
            list: probe.list.iter().map(Answer::read).collect(),
        }
    }

    /// All of them: versions, description, list.
    pub(super) fn all(&self) -> impl Iterator<Item = &Answer<'t>> {
        self.versions.iter().chain(&self.describe).chain(&self.list)
    }

    /// The state that they tell of the secret with this name.
    pub(super) fn state(&self, name: &str) -> State {
        State {
            versions: pages(&self.versions, |body, labels| {
                list_of(body, "Versions")?.iter().try_for_each(|entry| add_version(entry, labels))
            }),
            describe: self.describe.as_ref().map(|answer| {
                pages(std::slice::from_ref(answer), |body, labels| {
                    add_map(body, "VersionIdsToStages", labels)
                })
            }),
            list: (!self.list.is_empty()).then(|| listed(&self.list, name)),
        }
    }
}

/// Joins the pages of a view; the first page that is no success decides.
fn pages(answers: &[Answer<'_>], add: impl Fn(&Value, &mut Labels) -> Option<()>) -> View {
    let mut labels = Labels::new();
    for answer in answers {
        if !answer.exchange.response.succeeded() {
            return match answer.failure() {
                code if code == "ResourceNotFoundException" => View::Gone,
                code => View::Refused(code),
            };
        }
        if answer.body.as_ref().and_then(|body| add(body, &mut labels)).is_none() {
            return View::Refused("a body that cannot be read".to_owned());
        }
    }
    View::Versions(labels)
}

fn listed(answers: &[Answer<'_>], name: &str) -> View {
    let found = std::cell::Cell::new(false);
    let view = pages(answers, |body, labels| {
        // A filter on a name finds every name that begins with it.
        let of_name = |entry: &&Value| entry.get("Name").and_then(Value::as_str) == Some(name);
        list_of(body, "SecretList")?.iter().filter(of_name).try_for_each(|entry| {
            found.set(true);
            add_map(entry, "SecretVersionsToStages", labels)
        })
    });
    match view {
        View::Versions(_) if !found.get() => View::Gone,
        view => view,
    }
}

/// A list that may be left out; `None` when it is something else.
fn list_of<'v>(body: &'v Value, member: &str) -> Option<&'v [Value]> {
    match body.as_object()?.get(member) {
        None | Some(Value::Null) => Some(&[]),
        Some(Value::Array(entries)) => Some(entries),
        Some(_) => None,
    }
}

fn add_version(entry: &Value, labels: &mut Labels) -> Option<()> {
    let id = entry.get("VersionId")?.as_str()?;
    let found = list_of(entry, "VersionStages")?;
    add_labels(id, found, labels)
}

fn add_map(body: &Value, member: &str, labels: &mut Labels) -> Option<()> {
    match body.as_object()?.get(member) {
        None | Some(Value::Null) => Some(()),
        Some(Value::Object(versions)) => {
            versions.iter().try_for_each(|(id, found)| add_labels(id, found.as_array()?, labels))
        }
        Some(_) => None,
    }
}

fn add_labels(id: &str, found: &[Value], labels: &mut Labels) -> Option<()> {
    let set = labels.entry(id.to_owned()).or_default();
    for label in found {
        set.insert(label.as_str()?.to_owned());
    }
    Some(())
}

/// The versions that carry a label.
pub(super) fn labelled(labels: &Labels) -> impl Iterator<Item = (&String, &BTreeSet<String>)> {
    labels.iter().filter(|(_, labels)| !labels.is_empty())
}
