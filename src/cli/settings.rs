//! What was typed, turned into the library's types.

use std::io::{BufRead, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::args::{Gate, Judging, Probe, Running, Select};
use super::exit::Failure;
use super::output;
use crate::judge::{JudgeOptions, KnownList};
use crate::run::ProbeLevel;
use crate::scenario::{EvidenceKind, Scenario};
use crate::suite::{Catalogue, Consent, LoadError, OpenError, Opened, RunOptions, known_list};
use crate::target::{Config, Target, resolve};

/// Loads the scenarios that were asked for, or says all that is wrong with the files.
pub(super) fn load(select: &Select) -> Result<Vec<Arc<Scenario>>, Failure> {
    let catalogue = Catalogue::choose(select.scenarios.as_deref(), Path::new("."));
    catalogue.load(&select.filters).map_err(|why| {
        if let LoadError::Findings(findings) = &why {
            for finding in findings {
                output::say(&finding.to_string());
            }
        }
        Failure::usage(why)
    })
}

/// Reads the configuration of the current folder.
pub(super) fn config() -> Result<Config, Failure> {
    Config::load(Path::new(".")).map_err(Failure::usage)
}

/// Resolves a target by its name, with what was typed over its configuration.
pub(super) async fn target(name: &str, config: &Config, running: &Running) -> Result<Target, Failure> {
    named(name, config, running.timeout).await
}

/// Resolves a target by its name, with the seconds that it may take to answer.
pub(super) async fn named(name: &str, config: &Config, timeout: Option<u32>) -> Result<Target, Failure> {
    use crate::target::ResolveError as E;
    let mut target = resolve(name, config).await.map_err(|why| match &why {
        E::Unknown { .. } | E::Unreachable(_) | E::Reset { .. } | E::SecondAccount(_) | E::Clock { .. } => {
            Failure::usage(why)
        }
        E::NoEndpoint | E::NoCredentials(_) | E::Guard(_) => Failure::target(why),
    })?;
    if let Some(seconds) = timeout {
        target.timeout = Duration::from_secs(seconds.into());
    }
    Ok(target)
}

/// Opens a target, and says what was found.
pub(super) async fn open(target: Target) -> Result<Arc<Opened>, Failure> {
    open_to(target, "This run creates and deletes").await.map(Arc::new)
}

/// Opens a target, and says what was found. `deed` is what is asked about on a terminal, before "secrets in AWS".
pub(super) async fn open_to(target: Target, deed: &'static str) -> Result<Opened, Failure> {
    let opened = Opened::open(target, &Ask(deed), Path::new(".")).await.map_err(|why| match why {
        OpenError::Talk(why) => Failure::usage(why),
        other => Failure::target(other),
    })?;
    if let Some(program) = opened.program() {
        let version = opened.info.version.as_deref().unwrap_or("of unknown version");
        output::say(&format!("{}: {} {version}", opened.info.name, program.display()));
    }
    Ok(opened)
}

/// Asks on the terminal whether an account may be used.
struct Ask(&'static str);

impl Consent for Ask {
    fn account(&self, account: &str, region: &str) -> bool {
        if !std::io::stdin().is_terminal() {
            return false;
        }
        output::say(&format!(
            "{} secrets in AWS account {account}, region {region}, which costs money. Go on? [y/N]",
            self.0
        ));
        let mut answer = String::new();
        let read = std::io::stdin().lock().read_line(&mut answer);
        read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
    }
}

/// The list of known deviations of a target.
pub(super) fn known(target: &Target, named: Option<&str>) -> Result<Option<KnownList>, Failure> {
    known_list(target, named).map_err(Failure::usage)
}

/// How a run goes.
pub(super) fn run_options(running: &Running, judge: JudgeOptions, fail_fast: bool) -> RunOptions {
    RunOptions {
        jobs: running.jobs.map(usize::from),
        probe: match running.probe {
            Probe::Full => ProbeLevel::Full,
            Probe::Labels => ProbeLevel::Labels,
            Probe::None => ProbeLevel::None,
        },
        judge,
        fail_fast,
        wait_at_most: None,
        turns: None,
    }
}

impl Gate {
    /// The kind of evidence.
    pub(super) fn kind(self) -> EvidenceKind {
        match self {
            Gate::AwsRecorded => EvidenceKind::AwsRecorded,
            Gate::AwsDocs => EvidenceKind::AwsDocs,
            Gate::AwsModel => EvidenceKind::AwsModel,
            Gate::Reported => EvidenceKind::Reported,
            Gate::Inferred => EvidenceKind::Inferred,
        }
    }
}

/// How verdicts count.
pub(super) fn judge_options(judging: &Judging) -> JudgeOptions {
    JudgeOptions { strict: judging.strict, gate: judging.gate.map(Gate::kind), ..JudgeOptions::default() }
}

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
    Github,
}

impl ReportKind {
    const ALL: [ReportKind; 4] =
        [ReportKind::Json, ReportKind::Junit, ReportKind::Markdown, ReportKind::Github];

    /// What is typed.
    pub(super) fn word(self) -> &'static str {
        match self {
            ReportKind::Json => "json",
            ReportKind::Junit => "junit",
            ReportKind::Markdown => "markdown",
            ReportKind::Github => "github",
        }
    }
}

/// Reads `json=FILE` and the like, before anything runs.
pub(super) fn reports(given: &[String]) -> Result<Vec<Report>, Failure> {
    let read = |text: &String| {
        let wrong = || {
            Failure::usage(format!(
                "`--report {text}`: a report is json=FILE, junit=FILE, markdown=FILE, html=FILE (of run and compare) or \
                 github, for example json=report.json"
            ))
        };
        if text == ReportKind::Github.word() {
            return Ok(Report { kind: ReportKind::Github, path: PathBuf::from("-") });
        }
        let (word, path) = text.split_once('=').ok_or_else(wrong)?;
        let with_file = ReportKind::ALL.into_iter().filter(|kind| *kind != ReportKind::Github);
        let kind = with_file.into_iter().find(|kind| kind.word() == word).ok_or_else(wrong)?;
        if path.is_empty() {
            return Err(wrong());
        }
        let path = PathBuf::from(path);
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        match folder {
            Some(folder) if !folder.is_dir() => {
                Err(Failure::usage(format!("`--report {text}`: there is no folder {}", folder.display())))
            }
            _ => Ok(Report { kind, path }),
        }
    };
    given.iter().map(read).collect()
}
