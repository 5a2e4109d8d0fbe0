//! The program as its users run it, for the tests that do: in a folder of its own, in an environment that names no AWS
//! account and no CI.
#![allow(dead_code, reason = "no test needs all of it")]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

/// `smcheck` in a folder.
pub(crate) fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_smcheck"));
    command.current_dir(folder).stdin(Stdio::null());
    for (name, _) in
        std::env::vars().filter(|(name, _)| name.starts_with("AWS_") || name.starts_with("GITHUB_"))
    {
        command.env_remove(name);
    }
    command
}

/// Runs it.
pub(crate) fn smcheck(folder: &Path, arguments: &[&str]) -> Output {
    command(folder).args(arguments).output().expect("the program was built")
}

/// Runs it, and wants this exit code; what it printed.
pub(crate) fn ends(folder: &Path, arguments: &[&str], code: i32) -> String {
    let output = smcheck(folder, arguments);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", said(&output));
    said(&output)
}

pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("there is room for a folder")
}

pub(crate) fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub(crate) fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What was printed, on either stream.
pub(crate) fn said(output: &Output) -> String {
    out(output) + &err(output)
}

pub(crate) fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

pub(crate) fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap_or_else(|why| panic!("{name}: {why}"))
}

pub(crate) fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().expect("it is in a folder")).expect("it can be made");
    std::fs::write(path, text).expect("it can be written");
}

/// `smcheck serve --model` with faults; dropping it ends it.
pub(crate) struct Server {
    child: Child,
    /// Where it listens.
    pub(crate) url: String,
}

impl Server {
    pub(crate) fn start(folder: &Path, faults: &[&str]) -> Self {
        let mut command = command(folder);
        command.args(["serve", "--model", "--port", "0"]);
        faults.iter().for_each(|fault| {
            command.args(["--fault", fault]);
        });
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program was built");
        let mut line = String::new();
        let pipe = child.stdout.take().expect("it was piped");
        BufReader::new(pipe).read_line(&mut line).expect("it says where it is");
        let url = line.trim().strip_prefix("listening on ").expect("one line, as agreed").to_owned();
        Server { child, url }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
