//! `smcheck doctor`.

use std::path::Path;

use super::args::{DoctorArgs, Select};
use super::exit::{Exit, Failure};
use super::{output, settings};
use crate::report::{no_command, plain};
use crate::suite::doctor::{self, Check, Checkup, Level, Patient};
use crate::target::config::FILE;

/// Says what a target is and can, and what is wrong with it.
pub(super) async fn doctor(args: DoctorArgs) -> Result<Exit, Failure> {
    let config = settings::config()?;
    let target = settings::named(&args.target, &config, args.timeout).await?;
    let scenarios = settings::read(&Select { filters: Vec::new(), scenarios: None })?.0;
    let patient = Patient {
        config: config.targets.get(&args.target),
        own_table: own_table(&args.target),
        known: args.known.as_deref(),
        scenarios: scenarios.iter().map(|scenario| scenario.id.clone()).collect(),
        target,
    };
    let consent = settings::Ask("The questions are only such as read. They go to");
    let checkup = doctor::examine(patient, &consent, Path::new(".")).await;
    match args.json {
        true => output::line(&format!("{:#}", checkup.json())),
        false => output::print(&shown(&checkup, output::width())),
    }
    Ok(match (checkup.reached, checkup.healthy()) {
        (false, _) => Exit::Target,
        (true, true) => Exit::Expected,
        (true, false) => Exit::Deviations,
    })
}

/// Whether smcheck.toml of this folder has a table for the target, or else a preset.
fn own_table(name: &str) -> bool {
    let text = std::fs::read_to_string(FILE).unwrap_or_default();
    let own = toml::from_str::<toml::Table>(&text).ok();
    own.as_ref().and_then(|table| table.get("targets")?.get(name)).is_some()
}

fn shown(checkup: &Checkup, width: usize) -> String {
    let mut text = String::new();
    for check in &checkup.checks {
        text.push_str(&line(check, width));
    }
    let count = |level| checkup.checks.iter().filter(|check| check.level == level).count();
    let (wrong, notes) = (count(Level::Wrong), count(Level::Note));
    let end = match (wrong, notes) {
        (0, 0) => "Nothing is wrong.".to_owned(),
        (0, 1) => "Nothing is wrong; one thing to know (!).".to_owned(),
        (0, notes) => format!("Nothing is wrong; {notes} things to know (!)."),
        (1, _) => "One thing is wrong (✗).".to_owned(),
        (wrong, _) => format!("{wrong} things are wrong (✗)."),
    };
    let mut last = end;
    if wrong == 0 {
        let name = &checkup.target.name;
        let target = if name.contains(':') { &checkup.target.endpoint } else { name };
        last.push_str(&format!(" `smcheck run -t {target}` runs the scenarios."));
    }
    text.push('\n');
    output::wrap(&last, width).iter().for_each(|line| text.push_str(&format!("{line}\n")));
    text
}

/// A mark, the sentence, and below it the way to mend it.
fn line(check: &Check, width: usize) -> String {
    use anstyle::AnsiColor as C;
    let (mark, colour) = match check.level {
        Level::Good => ("✓", C::Green),
        Level::Note => ("!", C::Yellow),
        Level::Wrong => ("✗", C::Red),
    };
    let style = colour.on_default().bold();
    let mut text = String::new();
    // The last lines of a process that died stay as they are.
    let (said, rest) = check.said.split_once('\n').unwrap_or((&check.said, ""));
    for (at, line) in output::wrap(said, width.saturating_sub(2)).iter().enumerate() {
        match at {
            0 => text.push_str(&format!("{style}{mark}{style:#} {line}\n")),
            _ => text.push_str(&format!("  {line}\n")),
        }
    }
    for line in rest.lines() {
        text.push_str(&format!("  {}\n", no_command(&plain(line))));
    }
    let faint = anstyle::Style::new().dimmed();
    for (at, line) in
        check.hint.iter().flat_map(|hint| output::wrap(hint, width.saturating_sub(4))).enumerate()
    {
        let arrow = if at == 0 { "→" } else { " " };
        text.push_str(&format!("  {faint}{arrow} {line}{faint:#}\n"));
    }
    text
}
