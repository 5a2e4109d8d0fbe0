//! Stdout: a report that goes there stands alone, a reader that goes away takes nothing else with it, and what cannot be
//! written is told.

use std::process::Stdio;

use super::made::{asks, code, folder, read};
use super::program::{command, err, out, smcheck};

fn with_a_deviation() -> tempfile::TempDir {
    folder(&[("wrong", &asks("A secret that is not there is refused", "InvalidRequestException"))])
}

#[test]
fn a_report_on_stdout_stands_alone_there() {
    let here = with_a_deviation();
    let json = |arguments: &[&str], ends: i32| {
        let output = smcheck(here.path(), arguments);
        assert_eq!(code(&output), ends, "{arguments:?}: {}", err(&output));
        serde_json::from_str::<serde_json::Value>(&out(&output))
            .unwrap_or_else(|why| panic!("{arguments:?}: {why}: {}", out(&output)))
    };
    let report = json(&["run", "--report", "json=-"], 1);
    assert_eq!(report["runs"][0]["totals"]["deviated"], 1);
    std::fs::write(here.path().join("a.json"), report.to_string()).expect("it can be written");
    assert_eq!(json(&["report", "show", "a.json", "--report", "json=-"], 0)["schema"], 1);
    assert_eq!(json(&["report", "merge", "a.json", "--out", "-"], 1)["schema"], 1);
    assert_eq!(json(&["record", "--report", "json=-"], 0)["schema"], 1);
    assert_eq!(json(&["compare", "-t", "embedded", "--report", "json=-"], 1)["schema"], 1);
    let diff = smcheck(here.path(), &["report", "diff", "a.json", "a.json", "--report", "markdown=-"]);
    assert!(out(&diff).starts_with("## "), "{}", out(&diff));
    for two in [
        &["run", "--report", "json=-", "--report", "html=-"][..],
        &["report", "merge", "a.json", "--out", "-", "--report", "junit=-"],
    ] {
        let output = smcheck(here.path(), two);
        assert_eq!(code(&output), 2, "{two:?}");
        assert!(err(&output).contains("only one report can go to stdout"), "{}", err(&output));
    }
}

#[test]
fn a_reader_that_goes_away_takes_nothing_else_with_it() {
    let here = with_a_deviation();
    let mut run = command(here.path());
    let mut child = run
        .args(["run", "--report", "json=-", "--report", "junit=left.xml"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program was built");
    drop(child.stdout.take());
    assert_eq!(child.wait().expect("it ends").code(), Some(1));
    assert!(read(&here.path().join("left.xml")).contains("<testsuite"));
}

#[test]
fn what_cannot_be_written_to_stdout_is_told() {
    let here = with_a_deviation();
    let full = || std::fs::File::options().write(true).open("/dev/full").expect("Linux has it");
    for (arguments, text) in [(&["list"][..], "cannot write to stdout"), (&["run"], "cannot write to stdout")]
    {
        let output =
            command(here.path()).args(arguments).stdout(full()).output().expect("the program was built");
        assert_eq!(code(&output), 2, "{arguments:?}");
        assert_eq!(err(&output).matches(text).count(), 1, "{}", err(&output));
    }
}
