//! Bad files and what is said about them: each `tests/bad/NAME.yaml` has its findings in `NAME.txt`.
//!
//! `UPDATE=1 cargo test --test bad_files` writes the expected findings anew; read them before committing.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use proptest::prelude::*;
use smcheck::scenario::{Finding, LintOptions, lint, parse};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad")
}

fn bad_files() -> Vec<PathBuf> {
    let entries = fs::read_dir(folder()).expect("tests/bad is there");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("it can be read").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    files
}

fn findings(name: &str, bytes: &[u8]) -> Vec<Finding> {
    parse(&format!("tests/bad/{name}.yaml"), name, bytes).err().unwrap_or_default()
}

fn shown(findings: &[Finding]) -> String {
    findings.iter().fold(String::new(), |mut text, finding| {
        let _ = writeln!(text, "{finding}\n");
        text
    })
}

#[test]
fn every_bad_file_gives_its_findings() {
    let files = bad_files();
    assert!(files.len() >= 25, "only {} bad files", files.len());
    let update = std::env::var_os("UPDATE").is_some();
    let mut wrong = Vec::new();
    for path in files {
        let name = path.file_stem().and_then(|stem| stem.to_str()).expect("the names are plain").to_owned();
        let found = shown(&findings(&name, &fs::read(&path).expect("it can be read")));
        let expected = path.with_extension("txt");
        if update {
            fs::write(&expected, &found).expect("it can be written");
        }
        let wanted = fs::read_to_string(&expected).unwrap_or_default();
        if found.is_empty() || found != wanted {
            wrong.push(format!("{name}:\n{found}\ninstead of\n{wanted}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_expectation_belongs_to_a_file() {
    for entry in fs::read_dir(folder()).expect("tests/bad is there") {
        let path = entry.expect("it can be read").path();
        assert!(path.with_extension("yaml").exists(), "{} has no file", path.display());
    }
}

#[test]
fn six_mistakes_are_six_findings() {
    let bytes = fs::read(folder().join("six-mistakes.yaml")).expect("it is there");
    let found = findings("six-mistakes", &bytes);
    assert_eq!(found.len(), 6, "{}", shown(&found));
    assert!(found.iter().all(|f| f.place.line > 0 && f.place.column > 0 && !f.source_line.is_empty()));
}

#[test]
fn messages_read_well() {
    let is_name = |word: &str| smcheck::service::shapes().operation(word).is_some() || word == "JSON";
    for path in bad_files() {
        for finding in findings("x", &fs::read(&path).expect("it can be read")) {
            let message = &finding.message;
            let first = message.split(' ').next().expect("it says something");
            let begins = first.starts_with(|c: char| c == '`' || c.is_lowercase());
            assert!(begins || is_name(first), "{message}");
            assert!(!message.ends_with('.'), "{message}");
            assert!(
                finding.hint.is_none_or(|hint| !hint.ends_with('.') || hint.ends_with("...")),
                "{message}"
            );
        }
    }
}

/// A file that is meant to hurt ends in one finding, quickly. The limit is far over what it takes even on a busy
/// machine without optimisation, and far under what the file would take if it were read.
fn refused(bytes: &[u8], reason: &str) -> Finding {
    let begun = Instant::now();
    let mut found = findings("hostile", bytes);
    let took = begun.elapsed();
    assert!(took.as_secs() < 5, "{reason}: {took:?}");
    assert_eq!(found.len(), 1, "{}", shown(&found));
    let finding = found.remove(0);
    assert!(finding.message.contains(reason), "{finding}");
    assert!(finding.to_string().len() < 1_000, "{finding}");
    finding
}

#[test]
fn ten_megabytes_are_refused() {
    let mut text = "title: long\nnote: ".to_owned();
    text.push_str(&"x".repeat(10 << 20));
    assert_eq!(refused(text.as_bytes(), "larger than 1 MiB").place.line, 0);
}

#[test]
fn an_alias_bomb_is_refused() {
    let mut text = "title: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..30 {
        let below = vec![format!("*a{}", level - 1); 10].join(", ");
        let _ = writeln!(text, "k{level}: &a{level} [{below}]");
    }
    let finding = refused(text.as_bytes(), "aliases stand for more than 10000 values");
    assert_eq!(finding.place.line, 4);
}

#[test]
fn long_text_behind_aliases_is_refused() {
    let long = "y".repeat(100_000);
    let aliases = vec!["*a"; 1_000].join(", ");
    refused(format!("title: &a {long}\nnote: [{aliases}]\n").as_bytes(), "aliases stand for");
}

#[test]
fn ten_thousand_nested_lists_are_refused() {
    for (open, close) in [("[", "]"), ("{a: ", "}"), ("- ", "")] {
        let text = format!("{}x{}", open.repeat(10_000), close.repeat(10_000));
        refused(text.as_bytes(), "deeper than 64 levels");
    }
    let lines: String = (0..1_000).fold(String::new(), |mut text, level| {
        let _ = writeln!(text, "{}a:", " ".repeat(level));
        text
    });
    refused(lines.as_bytes(), "deeper than 64 levels");
}

#[test]
fn an_alias_inside_itself_is_refused() {
    refused(b"title: &a [*a]\n", "inside what it stands for");
}

#[test]
fn an_alias_cannot_dig_deeper_than_the_limit() {
    let text = format!(
        "title: &a {}x{}\nnote: {}*a{}\n",
        "[".repeat(40),
        "]".repeat(40),
        "[".repeat(40),
        "]".repeat(40)
    );
    refused(text.as_bytes(), "deeper than 64 levels");
}

#[test]
fn too_many_values_are_refused() {
    refused(format!("note: [{}]\n", "a,".repeat(400_000)).as_bytes(), "more than 100000 values");
}

#[test]
fn invalid_utf_8_is_refused_with_its_place() {
    let finding = refused(b"title: one\nnote: \xc3\xa9\xff here\n", "no valid UTF-8");
    assert_eq!((finding.place.line, finding.place.column), (2, 8));
    assert_eq!(refused(b"\xff", "no valid UTF-8").place.line, 1);
    assert_eq!(refused(b"a\n\xff", "no valid UTF-8").place.line, 2);
}

#[test]
fn rows_that_multiply_are_refused() {
    let mut text = "title: ${a}${a}\nevidence: {kind: inferred, source: s}\ncases:\n".to_owned();
    for row in 0..3_000 {
        let _ = writeln!(text, "  r{row}: {{a: b}}");
    }
    text.push_str("steps:\n");
    for _ in 0..60 {
        text.push_str("  - {do: GetRandomPassword, note: '${a}'}\n");
    }
    refused(text.as_bytes(), "all cases together");

    let long = "z".repeat(300_000);
    let many = "${a}".repeat(10_000);
    let text = format!(
        "title: t\nevidence: {{kind: inferred, source: s}}\ncases:\n  r: {{a: {long}}}\nnote: '{many}'\nsteps:\n  - do: GetRandomPassword\n"
    );
    refused(text.as_bytes(), "all cases together");
}

#[test]
fn a_flood_of_findings_ends() {
    let text = format!(
        "title: t\nevidence: {{kind: inferred, source: s}}\nsteps:\n{}",
        "  - {dont: x}\n".repeat(20_000)
    );
    let found = findings("flood", text.as_bytes());
    assert!(found.len() <= 201, "{}", found.len());
}

#[test]
fn the_schema_comment_is_asked_for_only_where_it_is_wanted() {
    let text = "title: t\nevidence: {kind: inferred, source: s}\nsteps:\n  - do: GetRandomPassword\n";
    let asked = LintOptions { schema_comment: true };
    assert!(lint("p", "a/b", text.as_bytes(), LintOptions::default()).is_empty());
    let found = lint("p", "a/b", text.as_bytes(), asked);
    assert_eq!(found.len(), 1);
    assert!(found[0].hint.as_deref().is_some_and(|hint| hint.contains("$schema=../schema.json")));
    let with = format!("# yaml-language-server: $schema=../schema.json\n{text}");
    assert!(lint("p", "a/b", with.as_bytes(), asked).is_empty());
    assert!(!lint("p", "b", with.as_bytes(), asked).is_empty());
}

/// Files to mutate: the bad ones, and the examples of the reference.
fn seeds() -> Vec<String> {
    let mut seeds: Vec<String> =
        bad_files().iter().map(|path| fs::read_to_string(path).expect("it can be read")).collect();
    let page = include_str!("../docs/language.md");
    seeds.extend(
        page.split("```yaml\n").skip(1).filter_map(|part| part.split("```").next()).map(str::to_owned),
    );
    seeds
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_end_in_findings(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Err(found) = parse("p", "p", &bytes) {
            prop_assert!(!found.is_empty());
            prop_assert!(!shown(&found).is_empty());
        }
    }

    #[test]
    fn any_text_of_yaml_signs_ends_in_findings(text in r##"[-\[\]{}:,&*!|>'"#%@`?$ \n\tab0.~é]{0,120}"##) {
        if let Err(found) = parse("p", "p", text.as_bytes()) {
            prop_assert!(!shown(&found).is_empty());
        }
    }

    #[test]
    fn any_mutated_file_ends_well(
        seed in proptest::sample::select(seeds()),
        cuts in proptest::collection::vec((any::<proptest::sample::Index>(), 0usize..12, r##"[-\[\]{}:,&*!|'"#$ \nab0~]{0,4}"##), 1..4),
    ) {
        let mut chars: Vec<char> = seed.chars().collect();
        for (at, length, insert) in cuts {
            let at = at.index(chars.len() + 1);
            let end = (at + length).min(chars.len());
            chars.splice(at..end, insert.chars());
        }
        let text: String = chars.into_iter().collect();
        match parse("p", "p", text.as_bytes()) {
            Ok(scenarios) => prop_assert!(!scenarios.is_empty()),
            Err(found) => prop_assert!(!shown(&found).is_empty()),
        }
    }
}
