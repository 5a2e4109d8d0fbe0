//! Answering: one HTTP front on 127.0.0.1, and what answers behind it.
//!
//! `front` turns connections into [`Responder::respond`] calls and back, and knows nothing of Secrets Manager.
//! [`Reference`] answers from the model: it checks signatures, keeps an account's state behind a lock, gives the model the
//! time and its dice, and plays a rotation function. [`Playback`] answers from fixtures, and [`faults`] makes the reference
//! answer wrongly, to see whether the scenarios notice.

mod accounts;
mod admin;
pub mod faults;
mod front;
mod function;
pub mod playback;
mod reference;
mod responder;

pub use front::{Limits, Server};
pub use playback::Playback;
pub use reference::{Auth, Clock, Reference, ReferenceOptions};
pub use responder::Responder;
