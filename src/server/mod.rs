//! Servers of our own: the HTTP front, and what answers behind it.

pub mod playback;
mod responder;

pub use playback::Playback;
pub use responder::Responder;
