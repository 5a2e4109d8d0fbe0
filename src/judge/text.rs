//! Values as lines of text, one fact a line: the form of an observation.

use std::fmt::Write as _;

use serde_json::Value;

use crate::service::redact::Tree;

/// Appends the members of a tree, indented.
pub(crate) fn write_tree(out: &mut String, indent: usize, tree: &Tree) {
    match tree {
        Tree::Map(members) if members.is_empty() => line(out, indent, "{}"),
        Tree::List(entries) if entries.is_empty() => line(out, indent, "[]"),
        Tree::Leaf(value) => line(out, indent, &scalar(value)),
        Tree::Map(members) => {
            for (key, tree) in members {
                match inline(tree) {
                    Some(text) => line(out, indent, &format!("{key}: {text}")),
                    None => {
                        line(out, indent, &format!("{key}:"));
                        write_tree(out, indent + 2, tree);
                    }
                }
            }
        }
        Tree::List(entries) => {
            for entry in entries {
                let mut inner = String::new();
                write_tree(&mut inner, indent + 2, entry);
                // The first line of the entry carries the hyphen.
                let rest = inner.get(indent + 2..).unwrap_or_default();
                let _ = write!(out, "{:indent$}- {rest}", "");
            }
        }
    }
}

/// Appends one line.
pub(crate) fn line(out: &mut String, indent: usize, text: &str) {
    let _ = writeln!(out, "{:indent$}{text}", "");
}

fn inline(tree: &Tree) -> Option<String> {
    match tree {
        Tree::Leaf(value) => Some(scalar(value)),
        Tree::List(entries) if entries.is_empty() => Some("[]".to_owned()),
        Tree::Map(members) if members.is_empty() => Some("{}".to_owned()),
        Tree::List(_) | Tree::Map(_) => None,
    }
}

/// A scalar as it stands in a line: a string bare, unless it could be taken for something else.
pub(crate) fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) if is_plain(text) => text.clone(),
        other => other.to_string(),
    }
}

fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && text.trim() == text
        && !text.chars().any(char::is_control)
        && !text.starts_with(['"', '{', '['])
        && !text.starts_with("- ")
        && serde_json::from_str::<Value>(text).is_err()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_tree_is_one_fact_a_line_and_types_show() {
        let leaf = |value| Tree::Leaf(value);
        let entry = |key: &str, value: &str| {
            Tree::Map(vec![("Key".into(), leaf(json!(key))), ("Value".into(), leaf(json!(value)))])
        };
        let tree = Tree::Map(vec![
            ("Name".into(), leaf(json!("${db}"))),
            ("Count".into(), leaf(json!(1))),
            ("Text".into(), leaf(json!("1"))),
            ("Lines".into(), leaf(json!("a\nb"))),
            ("Tags".into(), Tree::List(vec![entry("a", "x"), entry("b", "")])),
            ("None".into(), Tree::List(vec![])),
            ("Labels".into(), Tree::List(vec![leaf(json!("A")), leaf(json!("B"))])),
        ]);
        let mut out = String::new();
        write_tree(&mut out, 2, &tree);
        assert_eq!(
            out,
            "  Name: ${db}\n  Count: 1\n  Text: \"1\"\n  Lines: \"a\\nb\"\n  Tags:\n    - Key: a\n      Value: x\n    \
             - Key: b\n      Value: \"\"\n  None: []\n  Labels:\n    - A\n    - B\n"
        );
    }
}
