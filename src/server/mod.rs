<<<<<<< HEAD
//! Answering: one HTTP front on 127.0.0.1, and what answers behind it.
//!
//! `front` turns connections into [`Responder::respond`] calls and back, and knows nothing of Secrets Manager.
//! [`Reference`] answers from the model: it checks signatures, keeps an account's state behind a lock, and gives the
//! model the time and its dice.

mod accounts;
mod front;
mod reference;
mod responder;

pub use front::{Limits, Server};
pub use reference::{Auth, Clock, Reference, ReferenceOptions};
=======
//! Servers of our own: the HTTP front, and what answers behind it.

pub mod playback;
mod responder;

pub use playback::Playback;
>>>>>>> store
pub use responder::Responder;
