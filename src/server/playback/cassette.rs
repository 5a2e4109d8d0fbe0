//! A cassette: a recording in memory, as bytes that are parsed when they are played, and an index to find them by.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::asked::{self, Filed, Parts, about_key, changes_key, name_in, place_key, places, secret_of};
use super::binding::Bindings;
use super::names::Names;
use crate::service::shapes;
use crate::store::Fixture;
use crate::store::jsonl::RecordingLine;
use crate::store::reader::{self, Line, ReadError};

/// One exchange: where it stands, and what is looked at without parsing it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    start: u64,
    length: u32,
    pub(super) step: u32,
    /// The hash of its request with its stand-ins.
    pub(super) exact: u64,
    /// The hash of its response: equal ones are filled alike.
    pub(super) answer: u64,
    pub(super) mask: u64,
    /// Where the operation stands in the cassette's list.
    operation: u16,
    pub(super) parallel: bool,
    pub(super) probe: bool,
    /// Whether equal hashes do not yet mean that a request fits.
    pub(super) loose: bool,
    /// Whether it changed something.
    pub(super) changes: bool,
}

/// A recording.
pub struct Cassette {
    name: String,
    region: String,
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    operations: Vec<Option<String>>,
    names: Arc<Names>,
    /// Hash and exchange, sorted.
    places: Vec<(u64, u32)>,
    /// Which masks recorded requests of a form have.
    masks: HashMap<u64, Vec<u64>>,
    /// Shapes in which a stand-in may be part of a text.
    loose: HashSet<u64>,
}

impl fmt::Debug for Cassette {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cassette({}, {} exchanges)", self.name, self.entries.len())
    }
}

impl Cassette {
    /// Reads a recording of an application. The number is that of the last line, where it is cut off and was dropped.
    ///
    /// # Errors
    /// When it is no recording.
    pub fn read(file: &Path, bytes: Vec<u8>) -> Result<(Self, Option<usize>), ReadError> {
        let mut filing = Filing::default();
        let head = reader::read(&bytes, &file.display().to_string(), |range, line| filing.add(range, line))?;
        Ok((filing.finish(head.header.recording, head.header.region, bytes), head.cut))
    }

    /// A fixture of a scenario.
    pub fn of_fixture(fixture: Fixture) -> Self {
        let mut filing = Filing::default();
        for (stand_in, form) in fixture.names {
            filing.know(stand_in, form);
        }
        let mut bytes = Vec::new();
        let mut ranges = Vec::new();
        for exchange in fixture.exchanges {
            let start = bytes.len();
            // A tree holds nothing that JSON lacks.
            if serde_json::to_writer(&mut bytes, &RecordingLine::new(exchange, BTreeMap::new())).is_ok() {
                ranges.push(start..bytes.len());
            }
        }
        for range in ranges {
            if let Ok(line) = Line::read(&bytes[range.clone()]) {
                filing.add(range, &line);
            }
        }
        filing.finish(fixture.scenario, fixture.region, bytes)
    }

    /// The name of the recording, or the id of the scenario.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The region that its requests were signed for.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// How many exchanges it holds.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn names(&self) -> &Arc<Names> {
        &self.names
    }

    pub(super) fn entry(&self, at: usize) -> &Entry {
        &self.entries[at]
    }

    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(super) fn operation(&self, at: usize) -> Option<&str> {
        self.operations.get(usize::from(self.entries[at].operation)).and_then(Option::as_deref)
    }

    /// The exchange itself. It was parsed when the cassette was made.
    pub(super) fn line(&self, at: usize) -> Option<Line<'_>> {
        let entry = &self.entries[at];
        let start = usize::try_from(entry.start).ok()?;
        Line::read(self.bytes.get(start..start + entry.length as usize)?).ok()
    }

    /// The masks of a form.
    pub(super) fn masks(&self, form: u64) -> &[u64] {
        self.masks.get(&form).map_or(&[], Vec::as_slice)
    }

    /// Whether a stand-in may be part of a text in requests of this shape.
    pub(super) fn is_loose(&self, shape: u64) -> bool {
        self.loose.contains(&shape)
    }

    /// The exchanges under a hash, in order, and where they begin in the index.
    pub(super) fn under(&self, key: u64) -> (usize, &[(u64, u32)]) {
        let from = self.places.partition_point(|(found, _)| *found < key);
        let length = match self.places.get(from) {
            Some((found, _)) if *found == key => {
                self.places[from..].partition_point(|(found, _)| *found == key)
            }
            _ => 0,
        };
        (from, &self.places[from..from + length])
    }

    /// How many changes there were before an exchange.
    pub(super) fn changes_before(&self, key: u64, at: usize) -> usize {
        self.under(key).1.partition_point(|(_, found)| (*found as usize) < at)
    }
}

/// A cassette in the making.
#[derive(Default)]
struct Filing {
    /// Binds nothing: it knows what a stand-in looks like.
    bindings: Bindings,
    entries: Vec<Entry>,
    operations: Vec<Option<String>>,
    places: Vec<(u64, u32)>,
    masks: HashMap<u64, Vec<u64>>,
    loose: HashSet<u64>,
}

impl Filing {
    fn know(&mut self, stand_in: String, form: crate::store::fixture::NameForm) {
        self.bindings.know(stand_in, form);
    }

    fn operation(&mut self, name: Option<&str>) -> u16 {
        let at = self.operations.iter().position(|found| found.as_deref() == name).unwrap_or_else(|| {
            self.operations.push(name.map(str::to_owned));
            self.operations.len() - 1
        });
        u16::try_from(at).unwrap_or(u16::MAX)
    }

    fn add(&mut self, range: Range<usize>, line: &Line<'_>) {
        for (stand_in, form) in &line.names {
            self.know(stand_in.clone(), form.clone());
        }
        let operation = line.operation.as_deref();
        let request = &line.request;
        let input: Option<Value> = request.body.and_then(|body| serde_json::from_str(body.get()).ok());
        let empty = input.is_none() && request.length.is_none();
        let parts = Parts::new(operation, request.unsigned, input.as_ref(), empty);
        let filed = Filed::new(&self.bindings, &parts.leaves);
        let shape = parts.shape(filed.mask);
        let text = |at: usize| parts.leaves.get(at).and_then(|(_, value)| value.as_str()).map(str::to_owned);
        let loose = filed.loose || !asked::is_plain(request) || operation.is_none();
        let exact = Parts::exact(shape, filed.mask, text).unwrap_or(shape);
        let masks = self.masks.entry(parts.form).or_default();
        if !masks.contains(&filed.mask) {
            masks.push(filed.mask);
        }
        let number = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        self.places.push((shape, number));
        if filed.loose {
            self.loose.insert(shape);
        }
        for at in places(filed.mask) {
            if let Some(stand_in) = text(at) {
                self.places.push((place_key(shape, at, &stand_in), number));
            }
        }
        let reads = operation.and_then(|name| shapes().operation(name)).is_none_or(|known| known.reads);
        let changes = !reads && (200..300).contains(&line.response.status);
        let name = input.as_ref().and_then(secret_of).map(|id| name_in(&self.bindings, id, |_| None));
        if let Some(name) = &name {
            self.places.push((about_key(name), number));
        }
        if changes {
            self.places.push((changes_key(None), number));
            if let Some(name) = &name {
                self.places.push((changes_key(Some(name)), number));
            }
        }
        let response = &line.response;
        let body = response.body.map(serde_json::value::RawValue::get);
        let answer = (operation, response.status, &response.headers, body, response.length);
        let operation = self.operation(operation);
        self.entries.push(Entry {
            start: range.start as u64,
            length: u32::try_from(range.len()).unwrap_or(u32::MAX),
            step: u32::try_from(line.step).unwrap_or(u32::MAX),
            exact,
            answer: asked::hash(&answer),
            mask: filed.mask,
            operation,
            parallel: line.parallel,
            probe: line.probe.is_some(),
            loose,
            changes,
        });
    }

    fn finish(mut self, name: String, region: String, mut bytes: Vec<u8>) -> Cassette {
        self.places.sort_unstable();
        self.places.dedup();
        self.places.shrink_to_fit();
        self.entries.shrink_to_fit();
        bytes.shrink_to_fit();
        Cassette {
            name,
            region,
            bytes,
            entries: self.entries,
            operations: self.operations,
            names: self.bindings.into_names(),
            places: self.places,
            masks: self.masks,
            loose: self.loose,
        }
    }
}
