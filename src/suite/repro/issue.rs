//! The text of an issue for the tracker of an emulator, in Markdown.

use serde_json::Value;

use super::{Reproduction, printable};
use crate::judge::{Deviation, Kind};
use crate::report::markdown::{block, code};
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
    /// `moto 5.2.5`, `moto`, `this server`; one line, since it stands in comments.
    pub fn words(&self) -> String {
        self.known().unwrap_or_else(|| "this server".to_owned())
    }

    fn known(&self) -> Option<String> {
        let name = self.name.as_deref()?;
        let version = self.version.as_deref().map(|version| format!(" {version}")).unwrap_or_default();
        Some(printable(&format!("{name}{version}")))
    }
}

/// Writes the issue: `yaml` is the scenario's file, `script` its commands.
pub fn markdown(made: &Reproduction, server: &Server, yaml: &str, script: &str) -> String {
    let deviation = &made.found.deviation;
    let name = made.name();
    let mut out = format!("# {}\n\n", inline(&headline(deviation)));
    let version = server.known();
    let version = version.as_deref().unwrap_or("(please add the name and the version of the server)");
    out.push_str(&format!("**Version:** {}\n\n", inline(version)));
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
    out.push_str(&block("yaml", yaml));
    out.push_str("\n## With the AWS CLI\n\n");
    out.push_str(&block("bash", script));
    out.push_str("\n## With smcheck\n\n");
    out.push_str(&format!("Save the scenario as `scenarios/{name}.yaml`, start the server, and run:\n\n"));
    out.push_str(&block("bash", &format!("smcheck run {name} -t http://127.0.0.1:4566\n")));
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
    format!("{operation}: {at}{actual} instead of {expected}")
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

/// Text in a line of Markdown: nothing but code between ticks is markup, nobody is called, and no line breaks are left.
fn inline(text: &str) -> String {
    let text = printable(text);
    let mut out = String::new();
    let mut before = ' ';
    let mut rest = text.as_str();
    while let Some(c) = rest.chars().next() {
        let ticks = rest.len() - rest.trim_start_matches('`').len();
        if ticks > 0 {
            let (run, after) = rest.split_at(ticks);
            match closed(after, ticks) {
                Some(end) => {
                    out.push_str(run);
                    out.push_str(&after[..end]);
                    rest = &after[end..];
                }
                None => {
                    out.push_str(&"\\`".repeat(ticks));
                    rest = after;
                }
            }
            before = '`';
            continue;
        }
        rest = &rest[c.len_utf8()..];
        let next = rest.chars().next();
        match c {
            '<' | '*' | '_' | '\\' | '&' | '~' => out.extend(['\\', c]),
            // Of brackets only those are a link; a list in a title stays readable.
            ']' if matches!(next, Some('(' | '[' | ':')) => out.extend(['\\', c]),
            // A mention would call somebody, and a number would link to an issue.
            '@' if !before.is_alphanumeric() => out.extend([c, '\u{2060}']),
            '#' if next.is_some_and(|next| next.is_ascii_digit()) => out.extend([c, '\u{2060}']),
            _ => out.push(c),
        }
        before = c;
    }
    out
}

/// Where a run of exactly so many ticks ends that closes code.
fn closed(text: &str, ticks: usize) -> Option<usize> {
    let mut at = 0;
    while let Some(found) = text[at..].find('`') {
        let begin = at + found;
        let length = text[begin..].len() - text[begin..].trim_start_matches('`').len();
        if length == ticks {
            return Some(begin + length);
        }
        at = begin + length;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_does_not_become_markup() {
        for (text, shown) in [
            ("a <b> `c_d` e_f [x]", "a \\<b> `c_d` e\\_f [x]"),
            ("two\nlines", "two lines"),
            ("one ` and <img>", "one \\` and \\<img>"),
            ("``` <img> `", "\\`\\`\\` \\<img> \\`"),
            ("``a ` <b>`` <c>", "``a ` <b>`` \\<c>"),
            ("![x](y) [a]: b", "![x\\](y) [a\\]: b"),
            ("@octocat a@b #1 &lt;", "@\u{2060}octocat a@b #\u{2060}1 \\&lt;"),
        ] {
            assert_eq!(inline(text), shown, "{text}");
        }
    }

    #[test]
    fn a_server_is_one_line() {
        let server = Server { name: Some("a\nnext: line\u{2028}b".to_owned()), version: None };
        assert_eq!(server.words(), "a next: line b");
    }
}
