//! Holding a value against a matcher.

use base64::Engine;
use serde_json::{Map, Value, json};

use super::matcher::{Context, Evaluation, Matcher, Mismatch, MismatchKind, TimeMatcher, TypeName};
use crate::service::SecretArn;
use crate::service::time::Timestamp;

/// Holds a value against a matcher. `None` is a value that is not there.
pub fn evaluate(matcher: &Matcher, actual: Option<&Value>, context: &Context<'_>) -> Evaluation {
    let mut evaluation = Evaluation::default();
    let mut path = String::new();
    check(matcher, actual, context, &mut path, &mut evaluation);
    evaluation
}

fn holds(matcher: &Matcher, actual: Option<&Value>, context: &Context<'_>) -> Option<Evaluation> {
    let evaluation = evaluate(matcher, actual, context);
    evaluation.mismatches.is_empty().then_some(evaluation)
}

fn check(
    matcher: &Matcher,
    actual: Option<&Value>,
    context: &Context<'_>,
    path: &mut String,
    into: &mut Evaluation,
) {
    match matcher {
        Matcher::Absent => {
            if actual.is_some() {
                miss(into, path, MismatchKind::Member, None, actual);
            }
            return;
        }
        Matcher::Save { name, is } => {
            if let Some(value) = actual {
                into.saved.push((name.clone(), value.clone()));
            }
            if let Some(inner) = is {
                check(inner, actual, context, path, into);
                return;
            }
        }
        Matcher::Not(inner) => {
            if holds(inner, actual, context).is_some() {
                miss(into, path, MismatchKind::Value, Some(matcher.describe(context.variables)), actual);
            }
            return;
        }
        Matcher::OneOf(choices) => {
            match choices.iter().find_map(|choice| holds(choice, actual, context)) {
                Some(found) => into.saved.extend(found.saved),
                None => {
                    miss(into, path, MismatchKind::Value, Some(matcher.describe(context.variables)), actual)
                }
            }
            return;
        }
        _ => {}
    }
    let Some(value) = actual else {
        miss(into, path, MismatchKind::Member, Some(matcher.describe(context.variables)), None);
        return;
    };
    check_value(matcher, value, context, path, into);
}

fn check_value(
    matcher: &Matcher,
    value: &Value,
    context: &Context<'_>,
    path: &mut String,
    into: &mut Evaluation,
) {
    let expected = || Some(matcher.describe(context.variables));
    let kind = |right_type: bool| if right_type { MismatchKind::Value } else { MismatchKind::Type };
    let mut verdict = |fits: bool, right_type: bool| {
        if !fits {
            miss(into, path, kind(right_type), expected(), Some(value));
        }
    };
    match matcher {
        Matcher::Exact(template) => match template.resolve(context.variables) {
            Ok(expected) => verdict(same(&expected, value), same_type(&expected, value)),
            Err(_) => verdict(false, true),
        },
        Matcher::Arn(variable) => {
            let known = context.variables.get(&format!("{variable}.arn")).and_then(Value::as_str);
            let name = context.variables.get(variable).and_then(Value::as_str).unwrap_or_default();
            let text = value.as_str();
            let complete = text.and_then(SecretArn::parse).is_some_and(|arn| arn.is_complete_for(name));
            verdict(complete && text == known, text.is_some());
        }
        Matcher::Uuid => verdict(value.as_str().is_some_and(is_uuid), value.is_string()),
        Matcher::Time(time) => {
            let at = value.as_f64().and_then(Timestamp::from_seconds);
            verdict(at.is_some_and(|at| time_fits(time, at, context)), at.is_some());
        }
        Matcher::Regex { regex, .. } => {
            let whole = |text: &str| regex.is_match(text);
            verdict(value.as_str().is_some_and(whole), value.is_string());
        }
        Matcher::Type(name) => verdict(has_type(*name, value), false),
        Matcher::Length { min, max } => {
            let length = match value {
                Value::String(text) => Some(text.chars().count()),
                Value::Array(list) => Some(list.len()),
                Value::Object(map) => Some(map.len()),
                _ => None,
            };
            let fits = |length: usize| {
                let length = length as u64;
                min.is_none_or(|min| length >= min) && max.is_none_or(|max| length <= max)
            };
            verdict(length.is_some_and(fits), length.is_some());
        }
        Matcher::Bytes(bytes) => {
            let decoded =
                value.as_str().and_then(|text| base64::engine::general_purpose::STANDARD.decode(text).ok());
            verdict(decoded.as_ref() == Some(bytes), value.is_string());
        }
        Matcher::List(entries) => check_list(entries, value, context, path, into),
        Matcher::Unordered(entries) => check_unordered(entries, value, context, path, into),
        Matcher::Map { members, partial } => check_map(members, *partial, value, context, path, into),
        Matcher::Contains(inner) => {
            let fits = contains(inner, value, context);
            let right_type = value.is_string() || value.is_array() || value.is_object();
            if let Some(found) = fits {
                into.saved.extend(found.saved);
            } else {
                miss(into, path, kind(right_type), expected(), Some(value));
            }
        }
        Matcher::Json(inner) => {
            match value.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok()) {
                Some(parsed) => match holds(inner, Some(&parsed), context) {
                    Some(found) => into.saved.extend(found.saved),
                    None => miss(into, path, MismatchKind::Value, expected(), Some(value)),
                },
                None => miss(into, path, kind(value.is_string()), expected(), Some(value)),
            }
        }
        Matcher::Absent | Matcher::Save { .. } | Matcher::Not(_) | Matcher::OneOf(_) => {}
    }
}

fn check_list(
    entries: &[Matcher],
    value: &Value,
    context: &Context<'_>,
    path: &mut String,
    into: &mut Evaluation,
) {
    let Some(list) = value.as_array() else {
        let expected = Matcher::List(entries.to_vec()).describe(context.variables);
        miss(into, path, MismatchKind::Type, Some(expected), Some(value));
        return;
    };
    if list.len() != entries.len() {
        let expected = Matcher::List(entries.to_vec()).describe(context.variables);
        miss(into, path, MismatchKind::Value, Some(expected), Some(value));
        return;
    }
    for (at, (entry, actual)) in entries.iter().zip(list).enumerate() {
        at_index(path, at, |path| check(entry, Some(actual), context, path, into));
    }
}

fn check_unordered(
    entries: &[Matcher],
    value: &Value,
    context: &Context<'_>,
    path: &mut String,
    into: &mut Evaluation,
) {
    let Some(list) = value.as_array() else {
        let expected = Matcher::Unordered(entries.to_vec()).describe(context.variables);
        miss(into, path, MismatchKind::Type, Some(expected), Some(value));
        return;
    };
    let assigned = assign(entries, list, context);
    let mut taken = vec![false; list.len()];
    for (entry, at) in entries.iter().zip(&assigned) {
        match at {
            Some(at) => {
                taken[*at] = true;
                into.saved.extend(evaluate(entry, list.get(*at), context).saved);
            }
            None => miss(into, path, MismatchKind::Value, Some(entry.describe(context.variables)), None),
        }
    }
    for (at, actual) in list.iter().enumerate().filter(|(at, _)| !taken[*at]) {
        at_index(path, at, |path| miss(into, path, MismatchKind::Value, None, Some(actual)));
    }
}

/// Gives as many entries as possible a value of their own (augmenting paths of a bipartite matching), so that an
/// entry with a loose matcher never takes the value that a strict one needs.
fn assign(entries: &[Matcher], list: &[Value], context: &Context<'_>) -> Vec<Option<usize>> {
    let fits: Vec<Vec<usize>> = entries
        .iter()
        .map(|entry| (0..list.len()).filter(|at| holds(entry, list.get(*at), context).is_some()).collect())
        .collect();
    let mut owner: Vec<Option<usize>> = vec![None; list.len()];
    for entry in 0..entries.len() {
        let mut tried = vec![false; list.len()];
        augment(entry, &fits, &mut owner, &mut tried);
    }
    let mut assigned = vec![None; entries.len()];
    for (at, owner) in owner.iter().enumerate() {
        if let Some(entry) = owner {
            assigned[*entry] = Some(at);
        }
    }
    assigned
}

fn augment(entry: usize, fits: &[Vec<usize>], owner: &mut [Option<usize>], tried: &mut [bool]) -> bool {
    for &at in &fits[entry] {
        if std::mem::replace(&mut tried[at], true) {
            continue;
        }
        let free = match owner[at] {
            None => true,
            Some(other) => augment(other, fits, owner, tried),
        };
        if free {
            owner[at] = Some(entry);
            return true;
        }
    }
    false
}

fn check_map(
    members: &[(super::template::Template, Matcher)],
    partial: bool,
    value: &Value,
    context: &Context<'_>,
    path: &mut String,
    into: &mut Evaluation,
) {
    let Some(map) = value.as_object() else {
        let expected = Matcher::Map { members: members.to_vec(), partial }.describe(context.variables);
        miss(into, path, MismatchKind::Type, Some(expected), Some(value));
        return;
    };
    let mut named = Vec::with_capacity(members.len());
    for (key, matcher) in members {
        let key = key.resolve_text(context.variables).unwrap_or_else(|unbound| format!("${{{}}}", unbound.0));
        at_member(path, &key, |path| check(matcher, map.get(&key), context, path, into));
        named.push(key);
    }
    if !partial {
        for (key, actual) in map.iter().filter(|(key, _)| !named.contains(key)) {
            at_member(path, key, |path| miss(into, path, MismatchKind::Member, None, Some(actual)));
        }
    }
}

fn contains(inner: &Matcher, value: &Value, context: &Context<'_>) -> Option<Evaluation> {
    match value {
        Value::String(text) => match inner {
            Matcher::Exact(template) => {
                let part = template.resolve_text(context.variables).ok()?;
                text.contains(&part).then(Evaluation::default)
            }
            other => holds(other, Some(value), context),
        },
        Value::Array(list) => list.iter().find_map(|entry| holds(inner, Some(entry), context)),
        Value::Object(_) => match inner {
            Matcher::Map { members, .. } => {
                holds(&Matcher::Map { members: members.clone(), partial: true }, Some(value), context)
            }
            other => holds(other, Some(value), context),
        },
        _ => None,
    }
}

fn time_fits(time: &TimeMatcher, at: Timestamp, context: &Context<'_>) -> bool {
    let saved =
        |name: &String| context.variables.get(name).and_then(Value::as_f64).and_then(Timestamp::from_seconds);
    match time {
        TimeMatcher::Any => true,
        TimeMatcher::Near { offset_ms, within } => {
            let tolerance = i64::try_from(within.as_millis()).unwrap_or(i64::MAX);
            at >= context.sent_at.plus_ms(*offset_ms).plus_ms(-tolerance)
                && at <= context.received_at.plus_ms(*offset_ms).plus_ms(tolerance)
        }
        TimeMatcher::Day => at == context.sent_at.day() || at == context.received_at.day(),
        TimeMatcher::After(name) => saved(name).is_some_and(|saved| at >= saved),
        TimeMatcher::Before(name) => saved(name).is_some_and(|saved| at <= saved),
        TimeMatcher::Equals(name) => saved(name).is_some_and(|saved| at == saved),
    }
}

fn has_type(name: TypeName, value: &Value) -> bool {
    match name {
        TypeName::String => value.is_string(),
        TypeName::Number => value.is_number(),
        TypeName::Integer => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        TypeName::Boolean => value.is_boolean(),
        TypeName::List => value.is_array(),
        TypeName::Map => value.is_object(),
        TypeName::Timestamp => value.as_f64().and_then(Timestamp::from_seconds).is_some(),
    }
}

/// Whether a text is a UUID in lower case with hyphens.
fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
}

/// Equality with numbers by value.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            let all = |a: &Map<String, Value>| {
                a.iter().all(|(key, value)| b.get(key).is_some_and(|other| same(value, other)))
            };
            a.len() == b.len() && all(a)
        }
        _ => left == right,
    }
}

fn same_type(left: &Value, right: &Value) -> bool {
    std::mem::discriminant(left) == std::mem::discriminant(right)
}

fn miss(
    into: &mut Evaluation,
    path: &str,
    kind: MismatchKind,
    expected: Option<Value>,
    actual: Option<&Value>,
) {
    into.mismatches.push(Mismatch { path: path.to_owned(), kind, expected, actual: actual.cloned() });
}

fn at_index(path: &mut String, at: usize, then: impl FnOnce(&mut String)) {
    let length = path.len();
    path.push_str(&format!("[{at}]"));
    then(path);
    path.truncate(length);
}

fn at_member(path: &mut String, key: &str, then: impl FnOnce(&mut String)) {
    let length = path.len();
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(key);
    then(path);
    path.truncate(length);
}

/// A length in the words of the language.
pub(super) fn describe_length(min: Option<u64>, max: Option<u64>) -> Value {
    match (min, max) {
        (Some(min), Some(max)) if min == max => json!(min),
        _ => {
            let mut map = Map::new();
            for (key, bound) in [("min", min), ("max", max)] {
                if let Some(bound) = bound {
                    map.insert(key.to_owned(), json!(bound));
                }
            }
            Value::Object(map)
        }
    }
}
