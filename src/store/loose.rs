//! Fixtures that wait alone: their snapshot was accepted or rejected by a tool that knows nothing of fixtures.

use std::path::{Path, PathBuf};

use super::StoreError;
use super::keep::{FIXTURE, FIXTURES, Files, NEW, hash, read_fixture, read_snapshot, remove};
use super::review::{files_below, owner};

/// A fixture that waits without its snapshot.
#[derive(Clone, Debug)]
pub struct Loose {
    /// The name of the target that it was recorded from.
    pub origin: String,
    /// The scenario's id.
    pub id: String,
    /// Whether its snapshot was accepted, so that the fixture should follow. Else the snapshot was rejected, and nothing
    /// needs the fixture any more.
    pub accepted: bool,
    files: Files,
}

impl Loose {
    /// The fixture that waits.
    pub fn path(&self) -> &PathBuf {
        &self.files.new_fixture
    }

    /// Lets the fixture follow its snapshot: to its place, or away.
    ///
    /// # Errors
    /// When the file cannot be moved or removed.
    pub fn mend(&self) -> Result<(), StoreError> {
        if self.accepted { self.files.move_fixture() } else { remove(&self.files.new_fixture) }
    }
}

/// All fixtures under a folder that wait alone, by origin and id.
///
/// # Errors
/// When a folder or file cannot be read.
pub fn loose(root: &Path) -> Result<Vec<Loose>, StoreError> {
    let fixtures = root.join(FIXTURES);
    let mut found = Vec::new();
    for path in files_below(&fixtures)? {
        let Some((origin, id)) = owner(&fixtures, &path, &format!("{FIXTURE}{NEW}")) else { continue };
        let files = Files::of(root, &origin, &id);
        if files.new_fixture != path || files.new_snapshot.exists() {
            continue;
        }
        let Some(fixture) = read_fixture(&path)? else { continue };
        let stored = read_snapshot(&files.snapshot)?;
        let accepted = stored.is_some_and(|stored| hash(&stored.text) == fixture.observation);
        found.push(Loose { origin, id, accepted, files });
    }
    found.sort_by(|a, b| (&a.origin, &a.id).cmp(&(&b.origin, &b.id)));
    Ok(found)
}
