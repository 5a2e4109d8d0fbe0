//! Files that say where playback gets real values from: `prod/db: {password: {env: DB_PASSWORD}}`. A value that comes
//! from the environment or a file is no finding; a literal under a key that sounds like a secret is a warning.

use super::patterns::{is_placeholder, is_random};
use super::tree::{Kind as NodeKind, Node};
use super::{Found, Kind};
use crate::store::form::is_stand_in;

/// What a key sounds like that holds a secret; `$` is the whole value.
const SECRET_WORDS: &[&str] =
    &["password", "passwd", "pwd", "pass", "secret", "token", "key", "credential", "private", "cert", "$"];

/// Whether a document is such a file: maps of maps that end in a source.
pub(super) fn is_values(document: &Node) -> bool {
    let members = document.map();
    !members.is_empty()
        && members.iter().all(|(.., secret)| {
            !secret.map().is_empty() && secret.map().iter().all(|(.., source)| is_source(source))
        })
}

fn is_source(node: &Node) -> bool {
    match node.map() {
        [(key, _, value)] => match key.as_str() {
            "env" | "file" => value.text().is_some(),
            "value" => true,
            _ => false,
        },
        _ => false,
    }
}

/// All findings on such a file.
pub(super) fn look(document: &Node) -> Vec<Found> {
    let mut found = Vec::new();
    for (.., secret) in document.map() {
        for (key, _, source) in secret.map() {
            let Some(value) = source.get("value") else { continue };
            let lower = key.to_ascii_lowercase();
            let sounds = SECRET_WORDS.iter().any(|word| lower.contains(word));
            let text = value.text().unwrap_or_default();
            let public = value.text().is_some_and(|text| is_placeholder(text) || is_stand_in(text));
            if (sounds && !public && !matches!(value.kind, NodeKind::Null))
                || is_random(text) && text.len() >= 12
            {
                let what = "a literal under a key that sounds like a secret";
                let found_one = Found { is_warning: true, ..Found::new(value.at, Kind::LiteralValue, what) };
                found.push(found_one);
            }
        }
    }
    found
}
