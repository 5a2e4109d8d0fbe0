//! Reading folders: which files are looked at, what is skipped, and what could not be read.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::allow::{self, Allowances, Inline};
use super::canary::Canaries;
use super::tree::Spot;
use super::{Found, Kind};

/// Folders that are never entered: made by tools, from what is elsewhere.
pub const SKIPPED: &[&str] = &[".git", "node_modules", "target"];
/// The largest file that is read, in bytes.
const LENGTH_MAX: u64 = 1 << 30;

/// What an audit has seen.
#[derive(Debug, Default)]
pub struct Audited {
    /// How many files were read.
    pub files: usize,
    /// How many of them are no text, and were searched for canaries only.
    pub binary: usize,
    /// What must be mended, by path.
    pub findings: Vec<Finding>,
    /// What was found and may stay.
    pub allowed: Vec<Finding>,
    /// Allowances that nothing needed, in words.
    pub unused: Vec<String>,
    /// What was not looked into: folders that are skipped, links.
    pub skipped: Vec<String>,
    /// What could not be read, in words.
    pub unreadable: Vec<String>,
    /// Named folders and files that hold nothing to look at.
    pub empty: Vec<String>,
}

/// A finding in a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// The file.
    pub path: String,
    /// The line, from 1; 0 for the file's name.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
    /// What it is about.
    pub kind: String,
    /// `certain` or `guess`.
    pub basis: String,
    /// `error` or `warning`.
    pub severity: String,
    /// What it is, in words.
    pub what: String,
    /// How it is mended, or why it may stay.
    pub mend: String,
}

/// Looks through files and folders.
///
/// # Errors
/// When a list of allowances is none. What cannot be read is no error, but told.
pub fn audit(roots: &[PathBuf], canaries: &Canaries) -> Result<Audited, String> {
    let mut audited = Audited::default();
    let mut seen = BTreeSet::new();
    let mut lists = Lists::default();
    let here = Path::new(".");
    lists.load(here)?;
    for root in roots {
        let mut files = Vec::new();
        collect(root, true, &mut files, &mut audited);
        if root.is_dir() {
            lists.load(root)?;
        }
        if files.is_empty() && audited.unreadable.is_empty() {
            audited.empty.push(shown(root, canaries));
        }
        for file in files {
            // One file may be named twice.
            if seen.insert(file.canonicalize().unwrap_or_else(|_| file.clone())) {
                one(&file, root, canaries, &mut lists, &mut audited);
            }
        }
    }
    for (folder, list) in &lists.0 {
        let at = folder.join(allow::FILE);
        let unused = list.unused().into_iter();
        audited.unused.extend(unused.map(|(path, kind)| format!("{}: {kind} in {path}", plain(&at))));
    }
    audited.findings.sort();
    audited.allowed.sort();
    audited.skipped.sort();
    audited.skipped.dedup();
    Ok(audited)
}

/// Allowances by the folder that they speak of.
#[derive(Default)]
struct Lists(BTreeMap<PathBuf, Allowances>);

impl Lists {
    fn load(&mut self, folder: &Path) -> Result<(), String> {
        let file = folder.join(allow::FILE);
        if self.0.contains_key(folder) || !file.is_file() {
            return Ok(());
        }
        if self.0.keys().any(|other| other.canonicalize().ok() == folder.canonicalize().ok()) {
            return Ok(());
        }
        let text =
            fs::read_to_string(&file).map_err(|why| format!("cannot read {}: {why}", file.display()))?;
        let list = Allowances::parse(&text).map_err(|why| format!("{}: {why}", file.display()))?;
        self.0.insert(folder.to_owned(), list);
        Ok(())
    }

    fn reason(&mut self, file: &Path, kind: Kind) -> Option<String> {
        for (folder, list) in &mut self.0 {
            let below = file.strip_prefix(folder).ok().or_else(|| {
                let is_here = folder == Path::new(".");
                (is_here && file.is_relative()).then_some(file)
            });
            if let Some(reason) = below.and_then(|below| list.reason(&plain(below), kind)) {
                return Some(reason);
            }
        }
        None
    }
}

fn collect(path: &Path, named: bool, files: &mut Vec<PathBuf>, audited: &mut Audited) {
    let metadata = match if named { fs::metadata(path) } else { fs::symlink_metadata(path) } {
        Ok(metadata) => metadata,
        // A folder that is not there holds nothing.
        Err(why) if named && why.kind() == std::io::ErrorKind::NotFound => return,
        Err(why) => return audited.unreadable.push(format!("{}: {why}", plain(path))),
    };
    if metadata.is_symlink() {
        audited.skipped.push(format!("{} (a link)", plain(path)));
    } else if metadata.is_dir() {
        let entries = match fs::read_dir(path) {
            Ok(entries) => entries,
            Err(why) => return audited.unreadable.push(format!("{}: {why}", plain(path))),
        };
        let mut below: Vec<PathBuf> = Vec::new();
        for entry in entries {
            match entry {
                Ok(entry) => below.push(entry.path()),
                Err(why) => audited.unreadable.push(format!("{}: {why}", plain(path))),
            }
        }
        below.sort();
        for entry in below {
            let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if SKIPPED.contains(&name.as_str()) && entry.is_dir() {
                audited.skipped.push(plain(&entry));
            } else {
                collect(&entry, false, files, audited);
            }
        }
    } else if metadata.is_file() {
        if metadata.len() > LENGTH_MAX {
            audited.unreadable.push(format!("{}: more than 1 GiB", plain(path)));
        } else {
            files.push(path.to_owned());
        }
    } else {
        audited.skipped.push(format!("{} (no file)", plain(path)));
    }
}

fn one(file: &Path, root: &Path, canaries: &Canaries, lists: &mut Lists, audited: &mut Audited) {
    let path = shown(file, canaries);
    let bytes = match fs::read(file) {
        Ok(bytes) => bytes,
        Err(why) => return audited.unreadable.push(format!("{path}: {why}")),
    };
    audited.files += 1;
    let mut found = match canaries.look(&bytes) {
        Ok(found) => found,
        Err(why) => return audited.unreadable.push(format!("{path}: {why}")),
    };
    let below = file.strip_prefix(root).unwrap_or(file);
    if canaries.is_in(&plain(below)) {
        found.push(Found::new(Spot::default(), Kind::Canary, "a canary in the name of the file"));
    }
    let text = match std::str::from_utf8(&bytes) {
        Ok(text) if !bytes.contains(&0) => text,
        _ => {
            audited.binary += 1;
            ""
        }
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // The list of what is allowed is no file to look into.
    if below.file_name().is_none_or(|name| name != allow::FILE) {
        found.extend(super::look(text));
    }
    let mut inline = Inline::new(text);
    for found in found {
        let reason = inline.reason(&found).or_else(|| lists.reason(file, found.kind));
        let mut finding = Finding {
            path: path.clone(),
            line: found.at.line,
            column: found.at.column,
            kind: found.kind.to_string(),
            basis: if found.kind.is_certain() { "certain" } else { "guess" }.to_owned(),
            severity: if found.is_warning { "warning" } else { "error" }.to_owned(),
            what: found.what,
            mend: found.kind.mend().to_owned(),
        };
        match reason {
            Some(reason) => {
                finding.mend = reason;
                audited.allowed.push(finding);
            }
            None => audited.findings.push(finding),
        }
    }
    audited.unused.extend(inline.unused().into_iter().map(|line| format!("{path}:{line}: `smcheck: allow`")));
}

/// A path with `/`, without what steers a terminal.
fn plain(path: &Path) -> String {
    let text: String = path.to_string_lossy().chars().map(|c| if c.is_control() { '?' } else { c }).collect();
    let text = if cfg!(windows) { text.replace('\\', "/") } else { text };
    text.strip_prefix("./").map_or(text.clone(), str::to_owned)
}

/// A path as it may be shown: a name that holds a canary is withheld.
fn shown(path: &Path, canaries: &Canaries) -> String {
    let mut parts = Vec::new();
    for part in plain(path).split('/') {
        parts.push(if canaries.is_in(part) { "(name withheld)".to_owned() } else { part.to_owned() });
    }
    parts.join("/")
}
