//! Playback: answers from recordings, as if the target were there.
//!
//! A request is matched by operation and input, in sequence. What is a stand-in in the recording is a variable:
//! [`binding`] binds it to whatever the client sends in its place, `fill` puts the bound value into every
//! response that holds the stand-in, and moves times so that the recording seems to be made now. So tokens, names
//! and secrets that were never written down come back as the client knows them.
//!
//! A `shelf` holds the recordings of a folder, each as a `cassette`: bytes and an index, in which `asked` finds the
//! few exchanges that may fit. A `session` plays recordings to one client, a `track` each; the access key of a request
//! names the session. [`options`] say in which order and what follows the last answer; `derive` answers reads from
//! the state that the recording implies. A request that nothing was recorded for gets an error that shows the nearest
//! recorded one (`miss`). `control` is what is asked of the playback itself.

mod asked;
pub mod binding;
mod cassette;
mod control;
mod derive;
mod fill;
mod miss;
pub mod names;
pub mod options;
mod session;
mod shelf;
mod track;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use asked::Asked;
use session::{Session, Shelved};

pub use cassette::Cassette;
pub use derive::{DERIVED, DERIVED_FROM};
pub use options::{Dates, Exhausted, Mode, Options};
pub use shelf::{Shelf, ShelfError};

use super::{Responder, admin};
use crate::service::sigv4;
use crate::service::time::Timestamp;
use crate::service::{WireRequest, WireResponse};
use crate::store::Fixture;
use crate::store::values::Values;

/// The code of the error for a request that nothing was recorded for. It is not AWS's.
pub const NO_RECORDING: &str = "SmcheckNoRecordingException";

/// So many sessions there may be: every access key begins one.
const SESSIONS_MAX: usize = 4096;

/// Gets every miss, as the client gets it.
type Log = Box<dyn Fn(&str) + Send + Sync>;
type Sessions = BTreeMap<String, Arc<Mutex<Session>>>;

/// Answers from recordings.
#[derive(Default)]
pub struct Playback {
    shelf: Vec<Shelved>,
    values: Arc<Values>,
    options: Options,
    /// Whose requests are answered; anybody's who signs where there is none.
    keys: Option<(String, HashMap<String, String>)>,
    log: Option<Log>,
    sessions: RwLock<Sessions>,
}

/// A recorded exchange that no request has asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unused {
    /// The recording.
    pub recording: String,
    /// The number of the exchange or step.
    pub step: usize,
    /// The operation.
    pub operation: Option<String>,
}

impl fmt::Display for Unused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operation = self.operation.as_deref().unwrap_or("no operation");
        write!(f, "{}: {} ({operation})", self.recording, self.step)
    }
}

impl fmt::Debug for Playback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Playback({} recordings, {} sessions)", self.shelf.len(), self.lock().len())
    }
}

impl Playback {
    /// A playback without sessions and recordings.
    pub fn new() -> Self {
        Self::default()
    }

    /// A playback in which every access key begins a session over all recordings of a shelf.
    pub fn of(shelf: Shelf, options: Options) -> Self {
        Playback { shelf: shelf.recordings, values: shelf.values, options, ..Self::default() }
    }

    /// How sessions begin unless they are told otherwise.
    pub fn options(&self) -> Options {
        self.options
    }

    /// Answers only requests signed for a region with one of these pairs of access key and secret key.
    #[must_use]
    pub fn only_for(mut self, region: &str, pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        self.keys = Some((region.to_owned(), pairs.into_iter().collect()));
        self
    }

    /// Tells every miss.
    #[must_use]
    pub fn log(mut self, log: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.log = Some(Box::new(log));
        self
    }

    /// Adds a session: requests signed with this access key are answered from this fixture. A session of the same
    /// key begins anew.
    pub fn add_session(&self, access_key: &str, fixture: Fixture) {
        let mut shelf = Shelf::default();
        shelf.add(Cassette::of_fixture(fixture));
        let session = Session::new(&shelf.recordings, &self.values, self.options);
        self.lock_to_change().insert(access_key.to_owned(), Arc::new(Mutex::new(session)));
    }

    /// Makes a session of this access key over some recordings of the shelf, or all; returns their names.
    ///
    /// # Errors
    /// The sentence that says which recording there is not.
    pub fn make_session(
        &self,
        access_key: &str,
        recordings: Option<&[String]>,
        options: Options,
    ) -> Result<Vec<String>, String> {
        let chosen: Vec<&Shelved> = match recordings {
            None => self.shelf.iter().collect(),
            Some(names) => {
                let find = |name: &String| self.shelf.iter().find(|one| one.cassette.name() == name);
                let found: Option<Vec<&Shelved>> = names.iter().map(find).collect();
                found.ok_or_else(|| {
                    let all: Vec<&str> = self.shelf.iter().map(|one| one.cassette.name()).take(20).collect();
                    format!("there is no such recording; there are {}", all.join(", "))
                })?
            }
        };
        let names = chosen.iter().map(|one| one.cassette.name().to_owned()).collect();
        let mut sessions = self.lock_to_change();
        has_room(&sessions, access_key)?;
        let session = Session::new(chosen, &self.values, options);
        sessions.insert(access_key.to_owned(), Arc::new(Mutex::new(session)));
        Ok(names)
    }

    /// The session of an access key, begun if there is none. Of first requests that come at once one begins it.
    fn session_of(&self, access_key: &str) -> Result<Arc<Mutex<Session>>, String> {
        let mut sessions = self.lock_to_change();
        if let Some(session) = sessions.get(access_key) {
            return Ok(Arc::clone(session));
        }
        has_room(&sessions, access_key)?;
        let session = Arc::new(Mutex::new(Session::new(&self.shelf, &self.values, self.options)));
        sessions.insert(access_key.to_owned(), Arc::clone(&session));
        Ok(session)
    }

    /// The exchanges that no request has asked for yet, by access key; steps' own, not the probes'.
    pub fn unused(&self) -> BTreeMap<String, usize> {
        self.lock().iter().map(|(key, session)| (key.clone(), lock(session).unused())).collect()
    }

    /// The exchanges of the shelf that no session has played.
    pub fn unused_exchanges(&self) -> Vec<Unused> {
        let of = |shelved: &Shelved| -> Vec<Unused> {
            let unused = |at: &usize| !shelved.cassette.entry(*at).probe && !shelved.played.get(*at);
            (0..shelved.cassette.len()).filter(unused).map(|at| unused_at(&shelved.cassette, at)).collect()
        };
        self.shelf.iter().flat_map(of).collect()
    }

    /// The exchanges that one session has not played; `None` where there is no such session.
    pub fn unused_of(&self, access_key: &str) -> Option<Vec<Unused>> {
        let session = self.lock().get(access_key).cloned()?;
        let session = lock(&session);
        let tracks = session.tracks.iter();
        Some(tracks.flat_map(|track| track.unused().map(|at| unused_at(&track.cassette, at))).collect())
    }

    /// Values from outside that were put nowhere, as `SECRET: PATH`.
    pub fn unused_values(&self) -> Vec<String> {
        self.values.unused()
    }

    fn lock(&self) -> RwLockReadGuard<'_, Sessions> {
        // A session is changed in one go, so that a panic elsewhere leaves it whole.
        self.sessions.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_to_change(&self) -> RwLockWriteGuard<'_, Sessions> {
        self.sessions.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, request: &WireRequest, now: Timestamp) -> WireResponse {
        if let Some((region, keys)) = &self.keys {
            let secret_of = |key: &str| keys.get(key).cloned();
            if let Err(why) = sigv4::verify(request, region, secret_of, now) {
                return WireResponse::refusal(why.status, why.code, &why.message, miss::REQUEST_ID);
            }
        }
        if !self.shelf.is_empty() && admin::is_admin(request) {
            return self.control(request);
        }
        let asked = Asked::new(request);
        let key = sigv4::access_key_of(request);
        let session = key.and_then(|key| self.lock().get(key).cloned());
        if let Some(session) = session {
            return self.tell(lock(&session).answer(&asked, now));
        }
        if self.shelf.is_empty() {
            return self.search(&asked, now);
        }
        let Some(key) = key else { return self.unsigned(&asked, now) };
        match self.session_of(key) {
            Ok(session) => self.tell(lock(&session).answer(&asked, now)),
            Err(why) => miss::response(&why),
        }
    }

    fn tell(&self, (response, missed): (WireResponse, bool)) -> WireResponse {
        if missed
            && let Some(log) = &self.log
            && let Some(message) = response.error().and_then(|error| error.message)
        {
            log(&message);
        }
        response
    }

    /// A request without a signature: one that was recorded so, or what a service says to it.
    fn unsigned(&self, asked: &Asked<'_>, now: Timestamp) -> WireResponse {
        const NOBODY: &str = "";
        let session = match self.session_of(NOBODY) {
            Ok(session) => session,
            Err(why) => return miss::response(&why),
        };
        let mut session = lock(&session);
        match session.choose(asked) {
            Ok(candidate) => session.play(candidate, asked, now),
            Err(_) => match sigv4::verify(asked.request, "us-east-1", |_| None, now) {
                Err(why) => WireResponse::refusal(why.status, why.code, &why.message, miss::REQUEST_ID),
                Ok(_) => miss::response("nothing was recorded for this request"),
            },
        }
    }

    /// A request without a signature, or with a key that nobody has, where sessions were only added: the one that
    /// recorded such a request.
    fn search(&self, asked: &Asked<'_>, now: Timestamp) -> WireResponse {
        let sessions: Vec<_> = self.lock().values().cloned().collect();
        let mut sessions: Vec<MutexGuard<'_, Session>> = sessions.iter().map(|one| lock(one)).collect();
        let mut found = Vec::new();
        for (at, session) in sessions.iter_mut().enumerate() {
            if let Ok(candidate) = session.choose(asked) {
                found.push((session.rank(&candidate), at, candidate));
            }
        }
        // What binds least knows most of the client already.
        found.sort_by_key(|(rank, _, _)| *rank);
        let mut found = found.into_iter();
        let Some((rank, at, candidate)) = found.next() else {
            return miss::response("no recording holds this request, and its access key names no session");
        };
        let equal = found.as_slice().iter().filter(|(other, _, _)| *other == rank);
        let (session, mut others) = (&sessions[at], equal);
        if others.all(|(_, other, that)| session.answers_like(&candidate, &sessions[*other], that)) {
            return sessions[at].play(candidate, asked, now);
        }
        miss::response(
            "several recordings hold this request with different answers, and its access key names none",
        )
    }
}

/// Whether one more session may be.
fn has_room(sessions: &Sessions, access_key: &str) -> Result<(), String> {
    match sessions.len() >= SESSIONS_MAX && !sessions.contains_key(access_key) {
        true => Err(format!("there are {SESSIONS_MAX} sessions already; POST /_smcheck/reset drops them")),
        false => Ok(()),
    }
}

fn unused_at(cassette: &Cassette, at: usize) -> Unused {
    Unused {
        recording: cassette.name().to_owned(),
        step: cassette.entry(at).step as usize,
        operation: cassette.operation(at).map(str::to_owned),
    }
}

fn lock(session: &Mutex<Session>) -> MutexGuard<'_, Session> {
    session.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Responder for Playback {
    fn respond(&self, request: &WireRequest) -> WireResponse {
        self.answer(request, Timestamp::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_requests_that_come_at_once_share_a_session() {
        let playback = Playback::new();
        let (one, two) = (playback.session_of("KEY"), playback.session_of("KEY"));
        assert!(Arc::ptr_eq(&one.expect("there is room"), &two.expect("there is room")));
        for number in 1..SESSIONS_MAX {
            playback.session_of(&number.to_string()).expect("there is room");
        }
        assert!(playback.session_of("one more").expect_err("there is none").contains("reset"));
        assert!(playback.session_of("KEY").is_ok());
    }
}
