//! Where the steps of a file stand, for adding to them without writing the file anew.

use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle, Span as Extent};

use super::yaml;
use crate::service::redact::Tree;

/// A member of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its key.
    pub key: String,
    /// From the key to the end of the value, in bytes.
    pub at: Range<usize>,
}

/// A step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepOutline {
    /// Whether it is written as `{do: …, with: …}`.
    pub flow: bool,
    /// How far its keys are indented, in characters.
    pub indent: usize,
    /// Its members in order.
    pub entries: Vec<Entry>,
}

/// What is to be written into a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Addition {
    /// The step, counted from 0.
    pub step: usize,
    /// The key.
    pub key: String,
    /// Its value.
    pub value: Tree,
}

/// A text with additions in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Added {
    /// The text.
    pub text: String,
    /// What was written: the step, counted from 0, and the key.
    pub written: Vec<(usize, String)>,
}

/// The steps of a file; empty where it has none, or where it is no YAML. A step that is an alias has no members.
pub fn steps(text: &str) -> Vec<StepOutline> {
    Reading::of(text, &[]).map(|reading| reading.steps).unwrap_or_default()
}

/// Where the values of these keys stand in a file, wherever the keys are; empty where it is no YAML.
pub fn values_of(text: &str, keys: &[&str]) -> Vec<Range<usize>> {
    Reading::of(text, keys).map(|reading| reading.found).unwrap_or_default()
}

/// A list or map that is not finished.
struct Frame {
    is_map: bool,
    /// Whether it is written in brackets.
    bracketed: bool,
    /// The key that waits for its value, with the place where it begins.
    key: Option<(String, usize)>,
    /// Where it begins, with its anchor.
    begin: usize,
    /// Where what was read of it last ends.
    end: usize,
}

struct Reading<'t> {
    text: &'t str,
    offsets: Vec<usize>,
    stack: Vec<Frame>,
    steps: Vec<StepOutline>,
    /// Keys that are looked for, and where their values stand.
    wanted: &'t [&'t str],
    found: Vec<Range<usize>>,
}

impl<'t> Reading<'t> {
    /// `None` where the text is no YAML.
    fn of(text: &'t str, wanted: &'t [&'t str]) -> Option<Self> {
        let offsets: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let (stack, steps, found) = (Vec::new(), Vec::new(), Vec::new());
        let mut reading = Reading { text, offsets, stack, steps, wanted, found };
        for event in Parser::new_from_str(text) {
            let (event, extent) = event.ok()?;
            reading.take(&event, extent);
        }
        Some(reading)
    }

    fn byte(&self, index: usize) -> usize {
        self.offsets.get(index).copied().unwrap_or(self.text.len())
    }

    /// Whether what is open now is the list of steps.
    fn in_steps(&self) -> bool {
        let of_file = self.stack.first().and_then(|frame| frame.key.as_ref());
        self.stack.len() == 2 && !self.stack[1].is_map && of_file.is_some_and(|(key, _)| key == "steps")
    }

    fn take(&mut self, event: &Event<'_>, extent: Extent) {
        let (start, end) = (self.byte(extent.start.index()), self.byte(extent.end.index()));
        match event {
            Event::Scalar(text, style, ..) => {
                let is_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
                let keeps = is_block && self.keeps(start);
                let end = if keeps { self.kept(end) } else { self.text[..end].trim_end().len() };
                self.value(start, end.max(start), Some(text));
            }
            Event::Alias(_) => {
                if self.in_steps() {
                    self.steps.push(StepOutline { flow: true, indent: 0, entries: Vec::new() });
                }
                self.value(start, self.text[..end].trim_end().len(), None);
            }
            Event::SequenceStart(..) => self.open(false, start),
            Event::MappingStart(..) => {
                if self.in_steps() {
                    let flow = self.without_anchor(start).starts_with('{');
                    self.steps.push(StepOutline { flow, indent: 0, entries: Vec::new() });
                }
                self.open(true, start);
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(frame) = self.stack.pop() else { return };
                // What is written in brackets ends with one, and the parser counts a comment behind it in; all else ends
                // with the last thing in it.
                let closed = frame.bracketed && self.text[start..].starts_with([']', '}']);
                self.value(frame.begin, if closed { start + 1 } else { frame.end }, None);
            }
            _ => {}
        }
    }

    /// The text from a place on, without an anchor that stands there.
    fn without_anchor(&self, at: usize) -> &'t str {
        let text = &self.text[at..];
        match text.starts_with('&') {
            true => text.trim_start_matches(|c: char| !c.is_whitespace()).trim_start(),
            false => text,
        }
    }

    /// Whether a block, of which this is the text, keeps the empty lines at its end: they are a part of it.
    fn keeps(&self, at: usize) -> bool {
        // Its marks end a line, but for a comment: the one above, or, where it has an anchor, its first.
        let first = self.without_anchor(at).lines().next().filter(|_| self.text[at..].starts_with('&'));
        let above = self.text[..at].trim_end().lines().next_back().unwrap_or_default();
        let above = first.unwrap_or(above).split(" #").next().unwrap_or_default();
        let marks = above.split_whitespace().next_back().unwrap_or_default();
        marks.starts_with(['|', '>']) && marks.contains('+')
    }

    /// Where the empty lines from a place on end. Of the last lines of a file the parser leaves some out.
    fn kept(&self, end: usize) -> usize {
        let next = self.text.len() - self.text[end..].trim_start().len();
        let line = self.text[..next].rfind('\n').map_or(0, |at| at + 1);
        if self.text[line..next].trim().is_empty() { line } else { next }
    }

    fn open(&mut self, is_map: bool, start: usize) {
        let bracketed = self.without_anchor(start).starts_with(['[', '{']);
        self.stack.push(Frame { is_map, bracketed, key: None, begin: start, end: start });
    }

    /// A value has ended, or, where a map waits for one, a key has been read.
    fn value(&mut self, start: usize, end: usize, scalar: Option<&str>) {
        let in_step = self.stack.len() == 3 && {
            let of_file = self.stack[0].key.as_ref();
            !self.stack[1].is_map && of_file.is_some_and(|(key, _)| key == "steps")
        };
        let Some(frame) = self.stack.last_mut() else { return };
        frame.end = end;
        if !frame.is_map {
            return;
        }
        match (frame.key.take(), scalar) {
            (None, Some(key)) => frame.key = Some((key.to_owned(), start)),
            (Some((key, from)), _) => {
                if self.wanted.contains(&key.as_str()) {
                    self.found.push(start..end.max(start));
                }
                if let (true, Some(step)) = (in_step, self.steps.last_mut()) {
                    if step.entries.is_empty() {
                        let line = self.text[..from].rfind('\n').map_or(0, |at| at + 1);
                        step.indent = self.text[line..from].chars().count();
                    }
                    step.entries.push(Entry { key, at: from..end.max(from) });
                }
            }
            _ => {}
        }
    }
}

/// The text with values written into its steps; what the step has under one of `replaces` gives way. Everything else
/// stays as it is, comments and layout too. Steps without members take nothing.
pub fn add(text: &str, additions: &[Addition], replaces: impl Fn(&str) -> &'static [&'static str]) -> Added {
    let steps = steps(text);
    let line_end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    let mut written_at = Vec::new();
    for addition in additions {
        let Some(step) = steps.get(addition.step).filter(|step| !step.entries.is_empty()) else { continue };
        let old = step.entries.iter().find(|entry| replaces(&addition.key).contains(&entry.key.as_str()));
        // Empty lines that the old value keeps stay: they part the step from the next.
        let old = old.map(|old| old.at.start..text[..old.at.end].trim_end().len().max(old.at.start));
        let anchor = after(step, &addition.key).map(|entry| entry.at.end);
        if old.is_some() || anchor.is_some() {
            written_at.push((addition.step, addition.key.clone()));
        }
        if step.flow {
            let written = format!("{}: {}", addition.key, yaml::flow(&addition.value));
            match (old, anchor) {
                (Some(old), _) => edits.push((old, written)),
                (None, Some(anchor)) => edits.push((anchor..anchor, format!(", {written}"))),
                (None, None) => {}
            }
            continue;
        }
        let mut written = String::new();
        yaml::entry(&mut written, &" ".repeat(step.indent), &addition.key, &addition.value);
        let written = written.trim_end().replace('\n', line_end);
        match (old, anchor) {
            (Some(old), _) => edits.push((old, written.trim_start().to_owned())),
            (None, Some(anchor)) => {
                // A value that keeps its empty lines ends where a line begins.
                if text[..anchor].ends_with('\n') {
                    edits.push((anchor..anchor, format!("{written}{line_end}")));
                    continue;
                }
                // Below the line, so that a comment behind the value stays with it.
                let rest = &text[anchor..];
                let end = anchor + rest.find(['\n', '\r']).unwrap_or(rest.len());
                edits.push((end..end, format!("{line_end}{written}")));
            }
            (None, None) => {}
        }
    }
    // From the end, so that places keep; of two at one place the one that was added first comes first.
    let mut out = text.to_owned();
    edits.sort_by_key(|(at, _)| at.start);
    for (at, written) in edits.into_iter().rev() {
        out.replace_range(at, &written);
    }
    Added { text: out, written: written_at }
}

/// The member behind which a key belongs.
fn after<'s>(step: &'s StepOutline, key: &str) -> Option<&'s Entry> {
    let before: &[&str] = match key {
        "labels" => &["returns", "fails", "with", "account", "region", "do", "raw", "parallel", "advance"],
        _ => &["with", "account", "region", "do", "raw"],
    };
    before.iter().find_map(|name| step.entries.iter().find(|entry| entry.key == *name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::yaml::{map, text};

    const FILE: &str = "\
# a comment
title: ü
steps:
  # of the step
  - do: CreateSecret   # behind it
    with:
      Name: \"${db}\"
      SecretString: |
        two
        lines

    # before the next
    labels: {v1: [AWSCURRENT]}  # who knows
  - do: TagResource
    with:
      SecretId: a
      Tags: [{Key: a, Value: b}]

  - {do: GetSecretValue, with: {SecretId: a}}   # short
  - do: DeleteSecret
";

    #[test]
    fn steps_are_found_with_their_members() {
        let found = steps(FILE);
        let keys = |at: usize| found[at].entries.iter().map(|entry| entry.key.as_str()).collect::<Vec<_>>();
        assert_eq!((found.len(), keys(0)), (4, vec!["do", "with", "labels"]));
        assert_eq!((keys(1), keys(2), keys(3)), (vec!["do", "with"], vec!["do", "with"], vec!["do"]));
        assert_eq!((found[0].flow, found[0].indent, found[2].flow), (false, 4, true));
        let shown = |step: usize, entry: usize| &FILE[found[step].entries[entry].at.clone()];
        assert_eq!(shown(0, 0), "do: CreateSecret");
        assert!(shown(0, 1).ends_with("lines"), "{}", shown(0, 1));
        assert_eq!(shown(0, 2), "labels: {v1: [AWSCURRENT]}");
        assert_eq!(shown(2, 1), "with: {SecretId: a}");
    }

    #[test]
    fn what_is_added_leaves_all_else_as_it_was() {
        let addition = |step, key: &str, value| Addition { step, key: key.to_owned(), value };
        let additions = [
            addition(0, "returns", map([("Name", text("a"))])),
            addition(1, "fails", map([("code", text("Z"))])),
            addition(2, "fails", map([("code", text("X"))])),
            addition(3, "returns", map([("Name", text("b"))])),
            addition(3, "labels", map([("v1", Tree::List(Vec::new()))])),
        ];
        let added = add(FILE, &additions, |_| &[]);
        assert_eq!(added.written.len(), additions.len());
        let added = added.text;
        let fresh: Vec<&str> = added.lines().filter(|line| !FILE.lines().any(|old| old == *line)).collect();
        assert_eq!(
            fresh,
            [
                "    returns: {Name: a}",
                "    fails: {code: Z}",
                "  - {do: GetSecretValue, with: {SecretId: a}, fails: {code: X}}   # short",
                "    returns: {Name: b}",
                "    labels: {v1: []}"
            ]
        );
        assert!(
            added.contains("        lines\n    returns: {Name: a}\n\n    # before the next\n"),
            "{added}"
        );
        let replaced =
            add(FILE, &[addition(0, "labels", map([("v2", Tree::List(Vec::new()))]))], |_| &["labels"]);
        assert_eq!(replaced.text, FILE.replace("{v1: [AWSCURRENT]}", "{v2: []}"));
    }

    fn with_returns(text_: &str, step: usize) -> Added {
        let addition = Addition { step, key: "returns".to_owned(), value: map([("Name", text("a"))]) };
        add(text_, &[addition], |_| &[])
    }

    #[test]
    fn empty_lines_that_a_value_keeps_stay_its_own() {
        for (before, after) in [
            (
                "steps:\n  - do: A\n    with:\n      V: |+\n        two\n\n\n    note: x\n",
                "steps:\n  - do: A\n    with:\n      V: |+\n        two\n\n\n    returns: {Name: a}\n    note: x\n",
            ),
            (
                "steps:\n  - do: A\n    with:\n      V: >2+ # c\n          two\n\n  - do: B\n",
                "steps:\n  - do: A\n    with:\n      V: >2+ # c\n          two\n\n    returns: {Name: a}\n  - do: B\n",
            ),
            (
                "steps:\n  - do: A\n    with:\n      V: &v |+\n        two\n\n",
                "steps:\n  - do: A\n    with:\n      V: &v |+\n        two\n\n    returns: {Name: a}\n",
            ),
            (
                "steps:\n  - do: A\n    with:\n      V: |\n        two\n\n  - do: B\n",
                "steps:\n  - do: A\n    with:\n      V: |\n        two\n    returns: {Name: a}\n\n  - do: B\n",
            ),
        ] {
            assert_eq!(with_returns(before, 0).text, after);
        }
    }

    #[test]
    fn an_anchor_is_no_part_of_what_it_names() {
        let flow = "steps:\n  - &first {do: A}\n  - *first\n";
        assert_eq!(
            with_returns(flow, 0).text,
            "steps:\n  - &first {do: A, returns: {Name: a}}\n  - *first\n"
        );
        let block = "steps:\n  - &first\n    do: A\n    with: &with {V: 1} # c\n";
        assert_eq!(with_returns(block, 0).text, format!("{block}    returns: {{Name: a}}\n"));
        let alias = with_returns(flow, 1);
        assert_eq!((alias.text.as_str(), alias.written.len()), (flow, 0), "an alias takes nothing");
    }

    #[test]
    fn values_are_found_by_their_keys() {
        let text = "a: {S : {pw: [x]}, n: 1}\nb:\n  S: |\n    two\n    lines\n  \"S\": 'it''s'\n";
        let found: Vec<&str> = values_of(text, &["S"]).into_iter().map(|at| &text[at]).collect();
        assert_eq!(found, ["{pw: [x]}", "two\n    lines", "'it''s'"]);
    }
}
