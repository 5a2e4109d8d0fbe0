//! `smcheck repro`.

use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::args::{ReproArgs, Select};
use super::exit::{Exit, Failure};
use super::signals::Signals;
use super::{output, settings};
use crate::judge::{Cause, JudgeOptions, RunVerdict, Status, assemble};
use crate::run::ProbeLevel;
use crate::scenario::document::{self, Document};
use crate::scenario::{Scenario, nearest};
use crate::suite::repro::{self, Bench, Budget, Found, Reproduction, issue, shell};
use crate::suite::{Catalogue, Opened, Refuse, RunError, RunOptions, today};
use crate::target::resolve::EMBEDDED;
use crate::target::{Config, resolve};

/// How many other deviations are listed.
const LISTED: usize = 12;

/// Makes the smallest scenario of a deviation, with commands and the text of an issue.
pub(super) async fn repro(args: ReproArgs) -> Result<Exit, Failure> {
    let config = settings::config()?;
    let (id, wanted) = wanted(&args)?;
    let scenarios = find(&args, &id)?;
    let signals = Signals::listen().map_err(Failure::target)?;
    let target = settings::named(&args.target, &config, args.timeout).await?;
    let is_url = args.target.contains("://");
    let opened = settings::open(target).await?;
    let reference = resolve(EMBEDDED, &Config::default()).await.map_err(Failure::target)?;
    let reference = Opened::open(reference, &Refuse, Path::new(".")).await.map_err(Failure::target)?;
    let bench = Bench {
        target: Arc::clone(&opened),
        reference: Arc::new(reference),
        options: RunOptions { jobs: Some(1), probe: ProbeLevel::Full, ..RunOptions::default() },
        stop: signals.stop().clone(),
    };
    let server = issue::Server {
        name: args.server.clone().or_else(|| (!is_url).then(|| opened.info.name.clone())),
        version: opened.info.version.clone().filter(|_| args.server.is_none()),
    };
    let made = make(&args, &scenarios, &wanted, &bench).await;
    let Bench { target, reference, .. } = bench;
    drop(target);
    for opened in [opened, reference] {
        if let Ok(opened) = Arc::try_unwrap(opened) {
            opened.close().await;
        }
    }
    let made = made.map_err(|trouble| match trouble {
        Trouble::Said(failure) => failure,
        Trouble::Run(RunError::Interrupted) => {
            Failure { exit: signals.exit().unwrap_or(Exit::Interrupt), message: "interrupted".to_owned() }
        }
        Trouble::Run(why) => Failure::target(why),
    })?;
    write(&args, &made, &server)
}

enum Trouble {
    Said(Failure),
    Run(RunError),
}

impl From<RunError> for Trouble {
    fn from(why: RunError) -> Self {
        Trouble::Run(why)
    }
}

/// Which deviation is wanted.
struct Wanted {
    /// A cause of a report: operation, kind and path of a deviation.
    of_report: Option<(String, String, String)>,
}

/// The scenario that was asked for, and what a report says of the cause.
fn wanted(args: &ReproArgs) -> Result<(String, Wanted), Failure> {
    let Some(path) = &args.from_report else {
        // The same number would be another cause in each list.
        if let Some(cause) = args.cause.as_deref().filter(|cause| is_number(cause, 'c')) {
            return Err(Failure::usage(format!(
                "`{cause}` is a number of a run's report: name its JSON report too, as in `--from-report FILE --cause \
                 {cause}` (`smcheck run … --report json=FILE` writes one); the list that repro prints has d1, d2, …"
            )));
        }
        return Ok((args.id.clone().unwrap_or_default(), Wanted { of_report: None }));
    };
    let cause = args.cause.as_deref().unwrap_or_default();
    if is_number(cause, 'd') {
        return Err(Failure::usage(format!(
            "`{cause}` is a number of the list that repro prints without --from-report; a report has c01, c02, …"
        )));
    }
    let shown = path.display();
    let text =
        std::fs::read_to_string(path).map_err(|why| Failure::usage(format!("cannot read {shown}: {why}")))?;
    let report: serde_json::Value = serde_json::from_str(&text)
        .map_err(|why| Failure::usage(format!("{shown} is no JSON report: {why}")))?;
    let word = |value: &serde_json::Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let list = |value: &serde_json::Value, key: &str| value[key].as_array().cloned().unwrap_or_default();
    let runs = list(&report, "runs");
    // A target that was typed as a URL is called after its address in the report.
    let same_target = |run: &&serde_json::Value| {
        let endpoint = run["target"]["endpoint"].as_str().unwrap_or_default().trim_end_matches('/');
        run["target"]["name"] == args.target.as_str() || endpoint == args.target.trim_end_matches('/')
    };
    let run = match (runs.iter().find(same_target), runs.as_slice()) {
        (Some(run), _) => Some(run),
        // The same server has another address today.
        (None, [only]) => Some(only),
        (None, several) => {
            let names = several.iter().map(|run| word(&run["target"], "name")).collect::<Vec<_>>().join(", ");
            return Err(Failure::usage(format!("{shown} has no run on `{}`, but on {names}", args.target)));
        }
    };
    let mut best: Option<(u64, String, (String, String, String))> = None;
    for scenario in run.iter().flat_map(|run| list(run, "scenarios")) {
        let requests = scenario["requests"].as_u64().unwrap_or(u64::MAX);
        for deviation in
            list(&scenario, "deviations").into_iter().filter(|deviation| deviation["cause"] == cause)
        {
            if best.as_ref().is_none_or(|(fewest, ..)| requests < *fewest) {
                let of = (word(&deviation, "operation"), word(&deviation, "kind"), word(&deviation, "path"));
                best = Some((requests, word(&scenario, "id"), of));
            }
        }
    }
    // What the contract found stands once in the run, with the scenario that shows it beside the cause.
    let contract =
        run.iter().flat_map(|run| list(run, "contract")).find(|deviation| deviation["cause"] == cause);
    if let (None, Some(deviation)) = (&best, contract) {
        let of = (word(&deviation, "operation"), word(&deviation, "kind"), word(&deviation, "path"));
        let causes = run.iter().flat_map(|run| list(run, "causes"));
        let example = causes.filter(|found| found["id"] == cause).map(|found| word(&found, "example")).next();
        best = example.map(|example| (0, example, of));
    }
    let Some((_, id, of)) = best.filter(|(_, id, _)| !id.is_empty()) else {
        return Err(Failure::usage(format!("no scenario of {shown} has a deviation of the cause `{cause}`")));
    };
    Ok((id, Wanted { of_report: Some(of) }))
}

/// Whether a cause is numbered with this letter.
fn is_number(cause: &str, letter: char) -> bool {
    cause
        .strip_prefix(letter)
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()))
}

type Candidate = (Document, Arc<Scenario>);

/// The scenario of an id, or all its cases, with their trees.
fn find(args: &ReproArgs, id: &str) -> Result<Vec<Candidate>, Failure> {
    let select = Select { filters: Vec::new(), scenarios: args.scenarios.clone() };
    let scenarios = settings::load(&select)?;
    let is_asked =
        |found: &str| found == id || found.strip_prefix(id).is_some_and(|rest| rest.starts_with('['));
    let asked: Vec<Arc<Scenario>> =
        scenarios.iter().filter(|scenario| is_asked(&scenario.id)).cloned().collect();
    if asked.is_empty() {
        let near = nearest::nearest(id, scenarios.iter().map(|scenario| scenario.id.as_str()));
        let hint = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`smcheck list` shows all ids".to_owned(),
        };
        return Err(Failure::usage(format!("there is no scenario `{id}`; {hint}")));
    }
    let file = id.split('[').next().unwrap_or(id);
    let catalogue = Catalogue::choose(args.scenarios.as_deref(), Path::new("."));
    let files = catalogue.files().map_err(Failure::usage)?;
    let file = files.iter().find(|found| found.id == file);
    let documents = file.map(|file| document::documents(&file.path, &file.id, &file.bytes));
    let Some(Ok(documents)) = documents else {
        return Err(Failure::usage(format!("the file of `{id}` cannot be read again")));
    };
    let tree =
        |scenario: &Arc<Scenario>| documents.iter().find(|document| document.id == scenario.id).cloned();
    Ok(asked.iter().filter_map(|scenario| Some((tree(scenario)?, Arc::clone(scenario)))).collect())
}

async fn make(
    args: &ReproArgs,
    candidates: &[Candidate],
    wanted: &Wanted,
    bench: &Bench,
) -> Result<Reproduction, Trouble> {
    let mut verdicts = Vec::new();
    for (_, scenario) in candidates {
        verdicts.push(bench.on_target(scenario).await?);
    }
    let run = assemble(bench.target.info.clone(), verdicts, None, &today(), &JudgeOptions::default());
    let (id, found) = choose(args, wanted, &run).map_err(Trouble::Said)?;
    let Some((document, scenario)) = candidates.iter().find(|(_, scenario)| scenario.id == id) else {
        return Err(Trouble::Said(Failure::usage(format!("there is no scenario `{id}`"))));
    };
    let budget = Budget { runs: args.budget as usize, time: Duration::from_secs(args.seconds.into()) };
    let bar = spinner();
    let made = repro::shrink(document, scenario, found, bench, budget, |runs, steps| {
        if let Some(bar) = &bar {
            bar.set_message(format!("{} left after {}", counted(steps, "step"), counted(runs, "run")));
            bar.tick();
        }
    })
    .await;
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    Ok(made?)
}

fn spinner() -> Option<ProgressBar> {
    if !std::io::stderr().is_terminal() {
        return None;
    }
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
    // The template is ours and right; if it were not, the default one would do.
    if let Ok(style) = ProgressStyle::with_template("{spinner} making it smaller: {wide_msg}") {
        bar.set_style(style);
    }
    Some(bar)
}

/// Picks the deviation that was asked for, or the gravest, and says which others there are.
fn choose(args: &ReproArgs, wanted: &Wanted, run: &RunVerdict) -> Result<(String, Found), Failure> {
    let mut all: Vec<(&str, Found)> = Vec::new();
    for verdict in &run.verdicts {
        if matches!(verdict.status, Status::Skipped | Status::Error) && run.verdicts.len() == 1 {
            let why = verdict.reason.as_deref().unwrap_or("it could not be judged");
            return Err(Failure::usage(format!("{}: nothing to reproduce: {why}", verdict.id)));
        }
        all.extend(repro::deviations(verdict).into_iter().map(|found| (verdict.id.as_str(), found)));
    }
    let Some((first, _)) = all.first() else {
        let id = run.verdicts.first().map_or("the scenario", |verdict| verdict.id.as_str());
        return Err(Failure::usage(format!(
            "{id} passes on {}: there is nothing to reproduce",
            run.target.name
        )));
    };
    let causes = numbered(run, &all);
    // What numbers of ours stand for; a cause that is none stands for nothing.
    let asked = args
        .cause
        .as_ref()
        .map(|asked| causes.iter().find(|(number, _)| number == asked).map(|(_, cause)| cause.id.as_str()));
    let fits = |found: &Found| {
        let deviation = &found.deviation;
        match (&wanted.of_report, asked, args.step) {
            (Some((operation, kind, path)), ..) => {
                (&deviation.operation, deviation.kind.as_str(), &deviation.path)
                    == (operation, kind.as_str(), path)
            }
            (None, Some(cause), _) => cause == Some(deviation.cause.as_str()),
            (None, None, Some(step)) => deviation.step == step,
            (None, None, None) => true,
        }
    };
    let first = (*first).to_owned();
    let chosen =
        all.iter().find(|(_, found)| fits(found)).map(|(id, found)| ((*id).to_owned(), found.clone()));
    let lines = listed(&causes);
    let Some((id, found)) = chosen else {
        return Err(Failure::usage(format!(
            "no deviation of {first} is the one that was asked for; there are:\n{lines}"
        )));
    };
    if run.causes.len() > 1 && wanted.of_report.is_none() && args.cause.is_none() && args.step.is_none() {
        output::say(&format!(
            "{id} deviates in {} ways; this is about d1, the gravest. --cause takes another:\n{lines}",
            run.causes.len(),
        ));
    }
    Ok((id, found))
}

/// The causes, the gravest first, with numbers of our own: what a run calls `c01` is the cause that most scenarios show,
/// and here there is one scenario.
fn numbered<'r>(run: &'r RunVerdict, all: &[(&str, Found)]) -> Vec<(String, &'r Cause)> {
    let place = |cause: &Cause| all.iter().position(|(_, found)| found.deviation.cause == cause.id);
    let mut causes: Vec<&Cause> = run.causes.iter().collect();
    // One that no scenario shows by itself comes last.
    causes.sort_by_key(|cause| place(cause).unwrap_or(usize::MAX));
    causes.into_iter().enumerate().map(|(at, cause)| (format!("d{}", at + 1), cause)).collect()
}

/// The same in lines.
fn listed(causes: &[(String, &Cause)]) -> String {
    let line = |(number, cause): &(String, &Cause)| {
        let width = output::width().saturating_sub(6);
        let text = format!("{number}  {} {}: {}", cause.operation, cause.kind.as_str(), cause.summary);
        let printable = repro::printable(&text);
        match printable.char_indices().nth(width) {
            Some((end, _)) => format!("  {}…", &printable[..end]),
            None => format!("  {printable}"),
        }
    };
    let mut lines: Vec<String> = causes.iter().take(LISTED).map(line).collect();
    if causes.len() > LISTED {
        lines.push(format!("  and {} more", causes.len() - LISTED));
    }
    lines.join("\n")
}

fn counted(count: usize, word: &str) -> String {
    crate::report::counted(count, word, &format!("{word}s"))
}

/// How many steps are left of how many.
fn steps_left(left: usize, before: usize) -> String {
    match (left, before) {
        (1, 1) => "its one step is needed".to_owned(),
        (left, before) if left == before => format!("all {} are needed", counted(left, "step")),
        (1, before) => format!("1 of {} is left", counted(before, "step")),
        (left, before) => format!("{left} of {} are left", counted(before, "step")),
    }
}

fn write(args: &ReproArgs, made: &Reproduction, server: &issue::Server) -> Result<Exit, Failure> {
    let words = server.words();
    let (yaml, script) = (made.yaml(&words), shell::script(made, &words));
    let markdown = issue::markdown(made, server, &yaml, &script);
    let name = made.name();
    let files =
        [(format!("{name}.yaml"), yaml), (format!("{name}.sh"), script), (format!("{name}.md"), markdown)];
    let (left, before) = (made.scenario.steps.len(), made.steps_before);
    let steps = steps_left(left, before);
    let mut said = format!("{}: {steps}, after {} on {words}", made.origin, counted(made.runs, "run"));
    if made.unfinished {
        said.push_str("; the budget ended there, and --budget or --seconds may find a smaller one");
    }
    output::say(&said);
    if !made.on_reference {
        output::warn(
            "the scenario does not pass on the embedded reference: smcheck itself does not agree with it",
        );
    }
    let Some(folder) = &args.out else {
        for (at, (name, text)) in files.iter().enumerate() {
            let style = anstyle::Style::new().bold();
            let gap = if at == 0 { "" } else { "\n" };
            output::print(&format!("{gap}{style}===== {name} ====={style:#}\n{text}"));
        }
        return Ok(Exit::Expected);
    };
    std::fs::create_dir_all(folder)
        .map_err(|why| Failure::usage(format!("cannot make {}: {why}", folder.display())))?;
    for (name, text) in &files {
        let path = folder.join(name);
        output::save(&path, text.as_bytes())?;
        output::line(&format!("wrote {}", path.display()));
    }
    Ok(Exit::Expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_counted_in_english() {
        assert_eq!(steps_left(1, 1), "its one step is needed");
        assert_eq!(steps_left(3, 3), "all 3 steps are needed");
        assert_eq!(steps_left(1, 2), "1 of 2 steps is left");
        assert_eq!(steps_left(2, 3), "2 of 3 steps are left");
    }

    #[test]
    fn numbers_of_causes_are_told_from_words() {
        assert!(is_number("c01", 'c') && is_number("d2", 'd'));
        assert!(!is_number("c", 'c') && !is_number("c01", 'd') && !is_number("cause", 'c'));
    }
}
