//! Looking for secrets in files: `smcheck audit`.
//!
//! In a file of ours (`ours`: fixtures, recordings, snapshots, reports) every sensitive member must be a stand-in that
//! is recognised as one and as nothing else. In any other file that holds data (`members`: HAR, cassettes, mappings)
//! the members that Secrets Manager fills with secrets are held to the same. All text is searched for what looks like
//! a secret (`patterns`), which is a heuristic. [`canary`] searches any file for texts that were planted. [`allow`]
//! is what was judged and may stay, [`folder`] reads the files. A finding never holds a part of a value.

pub mod allow;
pub mod canary;
pub mod folder;
mod members;
mod ours;
mod patterns;
mod tree;
mod values;

use std::fmt;

pub use allow::Allowances;
pub use canary::Canaries;
pub use folder::{Audited, audit};
pub use tree::Spot;

/// What a finding is about. The word is what an allowance names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A sensitive member that is no stand-in.
    SecretValue,
    /// A member of a recording that nobody has judged and that is no stand-in.
    Unjudged,
    /// A message that tells an identity, a key, an address.
    Message,
    /// A file that says it is ours and cannot be read as that.
    Broken,
    /// A header that carries credentials.
    Header,
    /// The id of an access key.
    AccessKey,
    /// A secret access key.
    SecretKey,
    /// A session token.
    SessionToken,
    /// A private key.
    PrivateKey,
    /// A JSON Web Token.
    Jwt,
    /// A password in a URL.
    UrlPassword,
    /// A token of a known service.
    ServiceToken,
    /// The number of an account.
    Account,
    /// A random text beside a word such as `password`.
    Random,
    /// A literal in a file of values for playback.
    LiteralValue,
    /// A planted text.
    Canary,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 16] = [
        Kind::SecretValue,
        Kind::Unjudged,
        Kind::Message,
        Kind::Broken,
        Kind::Header,
        Kind::AccessKey,
        Kind::SecretKey,
        Kind::SessionToken,
        Kind::PrivateKey,
        Kind::Jwt,
        Kind::UrlPassword,
        Kind::ServiceToken,
        Kind::Account,
        Kind::Random,
        Kind::LiteralValue,
        Kind::Canary,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::SecretValue => "secret-value",
            Kind::Unjudged => "unjudged",
            Kind::Message => "message",
            Kind::Broken => "broken",
            Kind::Header => "header",
            Kind::AccessKey => "access-key",
            Kind::SecretKey => "secret-key",
            Kind::SessionToken => "session-token",
            Kind::PrivateKey => "private-key",
            Kind::Jwt => "jwt",
            Kind::UrlPassword => "url-password",
            Kind::ServiceToken => "service-token",
            Kind::Account => "account",
            Kind::Random => "random",
            Kind::LiteralValue => "literal-value",
            Kind::Canary => "canary",
        }
    }

    /// Whether the finding is certain, or a guess from how a text looks.
    pub fn is_certain(self) -> bool {
        matches!(self, Kind::SecretValue | Kind::Unjudged | Kind::Broken | Kind::LiteralValue | Kind::Canary)
    }

    /// How it is mended.
    pub fn mend(self) -> &'static str {
        match self {
            Kind::SecretValue | Kind::Unjudged | Kind::Message => {
                "record it again with smcheck, or put a stand-in (`smcheck-secret-0001`) in its place"
            }
            Kind::Broken => "record it again, or remove it: what it holds cannot be checked",
            Kind::Header => "remove the header; playback does not need it",
            Kind::Account => "write 123456789012, the account of AWS's own examples, in its place",
            Kind::LiteralValue => "name a source instead: `{env: NAME}` or `{file: PATH}`",
            Kind::Canary => "find what wrote it: a planted text must reach no file",
            Kind::UrlPassword => "take the password out of the URL, and change it if it was a real one",
            _ => {
                "remove it, and change it if it was a real one; `smcheck: allow REASON` on the line if it is none"
            }
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Something that must not stand in a file, or looks like it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// Where it begins.
    pub at: Spot,
    /// What it is about.
    pub kind: Kind,
    /// What it is, in words, without any part of it.
    pub what: String,
    /// Whether it fails the audit only where that is asked for.
    pub is_warning: bool,
}

impl Found {
    fn new(at: Spot, kind: Kind, what: impl Into<String>) -> Self {
        Found { at, kind, what: what.into(), is_warning: false }
    }
}

/// All findings on a text, in the order of their places. What canaries say of it is not among them.
pub fn look(text: &str) -> Vec<Found> {
    let sort = ours::sort(text);
    let mut found = match sort {
        Some(sort) => ours::look(sort, text),
        None => data(text),
    };
    // In a file of ours all members were judged by what they are; the stand-in of a random password looks random.
    let guesses =
        patterns::look(text).into_iter().filter(|guess| sort.is_none() || guess.kind != Kind::Random);
    found.extend(guesses);
    found.sort();
    found.dedup_by(|a, b| a.at == b.at && a.kind == b.kind);
    found
}

/// Findings on the members of data that is not ours.
fn data(text: &str) -> Vec<Found> {
    if text.trim_start().starts_with(['{', '[']) {
        let documents = match tree::json(text, 1) {
            Some(node) => vec![node],
            // One value a line.
            None => text.lines().enumerate().filter_map(|(at, line)| tree::json(line, at + 1)).collect(),
        };
        return documents.iter().flat_map(members::look).collect();
    }
    // Text of any sort may pass for YAML: what is no map or list says nothing.
    let documents = if looks_like_yaml(text) { tree::yaml(text).unwrap_or_default() } else { Vec::new() };
    let found = documents.iter().map(|document| match values::is_values(document) {
        true => values::look(document),
        // What a scenario says is public.
        false
            if document.get("title").is_some()
                && (document.get("steps").is_some() || document.get("cases").is_some()) =>
        {
            Vec::new()
        }
        false => members::look(document),
    });
    found.flatten().collect()
}

fn looks_like_yaml(text: &str) -> bool {
    let first = text.lines().find(|line| !line.trim().is_empty() && !line.starts_with(['#', '-', '%']));
    let item = text.lines().find(|line| line.starts_with("- "));
    let key = |line: &str| {
        line.split_once(':').is_some_and(|(key, rest)| {
            (rest.is_empty() || rest.starts_with(' ')) && !key.trim().is_empty() && key.len() < 200
        })
    };
    first.is_some_and(key) || item.is_some_and(|item| key(&item[2..]))
}
