//! `smcheck selftest`.

use std::path::Path;

use super::args::{Select, SelftestArgs};
use super::exit::{Exit, Failure};
use super::{output, settings};
use crate::scenario::nearest;
use crate::server::faults::{self, Fault};
use crate::suite::selftest::{self, Fate, Scope, alone, density, text};
use crate::target::resolve::EMBEDDED;
use crate::target::{Config, resolve};

/// Runs the scenarios on wrong servers, and says which ones they do not notice.
pub(super) async fn selftest(args: SelftestArgs) -> Result<Exit, Failure> {
    if args.json.as_deref() == Some(Path::new("-")) {
        return Err(Failure::usage(
            "`--json -`: name a file, since the lines of selftest go to stdout as they come",
        ));
    }
    if args.list {
        output::print(&text::list());
        return Ok(Exit::Expected);
    }
    if args.markdown {
        output::print(&format!("{}\n{}", text::markdown(), text::explanations()));
        return Ok(Exit::Expected);
    }
    if args.verbose && !args.mutations && args.scenario.is_none() {
        return Err(Failure::usage("--verbose goes with --mutations or --scenario"));
    }
    if let Some(id) = &args.scenario {
        return alone(id, &args).await;
    }
    let wanted = named(&args.fault)?;
    let faults: Vec<&'static Fault> = if wanted.is_empty() { faults::all().collect() } else { wanted };
    let select = Select { filters: args.filters, scenarios: args.scenarios };
    let scenarios = settings::load(&select)?;
    let target = resolve(EMBEDDED, &Config::default()).await.map_err(Failure::target)?;
    let jobs = args.jobs.map_or_else(jobs, usize::from);
    if args.mutations {
        let say = |tried: &density::Tried| {
            if tried.survived() || (tried.open() && args.verbose) {
                output::line(&text::tried(tried));
            }
        };
        let tried = density::run(&scenarios, &target, jobs, say).await.map_err(Failure::target)?;
        output::line(&text::tried_summary(&tried));
        if let Some(path) = &args.json {
            write_json(path, &text::tried_json(&tried))?;
        }
        let dense = !tried.iter().any(density::Tried::survived);
        return Ok(if dense { Exit::Expected } else { Exit::Deviations });
    }
    let findings = selftest::run(&faults, &scenarios, Scope::All, &target, jobs, |finding| {
        output::line(&text::line(finding));
    })
    .await
    .map_err(Failure::target)?;
    output::line(&text::summary(&findings));
    if let Some(path) = &args.json {
        write_json(path, &text::json(&findings))?;
    }
    let all_caught = findings.iter().all(|finding| matches!(finding.fate(), Fate::Caught | Fate::NotRun));
    Ok(if all_caught { Exit::Expected } else { Exit::Deviations })
}

/// What one scenario notices by itself.
async fn alone(id: &str, args: &SelftestArgs) -> Result<Exit, Failure> {
    let select = Select { filters: Vec::new(), scenarios: args.scenarios.clone() };
    let (all, _) = settings::read(&select)?;
    let is_asked =
        |found: &str| found == id || found.strip_prefix(id).is_some_and(|rest| rest.starts_with('['));
    let asked: Vec<_> = all.iter().filter(|scenario| is_asked(&scenario.id)).collect();
    if asked.is_empty() {
        let near = nearest::nearest(id, all.iter().map(|scenario| scenario.id.as_str()));
        let hint =
            near.map_or("`smcheck list` shows all ids".to_owned(), |near| format!("did you mean `{near}`?"));
        return Err(Failure::usage(format!("there is no scenario `{id}`; {hint}")));
    }
    let target = resolve(EMBEDDED, &Config::default()).await.map_err(Failure::target)?;
    let jobs = args.jobs.map_or_else(jobs, usize::from);
    let (mut noticed, mut found, mut tried) = (true, Vec::new(), Vec::new());
    for (at, scenario) in asked.into_iter().enumerate() {
        if at > 0 {
            output::line("");
        }
        if args.mutations {
            let changes = alone::mutations(scenario, &target, jobs).await.map_err(Failure::target)?;
            output::print(&alone::mutations_text(scenario, &changes, args.verbose));
            noticed &= changes.iter().any(|change| change.caught.is_some());
            tried.extend(changes);
        } else {
            let findings = alone::faults(scenario, &target, jobs).await.map_err(Failure::target)?;
            output::print(&alone::faults_text(&scenario.id, &findings, args.verbose));
            noticed &= alone::sees_any(&findings);
            found.extend(findings);
        }
    }
    if let Some(path) = &args.json {
        write_json(path, &if args.mutations { text::tried_json(&tried) } else { text::json(&found) })?;
    }
    Ok(if noticed { Exit::Expected } else { Exit::Deviations })
}

/// The faults of these names.
pub(super) fn named(names: &[String]) -> Result<Vec<&'static Fault>, Failure> {
    names
        .iter()
        .map(|name| {
            faults::find(name).ok_or_else(|| {
                let near = nearest::nearest(name, faults::all().map(|fault| fault.name));
                let hint = near.map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
                Failure::usage(format!(
                    "there is no fault `{name}`{hint}\n\nThe faults:\n{}",
                    text::list().trim_end()
                ))
            })
        })
        .collect()
}

fn write_json(path: &Path, value: &serde_json::Value) -> Result<(), Failure> {
    output::deliver(path, &format!("{value:#}\n"))
}

fn jobs() -> usize {
    std::thread::available_parallelism().map_or(4, |cores| cores.get() * 2)
}
