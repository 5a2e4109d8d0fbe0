//! What looks like a secret in any text. It is a heuristic: what looks like a word is not found, and what looks
//! random need not be secret.

use std::sync::LazyLock;

use regex::Regex;

use super::tree::Spot;
use super::{Found, Kind};
use crate::store::form::is_stand_in;

struct Pattern {
    kind: Kind,
    what: &'static str,
    regex: Regex,
    /// Whether the text that was found (its first group) is what it looks like.
    counts: fn(&str) -> bool,
}

/// Account numbers of AWS's documentation, and those that nobody has.
const DOCUMENTED: &[&str] = &[
    "000000000000",
    "012345678901",
    "111111111111",
    "111122223333",
    "123412341234",
    "123456789012",
    "210987654321",
    "222222222222",
    "222233334444",
    "333333333333",
    "444455556666",
    "444444444444",
    "555555555555",
    "555566667777",
    "666666666666",
    "777777777777",
    "777788889999",
    "888888888888",
    "888899990000",
    "987654321098",
    "987654321012",
    "999999999999",
    "999988887777",
    "112233445566",
    "098765432109",
];

/// A kind, what it is called, its expression, and whether a text that fits is one.
type Row = (Kind, &'static str, &'static str, fn(&str) -> bool);

static PATTERNS: LazyLock<Vec<Pattern>> = LazyLock::new(|| {
    let table: [Row; 11] = [
        (Kind::AccessKey, "the id of an AWS access key", r"\b((?:AKIA|ASIA)[A-Z0-9]{16})\b", |text| {
            !text.contains("EXAMPLE") && !text.contains("SMCHECK") && variety(text) > 5
        }),
        (
            Kind::SecretKey,
            "an AWS secret access key",
            r#"(?i)secret[_ -]?(?:access[_ -]?)?key(?:_id)?["']?\s*[:=]\s*\\?["']?([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$)"#,
            |text| !is_public(text) && is_random(text),
        ),
        (
            Kind::SessionToken,
            "a session token of AWS",
            r"\b((?:FwoGZXIvYXdz|IQoJb3JpZ2lu|FQoGZXIvYXdz)[A-Za-z0-9/+=]{32,})",
            |text| !is_public(text),
        ),
        (
            Kind::SessionToken,
            "a session token",
            r#"(?i)(?:session|security)[_-]?token["']?\s*[:=]\s*\\?["']?([A-Za-z0-9/+=]{64,})"#,
            |text| !is_public(text) && variety(text) > 8,
        ),
        (
            Kind::PrivateKey,
            "a private key in PEM",
            r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?:\\[nr]|\s)*(?:[A-Za-z-]+: [^\n\\]*(?:\\[nr]|\s)+)*([A-Za-z0-9+/=]{16,})",
            |text| !is_public(text),
        ),
        (
            Kind::Jwt,
            "a JSON Web Token",
            r"\b(eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{16,})",
            |_| true,
        ),
        (
            Kind::UrlPassword,
            "a password in a URL",
            r#"\b[a-zA-Z][a-zA-Z0-9+.-]{1,20}://[^\s:/@"'<>`]*:([^\s/@"'<>`]{3,})@"#,
            |text| !is_public(text) && !is_placeholder(text),
        ),
        (
            Kind::ServiceToken,
            "a token of a service",
            r"\b((?:gh[opsur]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{50,}|glpat-[A-Za-z0-9_-]{20}|xox[abprs]-[A-Za-z0-9-]{16,}|[rs]k_live_[A-Za-z0-9]{16,}|AIza[A-Za-z0-9_-]{35}|npm_[A-Za-z0-9]{36}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}))",
            |_| true,
        ),
        (
            Kind::Account,
            "the number of an account in an ARN",
            r"\barn:aws[a-z-]*:[a-z0-9-]*:[a-z0-9-]*:(\d{12}):",
            |text| !DOCUMENTED.contains(&text),
        ),
        (
            Kind::Header,
            "an authorization with a token",
            r#"(?i)\bauthorization["']?\s*[:=]\s*\\?["']?(?:bearer|basic)\s+([A-Za-z0-9._~+/=-]{16,})"#,
            |text| !is_public(text) && is_random(text),
        ),
        (
            Kind::Random,
            "a random text beside a word for secrets",
            r#"(?i)(?:password|passwd|pwd|secret|token|api[_-]?key|private[_-]?key|credential)[a-z0-9_.-]{0,20}\\?["']?\s*[:=]\s*\\?["']?([A-Za-z0-9/+=_!@#$%^&*.~-]{12,})"#,
            |text| !is_public(text) && is_random(text),
        ),
    ];
    table
        .into_iter()
        .map(|(kind, what, text, counts)| Pattern {
            kind,
            what,
            regex: Regex::new(text).expect("the expressions of this table are tested"),
            counts,
        })
        .collect()
});

/// All places of a text that look like a secret.
pub(super) fn look(text: &str) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    let mut taken: Vec<std::ops::Range<usize>> = Vec::new();
    for pattern in PATTERNS.iter() {
        for captures in pattern.regex.captures_iter(text) {
            let Some(part) = captures.get(1) else { continue };
            let covered = taken.iter().any(|range| range.start < part.end() && part.start() < range.end);
            if !covered && (pattern.counts)(part.as_str()) {
                taken.push(part.range());
                found.push(Found::new(spot(text, part.start()), pattern.kind, pattern.what));
            }
        }
    }
    found
}

/// Kinds of what one text looks like, for texts that stand in data.
pub(super) fn kinds(text: &str) -> Vec<(Kind, &'static str)> {
    let looks = |pattern: &&Pattern| {
        pattern
            .regex
            .captures_iter(text)
            .any(|captures| captures.get(1).is_some_and(|part| (pattern.counts)(part.as_str())))
    };
    PATTERNS.iter().filter(looks).map(|pattern| (pattern.kind, pattern.what)).collect()
}

/// Whether the number is of nobody's account.
pub(super) fn is_documented(account: &str) -> bool {
    DOCUMENTED.contains(&account)
}

pub(super) fn spot(text: &str, at: usize) -> Spot {
    let before = &text[..at];
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    Spot { line: before.matches('\n').count() + 1, column: before[start..].chars().count() + 1 }
}

/// Whether a text says of itself that it is none: a stand-in, an example, something to be filled in.
fn is_public(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    is_stand_in(text)
        || ["example", "canary", "dummy", "placeholder", "changeme"].iter().any(|word| lower.contains(word))
}

/// `${name}`, `$NAME`, `$(command)`, `{{name}}`, `<name>`, `[name]`, `%NAME%`, `%s`. Nothing more generous: JSON and
/// passwords begin with such signs too.
static TEMPLATE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"^(?:\$[A-Z_][A-Z0-9_]*|\$\{[^}]*\}|\$\([^)]*\)|\{\{[^}]*\}\}|\{[A-Za-z_]*\}|<[A-Za-z _:.-]+\d*>|\[[A-Za-z _-]+\]|%[A-Z_]+%|%[sdv])$",
    )
    .expect("it is tested")
});

/// Whether something will be put in the text's place.
pub(super) fn is_placeholder(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    text.is_empty()
        || TEMPLATE.is_match(text)
        || text.chars().all(|c| "*x.X-_".contains(c))
        || [
            "password", "passwd", "pass", "secret", "redacted", "filtered", "removed", "none", "null",
            "test", "user",
        ]
        .contains(&lower.as_str())
}

fn variety(text: &str) -> usize {
    text.bytes().collect::<std::collections::BTreeSet<_>>().len()
}

/// Whether a text looks as chance makes it: of several sorts of characters that change often, and many different
/// ones. Names made of words change seldom, versions and dates have few different characters.
pub(super) fn is_random(text: &str) -> bool {
    let hex = text.len() >= 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
    if hex {
        return variety(text) >= 8;
    }
    let sort = |b: u8| match b {
        b'a'..=b'z' => 0,
        b'A'..=b'Z' => 1,
        b'0'..=b'9' => 2,
        _ => 3,
    };
    let bytes = text.as_bytes();
    let changes = bytes.windows(2).filter(|pair| sort(pair[0]) != sort(pair[1])).count();
    let has = |wanted: u8| bytes.iter().any(|b| sort(*b) == wanted);
    let sorts = (0..4).filter(|wanted| has(*wanted)).count();
    sorts >= 3 && has(2) && changes * 3 >= bytes.len() && variety(text) * 2 >= bytes.len().min(40)
}
