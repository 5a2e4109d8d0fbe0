//! YAML as people write scenarios: short values on one line, long ones a member a line.

use serde_json::Value;

use crate::service::redact::Tree;

/// A line longer than this is broken.
const WIDTH: usize = 116;

/// A text as a tree.
pub(super) fn text(text: &str) -> Tree {
    Tree::Leaf(Value::from(text))
}

/// A map as a tree.
pub(super) fn map<const N: usize>(members: [(&str, Tree); N]) -> Tree {
    Tree::Map(members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

/// A name for a sentence: what is no letter, digit or one of a few marks is left out.
pub(super) fn plain_words(text: &str) -> String {
    let kept: String =
        text.chars().filter(|c| c.is_alphanumeric() || "-_./@+= ".contains(*c)).take(100).collect();
    if kept.trim().is_empty() { "recording".to_owned() } else { kept }
}

/// Writes a member. `lead` is what stands before its key: spaces, perhaps with a dash.
pub(super) fn entry(out: &mut String, lead: &str, key: &str, value: &Tree) {
    let key = scalar(&Value::from(key));
    let line = format!("{lead}{key}: {}", flow(value));
    let Tree::Map(members) = value else {
        out.push_str(&line);
        out.push('\n');
        return;
    };
    if line.chars().count() <= WIDTH || members.is_empty() {
        out.push_str(&line);
        out.push('\n');
        return;
    }
    out.push_str(&format!("{lead}{key}:\n"));
    let deeper = format!("{}  ", " ".repeat(lead.chars().count()));
    for (key, value) in members {
        entry(out, &deeper, key, value);
    }
}

fn flow(tree: &Tree) -> String {
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

/// Text without quotes where nothing but text can be meant.
fn scalar(value: &Value) -> String {
    let Value::String(text) = value else { return value.to_string() };
    let first = text.strip_prefix('$').unwrap_or(text);
    let plain = first.starts_with(|c: char| c.is_ascii_alphabetic())
        && first.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    let words = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];
    if plain && !words.contains(&text.to_ascii_lowercase().as_str()) {
        return text.clone();
    }
    // A string of JSON is one of YAML.
    value.to_string()
}
