//! How recordings are played back.

use crate::service::time::Timestamp;
use crate::store::fixture::BASE;

/// Which recorded exchange may answer a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Only the next one: the client does what the recording did, in its order.
    Strict,
    /// Any that fits and was not played yet; equal requests get their answers in the order of the recording.
    #[default]
    AnyOrder,
    /// As [`Mode::AnyOrder`], but a read that was recorded at another state of its secret is answered from the state
    /// that the recording and the calls so far imply, with the header `x-smcheck-derived`.
    Stateful,
}

/// What a request gets whose recorded answers have all been played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exhausted {
    /// An error.
    Error,
    /// The last of them again.
    RepeatLast,
    /// A read is answered from the state that the recording and the calls so far imply; anything else is an error.
    Derive,
}

/// Which times are played back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dates {
    /// As if the first exchange were now.
    #[default]
    Now,
    /// As the recording has them.
    Keep,
}

/// How recordings are played back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Which exchange may answer.
    pub mode: Mode,
    /// What follows the last one; unless told otherwise an error, and [`Exhausted::Derive`] with [`Mode::Stateful`].
    pub exhausted: Option<Exhausted>,
    /// Which times are played back.
    pub dates: Dates,
}

impl Options {
    /// What follows the last recorded answer.
    pub fn after_the_last(self) -> Exhausted {
        self.exhausted.unwrap_or(match self.mode {
            Mode::Stateful => Exhausted::Derive,
            Mode::Strict | Mode::AnyOrder => Exhausted::Error,
        })
    }

    /// What time it is where recordings are played.
    pub(super) fn now(self, now: Timestamp) -> Timestamp {
        match self.dates {
            Dates::Now => now,
            Dates::Keep => BASE,
        }
    }

    /// Whether some answers may be derived.
    pub(super) fn derives(self) -> bool {
        self.mode == Mode::Stateful || self.after_the_last() == Exhausted::Derive
    }
}

impl Mode {
    /// The mode of this name.
    pub fn named(name: &str) -> Option<Self> {
        [("strict", Mode::Strict), ("any-order", Mode::AnyOrder), ("stateful", Mode::Stateful)]
            .into_iter()
            .find_map(|(word, mode)| (word == name).then_some(mode))
    }
}

impl Exhausted {
    /// The choice of this name.
    pub fn named(name: &str) -> Option<Self> {
        [("error", Exhausted::Error), ("repeat-last", Exhausted::RepeatLast), ("derive", Exhausted::Derive)]
            .into_iter()
            .find_map(|(word, exhausted)| (word == name).then_some(exhausted))
    }
}

impl Dates {
    /// The choice of this name.
    pub fn named(name: &str) -> Option<Self> {
        [("now", Dates::Now), ("keep", Dates::Keep)]
            .into_iter()
            .find_map(|(word, dates)| (word == name).then_some(dates))
    }
}
