//! JSON and YAML as values that know where they stand.

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Number, Value};

/// Deeper files are not read as data, only as text.
const MOST_LEVELS: usize = 100;

/// Line and column from 1, the column in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spot {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// A value with its place.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) at: Spot,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Spot, Node)>),
}

impl Node {
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.map().iter().find(|(name, ..)| name == key).map(|(.., node)| node)
    }

    pub(super) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn map(&self) -> &[(String, Spot, Node)] {
        match &self.kind {
            Kind::Map(members) => members,
            _ => &[],
        }
    }

    pub(super) fn list(&self) -> &[Node] {
        match &self.kind {
            Kind::List(entries) => entries,
            _ => &[],
        }
    }

    pub(super) fn value(&self) -> Value {
        match &self.kind {
            Kind::Null => Value::Null,
            Kind::Bool(value) => Value::Bool(*value),
            Kind::Number(number) => Value::Number(number.clone()),
            Kind::Text(text) => Value::String(text.clone()),
            Kind::List(entries) => Value::Array(entries.iter().map(Node::value).collect()),
            Kind::Map(members) => {
                let pairs = members.iter().map(|(key, _, node)| (key.clone(), node.value()));
                Value::Object(pairs.collect::<Map<_, _>>())
            }
        }
    }

    /// The same value at one place: of a text that holds JSON, whose parts have no places of their own.
    pub(super) fn all_at(mut self, at: Spot) -> Node {
        self.at = at;
        self.kind = match self.kind {
            Kind::List(entries) => Kind::List(entries.into_iter().map(|entry| entry.all_at(at)).collect()),
            Kind::Map(members) => {
                Kind::Map(members.into_iter().map(|(key, _, node)| (key, at, node.all_at(at))).collect())
            }
            other => other,
        };
        self
    }
}

/// One value of JSON; `None` for anything else.
pub(super) fn json(text: &str, first_line: usize) -> Option<Node> {
    let mut scan = Scan { text, at: 0, line: first_line, line_start: 0 };
    let node = scan.value(0)?;
    scan.space();
    (scan.at == text.len()).then_some(node)
}

struct Scan<'t> {
    text: &'t str,
    at: usize,
    line: usize,
    line_start: usize,
}

impl Scan<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(byte) = self.peek().filter(u8::is_ascii_whitespace) {
            self.at += 1;
            if byte == b'\n' {
                self.line += 1;
                self.line_start = self.at;
            }
        }
    }

    fn takes(&mut self, byte: u8) -> bool {
        self.space();
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn here(&self) -> Spot {
        // Lines of recordings are long; counting characters from the start of each would take their square.
        let line = &self.text.as_bytes()[self.line_start..self.at];
        let column = line.iter().filter(|byte| **byte & 0xc0 != 0x80).count() + 1;
        Spot { line: self.line, column }
    }

    fn value(&mut self, level: usize) -> Option<Node> {
        if level > MOST_LEVELS {
            return None;
        }
        self.space();
        let at = self.here();
        let kind = match self.peek()? {
            b'{' => {
                self.at += 1;
                let mut members = Vec::new();
                while !self.takes(b'}') {
                    if !members.is_empty() && !self.takes(b',') {
                        return None;
                    }
                    self.space();
                    let place = self.here();
                    let key = self.string()?;
                    if !self.takes(b':') {
                        return None;
                    }
                    members.push((key, place, self.value(level + 1)?));
                }
                Kind::Map(members)
            }
            b'[' => {
                self.at += 1;
                let mut entries = Vec::new();
                while !self.takes(b']') {
                    if !entries.is_empty() && !self.takes(b',') {
                        return None;
                    }
                    entries.push(self.value(level + 1)?);
                }
                Kind::List(entries)
            }
            b'"' => Kind::Text(self.string()?),
            _ => {
                let rest = &self.text[self.at..];
                let end = rest.find(|c: char| ",]}".contains(c) || c.is_whitespace()).unwrap_or(rest.len());
                let kind = match serde_json::from_str(&rest[..end]).ok()? {
                    Value::Null => Kind::Null,
                    Value::Bool(value) => Kind::Bool(value),
                    Value::Number(number) => Kind::Number(number),
                    _ => return None,
                };
                self.at += end;
                kind
            }
        };
        Some(Node { at, kind })
    }

    fn string(&mut self) -> Option<String> {
        let bytes = self.text.as_bytes();
        if self.peek() != Some(b'"') {
            return None;
        }
        let mut end = self.at + 1;
        while *bytes.get(end)? != b'"' {
            end += if bytes[end] == b'\\' { 2 } else { 1 };
        }
        let found = serde_json::from_str(self.text.get(self.at..=end)?).ok();
        self.at = end + 1;
        found
    }
}

/// The documents of a YAML file; `None` for anything else. An alias is nothing: what it names was read already.
pub(super) fn yaml(text: &str) -> Option<Vec<Node>> {
    let mut documents = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, extent) = event.ok()?;
        let start = extent.start;
        // The parser counts columns from 0.
        let at = Spot { line: start.line(), column: start.col() + 1 };
        let done = match event {
            Event::MappingStart(..) => {
                open.push(Open { at, is_map: true, entries: Vec::new() });
                None
            }
            Event::SequenceStart(..) => {
                open.push(Open { at, is_map: false, entries: Vec::new() });
                None
            }
            Event::MappingEnd | Event::SequenceEnd => Some(open.pop()?.close()),
            Event::Alias(_) => Some(Node { at, kind: Kind::Null }),
            Event::Scalar(text, style, ..) => Some(Node { at, kind: scalar(&text, style) }),
            _ => None,
        };
        if open.len() > MOST_LEVELS {
            return None;
        }
        if let Some(node) = done {
            match open.last_mut() {
                Some(open) => open.entries.push(node),
                None => documents.push(node),
            }
        }
    }
    Some(documents)
}

struct Open {
    at: Spot,
    is_map: bool,
    entries: Vec<Node>,
}

impl Open {
    fn close(self) -> Node {
        let kind = if self.is_map {
            let mut members = Vec::new();
            let mut entries = self.entries.into_iter();
            while let (Some(key), Some(value)) = (entries.next(), entries.next()) {
                let name = match &key.kind {
                    Kind::Text(text) => text.clone(),
                    Kind::Map(_) | Kind::List(_) => String::new(),
                    _ => key.value().to_string(),
                };
                members.push((name, key.at, value));
            }
            Kind::Map(members)
        } else {
            Kind::List(self.entries)
        };
        Node { at: self.at, kind }
    }
}

fn scalar(text: &str, style: ScalarStyle) -> Kind {
    if style != ScalarStyle::Plain {
        return Kind::Text(text.to_owned());
    }
    match text {
        "" | "~" | "null" => Kind::Null,
        "true" => Kind::Bool(true),
        "false" => Kind::Bool(false),
        _ => match serde_json::from_str::<Number>(text) {
            Ok(number) => Kind::Number(number),
            Err(_) => Kind::Text(text.to_owned()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_told() {
        let node = json("{\"a\":\n  [1, \"\u{e9}\", {\"b\": \"x\\n\"}]}", 7).expect("it is JSON");
        let deep = node.get("a").and_then(|a| a.list()[2].get("b")).expect("it is there");
        assert_eq!((deep.at, deep.text()), (Spot { line: 8, column: 18 }, Some("x\n")));
        let document = &yaml("a:\n- b: x\n  c: 'é'\n").expect("it is YAML")[0];
        let deep = document.get("a").and_then(|a| a.list()[0].get("c")).expect("it is there");
        assert_eq!((deep.at, deep.text()), (Spot { line: 3, column: 6 }, Some("é")));
        assert_eq!(node.value(), serde_json::json!({"a": [1, "\u{e9}", {"b": "x\n"}]}));
    }

    #[test]
    fn what_does_not_parse_is_nothing() {
        for text in ["", "{", "{\"a\" 1}", "[1,,2]", "{} x", "\"\\", "nul", "{\"a\":1,}"] {
            assert!(json(text, 1).is_none(), "{text}");
        }
        assert!(json(&"[".repeat(200), 1).is_none());
        assert!(yaml("a: [").is_none());
    }
}
