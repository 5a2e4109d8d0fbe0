//! Colours and widths: how text is painted, wrapped and made safe to print.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::time::Duration;

use anstyle::{AnsiColor, Style};

/// For what is as expected, and for lines that only the target has.
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
/// For what fails, and for lines that only the expectation has.
pub(super) const BAD: Style = AnsiColor::Red.on_default();
/// For what differs without failing.
pub(super) const WEAK: Style = AnsiColor::Yellow.on_default();
/// For names and headings.
pub(super) const STRONG: Style = Style::new().bold();
/// For what is only needed on a second look.
pub(super) const FAINT: Style = Style::new().dimmed();

/// Paints text, or leaves it plain.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paint {
    /// Whether escape sequences are wanted.
    pub(super) colour: bool,
}

impl Paint {
    /// The text in this style.
    pub(super) fn text(self, style: Style, text: &str) -> String {
        if self.colour && !text.is_empty() { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

/// Text on one line that neither a terminal nor an XML reader can trip over.
///
/// Paths, messages and member names come from the target. A control character among them could move the
/// cursor, a direction mark could turn the line around, and a noncharacter makes XML malformed; all are shown as
/// escapes.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_unsafe(c) => _ = write!(out, "\\u{:04x}", u32::from(c)),
            c => out.push(c),
        }
    }
    out
}

/// Text of several lines, each of them [`plain`].
pub(crate) fn paragraphs(text: &str) -> String {
    text.lines().map(|line| no_command(&plain(line)).into_owned()).collect::<Vec<_>>().join("\n")
}

fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(c, '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// A line that begins with `::`, which GitHub would read as a command of the workflow, behind a bar.
pub(crate) fn no_command(line: &str) -> Cow<'_, str> {
    if line.trim_start().starts_with("::") { Cow::Owned(format!("│{line}")) } else { Cow::Borrowed(line) }
}

/// How many columns the text takes, every character counted as one.
pub(crate) fn width(text: &str) -> usize {
    text.chars().count()
}

/// Breaks prose between words so that each line fits; a word that is longer, such as a path, stays whole. Line
/// feeds stay.
pub(super) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            if !line.is_empty() && width(&line) + 1 + width(word) > columns {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    lines
}

/// Breaks text anywhere, so that two long values stand column under column.
pub(super) fn chop(text: &str, columns: usize) -> Vec<String> {
    let all: Vec<char> = text.chars().collect();
    if all.is_empty() {
        return vec![String::new()];
    }
    all.chunks(columns.max(1)).map(|part| part.iter().collect()).collect()
}

/// At most so many columns; what is cut off is told by an ellipsis.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    text.chars().take(columns.saturating_sub(1)).chain(['…']).collect()
}

/// A number with a comma between thousands.
pub(super) fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number and its noun: `1 step`, `2 steps`.
pub(crate) fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{} {}", thousands(number), if number == 1 { one } else { many })
}

/// A time as people say it: `40 ms`, `0.4 s`, `2 min 5 s`.
pub(super) fn time(elapsed: Duration) -> String {
    let millis = elapsed.as_millis();
    match millis {
        0..100 => format!("{millis} ms"),
        100..59_950 => format!("{:.1} s", elapsed.as_secs_f64()),
        _ => {
            let seconds = (millis + 500) / 1000;
            format!("{} min {} s", seconds / 60, seconds % 60)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_steer_a_terminal_is_shown_as_an_escape() {
        assert_eq!(
            plain("a\u{1b}[2Jb\u{9b}c\u{202e}d\n\u{fffe}é"),
            "a\\u001b[2Jb\\u009bc\\u202ed\\n\\ufffeé"
        );
    }

    #[test]
    fn no_line_of_others_begins_as_a_command_of_a_workflow() {
        assert_eq!(
            paragraphs("a ::b\n  ::stop-commands::x\r\n::error::y"),
            "a ::b\n│  ::stop-commands::x\n│::error::y"
        );
    }

    #[test]
    fn prose_breaks_between_words_and_long_words_stay_whole() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(
            wrap("see scenarios/a/long-path.yaml:12 now", 8),
            ["see", "scenarios/a/long-path.yaml:12", "now"]
        );
        assert_eq!(wrap("", 8), [""]);
        assert_eq!(wrap("a\nb c", 8), ["a", "b c"]);
    }

    #[test]
    fn values_break_anywhere() {
        assert_eq!(chop("abcdef", 4), ["abcd", "ef"]);
        assert_eq!(chop("", 4), [""]);
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(cut("abcd", 4), "abcd");
    }

    #[test]
    fn numbers_and_times_read_as_people_write_them() {
        assert_eq!([0, 999, 1204, 1_000_000].map(thousands), ["0", "999", "1,204", "1,000,000"]);
        assert_eq!(counted(1, "step", "steps"), "1 step");
        let times = [40, 400, 59_949, 59_990, 125_000].map(|millis| time(Duration::from_millis(millis)));
        assert_eq!(times, ["40 ms", "0.4 s", "59.9 s", "1 min 0 s", "2 min 5 s"]);
    }
}
