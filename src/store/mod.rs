//! Snapshots and fixtures on disk. Nothing is written before it is redacted, and no file is ever half written.
//!
//! [`Store`] keeps what a run showed: the observation as a [`snapshot`] for comparing, the exchanges as a
//! [`fixture`] for answering. [`recording`] makes a fixture of a trace, with [`standin`] for whatever must not be
//! written or would differ from run to run, of the same [`form`]. [`place`] says where a scenario's files lie,
//! [`atomic`] writes them, [`review`] takes or rejects what has changed, [`loose`](mod@loose)
//! mends what another tool accepted by half, [`unreferenced`](mod@unreferenced) finds what no scenario owns any more. [`audit`] looks for secrets in whatever lies
//! in a folder.
//!
//! What an application does is recorded as it comes: [`stream`] writes one line for each exchange, in the form that
//! [`jsonl`] says, and [`names`] says which names of secrets stay as they are.

pub mod atomic;
pub mod audit;
pub mod exchange;
pub mod fixture;
pub mod form;
pub mod jsonl;
pub mod keep;
pub mod loose;
pub mod names;
pub mod place;
pub mod reader;
pub mod recording;
pub mod review;
pub mod snapshot;
pub mod standin;
pub mod stream;
pub mod unreferenced;
pub mod values;

use std::path::PathBuf;

pub use fixture::Fixture;
pub use keep::{Recorded, Store};
pub use loose::{Loose, loose};
pub use place::file_stem;
pub use recording::render_exchanges;
pub use review::{Companion, PendingChange, Stamp, pending};
pub use snapshot::StoredSnapshot;
pub use stream::RecordingWriter;
pub use unreferenced::{RecordedFile, unreferenced};

/// A recording that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file system refuses.
    #[error("cannot {verb} {}: {source}", path.display())]
    Io {
        /// What was tried: `read`, `write`, `remove`.
        verb: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is not what it should be.
    #[error("{}: {source}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: FormatError,
    },
    /// The scenario did not run to an end that can be kept.
    #[error("{0} did not run to an end that can be kept")]
    NotRun(String),
    /// The name of a target that cannot name a folder.
    #[error("a recording needs the name of the target it is made from")]
    NoOrigin,
    /// A name that cannot be the name of a recording.
    #[error(
        "`{0}` cannot be the name of a recording: up to 100 letters, digits and `-_.`, the first a letter or a digit"
    )]
    Name(String),
    /// There is a recording of that name, and it is not to be replaced.
    #[error("{} exists; record under another --name, or replace it with --overwrite", .0.display())]
    Exists(PathBuf),
}

/// Text that is no recording.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// A snapshot does not begin with a header between lines of `---`.
    #[error("no header between two lines of `---`")]
    NoHeader,
    /// The YAML does not parse or is not of the right form.
    #[error("not readable: {0}")]
    Yaml(#[from] serde_yaml::Error),
    /// Another version of the format.
    #[error("format {found} is not known to this smcheck, which reads format {known}")]
    Version {
        /// The version that the file names.
        found: u64,
        /// The version that we read.
        known: u64,
    },
    /// The file is too long to be one of ours.
    #[error("longer than 64 MiB")]
    TooLong,
}
