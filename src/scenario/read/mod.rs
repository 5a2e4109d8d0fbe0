//! From the tree of a file to its scenario, with everything that is wrong on the way.
//!
//! A [`Reader`] walks one tree in the order in which a run would go through it, because what a name means, and
//! whether it has a value yet, depends on the steps before. It never stops at the first fault: whatever cannot be
//! read becomes a finding and a harmless stand-in, and a scenario counts only when there is no finding at all.

mod call;
mod expect;
mod file;
mod labels;
mod matchers;
mod parallel;
mod raw;
mod repeat;
mod scope;
mod step;
mod templates;
mod times;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::finding::shown_word;
use super::node::{Key, Node, NodeKind, is_word};
use super::source::{Findings, Source, Span};
use super::words::{Word, names};
pub(super) use file::Origin;
use scope::{Declared, Scope};
pub(super) use times::SHORT_TIMES;

/// What lasts from one row of `cases` to the next.
pub(super) struct Reader<'s> {
    pub(super) findings: Findings,
    source: &'s Source<'s>,
    /// All that was declared, with the place; what no row uses is a finding in the end.
    declared: BTreeMap<String, Declared>,
    used: BTreeSet<String>,
    /// Expressions that were compiled, by their text; `None` for a bad one.
    regexes: HashMap<String, Option<regex::Regex>>,
    scope: Scope,
    /// Whether unknown variables are no findings, because something else explains them.
    pub(super) any_variable: bool,
}

impl<'s> Reader<'s> {
    pub(super) fn new(source: &'s Source<'s>, findings: Findings) -> Self {
        Reader {
            findings,
            source,
            declared: BTreeMap::new(),
            used: BTreeSet::new(),
            regexes: HashMap::new(),
            scope: Scope::default(),
            any_variable: false,
        }
    }

    /// Notes a finding with a hint.
    fn wrong(&mut self, span: Span, message: impl Into<String>, hint: &str) {
        self.findings.add(span, message, Some(hint.to_owned()));
    }

    /// Notes that a value is of another kind than its place takes.
    fn wrong_kind(&mut self, node: &Node, place: &str, takes: &str) {
        self.findings.add(node.span, format!("{place} takes {takes}, not {}", node.words()), None);
    }

    /// The entries of a map whose keys are words of the language. Unknown ones are findings, and what stands
    /// under them counts as used, so that one slip is one finding.
    fn fields<'n>(
        &mut self,
        node: &'n Node,
        place: &str,
        words: impl IntoIterator<Item = &'static str>,
    ) -> Option<Fields<'n>> {
        let Some(entries) = node.map() else {
            self.wrong_kind(node, place, "a map");
            self.mention(node);
            return None;
        };
        let words: Vec<&str> = words.into_iter().collect();
        for (key, value) in entries {
            if !words.contains(&&*key.text) {
                let message = format!("unknown key `{}` in {place}", shown_word(&key.text));
                self.findings.unknown(key.span, message, &key.text, words.iter().copied());
                self.mention(value);
            }
        }
        Some(Fields { entries, span: node.span })
    }

    fn fields_of<'n>(&mut self, node: &'n Node, place: &str, words: &'static [Word]) -> Option<Fields<'n>> {
        self.fields(node, place, names(words))
    }

    /// Text without variables, and not empty.
    fn plain_text(&mut self, node: &Node, place: &str) -> Option<String> {
        match node.text().map(str::trim) {
            Some("") => {
                self.findings.add(node.span, format!("{place} is empty"), None);
                None
            }
            Some(text) => Some(text.to_owned()),
            None => {
                self.wrong_kind(node, place, "text");
                None
            }
        }
    }

    fn boolean(&mut self, node: &Node, place: &str) -> Option<bool> {
        match node.kind {
            NodeKind::Bool(value, _) => Some(value),
            _ => {
                self.wrong_kind(node, place, "true or false");
                None
            }
        }
    }

    /// A whole number of at least zero.
    fn count(&mut self, node: &Node, place: &str) -> Option<u64> {
        let number = match &node.kind {
            NodeKind::Number(number, _) => number.as_u64(),
            _ => None,
        };
        if number.is_none() {
            self.wrong_kind(node, place, "a whole number");
        }
        number
    }

    /// A matcher that stands where only one value makes sense: `$absent: true`, `$uuid: any`.
    fn only(&mut self, word: &Key, node: &Node, value: &str) {
        if node.scalar_text().is_none_or(|text| &**text != value) {
            let message = format!("`{}` takes `{value}`, not {}", word.text, node.words());
            self.findings.add(node.span, message, None);
        }
    }

    /// Everything under a node counts as mentioned: variables are used, tokens sent, secrets made. For what we
    /// cannot read, or do not look into.
    fn mention(&mut self, node: &Node) {
        match &node.kind {
            NodeKind::Text(text) => self.mention_text(text),
            NodeKind::List(entries) => entries.iter().for_each(|entry| self.mention(entry)),
            NodeKind::Map(entries) => {
                for (key, value) in entries.iter() {
                    self.mention_text(&key.text);
                    if is_word(&key.text) {
                        value.text().into_iter().for_each(|name| self.mention_name(name));
                    }
                    self.mention(value);
                }
            }
            NodeKind::Null(_) | NodeKind::Bool(..) | NodeKind::Number(..) => {}
        }
    }
}

/// A map whose keys were checked.
struct Fields<'n> {
    entries: &'n [(Key, Node)],
    span: Span,
}

impl<'n> Fields<'n> {
    fn entry(&self, name: &str) -> Option<&'n (Key, Node)> {
        self.entries.iter().find(|(key, _)| &*key.text == name)
    }

    fn get(&self, name: &str) -> Option<&'n Node> {
        self.entry(name).map(|(_, node)| node)
    }
}
