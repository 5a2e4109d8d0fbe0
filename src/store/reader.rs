//! Reading a recording of an application line by line: the file is read once, and of a line only what is asked for.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::fixture::NameForm;
use super::jsonl::{FORMAT, RecordingHeader};

/// What is wrong with a recording, and where.
#[derive(Debug, thiserror::Error)]
#[error("{file}:{line}:{column}: {why}")]
pub struct ReadError {
    /// The file.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The column in bytes, counted from 1.
    pub column: usize,
    /// What is wrong. It shows nothing of the line.
    pub why: String,
}

/// An exchange of a recording, whose bodies are not read yet.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line<'l> {
    /// The number of the step or exchange, from 1.
    pub step: usize,
    /// The secret whose state was read, where it is no exchange of the step itself.
    #[serde(default)]
    pub probe: Option<String>,
    /// Whether it was sent at the same time as others of its step.
    #[serde(default)]
    pub parallel: bool,
    /// The operation, if it exists.
    #[serde(default)]
    pub operation: Option<String>,
    /// Stand-ins of names that first appear here.
    #[serde(default)]
    pub names: BTreeMap<String, NameForm>,
    /// What was sent.
    #[serde(borrow)]
    pub request: RequestLine<'l>,
    /// What came back.
    #[serde(borrow)]
    pub response: ResponseLine<'l>,
}

/// The request of a [`Line`]; the members are those of `RecordedRequest`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "RecordedRequest documents them")]
pub struct RequestLine<'l> {
    #[serde(default)]
    pub method: Option<String>,
    #[serde(default)]
    pub path: Option<String>,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    #[serde(default)]
    pub unsigned: bool,
    #[serde(default, borrow)]
    pub body: Option<&'l RawValue>,
    #[serde(default)]
    pub length: Option<usize>,
}

/// The response of a [`Line`]; the members are those of `RecordedResponse`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "RecordedResponse documents them")]
pub struct ResponseLine<'l> {
    pub status: u16,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    #[serde(default, borrow)]
    pub body: Option<&'l RawValue>,
    #[serde(default)]
    pub length: Option<usize>,
}

impl<'l> Line<'l> {
    /// Reads a line.
    ///
    /// # Errors
    /// When it is no exchange.
    pub fn read(bytes: &'l [u8]) -> Result<Self, serde_json::Error> {
        let line: Line<'l> = serde_json::from_slice(bytes)?;
        for body in [line.request.body, line.response.body].into_iter().flatten() {
            if !body.get().starts_with(['{', '[']) {
                return Err(serde::de::Error::custom("a body is an object or a list"));
            }
        }
        Ok(line)
    }
}

/// What was found besides the exchanges.
#[derive(Debug)]
pub struct Head {
    /// The first line.
    pub header: RecordingHeader,
    /// The number of the last line, where it is cut off and was dropped.
    pub cut: Option<usize>,
}

/// Reads a recording; `each` gets every exchange and where in the bytes it stands. A last line that is cut off, as
/// a writer that was killed leaves it, is dropped; any other line that is no exchange is an error.
///
/// # Errors
/// When the text is no recording, or of another version.
pub fn read(
    bytes: &[u8],
    file: &str,
    mut each: impl FnMut(Range<usize>, &Line<'_>),
) -> Result<Head, ReadError> {
    let error =
        |line: usize, column: usize, why: String| ReadError { file: file.to_owned(), line, column, why };
    let bad = |number: usize, why: &serde_json::Error| {
        // The position is told by ours; what is left is the sentence.
        let text = why.to_string();
        let sentence = text.rsplit_once(" at line ").map_or(text.as_str(), |(sentence, _)| sentence);
        error(number, why.column().max(1), without_values(sentence))
    };
    let mut header: Option<RecordingHeader> = None;
    let (mut start, mut number) = (0, 0);
    while start < bytes.len() {
        number += 1;
        let end = bytes[start..].iter().position(|byte| *byte == b'\n').map(|length| start + length);
        let range = start..end.unwrap_or(bytes.len());
        start = range.end + 1;
        let line = &bytes[range.clone()];
        if line.trim_ascii().is_empty() {
            continue;
        }
        if header.is_none() {
            let found: Version = serde_json::from_slice(line).map_err(|why| bad(number, &why))?;
            if found.smcheck != FORMAT {
                let why =
                    format!("format {} is not known to this smcheck, which reads {FORMAT}", found.smcheck);
                return Err(error(number, 1, why));
            }
            header = Some(serde_json::from_slice(line).map_err(|why| bad(number, &why))?);
            continue;
        }
        match Line::read(line) {
            Ok(found) => each(range, &found),
            Err(_) if end.is_none() => return header_of(header, Some(number), file),
            Err(why) => return Err(bad(number, &why)),
        }
    }
    header_of(header, None, file)
}

fn header_of(header: Option<RecordingHeader>, cut: Option<usize>, file: &str) -> Result<Head, ReadError> {
    match header {
        Some(header) => Ok(Head { header, cut }),
        None => Err(ReadError {
            file: file.to_owned(),
            line: 1,
            column: 1,
            why: "no recording: the first line is {\"smcheck\":1,\"recording\":NAME,…}".to_owned(),
        }),
    }
}

#[derive(Deserialize)]
struct Version {
    smcheck: u64,
}

/// serde tells what it found instead (`invalid type: string "…"`), which may be anything.
fn without_values(sentence: &str) -> String {
    let Some(kind) = ["invalid type", "invalid value", "invalid length", "unknown field", "unknown variant"]
        .into_iter()
        .find(|kind| sentence.starts_with(kind))
    else {
        return sentence.to_owned();
    };
    let expected = sentence.rfind(", expected").map_or("", |at| &sentence[at..]);
    format!("{kind}{expected}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str =
        r#"{"smcheck":1,"recording":"shop","recorded":{"target":"moto"},"region":"eu-west-3"}"#;
    const LINE: &str =
        r#"{"step":1,"operation":"ListSecrets","request":{"body":{}},"response":{"status":200,"body":{}}}"#;

    fn steps(text: &str) -> Result<(Vec<usize>, Option<usize>), String> {
        let mut steps = Vec::new();
        let head = read(text.as_bytes(), "a.jsonl", |range, line| {
            assert!(Line::read(&text.as_bytes()[range]).is_ok());
            steps.push(line.step);
        });
        head.map(|head| (steps, head.cut)).map_err(|why| why.to_string())
    }

    #[test]
    fn lines_are_read_with_and_without_a_last_line_feed() {
        assert_eq!(steps(&format!("{HEADER}\n{LINE}\n\n{LINE}\n")), Ok((vec![1, 1], None)));
        assert_eq!(steps(&format!("{HEADER}\n{LINE}")), Ok((vec![1], None)));
        assert_eq!(steps(HEADER), Ok((vec![], None)));
    }

    #[test]
    fn a_last_line_that_is_cut_off_is_dropped_wherever_it_ends() {
        for length in 1..LINE.len() {
            let text = format!("{HEADER}\n{LINE}\n{}", &LINE[..length]);
            assert_eq!(steps(&text), Ok((vec![1], Some(3))), "{length}");
        }
    }

    #[test]
    fn any_other_bad_line_is_an_error_with_its_place_and_shows_nothing_of_the_line() {
        let cut = format!("{HEADER}\n{}\n{LINE}\n", &LINE[..40]);
        assert!(steps(&cut).expect_err("it is bad").starts_with("a.jsonl:2:40: EOF"), "{cut}");
        for bad in [
            LINE.replace("\"step\":1", "\"step\":\"a\\\"CANARY\""),
            LINE.replace("\"step\"", "\"CANARY\":1,\"step\""),
            LINE.replace("{}}}", "\"CANARY\"}}"),
            "CANARY".to_owned(),
        ] {
            let why = steps(&format!("{HEADER}\n{LINE}\n{bad}\n")).expect_err("it is bad");
            assert!(why.starts_with("a.jsonl:3:") && !why.contains("CANARY"), "{why}");
        }
    }

    #[test]
    fn what_is_no_recording_is_refused() {
        assert!(steps("").expect_err("no header").contains("a.jsonl:1:1: no recording"));
        assert!(steps(&HEADER.replacen("\":1", "\":9", 1)).expect_err("a later one").contains("format 9"));
        assert!(steps(LINE).expect_err("no header").starts_with("a.jsonl:1:"));
    }
}
