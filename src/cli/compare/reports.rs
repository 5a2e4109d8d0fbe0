//! The reports of `compare`, and those of `run` that are made of a matrix.

use std::path::{Path, PathBuf};

use crate::cli::exit::Failure;
use crate::cli::github;
use crate::cli::output;
use crate::cli::run::with_failing;
use crate::judge::{JudgeOptions, RunVerdict};
use crate::report::matrix::{Matrix, data, markdown};
use crate::report::{self, page};
use crate::store;

/// A report that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Wanted {
    kind: Format,
    /// Where it goes; `-` is stdout.
    path: PathBuf,
}

/// The formats of a matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Json,
    Junit,
    Markdown,
    Html,
    Github,
}

impl Wanted {
    /// Whether it is the page, which needs timelines.
    pub(in crate::cli) fn is_page(&self) -> bool {
        self.kind == Format::Html
    }

    /// Whether it goes to stdout and stands there alone. Annotations stand beside whatever there is.
    pub(in crate::cli) fn is_stdout(&self) -> bool {
        self.path == Path::new("-") && self.kind != Format::Github
    }
}

/// Reads `KIND=FILE`, before anything runs.
pub(super) fn wanted(given: &[String]) -> Result<Vec<Wanted>, Failure> {
    let all: Vec<Wanted> = given.iter().map(|text| read(text)).collect::<Result<_, _>>()?;
    if all.iter().filter(|wanted| wanted.is_stdout()).count() > 1 {
        return Err(Failure::usage("only one report can go to stdout (`-`)"));
    }
    Ok(all)
}

/// Takes the pages out of the reports of `run`; the others are its own.
pub(in crate::cli) fn pages(given: &[String]) -> Result<(Vec<Wanted>, Vec<String>), Failure> {
    let (pages, others): (Vec<String>, Vec<String>) =
        given.iter().cloned().partition(|text| text.starts_with("html="));
    Ok((pages.iter().map(|text| read(text)).collect::<Result<_, _>>()?, others))
}

fn read(text: &str) -> Result<Wanted, Failure> {
    let wrong = || {
        Failure::usage(format!(
            "`--report {text}`: a report is html=FILE, markdown=FILE, json=FILE, junit=FILE or github, for \
             example html=matrix.html"
        ))
    };
    if text == "github" {
        return Ok(Wanted { kind: Format::Github, path: PathBuf::from("-") });
    }
    let (kind, path) = text.split_once('=').ok_or_else(wrong)?;
    let kind = match kind {
        "json" => Format::Json,
        "junit" => Format::Junit,
        "markdown" => Format::Markdown,
        "html" => Format::Html,
        _ => return Err(wrong()),
    };
    if path.is_empty() {
        return Err(wrong());
    }
    let path = PathBuf::from(path);
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) if !folder.is_dir() => {
            Err(Failure::usage(format!("`--report {text}`: there is no folder {}", folder.display())))
        }
        _ => Ok(Wanted { kind, path }),
    }
}

/// Writes the reports, each whole or not at all.
pub(in crate::cli) fn write(
    wanted: &[Wanted],
    matrix: &Matrix,
    judge: &JudgeOptions,
    strict_known: bool,
) -> Result<(), Failure> {
    for wanted in wanted {
        let runs =
            || -> Vec<RunVerdict> { matrix.columns().iter().map(|column| column.run.clone()).collect() };
        let text = match wanted.kind {
            Format::Json => report::json::render(&runs()),
            Format::Junit => {
                with_failing(judge, strict_known, |failing| report::junit::render(&runs(), &failing))
            }
            Format::Markdown => markdown::render(matrix),
            Format::Github => {
                github::append(|_| markdown::render(matrix))?;
                with_failing(judge, strict_known, |failing| {
                    report::github::render(&runs(), &failing, &github::place)
                })
            }
            Format::Html => page::page(&data::data(matrix, &now())),
        };
        if wanted.path == Path::new("-") {
            output::print(&text);
        } else {
            store::atomic::write(&wanted.path, text.as_bytes())
                .map_err(|why| Failure::usage(format!("cannot write {}: {why}", wanted.path.display())))?;
        }
    }
    Ok(())
}

/// The present time in seconds, as the page holds it.
fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
