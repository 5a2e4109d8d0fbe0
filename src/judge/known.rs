//! Lists of known deviations: what one target is expected to do differently, and why AWS differs.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::Path;

use jiff::civil::Date;
use regex::Regex;
use serde::Deserialize;

pub use super::known_update::render;
use super::paths;
use super::verdict::{Deviation, GoneEntry, Kind, Status, Verdict};
use crate::scenario::EvidenceKind;
use crate::service::shapes;

/// The version of the file's format that this program reads and writes.
pub const FORMAT: u32 = 1;
/// What stands in a reason that nobody has written yet.
pub const TODO_REASON: &str = "TODO: say why AWS differs";
/// A list is read whole, so it may not be larger than this.
const SIZE_MAX: usize = 1 << 20;

/// The known deviations of one target.
#[derive(Clone, Debug)]
pub struct KnownList {
    /// The file, as it was named.
    pub path: String,
    /// The version of the catalogue that the list was written for.
    pub catalogue: Option<String>,
    /// The entries in the order of the file.
    pub entries: Vec<KnownEntry>,
    /// The comment at the head of the file, kept when the list is written anew.
    pub(super) head: String,
}

/// One expected deviation; `*` in a pattern stands for any text.
#[derive(Clone, Debug)]
pub struct KnownEntry {
    /// The line at which it begins.
    pub line: usize,
    /// The ids of scenarios. The pattern `*` also covers what the contract finds.
    pub scenario: String,
    /// The operation.
    pub operation: String,
    /// The kind, or `*`.
    pub kind: String,
    /// The path, as a report shows it or with `[]` and `*` for places and keys.
    pub path: String,
    /// Why AWS differs.
    pub reason: String,
    /// How that is known.
    pub evidence: KnownEvidence,
    /// Where the target's maintainers deal with it.
    pub issue: Option<String>,
    /// The last day on which it applies.
    pub expires: Option<String>,
    /// Whether the deviation does not always occur, so that its absence says nothing.
    pub sometimes: bool,
    patterns: Box<Patterns>,
}

/// The evidence of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownEvidence {
    /// How strong it is.
    pub kind: EvidenceKind,
    /// Where it comes from.
    pub source: String,
    /// When it was recorded, as far as known.
    #[serde(default)]
    pub date: Option<String>,
}

/// Why a list cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KnownError {
    /// The file cannot be read.
    #[error("{path}: cannot be read: {source}")]
    Read {
        /// The file.
        path: String,
        /// Why not.
        source: std::io::Error,
    },
    /// It is too large.
    #[error("{path}: a list of known deviations may not be larger than {SIZE_MAX} bytes")]
    TooLarge {
        /// The file.
        path: String,
    },
    /// It is no list in this format.
    #[error("{path}:{line}:{column}: {message}")]
    Syntax {
        /// The file.
        path: String,
        /// The line, counted from 1.
        line: usize,
        /// The column, counted from 1.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// It was written by a later version of smcheck.
    #[error("{path}:1: this list has format {found}, and this version of smcheck reads {FORMAT}")]
    Format {
        /// The file.
        path: String,
        /// The format it names.
        found: u32,
    },
    /// An entry holds something that cannot be.
    #[error("{path}:{line}: {message}")]
    Entry {
        /// The file.
        path: String,
        /// The line at which the entry begins.
        line: usize,
        /// What is wrong.
        message: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawList {
    smcheck: u32,
    #[serde(default)]
    catalogue: Option<String>,
    #[serde(default)]
    entries: Vec<RawEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEntry {
    scenario: String,
    operation: String,
    kind: String,
    path: String,
    reason: String,
    evidence: KnownEvidence,
    #[serde(default)]
    issue: Option<String>,
    #[serde(default)]
    expires: Option<String>,
    #[serde(default)]
    sometimes: bool,
}

/// The patterns of an entry, ready to match.
#[derive(Clone, Debug)]
struct Patterns {
    scenario: Regex,
    operation: Regex,
    path: Regex,
}

impl KnownList {
    /// Reads a list.
    ///
    /// # Errors
    /// When the text is no list in this format; the message names file and line.
    pub fn parse(path: &str, text: &str) -> Result<Self, KnownError> {
        if text.len() > SIZE_MAX {
            return Err(KnownError::TooLarge { path: path.to_owned() });
        }
        let raw: RawList = serde_yaml::from_str(text).map_err(|error| {
            let (line, column) = error.location().map_or((1, 1), |at| (at.line(), at.column()));
            KnownError::Syntax { path: path.to_owned(), line, column, message: syntax_message(&error) }
        })?;
        if raw.smcheck != FORMAT {
            return Err(KnownError::Format { path: path.to_owned(), found: raw.smcheck });
        }
        let lines = entry_lines(text);
        let entry = |(at, entry): (usize, RawEntry)| {
            // Entries in one line, `[{…}]`, stand where the list does.
            let line = lines.get(at).or(lines.first()).copied().unwrap_or(1);
            KnownEntry::link(entry, line).map_err(|message| KnownError::Entry {
                path: path.to_owned(),
                line,
                message,
            })
        };
        Ok(KnownList {
            path: path.to_owned(),
            catalogue: raw.catalogue,
            entries: raw.entries.into_iter().enumerate().map(entry).collect::<Result<_, _>>()?,
            head: text
                .lines()
                .take_while(|line| line.starts_with('#'))
                .map(|line| format!("{line}\n"))
                .collect(),
        })
    }

    /// Reads a list from a file.
    ///
    /// # Errors
    /// When the file cannot be read or is no list in this format; the message names file and line.
    pub fn read(path: &Path) -> Result<Self, KnownError> {
        let shown = path.display().to_string();
        let unreadable = |source| KnownError::Read { path: path.display().to_string(), source };
        // One byte more than allowed is enough to see that it is too much.
        let mut bytes = Vec::new();
        let file = std::fs::File::open(path).map_err(unreadable)?;
        file.take(SIZE_MAX as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        match std::str::from_utf8(&bytes) {
            _ if bytes.len() > SIZE_MAX => Err(KnownError::TooLarge { path: shown }),
            Ok(text) => Self::parse(&shown, text),
            Err(error) => {
                let line = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
                Err(KnownError::Syntax { path: shown, line, column: 1, message: "no UTF-8".to_owned() })
            }
        }
    }

    /// What is wrong with a list that can be used nevertheless: reasons that nobody has written. Each as
    /// `path:line: what`.
    pub fn lint(&self) -> Vec<String> {
        let unwritten = |entry: &&KnownEntry| {
            let reason = entry.reason.trim();
            reason.is_empty() || reason.starts_with("TODO")
        };
        let finding = |entry: &KnownEntry| {
            format!(
                "{}:{}: no reason: say what AWS does instead, for {}",
                self.path,
                entry.line,
                entry.describe()
            )
        };
        self.entries.iter().filter(unwritten).map(finding).collect()
    }

    /// Moves what the list expects out of a scenario's deviations and of what the contract found; `used` gathers
    /// the entries that matched. Of a deviation that several entries name, the first is its entry.
    pub(super) fn take_out(&self, verdict: &mut Verdict, today: &str, used: &mut BTreeSet<usize>) {
        let mut known = std::mem::take(&mut verdict.known);
        let id = verdict.id.clone();
        verdict.deviations.retain(|deviation| {
            let first = self.first_match(today, used, |entry| entry.covers(&id, deviation));
            known.extend(first.map(|entry| (entry, deviation.clone())));
            first.is_none()
        });
        // Findings of the contract are the target's and no scenario's: they leave no trace in the scenario.
        verdict.contract.retain(|deviation| {
            self.first_match(today, used, |entry| entry.covers_contract(deviation)).is_none()
        });
        verdict.known = known;
    }

    fn first_match(
        &self,
        today: &str,
        used: &mut BTreeSet<usize>,
        covers: impl Fn(&KnownEntry) -> bool,
    ) -> Option<usize> {
        let all = self.entries.iter().enumerate();
        let matching: Vec<usize> =
            all.filter(|(_, entry)| !entry.has_expired(today) && covers(entry)).map(|(at, _)| at).collect();
        used.extend(&matching);
        matching.first().copied()
    }

    /// Where an entry stands: `known/moto.yaml:12`.
    pub(super) fn place(&self, entry: &KnownEntry) -> String {
        format!("{}:{}", self.path, entry.line)
    }

    /// Where these entries stand.
    pub(super) fn places(&self, entries: &BTreeSet<usize>) -> Vec<String> {
        let found = entries.iter().filter_map(|at| self.entries.get(*at));
        found.map(|entry| self.place(entry)).collect()
    }

    /// Entries that no longer have a use: nothing matched although a scenario of theirs ran, or they have
    /// expired. In a part of the scenarios an entry for several has perhaps its use in the others.
    pub(super) fn gone(
        &self,
        verdicts: &[Verdict],
        used: &BTreeSet<usize>,
        today: &str,
        is_part: bool,
    ) -> Vec<GoneEntry> {
        let ran = |entry: &KnownEntry| {
            if entry.sometimes || is_part && entry.scenario.contains('*') {
                return false;
            }
            let judged = verdicts.iter().filter(|v| !matches!(v.status, Status::Skipped | Status::Error));
            judged.into_iter().any(|verdict| entry.patterns.scenario.is_match(&verdict.id))
        };
        let entries = self.entries.iter().enumerate();
        let gone = entries.filter_map(|(at, entry)| {
            let expired = entry.expires.as_ref().filter(|_| entry.has_expired(today));
            let note = match expired {
                Some(day) => format!(" (expired on {day})"),
                None if !used.contains(&at) && ran(entry) => String::new(),
                None => return None,
            };
            Some(GoneEntry { place: self.place(entry), entry: format!("{}{note}", entry.describe()) })
        });
        gone.collect()
    }
}

impl KnownEntry {
    fn link(raw: RawEntry, line: usize) -> Result<Self, String> {
        if !raw.operation.contains('*')
            && shapes().operation(&raw.operation).is_none()
            && !raw.operation.is_empty()
        {
            return Err(format!("unknown operation `{}`", raw.operation));
        }
        if raw.kind != "*" && kind_of(&raw.kind).is_none() {
            return Err(format!(
                "unknown kind `{}`: one of {}, or `*`",
                raw.kind,
                Kind::ALL.map(Kind::as_str).join(", ")
            ));
        }
        // As it is compared, in whichever form it was written.
        let day = |day: String| {
            day.parse::<Date>()
                .map(|day| day.to_string())
                .map_err(|_| format!("`expires` is no day: `{day}`; write it as 2027-01-31"))
        };
        let expires = raw.expires.map(day).transpose()?;
        let patterns = Patterns {
            scenario: pattern(&raw.scenario)?,
            operation: pattern(&raw.operation)?,
            path: pattern(&raw.path)?,
        };
        Ok(KnownEntry {
            line,
            scenario: raw.scenario,
            operation: raw.operation,
            kind: raw.kind,
            path: raw.path,
            reason: raw.reason,
            evidence: raw.evidence,
            issue: raw.issue,
            expires,
            sometimes: raw.sometimes,
            patterns: Box::new(patterns),
        })
    }

    /// Whether its pattern takes this scenario.
    pub fn is_about(&self, scenario: &str) -> bool {
        self.patterns.scenario.is_match(scenario)
    }

    /// Whether it names this deviation of a scenario.
    pub fn covers(&self, scenario: &str, deviation: &Deviation) -> bool {
        self.is_about(scenario) && self.covers_place(deviation)
    }

    /// Whether it names what the contract found, which belongs to no scenario.
    pub fn covers_contract(&self, deviation: &Deviation) -> bool {
        self.scenario == "*" && self.covers_place(deviation)
    }

    fn covers_place(&self, deviation: &Deviation) -> bool {
        (self.kind == "*" || kind_of(&self.kind) == Some(deviation.kind))
            && self.patterns.operation.is_match(&deviation.operation)
            && (self.patterns.path.is_match(&deviation.path)
                || self.patterns.path.is_match(&paths::general_shown(&deviation.path)))
    }

    /// Whether its last day lies before this one (`YYYY-MM-DD`, which sorts as text).
    pub fn has_expired(&self, today: &str) -> bool {
        self.expires.as_deref().is_some_and(|last| last < today)
    }

    /// What it names, in one line.
    pub fn describe(&self) -> String {
        format!("{} {} {} {}", self.scenario, self.operation, self.kind, self.path)
    }
}

fn kind_of(word: &str) -> Option<Kind> {
    Kind::ALL.into_iter().find(|kind| kind.as_str() == word)
}

/// `*` is any text, everything else itself: ids and paths hold brackets and braces, which globs would read as
/// choices.
fn pattern(text: &str) -> Result<Regex, String> {
    let parts: Vec<String> = text.split('*').map(regex::escape).collect();
    Regex::new(&format!("^(?s:{})$", parts.join(".*")))
        .map_err(|_| format!("the pattern `{text}` is too long"))
}

/// The lines at which entries begin: the dashes under `entries:` that stand as far left as the first one.
fn entry_lines(text: &str) -> Vec<usize> {
    let mut lines = text.lines().enumerate().skip_while(|(_, line)| !line.starts_with("entries:"));
    let Some((at, _)) = lines.next() else { return Vec::new() };
    let dashes: Vec<(usize, usize)> = lines
        .filter(|(_, line)| line.trim_start().starts_with("- ") || line.trim() == "-")
        .map(|(at, line)| (at + 1, line.len() - line.trim_start().len()))
        .collect();
    match dashes.first() {
        Some(&(_, indent)) => dashes.iter().filter(|(_, i)| *i == indent).map(|(at, _)| *at).collect(),
        None => vec![at + 1],
    }
}

/// The parser's message without the position, which stands before it already.
fn syntax_message(error: &serde_yaml::Error) -> String {
    let text = error.to_string();
    match text.find(" at line ") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}
