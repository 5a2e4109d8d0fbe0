//! Judging, from the trace in memory: matching, the contract, the invariants, known deviations, diffs.
//!
//! Pure: nothing here does I/O, asks a clock or draws a random number. In the order of the work: `judging` goes
//! through the steps of one trace; `step` holds responses against what was stated, `labels` the state that was
//! read against stated labels, `contract` every response against the service model, `invariants` the state
//! against the laws of labels. `names` and `paths` turn what was found into words that may be printed. Then
//! [`known`] takes out what a list expects, `causes` groups the rest, and `run` puts a whole run together.
//! Beside all that, [`normalise`] makes of a trace the text of a snapshot, [`diff`](mod@diff) compares two, and
//! [`timeline`] tells where labels were after each step.

mod about;
mod causes;
mod contract;
pub mod diff;
mod invariants;
mod judging;
pub mod known;
mod known_update;
mod labels;
pub mod literals;
mod names;
pub mod normalise;
pub mod observation;
mod paths;
mod pattern;
pub mod racing;
mod run;
mod shape_check;
pub mod sheet;
mod state;
mod status;
mod step;
pub(crate) mod text;
pub mod timeline;
mod varying;
pub mod verdict;

#[cfg(test)]
mod known_tests;
#[cfg(test)]
mod miniature;
#[cfg(test)]
mod wrong_servers;
#[cfg(test)]
mod wrong_states;

/// The kind of evidence that a deviation rests on, for reports, which know no scenarios.
pub use crate::scenario::EvidenceKind as KindOfEvidence;
pub use about::{About, Attempt, Severity};
pub use causes::alike;
pub use judging::{JudgeOptions, judge};
pub use known::{KnownEntry, KnownError, KnownEvidence, KnownList};
pub use normalise::observe;
pub use observation::Observation;
pub use run::{assemble, regroup};
pub use sheet::Sheet;
pub use status::{contract_fails, fails_run};
pub use timeline::Timeline;
pub use varying::agree_as_far;
pub use verdict::*;
