//! What steps take from their answers, as variables of the shell.

use std::collections::BTreeSet;

use super::quote::{Names, Piece, inside_json, merged, quoted, text};
use crate::scenario::matcher::Matcher;
use crate::scenario::{
    Action, BodyPath, Expect, PathPart, RawBody, Repeat, Scenario, SecretDecl, Step, Template,
};

/// A value that a step takes from its answer.
#[derive(Clone, Debug)]
pub(super) struct Save {
    /// The variable of the scenario, or `NAME.arn`.
    pub(super) name: String,
    /// Where it stands, as the AWS CLI is asked for it; none where it cannot be.
    pub(super) path: Option<Vec<Piece>>,
    /// The same in words.
    pub(super) words: String,
}

impl Save {
    /// The ARN of a secret, in the answers that tell it.
    pub(super) fn arn(secret: &str) -> Self {
        let path = Some(vec![Piece::Text("ARN".to_owned())]);
        Save { name: format!("{secret}.arn"), path, words: "ARN".to_owned() }
    }
}

/// What the variables of the script are called.
pub(super) fn names(scenario: &Scenario) -> Names {
    let mut names = Names::default();
    names.add("region");
    // These are asked for by name, so that they come first.
    scenario.needs.iter().for_each(|need| names.add(need.as_str()));
    scenario.secrets.iter().for_each(|secret| names.add(&secret.variable));
    scenario.versions.iter().for_each(|version| names.add(version));
    wanted(scenario).iter().for_each(|secret| names.add(&format!("{secret}.arn")));
    for step in &scenario.steps {
        match &step.repeat {
            Some(Repeat::Times { variable: Some(variable), .. } | Repeat::Over { variable, .. }) => {
                names.add(variable);
            }
            Some(Repeat::Times { variable: None, .. } | Repeat::Pages { .. }) | None => {}
        }
    }
    for step in &scenario.steps {
        saves(step, &Names::default()).iter().for_each(|save| names.add(&save.name));
    }
    names
}

/// What a step takes from its answer; with several requests nothing says which one it was.
pub(super) fn saves(step: &Step, names: &Names) -> Vec<Save> {
    let mut saves: Vec<Save> = step
        .save
        .iter()
        .map(|(name, path)| Save {
            name: name.clone(),
            path: Some(asked(path, names)),
            words: path.to_string(),
        })
        .collect();
    of_expect(&step.expect, names, &mut saves);
    if let Action::Parallel(parallel) = &step.action {
        parallel.calls.iter().for_each(|call| of_expect(&call.expect, names, &mut saves));
    }
    saves
}

fn of_expect(expect: &Expect, names: &Names, saves: &mut Vec<Save>) {
    match expect {
        Expect::Returns(matcher) => collect(matcher, Some(Vec::new()), "", names, saves),
        Expect::Fails(failure) => {
            for (matcher, words) in [(&failure.code, "the error's code"), (&failure.message, "its message")] {
                if let Some(matcher) = matcher {
                    collect(matcher, None, words, names, saves);
                }
            }
        }
        Expect::Success | Expect::Either => {}
    }
}

fn collect(matcher: &Matcher, path: Option<Vec<Piece>>, words: &str, names: &Names, saves: &mut Vec<Save>) {
    // What the AWS CLI cannot be asked for is told all the same: the script must not stumble over the variable.
    let within = |inner: &Matcher, how: &str, saves: &mut Vec<Save>| {
        collect(inner, None, &format!("{how}{words}"), names, saves);
    };
    match matcher {
        Matcher::Save { name, is } => {
            // The whole answer has no path.
            let asked = path.clone().filter(|path| !path.is_empty());
            saves.push(Save { name: name.clone(), path: asked, words: words.to_owned() });
            if let Some(is) = is {
                collect(is, path, words, names, saves);
            }
        }
        Matcher::Map { members, .. } => {
            for (key, value) in members {
                let dot = if words.is_empty() { "" } else { "." };
                let words = format!("{words}{dot}{key}");
                let path = path.clone().map(|path| member(path, key, names));
                collect(value, path, &words, names, saves);
            }
        }
        Matcher::List(entries) => {
            for (at, entry) in entries.iter().enumerate() {
                let path = path.clone().map(|path| index(path, at));
                collect(entry, path, &format!("{words}[{at}]"), names, saves);
            }
        }
        Matcher::Unordered(entries) | Matcher::OneOf(entries) => {
            entries.iter().for_each(|entry| within(entry, "somewhere in ", saves));
        }
        Matcher::Contains(inner) | Matcher::Not(inner) => within(inner, "somewhere in ", saves),
        Matcher::Json(inner) => within(inner, "in the JSON of ", saves),
        _ => {}
    }
}

/// A path as JMESPath, which the option `--query` of the AWS CLI takes.
fn asked(path: &BodyPath, names: &Names) -> Vec<Piece> {
    path.0.iter().fold(Vec::new(), |asked, part| match part {
        PathPart::Member(name) => {
            let name = Template::from_text(name).unwrap_or_else(|_| Template::Value(name.as_str().into()));
            member(asked, &name, names)
        }
        PathPart::Index(at) => index(asked, *at),
    })
}

fn member(mut path: Vec<Piece>, key: &Template, names: &Names) -> Vec<Piece> {
    let plain = |text: &str| Piece::Text(text.to_owned());
    if !path.is_empty() {
        path.push(plain("."));
    }
    let key = text(key, names);
    match key.as_slice() {
        [Piece::Text(name)] if is_word(name) => path.push(plain(name)),
        _ => {
            path.push(plain("\""));
            path.extend(inside_json(key));
            path.push(plain("\""));
        }
    }
    path
}

fn index(mut path: Vec<Piece>, at: usize) -> Vec<Piece> {
    path.push(Piece::Text(format!("[{at}]")));
    path
}

/// Whether JMESPath takes a name without quotes.
fn is_word(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// What asks the AWS CLI for some values, as one line with tabs.
pub(super) fn query(paths: &[&[Piece]]) -> String {
    let mut pieces = vec![Piece::Text("[".to_owned())];
    for (at, path) in paths.iter().enumerate() {
        if at > 0 {
            pieces.push(Piece::Text(", ".to_owned()));
        }
        pieces.extend(path.iter().cloned());
    }
    pieces.push(Piece::Text("]".to_owned()));
    format!("--output text --query {}", quoted(&merged(pieces)))
}

/// The secrets whose ARN is asked for, by `${db.arn}` or `${db.partial}`.
pub(super) fn wanted(scenario: &Scenario) -> BTreeSet<String> {
    scenario.steps.iter().flat_map(arns).collect()
}

/// The same of one step.
pub(super) fn arns(step: &Step) -> Vec<String> {
    let over = match &step.repeat {
        Some(Repeat::Over { values, .. }) => values.as_slice(),
        Some(Repeat::Times { .. } | Repeat::Pages { .. }) | None => &[],
    };
    let names = templates(&step.action).into_iter().chain(over).flat_map(Template::variables);
    let secret = |name: &str| match name.rsplit_once('.') {
        Some((secret, "arn" | "partial")) => Some(secret.to_owned()),
        _ => None,
    };
    names.filter_map(secret).collect()
}

/// Everything with variables in what is sent.
pub(super) fn templates(action: &Action) -> Vec<&Template> {
    match action {
        Action::Call(call) => vec![&call.input],
        Action::Raw(raw) => {
            let body = match &raw.body {
                RawBody::Text(text) => Some(text),
                RawBody::Bytes(_) => None,
            };
            let headers = raw.headers.iter().filter_map(|(_, value)| value.as_ref());
            std::iter::once(&raw.path).chain(headers).chain(body).collect()
        }
        Action::Parallel(parallel) => {
            parallel.calls.iter().flat_map(|call| templates(&call.action)).collect()
        }
        Action::Advance(_) => Vec::new(),
    }
}

/// The declared secret that a variable of a request stands for.
pub(super) fn secret<'s>(scenario: &'s Scenario, reference: &str) -> Option<&'s SecretDecl> {
    let name = reference.strip_suffix(".arn").or_else(|| reference.strip_suffix(".partial"));
    let name = name.unwrap_or(reference);
    scenario.secrets.iter().find(|secret| secret.variable == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word_whatever_its_keys_are() {
        let names = Names::default();
        let of = |path: &str| query(&[&asked(&path.parse().expect("it is a path"), &names)]);
        for (path, word) in [
            ("VersionId", "'[VersionId]'"),
            ("Versions[0].VersionId", "'[Versions[0].VersionId]'"),
            ("VersionIdsToStages.x'$(touch F)'", "'[VersionIdsToStages.\"x'\\''$(touch F)'\\''\"]'"),
            ("a\"b", "'[\"a\\\"b\"]'"),
            ("VersionIdsToStages.${v1}[0]", "'[VersionIdsToStages.\"'\"$v1\"'\"[0]]'"),
        ] {
            assert_eq!(of(path), format!("--output text --query {word}"), "{path}");
        }
    }
}
