//! Running the commands of a page, in one shell and one new folder, and comparing what they print.

use std::fmt::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::page::{Block, Page};

/// Something that blocks may need and that is not everywhere.
pub(crate) struct Need {
    /// The word behind `needs-`.
    pub(crate) word: &'static str,
    /// What must be there, from the root of the repository; their folders are in `PATH`.
    files: &'static [&'static str],
    /// How it is got.
    remedy: &'static str,
}

/// All needs.
pub(crate) const NEEDS: &[Need] = &[
    Need {
        word: "moto",
        files: &["target/emulators/moto/bin/moto_server"],
        remedy: "tools/emulators.sh moto installs it",
    },
    Need {
        word: "ministack",
        files: &["target/emulators/ministack/bin/ministack"],
        remedy: "tools/emulators.sh ministack installs it",
    },
    Need {
        word: "localstack",
        files: &["target/emulators/localstack/bin/localstack-supervisor"],
        remedy: "tools/emulators.sh localstack installs it",
    },
    Need {
        word: "localemu",
        files: &["target/emulators/localemu/bin/localemu"],
        remedy: "tools/emulators.sh localemu installs it",
    },
    Need {
        word: "fakecloud",
        files: &["target/emulators/fakecloud/bin/fakecloud"],
        remedy: "tools/emulators.sh fakecloud builds it, in a quarter of an hour",
    },
    Need {
        word: "awsim",
        files: &["target/emulators/awsim/bin/awsim"],
        remedy: "tools/emulators.sh awsim builds it, in some minutes",
    },
    Need {
        word: "aws",
        files: &["target/clients/python/bin/aws"],
        remedy: "tools/clients.sh --prepare installs it",
    },
    Need {
        word: "pytest",
        files: &["target/clients/python/bin/pytest"],
        remedy: "tools/clients.sh --prepare installs it",
    },
    Need {
        // Its packages are installed by the page; that these could be says that a registry is there.
        word: "npm",
        files: &["target/clients/node/installed.json"],
        remedy: "tools/clients.sh --prepare tries it",
    },
    Need {
        word: "packages",
        files: &["target/packages/SHA256SUMS", "target/packaging-python/bin/uvx"],
        remedy: "packaging/build.sh builds them",
    },
];

/// No page takes longer.
const PATIENCE: Duration = Duration::from_secs(300);

impl Need {
    /// Why blocks with this need cannot be run.
    pub(crate) fn missing(&self, root: &Path) -> Option<String> {
        let missing = self.files.iter().find(|file| !root.join(file).is_file())?;
        Some(format!("{missing} is not there: {}", self.remedy))
    }

    /// Whether `SMCHECK_DOCS_NEED` names it, so that its absence is a failure.
    pub(crate) fn required(&self) -> bool {
        std::env::var("SMCHECK_DOCS_NEED").is_ok_and(|words| words.split(',').any(|word| word == self.word))
    }
}

/// A command of a page, and what the page says that it prints.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Step {
    /// The line of the command, and the lines of what it prints: from, and up to but without.
    line: usize,
    output: (usize, usize),
    command: String,
    expected: Vec<String>,
    /// Whether the next command of the block shows the exit code.
    code_shown: bool,
}

/// The commands of a block. `> ` goes on with a command, `#` before the first command is a remark.
fn steps(block: &Block) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for (at, line) in block.text.lines().enumerate() {
        let line_number = block.line + at;
        if let Some(command) = line.strip_prefix("$ ") {
            if let Some(last) = steps.last_mut() {
                last.code_shown = command.trim() == "echo $?";
            }
            steps.push(Step {
                line: line_number,
                output: (line_number + 1, line_number + 1),
                command: command.to_owned(),
                expected: Vec::new(),
                code_shown: false,
            });
        } else if let Some(last) = steps.last_mut() {
            match line.strip_prefix("> ").or((line == ">").then_some("")) {
                Some(more) if last.expected.is_empty() => {
                    last.command.push('\n');
                    last.command.push_str(more);
                    last.output = (line_number + 1, line_number + 1);
                }
                _ => {
                    last.expected.push(line.trim_end().to_owned());
                    last.output.1 = line_number + 1;
                }
            }
        }
    }
    steps
}

/// What the shell reads: each command between two marks, with the exit code of the one before it in `$?`.
fn script(page: &Page, here: &Path, skipped: impl Fn(&Block) -> bool) -> Result<(String, Vec<Step>), String> {
    let mut text = String::from("exec 2>&1\ntrap 'kill $(jobs -p) 2>/dev/null' EXIT\n__code=0\n");
    let mut all = Vec::new();
    let runs: Vec<usize> = page.runs().filter(|block| !skipped(block)).map(|block| block.line).collect();
    for block in &page.blocks {
        if let Some(file) = block.file() {
            if Path::new(file).is_absolute() || file.contains("..") {
                return Err(format!("{}:{}: a file of a page stays in its folder", page.path, block.line));
            }
            let staged = format!("files/{}", all.len().to_string() + "-" + &block.line.to_string());
            let path = here.join(&staged);
            std::fs::create_dir_all(here.join("files")).map_err(|why| why.to_string())?;
            std::fs::write(&path, &block.text).map_err(|why| why.to_string())?;
            // Written when its turn comes, so that a later version of a file does not come too early.
            let _ = writeln!(text, "mkdir -p \"$(dirname '{file}')\" && cp '{}' '{file}'", path.display());
        }
        if !runs.contains(&block.line) {
            continue;
        }
        if let Some(folder) = block.folder() {
            text.push_str(&copied(folder));
        }
        for step in steps(block) {
            let at = all.len();
            let _ = write!(
                text,
                "printf '\\n\\036B {at}\\n'; (exit $__code)\n{}\n__code=$?; printf '\\n\\036E {at} %d\\n' $__code\n",
                step.command
            );
            all.push(step);
        }
        if block.folder().is_some() {
            text.push_str("cd \"$PAGE\"\n");
        }
    }
    Ok((text, all))
}

/// Goes to a page's own copy of a folder of the repository, which is made when it is first asked for; without what
/// package managers and interpreters left in the original.
fn copied(folder: &str) -> String {
    format!(
        "[ -d '{folder}' ] || {{ mkdir -p '{folder}' && tar -C \"$ROOT/{folder}\" --exclude=node_modules --exclude=__pycache__ \\
    -cf - . | tar -xf - -C '{folder}'; }}\ncd '{folder}'\n"
    )
}

/// Runs the commands of a page and says where they print something else than it shows.
pub(crate) fn hold(page: &Page, root: &Path) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|why| why.to_string())?;
    let missing =
        |block: &Block| NEEDS.iter().any(|need| block.needs(need.word) && need.missing(root).is_some());
    let (text, steps) = script(page, folder.path(), missing)?;
    let outputs = run(&text, folder.path(), root)?;
    if std::env::var_os("UPDATE").is_some() {
        return update(page, root, &steps, &outputs);
    }
    let mut wrong = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        let place = format!("{}:{}: `{}`", page.path, step.line, step.command);
        let Some((output, code)) = outputs.get(at).and_then(Option::as_ref) else {
            wrong.push(format!("{place} did not come to its end"));
            continue;
        };
        if *code != 0 && !step.code_shown {
            wrong.push(format!(
                "{place} ended with {code}; where that is meant, show it with `$ echo $?`\n{output}"
            ));
        }
        if !matches(&step.expected, output) {
            let expected = step.expected.join("\n");
            wrong.push(format!("{place} prints otherwise\n--- the page\n{expected}\n--- now\n{output}"));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n\n")) }
}

/// Runs a script and gives the output and exit code of each command; `None` for one that did not end.
fn run(text: &str, folder: &Path, root: &Path) -> Result<Vec<Option<(String, i32)>>, String> {
    let (script, log, here) = (folder.join("script"), folder.join("log"), folder.join("page"));
    std::fs::write(&script, text).map_err(|why| why.to_string())?;
    std::fs::create_dir(&here).map_err(|why| why.to_string())?;
    let out = std::fs::File::create(&log).map_err(|why| why.to_string())?;
    let binary = Path::new(env!("CARGO_BIN_EXE_smcheck"));
    let mut path: Vec<PathBuf> = binary.parent().map(Path::to_path_buf).into_iter().collect();
    for program in NEEDS.iter().flat_map(|need| need.files).map(|file| root.join(file)) {
        path.extend(program.parent().map(Path::to_path_buf));
    }
    path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let path = std::env::join_paths(path).map_err(|why| why.to_string())?;
    let mut command = Command::new("bash");
    command.arg(&script).current_dir(&here).stdin(Stdio::null()).stdout(out);
    for (name, _) in std::env::vars() {
        if name.starts_with("AWS_") || name == "UPDATE" || name == "CI" || name.starts_with("GITHUB_") {
            command.env_remove(name);
        }
    }
    command.env("PATH", path).env("HOME", folder).env("NO_COLOR", "1").env("ROOT", root).env("PAGE", &here);
    // A group of its own, so that what a page leaves running ends with it.
    let mut shell =
        command.process_group(0).spawn().map_err(|why| format!("bash cannot be started: {why}"))?;
    let begun = Instant::now();
    while shell.try_wait().map_err(|why| why.to_string())?.is_none() {
        if begun.elapsed() > PATIENCE {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let group = i32::try_from(shell.id()).ok().and_then(rustix::process::Pid::from_raw);
    if let Some(group) = group {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = shell.wait();
    let said = std::fs::read(&log).map_err(|why| why.to_string())?;
    Ok(outputs(&String::from_utf8_lossy(&said)))
}

/// What stands between the marks.
fn outputs(said: &str) -> Vec<Option<(String, i32)>> {
    let mut found = Vec::new();
    for part in said.split("\n\u{1e}B ").skip(1) {
        let output = part.split_once('\n').and_then(|(_, rest)| {
            let (output, end) = rest.split_once("\n\u{1e}E ").or_else(|| {
                // A command that prints nothing: the two marks follow each other.
                rest.strip_prefix("\u{1e}E ").map(|end| ("", end))
            })?;
            let code = end.split_whitespace().nth(1)?.parse().ok()?;
            Some((output.trim_end().to_owned(), code))
        });
        found.push(output);
    }
    found
}

/// Whether an output is what a page shows: `…` alone on a line stands for any lines, and within one for any text.
fn matches(expected: &[String], output: &str) -> bool {
    let mut expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    while expected.last().is_some_and(|line| line.is_empty()) {
        expected.pop();
    }
    let actual: Vec<&str> = output.lines().map(str::trim_end).collect();
    lines_match(&expected, &actual)
}

fn lines_match(expected: &[&str], actual: &[&str]) -> bool {
    match expected.split_first() {
        None => actual.is_empty(),
        Some((line, rest)) if line.trim() == "…" => {
            (0..=actual.len()).any(|skipped| lines_match(rest, &actual[skipped..]))
        }
        Some((line, rest)) => actual
            .split_first()
            .is_some_and(|(first, others)| line_matches(line, first) && lines_match(rest, others)),
    }
}

fn line_matches(expected: &str, actual: &str) -> bool {
    let mut parts = expected.split('…');
    let Some(mut rest) = parts.next().and_then(|first| actual.strip_prefix(first)) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// Writes what commands print now into the page, where it shows something else.
fn update(page: &Page, root: &Path, steps: &[Step], outputs: &[Option<(String, i32)>]) -> Result<(), String> {
    let path = root.join(&page.path);
    let text = std::fs::read_to_string(&path).map_err(|why| why.to_string())?;
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    // From the end, so that numbers of lines stay true.
    for (step, output) in steps.iter().zip(outputs).rev() {
        let Some((output, _)) = output else {
            return Err(format!("{}:{}: did not come to its end", page.path, step.line));
        };
        if !matches(&step.expected, output) {
            let new = output.lines().map(|line| volatile(line.trim_end()));
            lines.splice(step.output.0 - 1..step.output.1 - 1, new);
        }
    }
    let mut text = lines.join("\n");
    text.push('\n');
    std::fs::write(&path, text).map_err(|why| why.to_string())
}

/// A line with `…` for ports, and for how long something took.
fn volatile(line: &str) -> String {
    let replaced = [
        (r"(127\.0\.0\.1|localhost):\d{4,5}", "$1:…"),
        (r"\d+(\.\d+)? (ms|s|min)$", "…"),
        (r#"time="[^"]*""#, "time=\"…\""),
    ];
    let folder = Path::new(env!("CARGO_BIN_EXE_smcheck")).parent().unwrap_or(Path::new("/"));
    let mut line = line.replace(&*folder.to_string_lossy(), "…");
    for (pattern, with) in replaced {
        if let Ok(pattern) = regex::Regex::new(pattern) {
            line = pattern.replace_all(&line, with).into_owned();
        }
    }
    line
}

/// The commands that `smcheck --help` lists.
pub(crate) fn commands() -> Result<Vec<String>, String> {
    let help =
        Command::new(env!("CARGO_BIN_EXE_smcheck")).arg("--help").output().map_err(|why| why.to_string())?;
    let text = String::from_utf8_lossy(&help.stdout).into_owned();
    let lines = text.lines().skip_while(|line| !line.starts_with("Commands:")).skip(1);
    let found: Vec<String> = lines
        .take_while(|line| line.starts_with("  "))
        // What goes on from the line before begins further right.
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
        .filter(|command| command != "help")
        .collect();
    if found.len() < 10 { Err(format!("these are few commands: {found:?}")) } else { Ok(found) }
}

/// Outputs that differ are told, and commands are read as they stand.
pub(crate) fn notices() {
    let expected = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    assert!(matches(&expected("a\n…\nz … z"), "a\nb\nc\nz 12 z"));
    assert!(matches(&expected("…"), ""));
    assert!(!matches(&expected("a"), "a\nb"));
    assert!(!matches(&expected("a\nb"), "a"));
    assert!(!matches(&expected("in … s"), "in 3 min"));
    assert!(!matches(&expected(""), "something"));
    let text = "# a remark\n$ one \\\n> two\nout\n$ echo $?\n1\n".to_owned();
    let found = steps(&Block { line: 5, info: Some("console".to_owned()), text });
    assert_eq!((found.len(), found[0].command.as_str()), (2, "one \\\ntwo"));
    assert_eq!((found[0].line, found[0].output, found[0].code_shown), (6, (8, 9), true));
    assert_eq!(found[1].expected, ["1"]);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let wrong =
        |block: &str| hold(&Page::parse("docs/x.md", &format!("```console\n{block}\n```\n")), root).is_err();
    if std::env::var_os("UPDATE").is_none() {
        assert!(!wrong("$ echo one; false\none\n$ echo $?\n1\n$ echo two > f; cat f\ntwo"));
        assert!(wrong("$ false"));
        assert!(wrong("$ echo one\ntwo"));
        assert!(wrong("$ exit 0"));
        // In a copy, which stays for the next block, and nothing of it in the page's own folder.
        let copied = "```console in=examples/pytest\n$ ls conftest.py && touch mine\nconftest.py\n```\n\n\
                      ```console in=examples/pytest\n$ ls mine\nmine\n```\n\n```console\n$ ls\nexamples\n```\n";
        assert_eq!(hold(&Page::parse("docs/x.md", copied), root), Ok(()));
        assert!(!root.join("examples/pytest/mine").exists());
    }
}
