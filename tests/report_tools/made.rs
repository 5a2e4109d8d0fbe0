//! Folders with scenarios that end in every way, and what was written there.

use std::path::Path;
use std::process::Output;

pub(super) fn code(output: &Output) -> i32 {
    output.status.code().expect("it ended by itself")
}

pub(super) fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

/// A scenario that asks for a secret that is not there, and expects this code.
pub(super) fn asks(title: &str, expected: &str) -> String {
    format!(
        "title: {title}\n\
         evidence: {{kind: aws-docs, source: \"API reference, GetSecretValue\"}}\n\
         secrets: [db]\n\
         steps:\n\
         \x20 - do: GetSecretValue\n\
         \x20   with: {{SecretId: \"${{db}}\"}}\n\
         \x20   fails: {{code: {expected}}}\n"
    )
}

pub(super) const CASES: &str = "\
title: Whatever is asked for is not there
evidence: {kind: aws-docs, source: \"API reference\"}
secrets: [db]
cases:
  right: {expected: ResourceNotFoundException}
  wrong: {expected: InvalidRequestException}
steps:
  - do: DescribeSecret
    with: {SecretId: \"${db}\"}
    fails: {code: ResourceNotFoundException}
  - do: GetSecretValue
    with: {SecretId: \"${db}\"}
    fails: {code: \"${expected}\"}
";

pub(super) const SKIPPED: &str = "\
title: Needs what nobody has
evidence: {kind: aws-docs, source: \"API reference\"}
needs: [iam]
secrets: [db]
steps:
  - do: GetSecretValue
    with: {SecretId: \"${db}\"}
    fails: {code: ResourceNotFoundException}
";

/// A folder with scenarios, by id.
pub(super) fn folder(scenarios: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    for (id, text) in scenarios {
        let path = folder.path().join(format!("scenarios/{id}.yaml"));
        std::fs::create_dir_all(path.parent().expect("it has a folder")).expect("it can be made");
        std::fs::write(path, text).expect("it can be written");
    }
    folder
}

pub(super) fn some() -> tempfile::TempDir {
    folder(&[
        ("a/right", &asks("It is not there", "ResourceNotFoundException")),
        ("a/wrong", &asks("It is said to be there", "InvalidRequestException")),
        ("b/cases", CASES),
        ("b/skipped", SKIPPED),
    ])
}
