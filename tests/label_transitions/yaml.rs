//! Values in the flow style in which scenarios are written.

use serde_json::Value;

/// The longest line.
const WIDTH: usize = 120;

/// A scalar: plain where nobody could read it as something else.
pub(crate) fn scalar(text: &str) -> String {
    let is = |c: char, more: &str| c.is_ascii_alphanumeric() || more.contains(c);
    let words = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| is(c, "_-"))
        && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
            .contains(&text.to_lowercase().as_str());
    let date = text.len() == 10 && text.chars().all(|c| c.is_ascii_digit() || c == '-');
    let span = text.split_once(' ').is_some_and(|(number, unit)| {
        number.chars().all(|c| c.is_ascii_digit()) && unit.chars().all(|c| c.is_ascii_lowercase())
    });
    if words || date || span { text.to_owned() } else { Value::from(text).to_string() }
}

/// A value on one line.
pub(crate) fn flow(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text),
        Value::Array(list) => format!("[{}]", list.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => pairs(map.iter().map(|(key, value)| (key.as_str(), value))),
        other => other.to_string(),
    }
}

/// A map on one line, in the order given.
pub(crate) fn pairs<'a>(members: impl IntoIterator<Item = (&'a str, &'a Value)>) -> String {
    let key =
        |key: &str| if key.starts_with('$') && !key.starts_with("${") { key.to_owned() } else { scalar(key) };
    let members: Vec<String> =
        members.into_iter().map(|(name, value)| format!("{}: {}", key(name), flow(value))).collect();
    format!("{{{}}}", members.join(", "))
}

/// `key: {…}` on one line where it fits, otherwise one member a line.
pub(crate) fn member(indent: usize, key: &str, members: &[(&str, Value)]) -> String {
    let space = " ".repeat(indent);
    let line = format!("{space}{key}: {}", pairs(members.iter().map(|(name, value)| (*name, value))));
    if line.chars().count() <= WIDTH {
        return line + "\n";
    }
    let mut out = format!("{space}{key}:\n");
    for (name, value) in members {
        // A long list gets a line for each entry.
        let list = value.get("$unordered").and_then(Value::as_array);
        if let Some(list) = list.filter(|_| flow(value).len() + name.len() + indent > WIDTH) {
            out.push_str(&format!("{space}  {name}:\n{space}    $unordered:\n"));
            for entry in list {
                out.push_str(&format!("{space}      - {}\n", flow(entry)));
            }
            continue;
        }
        out.push_str(&format!("{space}  {name}: {}\n", flow(value)));
    }
    out
}
