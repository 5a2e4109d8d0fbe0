//! `cases`: one file, one scenario for each row.
//!
//! A row is put into the tree before anything is made of it, so that a row's value may be whatever the place
//! allows: a string, a list, a matcher, an operation's name.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::finding::shown_word;
use super::node::{Key, Node, NodeKind};
use super::source::{Findings, Span};
use super::template::is_name;

/// How many values all rows of a file may come to together.
const ROWS_BUDGET: usize = 200_000;

/// The rows of a file, checked.
pub(super) struct Cases<'n> {
    /// The rows in order: the name with its place, and the values.
    pub(super) rows: Vec<(&'n Key, BTreeMap<Rc<str>, Node>)>,
    /// All keys, with the place where each stands first.
    pub(super) keys: BTreeMap<Rc<str>, Span>,
}

/// Reads the table; `None` when there is none, or none that can be used.
pub(super) fn read<'n>(table: &'n Node, findings: &mut Findings) -> Option<Cases<'n>> {
    let Some(entries) = table.map() else {
        let hint = Some("for example `cases: {short: {name: a}, long: {name: b}}`".to_owned());
        findings.add(table.span, format!("`cases` takes a map of rows, not {}", table.words()), hint);
        return None;
    };
    if entries.is_empty() {
        let hint = Some("leave `cases` out, or give it rows".to_owned());
        findings.add(table.span, "`cases` has no row", hint);
        return None;
    }
    let mut cases = Cases { rows: Vec::new(), keys: BTreeMap::new() };
    for (name, row) in entries {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if name.text.is_empty() || !name.text.chars().all(fits) {
            let message = format!("`{}` cannot name a case", shown_word(&name.text));
            let hint = Some("letters, digits, `.`, `_` and `-` can stand in a scenario's id".to_owned());
            findings.add(name.span, message, hint);
        }
        let Some(values) = row.map() else {
            let message = format!("a case takes a map of values, not {}", row.words());
            findings.add(row.span, message, None);
            continue;
        };
        for (key, _) in values {
            if !is_name(&key.text) {
                let message = format!("`{}` cannot name a variable", shown_word(&key.text));
                let hint = Some("a letter, then letters, digits, `-` and `_`".to_owned());
                findings.add(key.span, message, hint);
                continue;
            }
            cases.keys.entry(Rc::clone(&key.text)).or_insert(key.span);
        }
        let values = values.iter().map(|(key, node)| (Rc::clone(&key.text), node.clone())).collect();
        cases.rows.push((name, values));
    }
    for (name, row) in &cases.rows {
        for key in cases.keys.keys().filter(|key| !row.contains_key(*key)) {
            let message =
                format!("the case `{}` has no `{}`, which other cases have", name.text, shown_word(key));
            findings.add(name.span, message, None);
        }
    }
    (!cases.rows.is_empty()).then_some(cases)
}

/// Puts rows into trees.
pub(super) struct Filling<'f> {
    findings: &'f mut Findings,
    row: &'f BTreeMap<Rc<str>, Node>,
    used: &'f mut BTreeSet<Rc<str>>,
    budget: &'f mut Budget,
}

/// What all rows may still come to.
pub(super) struct Budget(usize);

impl Default for Budget {
    fn default() -> Self {
        Budget(ROWS_BUDGET)
    }
}

impl Budget {
    pub(super) fn spent(&self) -> bool {
        self.0 == 0
    }
}

impl<'f> Filling<'f> {
    pub(super) fn new(
        findings: &'f mut Findings,
        row: &'f BTreeMap<Rc<str>, Node>,
        used: &'f mut BTreeSet<Rc<str>>,
        budget: &'f mut Budget,
    ) -> Self {
        Filling { findings, row, used, budget }
    }

    /// The tree of a file with the row's values in it; the table itself is left out.
    pub(super) fn fill(&mut self, root: &Node) -> Node {
        let entries = root.map().unwrap_or_default();
        let filled = entries
            .iter()
            .filter(|(key, _)| &*key.text != "cases")
            .map(|(key, node)| (self.key(key), self.node(node)))
            .collect();
        Node { kind: NodeKind::Map(filled), span: root.span }
    }

    fn spend(&mut self, weight: usize, span: Span) -> bool {
        if self.budget.0 == 0 {
            return false;
        }
        self.budget.0 = self.budget.0.saturating_sub(weight);
        if self.budget.0 == 0 {
            self.findings.add(span, format!("all cases together have more than {ROWS_BUDGET} values"), None);
        }
        self.budget.0 > 0
    }

    fn node(&mut self, node: &Node) -> Node {
        if !self.spend(1, node.span) {
            return node.clone();
        }
        let kind = match &node.kind {
            NodeKind::Text(text) if text.contains("${") => return self.text(text, node),
            NodeKind::List(entries) => NodeKind::List(entries.iter().map(|entry| self.node(entry)).collect()),
            NodeKind::Map(entries) => {
                let filled: Rc<[_]> =
                    entries.iter().map(|(key, value)| (self.key(key), self.node(value))).collect();
                self.refuse_repeats(entries, &filled);
                NodeKind::Map(filled)
            }
            other => other.clone(),
        };
        Node { kind, span: node.span }
    }

    fn text(&mut self, text: &Rc<str>, node: &Node) -> Node {
        let whole = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
        if let Some((name, value)) = whole.and_then(|name| self.row.get_key_value(name)) {
            self.used.insert(Rc::clone(name));
            self.spend(value.weight(), node.span);
            return value.clone();
        }
        Node { kind: NodeKind::Text(self.inside(text, node.span)), span: node.span }
    }

    fn key(&mut self, key: &Key) -> Key {
        if !key.text.contains("${") {
            return key.clone();
        }
        Key { text: self.inside(&key.text, key.span), span: key.span }
    }

    /// A longer string, with the row's scalars as text in it. All else that looks like a template stays.
    fn inside(&mut self, text: &Rc<str>, span: Span) -> Rc<str> {
        let mut filled = String::new();
        let mut rest: &str = text;
        while let Some(at) = rest.find("${") {
            let (before, from) = rest.split_at(at);
            filled.push_str(before);
            let closed = from[2..].split_once('}').filter(|_| !before.ends_with('$'));
            let found = closed.and_then(|(name, after)| Some((self.row.get_key_value(name)?, after)));
            match found {
                Some(((name, value), after)) => {
                    self.used.insert(Rc::clone(name));
                    match value.scalar_text() {
                        Some(value) if self.spend(value.len() / 100, span) => filled.push_str(value),
                        Some(_) => return Rc::clone(text),
                        None => {
                            let message =
                                format!("`${{{name}}}` is {} and cannot stand inside text", value.words());
                            self.findings.add(span, message, None);
                        }
                    }
                    rest = after;
                }
                None => {
                    filled.push_str("${");
                    rest = &from[2..];
                }
            }
        }
        filled.push_str(rest);
        Rc::from(filled)
    }

    /// Two keys may become one only now.
    fn refuse_repeats(&mut self, before: &[(Key, Node)], after: &[(Key, Node)]) {
        if before.iter().all(|(key, _)| !key.text.contains("${")) {
            return;
        }
        let mut seen = BTreeSet::new();
        for (key, _) in after {
            if !seen.insert(&key.text) {
                self.findings.add(key.span, format!("`{}` stands here twice", shown_word(&key.text)), None);
            }
        }
    }
}
