//! The pattern of a value, by which deviations become one cause, and values in few words.

use serde_json::{Map, Value};

/// A value with everything generalised that differs from one scenario to the next: names, ids, numbers, times.
pub(super) fn general(value: &Value) -> Value {
    match value {
        Value::Null | Value::Bool(_) => value.clone(),
        Value::Number(_) => Value::from("#"),
        Value::String(text) => Value::String(general_text(text)),
        Value::Array(entries) => Value::Array(entries.iter().map(general).collect()),
        Value::Object(members) => {
            let mut all = Map::new();
            for (key, value) in members {
                all.insert(general_text(key), general(value));
            }
            Value::Object(all)
        }
    }
}

/// Text with `${…}` and `<…:N>` without their names, digits as `#`, UUIDs as `<uuid>`.
pub(super) fn general_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some(end) = rest.strip_prefix("${").and_then(|inner| inner.find('}')) {
            out.push_str("${*}");
            rest = &rest[end + 3..];
        } else if let Some(end) = stand_in(rest) {
            let inner = &rest[1..end];
            let word = inner.split_once(':').map_or(inner, |(word, _)| word);
            out.push('<');
            out.push_str(word);
            out.push('>');
            rest = &rest[end + 1..];
        } else if let Some(id) = rest.get(..36).filter(|id| is_uuid(id)) {
            out.push_str("<uuid>");
            rest = &rest[id.len()..];
        } else if first.is_ascii_digit() {
            out.push('#');
            rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}

/// The end of a stand-in such as `<uuid:1>` or `<time>` at the start of a text.
fn stand_in(text: &str) -> Option<usize> {
    let end = text.strip_prefix('<')?.find('>')? + 1;
    let inner = &text[1..end];
    (!inner.is_empty() && !inner.contains(|c: char| c.is_whitespace() || c == '<')).then_some(end)
}

fn is_uuid(text: &str) -> bool {
    text.bytes().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    })
}

/// A value in few words: `[AWSCURRENT, AWSPENDING]`, `a timestamp`, `{Name: ${db}}`.
pub(super) fn words(value: &Value) -> String {
    clipped(&spelt(value))
}

fn spelt(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(entries) => {
            format!("[{}]", entries.iter().map(spelt).collect::<Vec<_>>().join(", "))
        }
        Value::Object(members) => match members.iter().next() {
            Some((word, inner)) if members.len() == 1 => match (word.as_str(), inner) {
                ("$type", Value::String(name)) => format!("{} {name}", article(name)),
                ("$absent", _) => "nothing".to_owned(),
                ("$uuid", _) => "a UUID".to_owned(),
                ("$arn", Value::String(secret)) => format!("the ARN of {secret}"),
                ("$time", _) => format!("a time ({})", spelt(inner)),
                ("$oneOf", Value::Array(all)) => all.iter().map(spelt).collect::<Vec<_>>().join(" or "),
                _ => format!("{{{word}: {}}}", spelt(inner)),
            },
            _ => {
                let members = members.iter().map(|(key, value)| format!("{key}: {}", spelt(value)));
                format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
            }
        },
    }
}

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}

/// One line of at most a hundred characters.
fn clipped(text: &str) -> String {
    const WIDTH: usize = 100;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(WIDTH) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_differs_between_scenarios_is_generalised() {
        for (text, expected) in [
            ("${db} is 7 days old", "${*} is # days old"),
            ("<uuid:12> <arn:db> <time>", "<uuid> <arn> <time>"),
            ("id 0aA00000-1111-4111-8111-111111111111.", "id <uuid>."),
            ("a < b and c > d", "a < b and c > d"),
            ("${unclosed", "${unclosed"),
            ("ü5", "ü#"),
        ] {
            assert_eq!(general_text(text), expected);
        }
        assert_eq!(general(&json!({"${v1}": ["A", 3]})), json!({"${*}": ["A", "#"]}));
    }

    #[test]
    fn values_read_as_words() {
        for (value, expected) in [
            (json!(null), "nothing"),
            (json!(["A", "B"]), "[A, B]"),
            (json!({"$type": "integer"}), "an integer"),
            (json!({"$oneOf": [{"$type": "string"}, {"$absent": true}]}), "a string or nothing"),
            (json!({"a": 1, "b": [true]}), "{a: 1, b: [true]}"),
        ] {
            assert_eq!(words(&value), expected);
        }
        assert_eq!(words(&json!("x".repeat(300))).chars().count(), 101);
    }
}
