//! What fails a run. The command line decides it (`--strict`, `--gate`, `--strict-known`); reports show it.

use std::fmt;

use crate::judge::{Deviation, Status, Verdict};

/// What fails a run, as the reports need to know it.
#[derive(Clone, Copy)]
pub struct Failing<'a> {
    /// Whether this scenario fails the run.
    pub scenario: &'a dyn Fn(&Verdict) -> bool,
    /// Whether this finding of the contract fails the run.
    pub contract: &'a dyn Fn(&Deviation) -> bool,
    /// Whether entries of the known list that did not occur fail the run.
    pub gone: bool,
}

impl Failing<'static> {
    /// What holds unless something else is asked for: scenarios that deviate or could not be judged, and every
    /// finding of the contract.
    pub const USUAL: Self = Self {
        scenario: &|verdict| matches!(verdict.status, Status::Deviated | Status::Error),
        contract: &|_| true,
        gone: false,
    };
}

impl fmt::Debug for Failing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failing").field("gone", &self.gone).finish_non_exhaustive()
    }
}
