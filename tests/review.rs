//! `smcheck review` as people use it: in a terminal, which a pseudo terminal is here, and without one.

mod program;

use std::io::{Read as _, Write};
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use program::{err, out, smcheck};

const PROGRAM: &str = env!("CARGO_BIN_EXE_smcheck");
/// How long a screen may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn code(output: &Output) -> i32 {
    output.status.code().expect("it ended by itself")
}

fn scenario(number: usize, title: &str) -> String {
    format!(
        "title: {title}\nevidence: {{kind: inferred, source: \"a test, number {number}\"}}\nsecrets: [db]\nversions: \
         [v1, v2]\nsteps:\n  - do: CreateSecret\n    with: {{Name: \"${{db}}\", ClientRequestToken: \"${{v1}}\", \
         SecretString: one}}\n    returns: {{}}\n  - do: PutSecretValue\n    with: {{SecretId: \"${{db}}\", \
         ClientRequestToken: \"${{v2}}\", SecretString: two}}\n    returns: {{}}\n"
    )
}

/// A folder with four scenarios, recorded, of which the snapshots were changed, and recorded again: all four wait.
struct Project {
    folder: tempfile::TempDir,
}

impl Project {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        std::fs::create_dir_all(folder.path().join("scenarios/some")).expect("it can be made");
        let project = Project { folder };
        for number in 1..=4 {
            let path = project.path(&format!("scenarios/some/s{number}.yaml"));
            std::fs::write(path, scenario(number, "Labels move")).expect("it can be written");
        }
        let recorded = smcheck(project.root(), &["record"]);
        assert_eq!(code(&recorded), 0, "{}{}", out(&recorded), err(&recorded));
        for number in 1..=4 {
            let path = project.snapshot(number);
            let text = std::fs::read_to_string(&path).expect("it was recorded");
            let changed = text.replace("${v1}: AWSPREVIOUS", "${v1}: AWSOTHER");
            assert_ne!(text, changed);
            std::fs::write(&path, changed).expect("it can be written");
        }
        let recorded = smcheck(project.root(), &["record"]);
        assert_eq!(code(&recorded), 1, "{}{}", out(&recorded), err(&recorded));
        project
    }

    fn root(&self) -> &Path {
        self.folder.path()
    }

    fn path(&self, below: &str) -> PathBuf {
        self.root().join(below)
    }

    fn snapshot(&self, number: usize) -> PathBuf {
        self.path(&format!("snapshots/embedded/some/s{number}.snap"))
    }

    fn new_snapshot(&self, number: usize) -> PathBuf {
        self.path(&format!("snapshots/embedded/some/s{number}.snap.new"))
    }

    fn new_fixture(&self, number: usize) -> PathBuf {
        self.path(&format!("fixtures/embedded/some/s{number}.yaml.new"))
    }

    fn waits(&self, number: usize) -> bool {
        let (snapshot, fixture) = (self.new_snapshot(number).exists(), self.new_fixture(number).exists());
        assert_eq!(snapshot, fixture, "the fixture of s{number} goes with its snapshot");
        snapshot
    }

    fn accepted(&self, number: usize) -> bool {
        let text = std::fs::read_to_string(self.snapshot(number)).expect("there is a snapshot");
        !text.contains("AWSOTHER")
    }

    fn review(&self, columns: u16, rows: u16, arguments: &[&str]) -> Terminal {
        Terminal::start(self.root(), columns, rows, arguments, &[])
    }
}

fn some(size: u16) -> NonZeroU16 {
    NonZeroU16::new(size).expect("a window is not empty")
}

/// `smcheck review` in a pseudo terminal, and what its screen shows.
struct Terminal {
    screen: vt100::Parser,
    bytes: Receiver<Vec<u8>>,
    raw: Vec<u8>,
    keys: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    _master: Box<dyn MasterPty + Send>,
}

impl Terminal {
    fn start(folder: &Path, columns: u16, rows: u16, arguments: &[&str], env: &[(&str, &str)]) -> Self {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("there is a pseudo terminal");
        let mut command = CommandBuilder::new(PROGRAM);
        command.cwd(folder);
        command.arg("review");
        command.args(arguments);
        command.env_remove("NO_COLOR");
        command.env("TERM", "xterm-256color");
        for (name, value) in env {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).expect("the program was built");
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().expect("it can be read");
        let keys = pair.master.take_writer().expect("it can be written");
        let (sender, bytes) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Terminal {
            screen: vt100::Parser::new(some(rows), some(columns), 0),
            bytes,
            raw: Vec::new(),
            keys,
            child,
            _master: pair.master,
        }
    }

    fn text(&self) -> String {
        self.screen.screen().contents()
    }

    fn take(&mut self, bytes: &[u8]) {
        self.screen.process(bytes);
        self.raw.extend_from_slice(bytes);
    }

    /// Waits until the screen shows all of these.
    fn shows(&mut self, parts: &[&str]) -> String {
        let begun = Instant::now();
        loop {
            let text = self.text();
            if parts.iter().all(|part| text.contains(part)) {
                return text;
            }
            let left = PATIENCE.saturating_sub(begun.elapsed());
            match self.bytes.recv_timeout(left) {
                Ok(bytes) => self.take(&bytes),
                Err(_) => panic!("the screen does not show {parts:?}:\n{}", self.text()),
            }
        }
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).and_then(|()| self.keys.flush()).expect("it reads keys");
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let number =
            self.child.process_id().and_then(|number| i32::try_from(number).ok()).expect("a process");
        let pid = rustix::process::Pid::from_raw(number).expect("a process");
        rustix::process::kill_process(pid, signal).expect("it runs");
    }

    /// Waits for the end: the exit code, and the screen, which must be the shell's again.
    fn ends(mut self) -> (u32, String) {
        while let Ok(bytes) = self.bytes.recv_timeout(PATIENCE) {
            self.take(&bytes);
        }
        let status = self.child.wait().expect("it ends");
        assert!(!self.screen.screen().alternate_screen(), "the other screen is left");
        assert!(!self.screen.screen().hide_cursor(), "the cursor is back");
        let wrap = String::from_utf8_lossy(&self.raw).rfind("\u{1b}[?7h");
        assert!(wrap.is_some(), "lines are wrapped again");
        (status.exit_code(), self.text())
    }
}

#[test]
fn one_is_accepted_one_rejected_one_skipped_and_the_rest_waits() {
    let project = Project::new();
    let mut terminal = project.review(100, 40, &[]);
    let text = terminal.shows(&["1/4", "some/s1 (embedded)", "a accept"]);
    for part in [
        "states    Labels move",
        "evidence  inferred: a test, number 1",
        "scenarios/some/s1.yaml:1",
        "s1.snap.new, with its fixture",
        "- ${v1}",
        "*AWSOTHER",
        "+ ${v1}",
        "*AWSPREVIOUS",
        "-     ${v1}: AWSOTHER",
        "+     ${v1}: AWSPREVIOUS",
    ] {
        assert!(text.contains(part), "{part}:\n{text}");
    }
    terminal.press("a");
    terminal.shows(&["2/4", "some/s2"]);
    // What is decided is done at once.
    assert!(project.accepted(1) && !project.waits(1));
    terminal.press("r");
    terminal.shows(&["3/4", "some/s3"]);
    assert!(!project.accepted(2) && !project.waits(2));
    terminal.press("s");
    terminal.shows(&["4/4", "some/s4"]);
    terminal.press("x");
    terminal.shows(&["`x` is no key here"]);
    terminal.press("q");
    let (code, text) = terminal.ends();
    assert_eq!(code, 1, "{text}");
    for part in ["accepted some/s1", "rejected some/s2", "1 accepted, 1 rejected, 2 still wait"] {
        assert!(text.contains(part), "{part}:\n{text}");
    }
    assert!(project.waits(3) && project.waits(4) && !project.accepted(3) && !project.accepted(4));
    // The fixture that moved is the one of the snapshot: it plays back.
    let replay = smcheck(project.root(), &["replay", "some/s1"]);
    assert_eq!(code_and_text(&replay).0, 0, "{}", code_and_text(&replay).1);
}

fn code_and_text(output: &Output) -> (i32, String) {
    (code(output), format!("{}{}", out(output), err(output)))
}

#[test]
fn all_the_rest_is_decided_after_a_question() {
    let project = Project::new();
    let mut terminal = project.review(80, 24, &[]);
    terminal.shows(&["1/4"]);
    terminal.press("r");
    terminal.shows(&["2/4"]);
    terminal.press("A");
    terminal.shows(&["accept all 3 that are left? y/n"]);
    terminal.press("n");
    terminal.shows(&["nothing was decided"]);
    assert!((2..=4).all(|number| project.waits(number)));
    terminal.press("A");
    terminal.shows(&["accept all 3 that are left? y/n"]);
    terminal.press("y");
    let (code, text) = terminal.ends();
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("3 accepted, 1 rejected, 0 still wait"), "{text}");
    assert!((2..=4).all(|number| project.accepted(number) && !project.waits(number)));
    let again = smcheck(project.root(), &["review"]);
    assert_eq!(code_and_text(&again), (0, "nothing waits to be accepted\n".to_owned()));
}

#[test]
fn an_end_in_the_middle_leaves_everything_whole() {
    let project = Project::new();
    let mut terminal = project.review(80, 24, &[]);
    terminal.shows(&["1/4"]);
    terminal.press("a");
    terminal.shows(&["2/4"]);
    terminal.press("\u{3}");
    let (code, text) = terminal.ends();
    assert_eq!(code, 130, "{text}");
    assert!(text.contains("1 accepted, 0 rejected, 3 still wait"), "{text}");
    let mut terminal = project.review(80, 24, &[]);
    terminal.shows(&["1/3", "some/s2"]);
    terminal.signal(rustix::process::Signal::TERM);
    let (code, text) = terminal.ends();
    assert_eq!(code, 143, "{text}");
    assert!(project.accepted(1) && (2..=4).all(|number| project.waits(number) && !project.accepted(number)));
}

#[test]
fn what_changed_on_disk_meanwhile_is_looked_at_again_and_not_decided_blindly() {
    let project = Project::new();
    let mut terminal = project.review(100, 50, &[]);
    terminal.shows(&["1/4", "*AWSPREVIOUS"]);
    let path = project.new_snapshot(1);
    let text = std::fs::read_to_string(&path).expect("it waits");
    // As tools write it: beside, and renamed.
    let beside = path.with_extension("beside");
    std::fs::write(&beside, text.replace("${v1}: AWSPREVIOUS", "${v1}: AWSNEWER"))
        .expect("it can be written");
    std::fs::rename(&beside, &path).expect("it can be renamed");
    terminal.shows(&["changed on disk", "*AWSNEWER", "of another run"]);
    assert!(path.exists());
    // Another program decides about the next one.
    std::fs::remove_file(project.new_snapshot(2)).expect("it waits");
    std::fs::remove_file(project.new_fixture(2)).expect("it waits");
    terminal.press("s");
    terminal.shows(&["some/s2 no longer waits", "some/s3"]);
    // And about one that is decided with all the rest.
    std::fs::write(&beside, std::fs::read_to_string(project.new_snapshot(4)).expect("it waits"))
        .expect("written");
    std::fs::rename(&beside, project.new_snapshot(4)).expect("it can be renamed");
    terminal.press("A");
    terminal.shows(&["accept all 2 that are left"]);
    terminal.press("y");
    terminal.shows(&["1 changed on disk meanwhile", "some/s4"]);
    assert!(project.accepted(3) && !project.waits(3) && project.waits(4));
    terminal.press("q");
    assert_eq!(terminal.ends().0, 1);
}

#[test]
fn every_window_shows_as_much_as_it_can() {
    let project = Project::new();
    for (columns, rows) in [(80, 24), (200, 50), (20, 5), (40, 12), (3, 2), (1, 1)] {
        let mut terminal = project.review(columns, rows, &[]);
        if rows > 2 {
            terminal.shows(&["1/4"]);
        }
        for keys in ["c", "i", "i", "j", "k", " ", "b", "G", "g", "?", "x", "A", "n", "\u{1b}[B", "\u{1b}[6~"]
        {
            terminal.press(keys);
        }
        if columns >= 80 {
            terminal.shows(&["some/s1 (embedded)", "a accept", "CreateSecret"]);
        }
        terminal.press("q");
        let (code, text) = terminal.ends();
        assert_eq!(code, 1, "{columns}x{rows}:\n{text}");
    }
    assert!((1..=4).all(|number| project.waits(number)));
}

#[test]
fn context_and_info_come_and_go_and_long_diffs_scroll() {
    let project = Project::new();
    let mut terminal = project.review(80, 14, &[]);
    let text = terminal.shows(&["states    Labels move", "lines 1-10 of"]);
    assert!(!text.contains("SecretString"), "{text}");
    terminal.press("G");
    terminal.shows(&["the end"]);
    terminal.press("i");
    terminal.press("c");
    terminal.press("g");
    let text = terminal.shows(&["lines 1-10 of", "step 2: PutSecretValue"]);
    assert!(!text.contains("states"), "{text}");
    for _ in 0..20 {
        terminal.press("j");
    }
    terminal.shows(&["the end", "+     ${v1}: AWSPREVIOUS"]);
    terminal.press("?");
    terminal.shows(&["accept: the snapshot and its fixture"]);
    terminal.press("q");
    terminal.shows(&["the end"]);
    terminal.press("q");
    assert_eq!(terminal.ends().0, 1);
}

#[test]
fn colours_are_left_out_where_nobody_wants_them() {
    let project = Project::new();
    let painted = |env: &[(&str, &str)], arguments: &[&str]| {
        let mut terminal = Terminal::start(project.root(), 80, 40, arguments, env);
        terminal.shows(&["1/4", "+     ${v1}"]);
        terminal.press("q");
        while let Ok(bytes) = terminal.bytes.recv_timeout(PATIENCE) {
            terminal.take(&bytes);
        }
        String::from_utf8_lossy(&terminal.raw).contains("\u{1b}[32m")
    };
    assert!(painted(&[], &[]));
    assert!(!painted(&[("NO_COLOR", "1")], &[]));
    assert!(!painted(&[], &["--colour", "never"]));
}

#[test]
fn without_a_terminal_everything_is_listed_with_the_commands() {
    let project = Project::new();
    let listed = smcheck(project.root(), &["review"]);
    assert_eq!(code(&listed), 1, "{}", err(&listed));
    let text = out(&listed);
    for part in [
        "some/s1 (embedded)\n",
        "  evidence  inferred: a test, number 1\n",
        "  - ${v1}",
        "  +     ${v1}: AWSPREVIOUS\n",
        "4 changed snapshots wait to accept or reject:\n",
        "\n  smcheck accept some/s4 --origin embedded\n",
        "`smcheck review` in a terminal",
    ] {
        assert!(text.contains(part), "{part}:\n{text}");
    }
    assert!(!text.contains('\u{1b}'), "{text}");
    assert!((1..=4).all(|number| project.waits(number)), "a list decides nothing");
    // The command that it says does what it says, and no more.
    let accepted = smcheck(project.root(), &["accept", "some/s4", "--origin", "embedded"]);
    assert_eq!(code_and_text(&accepted), (0, "accepted some/s4 (embedded)\n".to_owned()));
    assert!(project.accepted(4) && (1..=3).all(|number| project.waits(number)));
    assert_eq!(code(&smcheck(project.root(), &["review", "s4"])), 2, "it no longer waits");
    assert_eq!(code(&smcheck(project.root(), &["accept", "some/s1", "--origin", "moto"])), 2);
}

#[test]
fn a_fixture_follows_what_another_tool_decided() {
    let project = Project::new();
    // As `cargo insta accept` and `cargo insta reject` leave it.
    std::fs::rename(project.new_snapshot(1), project.snapshot(1)).expect("it waits");
    std::fs::remove_file(project.new_snapshot(2)).expect("it waits");
    let listed = smcheck(project.root(), &["review"]);
    assert_eq!(code(&listed), 1);
    assert!(out(&listed).contains("some/s1 (embedded): its snapshot was accepted"), "{}", out(&listed));
    assert!(out(&listed).contains("some/s2 (embedded): its snapshot was rejected"), "{}", out(&listed));
    assert!(project.new_fixture(1).exists() && project.new_fixture(2).exists(), "a list decides nothing");
    let waited = std::fs::read(project.new_fixture(1)).expect("it waits");
    let mut terminal = project.review(80, 24, &[]);
    terminal.shows(&["1/2", "some/s3"]);
    terminal.press("q");
    let (_, text) = terminal.ends();
    assert!(text.contains("the fixture followed") && text.contains("was removed"), "{text}");
    assert!(!project.new_fixture(1).exists() && !project.new_fixture(2).exists());
    let taken = std::fs::read(project.path("fixtures/embedded/some/s1.yaml")).expect("it is there");
    assert_eq!(taken, waited);
    assert!(project.waits(3) && project.waits(4));
}

#[test]
fn recording_anew_keeps_a_fixture_whose_snapshot_another_tool_accepted() {
    let project = Project::new();
    let fixture = |number: usize| project.path(&format!("fixtures/embedded/some/s{number}.yaml"));
    let mut waited = Vec::new();
    for number in 1..=3 {
        waited.push(std::fs::read(project.new_fixture(number)).expect("it waits"));
        std::fs::rename(project.new_snapshot(number), project.snapshot(number)).expect("it waits");
    }
    // The same again; another winner, which agrees; and something else, which waits.
    let path = project.path("scenarios/some/s2.yaml");
    let text = std::fs::read_to_string(&path).expect("it is there");
    std::fs::write(&path, text.replace("SecretString: two", "SecretString: three"))
        .expect("it can be written");
    let recorded = smcheck(project.root(), &["record", "some/s1", "some/s2"]);
    assert!(code(&recorded) < 2, "{}{}", out(&recorded), err(&recorded));
    assert!(!project.new_fixture(1).exists());
    for number in 1..=2 {
        let kept = std::fs::read(fixture(number)).expect("it is there");
        assert_eq!(kept, waited[number - 1], "the accepted snapshot of s{number} has its fixture");
    }
    let played = smcheck(project.root(), &["replay", "some/s1"]);
    assert_eq!(code(&played), 0, "{}{}", out(&played), err(&played));
    assert!(project.new_fixture(3).exists(), "nothing was recorded");
}

#[test]
fn what_no_scenario_owns_is_found_and_removed_only_when_asked() {
    let project = Project::new();
    let of = |arguments: &[&str]| {
        let mut all = vec!["review", "--unreferenced"];
        all.extend_from_slice(arguments);
        smcheck(project.root(), &all)
    };
    assert_eq!(code(&of(&[])), 0, "all have scenarios");
    std::fs::remove_file(project.path("scenarios/some/s1.yaml")).expect("it is there");
    std::fs::remove_file(project.path("scenarios/some/s2.yaml")).expect("it is there");
    // An application's recording, and another target's files, lie beside.
    let beside = project.path("fixtures/checkout/some/s1.yaml");
    std::fs::create_dir_all(beside.parent().expect("a folder")).expect("it can be made");
    std::fs::copy(project.path("fixtures/embedded/some/s1.yaml"), &beside).expect("it can be copied");
    let others = project.path("snapshots/moto/some/s1.snap");
    std::fs::create_dir_all(others.parent().expect("a folder")).expect("it can be made");
    let text = std::fs::read_to_string(project.snapshot(1)).expect("it is there");
    std::fs::write(&others, text.replace("target: embedded", "target: moto")).expect("it can be written");

    let found = of(&["--origin", "embedded"]);
    assert_eq!(code(&found), 1, "{}", err(&found));
    assert!(
        out(&found).contains("snapshots/embedded/some/s1.snap: no scenario some/s1\n"),
        "{}",
        out(&found)
    );
    assert!(
        out(&found).contains("8 of 16 files unreferenced, by 2 scenarios of scenarios\n"),
        "{}",
        out(&found)
    );
    assert!(err(&found).contains("fixtures/checkout/some/s1.yaml was not made by"), "{}", err(&found));
    assert_eq!(code(&of(&["no-such-id"])), 2);
    // A filter that is an id means that one alone.
    let longer = project.path("snapshots/embedded/some/s12.snap");
    std::fs::write(&longer, text.replace("some/s1", "some/s12")).expect("it can be written");
    assert!(out(&of(&["some/s12"])).contains("s12.snap: no scenario some/s12\n"));
    let one = of(&["some/s1", "--origin", "embedded"]);
    assert!(out(&one).contains("s1.snap") && !out(&one).contains("s12.snap"), "{}", out(&one));
    std::fs::remove_file(&longer).expect("it is there");
    let asked = of(&["--delete", "s1", "--origin", "embedded"]);
    assert_eq!(code(&asked), 2, "nobody can be asked");
    assert!(project.snapshot(1).exists() && project.waits(1));

    let removed = of(&["--delete", "--yes", "s1", "--origin", "embedded"]);
    assert_eq!(code(&removed), 0, "{}", err(&removed));
    assert!(!project.snapshot(1).exists() && !project.waits(1));
    assert!(project.snapshot(2).exists() && project.waits(2), "outside the filter");
    assert!(project.snapshot(3).exists() && project.waits(3), "it has a scenario");
    assert!(beside.exists() && others.exists(), "of another origin, and of an application");
    assert_eq!(code(&of(&["--delete", "--yes"])), 0);
    assert!(!project.snapshot(2).exists() && !others.exists() && beside.exists());
    assert!(!project.path("snapshots/moto").exists(), "no empty folder is left");
    assert_eq!(code(&of(&[])), 0);

    // With a broken scenario it is not known what is there: nothing is found, and nothing removed.
    std::fs::write(project.path("scenarios/some/s3.yaml"), "title: [").expect("it can be written");
    assert_eq!(code(&of(&["--delete", "--yes"])), 2);
    assert!(project.snapshot(3).exists());
}

#[test]
fn removing_asks_first_in_a_terminal() {
    let project = Project::new();
    std::fs::remove_file(project.path("scenarios/some/s1.yaml")).expect("it is there");
    for (key, stays) in [("n\r", true), ("y\r", false)] {
        let mut terminal = project.review(80, 24, &["--unreferenced", "--delete"]);
        terminal.shows(&["Remove 4 files? [y/N]"]);
        terminal.press(key);
        terminal.shows(&[if stays { "nothing was removed" } else { "removed 4 files" }]);
        while let Ok(bytes) = terminal.bytes.recv_timeout(PATIENCE) {
            terminal.take(&bytes);
        }
        assert_eq!(terminal.child.wait().expect("it ends").exit_code(), u32::from(stays));
        assert_eq!(project.snapshot(1).exists(), stays);
    }
}
