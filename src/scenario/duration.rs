//! Spans of time as scenarios write them: a number and a unit.

use std::time::Duration;

/// The units, with their length in milliseconds.
const UNITS: [(&str, i64); 6] =
    [("ms", 1), ("s", 1000), ("min", 60_000), ("h", 3_600_000), ("day", 86_400_000), ("days", 86_400_000)];

/// Reads `30 s`, `500 ms`, `-7 days`: the span in milliseconds.
pub(super) fn read(text: &str) -> Option<i64> {
    let text = text.trim();
    let at = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = (text[..at].trim(), &text[at..]);
    let (_, size) = UNITS.iter().find(|(name, _)| *name == unit)?;
    number.parse::<i64>().ok()?.checked_mul(*size)
}

/// Reads a span that is not negative.
pub(super) fn read_duration(text: &str) -> Option<Duration> {
    u64::try_from(read(text)?).ok().map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_span_is_a_number_and_a_unit() {
        assert_eq!(super::read("-7 days"), Some(-604_800_000));
        assert_eq!(super::read("500ms"), Some(500));
        assert_eq!(super::read("5"), None);
        assert_eq!(super::read("5 weeks"), None);
        assert_eq!(super::read_duration("-1 s"), None);
    }
}
