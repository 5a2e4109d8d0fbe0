//! A scenario as a tree that can be changed and written again. Comments are no part of it, and of a file with `cases`
//! every row is a tree of its own, with its values in place.

use std::collections::BTreeSet;
use std::rc::Rc;

use serde_json::Value;

use super::cases::{self, Budget, Filling};
use super::finding::Finding;
use super::load;
use super::node::{Node, NodeKind};
use super::source::{Findings, Source};
use super::yaml;
use crate::service::redact::Tree;

/// One scenario of a file, as a tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// Its id, with the case in brackets.
    pub id: String,
    /// All that the file says of it.
    pub root: Tree,
}

/// Reads a file as trees: one, or one for each case. That it is a scenario is [`parse`](super::parse)'s to say.
///
/// # Errors
/// What keeps the file from being read as YAML, and what is wrong with `cases`.
pub fn documents(path: &str, id: &str, bytes: &[u8]) -> Result<Vec<Document>, Vec<Finding>> {
    let text = load::text(path, bytes).map_err(|finding| vec![finding])?;
    let source = Source::new(text);
    let mut findings = Findings::default();
    let Some(root) = load::tree(text, &mut findings) else { return Err(findings.finish(path, &source)) };
    let mut found = Vec::new();
    match root.get("cases") {
        None => found.push(Document { id: id.to_owned(), root: tree(&root) }),
        Some(table) => {
            let rows = cases::read(table, &mut findings);
            let (mut used, mut budget): (BTreeSet<Rc<str>>, _) = (BTreeSet::new(), Budget::default());
            for (name, row) in rows.iter().flat_map(|cases| &cases.rows) {
                let filled = Filling::new(&mut findings, row, &mut used, &mut budget).fill(&root);
                found.push(Document { id: format!("{id}[{}]", name.text), root: tree(&filled) });
            }
        }
    }
    if findings.is_empty() { Ok(found) } else { Err(findings.finish(path, &source)) }
}

/// The keys of a file's `cases`; none where it has no cases, or is broken.
pub fn case_keys(bytes: &[u8]) -> BTreeSet<String> {
    let mut findings = Findings::default();
    let root = load::text("", bytes).ok().and_then(|text| load::tree(text, &mut findings));
    let cases = root.as_ref().and_then(|root| cases::read(root.get("cases")?, &mut findings));
    cases.into_iter().flat_map(|cases| cases.keys.into_keys()).map(|key| key.to_string()).collect()
}

fn tree(node: &Node) -> Tree {
    match &node.kind {
        NodeKind::Null(_) => Tree::Leaf(Value::Null),
        NodeKind::Bool(value, _) => Tree::Leaf(Value::Bool(*value)),
        NodeKind::Number(number, _) => Tree::Leaf(Value::Number(number.clone())),
        NodeKind::Text(text) => Tree::Leaf(Value::from(&**text)),
        NodeKind::List(entries) => Tree::List(entries.iter().map(tree).collect()),
        NodeKind::Map(entries) => {
            Tree::Map(entries.iter().map(|(key, value)| (key.text.to_string(), tree(value))).collect())
        }
    }
}

/// Writes a tree as a scenario file. Each line of `head` becomes a comment on top, below the line by which editors find
/// the schema, whose place is relative to the file's.
pub fn write(schema: &str, head: &[String], root: &Tree) -> String {
    let mut out = format!("# yaml-language-server: $schema={schema}\n");
    for line in head {
        out.push_str(format!("# {line}").trim_end());
        out.push('\n');
    }
    let Tree::Map(entries) = root else { return out };
    for (key, value) in entries {
        let Tree::List(steps) = value else {
            yaml::entry(&mut out, "", key, value);
            continue;
        };
        if key != "steps" {
            yaml::entry(&mut out, "", key, value);
            continue;
        }
        out.push_str("steps:\n");
        for (at, step) in steps.iter().enumerate() {
            if at > 0 {
                out.push('\n');
            }
            let Tree::Map(members) = step else { continue };
            for (at, (key, value)) in members.iter().enumerate() {
                yaml::entry(&mut out, if at == 0 { "  - " } else { "    " }, key, value);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::parse;

    #[test]
    fn a_case_is_a_scenario_of_its_own_when_it_is_written() {
        let text = "title: A name with ${what} is refused\nevidence: {kind: inferred, source: a test}\nversions: [v1]\n\
                    cases: {space: {what: a space, name: \"a b\"}, star: {what: a star, name: \"a*\"}}\nsteps:\n  \
                    - do: CreateSecret\n    with: {Name: \"${name}\", ClientRequestToken: \"${v1}\", SecretString: one}\n    \
                    fails: {code: ValidationException}\n";
        let found = documents("a.yaml", "a", text.as_bytes()).expect("it is YAML");
        assert_eq!(found.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["a[space]", "a[star]"]);
        let written = write("schema.json", &["From a[star].".to_owned()], &found[1].root);
        assert!(written.contains("\n# From a[star].\ntitle: A name with a star is refused\n"), "{written}");
        let parsed = parse("b.yaml", "b", written.as_bytes()).expect("it is a scenario");
        assert_eq!(parsed.len(), 1);
        assert!(written.contains("Name: \"a*\""), "{written}");
    }
}
