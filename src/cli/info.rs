//! `smcheck list`, `lint`, `schema` and `targets`.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use super::args::{LintArgs, ListArgs, SchemaArgs};
use super::exit::{Exit, Failure};
use super::{output, settings};
use crate::judge::KnownList;
use crate::report::{counted, plain};
use crate::scenario;
use crate::scenario::register::Register;
use crate::suite::Catalogue;
use crate::suite::catalogue::{self, RULES_FOLDER};
use crate::target::resolve::{AWS, EMBEDDED, ENV};

/// Lists the ids of scenarios with their titles.
pub(super) fn list(args: &ListArgs) -> Result<Exit, Failure> {
    let scenarios = settings::load(&args.select)?;
    let mut text = String::new();
    if args.show {
        let wanted: BTreeSet<&str> = scenarios.iter().map(|scenario| &*scenario.path).collect();
        let catalogue = Catalogue::choose(args.select.scenarios.as_deref(), Path::new("."));
        let files = catalogue.files().map_err(Failure::usage)?;
        for file in files.iter().filter(|file| wanted.contains(file.path.as_str())) {
            let gap = if text.is_empty() { "" } else { "\n" };
            text.push_str(&format!("{gap}# {}\n{}", file.path, String::from_utf8_lossy(&file.bytes)));
        }
    } else if args.json {
        let entries: Vec<_> = scenarios
            .iter()
            .map(|scenario| {
                serde_json::json!({
                    "id": scenario.id,
                    "title": scenario.title,
                    "path": &*scenario.path,
                    "evidence": scenario.evidence.kind.as_str(),
                })
            })
            .collect();
        text = format!("{:#}\n", serde_json::Value::Array(entries));
    } else {
        let width = scenarios.iter().map(|scenario| scenario.id.len()).max().unwrap_or(0).min(60);
        for scenario in &scenarios {
            text.push_str(&format!("{:width$}  {}\n", scenario.id, plain(&scenario.title)));
        }
    }
    output::print(&text);
    Ok(Exit::Expected)
}

/// Says everything that is wrong with scenario files and known lists.
pub(super) fn lint(args: &LintArgs) -> Result<Exit, Failure> {
    let mut paths = args.paths.clone();
    if paths.is_empty() {
        paths = ["scenarios", "known", RULES_FOLDER]
            .iter()
            .map(PathBuf::from)
            .filter(|path| path.is_dir())
            .collect();
        if paths.is_empty() {
            return Err(Failure::usage(
                "there is neither scenarios/ nor known/ here; name a file or a folder",
            ));
        }
    }
    let (mut files, mut findings) = (0, 0);
    let register = match catalogue::rules(Path::new(".")) {
        Ok(register) => Some(register),
        Err(why) => {
            findings += why.lines().count();
            output::line(&why);
            None
        }
    };
    for path in &paths {
        for file in yaml_files(path)? {
            files += 1;
            let folder = file.parent().and_then(Path::file_name);
            let known = folder.is_some_and(|folder| folder == "known") || begins_as_known_list(&file);
            let rules = folder.is_some_and(|folder| folder == RULES_FOLDER);
            let found = match (known, rules) {
                (true, _) => lint_known(&file),
                // The register is one thing: its files are checked together, below.
                (_, true) => Vec::new(),
                _ => lint_scenario(path, &file, register.as_ref())?,
            };
            for finding in found {
                findings += 1;
                output::line(&finding);
            }
        }
    }
    if findings > 0 {
        return Err(Failure {
            exit: Exit::Usage,
            message: format!(
                "{} in {}",
                counted(findings, "finding", "findings"),
                counted(files, "file", "files")
            ),
        });
    }
    output::line(&format!("{}, nothing wrong", counted(files, "file", "files")));
    Ok(Exit::Expected)
}

fn yaml_files(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    if path.is_file() {
        return Ok(vec![path.to_path_buf()]);
    }
    let catalogue = Catalogue::Folder(path.to_path_buf());
    let files = catalogue.files().map_err(Failure::usage)?;
    if files.is_empty() {
        return Err(Failure::usage(format!("there is no .yaml file under {}", path.display())));
    }
    Ok(files.into_iter().map(|file| PathBuf::from(file.path)).collect())
}

fn lint_scenario(root: &Path, file: &Path, register: Option<&Register>) -> Result<Vec<String>, Failure> {
    let read = |why: std::io::Error| Failure::usage(format!("cannot read {}: {why}", file.display()));
    let length = file.metadata().map_err(read)?.len();
    let bytes = if length > scenario::FILE_MAX as u64 {
        // Enough to see that it is too large.
        vec![b' '; scenario::FILE_MAX + 1]
    } else {
        std::fs::read(file).map_err(read)?
    };
    let id = file.strip_prefix(root).unwrap_or(file).with_extension("");
    let path = file.to_string_lossy();
    let found = match (scenario::parse(&path, &id.to_string_lossy(), &bytes), register) {
        (Err(findings), _) => findings,
        (Ok(_), None) => Vec::new(),
        (Ok(scenarios), Some(register)) => register.unknown_rules(&path, &scenarios, &bytes),
    };
    Ok(found.iter().map(ToString::to_string).collect())
}

/// Whether a file outside `known/` is a list of known deviations: its first key is `smcheck`, which no scenario has.
fn begins_as_known_list(file: &Path) -> bool {
    let Ok(file) = std::fs::File::open(file) else { return false };
    let mut lines = BufReader::new(file.take(4096)).lines().map_while(Result::ok);
    lines
        .find(|line| !line.is_empty() && !line.starts_with('#'))
        .is_some_and(|line| line.starts_with("smcheck:"))
}

fn lint_known(file: &Path) -> Vec<String> {
    match KnownList::read(file) {
        Ok(list) => list.lint(),
        Err(why) => vec![why.to_string()],
    }
}

/// Prints the JSON Schema of scenario files, or of the JSON report.
pub(super) fn schema(args: &SchemaArgs) -> Result<Exit, Failure> {
    if args.report {
        output::print(crate::report::json::JSON_SCHEMA);
        return Ok(Exit::Expected);
    }
    output::line(&format!("{:#}", scenario::json_schema()));
    Ok(Exit::Expected)
}

/// Lists the targets that can be named.
pub(super) fn targets() -> Result<Exit, Failure> {
    let config = settings::config()?;
    let mut rows = vec![
        (EMBEDDED.to_owned(), "the reference model, behind a socket of our own (the default)".to_owned()),
        (ENV.to_owned(), "what AWS_ENDPOINT_URL and the AWS profile say".to_owned()),
        (AWS.to_owned(), "AWS itself, only when it is named, in an account that is named".to_owned()),
    ];
    for (name, target) in
        config.targets.iter().filter(|(name, _)| ![EMBEDDED, ENV, AWS].contains(&name.as_str()))
    {
        let how = match (&target.url, &target.start) {
            (Some(url), _) => format!("at {url}"),
            (None, Some(command)) => format!("started with `{command}`"),
            (None, None) => "neither `url` nor `start` is said".to_owned(),
        };
        rows.push((name.clone(), how));
    }
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let text: String = rows.iter().map(|(name, how)| format!("{name:width$}  {how}\n")).collect();
    output::print(&text);
    Ok(Exit::Expected)
}
