//! What waits to be accepted: changed snapshots, each with its fixture.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::keep::{Files, NEW, SNAPSHOT, SNAPSHOTS, hash, read_fixture, read_snapshot};
use super::{StoreError, StoredSnapshot, place};

/// A changed snapshot that waits, with the fixture that was recorded with it.
#[derive(Clone, Debug)]
pub struct PendingChange {
    /// The name of the target that it was recorded from.
    pub origin: String,
    /// The scenario's id.
    pub id: String,
    files: Files,
}

/// How the files of a change were when they were looked at, to see whether somebody has changed them since. It knows
/// sizes, times and numbers of files; all tools that write snapshots put a new file in the place of the old one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp([Option<(u64, SystemTime, u64)>; 4]);

/// What lies beside a changed snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Companion {
    /// The fixture that was recorded with it.
    Its,
    /// A fixture of another run: it does not name this observation.
    Another,
    /// The fixture took its place already, as an acceptance that was cut short leaves it.
    InPlace,
    /// None.
    Missing,
}

impl PendingChange {
    /// The snapshot that waits.
    pub fn path(&self) -> &Path {
        &self.files.new_snapshot
    }

    /// The stored snapshot, as far as there is one, and the new one; no new one when somebody took it meanwhile.
    ///
    /// # Errors
    /// When a file cannot be read or is no snapshot.
    pub fn snapshots(&self) -> Result<(Option<StoredSnapshot>, Option<StoredSnapshot>), StoreError> {
        Ok((read_snapshot(&self.files.snapshot)?, read_snapshot(&self.files.new_snapshot)?))
    }

    /// Whether the fixture that belongs to the new observation lies beside it.
    ///
    /// # Errors
    /// When a file cannot be read or is no fixture.
    pub fn companion(&self, new: &StoredSnapshot) -> Result<Companion, StoreError> {
        let hash = hash(&new.text);
        if let Some(waits) = read_fixture(&self.files.new_fixture)? {
            return Ok(if waits.observation == hash { Companion::Its } else { Companion::Another });
        }
        let stored = read_fixture(&self.files.fixture)?;
        let taken = stored.is_some_and(|stored| stored.observation == hash);
        Ok(if taken { Companion::InPlace } else { Companion::Missing })
    }

    /// How the files are now.
    pub fn stamp(&self) -> Stamp {
        let Files { snapshot, new_snapshot, fixture, new_fixture } = &self.files;
        Stamp([snapshot, new_snapshot, fixture, new_fixture].map(|path| stamp(path)))
    }

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

fn stamp(path: &Path) -> Option<(u64, SystemTime, u64)> {
    let metadata = std::fs::metadata(path).ok()?;
    #[cfg(unix)]
    let number = std::os::unix::fs::MetadataExt::ino(&metadata);
    #[cfg(not(unix))]
    let number = 0;
    Some((metadata.len(), metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH), number))
}

/// All changes that wait under a folder, by origin and id.
///
/// # Errors
/// When a folder cannot be read.
pub fn pending(root: &Path) -> Result<Vec<PendingChange>, StoreError> {
    let snapshots = root.join(SNAPSHOTS);
    let files = files_below(&snapshots)?;
    let mut found: Vec<_> = files.iter().filter_map(|path| change(root, &snapshots, path)).collect();
    found.sort_by(|a, b| (&a.origin, &a.id).cmp(&(&b.origin, &b.id)));
    Ok(found)
}

/// All files below a folder, in no order; none where there is no such folder.
pub(super) fn files_below(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for path in entries(&folder)? {
            // A link could lead out of the folder or around in it.
            if path.is_symlink() {
                continue;
            }
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
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

/// The origin and the scenario that a file below `kind` belongs to by its name, if we would have named it so.
pub(super) fn owner(kind: &Path, path: &Path, ending: &str) -> Option<(String, String)> {
    let relative = path.strip_prefix(kind).ok()?;
    let mut parts = relative.iter().map(|part| part.to_str());
    let origin = place::id_of(parts.next()??);
    let stem = parts.collect::<Option<Vec<_>>>()?.join("/");
    Some((origin, place::id_of(stem.strip_suffix(ending)?)))
}

fn change(root: &Path, snapshots: &Path, path: &Path) -> Option<PendingChange> {
    let (origin, id) = owner(snapshots, path, &format!("{SNAPSHOT}{NEW}"))?;
    let files = Files::of(root, &origin, &id);
    // A file that we would not have named so is not ours.
    (files.new_snapshot == path).then_some(PendingChange { origin, id, files })
}
