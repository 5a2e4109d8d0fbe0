//! The text of a file by lines, and the findings on it as they come up.

use std::collections::HashSet;

use super::ast::Place;
use super::finding::Finding;
use super::nearest;

/// A file with more findings is no scenario; the rest would only make the first ones hard to find.
const MOST_FINDINGS: usize = 200;
/// Longer lines are kept up to here in a finding.
const LONGEST_LINE: usize = 10_000;

/// A stretch of the text. Compact, because every value of a file has one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Span {
    /// The first line, from 1.
    pub(super) line: u32,
    /// The first column, from 1, in characters.
    pub(super) column: u32,
    /// How many characters of the first line belong to it.
    pub(super) width: u32,
    /// The last line.
    pub(super) last_line: u32,
}

impl Span {
    pub(super) fn place(self) -> Place {
        Place { line: self.line as usize, column: self.column as usize }
    }
}

/// The text by lines.
#[derive(Debug)]
pub(super) struct Source<'t> {
    text: &'t str,
    /// Where each line begins, in bytes.
    starts: Vec<usize>,
}

impl<'t> Source<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for (at, byte) in bytes.iter().enumerate() {
            // A lone carriage return ends a line in YAML too.
            if *byte == b'\n' || *byte == b'\r' && bytes.get(at + 1) != Some(&b'\n') {
                starts.push(at + 1);
            }
        }
        Source { text, starts }
    }

    /// A line without its end; empty where there is none.
    pub(super) fn line(&self, number: usize) -> &'t str {
        let Some(start) = number.checked_sub(1).and_then(|at| self.starts.get(at)) else {
            return "";
        };
        let end = self.starts.get(number).copied().unwrap_or(self.text.len());
        self.text[*start..end].trim_end_matches(['\n', '\r'])
    }

    /// Where the words stand inside a span; the span itself where they are written in another way (escapes,
    /// folded lines).
    pub(super) fn find(&self, span: Span, words: &str) -> Span {
        self.search(span, words, |line| line.find(words))
    }

    /// [`Source::find`] for the last place in a line.
    pub(super) fn find_last(&self, span: Span, words: &str) -> Span {
        self.search(span, words, |line| line.rfind(words))
    }

    fn search(&self, span: Span, words: &str, find: impl Fn(&str) -> Option<usize>) -> Span {
        for number in span.line..=span.last_line {
            let line = self.line(number as usize);
            let skip = if number == span.line { span.column.max(1) - 1 } else { 0 };
            let Some((from, _)) = line.char_indices().nth(skip as usize) else {
                continue;
            };
            if let Some(at) = find(&line[from..]) {
                let before = line[..from + at].chars().count();
                return Span {
                    line: number,
                    column: clamp(before + 1),
                    width: clamp(words.chars().count()),
                    last_line: number,
                };
            }
        }
        span
    }
}

/// A number for a [`Span`].
pub(super) fn clamp(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Findings as they come up: each once, and not without end.
#[derive(Debug, Default)]
pub(super) struct Findings {
    found: Vec<(Span, String, Option<String>)>,
    seen: HashSet<(Span, String)>,
    more: bool,
}

impl Findings {
    /// Notes a finding, unless it is there already (`cases` read the same lines again and again).
    pub(super) fn add(&mut self, span: Span, message: impl Into<String>, hint: Option<String>) {
        if self.full() {
            self.more = true;
            return;
        }
        let message = message.into();
        if self.seen.insert((span, message.clone())) {
            self.found.push((span, message, hint));
        }
    }

    /// Notes that a word is none of those it can be. Gives back the word that was probably meant.
    pub(super) fn unknown<'c>(
        &mut self,
        span: Span,
        message: impl Into<String>,
        word: &str,
        candidates: impl IntoIterator<Item = &'c str>,
    ) -> Option<&'c str> {
        if self.full() {
            self.more = true;
            return None;
        }
        let candidates: Vec<&str> = candidates.into_iter().collect();
        let near = nearest::nearest(word, candidates.iter().copied());
        let hint = match near {
            Some(near) => Some(format!("did you mean `{near}`?")),
            None => nearest::one_of(candidates),
        };
        self.add(span, message, hint);
        near
    }

    /// Whether no further finding is taken, so that reading on is of no use.
    pub(super) fn full(&self) -> bool {
        self.found.len() >= MOST_FINDINGS
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// All findings in the order of their places.
    pub(super) fn finish(mut self, path: &str, source: &Source<'_>) -> Vec<Finding> {
        self.found.sort_by_key(|(span, ..)| span.place());
        if self.more {
            let last = self.found.last().map(|(span, ..)| *span).unwrap_or_default();
            let message = format!("there are more than {MOST_FINDINGS} findings; the rest is not shown");
            self.found.push((last, message, None));
        }
        let finding = |(span, message, hint): (Span, String, Option<String>)| {
            let line = source.line(span.line as usize);
            let cut = line.char_indices().nth(LONGEST_LINE).map_or(line, |(at, _)| &line[..at]);
            let visible = cut.len() == line.len() || (span.column as usize) < LONGEST_LINE;
            Finding {
                path: path.to_owned(),
                place: span.place(),
                message,
                hint,
                source_line: if visible { cut.to_owned() } else { String::new() },
                width: span.width as usize,
            }
        };
        self.found.into_iter().map(finding).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_as_yaml_ends_them() {
        let source = Source::new("a\nb\r\nc\rd");
        assert_eq!((1..=5).map(|at| source.line(at)).collect::<Vec<_>>(), ["a", "b", "c", "d", ""]);
        assert_eq!(source.line(0), "");
    }

    #[test]
    fn words_are_found_by_characters() {
        let source = Source::new("é: \"ü ${x}\"\n  ${y}");
        let span = Span { line: 1, column: 4, width: 8, last_line: 2 };
        assert_eq!(source.find(span, "${x}"), Span { line: 1, column: 7, width: 4, last_line: 1 });
        assert_eq!(source.find(span, "${y}"), Span { line: 2, column: 3, width: 4, last_line: 2 });
        assert_eq!(source.find(span, "${z}"), span);
    }

    #[test]
    fn a_finding_is_noted_once_and_the_flood_ends() {
        let mut findings = Findings::default();
        for line in 0..2 * MOST_FINDINGS {
            let span = Span { line: clamp(line + 1), ..Span::default() };
            findings.add(span, "wrong", None);
            findings.add(span, "wrong", None);
        }
        let all = findings.finish("p", &Source::new(""));
        assert_eq!(all.len(), MOST_FINDINGS + 1);
        assert!(all[MOST_FINDINGS].message.contains("more than"));
    }
}
