//! One deviation in words: on one line, or in full with expectation, evidence and place.

use serde_json::Value;

use super::style::{FAINT, Paint, STRONG, WEAK, plain, wrap};
use super::value::{LABEL, brief, compare, is_null_that_is_there};
use crate::judge::{Deviation, Kind};

/// How much of a value goes on one line with others.
const BRIEF: usize = 60;

/// An operation's name in words; what others say in it cannot steer the terminal.
pub(super) fn operation(name: &str) -> String {
    match name {
        "" => "raw request".to_owned(),
        "*" => "all operations".to_owned(),
        name => plain(name),
    }
}

/// The deviation on one line: `labels.v1: expected [AWSPREVIOUS], got []`.
pub(super) fn line(deviation: &Deviation) -> String {
    let nothing = null_is_nothing(deviation.kind);
    let show = |value: &Value| match value {
        Value::Null if nothing => "nothing".to_owned(),
        value if nothing && is_null_that_is_there(value) => "null".to_owned(),
        value => brief(value, BRIEF),
    };
    let path =
        if deviation.path.is_empty() { deviation.kind.as_str().to_owned() } else { plain(&deviation.path) };
    format!("{path}: expected {}, got {}", show(&deviation.expected), show(&deviation.actual))
}

/// The deviation in full. `file` is given where the deviation belongs to a step of a scenario.
pub(super) fn block(deviation: &Deviation, file: Option<&str>, columns: usize, paint: Paint) -> Vec<String> {
    let mut head = Vec::new();
    if file.is_some() {
        head.push(paint.text(STRONG, &format!("step {}", deviation.step)));
    }
    head.push(paint.text(STRONG, &operation(&deviation.operation)));
    head.push(paint.text(WEAK, deviation.kind.as_str()));
    // Codes, messages and the like have their kind's word for a path; once is enough.
    if !deviation.path.is_empty() && deviation.path != deviation.kind.as_str() {
        head.push(plain(&deviation.path));
    }
    if !deviation.cause.is_empty() {
        head.push(paint.text(FAINT, &deviation.cause));
    }
    let mut out = vec![head.join("  ")];
    let inner = columns.saturating_sub(2);
    let mut body =
        compare(&deviation.expected, &deviation.actual, null_is_nothing(deviation.kind), inner, paint);
    let evidence = format!("{}: {}", deviation.evidence.as_str(), plain(&deviation.source));
    body.extend(field("evidence", &evidence, inner, paint));
    if let Some(file) = file {
        body.extend(field("at", &format!("{}:{}", plain(file), deviation.line), inner, paint));
    }
    out.extend(body.iter().map(|line| format!("  {line}").trim_end().to_owned()));
    out
}

/// A label and prose that hangs under its own beginning.
pub(super) fn field(label: &str, text: &str, columns: usize, paint: Paint) -> Vec<String> {
    wrap(text, columns.saturating_sub(LABEL).max(20))
        .iter()
        .enumerate()
        .map(|(at, line)| {
            let lead =
                if at == 0 { paint.text(FAINT, &format!("{label:<LABEL$}")) } else { " ".repeat(LABEL) };
            format!("{lead}{line}")
        })
        .collect()
}

/// Whether null in a deviation of this kind stands for a value that is not there. Two values that are compared,
/// and a value that has a type, are both there: then null is what was sent.
fn null_is_nothing(kind: Kind) -> bool {
    match kind {
        Kind::Value | Kind::Type => false,
        Kind::Outcome
        | Kind::Code
        | Kind::Message
        | Kind::Member
        | Kind::Labels
        | Kind::Invariant
        | Kind::Wire => true,
    }
}

#[cfg(test)]
mod tests {
    use super::operation;

    #[test]
    fn an_operation_has_its_name_in_words() {
        let told = ["PutSecretValue", "", "*", "a\u{1b}[2J"].map(operation);
        assert_eq!(told[..3], ["PutSecretValue", "raw request", "all operations"]);
        assert!(!told[3].contains('\u{1b}'), "{told:?}");
    }
}
