//! `parallel` and `invariant`: requests that are sent at once, and what must hold afterwards.

use super::Reader;
use super::scope::Variable;
use super::templates::Want;
use crate::scenario::ast::{Action, Expect, Invariant, Parallel, ParallelCall};
use crate::scenario::finding::shown_word;
use crate::scenario::matcher::Matcher;
use crate::scenario::node::Node;
use crate::scenario::words::{INNER_STEP, INVARIANT};

/// More requests at once say nothing more, and a target may refuse them for reasons of its own.
const MOST_CALLS: usize = 100;

impl Reader<'_> {
    /// Steps that are sent at once.
    pub(super) fn parallel(&mut self, node: &Node, invariant: Option<&Node>) -> Parallel {
        let counts =
            invariant.is_some_and(|node| node.get("succeeded").is_some() || node.get("failed").is_some());
        let otherwise = if counts { Expect::Either } else { Expect::Success };
        let Some(entries) = node.list() else {
            self.wrong_kind(node, "`parallel`", "a list of steps");
            self.mention(node);
            return Parallel { calls: Vec::new(), invariant: None };
        };
        if entries.is_empty() {
            self.findings.add(node.span, "`parallel` has no step", None);
        }
        if entries.len() > MOST_CALLS {
            self.findings.add(node.span, format!("`parallel` takes at most {MOST_CALLS} steps"), None);
        }
        let calls = entries.iter().filter_map(|entry| self.inner(entry, &otherwise)).collect();
        let invariant = invariant.and_then(|node| self.invariant(node, entries.len()));
        Parallel { calls, invariant }
    }

    fn inner(&mut self, node: &Node, otherwise: &Expect) -> Option<ParallelCall> {
        let fields = self.fields(node, "a step inside `parallel`", INNER_STEP)?;
        let fails = fields.get("fails").is_some();
        let (operation, action) = match (fields.entry("do"), fields.entry("raw")) {
            (Some((_, name)), None) => {
                let (operation, call) = self.call(name, fields.get("with"), !fails);
                (operation, Action::Call(call))
            }
            (None, Some((_, raw))) => {
                self.refuse(&fields, &["with"], "raw");
                let (operation, request) = self.raw(raw);
                (operation, Action::Raw(request))
            }
            (Some((key, _)), Some(_)) => {
                self.findings.add(key.span, "a step inside `parallel` has `do` or `raw`, not both", None);
                self.mention(node);
                return None;
            }
            (None, None) => {
                self.findings.add(node.span, "a step inside `parallel` needs `do` or `raw`", None);
                self.mention(node);
                return None;
            }
        };
        let expect = self.expect(&fields, operation, otherwise.clone());
        self.note(fields.get("note"));
        Some(ParallelCall { place: node.span.place(), action, expect })
    }

    fn invariant(&mut self, node: &Node, calls: usize) -> Option<Invariant> {
        let fields = self.fields_of(node, "`invariant`", INVARIANT)?;
        if fields.entries.is_empty() {
            self.findings.add(node.span, "`invariant` states nothing", None);
        }
        let mut count = |name: &str| {
            let node = fields.get(name)?;
            if let Some(count) = node.scalar_text().and_then(|text| text.parse::<usize>().ok())
                && count > calls
            {
                self.findings.add(node.span, format!("there are only {calls} requests"), None);
            }
            Some(self.matcher(node, Want::Count, name))
        };
        let (succeeded, failed) = (count("succeeded"), count("failed"));
        let secret = fields.get("secret").and_then(|node| {
            let name = self.plain_text(node, "`secret`")?;
            self.used.insert(name.clone());
            if !matches!(self.scope.get(&name), Some(Variable::Secret { .. })) {
                self.unknown_secret(&name, node.span);
            }
            Some(name)
        });
        let labels = match fields.get("labels") {
            Some(node) => self.invariant_labels(node, secret.is_some()),
            None => Vec::new(),
        };
        Some(Invariant { succeeded, failed, secret, labels })
    }

    fn invariant_labels(&mut self, node: &Node, named: bool) -> Vec<(String, Matcher)> {
        let Some(entries) = node.map() else {
            self.wrong_kind(node, "`labels` of `invariant`", "a map of labels");
            self.mention(node);
            return Vec::new();
        };
        match (self.scope.secrets().as_slice(), named) {
            ([only], false) => {
                self.used.insert(only.clone());
            }
            ([], _) => self.wrong(
                node.span,
                "`labels` needs a declared secret",
                "declare it, for example `secrets: [db]`",
            ),
            (_, false) => {
                let message = "several secrets are declared, and `labels` does not say which";
                self.wrong(node.span, message, "add `secret: NAME` to `invariant`");
            }
            (_, true) => {}
        }
        entries
            .iter()
            .map(|(label, value)| {
                if value.list().is_some() {
                    let message =
                        format!("the label `{}` takes one version, not a list", shown_word(&label.text));
                    self.wrong(
                        value.span,
                        message,
                        "a label stands on one version; `{$oneOf: [...]}` gives a choice",
                    );
                    self.mention(value);
                    return (label.text.to_string(), Matcher::Absent);
                }
                (label.text.to_string(), self.matcher(value, Want::Text, &shown_word(&label.text)))
            })
            .collect()
    }
}
