//! Keeping what a run showed: which files are written, and when.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::fixture::Fixture;
use super::snapshot::StoredSnapshot;
use super::{FormatError, StoreError, atomic, place, recording};
use crate::judge::{TargetInfo, agree_as_far, observe};
use crate::scenario::Scenario;
use crate::trace::{End, Trace};

/// A file longer than this is none of ours.
const LENGTH_MAX: u64 = 64 << 20;

pub(super) const SNAPSHOTS: &str = "snapshots";
pub(super) const FIXTURES: &str = "fixtures";
pub(super) const SNAPSHOT: &str = ".snap";
pub(super) const FIXTURE: &str = ".yaml";
pub(super) const NEW: &str = ".new";

/// The recordings of one origin under a folder: `snapshots/ORIGIN/` and `fixtures/ORIGIN/`.
#[derive(Clone, Debug)]
pub struct Store {
    root: PathBuf,
    origin: String,
}

/// What became of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Recorded {
    /// There was none, and it was written.
    New,
    /// The observation is the stored one; neither file was rewritten.
    Unchanged,
    /// The observation differs; the new files lie beside the old ones until they are accepted.
    Pending,
    /// The observation differs, and the new files took the place of the old ones.
    Accepted,
}

impl Store {
    /// The recordings of an origin, which is the name of a target. No run writes another origin's files.
    ///
    /// # Errors
    /// When the name is empty.
    pub fn new(root: &Path, origin: &str) -> Result<Self, StoreError> {
        if origin.is_empty() {
            return Err(StoreError::NoOrigin);
        }
        Ok(Store { root: root.to_owned(), origin: origin.to_owned() })
    }

    /// The origin.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Keeps a run. With `accept` a changed recording takes the place of the old one at once.
    ///
    /// # Errors
    /// When the run did not come to an end that can be kept, or a file cannot be read or written.
    pub fn record(
        &self,
        scenario: &Scenario,
        trace: &Trace,
        target: &TargetInfo,
        accept: bool,
    ) -> Result<Recorded, StoreError> {
        if !matches!(trace.end, End::Completed | End::Stopped) {
            return Err(StoreError::NotRun(scenario.id.clone()));
        }
        let snapshot = StoredSnapshot::new(scenario, target, &observe(scenario, trace).text);
        let hash = hash(&snapshot.text);
        let files = Files::of(&self.root, &self.origin, &scenario.id);
        let stored = read_snapshot(&files.snapshot)?;
        if let Some(stored) = &stored {
            files.follow_accepted(&hash_of(stored))?;
        }
        let fixture = || recording::record(scenario, trace, target, &hash);
        match stored {
            Some(stored) if stored.text == snapshot.text => {
                // The fixture may have been lost.
                if read_fixture(&files.fixture)?.is_none_or(|found| found.observation != hash) {
                    files.write_fixture(&files.fixture, &fixture())?;
                }
                files.forget_new()?;
                Ok(Recorded::Unchanged)
            }
            // Another winner, or another day: what is kept is as good as what came, and the files stay as they are.
            Some(stored)
                if stored.info.scenario_hash == snapshot.info.scenario_hash
                    && agree_as_far(scenario, &stored.text, &snapshot.text)
                    && read_fixture(&files.fixture)?.is_some_and(|f| f.observation == hash_of(&stored)) =>
            {
                files.forget_new()?;
                Ok(Recorded::Unchanged)
            }
            Some(_) if !accept => {
                let waits = read_snapshot(&files.new_snapshot)?.is_some_and(|new| new.text == snapshot.text)
                    && read_fixture(&files.new_fixture)?.is_some_and(|new| new.observation == hash);
                if !waits {
                    files.write_fixture(&files.new_fixture, &fixture())?;
                    files.write_snapshot(&files.new_snapshot, &snapshot)?;
                }
                Ok(Recorded::Pending)
            }
            stored => {
                // The fixture first: it names the observation that it belongs to, so that a run which ends between
                // the two is noticed by the next one.
                files.write_fixture(&files.fixture, &fixture())?;
                files.write_snapshot(&files.snapshot, &snapshot)?;
                files.forget_new()?;
                Ok(if stored.is_some() { Recorded::Accepted } else { Recorded::New })
            }
        }
    }

    /// The stored snapshot of a scenario.
    ///
    /// # Errors
    /// When the file cannot be read or is no snapshot.
    pub fn load_snapshot(&self, id: &str) -> Result<Option<StoredSnapshot>, StoreError> {
        read_snapshot(&Files::of(&self.root, &self.origin, id).snapshot)
    }

    /// The stored fixture of a scenario: the one that was recorded with its snapshot.
    ///
    /// # Errors
    /// When the file cannot be read or is no fixture.
    pub fn load_fixture(&self, id: &str) -> Result<Option<Fixture>, StoreError> {
        let files = Files::of(&self.root, &self.origin, id);
        let fixture = read_fixture(&files.fixture)?;
        // `cargo insta` accepts a snapshot and knows nothing of the fixture that waits beside.
        if let Some(snapshot) = read_snapshot(&files.snapshot)?
            && fixture.as_ref().is_none_or(|fixture| fixture.observation != hash(&snapshot.text))
            && let Some(new) = read_fixture(&files.new_fixture)?
            && new.observation == hash(&snapshot.text)
        {
            return Ok(Some(new));
        }
        Ok(fixture)
    }
}

/// The files of one scenario.
#[derive(Clone, Debug)]
pub(super) struct Files {
    pub(super) snapshot: PathBuf,
    pub(super) new_snapshot: PathBuf,
    pub(super) fixture: PathBuf,
    pub(super) new_fixture: PathBuf,
}

impl Files {
    pub(super) fn of(root: &Path, origin: &str, id: &str) -> Self {
        let file = |kind: &str, ending: &str| place::file(root, kind, origin, id, ending);
        Files {
            snapshot: file(SNAPSHOTS, SNAPSHOT),
            new_snapshot: file(SNAPSHOTS, &format!("{SNAPSHOT}{NEW}")),
            fixture: file(FIXTURES, FIXTURE),
            new_fixture: file(FIXTURES, &format!("{FIXTURE}{NEW}")),
        }
    }

    fn write_snapshot(&self, path: &Path, snapshot: &StoredSnapshot) -> Result<(), StoreError> {
        let text =
            snapshot.render().map_err(|source| StoreError::Format { path: path.to_owned(), source })?;
        write(path, &text)
    }

    fn write_fixture(&self, path: &Path, fixture: &Fixture) -> Result<(), StoreError> {
        let text = fixture.render().map_err(|source| StoreError::Format { path: path.to_owned(), source })?;
        write(path, &text)
    }

    /// Lets the fixture follow a snapshot that `cargo insta` accepted, before what waits is overwritten or forgotten.
    fn follow_accepted(&self, stored: &str) -> Result<(), StoreError> {
        if self.new_snapshot.exists() {
            return Ok(());
        }
        match read_fixture(&self.new_fixture) {
            Ok(Some(new)) if new.observation == stored => self.move_fixture(),
            // One that cannot be read follows nothing, and is no reason not to record.
            _ => Ok(()),
        }
    }

    /// Puts the fixture that waits into its place.
    pub(super) fn move_fixture(&self) -> Result<(), StoreError> {
        std::fs::rename(&self.new_fixture, &self.fixture).map_err(|source| StoreError::Io {
            verb: "move",
            path: self.new_fixture.clone(),
            source,
        })
    }

    pub(super) fn forget_new(&self) -> Result<(), StoreError> {
        remove(&self.new_fixture)?;
        remove(&self.new_snapshot)
    }
}

fn write(path: &Path, text: &str) -> Result<(), StoreError> {
    atomic::write(path, text.as_bytes()).map_err(|source| StoreError::Io {
        verb: "write",
        path: path.to_owned(),
        source,
    })
}

pub(super) fn remove(path: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(StoreError::Io { verb: "remove", path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}

/// The text of a file; `None` where there is none.
fn read(path: &Path) -> Result<Option<String>, StoreError> {
    let io = |source| StoreError::Io { verb: "read", path: path.to_owned(), source };
    match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Ok(metadata) if metadata.len() > LENGTH_MAX => {
            return Err(StoreError::Format { path: path.to_owned(), source: FormatError::TooLong });
        }
        _ => {}
    }
    std::fs::read_to_string(path).map(Some).map_err(io)
}

pub(super) fn read_snapshot(path: &Path) -> Result<Option<StoredSnapshot>, StoreError> {
    let parse = |text: String| {
        StoredSnapshot::parse(&text).map_err(|source| StoreError::Format { path: path.to_owned(), source })
    };
    read(path)?.map(parse).transpose()
}

pub(super) fn read_fixture(path: &Path) -> Result<Option<Fixture>, StoreError> {
    let parse = |text: String| {
        Fixture::parse(&text).map_err(|source| StoreError::Format { path: path.to_owned(), source })
    };
    read(path)?.map(parse).transpose()
}

fn hash_of(stored: &StoredSnapshot) -> String {
    hash(&stored.text)
}

/// SHA-256 in hex of an observation's text, in which there is nothing but names.
pub(super) fn hash(text: &str) -> String {
    use std::fmt::Write as _;
    Sha256::digest(text.as_bytes()).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
