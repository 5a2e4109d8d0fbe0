//! The scenario language: reading files with source positions, templates, matchers, lint.

pub mod ast;
mod cases;
mod complain;
mod convert;
mod duration;
mod eval;
pub mod finding;
pub mod matcher;
pub mod nearest;
mod node;
pub mod template;
mod values;

pub use ast::*;
pub use eval::evaluate;
pub use finding::Finding;
pub use matcher::{Context, Evaluation, Matcher, Mismatch, MismatchKind};
pub use node::FILE_MAX;
pub use template::{Template, Unbound, Variables};

use sha2::{Digest, Sha256};

/// Reads one file: all its scenarios (one, or one for each case), or everything that is wrong with it.
///
/// `path` is how findings name the file, `id` the scenario's id without a case.
///
/// # Errors
/// All findings of the file, in the order of their places.
pub fn parse(path: &str, id: &str, bytes: &[u8]) -> Result<Vec<Scenario>, Vec<Finding>> {
    let text = node::decode(path, bytes).map_err(|f| vec![f])?;
    let source = node::Source::new(path, text);
    let mut findings = Vec::new();
    let Some(root) = node::read(&source, &mut findings) else { return Err(findings) };
    let hash: String = Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect();
    let mut complaints = complain::Complaints::new(&source);
    let mut all = Vec::new();
    match root.get("cases").and_then(node::Node::entries) {
        None => all.extend(convert::scenario(&root, path, id, &hash, &mut complaints)),
        Some(rows) => {
            for (name, row) in rows {
                let root = cases::substitute(&root, row.entries().unwrap_or_default());
                let id = format!("{id}[{}]", name.scalar_text().unwrap_or_default());
                all.extend(convert::scenario(&root, path, &id, &hash, &mut complaints));
            }
        }
    }
    findings.extend(complaints.finish());
    if findings.is_empty() { Ok(all) } else { Err(findings) }
}

/// Temporary.
pub fn json_schema() -> serde_json::Value {
    serde_json::Value::Null
}
