//! Transitions as sentences.

use super::explore::{Fate, Transition};
use super::state::{LABELS, Label, Presence, Set, enumeration, list, texts};

impl Transition {
    /// One sentence: `Where the only version has AWSCURRENT, a put without VersionStages …`.
    pub(crate) fn title(&self) -> String {
        let place = self.before.place();
        let subject = &self.call.subject;
        let sentence = if place.is_empty() { subject.clone() } else { format!("{place}, {subject}") };
        format!("{} {}", capital(&sentence), self.effect())
    }

    /// The same for the register: with the form of the call in full.
    pub(crate) fn rule(&self) -> String {
        let place = self.before.place();
        let subject = &self.call.formal;
        let sentence = if place.is_empty() { subject.clone() } else { format!("{place}, {subject}") };
        format!("{} {}.", capital(&sentence), self.effect())
    }

    /// What the call does, as the rest of a sentence.
    pub(crate) fn effect(&self) -> String {
        if let Err((code, _)) = &self.outcome {
            let stays = if self.before.labels() > 0 { ", and no label moves" } else { "" };
            return format!("is refused with {code}{stays}");
        }
        if let Some(read) = self.read() {
            return read;
        }
        let mut clauses = Vec::new();
        let fated = |wanted: &dyn Fn(Fate) -> bool| -> Vec<Label> {
            LABELS.into_iter().filter(|label| wanted(self.fate(*label))).collect()
        };
        if let Some(new) = self.made() {
            let gets = fated(&|fate| matches!(fate, Fate::Attached(to) | Fate::Moved(_, to) if to == new));
            clauses.push(format!("gives the new version {}", list(&texts(&gets))));
        }
        // The version spoken of last is `it`.
        let mut last = None;
        let mut version = |at: usize| {
            if last.replace(at) == Some(at) { "it".to_owned() } else { self.version_that_had(at) }
        };
        for label in LABELS.into_iter().filter(|label| Some(*label) != self.call.label) {
            match self.fate(label) {
                Fate::Moved(_, to) if Some(to) != self.made() => {
                    clauses.push(format!("moves {} to {}", label.text(), version(to)));
                }
                Fate::Attached(to) if Some(to) != self.made() => {
                    clauses.push(format!("attaches {} to {}", label.text(), version(to)));
                }
                Fate::Gone(from) => clauses.push(format!("takes {} off {}", label.text(), version(from))),
                _ => {}
            }
        }
        for (at, set) in self.before.versions.iter().enumerate() {
            if !set.is_bare() && self.after.versions.get(at).is_some_and(Set::is_bare) {
                clauses.push(format!("leaves {} without a label", version(at)));
            }
        }
        let stays = fated(&|fate| matches!(fate, Fate::Stays(_)));
        match stays.as_slice() {
            all if clauses.is_empty() && all.len() == self.before.labels() && self.before == self.after => {
                clauses.push("moves no label".to_owned());
            }
            [] => {}
            [one] => clauses.push(format!("leaves {} where it is", one.text())),
            more => clauses.push(format!("leaves {} where they are", list(&texts(more)))),
        }
        if clauses.is_empty() {
            let nothing = if self.call.operation == "CreateSecret" {
                "makes no version"
            } else {
                "changes nothing else"
            };
            clauses.push(nothing.to_owned());
        }
        let crowded = clauses.iter().any(|clause| clause.contains(" and "));
        if crowded { enumeration(&clauses) } else { list(&clauses) }
    }

    fn read(&self) -> Option<String> {
        let body = self.outcome.as_ref().ok()?;
        Some(match self.call.operation {
            "GetSecretValue" => {
                let id = body["VersionId"].as_str().unwrap_or_default().trim_start_matches("${v");
                let version = id.trim_end_matches('}').parse::<usize>().ok()?.checked_sub(1)?;
                match self.call.named {
                    Some(_) if self.had(version).is_bare() => "answers without VersionStages".to_owned(),
                    Some(_) => format!("tells {}", self.had(version).words()),
                    None => format!("answers with the version that has {}", self.had(version).words()),
                }
            }
            "DescribeSecret" | "ListSecretVersionIds" => "tells every label of every version".to_owned(),
            "DeleteSecret" | "RestoreSecret" if self.before.presence != self.after.presence => {
                "leaves every label where it is".to_owned()
            }
            _ if self.before.presence == Presence::Nothing && self.after.versions.is_empty() => {
                "makes no version".to_owned()
            }
            _ => return None,
        })
    }

    /// A version by the labels that it had before the call.
    fn version_that_had(&self, version: usize) -> String {
        if self.call.label.is_some()
            && self.call.label.and_then(|label| self.before.holder(label)) == Some(version)
            && self.demoted().is_none()
        {
            return "its old version".to_owned();
        }
        let had = self.had(version);
        match had.0.as_slice() {
            [] => "the deprecated version".to_owned(),
            // The most telling label is enough.
            [first, ..] => format!("the version that had {}", first.text()),
        }
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().collect::<String>() + letters.as_str())
        .unwrap_or_default()
}
