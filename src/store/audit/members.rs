//! Data of others that may hold exchanges with Secrets Manager: HAR, cassettes, mappings, records of SDKs. Bodies are
//! often JSON in a string, or in base64; they are read as far as they go.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::patterns::is_placeholder;
use super::tree::{self, Kind as NodeKind, Node};
use super::{Found, Kind};
use crate::store::form;

/// How often a body may be packed into a string.
const MOST_LAYERS: usize = 6;
/// Headers that carry credentials.
const HEADERS: &[&str] =
    &["cookie", "proxyauthorization", "setcookie", "xamzsecuritytoken", "xapikey", "xawsec2metadatatoken"];
/// Members that hold secrets, without signs and in small letters: programs write them in their own way.
const MEMBERS: &[&str] = &["secretstring", "secretbinary", "randompassword", "rotationtoken"];

/// All findings on a value.
pub(super) fn look(node: &Node) -> Vec<Found> {
    let mut found = Vec::new();
    visit(node, 0, &mut found);
    found
}

fn visit(node: &Node, layer: usize, found: &mut Vec<Found>) {
    match &node.kind {
        NodeKind::Text(text) if layer < MOST_LAYERS => {
            if let Some(inner) = packed(text) {
                visit(&inner.all_at(node.at), layer + 1, found);
            }
        }
        NodeKind::List(entries) => entries.iter().for_each(|entry| visit(entry, layer, found)),
        NodeKind::Map(members) => {
            for (key, _, value) in members {
                let name: String =
                    key.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
                if MEMBERS.contains(&name.as_str()) {
                    member(value, name == "secretbinary", layer, found);
                } else {
                    header(&name, value, found);
                    visit(value, layer, found);
                }
            }
            // HAR has headers as a list of names and values.
            if let (Some(name), Some(value)) = (node.get("name").and_then(Node::text), node.get("value")) {
                let name: String = name
                    .chars()
                    .filter(char::is_ascii_alphanumeric)
                    .map(|c| c.to_ascii_lowercase())
                    .collect();
                header(&name, value, found);
            }
        }
        _ => {}
    }
}

/// A member that holds a secret.
fn member(node: &Node, is_binary: bool, layer: usize, found: &mut Vec<Found>) {
    let bad = match &node.kind {
        NodeKind::Text(text) => !is_placeholder(text) && !is_stand_in(text, is_binary),
        NodeKind::Number(_) => true,
        NodeKind::List(entries) => {
            entries.iter().for_each(|entry| member(entry, is_binary, layer, found));
            false
        }
        // A schema, a matcher, a description of the member: what is in it is data like any other.
        NodeKind::Map(_) => {
            visit(node, layer, found);
            false
        }
        NodeKind::Null | NodeKind::Bool(_) => false,
    };
    if bad {
        found.push(Found::new(
            node.at,
            Kind::SecretValue,
            "a member of Secrets Manager that holds a secret, and is no stand-in",
        ));
    }
}

fn is_stand_in(text: &str, is_binary: bool) -> bool {
    form::is_whole_stand_in(text, is_binary, 10_000)
        || (is_binary && form::is_whole_stand_in(text, false, 10_000))
}

fn header(name: &str, value: &Node, found: &mut Vec<Found>) {
    if !HEADERS.contains(&name) {
        return;
    }
    let texts = match &value.kind {
        NodeKind::Text(text) => vec![text.as_str()],
        NodeKind::List(entries) => entries.iter().filter_map(Node::text).collect(),
        _ => Vec::new(),
    };
    if texts.iter().any(|text| text.len() >= 8 && !is_placeholder(text) && !form::is_stand_in(text)) {
        found.push(Found::new(value.at, Kind::Header, "a header that carries credentials"));
    }
}

/// What a text holds: JSON, as it is or in base64.
fn packed(text: &str) -> Option<Node> {
    let plain = |text: &str| {
        let text = text.trim();
        text.starts_with(['{', '[']).then(|| tree::json(text, 1)).flatten()
    };
    if let Some(node) = plain(text) {
        return Some(node);
    }
    // `{"` and `[{` in base64.
    if text.len() < 16 || !(text.starts_with("ey") || text.starts_with('W') || text.starts_with("ew")) {
        return None;
    }
    let flat: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let bytes = STANDARD.decode(flat).ok()?;
    plain(&String::from_utf8(bytes).ok()?)
}
