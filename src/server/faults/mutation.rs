//! Single changes of a right server that no emulator is known for: every member of every response, every failure, every
//! member of a request, every label that moves.
//!
//! They are made from what the reference really answers, and show how dense the scenarios are.

use std::fmt;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use regex::Regex;
use serde_json::{Map, Value, json};

use super::layer::{Behaviour, Labels, Next, edit_failure, edit_success, input_of, with_input};
use super::{failure, success};
use crate::service::wire::REQUEST_ID_HEADER;
use crate::service::{AWSCURRENT, AWSPENDING, AWSPREVIOUS, WireRequest, WireResponse};

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mutation {
    /// A member of a success.
    Output(String, String, Change),
    /// A failure: operation, code, the general form of the text.
    Failure(String, String, String, FailureChange),
    /// A failure of this operation instead of a success.
    Refused(String),
    /// A member of a request that is not read.
    Ignored(String, String),
    /// Labels that do not move with an operation.
    Label(String, Which),
    /// The wire of all responses.
    Wire(WireChange),
}

/// What becomes of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// It is not there; of a list or map, its last entry.
    Dropped,
    /// It is null.
    Null,
    /// It has another value of the same type.
    Other,
    /// Its entries come the other way round.
    Reversed,
    /// The structure has a member that the service does not know.
    Unknown,
}

/// What becomes of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailureChange {
    /// It has another code.
    Code,
    /// It has another text.
    Text,
    /// It is a success.
    Success,
}

/// Which labels do not move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Which {
    /// AWSCURRENT.
    Current,
    /// AWSPREVIOUS.
    Previous,
    /// AWSPENDING.
    Pending,
    /// All others.
    Custom,
}

/// What becomes of the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WireChange {
    /// `content-type: application/json`.
    ContentType,
    /// No request id.
    NoRequestId,
    /// A request id in capitals.
    RequestIdCapitals,
    /// A namespace before the code of a failure.
    Namespace,
    /// `message` for `Message`, and the other way.
    MessageKey,
    /// Failures with status 404.
    Status404,
    /// Successes with status 201.
    Status201,
}

impl WireChange {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::ContentType,
        Self::NoRequestId,
        Self::RequestIdCapitals,
        Self::Namespace,
        Self::MessageKey,
        Self::Status404,
        Self::Status201,
    ];
}

impl Which {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Current, Self::Previous, Self::Pending, Self::Custom];

    fn holds(self, label: &str) -> bool {
        self == match label {
            AWSCURRENT => Self::Current,
            AWSPREVIOUS => Self::Previous,
            AWSPENDING => Self::Pending,
            _ => Self::Custom,
        }
    }
}

impl fmt::Display for Mutation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mutation::Output(operation, path, change) => {
                let change = match change {
                    Change::Dropped => "is dropped",
                    Change::Null => "is null",
                    Change::Other => "has another value",
                    Change::Reversed => "is reversed",
                    Change::Unknown => "has an unknown member beside it",
                };
                write!(f, "{operation}: {path} {change}")
            }
            Mutation::Failure(operation, code, text, change) => {
                let change = match change {
                    FailureChange::Code => "has another code",
                    FailureChange::Text => "has another text",
                    FailureChange::Success => "is a success",
                };
                write!(f, "{operation}: {code} \"{text}\" {change}")
            }
            Mutation::Refused(operation) => write!(f, "{operation}: a success is a failure"),
            Mutation::Ignored(operation, path) => write!(f, "{operation}: {path} of the request is ignored"),
            Mutation::Label(operation, which) => {
                let which = match which {
                    Which::Current => AWSCURRENT,
                    Which::Previous => AWSPREVIOUS,
                    Which::Pending => AWSPENDING,
                    Which::Custom => "other labels",
                };
                write!(f, "{operation}: {which} stays where it was")
            }
            Mutation::Wire(change) => f.write_str(match change {
                WireChange::ContentType => "content-type is application/json",
                WireChange::NoRequestId => "there is no request id",
                WireChange::RequestIdCapitals => "the request id is in capitals",
                WireChange::Namespace => "__type has a namespace",
                WireChange::MessageKey => "Message is called message, and the other way",
                WireChange::Status404 => "failures have status 404",
                WireChange::Status201 => "successes have status 201",
            }),
        }
    }
}

/// A mutation at work; it counts how often it changed something.
#[derive(Debug)]
pub struct Mutant {
    mutation: Mutation,
    applied: AtomicUsize,
}

impl Mutant {
    /// A mutant that has not changed anything yet.
    pub fn new(mutation: Mutation) -> Self {
        Mutant { mutation, applied: AtomicUsize::new(0) }
    }

    /// Whether anything was changed so far.
    pub fn applied(&self) -> bool {
        self.applied.load(Ordering::Relaxed) > 0
    }

    fn note(&self, changed: bool) {
        self.applied.fetch_add(usize::from(changed), Ordering::Relaxed);
    }
}

impl Behaviour for Mutant {
    fn respond(&self, request: &WireRequest, next: &Next<'_>) -> WireResponse {
        let concerns = |operation: &str| request.operation().unwrap_or_default() == operation;
        match &self.mutation {
            Mutation::Output(operation, path, change) if concerns(operation) => {
                let mut response = next.respond(request);
                edit_success(&mut response, |body| {
                    let mut value = Value::Object(std::mem::take(body));
                    self.note(change_at(&mut value, path, *change));
                    if let Value::Object(changed) = value {
                        *body = changed;
                    }
                });
                response
            }
            Mutation::Failure(operation, code, text, change) if concerns(operation) => {
                let mut response = next.respond(request);
                let same = response.error().is_some_and(|error| {
                    error.code == *code && general(error.message.as_deref().unwrap_or_default()) == *text
                });
                if same {
                    self.note(true);
                    fail_otherwise(&mut response, *change);
                }
                response
            }
            Mutation::Refused(operation) if concerns(operation) => {
                let response = next.respond(request);
                if response.succeeded() {
                    self.note(true);
                    return failure("InternalServiceError", "An error occurred on the server side.");
                }
                response
            }
            Mutation::Ignored(operation, path) if concerns(operation) => match input_of(request) {
                Some(input) => {
                    let mut input = Value::Object(input);
                    self.note(change_at(&mut input, path, Change::Dropped));
                    next.respond(&with_input(request, &input))
                }
                None => next.respond(request),
            },
            Mutation::Label(operation, which) if concerns(operation) => self.stay(request, next, *which),
            Mutation::Wire(change) => {
                let mut response = next.respond(request);
                self.note(rewire(&mut response, *change));
                response
            }
            _ => next.respond(request),
        }
    }
}

impl Mutant {
    /// Answers rightly, and puts labels back where they were before.
    fn stay(&self, request: &WireRequest, next: &Next<'_>, which: Which) -> WireResponse {
        let input = Value::Object(input_of(request).unwrap_or_default());
        let secret = input.get("SecretId").cloned().unwrap_or_default();
        let before = next.labels(&secret);
        let response = next.respond(request);
        let after = next.labels(&secret);
        // A secret with a value has AWSCURRENT somewhere; the reference does not take it away.
        if !response.succeeded() || !before.contains_key(AWSCURRENT) {
            return response;
        }
        let mut wanted: Labels = after.clone();
        wanted.retain(|label, _| !which.holds(label));
        wanted.extend(before.into_iter().filter(|(label, _)| which.holds(label)));
        if wanted != after {
            self.note(true);
            // In this order: moving AWSCURRENT moves others, which are then put right.
            let labels: std::collections::BTreeSet<&String> = wanted.keys().chain(after.keys()).collect();
            for label in labels {
                next.put_label(&secret, label, &wanted);
            }
        }
        response
    }
}

fn fail_otherwise(response: &mut WireResponse, change: FailureChange) {
    match change {
        FailureChange::Code => edit_failure(response, |failed| {
            let other = if failed.code == "InvalidParameterException" {
                "InvalidRequestException"
            } else {
                "InvalidParameterException"
            };
            failed.code = other.to_owned();
        }),
        FailureChange::Text => {
            edit_failure(response, |failed| failed.message = "The request is wrong.".to_owned());
        }
        FailureChange::Success => *response = success(&Value::Object(Map::new())),
    }
}

/// Changes the wire; whether there was something to change.
fn rewire(response: &mut WireResponse, change: WireChange) -> bool {
    let failed = response.error().is_some();
    match change {
        WireChange::ContentType => {
            for (name, value) in &mut response.headers {
                if name.eq_ignore_ascii_case("content-type") {
                    "application/json".clone_into(value);
                }
            }
        }
        WireChange::NoRequestId => {
            response.headers.retain(|(name, _)| !name.eq_ignore_ascii_case(REQUEST_ID_HEADER));
        }
        WireChange::RequestIdCapitals => {
            for (name, value) in &mut response.headers {
                if name.eq_ignore_ascii_case(REQUEST_ID_HEADER) {
                    value.make_ascii_uppercase();
                }
            }
        }
        WireChange::Namespace if failed => {
            edit_failure(response, |failed| {
                failed.code = format!("com.amazonaws.secretsmanager#{}", failed.code);
            });
        }
        WireChange::MessageKey if failed => {
            if let Some(Value::Object(mut body)) = response.json() {
                let (from, to) = if body.contains_key("Message") {
                    ("Message", "message")
                } else {
                    ("message", "Message")
                };
                let text = body.remove(from).unwrap_or_default();
                body.insert(to.to_owned(), text);
                response.body = Value::Object(body).to_string().into();
            }
        }
        WireChange::Status404 if failed => response.status = 404,
        WireChange::Status201 if response.succeeded() => response.status = 201,
        _ => return false,
    }
    true
}

/// The text of a failure without what differs from run to run.
pub fn general(text: &str) -> String {
    static VOLATILE: LazyLock<[(Option<Regex>, &str); 4]> = LazyLock::new(|| {
        [
            (r"arn:aws[a-z-]*:[^\s,']*[^\s,'.]", "<arn>"),
            (r"(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<uuid>"),
            (r"smcheck_[\w/+=.@!-]*", "<name>"),
            (r"Value '[^']*'", "Value <value>"),
        ]
        .map(|(pattern, stands_for)| (Regex::new(pattern).ok(), stands_for))
    });
    VOLATILE.iter().fold(text.to_owned(), |text, (pattern, stands_for)| match pattern {
        Some(pattern) => pattern.replace_all(&text, *stands_for).into_owned(),
        None => text,
    })
}

/// Changes what stands at a path, everywhere; whether anything did. A path is `SecretList[].Tags[].Key`; `*` is any key
/// of a map.
fn change_at(value: &mut Value, path: &str, change: Change) -> bool {
    let (head, rest) = match path.split_once('.') {
        Some((head, rest)) => (head, rest),
        None => (path, ""),
    };
    if let Some(list) = head.strip_suffix("[]") {
        let entries = if list.is_empty() { Some(value) } else { value.get_mut(list) };
        let Some(Value::Array(entries)) = entries else { return false };
        return match (rest, change) {
            ("", Change::Dropped) => entries.pop().is_some(),
            ("", _) => each(entries.iter_mut(), |entry| change_here(entry, change)),
            (rest, _) => each(entries.iter_mut(), |entry| change_at(entry, rest, change)),
        };
    }
    let Value::Object(members) = value else { return false };
    if let Some(head) = head.strip_prefix('*') {
        // `*` or `*[]`, which the branch above has taken.
        debug_assert!(head.is_empty(), "a key is any or named");
        if rest.is_empty() && change == Change::Dropped {
            let last = members.keys().next_back().cloned();
            return last.is_some_and(|last| members.remove(&last).is_some());
        }
        return each(members.values_mut(), |entry| {
            if rest.is_empty() { change_here(entry, change) } else { change_at(entry, rest, change) }
        });
    }
    if change == Change::Unknown && rest.is_empty() && head.is_empty() {
        members.insert("SmcheckMember".to_owned(), json!("unknown"));
        return true;
    }
    match (rest, change) {
        ("", Change::Dropped) => members.remove(head).is_some(),
        ("", _) => members.get_mut(head).is_some_and(|member| change_here(member, change)),
        (rest, _) => members.get_mut(head).is_some_and(|member| change_at(member, rest, change)),
    }
}

/// Changes all values; whether any was changed.
fn each<'v>(values: impl Iterator<Item = &'v mut Value>, mut change: impl FnMut(&mut Value) -> bool) -> bool {
    let mut any = false;
    for value in values {
        any |= change(value);
    }
    any
}

fn change_here(value: &mut Value, change: Change) -> bool {
    match change {
        Change::Dropped => return false,
        Change::Null => *value = Value::Null,
        Change::Other => return another(value),
        Change::Reversed => match value {
            Value::Array(entries) if entries.len() > 1 => entries.reverse(),
            _ => return false,
        },
        Change::Unknown => match value {
            Value::Object(members) => {
                members.insert("SmcheckMember".to_owned(), json!("unknown"));
            }
            _ => return false,
        },
    }
    true
}

/// Another value of the same type: a text with one letter or digit changed, a time a day earlier, one more, or the
/// contrary.
fn another(value: &mut Value) -> bool {
    match value {
        Value::String(text) => {
            let letters = |letter: &(usize, char)| letter.1.is_ascii_alphanumeric();
            // The last letter of base64 may stand for bits that nobody reads; an ARN or a name may not begin otherwise.
            let coded = text.len() > 24 && !text.contains(['-', ':', ' ', '/', '.']);
            let found =
                if coded { text.char_indices().find(letters) } else { text.char_indices().rfind(letters) };
            let Some((at, letter)) = found else {
                text.push('x');
                return true;
            };
            let other = match letter {
                '9' => '0',
                'f' | 'z' => 'a',
                'F' | 'Z' => 'A',
                letter => char::from(letter as u8 + 1),
            };
            text.replace_range(at..=at, other.encode_utf8(&mut [0; 4]));
        }
        Value::Bool(flag) => *flag = !*flag,
        Value::Number(number) => {
            let Some(old) = number.as_f64() else { return false };
            *value = if old > 1e9 {
                json!(old - 86_400.0)
            } else {
                json!(number.as_i64().unwrap_or_default() + 1)
            };
        }
        _ => return false,
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_through_lists_and_maps() {
        let body = json!({"A": [{"B": "x1", "C": {"k": ["a", "b"]}}, {"B": "x9"}]});
        let change = |path: &str, change: Change| {
            let mut body = body.clone();
            change_at(&mut body, path, change).then_some(body)
        };
        assert_eq!(
            change("A[].B", Change::Other),
            Some(json!({"A": [{"B": "x2", "C": {"k": ["a", "b"]}}, {"B": "x0"}]}))
        );
        assert_eq!(change("A[]", Change::Dropped), Some(json!({"A": [{"B": "x1", "C": {"k": ["a", "b"]}}]})));
        assert_eq!(
            change("A[].C.*", Change::Reversed),
            Some(json!({"A": [{"B": "x1", "C": {"k": ["b", "a"]}}, {"B": "x9"}]}))
        );
        assert_eq!(change("A[].D", Change::Null), None);
    }

    #[test]
    fn texts_are_generalised() {
        let text = "token 0c1b5cf5-7f0e-4d8b-9d3a-0a3b5c7d9e1f of arn:aws:secretsmanager:us-east-1:123456789012:secret:a-b.";
        assert_eq!(general(text), "token <uuid> of <arn>.");
    }
}
