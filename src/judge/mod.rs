//! Judging, from the trace in memory: matching, the contract, the invariants, known deviations, diffs.

pub mod observation;
pub mod verdict;

pub use observation::Observation;
pub use verdict::*;
