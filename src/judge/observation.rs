//! What a run showed, with volatile values named: the content of a snapshot.

/// A trace with its volatile values named, for keeping and diffing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// The text of the snapshot, one fact a line.
    pub text: String,
}
