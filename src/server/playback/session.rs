//! A session: recordings being played to one client, each with its own place in it.

use std::sync::Arc;

use super::asked::Asked;
use super::cassette::Cassette;
use super::miss;
use super::options::{Exhausted, Mode, Options};
use super::track::{Choice, Found, Played, Track};
use crate::service::WireResponse;
use crate::service::time::Timestamp;
use crate::store::values::Values;

/// A recording, and which exchanges of it were ever played.
#[derive(Clone, Debug)]
pub(super) struct Shelved {
    pub(super) cassette: Arc<Cassette>,
    pub(super) played: Arc<Played>,
}

/// Recordings being played to one client.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) tracks: Vec<Track>,
    pub(super) options: Options,
}

/// A recorded exchange that a session would play.
pub(super) struct Candidate {
    track: usize,
    found: Found,
}

impl Session {
    pub(super) fn new<'s>(
        shelf: impl IntoIterator<Item = &'s Shelved>,
        values: &Arc<Values>,
        options: Options,
    ) -> Self {
        let track = |shelved: &Shelved| {
            Track::new(
                Arc::clone(&shelved.cassette),
                Arc::clone(&shelved.played),
                Arc::clone(values),
                options,
            )
        };
        Session { tracks: shelf.into_iter().map(track).collect(), options }
    }

    /// How many exchanges of steps nobody has asked for.
    pub(super) fn unused(&self) -> usize {
        self.tracks.iter().map(|track| track.unused().count()).sum()
    }

    /// The exchange that a request stands for.
    ///
    /// # Errors
    /// Whether it is for being ambiguous that there is none.
    pub(super) fn choose(&mut self, asked: &Asked<'_>) -> Result<Candidate, bool> {
        let mut several = false;
        let mut found: Vec<(usize, Found)> = Vec::new();
        for (at, track) in self.tracks.iter_mut().enumerate() {
            match track.choose(asked) {
                Choice::One(one) => found.push((at, one)),
                Choice::None => {}
                Choice::Several => several = true,
            }
        }
        // What binds least knows most of the client already; then a recording that is being played.
        let rank = |(at, found): &(usize, Found)| {
            let track = &self.tracks[*at];
            (found.binds(), !track.is_started(), !track.is_next(found.at))
        };
        let Some(best) = found.iter().min_by_key(|candidate| rank(candidate)) else { return Err(several) };
        let alike = |other: &&(usize, Found)| {
            self.tracks[best.0].answers_like(&best.1, &self.tracks[other.0], &other.1)
        };
        if found.iter().filter(|other| rank(other) == rank(best)).all(|other| alike(&other)) {
            Ok(Candidate { track: best.0, found: best.1.clone() })
        } else {
            Err(true)
        }
    }

    /// How well a candidate fits beside those of other sessions: the least is the best.
    pub(super) fn rank(&self, candidate: &Candidate) -> (usize, bool) {
        (candidate.found.binds(), !self.tracks[candidate.track].is_next(candidate.found.at))
    }

    /// Whether the candidates of two sessions were answered alike.
    pub(super) fn answers_like(&self, this: &Candidate, other: &Session, that: &Candidate) -> bool {
        self.tracks[this.track].answers_like(&this.found, &other.tracks[that.track], &that.found)
    }

    /// Plays an exchange.
    pub(super) fn play(&mut self, candidate: Candidate, asked: &Asked<'_>, now: Timestamp) -> WireResponse {
        self.tracks[candidate.track].play(candidate.found, asked, now)
    }

    /// The answer to a request, and whether it is a miss.
    pub(super) fn answer(&mut self, asked: &Asked<'_>, now: Timestamp) -> (WireResponse, bool) {
        let ambiguous = match self.choose(asked) {
            Ok(candidate) => return (self.play(candidate, asked, now), false),
            Err(ambiguous) => ambiguous,
        };
        let used_up = self.tracks.iter().any(|track| track.is_used_up(asked));
        let derives = match (used_up, self.options.mode) {
            (true, _) => self.options.after_the_last() == Exhausted::Derive,
            (false, mode) => mode == Mode::Stateful,
        };
        // A recording that is being played knows what the client did.
        let mut order: Vec<usize> = (0..self.tracks.len()).collect();
        order.sort_by_key(|at| !self.tracks[*at].is_started());
        for at in order {
            let track = &mut self.tracks[at];
            let answer = match self.options.after_the_last() {
                _ if ambiguous => None,
                _ if derives && asked.reads => track.derive(asked, now),
                Exhausted::RepeatLast if used_up => track.repeat(asked),
                _ => None,
            };
            if let Some(answer) = answer {
                return (answer, false);
            }
        }
        (self.miss(asked, ambiguous), true)
    }

    /// The error for a request that nothing fits, with the nearest recorded request beside it.
    pub(super) fn miss(&self, asked: &Asked<'_>, ambiguous: bool) -> WireResponse {
        // A request that was recorded and has been answered as often as it was recorded.
        let used = self.tracks.iter().any(|track| track.last_used(asked).is_some());
        let waits = self.options.mode == Mode::Strict && !used;
        let why = match (ambiguous, used) {
            (true, _) => "several recorded requests fit this one, and which is meant would be a guess",
            (false, false) if waits => "this request is not the next of the recording",
            (false, false) if self.options.mode == Mode::Stateful && asked.reads => {
                "nothing was recorded for this request at this state, and what was recorded does not imply an answer"
            }
            (false, false) => "nothing was recorded for this request",
            (false, true) => "the recorded answers to this request are used up",
        };
        miss::explain(why, &self.tracks.iter().collect::<Vec<_>>(), asked)
    }
}
