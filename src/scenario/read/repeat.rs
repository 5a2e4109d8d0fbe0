//! `repeat` and `eventually`: steps that are sent more than once.

use std::time::Duration;

use super::scope::{Declared, Variable};
use super::{Fields, Reader};
use crate::scenario::ast::{Eventually, Repeat};
use crate::scenario::finding::shown_word;
use crate::scenario::node::{Node, NodeKind};
use crate::scenario::read::templates::Want;
use crate::scenario::template::{Template, is_name};
use crate::scenario::units::SHORT_UNITS;
use crate::scenario::words::{EVENTUALLY, REPEAT};
use crate::service::Operation;

/// What `eventually: true` stands for.
const PATIENCE: Eventually =
    Eventually { within: Duration::from_secs(30), every: Duration::from_millis(500) };
/// No step waits longer.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);
/// No step is sent more often.
const MOST_TIMES: u64 = 10_000;

/// A loop variable that is in scope; it is to be taken out again.
pub(super) struct Loop {
    name: String,
    hidden: Option<Variable>,
}

impl Reader<'_> {
    /// How a step repeats, with its variable declared until [`Reader::end_loop`].
    pub(super) fn repeat(&mut self, node: &Node) -> (Option<Repeat>, Option<Loop>) {
        let Some(fields) = self.fields_of(node, "`repeat`", REPEAT) else { return (None, None) };
        let forms: Vec<_> = ["times", "over", "pages"].iter().filter_map(|form| fields.entry(form)).collect();
        let [(form, value)] = forms.as_slice() else {
            let hint = "`{times: 20, as: n}`, `{over: [a, b], as: x}` or `{pages: MEMBER}`";
            self.wrong(node.span, "`repeat` needs exactly one of times, over and pages", hint);
            self.mention(node);
            // The variable counts as declared, so that its uses are no findings of their own.
            let bound = fields.get("as").and_then(|name| self.bind(name, Vec::new()));
            return (None, bound);
        };
        match &*form.text {
            "times" => {
                let times = self.count(value, "`times`");
                if times.is_some_and(|times| times == 0 || times > MOST_TIMES) {
                    self.findings.add(value.span, format!("`times` is between 1 and {MOST_TIMES}"), None);
                }
                let bound = fields.get("as").and_then(|name| self.bind(name, Vec::new()));
                let times = times.and_then(|times| u32::try_from(times).ok()).unwrap_or(1);
                (Some(Repeat::Times { times, variable: bound.as_ref().map(|l| l.name.clone()) }), bound)
            }
            "over" => self.over(value, &fields),
            _ => {
                if let Some((key, _)) = fields.entry("as") {
                    self.findings.add(key.span, "`pages` takes no `as`", None);
                }
                let member = self.plain_text(value, "`pages`").unwrap_or_default();
                (Some(Repeat::Pages { member }), None)
            }
        }
    }

    fn over(&mut self, value: &Node, fields: &Fields<'_>) -> (Option<Repeat>, Option<Loop>) {
        let values: Vec<Template> = match value.list() {
            Some(entries) => entries.iter().map(|entry| self.value(entry, Want::Any, "over")).collect(),
            None => {
                self.wrong_kind(value, "`over`", "a list of values");
                self.mention(value);
                Vec::new()
            }
        };
        if values.is_empty() && value.list().is_some() {
            self.findings.add(value.span, "`over` has no value", None);
        }
        let whole = |value: &Template| match value {
            Template::Whole(name) => Some(name.clone()),
            _ => None,
        };
        let stands_for = values.iter().filter_map(whole).collect();
        let bound = match fields.get("as") {
            Some(name) => self.bind(name, stands_for),
            None => {
                self.wrong(fields.span, "`over` needs `as`", "`{over: [a, b], as: x}`");
                None
            }
        };
        let variable = bound.as_ref().map(|l| l.name.clone()).unwrap_or_default();
        (Some(Repeat::Over { values, variable }), bound)
    }

    fn bind(&mut self, node: &Node, stands_for: Vec<String>) -> Option<Loop> {
        let name = self.plain_text(node, "`as`")?;
        if !is_name(&name) {
            let message = format!("`{}` cannot name a variable", shown_word(&name));
            self.wrong(node.span, message, "a letter, then letters, digits, `-` and `_`");
            return None;
        }
        if self.scope.get(&name).is_some() {
            let message = format!("`{name}` has a value already");
            self.wrong(node.span, message, "choose another name for the variable of `repeat`");
        } else {
            self.declared.entry(name.clone()).or_insert(Declared { span: node.span, what: "loop variable" });
        }
        let hidden = self.scope.set(&name, Variable::Loop { stands_for });
        Some(Loop { name, hidden })
    }

    /// Takes the loop's variable out of scope.
    pub(super) fn end_loop(&mut self, bound: Option<Loop>) {
        if let Some(Loop { name, hidden }) = bound {
            self.scope.restore(&name, hidden);
        }
    }

    /// `pages` must name the list that the operation pages.
    pub(super) fn check_pages(
        &mut self,
        node: &Node,
        repeat: Option<&Repeat>,
        operation: Option<&'static Operation>,
        call: bool,
    ) {
        let (Some(Repeat::Pages { member }), Some(place)) = (repeat, node.get("pages")) else { return };
        match (operation.map(|operation| (operation, operation.pages.as_deref())), call) {
            (_, false) => {
                self.findings.add(place.span, "`pages` goes with `do` only", None);
            }
            (Some((operation, None)), true) => {
                self.findings.add(place.span, format!("{} has no pages", operation.name), None);
            }
            (Some((operation, Some(paged))), true) if paged != member => {
                let message = format!("{} does not page `{}`", operation.name, shown_word(member));
                self.findings.unknown(place.span, message, member, [paged]);
            }
            (Some((_, Some(_))) | None, true) => {}
        }
    }

    /// How long and how often to ask again.
    pub(super) fn eventually(&mut self, node: &Node) -> Option<Eventually> {
        if let NodeKind::Bool(true, _) = node.kind {
            return Some(PATIENCE);
        }
        if node.map().is_none() {
            let message = format!("`eventually` takes true or a map, not {}", node.words());
            self.wrong(
                node.span,
                message,
                "`eventually: true`, or `eventually: {within: 30 s, every: 500 ms}`",
            );
            return None;
        }
        let fields = self.fields_of(node, "`eventually`", EVENTUALLY)?;
        let mut span = |name: &str, otherwise: Duration| {
            let Some(node) = fields.get(name) else { return otherwise };
            let span = self.duration(node, &format!("`{name}`"), SHORT_UNITS.into_iter());
            if span > LONGEST_WAIT {
                self.findings.add(node.span, format!("`{name}` is longer than an hour"), None);
            }
            span
        };
        let within = span("within", PATIENCE.within);
        let every = span("every", PATIENCE.every.min(within));
        Some(Eventually { within, every })
    }
}
