//! Where the staging labels of a secret were: versions as lines, steps as columns, drawn as text.
//!
//! A chart is read out of an observation, so it can be had of a snapshot as well as of a run. A label is written
//! where a version gets it, and a line goes on from there for as long as nothing changes.

use std::collections::BTreeMap;

use super::style::{BAD, FAINT, GOOD, Paint, STRONG, cut, plain, width};

/// Labels after each step that read them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelChart {
    /// The steps after which labels were read, in order.
    pub steps: Vec<ChartStep>,
    /// The secrets, in the order in which they appeared.
    pub secrets: Vec<ChartSecret>,
}

/// A step: a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartStep {
    /// Its number, counted from 1.
    pub number: usize,
    /// What was done: `PutSecretValue`.
    pub title: String,
}

/// The versions of one secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartSecret {
    /// The secret: `${db}`.
    pub name: String,
    /// Its versions, in the order in which they appeared: lines.
    pub versions: Vec<String>,
    /// What was read after each step that read something of this secret, by the step's number.
    pub states: BTreeMap<usize, Seen>,
}

/// What was read of a secret after a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// There was nothing to read: `no such secret`, `no versions`, or why it was refused.
    Nothing(String),
    /// The labels of each version there was.
    Versions(BTreeMap<String, Vec<String>>),
}

impl LabelChart {
    /// Reads the `labels of …` parts of an observation. Lines that are none of theirs are passed over.
    pub fn read(observation: &str) -> Self {
        let mut timeline = LabelChart::default();
        let mut step = None;
        let mut secret: Option<String> = None;
        for line in observation.lines() {
            if let Some(rest) = line.strip_prefix("step ") {
                secret = None;
                step = rest.split_once(": ").and_then(|(number, title)| {
                    Some(ChartStep { number: number.parse().ok()?, title: title.to_owned() })
                });
            } else if let Some(rest) = line.strip_prefix("  labels of ") {
                secret = None;
                let Some(step) = &step else { continue };
                let Some((name, state)) = rest.split_once(':') else { continue };
                let state = state.trim();
                let seen = match state.is_empty() {
                    true => Seen::Versions(BTreeMap::new()),
                    false => Seen::Nothing(state.to_owned()),
                };
                timeline.see(step, name, seen);
                secret = state.is_empty().then(|| name.to_owned());
            } else if let (Some(name), Some(step), Some(entry)) = (&secret, &step, line.strip_prefix("    "))
            {
                if let Some((version, labels)) = split_entry(entry) {
                    timeline.version(step.number, name, version, words(labels));
                }
            } else {
                secret = None;
            }
        }
        timeline
    }

    /// Whether no labels were read.
    pub fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }

    fn see(&mut self, step: &ChartStep, name: &str, seen: Seen) {
        if self.steps.last().is_none_or(|last| last.number != step.number) {
            self.steps.push(step.clone());
        }
        let at = self.secrets.iter().position(|secret| secret.name == name).unwrap_or_else(|| {
            self.secrets.push(ChartSecret {
                name: name.to_owned(),
                versions: Vec::new(),
                states: BTreeMap::new(),
            });
            self.secrets.len() - 1
        });
        if let Some(secret) = self.secrets.get_mut(at) {
            secret.states.insert(step.number, seen);
        }
    }

    fn version(&mut self, step: usize, name: &str, version: &str, labels: Vec<String>) {
        let Some(secret) = self.secrets.iter_mut().find(|secret| secret.name == name) else { return };
        if !secret.versions.iter().any(|known| known == version) {
            secret.versions.push(version.to_owned());
        }
        if let Some(Seen::Versions(versions)) = secret.states.get_mut(&step) {
            versions.insert(version.to_owned(), labels);
        }
    }

    /// The timeline as text of so many columns; with as many parts below each other as that takes.
    pub fn draw(&self, columns: usize, colour: bool) -> String {
        draw(self, None, columns, Paint { colour })
    }

    /// Two timelines over the same columns. A version that moved otherwise has two lines, `-` as it was and `+` as it
    /// is now, and a label that only this side
    /// has there is marked with a `*`.
    pub fn draw_change(before: &LabelChart, after: &LabelChart, columns: usize, colour: bool) -> String {
        draw(before, Some(after), columns, Paint { colour })
    }
}

/// `${v1}: AWSCURRENT blue` in two; an id that is written in quotes may hold anything.
fn split_entry(entry: &str) -> Option<(&str, &str)> {
    match entry.strip_prefix('"').and_then(|rest| rest.find("\": ")) {
        Some(end) => Some((entry.get(..end + 2)?, entry.get(end + 4..)?)),
        None => entry.split_once(": "),
    }
}

/// The labels of a version; one in quotes may hold spaces. `none` is no label.
fn words(text: &str) -> Vec<String> {
    if text == "none" {
        return Vec::new();
    }
    let mut words = vec![String::new()];
    let (mut quoted, mut escaped) = (false, false);
    for c in text.chars() {
        if c == ' ' && !quoted {
            words.push(String::new());
            continue;
        }
        quoted ^= c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        if let Some(word) = words.last_mut() {
            word.push(c);
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// One field of the drawing.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Cell {
    /// Nothing: there is no such version.
    Empty,
    /// Nobody looked.
    Unread,
    /// What to write, one word for each label.
    Words(Vec<String>),
}

impl Cell {
    fn words(&self) -> &[String] {
        match self {
            Cell::Words(words) => words,
            Cell::Empty | Cell::Unread => &[],
        }
    }
}

/// One line of the drawing.
struct Row {
    sign: char,
    name: String,
    cells: Vec<Cell>,
    /// Which fields differ from the other side.
    differs: Vec<bool>,
}

/// The lines that a secret has on one side.
fn rows(secret: Option<&ChartSecret>, versions: &[String], steps: &[ChartStep]) -> Vec<(String, Vec<Cell>)> {
    let seen = |step: &ChartStep| secret.and_then(|secret| secret.states.get(&step.number));
    let version = |name: &String| {
        let cell = |step: &ChartStep| match seen(step) {
            None => Cell::Unread,
            Some(Seen::Nothing(_)) => Cell::Empty,
            Some(Seen::Versions(found)) => match found.get(name) {
                None => Cell::Empty,
                Some(labels) if labels.is_empty() => Cell::Words(vec!["none".to_owned()]),
                Some(labels) => Cell::Words(labels.iter().map(|label| plain(label)).collect()),
            },
        };
        (plain(name), steps.iter().map(cell).collect())
    };
    let whole = |step: &ChartStep| match seen(step) {
        Some(Seen::Nothing(why)) => Cell::Words(vec![plain(why)]),
        None => Cell::Unread,
        Some(Seen::Versions(_)) => Cell::Empty,
    };
    let mut rows: Vec<(String, Vec<Cell>)> = versions.iter().map(version).collect();
    rows.push(("(secret)".to_owned(), steps.iter().map(whole).collect()));
    rows
}

fn draw(before: &LabelChart, after: Option<&LabelChart>, columns: usize, paint: Paint) -> String {
    let mut steps = before.steps.clone();
    let mut names: Vec<&String> = before.secrets.iter().map(|secret| &secret.name).collect();
    if let Some(after) = after {
        steps.extend(
            after.steps.iter().filter(|step| !before.steps.iter().any(|b| b.number == step.number)).cloned(),
        );
        steps.sort_by_key(|step| step.number);
        for secret in &after.secrets {
            if !names.contains(&&secret.name) {
                names.push(&secret.name);
            }
        }
    }
    let mut out = String::new();
    for name in names {
        let of = |side: &LabelChart| side.secrets.iter().find(|secret| secret.name == *name).cloned();
        let (left, right) = (of(before), after.and_then(of));
        let mut versions = left.as_ref().map(|secret| secret.versions.clone()).unwrap_or_default();
        for version in right.iter().flat_map(|secret| &secret.versions) {
            if !versions.contains(version) {
                versions.push(version.clone());
            }
        }
        // A step after which neither side looked at this secret is no column of its.
        let read = |step: &&ChartStep| {
            [&left, &right].into_iter().flatten().any(|secret| secret.states.contains_key(&step.number))
        };
        let steps: Vec<ChartStep> = steps.iter().filter(read).cloned().collect();
        let rows = match after {
            None => single(rows(left.as_ref(), &versions, &steps)),
            Some(_) => {
                paired(rows(left.as_ref(), &versions, &steps), rows(right.as_ref(), &versions, &steps))
            }
        };
        out.push_str(&grid(&plain(name), &steps, &rows, columns, paint));
    }
    out
}

fn tells(cells: &[Cell]) -> bool {
    cells.iter().any(|cell| matches!(cell, Cell::Words(_)))
}

fn single(rows: Vec<(String, Vec<Cell>)>) -> Vec<Row> {
    let row = |(name, cells): (String, Vec<Cell>)| Row {
        sign: ' ',
        name,
        differs: vec![false; cells.len()],
        cells,
    };
    rows.into_iter().filter(|(_, cells)| tells(cells)).map(row).collect()
}

fn paired(left: Vec<(String, Vec<Cell>)>, right: Vec<(String, Vec<Cell>)>) -> Vec<Row> {
    let mut out = Vec::new();
    for ((name, before), (_, after)) in left.into_iter().zip(right) {
        let same = |before: &Cell, after: &Cell| before == after || (before.words() == after.words());
        let differs: Vec<bool> = before.iter().zip(&after).map(|(b, a)| !same(b, a)).collect();
        if !differs.contains(&true) {
            out.extend(tells(&after).then_some(Row { sign: ' ', name, cells: after, differs }));
            continue;
        }
        for (sign, side, other) in [('-', &before, &after), ('+', &after, &before)] {
            if tells(side) {
                let cells = side.iter().zip(other).map(|(cell, other)| marked(cell, other)).collect();
                out.push(Row { sign, name: name.clone(), cells, differs: differs.clone() });
            }
        }
    }
    out
}

/// The field with a `*` at each label that the other side does not have.
fn marked(cell: &Cell, other: &Cell) -> Cell {
    let mark = |word: &String| match other.words().contains(word) {
        true => word.clone(),
        false => format!("*{word}"),
    };
    match cell {
        Cell::Unread if !other.words().is_empty() => Cell::Words(vec!["*not read".to_owned()]),
        Cell::Empty | Cell::Unread => cell.clone(),
        Cell::Words(words) => Cell::Words(words.iter().map(mark).collect()),
    }
}

/// Between two columns.
const GAP: usize = 2;
/// What stands before a version's name: the sign and a space.
const SIGN: usize = 2;

/// How wide columns are, and whether the labels of a field stand below each other.
struct Widths {
    name: usize,
    columns: Vec<usize>,
    stacked: bool,
}

fn widths(name: &str, steps: &[ChartStep], rows: &[Row], columns: usize) -> Widths {
    let longest = rows.iter().map(|row| width(&row.name)).chain([width(name)]).max().unwrap_or(0);
    let lead = (longest + SIGN).min((columns / 3).max(8));
    let room = columns.saturating_sub(lead);
    let cells = |at: usize| rows.iter().filter_map(move |row| row.cells.get(at));
    let joined: Vec<usize> = steps
        .iter()
        .enumerate()
        .map(|(at, step)| {
            let words = cells(at).map(|cell| width(&cell.words().join(" "))).max().unwrap_or(0);
            words.max(width(&head(step)))
        })
        .collect();
    if joined.iter().map(|column| column + GAP).sum::<usize>() <= room {
        return Widths { name: lead, columns: joined, stacked: false };
    }
    let most = room.saturating_sub(GAP).max(1);
    let narrow = steps
        .iter()
        .enumerate()
        .map(|(at, step)| {
            let words = cells(at).flat_map(Cell::words).map(|word| width(word)).max().unwrap_or(0);
            words.max(width(&head(step)).min(12)).min(most)
        })
        .collect();
    Widths { name: lead, columns: narrow, stacked: true }
}

fn head(step: &ChartStep) -> String {
    format!("{} {}", step.number, plain(&step.title))
}

fn grid(name: &str, steps: &[ChartStep], rows: &[Row], columns: usize, paint: Paint) -> String {
    let widths = widths(name, steps, rows, columns);
    let mut out = String::new();
    let mut from = 0;
    while from < steps.len() {
        let mut taken = widths.name;
        let mut to = from;
        while let Some(column) = widths.columns.get(to) {
            if to > from && taken + GAP + column > columns {
                break;
            }
            taken += GAP + column;
            to += 1;
        }
        panel(&mut out, name, steps, rows, from..to, &widths, paint);
        from = to;
    }
    out
}

/// The columns of a range of steps, as wide as the page.
fn panel(
    out: &mut String,
    name: &str,
    steps: &[ChartStep],
    rows: &[Row],
    range: std::ops::Range<usize>,
    widths: &Widths,
    paint: Paint,
) {
    let mut line = paint.text(STRONG, &format!("{:<1$}", cut(name, widths.name), widths.name));
    for at in range.clone() {
        let (Some(step), Some(column)) = (steps.get(at), widths.columns.get(at)) else { continue };
        line.push_str(&" ".repeat(GAP));
        line.push_str(&paint.text(STRONG, &format!("{:<1$}", cut(&head(step), *column), *column)));
    }
    end(out, &line);
    for row in rows {
        let height = match widths.stacked {
            true => range.clone().filter_map(|at| row.cells.get(at)).map(|cell| cell.words().len()).max(),
            false => None,
        };
        for below in 0..height.unwrap_or(1).max(1) {
            out_row(out, row, &range, below, widths, paint);
        }
    }
}

/// One line of text of a row; with labels below each other, `below` is the number of the label.
fn out_row(
    out: &mut String,
    row: &Row,
    range: &std::ops::Range<usize>,
    below: usize,
    widths: &Widths,
    paint: Paint,
) {
    let style = match row.sign {
        '-' => BAD,
        '+' => GOOD,
        _ => anstyle::Style::new(),
    };
    let name = match below {
        0 => format!("{} {}", row.sign, cut(&row.name, widths.name.saturating_sub(SIGN))),
        _ => row.sign.to_string(),
    };
    let mut line = paint.text(style, &format!("{name:<0$}", widths.name));
    for at in range.clone() {
        let (Some(cell), Some(column)) = (row.cells.get(at), widths.columns.get(at)) else { continue };
        let differs = row.differs.get(at).copied().unwrap_or(false);
        let before = at.checked_sub(1).filter(|_| at > range.start).and_then(|at| row.cells.get(at));
        let goes_on = matches!(cell, Cell::Words(_)) && before == Some(cell) && !differs;
        let next = row.cells.get(at + 1).filter(|_| at + 1 < range.end);
        let into_next = next == Some(cell) && !row.differs.get(at + 1).copied().unwrap_or(false);
        let lined = matches!(cell, Cell::Words(_)) && below == 0;
        let gap = if goes_on && lined { "─".repeat(GAP) } else { " ".repeat(GAP) };
        line.push_str(&faint(paint, &gap));
        if goes_on {
            let fill = if lined { "─" } else { " " };
            line.push_str(&faint(paint, &fill.repeat(*column)));
            continue;
        }
        let text = match cell {
            Cell::Words(words) if widths.stacked => words.get(below).cloned().unwrap_or_default(),
            Cell::Words(words) => words.join(" "),
            Cell::Unread | Cell::Empty => String::new(),
        };
        let text = cut(&text, *column);
        let rest = column.saturating_sub(width(&text));
        let fill = match lined && into_next && rest > 1 {
            true => format!(" {}", "─".repeat(rest - 1)),
            false => " ".repeat(rest),
        };
        line.push_str(&paint.text(if differs { style } else { anstyle::Style::new() }, &text));
        line.push_str(&faint(paint, &fill));
    }
    end(out, &line);
}

/// Blanks are left without paint, so that none of them stay at the end of a line.
fn faint(paint: Paint, text: &str) -> String {
    if text.trim().is_empty() { text.to_owned() } else { paint.text(FAINT, text) }
}

fn end(out: &mut String, line: &str) {
    out.push_str(line.trim_end());
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "step 1: CreateSecret\n  request:\n    Name: ${db}\n  response: 200\n  labels of ${db}:\n    \
        ${v1}: AWSCURRENT\n\nstep 2: PutSecretValue\n  labels of ${db}:\n    ${v1}: AWSPREVIOUS\n    ${v2}: AWSCURRENT \
        blue\n\nstep 3: DescribeSecret\n  response: 200\n    VersionIdsToStages: {}\n\nstep 4: TagResource\n  labels \
        of ${db}:\n    ${v1}: AWSPREVIOUS\n    ${v2}: AWSCURRENT blue\n\nstep 5: DeleteSecret\n  labels of ${db}: no \
        such secret\n";

    fn lines(text: &str) -> Vec<&str> {
        text.lines().collect()
    }

    #[test]
    fn labels_are_read_by_step_and_version() {
        let timeline = LabelChart::read(BEFORE);
        let numbers: Vec<usize> = timeline.steps.iter().map(|step| step.number).collect();
        assert_eq!(numbers, [1, 2, 4, 5]);
        let secret = &timeline.secrets[0];
        assert_eq!(secret.versions, ["${v1}", "${v2}"]);
        assert_eq!(secret.states[&5], Seen::Nothing("no such secret".to_owned()));
        let Seen::Versions(found) = &secret.states[&4] else { panic!("{secret:?}") };
        assert_eq!(found["${v2}"], ["AWSCURRENT", "blue"]);
        assert!(LabelChart::read("").is_empty());
    }

    #[test]
    fn labels_may_hold_spaces_and_versions_colons() {
        assert_eq!(split_entry(r#""a: b": AWSCURRENT"#), Some((r#""a: b""#, "AWSCURRENT")));
        assert_eq!(words(r#""a \" b" c"#), [r#""a \" b""#, "c"]);
        assert_eq!(words("none"), Vec::<String>::new());
    }

    #[test]
    fn a_label_is_written_where_it_comes_and_a_line_goes_on() {
        let drawn = LabelChart::read(BEFORE).draw(100, false);
        assert_eq!(
            lines(&drawn),
            [
                "${db}       1 CreateSecret  2 PutSecretValue  4 TagResource    5 DeleteSecret",
                "  ${v1}     AWSCURRENT      AWSPREVIOUS ─────────────────────",
                "  ${v2}                     AWSCURRENT blue ─────────────────",
                "  (secret)                                                     no such secret",
            ]
        );
    }

    #[test]
    fn where_two_part_is_marked() {
        let after = BEFORE.replace(
            "    ${v1}: AWSPREVIOUS\n    ${v2}: AWSCURRENT blue\n\nstep 5",
            "    ${v1}: none\n    ${v2}: AWSCURRENT blue\n\nstep 5",
        );
        let drawn = LabelChart::draw_change(&LabelChart::read(BEFORE), &LabelChart::read(&after), 100, false);
        assert_eq!(
            lines(&drawn)[1..4],
            [
                "- ${v1}     AWSCURRENT      AWSPREVIOUS       *AWSPREVIOUS",
                "+ ${v1}     AWSCURRENT      AWSPREVIOUS       *none",
                "  ${v2}                     AWSCURRENT blue ─────────────────",
            ]
        );
    }

    #[test]
    fn no_line_is_wider_than_the_page() {
        let timeline = LabelChart::read(BEFORE);
        for columns in [12, 16, 20, 40, 60, 80, 200] {
            for drawn in [
                timeline.draw(columns, false),
                LabelChart::draw_change(&timeline, &LabelChart::default(), columns, false),
            ] {
                assert!(drawn.lines().all(|line| width(line) <= columns), "{columns}:\n{drawn}");
            }
        }
        // Whatever does not fit beside stands below, under the names of the versions again.
        assert_eq!(timeline.draw(40, false).matches("${v1}").count(), 2);
    }

    #[test]
    fn text_of_a_file_cannot_steer_the_terminal() {
        let drawn = LabelChart::read("step 1: A\u{1b}[2J\n  labels of ${a\u{9b}}:\n    v\u{1b}: x\u{7}\n")
            .draw(80, false);
        assert!(!drawn.chars().any(|c| c.is_control() && c != '\n'), "{drawn:?}");
    }
}
