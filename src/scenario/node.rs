//! YAML with the place of every value, read within limits.
//!
//! Scenario files are untrusted: size, depth and the number of values that aliases stand for are bounded before
//! anything is made of them, and nothing here recurses over input.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};
use serde_json::{Number, Value};

use super::ast::Place;
use super::finding::Finding;

/// The largest file, in bytes.
pub const FILE_MAX: usize = 1024 * 1024;
/// The deepest nesting.
const DEPTH_MAX: usize = 64;
/// How many values aliases may stand for in all.
const ALIAS_MAX: usize = 10_000;

/// A value with its place.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) kind: NodeKind,
    pub(super) place: Place,
    /// How many characters it takes on its first line.
    pub(super) width: usize,
}

/// What a value is.
#[derive(Clone, Debug)]
pub(super) enum NodeKind {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

impl Node {
    pub(super) fn text(&self) -> Option<&str> {
        if let NodeKind::Text(text) = &self.kind { Some(text) } else { None }
    }

    pub(super) fn entries(&self) -> Option<&[(Node, Node)]> {
        if let NodeKind::Map(entries) = &self.kind { Some(entries) } else { None }
    }

    pub(super) fn list(&self) -> Option<&[Node]> {
        if let NodeKind::List(list) = &self.kind { Some(list) } else { None }
    }

    /// The value of a key.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.entries()?.iter().find(|(name, _)| name.text() == Some(key)).map(|(_, value)| value)
    }

    /// The word for its type.
    pub(super) fn type_name(&self) -> &'static str {
        match self.kind {
            NodeKind::Null => "null",
            NodeKind::Bool(_) => "a boolean",
            NodeKind::Number(_) => "a number",
            NodeKind::Text(_) => "a string",
            NodeKind::List(_) => "a list",
            NodeKind::Map(_) => "a map",
        }
    }

    /// The scalar as text, for putting it into a string.
    pub(super) fn scalar_text(&self) -> Option<String> {
        match &self.kind {
            NodeKind::Text(text) => Some(text.clone()),
            NodeKind::Number(number) => Some(number.to_string()),
            NodeKind::Bool(flag) => Some(flag.to_string()),
            NodeKind::Null => Some("null".to_owned()),
            NodeKind::List(_) | NodeKind::Map(_) => None,
        }
    }

    /// The scalar as JSON; `None` for lists and maps.
    pub(super) fn scalar(&self) -> Option<Value> {
        match &self.kind {
            NodeKind::Null => Some(Value::Null),
            NodeKind::Bool(flag) => Some(Value::Bool(*flag)),
            NodeKind::Number(number) => Some(Value::Number(number.clone())),
            NodeKind::Text(text) => Some(Value::String(text.clone())),
            NodeKind::List(_) | NodeKind::Map(_) => None,
        }
    }

    /// How many values it holds, itself included. Depth is bounded, so recursion is too.
    fn size(&self) -> usize {
        1 + match &self.kind {
            NodeKind::List(list) => list.iter().map(Node::size).sum(),
            NodeKind::Map(entries) => entries.iter().map(|(key, value)| key.size() + value.size()).sum(),
            _ => 0,
        }
    }

    fn depth(&self) -> usize {
        1 + match &self.kind {
            NodeKind::List(list) => list.iter().map(Node::depth).max().unwrap_or(0),
            NodeKind::Map(entries) => entries.iter().map(|(_, value)| value.depth()).max().unwrap_or(0),
            _ => 0,
        }
    }
}

/// The text of a file, for making findings.
pub(super) struct Source<'t> {
    path: &'t str,
    text: &'t str,
}

impl<'t> Source<'t> {
    pub(super) fn new(path: &'t str, text: &'t str) -> Self {
        Source { path, text }
    }

    pub(super) fn finding(
        &self,
        place: Place,
        width: usize,
        message: String,
        hint: Option<String>,
    ) -> Finding {
        let line = self.text.lines().nth(place.line.saturating_sub(1)).unwrap_or_default();
        // More than is ever shown is not kept.
        let source_line = if line.len() > 4000 { String::new() } else { line.trim_end().to_owned() };
        Finding { path: self.path.to_owned(), place, message, hint, source_line, width }
    }
}

/// The text of the bytes, or why it cannot be read.
pub(super) fn decode<'b>(path: &str, bytes: &'b [u8]) -> Result<&'b str, Finding> {
    let place = Place { line: 1, column: 1 };
    let plain = |place: Place, message: String| Finding {
        path: path.to_owned(),
        place,
        message,
        hint: None,
        source_line: String::new(),
        width: 1,
    };
    if bytes.len() > FILE_MAX {
        return Err(plain(place, format!("the file is larger than {FILE_MAX} bytes")));
    }
    std::str::from_utf8(bytes).map_err(|why| {
        let good = String::from_utf8_lossy(&bytes[..why.valid_up_to()]);
        let line = good.matches('\n').count() + 1;
        let column = good.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        plain(Place { line, column }, "the file is not UTF-8 from here on".to_owned())
    })
}

/// Reads the one document of a file. Findings that do not stop the reading (duplicate keys) are added to the list.
pub(super) fn read(source: &Source<'_>, findings: &mut Vec<Finding>) -> Option<Node> {
    let mut reader =
        Reader { source, findings, open: Vec::new(), anchors: HashMap::new(), expanded: 0, root: None };
    let mut documents = 0;
    for event in Parser::new_from_str(source.text) {
        match event {
            Err(why) => {
                let place = Place { line: why.marker().line(), column: why.marker().col() + 1 };
                reader.complain(place, 1, format!("this is not YAML: {}", why.info()), None);
                return None;
            }
            Ok((Event::DocumentStart(_), span)) => {
                documents += 1;
                if documents > 1 {
                    reader.complain(place(&span), 1, "a file holds one document".to_owned(), None);
                    return None;
                }
            }
            Ok((event, span)) => {
                if !reader.event(event, &span) {
                    return None;
                }
            }
        }
    }
    if reader.root.is_none() {
        reader.complain(Place { line: 1, column: 1 }, 1, "the file is empty".to_owned(), None);
    }
    reader.root
}

struct Reader<'a, 't> {
    source: &'a Source<'t>,
    findings: &'a mut Vec<Finding>,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    expanded: usize,
    root: Option<Node>,
}

/// A list or map whose end has not come yet.
struct Open {
    node: Node,
    anchor: usize,
    key: Option<Node>,
}

impl Reader<'_, '_> {
    fn complain(&mut self, place: Place, width: usize, message: String, hint: Option<String>) {
        let finding = self.source.finding(place, width, message, hint);
        self.findings.push(finding);
    }

    /// Takes one event; `false` when reading cannot go on.
    fn event(&mut self, event: Event<'_>, span: &Span) -> bool {
        let (place, width) = (place(span), width(span));
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                if tag.is_some() {
                    self.complain(place, width, "tags are not used in scenarios".to_owned(), None);
                    return false;
                }
                let kind = match style {
                    ScalarStyle::Plain => plain(&text),
                    _ => NodeKind::Text(text.into_owned()),
                };
                self.close(Node { kind, place, width }, anchor)
            }
            Event::SequenceStart(anchor, tag) | Event::MappingStart(anchor, tag) if tag.is_some() => {
                let _ = anchor;
                self.complain(place, width, "tags are not used in scenarios".to_owned(), None);
                false
            }
            Event::SequenceStart(anchor, _) => self.begin(NodeKind::List(Vec::new()), anchor, place, width),
            Event::MappingStart(anchor, _) => self.begin(NodeKind::Map(Vec::new()), anchor, place, width),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(open) => self.close(open.node, open.anchor),
                None => true,
            },
            Event::Alias(anchor) => self.alias(anchor, place, width),
            _ => true,
        }
    }

    fn begin(&mut self, kind: NodeKind, anchor: usize, place: Place, width: usize) -> bool {
        if self.open.len() >= DEPTH_MAX {
            self.complain(place, width, format!("values are nested more than {DEPTH_MAX} deep"), None);
            return false;
        }
        self.open.push(Open { node: Node { kind, place, width }, anchor, key: None });
        true
    }

    fn alias(&mut self, anchor: usize, place: Place, width: usize) -> bool {
        let Some(node) = self.anchors.get(&anchor) else {
            self.complain(
                place,
                width,
                "an alias cannot stand for a value that it is part of".to_owned(),
                None,
            );
            return false;
        };
        self.expanded += node.size();
        let deep = self.open.len() + node.depth() > DEPTH_MAX;
        if self.expanded > ALIAS_MAX || deep {
            self.complain(
                place,
                width,
                format!("aliases stand for more than {ALIAS_MAX} values, or too deep ones"),
                None,
            );
            return false;
        }
        let node = Node { place, width, ..node.clone() };
        self.close(node, 0)
    }

    /// Puts a finished value where it belongs.
    fn close(&mut self, node: Node, anchor: usize) -> bool {
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let mut twice = None;
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(open) => match (&mut open.node.kind, open.key.take()) {
                (NodeKind::List(list), _) => list.push(node),
                (NodeKind::Map(_), None) => open.key = Some(node),
                (NodeKind::Map(entries), Some(key)) => {
                    let name = key.scalar_text();
                    if name.is_some() && entries.iter().any(|(other, _)| other.scalar_text() == name) {
                        twice = Some((key.place, key.width, name.unwrap_or_default()));
                    }
                    entries.push((key, node));
                }
                _ => {}
            },
        }
        if let Some((place, width, name)) = twice {
            self.complain(place, width, format!("`{name}` stands here twice"), None);
        }
        true
    }
}

fn place(span: &Span) -> Place {
    Place { line: span.start.line().max(1), column: span.start.col() + 1 }
}

fn width(span: &Span) -> usize {
    if span.end.line() == span.start.line() {
        span.end.col().saturating_sub(span.start.col()).max(1)
    } else {
        1
    }
}

/// The core schema of YAML 1.2.
fn plain(text: &str) -> NodeKind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return NodeKind::Null,
        "true" | "True" | "TRUE" => return NodeKind::Bool(true),
        "false" | "False" | "FALSE" => return NodeKind::Bool(false),
        _ => {}
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        let positive = text.strip_prefix('+').unwrap_or(text);
        if let Ok(number) = positive.parse::<i64>() {
            return NodeKind::Number(number.into());
        }
        let number = positive.parse::<f64>().ok().and_then(Number::from_f64);
        if let Some(number) = number.filter(|_| digits.chars().all(|c| "0123456789.eE+-".contains(c))) {
            return NodeKind::Number(number);
        }
    }
    NodeKind::Text(text.to_owned())
}
