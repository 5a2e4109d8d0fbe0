//! Annotations for GitHub's workflows: what fails, at the line of the scenario's step.
//!
//! GitHub shows ten of each type for a step and drops the rest without a word. So the causes come first, and where
//! there is more than ten, the tenth line says how much.

use super::deviation;
use super::failing::Failing;
use super::style::{counted, plain};
use crate::judge::{Cause, Deviation, RunVerdict, Status, Verdict};

/// How many annotations of a type GitHub shows for a step.
pub const SHOWN: usize = 10;

/// One annotation, before it is cut down to what is shown.
struct Note {
    fails: bool,
    place: Option<(String, usize)>,
    title: String,
    text: String,
}

/// The annotations, one line each. `place` gives a scenario's file as GitHub knows it, relative to the top of the
/// repository, or nothing where the file is not in it, as with the catalogue inside the binary.
pub fn render(runs: &[RunVerdict], failing: &Failing<'_>, place: &dyn Fn(&str) -> Option<String>) -> String {
    let mut notes = Vec::new();
    for run in runs {
        of_run(run, failing, place, &mut notes);
    }
    let mut out = String::new();
    for (fails, word) in [(true, "error"), (false, "warning")] {
        let these: Vec<&Note> = notes.iter().filter(|note| note.fails == fails).collect();
        let listed = if these.len() > SHOWN { SHOWN - 1 } else { these.len() };
        for note in &these[..listed] {
            out.push_str(&line(word, note.place.as_ref(), &note.title, &note.text));
        }
        if these.len() > listed {
            let more = counted(these.len() - listed, "more annotation", "more annotations");
            let text = format!("{more} than GitHub shows; the summary of this step and the reports have all");
            out.push_str(&line(word, None, "smcheck: there is more", &text));
        }
    }
    out
}

fn of_run(
    run: &RunVerdict,
    failing: &Failing<'_>,
    place: &dyn Fn(&str) -> Option<String>,
    notes: &mut Vec<Note>,
) {
    let target = plain(&run.target.name);
    let at = |verdict: &Verdict, line: usize| place(&verdict.path).map(|file| (file, line));
    let mut said: Vec<&str> = Vec::new();
    for cause in &run.causes {
        let smallest = run.verdicts.iter().find(|verdict| verdict.id == cause.example);
        let found = smallest.and_then(|verdict| of_cause(verdict, cause).map(|found| (verdict, found)));
        said.extend(smallest.map(|verdict| verdict.id.as_str()));
        let contract = run.contract.iter().any(|found| found.cause == cause.id && (failing.contract)(found));
        let scenario = run.verdicts.iter().any(|verdict| {
            (failing.scenario)(verdict) && verdict.deviations.iter().any(|found| found.cause == cause.id)
        });
        let operation = deviation::operation(&cause.operation);
        notes.push(Note {
            fails: contract || scenario,
            place: found.and_then(|(verdict, found)| at(verdict, found.line)),
            title: format!("{target}: {operation} {}", cause.kind.as_str()),
            text: format!(
                "{}\nin {}, smallest: {}\n{}: {}",
                cause.summary,
                counted(cause.scenarios, "scenario", "scenarios"),
                cause.example,
                cause.evidence.as_str(),
                cause.source
            ),
        });
    }
    for verdict in &run.verdicts {
        let fails = (failing.scenario)(verdict);
        if verdict.is_flaky() {
            notes.push(Note {
                fails,
                place: at(verdict, verdict.line),
                title: format!("{target}: {} is flaky", verdict.id),
                text: format!("it failed at first, and did not at try {}", verdict.earlier.len() + 1),
            });
        } else if fails && verdict.status == Status::Error {
            notes.push(Note {
                fails,
                place: at(verdict, verdict.line),
                title: format!("{target}: {} could not be judged", verdict.id),
                text: verdict.reason.clone().unwrap_or_default(),
            });
        } else if fails && !said.contains(&verdict.id.as_str()) {
            let first = verdict.deviations.first();
            notes.push(Note {
                fails,
                place: at(verdict, first.map_or(verdict.line, |first| first.line)),
                title: format!("{target}: {}", verdict.id),
                text: first.map(deviation::line).unwrap_or_default(),
            });
        }
    }
    if failing.gone {
        for gone in &run.gone {
            notes.push(Note {
                fails: true,
                place: None,
                title: format!("{target}: an entry of the known list did not occur"),
                text: format!("{}: {}", gone.place, gone.entry),
            });
        }
    }
}

/// The deviation in which a scenario shows a cause.
fn of_cause<'a>(verdict: &'a Verdict, cause: &Cause) -> Option<&'a Deviation> {
    verdict.deviations.iter().chain(&verdict.contract).find(|found| found.cause == cause.id)
}

fn line(word: &str, place: Option<&(String, usize)>, title: &str, text: &str) -> String {
    let place =
        place.map_or_else(String::new, |(file, line)| format!("file={},line={line},", property(file)));
    format!("::{word} {place}title={}::{}\n", property(title), data(text))
}

/// A message, in which line feeds and the sign of an escape are escaped. What could steer a terminal is shown.
fn data(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(plain).collect();
    lines.join("\n").replace('%', "%25").replace('\n', "%0A")
}

/// A property, which besides ends at a comma or a colon.
fn property(text: &str) -> String {
    plain(text).replace('%', "%25").replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_property_or_the_command_is_escaped() {
        let said = line("error", Some(&("a,b:c.yaml".into(), 3)), "50 %, really: x", "one\ntwo::three 100%");
        assert_eq!(
            said,
            "::error file=a%2Cb%3Ac.yaml,line=3,title=50 %25%2C really%3A x::one%0Atwo::three 100%25\n"
        );
    }
}
