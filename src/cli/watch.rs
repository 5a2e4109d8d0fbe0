//! `run --watch` and `lint --watch`: again whenever a file changes, until Ctrl-C.
//!
//! The files are looked at a few times a second, by time and size and then by content: that finds every change on
//! every file system, in containers and on network drives too, and costs a millisecond for a thousand files.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::args::{LintArgs, RunArgs};
use super::driving::{Weighing, drive};
use super::exit::{Exit, Failure};
use super::reports::{self, ReportKind};
use super::signals::Signals;
use super::{hints, info, output, run, settings};
use crate::judge::assemble;
use crate::scenario::Scenario;
use crate::suite::{Catalogue, Opened, today};
use crate::target::config::FILE;

/// How often the files are looked at.
const EVERY: Duration = Duration::from_millis(200);
/// An editor may write several files, or one in parts: this long nothing may change before a run begins.
const QUIET: Duration = Duration::from_millis(150);
/// Clears the screen and goes to its top.
const CLEAR: &str = "\u{1b}[2J\u{1b}[H";

/// Runs, and runs again what changes. Targets stay open from one run to the next.
pub(super) async fn run(args: RunArgs) -> Result<Exit, Failure> {
    let catalogue = Catalogue::choose(args.select.scenarios.as_deref(), Path::new("."));
    let Catalogue::Folder(folder) = catalogue else {
        return Err(Failure::usage(
            "there is nothing to watch: no folder scenarios/ is here; name one with --scenarios, or make a \
             project with `smcheck init`",
        ));
    };
    let signals = Signals::listen().map_err(Failure::target)?;
    let mut watched = Watched::new(vec![folder.clone()], vec![PathBuf::from(FILE)]);
    let mut session = Session { args, open: BTreeMap::new(), last: None };
    let mut changed: Option<Vec<PathBuf>> = None;
    loop {
        session.once(changed.as_deref(), &signals, &mut watched).await;
        if signals.exit().is_some() {
            break;
        }
        output::say(&format!("watching {} (Ctrl-C ends)", shown(&folder)));
        let Some(found) = watched.change(&signals).await else { break };
        clear();
        output::say(&format!("changed: {}", names(&found)));
        let scenarios = found.iter().all(|path| path.starts_with(&folder));
        if found.iter().any(|path| path == Path::new(FILE)) {
            session.close().await;
        }
        // What else changes, a known list or a target, bears on all of them.
        changed = scenarios.then_some(found);
    }
    session.close().await;
    Ok(session.last.or_else(|| signals.exit()).unwrap_or(Exit::Interrupt))
}

struct Session {
    args: RunArgs,
    open: BTreeMap<String, Arc<Opened>>,
    /// How the last run that came to its end would have ended alone.
    last: Option<Exit>,
}

impl Session {
    /// One run. What goes wrong is said, and waits for the next change.
    async fn once(&mut self, changed: Option<&[PathBuf]>, signals: &Signals, watched: &mut Watched) {
        match self.attempt(changed, signals, watched).await {
            Ok(Some(exit)) => self.last = Some(exit),
            Ok(None) => {}
            // It was Ctrl-C: what the run before it said stands.
            Err(_) if signals.exit().is_some() => {}
            Err(failure) => {
                if !failure.message.is_empty() {
                    output::error(&hints::with_hint(&failure.message));
                }
                self.last = Some(failure.exit);
            }
        }
    }

    async fn attempt(
        &mut self,
        changed: Option<&[PathBuf]>,
        signals: &Signals,
        watched: &mut Watched,
    ) -> Result<Option<Exit>, Failure> {
        let reports = reports::read(&self.args.judging.report, ReportKind::OF_RUNS)?;
        let config = settings::config()?;
        let all = settings::load(&self.args.select)?;
        let scenarios = match changed {
            None => all.clone(),
            Some(paths) => all.iter().filter(|scenario| is_in(scenario, paths)).cloned().collect(),
        };
        if scenarios.is_empty() {
            output::say("no scenario that was asked for stands in it: nothing was run");
            return Ok(None);
        }
        let mut judge = settings::judge_options(&self.args.judging, &self.args.select);
        judge.is_part |= scenarios.len() < all.len();
        let options = settings::run_options(&self.args.running, judge, false);
        let mut runs = Vec::new();
        for name in &self.args.target {
            let begun = Instant::now();
            let mut is_new = false;
            let opened = match self.open.get(name) {
                Some(opened) => Arc::clone(opened),
                None => {
                    is_new = true;
                    let target = settings::target(name, &config, &self.args.running).await?;
                    let opened = settings::open(target).await?;
                    self.open.insert(name.clone(), Arc::clone(&opened));
                    opened
                }
            };
            let list = self.args.judging.known.clone().map(PathBuf::from).or(opened.target.known.clone());
            watched.also(list);
            let known = settings::known(&opened.target, self.args.judging.known.as_deref())?;
            let info = opened.info.clone();
            if is_new {
                settings::compare_versions(&info, known.as_ref());
            }
            let weighing = Weighing { known: known.as_ref(), ..Weighing::default() };
            let mut verdicts = Vec::new();
            let ended = drive(&scenarios, opened, &options, &self.args.running, signals, &weighing, |done| {
                verdicts.push(done.verdict.clone());
            })
            .await;
            if let Err(failure) = ended {
                // Perhaps the server is gone; the next run opens it anew.
                if let Some(opened) = self.open.remove(name).and_then(|opened| Arc::try_unwrap(opened).ok()) {
                    opened.close().await;
                }
                return Err(failure);
            }
            let run = assemble(info, verdicts, known.as_ref(), &today(), &judge);
            if !reports::take_stdout(&reports) {
                run::show(&run, begun.elapsed(), &judge, self.args.judging.strict_known);
            }
            runs.push(run);
        }
        run::write_reports(&reports, &runs, &judge, self.args.judging.strict_known)?;
        if scenarios.len() < all.len() {
            output::say(&format!(
                "only the changed files were run: {} of {} scenarios",
                scenarios.len(),
                all.len()
            ));
        }
        Ok(Some(run::verdict_of(&runs, &judge, self.args.judging.strict_known)))
    }

    /// Stops what was started.
    async fn close(&mut self) {
        for (_, opened) in std::mem::take(&mut self.open) {
            if let Ok(opened) = Arc::try_unwrap(opened) {
                opened.close().await;
            }
        }
    }
}

fn is_in(scenario: &Scenario, paths: &[PathBuf]) -> bool {
    paths.iter().any(|path| path == Path::new(&*scenario.path))
}

/// Checks the files, and again whenever one changes.
pub(super) async fn lint(args: LintArgs) -> Result<Exit, Failure> {
    let signals = Signals::of_server().map_err(Failure::target)?;
    let here = ["scenarios", "known", "rules"].map(PathBuf::from).into_iter();
    let roots = if args.paths.is_empty() { here.collect() } else { args.paths.clone() };
    let mut watched = Watched::new(roots.clone(), Vec::new());
    if watched.seen.is_empty() {
        return Err(Failure::usage("there is no .yaml file to watch here; name a file or a folder"));
    }
    loop {
        let last = match info::lint(&args) {
            Ok(exit) => exit,
            Err(failure) => {
                output::error(&hints::with_hint(&failure.message));
                failure.exit
            }
        };
        output::say(&format!("watching {} (Ctrl-C ends)", names(&roots)));
        let Some(found) = watched.change(&signals).await else { return Ok(last) };
        clear();
        output::say(&format!("changed: {}", names(&found)));
    }
}

fn clear() {
    if std::io::stdout().is_terminal() {
        output::print(CLEAR);
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn names(paths: &[PathBuf]) -> String {
    const SHOWN: usize = 5;
    let some = paths.iter().take(SHOWN).map(|path| shown(path)).collect::<Vec<_>>().join(", ");
    if paths.len() > SHOWN { format!("{some} and {} more", paths.len() - SHOWN) } else { some }
}

/// What a file was when it was last looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stamp {
    time: Option<SystemTime>,
    length: u64,
    content: u64,
}

/// Files that are watched: all YAML under some folders, and some by name.
struct Watched {
    roots: Vec<PathBuf>,
    files: Vec<PathBuf>,
    seen: BTreeMap<PathBuf, Stamp>,
}

impl Watched {
    fn new(roots: Vec<PathBuf>, files: Vec<PathBuf>) -> Self {
        let mut watched = Watched { roots, files, seen: BTreeMap::new() };
        watched.seen = watched.look();
        watched
    }

    /// Watches a file too.
    fn also(&mut self, file: Option<PathBuf>) {
        let Some(file) = file.filter(|file| !self.files.contains(file)) else { return };
        if let Some(stamp) = stamp(&file, None) {
            self.seen.insert(file.clone(), stamp);
        }
        self.files.push(file);
    }

    /// Waits until files have changed, appeared or gone, and nothing moves any more. `None` after a signal.
    async fn change(&mut self, signals: &Signals) -> Option<Vec<PathBuf>> {
        loop {
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = signals.stop().wait() => return None,
            }
            let mut now = self.look();
            if now == self.seen {
                continue;
            }
            loop {
                tokio::time::sleep(QUIET).await;
                let later = self.look();
                if later == now || signals.stop().requested() {
                    break;
                }
                now = later;
            }
            let differs = |path: &&PathBuf| {
                now.get(*path).map(|stamp| stamp.content) != self.seen.get(*path).map(|stamp| stamp.content)
            };
            let mut changed: Vec<PathBuf> =
                now.keys().chain(self.seen.keys()).filter(differs).cloned().collect();
            changed.sort();
            changed.dedup();
            self.seen = now;
            // Saved without a change: there is nothing to do.
            if !changed.is_empty() {
                return Some(changed);
            }
        }
    }

    fn look(&self) -> BTreeMap<PathBuf, Stamp> {
        let mut paths = self.files.clone();
        for root in &self.roots {
            collect(root, &mut paths);
        }
        let seen = |path: PathBuf| stamp(&path, self.seen.get(&path)).map(|stamp| (path, stamp));
        paths.into_iter().filter_map(seen).collect()
    }
}

fn collect(path: &Path, found: &mut Vec<PathBuf>) {
    let hidden = |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    if path.is_file() {
        found.push(path.to_path_buf());
        return;
    }
    // A folder that is gone holds nothing.
    for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && !hidden(&path) {
            collect(&path, found);
        } else if path.extension().is_some_and(|end| end == "yaml" || end == "yml") && !hidden(&path) {
            found.push(path);
        }
    }
}

/// What the file is now; its content is read only where time or size say that it may differ.
fn stamp(path: &Path, before: Option<&Stamp>) -> Option<Stamp> {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let found = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
    let (time, length) = (found.modified().ok(), found.len());
    let same = before.filter(|before| time.is_some() && (before.time, before.length) == (time, length));
    let content = match same {
        Some(before) => before.content,
        None => {
            let mut hasher = DefaultHasher::new();
            std::fs::read(path).ok()?.hash(&mut hasher);
            hasher.finish()
        }
    };
    Some(Stamp { time, length, content })
}
