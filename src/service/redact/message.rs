//! What an error message may tell. It is text for people, so it is searched: whole values that are known are
//! replaced by their names, and what looks like an identity, a key, an address or a moment is masked.
//!
//! This is the one place where text is searched, and it is a heuristic: a secret that nobody has sent or received
//! as a value and that looks like an ordinary word is not found.

use std::sync::LazyLock;

use base64::Engine as _;
use regex::Regex;
use serde_json::Value;

use super::url::UrlParts;

/// Something in a message that is not the service's own text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trace {
    /// An ARN of anything.
    Arn,
    /// An access key id.
    AccessKey,
    /// A UUID.
    Uuid,
    /// A digest in hex.
    Digest,
    /// A long run of letters and digits: a token, a signature, a key.
    Token,
    /// Whoever called.
    Identity,
    /// A date with a time of day.
    Time,
    /// An address with or without a port.
    Host,
    /// An account number.
    Account,
}

/// A longer value is looked for as it is only.
const SPELT: usize = 1024;

struct Pattern {
    trace: Trace,
    regex: Regex,
}

/// In the order in which they are looked for, ARNs first: what has been found is not searched again.
static PATTERNS: LazyLock<Vec<Pattern>> = LazyLock::new(|| {
    let table = [
        (Trace::Arn, r#"(arn:[A-Za-z0-9-]*:[A-Za-z0-9-]*:[A-Za-z0-9-]*:[A-Za-z0-9]*:[^\s"'<>,;)\]}]+)"#),
        (Trace::AccessKey, r"\b((?:AKIA|ASIA|AIDA|AROA|ABIA|ACCA|AGPA|ANPA|ANVA)[A-Z0-9]{8,})\b"),
        (Trace::Uuid, r"(?i)\b([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\b"),
        (Trace::Digest, r"(?i)\b([0-9a-f]{32,})\b"),
        (Trace::Token, r"([A-Za-z0-9+/=_-]{32,})"),
        (
            Trace::Identity,
            r"(?i)\b(?:user|principal|caller|identity|account|profile|credential)\s*[:=]\s*([^\s,;]+)",
        ),
        (
            Trace::Identity,
            r#"(?i)\b(?:password|passwd|pwd|secret[_-]?(?:access[_-]?)?key|secretstring|(?:(?:session|access|auth|bearer|api)[_-]?)?token|(?:access|auth|api)[_-]?key|authorization)["']?\s*[:=]\s*["']?([^\s,;"']+)"#,
        ),
        (Trace::Token, r"\b(smcheck-[a-z]+-\d{4,})\b"),
        (Trace::Time, r"\b(\d{8}T\d{6}Z)\b"),
        (Trace::Time, r"\b(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?)"),
        (Trace::Host, r"\b((?:\d{1,3}\.){3}\d{1,3}(?::\d{1,5})?|localhost:\d{1,5})\b"),
        (Trace::Account, r"\b(\d{12})\b"),
    ];
    table
        .into_iter()
        .map(|(trace, text)| Pattern {
            trace,
            regex: Regex::new(text).expect("the expressions of this table are tested"),
        })
        .collect()
});

/// A value that has a name, with the name.
#[derive(Clone, Debug)]
pub struct Known {
    /// The value.
    pub value: String,
    /// What stands for it.
    pub shown: String,
}

/// The message with every known value replaced by its name and every identity by what `name` says.
pub fn mask(text: &str, known: &[Known], name: &mut dyn FnMut(Trace, &str) -> String) -> String {
    mask_words(text, known, &[], name)
}

/// The same, with values that are replaced wherever they stand as a word of their own, be it an ordinary one.
pub fn mask_words(
    text: &str,
    known: &[Known],
    words: &[Known],
    name: &mut dyn FnMut(Trace, &str) -> String,
) -> String {
    let mut pieces = vec![Piece::Open(text.to_owned())];
    let (arns, others) = PATTERNS.split_at(1);
    // ARNs first: a region or a name that is known must not be cut out of one, and leave the rest of it.
    find_patterns(&mut pieces, arns, name);
    let mut known: Vec<&Known> = known.iter().filter(|known| !known.value.is_empty()).collect();
    known.sort_by(|a, b| (b.value.len(), &a.value).cmp(&(a.value.len(), &b.value)));
    for known in known {
        split(&mut pieces, |text| find_known(text, &known.value).map(|at| (at, known.shown.clone())));
    }
    let mut words: Vec<&Known> = words.iter().filter(|known| known.value.chars().count() >= 3).collect();
    words.sort_by(|a, b| (b.value.len(), &a.value).cmp(&(a.value.len(), &b.value)));
    for known in words {
        split(&mut pieces, |text| find_word(text, &known.value).map(|at| (at, known.shown.clone())));
    }
    find_patterns(&mut pieces, others, name);
    pieces
        .into_iter()
        .map(|piece| match piece {
            Piece::Open(text) | Piece::Done(text) => text,
        })
        .collect()
}

/// What of a secret value may turn up in a message: the strings of one that holds JSON (in JSON too), user and
/// password of a URL, and what one in base64 says.
pub fn parts(value: &str, is_base64: bool) -> Vec<String> {
    let mut found = Vec::new();
    if is_base64
        && let Ok(bytes) = base64::engine::general_purpose::STANDARD.decode(value)
        && let Ok(decoded) = String::from_utf8(bytes)
    {
        leaves(&decoded, &mut found);
        found.push(decoded);
    }
    leaves(value, &mut found);
    found
}

fn leaves(text: &str, found: &mut Vec<String>) {
    fn collect(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::String(text) => {
                leaves(text, found);
                found.push(text.clone());
            }
            Value::Array(entries) => entries.iter().for_each(|entry| collect(entry, found)),
            Value::Object(members) => {
                let sorted: std::collections::BTreeMap<_, _> = members.iter().collect();
                sorted.into_values().for_each(|value| collect(value, found));
            }
            _ => {}
        }
    }
    if let Ok(value @ (Value::Array(_) | Value::Object(_))) = serde_json::from_str(text) {
        collect(&value, found);
    }
    if let Some(url) = UrlParts::parse(text) {
        let parts = [url.password, url.user, Some(url.host), url.path];
        found.extend(parts.into_iter().flatten().filter(|part| !part.is_empty()).map(str::to_owned));
    }
}

/// How a value may be written inside a message: as it is, escaped as JSON does, and as URLs do.
pub fn spellings(value: &str) -> Vec<String> {
    let mut found = vec![value.to_owned()];
    if value.len() > SPELT {
        return found;
    }
    if let Ok(quoted) = serde_json::to_string(value) {
        found.push(quoted[1..quoted.len() - 1].to_owned());
    }
    let percent = |upper: bool| {
        value.bytes().fold(String::new(), |mut text, b| {
            match b {
                b if b.is_ascii_alphanumeric() || b"-_.~".contains(&b) => text.push(char::from(b)),
                b if upper => text.push_str(&format!("%{b:02X}")),
                b => text.push_str(&format!("%{b:02x}")),
            }
            text
        })
    };
    found.extend([percent(true), percent(false)]);
    found.dedup();
    found
}

fn find_patterns(pieces: &mut Vec<Piece>, patterns: &[Pattern], name: &mut dyn FnMut(Trace, &str) -> String) {
    for Pattern { trace, regex } in patterns {
        split(pieces, |text| {
            regex.captures_iter(text).find_map(|found| {
                let found = found.get(1)?;
                let value = found.as_str().trim_end_matches(['.', ':', ')']);
                is_telling(*trace, value).then(|| {
                    let range = found.start()..found.start() + value.len();
                    (range, name(*trace, value))
                })
            })
        });
    }
}

enum Piece {
    Open(String),
    Done(String),
}

/// Cuts what `find` finds out of the pieces that are still open, until it finds nothing more.
fn split(pieces: &mut Vec<Piece>, mut find: impl FnMut(&str) -> Option<(std::ops::Range<usize>, String)>) {
    let mut split = Vec::with_capacity(pieces.len());
    for piece in pieces.drain(..) {
        let Piece::Open(mut rest) = piece else {
            split.push(piece);
            continue;
        };
        while let Some((range, shown)) = find(&rest) {
            let after = rest.split_off(range.end);
            rest.truncate(range.start);
            split.extend([Piece::Open(rest), Piece::Done(shown)]);
            rest = after;
        }
        split.push(Piece::Open(rest));
    }
    *pieces = split;
}

/// Finds a value: anywhere between other words when it cannot be an ordinary word, and in quotes otherwise, lest
/// the secret `one` be found in "one of".
fn find_known(text: &str, value: &str) -> Option<std::ops::Range<usize>> {
    let distinctive = is_distinctive(value);
    // What is no word cannot be one by accident.
    let odd = value.len() >= 12 || !value.chars().all(char::is_alphanumeric) && value.len() >= 8;
    text.match_indices(value).map(|(at, _)| at..at + value.len()).find(|range| {
        let before = text[..range.start].chars().next_back();
        let after = text[range.end..].chars().next();
        let quoted = |c: Option<char>| c.is_some_and(|c| "'\"`".contains(c));
        let apart = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        if distinctive { odd || (apart(before) && apart(after)) } else { quoted(before) && quoted(after) }
    })
}

fn find_word(text: &str, value: &str) -> Option<std::ops::Range<usize>> {
    let apart = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    text.match_indices(value).map(|(at, _)| at..at + value.len()).find(|range| {
        apart(text[..range.start].chars().next_back()) && apart(text[range.end..].chars().next())
    })
}

fn is_distinctive(value: &str) -> bool {
    let ordinary = value.chars().all(|c| c.is_ascii_lowercase() || c == ' ');
    value.len() >= 6 && (!ordinary || value.len() >= 16)
}

fn is_telling(trace: Trace, value: &str) -> bool {
    let has = |test: fn(&u8) -> bool| value.as_bytes().iter().any(test);
    match trace {
        // A stand-in of a recording stands for what was found here when it was made.
        Trace::Token if value.starts_with("smcheck-") => true,
        Trace::Token => {
            value.len() >= 32
                && has(u8::is_ascii_digit)
                && has(u8::is_ascii_lowercase)
                && has(u8::is_ascii_uppercase)
        }
        // A run of one letter is no digest.
        Trace::Digest => value.len() == 64 || (has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic)),
        _ => !value.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str, known: &[(&str, &str)]) -> String {
        let known: Vec<Known> = known
            .iter()
            .map(|(value, shown)| Known { value: (*value).to_owned(), shown: (*shown).to_owned() })
            .collect();
        mask(text, &known, &mut |trace, _| format!("<{trace:?}>"))
    }

    #[test]
    fn identities_are_masked() {
        for (text, expected) in [
            (
                "User: arn:aws:sts::123456789012:assumed-role/CANARY/x is not authorized to perform: a:b",
                "User: <Arn> is not authorized to perform: a:b",
            ),
            ("User: CANARY-joe is not authorized", "User: <Identity> is not authorized"),
            ("The key AKIACANARY1234567890 is unknown.", "The key <AccessKey> is unknown."),
            ("account 123456789012", "account <Account>"),
            ("expired: 20241124T190000Z is now earlier", "expired: <Time> is now earlier"),
            (
                "password: CANARY, \"secret_key\": \"CANARY\"",
                "password: <Identity>, \"secret_key\": \"<Identity>\"",
            ),
            ("hex DEADBEEF00112233445566778899aabb", "hex <Digest>"),
            ("no route to 127.0.0.1:5000", "no route to <Host>"),
            ("token FwoGZXIvYXdzEJr1234567890abcdefABCDEFxyz= is wrong", "token <Token> is wrong"),
        ] {
            assert_eq!(masked(text, &[]), expected);
        }
    }

    #[test]
    fn parts_and_spellings_of_a_secret_are_found() {
        let url = "postgres://joe:p%40ss@db.example/x";
        assert_eq!(parts(url, false), ["p%40ss", "joe", "db.example", "x"]);
        let nested = format!(r#"{{"dsn":"{url}","in":"{{\"a\":\"deep\"}}"}}"#);
        let found = parts(&nested, false);
        assert!(
            ["p%40ss", "deep", url].iter().all(|part| found.iter().any(|known| known == part)),
            "{found:?}"
        );
        assert_eq!(spellings("a\"b/"), ["a\"b/", "a\\\"b/", "a%22b%2F", "a%22b%2f"]);
        let known = [Known { value: "word".to_owned(), shown: "<s>".to_owned() }];
        let mask = |text| mask_words(text, &[], &known, &mut |_, _| String::new());
        assert_eq!(mask("a word, words"), "a <s>, words");
    }

    #[test]
    fn the_text_of_the_service_stays() {
        for text in [
            "Secrets Manager can't find the specified secret value for staging label: NOPE",
            "You can't perform this operation on the secret because it was marked for deletion.",
            "1 validation error detected: Value at 'name' failed to satisfy constraint: Member must have length \
             less than or equal to 512",
        ] {
            assert_eq!(masked(text, &[("one", "<secret:1>"), ("secret", "<secret:2>")]), text);
        }
    }

    #[test]
    fn known_values_are_replaced_as_a_whole_and_the_longest_first() {
        let known = [("smcheck-1a-db", "${db}"), ("smcheck-1a-db-2", "${other}"), ("one", "<secret:1>")];
        assert_eq!(
            masked("smcheck-1a-db-2 and smcheck-1a-db, but 'one'", &known),
            "${other} and ${db}, but '<secret:1>'"
        );
    }
}
