//! What is wrong with a file that we read, where, and how to mend it.

use std::fmt;

use super::ast::Place;

/// How many characters of a source line are shown.
const SHOWN: usize = 100;
/// How many characters before the place a cut line keeps.
const BEFORE: usize = 40;

/// Something wrong with a file that we read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file, as it was named.
    pub path: String,
    /// Where in it; line 0 stands for the file as a whole.
    pub place: Place,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// How to mend it: ``did you mean `PutSecretValue`?``
    pub hint: Option<String>,
    /// The line of the file, for showing; empty where there is none.
    pub source_line: String,
    /// How many characters are wrong, from the column on.
    pub width: usize,
}

/// `PATH:LINE:COL: message`, then the source line with carets under the place and the hint beside them. There is
/// no line break at the end.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { line, column } = self.place;
        match line {
            0 => write!(f, "{}: {}", self.path, self.message)?,
            _ => write!(f, "{}:{line}:{column}: {}", self.path, self.message)?,
        }
        if line == 0 || self.source_line.is_empty() {
            return match &self.hint {
                Some(hint) => write!(f, "\n  {hint}"),
                None => Ok(()),
            };
        }
        let (shown, at, width) = cut(&self.source_line, column.max(1) - 1, self.width.max(1));
        let number = line.to_string();
        let gutter = " ".repeat(number.len());
        write!(f, "\n{gutter} |\n{number} | {shown}\n{gutter} | {}{}", " ".repeat(at), "^".repeat(width))?;
        match &self.hint {
            Some(hint) => write!(f, " {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Finding {}

/// The part of a line that is shown, where in it the place is, and how much of the width fits. Control
/// characters become harmless: the file may come from anyone, and this goes to a terminal.
fn cut(line: &str, column: usize, width: usize) -> (String, usize, usize) {
    let chars: Vec<char> = line.trim_end().chars().map(harmless).collect();
    if chars.len() <= SHOWN {
        let room = (chars.len() + 1).saturating_sub(column).max(1);
        return (chars.into_iter().collect(), column, width.min(room));
    }
    let start = column.min(chars.len()).saturating_sub(BEFORE).min(chars.len() - SHOWN);
    let start = if start <= 1 { 0 } else { start };
    let end = (start + SHOWN).min(chars.len());
    let mut shown = String::new();
    let mut at = column.saturating_sub(start);
    if start > 0 {
        shown.push('…');
        at += 1;
    }
    shown.extend(&chars[start..end]);
    let room = (end + 1).saturating_sub(column).max(1);
    if end < chars.len() {
        shown.push('…');
    }
    (shown, at, width.min(room))
}

fn harmless(c: char) -> char {
    match c {
        '\t' => ' ',
        // Marks that turn the direction of text would show another line than the one that is read.
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        c if c.is_control() => '\u{fffd}',
        c => c,
    }
}

/// A word of the file for a message: harmless, and not longer than a message bears.
pub(super) fn shown_word(word: &str) -> String {
    let mut shown: String = word.chars().take(60).map(harmless).collect();
    if word.chars().nth(60).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(source_line: &str, column: usize, width: usize) -> Finding {
        Finding {
            path: "a.yaml".to_owned(),
            place: Place { line: 14, column },
            message: "unknown operation `PutSecretValu`".to_owned(),
            hint: Some("did you mean `PutSecretValue`?".to_owned()),
            source_line: source_line.to_owned(),
            width,
        }
    }

    #[test]
    fn a_finding_shows_its_line() {
        let expected = "\
a.yaml:14:9: unknown operation `PutSecretValu`
   |
14 |   - do: PutSecretValu
   |         ^^^^^^^^^^^^^ did you mean `PutSecretValue`?";
        assert_eq!(finding("  - do: PutSecretValu", 9, 13).to_string(), expected);
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let line = format!("{}HERE{}", "a".repeat(300), "b".repeat(300));
        let text = finding(&line, 301, 4).to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[2].chars().count() < 110, "{text}");
        let at = lines[3].chars().position(|c| c == '^').expect("there are carets");
        assert_eq!(lines[2].chars().skip(at).take(4).collect::<String>(), "HERE");
        assert!(finding(&line, 590, 90).to_string().lines().all(|line| line.chars().count() < 160));
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        let text = finding("\u{1b}[31m\t\u{202e}x", 1, 400).to_string();
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text}");
    }

    #[test]
    fn a_finding_of_the_whole_file_has_no_line() {
        let mut whole = finding("", 0, 0);
        whole.place = Place::default();
        assert_eq!(
            whole.to_string(),
            "a.yaml: unknown operation `PutSecretValu`\n  did you mean `PutSecretValue`?"
        );
    }
}
