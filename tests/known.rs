//! Lists of known deviations, through the program: what is told while a run goes on, what is gone, and `known update`.

mod program;

use program::{Server, ends, err, folder, out, read, smcheck, write};

/// Two scenarios that deviate on any right server.
fn project(here: &std::path::Path) {
    for id in ["a/one", "b/two"] {
        let text = format!(
            "title: {id} is wrong on purpose\n\
             evidence: {{kind: aws-docs, source: \"API reference\"}}\n\
             secrets: [db]\n\
             steps:\n\
             \x20 - do: GetSecretValue\n\
             \x20   with: {{SecretId: \"${{db}}\"}}\n\
             \x20   fails: {{code: InvalidRequestException}}\n"
        );
        write(here, &format!("scenarios/{id}.yaml"), &text);
    }
}

fn entry(scenario: &str, kind: &str) -> String {
    format!(
        "  - scenario: \"{scenario}\"\n    operation: GetSecretValue\n    kind: {kind}\n    path: {kind}\n    reason: so it is\n    \
         evidence: {{kind: aws-docs, source: a page}}\n"
    )
}

#[test]
fn what_is_known_is_neither_told_nor_stops_a_run() {
    let here = folder();
    project(here.path());
    write(here.path(), "known.yaml", &format!("smcheck: 1\nentries:\n{}", entry("a/*", "code")));
    let run = smcheck(here.path(), &["run", "--known", "known.yaml", "--fail-fast", "--jobs", "1"]);
    assert!(err(&run).contains("b/two") && !err(&run).contains("a/one"), "{}", err(&run));
    assert!(out(&run).contains("1 deviated, 1 known"), "{}", out(&run));
}

#[test]
fn a_part_of_the_scenarios_tells_of_no_entry_for_several_that_it_is_gone() {
    let here = folder();
    project(here.path());
    let list = format!("smcheck: 1\nentries:\n{}{}", entry("*", "code"), entry("*", "message"));
    write(here.path(), "known.yaml", &list);
    let strict = ["run", "--known", "known.yaml", "--strict-known"];
    let whole = ends(here.path(), &strict, 1);
    assert!(whole.contains("1 gone") && whole.contains("known.yaml:9"), "{whole}");
    let part = ends(here.path(), &[&strict[..], &["a/"]].concat(), 0);
    assert!(!part.contains("gone"), "{part}");
    let sometimes = list.replace("kind: message\n", "kind: message\n    sometimes: true\n");
    write(here.path(), "known.yaml", &sometimes);
    ends(here.path(), &strict, 0);
}

/// Each command that judges by a list says once that it was written for another version.
#[test]
fn a_list_for_another_version_is_told() {
    let here = folder();
    project(here.path());
    let list =
        format!("# What embedded 9.9.9 does differently.\nsmcheck: 1\nentries:\n{}", entry("*", "code"));
    write(here.path(), "known.yaml", &list);
    let given: [&[&str]; 4] = [
        &["run", "--known", "known.yaml"],
        &["compare", "-t", "embedded", "--known", "known.yaml"],
        &["record", "--known", "known.yaml"],
        &["known", "update", "-t", "embedded", "--file", "known.yaml"],
    ];
    for arguments in given {
        let said = err(&smcheck(here.path(), arguments));
        let told = said.matches("known.yaml was written for embedded 9.9.9, and this is ").count();
        assert_eq!(told, 1, "{arguments:?}\n{said}");
    }
}

#[test]
fn an_update_keeps_what_occurs_and_takes_out_what_does_not() {
    let here = folder();
    project(here.path());
    let list = format!("smcheck: 1\nentries:\n{}{}", entry("a/one", "code"), entry("b/two", "message"));
    write(here.path(), "known.yaml", &list);
    let update = ["known", "update", "-t", "embedded", "--file", "known.yaml"];
    let said = ends(here.path(), &update, 0);
    assert!(said.contains("no longer occurs: b/two GetSecretValue message message\n"), "{said}");
    assert!(
        said.contains("wrote known.yaml: 2 entries, 1 reason to fill in; `smcheck lint known.yaml`"),
        "{said}"
    );
    assert!(said.contains("use it: `--known known.yaml`, or"), "{said}");
    let written = read(here.path(), "known.yaml");
    assert!(written.contains("reason: \"so it is\"") && !written.contains("kind: message"), "{written}");
    write(here.path(), "known.yaml", &written.replace("TODO", "because"));
    let said = ends(here.path(), &update, 0);
    assert!(said.contains("wrote known.yaml: 2 entries\n"), "{said}");
}

#[test]
fn an_update_goes_on_from_the_list_inside_the_binary() {
    let here = folder();
    let server = Server::start(here.path(), &[]);
    write(
        here.path(),
        "smcheck.toml",
        &format!("[targets.moto]\nurl = \"{}\"\nknown = \"known/moto.yaml\"\n", server.url),
    );
    let said = ends(here.path(), &["known", "update", "labels/move-current-back", "-t", "moto"], 0);
    let written = read(here.path(), "known/moto.yaml").matches("- scenario:").count();
    let ours = include_str!("../known/moto.yaml").matches("- scenario:").count();
    assert!(written + 10 > ours && ours > 400, "{written} of {ours}: {said}");
    // A URL's name becomes a file's name that every system takes.
    let said = ends(here.path(), &["known", "update", "labels/move-current-back", "-t", &server.url], 0);
    assert!(said.contains("wrote known/127.0.0.1-"), "{said}");
}

#[test]
fn entries_in_one_line_are_taken_out_one_by_one() {
    let here = folder();
    project(here.path());
    let one = |scenario: &str, kind: &str| {
        format!(
            "{{scenario: {scenario}, operation: GetSecretValue, kind: {kind}, path: {kind}, reason: precious {kind}, \
             evidence: {{kind: reported, source: me}}, expires: \"20990131\"}}"
        )
    };
    let list = format!("smcheck: 1\nentries: [{}, {}]\n", one("a/one", "code"), one("a/one", "wire"));
    write(here.path(), "known.yaml", &list);
    ends(here.path(), &["known", "update", "-t", "embedded", "--file", "known.yaml"], 0);
    let written = read(here.path(), "known.yaml");
    assert!(written.contains("precious code") && !written.contains("precious wire"), "{written}");
    // In the form in which days are compared.
    assert!(written.contains("expires: \"2099-01-31\""), "{written}");
}

#[test]
fn what_a_file_says_cannot_steer_the_terminal() {
    let here = folder();
    let title = "title: \"clear \\e[2J and turn \\u202e\"\n";
    let rest = "evidence: {kind: reported, source: me}\nsteps:\n  - do: GetRandomPassword\n";
    write(here.path(), "scenarios/a.yaml", &format!("{title}{rest}"));
    let list = out(&smcheck(here.path(), &["list"]));
    assert!(list.contains("clear") && !list.contains(['\u{1b}', '\u{202e}']), "{list:?}");
}
