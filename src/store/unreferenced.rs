//! Snapshots and fixtures to which no scenario belongs any more.

use std::path::{Path, PathBuf};

use super::StoreError;
use super::keep::{FIXTURE, FIXTURES, NEW, SNAPSHOT, SNAPSHOTS, read_fixture, read_snapshot, remove};
use super::place;
use super::review::{files_below, owner};

/// A file that `record` made, and the scenario that it was recorded from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedFile {
    /// The name of the target that it was recorded from.
    pub origin: String,
    /// The scenario's id.
    pub id: String,
    /// The file.
    pub path: PathBuf,
}

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// Files of scenarios that are no longer there, by origin, id and name.
    pub found: Vec<RecordedFile>,
    /// Files of scenarios that are there.
    pub owned: Vec<RecordedFile>,
    /// Files that look like ours by their names, and were not made by `record`. They are nobody's business here.
    pub strange: Vec<PathBuf>,
}

impl RecordedFile {
    /// Removes the file, and the folders that become empty by it, up to that of the origin.
    ///
    /// # Errors
    /// When the file cannot be removed.
    pub fn delete(&self, root: &Path) -> Result<(), StoreError> {
        remove(&self.path)?;
        let ends = [root.join(SNAPSHOTS), root.join(FIXTURES)];
        let mut folder = self.path.parent();
        while let Some(empty) = folder.filter(|folder| !ends.iter().any(|end| end == folder)) {
            // A folder that still holds something stays, which is what the system says no for.
            if std::fs::remove_dir(empty).is_err() {
                break;
            }
            folder = empty.parent();
        }
        Ok(())
    }
}

/// Looks under a folder for snapshots and fixtures, also those that wait, whose scenario `exists` does not know.
///
/// A file counts only if what it says of itself agrees with where it lies: the scenario and the target. So recordings of
/// applications, which share the folder, are never taken for ours.
///
/// # Errors
/// When a folder or file cannot be read.
pub fn unreferenced(root: &Path, exists: &dyn Fn(&str) -> bool) -> Result<Search, StoreError> {
    let mut search = Search::default();
    for (kind, ending) in [(SNAPSHOTS, SNAPSHOT), (FIXTURES, FIXTURE)] {
        let folder = root.join(kind);
        for path in files_below(&folder)? {
            let waiting = format!("{ending}{NEW}");
            let Some((origin, id)) =
                owner(&folder, &path, ending).or_else(|| owner(&folder, &path, &waiting))
            else {
                continue;
            };
            let ending =
                if path.as_os_str().to_string_lossy().ends_with(NEW) { waiting.as_str() } else { ending };
            let ours =
                place::file(root, kind, &origin, &id, ending) == path && says(&path, kind, &origin, &id)?;
            match ours {
                false => search.strange.push(path),
                true if exists(&id) => search.owned.push(RecordedFile { origin, id, path }),
                true => search.found.push(RecordedFile { origin, id, path }),
            }
        }
    }
    search.found.sort_by(|a, b| (&a.origin, &a.id, &a.path).cmp(&(&b.origin, &b.id, &b.path)));
    search.strange.sort();
    Ok(search)
}

/// Whether a file says that it was recorded from this scenario and target.
fn says(path: &Path, kind: &str, origin: &str, id: &str) -> Result<bool, StoreError> {
    let told = match kind {
        SNAPSHOTS => {
            read_snapshot(path).map(|found| found.map(|found| (found.info.target, found.info.scenario)))
        }
        _ => read_fixture(path).map(|found| {
            // What `record` makes names the observation of its snapshot; recordings of applications have none.
            found
                .filter(|found| found.observation.len() == 64)
                .map(|found| (found.recorded.target, found.scenario))
        }),
    };
    match told {
        Ok(told) => Ok(told.is_some_and(|(target, scenario)| target == origin && scenario == id)),
        // What cannot be parsed is not ours to judge, and never ours to delete.
        Err(StoreError::Format { .. }) => Ok(false),
        Err(other) => Err(other),
    }
}
