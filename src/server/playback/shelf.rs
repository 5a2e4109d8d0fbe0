//! A shelf: the recordings of a folder, and the values that belong to it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::cassette::Cassette;
use super::session::Shelved;
use super::track::Played;
use crate::store::reader::ReadError;
use crate::store::values::{self, Values, ValuesError};
use crate::store::{Fixture, FormatError, jsonl};

/// How deep folders are looked through.
const DEEP: usize = 16;

/// The recordings of a folder.
#[derive(Debug, Default)]
pub struct Shelf {
    pub(super) recordings: Vec<Shelved>,
    pub(super) values: Arc<Values>,
    /// What should be known of the files: last lines that were cut off.
    pub warnings: Vec<String>,
}

/// A folder that cannot be played back.
#[derive(Debug, thiserror::Error)]
pub enum ShelfError {
    /// The file system refuses.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is no recording.
    #[error(transparent)]
    Recording(#[from] ReadError),
    /// A file is no fixture.
    #[error("{}: {source}", path.display())]
    Fixture {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: FormatError,
    },
    /// The values cannot be had.
    #[error(transparent)]
    Values(#[from] ValuesError),
    /// Two recordings have one name.
    #[error("{} and another file both hold the recording `{name}`", path.display())]
    Twice {
        /// The second file.
        path: PathBuf,
        /// The name.
        name: String,
    },
    /// There is nothing to play.
    #[error("there is no recording (*.jsonl, *.yaml) in {}", .0.display())]
    Empty(PathBuf),
}

impl Shelf {
    /// Reads all recordings of a folder and its folders, `*.jsonl` and `*.yaml`; or one file. Values come from `values`,
    /// or from `values.yaml` in the folder where there is one.
    ///
    /// # Errors
    /// When a file cannot be read or is no recording, when there is none, or a value cannot be had.
    pub fn load(at: &Path, values: Option<&Path>) -> Result<Self, ShelfError> {
        let mut shelf = Shelf::default();
        let own = at.join(values::FILE);
        if let Some(file) = values.or(own.is_file().then_some(own.as_path())) {
            let env = |name: &str| std::env::var(name).ok();
            shelf.values = Arc::new(Values::load(file, env)?);
        }
        let mut files = Vec::new();
        if at.is_dir() {
            find(at, DEEP, &mut files)?;
        } else {
            files.push(at.to_owned());
        }
        files.sort();
        for path in files.into_iter().filter(|path| values != Some(path)) {
            let io = |source| ShelfError::Io { path: path.clone(), source };
            let cassette = if is(&path, jsonl::EXTENSION) {
                let bytes = std::fs::read(&path).map_err(io)?;
                let (cassette, cut) = Cassette::read(&path, bytes)?;
                if let Some(line) = cut {
                    let text =
                        "the last line is cut off and was dropped: its writer was stopped in the middle";
                    shelf.warnings.push(format!("{}:{line}:1: {text}", path.display()));
                }
                cassette
            } else {
                let text = std::fs::read_to_string(&path).map_err(io)?;
                let fixture = Fixture::parse(&text);
                Cassette::of_fixture(
                    fixture.map_err(|source| ShelfError::Fixture { path: path.clone(), source })?,
                )
            };
            if shelf.recordings.iter().any(|other| other.cassette.name() == cassette.name()) {
                return Err(ShelfError::Twice { path, name: cassette.name().to_owned() });
            }
            shelf.add(cassette);
        }
        if shelf.recordings.is_empty() {
            return Err(ShelfError::Empty(at.to_owned()));
        }
        Ok(shelf)
    }

    /// One more recording.
    pub fn add(&mut self, cassette: Cassette) {
        let played = Arc::new(Played::new(cassette.len()));
        self.recordings.push(Shelved { cassette: Arc::new(cassette), played });
    }

    /// The names of the recordings.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.recordings.iter().map(|shelved| shelved.cassette.name())
    }

    /// How many exchanges there are.
    pub fn exchanges(&self) -> usize {
        self.recordings.iter().map(|shelved| shelved.cassette.len()).sum()
    }

    /// The region that the first recording was signed for.
    pub fn region(&self) -> Option<&str> {
        self.recordings.first().map(|shelved| shelved.cassette.region())
    }
}

fn is(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found == extension)
}

fn find(folder: &Path, deep: usize, files: &mut Vec<PathBuf>) -> Result<(), ShelfError> {
    let io = |source| ShelfError::Io { path: folder.to_owned(), source };
    for entry in std::fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        let own = path.file_name().is_some_and(|name| name == values::FILE);
        if path.is_dir() {
            if deep > 0 {
                find(&path, deep - 1, files)?;
            }
        } else if !own && (is(&path, jsonl::EXTENSION) || is(&path, "yaml")) {
            files.push(path);
        }
    }
    Ok(())
}
