//! A session: one recording being played, with its own place in it and its own bindings.

use super::binding::{Bindings, New};
use super::{fill, miss};
use crate::service::redact::walk;
use crate::service::time::Timestamp;
use crate::service::wire::{CONTENT_TYPE, TARGET_HEADER, TARGET_PREFIX};
use crate::service::{WireRequest, WireResponse, shapes};
use crate::store::Fixture;
use crate::store::fixture::{RecordedExchange, RecordedRequest};
use crate::store::recording::{is_container, is_unsigned};

/// One recording being played.
#[derive(Debug)]
pub(super) struct Session {
    fixture: Fixture,
    used: Vec<bool>,
    bindings: Bindings,
    /// When the first request came: the moment that the recording's base instant stands for.
    started: Option<Timestamp>,
}

/// An exchange that fits a request, and what it binds.
#[derive(Clone, Debug)]
pub(super) struct Found {
    at: usize,
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

impl Session {
    pub(super) fn new(fixture: Fixture) -> Self {
        let bindings = Bindings::new(fixture.names.clone());
        Session { used: vec![false; fixture.exchanges.len()], fixture, bindings, started: None }
    }

    /// How many exchanges of steps nobody has asked for.
    pub(super) fn unused(&self) -> usize {
        let unused = self.fixture.exchanges.iter().zip(&self.used).filter(|(_, used)| !**used);
        unused.filter(|(exchange, _)| exchange.probe.is_none()).count()
    }

    /// Chooses the exchange that a request stands for: the first that fits, if all that fit would bind alike.
    /// Otherwise the one that is next in the recording, since a client that follows the recording means it; or,
    /// of requests that were sent at once, any. What is left would be a guess.
    pub(super) fn choose(&self, request: &WireRequest) -> Choice {
        let fits = |at: &usize| !self.used[*at];
        let found: Vec<Found> = (0..self.used.len())
            .filter(fits)
            .filter_map(|at| Some(Found { at, new: self.fits(&self.fixture.exchanges[at], request)? }))
            .collect();
        let Some(first) = found.first().cloned() else { return Choice::None };
        let alike = found.iter().all(|other| other.new == first.new);
        let at_once = found.iter().all(|other| {
            let (a, b) = (&self.fixture.exchanges[first.at], &self.fixture.exchanges[other.at]);
            a.parallel && b.parallel && a.step == b.step
        });
        if alike || at_once || self.is_next(&first) { Choice::One(first) } else { Choice::Several }
    }

    /// Whether all exchanges of steps that come before this one have been played.
    pub(super) fn is_next(&self, found: &Found) -> bool {
        let this = &self.fixture.exchanges[found.at];
        let before = |other: &RecordedExchange| other.step < this.step || !(this.parallel && other.parallel);
        let earlier = self.fixture.exchanges.iter().zip(&self.used).take(found.at);
        earlier.filter(|(other, _)| other.probe.is_none() && before(other)).all(|(_, used)| *used)
    }

    /// Plays an exchange.
    pub(super) fn play(&mut self, found: Found, now: Timestamp) -> WireResponse {
        let started = *self.started.get_or_insert(now);
        self.used[found.at] = true;
        self.bindings.keep(found.new);
        let exchange = &self.fixture.exchanges[found.at];
        let operation = exchange.operation.as_deref();
        fill::fill(&mut self.bindings, operation, &exchange.response, found.at + 1, started)
    }

    /// Whether two exchanges of two sessions were answered alike.
    pub(super) fn answers_like(&self, found: &Found, other: &Session, other_found: &Found) -> bool {
        let response = |session: &Session, found: &Found| {
            let response = &session.fixture.exchanges[found.at].response;
            (response.status, response.body.clone(), response.length)
        };
        response(self, found) == response(other, other_found)
    }

    /// The error for a request that nothing fits, with the nearest recorded request beside it.
    pub(super) fn miss(&self, request: &WireRequest, ambiguous: bool) -> WireResponse {
        // A request that was recorded and has been answered as often as it was recorded.
        let used = self.fixture.exchanges.iter().zip(&self.used).filter(|(_, used)| **used);
        let times = used.filter(|(exchange, _)| self.fits(exchange, request).is_some()).count();
        let why = match (ambiguous, times) {
            (true, _) => {
                "several recorded requests fit this one, and which is meant would be a guess".to_owned()
            }
            (false, 0) => "nothing was recorded for this request".to_owned(),
            (false, times) => format!("the recorded answers to this request are used up ({times})"),
        };
        miss::explain(&why, &self.fixture, &self.bindings, request)
    }

    /// Whether a recorded exchange fits a request, and what it would bind.
    fn fits(&self, exchange: &RecordedExchange, request: &WireRequest) -> Option<New> {
        let operation = request.operation().filter(|name| shapes().operation(name).is_some());
        let recorded = &exchange.request;
        if exchange.operation.as_deref() != operation || recorded.unsigned != is_unsigned(request) {
            return None;
        }
        let mut new = New::default();
        self.head_fits(recorded, operation, request, &mut new).then_some(())?;
        let input = request.json().filter(is_container);
        match (&recorded.body, input) {
            (Some(tree), Some(input)) => {
                let (recorded_form, recorded) = walk::flatten(operation, &tree.clone().into_value());
                let (form, sent) = walk::flatten(operation, &input);
                let leaves = recorded.iter().zip(&sent);
                let all = form == recorded_form
                    && leaves.into_iter().all(|((_, recorded), (class, sent))| {
                        self.bindings.matches(&mut new, *class, recorded, sent)
                    });
                all.then_some(new)
            }
            (None, None) => (recorded.length.is_some() != request.body.is_empty()).then_some(new),
            _ => None,
        }
    }

    fn head_fits(
        &self,
        recorded: &RecordedRequest,
        operation: Option<&str>,
        request: &WireRequest,
        new: &mut New,
    ) -> bool {
        let mut text = |recorded: &str, sent: &str| {
            let class = crate::service::redact::Class::Closed;
            self.bindings.matches(new, class, &recorded.into(), &sent.into())
        };
        let target = operation.map(|operation| format!("{TARGET_PREFIX}{operation}"));
        let mut header = |name: &str, usual: Option<&str>| {
            let recorded = recorded.headers.get(name).map(String::as_str).or(usual).unwrap_or_default();
            text(recorded, request.header(name).unwrap_or_default())
        };
        header("content-type", Some(CONTENT_TYPE))
            && header(TARGET_HEADER, target.as_deref())
            && text(recorded.method.as_deref().unwrap_or("POST"), &request.method)
            && text(recorded.path.as_deref().unwrap_or("/"), &request.path)
    }
}
