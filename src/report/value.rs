//! What was expected beside what was there, in full, so that the difference meets the eye.

use std::borrow::Cow;

use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use super::style::{BAD, FAINT, GOOD, Paint, chop, cut, no_command, plain, thousands, width};

/// How much of one value is shown. A longer one stands in full in the JSON report; nobody reads it on a terminal.
const LONGEST: usize = 20_000;
/// Values of more lines than this are shown as a diff.
const FEW_LINES: usize = 3;
/// Texts that agree for this long at their beginning get a mark where they part.
const AGREE: usize = 8;
/// The column at which values begin, after `expected` and `actual`.
pub(super) const LABEL: usize = 10;

/// A value on one line, at most so many columns wide. Plain words go without quotes.
pub(super) fn brief(value: &Value, columns: usize) -> String {
    cut(&compact(value, Quotes::WhereNeeded), columns)
}

/// Where null stands for what is not there, a null that was sent has its word.
pub(super) fn is_null_that_is_there(value: &Value) -> bool {
    value == "null"
}

/// The lines that hold an expectation against what was there.
///
/// `nothing` says that null stands for a value that is not there; otherwise null is null.
pub(super) fn compare(
    expected: &Value,
    actual: &Value,
    nothing: bool,
    columns: usize,
    paint: Paint,
) -> Vec<String> {
    let room = columns.saturating_sub(LABEL).max(20);
    let as_text = matches!(
        (expected, actual),
        (Value::String(_), Value::String(_))
            | (Value::String(_), Value::Null)
            | (Value::Null, Value::String(_))
    );
    let left = Shown::of(expected, nothing, as_text, room);
    let right = Shown::of(actual, nothing, as_text, room);
    let both = !(nothing && (expected.is_null() || actual.is_null()));
    if both
        && (left.lines.len() > FEW_LINES || right.lines.len() > FEW_LINES)
        && (left.natural || right.natural)
    {
        return diff(&left.lines, &right.lines, paint);
    }
    let mut out = labelled("expected", &left.lines, GOOD, paint);
    out.extend(labelled("actual", &right.lines, BAD, paint));
    out.extend(where_they_part(&left, &right, paint));
    out
}

/// A value as lines.
struct Shown {
    lines: Vec<String>,
    /// The value on one line, escaped; empty where it has lines of its own.
    whole: String,
    /// Whether the breaks are the value's own, and not made to fit a width.
    natural: bool,
}

impl Shown {
    fn of(value: &Value, nothing: bool, as_text: bool, room: usize) -> Self {
        match value {
            Value::Null if nothing => {
                Self { lines: vec!["nothing".into()], whole: String::new(), natural: false }
            }
            value if nothing && is_null_that_is_there(value) => {
                Self { lines: vec!["null".into()], whole: String::new(), natural: false }
            }
            Value::String(text) if as_text && text.contains('\n') => {
                let (shown, rest) = limited(text);
                let mut lines: Vec<String> = shown.split('\n').map(plain).collect();
                lines.extend(rest);
                Self { lines, whole: String::new(), natural: true }
            }
            Value::Array(_) | Value::Object(_) => {
                let line = compact(value, Quotes::Always);
                if width(&line) <= room {
                    return Self { lines: vec![line.clone()], whole: line, natural: false };
                }
                // `{:#}` of a value is its JSON over several lines, and cannot fail.
                let text = format!("{value:#}");
                let (shown, rest) = limited(&text);
                let mut lines: Vec<String> = shown.lines().map(plain).collect();
                lines.extend(rest);
                Self { lines, whole: String::new(), natural: true }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                let line = compact(value, Quotes::Always);
                let (shown, rest) = limited(&line);
                let mut lines = chop(shown, room);
                lines.extend(rest);
                Self { lines, whole: line, natural: false }
            }
        }
    }
}

/// The beginning of a long text, and a line that says how much is missing.
fn limited(text: &str) -> (&str, Option<String>) {
    match text.char_indices().nth(LONGEST) {
        None => (text, None),
        Some((end, _)) => {
            let more = thousands(width(&text[end..]));
            (&text[..end], Some(format!("… and {more} more characters, which the JSON report holds")))
        }
    }
}

fn labelled(label: &str, lines: &[String], style: anstyle::Style, paint: Paint) -> Vec<String> {
    let label = format!("{label:<LABEL$}");
    lines
        .iter()
        .enumerate()
        .map(|(at, line)| {
            let (lead, line) = match at {
                0 => (paint.text(FAINT, &label), Cow::Borrowed(line.as_str())),
                _ => (" ".repeat(LABEL), no_command(line)),
            };
            format!("{lead}{}", paint.text(style, &line)).trim_end().to_owned()
        })
        .collect()
}

/// Marks the first character in which two texts differ, where the eye would have to search for it.
fn where_they_part(left: &Shown, right: &Shown, paint: Paint) -> Option<String> {
    let same = left.whole.chars().zip(right.whole.chars()).take_while(|(a, b)| a == b).count();
    if same < AGREE || left.whole == right.whole {
        return None;
    }
    let mark = if left.lines.len() == 1 && right.lines.len() == 1 {
        format!("{}^", " ".repeat(same))
    } else {
        // The first character is the quote.
        format!("they part at character {}", thousands(same))
    };
    Some(format!("{}{}", " ".repeat(LABEL), paint.text(FAINT, &mark)))
}

fn diff(expected: &[String], actual: &[String], paint: Paint) -> Vec<String> {
    let left: Vec<&str> = expected.iter().map(String::as_str).collect();
    let right: Vec<&str> = actual.iter().map(String::as_str).collect();
    let mut out = vec![format!("{}, {}", paint.text(GOOD, "- expected"), paint.text(BAD, "+ actual"))];
    for change in TextDiff::from_slices(&left, &right).iter_all_changes() {
        let line = match change.tag() {
            ChangeTag::Equal => format!("  {}", change.value()),
            ChangeTag::Delete => paint.text(GOOD, &format!("- {}", change.value())),
            ChangeTag::Insert => paint.text(BAD, &format!("+ {}", change.value())),
        };
        out.push(line.trim_end().to_owned());
    }
    out
}

/// Whether strings are quoted.
#[derive(Clone, Copy, PartialEq)]
enum Quotes {
    Always,
    WhereNeeded,
}

/// JSON on one line with a space after commas and colons, safe to print.
fn compact(value: &Value, quotes: Quotes) -> String {
    match value {
        Value::String(text) if quotes == Quotes::WhereNeeded && is_word(text) => text.clone(),
        Value::Array(entries) => {
            let entries: Vec<String> = entries.iter().map(|entry| compact(entry, quotes)).collect();
            format!("[{}]", entries.join(", "))
        }
        Value::Object(members) => {
            let members: Vec<String> = members
                .iter()
                .map(|(name, value)| {
                    format!("{}: {}", compact(&name.as_str().into(), quotes), compact(value, quotes))
                })
                .collect();
            format!("{{{}}}", members.join(", "))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => plain(&value.to_string()),
    }
}

/// Whether a string cannot be mistaken for anything else without its quotes.
fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '<' || c == '$')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-./:${}<>".contains(c))
        && !matches!(text, "null" | "true" | "false")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const PLAIN: Paint = Paint { colour: false };

    #[test]
    fn plain_words_go_without_quotes_on_one_line() {
        assert_eq!(brief(&json!(["AWSPREVIOUS"]), 60), "[AWSPREVIOUS]");
        assert_eq!(brief(&json!({"a": "true", "b c": [1, null]}), 60), r#"{a: "true", "b c": [1, null]}"#);
        assert_eq!(brief(&json!(""), 60), r#""""#);
        assert_eq!(brief(&json!("a long word that is cut"), 10), "\"a long w…");
    }

    #[test]
    fn short_values_stand_under_each_other() {
        let lines = compare(&json!(["AWSPREVIOUS"]), &json!([]), true, 80, PLAIN);
        assert_eq!(lines, [r#"expected  ["AWSPREVIOUS"]"#, "actual    []"]);
    }

    #[test]
    fn a_mark_shows_where_two_messages_part() {
        let lines =
            compare(&json!("can't find the secret."), &json!("can't find the Secret."), true, 80, PLAIN);
        assert_eq!(
            lines,
            [
                r#"expected  "can't find the secret.""#,
                r#"actual    "can't find the Secret.""#,
                "                          ^"
            ]
        );
    }

    #[test]
    fn null_is_nothing_only_where_nothing_can_be_meant() {
        assert_eq!(compare(&json!(null), &json!(1), true, 80, PLAIN), ["expected  nothing", "actual    1"]);
        assert_eq!(
            compare(&json!("x"), &json!(null), false, 80, PLAIN),
            [r#"expected  "x""#, "actual    null"]
        );
        // One that was sent where nothing was expected has its word, without the quotes of a text.
        assert_eq!(
            compare(&json!(null), &json!("null"), true, 80, PLAIN),
            ["expected  nothing", "actual    null"]
        );
        assert_eq!(
            compare(&json!("a"), &json!("null"), false, 80, PLAIN),
            [r#"expected  "a""#, r#"actual    "null""#]
        );
    }

    #[test]
    fn many_lines_become_a_diff() {
        let lines = compare(&json!("a\nb\nc\nd"), &json!("a\nb\nx\nd\n"), true, 80, PLAIN);
        assert_eq!(lines, ["- expected, + actual", "  a", "  b", "- c", "+ x", "  d", "+"]);
        let map = |last: u32| json!({"Name": "a name that is rather long", "Other": "one more of these", "Last": last});
        let lines = compare(&map(1), &map(2), true, 50, PLAIN);
        assert_eq!(lines[0], "- expected, + actual");
        assert!(lines.contains(&"-   \"Last\": 1,".to_owned()), "{lines:?}");
        assert!(lines.contains(&"+   \"Last\": 2,".to_owned()), "{lines:?}");
    }

    #[test]
    fn a_long_text_is_broken_at_one_column_and_cut_at_the_limit() {
        let long = "x".repeat(100);
        let lines = compare(&json!(format!("{long}1")), &json!(format!("{long}2")), true, 60, PLAIN);
        assert_eq!(lines.len(), 7, "{lines:?}");
        assert!(lines.iter().all(|line| width(line) <= 60), "{lines:?}");
        assert_eq!(lines[6].trim(), "they part at character 101");
        let huge = compare(&json!("x".repeat(LONGEST + 10)), &json!("y"), true, 80, PLAIN);
        assert!(huge.iter().any(|line| line.contains("… and 12 more characters")), "the quotes count");
    }

    #[test]
    fn a_number_and_a_text_of_it_do_not_look_the_same() {
        assert_eq!(compare(&json!(1), &json!("1"), false, 80, PLAIN), ["expected  1", r#"actual    "1""#]);
    }
}
