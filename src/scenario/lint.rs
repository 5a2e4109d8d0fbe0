//! What a file must have beyond being a scenario.

use super::ast::Place;
use super::finding::Finding;
use super::parse;

/// What is asked of a file beyond the language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LintOptions {
    /// Whether the first line must name the schema for editors, as in the catalogue.
    pub schema_comment: bool,
}

/// Everything that is wrong with a file, in the order of places.
pub fn lint(path: &str, id: &str, bytes: &[u8], options: LintOptions) -> Vec<Finding> {
    let mut findings = parse(path, id, bytes).err().unwrap_or_default();
    if options.schema_comment {
        findings.extend(schema_comment(path, id, bytes));
    }
    findings.sort_by_key(|finding| finding.place);
    findings
}

/// The line with which an editor finds the schema: it lies in the scenarios' folder, so the way there depends on
/// how deep the file is.
pub fn schema_line(id: &str) -> String {
    let up = "../".repeat(id.matches('/').count());
    let up = if up.is_empty() { "./" } else { &up };
    format!("# yaml-language-server: $schema={up}schema.json")
}

fn schema_comment(path: &str, id: &str, bytes: &[u8]) -> Option<Finding> {
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let first: String = String::from_utf8_lossy(first).trim_end().chars().take(200).collect();
    let wanted = schema_line(id);
    (first != wanted).then(|| Finding {
        path: path.to_owned(),
        place: Place { line: 1, column: 1 },
        message: "the first line does not name the schema".to_owned(),
        hint: Some(format!("write `{wanted}`")),
        width: first.chars().count().max(1),
        source_line: first,
    })
}
