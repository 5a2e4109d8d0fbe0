//! SIGINT, SIGTERM and SIGHUP: the first cleans up and ends within ten seconds, a later one ends at once.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::signal::unix::{SignalKind, signal};

use super::exit::Exit;
use super::output;
use crate::run::{Stop, Stopper, stop};

/// How long cleaning up may take.
const LIMIT: Duration = Duration::from_secs(10);

/// How long after the first signal another one counts as the same: `timeout`, npx and others that started us hand on a
/// signal that the terminal or the process group has delivered already. Nobody presses Ctrl-C twice that quickly.
const ECHO: Duration = Duration::from_millis(300);

/// Listens to signals for as long as a run lasts.
pub(super) struct Signals {
    stop: Stop,
    stopper: Stopper,
    caught: Arc<AtomicU8>,
}

impl Signals {
    /// Begins to listen, for a run.
    pub(super) fn listen() -> std::io::Result<Self> {
        Self::listen_saying("stopping: what was created is being deleted; once more stops at once")
    }

    /// Begins to listen, for a server.
    pub(super) fn of_server() -> std::io::Result<Self> {
        Self::listen_saying("stopping: requests under way may end; once more stops at once")
    }

    fn listen_saying(words: &'static str) -> std::io::Result<Self> {
        let (stopper, stop) = stop::pair();
        let caught = Arc::new(AtomicU8::new(0));
        let first = Arc::new(OnceLock::new());
        let kinds = [
            (SignalKind::interrupt(), Exit::Interrupt),
            (SignalKind::terminate(), Exit::Terminate),
            (SignalKind::hangup(), Exit::Hangup),
        ];
        for (kind, exit) in kinds {
            let mut signals = signal(kind)?;
            let (stopper, caught, first) = (stopper.clone(), Arc::clone(&caught), Arc::clone(&first));
            tokio::spawn(async move {
                while signals.recv().await.is_some() {
                    let begun = *first.get_or_init(Instant::now);
                    let again = caught.compare_exchange(0, exit.code(), Ordering::SeqCst, Ordering::SeqCst);
                    if again.is_err() && begun.elapsed() < ECHO {
                        continue;
                    }
                    if again.is_err() {
                        // The emulators' watchdogs see that we are gone.
                        std::process::exit(i32::from(exit.code()));
                    }
                    output::say(words);
                    stopper.stop();
                    tokio::spawn(async move {
                        tokio::time::sleep(LIMIT).await;
                        std::process::exit(i32::from(exit.code()));
                    });
                }
            });
        }
        Ok(Signals { stop, stopper, caught })
    }

    /// What a run watches.
    pub(super) fn stop(&self) -> &Stop {
        &self.stop
    }

    /// What can stop the run for another reason.
    pub(super) fn stopper(&self) -> &Stopper {
        &self.stopper
    }

    /// The exit code that a signal asks for.
    pub(super) fn exit(&self) -> Option<Exit> {
        let code = self.caught.load(Ordering::SeqCst);
        [Exit::Interrupt, Exit::Terminate, Exit::Hangup].into_iter().find(|exit| exit.code() == code)
    }
}
