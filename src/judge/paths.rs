//! Paths into a response, read with the service model: which parts are members, which are keys, where a value
//! ends.
//!
//! A path is shown in a report, so its parts are judged like values: the key of a map is a value of the target,
//! and so is whatever a target puts where the model knows no member.

use crate::service::{Kind, ShapeId, shapes};

/// A part of a path, and what the service model makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part<'p> {
    /// A member that the model knows.
    Member(&'p str),
    /// A member that it does not know, or anything inside of one, or inside a string that holds JSON.
    Unknown(&'p str),
    /// A key of a map.
    Key(&'p str),
    /// A place in a list, as digits.
    Index(&'p str),
}

/// A path, taken apart.
#[derive(Debug)]
pub(super) struct Parts<'p> {
    /// The parts, each with the byte at which it ends in the path.
    pub(super) parts: Vec<(Part<'p>, usize)>,
    /// The shape of what the path leads to; `None` where the model does not go.
    pub(super) shape: Option<ShapeId>,
    /// The byte at which the path leaves the model: the end of the last part that has a shape.
    pub(super) known_to: usize,
}

/// Takes a path into an operation's output apart.
pub(super) fn read<'p>(operation: Option<&str>, path: &'p str) -> Parts<'p> {
    let mut shape = operation.and_then(|name| shapes().operation(name)).and_then(|op| op.output);
    let mut parts = Vec::new();
    let mut known_to = 0;
    for (text, is_index, end) in split(path) {
        let kind = shape.map(|id| &shapes().shape(id).kind);
        let (part, next) = match (kind, is_index) {
            (Some(Kind::List { element, .. }), true) => (Part::Index(text), Some(*element)),
            (_, true) => (Part::Index(text), None),
            (Some(Kind::Structure(members)), false) => match members.iter().find(|m| m.name == text) {
                Some(member) => (Part::Member(text), Some(member.shape)),
                None => (Part::Unknown(text), None),
            },
            (Some(Kind::Map { value, .. }), false) => (Part::Key(text), Some(*value)),
            (_, false) => (Part::Unknown(text), None),
        };
        if next.is_some() {
            known_to = end;
        }
        shape = next;
        parts.push((part, end));
    }
    Parts { parts, shape, known_to }
}

/// The path with `[]` for every place in a list and `*` for every key of a map. It may be printed.
pub(super) fn general(operation: Option<&str>, path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    for (part, _) in read(operation, path).parts {
        match part {
            Part::Member(name) | Part::Unknown(name) => push_member(&mut text, shown_member(name)),
            Part::Key(_) => push_member(&mut text, "*"),
            Part::Index(_) => text.push_str("[]"),
        }
    }
    text
}

/// The same for a path that is redacted already: its keys are names such as `${v1}` and `<uuid:1>`, and the
/// versions and secrets of `labels.…` are variables.
pub(super) fn general_shown(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    for (at, (part, is_index, _)) in split(path).into_iter().enumerate() {
        let named = part.starts_with("${") || part.starts_with('<');
        match (is_index, named || (at > 0 && text.starts_with("labels"))) {
            (true, _) => text.push_str("[]"),
            (false, true) => push_member(&mut text, "*"),
            (false, false) => push_member(&mut text, part),
        }
    }
    text
}

/// Appends a member to a path.
pub(super) fn push_member(path: &mut String, name: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(name);
}

/// A member as it may be printed: what does not look like a name may be a value in the wrong place.
pub(super) fn shown_member(name: &str) -> &str {
    if is_member_name(name) { name } else { "<member>" }
}

fn is_member_name(text: &str) -> bool {
    text.len() <= 40
        && text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// The parts of a path as text: whether each is a place in a list, and where it ends.
fn split(path: &str) -> Vec<(&str, bool, usize)> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut depth = 0_usize;
    for (at, byte) in path.bytes().enumerate() {
        match byte {
            // A dot inside `${db.arn}` belongs to the name.
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            b'.' | b'[' | b']' if depth == 0 => {
                // The digits of a place end with a bracket, and a general path has none between its brackets.
                if byte == b']' {
                    parts.push((&path[start..at], true, at + 1));
                } else if start < at {
                    parts.push((&path[start..at], false, at));
                }
                start = at + 1;
            }
            _ => {}
        }
    }
    if start < path.len() {
        parts.push((&path[start..], false, path.len()));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_told_apart_by_the_model() {
        let parts = read(Some("DescribeSecret"), "VersionIdsToStages.0-1[2]").parts;
        let kinds: Vec<Part<'_>> = parts.into_iter().map(|(part, _)| part).collect();
        assert_eq!(kinds, [Part::Member("VersionIdsToStages"), Part::Key("0-1"), Part::Index("2")]);
        assert_eq!(general(Some("DescribeSecret"), "VersionIdsToStages.0-1[2]"), "VersionIdsToStages.*[]");
        assert_eq!(general(Some("ListSecrets"), "SecretList[3].Tags[0].Key"), "SecretList[].Tags[].Key");
    }

    #[test]
    fn the_model_ends_at_a_string() {
        let path = "SecretString.password";
        let parts = read(Some("GetSecretValue"), path);
        assert_eq!(&path[..parts.known_to], "SecretString");
        assert_eq!(parts.shape, None);
        assert_eq!(parts.parts[1].0, Part::Unknown("password"));
    }

    #[test]
    fn shown_paths_lose_their_names() {
        for (shown, general) in [
            ("VersionIdsToStages.${v1}", "VersionIdsToStages.*"),
            ("VersionIdsToStages.${db.x}[0]", "VersionIdsToStages.*[]"),
            ("Versions[0].VersionStages", "Versions[].VersionStages"),
            ("Versions[].VersionStages[]", "Versions[].VersionStages[]"),
            ("VersionIdsToStages.*[]", "VersionIdsToStages.*[]"),
            ("labels.v1", "labels.*"),
            ("labels.db.<uuid:1>", "labels.*.*"),
            ("labels", "labels"),
            ("header.content-type", "header.content-type"),
            ("", ""),
        ] {
            assert_eq!(general_shown(shown), general);
        }
    }
}
