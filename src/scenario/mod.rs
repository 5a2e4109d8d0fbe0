//! The scenario language: reading files with source positions, templates, matchers, lint.
//!
//! A file goes through these in order: `load` makes a tree of its bytes and keeps hostile ones out, `cases` makes
//! one tree for each row, `read` makes a [`Scenario`] of a tree and collects every [`Finding`] on the way.
//! [`evaluate`] holds a response against a [`Matcher`]; waiting and judging share it. `words` is the table of all
//! words of the language, with [`schema`] for editors made from it. [`register`] holds the rules that scenarios name,
//! [`coverage`] counts what they check.

mod assign;
pub mod ast;
mod cases;
pub mod coverage;
mod describe;
mod evaluate;
pub mod finding;
mod hover;
pub mod lint;
mod load;
pub mod matcher;
#[cfg(test)]
mod matcher_tests;
pub mod nearest;
mod node;
mod read;
pub mod register;
pub mod schema;
mod source;
pub mod template;
mod units;
mod words;

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use sha2::{Digest, Sha256};

pub use ast::*;
pub use evaluate::evaluate;
pub use finding::Finding;
pub use lint::{LintOptions, lint};
pub use load::FILE_MAX;
pub use matcher::{Context, Evaluation, Matcher, Mismatch, MismatchKind};
pub use schema::json_schema;
pub use template::{Template, Unbound, Variables};
pub use units::span_text;

use cases::{Budget, Filling};
use node::Node;
use read::{Origin, Reader};
use source::{Findings, Source};

/// Reads one file: all its scenarios (one, or one for each case), or everything that is wrong with it.
///
/// `path` is how findings name the file, `id` the scenario's id without a case.
///
/// # Errors
/// All findings of the file, in the order of their places.
pub fn parse(path: &str, id: &str, bytes: &[u8]) -> Result<Vec<Scenario>, Vec<Finding>> {
    let text = load::text(path, bytes).map_err(|finding| vec![finding])?;
    let source = Source::new(text);
    let mut findings = Findings::default();
    let Some(root) = load::tree(text, &mut findings) else {
        return Err(findings.finish(path, &source));
    };
    let hash = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let (shared_path, hash) = (Arc::from(path), Arc::from(hash));
    let mut reader = Reader::new(&source, findings);
    let origin = |case: Option<&node::Key>| Origin {
        id: case.map_or_else(|| id.to_owned(), |case| format!("{id}[{}]", case.text)),
        path: &shared_path,
        hash: &hash,
        case: case.map(|case| case.span),
    };
    let scenarios = match root.get("cases") {
        Some(table) => rows(&root, table, &mut reader, origin),
        None => reader.scenario(&root, origin(None)).into_iter().collect(),
    };
    reader.report_unused();
    if reader.findings.is_empty() { Ok(scenarios) } else { Err(reader.findings.finish(path, &source)) }
}

/// One scenario for each row of `cases`.
fn rows<'o>(
    root: &Node,
    table: &Node,
    reader: &mut Reader<'_>,
    origin: impl Fn(Option<&node::Key>) -> Origin<'o>,
) -> Vec<Scenario> {
    let Some(cases) = cases::read(table, &mut reader.findings) else {
        // The rest of the file is read all the same, to find what else is wrong with it.
        let empty = Default::default();
        reader.any_variable = true;
        let (mut used, mut budget) = (BTreeSet::new(), Budget::default());
        let root = Filling::new(&mut reader.findings, &empty, &mut used, &mut budget).fill(root);
        reader.scenario(&root, origin(None));
        return Vec::new();
    };
    let mut used: BTreeSet<Rc<str>> = BTreeSet::new();
    let mut budget = Budget::default();
    let mut scenarios = Vec::with_capacity(cases.rows.len());
    for (name, row) in &cases.rows {
        let filled = Filling::new(&mut reader.findings, row, &mut used, &mut budget).fill(root);
        if budget.spent() || reader.findings.full() {
            break;
        }
        reader.any_variable = row.len() < cases.keys.len();
        scenarios.extend(reader.scenario(&filled, origin(Some(name))));
    }
    for (key, span) in &cases.keys {
        reader.declare_case_key(key, *span, used.contains(key));
    }
    scenarios
}
