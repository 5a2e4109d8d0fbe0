//! The text of an issue for the tracker of an emulator, in Markdown.

use serde_json::Value;

use super::Reproduction;
use crate::judge::{Deviation, Kind};
use crate::scenario::EvidenceKind;

/// How the target is called, for sentences.
#[derive(Clone, Debug)]
pub struct Server {
    /// Its name; none for a URL that nobody named.
    pub name: Option<String>,
    /// Its version, as far as known.
    pub version: Option<String>,
}

impl Server {
    /// `moto 5.2.5`, `moto`, `this server`.
    pub fn words(&self) -> String {
        match (&self.name, &self.version) {
            (Some(name), Some(version)) => format!("{name} {version}"),
            (Some(name), None) => name.clone(),
            (None, _) => "this server".to_owned(),
        }
    }
}

/// Writes the issue: `yaml` is the scenario's file, `script` its commands.
pub fn markdown(made: &Reproduction, server: &Server, yaml: &str, script: &str) -> String {
    let deviation = &made.found.deviation;
    let name = made.name();
    let mut out = format!("# {}\n\n", headline(deviation));
    let version = match (&server.name, &server.version) {
        (Some(name), Some(version)) => format!("{name} {version}"),
        (Some(name), None) => name.clone(),
        (None, _) => "(please add the name and the version of the server)".to_owned(),
    };
    out.push_str(&format!("**Version:** {}\n\n", inline(&version)));
    out.push_str(&format!("**What AWS does:** {}.\n\n", inline(made.scenario.title.trim_end_matches('.'))));
    let (step, at) = (step(deviation), at(deviation));
    let side =
        |value: &Value| format!("- after {step}, {}: {}\n", inline(&at), code(&shown(deviation.kind, value)));
    out.push_str(&side(&deviation.expected));
    out.push_str(&format!("- evidence: {}\n\n", inline(&evidence(deviation))));
    out.push_str(&format!("**What {} does:**\n\n", inline(&server.words())));
    out.push_str(&side(&deviation.actual));
    if !made.on_reference {
        out.push_str(
            "\nThe reference of smcheck does not agree with this scenario either; look at it twice.\n",
        );
    }
    out.push_str("\n## Smallest scenario\n\n");
    out.push_str(&fenced("yaml", yaml));
    out.push_str("\n## With the AWS CLI\n\n");
    out.push_str(&fenced("bash", script));
    out.push_str("\n## With smcheck\n\n");
    out.push_str(&format!("Save the scenario as `scenarios/{name}.yaml`, start the server, and run:\n\n"));
    out.push_str(&fenced("bash", &format!("smcheck run {name} -t http://127.0.0.1:4566\n")));
    out
}

fn step(deviation: &Deviation) -> String {
    match deviation.operation.as_str() {
        "" => format!("step {}", deviation.step),
        operation => format!("step {} ({operation})", deviation.step),
    }
}

/// What differs, for a title.
fn headline(deviation: &Deviation) -> String {
    let operation = if deviation.operation.is_empty() { "A raw request" } else { &deviation.operation };
    let side = |value: &Value| {
        let text = shown(deviation.kind, value);
        match text.char_indices().nth(60) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        }
    };
    let (expected, actual) = (side(&deviation.expected), side(&deviation.actual));
    let at = match deviation.kind {
        Kind::Outcome => String::new(),
        _ => format!("{}: ", at(deviation)),
    };
    let line = format!("{operation}: {at}{actual} instead of {expected}");
    // A title is no place for marks, and trackers show it as it is.
    line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Where it differs, in words.
fn at(deviation: &Deviation) -> String {
    let path = &deviation.path;
    match deviation.kind {
        Kind::Outcome => "outcome".to_owned(),
        Kind::Code => "error code".to_owned(),
        Kind::Message => "message".to_owned(),
        Kind::Labels => match path.strip_prefix("labels.") {
            Some(version) => format!("labels of {version}"),
            None => "labels".to_owned(),
        },
        Kind::Invariant | Kind::Member | Kind::Value | Kind::Type | Kind::Wire => {
            if path.is_empty() {
                deviation.kind.as_str().to_owned()
            } else {
                path.clone()
            }
        }
    }
}

/// `labels of v1: ["AWSPREVIOUS"]`.
pub(super) fn expected(deviation: &Deviation) -> String {
    format!("{}: {}", at(deviation), shown(deviation.kind, &deviation.expected))
}

/// The same for what is there.
pub(super) fn actual(deviation: &Deviation) -> String {
    format!("{}: {}", at(deviation), shown(deviation.kind, &deviation.actual))
}

fn shown(kind: Kind, value: &Value) -> String {
    match (kind, value) {
        (Kind::Value | Kind::Type, Value::Null) => "null".to_owned(),
        (_, Value::Null) => "nothing".to_owned(),
        (Kind::Outcome | Kind::Code | Kind::Message | Kind::Wire, Value::String(text)) => text.clone(),
        (_, value) => spaced(value),
    }
}

/// JSON with a space after commas and colons.
fn spaced(value: &Value) -> String {
    match value {
        Value::Array(entries) => format!("[{}]", entries.iter().map(spaced).collect::<Vec<_>>().join(", ")),
        Value::Object(members) => {
            let member =
                |(key, value): (&String, &Value)| format!("{}: {}", Value::from(key.as_str()), spaced(value));
            format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

fn evidence(deviation: &Deviation) -> String {
    let kind = match deviation.evidence {
        EvidenceKind::AwsRecorded => "recorded from AWS",
        EvidenceKind::AwsDocs => "AWS's documentation",
        EvidenceKind::AwsModel => "the machine-readable model of the SDKs",
        EvidenceKind::Reported => "reported by others",
        EvidenceKind::Inferred => "inferred, not seen",
    };
    format!("{kind} (`{}`): {}", deviation.evidence.as_str(), deviation.source)
}

/// Text in a line of Markdown: what it would take for marks is escaped, and no line breaks are left.
fn inline(text: &str) -> String {
    let mut out = String::new();
    let mut code = false;
    for c in text.chars() {
        match c {
            '`' => {
                code = !code;
                out.push(c);
            }
            _ if c.is_control() => out.push(' '),
            '<' | '*' | '_' | '[' | ']' | '\\' if !code => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    out
}

/// A value between marks of code.
fn code(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let (mark, space) = ("`".repeat(longest + 1), if longest > 0 { " " } else { "" });
    format!("{mark}{space}{text}{space}{mark}")
}

/// A block of code, with a fence longer than any in it.
fn fenced(language: &str, text: &str) -> String {
    let longest = text
        .lines()
        .map(|line| line.trim_start().chars().take_while(|c| *c == '`').count())
        .max()
        .unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}\n", text.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_does_not_become_markup() {
        assert_eq!(inline("a <b> `c_d` e_f [x]"), "a \\<b> `c_d` e\\_f \\[x\\]");
        assert_eq!(inline("two\nlines"), "two lines");
        assert!(fenced("yaml", "a\n```\nb").starts_with("````yaml\n"));
    }
}
