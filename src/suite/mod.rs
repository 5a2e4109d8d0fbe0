//! The façade: load scenarios, open a target (the embedded server too), run them, judge them.
//!
//! [`catalogue`] finds the scenarios, [`open`] opens a target, [`session`] runs many scenarios on it. The command
//! line and the test harness both stand on this. [`playback`] answers from recordings, for tests of an application.
//! [`doctor`] says what a target can and what is wrong with it. [`selftest`] runs the scenarios on servers that are wrong on purpose. [`imported`] makes a scenario of a recording.

pub mod catalogue;
pub mod doctor;
pub mod imported;
pub mod open;
pub mod playback;
pub mod selftest;
pub mod session;

pub use catalogue::{Catalogue, LoadError};
pub use open::{Consent, OpenError, Opened, Refuse, known_list, today};
pub use session::{Done, RunError, RunOptions, execute_one, run};
