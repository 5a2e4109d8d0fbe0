//! What was judged and may stay: `.smcheck-audit.yaml`, and `smcheck: allow REASON` on a line or the one above.

use globset::{Glob, GlobMatcher};
use serde::Deserialize;

use super::{Found, Kind};

/// The file with allowances, beside what is audited.
pub const FILE: &str = ".smcheck-audit.yaml";
const INLINE: &str = "smcheck: allow";

/// A list of allowances.
#[derive(Debug, Default)]
pub struct Allowances {
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    path: String,
    matcher: GlobMatcher,
    kind: Option<Kind>,
    reason: String,
    used: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    allow: Vec<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    path: String,
    kind: String,
    reason: String,
}

impl Allowances {
    /// Reads the text of a list.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let Listed { allow } = serde_yaml::from_str(text).map_err(|why| why.to_string())?;
        let mut entries = Vec::with_capacity(allow.len());
        for (at, written) in allow.into_iter().enumerate() {
            let number = at + 1;
            let kind = Kind::ALL.into_iter().find(|kind| kind.as_str() == written.kind);
            if kind.is_none() && written.kind != "*" {
                let known: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
                return Err(format!(
                    "allowance {number}: no kind `{}`; there are: *, {}",
                    written.kind,
                    known.join(", ")
                ));
            }
            // A secret value cannot be judged harmless by where it stands, a planted text not at all.
            if kind == Some(Kind::Canary) {
                return Err(format!(
                    "allowance {number}: a canary cannot be allowed; name fewer folders instead"
                ));
            }
            if written.reason.trim().is_empty() {
                return Err(format!("allowance {number}: it needs a reason"));
            }
            let matcher = Glob::new(&written.path)
                .map_err(|why| format!("allowance {number}: the path is no glob: {why}"))?
                .compile_matcher();
            entries.push(Entry { path: written.path, matcher, kind, reason: written.reason, used: false });
        }
        Ok(Allowances { entries })
    }

    /// The reason why a finding may stay; the allowance counts as used.
    pub fn reason(&mut self, path: &str, kind: Kind) -> Option<String> {
        if kind == Kind::Canary {
            return None;
        }
        let fits = |entry: &&mut Entry| {
            entry.kind.is_none_or(|wanted| wanted == kind) && entry.matcher.is_match(path)
        };
        let entry = self.entries.iter_mut().find(fits)?;
        entry.used = true;
        Some(entry.reason.clone())
    }

    /// Allowances that nothing needed: path and kind.
    pub fn unused(&self) -> Vec<(String, String)> {
        let unused = self.entries.iter().filter(|entry| !entry.used);
        unused.map(|entry| (entry.path.clone(), entry.kind.map_or("*", Kind::as_str).to_owned())).collect()
    }
}

/// What the lines of a file allow.
pub(super) struct Inline<'t> {
    lines: Vec<(&'t str, bool)>,
}

impl<'t> Inline<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let lines =
            if text.contains(INLINE) { text.lines().map(|line| (line, false)).collect() } else { Vec::new() };
        Inline { lines }
    }

    /// The reason on the finding's line or on the one above.
    pub(super) fn reason(&mut self, found: &Found) -> Option<String> {
        if found.kind == Kind::Canary {
            return None;
        }
        let at = found.at.line.checked_sub(1)?;
        let own = self.lines.get(at).and_then(|(line, _)| reason_on(line)).map(|reason| (at, reason));
        let above = || {
            let at = at.checked_sub(1)?;
            let (line, _) = self.lines.get(at)?;
            // Only a line that holds nothing else: a comment.
            let alone = !line.trim_start().chars().next().is_some_and(char::is_alphanumeric);
            alone.then(|| reason_on(line)).flatten().map(|reason| (at, reason))
        };
        let (at, reason) = own.or_else(above)?;
        self.lines[at].1 = true;
        Some(reason)
    }

    /// Lines that allow what nothing needed, and lines that give no reason.
    pub(super) fn unused(&self) -> Vec<usize> {
        let lines = self.lines.iter().enumerate();
        lines.filter(|(_, (line, used))| !used && reason_on(line).is_some()).map(|(at, _)| at + 1).collect()
    }
}

/// The reason of an allowance on a line, which stands in a comment.
fn reason_on(line: &str) -> Option<String> {
    let (before, reason) = line.split_once(INLINE)?;
    let comment = before.trim_end();
    let opens = ["#", "//", "<!--", "--", ";", "/*"].iter().any(|sign| comment.ends_with(sign));
    let reason = reason
        .trim()
        .trim_end_matches("-->")
        .trim_end_matches("*/")
        .trim()
        .trim_start_matches([':', '-', '('])
        .trim();
    // In documentation a placeholder stands for the reason.
    (opens && !reason.starts_with('<') && reason.chars().filter(|c| c.is_alphabetic()).count() >= 3)
        .then(|| reason.trim_end_matches(')').to_owned())
}
