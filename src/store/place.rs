//! Where a scenario's files lie: its id as a path that no scenario can lead out of its folder.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The file name of a scenario without ending, under the folder of its origin: `a/b` for `a/b`, and `a/b@row` for
/// the case `a/b[row]`. Whatever is not a letter, a digit or one of `-_+=.` is written as `%` and two hexadecimal
/// digits, a dot at the beginning too, so that no part of it is `..`, absolute, or a drive.
pub fn file_stem(id: &str) -> String {
    let (path, row) = match id.strip_suffix(']').and_then(|rest| rest.split_once('[')) {
        Some((path, row)) => (path, Some(row)),
        None => (id, None),
    };
    let mut stem = path.split('/').map(segment).collect::<Vec<_>>().join("/");
    if let Some(row) = row {
        stem.push('@');
        stem.push_str(&encode(row));
    }
    stem
}

/// The id of the scenario that the file name belongs to.
pub fn id_of(stem: &str) -> String {
    match stem.split_once('@') {
        Some((path, row)) => format!("{}[{}]", decode(path), decode(row)),
        None => decode(stem),
    }
}

/// The name of an origin's folder.
pub fn origin_folder(origin: &str) -> String {
    segment(origin)
}

/// The file of a scenario with an ending.
pub(super) fn file(root: &Path, kind: &str, origin: &str, id: &str, ending: &str) -> PathBuf {
    root.join(kind).join(origin_folder(origin)).join(format!("{}{ending}", file_stem(id)))
}

/// One folder or file of a path; never empty, `.` or `..`.
fn segment(text: &str) -> String {
    let encoded = encode(text);
    match encoded.strip_prefix('.') {
        Some(rest) => format!("%2E{rest}"),
        None if encoded.is_empty() => "%".to_owned(),
        None => encoded,
    }
}

fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_+=.".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ if *first == b'%' => rest = after,
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn cases_have_files_of_their_own() {
        assert_eq!(file_stem("a/b"), "a/b");
        assert_eq!(file_stem("names/name-validation[space]"), "names/name-validation@space");
        assert_eq!(file_stem("a/b[x/y z]"), "a/b@x%2Fy%20z");
    }

    #[test]
    fn no_id_leads_out_of_the_folder() {
        for id in ["../a", "/etc/passwd", "a/../../b", "..", "", ".", "a//b", "C:\\x", "a[../../b]", "a\0b"] {
            let stem = file_stem(id);
            let path = Path::new(&stem);
            assert!(path.is_relative() && !stem.is_empty(), "{id}: {stem}");
            let plain = path.components().all(|part| matches!(part, std::path::Component::Normal(_)));
            assert!(plain, "{id}: {stem}");
        }
    }

    proptest! {
        #[test]
        fn the_file_name_tells_the_id(id in r"[a-z.@%]{1,6}(/[a-z .é]{1,6}){0,2}(\[[a-z/ \[\]@]{1,6}\])?") {
            prop_assert_eq!(id_of(&file_stem(&id)), id);
        }
    }
}
