//! Spans of time as scenarios write them: `30 s`, `500 ms`, `-7 days`.

use std::time::Duration;

/// Every unit of the language with its milliseconds, the largest last.
pub(super) const UNITS: [(&str, i64); 5] =
    [("ms", 1), ("s", 1_000), ("min", 60_000), ("h", 3_600_000), ("days", 86_400_000)];

/// The units that `eventually` takes: nobody waits for hours.
pub(super) const SHORT_UNITS: [&str; 3] = ["ms", "s", "min"];

/// No span is longer than ten thousand years, so that sums never overflow.
const LONGEST_MS: f64 = 86_400_000.0 * 3_652_500.0;

/// Why a text is no span of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum BadSpan {
    /// There is no number, or it is out of range.
    Number,
    /// The unit is missing or unknown; it is given.
    Unit(String),
}

/// Reads a number and a unit: milliseconds, negative ones too.
pub(super) fn parse_span(text: &str) -> Result<i64, BadSpan> {
    let text = text.trim();
    let end = text.find(|c: char| !matches!(c, '0'..='9' | '.' | '-' | '+')).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number: f64 = number.parse().map_err(|_| BadSpan::Number)?;
    let unit = unit.trim_start();
    let (_, millis) =
        UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(|| BadSpan::Unit(unit.to_owned()))?;
    let millis = number * *millis as f64;
    if millis.abs() <= LONGEST_MS { Ok(millis.round() as i64) } else { Err(BadSpan::Number) }
}

/// Milliseconds in the largest unit that needs no fraction.
pub(super) fn millis_text(millis: i64) -> String {
    let (unit, size) =
        UNITS.iter().rev().find(|(_, size)| millis != 0 && millis % size == 0).unwrap_or(&("s", 1_000));
    format!("{} {unit}", millis / size)
}

/// A duration in the largest unit that needs no fraction.
pub fn span_text(span: Duration) -> String {
    millis_text(i64::try_from(span.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_and_written() {
        for (text, millis) in [
            ("30 s", 30_000),
            ("500 ms", 500),
            ("2 min", 120_000),
            ("-7 days", -604_800_000),
            ("1 h", 3_600_000),
        ] {
            assert_eq!(parse_span(text), Ok(millis));
            assert_eq!(millis_text(millis), text);
        }
        assert_eq!(parse_span("1.5s"), Ok(1500));
        assert_eq!(millis_text(0), "0 s");
    }

    #[test]
    fn what_is_no_span_is_refused() {
        assert_eq!(parse_span("30"), Err(BadSpan::Unit(String::new())));
        assert_eq!(parse_span("30 sec"), Err(BadSpan::Unit("sec".to_owned())));
        for text in ["", "s", "x s", "1.2.3 s", "99999999999999999 days", "- s"] {
            assert_eq!(parse_span(text), Err(BadSpan::Number), "{text}");
        }
    }
}
