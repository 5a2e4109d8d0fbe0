//! A snapshot: an observation in insta's file format, so that `cargo insta review` works on it.
//!
//! The writer is ours, since insta cannot make a snapshot of a name known only at run time. What is ours in the
//! header stands under `info:`, where insta keeps it without reading it.

use serde::{Deserialize, Serialize};

use super::FormatError;
use crate::judge::TargetInfo;
use crate::scenario::Scenario;

/// The version of the format.
const FORMAT: u64 = 1;

/// A snapshot as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSnapshot {
    /// What it was recorded from.
    pub info: SnapshotInfo,
    /// The observation.
    pub text: String,
}

/// What a snapshot tells of its making.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SnapshotInfo {
    /// The version of the format.
    pub smcheck: u64,
    /// The scenario's id.
    pub scenario: String,
    /// SHA-256 of the scenario's file, in hex.
    pub scenario_hash: String,
    /// Why its expectations are believed.
    pub evidence: String,
    /// The target's name.
    pub target: String,
    /// The target's version, as far as known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// The header as insta knows it. Unknown keys are insta's business.
#[derive(Serialize, Deserialize)]
struct Header {
    source: String,
    expression: String,
    info: SnapshotInfo,
}

/// The header of any version, to read the version before the rest.
#[derive(Deserialize)]
struct Versioned {
    info: Version,
}

#[derive(Deserialize)]
struct Version {
    smcheck: u64,
}

impl StoredSnapshot {
    /// A snapshot of an observation.
    pub fn new(scenario: &Scenario, target: &TargetInfo, text: &str) -> Self {
        let info = SnapshotInfo {
            smcheck: FORMAT,
            scenario: scenario.id.clone(),
            scenario_hash: scenario.hash.to_string(),
            evidence: scenario.evidence.kind.as_str().to_owned(),
            target: target.name.clone(),
            version: target.version.clone(),
        };
        StoredSnapshot { info, text: trimmed(text) }
    }

    /// Reads a snapshot's text: of a file, or of a table inside the binary.
    ///
    /// # Errors
    /// When it is no snapshot, or of another version.
    pub fn parse(text: &str) -> Result<Self, FormatError> {
        let text = text.replace("\r\n", "\n");
        let rest = text.strip_prefix("---\n").ok_or(FormatError::NoHeader)?;
        let (header, body) = rest.split_once("\n---\n").ok_or(FormatError::NoHeader)?;
        let Versioned { info: Version { smcheck: found } } = serde_yaml::from_str(header)?;
        if found != FORMAT {
            return Err(FormatError::Version { found, known: FORMAT });
        }
        let Header { info, .. } = serde_yaml::from_str(header)?;
        Ok(StoredSnapshot { info, text: trimmed(body) })
    }

    /// The text of the file.
    ///
    /// # Errors
    /// When the header cannot be written as YAML.
    pub fn render(&self) -> Result<String, FormatError> {
        let id = &self.info.scenario;
        let path = id.strip_suffix(']').and_then(|rest| rest.split_once('[')).map_or(id.as_str(), |(p, _)| p);
        let header = Header {
            // Named after the catalogue, wherever the file was read from: no path of a machine is kept.
            source: format!("scenarios/{path}.yaml"),
            expression: id.clone(),
            info: self.info.clone(),
        };
        Ok(format!("---\n{}---\n{}\n", serde_yaml::to_string(&header)?, self.text))
    }
}

/// As insta compares: without white space at the end.
pub(super) fn trimmed(text: &str) -> String {
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> StoredSnapshot {
        StoredSnapshot {
            info: SnapshotInfo {
                smcheck: 1,
                scenario: "a/b[row]".to_owned(),
                scenario_hash: "00".to_owned(),
                evidence: "aws-docs".to_owned(),
                target: "embedded".to_owned(),
                version: Some("0.1.0".to_owned()),
            },
            text: "step 1: CreateSecret\n  response: 200\n---\n  odd".to_owned(),
        }
    }

    #[test]
    fn insta_reads_what_is_written() {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let path = folder.path().join("b@row.snap");
        let text = sample().render().expect("it can be written");
        std::fs::write(&path, &text).expect("it can be written");
        let read = insta::Snapshot::from_file(&path).expect("insta reads it");
        assert_eq!(read.contents().as_text().map(ToString::to_string), Some(sample().text));
        assert_eq!(read.metadata().source(), Some("scenarios/a/b.yaml"));
        assert_eq!(read.metadata().expression(), Some("a/b[row]"));
        // What insta writes when a change is accepted is still ours to read.
        read.save(&path).expect("insta writes it");
        let saved = std::fs::read_to_string(&path).expect("it is there");
        assert_eq!(StoredSnapshot::parse(&saved).expect("it is a snapshot"), sample());
    }

    #[test]
    fn another_version_is_refused() {
        let text = sample().render().expect("it can be written").replace("smcheck: 1", "smcheck: 2");
        let refused = StoredSnapshot::parse(&text).expect_err("it is of another version");
        assert!(matches!(refused, FormatError::Version { found: 2, known: 1 }), "{refused}");
    }

    #[test]
    fn text_that_is_no_snapshot_is_refused() {
        for text in ["", "---", "---\n---\n", "---\n[\n---\n", "step 1"] {
            assert!(StoredSnapshot::parse(text).is_err(), "{text:?}");
        }
    }
}
