//! Texts of the same form: what stands for a value still parses as what the value was.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::service::redact::Tree;
use crate::service::redact::class::is_member_name;

/// Every stand-in for text holds this.
pub const MARK: &str = "smcheck-";

/// The shortest lengths of the classes: a stand-in is as long as the shortest value of its class.
const CLASSES: [usize; 3] = [65, 1025, 4097];

/// A text of the same form as the value, holding the mark: JSON with the same keys and types, PEM, a URL, an ARN,
/// base64, or just text. Of the length only the class is kept.
pub fn like(value: &str, mark: &str, number: usize) -> String {
    json(value, mark, number)
        .or_else(|| pem(value, mark))
        .or_else(|| url(value, mark))
        .or_else(|| arn(value, mark))
        .or_else(|| base64(value, mark))
        .unwrap_or_else(|| padded(value, mark))
}

/// Base64 of a text of the same form as what the value holds; plain text where the value is no base64.
pub fn like_blob(value: &str, mark: &str, number: usize) -> String {
    match STANDARD.decode(value) {
        Ok(bytes) => {
            let inner = match String::from_utf8(bytes) {
                Ok(text) => like(&text, mark, number),
                Err(error) => padded(&"x".repeat(error.as_bytes().len()), mark),
            };
            STANDARD.encode(inner)
        }
        Err(_) => padded(value, mark),
    }
}

/// Whether the text is recognisable as a stand-in of ours.
pub fn is_stand_in(text: &str) -> bool {
    let has_mark = |text: &str| text.contains(MARK);
    has_mark(text)
        || text.split_whitespace().any(|word| {
            let decoded = STANDARD.decode(word).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            decoded.is_some_and(|text| has_mark(&text))
        })
}

fn padded(value: &str, mark: &str) -> String {
    let length = value.chars().count();
    let class = CLASSES.iter().rev().find(|shortest| length >= **shortest).copied().unwrap_or(0);
    let mut text = mark.to_owned();
    text.extend(std::iter::repeat_n('.', class.saturating_sub(mark.len())));
    text
}

fn json(value: &str, mark: &str, number: usize) -> Option<String> {
    if !value.trim_start().starts_with(['{', '[']) {
        return None;
    }
    let parsed: Value = serde_json::from_str(value).ok()?;
    let mut leaves = 0;
    let tree = json_like(&parsed, mark, number, &mut leaves);
    // Without a string in it nothing could tell the stand-in of one value from another's.
    (leaves > 0).then(|| serde_json::to_string(&tree).ok()).flatten()
}

fn json_like(value: &Value, mark: &str, number: usize, leaves: &mut usize) -> Tree {
    match value {
        Value::Null => Tree::Leaf(Value::Null),
        Value::Bool(_) => Tree::Leaf(Value::Bool(false)),
        Value::Number(was) if was.is_f64() => Tree::Leaf(Value::from(number as f64 + 0.5)),
        Value::Number(_) => Tree::Leaf(Value::from(number)),
        Value::String(_) => {
            *leaves += 1;
            let text = if *leaves == 1 { mark.to_owned() } else { format!("{mark}.{leaves}") };
            Tree::Leaf(Value::String(text))
        }
        Value::Array(entries) => {
            Tree::List(entries.iter().map(|entry| json_like(entry, mark, number, leaves)).collect())
        }
        Value::Object(members) => {
            let sorted: BTreeMap<_, _> = members.iter().collect();
            let member = |(at, (key, value)): (usize, (&String, &Value))| {
                let key =
                    if is_member_name(key) { key.clone() } else { format!("<{MARK}key-{:04}>", at + 1) };
                (key, json_like(value, mark, number, leaves))
            };
            Tree::Map(sorted.into_iter().enumerate().map(member).collect())
        }
    }
}

fn pem(value: &str, mark: &str) -> Option<String> {
    let label = value.trim_start().strip_prefix("-----BEGIN ")?.split_once("-----")?.0;
    let plain =
        label.len() <= 40 && label.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b' ');
    let body = STANDARD.encode(mark);
    plain.then(|| format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n"))
}

fn url(value: &str, mark: &str) -> Option<String> {
    let (scheme, _) = value.split_once("://")?;
    let plain = (1..=16).contains(&scheme.len())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+.-".contains(&b));
    plain.then(|| format!("{scheme}://{mark}.invalid/"))
}

fn arn(value: &str, mark: &str) -> Option<String> {
    let mut parts = value.strip_prefix("arn:")?.splitn(5, ':');
    let mut plain = || {
        let part = parts.next()?;
        let fits = part.len() <= 40 && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        fits.then_some(part)
    };
    let (partition, service, region, account) = (plain()?, plain()?, plain()?, plain()?);
    let account = if account.is_empty() { "" } else { "000000000000" };
    Some(format!("arn:{partition}:{service}:{region}:{account}:{mark}"))
}

fn base64(value: &str, mark: &str) -> Option<String> {
    let has = |test: fn(&u8) -> bool| value.as_bytes().iter().any(test);
    let telling = value.len() >= 24
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_uppercase);
    (telling && STANDARD.decode(value).is_ok()).then(|| STANDARD.encode(mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_parses_still_parses() {
        for (value, expected) in [
            (
                r#"{"user":"u","pass":"p","port":5}"#,
                r#"{"pass":"smcheck-secret-0007","port":7,"user":"smcheck-secret-0007.2"}"#,
            ),
            (
                "-----BEGIN RSA KEY-----\nabc\n-----END RSA KEY-----",
                "-----BEGIN RSA KEY-----\nc21jaGVjay1zZWNyZXQtMDAwNw==\n-----END RSA KEY-----\n",
            ),
            ("postgres://u:p@h/db", "postgres://smcheck-secret-0007.invalid/"),
            (
                "arn:aws:kms:eu-west-1:123456789012:key/x",
                "arn:aws:kms:eu-west-1:000000000000:smcheck-secret-0007",
            ),
            ("hunter2", "smcheck-secret-0007"),
            ("AbCdEfGh1234AbCdEfGh1234", "c21jaGVjay1zZWNyZXQtMDAwNw=="),
        ] {
            let found = like(value, "smcheck-secret-0007", 7);
            assert_eq!(found, expected);
            assert!(is_stand_in(&found), "{found}");
            assert_eq!(like(&found, "smcheck-secret-0007", 7), found, "the form of a stand-in is its own");
        }
    }

    #[test]
    fn only_the_class_of_a_length_is_kept() {
        assert_eq!(like(&"x ".repeat(40), "m", 1).len(), 65);
        assert_eq!(like(&"x ".repeat(400), "m", 1).len(), 65);
        assert_eq!(like(&"x ".repeat(40_000), "m", 1).len(), 4097);
    }

    #[test]
    fn a_blob_stays_base64() {
        let found = like_blob(&STANDARD.encode([0xff, 0xfe, 0x01]), "smcheck-secret-0001", 1);
        assert_eq!(STANDARD.decode(&found).ok(), Some(b"smcheck-secret-0001".to_vec()));
        assert_eq!(like_blob("no base64!", "smcheck-secret-0001", 1), "smcheck-secret-0001");
    }
}
