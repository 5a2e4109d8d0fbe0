//! Holding a value against a matcher.
//!
//! A mismatch carries its path, the expectation in words, and what was there; `$save` collects on the way. Where
//! a matcher tries several ways (`$oneOf`, `$unordered`, `$contains`, `$not`), only the way that was taken leaves
//! anything behind.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::assign::unordered;
use super::matcher::{Context, Evaluation, Matcher, Mismatch, MismatchKind, TimeMatcher};
use super::template::Template;
use crate::service::SecretArn;
use crate::service::time::Timestamp;

/// Holds a value against a matcher. `None` is a value that is not there; for a map, at the very top, it is an
/// empty one, since a body of zero bytes stands for an empty object.
pub fn evaluate(matcher: &Matcher, actual: Option<&Value>, context: &Context<'_>) -> Evaluation {
    let empty = Value::Object(Map::new());
    let actual = match (matcher, actual) {
        (Matcher::Map { .. }, None) => Some(&empty),
        _ => actual,
    };
    evaluate_at(matcher, actual, context, "")
}

/// [`evaluate`] for a value that stands at a path.
pub(super) fn evaluate_at(
    matcher: &Matcher,
    actual: Option<&Value>,
    context: &Context<'_>,
    path: &str,
) -> Evaluation {
    let mut walk = Walk { context, path: path.to_owned(), out: Evaluation::default() };
    walk.hold(matcher, actual);
    walk.out
}

struct Walk<'a> {
    context: &'a Context<'a>,
    path: String,
    out: Evaluation,
}

impl Walk<'_> {
    fn hold(&mut self, matcher: &Matcher, actual: Option<&Value>) {
        match (matcher, actual) {
            (Matcher::Absent, None) => {}
            (Matcher::Absent, Some(_)) => self.miss(MismatchKind::Member, matcher, actual),
            (Matcher::Not(inner), _) => {
                if evaluate_at(inner, actual, self.context, &self.path).mismatches.is_empty() {
                    let kind = if actual.is_none() { MismatchKind::Member } else { MismatchKind::Value };
                    self.miss(kind, matcher, actual);
                }
            }
            (Matcher::OneOf(alternatives), _) => self.one_of(matcher, alternatives, actual),
            (Matcher::Save { name, is }, _) => {
                if let Some(is) = is {
                    self.hold(is, actual);
                } else if actual.is_none() {
                    self.miss(MismatchKind::Member, matcher, None);
                }
                if let Some(actual) = actual {
                    self.out.saved.push((name.clone(), actual.clone()));
                }
            }
            (_, None) => self.miss(MismatchKind::Member, matcher, None),
            (_, Some(value)) => self.present(matcher, value),
        }
    }

    /// All matchers that want a value to be there.
    fn present(&mut self, matcher: &Matcher, value: &Value) {
        match matcher {
            Matcher::Exact(template) => self.exact(matcher, template, value),
            Matcher::List(expected) => match value {
                Value::Array(entries) => self.list(expected, entries),
                _ => self.wrong_type(matcher, value),
            },
            Matcher::Map { members, partial } => match value {
                Value::Object(map) => self.map(members, *partial, map),
                _ => self.wrong_type(matcher, value),
            },
            Matcher::Arn { secret, region } => {
                self.text(matcher, value, |text| is_arn_of(secret, region.as_ref(), text, self.context));
            }
            Matcher::Uuid => self.text(matcher, value, is_uuid),
            Matcher::Regex { regex, .. } => self.text(matcher, value, |text| regex.is_match(text)),
            Matcher::Bytes(bytes) => {
                self.text(matcher, value, |text| STANDARD.decode(text).is_ok_and(|found| found == *bytes));
            }
            Matcher::Json(inner) => match value {
                Value::String(text) => match serde_json::from_str::<Value>(text) {
                    Ok(parsed) => self.hold(inner, Some(&parsed)),
                    Err(_) => self.miss(MismatchKind::Value, matcher, Some(value)),
                },
                _ => self.wrong_type(matcher, value),
            },
            Matcher::Time(time) => self.time(matcher, time, value),
            Matcher::Type(name) => {
                if !name.fits(value) {
                    self.wrong_type(matcher, value);
                }
            }
            Matcher::Length { min, max } => match length(value) {
                Some(found) if min.is_none_or(|min| min <= found) && max.is_none_or(|max| found <= max) => {}
                Some(_) => self.miss(MismatchKind::Value, matcher, Some(value)),
                None => self.wrong_type(matcher, value),
            },
            Matcher::Unordered(expected) => match value {
                Value::Array(entries) => {
                    let found = unordered(expected, entries, self.context, &self.path);
                    self.out.mismatches.extend(found.mismatches);
                    self.out.saved.extend(found.saved);
                }
                _ => self.wrong_type(matcher, value),
            },
            Matcher::Contains(part) => self.contains(matcher, part, value),
            Matcher::Absent | Matcher::Not(_) | Matcher::OneOf(_) | Matcher::Save { .. } => {
                unreachable!("`hold` handles what may want nothing to be there")
            }
        }
    }

    fn exact(&mut self, matcher: &Matcher, template: &Template, value: &Value) {
        match template.resolve(self.context.variables) {
            Ok(expected) if same(&expected, value) => {}
            Ok(expected) if kind_of(&expected) != kind_of(value) => self.wrong_type(matcher, value),
            _ => self.miss(MismatchKind::Value, matcher, Some(value)),
        }
    }

    fn list(&mut self, expected: &[Matcher], entries: &[Value]) {
        for at in 0..expected.len().max(entries.len()) {
            self.at_index(at, |walk| match (expected.get(at), entries.get(at)) {
                (Some(matcher), entry) => walk.hold(matcher, entry),
                (None, entry) => walk.surplus(entry),
            });
        }
    }

    fn map(&mut self, members: &[(Template, Matcher)], partial: bool, map: &Map<String, Value>) {
        let mut named = Vec::with_capacity(members.len());
        for (key, matcher) in members {
            match key.resolve_text(self.context.variables) {
                Ok(name) => {
                    self.at_member(&name, |walk| walk.hold(matcher, map.get(&name)));
                    named.push(name);
                }
                // The name is not known, so the member cannot be there.
                Err(_) => {
                    let name = key.to_string();
                    self.at_member(&name, |walk| walk.hold(matcher, None));
                }
            }
        }
        if !partial {
            for (name, value) in map {
                if !named.contains(name) {
                    self.at_member(name, |walk| walk.surplus(Some(value)));
                }
            }
        }
    }

    fn one_of(&mut self, matcher: &Matcher, alternatives: &[Matcher], actual: Option<&Value>) {
        let mut only_types = true;
        for alternative in alternatives {
            let tried = evaluate_at(alternative, actual, self.context, &self.path);
            if tried.mismatches.is_empty() {
                self.out.saved.extend(tried.saved);
                return;
            }
            only_types &=
                tried.mismatches.iter().all(|miss| miss.kind == MismatchKind::Type && miss.path == self.path);
        }
        let kind = match actual {
            None => MismatchKind::Member,
            Some(_) if only_types => MismatchKind::Type,
            Some(_) => MismatchKind::Value,
        };
        self.miss(kind, matcher, actual);
    }

    fn contains(&mut self, matcher: &Matcher, part: &Matcher, value: &Value) {
        let wanted = match part {
            Matcher::Exact(template) => template.resolve(self.context.variables).ok(),
            _ => None,
        };
        match (value, part, wanted) {
            (Value::String(text), _, Some(Value::String(part))) => {
                if !text.contains(&part) {
                    self.miss(MismatchKind::Value, matcher, Some(value));
                }
            }
            (Value::Array(entries), ..) => {
                let found = entries
                    .iter()
                    .map(|entry| evaluate_at(part, Some(entry), self.context, &self.path))
                    .find(|tried| tried.mismatches.is_empty());
                match found {
                    Some(tried) => self.out.saved.extend(tried.saved),
                    None => self.miss(MismatchKind::Value, matcher, Some(value)),
                }
            }
            (Value::Object(map), Matcher::Map { members, .. }, _) => self.map(members, true, map),
            // A variable that holds a map: its members must be there, each with its value.
            (Value::Object(map), _, Some(Value::Object(wanted))) => {
                if !wanted.iter().all(|(key, want)| map.get(key).is_some_and(|found| same(want, found))) {
                    self.miss(MismatchKind::Value, matcher, Some(value));
                }
            }
            _ => self.wrong_type(matcher, value),
        }
    }

    fn time(&mut self, matcher: &Matcher, time: &TimeMatcher, value: &Value) {
        let Some(found) = timestamp(value) else {
            return self.wrong_type(matcher, value);
        };
        let Context { sent_at, received_at, variables } = *self.context;
        let saved = |name: &str| variables.get(name).and_then(timestamp);
        let holds = match time {
            TimeMatcher::Any => true,
            TimeMatcher::Near { offset_ms, within } => {
                let within = i64::try_from(within.as_millis()).unwrap_or(i64::MAX);
                let earliest = sent_at.plus_ms(*offset_ms).plus_ms(within.saturating_neg());
                let latest = received_at.max(sent_at).plus_ms(*offset_ms).plus_ms(within);
                (earliest..=latest).contains(&found)
            }
            // The response may have come after the midnight that the request did not see.
            TimeMatcher::Day => found == sent_at.day() || found == received_at.day(),
            TimeMatcher::After(name) => saved(name).is_some_and(|saved| saved <= found),
            TimeMatcher::Before(name) => saved(name).is_some_and(|saved| found <= saved),
            TimeMatcher::Equals(name) => saved(name).is_some_and(|saved| found == saved),
        };
        if !holds {
            self.miss(MismatchKind::Value, matcher, Some(value));
        }
    }

    /// A matcher on strings.
    fn text(&mut self, matcher: &Matcher, value: &Value, holds: impl Fn(&str) -> bool) {
        match value {
            Value::String(text) if holds(text) => {}
            Value::String(_) => self.miss(MismatchKind::Value, matcher, Some(value)),
            _ => self.wrong_type(matcher, value),
        }
    }

    fn wrong_type(&mut self, matcher: &Matcher, value: &Value) {
        self.miss(MismatchKind::Type, matcher, Some(value));
    }

    fn miss(&mut self, kind: MismatchKind, matcher: &Matcher, actual: Option<&Value>) {
        self.out.mismatches.push(Mismatch {
            path: self.path.clone(),
            kind,
            expected: Some(matcher.describe(self.context.variables)),
            actual: actual.cloned(),
        });
    }

    fn surplus(&mut self, actual: Option<&Value>) {
        self.out.mismatches.push(Mismatch {
            path: self.path.clone(),
            kind: MismatchKind::Member,
            expected: None,
            actual: actual.cloned(),
        });
    }

    fn at_member(&mut self, name: &str, inside: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        if length > 0 {
            self.path.push('.');
        }
        self.path.push_str(name);
        inside(self);
        self.path.truncate(length);
    }

    fn at_index(&mut self, at: usize, inside: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        self.path.push_str(&format!("[{at}]"));
        inside(self);
        self.path.truncate(length);
    }
}

/// Whether two values are the same; numbers by value, so that `1` is `1.0`.
pub(super) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            a == b || (a.is_f64() || b.is_f64()) && a.as_f64().is_some_and(|a| Some(a) == b.as_f64())
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

fn kind_of(value: &Value) -> std::mem::Discriminant<Value> {
    std::mem::discriminant(value)
}

fn timestamp(value: &Value) -> Option<Timestamp> {
    Timestamp::from_seconds(value.as_f64()?)
}

fn length(value: &Value) -> Option<u64> {
    let length = match value {
        Value::String(text) => text.chars().count(),
        Value::Array(entries) => entries.len(),
        Value::Object(map) => map.len(),
        Value::Null | Value::Bool(_) | Value::Number(_) => return None,
    };
    u64::try_from(length).ok()
}

/// Whether the text is the complete ARN of the declared secret: the one that its latest CreateSecret answered,
/// and in any case one that is well formed for the secret's name and the region.
fn is_arn_of(secret: &str, region: Option<&Template>, text: &str, context: &Context<'_>) -> bool {
    let known = |name: &str| context.variables.get(name).and_then(Value::as_str);
    let Some(arn) = SecretArn::parse(text) else {
        return false;
    };
    let latest = known(&format!("{secret}.arn"));
    let in_place = match region.map(|region| region.resolve_text(context.variables)) {
        // It may have been made in the second region, where the scenario has one.
        None => {
            let ours = ["region", "second-region"].map(known);
            (ours[0].is_none() || ours.contains(&Some(arn.region)))
                && latest.is_none_or(|latest| latest == text)
        }
        Some(Ok(region)) => {
            arn.region == region
                && latest.is_none_or(|latest| moved(latest, &region).as_deref() == Some(text))
        }
        Some(Err(_)) => false,
    };
    known(secret).is_some_and(|name| arn.is_complete_for(name)) && in_place
}

/// The ARN of the same secret in another region.
pub(super) fn moved(arn: &str, region: &str) -> Option<String> {
    let own = SecretArn::parse(arn)?.region;
    Some(arn.replacen(&format!(":{own}:"), &format!(":{region}:"), 1))
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_digit() || (b'a'..=b'f').contains(&b),
        })
}
