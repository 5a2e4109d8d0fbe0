//! Writing the recording of an application as it comes: one exchange, one line, one write.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::fixture::NameForm;
use super::jsonl::{EXTENSION, RecordingHeader, RecordingLine};
use super::names::NameRules;
use super::recording::Recorder;
use super::standin::StandIns;
use super::{StoreError, atomic};
use crate::trace::Exchange;

/// The longest name of a recording.
const LONGEST: usize = 100;

/// A recording that is being made. What it is given holds real values; what it writes does not.
pub struct RecordingWriter {
    path: PathBuf,
    file: File,
    /// How long the file is, up to the end of its last whole line.
    length: u64,
    recorder: Recorder,
    /// Stand-ins of names that are in no line yet.
    names: BTreeMap<String, NameForm>,
    operations: BTreeMap<String, u64>,
}

impl fmt::Debug for RecordingWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordingWriter({})", self.path.display())
    }
}

impl RecordingWriter {
    /// Begins a recording, `NAME.jsonl` under a folder that is made if need be. `rules` says which names of secrets
    /// are variables; all others stay as they are. With `overwrite`, a recording of that name is replaced at once.
    ///
    /// # Errors
    /// When there is such a recording already, its name is none, or the file cannot be written.
    pub fn create(
        folder: &Path,
        header: &RecordingHeader,
        rules: NameRules,
        overwrite: bool,
    ) -> Result<Self, StoreError> {
        let path = file_of(folder, &header.recording)?;
        let io = |source| StoreError::Io { verb: "write", path: path.clone(), source };
        let line = line(header).map_err(io)?;
        match overwrite {
            true => atomic::write(&path, &line),
            false => atomic::write_new(&path, &line),
        }
        .map_err(|why| match why.kind() {
            io::ErrorKind::AlreadyExists if path.is_file() => StoreError::Exists(path.clone()),
            _ => io(why),
        })?;
        let mut file = OpenOptions::new().write(true).open(&path).map_err(io)?;
        let length = file.seek(SeekFrom::End(0)).map_err(io)?;
        let recorder = Recorder::new(StandIns::of_application(rules));
        Ok(RecordingWriter {
            path,
            file,
            length,
            recorder,
            names: BTreeMap::new(),
            operations: BTreeMap::new(),
        })
    }

    /// Appends an exchange; `number` is its number in the order in which requests came. When this returns, the line
    /// is with the system: a kill of this process does not lose it.
    ///
    /// # Errors
    /// When the line cannot be written. The file then ends with the line before it.
    pub fn append(&mut self, number: usize, exchange: &Exchange) -> Result<(), StoreError> {
        let operation = exchange.operation.clone().unwrap_or_default();
        let recorded = self.recorder.exchange(number, exchange);
        self.names.extend(self.recorder.stand_ins.take_names());
        let io = |source| StoreError::Io { verb: "write", path: self.path.clone(), source };
        let line = line(&RecordingLine::new(recorded, self.names.clone())).map_err(io)?;
        if let Err(why) = self.file.write_all(&line) {
            // Half a line would be taken for the end of a killed recording, and hide those after it.
            let _ =
                self.file.set_len(self.length).and_then(|()| self.file.seek(SeekFrom::Start(self.length)));
            return Err(io(why));
        }
        self.names.clear();
        self.length += line.len() as u64;
        *self.operations.entry(operation).or_default() += 1;
        Ok(())
    }

    /// Ends the recording: what was written is on the disk.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn finish(&self) -> Result<(), StoreError> {
        let io = |source| StoreError::Io { verb: "write", path: self.path.clone(), source };
        self.file.sync_all().map_err(io)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many exchanges it holds, by operation; an empty name is of requests for no operation of the service.
    pub fn operations(&self) -> &BTreeMap<String, u64> {
        &self.operations
    }

    /// How many values were replaced, by the member that they stood in; an empty name is of unknown members.
    pub fn replaced(&self) -> &BTreeMap<String, u64> {
        self.recorder.stand_ins.replaced()
    }
}

/// The file of a recording.
///
/// # Errors
/// When the name could lead out of the folder, or is not portable.
pub fn file_of(folder: &Path, name: &str) -> Result<PathBuf, StoreError> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    let fits = name.len() <= LONGEST
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.bytes().all(plain);
    match fits {
        true => Ok(folder.join(format!("{name}.{EXTENSION}"))),
        false => Err(StoreError::Name(name.to_owned())),
    }
}

fn line(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(value).map_err(io::Error::other)?;
    line.push(b'\n');
    Ok(line)
}
