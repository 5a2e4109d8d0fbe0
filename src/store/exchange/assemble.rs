//! From what stood in files of other tools to a recording: what is ours comes back as it was, all else is redacted.

use std::sync::LazyLock;

use regex::Regex;

use super::wire::{self, Head};
use super::{Entry, Imported, Recording};
use crate::service::time::Timestamp;
use crate::service::wire::{CONTENT_TYPE, TARGET_HEADER, TARGET_PREFIX};
use crate::service::{WireResponse, shapes};
use crate::store::fixture::{BASE, RecordedFrom};
use crate::store::jsonl::{RecordingHeader, RecordingLine};
use crate::store::names::{BadPattern, NameRules};
use crate::store::recording::{Recorder, is_unsigned};
use crate::store::standin::StandIns;
use crate::trace::Exchange;

/// The region in the host of an endpoint of AWS.
static HOST: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^secretsmanager(?:-fips)?\.([a-z0-9-]{4,30})\.").expect("the expression is tested")
});
/// The region in a signature.
static SCOPE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"/[0-9]{8}/([a-z0-9-]{4,30})/secretsmanager/aws4_request").expect("the expression is tested")
});

/// What is wanted of an import.
#[derive(Clone, Debug)]
pub struct Wanted<'w> {
    /// The name of the recording.
    pub name: &'w str,
    /// What the recording says it was made from, where it is not ours.
    pub from: &'w str,
    /// Globs over names of secrets that differ from run to run, and become variables.
    pub variable_names: &'w [String],
}

/// What became of the files.
#[derive(Clone, Debug)]
pub struct Assembled {
    /// The recording, redacted.
    pub recording: Recording,
    /// What was left out or could not be kept, in words.
    pub notes: Vec<String>,
}

/// Makes a recording.
///
/// # Errors
/// When a pattern for names is none.
pub fn assemble(mut files: Vec<Imported>, wanted: &Wanted<'_>) -> Result<Assembled, BadPattern> {
    let mut notes: Vec<String> = files.iter_mut().flat_map(|file| std::mem::take(&mut file.notes)).collect();
    let unanswered: usize = files.iter().map(|file| file.unanswered).sum();
    if unanswered > 0 {
        notes.push(format!("{unanswered} requests without an answer left out"));
    }
    let has_marks = files.iter().any(|file| file.entries.iter().any(|entry| entry.mark.is_some()));
    if let [file] = files.as_slice() {
        if let Some(recording) = sealed(file) {
            return Ok(Assembled { recording, notes });
        }
        if has_marks {
            notes.push(
                "it was exported by smcheck and has been changed since: all of it is redacted anew"
                    .to_owned(),
            );
        }
    }
    let entries: Vec<Entry> = files.into_iter().flat_map(|file| file.entries).collect();
    let entries = admitted(entries, &mut notes);
    let mut recorder = Recorder::new(StandIns::of_application(NameRules::new(wanted.variable_names)?));
    let mut times = Times::new(&entries);
    let mut lines = Vec::with_capacity(entries.len());
    let region = entries.iter().find_map(region).unwrap_or_else(|| "us-east-1".to_owned());
    for (at, entry) in entries.into_iter().enumerate() {
        let received_at = times.of(&entry);
        let recorded = recorder.exchange(at + 1, &exchange(entry, received_at));
        lines.push(RecordingLine::new(recorded, recorder.stand_ins.take_names()));
    }
    let lengths = lines.iter().filter(|line| line.request.length.is_some() || line.response.length.is_some());
    let lengths = lengths.count();
    if lengths > 0 {
        notes.push(format!("of {lengths} exchanges only the length of a body is kept, since it is no JSON"));
    }
    let from = RecordedFrom { target: wanted.from.to_owned(), version: None };
    let recording = Recording::new(RecordingHeader::new(wanted.name, from, &region), lines);
    Ok(Assembled { recording, notes })
}

/// The recording that was exported, if nothing in it was changed since.
fn sealed(file: &Imported) -> Option<Recording> {
    let head: &Head = file.head.as_ref()?;
    let mut marked: Vec<(&Entry, &wire::Mark)> =
        file.entries.iter().map(|entry| Some((entry, entry.mark.as_ref()?))).collect::<Option<_>>()?;
    // Tools may order entries their way.
    marked.sort_by_key(|(_, mark)| mark.number);
    let whole = marked.len() == head.exchanges
        && head.recording.is_some() != head.scenario.is_some()
        && marked.iter().enumerate().all(|(at, (_, mark))| mark.number == at + 1);
    let line = |(entry, mark): (&Entry, &wire::Mark)| {
        let line = wire::reread(mark, &entry.request, &entry.response);
        (wire::seal(head, &line) == mark.seal).then_some(line)
    };
    let lines = whole.then(|| marked.into_iter().map(line).collect::<Option<Vec<_>>>()).flatten()?;
    wire::is_redacted(&lines).then(|| Recording { head: head.clone(), lines })
}

/// The entries that call Secrets Manager.
fn admitted(entries: Vec<Entry>, notes: &mut Vec<String>) -> Vec<Entry> {
    let (mut elsewhere, mut unknown) = (0, 0);
    let admit = |entry: &Entry| {
        let target = entry.request.header(TARGET_HEADER).unwrap_or_default();
        if entry.mark.is_some() {
            return true;
        }
        if !target.starts_with(TARGET_PREFIX) {
            elsewhere += 1;
            return false;
        }
        let known = entry.request.operation().is_some_and(|name| shapes().operation(name).is_some());
        unknown += usize::from(!known);
        known
    };
    let kept: Vec<Entry> = entries.into_iter().filter(admit).collect();
    for (count, what) in [
        (elsewhere, "requests to other hosts or services left out"),
        (unknown, "requests for operations that Secrets Manager does not have left out"),
    ] {
        if count > 0 {
            notes.push(format!("{count} {what}"));
        }
    }
    kept
}

fn exchange(entry: Entry, received_at: Timestamp) -> Exchange {
    let Entry { mut request, response, .. } = entry;
    let operation = request.operation().filter(|name| shapes().operation(name).is_some()).map(str::to_owned);
    let refused = response.error().is_some_and(|error| error.code.starts_with("MissingAuthenticationToken"));
    // Most tools leave signatures out: only the answer tells that there was none.
    if is_unsigned(&request) && !refused {
        request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("authorization"));
        request.headers.push(("Authorization".to_owned(), "AWS4-HMAC-SHA256".to_owned()));
    }
    if request.header("content-type").is_none() {
        request.headers.push(("Content-Type".to_owned(), CONTENT_TYPE.to_owned()));
    }
    Exchange { operation, sent_at: received_at, received_at, request, response }
}

fn region(entry: &Entry) -> Option<String> {
    let host = entry.host.as_deref().or_else(|| entry.request.header("host")).unwrap_or_default();
    let signature = entry.request.header("authorization").unwrap_or_default();
    let found = HOST.captures(host).or_else(|| SCOPE.captures(signature))?;
    Some(found[1].to_owned())
}

/// When responses came. Times in a recording are told from that moment.
struct Times {
    last: Timestamp,
}

impl Times {
    fn new(entries: &[Entry]) -> Self {
        let first = entries.iter().find_map(moment);
        // Where nothing tells, the latest time that a response says has just been.
        let told = || entries.iter().filter_map(|entry| latest(&entry.response)).max();
        Times { last: first.or_else(told).unwrap_or(BASE) }
    }

    fn of(&mut self, entry: &Entry) -> Timestamp {
        if let Some(at) = moment(entry) {
            self.last = at;
        }
        self.last
    }
}

/// The clock of the server, else the client's.
fn moment(entry: &Entry) -> Option<Timestamp> {
    let date = entry.response.header("date").and_then(|text| httpdate::parse_http_date(text).ok());
    let since = date.and_then(|date| date.duration_since(std::time::UNIX_EPOCH).ok());
    let date = since.and_then(|since| i64::try_from(since.as_millis()).ok()).map(Timestamp);
    date.or(entry.at).or_else(|| signed_at(entry.request.header("x-amz-date")?))
}

/// `20250102T030405Z`
fn signed_at(text: &str) -> Option<Timestamp> {
    let text = text.is_ascii().then_some(text).filter(|text| text.len() == 16)?;
    let spread = format!(
        "{}-{}-{}T{}:{}:{}Z",
        &text[..4],
        &text[4..6],
        &text[6..8],
        &text[9..11],
        &text[11..13],
        &text[13..15]
    );
    spread.parse::<jiff::Timestamp>().ok().map(|at| Timestamp(at.as_millisecond()))
}

fn latest(response: &WireResponse) -> Option<Timestamp> {
    let body = response.json()?;
    let dates = ["CreatedDate", "LastChangedDate"].into_iter().filter_map(|name| body.get(name)?.as_f64());
    dates.filter_map(Timestamp::from_seconds).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_signature_is_read() {
        assert_eq!(signed_at("20200101T000000Z"), Some(BASE));
        assert_eq!(signed_at("2020é101T000000Z"), None);
        assert_eq!(signed_at(""), None);
    }
}
