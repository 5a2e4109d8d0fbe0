//! From YAML values to templates and matchers.

use base64::Engine;
use serde_json::Value;

use super::complain::Complaints;
use super::duration;
use super::matcher::{Matcher, TimeMatcher, TypeName};
use super::node::{Node, NodeKind};
use super::template::Template;

/// The matchers of the language.
pub(super) const MATCHERS: [&str; 15] = [
    "$absent",
    "$arn",
    "$bytes",
    "$contains",
    "$json",
    "$length",
    "$not",
    "$oneOf",
    "$partial",
    "$regex",
    "$save",
    "$time",
    "$type",
    "$unordered",
    "$uuid",
];
/// How far a time may be from where it is expected, in seconds, unless said otherwise.
const TOLERANCE_S: u64 = 60;
/// The longest text that `$fill` makes, in characters.
const FILL_MAX: u64 = 1_000_000;

/// A template; `$fill` is allowed wherever a value is.
pub(super) fn template(node: &Node, complaints: &mut Complaints<'_>) -> Template {
    match &node.kind {
        NodeKind::Text(text) => read_text(node, text, complaints),
        NodeKind::List(list) => {
            Template::List(list.iter().map(|entry| template(entry, complaints)).collect())
        }
        NodeKind::Map(entries) => match word(node) {
            Some(("$fill", value)) => fill(value, complaints),
            Some((matcher, _)) if MATCHERS.contains(&matcher) => {
                let hint = "a matcher stands in `returns` and `fails`; here only `$fill` is known";
                complaints.with_hint(node, format!("`{matcher}` cannot be sent"), Some(hint.to_owned()));
                Template::Value(Value::Null)
            }
            _ => Template::Map(
                entries
                    .iter()
                    .map(|(key, value)| (key_template(key, complaints), template(value, complaints)))
                    .collect(),
            ),
        },
        _ => Template::Value(node.scalar().unwrap_or_default()),
    }
}

/// A key of a map.
fn key_template(key: &Node, complaints: &mut Complaints<'_>) -> Template {
    match key.scalar_text() {
        Some(text) => read_text(key, &text, complaints),
        None => {
            complaints.at(key, format!("a key is a string, not {}", key.type_name()));
            Template::Value(Value::Null)
        }
    }
}

fn read_text(node: &Node, text: &str, complaints: &mut Complaints<'_>) -> Template {
    Template::read(text).unwrap_or_else(|bad| {
        let hint = "`${name}` is a variable, `$${` a literal `${`";
        complaints.with_hint(node, bad.message, Some(hint.to_owned()));
        Template::Value(Value::String(text.to_owned()))
    })
}

/// A map with one key that is a word of the language: `$` and a letter, so that a template as a key is none.
fn word(node: &Node) -> Option<(&str, &Node)> {
    match node.entries()? {
        [(key, value)] => {
            let name = key.text()?;
            let letter = name.strip_prefix('$').and_then(|rest| rest.chars().next())?;
            letter.is_ascii_alphabetic().then_some((name, value))
        }
        _ => None,
    }
}

fn fill(node: &Node, complaints: &mut Complaints<'_>) -> Template {
    let nothing = Template::Value(Value::String(String::new()));
    if complaints.map(node, "`$fill`", &["start", "with", "length"]).is_none() {
        return nothing;
    }
    let start = node.get("start").map_or_else(|| nothing.clone(), |start| template(start, complaints));
    let with = node.get("with").and_then(Node::scalar_text).unwrap_or_default();
    if with.is_empty() {
        complaints.at(node, "`$fill` says in `with` what text it is made of");
    }
    let length = node.get("length").and_then(number).filter(|length| *length <= FILL_MAX);
    let Some(length) = length else {
        complaints.at(node, format!("`$fill` says in `length` how many characters, up to {FILL_MAX}"));
        return nothing;
    };
    Template::Fill { start: Box::new(start), with, length: usize::try_from(length).unwrap_or_default() }
}

fn number(node: &Node) -> Option<u64> {
    if let NodeKind::Number(number) = &node.kind { number.as_u64() } else { None }
}

/// A matcher.
pub(super) fn matcher(node: &Node, complaints: &mut Complaints<'_>) -> Matcher {
    match &node.kind {
        NodeKind::List(list) => Matcher::List(all(list, complaints)),
        NodeKind::Map(entries) => match word(node) {
            Some(("$fill", value)) => Matcher::Exact(fill(value, complaints)),
            Some((name, value)) if name != "$partial" => named(node, name, value, complaints),
            _ => map(entries, complaints),
        },
        _ => Matcher::Exact(template(node, complaints)),
    }
}

fn all(list: &[Node], complaints: &mut Complaints<'_>) -> Vec<Matcher> {
    list.iter().map(|entry| matcher(entry, complaints)).collect()
}

fn map(entries: &[(Node, Node)], complaints: &mut Complaints<'_>) -> Matcher {
    let mut members = Vec::new();
    let mut partial = false;
    for (key, value) in entries {
        match key.text() {
            Some("$partial") => match value.kind {
                NodeKind::Bool(flag) => partial = flag,
                _ => complaints.at(value, "`$partial` is true or false"),
            },
            Some(name)
                if name.starts_with('$') && name[1..].starts_with(|c: char| c.is_ascii_alphabetic()) =>
            {
                if MATCHERS.contains(&name) {
                    complaints.at(key, format!("`{name}` stands alone in its map"));
                } else {
                    complaints.unknown(key, "matcher", name, MATCHERS);
                }
            }
            _ => members.push((key_template(key, complaints), matcher(value, complaints))),
        }
    }
    Matcher::Map { members, partial }
}

fn named(node: &Node, name: &str, value: &Node, complaints: &mut Complaints<'_>) -> Matcher {
    // What stands for a matcher that cannot be read; the file has a finding and never runs.
    let nothing = Matcher::Exact(Template::Value(Value::Null));
    match name {
        "$arn" => {
            complaints.text(value, "`$arn`").map_or(nothing, |variable| Matcher::Arn(variable.to_owned()))
        }
        "$uuid" => {
            if value.text() != Some("any") {
                complaints.at(value, "`$uuid` is `any`");
            }
            Matcher::Uuid
        }
        "$time" => time(value, complaints).map_or(nothing, Matcher::Time),
        "$regex" => {
            let Some(text) = complaints.text(value, "`$regex`") else { return nothing };
            match regex::Regex::new(&format!("^(?s:{text})$")) {
                Ok(regex) => Matcher::Regex { regex, text: text.to_owned() },
                Err(why) => {
                    let last = why.to_string().lines().last().unwrap_or_default().trim().to_owned();
                    complaints.at(value, format!("this is not a regular expression: {last}"));
                    nothing
                }
            }
        }
        "$type" => {
            let Some(text) = complaints.text(value, "`$type`") else { return nothing };
            match TypeName::ALL.into_iter().find(|name| name.as_str() == text) {
                Some(name) => Matcher::Type(name),
                None => {
                    complaints.unknown(value, "type", text, TypeName::ALL.map(TypeName::as_str));
                    nothing
                }
            }
        }
        "$length" => length(value, complaints).unwrap_or(nothing),
        "$absent" => {
            if !matches!(value.kind, NodeKind::Bool(true)) {
                complaints.at(value, "`$absent` is true");
            }
            Matcher::Absent
        }
        "$unordered" => complaints
            .list(value, "`$unordered`")
            .map_or(nothing, |list| Matcher::Unordered(all(list, complaints))),
        "$oneOf" => {
            complaints.list(value, "`$oneOf`").map_or(nothing, |list| Matcher::OneOf(all(list, complaints)))
        }
        "$contains" => Matcher::Contains(Box::new(matcher(value, complaints))),
        "$not" => Matcher::Not(Box::new(matcher(value, complaints))),
        "$json" => Matcher::Json(Box::new(matcher(value, complaints))),
        "$save" => save(value, complaints).unwrap_or(nothing),
        "$bytes" => bytes(value, complaints).map_or(nothing, Matcher::Bytes),
        _ => {
            complaints.unknown(node, "matcher", name, MATCHERS);
            nothing
        }
    }
}

/// Base64 of a value.
pub(super) fn bytes(value: &Node, complaints: &mut Complaints<'_>) -> Option<Vec<u8>> {
    let text = complaints.text(value, "`$bytes`")?;
    let decoded = base64::engine::general_purpose::STANDARD.decode(text);
    if decoded.is_err() {
        complaints.at(value, "this is not base64");
    }
    decoded.ok()
}

fn save(value: &Node, complaints: &mut Complaints<'_>) -> Option<Matcher> {
    if let Some(name) = value.text() {
        return Some(Matcher::Save { name: name.to_owned(), is: None });
    }
    complaints.map(value, "`$save`", &["as", "is"])?;
    let name = complaints.required(value, "`$save`", "as")?;
    let name = complaints.text(name, "`as`")?.to_owned();
    let is = value.get("is").map(|inner| Box::new(matcher(inner, complaints)));
    Some(Matcher::Save { name, is })
}

fn length(value: &Node, complaints: &mut Complaints<'_>) -> Option<Matcher> {
    if let Some(exact) = number(value) {
        return Some(Matcher::Length { min: Some(exact), max: Some(exact) });
    }
    if value.entries().is_none() {
        complaints.at(value, "`$length` is a number, or a map with `min` and `max`");
        return None;
    }
    complaints.map(value, "`$length`", &["min", "max"])?;
    let mut bound = |key: &str| {
        let node = value.get(key)?;
        let found = number(node);
        if found.is_none() {
            complaints.at(node, format!("`{key}` is a number from 0 on"));
        }
        found
    };
    Some(Matcher::Length { min: bound("min"), max: bound("max") })
}

fn time(value: &Node, complaints: &mut Complaints<'_>) -> Option<TimeMatcher> {
    let tolerance = std::time::Duration::from_secs(TOLERANCE_S);
    match value.text() {
        Some("now") => return Some(TimeMatcher::Near { offset_ms: 0, within: tolerance }),
        Some("any") => return Some(TimeMatcher::Any),
        Some("day") => return Some(TimeMatcher::Day),
        Some(other) => {
            complaints.unknown(value, "time", other, ["now", "any", "day"]);
            return None;
        }
        None => {}
    }
    let entries = complaints.map(value, "`$time`", &["in", "within", "after", "before", "equals"])?;
    let relation = |key: &str| value.get(key);
    let relations = ["after", "before", "equals"];
    let found: Vec<&str> = relations.into_iter().filter(|key| relation(key).is_some()).collect();
    match found.as_slice() {
        [key] if entries.len() == 1 => {
            let name = complaints.text(relation(key)?, &format!("`{key}`"))?.to_owned();
            Some(match *key {
                "after" => TimeMatcher::After(name),
                "before" => TimeMatcher::Before(name),
                _ => TimeMatcher::Equals(name),
            })
        }
        [] => {
            let offset = value.get("in").map_or(Some(0), |node| span(node, complaints));
            let within = value.get("within").map_or(Some(tolerance), |node| positive(node, complaints));
            Some(TimeMatcher::Near { offset_ms: offset?, within: within? })
        }
        _ => {
            complaints.at(value, "`$time` has one of `after`, `before`, `equals`, or `in` and `within`");
            None
        }
    }
}

const SPAN_HINT: &str = "a span is a number and a unit: ms, s, min, h or days";

fn span(node: &Node, complaints: &mut Complaints<'_>) -> Option<i64> {
    let read = node.text().and_then(duration::read);
    if read.is_none() {
        complaints.with_hint(node, "this is not a span of time", Some(SPAN_HINT.to_owned()));
    }
    read
}

/// A span that is not negative.
pub(super) fn positive(node: &Node, complaints: &mut Complaints<'_>) -> Option<std::time::Duration> {
    let read = node.text().and_then(duration::read_duration);
    if read.is_none() {
        complaints.with_hint(node, "this is not a span of time", Some(SPAN_HINT.to_owned()));
    }
    read
}
