//! The JSON Schema of scenario files: it takes every file of the catalogue, refuses what the parser refuses, and has a
//! text for every word.

use std::fs;
use std::path::{Path, PathBuf};

use jsonschema::{Draft, JSONSchema};
use serde_json::{Value, json};
use smcheck::scenario::json_schema;

/// Editors load the file at every start.
const LARGEST: usize = 500_000;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn validator(schema: &Value) -> JSONSchema {
    let mut options = JSONSchema::options();
    options.with_draft(Draft::Draft202012).compile(schema).expect("the schema is one")
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|end| end == "yaml") {
            found.push(path);
        }
    }
}

fn yaml(text: &str) -> Value {
    serde_yaml::from_str(text).expect("it is YAML")
}

#[test]
fn it_takes_every_scenario_of_the_catalogue() {
    let schema = json_schema();
    let validator = validator(&schema);
    let mut paths = Vec::new();
    files(&root().join("scenarios"), &mut paths);
    assert!(paths.len() > 300, "{}", paths.len());
    let mut bad = Vec::new();
    for path in paths {
        let text = fs::read_to_string(&path).expect("it can be read");
        if let Err(found) = validator.validate(&yaml(&text)) {
            let first = found.map(|one| format!("{} at {}", one, one.instance_path)).next();
            bad.push(format!(
                "{}: {}",
                path.display(),
                first.unwrap_or_default().chars().take(300).collect::<String>()
            ));
        }
    }
    assert!(bad.is_empty(), "{} files:\n{}", bad.len(), bad.join("\n"));
}

const RIGHT: &str = "title: t\nevidence: {kind: aws-docs, source: s}\nsecrets: [db]\nsteps:\n  - do: GetSecretValue\n    with: {SecretId: \"${db}\"}\n    fails: {code: ResourceNotFoundException}\n";

#[test]
fn it_refuses_what_is_wrong() {
    let schema = json_schema();
    let validator = validator(&schema);
    assert!(validator.is_valid(&yaml(RIGHT)));
    for (from, to) in [
        ("title: t\n", ""),
        ("kind: aws-docs", "kind: aws-doc"),
        ("do: GetSecretValue", "do: GetSecretValu"),
        ("SecretId:", "SecretID:"),
        ("code: ResourceNotFoundException", "code: MalformedPolicyDocumentException"),
        ("code: ResourceNotFoundException", "cod: ResourceNotFoundException"),
        ("secrets: [db]", "needs: [lambda]"),
        ("SecretId: \"${db}\"", "SecretId: [a]"),
    ] {
        let text = RIGHT.replace(from, to);
        assert_ne!(text, RIGHT, "{from}");
        assert!(!validator.is_valid(&yaml(&text)), "{text}");
    }
    // Another operation declares that code.
    let policy = RIGHT
        .replace("do: GetSecretValue", "do: PutResourcePolicy")
        .replace("SecretId: \"${db}\"", "SecretId: \"${db}\", ResourcePolicy: \"{}\"")
        .replace("ResourceNotFoundException", "MalformedPolicyDocumentException");
    assert!(validator.is_valid(&yaml(&policy)), "{policy}");
}

/// Walks all schemas of the schema, and says where a word has no text.
fn without_text(schema: &Value, place: &str, bad: &mut Vec<String>) {
    let said = |value: &Value, key: &str| value[key].as_str().is_some_and(|text| !text.trim().is_empty());
    match schema {
        Value::Object(map) => {
            for (name, property) in map.get("properties").and_then(Value::as_object).into_iter().flatten() {
                for key in ["description", "markdownDescription"] {
                    if !said(property, key) {
                        bad.push(format!("{place}/{name} has no {key}"));
                    }
                }
            }
            for (key, value) in map {
                // A condition is no word that an editor shows.
                if key != "if" {
                    without_text(value, &format!("{place}/{key}"), bad);
                }
            }
            if let Some(words) = map.get("enumDescriptions").and_then(Value::as_array) {
                let all = map["enum"].as_array().map_or(0, Vec::len);
                if words.len() != all || words.iter().any(|word| word.as_str().is_none_or(str::is_empty)) {
                    bad.push(format!("{place}: a value of {} has no text", map["enum"]));
                }
            }
        }
        Value::Array(list) => {
            for (at, value) in list.iter().enumerate() {
                without_text(value, &format!("{place}/{at}"), bad);
            }
        }
        _ => {}
    }
}

#[test]
fn every_word_has_a_text_for_editors() {
    let schema = json_schema();
    let mut bad = Vec::new();
    without_text(&schema, "", &mut bad);
    assert!(bad.is_empty(), "{}", bad.join("\n"));
    // The walk sees what is missing.
    let mut seen = Vec::new();
    without_text(&json!({"properties": {"a": {"description": "x"}}}), "", &mut seen);
    assert_eq!(seen, ["/a has no markdownDescription"]);
    let words = ["kind", "needs", "sign"];
    let text = schema.to_string();
    for word in words {
        assert!(text.contains(&format!("\"{word}\"")), "{word}");
    }
    for (def, path) in [("evidence", "/properties/kind/anyOf/0"), ("raw", "/properties/sign/anyOf/0")] {
        let list = schema["$defs"][def].pointer(path).expect("the list is there");
        assert!(list["enumDescriptions"].is_array(), "{list}");
    }
}

#[test]
fn it_is_small_enough_to_be_loaded_by_editors() {
    let text = format!("{:#}\n", json_schema());
    assert!(text.len() < LARGEST, "{} bytes", text.len());
}
