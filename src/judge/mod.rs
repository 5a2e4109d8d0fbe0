//! Judging, from the trace in memory: matching, the contract, the invariants, known deviations, diffs.
//!
//! Pure: nothing here does I/O, asks a clock or draws a random number. In the order of the work: `judging` goes
//! through the steps of one trace; `step` holds responses against what was stated, `labels` the state that was
//! read against stated labels, `contract` every response against the service model, `invariants` the state
//! against the laws of labels. `names` and `paths` turn what was found into words that may be printed. Then
//! [`known`] takes out what a list expects, `causes` groups the rest, and `run` puts a whole run together.

<<<<<<< HEAD
mod causes;
mod contract;
mod invariants;
mod judging;
pub mod known;
mod known_update;
mod labels;
mod names;
pub mod observation;
mod paths;
mod pattern;
mod run;
mod shape_check;
mod state;
mod status;
mod step;
pub mod verdict;

#[cfg(test)]
mod known_tests;
#[cfg(test)]
mod miniature;
#[cfg(test)]
mod wrong_servers;
#[cfg(test)]
mod wrong_states;

pub use judging::{JudgeOptions, judge};
pub use known::{KnownEntry, KnownError, KnownEvidence, KnownList};
=======
pub mod diff;
pub mod literals;
pub mod normalise;
pub mod observation;
pub mod racing;
pub(crate) mod text;
pub mod verdict;

pub use normalise::observe;
>>>>>>> store
pub use observation::Observation;
pub use run::assemble;
pub use status::{contract_fails, fails_run};
pub use verdict::*;
