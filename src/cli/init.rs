//! `smcheck init`: a project that runs at once. Nothing that is there is overwritten.

use std::io::{BufRead, IsTerminal};
use std::path::Path;

use super::args::{Ci, InitArgs};
use super::exit::{Exit, Failure};
use super::output;
use crate::scenario;
use crate::target::{Client, config};

/// The presets that can be asked for, and how each is installed.
const PRESETS: [(&str, &str); 3] = [
    ("moto", "pip install 'moto[server]'"),
    ("ministack", "pip install ministack"),
    ("localstack", "tools/emulators.sh localstack, in a clone of smcheck"),
];
/// The name of a server that was given by its URL.
const MINE: &str = "mine";
/// What no project commits: changed snapshots that wait, and the ledger of created secrets.
const IGNORED: [&str; 3] = ["*.snap.new", "*.yaml.new", ".smcheck/"];

/// Which server the project is about.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Wanted {
    Nothing,
    Preset(&'static str, &'static str),
    Url(String),
}

/// Makes the files of a project.
pub(super) fn init(args: &InitArgs) -> Result<Exit, Failure> {
    let wanted = match &args.target {
        Some(text) => read(text)?,
        None if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() => ask()?,
        None => Wanted::Nothing,
    };
    std::fs::create_dir_all(&args.dir).map_err(|why| {
        Failure::usage(format!("cannot make the folder {}: {why}; choose another", args.dir.display()))
    })?;
    let mut project = Project { root: &args.dir, made: 0 };
    project.file(config::FILE, &configuration(&wanted))?;
    project.file("scenarios/labels/put-moves-current.yaml", include_str!("init/scenario.yaml"))?;
    project.file("scenarios/schema.json", &format!("{:#}\n", scenario::json_schema()))?;
    if matches!(wanted, Wanted::Url(_)) {
        project.file(&format!("known/{MINE}.yaml"), include_str!("init/known.yaml"))?;
    }
    project.ignore()?;
    let flag = match &wanted {
        Wanted::Nothing => String::new(),
        Wanted::Preset(name, _) => format!(" -t {name}"),
        Wanted::Url(_) => format!(" -t {MINE}"),
    };
    match args.ci {
        // A workflow starts no server: it runs on the reference until someone names a target.
        Some(Ci::Github) => {
            project.file(
                ".github/workflows/smcheck.yml",
                &include_str!("init/github.yml").replace("{target}", ""),
            )?;
        }
        Some(Ci::Gitlab) => {
            project.file(".gitlab-ci.yml", &include_str!("init/gitlab.yml").replace("{target}", ""))?;
        }
        None => {}
    }
    output::print(&next(&args.dir, &flag, &wanted, project.made));
    Ok(Exit::Expected)
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
    if let Some((name, how)) = PRESETS.into_iter().find(|(name, _)| *name == text) {
        return Ok(Wanted::Preset(name, how));
    }
    if text == crate::target::resolve::EMBEDDED {
        return Ok(Wanted::Nothing);
    }
    let names = PRESETS.map(|(name, _)| name);
    if !text.contains("://") {
        let hint = scenario::nearest::nearest(text, names)
            .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        return Err(Failure::usage(format!(
            "`{text}` is none of {}, and no URL such as http://127.0.0.1:5000{hint}",
            names.join(", ")
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
    output::say("Which server do you want to check: moto, ministack, localstack, or a URL?");
    output::say("Enter alone begins with the reference inside smcheck, for which nothing is installed.");
    loop {
        let mut answer = String::new();
        let read_bytes = std::io::stdin().lock().read_line(&mut answer);
        let answer = answer.trim();
        if answer.is_empty() || !read_bytes.is_ok_and(|bytes| bytes > 0) {
            return Ok(Wanted::Nothing);
        }
        match read(answer) {
            Ok(wanted) => return Ok(wanted),
            Err(failure) => output::say(&format!("{} Once more, or Enter:", failure.message)),
        }
    }
}

/// The text of smcheck.toml.
fn configuration(wanted: &Wanted) -> String {
    let table = match wanted {
        Wanted::Nothing => {
            "\n# Without a target, `smcheck run` asks the reference inside smcheck.\n".to_owned()
        }
        Wanted::Preset(name, how) => {
            format!("\n# Installed by: {how}\n{}", config::preset(name).unwrap_or_default())
        }
        Wanted::Url(url) => format!("\n[targets.{MINE}]\nurl = \"{url}\"\nknown = \"known/{MINE}.yaml\"\n"),
    };
    format!("{}{table}{}", include_str!("init/smcheck.toml"), include_str!("init/more.toml"))
}

/// What was done, and what can be done now.
fn next(dir: &Path, flag: &str, wanted: &Wanted, made: usize) -> String {
    let mut text = String::from("\n");
    if made == 0 {
        text.push_str("All was there already. ");
    }
    text.push_str("Next:\n\n");
    let mut command = |what: &str, why: &str| text.push_str(&format!("  {what:36} {why}\n"));
    if dir != Path::new(".") {
        command(&format!("cd {}", dir.display()), "");
    }
    command("smcheck run", "the scenario, on the reference: it passes");
    if let Wanted::Preset(_, how) = wanted {
        command(how, "the server, if it is not installed");
    }
    if !flag.is_empty() {
        command(&format!("smcheck doctor{flag}"), "whether the server can be reached");
        command(&format!("smcheck run{flag}"), "the scenario on the server");
    }
    command("smcheck run --watch", "again whenever a scenario changes");
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::Config;

    #[test]
    fn every_configuration_that_is_made_can_be_read() {
        let url = Wanted::Url("http://127.0.0.1:5000".to_owned());
        let presets = PRESETS.map(|(name, how)| Wanted::Preset(name, how));
        for wanted in presets.into_iter().chain([Wanted::Nothing, url]) {
            let text = configuration(&wanted);
            let config = Config::read(Some((Path::new("smcheck.toml"), &text)));
            config.unwrap_or_else(|why| panic!("{wanted:?}: {why}\n{text}"));
            let name = match &wanted {
                Wanted::Preset(name, _) => format!("[targets.{name}]\nstart"),
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
