//! A table of rows that turns one file into one scenario per row.

use super::node::{Node, NodeKind};

/// Puts a row's values in the place of `${key}` everywhere in a value. A string that is just `${key}` becomes the
/// row's value, whatever it is; inside a longer string a scalar is inserted as text.
pub(super) fn substitute(node: &Node, row: &[(Node, Node)]) -> Node {
    let kind = match &node.kind {
        NodeKind::Text(text) => return substitute_text(node, text, row),
        NodeKind::List(list) => NodeKind::List(list.iter().map(|entry| substitute(entry, row)).collect()),
        NodeKind::Map(entries) => NodeKind::Map(
            entries.iter().map(|(key, value)| (substitute(key, row), substitute(value, row))).collect(),
        ),
        other => other.clone(),
    };
    Node { kind, ..*node }
}

fn substitute_text(node: &Node, text: &str, row: &[(Node, Node)]) -> Node {
    if !text.contains("${") {
        return node.clone();
    }
    for (key, value) in row {
        let Some(name) = key.text() else { continue };
        if text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) == Some(name) {
            // Findings point to where the value is used, which is where the rule stands that it breaks.
            return Node { place: node.place, width: node.width, kind: value.kind.clone() };
        }
    }
    let mut text = text.to_owned();
    for (key, value) in row {
        if let (Some(name), Some(inserted)) = (key.text(), value.scalar_text()) {
            text = text.replace(&format!("${{{name}}}"), &inserted);
        }
    }
    Node { kind: NodeKind::Text(text), ..*node }
}

/// Whether a value uses `${key}` anywhere.
pub(super) fn uses(node: &Node, key: &str) -> bool {
    match &node.kind {
        NodeKind::Text(text) => text.contains(&format!("${{{key}}}")),
        NodeKind::List(list) => list.iter().any(|entry| uses(entry, key)),
        NodeKind::Map(entries) => entries.iter().any(|(name, value)| uses(name, key) || uses(value, key)),
        _ => false,
    }
}
