//! Wrong usage of every command: each says what is wrong and what to do next, and ends with the code of its kind.

mod program;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};

use clap::CommandFactory;
use smcheck::cli::args::Cli;

use program::{folder, smcheck};

/// What is typed, the exit code, what is wrong, and what to do next.
type Row = (&'static [&'static str], i32, &'static str, &'static str);

const MEANT: &str = "Did you mean `moto`?";
const PATH: &str = "check the path";

/// In a folder without anything.
const EMPTY: &[Row] = &[
    (&["run", "--watch"], 2, "there is nothing to watch", "`smcheck init`"),
    (&["lint"], 2, "there is neither scenarios/ nor known/ here", "name a file or a folder"),
    (&["run", "labls/"], 2, "no scenario matches `labls/`", "Did you mean `labels/`?"),
];

/// In a folder with a few scenarios, because reading the whole catalogue takes its time.
const ROWS: &[Row] = &[
    (&["rnu"], 2, "unrecognized subcommand 'rnu'", "a similar subcommand exists: 'run'"),
    (&["docter"], 2, "unrecognized subcommand 'docter'", "a similar subcommand exists: 'doctor'"),
    (&["frobnicate"], 2, "unrecognized subcommand", "try '--help'"),
    (&["run", "--probee"], 2, "unexpected argument '--probee'", "a similar argument exists: '--probe'"),
    (&["run", "--probe", "fully"], 2, "invalid value 'fully'", "possible values: full, labels, none"),
    (&["run", "labls/"], 2, "no scenario matches `labls/`", "Did you mean `labels/`?"),
    (&["run", "put-moves-curent"], 2, "no scenario matches", "`smcheck list` shows all ids"),
    (&["run", "-t", "mota"], 2, "there is no target `mota`", MEANT),
    (&["run", "-t", "localhost:5000"], 2, "there is no target", "`-t http://localhost:5000`"),
    (&["run", "-t", "ftp://x"], 2, "there is no target", "A URL begins with http://"),
    (&["run", "-t", "zzzzzzzz"], 2, "there is no target", "[targets.NAME]"),
    (&["run", "-t", "env"], 3, "the environment names no endpoint", "set AWS_ENDPOINT_URL_SECRETS_MANAGER"),
    (&["run", "--scenarios", "nowhere"], 2, "cannot read nowhere", PATH),
    (&["run", "--trace", "nowhere/x", "labels/put-moves-current"], 2, "cannot write nowhere/x", PATH),
    (&["run", "--known", "nowhere.yaml"], 2, "nowhere.yaml: cannot be read", PATH),
    (&["run", "--report", "yaml=x"], 2, "`--report yaml=x`", "for example json=report.json"),
    (&["run", "--report", "json=no/x"], 2, "`--report json=no/x`", "there is no folder no"),
    (&["run", "--watch", "--fail-fast"], 2, "cannot be used with", "try '--help'"),
    (&["run", "--watch", "--retries", "2"], 2, "cannot be used with", "try '--help'"),
    (&["compare", "-t", "mota", "-t", "embedded"], 2, "there is no target `mota`", MEANT),
    (
        &["repro", "labels/x", "-t", "moto"],
        2,
        "there is no scenario `labels/x`",
        "`smcheck list` shows all ids",
    ),
    (&["new"], 2, "required arguments were not provided", "Usage: smcheck new"),
    (&["new", "/a"], 2, "`/a` is no id", "for example versions/put-twice"),
    (&["report", "diff", "no.json", "no.json"], 2, "cannot read no.json", PATH),
    (&["report", "merge", "a.json"], 2, "required arguments were not provided", "--out <FILE>"),
    (&["record", "-t", "mota"], 2, "there is no target `mota`", MEANT),
    (&["replay"], 2, "there are no fixtures", "`smcheck record` makes them"),
    (&["replay", "-t", "mota"], 2, "there is no target `mota`", MEANT),
    (&["diff", "mota", "embedded"], 2, "there is no target `mota`", MEANT),
    (&["serve"], 2, "required arguments were not provided", "Usage: smcheck serve"),
    (&["serve", "nowhere"], 2, "cannot read nowhere", PATH),
    (
        &["serve", "--model", "--fault", "put-leaves-previou"],
        2,
        "there is no fault",
        "did you mean `put-leaves-previous`?",
    ),
    (&["serve", "--model", "--auth", "strict"], 2, "--credentials <FILE>", "try '--help'"),
    (&["serve", "--model", "--auth", "strict", "--credentials", "no"], 2, "cannot read no", PATH),
    (&["proxy", "--to", "mota", "--out", "x"], 2, "there is no target `mota`", MEANT),
    (&["selftest", "--list", "labels/"], 2, "cannot be used with", "try '--help'"),
    (&["selftest", "--markdown", "--fault", "nofault"], 2, "cannot be used with", "try '--help'"),
    (&["selftest", "--fault", "nofault"], 2, "there is no fault `nofault`", "The faults:"),
    (&["audit", "nowhere"], 2, "nowhere holds no file to look into", "findings"),
    (&["import", "no.har", "--out", "x"], 2, "cannot read no.har", PATH),
    (&["import", "no.har"], 2, "--out <DIR>", "try '--help'"),
    (&["export", "no", "--to", "har", "--out", "x"], 2, "cannot read no", PATH),
    (&["list", "delete-secert/"], 2, "no scenario matches", "Did you mean `delete-secret/`?"),
    (&["lint", "nowhere"], 2, "cannot read nowhere", PATH),
    (&["coverage", "delete-secert/"], 2, "no scenario matches", "Did you mean `delete-secret/`?"),
    (&["explain", "CreateSecret.no-vlaue"], 2, "no rule has an id", "did you mean `CreateSecret.no-value`?"),
    (&["known", "update", "-t", "mota"], 2, "there is no target `mota`", MEANT),
    (&["sweep", "-t", "mota"], 2, "there is no target `mota`", MEANT),
    (&["doctor", "-t", "mota"], 2, "there is no target `mota`", MEANT),
    (&["doctor", "--known", "no.yaml"], 1, "no.yaml: cannot be read", "`smcheck known update`"),
    (&["completions", "bsh"], 2, "invalid value 'bsh'", "a similar value exists: 'bash'"),
    (
        &["man", "--out", "/dev/null/x"],
        2,
        "cannot make the folder /dev/null/x",
        "a part of the path is a file",
    ),
    (&["init", "/dev/null/x"], 2, "cannot make the folder /dev/null/x", "name another"),
    (&["init", "--target", "moot"], 2, "`moot` is none of", "did you mean `moto`?"),
    (&["init", "--ci", "jenkins"], 2, "invalid value 'jenkins'", "possible values: github, gitlab"),
];

/// What `init` makes, and a second scenario.
fn project() -> tempfile::TempDir {
    let here = folder();
    assert_eq!(smcheck(here.path(), &["init"]).status.code(), Some(0));
    let scenarios = here.path().join("scenarios");
    std::fs::create_dir(scenarios.join("delete-secret")).expect("it can be made");
    std::fs::copy(scenarios.join("labels/put-moves-current.yaml"), scenarios.join("delete-secret/a.yaml"))
        .expect("it can be copied");
    here
}

#[test]
fn every_error_says_what_to_do_next() {
    let mut bad = Vec::new();
    let (empty, project) = (folder(), project());
    let rows = ROWS.iter().map(|row| (row, &project)).chain(EMPTY.iter().map(|row| (row, &empty)));
    for ((arguments, code, wrong, next), here) in rows {
        let run = smcheck(here.path(), arguments);
        let said =
            format!("{}{}", String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
        if run.status.code() != Some(*code) || !said.contains(wrong) || !said.contains(next) {
            bad.push(format!(
                "{arguments:?}\n  wanted {code}, `{wrong}`, `{next}`\n  got {:?}: {said}",
                run.status.code()
            ));
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn every_command_that_can_be_used_wrongly_is_in_the_table() {
    // These take nothing that can be wrong, or find nothing to do without an error.
    let without = ["schema", "targets", "review", "accept"];
    let program = Cli::command();
    let missing: Vec<&str> = program
        .get_subcommands()
        .map(clap::Command::get_name)
        .filter(|name| !without.contains(name) && !ROWS.iter().any(|(typed, ..)| typed[0] == *name))
        .collect();
    assert!(missing.is_empty(), "no wrong usage of {missing:?} is tried");
}

#[test]
fn a_server_that_is_down_and_a_port_that_is_taken_have_their_hints() {
    let here = project();
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("there is a free port");
    let address = listener.local_addr().expect("it has an address");
    let taken = smcheck(here.path(), &["serve", "--model", "--port", &address.port().to_string()]);
    let said = String::from_utf8_lossy(&taken.stderr);
    assert_eq!(taken.status.code(), Some(3), "{said}");
    assert!(said.contains(&address.to_string()) && said.contains("`--port 0` picks a free port"), "{said}");
    drop(listener);
    let down = smcheck(here.path(), &["run", "labels/put-moves-current", "-t", &format!("http://{address}")]);
    let said = String::from_utf8_lossy(&down.stderr);
    assert_eq!(down.status.code(), Some(3), "{said}");
    assert!(said.contains("cannot connect to") && said.contains("`smcheck doctor -t TARGET`"), "{said}");
}

/// The address of a server that answers so many requests with status 400, and then is gone.
fn dying(answers: usize) -> String {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("there is a free port");
    let address = listener.local_addr().expect("it has an address");
    std::thread::spawn(move || {
        for _ in 0..answers {
            let Ok((mut stream, _)) = listener.accept() else { return };
            let mut lines = BufReader::new(&stream);
            let mut length = 0;
            let mut line = String::new();
            while lines.read_line(&mut line).is_ok_and(|read| read > 2) {
                if let Some(said) = line.to_lowercase().strip_prefix("content-length:") {
                    length = said.trim().parse().unwrap_or(0);
                }
                line.clear();
            }
            let mut body = vec![0; length];
            // Half a request gets the same answer.
            let _ = lines.read_exact(&mut body);
            let answer = "HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    format!("http://{address}")
}

#[test]
fn what_was_seen_before_a_server_died_is_reported() {
    let here = project();
    for command in ["run", "record"] {
        // One scenario takes four: a step, and three probes.
        let target = dying(6);
        let arguments = [command, "-t", &target, "--jobs", "1", "--report", "json=seen.json"];
        let run = smcheck(here.path(), &arguments);
        let said = String::from_utf8_lossy(&run.stderr);
        assert_eq!(run.status.code(), Some(3), "{said}");
        let report = std::fs::read_to_string(here.path().join("seen.json")).expect("it was written");
        let report: serde_json::Value = serde_json::from_str(&report).expect("it is JSON");
        let deviated = &report["runs"][0]["totals"]["deviated"];
        assert!(
            deviated.as_u64().is_some_and(|count| count > 0),
            "{command}: {}",
            report["runs"][0]["totals"]
        );
        std::fs::remove_file(here.path().join("seen.json")).expect("it can be removed");
    }
}
