//! `--report`: what was asked for, read before anything runs.

use std::path::{Path, PathBuf};

use super::exit::Failure;
use crate::store;

/// A report that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Report {
    /// What it is.
    pub(super) kind: ReportKind,
    /// Where it goes; `-` is stdout.
    pub(super) path: PathBuf,
}

/// The kinds of report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReportKind {
    Json,
    Junit,
    Markdown,
    Html,
    Github,
}

impl ReportKind {
    /// Of what can be shown side by side.
    pub(super) const ALL: &[ReportKind] =
        &[ReportKind::Json, ReportKind::Junit, ReportKind::Markdown, ReportKind::Html, ReportKind::Github];

    /// Of runs, one after the other.
    pub(super) const OF_RUNS: &[ReportKind] =
        &[ReportKind::Json, ReportKind::Junit, ReportKind::Markdown, ReportKind::Github];

    /// What is typed.
    fn word(self) -> &'static str {
        match self {
            ReportKind::Json => "json",
            ReportKind::Junit => "junit",
            ReportKind::Markdown => "markdown",
            ReportKind::Html => "html",
            ReportKind::Github => "github",
        }
    }

    /// One that can be typed.
    fn example(self) -> &'static str {
        match self {
            ReportKind::Json => "json=report.json",
            ReportKind::Junit => "junit=report.xml",
            ReportKind::Markdown => "markdown=report.md",
            ReportKind::Html => "html=report.html",
            ReportKind::Github => "github",
        }
    }

    /// How it is asked for.
    fn form(self) -> String {
        match self {
            ReportKind::Github => self.word().to_owned(),
            ReportKind::Json | ReportKind::Junit | ReportKind::Markdown | ReportKind::Html => {
                format!("{}=FILE", self.word())
            }
        }
    }
}

impl Report {
    /// Whether it goes to stdout and stands there alone. Annotations stand beside whatever there is.
    fn is_alone(&self) -> bool {
        self.path == Path::new("-") && self.kind != ReportKind::Github
    }
}

/// Whether one of the reports has stdout for itself, so that a program can read it there.
pub(super) fn take_stdout(reports: &[Report]) -> bool {
    reports.iter().any(Report::is_alone)
}

/// Reads `json=FILE` and the like; `kinds` are those that there are of what is told.
pub(super) fn read(given: &[String], kinds: &[ReportKind]) -> Result<Vec<Report>, Failure> {
    let reports: Vec<Report> = given.iter().map(|text| one(text, kinds)).collect::<Result<_, _>>()?;
    if reports.iter().filter(|report| report.is_alone()).count() > 1 {
        return Err(Failure::usage("only one report can go to stdout (`-`)"));
    }
    if take_stdout(&reports) && reports.iter().any(|report| report.kind == ReportKind::Github) {
        return Err(Failure::usage(
            "annotations (github) go to stdout, where another report is to stand alone",
        ));
    }
    Ok(reports)
}

fn one(text: &str, kinds: &[ReportKind]) -> Result<Report, Failure> {
    let wrong = || {
        let forms: Vec<String> = kinds.iter().map(|kind| kind.form()).collect();
        let forms = match forms.split_last() {
            Some((last, others)) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
            _ => forms.concat(),
        };
        let example =
            kinds.first().map(|kind| format!(", for example {}", kind.example())).unwrap_or_default();
        Failure::usage(format!("`--report {text}`: a report here is {forms}{example}"))
    };
    let (word, path) = match text.split_once('=') {
        Some((word, path)) if !path.is_empty() && word != ReportKind::Github.word() => (word, path),
        None if text == ReportKind::Github.word() => (text, "-"),
        _ => return Err(wrong()),
    };
    let kind = kinds.iter().copied().find(|kind| kind.word() == word).ok_or_else(wrong)?;
    let path = PathBuf::from(path);
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) if !folder.is_dir() => {
            Err(Failure::usage(format!("`--report {text}`: there is no folder {}", folder.display())))
        }
        _ if path == Path::new("-") => Ok(Report { kind, path }),
        // A run may take minutes: its report must not be lost at the end of them.
        _ => match store::atomic::try_out(&path) {
            Ok(()) => Ok(Report { kind, path }),
            Err(why) => Err(Failure::usage(format!("cannot write {}: {why}", path.display()))),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(given: &[&str], kinds: &[ReportKind]) -> Result<Vec<Report>, String> {
        let given: Vec<String> = given.iter().map(|text| (*text).to_owned()).collect();
        read(&given, kinds).map_err(|failure| failure.message)
    }

    #[test]
    fn reports_are_read_and_what_is_none_is_told() {
        let reports =
            all(&["json=a.json", "github", "html=b.html"], ReportKind::ALL).expect("they are three");
        assert_eq!(reports[0], Report { kind: ReportKind::Json, path: PathBuf::from("a.json") });
        assert!(!take_stdout(&reports));
        assert!(take_stdout(&all(&["html=-"], ReportKind::ALL).expect("it is one")));
        assert!(all(&["html=-", "github"], ReportKind::ALL).is_err());
        let none =
            "a report here is json=FILE, junit=FILE, markdown=FILE or github, for example json=report.json";
        for wrong in ["json", "json=", "github=x", "html=a.html", "pdf=a.pdf", ""] {
            assert_eq!(
                all(&[wrong], ReportKind::OF_RUNS),
                Err(format!("`--report {wrong}`: {none}")),
                "{wrong}"
            );
        }
        let only = all(&["json=a"], &[ReportKind::Markdown]).expect_err("it is another kind");
        assert!(only.ends_with("a report here is markdown=FILE, for example markdown=report.md"), "{only}");
        let folder = all(&["json=no/such/a.json"], ReportKind::ALL).expect_err("there is no folder");
        assert!(folder.ends_with("there is no folder no/such"), "{folder}");
        assert!(all(&["json=-", "junit=-"], ReportKind::ALL).is_err());
    }
}
