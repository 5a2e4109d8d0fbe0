//! `labels` and `save`: what is read after a step.

use std::collections::BTreeSet;

use super::Reader;
use super::scope::Variable;
use crate::scenario::ast::{BodyPath, PathPart, SecretLabels};
use crate::scenario::finding::shown_word;
use crate::scenario::node::{Key, Node, NodeKind};
use crate::scenario::source::Span;
use crate::scenario::template::Template;
use crate::service::{Kind, Operation, shapes};

impl Reader<'_> {
    /// The whole state of one secret, or of several by name.
    pub(super) fn labels(&mut self, node: &Node) -> Vec<SecretLabels> {
        let Some(entries) = node.map() else {
            self.wrong_kind(node, "`labels`", "a map of versions");
            self.mention(node);
            return Vec::new();
        };
        let secrets = self.scope.secrets();
        let by_secret = entries
            .iter()
            .any(|(key, value)| value.map().is_some() || secrets.iter().any(|s| **s == *key.text));
        if by_secret {
            return entries.iter().map(|(key, value)| self.labels_of(key, value)).collect();
        }
        match secrets.as_slice() {
            [only] => {
                self.used.insert(only.clone());
                vec![SecretLabels { secret: only.clone(), versions: self.version_labels(entries) }]
            }
            [] => {
                self.wrong(
                    node.span,
                    "`labels` needs a declared secret",
                    "declare it, for example `secrets: [db]`",
                );
                self.mention(node);
                Vec::new()
            }
            [first, ..] => {
                let hint = format!("put its name first: `labels: {{{first}: {{...}}}}`");
                self.wrong(node.span, "several secrets are declared, and `labels` does not say which", &hint);
                self.version_labels(entries);
                self.used.extend(secrets);
                Vec::new()
            }
        }
    }

    fn labels_of(&mut self, key: &Key, value: &Node) -> SecretLabels {
        let secret = key.text.to_string();
        self.used.insert(secret.clone());
        if !matches!(self.scope.get(&secret), Some(Variable::Secret { .. })) {
            self.unknown_secret(&secret, key.span);
        }
        let versions = match value.map() {
            Some(entries) => self.version_labels(entries),
            None => {
                self.wrong_kind(
                    value,
                    &format!("`labels` of `{}`", shown_word(&secret)),
                    "a map of versions",
                );
                Vec::new()
            }
        };
        SecretLabels { secret, versions }
    }

    fn version_labels(&mut self, entries: &[(Key, Node)]) -> Vec<(String, Vec<Template>)> {
        entries
            .iter()
            .map(|(key, value)| {
                self.version(&key.text, key.span);
                (key.text.to_string(), self.label_list(value))
            })
            .collect()
    }

    /// A version that may exist by now.
    fn version(&mut self, name: &str, span: Span) {
        self.used.insert(name.to_owned());
        let versions = |variable: &Variable| matches!(variable, Variable::Version { .. } | Variable::Saved);
        match self.scope.get(name) {
            Some(Variable::Version { sent: true } | Variable::Saved) => {}
            Some(Variable::Version { sent: false }) => {
                let message = format!("no step up to here sends `{name}` as ClientRequestToken");
                self.wrong(span, message, "labels are stated of versions that may exist");
            }
            _ if self.scope.saves(name) => {
                let message = format!("`{name}` is not saved by an earlier step");
                self.wrong(span, message, "state the labels on the step after the one that saves it");
            }
            _ => {
                let message = format!("`{}` is no declared version", shown_word(name));
                let known = self.scope.names(versions);
                let bare = name.strip_prefix("${").and_then(|name| name.strip_suffix('}'));
                let candidates = known.iter().map(String::as_str);
                let near = self.findings.unknown(span, message, bare.unwrap_or(name), candidates);
                let near = near.map(str::to_owned);
                self.used.extend(near);
            }
        }
    }

    fn label_list(&mut self, node: &Node) -> Vec<Template> {
        let Some(entries) = node.list() else {
            let hint = match node.scalar_text() {
                Some(text) if !matches!(node.kind, NodeKind::Null(_)) => {
                    format!("write `[{}]`", shown_word(text))
                }
                _ => "`[]` is a version without labels".to_owned(),
            };
            let message = format!("a version has a list of labels, not {}", node.words());
            self.wrong(node.span, message, &hint);
            return Vec::new();
        };
        let mut seen = BTreeSet::new();
        for entry in entries {
            if let Some(text) = entry.scalar_text()
                && !seen.insert(text)
            {
                self.findings.add(
                    entry.span,
                    format!("the label `{}` stands here twice", shown_word(text)),
                    None,
                );
            }
        }
        entries.iter().filter_map(|entry| self.scalar_template(entry, "a label")).collect()
    }

    /// `save`: variables and paths into the body. Only a success has the operation's shape.
    pub(super) fn save(
        &mut self,
        node: &Node,
        operation: Option<&'static Operation>,
        succeeds: bool,
    ) -> Vec<(String, BodyPath)> {
        let Some(entries) = node.map() else {
            let message = format!("`save` takes a map, not {}", node.words());
            self.wrong(node.span, message, "for example `save: {first: \"Versions[0].VersionId\"}`");
            return Vec::new();
        };
        let mut saved = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            self.save_as(&key.text, key.span);
            let Some(text) = self.plain_text(value, "`save`") else { continue };
            match text.parse::<BodyPath>() {
                Ok(path) => {
                    if let Some(operation) = operation.filter(|_| succeeds) {
                        self.path_exists(&path, operation, value.span);
                    }
                    saved.push((key.text.to_string(), path));
                }
                Err(bad) => {
                    let hint = "names with dots between them, and `[0]` for the first entry of a list";
                    self.wrong(value.span, format!("`{}` is no path into a body", shown_word(&bad.0)), hint);
                }
            }
        }
        saved
    }

    /// Whether the operation's answer can have something at the path.
    fn path_exists(&mut self, path: &BodyPath, operation: &Operation, span: Span) {
        let Some(mut shape) = operation.output else {
            self.findings.add(span, format!("{} answers nothing", operation.name), None);
            return;
        };
        let mut owner = operation.name.as_str();
        for part in &path.0 {
            match (part, &shapes().shape(shape).kind) {
                (PathPart::Member(name), Kind::Structure(members)) => {
                    match members.iter().find(|member| member.name == *name) {
                        Some(member) => {
                            shape = member.shape;
                            owner = &member.name;
                        }
                        None => {
                            let message = format!("`{}` is no member of `{owner}`", shown_word(name));
                            let names = members.iter().map(|member| member.name.as_str());
                            self.findings.unknown(span, message, name, names);
                            return;
                        }
                    }
                }
                (PathPart::Member(_), Kind::Map { value, .. }) => shape = *value,
                (PathPart::Index(_), Kind::List { element, .. }) => shape = *element,
                (PathPart::Member(name), _) => {
                    let message = format!("`{owner}` has no members, so no `{}`", shown_word(name));
                    self.findings.add(span, message, None);
                    return;
                }
                (PathPart::Index(_), _) => {
                    self.findings.add(span, format!("`{owner}` is no list"), None);
                    return;
                }
            }
        }
    }
}
