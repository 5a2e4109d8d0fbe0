//! The matrix for a person: a line for each target, its causes, then the scenarios in which targets differ.

use std::time::Duration;

use anstyle::Style;

use super::rows::{by_folder, parts, skipped, told};
use super::{Agreement, Column, Matrix};
use crate::judge::{Cause, Status};
use crate::report::deviation;
use crate::report::style::{
    BAD, FAINT, GOOD, Paint, STRONG, WEAK, chop, counted, cut, plain, thousands, time, width, wrap,
};

/// From this many columns on a row says what differs.
const WIDE: usize = 120;
/// The least that is worth saying of it.
const LEAST: usize = 30;
/// The narrowest and the widest that names of targets are in the summary.
const NAME: std::ops::RangeInclusive<usize> = 8..=40;

/// What the number of a target and its figures take in the summary.
const FIGURES: usize = 5 + 58;

/// How the matrix is to look.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Columns; anything from 80 to 200 is used as it is, the rest is moved there.
    pub width: usize,
    /// Whether to paint, with ANSI escape sequences.
    pub colour: bool,
    /// Whether to show scenarios that are right everywhere, and all causes.
    pub all: bool,
    /// How long it took on the clock; none for saved reports.
    pub elapsed: Option<Duration>,
}

/// The whole report, ending in a line feed.
#[must_use]
pub fn render(matrix: &Matrix, options: &Options) -> String {
    let page = Page {
        matrix,
        options,
        columns: options.width.clamp(80, 200),
        paint: Paint { colour: options.colour },
    };
    let mut sections = vec![page.summary()];
    for (at, column) in matrix.columns.iter().enumerate() {
        sections.extend(page.causes(at, column));
    }
    sections.extend(page.skipped());
    sections.extend(page.gone());
    sections.extend(page.rows());
    sections.push(page.end());
    let text: Vec<String> = sections.iter().map(|lines| lines.join("\n")).collect();
    format!("{}\n", text.join("\n\n"))
}

/// The sign of a status, and its colour. An error of ours and a deviation must not look alike without colour.
fn sign(status: Status) -> (char, Style) {
    match status {
        Status::Passed => ('=', GOOD),
        Status::Near => ('~', WEAK),
        Status::Unsure => ('?', WEAK),
        Status::Deviated => ('X', BAD),
        Status::Known => ('k', WEAK),
        Status::Skipped => ('-', FAINT),
        Status::Error => ('!', BAD),
    }
}

/// What the signs mean, in the order in which they are told.
const LEGEND: [(Status, &str); 7] = [
    (Status::Passed, "right"),
    (Status::Near, "messages or the wire differ"),
    (Status::Unsure, "differs from what is inferred"),
    (Status::Deviated, "wrong"),
    (Status::Known, "known"),
    (Status::Skipped, "skipped"),
    (Status::Error, "error"),
];

struct Page<'a> {
    matrix: &'a Matrix,
    options: &'a Options,
    columns: usize,
    paint: Paint,
}

/// So much of a line is left for the name of a target.
const STAIRS_LEAVE: usize = 24;

impl Page<'_> {
    fn summary(&self) -> Vec<String> {
        let columns = &self.matrix.columns;
        let head = format!(
            "{} on {}",
            counted(columns.len(), "target", "targets"),
            counted(self.matrix.sheets.len(), "scenario", "scenarios")
        );
        let mut out = vec![self.paint.text(STRONG, &head)];
        // What is left of the line beside the number and the figures.
        let room = self.columns - FIGURES;
        let longest = columns.iter().map(|column| width(&column.name())).max().unwrap_or(0);
        let name = longest.clamp(*NAME.start(), *NAME.end()).min(room);
        let heading = format!(
            "     {:<name$} {:>6} {:>6} {:>6} {:>6} {:>6} {:>5} {:>5} {:>5} {:>4}",
            "", "judged", "right", "exact", "wrong", "unsure", "near", "known", "skip", "err"
        );
        out.push(self.paint.text(FAINT, heading.trim_end()));
        for (at, column) in columns.iter().enumerate() {
            out.extend(self.target(at, column, name));
        }
        for (at, column) in columns.iter().enumerate().filter(|(_, column)| !column.run.contract.is_empty()) {
            let found = counted(column.run.contract.len(), "contract finding", "contract findings");
            let words = format!("{found} beside that: of the target as a whole, so that no share counts it");
            out.extend(numbered(at, &pieces(&words, self.columns - 5)));
        }
        let words = "right: the outcomes are AWS's, and at most messages or the wire differ; exact: nothing differs. \
            Both are shares of the judged scenarios, in which known deviations count as what they are.";
        out.extend(
            wrap(words, self.columns - 5).iter().map(|line| format!("     {}", self.paint.text(FAINT, line))),
        );
        out
    }

    fn target(&self, at: usize, column: &Column, name: usize) -> Vec<String> {
        let lead = format!("{:>3}  ", at + 1);
        let shown = format!("{:<name$}", cut(&column.name(), name));
        let totals = column.run.totals();
        let agreement = Agreement::of(&column.run);
        let mut out = Vec::new();
        if column.unusable.is_none() || agreement.judged > 0 {
            let count = |count: usize, columns: usize, style: Style| {
                let text = format!(" {:>columns$}", thousands(count));
                self.paint.text(if count == 0 { FAINT } else { style }, &text)
            };
            let share = |count: usize, style: Style| {
                self.paint.text(style, &format!(" {:>6}", agreement.percent(count)))
            };
            let style = if agreement.right == agreement.judged { GOOD } else { STRONG };
            let endpoint = plain(&column.run.target.endpoint);
            let endpoint = if self.columns >= WIDE && !endpoint.is_empty() {
                self.paint.text(FAINT, &format!("  {}", cut(&endpoint, self.columns - FIGURES - 2 - name)))
            } else {
                String::new()
            };
            out.push(format!(
                "{lead}{} {:>6}{}{}{}{}{}{}{}{}{endpoint}",
                self.paint.text(STRONG, &shown),
                thousands(agreement.judged),
                share(agreement.right, style),
                share(agreement.exact, Style::new()),
                count(totals.deviated, 6, BAD),
                count(totals.unsure, 6, WEAK),
                count(totals.near, 5, WEAK),
                count(totals.known, 5, WEAK),
                count(totals.skipped, 5, FAINT),
                count(totals.errors, 4, BAD),
            ));
        }
        if let Some(reason) = &column.unusable {
            let lead = if out.is_empty() {
                format!("{lead}{} ", self.paint.text(STRONG, &shown))
            } else {
                " ".repeat(lead.len() + name + 1)
            };
            let first = plain(reason.lines().next().unwrap_or_default());
            let lines = pieces(&format!("unusable: {first}"), self.columns - 6 - name);
            for (at, line) in lines.iter().enumerate() {
                let line = self.paint.text(BAD, line);
                let lead = if at == 0 { lead.clone() } else { " ".repeat(6 + name) };
                out.push(format!("{lead}{line}"));
            }
        }
        out
    }

    fn causes(&self, at: usize, column: &Column) -> Option<Vec<String>> {
        let causes = &column.run.causes;
        if causes.is_empty() {
            return None;
        }
        let listed = match (self.options.all, self.matrix.columns.len()) {
            (true, _) => causes.len(),
            (false, 1) => 12,
            (false, 2..=3) => 8,
            (false, _) => 4,
        };
        let number = match self.matrix.columns.len() {
            1 => String::new(),
            _ => format!("{}  ", at + 1),
        };
        let head = format!(
            "{number}{}: {}, by scenarios affected",
            cut(&column.name(), self.columns - 50),
            counted(causes.len(), "cause", "causes"),
        );
        let mut out = vec![self.paint.text(STRONG, &head)];
        for cause in causes.iter().take(listed) {
            out.extend(self.cause(cause));
        }
        if let Some(more) = causes.len().checked_sub(listed).filter(|more| *more > 0) {
            let more = format!("  and {} more: --all shows them", thousands(more));
            out.push(self.paint.text(FAINT, &more));
        }
        Some(out)
    }

    fn cause(&self, cause: &Cause) -> Vec<String> {
        let operation = deviation::operation(&cause.operation);
        let mut out = vec![format!(
            "  {}  {}  {}  in {}",
            self.paint.text(STRONG, &cause.id),
            operation,
            self.paint.text(WEAK, cause.kind.as_str()),
            counted(cause.scenarios, "scenario", "scenarios"),
        )];
        let indent = 4 + width(&cause.id);
        let room = self.columns - indent;
        out.extend(pieces(&plain(&cause.summary), room).iter().map(|line| indented(indent, line)));
        let evidence = format!("{}: {}", cause.evidence.as_str(), plain(&cause.source));
        let smallest = format!("smallest: {}", plain(&cause.example));
        for line in pieces(&evidence, room).iter().chain(&pieces(&smallest, room)) {
            out.push(indented(indent, &self.paint.text(FAINT, line)));
        }
        out
    }

    /// Reasons to skip, each once with the targets that gave it for as many scenarios.
    fn skipped(&self) -> Option<Vec<String>> {
        let mut told: Vec<(String, usize, Vec<String>)> = Vec::new();
        for (at, column) in self.matrix.columns.iter().enumerate() {
            let number = (at + 1).to_string();
            for (reason, count) in skipped(column) {
                match told.iter_mut().find(|(known, many, _)| (known, *many) == (&reason, count)) {
                    Some((_, _, targets)) => targets.push(number.clone()),
                    None => told.push((reason, count, vec![number.clone()])),
                }
            }
        }
        if told.is_empty() {
            return None;
        }
        let mut lines = vec![self.paint.text(STRONG, "skipped")];
        for (reason, count, targets) in told {
            let whose = match self.matrix.columns.len() {
                1 => String::new(),
                _ => format!(" on {}", targets.join(" ")),
            };
            let text = format!("{}{whose}: {reason}", counted(count, "scenario", "scenarios"));
            let wrapped = pieces(&text, self.columns - 4);
            lines.extend(
                wrapped.iter().enumerate().map(|(line, text)| indented(if line == 0 { 2 } else { 4 }, text)),
            );
        }
        Some(lines)
    }

    fn gone(&self) -> Option<Vec<String>> {
        let mut lines = Vec::new();
        for (at, column) in self.matrix.columns.iter().enumerate() {
            for gone in &column.run.gone {
                let text = format!("{}: {}", plain(&gone.place), plain(&gone.entry));
                lines.extend(numbered(at, &pieces(&text, self.columns - 5)));
            }
        }
        if lines.is_empty() {
            return None;
        }
        lines.insert(0, self.paint.text(WEAK, "entries of known lists that did not occur"));
        Some(lines)
    }

    fn rows(&self) -> Option<Vec<String>> {
        let rows = self.matrix.rows(self.options.all);
        if rows.is_empty() {
            return None;
        }
        let all = self.matrix.sheets.len();
        let head = match (self.options.all, rows.len()) {
            (true, _) => counted(all, "scenario", "scenarios"),
            (false, 1) => "1 scenario in which targets differ from AWS".to_owned(),
            (false, many) => format!("{} scenarios in which targets differ from AWS", thousands(many)),
        };
        let mut out = vec![self.paint.text(STRONG, &head)];
        out.extend(self.legend(&rows));
        for (folder, rows) in by_folder(self.matrix, &rows) {
            out.push(String::new());
            out.push(self.numbers(folder));
            // What differs stands in one column within a folder, unless one name is very long.
            let name = |row: &usize| width(&plain(parts(&self.matrix.sheets[*row].id).1));
            let aligned = rows.iter().map(name).filter(|name| *name <= 60).max().unwrap_or(0);
            for row in rows {
                out.extend(self.row(row, aligned));
            }
        }
        Some(out)
    }

    /// Which column is whose, as stairs, and what the signs mean that occur.
    fn legend(&self, rows: &[usize]) -> Vec<String> {
        let mut out = Vec::new();
        let mut signs: Vec<String> = Vec::new();
        for (status, words) in LEGEND {
            let occurs = rows.iter().any(|row| {
                (0..self.matrix.columns.len())
                    .any(|at| self.matrix.verdict(*row, at).is_some_and(|verdict| verdict.status == status))
            });
            if occurs {
                signs.push(format!("{} {words}", sign(status).0));
            }
        }
        let lines = packed(&signs, "   ", self.columns);
        out.extend(lines.iter().map(|line| self.paint.text(FAINT, line)));
        if self.matrix.columns.len() > 1 {
            for (at, column) in self.matrix.columns.iter().enumerate() {
                // With very many targets the stairs would leave no room for a name.
                let steps = at.min(self.columns.saturating_sub(STAIRS_LEAVE) / 2);
                let stairs = self.paint.text(FAINT, &"│ ".repeat(steps));
                let name = cut(&column.name(), self.columns.saturating_sub(2 * steps + 4));
                out.push(format!("{stairs}{} {}", at + 1, self.paint.text(STRONG, &name)));
            }
        }
        out
    }

    /// The numbers of the targets over a folder's rows.
    fn numbers(&self, folder: &str) -> String {
        let folder = if folder.is_empty() { "(no folder)".to_owned() } else { plain(folder) };
        let folder = self.paint.text(STRONG, &folder);
        match self.matrix.columns.len() {
            1 => format!("  {folder}"),
            many => {
                let numbers: Vec<String> = (1..=many).map(|at| at.to_string()).collect();
                format!("{} {folder}", self.paint.text(FAINT, &numbers.join(" ")))
            }
        }
    }

    fn row(&self, row: usize, aligned: usize) -> Vec<String> {
        let mut cells = String::new();
        for at in 0..self.matrix.columns.len() {
            let (sign, style) = match self.matrix.verdict(row, at) {
                Some(verdict) => sign(verdict.status),
                None => (' ', FAINT),
            };
            cells.push_str(&self.paint.text(style, &sign.to_string()));
            // From the tenth column on a number takes two places.
            cells.push_str(if at >= 9 { "  " } else { " " });
        }
        let lead = (0..self.matrix.columns.len()).map(|at| if at >= 9 { 3 } else { 2 }).sum::<usize>();
        let name = plain(parts(&self.matrix.sheets[row].id).1);
        let room = self.columns.saturating_sub(lead).max(20);
        let mut lines = chop(&name, room);
        if self.columns >= WIDE
            && lines.len() == 1
            && let Some(told) = told(self.matrix, row)
        {
            let used = lead + width(&name).max(aligned) + 2;
            if self.columns.saturating_sub(used) >= LEAST {
                let told = cut(&told, self.columns - used);
                lines = vec![format!("{name:<aligned$}  {}", self.paint.text(FAINT, &told))];
            }
        }
        lines
            .iter()
            .enumerate()
            .map(|(at, line)| match at {
                0 => format!("{cells}{line}"),
                _ => indented(lead, line),
            })
            .collect()
    }

    /// The line that is still on the screen when all has gone by.
    fn end(&self) -> Vec<String> {
        let mut out = Vec::new();
        let (right, nobody) = self.matrix.agreed();
        if !self.options.all {
            let on =
                if self.matrix.columns.len() == 1 { "on it" } else { "on every target that judged them" };
            let other = if self.matrix.rows(false).is_empty() { "" } else { "other " };
            let text = match right {
                0 => None,
                1 => Some(format!("1 {other}scenario is right {on}; --all shows it")),
                many => {
                    Some(format!("{} {other}scenarios are right {on}; --all shows them", thousands(many)))
                }
            };
            out.extend(text.iter().flat_map(|text| wrap(text, self.columns)));
            if nobody > 0 {
                let what = counted(nobody, "scenario was", "scenarios were");
                let on = if self.matrix.columns.len() == 1 { "" } else { " on any target" };
                out.extend(wrap(&format!("{what} not judged{on}"), self.columns));
            }
        }
        let mut shares: Vec<String> = self
            .matrix
            .columns
            .iter()
            .map(|column| {
                let agreement = Agreement::of(&column.run);
                let name = cut(&plain(&column.run.target.name), 30);
                let share = match (&column.unusable, agreement.judged) {
                    (Some(_), 0) => "unusable".to_owned(),
                    _ => agreement.percent(agreement.right),
                };
                format!("{name} {share},")
            })
            .collect();
        if let Some(first) = shares.first_mut() {
            first.insert_str(0, "right: ");
        }
        if let Some(last) = shares.last_mut() {
            last.pop();
            if let Some(elapsed) = self.options.elapsed {
                last.push_str(&format!("; in {}", time(elapsed)));
            }
        }
        out.extend(packed(&shares, " ", self.columns));
        out
    }
}

/// Parts beside each other as far as they fit; none is broken.
fn packed(parts: &[String], between: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        match lines.last_mut() {
            Some(line) if width(line) + width(between) + width(part) <= columns => {
                line.push_str(between);
                line.push_str(part);
            }
            _ => lines.push(part.clone()),
        }
    }
    lines
}

/// Prose that keeps to its width even where a word is longer than that.
fn pieces(text: &str, columns: usize) -> Vec<String> {
    wrap(text, columns).iter().flat_map(|line| chop(line, columns)).collect()
}

/// Lines under the number of a target.
fn numbered(at: usize, lines: &[String]) -> Vec<String> {
    let lead = |line: usize| if line == 0 { format!("{:>3}  ", at + 1) } else { " ".repeat(5) };
    lines.iter().enumerate().map(|(line, text)| format!("{}{text}", lead(line))).collect()
}

fn indented(columns: usize, line: &str) -> String {
    format!("{}{line}", " ".repeat(columns))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::matrix::sample;

    fn plainly(matrix: &Matrix, width: usize, all: bool) -> String {
        let elapsed = Some(Duration::from_millis(1250));
        render(matrix, &Options { width, colour: false, all, elapsed })
    }

    #[test]
    fn no_line_is_longer_than_the_terminal() {
        for matrix in [sample::matrix(), sample::large(30, 8), sample::large(5, 1), sample::large(20, 12)] {
            for columns in [80, 100, 120, 200] {
                for all in [false, true] {
                    let text = plainly(&matrix, columns, all);
                    let long: Vec<&str> = text.lines().filter(|line| width(line) > columns).collect();
                    assert!(long.is_empty(), "{columns}: {long:#?}");
                    assert!(text.lines().all(|line| line.trim_end() == line), "{text}");
                }
            }
        }
    }

    #[test]
    fn more_targets_than_a_line_has_room_for_are_all_named() {
        let text = plainly(&sample::large(2, 45), 80, false);
        let named = text.lines().filter(|line| line.starts_with("│ ") && width(line) <= 80);
        // All but the first stand on stairs.
        assert_eq!(named.filter(|line| line.contains("a-target")).count(), 44, "{text}");
    }

    #[test]
    fn colour_adds_nothing_but_colour() {
        let matrix = sample::matrix();
        let options = Options { width: 80, colour: true, all: false, elapsed: None };
        let painted = render(&matrix, &options);
        assert!(painted.contains('\u{1b}'));
        let bare = anstream::adapter::strip_str(&painted).to_string();
        assert_eq!(bare, render(&matrix, &Options { colour: false, ..options }));
    }

    #[test]
    fn it_reads_as_a_table() {
        insta::assert_snapshot!(plainly(&sample::matrix(), 80, false));
    }

    #[test]
    fn a_wide_terminal_says_what_differs() {
        let text = plainly(&sample::matrix(), 160, false);
        assert!(
            text.contains("= X ! 7  2: step 2, labels.v1: expected [AWSPREVIOUS], got AWSCURRENT"),
            "{text}"
        );
    }

    #[test]
    fn all_rows_are_shown_when_asked_for() {
        let text = plainly(&sample::matrix(), 80, true);
        assert!(text.contains("= = ! 1\n") && text.contains("= - ! 9\n"), "{text}");
        assert!(!plainly(&sample::matrix(), 80, false).contains("= = ! 1"));
    }
}
