//! From bytes to a tree, with every limit that keeps a hostile file from hurting: size, depth, aliases, values.
//!
//! The tree is built from the parser's events with a stack of our own, so that nothing recurses before the depth
//! is known to be small.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span as Extent};

use super::ast::Place;
use super::finding::{Finding, shown_word};
use super::node::{Key, Node, NodeKind, plain};
use super::source::{Findings, Source, Span, clamp};

/// The largest file, in bytes.
pub const FILE_MAX: usize = 1 << 20;
/// How deep lists and maps may nest.
const MOST_LEVELS: usize = 64;
/// How many values all aliases of a file may stand for together.
const ALIAS_BUDGET: usize = 10_000;
/// How many values a file may have in all, aliases followed.
const MOST_VALUES: usize = 100_000;

/// The text of a file, if it is not too large and is UTF-8. A byte order mark is left out.
pub(super) fn text<'b>(path: &str, bytes: &'b [u8]) -> Result<&'b str, Finding> {
    if bytes.len() > FILE_MAX {
        return Err(Finding {
            path: path.to_owned(),
            place: Place::default(),
            message: "the file is larger than 1 MiB, the most that a scenario may have".to_owned(),
            hint: None,
            source_line: String::new(),
            width: 0,
        });
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let (good, bad) = bytes.split_at(error.valid_up_to());
        let good = String::from_utf8_lossy(good);
        let source = Source::new(&good);
        let line = good.lines().count() + usize::from(good.is_empty() || good.ends_with('\n'));
        let before = source.line(line);
        let rest = bad.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let shown: String =
            format!("{before}{}", String::from_utf8_lossy(rest)).chars().take(10_000).collect();
        Finding {
            path: path.to_owned(),
            place: Place { line, column: before.chars().count() + 1 },
            message: "the file is no valid UTF-8".to_owned(),
            hint: Some("save it as UTF-8".to_owned()),
            source_line: shown.trim_end().to_owned(),
            width: 1,
        }
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// The tree of a file; `None` when a finding says that there is no use in reading on.
pub(super) fn tree(text: &str, findings: &mut Findings) -> Option<Node> {
    let mut builder =
        Builder { findings, stack: Vec::new(), anchors: HashMap::new(), root: None, spent: Spent::default() };
    let mut documents = 0;
    for event in Parser::new_from_str(text) {
        match event {
            Ok((Event::DocumentStart(_), extent)) => {
                documents += 1;
                if documents > 1 {
                    let hint = Some("give each scenario a file of its own, or use `cases`".to_owned());
                    builder.findings.add(
                        span(extent),
                        "a file holds one document, and here begins another",
                        hint,
                    );
                    break;
                }
            }
            Ok((event, extent)) => {
                if let Err(Stop) = builder.take(event, extent) {
                    return None;
                }
            }
            // The parser has a limit of its own, beyond ours, and meets it first where it reads ahead.
            Err(error) if error.info() == "recursion limit exceeded" => {
                let _ = builder.within_depth(MOST_LEVELS + 1, error_span(&error));
                return None;
            }
            Err(error) => {
                let line = Source::new(text).line(error.marker().line());
                let hint = line.contains("${").then(|| "a template stands in quotes: \"${name}\"".to_owned());
                builder.findings.add(error_span(&error), format!("this is no YAML: {}", error.info()), hint);
                return None;
            }
        }
    }
    let root = builder.root;
    if root.is_none() {
        findings.add(Span { line: 1, column: 1, width: 1, last_line: 1 }, "the file is empty", None);
    }
    root
}

/// Reading on is of no use; a finding says why.
struct Stop;

/// What a finished value cost, for the budgets.
#[derive(Clone, Copy, Default)]
struct Spent {
    aliases: usize,
    values: usize,
}

struct Builder<'f> {
    findings: &'f mut Findings,
    stack: Vec<Frame>,
    /// Finished values that carry an anchor, by the parser's number.
    anchors: HashMap<usize, Anchored>,
    root: Option<Node>,
    spent: Spent,
}

struct Anchored {
    node: Node,
    weight: usize,
    levels: usize,
}

/// A list or map that is not finished.
struct Frame {
    span: Span,
    anchor: usize,
    content: Content,
    weight: usize,
    levels: usize,
}

enum Content {
    List(Vec<Node>),
    /// The key waits for its value.
    Map(Vec<(Key, Node)>, Option<Key>),
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, extent: Extent) -> Result<(), Stop> {
        let span = span(extent);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_tag(tag.is_some(), span);
                let kind = match style {
                    ScalarStyle::Plain => plain(&text).unwrap_or_else(|why| {
                        let hint = Some("put it in quotes if it is text".to_owned());
                        self.findings.add(span, format!("`{}`: {why}", shown_word(&text)), hint);
                        // A number it is, and whatever takes numbers need not complain too.
                        NodeKind::Number(0.into(), Rc::from(&*text))
                    }),
                    _ => NodeKind::Text(Rc::from(&*text)),
                };
                let node = Node { kind, span };
                let weight = node.weight();
                self.finish(node, anchor, weight, 0)
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse_tag(tag.is_some(), span);
                self.open(span, anchor, Content::List(Vec::new()))
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse_tag(tag.is_some(), span);
                self.open(span, anchor, Content::Map(Vec::new(), None))
            }
            Event::SequenceEnd | Event::MappingEnd => match self.stack.pop() {
                Some(frame) => self.close(frame),
                None => Ok(()),
            },
            Event::Alias(id) => self.alias(id, span),
            Event::DocumentStart(_)
            | Event::DocumentEnd
            | Event::StreamStart
            | Event::StreamEnd
            | Event::Nothing => Ok(()),
        }
    }

    fn refuse_tag(&mut self, tagged: bool, span: Span) {
        if tagged {
            let hint = Some("leave the tag out; quotes make text".to_owned());
            self.findings.add(span, "tags are no part of the language", hint);
        }
    }

    fn open(&mut self, span: Span, anchor: usize, content: Content) -> Result<(), Stop> {
        self.within_depth(self.stack.len() + 1, span)?;
        self.stack.push(Frame { span, anchor, content, weight: 1, levels: 1 });
        Ok(())
    }

    fn within_depth(&mut self, levels: usize, span: Span) -> Result<(), Stop> {
        if levels <= MOST_LEVELS {
            return Ok(());
        }
        self.findings.add(span, format!("lists and maps nest deeper than {MOST_LEVELS} levels"), None);
        Err(Stop)
    }

    fn close(&mut self, frame: Frame) -> Result<(), Stop> {
        let kind = match frame.content {
            Content::List(entries) => NodeKind::List(entries.into()),
            Content::Map(entries, _) => NodeKind::Map(self.without_repeats(entries).into()),
        };
        self.finish(Node { kind, span: frame.span }, frame.anchor, frame.weight, frame.levels)
    }

    fn without_repeats(&mut self, entries: Vec<(Key, Node)>) -> Vec<(Key, Node)> {
        let mut seen = HashSet::with_capacity(entries.len());
        if entries.iter().all(|(key, _)| seen.insert(Rc::clone(&key.text))) {
            return entries;
        }
        let mut first: HashMap<Rc<str>, u32> = HashMap::new();
        let mut kept = Vec::new();
        for (key, node) in entries {
            match first.get(&key.text) {
                Some(line) => {
                    let message = format!("`{}` stands here twice", shown_word(&key.text));
                    self.findings.add(key.span, message, Some(format!("the first is in line {line}")));
                }
                None => {
                    first.insert(Rc::clone(&key.text), key.span.line);
                    kept.push((key, node));
                }
            }
        }
        kept
    }

    fn alias(&mut self, id: usize, span: Span) -> Result<(), Stop> {
        let Some(anchored) = self.anchors.get(&id) else {
            self.findings.add(span, "an alias cannot stand inside what it stands for", None);
            return Err(Stop);
        };
        let node = Node { kind: anchored.node.kind.clone(), span: anchored.node.span };
        let (weight, levels) = (anchored.weight, anchored.levels);
        self.spent.aliases = self.spent.aliases.saturating_add(weight);
        if self.spent.aliases > ALIAS_BUDGET {
            let message = format!("the aliases stand for more than {ALIAS_BUDGET} values");
            self.findings.add(span, message, None);
            return Err(Stop);
        }
        self.within_depth(self.stack.len() + levels, span)?;
        self.finish(node, 0, weight, levels)
    }

    /// Puts a finished value where it belongs.
    fn finish(&mut self, node: Node, anchor: usize, weight: usize, levels: usize) -> Result<(), Stop> {
        if anchor > 0 {
            self.anchors.insert(anchor, Anchored { node: node.clone(), weight, levels });
        }
        self.spent.values = self.spent.values.saturating_add(if levels == 0 { weight } else { 1 });
        if self.spent.values + self.spent.aliases > MOST_VALUES {
            self.findings.add(node.span, format!("the file has more than {MOST_VALUES} values"), None);
            return Err(Stop);
        }
        let Some(frame) = self.stack.last_mut() else {
            self.root.get_or_insert(node);
            return Ok(());
        };
        frame.weight = frame.weight.saturating_add(weight);
        frame.levels = frame.levels.max(levels + 1);
        match &mut frame.content {
            Content::List(entries) => entries.push(node),
            Content::Map(entries, waiting) => match waiting.take() {
                Some(key) => entries.push((key, node)),
                None => match node.scalar_text() {
                    Some(text) => *waiting = Some(Key { text: Rc::clone(text), span: node.span }),
                    None => {
                        self.findings.add(node.span, "a key is text, not a list or a map", None);
                        return Err(Stop);
                    }
                },
            },
        }
        Ok(())
    }
}

fn span(extent: Extent) -> Span {
    let (start, end) = (extent.start, extent.end);
    // The end of what covers several lines is not known in characters of the first one; one is enough to point.
    let width = if end.line() == start.line() { end.col().saturating_sub(start.col()) } else { 1 };
    Span {
        line: clamp(start.line()),
        column: clamp(start.col() + 1),
        width: clamp(width.max(1)),
        last_line: clamp(end.line()),
    }
}

fn error_span(error: &ScanError) -> Span {
    let marker = error.marker();
    let line = clamp(marker.line());
    Span { line, column: clamp(marker.col() + 1), width: 1, last_line: line }
}
