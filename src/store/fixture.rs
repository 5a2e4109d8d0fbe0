//! A fixture: the exchanges of a scenario as they went over the wire, redacted, for answering.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::FormatError;
use crate::service::redact::Tree;
use crate::service::time::Timestamp;

/// The version of the format.
const FORMAT: u64 = 1;

/// The instant for which every time of a recording stands: 2020-01-01T00:00:00Z, the moment of its own exchange.
/// Times differ from it by whole days.
pub const BASE: Timestamp = Timestamp(1_577_836_800_000);

/// How much later than [`BASE`] a time of day resolution is written that was no midnight.
pub const NO_MIDNIGHT_MS: i64 = 1000;

/// Exchanges of one scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fixture {
    /// The version of the format.
    pub smcheck: u64,
    /// The scenario's id.
    pub scenario: String,
    /// What it was recorded from.
    pub recorded: RecordedFrom,
    /// The region that requests were signed for.
    pub region: String,
    /// SHA-256, in hex, of the observation in the snapshot that was recorded with it.
    pub observation: String,
    /// Names of secrets that stand for others, by stand-in.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<String, NameForm>,
    /// What stands for the values that the target provided (`rotation-lambda`), for running on this fixture.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub provides: BTreeMap<String, String>,
    /// The exchanges, in order.
    pub exchanges: Vec<RecordedExchange>,
}

/// The target of a recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedFrom {
    /// Its name.
    pub target: String,
    /// Its version, as far as known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// What every name that a stand-in stands for looks like.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NameForm {
    /// What it begins with.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prefix: String,
    /// What it ends with.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub suffix: String,
}

/// One exchange.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedExchange {
    /// The step, counted from 1.
    pub step: usize,
    /// The secret whose state was read, where it is no exchange of the step itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<String>,
    /// Whether it was sent at the same time as others of its step.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub parallel: bool,
    /// The operation that `X-Amz-Target` names, if it exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// What was sent.
    pub request: RecordedRequest,
    /// What came back.
    pub response: RecordedResponse,
}

/// A request; what is as it always is is left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedRequest {
    /// The method, unless it is POST.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The path, unless it is `/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Headers of the allow-list whose values are not the usual ones; an empty text is a header that is missing.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Whether it had no signature.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unsigned: bool,
    /// The body, an object or a list; nothing for zero bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Tree>,
    /// The length in bytes of a body that is neither; nothing else of it is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<usize>,
}

/// A response; headers as they always are (the usual content type, a UUID as the id of the request) are left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedResponse {
    /// The status.
    pub status: u16,
    /// Headers of the allow-list that are not as usual; an empty text is a header that is missing.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// The body, an object or a list; nothing for zero bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Tree>,
    /// The length in bytes of a body that is neither; nothing else of it is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<usize>,
}

#[derive(Deserialize)]
struct Version {
    smcheck: u64,
}

impl Fixture {
    /// A fixture without exchanges.
    pub fn new(scenario: &str, recorded: RecordedFrom, region: &str) -> Self {
        Fixture {
            smcheck: FORMAT,
            scenario: scenario.to_owned(),
            recorded,
            region: region.to_owned(),
            observation: String::new(),
            names: BTreeMap::new(),
            provides: BTreeMap::new(),
            exchanges: Vec::new(),
        }
    }

    /// Reads a fixture's text.
    ///
    /// # Errors
    /// When it is no fixture, or of another version.
    pub fn parse(text: &str) -> Result<Self, FormatError> {
        let Version { smcheck: found } = serde_yaml::from_str(text)?;
        if found != FORMAT {
            return Err(FormatError::Version { found, known: FORMAT });
        }
        Ok(serde_yaml::from_str(text)?)
    }

    /// The text of the file.
    ///
    /// # Errors
    /// When it cannot be written as YAML.
    pub fn render(&self) -> Result<String, FormatError> {
        Ok(serde_yaml::to_string(self)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn fixture(body: Tree) -> Fixture {
        let recorded = RecordedFrom { target: "embedded".to_owned(), version: None };
        let mut fixture = Fixture::new("a/b", recorded, "us-east-1");
        fixture.exchanges.push(RecordedExchange {
            step: 1,
            probe: None,
            parallel: false,
            operation: Some("GetSecretValue".to_owned()),
            request: RecordedRequest { body: Some(body), ..RecordedRequest::default() },
            response: RecordedResponse { status: 200, length: Some(7), ..RecordedResponse::default() },
        });
        fixture
    }

    fn tree() -> impl Strategy<Value = Tree> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            (-1e9..1e9).prop_map(|number: f64| Value::from(number)),
            "\\PC{0,12}".prop_map(Value::from),
            prop_oneof![
                "yes",
                "1e3",
                "0x1f",
                "null",
                "~",
                "2020-01-01",
                "- a",
                "a: b",
                "#",
                "\r\n\t",
                "01",
                ".inf"
            ]
            .prop_map(Value::from),
        ]
        .prop_map(Tree::Leaf);
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Tree::List),
                prop::collection::btree_map("\\PC{1,8}", inner, 0..4)
                    .prop_map(|members| Tree::Map(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(body in tree()) {
            let fixture = fixture(Tree::Map(vec![("b".to_owned(), body), ("a".to_owned(), Tree::List(vec![]))]));
            let text = fixture.render().expect("it can be written");
            prop_assert_eq!(Fixture::parse(&text).expect("it is a fixture"), fixture);
        }
    }

    #[test]
    fn members_keep_their_order() {
        let body =
            Tree::Map(vec![("z".to_owned(), Tree::Leaf(json!(1))), ("a".to_owned(), Tree::Leaf(json!("x")))]);
        let text = fixture(body).render().expect("it can be written");
        assert!(text.find("z: 1").expect("it is there") < text.find("a: x").expect("it is there"), "{text}");
    }

    #[test]
    fn another_version_is_refused() {
        let text = fixture(Tree::List(vec![])).render().expect("it can be written");
        let refused =
            Fixture::parse(&text.replacen("smcheck: 1", "smcheck: 9", 1)).expect_err("it is refused");
        assert!(matches!(refused, FormatError::Version { found: 9, .. }), "{refused}");
    }
}
