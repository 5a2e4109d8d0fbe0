//! Files as the parser takes them. That every example of the language reference runs, docs_language holds.

use smcheck::scenario::{self, Action, EvidenceKind, Expect, Matcher, Repeat, json_schema};

const PAGE: &str = include_str!("../docs/language.md");

/// Every YAML block with steps, with the line at which it begins.
fn examples() -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut block: Option<(usize, String)> = None;
    for (at, line) in PAGE.lines().enumerate() {
        match (line.trim_end(), &mut block) {
            ("```yaml scenario", None) => block = Some((at + 2, String::new())),
            ("```", Some(_)) => found.extend(block.take()),
            (line, Some((_, text))) => {
                text.push_str(line);
                text.push('\n');
            }
            _ => {}
        }
    }
    found.retain(|(_, text)| text.lines().any(|line| line.starts_with("steps:")));
    found
}

fn parse(text: &str) -> Vec<scenario::Scenario> {
    scenario::parse("a.yaml", "folder/a", text.as_bytes()).unwrap_or_else(|findings| {
        panic!("{}", findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    })
}

#[test]
fn a_whole_file_becomes_a_scenario() {
    let (_, text) = &examples()[0];
    let scenarios = parse(text);
    let [scenario] = scenarios.as_slice() else { panic!("one scenario, not {}", scenarios.len()) };
    assert_eq!((scenario.id.as_str(), &*scenario.path), ("folder/a", "a.yaml"));
    assert_eq!(scenario.evidence.kind, EvidenceKind::AwsDocs);
    assert_eq!(scenario.secrets[0].variable, "db");
    assert_eq!(scenario.versions, ["v1", "v2"]);
    assert!(scenario.stop && !scenario.isolated);
    assert_eq!((scenario.place.line, scenario.steps[1].place.line), (2, 11));
    assert_eq!(scenario.hash.len(), 64);
    let labels = scenario.steps[1].labels.as_ref().expect("the second step states labels");
    assert_eq!(labels[0].secret, "db");
    assert_eq!(labels[0].versions[0].0, "v1");
    assert!(matches!(scenario.steps[0].expect, Expect::Returns(Matcher::Map { partial: false, .. })));
}

#[test]
fn every_case_becomes_a_scenario_of_its_own() {
    let text = "\
title: ${what} is answered
evidence: {kind: inferred, source: none}
secrets: [db]
versions: [v1]
cases:
  plain: {what: text, input: {SecretString: one}, answer: {$type: string}, more: '\"a\"'}
  list: {what: a list, input: {SecretString: '[1]'}, answer: {$oneOf: [a, b]}, more: 1}
steps:
  - do: CreateSecret
    with: {Name: '${db}', ClientRequestToken: '${v1}', SecretString: 'x ${more} $${more}'}
    returns: {$partial: true, Name: '${answer}'}
  - do: UpdateSecret
    with: '${input}'
    fails: {}
";
    let text = text.replace("{SecretString: one}", "{SecretId: '${db}', SecretString: one}");
    let scenarios = parse(&text);
    let ids: Vec<&str> = scenarios.iter().map(|scenario| scenario.id.as_str()).collect();
    assert_eq!(ids, ["folder/a[plain]", "folder/a[list]"]);
    assert_eq!(scenarios[1].title, "a list is answered");
    assert_eq!(scenarios[1].place.line, 7);
    let Expect::Returns(Matcher::Map { members, partial: true }) = &scenarios[1].steps[0].expect else {
        panic!("the step returns a map")
    };
    assert!(matches!(members[0].1, Matcher::OneOf(_)));
    let Action::Call(call) = &scenarios[0].steps[0].action else { panic!("the step calls") };
    let variables = [("db", "n"), ("v1", "u")].map(|(k, v)| (k.to_owned(), v.into()));
    let input = call.input.resolve(&variables.into_iter().collect()).expect("all is bound");
    assert_eq!(input["SecretString"], "x \"a\" ${more}");
}

#[test]
fn a_repeat_sends_tokens_for_all_its_values() {
    let all = examples();
    let (_, text) =
        all.iter().find(|(_, text)| text.contains("pages: Versions")).expect("the page has pages");
    let scenarios = parse(text);
    assert!(
        matches!(&scenarios[0].steps[1].repeat, Some(Repeat::Over { variable, .. }) if variable == "token")
    );
    assert!(matches!(&scenarios[0].steps[2].repeat, Some(Repeat::Pages { member }) if member == "Versions"));
}

#[test]
fn the_schema_has_every_operation_and_matcher() {
    let schema = json_schema();
    let defs = schema["$defs"].as_object().expect("it has definitions");
    for operation in smcheck::service::shapes().operations() {
        assert!(defs.contains_key(&format!("{}.with", operation.name)), "{}", operation.name);
    }
    let text = schema.to_string();
    for word in ["$arn", "$unordered", "$fill", "rotation-lambda", "aws-recorded", "eventually"] {
        assert!(text.contains(word), "{word}");
    }
    // Every reference leads somewhere.
    for part in text.split("\"#/$defs/").skip(1) {
        let name = part.split('"').next().unwrap_or_default().replace("~1", "/");
        assert!(defs.contains_key(&name), "{name}");
    }
}
