//! What waits to be accepted: changed snapshots, each with its fixture.

use std::path::{Path, PathBuf};

use super::keep::{Files, NEW, SNAPSHOT, SNAPSHOTS, read_snapshot};
use super::{StoreError, place};

/// A changed snapshot that waits, with the fixture that was recorded with it.
#[derive(Clone, Debug)]
pub struct PendingChange {
    /// The name of the target that it was recorded from.
    pub origin: String,
    /// The scenario's id.
    pub id: String,
    files: Files,
}

impl PendingChange {
    /// The stored observation, empty where there is none any more, and the new one.
    ///
    /// # Errors
    /// When a file cannot be read or is no snapshot.
    pub fn texts(&self) -> Result<(String, String), StoreError> {
        let text = |path: &Path| Ok(read_snapshot(path)?.map(|stored| stored.text).unwrap_or_default());
        Ok((text(&self.files.snapshot)?, text(&self.files.new_snapshot)?))
    }

    /// Takes the new files.
    ///
    /// # Errors
    /// When a file cannot be moved.
    pub fn accept(&self) -> Result<(), StoreError> {
        // The fixture first, as it was written: it names the observation that it belongs to.
        for (from, to) in
            [(&self.files.new_fixture, &self.files.fixture), (&self.files.new_snapshot, &self.files.snapshot)]
        {
            match std::fs::rename(from, to) {
                Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                    return Err(StoreError::Io { verb: "move", path: from.clone(), source });
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Throws the new files away.
    ///
    /// # Errors
    /// When a file cannot be removed.
    pub fn reject(&self) -> Result<(), StoreError> {
        self.files.forget_new()
    }
}

/// All changes that wait under a folder, by origin and id.
///
/// # Errors
/// When a folder cannot be read.
pub fn pending(root: &Path) -> Result<Vec<PendingChange>, StoreError> {
    let snapshots = root.join(SNAPSHOTS);
    let mut found = Vec::new();
    let mut folders = vec![snapshots.clone()];
    while let Some(folder) = folders.pop() {
        for path in entries(&folder)? {
            // A link could lead out of the folder or around in it.
            if path.is_symlink() {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if let Some(change) = change(root, &snapshots, &path) {
                found.push(change);
            }
        }
    }
    found.sort_by(|a, b| (&a.origin, &a.id).cmp(&(&b.origin, &b.id)));
    Ok(found)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let io = |source| StoreError::Io { verb: "read", path: folder.to_owned(), source };
    match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(io(error)),
        Ok(entries) => entries.map(|entry| entry.map(|entry| entry.path()).map_err(io)).collect(),
    }
}

fn change(root: &Path, snapshots: &Path, path: &Path) -> Option<PendingChange> {
    let relative = path.strip_prefix(snapshots).ok()?;
    let mut parts = relative.iter().map(|part| part.to_str());
    let origin = place::id_of(parts.next()??);
    let stem = parts.collect::<Option<Vec<_>>>()?.join("/");
    let id = place::id_of(stem.strip_suffix(&format!("{SNAPSHOT}{NEW}"))?);
    let files = Files::of(root, &origin, &id);
    // A file that we would not have named so is not ours.
    (files.new_snapshot == path).then_some(PendingChange { origin, id, files })
}
