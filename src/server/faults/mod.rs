//! Wrong servers: the reference with one thing done as some emulator does it, or once did.
//!
//! A fault is a row of data: what the server does wrong, who does so, and how the scenarios must notice. [`layer`] is what
//! stands around the reference; the model knows nothing of it. [`mutation`] holds changes that nobody's server is known
//! for, made one by one from what the reference really answers.

mod deletion;
mod emulators;
mod failures;
mod ignored;
mod labels;
pub mod layer;
mod members;
pub mod mutation;
mod rotation;
mod values;
mod wire;

use std::sync::Arc;

use serde_json::{Map, Value, json};

use self::layer::{Behaviour, Failed, Memory, Next};
use crate::judge::Kind;
use crate::service::{WireRequest, WireResponse};

pub use self::layer::Layer;

/// One thing that a server does wrong.
pub struct Fault {
    /// Its name, in kebab-case.
    pub name: &'static str,
    /// What the server does.
    pub does: &'static str,
    /// Who does so, or did.
    pub source: Source,
    /// The operations whose responses show it; all, where there is none.
    pub operations: &'static [&'static str],
    /// The kinds of deviation as which it must be noticed, each of them.
    pub kinds: &'static [Kind],
    /// A part of the path at which it must be noticed; empty for anywhere.
    pub at: &'static str,
    /// A scenario that notices it, by its id, with or without a case.
    pub caught_by: &'static str,
    how: How,
}

impl std::fmt::Debug for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Fault({})", self.name)
    }
}

/// Where a fault is known from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Our run against moto 5.2.5: words of a reason in `known/moto.yaml`.
    Moto(&'static str),
    /// Our run against another emulator: its name, and words of a reason in its list under `known/`.
    Known(&'static str, &'static str),
    /// What the evidence collection notes of an emulator, in a fact with this id.
    Noted(&'static str, &'static str),
    /// A release that we read: the package with its version, and the place in it.
    Read(&'static str, &'static str),
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Source::Moto(words) => write!(f, "`known/moto.yaml`: {words}"),
            Source::Known(emulator, words) => write!(f, "`known/{emulator}.yaml`: {words}"),
            Source::Noted(fact, note) => write!(f, "evidence collection, {fact}: {note}"),
            Source::Read(package, place) => write!(f, "{package}, {place}"),
        }
    }
}

/// The members of a JSON object.
type Members = Map<String, Value>;

/// How a fault comes about.
enum How {
    /// The input of these operations is changed before the service sees it.
    Input(&'static [&'static str], fn(&mut Members)),
    /// The body of a success of these operations is changed.
    Output(&'static [&'static str], fn(&mut Members)),
    /// A failure of these operations is changed; of all, where there is none.
    Failure(&'static [&'static str], fn(&mut Failed)),
    /// The response as a whole is changed.
    Wire(fn(&mut WireResponse)),
    /// Anything else.
    Other(fn(&Ask<'_>) -> WireResponse),
}

/// All faults.
pub fn all() -> impl Iterator<Item = &'static Fault> {
    [
        labels::FAULTS,
        values::FAULTS,
        members::FAULTS,
        failures::FAULTS,
        ignored::FAULTS,
        deletion::FAULTS,
        emulators::FAULTS,
        rotation::FAULTS,
        wire::FAULTS,
    ]
    .into_iter()
    .flatten()
}

/// The fault of this name.
pub fn find(name: &str) -> Option<&'static Fault> {
    all().find(|fault| fault.name == name)
}

impl Fault {
    /// Whether the scenario of this id is named for it.
    pub fn names(&self, id: &str) -> bool {
        id == self.caught_by || id.strip_prefix(self.caught_by).is_some_and(|case| case.starts_with('['))
    }

    /// The operations that it has to do with; all, where there is none.
    pub fn touches(&self) -> Vec<&'static str> {
        let mut touched = self.operations.to_vec();
        match &self.how {
            How::Input(operations, _) | How::Output(operations, _) | How::Failure(operations, _) => {
                touched.extend_from_slice(operations);
            }
            How::Wire(_) | How::Other(_) => {}
        }
        touched
    }

    /// A behaviour for a [`Layer`], with nothing remembered yet.
    pub fn behaviour(&'static self) -> Arc<dyn Behaviour> {
        Arc::new(Active { fault: self, memory: Memory::default() })
    }
}

/// A fault at work.
struct Active {
    fault: &'static Fault,
    memory: Memory,
}

impl Behaviour for Active {
    fn respond(&self, request: &WireRequest, next: &Next<'_>) -> WireResponse {
        let concerned = |operations: &[&str]| {
            operations.is_empty() || request.operation().is_some_and(|name| operations.contains(&name))
        };
        match &self.fault.how {
            How::Input(operations, edit) => match layer::input_of(request) {
                Some(mut input) if concerned(operations) => {
                    edit(&mut input);
                    next.respond(&layer::with_input(request, &Value::Object(input)))
                }
                _ => next.respond(request),
            },
            How::Output(operations, edit) => {
                let mut response = next.respond(request);
                if concerned(operations) {
                    layer::edit_success(&mut response, edit);
                }
                response
            }
            How::Failure(operations, edit) => {
                let mut response = next.respond(request);
                if concerned(operations) {
                    layer::edit_failure(&mut response, edit);
                }
                response
            }
            How::Wire(edit) => {
                let mut response = next.respond(request);
                edit(&mut response);
                response
            }
            How::Other(answer) => answer(&Ask {
                request,
                next,
                memory: &self.memory,
                input: Value::Object(layer::input_of(request).unwrap_or_default()),
            }),
        }
    }
}

/// A request to a fault that does more than change one thing on its way.
struct Ask<'a> {
    request: &'a WireRequest,
    next: &'a Next<'a>,
    memory: &'a Memory,
    /// The input; empty where the body is none.
    input: Value,
}

impl Ask<'_> {
    fn is(&self, operations: &[&str]) -> bool {
        self.request.operation().is_some_and(|name| operations.contains(&name))
    }

    /// The right response.
    fn pass(&self) -> WireResponse {
        self.next.respond(self.request)
    }

    /// The right response to another input.
    fn pass_with(&self, input: &Value) -> WireResponse {
        self.next.respond(&layer::with_input(self.request, input))
    }

    fn text(&self, member: &str) -> Option<&str> {
        self.input.get(member).and_then(Value::as_str)
    }

    /// What `SecretId` or `Name` says.
    fn secret(&self) -> Value {
        self.input.get("SecretId").or_else(|| self.input.get("Name")).cloned().unwrap_or_default()
    }

    /// The ARN of the secret that the request means: what to remember something by.
    fn arn(&self) -> Option<String> {
        let described = self.next.call("DescribeSecret", &json!({"SecretId": self.secret()}))?;
        Some(described.get("ARN")?.as_str()?.to_owned())
    }

    /// A success that the reference did not come to: ARN, name, and the version where the request may make one.
    fn succeed(&self) -> WireResponse {
        let secret = self.secret();
        let found = self.next.call("DescribeSecret", &json!({"SecretId": secret}));
        let part = |member: &str| found.as_ref().and_then(|body| body.get(member)).cloned();
        let name = part("Name").unwrap_or(secret);
        let made_up = || {
            format!(
                "arn:aws:secretsmanager:us-east-1:123456789012:secret:{}-AbCdEf",
                name.as_str().unwrap_or("")
            )
            .into()
        };
        let mut body = json!({"ARN": part("ARN").unwrap_or_else(made_up), "Name": name});
        if let (true, Some(token)) = (
            self.is(&["CreateSecret", "PutSecretValue", "UpdateSecret"]),
            self.input.get("ClientRequestToken"),
        ) {
            body["VersionId"] = token.clone();
        }
        success(&body)
    }
}

/// The response of a success, with a request id of its own.
fn success(body: &Value) -> WireResponse {
    WireResponse::success(Some(body), &uuid::Uuid::new_v4().to_string())
}

/// The response of a failure.
fn failure(code: &str, message: &str) -> WireResponse {
    WireResponse::failure(400, code, message, &uuid::Uuid::new_v4().to_string())
}

/// Whether a response is a failure with this code and a text that holds these words.
fn failed_with(response: &WireResponse, code: &str, words: &str) -> bool {
    response
        .error()
        .is_some_and(|error| error.code == code && error.message.is_some_and(|text| text.contains(words)))
}
