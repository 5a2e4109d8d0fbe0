//! Names: what is declared, what has a value by now, and what is used.

use std::collections::{BTreeMap, BTreeSet};

use super::Reader;
use crate::scenario::ast::Need;
use crate::scenario::finding::shown_word;
use crate::scenario::node::{Node, NodeKind, is_word};
use crate::scenario::source::Span;
use crate::scenario::template::{BadTemplate, Template, is_name, split_reference};

/// The needs that come with a value, and so define a variable.
pub(super) const NEEDS_WITH_VALUE: [Need; 4] =
    [Need::RotationLambda, Need::CustomerKmsKey, Need::SecondRegion, Need::SecondAccount];

/// A declaration that wants to be used.
#[derive(Clone, Copy, Debug)]
pub(in crate::scenario) struct Declared {
    pub(super) span: Span,
    pub(super) what: &'static str,
}

/// What a name stands for.
#[derive(Clone, Debug)]
pub(super) enum Variable {
    /// A declared secret; whether a step up to here makes it.
    Secret { created: bool },
    /// A declared version; whether a step up to here sends it as a token.
    Version { sent: bool },
    /// Saved by a step.
    Saved,
    /// Text that is there from the start: the region, the value of a need.
    Given,
    /// The variable of `repeat`; the variables it stands for in turn, as far as they are whole values.
    Loop { stands_for: Vec<String> },
}

/// The names of one scenario, at one step.
#[derive(Debug, Default)]
pub(super) struct Scope {
    variables: BTreeMap<String, Variable>,
    /// What this step saves; it has a value from the next step on.
    saving: Vec<String>,
    /// What any step saves, for telling "not yet" from "never".
    later: BTreeSet<String>,
    /// Whether the scenario has `needs: [empty-account]`.
    pub(super) empty_account: bool,
    /// Whether the target has a clock that can be moved.
    pub(super) clock: bool,
    /// Whether the scenario is alone in its account.
    pub(super) isolated: bool,
}

impl Scope {
    /// The names of a scenario whose steps are these.
    pub(super) fn new(steps: Option<&Node>) -> Self {
        let mut scope = Scope::default();
        scope.variables.insert("region".to_owned(), Variable::Given);
        if let Some(steps) = steps {
            collect_saves(steps, &mut scope.later);
        }
        scope
    }

    pub(super) fn get(&self, name: &str) -> Option<&Variable> {
        self.variables.get(name)
    }

    pub(super) fn set(&mut self, name: &str, variable: Variable) -> Option<Variable> {
        self.variables.insert(name.to_owned(), variable)
    }

    /// Takes a loop variable away, and gives back what it hid.
    pub(super) fn restore(&mut self, name: &str, hidden: Option<Variable>) {
        match hidden {
            Some(hidden) => self.variables.insert(name.to_owned(), hidden),
            None => self.variables.remove(name),
        };
    }

    /// The declared secrets, or the declared and saved versions.
    pub(super) fn names(&self, of: impl Fn(&Variable) -> bool) -> Vec<String> {
        self.variables.iter().filter(|(_, v)| of(v)).map(|(name, _)| name.clone()).collect()
    }

    pub(super) fn secrets(&self) -> Vec<String> {
        self.names(|variable| matches!(variable, Variable::Secret { .. }))
    }

    /// A token was sent: the version may exist from here on.
    fn send(&mut self, name: &str) {
        match self.variables.get_mut(name) {
            Some(Variable::Version { sent }) => *sent = true,
            Some(Variable::Loop { stands_for }) => {
                for name in stands_for.clone() {
                    self.send(&name);
                }
            }
            _ => {}
        }
    }

    /// A CreateSecret of the name was sent: the secret may exist from here on.
    fn create(&mut self, name: &str) {
        match self.variables.get_mut(name) {
            Some(Variable::Secret { created }) => *created = true,
            Some(Variable::Loop { stands_for }) => {
                for name in stands_for.clone() {
                    self.create(&name);
                }
            }
            _ => {}
        }
    }

    /// Whether the name holds text in any case.
    pub(super) fn is_text(&self, reference: &str) -> bool {
        matches!(
            self.variables.get(split_reference(reference).0),
            Some(Variable::Secret { .. } | Variable::Version { .. } | Variable::Given)
        )
    }

    /// Whether the scenario declares a need that comes with a value.
    pub(super) fn needed(&self, need: Need) -> bool {
        matches!(self.variables.get(need.as_str()), Some(Variable::Given))
    }

    /// Whether some step saves under the name.
    pub(super) fn saves(&self, name: &str) -> bool {
        self.later.contains(name)
    }

    /// What the step saved has a value now.
    pub(super) fn end_step(&mut self) {
        for name in std::mem::take(&mut self.saving) {
            self.variables.insert(name, Variable::Saved);
        }
    }
}

/// Every name under `save` and `$save`.
fn collect_saves(node: &Node, found: &mut BTreeSet<String>) {
    match &node.kind {
        NodeKind::List(entries) => entries.iter().for_each(|entry| collect_saves(entry, found)),
        NodeKind::Map(entries) => {
            for (key, value) in entries.iter() {
                match &*key.text {
                    "save" => {
                        let names = value.map().unwrap_or_default().iter();
                        found.extend(names.map(|(name, _)| name.text.to_string()));
                    }
                    "$save" => {
                        let name = value.text().or_else(|| value.get("as")?.text());
                        found.extend(name.map(str::to_owned));
                    }
                    _ => {}
                }
                collect_saves(value, found);
            }
        }
        _ => {}
    }
}

impl Reader<'_> {
    /// Declares a name, unless it is no name or taken.
    pub(super) fn declare(&mut self, name: &str, span: Span, what: &'static str, variable: Variable) -> bool {
        if !is_name(name) {
            let message = format!("`{}` cannot name a {what}", shown_word(name));
            self.wrong(span, message, "a letter, then letters, digits, `-` and `_`");
            return false;
        }
        if name == "region" {
            self.wrong(span, "`region` is taken", "it is the region that the target is called in");
            return false;
        }
        if self.scope.get(name).is_some() {
            self.findings.add(span, format!("`{name}` is declared twice"), None);
            return false;
        }
        self.scope.set(name, variable);
        self.declared.entry(name.to_owned()).or_insert(Declared { span, what });
        true
    }

    /// Notes what nothing used, after the last row.
    pub(in crate::scenario) fn report_unused(&mut self) {
        for (name, Declared { span, what }) in std::mem::take(&mut self.declared) {
            if !self.used.contains(&name) {
                self.wrong(span, format!("the {what} `{name}` is never used"), "use it, or leave it out");
            }
        }
    }

    /// A variable stands in a template: it must be known, and have a value by now.
    pub(super) fn use_variable(&mut self, reference: &str, span: Span) {
        let (name, part) = split_reference(reference);
        self.used.insert(name.to_owned());
        let words = format!("${{{reference}}}");
        let at = self.source.find(span, &words);
        match (self.scope.get(name), part) {
            (Some(Variable::Secret { created: false }), Some(_)) => {
                let hint = format!("it has a value after a CreateSecret with `Name: \"${{{name}}}\"`");
                self.wrong(at, format!("`{words}` is used before `{name}` is created"), &hint);
            }
            (Some(Variable::Secret { .. }), Some(_)) | (Some(_), None) => {}
            (Some(Variable::Loop { stands_for }), Some(_)) if !stands_for.is_empty() => {}
            (Some(_), Some(part)) => {
                let message = format!("`{words}`: only a declared secret has `.{part}`");
                self.findings.unknown(at, message, name, []);
            }
            (None, _) => self.unknown_variable(name, &words, at),
        }
    }

    fn unknown_variable(&mut self, name: &str, words: &str, at: Span) {
        if self.any_variable {
            // The table of cases, or a row of it, is broken, and the name may be a key of it.
        } else if self.scope.saves(name) {
            self.wrong(
                at,
                format!("`{words}` is used before it is saved"),
                "a step saves for the steps after it",
            );
        } else if NEEDS_WITH_VALUE.iter().any(|need| need.as_str() == name) {
            let message = format!("`{words}` has no value without the need");
            self.wrong(at, message, &format!("add `{name}` to `needs`"));
        } else {
            let known = self.scope.names(|_| true);
            let message = format!("the variable `{}` is declared nowhere", shown_word(words));
            let near = self.findings.unknown(at, message, name, known.iter().map(String::as_str));
            // The slip is one finding; that the right name is then unused would be a second for the same.
            let near = near.map(str::to_owned);
            self.used.extend(near);
        }
    }

    /// A template that is no template.
    pub(super) fn bad_template(&mut self, bad: &BadTemplate, span: Span) {
        let hint = match bad {
            BadTemplate::Unclosed(_) => "`$${` is a literal `${`",
            BadTemplate::Name(_) => "a variable is a letter, then letters, digits, `-` and `_`",
        };
        let (at, message) = match bad {
            BadTemplate::Unclosed(words) => (self.source.find_last(span, words), bad.to_string()),
            BadTemplate::Name(words) => {
                (self.source.find(span, words), format!("`{}` names no variable", shown_word(words)))
            }
        };
        self.wrong(at, message, hint);
    }

    /// A name that something saves under.
    pub(super) fn save_as(&mut self, name: &str, span: Span) {
        if !is_name(name) {
            let message = format!("`{}` cannot name a variable", shown_word(name));
            self.wrong(span, message, "a letter, then letters, digits, `-` and `_`");
            return;
        }
        match self.scope.get(name) {
            None | Some(Variable::Saved) => self.scope.saving.push(name.to_owned()),
            Some(_) => {
                let message = format!("`{name}` has a value already and cannot be saved to");
                self.wrong(span, message, "choose another name");
            }
        }
    }

    /// The values of these templates are sent as a token.
    pub(super) fn sent(&mut self, token: &Template) {
        token.variables().into_iter().for_each(|name| self.scope.send(name));
    }

    /// A secret of this name is created.
    pub(super) fn created(&mut self, name: &Template) {
        if let Template::Whole(name) = name {
            self.scope.create(name);
        }
    }

    /// The variables of a text count as used, sent and created.
    pub(super) fn mention_text(&mut self, text: &str) {
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            rest = &rest[at + 2..];
            if let Some((reference, _)) = rest.split_once('}') {
                self.mention_name(split_reference(reference).0);
            }
        }
    }

    /// A name counts as used, sent and created.
    pub(super) fn mention_name(&mut self, name: &str) {
        if is_name(name) && !is_word(name) {
            self.used.insert(name.to_owned());
            self.scope.send(name);
            self.scope.create(name);
        }
    }
}
