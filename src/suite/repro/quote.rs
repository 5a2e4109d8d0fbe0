//! Values of a scenario as words of a shell: variables stay variables, and nothing else is expanded.

use std::collections::BTreeMap;

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

/// What the variables of a scenario are called in the shell: no two of them the same, and none as the script or the
/// shell calls something of its own.
#[derive(Debug, Default)]
pub(super) struct Names {
    of: BTreeMap<String, String>,
}

impl Names {
    /// The variable of the shell for a variable of the scenario, or for `NAME.arn`; the first to ask gets the plain name.
    pub(super) fn add(&mut self, name: &str) {
        if self.of.contains_key(name) {
            return;
        }
        let plain = match name.strip_suffix(".arn") {
            Some(secret) => format!("{}_arn", self.variable(secret)),
            None => plain(name),
        };
        let is_free = |wanted: &String| !self.of.values().any(|taken| taken == wanted);
        let numbered = (2..).map(|number| format!("{plain}_{number}"));
        let free = std::iter::once(plain.clone()).chain(numbered).find(is_free).unwrap_or(plain);
        self.of.insert(name.to_owned(), free);
    }

    /// The name of a variable of the shell.
    pub(super) fn variable(&self, name: &str) -> String {
        self.of.get(name).cloned().unwrap_or_else(|| plain(name))
    }

    /// The variable that holds a secret's ARN.
    pub(super) fn arn(&self, secret: &str) -> String {
        let known = self.of.get(&format!("{secret}.arn")).cloned();
        known.unwrap_or_else(|| format!("{}_arn", self.variable(secret)))
    }

    /// A variable of the scenario as the shell expands it.
    pub(super) fn expansion(&self, reference: &str) -> String {
        match reference.rsplit_once('.') {
            Some((secret, "partial")) => format!("${{{}%-*}}", self.arn(secret)),
            Some((secret, "arn")) => format!("${{{}}}", self.arn(secret)),
            _ => format!("${{{}}}", self.variable(reference)),
        }
    }
}

/// A name that the shell takes, and that neither it nor the script uses.
fn plain(name: &str) -> String {
    const TAKEN: [&str; 10] =
        ["endpoint", "run", "answer", "next", "files", "fill", "body", "secret", "tidy", "got"];
    let name = name.replace('-', "_");
    let shouted = name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    // `http_proxy` and its like steer curl and the AWS CLI.
    if shouted || TAKEN.contains(&name.as_str()) || name.ends_with("_proxy") {
        format!("{name}_")
    } else {
        name
    }
}

/// A template as text.
pub(super) fn text(template: &Template, names: &Names) -> Vec<Piece> {
    match template {
        Template::Value(Value::String(text)) => vec![Piece::Text(text.clone())],
        Template::Value(other) => vec![Piece::Text(other.to_string())],
        Template::Whole(name) => vec![Piece::Shell(names.expansion(name))],
        Template::Text(parts) => parts
            .iter()
            .map(|part| match part {
                Part::Literal(text) => Piece::Text(text.clone()),
                Part::Variable(name) => Piece::Shell(names.expansion(name)),
            })
            .collect(),
        Template::Fill { start, with, length } => {
            let arguments =
                [quoted(&text(start, names)), quoted(&[Piece::Text(with.clone())]), length.to_string()];
            vec![Piece::Shell(format!("$(fill {})", arguments.join(" ")))]
        }
        Template::List(_) | Template::Map(_) => json(template, names),
    }
}

/// A template as JSON.
pub(super) fn json(template: &Template, names: &Names) -> Vec<Piece> {
    let mut out = Vec::new();
    write_json(template, names, &mut out);
    merged(out)
}

/// The same pieces, with no two texts side by side: they are quoted as one.
pub(super) fn merged(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut joined: Vec<Piece> = Vec::new();
    for piece in pieces {
        match (joined.last_mut(), piece) {
            (Some(Piece::Text(before)), Piece::Text(text)) => before.push_str(&text),
            (_, piece) => joined.push(piece),
        }
    }
    joined
}

fn write_json(template: &Template, names: &Names, out: &mut Vec<Piece>) {
    let mut plain = |text: &str| out.push(Piece::Text(text.to_owned()));
    match template {
        Template::Value(value) => plain(&value.to_string()),
        Template::List(entries) => {
            plain("[");
            for (at, entry) in entries.iter().enumerate() {
                if at > 0 {
                    out.push(Piece::Text(",".to_owned()));
                }
                write_json(entry, names, out);
            }
            out.push(Piece::Text("]".to_owned()));
        }
        Template::Map(members) => {
            plain("{");
            for (at, (key, value)) in members.iter().enumerate() {
                if at > 0 {
                    out.push(Piece::Text(",".to_owned()));
                }
                write_json(key, names, out);
                out.push(Piece::Text(":".to_owned()));
                write_json(value, names, out);
            }
            out.push(Piece::Text("}".to_owned()));
        }
        Template::Whole(_) | Template::Text(_) | Template::Fill { .. } => {
            plain("\"");
            out.extend(inside_json(text(template, names)));
            out.push(Piece::Text("\"".to_owned()));
        }
    }
}

/// Pieces as they stand between the quotes of a text in JSON.
pub(super) fn inside_json(pieces: Vec<Piece>) -> impl Iterator<Item = Piece> {
    pieces.into_iter().map(|piece| match piece {
        Piece::Text(text) => {
            let escaped = Value::from(text).to_string();
            Piece::Text(escaped[1..escaped.len() - 1].to_owned())
        }
        shell @ Piece::Shell(_) => shell,
    })
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
            assert_eq!(quoted(&text(&of(template), &Names::default())), word, "{template}");
        }
    }

    #[test]
    fn json_holds_variables_as_text() {
        let template = Template::List(vec![
            Template::Map(vec![(of("Key"), of("a\"b ${v1}"))]),
            Template::Value(1.into()),
        ]);
        assert_eq!(quoted(&json(&template, &Names::default())), "'[{\"Key\":\"a\\\"b '\"$v1\"'\"},1]'");
    }

    #[test]
    fn no_two_variables_are_one_in_the_shell() {
        let mut names = Names::default();
        for name in ["a-b", "a_b", "a_b_2", "a-b.arn", "a_b.arn", "secret", "http_proxy", "a-b"] {
            names.add(name);
        }
        let called = ["a-b", "a_b", "a_b_2", "secret", "http_proxy"].map(|name| names.variable(name));
        assert_eq!(called, ["a_b", "a_b_2", "a_b_2_2", "secret_", "http_proxy_"]);
        assert_eq!(names.expansion("a-b.partial"), "${a_b_arn%-*}");
        assert_eq!(names.expansion("a_b.arn"), "${a_b_2_arn}");
    }
}
