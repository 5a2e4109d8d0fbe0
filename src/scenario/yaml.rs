//! Writing YAML as people write scenarios: short values on one line, long ones a member a line.

use serde_json::Value;

use super::node::{NodeKind, plain};
use crate::service::redact::Tree;

/// A line longer than this is broken.
const WIDTH: usize = 116;

/// A text as a tree.
pub fn text(text: &str) -> Tree {
    Tree::Leaf(Value::from(text))
}

/// A map as a tree.
pub fn map<const N: usize>(members: [(&str, Tree); N]) -> Tree {
    Tree::Map(members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

/// A name for a sentence: what is no letter, digit or one of a few marks is left out.
pub fn plain_words(text: &str) -> String {
    let kept: String =
        text.chars().filter(|c| c.is_alphanumeric() || "-_./@+= ".contains(*c)).take(100).collect();
    if kept.trim().is_empty() { "recording".to_owned() } else { kept }
}

/// Writes a member. `lead` is what stands before its key: spaces, perhaps with a dash.
pub fn entry(out: &mut String, lead: &str, key: &str, value: &Tree) {
    let key = scalar(&Value::from(key));
    if let Tree::Leaf(Value::String(text)) = value
        && is_sentence(text)
    {
        out.push_str(&format!("{lead}{key}: {text}\n"));
        return;
    }
    let line = format!("{lead}{key}: {}", flow(value));
    let deeper = format!("{}  ", " ".repeat(lead.chars().count()));
    let short = line.chars().count() <= WIDTH;
    match value {
        Tree::Map(members) if !short && !members.is_empty() => {
            out.push_str(&format!("{lead}{key}:\n"));
            for (key, value) in members {
                entry(out, &deeper, key, value);
            }
        }
        Tree::List(entries) if !short && entries.iter().any(|entry| matches!(entry, Tree::Map(_))) => {
            out.push_str(&format!("{lead}{key}:\n"));
            entries.iter().for_each(|value| item(out, &deeper, value));
        }
        _ => out.push_str(&format!("{line}\n")),
    }
}

/// Writes an entry of a list.
fn item(out: &mut String, lead: &str, value: &Tree) {
    let line = format!("{lead}- {}", flow(value));
    match value {
        Tree::Map(members) if line.chars().count() > WIDTH && !members.is_empty() => {
            for (at, (key, value)) in members.iter().enumerate() {
                let mark = if at == 0 { "- " } else { "  " };
                entry(out, &format!("{lead}{mark}"), key, value);
            }
        }
        _ => out.push_str(&format!("{line}\n")),
    }
}

/// A value on one line.
pub fn flow(tree: &Tree) -> String {
    match tree {
        Tree::Leaf(value) => leaf(value),
        Tree::List(entries) => format!("[{}]", entries.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Tree::Map(members) => {
            let member = |(key, value): &(String, Tree)| {
                format!("{}: {}", scalar(&Value::from(key.as_str())), flow(value))
            };
            format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(", "))
        }
    }
}

/// A scalar, or a matcher that took the place of one.
fn leaf(value: &Value) -> String {
    match value {
        Value::Array(entries) => format!("[{}]", entries.iter().map(leaf).collect::<Vec<_>>().join(", ")),
        Value::Object(members) => {
            let member = |(key, value): (&String, &Value)| {
                format!("{}: {}", scalar(&Value::from(key.as_str())), leaf(value))
            };
            format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(", "))
        }
        other => scalar(other),
    }
}

const WORDS: [&str; 9] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];

/// Text without quotes where nothing but text can be meant.
fn scalar(value: &Value) -> String {
    let Value::String(text) = value else { return value.to_string() };
    let first = text.strip_prefix('$').unwrap_or(text);
    let plain = first.starts_with(|c: char| c.is_ascii_alphabetic())
        && first.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    if plain && !WORDS.contains(&text.to_ascii_lowercase().as_str()) {
        return text.clone();
    }
    // JSON in text reads better in single quotes.
    if text.contains('"') && !text.contains('\'') && text.bytes().all(|b| (b' '..=b'~').contains(&b)) {
        return format!("'{text}'");
    }
    // A string of JSON is one of YAML, but for characters that YAML wants escaped and JSON does not.
    let mut out = String::new();
    for c in value.to_string().chars() {
        match u32::from(c) {
            code @ (0x7f..=0x9f | 0x2028..=0x202e | 0x200e..=0x200f | 0x2066..=0x2069 | 0xfeff) => {
                out.push_str(&format!("\\u{code:04x}"));
            }
            _ => out.push(c),
        }
    }
    out
}

/// Whether a text of several words needs no quotes where it stands alone behind its key.
fn is_sentence(text: &str) -> bool {
    text.contains(' ')
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.ends_with(|c: char| c.is_ascii_alphanumeric() || ".)".contains(c))
        && text.chars().all(|c| c.is_ascii_alphanumeric() || " ,.'()-_/;".contains(c))
        && matches!(plain(text), Ok(NodeKind::Text(_)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_written_reads_as_what_it_was() {
        for value in [
            "",
            "a",
            "yes",
            "12",
            "2023-06-22",
            "a: b",
            "a #b",
            "${db}",
            "\u{85}\u{feff}",
            "'",
            "- a",
            "é",
            "{\"a\":1}",
            "it's \"x\"",
        ] {
            let mut out = String::new();
            entry(&mut out, "", "key", &text(value));
            let read: Value = serde_yaml::from_str(&out).unwrap_or_default();
            assert_eq!(read, json!({"key": value}), "{out}");
        }
    }

    #[test]
    fn sentences_stand_without_quotes_and_long_maps_take_lines() {
        let mut out = String::new();
        entry(&mut out, "", "title", &text("A secret can't be read, it is gone"));
        let long = map([("a", text(&"x".repeat(80))), ("b", text(&"y y".repeat(20)))]);
        entry(&mut out, "  - ", "with", &long);
        let lines: Vec<&str> = out.lines().collect();
        assert_eq!(lines[0], "title: A secret can't be read, it is gone");
        assert_eq!(lines[1], "  - with:");
        assert!(lines[2].starts_with("      a: x"), "{out}");
    }
}
