//! Single changes that no scenario can be asked to notice, and why.

use super::density::Tried;
use crate::server::faults::mutation::{Change, FailureChange, Mutation, WireChange};

/// One reason, and the mutations that it holds for.
pub struct Explanation {
    /// Which changes.
    pub changes: &'static str,
    /// Why they go unnoticed.
    pub reason: &'static str,
    holds: fn(&Mutation) -> bool,
}

impl std::fmt::Debug for Explanation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Explanation({})", self.changes)
    }
}

/// All reasons.
pub const EXPLANATIONS: &[Explanation] = &[
    Explanation {
        changes: "the order of the labels of a version, and of tags",
        reason: "All recordings were sorted by the tests that made them, so that the order is not known; scenarios compare sets.",
        holds: |mutation| match mutation {
            Mutation::Output(_, path, Change::Reversed) => {
                path.ends_with("VersionStages") || path.ends_with("ToStages.*") || path.ends_with("Tags")
            }
            _ => false,
        },
    },
    Explanation {
        changes: "the text of a failure that nobody recorded",
        reason: "The code is known or inferred, the text is not; the scenario states the code alone, and says so where \
                 the text of the reference is inferred.",
        holds: |mutation| matches!(mutation, Mutation::Failure(_, _, _, FailureChange::Text)),
    },
    Explanation {
        changes: "the code that is given to a request that calls no operation",
        reason: "Neither code nor text is recorded for a method other than POST or a request without a signature by \
                 header; the scenario states that it fails.",
        holds: |mutation| match mutation {
            Mutation::Failure(_, code, _, FailureChange::Code) => {
                code == "UnknownOperationException" || code == "MissingAuthenticationTokenException"
            }
            _ => false,
        },
    },
    Explanation {
        changes: "`message` for `Message`",
        reason: "The one raw recording has `Message`, the layer that checks signatures writes `message`, and every SDK \
                 takes both; the contract does so, too.",
        holds: |mutation| matches!(mutation, Mutation::Wire(WireChange::MessageKey)),
    },
    Explanation {
        changes: "what the reference does not model",
        reason: "Its code is ours and no server's; a scenario that meets it is skipped.",
        holds: |mutation| match mutation {
            Mutation::Failure(_, code, ..) => code == crate::service::errors::NOT_MODELLED,
            _ => false,
        },
    },
];

impl Tried {
    /// Whether nobody noticed it, for a reason.
    pub fn open(&self) -> bool {
        self.applied && self.caught.is_none() && self.explained().is_some()
    }

    /// Whether nobody noticed it, and someone should.
    pub fn survived(&self) -> bool {
        self.applied && self.caught.is_none() && self.explained().is_none()
    }

    /// Why a survivor may survive.
    pub fn explained(&self) -> Option<&'static Explanation> {
        EXPLANATIONS.iter().find(|explanation| (explanation.holds)(&self.mutation))
    }
}
