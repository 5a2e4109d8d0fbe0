//! `smcheck init`: a project that runs at once. Nothing that is there is overwritten.

use std::io::{BufRead, IsTerminal};
use std::path::Path;

use super::args::{Ci, InitArgs};
use super::exit::{Exit, Failure};
use super::output;
use crate::scenario;
use crate::suite::versions::pip;
use crate::target::{Client, config};

/// The presets that can be asked for.
const PRESETS: [&str; 3] = ["moto", "ministack", "localstack"];
/// The name of a server that was given by its URL.
const MINE: &str = "mine";
/// What no project commits: changed snapshots that wait, and the ledger of created secrets.
const IGNORED: [&str; 3] = ["*.snap.new", "*.yaml.new", ".smcheck/"];

/// Which server the project is about.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Wanted {
    Nothing,
    Preset(&'static str),
    Url(String),
}

impl Wanted {
    /// Its name after `-t`.
    fn name(&self) -> Option<&'static str> {
        match self {
            Wanted::Nothing => None,
            Wanted::Preset(name) => Some(name),
            Wanted::Url(_) => Some(MINE),
        }
    }

    /// How the server is had, and what is missing in a workflow.
    fn how(&self) -> Option<String> {
        match self {
            Wanted::Preset(name) => Some(match pip(name) {
                Some(package) => format!("pip install {package}"),
                None => format!("tools/emulators.sh {name}, in a clone of smcheck"),
            }),
            Wanted::Nothing | Wanted::Url(_) => None,
        }
    }
}

/// Makes the files of a project.
pub(super) fn init(args: &InitArgs) -> Result<Exit, Failure> {
    let wanted = match &args.target {
        Some(text) => read(text)?,
        None if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() => ask()?,
        None => Wanted::Nothing,
    };
    std::fs::create_dir_all(&args.dir).map_err(|why| {
        let dir = args.dir.display();
        match why.kind() {
            // The parents are made too, so that none of them can be missing.
            std::io::ErrorKind::NotFound => Failure::usage(format!(
                "cannot make the folder {dir}: none can be made there; choose another"
            )),
            _ => Failure::usage(format!("cannot make the folder {dir}: {why}")),
        }
    })?;
    let mut project = Project { root: &args.dir, made: 0 };
    project.file(config::FILE, &configuration(&wanted))?;
    let named = table_there(&args.dir, &wanted);
    match &wanted {
        // Who checks a server wants the whole catalogue, and a folder of scenarios would take its place.
        Wanted::Preset(_) => {}
        Wanted::Url(_) if named => {
            project.file(&format!("known/{MINE}.yaml"), include_str!("init/known.yaml"))?;
        }
        Wanted::Url(_) => {}
        Wanted::Nothing => {
            project.file("scenarios/labels/put-moves-current.yaml", include_str!("init/scenario.yaml"))?;
            project.file("scenarios/schema.json", &format!("{:#}\n", scenario::json_schema()))?;
        }
    }
    project.ignore()?;
    match args.ci {
        Some(Ci::Github) => {
            let text = workflow(include_str!("init/github.yml"), &wanted, &GITHUB);
            project.file(".github/workflows/smcheck.yml", &text)?;
        }
        Some(Ci::Gitlab) => {
            project.file(".gitlab-ci.yml", &workflow(include_str!("init/gitlab.yml"), &wanted, &GITLAB))?;
        }
        None => {}
    }
    if args.ci.is_some()
        && let Some(missing) = missing(&wanted)
    {
        output::line(&format!("\nThe workflow is not whole: {missing}."));
    }
    output::print(&next(&args.dir, &wanted, named, project.made));
    Ok(Exit::Expected)
}

/// Whether the configuration has the target, as it was asked for: a file that was there already is kept.
fn table_there(dir: &Path, wanted: &Wanted) -> bool {
    let Wanted::Url(url) = wanted else { return true };
    let text = std::fs::read_to_string(dir.join(config::FILE)).unwrap_or_default();
    let table = toml::from_str::<toml::Table>(&text).unwrap_or_default();
    let there = table.get("targets").and_then(|targets| targets.get(MINE)?.get("url")?.as_str());
    there.is_some_and(|there| there.trim_end_matches('/') == url)
}

/// How a workflow's lines are written.
struct Lines {
    /// Steps that make a Python ready, and then install a package of it; `{how}` is the command.
    install: &'static str,
    /// A step that looks at the files.
    lint: &'static str,
    /// Before a comment.
    indent: &'static str,
}

const GITHUB: Lines = Lines {
    install: "      - uses: actions/setup-python@v5\n        with:\n          python-version: \"3.12\"\n      - run: {how}\n",
    lint: "      - run: smcheck lint\n",
    indent: "      ",
};
const GITLAB: Lines = Lines {
    install: "    - apt-get update && apt-get install -y python3-venv\n    - python3 -m venv .venv\n    \
              - export PATH=\"$PWD/.venv/bin:$PATH\"\n    - {how}\n",
    lint: "    - smcheck lint\n",
    indent: "    ",
};

/// What a workflow lacks before it can run on the server.
fn missing(wanted: &Wanted) -> Option<String> {
    match wanted {
        Wanted::Nothing => None,
        Wanted::Preset(name) if pip(name).is_some() => None,
        Wanted::Preset(name) => Some(format!(
            "a step that installs {name} is missing (tools/emulators.sh {name} in a clone of smcheck does it)"
        )),
        Wanted::Url(url) => Some(format!("a step that starts the server at {url} is missing")),
    }
}

/// A workflow that runs on the server, or on the reference where there is none.
fn workflow(template: &str, wanted: &Wanted, lines: &Lines) -> String {
    let install = match (missing(wanted), wanted.how()) {
        (Some(missing), _) => format!("{}# To do: {missing}.\n", lines.indent),
        (None, Some(how)) => lines.install.replace("{how}", &how),
        (None, None) => String::new(),
    };
    // Without a file of its own a project has nothing to look at.
    let lint = if matches!(wanted, Wanted::Preset(_)) { "" } else { lines.lint };
    let target = wanted.name().map_or_else(String::new, |name| format!(" -t {name}"));
    let what = match wanted {
        Wanted::Nothing => {
            "# The scenarios of this project, on every push. Add `-t NAME` for a server of smcheck.toml."
        }
        _ => "# The catalogue of smcheck on the server, on every push.",
    };
    template
        .replace("{what}", what)
        .replace("{install}", &install)
        .replace("{lint}", lint)
        .replace("{target}", &target)
}

struct Project<'a> {
    root: &'a Path,
    made: usize,
}

impl Project<'_> {
    /// Writes a file that is not there yet, and says which.
    fn file(&mut self, name: &str, text: &str) -> Result<(), Failure> {
        let path = self.root.join(name);
        let cannot = |why: std::io::Error| {
            Failure::usage(format!("cannot write {}: {why}; choose another folder", path.display()))
        };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(cannot)?;
        }
        match std::fs::OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(mut file) => {
                std::io::Write::write_all(&mut file, text.as_bytes()).map_err(cannot)?;
                self.made += 1;
                output::line(&format!("made  {}", shown(&path)));
            }
            Err(why) if why.kind() == std::io::ErrorKind::AlreadyExists => {
                output::line(&format!("kept  {}, which is there already", shown(&path)));
            }
            Err(why) => return Err(cannot(why)),
        }
        Ok(())
    }

    /// Adds what is not ignored yet to `.gitignore`.
    fn ignore(&mut self) -> Result<(), Failure> {
        let path = self.root.join(".gitignore");
        let before = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => {
                return self.file(".gitignore", &format!("{}\n", IGNORED.join("\n")));
            }
            Err(why) => return Err(Failure::usage(format!("cannot read {}: {why}", path.display()))),
        };
        let missing: Vec<&str> =
            IGNORED.into_iter().filter(|line| !before.lines().any(|there| there.trim() == *line)).collect();
        if missing.is_empty() {
            output::line(&format!("kept  {}, which says all already", shown(&path)));
            return Ok(());
        }
        let end = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
        let text = format!("{before}{end}{}\n", missing.join("\n"));
        output::save(&path, text.as_bytes())?;
        self.made += 1;
        output::line(&format!("added {} to {}", missing.join(", "), shown(&path)));
        Ok(())
    }
}

fn shown(path: &Path) -> String {
    path.strip_prefix(".").unwrap_or(path).display().to_string()
}

fn read(text: &str) -> Result<Wanted, Failure> {
    if let Some(name) = PRESETS.into_iter().find(|name| *name == text) {
        return Ok(Wanted::Preset(name));
    }
    if text == crate::target::resolve::EMBEDDED {
        return Ok(Wanted::Nothing);
    }
    if !text.contains("://") {
        let hint = scenario::nearest::nearest(text, PRESETS)
            .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        return Err(Failure::usage(format!(
            "`{text}` is none of {}, and no URL such as http://127.0.0.1:5000{hint}",
            PRESETS.join(", ")
        )));
    }
    let second = std::time::Duration::from_secs(1);
    Client::new(text, second, second).map_err(Failure::usage)?;
    if text.contains(['"', '\\', '\n']) {
        return Err(Failure::usage(format!("`{text}` is no URL such as http://127.0.0.1:5000")));
    }
    Ok(Wanted::Url(text.trim_end_matches('/').to_owned()))
}

fn ask() -> Result<Wanted, Failure> {
    let say = |text: &str| {
        for line in output::wrap(text, output::width()) {
            output::say(&line);
        }
    };
    say("Which server do you want to check: moto, ministack, localstack, or a URL?");
    say("Enter alone begins with the reference inside smcheck, for which nothing is installed.");
    loop {
        let mut answer = String::new();
        let read_bytes = std::io::stdin().lock().read_line(&mut answer);
        let answer = answer.trim();
        if answer.is_empty() || !read_bytes.is_ok_and(|bytes| bytes > 0) {
            return Ok(Wanted::Nothing);
        }
        match read(answer) {
            Ok(wanted) => return Ok(wanted),
            Err(failure) => {
                let end = if failure.message.ends_with(['?', '.']) { "" } else { "." };
                say(&format!("{}{end} Once more, or Enter:", failure.message));
            }
        }
    }
}

/// The text of smcheck.toml.
fn configuration(wanted: &Wanted) -> String {
    let table = match wanted {
        Wanted::Nothing => {
            "\n# Without a target, `smcheck run` asks the reference inside smcheck.\n".to_owned()
        }
        Wanted::Preset(name) => {
            let how = wanted.how().unwrap_or_default();
            format!("\n# Installed by: {how}\n{}", config::preset(name).unwrap_or_default())
        }
        Wanted::Url(url) => format!("\n{}", table(url)),
    };
    let installed = |name| pip(name).unwrap_or_else(|| String::from(name));
    let more = include_str!("init/more.toml")
        .replace("{moto}", &installed("moto"))
        .replace("{ministack}", &installed("ministack"));
    format!("{}{table}{more}", include_str!("init/smcheck.toml"))
}

/// The table of a server that runs already.
fn table(url: &str) -> String {
    format!("[targets.{MINE}]\nurl = \"{url}\"\nknown = \"known/{MINE}.yaml\"\n")
}

/// What was done, and what can be done now. `named`: whether the configuration has the target.
fn next(dir: &Path, wanted: &Wanted, named: bool, made: usize) -> String {
    let mut text = String::from("\n");
    if let (Wanted::Url(url), false) = (wanted, named) {
        let toml = dir.join(config::FILE);
        text.push_str(&format!(
            "{} was kept, and does not name this server. Add to it, under a name of your choice:\n\n",
            shown(&toml)
        ));
        // No list is there yet, and one that is named must be.
        let table = table(url);
        let table = table.lines().filter(|line| !line.starts_with("known"));
        table.for_each(|line| text.push_str(&format!("  {line}\n")));
        text.push('\n');
    } else if made == 0 {
        text.push_str("All was there already. ");
    }
    text.push_str("Next:\n\n");
    let mut commands = Vec::new();
    let mut command = |what: &str, why: &'static str| commands.push((what.to_owned(), why));
    if dir != Path::new(".") {
        command(&format!("cd {}", dir.display()), "");
    }
    let flag = match (wanted, named) {
        (Wanted::Url(url), false) => Some(url.as_str()),
        _ => wanted.name(),
    };
    if let Some(how) = wanted.how() {
        command(&how, "the server, if it is not installed");
    }
    match flag {
        Some(name) => {
            command(&format!("smcheck doctor -t {name}"), "whether it can be reached");
            command(&format!("smcheck run labels/ -t {name}"), "a part of the catalogue");
            command(&format!("smcheck run -t {name}"), "all of it: some minutes");
        }
        None => {
            command("smcheck run", "the scenario, on the reference: it passes");
            command("smcheck run --watch", "again whenever a scenario changes");
        }
    }
    let wide = commands.iter().map(|(what, _)| what.len()).max().unwrap_or_default();
    for (what, why) in commands {
        text.push_str(format!("  {what:wide$}   {why}").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::Config;

    #[test]
    fn every_configuration_that_is_made_can_be_read() {
        let url = Wanted::Url("http://127.0.0.1:5000".to_owned());
        let presets = PRESETS.map(Wanted::Preset);
        for wanted in presets.into_iter().chain([Wanted::Nothing, url]) {
            let text = configuration(&wanted);
            let config = Config::read(Some((Path::new("smcheck.toml"), &text)));
            config.unwrap_or_else(|why| panic!("{wanted:?}: {why}\n{text}"));
            let name = match &wanted {
                Wanted::Preset(name) => format!("[targets.{name}]\nstart"),
                Wanted::Url(_) => "[targets.mine]\nurl".to_owned(),
                Wanted::Nothing => continue,
            };
            assert!(text.contains(&name), "{text}");
        }
        // What stands there as a comment must be right too, once it is taken up.
        let more = include_str!("init/more.toml");
        let tables = more.split("\n# [").skip(1).map(|part| format!("[{}", part.replace("\n# ", "\n")));
        for table in tables {
            let table: String =
                table.lines().take_while(|line| !line.is_empty()).collect::<Vec<_>>().join("\n");
            Config::read(Some((Path::new("smcheck.toml"), &table)))
                .unwrap_or_else(|why| panic!("{why}\n{table}"));
        }
    }

    #[test]
    fn a_slip_is_answered_with_the_name_that_was_meant() {
        assert!(read("moot").expect_err("it is no name").message.contains("did you mean `moto`?"));
        assert!(read("http://user:pass@host").is_err());
        assert_eq!(read("http://127.0.0.1:1/").expect("a URL"), Wanted::Url("http://127.0.0.1:1".to_owned()));
    }
}
