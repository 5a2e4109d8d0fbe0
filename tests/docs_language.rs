//! The reference of the language, docs/language.md: every example is run on the embedded reference, and every word of
//! the language has one.
//!
//! An example is a block with the info string `yaml scenario`, and must pass. One with `yaml scenario fails` must fail,
//! and one with `yaml broken` must not parse; the block `text` that follows shows what is said, with `…` for what may be
//! anything. `UPDATE=1 cargo test --test docs_language` writes what is said now.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use smcheck::judge::{JudgeOptions, Status, assemble, judge};
use smcheck::run::{Names, stop};
use smcheck::scenario::{self, EvidenceKind, Need, Scenario};
use smcheck::suite::{Opened, Refuse, RunOptions, execute_one, today};
use smcheck::target::{Config, resolve};

const PATH: &str = "docs/language.md";

/// What is to come of an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    Passes,
    Fails,
    Broken,
}

/// An example of the page.
#[derive(Debug)]
struct Example {
    /// The line of its first line of text, counted from 1.
    line: usize,
    expected: Expected,
    text: String,
    /// What the page says of it: the lines from and up to but without, counted from 0, and their text.
    said: Option<(usize, usize, String)>,
}

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PATH);
    std::fs::read_to_string(path).expect("the page is there")
}

fn examples(page: &str) -> Vec<Example> {
    let lines: Vec<&str> = page.lines().collect();
    let mut found: Vec<Example> = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let Some(info) = lines[at].strip_prefix("```") else {
            at += 1;
            continue;
        };
        let begin = at + 1;
        let end = (begin..lines.len()).find(|at| lines[*at] == "```").expect("every block ends");
        let text = lines[begin..end].iter().fold(String::new(), |text, line| text + line + "\n");
        let expected = match info {
            "yaml scenario" => Some(Expected::Passes),
            "yaml scenario fails" => Some(Expected::Fails),
            "yaml broken" => Some(Expected::Broken),
            _ => None,
        };
        if let Some(expected) = expected {
            found.push(Example { line: begin + 1, expected, text, said: None });
        } else if let ("text", Some(last)) = (info, found.last_mut())
            && last.said.is_none()
            && last.expected != Expected::Passes
        {
            last.said = Some((begin, end, text));
        } else {
            assert!(!info.starts_with("yaml"), "{PATH}:{}: a block of YAML that is no example", at + 1);
        }
        at = end + 1;
    }
    found
}

/// What is wrong with a broken example, as `smcheck lint` says it.
fn findings(example: &Example) -> Result<Vec<Arc<Scenario>>, String> {
    match scenario::parse("example.yaml", "example", example.text.as_bytes()) {
        Ok(scenarios) => Ok(scenarios.into_iter().map(Arc::new).collect()),
        Err(found) => Err(found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    }
}

/// What differs, a line each: step, operation, kind, path, and what was there instead.
fn run_all(scenarios: &[Arc<Scenario>]) -> Vec<(Status, String)> {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    runtime.block_on(async {
        let config = Config::default();
        let target = resolve("embedded", &config).await.expect("it is always there");
        let opened = Opened::open(target, &Refuse, Path::new(".")).await.expect("it opens");
        let (_stopper, stop) = stop::pair();
        let names = Names::fresh();
        let options = JudgeOptions { strict: true, ..JudgeOptions::default() };
        let mut results = Vec::new();
        for scenario in scenarios {
            let executed = execute_one(scenario, &opened, &RunOptions::default(), &names, &stop)
                .await
                .expect("the reference answers");
            let verdict = judge(scenario, &executed.trace, &options);
            let run = assemble(opened.info.clone(), vec![verdict], None, &today(), &options);
            let verdict = &run.verdicts[0];
            let mut text = verdict.reason.clone().unwrap_or_default();
            for deviation in &verdict.deviations {
                let shown = |value: &serde_json::Value| {
                    if value.is_null() { "nothing".to_owned() } else { value.to_string() }
                };
                let _ = writeln!(
                    text,
                    "step {} {}: {} {}\n  expected {}\n  got {}",
                    deviation.step,
                    deviation.operation,
                    deviation.kind.as_str(),
                    deviation.path,
                    shown(&deviation.expected),
                    shown(&deviation.actual)
                );
            }
            results.push((verdict.status, text));
        }
        opened.close().await;
        results
    })
}

#[test]
fn every_example_does_what_the_page_says() {
    let text = page();
    let all = examples(&text);
    assert!(all.len() > 40, "the page has lost its examples: {}", all.len());
    let mut wrong = Vec::new();
    let mut runs: Vec<(&Example, Vec<Arc<Scenario>>)> = Vec::new();
    let mut said: Vec<(&Example, String)> = Vec::new();
    for example in &all {
        match (findings(example), example.expected) {
            (Err(text), Expected::Broken) => said.push((example, text)),
            (Err(text), _) => wrong.push(format!("{PATH}:{}: no scenario\n{text}", example.line)),
            (Ok(_), Expected::Broken) => {
                wrong.push(format!("{PATH}:{}: nothing is wrong with it", example.line));
            }
            (Ok(scenarios), _) => runs.push((example, scenarios)),
        }
    }
    let flat: Vec<Arc<Scenario>> = runs.iter().flat_map(|(_, scenarios)| scenarios.clone()).collect();
    let mut results = run_all(&flat).into_iter();
    for (example, scenarios) in &runs {
        for (status, text) in results.by_ref().take(scenarios.len()) {
            match (example.expected, status) {
                (Expected::Passes, Status::Passed) => {}
                (Expected::Fails, Status::Deviated) => said.push((example, text)),
                _ => wrong.push(format!("{PATH}:{}: {status:?}\n{text}", example.line)),
            }
        }
    }
    if std::env::var_os("UPDATE").is_some() && wrong.is_empty() {
        return write(&text, said);
    }
    for (example, now) in said {
        let Some((_, _, shown)) = &example.said else {
            wrong.push(format!("{PATH}:{}: no block `text` follows", example.line));
            continue;
        };
        if !matches(shown.trim_end(), now.trim_end()) {
            wrong.push(format!(
                "{PATH}:{}: it says otherwise\n--- the page\n{shown}--- now\n{now}",
                example.line
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Writes what is said now, from the end, so that numbers of lines stay true.
fn write(text: &str, mut said: Vec<(&Example, String)>) {
    said.sort_by_key(|(example, _)| std::cmp::Reverse(example.line));
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for (example, now) in said {
        let (from, to, shown) = example.said.as_ref().expect("a block `text` follows");
        if !matches(shown.trim_end(), now.trim_end()) {
            lines.splice(from..to, now.trim_end().lines().map(str::to_owned));
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PATH);
    std::fs::write(path, lines.join("\n") + "\n").expect("the page can be written");
}

/// Whether a text is what the page shows; `…` stands for anything within a line.
fn matches(shown: &str, now: &str) -> bool {
    let line = |(shown, now): (&str, &str)| {
        let parts: Vec<String> = shown.trim_end().split('…').map(regex::escape).collect();
        regex::Regex::new(&format!("^{}$", parts.join(".*"))).is_ok_and(|line| line.is_match(now.trim_end()))
    };
    shown.lines().count() == now.lines().count() && shown.lines().zip(now.lines()).all(line)
}

/// Every key of a tree with the key that it stands under; the entries of a list stand where the list does.
fn words(node: &serde_json::Value, under: &[&str], found: &mut BTreeSet<(String, String)>) {
    match node {
        serde_json::Value::Object(members) => {
            for (key, value) in members {
                // What stands in a secret or in a row of cases stands under `secrets` and in a file.
                let place = match under {
                    [.., "secrets", _] => "secrets",
                    [.., last] => last,
                    [] => "",
                };
                found.insert((place.to_owned(), key.clone()));
                if key.starts_with('$') {
                    found.insert(("$".to_owned(), key.clone()));
                }
                let mut under = under.to_vec();
                under.push(key);
                words(value, &under, found);
            }
        }
        serde_json::Value::Array(entries) => entries.iter().for_each(|entry| words(entry, under, found)),
        serde_json::Value::String(text) => {
            // Values of a closed set.
            if let Some(last) = under.last() {
                found.insert((format!("{last}="), text.clone()));
            }
        }
        _ => {}
    }
}

#[test]
fn every_word_of_the_language_has_an_example() {
    let text = page();
    let mut found = BTreeSet::new();
    for example in examples(&text).iter().filter(|example| example.expected != Expected::Broken) {
        let tree: serde_json::Value = serde_yaml::from_str(&example.text).expect("it is YAML");
        words(&tree, &[], &mut found);
    }
    let mut wanted: Vec<(String, String)> =
        scenario::vocabulary().into_iter().map(|(place, word)| (place.to_owned(), word.to_owned())).collect();
    assert!(wanted.len() > 80, "the table of words is short: {}", wanted.len());
    // No target of ours has identities, and none is empty for ever.
    let needs = Need::ALL.into_iter().filter(|need| !matches!(need, Need::Iam));
    wanted.extend(needs.map(|need| ("needs=".to_owned(), need.as_str().to_owned())));
    let kinds = EvidenceKind::ALL.into_iter().filter(|kind| *kind != EvidenceKind::AwsRecorded);
    wanted.extend(kinds.map(|kind| ("kind=".to_owned(), kind.as_str().to_owned())));
    wanted.extend(scenario::Sign::ALL.map(|sign| ("sign=".to_owned(), sign.as_str().to_owned())));
    wanted
        .extend(scenario::matcher::TypeName::ALL.map(|name| ("$type=".to_owned(), name.as_str().to_owned())));
    for word in ["now", "any", "day"] {
        wanted.push(("$time=".to_owned(), word.to_owned()));
    }
    let missing: Vec<String> = wanted
        .iter()
        .filter(|word| !found.contains(word))
        .map(|(place, word)| format!("`{word}` under `{place}`"))
        .collect();
    assert!(missing.is_empty(), "{PATH} has no example of\n{}", missing.join("\n"));
    // Each matcher shows what it refuses, too.
    let refused: BTreeSet<String> = examples(&text)
        .iter()
        .filter(|example| example.expected == Expected::Fails)
        .flat_map(|example| {
            let tree: serde_json::Value = serde_yaml::from_str(&example.text).expect("it is YAML");
            let mut found = BTreeSet::new();
            words(&tree, &[], &mut found);
            found.into_iter().filter(|(place, _)| place == "$").map(|(_, word)| word)
        })
        .collect();
    let matchers =
        wanted.iter().filter(|(place, word)| place == "$" && word != "$fill" && word != "$partial");
    let never: Vec<&String> =
        matchers.map(|(_, word)| word).filter(|word| !refused.contains(*word)).collect();
    assert!(never.is_empty(), "{PATH} does not show what these refuse: {never:?}");
    // Templates.
    for template in [
        "${region}",
        "${second-region}",
        "${second-account}",
        "${rotation-lambda}",
        "${customer-kms-key}",
        "$${",
        "${db.arn}",
        "${db.partial}",
    ] {
        let shown = examples(&text)
            .iter()
            .any(|example| example.expected != Expected::Broken && example.text.contains(template));
        assert!(shown, "{PATH} has no example of `{template}`");
    }
}
