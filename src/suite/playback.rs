//! Playing recordings back in a test: a server of its own for as long as a value lives.
//!
//! ```no_run
//! # async fn test() -> Result<(), Box<dyn std::error::Error>> {
//! let secrets = smcheck::Playback::from_dir("fixtures/checkout").start().await?;
//! // Point the application at `secrets.endpoint()`, with `secrets.credentials()`.
//! assert!(secrets.unused().is_empty());
//! # Ok(()) }
//! ```

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::server::playback::{Dates, Exhausted, Mode, Options, Shelf, ShelfError, Unused};
use crate::server::{self, Server};
use crate::service::sigv4::Credentials;

/// A playback to be started: which recordings, and how.
#[derive(Clone, Debug)]
pub struct Playback {
    folder: PathBuf,
    values: Option<PathBuf>,
    options: Options,
}

/// A playback that runs. Dropping it ends it.
#[derive(Debug)]
pub struct Playing {
    playback: Arc<server::Playback>,
    server: Option<Server>,
    endpoint: String,
    region: String,
    /// Of a playback that was started outside a runtime.
    runtime: Option<tokio::runtime::Runtime>,
}

/// A playback that could not be started.
#[derive(Debug, thiserror::Error)]
pub enum PlaybackError {
    /// The recordings cannot be read.
    #[error(transparent)]
    Shelf(#[from] ShelfError),
    /// The system gives no port, or no threads.
    #[error("cannot listen on 127.0.0.1: {0}")]
    Listen(#[from] std::io::Error),
    /// A session that cannot be made.
    #[error("{0}")]
    Session(String),
}

impl Playback {
    /// The recordings of a folder (`*.jsonl`, `*.yaml`), or of one file.
    pub fn from_dir(folder: impl AsRef<Path>) -> Self {
        Playback { folder: folder.as_ref().to_owned(), values: None, options: Options::default() }
    }

    /// Which recorded exchange may answer a request.
    #[must_use]
    pub fn mode(mut self, mode: Mode) -> Self {
        self.options.mode = mode;
        self
    }

    /// What a request gets whose recorded answers have all been played.
    #[must_use]
    pub fn exhausted(mut self, exhausted: Exhausted) -> Self {
        self.options.exhausted = Some(exhausted);
        self
    }

    /// Which times are played back.
    #[must_use]
    pub fn dates(mut self, dates: Dates) -> Self {
        self.options.dates = dates;
        self
    }

    /// A file with values for secrets, instead of `values.yaml` in the folder.
    #[must_use]
    pub fn values(mut self, file: impl AsRef<Path>) -> Self {
        self.values = Some(file.as_ref().to_owned());
        self
    }

    /// Starts it on a free port of 127.0.0.1, in the runtime of the caller.
    ///
    /// # Errors
    /// When a recording or a value cannot be read, or the system gives no port.
    pub async fn start(self) -> Result<Playing, PlaybackError> {
        let shelf = Shelf::load(&self.folder, self.values.as_deref())?;
        let region = shelf.region().unwrap_or("us-east-1").to_owned();
        let playback = Arc::new(server::Playback::of(shelf, self.options));
        let server = Server::start(playback.clone(), 0).await?;
        let endpoint = server.endpoint();
        Ok(Playing { playback, server: Some(server), endpoint, region, runtime: None })
    }

    /// The same for a test without a runtime: it answers on a thread of its own.
    ///
    /// # Errors
    /// As [`Playback::start`].
    pub fn start_blocking(self) -> Result<Playing, PlaybackError> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let mut playing = runtime.block_on(self.start())?;
        playing.runtime = Some(runtime);
        Ok(playing)
    }
}

impl Playing {
    /// Where it answers: `http://127.0.0.1:PORT`.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The region that the recordings were signed for.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// A key pair of a session over all recordings; any other would do, too, and begin a session of its own.
    pub fn credentials(&self) -> Credentials {
        Credentials::new("smcheck", "smcheck")
    }

    /// A key pair of a new session over these recordings, all where none is named, with its own place in them.
    ///
    /// # Errors
    /// When there is no recording of a name.
    pub fn session(&self, name: &str, recordings: &[&str]) -> Result<Credentials, PlaybackError> {
        let names: Vec<String> = recordings.iter().map(|name| (*name).to_owned()).collect();
        let chosen = (!names.is_empty()).then_some(names.as_slice());
        self.playback.make_session(name, chosen, self.playback.options()).map_err(PlaybackError::Session)?;
        Ok(Credentials::new(name, "smcheck"))
    }

    /// The recorded exchanges that no request has asked for.
    pub fn unused(&self) -> Vec<Unused> {
        self.playback.unused_exchanges()
    }
}

impl Drop for Playing {
    fn drop(&mut self) {
        drop(self.server.take());
        if let Some(runtime) = self.runtime.take() {
            // Also from within another runtime, where nothing may wait.
            runtime.shutdown_background();
        }
    }
}
