//! YAML as a tree of values that know where they stand.
//!
//! Children are shared, so that an alias, or the row of a case, costs nothing until it is read.

use std::rc::Rc;

use serde_json::Number;

use super::source::Span;

/// A value with its place.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) kind: NodeKind,
    pub(super) span: Span,
}

/// What a value is. Scalars other than strings keep the text they were written with.
#[derive(Clone, Debug)]
pub(super) enum NodeKind {
    Null(Rc<str>),
    Bool(bool, Rc<str>),
    Number(Number, Rc<str>),
    Text(Rc<str>),
    List(Rc<[Node]>),
    Map(Rc<[(Key, Node)]>),
}

/// A key with its place.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) text: Rc<str>,
    pub(super) span: Span,
}

impl Node {
    /// The kind in words: `a list`, `the number 5`.
    pub(super) fn words(&self) -> String {
        match &self.kind {
            NodeKind::Null(_) => "nothing (null)".to_owned(),
            NodeKind::Bool(value, _) => format!("{value} (a boolean)"),
            NodeKind::Number(_, text) => format!("the number {text}"),
            NodeKind::Text(_) => "text".to_owned(),
            NodeKind::List(_) => "a list".to_owned(),
            NodeKind::Map(_) => "a map".to_owned(),
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The text of any scalar, as it was written.
    pub(super) fn scalar_text(&self) -> Option<&Rc<str>> {
        match &self.kind {
            NodeKind::Null(text)
            | NodeKind::Bool(_, text)
            | NodeKind::Number(_, text)
            | NodeKind::Text(text) => Some(text),
            NodeKind::List(_) | NodeKind::Map(_) => None,
        }
    }

    pub(super) fn list(&self) -> Option<&[Node]> {
        match &self.kind {
            NodeKind::List(entries) => Some(entries),
            _ => None,
        }
    }

    pub(super) fn map(&self) -> Option<&[(Key, Node)]> {
        match &self.kind {
            NodeKind::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value of a key, for maps.
    pub(super) fn get(&self, name: &str) -> Option<&Node> {
        self.map()?.iter().find(|(key, _)| &*key.text == name).map(|(_, node)| node)
    }

    /// The one entry of a map whose only key begins with `$`.
    pub(super) fn dollar(&self) -> Option<(&Key, &Node)> {
        match self.map()? {
            [(key, node)] if is_word(&key.text) => Some((key, node)),
            _ => None,
        }
    }

    /// How much work the tree is: its values, and its text by the hundred.
    pub(super) fn weight(&self) -> usize {
        match &self.kind {
            NodeKind::List(entries) => 1 + entries.iter().map(Node::weight).sum::<usize>(),
            NodeKind::Map(entries) => 1 + entries.iter().map(|(_, node)| 1 + node.weight()).sum::<usize>(),
            _ => 1 + self.scalar_text().map_or(0, |text| text.len() / 100),
        }
    }
}

/// Whether a key is a word of the language (`$uuid`) rather than a name; `${x}` and `$${` are templates.
pub(super) fn is_word(key: &str) -> bool {
    key.starts_with('$') && !key.starts_with("${") && !key.starts_with("$${")
}

/// A plain scalar by the core schema of YAML 1.2. The error says why JSON cannot hold it.
pub(super) fn plain(text: &str) -> Result<NodeKind, &'static str> {
    let shared = || Rc::from(text);
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(NodeKind::Null(shared())),
        "true" | "True" | "TRUE" => return Ok(NodeKind::Bool(true, shared())),
        "false" | "False" | "FALSE" => return Ok(NodeKind::Bool(false, shared())),
        _ => {}
    }
    // Almost everything is text, and a number begins like one.
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return Ok(NodeKind::Text(shared()));
    }
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Err("JSON has no such number");
    }
    let number = match text.split_at_checked(2) {
        Some(("0x", digits)) if all(digits, |b| b.is_ascii_hexdigit()) => radix(digits, 16),
        Some(("0o", digits)) if all(digits, |b| (b'0'..=b'7').contains(&b)) => radix(digits, 8),
        _ if all(unsigned, |b| b.is_ascii_digit()) => integer(text),
        _ if is_float(unsigned) => text.parse().ok().and_then(Number::from_f64),
        _ => return Ok(NodeKind::Text(shared())),
    };
    number.map(|number| NodeKind::Number(number, shared())).ok_or("the number is out of range")
}

fn all(text: &str, holds: impl Fn(u8) -> bool) -> bool {
    !text.is_empty() && text.bytes().all(holds)
}

fn radix(digits: &str, radix: u32) -> Option<Number> {
    u64::from_str_radix(digits, radix).ok().map(Number::from)
}

fn integer(text: &str) -> Option<Number> {
    let unsigned = text.strip_prefix('+').unwrap_or(text);
    unsigned.parse::<i64>().map(Number::from).or_else(|_| unsigned.parse::<u64>().map(Number::from)).ok()
}

/// `(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float(text: &str) -> bool {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let exponent_fits =
        exponent.is_none_or(|e| all(e.strip_prefix(['-', '+']).unwrap_or(e), |b| b.is_ascii_digit()));
    let mantissa_fits = match mantissa.split_once('.') {
        Some((whole, fraction)) => {
            digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty())
        }
        None => all(mantissa, |b| b.is_ascii_digit()),
    };
    exponent_fits && mantissa_fits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Option<f64> {
        match plain(text) {
            Ok(NodeKind::Number(number, _)) => number.as_f64(),
            _ => None,
        }
    }

    #[test]
    fn numbers_follow_the_core_schema() {
        for (text, value) in [
            ("0", 0.0),
            ("-7", -7.0),
            ("+7", 7.0),
            ("012", 12.0),
            ("0x1F", 31.0),
            ("0o17", 15.0),
            ("1.5", 1.5),
            (".5", 0.5),
            ("5.", 5.0),
            ("1e3", 1000.0),
            ("-1.5E-1", -0.15),
            ("18446744073709551615", 18_446_744_073_709_551_615.0),
        ] {
            assert_eq!(number(text), Some(value), "{text}");
        }
    }

    #[test]
    fn what_looks_like_a_number_may_be_text() {
        for text in
            ["yes", "no", "on", "1_000", "1.2.3", "2023-06-22", "-", ".", "+", "e3", "0x", "1e", "-0x1", "a"]
        {
            assert!(matches!(plain(text), Ok(NodeKind::Text(_))), "{text}");
        }
    }

    #[test]
    fn what_json_cannot_hold_is_refused() {
        for text in [".inf", "-.INF", ".nan", "99999999999999999999", "1e999"] {
            assert!(plain(text).is_err(), "{text}");
        }
    }
}
