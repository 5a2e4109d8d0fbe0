//! One changed snapshot for whoever decides about it: what the scenario says, how labels moved, and the diff.

use anstyle::Style;

use super::chart::LabelChart;
use super::deviation::field;
use super::style::{BAD, FAINT, GOOD, Paint, STRONG, WEAK, chop, counted, cut, plain, width, wrap};
use crate::judge::diff::{Difference, Side, diff};

/// How many equal lines are shown around one that differs.
const AROUND: usize = 2;

/// What the scenario of a snapshot says.
#[derive(Clone, Debug)]
pub struct Claim<'a> {
    /// The sentence that it states.
    pub title: &'a str,
    /// Why that is believed, and where it comes from: `aws-docs: API reference, …`.
    pub evidence: String,
    /// The rules that it checks.
    pub rules: &'a [String],
    /// Its place: `scenarios/a/b.yaml:2`.
    pub at: String,
}

/// A changed snapshot, as far as it is shown.
#[derive(Clone, Debug)]
pub struct Change<'a> {
    /// The scenario, if it is still there and its file can be read.
    pub scenario: Option<Claim<'a>>,
    /// What it was recorded from: `moto 5.1.22`, before (where there was a snapshot) and now.
    pub from: (Option<&'a str>, &'a str),
    /// The file that waits, and what moves with it.
    pub file: &'a str,
    /// What should be known before it is decided, one sentence each.
    pub notes: &'a [String],
    /// The observation as it is stored.
    pub old: &'a str,
    /// The observation as it was recorded now.
    pub new: &'a str,
}

/// What is shown of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The scenario's title, evidence and rules.
    pub info: bool,
    /// All lines of the steps that differ, instead of those around a difference.
    pub context: bool,
}

/// The change as lines, none of them wider than the page.
pub fn lines(change: &Change<'_>, shown: Shown, columns: usize, colour: bool) -> Vec<String> {
    let paint = Paint { colour };
    let columns = columns.max(10);
    let mut out = Vec::new();
    if shown.info {
        info(&mut out, change, columns, paint);
    }
    for note in change.notes {
        let text = wrapped(&plain(note), columns.saturating_sub(2));
        for (at, line) in text.iter().enumerate() {
            out.push(paint.text(WEAK, &format!("{} {line}", if at == 0 { '!' } else { ' ' })));
        }
    }
    let (before, after) = (LabelChart::read(change.old), LabelChart::read(change.new));
    if !(before.is_empty() && after.is_empty()) {
        gap(&mut out);
        out.extend(timeline(&before, &after, columns, paint));
    }
    let difference = diff(change.old, change.new);
    if difference.is_empty() {
        gap(&mut out);
        out.push("nothing differs between the two".to_owned());
    }
    steps(&mut out, &difference, shown, columns, paint);
    out
}

fn gap(out: &mut Vec<String>) {
    if !out.is_empty() {
        out.push(String::new());
    }
}

/// Prose between words, and words that are longer than the page anywhere.
fn wrapped(text: &str, columns: usize) -> Vec<String> {
    wrap(text, columns).iter().flat_map(|line| chop(line, columns)).collect()
}

fn info(out: &mut Vec<String>, change: &Change<'_>, columns: usize, paint: Paint) {
    let mut say = |label: &str, text: &str| {
        let narrow = columns < 40;
        match narrow {
            true => out.extend(wrapped(&format!("{label}: {text}"), columns)),
            false => {
                out.extend(field(label, text, columns, paint).iter().flat_map(|line| fit(line, columns)));
            }
        }
    };
    if let Some(scenario) = &change.scenario {
        say("states", &plain(scenario.title));
        say("evidence", &plain(&scenario.evidence));
        if !scenario.rules.is_empty() {
            say("rules", &plain(&scenario.rules.join(", ")));
        }
        say("at", &plain(&scenario.at));
    }
    match change.from {
        (Some(old), new) if old != new => say("from", &format!("{} (was {})", plain(new), plain(old))),
        (_, new) => say("from", &plain(new)),
    }
    say("file", &plain(change.file));
}

/// A painted line that is too wide keeps its text, without paint, on several lines.
fn fit(line: &str, columns: usize) -> Vec<String> {
    let bare = anstream::adapter::strip_str(line).to_string();
    if width(&bare) <= columns { vec![line.to_owned()] } else { chop(&bare, columns) }
}

fn timeline(before: &LabelChart, after: &LabelChart, columns: usize, paint: Paint) -> Vec<String> {
    let drawn = match before == after {
        true => after.draw(columns, paint.colour),
        false => LabelChart::draw_change(before, after, columns, paint.colour),
    };
    let head = match before == after {
        true => "labels, before as after",
        false => "labels, - before, + after, * only there",
    };
    let mut out: Vec<String> = wrapped(head, columns).iter().map(|line| paint.text(FAINT, line)).collect();
    out.extend(drawn.lines().map(str::to_owned));
    out
}

fn steps(out: &mut Vec<String>, difference: &Difference, shown: Shown, columns: usize, paint: Paint) {
    for step in &difference.steps {
        gap(out);
        let title = format!("{} ({})", plain(&step.title), plain(&step.paths.join(", ")));
        out.extend(wrapped(&title, columns).iter().map(|line| paint.text(STRONG, line)));
        let differs = |at: usize| step.lines.get(at).is_some_and(|line| line.side != Side::Both);
        let mut hidden = 0;
        for (at, line) in step.lines.iter().enumerate() {
            if !shown.context && !(at.saturating_sub(AROUND)..=at + AROUND).any(differs) {
                hidden += 1;
                continue;
            }
            skip(out, &mut hidden, columns, paint);
            let style = match line.side {
                Side::Both => Style::new(),
                Side::Left => BAD,
                Side::Right => GOOD,
            };
            let indent = line.text.len() - line.text.trim_start().len();
            let text = format!("{} {}", line.side.sign(), plain(&line.text));
            // A long line goes on below itself, under the same sign.
            let first = columns.max(4);
            for (part, piece) in pieces(&text, first, indent).iter().enumerate() {
                let piece = match part {
                    0 => piece.clone(),
                    _ => format!("{}{piece}", line.side.sign()),
                };
                out.push(paint.text(style, piece.trim_end()));
            }
        }
        skip(out, &mut hidden, columns, paint);
    }
}

fn skip(out: &mut Vec<String>, hidden: &mut usize, columns: usize, paint: Paint) {
    let hidden = std::mem::take(hidden);
    if hidden > 0 {
        let text = format!("  … {}", counted(hidden, "line", "lines"));
        out.push(paint.text(FAINT, &cut(&text, columns)));
    }
}

/// A line in pieces that fit; all but the first are indented as the line is, and leave a column for the sign.
fn pieces(text: &str, columns: usize, indent: usize) -> Vec<String> {
    if width(text) <= columns {
        return vec![text.to_owned()];
    }
    let first: String = text.chars().take(columns).collect();
    let rest: String = text.chars().skip(columns).collect();
    let hang = (indent + 3).min(columns / 2);
    let mut out = vec![first];
    let room = columns.saturating_sub(hang + 1).max(1);
    out.extend(chop(&rest, room).iter().map(|piece| format!("{}{piece}", " ".repeat(hang))));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(label: &str) -> String {
        format!(
            "step 1: CreateSecret\n  request:\n    Name: ${{db}}\n    A: 1\n    B: 2\n  response: 200\n  labels of \
             ${{db}}:\n    ${{v1}}: {label}\n"
        )
    }

    fn shown(columns: usize, context: bool, notes: &[String]) -> Vec<String> {
        let (old, new) = (text("AWSCURRENT"), text(&format!("AWSCURRENT {}", "x".repeat(300))));
        let change = Change {
            scenario: None,
            from: (Some("moto 1"), "moto 2"),
            file: "a.snap.new",
            notes,
            old: &old,
            new: &new,
        };
        lines(&change, Shown { info: true, context }, columns, false)
    }

    #[test]
    fn it_tells_where_from_how_labels_moved_and_what_differs() {
        let lines = shown(80, false, &["no fixture waits with it".to_owned()]);
        assert_eq!(lines[0], "from      moto 2 (was moto 1)");
        assert_eq!(lines[1], "file      a.snap.new");
        assert_eq!(lines[2], "! no fixture waits with it");
        assert!(lines.iter().any(|line| line.starts_with("- ${v1}")), "{lines:#?}");
        assert!(lines.iter().any(|line| line == "  … 5 lines"), "{lines:#?}");
        assert!(!lines.iter().any(|line| line.contains("A: 1")), "{lines:#?}");
        assert!(shown(80, true, &[]).iter().any(|line| line.contains("A: 1")));
    }

    #[test]
    fn no_line_is_wider_than_the_page_and_none_loses_text() {
        for columns in [10, 20, 80, 200] {
            let lines =
                shown(columns, false, &["a note that is longer than a narrow page is wide".to_owned()]);
            assert!(lines.iter().all(|line| width(line) <= columns), "{columns}: {lines:#?}");
            let added: usize = lines
                .iter()
                .skip_while(|line| !line.starts_with("step 1"))
                .filter(|line| line.starts_with('+'))
                .map(|line| line.matches('x').count())
                .sum();
            assert_eq!(added, 300, "{columns}: {lines:#?}");
        }
    }
}
