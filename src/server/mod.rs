//! Answering: one HTTP front, on 127.0.0.1 unless told otherwise, and what answers behind it.
//!
//! `front` turns connections into [`Responder::respond`] calls and back, and knows nothing of Secrets Manager; `tls` makes
//! its certificates.
//! [`Reference`] answers from the model: it checks signatures, keeps an account's state behind a lock, gives the model the
//! time and its dice, and plays a rotation function. [`Playback`] answers from fixtures, and [`faults`] makes the reference
//! answer wrongly, to see whether the scenarios notice. [`proxy`] asks a target and keeps what it answers.

mod accounts;
mod admin;
pub mod faults;
mod front;
mod function;
pub mod playback;
pub mod proxy;
mod reference;
mod responder;
mod tls;

pub use front::{Bound, Limits, Listen, Server};
pub use playback::Playback;
pub use reference::{Auth, Clock, Reference, ReferenceOptions};
pub use responder::{Behind, Coming, PatientResponder, Responder};
pub use tls::{Tls, TlsError};
