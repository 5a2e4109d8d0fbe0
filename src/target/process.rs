//! Emulators that we start: on a free port, awaited, stopped, their output kept for when they die.
//!
//! An emulator must not outlive us, however we end. It runs under a small shell that leads a process group of its
//! own and reads a pipe whose other end only we hold: when we are gone, by SIGKILL too, the pipe closes and the
//! shell kills the group. That needs neither unsafe code nor a feature of one system.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, ChildStdin, Command};

use super::client::Client;
use super::config::preset;
use super::ready::{Seen, look};

/// `$@` is the emulator. It gets no input; the shell's own input is the pipe that we hold.
const WATCHDOG: &str = r#"exec 3<&0
"$@" 3<&- </dev/null &
child=$!
( while read -r _ <&3; do :; done; kill -KILL -$$ ) >/dev/null 2>&1 &
exec 3<&- </dev/null
wait "$child"
code=$?
kill %2 2>/dev/null
exit "$code"
"#;

/// How many lines of output are kept.
const LINES_KEPT: usize = 60;

/// How an emulator is started. `{port}` and `{dir}` are filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartPlan {
    /// The target's name, which is also its folder under `target/emulators`.
    pub name: String,
    /// The command line, split as a shell would split plain words and quotes.
    pub command: String,
    /// The path that answers 200 when it is ready; without one, an open port is enough.
    pub ready: Option<String>,
    /// Environment variables.
    pub env: BTreeMap<String, String>,
    /// Files to write into `{dir}` first: their path there, and their text.
    pub files: BTreeMap<String, String>,
    /// The command that prints its version.
    pub version: Option<String>,
    /// How long it may take to be ready.
    pub within: Duration,
}

/// A running emulator. Dropping it ends it and all that it started.
#[derive(Debug)]
pub struct Emulator {
    child: Child,
    group: Option<Pid>,
    pipe: Option<ChildStdin>,
    output: Output,
    folder: tempfile::TempDir,
    /// Its endpoint.
    pub endpoint: String,
    /// The program that was found.
    pub program: PathBuf,
    /// The version that it says it has.
    pub version: Option<String>,
}

/// An emulator that could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The command line is empty or has an open quote.
    #[error("the start command of target `{name}` is not a command: {command}")]
    Command {
        /// The target.
        name: String,
        /// What the configuration says.
        command: String,
    },
    /// The program is neither on PATH nor installed for us.
    #[error(
        "target `{name}`: `{program}` is neither on PATH nor under target/emulators/{name}/bin; {}",
        had(name, program)
    )]
    Missing {
        /// The target.
        name: String,
        /// The program.
        program: String,
    },
    /// The system would not start it.
    #[error("target `{name}`: cannot start {}: {source}", program.display())]
    Spawn {
        /// The target.
        name: String,
        /// The program.
        program: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It ended before it was ready.
    #[error("target `{name}` ended before it was ready ({status}); its last output:\n{output}")]
    Died {
        /// The target.
        name: String,
        /// Its exit status.
        status: String,
        /// Its last lines.
        output: String,
    },
    /// It was not ready in time.
    #[error("target `{name}` was not ready within {seconds} s: {seen}; its last output:\n{output}")]
    Slow {
        /// The target.
        name: String,
        /// The limit.
        seconds: u64,
        /// What it answered last, and what to look at.
        seen: String,
        /// Its last lines.
        output: String,
    },
    /// There was no free port, or no folder could be made.
    #[error("target `{name}`: {source}")]
    Io {
        /// The target.
        name: String,
        /// Why.
        source: std::io::Error,
    },
}

impl Emulator {
    /// Starts an emulator and waits until it is ready.
    ///
    /// # Errors
    /// When it is not installed, dies, or is not ready in time.
    pub async fn start(plan: &StartPlan) -> Result<Self, StartError> {
        let name = || plan.name.clone();
        let io = |source| StartError::Io { name: name(), source };
        let folder = tempfile::Builder::new().prefix("smcheck-").tempdir().map_err(io)?;
        for (path, text) in &plan.files {
            let path = inside(folder.path(), path).map_err(io)?;
            path.parent().map_or(Ok(()), std::fs::create_dir_all).map_err(io)?;
            std::fs::write(path, text).map_err(io)?;
        }
        let port = free_port().map_err(io)?;
        let fill = |text: &str| {
            text.replace("{port}", &port.to_string()).replace("{dir}", &folder.path().to_string_lossy())
        };
        let command = || StartError::Command { name: name(), command: plan.command.clone() };
        let words = split(&plan.command).ok_or_else(command)?;
        let (program, arguments) = words.split_first().ok_or_else(command)?;
        let program = find(program, &plan.name)
            .ok_or_else(|| StartError::Missing { name: name(), program: program.clone() })?;
        let mut shell = Command::new("/bin/sh");
        shell
            .args(["-c", WATCHDOG, "smcheck-watchdog"])
            .arg(&program)
            .args(arguments.iter().map(|argument| fill(argument)))
            .envs(plan.env.iter().map(|(key, value)| (key, fill(value))))
            .env("PATH", path_with(&program))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        let spawn = |source| StartError::Spawn { name: name(), program: program.clone(), source };
        let mut child = shell.spawn().map_err(spawn)?;
        let output = Output::default();
        output.follow(child.stdout.take());
        output.follow(child.stderr.take());
        let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        let pipe = child.stdin.take();
        let endpoint = format!("http://127.0.0.1:{port}");
        let version = match &plan.version {
            Some(version) => ask_version(version, &plan.name, &program).await,
            None => None,
        };
        let mut emulator = Emulator { child, group, pipe, output, folder, endpoint, program, version };
        emulator.wait(plan).await?;
        Ok(emulator)
    }

    async fn wait(&mut self, plan: &StartPlan) -> Result<(), StartError> {
        let begun = Instant::now();
        let client = Client::new(&self.endpoint, Duration::from_secs(1), Duration::from_secs(5)).ok();
        let mut seen = Seen::Nobody;
        loop {
            if let Ok(Some(status)) = self.child.try_wait() {
                // The readers need a moment for the last lines.
                tokio::time::sleep(Duration::from_millis(50)).await;
                let output = self.output.text();
                return Err(StartError::Died { name: plan.name.clone(), status: status.to_string(), output });
            }
            if let Some(client) = &client {
                seen = look(client, plan.ready.as_deref()).await;
                if seen == Seen::Ready {
                    return Ok(());
                }
            }
            if begun.elapsed() > plan.within {
                let seconds = plan.within.as_secs();
                return Err(StartError::Slow {
                    name: plan.name.clone(),
                    seconds,
                    seen: seen.told(plan),
                    output: self.output.text(),
                });
            }
            tokio::time::sleep(Duration::from_millis(40)).await;
        }
    }

    /// The last lines that it wrote.
    pub fn output(&self) -> String {
        self.output.text()
    }

    /// Whether it has ended by itself, and how.
    pub fn ended(&mut self) -> Option<String> {
        self.child.try_wait().ok().flatten().map(|status| status.to_string())
    }

    /// The folder that it was given as `{dir}`.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Ends it: asks first, and kills what is left after two seconds.
    pub async fn stop(mut self) {
        if let Some(group) = self.group {
            let _ = kill_process_group(group, Signal::TERM);
            let ended = tokio::time::timeout(Duration::from_secs(2), self.child.wait()).await;
            if ended.is_err() {
                let _ = kill_process_group(group, Signal::KILL);
                let _ = self.child.wait().await;
            }
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        drop(self.pipe.take());
        if let Some(group) = self.group {
            // The group may be gone already, which is what we want.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// The last lines of a process, as they come.
#[derive(Clone, Debug, Default)]
struct Output(Arc<Mutex<VecDeque<String>>>);

impl Output {
    fn follow(&self, stream: Option<impl AsyncRead + Unpin + Send + 'static>) {
        let Some(stream) = stream else { return };
        let kept = self.clone();
        tokio::spawn(async move {
            let mut lines = BufReader::new(stream).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                kept.push(line);
            }
        });
    }

    fn push(&self, line: String) {
        let mut lines = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if lines.len() == LINES_KEPT {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    fn text(&self) -> String {
        let lines = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if lines.is_empty() {
            return "(none)".to_owned();
        }
        lines.iter().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
    }
}

/// A path in the folder that an emulator is given; none leads out of it.
fn inside(folder: &Path, path: &str) -> std::io::Result<PathBuf> {
    let path = Path::new(path);
    if path.components().all(|part| matches!(part, std::path::Component::Normal(_))) {
        return Ok(folder.join(path));
    }
    Err(std::io::Error::other(format!("`files` names {}, which is not inside of {{dir}}", path.display())))
}

/// How the program of a target is had.
fn had(name: &str, program: &str) -> String {
    // A table of the user's may have the name of a preset and start something else.
    match preset(name).is_some_and(|table| table.contains(&format!("start = \"{program}"))) {
        true => format!("run `tools/emulators.sh {name}` in a clone of smcheck, or install it"),
        false => "put it on PATH, or write its whole path in `start`".to_owned(),
    }
}

async fn ask_version(command: &str, name: &str, program: &Path) -> Option<String> {
    let words = split(command)?;
    let (asked, arguments) = words.split_first()?;
    // The interpreter beside the emulator is the one that has it installed.
    let beside = program.parent().map(|folder| folder.join(asked)).filter(|path| path.is_file());
    let asked = beside.or_else(|| find(asked, name))?;
    let run = Command::new(asked).args(arguments).stdin(Stdio::null()).kill_on_drop(true).output();
    let output = tokio::time::timeout(Duration::from_secs(10), run).await.ok()?.ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (output.status.success() && !text.is_empty() && text.len() < 80).then_some(text)
}

/// Looks for a program on PATH, then under `target/emulators/NAME/bin`.
pub fn find(program: &str, name: &str) -> Option<PathBuf> {
    if program.contains('/') {
        return Some(PathBuf::from(program)).filter(|path| path.is_file());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain([Path::new("target").join("emulators").join(name).join("bin")])
        .map(|folder| folder.join(program))
        .find(|candidate| is_executable(candidate))
        .and_then(|found| std::path::absolute(found).ok())
}

fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

fn path_with(program: &Path) -> std::ffi::OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = program.parent().map(Path::to_path_buf).into_iter().chain(std::env::split_paths(&path));
    std::env::join_paths(folders).unwrap_or(path)
}

/// A port that nobody listens on now. Somebody could take it before the emulator does; then the emulator dies and
/// says so.
fn free_port() -> std::io::Result<u16> {
    Ok(std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Splits a command line at spaces, with single and double quotes; `None` for an open quote.
fn split(command: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut quote, mut begun) = (Vec::new(), String::new(), None, false);
    let mut characters = command.chars();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (Some('"') | None, '\\') => word.push(characters.next()?),
            (Some(_), _) => word.push(character),
            (None, '\'' | '"') => (quote, begun) = (Some(character), true),
            (None, ' ' | '\t' | '\n') => {
                if begun || !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                begun = false;
            }
            (None, _) => word.push(character),
        }
    }
    if begun || !word.is_empty() {
        words.push(word);
    }
    quote.is_none().then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(command: &str) -> StartPlan {
        StartPlan {
            name: "test".to_owned(),
            command: command.to_owned(),
            ready: None,
            env: BTreeMap::new(),
            files: BTreeMap::new(),
            version: None,
            within: Duration::from_secs(5),
        }
    }

    #[test]
    fn a_command_line_splits_as_in_a_shell() {
        let words = |text: &str| split(text).map(|words| words.join("|"));
        assert_eq!(words("a -b 'c d' \"e\\\"f\" ''"), Some("a|-b|c d|e\"f|".to_owned()));
        assert_eq!(words("a 'b"), None);
    }

    #[tokio::test]
    async fn a_program_that_is_not_there_is_named() {
        let error =
            Emulator::start(&plan("no-such-program-anywhere")).await.expect_err("it is not installed");
        assert!(error.to_string().ends_with("put it on PATH, or write its whole path in `start`"), "{error}");
        assert!(had("moto", "moto_server").contains("tools/emulators.sh moto"));
        assert!(!had("moto", "my-moto").contains("tools/emulators.sh"));
    }

    #[tokio::test]
    async fn the_output_of_one_that_dies_is_shown() {
        let error =
            Emulator::start(&plan("sh -c 'echo the port is taken; exit 3'")).await.expect_err("it dies");
        let shown = error.to_string();
        assert!(shown.contains("the port is taken") && shown.contains("exit status: 3"), "{shown}");
    }

    #[tokio::test]
    async fn files_are_written_into_the_folder_and_nowhere_else() {
        let mut reads = plan("sh -c 'cat {dir}/a/b.txt; exit 1'");
        reads.files.insert("a/b.txt".to_owned(), "an empty snapshot".to_owned());
        let error = Emulator::start(&reads).await.expect_err("it ends");
        assert!(error.to_string().contains("an empty snapshot"), "{error}");
        reads.files.insert("../c.txt".to_owned(), String::new());
        let error = Emulator::start(&reads).await.expect_err("the file would be outside");
        assert!(error.to_string().contains("../c.txt"), "{error}");
    }

    #[tokio::test]
    async fn dropping_ends_all_that_was_started() {
        let mut slow = plan("sh -c 'sleep 300 & echo $! > {dir}/pid; wait'");
        slow.within = Duration::from_millis(300);
        // It never listens, so it is too slow; by then it has written the process id of its child.
        let folder = tempfile::tempdir().expect("there is room for a folder");
        slow.command = slow.command.replace("{dir}", &folder.path().to_string_lossy());
        let error = Emulator::start(&slow).await.expect_err("it never listens");
        assert!(matches!(error, StartError::Slow { .. }), "{error}");
        let pid = std::fs::read_to_string(folder.path().join("pid")).expect("it was written");
        let proc = Path::new("/proc").join(pid.trim());
        for _ in 0..100 {
            // A killed process may stay as a zombie until its new parent has looked at it.
            let state = std::fs::read_to_string(proc.join("stat")).unwrap_or_default();
            if state.is_empty() || state.contains(") Z ") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the child of the emulator is still there");
    }
}
