//! A scenario as it was written: what the parser makes, and the plan, the runner and the judge read.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::matcher::Matcher;
use super::template::Template;

/// A place in a file: line and column, both counted from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

/// One scenario; of a file with `cases`, one row of it.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its path under the scenarios' folder without `.yaml`, and the case in brackets: `a/b[row]`.
    pub id: String,
    /// The file it comes from, as findings and reports name it.
    pub path: Arc<str>,
    /// SHA-256 of the file's bytes, in hex.
    pub hash: Arc<str>,
    /// One sentence that states the behaviour.
    pub title: String,
    /// Why we believe it, unless a step says otherwise.
    pub evidence: Evidence,
    /// The secrets whose names are made for a run.
    pub secrets: Vec<SecretDecl>,
    /// The version ids that are made for a run.
    pub versions: Vec<String>,
    /// What the target must provide.
    pub needs: Vec<Need>,
    /// Documented rules that it checks.
    pub rules: Vec<String>,
    /// Whether it needs an account or a server of its own.
    pub isolated: bool,
    /// Whether what a right target answers depends on the day of the run (`varies: date`). Two right observations
    /// then agree in their outcomes only.
    pub varies_by_date: bool,
    /// Whether a deviating outcome ends it (`stop`, true unless said otherwise).
    pub stop: bool,
    /// The steps in order.
    pub steps: Vec<Step>,
    /// Where the file's first key stands, or the case's.
    pub place: Place,
}

/// A secret's variable, and what stands around the unique part of its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretDecl {
    /// The variable.
    pub variable: String,
    /// What the name begins with.
    pub prefix: String,
    /// What the name ends with.
    pub suffix: String,
}

/// Why an expectation is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// How strong it is.
    pub kind: EvidenceKind,
    /// Where it comes from.
    pub source: String,
    /// When it was recorded, as far as known.
    pub date: Option<String>,
}

/// The kinds of evidence, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EvidenceKind {
    /// From AWS itself.
    AwsRecorded,
    /// AWS's documentation.
    AwsDocs,
    /// The SDK's machine-readable model.
    AwsModel,
    /// Someone else's public recording or issue.
    Reported,
    /// Analogy.
    Inferred,
}

impl EvidenceKind {
    /// All kinds, strongest first.
    pub const ALL: [EvidenceKind; 5] =
        [Self::AwsRecorded, Self::AwsDocs, Self::AwsModel, Self::Reported, Self::Inferred];

    /// The word in scenarios and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AwsRecorded => "aws-recorded",
            Self::AwsDocs => "aws-docs",
            Self::AwsModel => "aws-model",
            Self::Reported => "reported",
            Self::Inferred => "inferred",
        }
    }
}

/// A capability of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Need {
    /// A Lambda function that rotates; its ARN is `${rotation-lambda}`.
    RotationLambda,
    /// A KMS key of the account; its id is `${customer-kms-key}`.
    CustomerKmsKey,
    /// A region to replicate to; its name is `${second-region}`.
    SecondRegion,
    /// Credentials of another account.
    SecondAccount,
    /// Policies that are enforced.
    Iam,
    /// A clock that a scenario can move.
    Clock,
    /// An account in which nobody else has secrets.
    EmptyAccount,
}

impl Need {
    /// All needs; the list is closed.
    pub const ALL: [Need; 7] = [
        Self::RotationLambda,
        Self::CustomerKmsKey,
        Self::SecondRegion,
        Self::SecondAccount,
        Self::Iam,
        Self::Clock,
        Self::EmptyAccount,
    ];

    /// The word in scenarios and configuration, and the variable that a value for it defines.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RotationLambda => "rotation-lambda",
            Self::CustomerKmsKey => "customer-kms-key",
            Self::SecondRegion => "second-region",
            Self::SecondAccount => "second-account",
            Self::Iam => "iam",
            Self::Clock => "clock",
            Self::EmptyAccount => "empty-account",
        }
    }
}

/// Where a step calls: in the region and with the account that all steps have, or in the second of either.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Side {
    /// Whether it signs for `${second-region}` and calls that.
    pub second_region: bool,
    /// Whether it calls with the credentials of the second account.
    pub second_account: bool,
}

/// One step.
#[derive(Clone, Debug)]
pub struct Step {
    /// Where it stands in the file.
    pub place: Place,
    /// Where it calls, and where the labels are read after it.
    pub side: Side,
    /// What is sent.
    pub action: Action,
    /// What must come back; of `parallel` see [`Parallel`].
    pub expect: Expect,
    /// All versions with their labels afterwards.
    pub labels: Option<Vec<SecretLabels>>,
    /// Variables to save: name and path into the body.
    pub save: Vec<(String, BodyPath)>,
    /// Ask again until the step holds.
    pub eventually: Option<Eventually>,
    /// Run several times, or over pages.
    pub repeat: Option<Repeat>,
    /// Evidence of this step, where it differs from the file's.
    pub evidence: Option<Evidence>,
}

/// What a step sends.
#[derive(Clone, Debug)]
pub enum Action {
    /// An operation with its input.
    Call(OperationCall),
    /// An exact request.
    Raw(RawRequest),
    /// Several at once.
    Parallel(Parallel),
    /// No request of the service: the target's clock is moved forward.
    Advance(Duration),
}

/// An operation with its input.
#[derive(Clone, Debug)]
pub struct OperationCall {
    /// The operation's name; it exists in the service model.
    pub operation: String,
    /// The input, sent exactly as written.
    pub input: Template,
}

/// An exact request.
#[derive(Clone, Debug)]
pub struct RawRequest {
    /// The method, `POST` unless said otherwise.
    pub method: String,
    /// Path and query.
    pub path: Template,
    /// Headers over the default ones; `None` leaves a default header out.
    pub headers: Vec<(String, Option<Template>)>,
    /// The body.
    pub body: RawBody,
    /// How it is signed.
    pub sign: Sign,
}

/// The body of a raw request.
#[derive(Clone, Debug)]
pub enum RawBody {
    /// Text with templates.
    Text(Template),
    /// Exact bytes.
    Bytes(Vec<u8>),
}

/// How a raw request is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// As it should be.
    Good,
    /// Not at all.
    None,
    /// With a signature that does not fit.
    Bad,
    /// With a date of a day ago.
    Expired,
    /// For another region.
    WrongRegion,
    /// With an access key that does not exist.
    UnknownKey,
}

impl Sign {
    /// All ways to sign.
    pub const ALL: [Sign; 6] =
        [Self::Good, Self::None, Self::Bad, Self::Expired, Self::WrongRegion, Self::UnknownKey];

    /// The word in scenarios.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::None => "none",
            Self::Bad => "bad",
            Self::Expired => "expired",
            Self::WrongRegion => "wrong-region",
            Self::UnknownKey => "unknown-key",
        }
    }
}

/// Steps that are sent at once.
#[derive(Clone, Debug)]
pub struct Parallel {
    /// The requests, each with what is expected of it.
    pub calls: Vec<ParallelCall>,
    /// What must hold afterwards.
    pub invariant: Option<Invariant>,
}

/// One of the requests that are sent at once. Its action is never `Parallel`.
#[derive(Clone, Debug)]
pub struct ParallelCall {
    /// Where it stands in the file.
    pub place: Place,
    /// What is sent.
    pub action: Action,
    /// What must come back.
    pub expect: Expect,
}

/// What must hold after a parallel step.
#[derive(Clone, Debug)]
pub struct Invariant {
    /// How many calls succeed.
    pub succeeded: Option<Matcher>,
    /// How many calls fail.
    pub failed: Option<Matcher>,
    /// The secret whose labels are meant.
    pub secret: Option<String>,
    /// A label, and which version id must carry it.
    pub labels: Vec<(String, Matcher)>,
}

/// What a request must answer.
#[derive(Clone, Debug)]
pub enum Expect {
    /// A success; the body is held to the contract only.
    Success,
    /// A success with this body.
    Returns(Matcher),
    /// A failure.
    Fails(Failure),
    /// Either; only inside `parallel`, where an invariant counts outcomes.
    Either,
}

/// A failure that is expected; what is `None` is not compared.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The error code.
    pub code: Option<Matcher>,
    /// The message.
    pub message: Option<Matcher>,
    /// The HTTP status.
    pub status: Option<u16>,
}

/// All versions of one secret, with their labels.
#[derive(Clone, Debug)]
pub struct SecretLabels {
    /// The secret's variable.
    pub secret: String,
    /// The version's variable and its labels, in the order of the file.
    pub versions: Vec<(String, Vec<Template>)>,
}

/// How long and how often to ask again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Eventually {
    /// No new attempt begins after this time.
    pub within: Duration,
    /// The pause between attempts.
    pub every: Duration,
}

/// How a step repeats.
#[derive(Clone, Debug)]
pub enum Repeat {
    /// A number of times; the variable counts from 1.
    Times {
        /// How often; at least once.
        times: u32,
        /// The variable that counts, if the step wants it.
        variable: Option<String>,
    },
    /// Once for each value.
    Over {
        /// The values in turn.
        values: Vec<Template>,
        /// The variable that holds the present one.
        variable: String,
    },
    /// Until a response has no NextToken; this member is joined.
    Pages {
        /// The member of the response, a list.
        member: String,
    },
}

/// A path into a body: `Versions[0].VersionId`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodyPath(pub Vec<PathPart>);

/// A part of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathPart {
    /// A member of a map.
    Member(String),
    /// An entry of a list, counted from 0.
    Index(usize),
}

/// Why a text is no path into a body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no path into a body")]
pub struct BadPath(pub String);

impl FromStr for BodyPath {
    type Err = BadPath;

    fn from_str(text: &str) -> Result<Self, BadPath> {
        let bad = || BadPath(text.to_owned());
        let mut parts = Vec::new();
        for piece in text.split('.') {
            let (name, indexes) = piece.split_at(piece.find('[').unwrap_or(piece.len()));
            if !name.is_empty() {
                parts.push(PathPart::Member(name.to_owned()));
            } else if !parts.is_empty() || indexes.is_empty() {
                return Err(bad());
            }
            let mut rest = indexes;
            while !rest.is_empty() {
                let (index, after) =
                    rest.strip_prefix('[').and_then(|rest| rest.split_once(']')).ok_or_else(bad)?;
                parts.push(PathPart::Index(index.parse().map_err(|_| bad())?));
                rest = after;
            }
        }
        Ok(BodyPath(parts))
    }
}

/// As a scenario writes it.
impl fmt::Display for BodyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, part) in self.0.iter().enumerate() {
            match part {
                PathPart::Member(name) if at > 0 => write!(f, ".{name}")?,
                PathPart::Member(name) => f.write_str(name)?,
                PathPart::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

impl BodyPath {
    /// The value at this path, if there is one.
    pub fn find<'v>(&self, body: &'v Value) -> Option<&'v Value> {
        self.0.iter().try_fold(body, |value, part| match part {
            PathPart::Member(name) => value.get(name),
            PathPart::Index(at) => value.get(at),
        })
    }
}

impl Scenario {
    /// How far the target's clock has been moved when a step's exchanges are made, in milliseconds.
    pub fn moved_by(&self, step: usize) -> i64 {
        let moves = self.steps.iter().take(step.saturating_add(1)).map(|step| match step.action {
            Action::Advance(span) => i64::try_from(span.as_millis()).unwrap_or(i64::MAX),
            Action::Call(_) | Action::Raw(_) | Action::Parallel(_) => 0,
        });
        moves.fold(0, i64::saturating_add)
    }

    /// All actions, in the order of the steps; those inside a parallel step stand for it.
    pub fn actions(&self) -> impl Iterator<Item = &Action> {
        self.steps.iter().flat_map(|step| {
            let (alone, parallel) = match &step.action {
                Action::Parallel(parallel) => (None, parallel.calls.as_slice()),
                action @ (Action::Call(_) | Action::Raw(_) | Action::Advance(_)) => (Some(action), &[][..]),
            };
            alone.into_iter().chain(parallel.iter().map(|call| &call.action))
        })
    }

    /// The operations that are called; raw requests are none.
    pub fn operations(&self) -> BTreeSet<&str> {
        fn called(action: &Action) -> Option<&str> {
            match action {
                Action::Call(call) => Some(&call.operation),
                Action::Raw(_) | Action::Parallel(_) | Action::Advance(_) => None,
            }
        }
        self.actions().filter_map(called).collect()
    }

    /// The evidence that a step's expectation rests on.
    pub fn evidence_of<'a>(&'a self, step: &'a Step) -> &'a Evidence {
        // The step's own evidence replaces the file's as a whole.
        match &step.evidence {
            Some(evidence) => evidence,
            None => &self.evidence,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_is_read_and_written_alike() {
        let body = json!({"Versions": [{"VersionId": "a"}, {"VersionId": "b"}]});
        for (text, found) in [
            ("Versions[1].VersionId", Some(json!("b"))),
            ("Versions[0]", Some(json!({"VersionId": "a"}))),
            ("Versions[2]", None),
            ("Versions.VersionId", None),
        ] {
            let path: BodyPath = text.parse().expect("it is a path");
            assert_eq!(path.to_string(), text);
            assert_eq!(path.find(&body), found.as_ref());
        }
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for text in ["", ".", "a.", ".a", "a[", "a[x]", "a[0", "a[0]b", "a.[0]", "a[-1]"] {
            assert!(text.parse::<BodyPath>().is_err(), "{text}");
        }
    }
}
