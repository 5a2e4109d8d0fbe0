//! A recording of an application: JSON Lines, a header and then one exchange a line, as they were answered.
//!
//! One line is one write, so that of a recording whose writer was killed every line but perhaps the last is whole.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::fixture::{NameForm, RecordedExchange, RecordedFrom, RecordedRequest, RecordedResponse};

/// The version of the format.
pub const FORMAT: u64 = 1;
/// How the name of a recording's file ends.
pub const EXTENSION: &str = "jsonl";

/// The first line of a recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordingHeader {
    /// The version of the format, [`FORMAT`].
    pub smcheck: u64,
    /// The name of the recording.
    pub recording: String,
    /// What it was recorded from.
    pub recorded: RecordedFrom,
    /// The region that requests were signed for.
    pub region: String,
}

/// Every other line of a recording: an exchange, and the stand-ins of names that first appear in it.
///
/// It is [`RecordedExchange`] member by member and not a flattened one, which serde reads several times slower and
/// without refusing what it does not know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordingLine {
    /// The number of the exchange, from 1.
    pub step: usize,
    /// As in [`RecordedExchange`]; an application's recording has no probes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<String>,
    /// As in [`RecordedExchange`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub parallel: bool,
    /// The operation that `X-Amz-Target` names, if it exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Names of secrets that stand for others and were not in a line before, by stand-in.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<String, NameForm>,
    /// What was sent.
    pub request: RecordedRequest,
    /// What came back.
    pub response: RecordedResponse,
}

impl RecordingHeader {
    /// The header of a recording.
    pub fn new(recording: &str, recorded: RecordedFrom, region: &str) -> Self {
        RecordingHeader {
            smcheck: FORMAT,
            recording: recording.to_owned(),
            recorded,
            region: region.to_owned(),
        }
    }
}

impl RecordingLine {
    /// The line of an exchange.
    pub fn new(exchange: RecordedExchange, names: BTreeMap<String, NameForm>) -> Self {
        let RecordedExchange { step, probe, parallel, operation, request, response } = exchange;
        RecordingLine { step, probe, parallel, operation, names, request, response }
    }

    /// The exchange, and the stand-ins of names that first appear in it.
    pub fn into_exchange(self) -> (RecordedExchange, BTreeMap<String, NameForm>) {
        let RecordingLine { step, probe, parallel, operation, names, request, response } = self;
        (RecordedExchange { step, probe, parallel, operation, request, response }, names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"step":1,"operation":"GetSecretValue","names":{"app-secret-0001":{"prefix":"app-"}},"request":{"body":{"SecretId":"app-secret-0001"}},"response":{"status":200,"length":7}}"#;
    const HEADER: &str = r#"{"smcheck":1,"recording":"shop","recorded":{"target":"moto","version":"5.2.5"},"region":"eu-west-3"}"#;

    #[test]
    fn the_form_of_a_recording_is_a_contract() {
        let recorded = RecordedFrom { target: "moto".to_owned(), version: Some("5.2.5".to_owned()) };
        let header = RecordingHeader::new("shop", recorded, "eu-west-3");
        assert_eq!(serde_json::to_string(&header).expect("it can be written"), HEADER);
        let line: RecordingLine = serde_json::from_str(LINE).expect("it is a line");
        assert_eq!(serde_json::to_string(&line).expect("it can be written"), LINE);
        let (exchange, names) = line.clone().into_exchange();
        assert_eq!(names["app-secret-0001"].prefix, "app-");
        assert_eq!(RecordingLine::new(exchange, names), line);
    }

    #[test]
    fn what_is_not_known_is_refused() {
        let strange = LINE.replacen("\"step\"", "\"stap\":1,\"step\"", 1);
        assert!(serde_json::from_str::<RecordingLine>(&strange).is_err());
    }
}
