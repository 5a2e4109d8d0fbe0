//! One pending change, read from disk for showing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::cli::exit::Failure;
use crate::report::change::{Change, Claim, Shown, lines};
use crate::scenario::{self, Scenario};
use crate::store::{Companion, PendingChange, Stamp, StoreError, StoredSnapshot};
use crate::suite::Catalogue;

/// The scenarios of the changes, as far as they are there and can be read.
pub(super) struct Scenarios {
    found: BTreeMap<String, Scenario>,
    /// Ids whose file has findings.
    broken: BTreeSet<String>,
}

impl Scenarios {
    pub(super) fn load(named: Option<&Path>, changes: &[PendingChange]) -> Result<Self, Failure> {
        let wanted: BTreeSet<&str> = changes.iter().map(|change| change.id.as_str()).collect();
        let files: BTreeSet<&str> = wanted.iter().map(|id| file_of(id)).collect();
        let mut scenarios = Scenarios { found: BTreeMap::new(), broken: BTreeSet::new() };
        for file in Catalogue::choose(named, Path::new(".")).files().map_err(Failure::usage)? {
            if !files.contains(file.id.as_str()) {
                continue;
            }
            match scenario::parse(&file.path, &file.id, &file.bytes) {
                Ok(found) => scenarios.found.extend(
                    found.into_iter().filter(|s| wanted.contains(s.id.as_str())).map(|s| (s.id.clone(), s)),
                ),
                Err(_) => _ = scenarios.broken.insert(file.id),
            }
        }
        Ok(scenarios)
    }
}

/// The id without a case.
pub(super) fn file_of(id: &str) -> &str {
    id.strip_suffix(']').and_then(|rest| rest.split_once('[')).map_or(id, |(file, _)| file)
}

/// A change as it was read.
pub(super) struct Look {
    /// How its files were.
    pub(super) stamp: Stamp,
    /// Whether it can be decided: the files are what they should be.
    pub(super) whole: bool,
    old: Option<StoredSnapshot>,
    new: Option<StoredSnapshot>,
    notes: Vec<String>,
    file: String,
}

impl Look {
    /// Reads the files. `None` when the change no longer waits.
    pub(super) fn at(change: &PendingChange, scenarios: &Scenarios) -> Option<Self> {
        let stamp = change.stamp();
        let mut look = Look {
            stamp,
            whole: false,
            old: None,
            new: None,
            notes: Vec::new(),
            file: change.path().strip_prefix(".").unwrap_or(change.path()).display().to_string(),
        };
        match look.read(change, scenarios) {
            Ok(true) => look.whole = true,
            Ok(false) => return None,
            Err(why) => look.notes.push(format!("{why}; mend the file or remove it")),
        }
        Some(look)
    }

    fn read(&mut self, change: &PendingChange, scenarios: &Scenarios) -> Result<bool, StoreError> {
        let (old, new) = change.snapshots()?;
        let Some(new) = new else { return Ok(false) };
        let mut note = |text: &str| self.notes.push(text.to_owned());
        match change.companion(&new)? {
            Companion::Its => self.file.push_str(", with its fixture"),
            Companion::InPlace => note("its fixture is in place already; an acceptance was cut short"),
            Companion::Another => {
                note("the fixture that waits is of another run; `smcheck record` again makes its own");
            }
            Companion::Missing => note("no fixture waits with it; `smcheck record` again makes one"),
        }
        match &old {
            None => note("there is no accepted snapshot beside it any more"),
            Some(old) if old.info.scenario_hash != new.info.scenario_hash => {
                note("the scenario's file was edited since the accepted snapshot was recorded");
            }
            Some(_) => {}
        }
        match scenarios.found.get(&change.id) {
            Some(scenario) if *scenario.hash != *new.info.scenario_hash => {
                note("the scenario's file was edited since this was recorded; record again");
            }
            Some(_) => {}
            None if scenarios.broken.contains(file_of(&change.id)) => {
                note("its scenario cannot be read; `smcheck lint` says why");
            }
            None => {
                note("no scenario has this id any more; `smcheck review --unreferenced` finds such files");
            }
        }
        (self.old, self.new) = (old, Some(new));
        Ok(true)
    }

    /// The change as lines.
    pub(super) fn lines(
        &self,
        change: &PendingChange,
        scenarios: &Scenarios,
        shown: Shown,
        columns: usize,
        colour: bool,
    ) -> Vec<String> {
        let old_from = self.old.as_ref().map(from);
        let new_from = self.new.as_ref().map(from).unwrap_or_else(|| change.origin.clone());
        let text = |side: &Option<StoredSnapshot>| side.as_ref().map(|s| s.text.clone()).unwrap_or_default();
        let page = Change {
            scenario: scenarios.found.get(&change.id).map(claim),
            from: (old_from.as_deref(), &new_from),
            file: &self.file,
            notes: &self.notes,
            old: &text(&self.old),
            new: &text(&self.new),
        };
        lines(&page, shown, columns, colour)
    }
}

fn claim(scenario: &Scenario) -> Claim<'_> {
    let evidence = &scenario.evidence;
    let date = evidence.date.as_ref().map(|date| format!(", {date}")).unwrap_or_default();
    Claim {
        title: &scenario.title,
        evidence: format!("{}: {}{date}", evidence.kind.as_str(), evidence.source),
        rules: &scenario.rules,
        at: format!("{}:{}", scenario.path, scenario.place.line),
    }
}

fn from(snapshot: &StoredSnapshot) -> String {
    let version = snapshot.info.version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
    format!("{}{version}", snapshot.info.target)
}
