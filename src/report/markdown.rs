//! The report for a pull request or an issue: what is to mend first, the rest folded away.
//!
//! A page is never longer than it may be. What does not fit is left out whole, section by section, and a line says so.

use super::deviation::{self};
use super::failing::Failing;
use super::style::{Paint, counted, paragraphs, plain, thousands};
use super::tally::{self, Worst};
use crate::judge::{Cause, Deviation, RunVerdict, Status, Verdict};

/// How long a comment or the text of an issue may be on the forges.
pub const COMMENT: usize = 65_535;
/// How long the summary of a step may be on GitHub.
pub const STEP_SUMMARY: usize = 1024 * 1024;

/// How many causes stand open; more are folded.
const OPEN: usize = 20;
/// How wide lines in code blocks are.
const COLUMNS: usize = 100;
const PLAIN: Paint = Paint { colour: false };

/// The report of one run or several, at most `limit` bytes.
pub fn render(runs: &[RunVerdict], failing: &Failing<'_>, limit: usize) -> String {
    let mut page = Page::new(limit);
    for (at, run) in runs.iter().enumerate() {
        if at > 0 {
            page.add("\n");
        }
        page.add(&head(run, failing));
    }
    // The causes of every target come before the details of any.
    for run in runs {
        causes(&mut page, run, runs.len() > 1);
    }
    for run in runs {
        details(&mut page, run, failing, runs.len() > 1);
    }
    page.finish()
}

/// A page that grows until it is full.
pub(super) struct Page {
    text: String,
    limit: usize,
    left_out: usize,
}

/// What the line takes that says that something was left out.
const ROOM: usize = 200;

impl Page {
    pub(super) fn new(limit: usize) -> Self {
        Page { text: String::new(), limit: limit.saturating_sub(ROOM), left_out: 0 }
    }

    /// Adds a section whole, or not at all.
    pub(super) fn add(&mut self, section: &str) -> bool {
        if self.text.len() + section.len() > self.limit {
            self.left_out += 1;
            return false;
        }
        self.text.push_str(section);
        true
    }

    /// Adds a section that can be folded; of one that is too long as many lines as fit.
    pub(super) fn fold(&mut self, heading: &str, body: &str, open: bool) {
        let open = if open { " open" } else { "" };
        let before = format!("\n<details{open}><summary>{}</summary>\n\n", html(heading));
        let after = "\n</details>\n";
        let room = self.limit.saturating_sub(self.text.len() + before.len() + after.len() + ROOM);
        let (mut shown, mut rest) = (body.to_owned(), 0);
        if body.len() > room {
            // Blocks of code are whole sections of their own, so that lists are all that is cut here.
            shown.clear();
            for line in body.split_inclusive('\n') {
                if rest > 0 || shown.len() + line.len() > room {
                    rest += 1;
                } else {
                    shown.push_str(line);
                }
            }
            if shown.is_empty() {
                self.left_out += 1;
                return;
            }
            shown.push_str(&format!("\n_… and {} more, which the JSON report holds._\n", thousands(rest)));
        }
        self.add(&format!("{before}{shown}{after}"));
    }

    pub(super) fn finish(mut self) -> String {
        if self.left_out > 0 {
            self.text.push_str(&format!(
                "\n_{} did not fit here; the JSON report (`--report json=FILE`) holds everything._\n",
                counted(self.left_out, "section", "sections")
            ));
        }
        self.text
    }
}

/// Text as inline code, whatever it holds.
pub(crate) fn code(text: &str) -> String {
    let text = plain(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if text.is_empty() || text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Text inside of a table's cell.
fn cell(text: &str) -> String {
    code(text).replace('|', "\\|")
}

/// Prose of ours and of others, of which nothing is taken for markup.
fn prose(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in plain(text).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // A mention would call somebody, and a number would link to an issue.
            '@' | '#' => {
                out.push(c);
                out.push('\u{2060}');
            }
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

fn html(text: &str) -> String {
    plain(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A block of code that nothing inside can end.
pub(crate) fn block(language: &str, lines: &str) -> String {
    let longest = lines.split(|c| c != '`').map(str::len).max().unwrap_or(0).max(2);
    let fence = "`".repeat(longest + 1);
    format!("{fence}{language}\n{}\n{fence}\n", lines.trim_end())
}

fn name(run: &RunVerdict) -> String {
    match &run.target.version {
        Some(version) => format!("{} {version}", run.target.name),
        None => run.target.name.clone(),
    }
}

fn head(run: &RunVerdict, failing: &Failing<'_>) -> String {
    let failed = run.verdicts.iter().filter(|verdict| (failing.scenario)(verdict)).count();
    let contract = run.contract.iter().filter(|found| (failing.contract)(found)).count();
    let totals = run.totals();
    let mut why = Vec::new();
    if failed > 0 {
        why.push(counted(failed, "scenario", "scenarios"));
    }
    if contract > 0 {
        why.push(counted(contract, "contract finding", "contract findings"));
    }
    if failing.gone && !run.gone.is_empty() {
        why.push(format!(
            "{} of the known list that did not occur",
            counted(run.gone.len(), "entry", "entries")
        ));
    }
    let verdict = if totals.judged() + totals.errors == 0 {
        "⚪ nothing ran".to_owned()
    } else if why.is_empty() {
        "✅ as expected".to_owned()
    } else {
        let verb = if why.len() == 1 && failed + contract == 1 { "fails" } else { "fail" };
        format!("❌ {} {verb}", why.join(" and "))
    };
    let mut out = format!("## smcheck on {}: {verdict}\n\n", code(&name(run)));
    out.push_str("| worst difference | scenarios | of those judged | of them known |\n|---|--:|--:|--:|\n");
    let tally = tally::of(run);
    for worst in Worst::ALL {
        let row = tally.row(worst);
        out.push_str(&format!(
            "| {} | {} | {} | {} |\n",
            worst.words(),
            thousands(row.scenarios),
            tally.percent(row.scenarios),
            if row.known == 0 { String::new() } else { thousands(row.known) },
        ));
    }
    let mut beside = Vec::new();
    for (count, word) in [(totals.errors, "could not be judged"), (totals.skipped, "skipped")] {
        if count > 0 {
            beside.push(format!("{} {word}", thousands(count)));
        }
    }
    let flaky = run.verdicts.iter().filter(|verdict| verdict.is_flaky()).count();
    if flaky > 0 {
        beside.push(format!("{} flaky", thousands(flaky)));
    }
    if !beside.is_empty() {
        out.push_str(&format!("\nBesides: {}.\n", beside.join(", ")));
    }
    out
}

fn causes(page: &mut Page, run: &RunVerdict, named: bool) {
    if run.causes.is_empty() {
        return;
    }
    let of = if named { format!(" of {}", code(&name(run))) } else { String::new() };
    let head = counted(run.causes.len(), "cause", "causes");
    page.add(&format!("\n### {head}{of}, by scenarios affected\n\n"));
    for (at, one) in run.causes.iter().take(OPEN).enumerate() {
        page.add(&format!("{}. {}", at + 1, cause(one, run)));
    }
    if run.causes.len() > OPEN {
        let rest: String = run.causes.iter().skip(OPEN).map(|one| format!("- {}", cause(one, run))).collect();
        page.fold(&format!("{} more causes", run.causes.len() - OPEN), &rest, false);
    }
}

fn cause(cause: &Cause, run: &RunVerdict) -> String {
    let operation = deviation::operation(&cause.operation);
    let smallest = if cause.example.is_empty() {
        String::new()
    } else {
        let requests = run.verdicts.iter().find(|verdict| verdict.id == cause.example);
        let size = requests
            .map_or_else(String::new, |one| format!(", {}", counted(one.requests, "request", "requests")));
        format!("; smallest: {}{size}", code(&cause.example))
    };
    format!(
        "**{operation}** {}: {} — {}<br>{}: {}{smallest}\n",
        cause.kind.as_str(),
        code(&cause.summary),
        counted(cause.scenarios, "scenario", "scenarios"),
        cause.evidence.as_str(),
        prose(&cause.source),
    )
}

fn details(page: &mut Page, run: &RunVerdict, failing: &Failing<'_>, named: bool) {
    let of = if named { format!(" ({})", name(run)) } else { String::new() };
    if !run.contract.is_empty() {
        let heading = counted(run.contract.len(), "contract finding", "contract findings");
        page.fold(&format!("{heading}{of}"), &findings(&run.contract), false);
    }
    let failed: Vec<&Verdict> =
        run.verdicts.iter().filter(|one| (failing.scenario)(one) || one.status == Status::Error).collect();
    if !failed.is_empty() {
        page.add(&format!(
            "\n**{}{}**\n",
            counted(failed.len(), "scenario that fails", "scenarios that fail"),
            prose(&of)
        ));
    }
    let mut left_out = 0;
    for verdict in failed {
        let heading = format!("{} {}: {}", verdict.status.as_str(), verdict.id, verdict.title);
        let section =
            format!("\n<details><summary>{}</summary>\n\n{}\n</details>\n", html(&heading), told(verdict));
        // One that does not fit leaves room for the lists below.
        if page.text.len() + section.len() + 4096 > page.limit || !page.add(&section) {
            left_out += 1;
        }
    }
    if left_out > 0 {
        page.add(&format!(
            "\n_{} more did not fit here; the JSON report holds them._\n",
            thousands(left_out)
        ));
    }
    let list = |wanted: &dyn Fn(&Verdict) -> bool, what: &dyn Fn(&Verdict) -> String| -> (usize, String) {
        let rows: Vec<String> = run.verdicts.iter().filter(|one| wanted(one)).map(what).collect();
        (rows.len(), rows.concat())
    };
    let first = |verdict: &Verdict| {
        let told = verdict
            .deviations
            .first()
            .map_or_else(String::new, |one| format!(": {}", code(&deviation::line(one))));
        format!("- {}{told}\n", code(&verdict.id))
    };
    let reason = |verdict: &Verdict| {
        let reason = verdict.reason.as_deref().unwrap_or_default();
        format!("- {}: {}\n", code(&verdict.id), prose(reason.lines().next().unwrap_or_default()))
    };
    let tries = |verdict: &Verdict| {
        let told = verdict.earlier.iter().flat_map(|one| one.deviations.first()).next();
        let told = told.map_or_else(String::new, |one| format!(": first {}", code(&deviation::line(one))));
        format!("- {} at try {}{told}\n", code(&verdict.id), verdict.earlier.len() + 1)
    };
    let known = |verdict: &Verdict| format!("- {}\n", code(&verdict.id));
    let quiet = |status: Status| move |one: &Verdict| one.status == status && !(failing.scenario)(one);
    for (word, (count, rows)) in [
        ("flaky: failed at first, then did not", list(&Verdict::is_flaky, &tries)),
        ("unsure: what differs rests on inferred expectations", list(&quiet(Status::Unsure), &first)),
        ("near: only messages or the wire differ", list(&quiet(Status::Near), &first)),
        ("known", list(&quiet(Status::Known), &known)),
        ("skipped", list(&quiet(Status::Skipped), &reason)),
    ] {
        if count > 0 {
            page.fold(&format!("{} {word}{of}", thousands(count)), &rows, false);
        }
    }
    if !run.gone.is_empty() {
        let rows: String =
            run.gone.iter().map(|gone| format!("- {}: {}\n", code(&gone.place), code(&gone.entry))).collect();
        let heading =
            format!("{} of the known list did not occur{of}", counted(run.gone.len(), "entry", "entries"));
        page.fold(&heading, &rows, false);
    }
}

fn findings(contract: &[Deviation]) -> String {
    let mut rows = "| operation | what | evidence |\n|---|---|---|\n".to_owned();
    for found in contract {
        rows.push_str(&format!(
            "| {} | {} | {} |\n",
            cell(&found.operation),
            cell(&deviation::line(found)),
            found.evidence.as_str()
        ));
    }
    rows
}

fn told(verdict: &Verdict) -> String {
    let mut lines = Vec::new();
    if let Some(reason) = &verdict.reason {
        lines.push(paragraphs(reason));
        lines.push(format!("at {}:{}", plain(&verdict.path), verdict.line));
    }
    for found in &verdict.deviations {
        lines.push(deviation::block(found, Some(&verdict.path), COLUMNS, PLAIN).join("\n"));
    }
    for (_, known) in &verdict.known {
        lines.push(format!(
            "known: {}",
            deviation::block(known, Some(&verdict.path), COLUMNS, PLAIN).join("\n")
        ));
    }
    block("text", &lines.join("\n\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_holds_whatever_it_is_given() {
        assert_eq!(code("a"), "`a`");
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(block("text", "```\nx"), "````text\n```\nx\n````\n");
    }

    #[test]
    fn prose_calls_nobody_and_links_nothing() {
        assert_eq!(prose("<b> *x*"), "&lt;b&gt; \\*x\\*");
        assert!(!prose("@team #12").contains("@t"));
    }

    #[test]
    fn a_full_page_says_so() {
        let mut page = Page::new(400);
        page.fold("many", &"- one line\n".repeat(100), false);
        page.add(&"x".repeat(400));
        let text = page.finish();
        assert!(text.len() <= 400, "{}", text.len());
        assert!(text.contains("did not fit here"), "{text}");
    }
}
