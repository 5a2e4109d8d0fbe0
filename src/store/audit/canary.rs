//! Canaries: texts that were planted where secrets stand, looked for in every file, however they are written there.

use std::collections::BTreeSet;
use std::fmt;
use std::io::Read as _;

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::tree::Spot;
use super::{Found, Kind};

/// A shorter text would be found where nobody planted it.
pub const SHORTEST: usize = 6;
/// The most that is unpacked of one file.
const UNPACKED_MAX: u64 = 256 << 20;

/// Planted texts, in all the ways in which they may be written.
pub struct Canaries {
    names: Vec<String>,
    /// Of each needle: which canary, and how it is written.
    needles: Vec<(usize, &'static str)>,
    search: AhoCorasick,
    /// The needles that lines may break: base64 and hex.
    broken: AhoCorasick,
    broken_needles: Vec<usize>,
}

impl fmt::Debug for Canaries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Canaries({})", self.names.len())
    }
}

/// Texts that cannot be looked for.
#[derive(Debug, thiserror::Error)]
pub enum CanaryError {
    /// It would be found everywhere.
    #[error("{0} is shorter than {SHORTEST} bytes, and would be found where nobody planted it")]
    Short(String),
    /// There are too many.
    #[error("so many canaries cannot be looked for at once: {0}")]
    Search(#[from] aho_corasick::BuildError),
}

impl Canaries {
    /// Canaries by name. The name is shown in findings; the text never is.
    ///
    /// # Errors
    /// When a text is too short.
    pub fn new(planted: &[(String, String)]) -> Result<Self, CanaryError> {
        let mut texts: Vec<Vec<u8>> = Vec::new();
        let mut needles = Vec::new();
        let mut seen = BTreeSet::new();
        for (at, (name, text)) in planted.iter().enumerate() {
            if text.len() < SHORTEST {
                return Err(CanaryError::Short(name.clone()));
            }
            for (how, needle) in spellings(text) {
                // What is left of a short one is in every file.
                if needle.len() >= SHORTEST && seen.insert((at, needle.clone())) {
                    texts.push(needle);
                    needles.push((at, how));
                }
            }
        }
        let build =
            |texts: &[Vec<u8>]| AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(texts);
        let broken_needles: Vec<usize> = (0..needles.len())
            .filter(|at| needles[*at].1.contains("base64") || needles[*at].1.contains("hex"))
            .collect();
        let broken_texts: Vec<Vec<u8>> = broken_needles.iter().map(|at| texts[*at].clone()).collect();
        Ok(Canaries {
            names: planted.iter().map(|(name, _)| name.clone()).collect(),
            needles,
            search: build(&texts)?,
            broken: build(&broken_texts)?,
            broken_needles,
        })
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Whether the text holds one: a file's path, for instance, which must then not be shown.
    pub fn is_in(&self, text: &str) -> bool {
        !self.is_empty() && self.search.is_match(text)
    }

    /// All places in a file's bytes, gzip'ed ones unpacked.
    ///
    /// # Errors
    /// When what calls itself gzip cannot be unpacked to its end.
    pub fn look(&self, bytes: &[u8]) -> std::io::Result<Vec<Found>> {
        if self.is_empty() {
            return Ok(Vec::new());
        }
        let mut found = self.search(bytes, "");
        if bytes.starts_with(&[0x1f, 0x8b, 8]) {
            let mut unpacked = Vec::new();
            flate2::read::MultiGzDecoder::new(bytes).take(UNPACKED_MAX + 1).read_to_end(&mut unpacked)?;
            if unpacked.len() as u64 > UNPACKED_MAX {
                return Err(std::io::Error::other("more than 256 MiB when unpacked"));
            }
            found.extend(self.search(&unpacked, ", inside the gzip"));
        }
        Ok(found)
    }

    fn search(&self, bytes: &[u8], inside: &str) -> Vec<Found> {
        let mut found = Vec::new();
        for hit in self.search.find_iter(bytes) {
            found.push(self.found(bytes, hit.start(), self.needles[hit.pattern().as_usize()], inside));
        }
        // Base64 and hex that were broken into lines, with the escapes that JSON has for the breaks.
        let mut flat = Vec::with_capacity(bytes.len());
        let mut places = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            let skip = match rest {
                [b'\\', b'n' | b'r', ..] => 2,
                [byte, ..] if byte.is_ascii_whitespace() => 1,
                _ => 0,
            };
            if skip == 0 {
                flat.push(bytes[at]);
                at += 1;
            } else {
                places.push((flat.len(), at + skip));
                at += skip;
            }
        }
        for hit in self.broken.find_iter(&flat) {
            let before = places.partition_point(|(start, _)| *start <= hit.start());
            let at = match before.checked_sub(1).map(|index| places[index]) {
                Some((start, place)) => place + hit.start() - start,
                None => hit.start(),
            };
            let needle = self.needles[self.broken_needles[hit.pattern().as_usize()]];
            found.push(self.found(bytes, at, needle, inside));
        }
        found.sort();
        found.dedup_by(|a, b| a.at == b.at);
        found
    }

    fn found(&self, bytes: &[u8], at: usize, (canary, how): (usize, &str), inside: &str) -> Found {
        let before = &bytes[..at.min(bytes.len())];
        let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let column = String::from_utf8_lossy(&before[start..]).chars().count() + 1;
        let what = format!("{}, {how}{inside}", self.names[canary]);
        Found::new(Spot { line, column }, Kind::Canary, what)
    }
}

/// All ways to write a text.
fn spellings(text: &str) -> Vec<(&'static str, Vec<u8>)> {
    let quoted = |text: &str| {
        let quoted = serde_json::to_string(text).unwrap_or_default();
        quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default().to_owned()
    };
    let once = quoted(text);
    // As Python writes JSON, and as PHP does.
    let ascii: String = once.chars().fold(String::new(), |mut made, c| {
        let mut units = [0; 2];
        match c {
            c if c.is_ascii() => made.push(c),
            c => c.encode_utf16(&mut units).iter().for_each(|unit| made.push_str(&format!("\\u{unit:04x}"))),
        }
        made
    });
    let plain = [
        ("as it is", text.to_owned()),
        ("escaped as in JSON", once.clone()),
        ("escaped as in JSON", ascii.clone()),
        ("escaped as in JSON", once.replace('/', "\\/")),
        ("escaped as in JSON in JSON", quoted(&once)),
    ];
    let mut all: Vec<(&'static str, Vec<u8>)> = Vec::new();
    for (how, text) in &plain {
        all.push((how, text.clone().into_bytes()));
        for (url, upper) in [("in URL encoding", true), ("in URL encoding", false)] {
            all.push((url, percent(text, upper, false)));
            all.push((url, percent(text, upper, true)));
        }
        for upper in [true, false] {
            let hex = text.bytes().map(|b| if upper { format!("{b:02X}") } else { format!("{b:02x}") });
            all.push(("in hex", hex.collect::<String>().into_bytes()));
        }
        all.extend(base64(text.as_bytes()).into_iter().map(|needle| ("in base64", needle)));
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        all.push(("in UTF-16", wide));
    }
    all
}

fn percent(text: &str, upper: bool, plus: bool) -> Vec<u8> {
    let mut made = String::new();
    for byte in text.bytes() {
        match byte {
            b if b.is_ascii_alphanumeric() || b"-_.~".contains(&b) => made.push(char::from(b)),
            b' ' if plus => made.push('+'),
            b if upper => made.push_str(&format!("%{b:02X}")),
            b => made.push_str(&format!("%{b:02x}")),
        }
    }
    made.into_bytes()
}

/// The characters of base64 that follow from the text alone, for each of the three places in which it may begin.
fn base64(text: &[u8]) -> Vec<Vec<u8>> {
    let mut needles = Vec::new();
    for shift in 0..3 {
        let mut bytes = vec![0; shift];
        bytes.extend_from_slice(text);
        // Characters that hold bits of what stands before or behind are left out.
        let first = [0, 2, 3][shift];
        let last = bytes.len() * 8 / 6;
        for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            let whole = engine.encode(&bytes);
            needles.push(whole.as_bytes().get(first..last).unwrap_or_default().to_vec());
        }
    }
    needles
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_alignment_of_base64_holds_the_needle() {
        let text = b"CANARY-planted";
        for before in 0..6 {
            for behind in 0..4 {
                let mut bytes = vec![b'?'; before];
                bytes.extend_from_slice(text);
                bytes.extend(vec![0xff; behind]);
                let encoded = STANDARD_NO_PAD.encode(&bytes);
                let holds =
                    |needle: &Vec<u8>| encoded.contains(&String::from_utf8_lossy(needle).into_owned());
                assert!(base64(text).iter().any(holds), "{before} {behind}");
            }
        }
    }
}
