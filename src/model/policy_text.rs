//! A policy as an ordered JSON document: read with the order of its members, written as AWS writes it.
//!
//! aws-recorded: GetResourcePolicy.normalised. The text that was put is not what comes back: it is written anew, with
//! ` : ` between name and value and lists that open on their line, members in the order in which they came.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// A JSON value whose objects keep the order of their members.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    Null,
    Bool(bool),
    Number(serde_json::Number),
    Text(String),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl Node {
    /// Reads a document; `None` when it is not JSON, or an object has a member twice.
    pub(crate) fn parse(text: &str) -> Option<Node> {
        serde_json::from_str(text).ok()
    }

    pub(crate) fn object(&self) -> Option<&[(String, Node)]> {
        match self {
            Node::Object(members) => Some(members),
            _ => None,
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Node::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn get(&self, member: &str) -> Option<&Node> {
        self.object()?.iter().find(|(name, _)| name == member).map(|(_, value)| value)
    }

    /// The elements of a list; a single value is a list of one, as everywhere in policies.
    pub(crate) fn elements(&self) -> &[Node] {
        match self {
            Node::List(values) => values,
            single => std::slice::from_ref(single),
        }
    }

    /// The document as AWS writes it.
    pub(crate) fn written(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, 0);
        out
    }

    fn write(&self, out: &mut String, depth: usize) {
        match self {
            Node::Null => out.push_str("null"),
            Node::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Node::Number(number) => out.push_str(&number.to_string()),
            Node::Text(text) => out.push_str(&quoted(text)),
            Node::List(values) if values.is_empty() => out.push_str("[ ]"),
            Node::List(values) => {
                out.push_str("[ ");
                for (at, value) in values.iter().enumerate() {
                    if at > 0 {
                        out.push_str(", ");
                    }
                    value.write(out, depth);
                }
                out.push_str(" ]");
            }
            Node::Object(members) if members.is_empty() => out.push_str("{ }"),
            Node::Object(members) => {
                out.push('{');
                for (at, (name, value)) in members.iter().enumerate() {
                    out.push_str(if at > 0 { ",\n" } else { "\n" });
                    indent(out, depth + 1);
                    out.push_str(&quoted(name));
                    out.push_str(" : ");
                    value.write(out, depth + 1);
                }
                out.push('\n');
                indent(out, depth);
                out.push('}');
            }
        }
    }
}

fn indent(out: &mut String, depth: usize) {
    for _ in 0..depth {
        out.push_str("  ");
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Node, E> {
        serde_json::Number::from_f64(value).map(Node::Number).ok_or_else(|| E::custom("no number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = values.next_element()? {
            list.push(value);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Node, A::Error> {
        let mut object: Vec<(String, Node)> = Vec::new();
        while let Some((name, value)) = members.next_entry::<String, Node>()? {
            if object.iter().any(|(known, _)| *known == name) {
                return Err(A::Error::custom("a member stands twice"));
            }
            object.push((name, value));
        }
        Ok(Node::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_written_as_recorded() {
        let put = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"secretsmanager:*","Resource":"*"}]}"#;
        let recorded = "{\n  \"Version\" : \"2012-10-17\",\n  \"Statement\" : [ {\n    \"Effect\" : \"Allow\",\n    \
                        \"Principal\" : {\n      \"AWS\" : \"arn:aws:iam::123456789012:root\"\n    },\n    \"Action\" : \
                        \"secretsmanager:*\",\n    \"Resource\" : \"*\"\n  } ]\n}";
        assert_eq!(Node::parse(put).map(|node| node.written()).as_deref(), Some(recorded));
    }

    #[test]
    fn lists_of_texts_stay_on_their_line() {
        let node = Node::parse(r#"{"a":["x","y"],"b":[],"c":{}}"#).expect("it is JSON");
        assert_eq!(node.written(), "{\n  \"a\" : [ \"x\", \"y\" ],\n  \"b\" : [ ],\n  \"c\" : { }\n}");
    }

    #[test]
    fn a_member_that_stands_twice_is_no_document() {
        assert_eq!(Node::parse(r#"{"a":1,"a":2}"#), None);
    }
}
