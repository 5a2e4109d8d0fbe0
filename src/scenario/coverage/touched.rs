//! What scenarios state: the members they send and expect, the errors, the rules they name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::Dimension;
use crate::scenario::ast::{Action, Expect, Failure, RawBody, RawRequest, Scenario};
use crate::scenario::matcher::Matcher;
use crate::scenario::template::Template;
use crate::service::wire::{TARGET_HEADER, TARGET_PREFIX};

/// How many scenarios check what: dimension, operation, name.
pub(super) struct Touched(BTreeMap<(Dimension, String, String), usize>);

/// What one scenario checks; each thing once, however often it does.
#[derive(Default)]
struct One(BTreeSet<(Dimension, String, String)>);

impl Touched {
    pub(super) fn by(scenarios: &[Arc<Scenario>]) -> Self {
        let mut counts = BTreeMap::new();
        for scenario in scenarios {
            let mut one = One::default();
            for step in &scenario.steps {
                one.action(&step.action, &step.expect);
            }
            // The operation of a rule is the register's matter.
            for rule in &scenario.rules {
                one.add(Dimension::Rules, "", rule);
                one.add(Dimension::LabelTransitions, "", rule);
            }
            for thing in one.0 {
                *counts.entry(thing).or_insert(0) += 1;
            }
        }
        Touched(counts)
    }

    pub(super) fn count(&self, dimension: Dimension, operation: &str, name: &str) -> usize {
        let operation = match dimension {
            Dimension::Rules | Dimension::LabelTransitions => "",
            _ => operation,
        };
        self.0.get(&(dimension, operation.to_owned(), name.to_owned())).copied().unwrap_or(0)
    }
}

impl One {
    fn add(&mut self, dimension: Dimension, operation: &str, name: &str) {
        self.0.insert((dimension, operation.to_owned(), name.to_owned()));
    }

    fn action(&mut self, action: &Action, expect: &Expect) {
        match action {
            Action::Call(call) => {
                self.template(&call.operation, "", &call.input);
                self.expect(&call.operation, expect);
            }
            Action::Raw(raw) => {
                if let Some(operation) = raw_operation(raw) {
                    if let RawBody::Text(Template::Value(Value::String(text))) = &raw.body
                        && let Ok(body) = serde_json::from_str(text)
                    {
                        self.value(Dimension::InputMembers, operation, "", &body);
                    }
                    self.expect(operation, expect);
                }
            }
            Action::Parallel(parallel) => {
                for call in &parallel.calls {
                    self.action(&call.action, &call.expect);
                }
            }
            #[allow(
                unreachable_patterns,
                reason = "steps that send nothing check nothing of the service model"
            )]
            _ => {}
        }
    }

    fn expect(&mut self, operation: &str, expect: &Expect) {
        self.add(Dimension::Operations, operation, "");
        match expect {
            Expect::Returns(matcher) => self.matcher(operation, "", matcher),
            Expect::Fails(Failure { code: Some(code), .. }) => self.code(operation, code),
            _ => {}
        }
    }

    fn code(&mut self, operation: &str, code: &Matcher) {
        match code {
            Matcher::Exact(Template::Value(Value::String(code))) => {
                self.add(Dimension::Errors, operation, code);
            }
            Matcher::Save { is: Some(is), .. } => self.code(operation, is),
            _ => {}
        }
    }

    fn template(&mut self, operation: &str, at: &str, template: &Template) {
        match template {
            Template::Value(value) => self.value(Dimension::InputMembers, operation, at, value),
            Template::List(entries) => {
                entries.iter().for_each(|entry| self.template(operation, &format!("{at}[]"), entry));
            }
            Template::Map(members) => {
                for (key, value) in members {
                    if let Template::Value(Value::String(key)) = key {
                        let path = joined(at, key);
                        self.add(Dimension::InputMembers, operation, &path);
                        self.template(operation, &path, value);
                    }
                }
            }
            Template::Whole(_) | Template::Text(_) | Template::Fill { .. } => {}
        }
    }

    fn value(&mut self, dimension: Dimension, operation: &str, at: &str, value: &Value) {
        match value {
            Value::Array(entries) => {
                entries.iter().for_each(|entry| self.value(dimension, operation, &format!("{at}[]"), entry));
            }
            Value::Object(members) => {
                for (key, value) in members {
                    let path = joined(at, key);
                    self.add(dimension, operation, &path);
                    self.value(dimension, operation, &path, value);
                }
            }
            _ => {}
        }
    }

    /// The members that must come back. One that must be absent is not shown by that, nor one that must not match.
    fn matcher(&mut self, operation: &str, at: &str, matcher: &Matcher) {
        let entry = format!("{at}[]");
        match matcher {
            Matcher::Map { members, .. } => {
                for (key, member) in members {
                    if let (Template::Value(Value::String(key)), false) =
                        (key, matches!(member, Matcher::Absent))
                    {
                        let path = joined(at, key);
                        self.add(Dimension::OutputMembers, operation, &path);
                        self.matcher(operation, &path, member);
                    }
                }
            }
            Matcher::List(entries) | Matcher::Unordered(entries) => {
                entries.iter().for_each(|matcher| self.matcher(operation, &entry, matcher));
            }
            // Of a list an entry, of a map members: the one that does not fit adds paths that nobody asks for.
            Matcher::Contains(is) => {
                self.matcher(operation, at, is);
                self.matcher(operation, &entry, is);
            }
            Matcher::OneOf(choices) => {
                choices.iter().for_each(|choice| self.matcher(operation, at, choice));
            }
            Matcher::Save { is: Some(is), .. } => self.matcher(operation, at, is),
            Matcher::Exact(Template::Value(value)) => {
                self.value(Dimension::OutputMembers, operation, at, value);
            }
            _ => {}
        }
    }
}

fn joined(at: &str, member: &str) -> String {
    if at.is_empty() { member.to_owned() } else { format!("{at}.{member}") }
}

/// The operation that a raw request names.
fn raw_operation(raw: &RawRequest) -> Option<&str> {
    let (_, target) = raw.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(TARGET_HEADER))?;
    match target {
        Some(Template::Value(Value::String(target))) => target.strip_prefix(TARGET_PREFIX),
        _ => None,
    }
}
