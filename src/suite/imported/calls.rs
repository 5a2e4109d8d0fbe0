//! Which exchanges of a recording a step can say.

use serde_json::Value;

use crate::service::redact::Tree;
use crate::service::{Kind, ShapeId, shapes};
use crate::store::exchange::Recording;
use crate::store::jsonl::RecordingLine;

/// A call of an operation with its answer, in stand-ins.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// The operation.
    pub(super) operation: String,
    /// Its input.
    pub(super) input: Value,
    /// The body that came back, unless it was no JSON.
    pub(super) output: Option<Value>,
    /// Whether it succeeded.
    pub(super) succeeded: bool,
    /// What a reader should know.
    pub(super) note: Option<String>,
}

impl Call {
    /// A member of the input that is text.
    pub(super) fn asked(&self, member: &str) -> Option<&str> {
        self.input.get(member)?.as_str()
    }

    /// A member of the answer that is text.
    pub(super) fn answered(&self, member: &str) -> Option<&str> {
        self.output.as_ref()?.get(member)?.as_str()
    }
}

/// The plain calls, and how many exchanges are none. Probes are neither: a run makes its own.
pub(super) fn of(recording: &Recording) -> (Vec<Call>, usize) {
    let own: Vec<&RecordingLine> = recording.lines.iter().filter(|line| line.probe.is_none()).collect();
    let calls: Vec<Call> = own.iter().filter_map(|line| call(line)).collect();
    let left_out = own.len() - calls.len();
    (calls, left_out)
}

fn call(line: &RecordingLine) -> Option<Call> {
    let request = &line.request;
    let usual =
        request.method.is_none() && request.path.is_none() && request.headers.is_empty() && !request.unsigned;
    let operation = shapes().operation(line.operation.as_deref()?).filter(|_| usual)?;
    let tree = request.body.as_ref().filter(|body| matches!(body, Tree::Map(_)))?;
    let input = tree.clone().into_value();
    fits(operation.input, &input).then_some(())?;
    Some(Call {
        operation: operation.name.clone(),
        input,
        output: line.response.body.clone().map(Tree::into_value).filter(Value::is_object),
        succeeded: (200..300).contains(&line.response.status),
        note: None,
    })
}

/// Whether `with` may hold it: members that the operation has, with the types they have.
fn fits(shape: ShapeId, value: &Value) -> bool {
    match (&shapes().shape(shape).kind, value) {
        (Kind::Structure(_), Value::Object(members)) => members.iter().all(|(name, value)| {
            shapes().member(shape, name).is_some_and(|member| fits(member.shape, value))
        }),
        (Kind::List { element, .. }, Value::Array(entries)) => {
            entries.iter().all(|entry| fits(*element, entry))
        }
        (Kind::Map { value: shape, .. }, Value::Object(members)) => {
            members.values().all(|value| fits(*shape, value))
        }
        (Kind::String { .. } | Kind::Blob { .. }, Value::String(_))
        | (Kind::Boolean, Value::Bool(_))
        | (Kind::Timestamp, Value::Number(_)) => true,
        (Kind::Integer { .. }, Value::Number(number)) => !number.is_f64(),
        _ => false,
    }
}
