//! What there is to be checked: the service model and the rule register.

use std::collections::BTreeMap;

use super::{Dimension, Item};
use crate::scenario::register::{Exempt, Register};
use crate::service::{Kind, ShapeId, shapes};

/// How ids of label transitions begin.
pub(super) const TRANSITION: &str = "Transition.";

/// Everything, nothing of it checked yet.
pub(super) fn items(register: &Register) -> BTreeMap<Dimension, Vec<Item>> {
    let mut items: BTreeMap<Dimension, Vec<Item>> =
        Dimension::ALL.into_iter().map(|dimension| (dimension, Vec::new())).collect();
    let mut add = |dimension, operation: &str, name: &str, exempt: Option<String>| {
        let item = Item { operation: operation.to_owned(), name: name.to_owned(), scenarios: 0, exempt };
        items.entry(dimension).or_default().push(item);
    };
    for operation in shapes().operations() {
        let exempt = |of: fn(&Exempt) -> Option<&String>, name: &str| {
            let mut entries = register.exempt().iter().filter(|entry| entry.is_of(&operation.name));
            entries
                .find(|entry| of(entry).is_some_and(|entry| entry == name))
                .map(|entry| entry.reason.clone())
        };
        add(Dimension::Operations, &operation.name, "", None);
        for path in paths(operation.input) {
            let why = exempt(|entry| entry.input.as_ref(), &path);
            add(Dimension::InputMembers, &operation.name, &path, why);
        }
        for path in operation.output.map(paths).unwrap_or_default() {
            let why = exempt(|entry| entry.output.as_ref(), &path);
            add(Dimension::OutputMembers, &operation.name, &path, why);
        }
        for code in &operation.errors {
            let why = exempt(|entry| entry.error.as_ref(), code);
            add(Dimension::Errors, &operation.name, code, why);
        }
    }
    for file in register.files() {
        for rule in &file.rules {
            let transition = rule.id.starts_with(TRANSITION);
            let dimension = if transition { Dimension::LabelTransitions } else { Dimension::Rules };
            add(dimension, &file.operation, &rule.id, rule.untestable.clone());
        }
    }
    items
}

/// The paths of all members below a structure: `Tags`, `Tags[].Key`.
fn paths(structure: ShapeId) -> Vec<String> {
    let mut found = Vec::new();
    below(structure, "", &mut found);
    found
}

fn below(id: ShapeId, at: &str, found: &mut Vec<String>) {
    match &shapes().shape(id).kind {
        Kind::Structure(members) => {
            for member in members {
                let path = if at.is_empty() { member.name.clone() } else { format!("{at}.{}", member.name) };
                found.push(path.clone());
                below(member.shape, &path, found);
            }
        }
        Kind::List { element, .. } => below(*element, &format!("{at}[]"), found),
        _ => {}
    }
}
