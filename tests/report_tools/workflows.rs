//! The workflows under docs/ci do what they say.

use std::path::Path;

use serde_json::Value;
use smcheck::report::json;

use super::made::{asks, code, read, some};
use super::program::{said, smcheck};

/// The commands of a workflow, and whether it is what the service reads.
fn commands(file: &str) -> Vec<Vec<String>> {
    let text = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ci").join(file));
    let value: serde_json::Value = serde_yaml::from_str(&text).expect("it is YAML");
    let mut found = Vec::new();
    strings(&value, &mut found);
    let filled = |line: &str| {
        let line = line
            .replace("${{ matrix.part }}", "2")
            .replace("$CI_NODE_INDEX", "2")
            .replace("$CI_NODE_TOTAL", "4");
        line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    found.iter().filter(|text| text.starts_with("smcheck ")).map(|line| filled(line)).collect()
}

fn strings(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(entries) => entries.iter().for_each(|entry| strings(entry, found)),
        Value::Object(members) => members.values().for_each(|entry| strings(entry, found)),
        _ => {}
    }
}

#[test]
fn the_example_workflows_do_what_they_say() {
    for file in ["github.yml", "gitlab-ci.yml"] {
        let here = some();
        let commands = commands(file);
        assert_eq!(commands.len(), 2, "{file}: a part, and the merge: {commands:?}");
        std::fs::write(here.path().join("scenarios/a/more.yaml"), asks("More", "ResourceNotFoundException"))
            .expect("it can be written");
        for command in &commands {
            let words: Vec<&str> = command.iter().skip(1).map(String::as_str).collect();
            let words: Vec<String> = words.iter().map(|word| word.replace("emulator", "embedded")).collect();
            // The other parts of the matrix: the same line with another number.
            let parts = if words[0] == "run" { 1..=4 } else { 1..=1 };
            for part in parts {
                let line: Vec<String> = words
                    .iter()
                    .map(|word| match words[0].as_str() {
                        "run" => word
                            .replace("part-2", &format!("part-{part}"))
                            .replace(":2/4", &format!(":{part}/4")),
                        _ => word.clone(),
                    })
                    .map(|word| word.replace("hash:", "slice:"))
                    .collect();
                let run = smcheck(here.path(), &line.iter().map(String::as_str).collect::<Vec<_>>());
                assert!(code(&run) <= 1, "{line:?}: {}", said(&run));
            }
        }
        assert!(json::read(&read(&here.path().join("report.json"))).is_ok(), "{file}");
    }
}
