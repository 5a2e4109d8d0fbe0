//! Playback: answers from fixtures, as if the target were there.
//!
//! A request is matched by operation and input, in sequence. What is a stand-in in the recording is a variable:
//! [`binding`] binds it to whatever the client sends in its place, [`fill`] puts the bound value into every
//! response that holds the stand-in, and moves times so that the recording seems to be made now. So tokens, names
//! and secrets that were never written down come back as the client knows them. A `session` is one recording being
//! played; the access key of a request names it. A request that nothing was recorded for gets an error that shows
//! the nearest recorded one (`miss`).

pub mod binding;
pub mod fill;
mod miss;
mod session;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use session::{Choice, Session};

use super::Responder;
use crate::service::time::Timestamp;
use crate::service::{WireRequest, WireResponse};
use crate::store::Fixture;

/// The code of the error for a request that nothing was recorded for. It is not AWS's.
pub const NO_RECORDING: &str = "SmcheckNoRecordingException";

/// Answers from fixtures.
#[derive(Default)]
pub struct Playback {
    sessions: Mutex<BTreeMap<String, Session>>,
}

impl fmt::Debug for Playback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Playback({} sessions)", self.lock().len())
    }
}

impl Playback {
    /// A playback without sessions.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a session: requests signed with this access key are answered from this fixture. A session of the same
    /// key begins anew.
    pub fn add_session(&self, access_key: &str, fixture: Fixture) {
        self.lock().insert(access_key.to_owned(), Session::new(fixture));
    }

    /// The exchanges that no request has asked for yet, by access key; steps' own, not the probes'.
    pub fn unused(&self) -> BTreeMap<String, usize> {
        self.lock().iter().map(|(key, session)| (key.clone(), session.unused())).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Session>> {
        // A session is changed in one go, so that a panic elsewhere leaves it whole.
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, request: &WireRequest, now: Timestamp) -> WireResponse {
        let mut sessions = self.lock();
        if let Some(session) = access_key(request).and_then(|key| sessions.get_mut(key)) {
            return match session.choose(request) {
                Choice::One(found) => session.play(found, now),
                Choice::None => session.miss(request, false),
                Choice::Several => session.miss(request, true),
            };
        }
        // A request without a signature, or with a key that nobody has: the session that recorded such a one.
        let mut found: Vec<(&mut Session, session::Found)> = Vec::new();
        for session in sessions.values_mut() {
            if let Choice::One(candidate) = session.choose(request) {
                found.push((session, candidate));
            }
        }
        // What binds least knows most of the client already.
        found.sort_by_key(|(session, candidate)| (candidate.binds(), !session.is_next(candidate)));
        let mut found = found.into_iter();
        let Some((session, candidate)) = found.next() else {
            return miss::response("no recording holds this request, and its access key names no session");
        };
        let rank = (candidate.binds(), session.is_next(&candidate));
        let equal =
            |other: &(&mut Session, session::Found)| (other.1.binds(), other.0.is_next(&other.1)) == rank;
        let same_answer =
            |other: &(&mut Session, session::Found)| other.0.answers_like(&other.1, session, &candidate);
        if found.as_slice().iter().filter(|other| equal(other)).all(same_answer) {
            session.play(candidate, now)
        } else {
            miss::response(
                "several recordings hold this request with different answers, and its access key names none",
            )
        }
    }
}

impl Responder for Playback {
    fn respond(&self, request: &WireRequest) -> WireResponse {
        self.answer(request, Timestamp::now())
    }
}

/// The access key that a request says it is signed with.
fn access_key(request: &WireRequest) -> Option<&str> {
    let header = request.header("authorization")?;
    let (_, rest) = header.split_once("Credential=")?;
    rest.split(['/', ',', ' ']).next()
}
