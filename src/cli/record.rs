//! `smcheck record`, `replay` and `diff`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use super::args::{DiffArgs, RecordArgs, ReplayArgs, Running};
use super::driving::{Weighing, drive};
use super::exit::{Exit, Failure};
use super::reports::{self, ReportKind};
use super::run::{show, verdict_of, write_reports};
use super::signals::Signals;
use super::{output, settings};
use crate::judge::diff::diff as compare;
use crate::judge::{JudgeOptions, TargetInfo, agree_as_far, assemble, observe};
use crate::report;
use crate::scenario::Scenario;
use crate::server::{Playback, Responder};
use crate::service::sigv4::Credentials;
use crate::store::{self, Recorded, Store};
use crate::suite::catalogue::built_in_snapshot;
use crate::suite::{Opened, today};
use crate::target::resolve::{AWS, EMBEDDED};
use crate::target::{Isolation, Target, resolve};
use crate::trace::End;

/// Runs the scenarios and keeps what the target answered.
pub(super) async fn record(args: RecordArgs) -> Result<Exit, Failure> {
    let reports = reports::read(&args.judging.report, ReportKind::OF_RUNS)?;
    let config = settings::config()?;
    let scenarios = settings::load(&args.select)?;
    let judge = settings::judge_options(&args.judging, &args.select);
    let options = settings::run_options(&args.running, judge, false);
    let signals = Signals::listen().map_err(Failure::target)?;
    let target = settings::target(&args.target, &config, &args.running).await?;
    let known = settings::known(&target, args.judging.known.as_deref())?;
    let begun = Instant::now();
    let opened = settings::open(target).await?;
    let info = opened.info.clone();
    settings::compare_versions(&info, known.as_ref());
    let store = Store::new(&args.out, &info.name).map_err(Failure::usage)?;
    let weighing = Weighing { known: known.as_ref(), ..Weighing::default() };
    let (mut verdicts, mut counts, mut broken) = (Vec::new(), Counts::default(), None);
    let ended = drive(&scenarios, opened, &options, &args.running, &signals, &weighing, |done| {
        verdicts.push(done.verdict.clone());
        if !matches!(done.trace.end, End::Completed | End::Stopped) {
            counts.left_out += 1;
            return;
        }
        match store.record(&done.scenario, &done.trace, &info, args.accept) {
            Ok(recorded) => counts.count(recorded),
            Err(why) if broken.is_none() => {
                broken = Some(Failure::usage(why));
                signals.stopper().stop();
            }
            Err(_) => {}
        }
    })
    .await;
    if let Some(failure) = broken {
        return Err(failure);
    }
    let is_part = judge.is_part || verdicts.len() < scenarios.len();
    let run = assemble(info, verdicts, known.as_ref(), &today(), &JudgeOptions { is_part, ..judge });
    let runs = [run];
    let kept = counts.sentence(store.origin());
    if reports::take_stdout(&reports) {
        output::say(&kept);
    } else {
        show(&runs[0], begun.elapsed(), &judge, args.judging.strict_known);
        output::line(&kept);
    }
    write_reports(&reports, &runs, &judge, args.judging.strict_known)?;
    // What was seen before the target died is told all the same.
    ended?;
    if let Some(why) = super::run::nothing_ran(&runs) {
        return Err(Failure::usage(why));
    }
    if counts.pending > 0 {
        output::say("`smcheck review` shows the changes, `smcheck accept` takes them");
        return Ok(Exit::Deviations);
    }
    let strict = args.judging.strict || args.judging.strict_known;
    Ok(if strict { verdict_of(&runs, &judge, args.judging.strict_known) } else { Exit::Expected })
}

/// What became of the recordings.
#[derive(Debug, Default)]
struct Counts {
    new: usize,
    unchanged: usize,
    pending: usize,
    accepted: usize,
    left_out: usize,
}

impl Counts {
    fn count(&mut self, recorded: Recorded) {
        match recorded {
            Recorded::New => self.new += 1,
            Recorded::Unchanged => self.unchanged += 1,
            Recorded::Pending => self.pending += 1,
            Recorded::Accepted => self.accepted += 1,
        }
    }

    fn sentence(&self, origin: &str) -> String {
        let mut text = format!("recorded {origin}: {} new, {} unchanged", self.new, self.unchanged);
        for (count, word) in
            [(self.accepted, "accepted"), (self.pending, "changed"), (self.left_out, "left out")]
        {
            if count > 0 {
                text.push_str(&format!(", {count} {word}"));
            }
        }
        text
    }
}

/// Compares with recorded snapshots: a target, or the fixtures played back offline.
pub(super) async fn replay(args: ReplayArgs) -> Result<Exit, Failure> {
    let config = settings::config()?;
    let scenarios = settings::load(&args.select)?;
    let signals = Signals::listen().map_err(Failure::target)?;
    let options = settings::run_options(&args.running, JudgeOptions::default(), false);
    let (opened, scenarios, against) = match &args.target {
        Some(name) => {
            let target = settings::target(name, &config, &args.running).await?;
            let against = match &args.against {
                Some(origin) => origin.clone(),
                None => best_origin(&args.out)?,
            };
            (settings::open(target).await?, scenarios, against)
        }
        None => {
            let origin = match &args.from {
                Some(origin) => origin.clone(),
                None => fixture_origin(&args.out)?,
            };
            let against = args.against.clone().unwrap_or_else(|| origin.clone());
            let (opened, scenarios) = playback(&args.out, &origin, &scenarios).await?;
            (Arc::new(opened), scenarios, against)
        }
    };
    let name = opened.info.name.clone();
    output::say(&format!("comparing {name} with the snapshots of {against}"));
    let observed = observe_all(&scenarios, opened, &options, &args.running, &signals).await?;
    let store = Store::new(&args.out, &against).map_err(Failure::usage)?;
    let mut compared = Compared::default();
    for scenario in &scenarios {
        let left = load_snapshot(&store, &scenario.id)?;
        compared.add(scenario, left.as_deref(), observed.get(&scenario.id).map(String::as_str));
    }
    compared.finish(&against, &name)
}

/// Shows where two targets part.
pub(super) async fn diff(args: DiffArgs) -> Result<Exit, Failure> {
    let config = settings::config()?;
    let scenarios = settings::load(&args.select)?;
    let signals = Signals::listen().map_err(Failure::target)?;
    let mut sides = Vec::new();
    for name in [&args.left, &args.right] {
        sides.push(side(name, &config, &scenarios, &args.running, &signals).await?);
    }
    let (right, left) = (sides.pop().unwrap_or_default(), sides.pop().unwrap_or_default());
    let mut compared = Compared::default();
    for scenario in &scenarios {
        let of = |side: &BTreeMap<String, String>| side.get(&scenario.id).cloned();
        compared.add(scenario, of(&left).as_deref(), of(&right).as_deref());
    }
    compared.finish(&args.left, &args.right)
}

/// One side of a diff: a folder of snapshots is loaded, anything else is a target to run on.
async fn side(
    name: &str,
    config: &crate::target::Config,
    scenarios: &[Arc<Scenario>],
    running: &Running,
    signals: &Signals,
) -> Result<BTreeMap<String, String>, Failure> {
    let path = Path::new(name);
    if name.contains('/') && path.is_dir() {
        let root = path.parent().and_then(Path::parent).unwrap_or(Path::new("."));
        let origin = path.file_name().unwrap_or_default().to_string_lossy();
        let store = Store::new(root, &origin).map_err(Failure::usage)?;
        let mut found = BTreeMap::new();
        for scenario in scenarios {
            if let Some(text) = load_snapshot(&store, &scenario.id)? {
                found.insert(scenario.id.clone(), text);
            }
        }
        return Ok(found);
    }
    let opened = settings::open(settings::target(name, config, running).await?).await?;
    let options = settings::run_options(running, JudgeOptions::default(), false);
    observe_all(scenarios, opened, &options, running, signals).await
}

/// Runs scenarios and observes each: id and text of the observation. Those that were skipped are not in it.
async fn observe_all(
    scenarios: &[Arc<Scenario>],
    opened: Arc<Opened>,
    options: &crate::suite::RunOptions,
    running: &Running,
    signals: &Signals,
) -> Result<BTreeMap<String, String>, Failure> {
    let mut observed = BTreeMap::new();
    let mut errors = Vec::new();
    let quiet = Weighing { quiet: true, ..Weighing::default() };
    drive(scenarios, opened, options, running, signals, &quiet, |done| match &done.trace.end {
        End::Skipped(_) => {}
        End::Failed(why) => errors.push(format!("{}: {why}", done.scenario.id)),
        End::Completed | End::Stopped => {
            observed.insert(done.scenario.id.clone(), observe(&done.scenario, &done.trace).text);
        }
    })
    .await?;
    if errors.is_empty() { Ok(observed) } else { Err(Failure::target(errors.join("\n"))) }
}

/// Opens the fixtures of an origin as a target. Only scenarios that have a fixture are left.
async fn playback(
    root: &Path,
    origin: &str,
    scenarios: &[Arc<Scenario>],
) -> Result<(Opened, Vec<Arc<Scenario>>), Failure> {
    let store = Store::new(root, origin).map_err(Failure::usage)?;
    let credentials = Credentials::new("PLAYBACK", "playback");
    let (mut responders, mut found) = (BTreeMap::new(), Vec::new());
    let mut version = None;
    let mut provides = BTreeMap::new();
    for scenario in scenarios {
        let Some(fixture) = store.load_fixture(&scenario.id).map_err(Failure::usage)? else { continue };
        version = version.or_else(|| fixture.recorded.version.clone());
        for need in &scenario.needs {
            let value =
                fixture.provides.get(need.as_str()).map_or(true.into(), |value| value.as_str().into());
            provides.insert(need.as_str().to_owned(), value);
        }
        let playback = Playback::new();
        playback.add_session(&credentials.access_key, fixture);
        let responder: Arc<dyn Responder> = Arc::new(playback);
        responders.insert(scenario.id.clone(), responder);
        found.push(Arc::clone(scenario));
    }
    if found.is_empty() {
        return Err(Failure::usage(format!(
            "there is no fixture of {origin} for these scenarios under {}; `smcheck record` makes them",
            root.join("fixtures").display()
        )));
    }
    let mut target: Target =
        resolve(EMBEDDED, &crate::target::Config::default()).await.map_err(Failure::usage)?;
    target.provides = provides;
    target.credentials = credentials;
    // Every scenario plays in a session of its own.
    target.isolation = Isolation::Account;
    let info = TargetInfo { name: format!("{origin} (fixtures)"), endpoint: String::new(), version };
    let opened = Opened::sessions(responders, target, info).await.map_err(Failure::target)?;
    Ok((opened, found))
}

/// The text of a stored snapshot; for the reference also the one inside the binary.
fn load_snapshot(store: &Store, id: &str) -> Result<Option<String>, Failure> {
    if let Some(stored) = store.load_snapshot(id).map_err(Failure::usage)? {
        return Ok(Some(stored.text));
    }
    if store.origin() != EMBEDDED {
        return Ok(None);
    }
    let Some(text) = built_in_snapshot(&store::file_stem(id)) else { return Ok(None) };
    store::StoredSnapshot::parse(text).map(|stored| Some(stored.text)).map_err(Failure::usage)
}

/// The origins that have a folder under `snapshots` or `fixtures`.
fn origins(root: &Path, kind: &str) -> BTreeSet<String> {
    let entries = std::fs::read_dir(root.join(kind)).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

/// The origin with the best evidence: AWS, else the reference, whose snapshots the binary carries.
fn best_origin(root: &Path) -> Result<String, Failure> {
    let found = origins(root, "snapshots");
    Ok(if found.contains(AWS) { AWS.to_owned() } else { EMBEDDED.to_owned() })
}

fn fixture_origin(root: &Path) -> Result<String, Failure> {
    let found = origins(root, "fixtures");
    let best = [AWS, EMBEDDED].into_iter().find(|origin| found.contains(*origin));
    match (best, found.len()) {
        (_, 0) => Err(Failure::usage(format!(
            "there are no fixtures under {}; `smcheck record` makes them",
            root.join("fixtures").display()
        ))),
        (Some(origin), _) => Ok(origin.to_owned()),
        (None, 1) => Ok(found.into_iter().next().unwrap_or_default()),
        (None, _) => {
            let names: Vec<_> = found.into_iter().collect();
            Err(Failure::usage(format!("there are fixtures of {}; choose with --from", names.join(", "))))
        }
    }
}

/// What came of comparing two sides, scenario by scenario.
#[derive(Debug, Default)]
struct Compared {
    same: usize,
    different: usize,
    only_left: usize,
    only_right: usize,
    /// Those whose differences say nothing: a race that another request won, another day.
    varying: Vec<String>,
    text: String,
}

impl Compared {
    fn add(&mut self, scenario: &Scenario, left: Option<&str>, right: Option<&str>) {
        match (left, right) {
            (None, None) => {}
            (Some(_), None) => self.only_left += 1,
            (None, Some(_)) => self.only_right += 1,
            (Some(left), Some(right)) => {
                let difference = compare(left, right);
                if difference.is_empty() {
                    self.same += 1;
                } else if agree_as_far(scenario, left, right) {
                    self.varying.push(scenario.id.clone());
                } else {
                    self.different += 1;
                    self.text.push_str(&report::difference::render(&scenario.id, &difference));
                }
            }
        }
    }

    fn finish(self, left: &str, right: &str) -> Result<Exit, Failure> {
        if self.different > 0 {
            output::line(&format!("- {left}\n+ {right}\n"));
        }
        output::print(&self.text);
        let mut text = format!("{} scenarios the same, {} different", self.same, self.different);
        for (count, side) in [(self.only_left, left), (self.only_right, right)] {
            if count > 0 {
                text.push_str(&format!(", {count} only from {side}"));
            }
        }
        if !self.varying.is_empty() {
            text.push_str(&format!(", {} the same as far as chance and the date allow", self.varying.len()));
        }
        output::line(&text);
        for id in &self.varying {
            output::line(&format!("  {id}"));
        }
        if self.same + self.different + self.varying.len() == 0 {
            return Err(Failure::usage(format!("there is nothing that both {left} and {right} have")));
        }
        Ok(if self.different > 0 { Exit::Deviations } else { Exit::Expected })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_origin_of_fixtures_is_chosen() {
        let root = tempfile::tempdir().expect("there is room for a folder");
        let make = |origin: &str| std::fs::create_dir_all(root.path().join("fixtures").join(origin));
        assert!(fixture_origin(root.path()).is_err());
        make("moto").expect("it can be made");
        assert_eq!(fixture_origin(root.path()).ok().as_deref(), Some("moto"));
        make("ministack").expect("it can be made");
        assert!(fixture_origin(root.path()).is_err_and(|why| why.message.contains("--from")));
        make("embedded").expect("it can be made");
        assert_eq!(fixture_origin(root.path()).ok().as_deref(), Some("embedded"));
    }
}
