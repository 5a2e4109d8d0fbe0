//! Collecting findings while a file is read, and the checks that every map needs.

use super::finding::Finding;
use super::nearest;
use super::node::{Node, Source};

/// Collects findings.
pub(super) struct Complaints<'s> {
    source: &'s Source<'s>,
    findings: Vec<Finding>,
}

impl<'s> Complaints<'s> {
    pub(super) fn new(source: &'s Source<'s>) -> Self {
        Complaints { source, findings: Vec::new() }
    }

    /// Something is wrong at a value.
    pub(super) fn at(&mut self, node: &Node, message: impl Into<String>) {
        self.with_hint(node, message, None);
    }

    /// Something is wrong at a value, and this mends it.
    pub(super) fn with_hint(&mut self, node: &Node, message: impl Into<String>, hint: Option<String>) {
        let finding = self.source.finding(node.place, node.width, message.into(), hint);
        // Every case of a file finds the same; it is said once.
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }

    /// A word is not one of those there are.
    pub(super) fn unknown<'w>(
        &mut self,
        node: &Node,
        what: &str,
        word: &str,
        words: impl IntoIterator<Item = &'w str> + Clone,
    ) {
        self.with_hint(node, format!("unknown {what} `{word}`"), Some(nearest::hint(word, words)));
    }

    /// The entries of a map whose keys must be among these; anything else is a finding.
    pub(super) fn map<'n>(
        &mut self,
        node: &'n Node,
        what: &str,
        keys: &[&str],
    ) -> Option<&'n [(Node, Node)]> {
        let Some(entries) = node.entries() else {
            self.at(node, format!("{what} is a map, not {}", node.type_name()));
            return None;
        };
        for (key, _) in entries {
            match key.text() {
                Some(name) if keys.contains(&name) => {}
                Some(name) => self.unknown(key, &format!("key of {what}"), name, keys.iter().copied()),
                None => self.at(key, format!("a key of {what} is a string")),
            }
        }
        Some(entries)
    }

    /// The text of a value that must be a string.
    pub(super) fn text<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n str> {
        let text = node.text();
        if text.is_none() {
            self.at(node, format!("{what} is a string, not {}", node.type_name()));
        }
        text
    }

    /// The entries of a value that must be a list.
    pub(super) fn list<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [Node]> {
        let list = node.list();
        if list.is_none() {
            self.at(node, format!("{what} is a list, not {}", node.type_name()));
        }
        list
    }

    /// The value of a key that must be there.
    pub(super) fn required<'n>(&mut self, node: &'n Node, what: &str, key: &str) -> Option<&'n Node> {
        let found = node.get(key);
        if found.is_none() && node.entries().is_some() {
            self.at(node, format!("{what} has no `{key}`"));
        }
        found
    }

    pub(super) fn count(&self) -> usize {
        self.findings.len()
    }

    /// All findings in the order of their places.
    pub(super) fn finish(mut self) -> Vec<Finding> {
        self.findings.sort_by(|left, right| left.place.cmp(&right.place));
        self.findings
    }
}
