//! `$time`, and spans of time.

use std::time::Duration;

use super::Reader;
use super::scope::Variable;
use crate::scenario::ast::Need;
use crate::scenario::describe::TOLERANCE;
use crate::scenario::finding::shown_word;
use crate::scenario::matcher::TimeMatcher;
use crate::scenario::node::{Key, Node};
use crate::scenario::units::{BadSpan, UNITS, parse_span};
use crate::scenario::words::TIME;

/// The short forms of `$time`.
pub(in crate::scenario) const SHORT_TIMES: [&str; 3] = ["now", "any", "day"];

/// No scenario lives longer.
const FARTHEST: Duration = Duration::from_secs(36_500 * 86_400);

impl Reader<'_> {
    pub(super) fn time(&mut self, inner: &Node) -> TimeMatcher {
        if inner.map().is_none() {
            return match inner.text() {
                Some("now") => TimeMatcher::Near { offset_ms: 0, within: TOLERANCE },
                Some("any") => TimeMatcher::Any,
                Some("day") => TimeMatcher::Day,
                Some(word) => {
                    let message = format!("`$time` knows no `{}`", shown_word(word));
                    let forms = SHORT_TIMES.into_iter().chain(["{in: 7 days}", "{after: NAME}"]);
                    self.findings.unknown(inner.span, message, word, forms);
                    TimeMatcher::Any
                }
                None => {
                    self.wrong_kind(inner, "`$time`", "now, any, day or a map");
                    TimeMatcher::Any
                }
            };
        }
        let Some(fields) = self.fields_of(inner, "`$time`", TIME) else { return TimeMatcher::Any };
        let forms: Vec<_> =
            ["in", "after", "before", "equals"].iter().filter_map(|form| fields.entry(form)).collect();
        let within = fields.entry("within");
        let [(form, node)] = forms.as_slice() else {
            // `within` alone is a tolerance around now.
            if forms.is_empty()
                && let Some((_, within)) = within
            {
                return TimeMatcher::Near {
                    offset_ms: 0,
                    within: self.duration(within, "`within`", all_units()),
                };
            }
            let hint = "one of in, after, before and equals; `within` goes with in";
            self.wrong(inner.span, "`$time` needs exactly one relation", hint);
            forms.iter().for_each(|(_, node)| self.mention(node));
            return TimeMatcher::Any;
        };
        if &*form.text == "in" {
            let offset_ms = self.span_of_time(node, "`in`", all_units());
            let within = within.map_or(TOLERANCE, |(_, node)| self.duration(node, "`within`", all_units()));
            return TimeMatcher::Near { offset_ms, within };
        }
        if let Some((key, _)) = within {
            self.findings.add(key.span, format!("`within` does not go with `{}`", form.text), None);
        }
        let name = self.saved_time(node);
        match &*form.text {
            "after" => TimeMatcher::After(name),
            "before" => TimeMatcher::Before(name),
            _ => TimeMatcher::Equals(name),
        }
    }

    /// The bare name of a variable that an earlier step saved.
    fn saved_time(&mut self, node: &Node) -> String {
        let Some(name) = self.plain_text(node, "a relation of `$time`") else { return String::new() };
        if let Some(bare) = name.strip_prefix("${").and_then(|name| name.strip_suffix('}')) {
            self.wrong(node.span, "`$time` takes a saved name without braces", &format!("write `{bare}`"));
            self.mention_name(bare);
            return name;
        }
        match self.scope.get(&name) {
            None | Some(Variable::Saved) => self.use_variable(&name, node.span),
            Some(_) => {
                let message = format!("`{name}` holds no timestamp");
                self.wrong(node.span, message, "save one first, for example with `{$save: created}`");
                self.used.insert(name.clone());
            }
        }
        name
    }

    /// How far `advance` moves the clock. Others must not live by a clock that one scenario moves.
    pub(super) fn advance(&mut self, key: &Key, node: &Node) -> Duration {
        // Each is one slip, however many steps move the clock.
        if !std::mem::replace(&mut self.scope.clock, true) {
            self.wrong(key.span, "`advance` needs a clock that can be moved", "add `clock` to `needs`");
        }
        if !std::mem::replace(&mut self.scope.isolated, true) {
            let message = "`advance` needs an account of its own";
            self.wrong(key.span, message, "add `isolated: true` to the scenario");
        }
        if self.scope.needed(Need::SecondAccount) {
            let message = "`advance` does not go with `second-account`";
            self.wrong(key.span, message, "the second account is everybody's, and so is its clock");
        }
        self.mention(node);
        let span = self.duration(node, "`advance`", all_units());
        // What is no span, or a negative one, has its finding already.
        let stated = node.scalar_text().is_some_and(|text| parse_span(text).is_ok_and(|millis| millis >= 0));
        if stated && (span.is_zero() || span > FARTHEST) {
            self.findings.add(node.span, "`advance` takes more than nothing and at most 36500 days", None);
        }
        span
    }

    /// A span that is not negative.
    pub(super) fn duration(
        &mut self,
        node: &Node,
        place: &str,
        units: impl Iterator<Item = &'static str>,
    ) -> Duration {
        let millis = self.span_of_time(node, place, units);
        u64::try_from(millis).map(Duration::from_millis).unwrap_or_else(|_| {
            self.findings.add(node.span, format!("{place} cannot be negative"), None);
            Duration::ZERO
        })
    }

    /// A span in milliseconds.
    fn span_of_time(&mut self, node: &Node, place: &str, units: impl Iterator<Item = &'static str>) -> i64 {
        let units: Vec<&str> = units.collect();
        let example = format!("a number and a unit ({}), for example `30 s`", units.join(", "));
        let Some(text) = node.scalar_text() else {
            self.wrong_kind(node, place, "a span of time");
            return 0;
        };
        match parse_span(text) {
            Ok(millis) if units.iter().any(|unit| ends_in(text, unit)) => millis,
            Err(BadSpan::Unit(unit)) if !unit.is_empty() => {
                let message = format!("unknown unit `{}` in {place}", shown_word(&unit));
                self.findings.unknown(node.span, message, &unit, units);
                0
            }
            Ok(_) | Err(_) => {
                self.wrong(node.span, format!("`{}` is no span for {place}", shown_word(text)), &example);
                0
            }
        }
    }
}

/// Whether the unit of a span is this one.
fn ends_in(text: &str, unit: &str) -> bool {
    text.trim().trim_start_matches(|c: char| !c.is_ascii_alphabetic()) == unit
}

fn all_units() -> impl Iterator<Item = &'static str> {
    UNITS.into_iter().map(|(unit, _)| unit)
}
