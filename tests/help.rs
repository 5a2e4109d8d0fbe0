//! `--help` of every command, completions and manual pages: examples that run, in 80 columns, in the same words.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use clap::{CommandFactory, Parser};
use smcheck::cli::args::Cli;

/// The width of the narrowest terminal that help is written for.
const COLUMNS: usize = 80;

fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_smcheck"));
    command.current_dir(folder).stdin(Stdio::null()).env("COLUMNS", COLUMNS.to_string());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_")) {
        command.env_remove(name);
    }
    command
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Every command with the words that lead to it, the program itself first.
fn commands() -> Vec<(Vec<String>, clap::Command)> {
    fn visit(command: clap::Command, words: Vec<String>, found: &mut Vec<(Vec<String>, clap::Command)>) {
        for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
            let words = [&words[..], &[sub.get_name().to_owned()]].concat();
            visit(sub.clone(), words, found);
        }
        found.push((words, command));
    }
    let mut found = Vec::new();
    visit(Cli::command(), Vec::new(), &mut found);
    found.sort_by_key(|(words, _)| words.clone());
    assert!(found.len() > 20, "{}", found.len());
    found
}

/// The lines below `Examples:` without what is said about them.
fn examples(command: &clap::Command) -> Vec<String> {
    let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let Some((_, examples)) = help.split_once("Examples:\n") else { return Vec::new() };
    // A line that ends in a backslash goes on in the next.
    let examples = examples.replace("\\\n", "\u{0}");
    let joined = |line: &str| line.split('\u{0}').map(str::trim).collect::<Vec<_>>().join(" ");
    let lines = examples.lines().take_while(|line| line.starts_with("  "));
    // Two blanks end the command and begin what is said about it.
    lines.map(|line| joined(line).split("  ").next().unwrap_or_default().to_owned()).collect()
}

/// A line of a shell as words, with single quotes, up to where its output goes.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (at, part) in line.split('\'').enumerate() {
        if at % 2 == 1 {
            words.push(part.to_owned());
            continue;
        }
        for word in part.split_whitespace() {
            if word == ">" || word == "|" {
                return words;
            }
            words.push(word.to_owned());
        }
    }
    words
}

#[test]
fn every_command_has_two_to_five_examples_that_can_be_parsed() {
    let mut bad = Vec::new();
    for (path, command) in commands() {
        // What only holds commands of its own has none.
        if !path.is_empty() && command.has_subcommands() {
            continue;
        }
        let found = examples(&command);
        let name = path.join(" ");
        if !(2..=5).contains(&found.len()) {
            bad.push(format!("`{name}` has {} examples", found.len()));
        }
        for example in found {
            let words: Vec<String> =
                words(&example).into_iter().skip_while(|word| word.contains('=')).collect();
            match words.first().map(String::as_str) {
                Some("smcheck") => {}
                // What is done with a server of ours is another program's line.
                Some("aws") => continue,
                _ => bad.push(format!("`{name}`: `{example}` is no line of smcheck")),
            }
            if let Err(why) = Cli::try_parse_from(&words) {
                bad.push(format!(
                    "`{name}`: `{example}`: {}",
                    why.to_string().lines().next().unwrap_or_default()
                ));
            }
            if !path.is_empty() && !example.contains(&format!("smcheck {name}")) {
                bad.push(format!("`{name}`: `{example}` is of another command"));
            }
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn help_is_one_sentence_about_each_command_and_fits_80_columns() {
    let here = tempfile::tempdir().expect("there is room for a folder");
    let mut bad = Vec::new();
    for (path, command) in commands() {
        let name = path.join(" ");
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        if about.is_empty() || about.contains('\n') || (!path.is_empty() && about.ends_with('.')) {
            bad.push(format!("`{name}` is about: {about:?}"));
        }
        for form in ["-h", "--help"] {
            let help = program(here.path()).args(&path).arg(form).output().expect("it was built");
            assert_eq!(help.status.code(), Some(0), "{name}");
            for line in out(&help).lines().filter(|line| line.chars().count() > COLUMNS) {
                bad.push(format!("`{name} {form}`: {line}"));
            }
        }
        for argument in command.get_arguments().filter(|argument| !argument.is_hide_set()) {
            if argument.get_help().is_none_or(|help| help.to_string().is_empty()) {
                bad.push(format!("`{name}`: {} has no help", argument.get_id()));
            }
        }
    }
    bad.sort();
    bad.dedup();
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

/// The examples that need neither an emulator nor AWS, each run in a project that `init` made.
#[test]
fn the_examples_that_need_no_emulator_run() {
    let here = tempfile::tempdir().expect("there is room for a folder");
    let init = program(here.path()).args(["init"]).output().expect("it was built");
    assert_eq!(init.status.code(), Some(0), "{}", String::from_utf8_lossy(&init.stderr));
    std::fs::create_dir(here.path().join("known")).expect("it can be made");
    std::fs::write(here.path().join("known/mine.yaml"), "smcheck: 1\nentries: []\n")
        .expect("it can be written");
    let mut ran = 0;
    let mut bad = Vec::new();
    for (path, command) in commands() {
        let name = path.join(" ");
        // The exit codes that are right: a folder without changes or recordings says so with another code.
        let codes: &[i32] = match name.as_str() {
            "" | "init" | "list" | "lint" | "schema" | "targets" | "completions" | "man" | "doctor"
            | "run" => &[0],
            "coverage" | "explain" | "review" | "accept" => &[0],
            _ => continue,
        };
        for example in examples(&command) {
            let elsewhere =
                [" -t moto", "http://", "--watch", " -t aws", "delete-secret/", "labels/", "--unreferenced"];
            if elsewhere.iter().any(|word| example.contains(word)) {
                continue;
            }
            let words = words(&example);
            let run = program(here.path()).args(&words[1..]).output().expect("it was built");
            ran += 1;
            if !run.status.code().is_some_and(|code| codes.contains(&code)) {
                let said = String::from_utf8_lossy(&run.stderr).into_owned();
                bad.push(format!("`{example}` ended with {:?}: {said}", run.status.code()));
            }
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
    assert!(ran > 15, "only {ran} examples were run");
}

fn have(program: &str) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

#[test]
fn bash_completes_commands_and_options() {
    assert!(have("bash"), "bash is needed for this test");
    let here = tempfile::tempdir().expect("there is room for a folder");
    let script = program(here.path()).args(["completions", "bash"]).output().expect("it was built");
    assert_eq!(script.status.code(), Some(0));
    let file = here.path().join("smcheck.bash");
    std::fs::write(&file, &script.stdout).expect("it can be written");
    let complete = |line: &[&str]| -> Vec<String> {
        let words = line.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ");
        let last = line.len() - 1;
        let (current, before) = (line[last], line[last - 1]);
        let ask = format!(
            "set -eu; . '{}'; COMP_WORDS=({words}); COMP_CWORD={last}; COMPREPLY=(); \
             _smcheck smcheck '{current}' '{before}'; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            file.display()
        );
        let asked = Command::new("bash").args(["--norc", "-c", &ask]).output().expect("bash runs");
        assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
        out(&asked).lines().map(str::to_owned).collect()
    };
    assert_eq!(complete(&["smcheck", "doc"]), ["doctor"]);
    assert_eq!(complete(&["smcheck", "run", "--strict-"]), ["--strict-known"]);
    assert!(complete(&["smcheck", "run", "--probe", ""]).contains(&"labels".to_owned()));
}

#[test]
fn every_shell_gets_a_script() {
    let here = tempfile::tempdir().expect("there is room for a folder");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = program(here.path()).args(["completions", shell]).output().expect("it was built");
        assert_eq!(script.status.code(), Some(0), "{shell}");
        assert!(out(&script).contains("strict-known"), "{shell}");
    }
}

#[test]
fn manual_pages_are_rendered_without_a_warning() {
    let here = tempfile::tempdir().expect("there is room for a folder");
    let made = program(here.path()).args(["man", "--out", "man1"]).output().expect("it was built");
    assert_eq!(made.status.code(), Some(0), "{}", String::from_utf8_lossy(&made.stderr));
    let pages: Vec<_> = std::fs::read_dir(here.path().join("man1"))
        .expect("the folder was made")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    assert_eq!(pages.len(), commands().len(), "a page for each command");
    let text = std::fs::read_to_string(here.path().join("man1/smcheck-run.1")).expect("it was written");
    assert!(text.contains(".SH EXAMPLES") && text.contains("smcheck\\-run"), "{text}");
    if !have("groff") {
        return;
    }
    for page in pages {
        let groff = Command::new("groff")
            .args(["-man", "-Tutf8", "-ww", "-rLL=80n"])
            .arg(&page)
            .output()
            .expect("it runs");
        let said = String::from_utf8_lossy(&groff.stderr);
        assert!(groff.status.success() && said.is_empty(), "{}: {said}", page.display());
        assert!(out(&groff).contains("smcheck"), "{}", page.display());
    }
}
