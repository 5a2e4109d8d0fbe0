//! What is wrong with a file that we read, where, and how to mend it.

use std::fmt;

use super::ast::Place;

/// How much of a source line is shown around the place.
const SHOWN: usize = 100;

/// Something wrong with a file that we read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file, as it was named.
    pub path: String,
    /// Where in it.
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

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { line, column } = self.place;
        write!(f, "{}:{line}:{column}: {}", self.path, self.message)?;
        let hint = self.hint.as_deref().unwrap_or_default();
        if self.source_line.is_empty() {
            return if hint.is_empty() { Ok(()) } else { write!(f, "\n   = {hint}") };
        }
        let characters: Vec<char> = self.source_line.chars().collect();
        let at = column.saturating_sub(1).min(characters.len());
        // A long line is cut around the place.
        let from = if characters.len() <= SHOWN { 0 } else { at.saturating_sub(SHOWN / 2) };
        let to = (from + SHOWN).min(characters.len());
        let mut shown: String =
            characters[from..to].iter().map(|c| if c.is_control() { ' ' } else { *c }).collect();
        if to < characters.len() {
            shown.push('…');
        }
        let (before, offset) = if from > 0 { ("…", at - from + 1) } else { ("", at) };
        let carets = "^".repeat(self.width.clamp(1, (to - at.min(to)).max(1)));
        let gutter = " ".repeat(line.to_string().len());
        write!(f, "\n{gutter} |\n{line} | {before}{shown}\n{gutter} | {}{carets}", " ".repeat(offset))?;
        if hint.is_empty() { Ok(()) } else { write!(f, " {hint}") }
    }
}
