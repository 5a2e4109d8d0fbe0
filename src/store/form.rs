//! Texts of the same form: what stands for a value still parses as what the value was.
//!
//! A stand-in is made of *marks* (`smcheck-secret-0007`, and `smcheck-secret-0007.2` for a further part of the same
//! value). Whoever makes one says by [`Marks`] which part gets which mark; [`is_whole_stand_in`] makes the stand-in
//! of a text anew from the marks that it holds, and so tells one from a text that merely contains a mark.

use std::collections::HashMap;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use regex::Regex;
use serde_json::{Number, Value};

use crate::service::redact::Tree;
use crate::service::redact::class::{is_member_name, is_region};
use crate::service::redact::url::UrlParts;

/// Every stand-in for text holds this.
pub const MARK: &str = "smcheck-";

/// The shortest lengths of the classes: a stand-in is as long as the shortest value of its class.
const CLASSES: [usize; 3] = [65, 1025, 4097];

/// A text that is a number is longer than this only by accident.
const DIGITS_MAX: usize = 18;
/// What the stand-in of a text that is a number begins with, and the port of the stand-in of a URL.
const NUMBER: &str = "7624";

/// What the label of a PEM block may be made of; others are not PEM.
const LABELS: &[&str] = &[
    "BLOCK",
    "CERTIFICATE",
    "CMS",
    "CRL",
    "DH",
    "DSA",
    "EC",
    "ENCRYPTED",
    "KEY",
    "MESSAGE",
    "NEW",
    "OPENSSH",
    "PARAMETERS",
    "PGP",
    "PKCS7",
    "PRIVATE",
    "PUBLIC",
    "REQUEST",
    "RSA",
    "SSH2",
    "TRUSTED",
    "X509",
];

static A_MARK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"smcheck-(?:secret|text|token)-\d{4,9}(?:\.\d{1,6})*").expect("it is tested")
});
static A_NUMBER: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^-?\d+(?:\.\d+)?$").expect("it is tested"));

/// Says what stands for the parts of a value that has parts: the strings and numbers of JSON, the user of a URL.
pub trait Marks {
    /// The mark of a part; the same for the same text.
    fn part(&mut self, text: &str) -> String;
    /// What stands for a number.
    fn number(&mut self, number: &Number) -> Value;
    /// Told what stands for a part in the end.
    fn shown(&mut self, _text: &str, _shown: &str) {}
}

/// A text of the same form as the value, holding the mark: JSON with the same keys and types (in JSON and in base64
/// too), PEM, a URL, an ARN, base64, or just text. Of the length only the class is kept, and that of the parts.
pub fn like(value: &str, mark: &str, marks: &mut dyn Marks) -> String {
    Form { marks, needs_text: true }.text(value, mark)
}

/// The same of a secret value: a number stays one, and so does JSON without a string in it.
pub fn like_secret(value: &str, mark: &str, marks: &mut dyn Marks) -> String {
    Form { marks, needs_text: false }.secret(value, mark)
}

/// Base64 of a text of the same form as what the value holds; plain text where the value is no base64.
pub fn like_blob(value: &str, mark: &str, marks: &mut dyn Marks) -> String {
    match STANDARD.decode(value) {
        Ok(bytes) => STANDARD.encode(Form { marks, needs_text: false }.bytes(bytes, mark)),
        Err(_) => padded(value, mark),
    }
}

/// Whether the text is recognisable as a stand-in of ours. Playback asks; that something beside a mark stands in it
/// matters to [`is_whole_stand_in`] only.
pub fn is_stand_in(text: &str) -> bool {
    let has_mark = |text: &str| text.contains(MARK);
    has_mark(text)
        || text.split_whitespace().any(|word| {
            let decoded = STANDARD.decode(word).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            decoded.is_some_and(|text| has_mark(&text))
        })
}

/// Whether the text is the stand-in of a secret value and nothing else, so that nothing of a value can be left in
/// it. Numbers in it are stand-ins when they are counted: not above `numbers`.
pub fn is_whole_stand_in(text: &str, is_blob: bool, numbers: usize) -> bool {
    // What `StandIns` puts behind a stand-in that would be another's otherwise.
    let text = &unspaced(text, is_blob);
    let mark = mark_in(text).unwrap_or_default();
    let mut own = Own { numbers, fits: true };
    let again = match is_blob {
        true => like_blob(text, &mark, &mut own),
        false => like_secret(text, &mark, &mut own),
    };
    own.fits && again == *text
}

/// The stand-in with a space behind it, so that it is another one.
pub fn spaced(stand_in: &str, is_blob: bool) -> String {
    match STANDARD.decode(stand_in) {
        Ok(mut bytes) if is_blob => {
            bytes.push(b' ');
            STANDARD.encode(bytes)
        }
        _ => format!("{stand_in} "),
    }
}

fn unspaced(stand_in: &str, is_blob: bool) -> String {
    match STANDARD.decode(stand_in) {
        // Spaces only: a PEM ends with a line break of its own.
        Ok(mut bytes) if is_blob => {
            let kept = bytes.iter().rposition(|b| *b != b' ').map_or(0, |last| last + 1);
            bytes.truncate(kept);
            STANDARD.encode(bytes)
        }
        _ => stand_in.trim_end_matches(' ').to_owned(),
    }
}

/// The numbers inside a stand-in, for counting them.
pub fn numbers_in(text: &str) -> Vec<String> {
    struct Numbers(Vec<String>);
    impl Marks for Numbers {
        fn part(&mut self, text: &str) -> String {
            text.to_owned()
        }
        fn number(&mut self, number: &Number) -> Value {
            self.0.push(number.to_string());
            Value::Number(number.clone())
        }
    }
    let mut numbers = Numbers(Vec::new());
    like_secret(text, "", &mut numbers);
    numbers.0
}

/// Recognises: every part has the mark that it holds already.
struct Own {
    numbers: usize,
    fits: bool,
}

impl Marks for Own {
    fn part(&mut self, text: &str) -> String {
        let mark = mark_in(text);
        self.fits &= mark.is_some();
        mark.unwrap_or_default()
    }

    fn number(&mut self, number: &Number) -> Value {
        let text = number.to_string();
        let whole = text.strip_suffix(".5").unwrap_or(&text);
        self.fits &= whole.parse::<usize>().is_ok_and(|count| (1..=self.numbers).contains(&count));
        Value::Number(number.clone())
    }
}

/// Whether the text is a mark and nothing else.
pub fn is_mark(text: &str) -> bool {
    A_MARK.find(text).is_some_and(|found| found.as_str() == text)
}

/// The first mark in a text, or in what it holds in base64.
fn mark_in(text: &str) -> Option<String> {
    if text.is_empty() {
        return None;
    }
    let plain = |text: &str| A_MARK.find(text).map(|found| found.as_str().to_owned());
    if let Some(mark) = plain(text) {
        return Some(mark);
    }
    if let Some(digits) = text.strip_prefix(NUMBER) {
        return (digits.len() >= 4).then(|| format!("{MARK}secret-{}", digits.trim_end_matches(".5")));
    }
    if let Some(blocks) = pem_blocks(text) {
        return blocks.first().and_then(|(_, bytes)| plain(&String::from_utf8_lossy(bytes)));
    }
    engines().into_iter().find_map(|engine| {
        let inner = String::from_utf8(engine.decode(text).ok()?).ok()?;
        // What is in base64 in base64 gets shorter each time.
        mark_in(&inner)
    })
}

fn engines() -> [&'static GeneralPurpose; 4] {
    [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD]
}

fn padded(value: &str, mark: &str) -> String {
    padded_to(value.chars().count(), mark)
}

fn padded_to(length: usize, mark: &str) -> String {
    let class = CLASSES.iter().rev().find(|shortest| length >= **shortest).copied().unwrap_or(0);
    let mut text = mark.to_owned();
    text.extend(std::iter::repeat_n('.', class.saturating_sub(mark.len())));
    text
}

struct Form<'m> {
    marks: &'m mut dyn Marks,
    /// Whether JSON without a string in it is just text: nothing could tell the stand-in of one from another's.
    needs_text: bool,
}

impl Form<'_> {
    fn text(&mut self, value: &str, mark: &str) -> String {
        self.json(value)
            .or_else(|| pem(value, mark))
            .or_else(|| self.url(value))
            .or_else(|| arn(value, mark))
            .or_else(|| self.base64(value, mark))
            .unwrap_or_else(|| padded(value, mark))
    }

    fn secret(&mut self, value: &str, mark: &str) -> String {
        number(value, mark).unwrap_or_else(|| self.text(value, mark))
    }

    fn bytes(&mut self, bytes: Vec<u8>, mark: &str) -> String {
        match String::from_utf8(bytes) {
            Ok(text) => {
                let inner = self.secret(&text, mark);
                self.marks.shown(&text, &inner);
                inner
            }
            Err(error) => padded_to(error.as_bytes().len(), mark),
        }
    }

    /// A part: a string of JSON, what stands between the signs of a URL.
    fn part(&mut self, text: &str) -> String {
        if text.is_empty() {
            return String::new();
        }
        let mark = self.marks.part(text);
        let shown = self.text(text, &mark);
        self.marks.shown(text, &shown);
        shown
    }

    /// A part that must not get a form of its own, lest the whole lose its form.
    fn word(&mut self, text: &str) -> String {
        if text.is_empty() {
            return String::new();
        }
        let mark = self.marks.part(text);
        self.marks.shown(text, &mark);
        mark
    }

    fn json(&mut self, value: &str) -> Option<String> {
        if !value.trim_start().starts_with(['{', '[']) {
            return None;
        }
        let parsed: Value = serde_json::from_str(value).ok()?;
        if self.needs_text && !has_text(&parsed) {
            return None;
        }
        serde_json::to_string(&self.json_like(&parsed)).ok()
    }

    fn json_like(&mut self, value: &Value) -> Tree {
        match value {
            Value::Null => Tree::Leaf(Value::Null),
            Value::Bool(_) => Tree::Leaf(Value::Bool(false)),
            Value::Number(number) => Tree::Leaf(self.marks.number(number)),
            Value::String(text) => Tree::Leaf(Value::String(self.part(text))),
            Value::Array(entries) => Tree::List(entries.iter().map(|entry| self.json_like(entry)).collect()),
            Value::Object(members) => {
                let mut named: Vec<(String, &Value)> = Vec::with_capacity(members.len());
                let mut odd = 0;
                for (key, value) in members {
                    if is_member_name(key) {
                        named.push((key.clone(), value));
                    } else {
                        odd += 1;
                        named.push((format!("<{MARK}key-{odd:04}>"), value));
                    }
                }
                // As the names of keys stand now, so that the form of a stand-in is its own.
                named.sort_by(|a, b| a.0.cmp(&b.0));
                Tree::Map(named.into_iter().map(|(key, value)| (key, self.json_like(value))).collect())
            }
        }
    }

    fn url(&mut self, value: &str) -> Option<String> {
        let url = UrlParts::parse(value)?;
        if url.host.is_empty() && url.user.is_none() && url.path.is_none_or(str::is_empty) {
            return None;
        }
        let mut made = format!("{}://", url.scheme);
        if let Some(user) = url.user {
            made.push_str(&self.word(user));
            if let Some(password) = url.password {
                made.push(':');
                made.push_str(&self.word(password));
            }
            made.push('@');
        }
        if !url.host.is_empty() {
            let host = self.word(url.host.strip_suffix(".invalid").unwrap_or(url.host));
            made.push_str(&format!("{host}.invalid"));
        }
        if url.port.is_some() {
            made.push_str(&format!(":{NUMBER}"));
        }
        if let Some(path) = url.path {
            made.push('/');
            made.push_str(&self.word(path));
        }
        for (at, (name, value)) in url.query.into_iter().enumerate() {
            made.push(if at == 0 { '?' } else { '&' });
            let name = if is_member_name(name) { name.to_owned() } else { self.word(name) };
            made.push_str(&format!("{name}={}", self.word(value)));
        }
        made.contains(MARK).then_some(made)
    }

    fn base64(&mut self, value: &str, mark: &str) -> Option<String> {
        let has = |test: fn(&u8) -> bool| value.as_bytes().iter().any(test);
        let telling = value.len() >= 24
            && has(u8::is_ascii_digit)
            && has(u8::is_ascii_lowercase)
            && has(u8::is_ascii_uppercase);
        let (engine, bytes) = engines()
            .into_iter()
            .filter(|_| telling)
            .find_map(|engine| Some((engine, engine.decode(value).ok()?)))?;
        let made = engine.encode(match String::from_utf8(bytes) {
            Ok(text) => self.text(&text, mark),
            Err(error) => padded_to(error.as_bytes().len(), mark),
        });
        Some(made)
    }
}

fn has_text(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.is_empty(),
        Value::Array(entries) => entries.iter().any(has_text),
        Value::Object(members) => members.values().any(has_text),
        _ => false,
    }
}

fn number(value: &str, mark: &str) -> Option<String> {
    if value.len() > DIGITS_MAX || !A_NUMBER.is_match(value) {
        return None;
    }
    let digits: String = mark.rsplit('-').next()?.replace('.', "0");
    let fraction = if value.contains('.') { ".5" } else { "" };
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| format!("{NUMBER}{digits}{fraction}"))
}

/// The blocks of a text in PEM: label and bytes. `None` where it is anything else.
fn pem_blocks(value: &str) -> Option<Vec<(&str, Vec<u8>)>> {
    let mut blocks = Vec::new();
    let mut rest = value.trim_start();
    while let Some(after) = rest.strip_prefix("-----BEGIN ") {
        let (label, after) = after.split_once("-----")?;
        let known = !label.is_empty() && label.split(' ').all(|word| LABELS.contains(&word));
        let (body, after) = after.split_once(&format!("-----END {label}-----"))?;
        if !known {
            return None;
        }
        // Headers of old keys (`DEK-Info: …`) are none of the body's bytes.
        let lines = body.lines().filter(|line| !line.contains(':'));
        let body: String = lines.flat_map(|line| line.chars().filter(|c| !c.is_whitespace())).collect();
        let bytes = STANDARD.decode(&body).unwrap_or_else(|_| vec![0; body.len() / 4 * 3]);
        blocks.push((label, bytes));
        rest = after.trim_start();
    }
    (!blocks.is_empty() && rest.is_empty()).then_some(blocks)
}

fn pem(value: &str, mark: &str) -> Option<String> {
    let mut made = String::new();
    for (label, bytes) in pem_blocks(value)? {
        made.push_str(&format!("-----BEGIN {label}-----\n"));
        let body = STANDARD.encode(padded_to(bytes.len(), mark));
        for line in body.as_bytes().chunks(64) {
            made.push_str(&String::from_utf8_lossy(line));
            made.push('\n');
        }
        made.push_str(&format!("-----END {label}-----\n"));
    }
    Some(made)
}

fn arn(value: &str, mark: &str) -> Option<String> {
    let mut parts = value.strip_prefix("arn:")?.splitn(5, ':');
    let (partition, service, region, account) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let plain = |part: &str| {
        part.len() <= 40 && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    if !partition.starts_with("aws") || !plain(partition) || !plain(service) {
        return None;
    }
    let region = if region.is_empty() || is_region(region) { region } else { "us-east-1" };
    let account = if account.is_empty() { "" } else { "000000000000" };
    Some(format!("arn:{partition}:{service}:{region}:{account}:{mark}"))
}

/// Marks for values of which nothing else is known: parts are numbered after the mark of the whole.
#[derive(Debug, Default)]
pub struct Alone {
    mark: String,
    parts: HashMap<String, String>,
    numbers: HashMap<String, usize>,
}

impl Alone {
    /// Marks of one value.
    pub fn new(mark: &str) -> Self {
        Alone { mark: mark.to_owned(), ..Self::default() }
    }
}

impl Marks for Alone {
    fn part(&mut self, text: &str) -> String {
        let count = self.parts.len() + 1;
        let mark = || if count == 1 { self.mark.clone() } else { format!("{}.{count}", self.mark) };
        self.parts.entry(text.to_owned()).or_insert_with(mark).clone()
    }

    fn number(&mut self, number: &Number) -> Value {
        let count = self.numbers.len() + 1;
        let count = *self.numbers.entry(number.to_string()).or_insert(count);
        counted(number, count)
    }
}

/// What stands for the `count`th number: of the same type.
pub fn counted(number: &Number, count: usize) -> Value {
    if number.is_f64() { Value::from(count as f64 + 0.5) } else { Value::from(count) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARK_7: &str = "smcheck-secret-0007";

    fn secret(value: &str) -> String {
        like_secret(value, MARK_7, &mut Alone::new(MARK_7))
    }

    #[test]
    fn what_parses_still_parses() {
        let nested = r#"{"outer":"{\"inner\":\"deep\",\"n\":8}","same":"deep","empty":""}"#;
        for (value, expected) in [
            (
                r#"{"user":"u","pass":"p","port":5}"#,
                r#"{"pass":"smcheck-secret-0007","port":1,"user":"smcheck-secret-0007.2"}"#,
            ),
            (
                nested,
                r#"{"empty":"","outer":"{\"inner\":\"smcheck-secret-0007.2\",\"n\":1}","same":"smcheck-secret-0007.2"}"#,
            ),
            (
                "-----BEGIN RSA PRIVATE KEY-----\nabcd\n-----END RSA PRIVATE KEY-----",
                "-----BEGIN RSA PRIVATE KEY-----\nc21jaGVjay1zZWNyZXQtMDAwNw==\n-----END RSA PRIVATE KEY-----\n",
            ),
            (
                "postgres://u:p@h:5432/db?sslmode=require",
                "postgres://smcheck-secret-0007:smcheck-secret-0007.2@smcheck-secret-0007.3.invalid:7624/\
                 smcheck-secret-0007.4?sslmode=smcheck-secret-0007.5",
            ),
            ("jdbc:mysql://h/", "jdbc:mysql://smcheck-secret-0007.invalid/"),
            (
                "arn:aws:kms:eu-west-1:123456789012:key/x",
                "arn:aws:kms:eu-west-1:000000000000:smcheck-secret-0007",
            ),
            ("hunter2", MARK_7),
            ("hunter2://and more", MARK_7),
            ("-----BEGIN HUNTER2-----\nx\n-----END HUNTER2-----\n", MARK_7),
            ("arn:hunter2:x:y:z:w", MARK_7),
            ("482913", "76240007"),
            ("3.25", "76240007.5"),
            (r#"{"on":true,"pin":4711}"#, r#"{"on":false,"pin":1}"#),
            ("AbCdEfGh1234AbCdEfGh1234", "c21jaGVjay1zZWNyZXQtMDAwNw=="),
        ] {
            let found = secret(value);
            assert_eq!(found, expected);
            assert!(is_whole_stand_in(&found, false, 9), "{found}");
            assert_eq!(is_whole_stand_in(value, false, 0), value == found, "{value}");
        }
    }

    #[test]
    fn a_mark_in_a_value_does_not_make_it_a_stand_in() {
        for text in [
            "smcheck-secret-0001 and hunter2",
            r#"{"a":"smcheck-secret-0001","b":"hunter2"}"#,
            r#"{"a":"smcheck-secret-0001","pin":4711}"#,
            r#"{"a":"smcheck-secret-0001","on":true}"#,
            r#"{"hunter two":"smcheck-secret-0001"}"#,
            "postgres://smcheck-secret-0001:hunter2@smcheck-secret-0001.3.invalid",
            "postgres://smcheck-secret-0001@db.example.com/",
            "-----BEGIN RSA PRIVATE KEY-----\nc21jaGVjay1zZWNyZXQtMDAwNw==\nAAAA\n-----END RSA PRIVATE KEY-----\n",
            "smcheck-secret-0001..........",
            "smcheck-",
            "hunter2",
            "4711",
        ] {
            assert!(!is_whole_stand_in(text, false, 9), "{text}");
        }
        // Where nothing is, nothing is left of a value.
        assert!(is_whole_stand_in("", false, 9));
        let blob = |text: &str| is_whole_stand_in(&STANDARD.encode(text), true, 9);
        assert!(blob("smcheck-secret-0001"));
        assert!(
            !blob("smcheck-secret-0001 hunter2")
                && !blob("hunter2")
                && !is_whole_stand_in("hunter2", true, 9)
        );
    }

    #[test]
    fn only_the_class_of_a_length_is_kept() {
        let like = |value: &str| like(value, "m", &mut Alone::new("m"));
        assert_eq!(like(&"x ".repeat(40)).len(), 65);
        assert_eq!(like(&"x ".repeat(400)).len(), 65);
        assert_eq!(like(&"x ".repeat(40_000)).len(), 4097);
        let part = secret(&format!(r#"{{"a":"{}"}}"#, "x ".repeat(100)));
        assert_eq!(part.len(), r#"{"a":""}"#.len() + 65);
        assert!(is_whole_stand_in(&part, false, 0));
    }

    #[test]
    fn a_blob_stays_base64() {
        let like =
            |value: &str| like_blob(value, "smcheck-secret-0001", &mut Alone::new("smcheck-secret-0001"));
        let found = like(&STANDARD.encode([0xff, 0xfe, 0x01]));
        assert_eq!(STANDARD.decode(&found).ok(), Some(b"smcheck-secret-0001".to_vec()));
        assert_eq!(like("no base64!"), "smcheck-secret-0001");
    }
}
