//! Where two observations part, step by step.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use similar::{ChangeTag, TextDiff};

/// The difference of two observations; empty when they are the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// The steps that differ, in order.
    pub steps: Vec<StepDifference>,
}

/// How one step differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepDifference {
    /// The first line of the step: `step 2: PutSecretValue`.
    pub title: String,
    /// Where it differs: `response.VersionStages[0]`, each once, in order.
    pub paths: Vec<String>,
    /// All lines of the step, both sides woven together.
    pub lines: Vec<Line>,
}

/// A line of one side, or of both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// On which side it stands.
    pub side: Side,
    /// The line without its end.
    pub text: String,
}

/// On which side a line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// On both.
    Both,
    /// On the left alone.
    Left,
    /// On the right alone.
    Right,
}

impl Side {
    /// The sign before the line: a space, `-` or `+`.
    pub fn sign(self) -> char {
        match self {
            Side::Both => ' ',
            Side::Left => '-',
            Side::Right => '+',
        }
    }
}

impl Difference {
    /// Whether the two are the same.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}

impl std::fmt::Display for Difference {
    /// Plain text, every line with its sign.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for step in &self.steps {
            writeln!(f, "{} ({})", step.title, step.paths.join(", "))?;
            for line in &step.lines {
                writeln!(f, "{}{}", line.side.sign(), line.text)?;
            }
        }
        Ok(())
    }
}

/// Compares two observations. Steps are held against each other by their number, so that a step that one side
/// lacks does not shift the others.
pub fn diff(left: &str, right: &str) -> Difference {
    let (left, right) = (blocks(left), blocks(right));
    let numbers: BTreeSet<usize> = left.iter().chain(&right).map(|block| block.number).collect();
    let find = |side: &[Block], number: usize| -> String {
        let found = side.iter().filter(|block| block.number == number);
        found.map(|block| block.text.as_str()).collect()
    };
    let step = |number| step(&find(&left, number), &find(&right, number));
    Difference { steps: numbers.into_iter().filter_map(step).collect() }
}

struct Block {
    number: usize,
    text: String,
}

/// The steps of an observation. What stands before the first is number 0, what follows the last (how the run
/// ended) counts as a step behind all others.
fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        let number = line.strip_prefix("step ").and_then(|rest| rest.split(':').next()?.parse().ok());
        let number = number.or((!line.starts_with([' ', '-'])).then_some(usize::MAX));
        if let Some(number) = number.or(blocks.is_empty().then_some(0)) {
            blocks.push(Block { number, text: String::new() });
        }
        if let Some(block) = blocks.last_mut() {
            let _ = writeln!(block.text, "{line}");
        }
    }
    blocks
}

fn step(left: &str, right: &str) -> Option<StepDifference> {
    if left == right {
        return None;
    }
    let text = TextDiff::from_lines(left, right);
    let mut lines = Vec::new();
    let (mut left_path, mut right_path) = (PathOf::default(), PathOf::default());
    let mut paths: Vec<String> = Vec::new();
    for change in text.iter_all_changes() {
        let text = change.value().trim_end_matches('\n').to_owned();
        let (side, path) = match change.tag() {
            ChangeTag::Equal => {
                left_path.line(&text);
                right_path.line(&text);
                (Side::Both, None)
            }
            ChangeTag::Delete => (Side::Left, Some(left_path.line(&text))),
            ChangeTag::Insert => (Side::Right, Some(right_path.line(&text))),
        };
        paths.extend(path.filter(|path| !paths.contains(path)));
        lines.push(Line { side, text });
    }
    let title = right.lines().next().or_else(|| left.lines().next()).unwrap_or_default().to_owned();
    Some(StepDifference { title, paths, lines })
}

/// The path of the line that was read last, from its indentation.
#[derive(Default)]
struct PathOf {
    /// Indentation and name of every line that the present one stands under.
    above: Vec<(usize, String)>,
    /// How many entries each list has had: its indentation and the count.
    entries: Vec<(usize, usize)>,
}

impl PathOf {
    fn line(&mut self, line: &str) -> String {
        let mut rest = line.trim_start();
        let mut indent = line.len() - rest.len();
        self.above.retain(|(above, _)| *above < indent);
        self.entries.retain(|(above, _)| *above <= indent);
        while let Some(entry) = rest.strip_prefix("- ") {
            let at = match self.entries.iter_mut().find(|(at, _)| *at == indent) {
                Some((_, count)) => {
                    *count += 1;
                    *count
                }
                None => {
                    self.entries.push((indent, 0));
                    0
                }
            };
            self.above.push((indent, format!("[{at}]")));
            indent += 2;
            rest = entry;
        }
        if indent == 0 {
            return "step".to_owned();
        }
        let key = rest.split_once(": ").map_or_else(|| rest.strip_suffix(':'), |(key, _)| Some(key));
        let mut path = String::new();
        for name in self.above.iter().map(|(_, name)| name.as_str()).chain(key) {
            if !path.is_empty() && !name.starts_with('[') {
                path.push('.');
            }
            path.push_str(name);
        }
        if let Some(key) = key {
            self.entries.retain(|(above, _)| *above < indent);
            self.above.push((indent, key.to_owned()));
        }
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEFT: &str = "step 1: CreateSecret\n  request:\n    Name: ${db}\n  response: 200\n    Tags:\n      - Key: \
                        a\n        Value: x\n      - Key: b\n        Value: y\n\nstep 2: GetSecretValue\n  request: \
                        {}\n  response: 200\n    A: 1\n";

    #[test]
    fn the_same_differs_nowhere() {
        assert!(diff(LEFT, LEFT).is_empty());
    }

    #[test]
    fn a_difference_says_step_and_path() {
        let right = LEFT.replace("Value: y", "Value: z").replace("    A: 1\n", "");
        let found = diff(LEFT, &right);
        let places: Vec<_> =
            found.steps.iter().map(|step| (step.title.as_str(), step.paths.join(" "))).collect();
        assert_eq!(
            places,
            [
                ("step 1: CreateSecret", "response.Tags[1].Value".to_owned()),
                ("step 2: GetSecretValue", "response.A".to_owned())
            ]
        );
        let text = found.to_string();
        assert!(text.contains("-        Value: y\n+        Value: z\n"), "{text}");
    }

    #[test]
    fn a_step_that_one_side_lacks_does_not_shift_the_others() {
        let right = LEFT.split("\n\n").nth(1).unwrap_or_default();
        let found = diff(LEFT, right);
        assert_eq!(found.steps.len(), 1);
        assert!(found.steps[0].lines.iter().all(|line| line.side == Side::Left));
    }
}
