//! The report for a person: causes first, then every scenario that differs, then the rest in short.

use std::collections::BTreeMap;
use std::time::Duration;

use anstyle::Style;

use super::deviation::{self, field};
use super::failing::Failing;
use super::style::{
    BAD, FAINT, GOOD, Paint, STRONG, WEAK, counted, cut, paragraphs, plain, thousands, time, wrap,
};
use super::value::LABEL;
use crate::judge::{Cause, Deviation, RunVerdict, Status, Verdict};

/// How many scenarios a short group lists before it only counts.
const LISTED: usize = 20;
/// How many scenarios are named that were skipped for one reason.
const SKIPPED: usize = 5;
/// How many scenarios that fail are shown in full; of more there is a line each, so that the causes stay in sight.
const IN_FULL: usize = 20;
/// How many scenarios that fail have a line.
const IN_LINES: usize = 60;
/// How many causes are shown with their evidence; of more there is a line each.
const CAUSES: usize = 20;
/// How many causes have a line.
const CAUSE_LINES: usize = 40;
/// How many steps that took several attempts are listed, slowest first.
const CONVERGED: usize = 10;

/// How the report is to look.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// Columns; anything from 80 to 200 is used as it is, the rest is moved there.
    pub width: usize,
    /// Whether to paint, with ANSI escape sequences.
    pub colour: bool,
    /// How long the run took on the clock; nothing where that is not known, as of a report that is read again.
    pub elapsed: Duration,
    /// What fails the run; what does is shown in full.
    pub failing: Failing<'a>,
}

/// The report of one run, ending in the line of totals.
pub fn render(run: &RunVerdict, options: &Options<'_>) -> String {
    let page =
        Page { columns: options.width.clamp(80, 200), paint: Paint { colour: options.colour }, options };
    let mut sections = vec![page.heading(run)];
    sections.extend(page.causes(run));
    sections.extend(page.contract(&run.contract));
    let (full, short): (Vec<&Verdict>, Vec<&Verdict>) =
        run.verdicts.iter().partition(|verdict| page.is_shown_in_full(verdict));
    if full.len() <= IN_FULL {
        sections.extend(full.into_iter().map(|verdict| page.scenario(verdict)));
    } else {
        sections.push(page.in_lines(&full, run));
    }
    sections.extend(page.flaky(&run.verdicts));
    sections.extend(page.group(&short, Status::Unsure, "what else differs rests on inferred expectations"));
    sections.extend(page.group(&short, Status::Near, "only messages or the wire differ"));
    sections.extend(page.known(&short));
    sections.extend(page.skipped(&short));
    sections.extend(page.gone(run));
    sections.extend(page.convergence(&run.verdicts));
    sections.push(vec![totals(run, options.elapsed, page.paint)]);
    let quiet = sections.len() == 2;
    let text: Vec<String> = sections.iter().map(|lines| lines.join("\n")).collect();
    // A run without anything to tell is two lines.
    format!("{}\n", text.join(if quiet { "\n" } else { "\n\n" }))
}

/// One line for one scenario, while the run goes on: `ok     versions/put-moves-current  12 ms`.
pub fn scenario_line(verdict: &Verdict, colour: bool) -> String {
    let paint = Paint { colour };
    let (word, style) = word(verdict.status);
    let lead = format!("{} {}", paint.text(style, &format!("{word:<6}")), plain(&verdict.id));
    let told = match verdict.status {
        Status::Skipped | Status::Error => {
            verdict.reason.as_deref().and_then(|told| told.lines().next()).map(plain)
        }
        Status::Deviated | Status::Unsure | Status::Near => verdict.deviations.first().map(|first| {
            let more = match verdict.deviations.len() - 1 {
                0 => String::new(),
                more => format!(" (and {more} more)"),
            };
            format!("{}{more}", deviation::line(first))
        }),
        Status::Known => Some(counted(verdict.known.len(), "known deviation", "known deviations")),
        Status::Passed => None,
    };
    match told {
        Some(told) => format!("{lead}  {told}"),
        None => format!("{lead}  {}", paint.text(FAINT, &time(Duration::from_millis(verdict.millis)))),
    }
}

/// The closing line:
/// `112 passed, 3 deviated, 2 near, 1 skipped; 1,204 requests (804 of them probes) in 0.4 s`.
fn totals(run: &RunVerdict, elapsed: Duration, paint: Paint) -> String {
    let totals = run.totals();
    let mut parts = Vec::new();
    for (count, word, style) in [
        (totals.passed, "passed", GOOD),
        (totals.errors, if totals.errors == 1 { "error" } else { "errors" }, BAD),
        (totals.deviated, "deviated", BAD),
        (totals.unsure, "unsure", WEAK),
        (totals.near, "near", WEAK),
        (totals.known, "known", WEAK),
        (totals.skipped, "skipped", FAINT),
    ] {
        if count > 0 || word == "passed" {
            parts.push(paint.text(style, &format!("{} {word}", thousands(count))));
        }
    }
    let mut line = parts.join(", ");
    if !run.contract.is_empty() {
        let findings = counted(run.contract.len(), "contract finding", "contract findings");
        line.push_str(&format!("; {findings}"));
    }
    let flaky = run.verdicts.iter().filter(|verdict| verdict.is_flaky()).count();
    if flaky > 0 {
        line.push_str(&format!("; {}", paint.text(WEAK, &format!("{} flaky", thousands(flaky)))));
    }
    let probes: usize = run.verdicts.iter().map(|verdict| verdict.probes).sum();
    let all: usize = probes + run.verdicts.iter().map(|verdict| verdict.requests).sum::<usize>();
    line.push_str(&format!("; {}", counted(all, "request", "requests")));
    if probes > 0 {
        let verb = if probes == 1 { "a probe" } else { "probes" };
        line.push_str(&format!(" ({} of them {verb})", thousands(probes)));
    }
    if !elapsed.is_zero() {
        line.push_str(&format!(" in {}", time(elapsed)));
    }
    line
}

/// The status's word at the beginning of a line, and its colour.
fn word(status: Status) -> (&'static str, Style) {
    match status {
        Status::Passed => ("ok", GOOD),
        Status::Near => ("near", WEAK),
        Status::Unsure => ("unsure", WEAK),
        Status::Deviated => ("DIFF", BAD),
        Status::Known => ("known", WEAK),
        Status::Skipped => ("skip", FAINT),
        Status::Error => ("ERROR", BAD),
    }
}

/// The commands that tell more of a scenario on this target.
fn more(verdict: &Verdict, cause: &Cause, run: &RunVerdict) -> Vec<String> {
    let (id, target) = (shell(&plain(&verdict.id)), shell(&plain(typed(run))));
    let mut commands = vec![format!("smcheck repro {id} -t {target}")];
    // What the contract found has nothing to do with the rules that the scenario is about.
    if verdict.deviations.iter().any(|found| found.cause == cause.id) {
        let rule = verdict.about.rules.first();
        commands.extend(rule.map(|rule| format!("smcheck explain {}", shell(&plain(rule)))));
    }
    commands
}

/// What is typed after `-t`: a target that is called after its address is named by the whole URL.
fn typed(run: &RunVerdict) -> &str {
    let target = &run.target;
    let address = target.endpoint.split_once("://").map_or("", |(_, rest)| rest.trim_end_matches('/'));
    if address == target.name { &target.endpoint } else { &target.name }
}

/// A word as a shell takes it.
fn shell(word: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(safe) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// The width, the colours and what fails, for all sections. A section is lines; an empty one is left out.
struct Page<'a> {
    columns: usize,
    paint: Paint,
    options: &'a Options<'a>,
}

impl Page<'_> {
    fn is_shown_in_full(&self, verdict: &Verdict) -> bool {
        matches!(verdict.status, Status::Deviated | Status::Error) || (self.options.failing.scenario)(verdict)
    }

    fn heading(&self, run: &RunVerdict) -> Vec<String> {
        let name = plain(&run.target.name);
        let name = match &run.target.version {
            Some(version) => format!("{name} {}", plain(version)),
            None => name,
        };
        vec![format!("{} at {}", self.paint.text(STRONG, &name), plain(&run.target.endpoint))]
    }

    fn causes(&self, run: &RunVerdict) -> Option<Vec<String>> {
        let causes = &run.causes;
        if causes.is_empty() {
            return None;
        }
        let head = format!("{}, by scenarios affected", counted(causes.len(), "cause", "causes"));
        let mut out = vec![self.paint.text(STRONG, &head)];
        for cause in causes.iter().take(CAUSES) {
            out.push(format!("  {}", self.cause_head(cause)));
            let indent = 2 + cause.id.chars().count() + 2;
            let columns = self.columns.saturating_sub(indent);
            let mut body = wrap(&plain(&cause.summary), columns);
            let evidence = format!("{}: {}", cause.evidence.as_str(), plain(&cause.source));
            body.extend(field("evidence", &evidence, columns, self.paint));
            let smallest = run.verdicts.iter().find(|verdict| verdict.id == cause.example);
            let size = smallest.map_or_else(String::new, |smallest| {
                format!(" ({})", counted(smallest.requests, "request", "requests"))
            });
            body.extend(field("smallest", &format!("{}{size}", plain(&cause.example)), columns, self.paint));
            // A command stays in one piece, however long: it is there to be copied.
            for (at, command) in smallest.iter().flat_map(|one| more(one, cause, run)).enumerate() {
                let label = if at == 0 { "more" } else { "" };
                body.push(format!("{}{command}", self.paint.text(FAINT, &format!("{label:<LABEL$}"))));
            }
            out.extend(body.iter().map(|line| format!("{}{line}", " ".repeat(indent))));
        }
        let rest = causes.get(CAUSES..).unwrap_or_default();
        for cause in rest.iter().take(CAUSE_LINES) {
            let line = format!(
                "{}  {}  {}  in {}  {}",
                cause.id,
                deviation::operation(&cause.operation),
                cause.kind.as_str(),
                counted(cause.scenarios, "scenario", "scenarios"),
                plain(&cause.summary)
            );
            out.push(format!("  {}", cut(&line, self.columns - 2)));
        }
        out.extend(self.and_more(rest.len(), CAUSE_LINES));
        Some(out)
    }

    fn cause_head(&self, cause: &Cause) -> String {
        format!(
            "{}  {}  {}  in {}",
            self.paint.text(STRONG, &cause.id),
            deviation::operation(&cause.operation),
            self.paint.text(WEAK, cause.kind.as_str()),
            counted(cause.scenarios, "scenario", "scenarios"),
        )
    }

    /// Scenarios that fail, one line each, with the causes that they show.
    fn in_lines(&self, verdicts: &[&Verdict], run: &RunVerdict) -> Vec<String> {
        let head = counted(verdicts.len(), "scenario fails", "scenarios fail");
        let mut out = vec![self.paint.text(BAD, &head)];
        for verdict in verdicts.iter().take(IN_LINES) {
            let (word, style) = word(verdict.status);
            let mut causes: Vec<&str> = Vec::new();
            for found in &verdict.deviations {
                if !found.cause.is_empty() && !causes.contains(&found.cause.as_str()) {
                    causes.push(&found.cause);
                }
            }
            let told = match verdict.reason.as_deref().and_then(|reason| reason.lines().next()) {
                Some(reason) => plain(reason),
                None => causes.join(" "),
            };
            let line = cut(&format!("{}  {told}", plain(&verdict.id)), self.columns - 9);
            out.push(format!("  {} {}", self.paint.text(style, &format!("{word:<6}")), line.trim_end()));
        }
        out.extend(self.and_more(verdicts.len(), IN_LINES));
        let one = verdicts.first().map_or("ID", |verdict| &verdict.id);
        let command = format!("smcheck run {} -t {}", shell(&plain(one)), shell(&plain(typed(run))));
        out.push(format!("  one of them in full: {command}"));
        out
    }

    /// Scenarios that failed at first and then did not.
    fn flaky(&self, verdicts: &[Verdict]) -> Option<Vec<String>> {
        let members: Vec<&Verdict> = verdicts.iter().filter(|verdict| verdict.is_flaky()).collect();
        if members.is_empty() {
            return None;
        }
        let head = self.paint.text(WEAK, &format!("{} flaky", thousands(members.len())));
        let mut out = vec![format!("{head}: failed at first, and then did not")];
        for verdict in members.iter().take(LISTED) {
            let first = verdict.earlier.first();
            let told = first.and_then(|first| match first.deviations.first() {
                Some(found) => Some(format!("step {}, {}", found.step, deviation::line(found))),
                None => first.reason.as_deref().and_then(|reason| reason.lines().next()).map(plain),
            });
            let told = told.map_or_else(String::new, |told| format!("; at first {told}"));
            let line = format!("{}  at try {}{told}", plain(&verdict.id), verdict.earlier.len() + 1);
            out.push(format!("  {}", cut(&line, self.columns - 2)));
        }
        out.extend(self.and_more(members.len(), LISTED));
        Some(out)
    }

    fn contract(&self, findings: &[Deviation]) -> Option<Vec<String>> {
        if findings.is_empty() {
            return None;
        }
        let head = counted(findings.len(), "contract finding", "contract findings");
        let style = if findings.iter().any(self.options.failing.contract) { BAD } else { WEAK };
        let mut out = vec![format!(
            "{}, of the target and not of a scenario, told once each",
            self.paint.text(style, &head)
        )];
        for finding in findings {
            out.extend(self.indented(&deviation::block(finding, None, self.columns - 2, self.paint)));
        }
        Some(out)
    }

    /// One scenario with everything that it differs in.
    fn scenario(&self, verdict: &Verdict) -> Vec<String> {
        let (word, style) = word(verdict.status);
        let mut out = vec![format!(
            "{}  {}",
            self.paint.text(style, word),
            self.paint.text(STRONG, &plain(&verdict.id))
        )];
        let inner = self.columns - 2;
        out.extend(self.indented(&wrap(&plain(&verdict.title), inner)));
        if let Some(reason) = &verdict.reason {
            out.extend(self.indented(&field("reason", &paragraphs(reason), inner, self.paint)));
            let place = format!("{}:{}", plain(&verdict.path), verdict.line);
            out.extend(self.indented(&field("at", &place, inner, self.paint)));
        }
        for found in &verdict.deviations {
            out.extend(self.indented(&deviation::block(found, Some(&verdict.path), inner, self.paint)));
        }
        if !verdict.known.is_empty() {
            let known = counted(verdict.known.len(), "known deviation", "known deviations");
            out.push(format!("  {}", self.paint.text(FAINT, &format!("and {known}"))));
        }
        out
    }

    /// Scenarios that differ without failing the run, one line each.
    fn group(&self, verdicts: &[&Verdict], status: Status, meaning: &str) -> Option<Vec<String>> {
        let members: Vec<&&Verdict> = verdicts.iter().filter(|verdict| verdict.status == status).collect();
        if members.is_empty() {
            return None;
        }
        let (word, style) = word(status);
        let mut out = vec![format!(
            "{}: {meaning}",
            self.paint.text(style, &format!("{} {word}", thousands(members.len())))
        )];
        for verdict in members.iter().take(LISTED) {
            let told = match verdict.deviations.as_slice() {
                [] => String::new(),
                [only] => deviation::line(only),
                [first, rest @ ..] => format!("{} (and {} more)", deviation::line(first), rest.len()),
            };
            out.push(format!(
                "  {}",
                cut(&format!("{}  {told}", plain(&verdict.id)), self.columns - 2).trim_end()
            ));
        }
        out.extend(self.and_more(members.len(), LISTED));
        Some(out)
    }

    fn known(&self, verdicts: &[&Verdict]) -> Option<Vec<String>> {
        let members: Vec<&&Verdict> =
            verdicts.iter().filter(|verdict| verdict.status == Status::Known).collect();
        if members.is_empty() {
            return None;
        }
        let deviations: usize = members.iter().map(|verdict| verdict.known.len()).sum();
        let mut entries: Vec<usize> =
            members.iter().flat_map(|verdict| verdict.known.iter().map(|(entry, _)| *entry)).collect();
        entries.sort_unstable();
        entries.dedup();
        let head = self.paint.text(WEAK, &format!("{} known", thousands(members.len())));
        Some(vec![format!(
            "{head}: {} that {} of the known list expect{}",
            counted(deviations, "deviation", "deviations"),
            counted(entries.len(), "entry", "entries"),
            if entries.len() == 1 { "s" } else { "" },
        )])
    }

    /// Skipped scenarios by reason, since one missing capability skips many.
    fn skipped(&self, verdicts: &[&Verdict]) -> Option<Vec<String>> {
        let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for verdict in verdicts.iter().filter(|verdict| verdict.status == Status::Skipped) {
            reasons
                .entry(verdict.reason.as_deref().unwrap_or("no reason given"))
                .or_default()
                .push(&verdict.id);
        }
        if reasons.is_empty() {
            return None;
        }
        let count: usize = reasons.values().map(Vec::len).sum();
        let mut out = vec![self.paint.text(WEAK, &format!("{} skipped", thousands(count)))];
        for (reason, ids) in reasons {
            let mut names: Vec<String> = ids.iter().take(SKIPPED).map(|id| plain(id)).collect();
            if ids.len() > SKIPPED {
                names.push(format!("and {} more", thousands(ids.len() - SKIPPED)));
            }
            let text = format!("{}: {}", plain(reason), names.join(", "));
            let lines = wrap(&text, self.columns - 4);
            out.extend(
                lines
                    .iter()
                    .enumerate()
                    .map(|(at, line)| format!("{}{line}", if at == 0 { "  " } else { "    " })),
            );
        }
        Some(out)
    }

    fn gone(&self, run: &RunVerdict) -> Option<Vec<String>> {
        if run.gone.is_empty() {
            return None;
        }
        let (style, advice) = if self.options.failing.gone {
            (BAD, "which fails this run")
        } else {
            (WEAK, "so that they can be taken out")
        };
        let head = format!("{} gone", thousands(run.gone.len()));
        let mut out = vec![format!(
            "{}: entries of the known list that did not occur, {advice}",
            self.paint.text(style, &head)
        )];
        out.extend(
            run.gone.iter().map(|entry| format!("  {}: {}", plain(&entry.place), plain(&entry.entry))),
        );
        Some(out)
    }

    fn convergence(&self, verdicts: &[Verdict]) -> Option<Vec<String>> {
        let mut steps: Vec<(&str, &crate::judge::Convergence)> = verdicts
            .iter()
            .flat_map(|verdict| verdict.convergence.iter().map(|step| (verdict.id.as_str(), step)))
            .collect();
        if steps.is_empty() {
            return None;
        }
        // Slowest first; the sort is stable, so that equal times stay in the order of ids.
        steps.sort_by_key(|(_, step)| std::cmp::Reverse(step.millis));
        let head = format!("{} took more than one attempt", counted(steps.len(), "step", "steps"));
        let mut out = vec![self.paint.text(STRONG, &head)];
        for (id, step) in steps.iter().take(CONVERGED) {
            let took = time(Duration::from_millis(step.millis));
            out.push(format!("  {}  step {}: {} attempts, {took}", plain(id), step.step, step.attempts));
        }
        out.extend(self.and_more(steps.len(), CONVERGED));
        Some(out)
    }

    fn and_more(&self, count: usize, listed: usize) -> Option<String> {
        let more = count.checked_sub(listed).filter(|more| *more > 0)?;
        Some(format!(
            "  {}",
            self.paint.text(FAINT, &format!("and {} more, in the JSON report", thousands(more)))
        ))
    }

    fn indented(&self, lines: &[String]) -> Vec<String> {
        lines.iter().map(|line| format!("  {line}").trim_end().to_owned()).collect()
    }
}

/// Text that may come from a target, made safe to print and broken between words so that each line fits.
pub fn wrapped(text: &str, columns: usize) -> Vec<String> {
    super::style::wrap(&super::style::plain(text), columns)
}
