//! The matrix as Markdown, for a comment on a pull request: what matters stands open, the rows are folded, and all of
//! it fits. What did not fit is said.

use super::rows::{by_folder, parts, told};
use super::{Agreement, Column, Matrix};
use crate::judge::{Cause, Status};
use crate::report::deviation;
use crate::report::style::{counted, cut, plain, thousands};

/// GitHub refuses a comment of more characters.
pub const LIMIT: usize = 65_536;
/// What is kept free for the sentence that says what was cut, and for whoever puts a line around the text.
const SPARE: usize = 1_000;
/// How many causes of a target are told, most scenarios first.
const CAUSES: usize = 10;
/// The most that causes of all targets may take, so that rows have room.
const CAUSES_ROOM: usize = 24_000;
/// How much of a summary or of what differs is told in a cell.
const CELL: usize = 160;

/// The whole comment, at most [`LIMIT`] characters.
#[must_use]
pub fn render(matrix: &Matrix) -> String {
    let mut out = heading(matrix);
    let mut cut_causes = 0;
    let room = LIMIT.min(length(&out) + CAUSES_ROOM);
    for (at, column) in matrix.columns.iter().enumerate() {
        // What one target does not use is left to those after it.
        let share = room.saturating_sub(length(&out)) / (matrix.columns.len() - at);
        let (text, left) = causes(at, column, share, matrix.columns.len() > 1);
        out.push_str(&text);
        cut_causes += left;
    }
    let (rows, cut_rows) = rows(matrix, (LIMIT - SPARE).saturating_sub(length(&out)));
    out.push_str(&rows);
    out.push_str(&ending(matrix, cut_causes, cut_rows));
    out
}

fn length(text: &str) -> usize {
    text.chars().count()
}

fn heading(matrix: &Matrix) -> String {
    let mut out = format!(
        "## smcheck: {} on {}\n\n",
        counted(matrix.columns.len(), "target", "targets"),
        counted(matrix.sheets.len(), "scenario", "scenarios")
    );
    out.push_str(
        "| | target | judged | right | exact | wrong | unsure | near | known | skipped | errors |\n",
    );
    out.push_str("|-:|:--|-:|-:|-:|-:|-:|-:|-:|-:|-:|\n");
    for (at, column) in matrix.columns.iter().enumerate() {
        let totals = column.run.totals();
        let agreement = Agreement::of(&column.run);
        let cells = [
            (at + 1).to_string(),
            text(&cut(&column.name(), 80)),
            thousands(agreement.judged),
            format!("**{}**", agreement.percent(agreement.right)),
            agreement.percent(agreement.exact),
            thousands(totals.deviated),
            thousands(totals.unsure),
            thousands(totals.near),
            thousands(totals.known),
            thousands(totals.skipped),
            thousands(totals.errors),
        ];
        out.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    out.push_str(
        "\n<sub>*right*: the outcomes are AWS's, and at most messages or the wire differ; *exact*: nothing differs. \
         Both are shares of the judged scenarios, in which known deviations count as what they are.</sub>\n",
    );
    for column in &matrix.columns {
        if let Some(reason) = &column.unusable {
            let reason = text(&cut(&plain(reason.lines().next().unwrap_or_default()), 400));
            out.push_str(&format!("\n**{}** could not be used: {reason}\n", text(&cut(&column.name(), 80))));
        }
    }
    out
}

/// The causes of a target within a number of characters, and how many were left out.
fn causes(at: usize, column: &Column, room: usize, numbered: bool) -> (String, usize) {
    let causes = &column.run.causes;
    if causes.is_empty() {
        return (String::new(), 0);
    }
    let number = if numbered { format!("{} ", at + 1) } else { String::new() };
    let mut out = format!(
        "\n### {number}{}: {}\n\n",
        text(&cut(&column.name(), 80)),
        counted(causes.len(), "cause", "causes")
    );
    out.push_str("| | scenarios | where | what differs | evidence | smallest |\n|:--|-:|:--|:--|:--|:--|\n");
    let mut shown = 0;
    for cause in causes.iter().take(CAUSES) {
        let line = cause_line(cause);
        if length(&out) + length(&line) > room {
            break;
        }
        out.push_str(&line);
        shown += 1;
    }
    if shown == 0 { (String::new(), causes.len()) } else { (out, causes.len() - shown) }
}

fn cause_line(cause: &Cause) -> String {
    let operation = deviation::operation(&cause.operation);
    format!(
        "| {} | {} | {} {} | {} | {}: {} | {} |\n",
        cause.id,
        thousands(cause.scenarios),
        text(&operation),
        cause.kind.as_str(),
        code(&cut(&plain(&cause.summary), CELL)),
        cause.evidence.as_str(),
        text(&cut(&plain(&cause.source), CELL)),
        code(&plain(&cause.example)),
    )
}

/// The rows by folder, folded, within a number of characters, and how many were left out.
fn rows(matrix: &Matrix, room: usize) -> (String, usize) {
    let rows = matrix.rows(false);
    let mut out = String::new();
    let mut left = rows.len();
    if rows.is_empty() {
        return (out, 0);
    }
    out.push_str(&format!(
        "\n### {} in which targets differ from AWS\n",
        counted(rows.len(), "scenario", "scenarios")
    ));
    let close = "\n</details>\n";
    let mut used = length(&out);
    for (folder, rows) in by_folder(matrix, &rows) {
        let name = if folder.is_empty() { "(no folder)".to_owned() } else { html(&plain(folder)) };
        let count = counted(rows.len(), "scenario", "scenarios");
        let numbers: Vec<String> = (1..=matrix.columns.len()).map(|at| at.to_string()).collect();
        let mut part = format!(
            "\n<details><summary>{name} {count}</summary>\n\n| scenario | {} | what differs |\n|:--|{}:--|\n",
            numbers.join(" | "),
            ":-:|".repeat(numbers.len())
        );
        let mut shown = 0;
        let mut size = length(&part) + length(close);
        for row in rows {
            let line = row_line(matrix, row);
            if used + size + length(&line) > room {
                break;
            }
            size += length(&line);
            part.push_str(&line);
            shown += 1;
        }
        if shown == 0 {
            break;
        }
        part.push_str(close);
        used += size;
        out.push_str(&part);
        left -= shown;
    }
    (out, left)
}

fn row_line(matrix: &Matrix, row: usize) -> String {
    let cells: Vec<&str> = (0..matrix.columns.len())
        .map(|at| matrix.verdict(row, at).map_or("", |verdict| word(verdict.status)))
        .collect();
    let differs = told(matrix, row).map(|told| code(&cut(&told, CELL))).unwrap_or_default();
    let name = code(&plain(parts(&matrix.sheets[row].id).1));
    format!("| {name} | {} | {differs} |\n", cells.join(" | "))
}

fn word(status: Status) -> &'static str {
    match status {
        Status::Passed => "right",
        Status::Near => "near",
        Status::Unsure => "unsure",
        Status::Deviated => "**wrong**",
        Status::Known => "known",
        Status::Skipped => "skipped",
        Status::Error => "**error**",
    }
}

fn ending(matrix: &Matrix, causes: usize, rows: usize) -> String {
    let differ = matrix.rows(false).len();
    let mut out = String::new();
    let mut cut = Vec::new();
    if causes > 0 {
        cut.push(counted(causes, "cause", "causes"));
    }
    if rows > 0 {
        cut.push(counted(rows, "row", "rows"));
    }
    if !cut.is_empty() {
        out.push_str(&format!(
            "\n**Cut:** {} are not shown here, so that the text fits into a comment. The HTML and JSON reports hold \
             everything.\n",
            cut.join(" and ")
        ));
    }
    let (right, nobody) = matrix.agreed();
    let other = if differ == 0 { "" } else { "other " };
    let them = match right {
        0 => None,
        1 => Some(format!("1 {other}scenario is right on every target that judged it.")),
        many => {
            Some(format!("{} {other}scenarios are right on every target that judged them.", thousands(many)))
        }
    };
    let nobody = (nobody > 0)
        .then(|| format!("{} not judged on any target.", counted(nobody, "scenario was", "scenarios were")));
    let told: Vec<String> = them.into_iter().chain(nobody).collect();
    if !told.is_empty() {
        out.push_str(&format!("\n{}\n", told.join(" ")));
    }
    out
}

/// Text that Markdown leaves as it is: no markup, no link, no cell of its own, and nobody is called.
fn text(plain: &str) -> String {
    inert(plain, true)
}

/// Text as code in a cell of a table: nothing in it is markup.
fn code(plain: &str) -> String {
    // A tick would end the code, and a bar the cell; as elements both stay what they are.
    format!("<code>{}</code>", html(plain))
}

/// Text inside an element, in a line in which Markdown still counts.
fn html(plain: &str) -> String {
    inert(plain, false)
}

fn inert(plain: &str, prose: bool) -> String {
    let mut out = String::with_capacity(plain.len());
    let mut before = ' ';
    let mut rest = plain.chars().peekable();
    while let Some(c) = rest.next() {
        let next = rest.peek().copied().unwrap_or(' ');
        match c {
            // `owner/name@commit` is a link that helps; `@name` and `#1` call people and other issues, as elements
            // too, unless something stands in between.
            '@' if !before.is_alphanumeric() && prose => out.push_str("@\u{2060}"),
            '#' if prose => out.push_str("&#35;\u{2060}"),
            '@' => out.push(c),
            // Neither a link nor the name of a picture.
            ':' if next == ' ' => out.push(c),
            '.' if before == 'w' => out.push_str("&#46;"),
            '&' | '<' | '>' | '"' | '\'' | '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')'
            | '|' | '~' | '!' | '$' | '#' | ':' => out.push_str(&format!("&#{};", u32::from(c))),
            c => out.push(c),
        }
        before = c;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::matrix::sample;

    #[test]
    fn a_comment_says_what_matters_and_folds_the_rest() {
        insta::assert_snapshot!(render(&sample::matrix()));
    }

    #[test]
    fn it_fits_whatever_there_is_to_tell_and_says_what_was_cut() {
        for (scenarios, targets) in [(500, 8), (2000, 2), (3, 40)] {
            let text = render(&sample::large(scenarios, targets));
            assert!(length(&text) <= LIMIT, "{} characters", length(&text));
            assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
            if scenarios > 100 {
                let shown = text.matches("a-scenario-with").count();
                let told = format!("{} are not shown", counted(scenarios - rows_of(&text), "row", "rows"));
                assert!(shown > 50 && text.contains(&told), "{shown} {told}");
                assert!(length(&text) > LIMIT - 2 * SPARE, "what has room is shown: {}", length(&text));
            }
        }
    }

    /// How many rows of scenarios there are below the causes.
    fn rows_of(text: &str) -> usize {
        text.lines().filter(|line| line.starts_with("| <code>a-scenario-with")).count()
    }

    #[test]
    fn what_a_target_says_is_no_markup() {
        let told = "a|b `c` <img src=x> @maintainer #1 http://x.example www.x.example *d* _e_";
        for shown in [text(told), code(told)] {
            for markup in ["<img", "http:", "www.", "|", "`", "*", "_"] {
                assert!(!shown.contains(markup), "{markup}: {shown}");
            }
        }
        assert!(!text(told).contains("@maintainer") && text("of a/b@c0ffee").contains("a/b@c0ffee"));
        assert_eq!(code("a`b"), "<code>a&#96;b</code>");
    }
}
