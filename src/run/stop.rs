//! Stopping a run before its end: on Ctrl-C, or at the first failure when that was asked for.

use tokio::sync::watch;

/// Asks a run to stop.
#[derive(Clone, Debug)]
pub struct Stopper(watch::Sender<bool>);

/// Tells whether a run was asked to stop.
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<bool>);

/// A pair of one who asks and those who are asked.
pub fn pair() -> (Stopper, Stop) {
    let (sender, receiver) = watch::channel(false);
    (Stopper(sender), Stop(receiver))
}

impl Stopper {
    /// Asks for the stop. What was created is still cleaned up.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    /// Whether the stop was asked for.
    pub fn requested(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it is; for ever when nobody can ask any more.
    pub async fn wait(&self) {
        let mut receiver = self.0.clone();
        if receiver.wait_for(|stop| *stop).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
