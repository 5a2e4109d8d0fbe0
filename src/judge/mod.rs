//! Judging, from the trace in memory: matching, the contract, the invariants, known deviations, diffs.

pub mod diff;
pub mod literals;
pub mod normalise;
pub mod observation;
pub mod racing;
pub(crate) mod text;
pub mod verdict;

pub use normalise::observe;
pub use observation::Observation;
pub use verdict::*;
