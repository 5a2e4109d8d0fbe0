//! A recording of ours: the JSON Lines of an application, or the fixture of a scenario.

use super::Malformed;
use super::wire::Head;
use crate::store::FormatError;
use crate::store::fixture::{Fixture, RecordedExchange};
use crate::store::jsonl::{FORMAT, RecordingHeader, RecordingLine};

/// A recording in memory, redacted.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// What is said of the whole.
    pub head: Head,
    /// The exchanges, in order.
    pub lines: Vec<RecordingLine>,
}

impl Recording {
    /// The recording of an application.
    pub fn new(header: RecordingHeader, lines: Vec<RecordingLine>) -> Self {
        let RecordingHeader { smcheck, recording, recorded, region } = header;
        let head = Head {
            smcheck,
            recording: Some(recording),
            scenario: None,
            recorded,
            region,
            observation: None,
            names: Default::default(),
            provides: Default::default(),
            exchanges: lines.len(),
        };
        Recording { head, lines }
    }

    /// A scenario's fixture.
    pub fn of_fixture(fixture: Fixture) -> Self {
        let head = Head {
            smcheck: fixture.smcheck,
            recording: None,
            scenario: Some(fixture.scenario),
            recorded: fixture.recorded,
            region: fixture.region,
            observation: Some(fixture.observation),
            names: fixture.names,
            provides: fixture.provides,
            exchanges: fixture.exchanges.len(),
        };
        let line = |exchange: RecordedExchange| RecordingLine::new(exchange, Default::default());
        Recording { head, lines: fixture.exchanges.into_iter().map(line).collect() }
    }

    /// Reads a text of ours; `None` where it seems to be something else.
    ///
    /// # Errors
    /// When it is ours and broken.
    pub fn read(text: &str) -> Option<Result<Self, Malformed>> {
        let first = text.lines().next().unwrap_or_default();
        if first.starts_with('{') && first.contains("\"recording\"") {
            return Some(read_lines(text));
        }
        let ours = text.starts_with("smcheck:") || text.contains("\nsmcheck: ");
        let is_fixture = ours && text.contains("\nexchanges:");
        is_fixture.then(|| match Fixture::parse(text) {
            Ok(fixture) => Ok(Recording::of_fixture(fixture)),
            Err(FormatError::Yaml(error)) => Err(Malformed::of_yaml(&error)),
            Err(error) => Err(Malformed::new(1, 1, error.to_string())),
        })
    }

    /// Its name: of the recording, or the scenario's id.
    pub fn name(&self) -> &str {
        self.head.recording.as_deref().or(self.head.scenario.as_deref()).unwrap_or("recording")
    }

    /// The text of the file, and how its name ends.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn render(&self) -> Result<(String, &'static str), FormatError> {
        let head = &self.head;
        if let Some(scenario) = &head.scenario {
            let mut fixture = Fixture::new(scenario, head.recorded.clone(), &head.region);
            fixture.observation = head.observation.clone().unwrap_or_default();
            fixture.names.clone_from(&head.names);
            fixture.provides.clone_from(&head.provides);
            fixture.exchanges = self.lines.iter().map(|line| line.clone().into_exchange().0).collect();
            return Ok((fixture.render()?, "yaml"));
        }
        let header = RecordingHeader {
            smcheck: FORMAT,
            recording: self.name().to_owned(),
            recorded: head.recorded.clone(),
            region: head.region.clone(),
        };
        let mut text = json_line(&header);
        for line in &self.lines {
            text.push_str(&json_line(line));
        }
        Ok((text, "jsonl"))
    }
}

fn json_line(value: &impl serde::Serialize) -> String {
    // There is nothing in a recording that JSON lacks.
    format!("{}\n", serde_json::to_string(value).unwrap_or_default())
}

fn read_lines(text: &str) -> Result<Recording, Malformed> {
    let mut lines = text.lines().enumerate();
    let first = lines.next().map(|(_, first)| first).unwrap_or_default();
    let header: RecordingHeader = serde_json::from_str(first).map_err(|error| Malformed::of_json(&error))?;
    if header.smcheck != FORMAT {
        let message =
            format!("format {} is not known to this smcheck, which reads format {FORMAT}", header.smcheck);
        return Err(Malformed::new(1, 1, message));
    }
    let mut read = Vec::new();
    for (at, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
        match serde_json::from_str(line) {
            Ok(line) => read.push(line),
            // The writer was killed in the middle of its last line.
            Err(_) if !text.ends_with('\n') && at + 1 == text.lines().count() => {}
            Err(error) => return Err(Malformed { line: at + 1, ..Malformed::of_json(&error) }),
        }
    }
    Ok(Recording::new(header, read))
}
