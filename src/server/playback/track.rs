//! A track: one recording being played, with its own place in it and its own bindings.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::asked::{self, Asked, Parts, changes_key, place_key, places};
use super::binding::{Bindings, New};
use super::cassette::Cassette;
use super::derive::Shadow;
use super::fill::{self, Filled, From};
use super::options::{Mode, Options};
use crate::service::redact::{Class, walk};
use crate::service::time::Timestamp;
use crate::service::wire::CONTENT_TYPE;
use crate::service::{WireRequest, WireResponse};
use crate::store::reader::{Line, RequestLine};
use crate::store::values::Values;

/// So many bytes of filled responses are kept.
const PREPARED_MAX: usize = 1 << 20;

/// Which exchanges of a recording were ever played, by whichever session.
#[derive(Debug)]
pub(super) struct Played(Vec<AtomicU64>);

impl Played {
    pub(super) fn new(length: usize) -> Self {
        Played((0..length.div_ceil(64)).map(|_| AtomicU64::new(0)).collect())
    }

    fn set(&self, at: usize) {
        self.0[at / 64].fetch_or(1 << (at % 64), Ordering::Relaxed);
    }

    pub(super) fn get(&self, at: usize) -> bool {
        self.0[at / 64].load(Ordering::Relaxed) & (1 << (at % 64)) != 0
    }
}

/// An exchange that fits a request, and what it binds.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) at: usize,
    new: New,
}

impl Found {
    /// How many stand-ins it binds.
    pub(super) fn binds(&self) -> usize {
        self.new.len()
    }
}

/// Which exchange a request stands for.
#[derive(Debug)]
pub(super) enum Choice {
    /// This one.
    One(Found),
    /// None fits, or those that do are used up.
    None,
    /// Several fit, and which is meant would be a guess.
    Several,
}

/// How a search goes on.
enum Go {
    On,
    /// On, but past requests that are equal to this one.
    PastEqual,
    Stop,
}

/// One recording being played.
#[derive(Debug)]
pub(super) struct Track {
    pub(super) cassette: Arc<Cassette>,
    played: Arc<Played>,
    values: Arc<Values>,
    options: Options,
    used: Vec<u64>,
    pub(super) bindings: Bindings,
    /// When the first request came: the moment that the recording's base instant stands for.
    started: Option<Timestamp>,
    playing: bool,
    /// Where the unused exchanges of a list in the index begin.
    cursors: HashMap<usize, usize>,
    /// The first exchange of a step that was not played.
    pub(super) next: usize,
    /// The changes played, by their key in the index: how many, and the last.
    changes: HashMap<u64, (usize, usize)>,
    prepared: HashMap<u64, (u64, Filled)>,
    prepared_bytes: usize,
    shadow: Option<Shadow>,
}

impl Track {
    pub(super) fn new(
        cassette: Arc<Cassette>,
        played: Arc<Played>,
        values: Arc<Values>,
        options: Options,
    ) -> Self {
        let bindings = Bindings::new(Arc::clone(cassette.names()));
        let shadow = options.derives().then(|| Shadow::new(cassette.region()));
        let mut track = Track {
            used: vec![0; cassette.len().div_ceil(64)],
            cassette,
            played,
            values,
            options,
            bindings,
            started: None,
            playing: false,
            cursors: HashMap::new(),
            next: 0,
            changes: HashMap::new(),
            prepared: HashMap::new(),
            prepared_bytes: 0,
            shadow,
        };
        track.advance();
        track
    }

    /// Whether anything of it was played.
    pub(super) fn is_started(&self) -> bool {
        self.playing
    }

    /// The exchanges of steps that nobody has asked for.
    pub(super) fn unused(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.cassette.len()).filter(|at| !self.cassette.entry(*at).probe && !self.is_used(*at))
    }

    fn is_used(&self, at: usize) -> bool {
        self.used[at / 64] & (1 << (at % 64)) != 0
    }

    fn advance(&mut self) {
        let entries = self.cassette.entries();
        while entries.get(self.next).is_some_and(|entry| entry.probe) || self.next_is_used() {
            self.next += 1;
        }
    }

    fn next_is_used(&self) -> bool {
        self.next < self.cassette.len() && self.is_used(self.next)
    }

    /// Chooses the exchange that a request stands for: the first that fits, if all that fit would bind alike or bind
    /// only tokens and secrets of a change. Otherwise the one that is next in the recording, since a client that follows
    /// the recording means it; or, of requests that were sent at once, any. What is left would be a guess.
    pub(super) fn choose(&mut self, asked: &Asked<'_>) -> Choice {
        let strict = self.options.mode == Mode::Strict;
        let state = self.state_key(asked).filter(|_| self.options.mode == Mode::Stateful);
        let mut first: Option<Found> = None;
        let mut several = false;
        self.scan(asked, |track, at, new| {
            if strict && !track.is_next(at) {
                return if at < track.next { Go::On } else { Go::Stop };
            }
            if state.is_some_and(|key| !track.is_at_state(key, at)) {
                return Go::On;
            }
            let Some(found) = &first else {
                let settled = strict || new.is_empty() || (!asked.reads && new.is_fresh());
                first = Some(Found { at, new });
                return if settled { Go::Stop } else { Go::PastEqual };
            };
            let (a, b) = (track.cassette.entry(found.at), track.cassette.entry(at));
            let at_once = a.parallel && b.parallel && a.step == b.step;
            if new == found.new || at_once {
                return Go::PastEqual;
            }
            several = true;
            Go::Stop
        });
        match first {
            None => Choice::None,
            Some(found) if several && !self.is_next(found.at) => Choice::Several,
            Some(found) => Choice::One(found),
        }
    }

    /// Whether all exchanges of steps that come before this one have been played.
    pub(super) fn is_next(&self, at: usize) -> bool {
        let this = self.cassette.entry(at);
        let open = (self.next..at).filter(|other| !self.is_used(*other));
        let mut open = open.map(|other| self.cassette.entry(other)).filter(|other| !other.probe);
        open.all(|other| other.step == this.step && this.parallel && other.parallel)
    }

    /// The changes on which the answer to a read depends; `None` for a request that is no read of a state.
    fn state_key(&self, asked: &Asked<'_>) -> Option<u64> {
        if !asked.reads
            || matches!(asked.operation, None | Some("GetRandomPassword" | "ValidateResourcePolicy"))
        {
            return None;
        }
        Some(changes_key(asked.secret(&self.bindings).as_deref()))
    }

    /// Whether the changes that were played are those that came before this exchange in the recording.
    fn is_at_state(&self, key: u64, at: usize) -> bool {
        let (count, last) = self.changes.get(&key).map_or((0, None), |(count, last)| (*count, Some(*last)));
        count == self.cassette.changes_before(key, at) && last.is_none_or(|last| last < at)
    }

    /// Plays an exchange.
    pub(super) fn play(&mut self, found: Found, asked: &Asked<'_>, now: Timestamp) -> WireResponse {
        let at = found.at;
        self.started.get_or_insert(now);
        self.playing = true;
        self.used[at / 64] |= 1 << (at % 64);
        self.played.set(at);
        self.advance();
        self.bindings.keep(found.new);
        let secret = self.shadow.is_some().then(|| asked.secret(&self.bindings)).flatten();
        if let Some(name) = &secret {
            self.seed(Some(name), now);
        }
        if self.cassette.entry(at).changes && self.options.derives() {
            for key in [Some(changes_key(None)), secret.as_deref().map(|name| changes_key(Some(name)))] {
                let Some(key) = key else { continue };
                let (count, last) = self.changes.entry(key).or_insert((0, at));
                *count += 1;
                *last = at.max(*last);
            }
        }
        let filled = self.filled(at);
        if let Some(shadow) = &mut self.shadow {
            let now = self.options.now(now);
            shadow.saw(asked, &self.cassette, at, &filled.body, now);
        }
        filled.response(at + 1)
    }

    /// The response of the last exchange that fits a request and was played.
    pub(super) fn repeat(&mut self, asked: &Asked<'_>) -> Option<WireResponse> {
        let at = self.last_used(asked)?;
        Some(self.filled(at).response(at + 1))
    }

    /// The last exchange that fits a request and was played.
    pub(super) fn last_used(&self, asked: &Asked<'_>) -> Option<usize> {
        let lists = self.lists(asked);
        let used = |at: &usize| self.is_used(*at) && self.fits(*at, asked).is_some_and(|new| new.is_empty());
        lists.iter().filter_map(|(_, list)| list.iter().rev().map(|(_, at)| *at as usize).find(used)).max()
    }

    /// Whether the request is one whose recorded answers, at the state that its secret has now, have all been played.
    pub(super) fn is_used_up(&self, asked: &Asked<'_>) -> bool {
        let state = self.state_key(asked).filter(|_| self.options.mode == Mode::Stateful);
        self.last_used(asked).is_some_and(|at| state.is_none_or(|key| self.is_at_state(key, at)))
    }

    /// The answer that the recording and the calls so far imply, if they do.
    pub(super) fn derive(&mut self, asked: &Asked<'_>, now: Timestamp) -> Option<WireResponse> {
        let input = asked.input.as_ref().filter(|_| self.shadow.is_some())?;
        let names: Vec<String> =
            asked::secrets_of(input).map(|id| asked::recorded_name(&self.bindings, id)).collect();
        names.iter().for_each(|name| self.seed(Some(name), now));
        if names.is_empty() {
            self.seed(None, now);
        }
        let last = self.changes.get(&changes_key(None)).map(|(_, last)| last + 1);
        let now = self.options.now(now);
        self.shadow.as_mut()?.derive(asked, self.cassette.name(), last, now)
    }

    /// Tells the shadow what the recording says before the first change: of a secret, or in lists.
    fn seed(&mut self, name: Option<&str>, now: Timestamp) {
        let Some(mut shadow) = self.shadow.take() else { return };
        let started = *self.started.get_or_insert(now);
        // What is read ahead must not take the place of what the client will send.
        let from = From { started, dates: self.options.dates, values: &self.values, told: false };
        let now = self.options.now(now);
        match name {
            Some(name) if shadow.begin(name) => {
                shadow.seed(name, &self.cassette, &mut self.bindings, from, now);
            }
            Some(_) => {}
            None => shadow.seed_list(&self.cassette, &mut self.bindings, from, now),
        }
        self.shadow = Some(shadow);
    }

    fn filled(&mut self, at: usize) -> Filled {
        let answer = self.cassette.entry(at).answer;
        let generation = self.bindings.generation();
        if let Some((of, filled)) = self.prepared.get(&answer)
            && *of == generation
        {
            return filled.clone();
        }
        let cassette = Arc::clone(&self.cassette);
        let values = Arc::clone(&self.values);
        let from = From {
            started: self.started.unwrap_or_default(),
            dates: self.options.dates,
            values: &values,
            told: true,
        };
        let filled = match cassette.line(at) {
            Some(Line { response, .. }) => {
                fill::fill(&mut self.bindings, cassette.operation(at), &response, from)
            }
            None => Filled::nothing(),
        };
        self.prepared_bytes += filled.body.len() + 64;
        if self.prepared_bytes > PREPARED_MAX {
            self.prepared.clear();
            self.prepared_bytes = filled.body.len() + 64;
        }
        self.prepared.insert(answer, (self.bindings.generation(), filled.clone()));
        filled
    }

    /// Whether two exchanges of two tracks were answered alike.
    pub(super) fn answers_like(&self, found: &Found, other: &Track, other_found: &Found) -> bool {
        self.cassette.entry(found.at).answer == other.cassette.entry(other_found.at).answer
    }

    /// The lists of the index that hold all exchanges that may fit a request: for every mask one.
    fn lists(&self, asked: &Asked<'_>) -> Vec<(usize, &[(u64, u32)])> {
        let mut lists = Vec::new();
        for mask in self.cassette.masks(asked.parts.form) {
            let shape = asked.parts.shape(*mask);
            let mut best = self.cassette.under(shape);
            if best.1.is_empty() {
                continue;
            }
            if !self.cassette.is_loose(shape) {
                for at in places(*mask) {
                    if let Some(stand_in) = self.stand_in_at(asked, at) {
                        let list = self.cassette.under(place_key(shape, at, stand_in));
                        if list.1.len() < best.1.len() {
                            best = list;
                        }
                    }
                }
            }
            if !best.1.is_empty() {
                lists.push(best);
            }
        }
        lists
    }

    fn stand_in_at(&self, asked: &Asked<'_>, at: usize) -> Option<&str> {
        let (class, value) = asked.parts.leaves.get(at)?;
        self.bindings.stand_in_of(*class, value.as_str()?)
    }

    /// Goes through the unused exchanges that fit, in the order of the recording.
    fn scan(&mut self, asked: &Asked<'_>, mut each: impl FnMut(&Self, usize, New) -> Go) {
        let mut cursors = Vec::new();
        let mut heads: Vec<(usize, &[(u64, u32)])> = Vec::new();
        for (start, list) in self.lists(asked) {
            let from = self.cursors.get(&start).copied().unwrap_or(0);
            let used = list[from..].iter().take_while(|(_, at)| self.is_used(*at as usize)).count();
            cursors.push((start, from + used));
            heads.push((0, &list[from + used..]));
        }
        let mut equal = None;
        loop {
            let next =
                heads.iter_mut().filter_map(|(at, list)| Some((list.get(*at)?.1, at))).min_by_key(|n| n.0);
            let Some((found, at)) = next else { break };
            *at += 1;
            let found = found as usize;
            let entry = self.cassette.entry(found);
            if self.is_used(found) || (equal == Some(entry.exact) && !entry.loose) {
                continue;
            }
            let Some(new) = self.fits(found, asked) else { continue };
            match each(self, found, new) {
                Go::On => {}
                Go::PastEqual => equal = Some(entry.exact).filter(|_| !entry.loose),
                Go::Stop => break,
            }
        }
        self.cursors.extend(cursors);
    }

    /// Whether a recorded exchange fits a request, and what it would bind.
    fn fits(&self, at: usize, asked: &Asked<'_>) -> Option<New> {
        let entry = self.cassette.entry(at);
        if !entry.loose && asked.plain {
            let shape = asked.parts.shape(entry.mask);
            let stand_in = |at| self.stand_in_at(asked, at).map(str::to_owned);
            if Parts::exact(shape, entry.mask, stand_in) == Some(entry.exact) {
                return Some(New::default());
            }
        }
        let line = self.cassette.line(at)?;
        let recorded = &line.request;
        if line.operation.as_deref() != asked.operation || recorded.unsigned != asked.unsigned {
            return None;
        }
        let mut new = New::default();
        self.head_fits(recorded, asked.operation, asked.request, &mut new).then_some(())?;
        let Some(tree) = &asked.parts.tree else {
            return (recorded.body.is_none() && recorded.length.is_some() != asked.request.body.is_empty())
                .then_some(new);
        };
        let body = serde_json::from_str(recorded.body?.get()).ok()?;
        let (form, leaves) = walk::flatten(asked.operation, &body);
        let fits = form == *tree
            && leaves.iter().zip(&asked.parts.leaves).all(|((_, recorded), (class, sent))| {
                self.bindings.matches(&mut new, *class, recorded, sent)
            });
        fits.then_some(new)
    }

    fn head_fits(
        &self,
        recorded: &RequestLine<'_>,
        operation: Option<&str>,
        request: &WireRequest,
        new: &mut New,
    ) -> bool {
        let mut text = |recorded: &str, sent: &str| {
            self.bindings.matches(new, Class::Closed, &recorded.into(), &sent.into())
        };
        let target = asked::usual_target(operation);
        let mut header = |name: &str, usual: Option<&str>| {
            let recorded = recorded.headers.get(name).map(String::as_str).or(usual).unwrap_or_default();
            text(recorded, request.header(name).unwrap_or_default())
        };
        header("content-type", Some(CONTENT_TYPE))
            && header(asked::TARGET, target.as_deref())
            && text(recorded.method.as_deref().unwrap_or("POST"), &request.method)
            && text(recorded.path.as_deref().unwrap_or("/"), &request.path)
    }
}
