//! Values of a scenario as words of a shell: variables stay variables, and nothing else is expanded.

use serde_json::Value;

use crate::scenario::Template;
use crate::scenario::template::Part;

/// A part of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Text as it stands.
    Text(String),
    /// Something that the shell expands, written inside double quotes.
    Shell(String),
}

/// The variable of the shell that holds a variable of the scenario, as it is expanded. ARNs have variables of their own.
pub(super) fn expansion(reference: &str) -> String {
    match reference.rsplit_once('.') {
        Some((secret, "partial")) => format!("${{{}_arn%-*}}", variable(secret)),
        Some((secret, "arn")) => format!("${{{}_arn}}", variable(secret)),
        _ => format!("${{{}}}", variable(reference)),
    }
}

/// The name of a variable of the shell.
pub(super) fn variable(name: &str) -> String {
    // Names that the shell or the script itself uses.
    const TAKEN: [&str; 8] = ["endpoint", "region", "run", "answer", "next", "files", "fill", "body"];
    let name = name.replace('-', "_");
    let shouted = name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    if (shouted || TAKEN.contains(&name.as_str())) && name != "region" { format!("{name}_") } else { name }
}

/// A template as text.
pub(super) fn text(template: &Template) -> Vec<Piece> {
    match template {
        Template::Value(Value::String(text)) => vec![Piece::Text(text.clone())],
        Template::Value(other) => vec![Piece::Text(other.to_string())],
        Template::Whole(name) => vec![Piece::Shell(expansion(name))],
        Template::Text(parts) => parts
            .iter()
            .map(|part| match part {
                Part::Literal(text) => Piece::Text(text.clone()),
                Part::Variable(name) => Piece::Shell(expansion(name)),
            })
            .collect(),
        Template::Fill { start, with, length } => {
            let arguments = [quoted(&text(start)), quoted(&[Piece::Text(with.clone())]), length.to_string()];
            vec![Piece::Shell(format!("$(fill {})", arguments.join(" ")))]
        }
        Template::List(_) | Template::Map(_) => json(template),
    }
}

/// A template as JSON.
pub(super) fn json(template: &Template) -> Vec<Piece> {
    let mut out = Vec::new();
    write_json(template, &mut out);
    let mut joined: Vec<Piece> = Vec::new();
    for piece in out {
        match (joined.last_mut(), piece) {
            (Some(Piece::Text(before)), Piece::Text(text)) => before.push_str(&text),
            (_, piece) => joined.push(piece),
        }
    }
    joined
}

fn write_json(template: &Template, out: &mut Vec<Piece>) {
    let mut plain = |text: &str| out.push(Piece::Text(text.to_owned()));
    match template {
        Template::Value(value) => plain(&value.to_string()),
        Template::List(entries) => {
            plain("[");
            for (at, entry) in entries.iter().enumerate() {
                if at > 0 {
                    out.push(Piece::Text(",".to_owned()));
                }
                write_json(entry, out);
            }
            out.push(Piece::Text("]".to_owned()));
        }
        Template::Map(members) => {
            plain("{");
            for (at, (key, value)) in members.iter().enumerate() {
                if at > 0 {
                    out.push(Piece::Text(",".to_owned()));
                }
                write_json(key, out);
                out.push(Piece::Text(":".to_owned()));
                write_json(value, out);
            }
            out.push(Piece::Text("}".to_owned()));
        }
        Template::Whole(_) | Template::Text(_) | Template::Fill { .. } => {
            plain("\"");
            for piece in text(template) {
                out.push(match piece {
                    Piece::Text(text) => {
                        let escaped = Value::from(text).to_string();
                        Piece::Text(escaped[1..escaped.len() - 1].to_owned())
                    }
                    shell => shell,
                });
            }
            out.push(Piece::Text("\"".to_owned()));
        }
    }
}

/// A word of the shell that comes to exactly these pieces.
pub(super) fn quoted(pieces: &[Piece]) -> String {
    let mut word = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) if is_bare(text) => word.push_str(text),
            Piece::Text(text) => word.push_str(&format!("'{}'", text.replace('\'', "'\\''"))),
            Piece::Shell(text) => word.push_str(&format!("\"{}\"", short(text))),
        }
    }
    if word.is_empty() { "''".to_owned() } else { word }
}

/// `$name` for `${name}`.
fn short(expansion: &str) -> String {
    let inner = expansion.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    match inner.filter(|name| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')) {
        Some(name) => format!("${name}"),
        None => expansion.to_owned(),
    }
}

fn is_bare(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-./:@%+=,".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Template {
        Template::from_text(text).expect("it is a template")
    }

    #[test]
    fn words_are_quoted_where_they_must_be() {
        for (template, word) in [
            ("one", "one"),
            ("", "''"),
            ("two words", "'two words'"),
            ("it's $HOME `x`", "'it'\\''s $HOME `x`'"),
            ("${db}", "\"$db\""),
            ("a ${db.arn}/${db.partial}", "'a '\"$db_arn\"/\"${db_arn%-*}\""),
            ("$${x}", "'${x}'"),
            ("${second-region}", "\"$second_region\""),
            ("${endpoint}${PATH}", "\"$endpoint_\"\"$PATH_\""),
        ] {
            assert_eq!(quoted(&text(&of(template))), word, "{template}");
        }
    }

    #[test]
    fn json_holds_variables_as_text() {
        let template = Template::List(vec![
            Template::Map(vec![(of("Key"), of("a\"b ${v1}"))]),
            Template::Value(1.into()),
        ]);
        assert_eq!(quoted(&json(&template)), "'[{\"Key\":\"a\\\"b '\"$v1\"'\"},1]'");
    }
}
