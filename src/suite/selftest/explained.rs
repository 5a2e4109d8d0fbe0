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

/// Lists whose order is not known.
const ENDS: [&str; 5] = ["VersionStages", "ToStages.*", "Tags", "ReplicationStatus", "Errors"];

/// All reasons.
pub const EXPLANATIONS: &[Explanation] = &[
    Explanation {
        changes: "the order of the labels of a version, of tags, of replicas, and of the errors of a batch",
        reason: "The recordings were sorted by the tests that made them, or hold one entry, so that the order is not known; \
                 scenarios compare sets.",
        holds: |mutation| match mutation {
            Mutation::Output(_, path, Change::Reversed) => ENDS.iter().any(|end| path.ends_with(end)),
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
        changes: "one character of a random password",
        reason: "With another letter or digit in its place it is a random password as good as before.",
        holds: |mutation| matches!(mutation, Mutation::Output(_, path, Change::Other) if path == "RandomPassword"),
    },
    Explanation {
        changes: "one code for another where replication refuses something",
        reason: "Nothing is recorded of these refusals, and the service model declares InvalidParameterException, \
                 InvalidRequestException and their like for each; the scenarios name the codes that it leaves open.",
        holds: |mutation| match mutation {
            Mutation::Failure(operation, _, text, FailureChange::Code) => {
                ["Replica", "Replication", "Regions"].iter().any(|part| operation.contains(part))
                    || ["ross-account", "CrossAccount", "primary secret's"]
                        .iter()
                        .any(|part| text.contains(part))
            }
            _ => false,
        },
    },
    Explanation {
        changes: "the code for too many tags, for a tag without a key, and for a policy that locks its owner out",
        reason: "That these are refused is documented, with which code is not.",
        holds: |mutation| match mutation {
            Mutation::Failure(_, _, text, FailureChange::Code) => {
                ["50 tags", "a key for every tag", "will not allow you to manage"]
                    .iter()
                    .any(|part| text.contains(part))
            }
            _ => false,
        },
    },
    Explanation {
        changes: "`CheckName` and `ErrorMessage` of ValidateResourcePolicy",
        reason: "That there are such entries is documented; the names of the checks and their texts are not.",
        holds: |mutation| match mutation {
            Mutation::Output(_, path, Change::Other) => path.starts_with("ValidationErrors[]."),
            _ => false,
        },
    },
    Explanation {
        changes: "`StatusMessage` of a replica",
        reason: "That there is one is documented, what it says when is not.",
        holds: |mutation| match mutation {
            Mutation::Output(_, path, Change::Other | Change::Dropped) => path.ends_with("StatusMessage"),
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
