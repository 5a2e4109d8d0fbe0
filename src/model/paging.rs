//! Pages of lists and the tokens that lead from one to the next.
//!
//! Nothing of AWS's tokens is recorded, nor what it says to wrong ones: the code is the model's
//! (ListSecrets.bad-token), the text and the shape of a token are `inferred`. A token here names the last entry of
//! its page, not a count, so that pages join to the whole list also when entries come and go between them; it works
//! for the request it came from, with any page size.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::failure::Failure;
use super::input::Input;

/// How many entries a page has when the request does not say (aws-model: the most that it may say).
const PAGE: usize = 100;

/// What a list is sorted by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    /// A time in milliseconds.
    Number(i64),
    /// A name.
    Text(String),
}

/// A place in a list: what it is sorted by, and what tells equal ones apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cursor {
    pub(crate) key: Key,
    pub(crate) order: u64,
}

/// The entries of this page, and whether there are more.
pub(crate) fn page<'l, T>(rest: &'l [T], input: Input<'_>) -> (&'l [T], bool) {
    page_of(rest, input, PAGE)
}

/// The entries of this page where a page has another size by default.
pub(crate) fn page_of<'l, T>(rest: &'l [T], input: Input<'_>, default: usize) -> (&'l [T], bool) {
    let size = input.number("MaxResults").and_then(|size| usize::try_from(size).ok()).unwrap_or(default);
    match rest.get(..size) {
        Some(page) => (page, rest.len() > size),
        None => (rest, false),
    }
}

/// The token that continues behind a place. `scope` says what is listed and how.
pub(crate) fn token(scope: &str, last: &Cursor) -> String {
    let key = match &last.key {
        Key::Number(number) => format!("n{number}"),
        Key::Text(text) => format!("t{text}"),
    };
    URL_SAFE_NO_PAD.encode(format!("{:016x} {} {key}", fingerprint(scope), last.order))
}

/// The place behind which the request continues; `None` at the start.
pub(crate) fn after(input: Input<'_>, scope: &str) -> Result<Option<Cursor>, Failure> {
    let Some(token) = input.text("NextToken") else { return Ok(None) };
    let cursor = read(token, scope);
    let failure = || Failure::new("InvalidNextTokenException", "The NextToken value is invalid.");
    cursor.map(Some).ok_or_else(failure)
}

fn read(token: &str, scope: &str) -> Option<Cursor> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    let mut parts = text.splitn(3, ' ');
    let (print, order, key) = (parts.next()?, parts.next()?, parts.next()?);
    let same = u64::from_str_radix(print, 16).ok()? == fingerprint(scope);
    let key = match key.strip_prefix('n') {
        Some(number) => Key::Number(number.parse().ok()?),
        None => Key::Text(key.strip_prefix('t')?.to_owned()),
    };
    same.then_some(Cursor { key, order: order.parse().ok()? })
}

/// FNV-1a: a token of another list must not pass by accident; nothing here is a secret.
fn fingerprint(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
