//! Declarations that nothing uses any more: lint refuses them, so they go with what used them.

use serde_json::Value;

use crate::service::redact::Tree;

/// The same without secrets and versions that nothing mentions, and without keys that hold nothing.
pub(super) fn tidy(root: Tree) -> Tree {
    let Tree::Map(mut entries) = root else { return root };
    let rest: Vec<(String, Tree)> =
        entries.iter().filter(|(key, _)| key != "secrets" && key != "versions").cloned().collect();
    let used = |name: &str| rest.iter().any(|(_, value)| mentions(value, name));
    for (key, value) in &mut entries {
        match (key.as_str(), value) {
            ("secrets" | "versions", Tree::List(names)) => {
                names.retain(|name| matches!(name, Tree::Leaf(Value::String(name)) if used(name)));
            }
            ("secrets", Tree::Map(shaped)) => shaped.retain(|(name, _)| used(name)),
            ("steps", Tree::List(steps)) => steps.iter_mut().for_each(without_nothing),
            _ => {}
        }
    }
    entries.retain(|(key, value)| key == "steps" || !is_empty(value));
    Tree::Map(entries)
}

fn without_nothing(step: &mut Tree) {
    if let Tree::Map(members) = step {
        members.retain(|(key, value)| !(key == "save" && is_empty(value)));
    }
}

fn is_empty(value: &Tree) -> bool {
    match value {
        Tree::List(entries) => entries.is_empty(),
        Tree::Map(entries) => entries.is_empty(),
        Tree::Leaf(_) => false,
    }
}

/// Whether a name is used anywhere: as a template, or as a word of its own, which more is than need be.
fn mentions(tree: &Tree, name: &str) -> bool {
    match tree {
        Tree::Leaf(Value::String(text)) => named(text, name),
        Tree::Leaf(_) => false,
        Tree::List(entries) => entries.iter().any(|entry| mentions(entry, name)),
        Tree::Map(entries) => entries.iter().any(|(key, value)| named(key, name) || mentions(value, name)),
    }
}

fn named(text: &str, name: &str) -> bool {
    text == name || text.contains(&format!("${{{name}}}")) || text.contains(&format!("${{{name}."))
}
