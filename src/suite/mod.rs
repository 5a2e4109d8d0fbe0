//! The façade: load scenarios, open a target (the embedded server too), run them, judge them.
//!
//! [`catalogue`] finds the scenarios, [`open`] opens a target, [`session`] runs many scenarios on it, [`retry`] those again that
//! failed, [`partition`] cuts a catalogue into parts, [`versions`] says for which emulator a list was written. The command
//! line and the test harness both stand on this. [`playback`] answers from recordings, for tests of an application.
//! [`selftest`] runs the scenarios on servers that are wrong on purpose. [`imported`] makes a scenario of a recording,
//! [`repro`] the smallest one that shows a deviation; [`skeleton`] begins one, and
//! [`fill`] writes answers into it. [`doctor`] says what a target can and what is wrong with it.

pub mod catalogue;
pub mod doctor;
pub mod fill;
pub mod imported;
pub mod open;
pub mod partition;
pub mod playback;
pub mod repro;
pub mod retry;
pub mod selftest;
pub mod session;
pub mod skeleton;
pub mod versions;

pub use catalogue::{Catalogue, LoadError};
pub use open::{Consent, OpenError, Opened, Refuse, built_in_known_list, known_list, today};
pub use partition::{BadPartition, Partition, shuffle};
pub use retry::run_again;
pub use session::{Done, RunError, RunOptions, execute_one, run};
