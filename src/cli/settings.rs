//! What was typed, turned into the library's types.

use std::io::{BufRead, IsTerminal};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::args::{Gate, Judging, Probe, Running, Select};
use super::exit::Failure;
use super::output;
use crate::judge::{JudgeOptions, KnownList, TargetInfo};
use crate::run::ProbeLevel;
use crate::scenario::nearest::nearest;
use crate::scenario::{EvidenceKind, Scenario};
use crate::suite::catalogue::{self, BUILT_IN, FOLDER};
use crate::suite::versions;
use crate::suite::{self, Catalogue, Consent, LoadError, OpenError, Opened, RunOptions, known_list};
use crate::target::{Config, Target, resolve};

/// Loads the scenarios that were asked for, or says all that is wrong with the files. Where a folder takes the place of
/// the catalogue and nobody named it, that is said once: a run of few scenarios looks as green as one of all.
pub(super) fn load(select: &Select) -> Result<Vec<Arc<Scenario>>, Failure> {
    let (loaded, catalogue) = read(select)?;
    if select.scenarios.is_none() && catalogue.replaces_built_in() && !TOLD.swap(true, Ordering::Relaxed) {
        output::say(&format!(
            "{}, in place of the catalogue's {} files; `--scenarios {BUILT_IN}` takes those",
            here(&catalogue),
            catalogue::built_in_files()
        ));
    }
    Ok(loaded)
}

/// As [`load`], and says nothing where all is well.
pub(super) fn read(select: &Select) -> Result<(Vec<Arc<Scenario>>, Catalogue), Failure> {
    let catalogue = Catalogue::choose(select.scenarios.as_deref(), Path::new("."));
    let loaded = catalogue.load(&select.filters).map_err(|why| match &why {
        LoadError::Findings(findings) => {
            for finding in findings {
                output::say(&finding.to_string());
            }
            Failure::usage(format!("{why}; nothing was run"))
        }
        LoadError::NothingMatches(filters) => {
            let near = alike(&catalogue, filters);
            let folder = match select.scenarios.is_none() && catalogue.replaces_built_in() {
                true => format!(
                    ". Only {} were looked at, in place of the catalogue inside smcheck: `--scenarios {BUILT_IN}`",
                    here(&catalogue)
                ),
                false => String::new(),
            };
            Failure::usage(format!("{why}{near}{folder}"))
        }
        LoadError::Empty(_) => Failure::usage(format!("{why}; `smcheck init` makes a first one")),
        LoadError::Read { .. } => Failure::usage(why),
    })?;
    Ok((loaded, catalogue))
}

/// Whether it was said that a folder takes the place of the catalogue.
static TOLD: AtomicBool = AtomicBool::new(false);

/// How many scenarios a folder has, and which it is.
fn here(catalogue: &Catalogue) -> String {
    let count = catalogue.load(&[]).map_or(0, |all| all.len());
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} scenario{plural} of ./{FOLDER}")
}

/// Warns where a list was written for another version of an emulator than the one that runs.
pub(super) fn compare_versions(info: &TargetInfo, list: Option<&KnownList>) {
    let misfit = list.and_then(|list| versions::misfit(list, info.version.as_deref()));
    if let Some(misfit) = misfit {
        output::warn(&misfit);
    }
}

/// The ids, or the folders of ids, that are most like what was typed.
fn alike(catalogue: &Catalogue, filters: &[String]) -> String {
    let files = catalogue.files().unwrap_or_default();
    let mut names: Vec<String> = files.iter().map(|file| file.id.clone()).collect();
    for file in &files {
        for (at, _) in file.id.match_indices('/') {
            names.push(file.id[..=at].to_owned());
        }
        names.extend(file.id.rsplit('/').next().map(str::to_owned));
    }
    let near = |filter: &String| nearest(filter, names.iter().map(String::as_str)).map(str::to_owned);
    let near: Vec<String> = filters.iter().filter_map(near).map(|near| format!("`{near}`")).collect();
    if near.is_empty() { String::new() } else { format!(". Did you mean {}?", near.join(" or ")) }
}

/// Reads the configuration of the current folder.
pub(super) fn config() -> Result<Config, Failure> {
    Config::load(Path::new(".")).map_err(|why| Failure::usage(with_key(&why.to_string())))
}

/// An error of the configuration; of an unknown key only the one that was meant, where one is near.
fn with_key(message: &str) -> String {
    let Some((before, expected)) = message.split_once(", expected ") else { return message.to_owned() };
    let words =
        |text: &str| -> Vec<String> { text.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
    let typed = words(before).pop().unwrap_or_default();
    let keys = words(expected);
    match nearest(&typed, keys.iter().map(String::as_str)) {
        Some(near) if before.contains("unknown field") => format!("{before}; did you mean `{near}`?"),
        _ => message.to_owned(),
    }
}

/// Resolves a target by its name, with what was typed over its configuration.
pub(super) async fn target(name: &str, config: &Config, running: &Running) -> Result<Target, Failure> {
    named(name, config, running.timeout).await
}

/// Resolves a target by its name, with the seconds that it may take to answer.
pub(super) async fn named(name: &str, config: &Config, timeout: Option<u32>) -> Result<Target, Failure> {
    use crate::target::ResolveError as E;
    let mut target = resolve(name, config).await.map_err(|why| match &why {
        E::Unknown { name, known } => Failure::usage(format!("{why}{}", meant(name, known))),
        E::Unreachable(_) | E::Url { .. } | E::Reset { .. } | E::SecondAccount(_) | E::Clock { .. } => {
            Failure::usage(why)
        }
        E::NoEndpoint | E::NoCredentials(_) | E::Guard(_) => Failure::target(why),
    })?;
    if let Some(seconds) = timeout {
        target.timeout = Duration::from_secs(seconds.into());
    }
    Ok(target)
}

/// What may have been meant by a name that no target has.
fn meant(name: &str, known: &[String]) -> String {
    if name.contains("://") {
        return ". A URL begins with http:// or https://".to_owned();
    }
    if name.contains(':') {
        return format!(". A URL begins with http://: `-t http://{name}`");
    }
    match nearest(name, known.iter().map(String::as_str)) {
        Some(near) => format!(". Did you mean `{near}`?"),
        None => ". A table [targets.NAME] of smcheck.toml adds one, and a URL is one".to_owned(),
    }
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
    if let Some(program) = program(&opened) {
        output::say(&program);
    }
    Ok(opened)
}

/// What was started for a target, where anything was.
pub(super) fn program(opened: &Opened) -> Option<String> {
    let program = opened.program()?;
    let version = opened.info.version.as_deref().unwrap_or("of unknown version");
    Some(format!("{}: {} {version}", opened.info.name, program.display()))
}

/// Asks on the terminal whether an account may be used.
pub(super) struct Ask(pub(super) &'static str);

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

/// The known list inside the binary that a target uses where its file is not there.
pub(super) fn built_in_known(target: &Target) -> Result<Option<KnownList>, Failure> {
    suite::built_in_known_list(target).map_err(Failure::usage)
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

/// How the verdicts of what was asked for count.
pub(super) fn judge_options(judging: &Judging, select: &Select) -> JudgeOptions {
    JudgeOptions {
        strict: judging.strict,
        gate: judging.gate.map(Gate::kind),
        is_part: !select.filters.is_empty(),
        ..JudgeOptions::default()
    }
}
