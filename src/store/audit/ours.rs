//! Files of ours: everything in them is held to what redaction promises. The walk is this module's own, so that what
//! redaction overlooks is not overlooked here too.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::patterns;
use super::tree::{self, Kind as NodeKind, Node, Spot};
use super::{Found, Kind};
use crate::service::redact::class::{Class, class_of, class_of_text, is_code, is_member_name};
use crate::service::redact::message::{self, Trace};
use crate::service::redact::password::Rule;
use crate::service::{Kind as ShapeKind, SecretArn, ShapeId, shapes};
use crate::store::Fixture;
use crate::store::fixture::RecordedExchange;
use crate::store::form;

/// Members that hold secrets wherever they stand.
pub(super) const SECRET_MEMBERS: &[&str] =
    &["SecretString", "SecretBinary", "RandomPassword", "RotationToken"];

/// What a file of ours is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// A scenario's exchanges, in YAML. What the scenario sent as literals stays readable in it.
    Fixture,
    /// What a proxy saw, one exchange a line.
    Recording,
    /// An observation.
    Snapshot,
    /// What a run found.
    Report,
}

/// What a text says it is.
pub(super) fn sort(text: &str) -> Option<Sort> {
    let first = text.lines().next().unwrap_or_default();
    let head = |lines: usize| text.lines().take(lines).map(str::trim_end).collect::<Vec<_>>();
    if first.starts_with("smcheck: ") && head(3).iter().any(|line| line.starts_with("scenario: ")) {
        return Some(Sort::Fixture);
    }
    if first == "---"
        && head(6).contains(&"info:")
        && head(10).iter().any(|line| line.starts_with("  smcheck: "))
    {
        return Some(Sort::Snapshot);
    }
    if first.starts_with('{') && first.contains("\"smcheck\"") && first.contains("\"recording\"") {
        let header = tree::json(first, 1)?;
        return (header.get("smcheck").is_some() && header.get("recording").is_some())
            .then_some(Sort::Recording);
    }
    let top = text.get(..text.len().min(400)).unwrap_or_default();
    (first.starts_with('{')
        && top.contains("\"schema\"")
        && top.contains("\"smcheck\"")
        && text.contains("\"runs\""))
    .then_some(Sort::Report)
}

/// All findings on a file of ours.
pub(super) fn look(sort: Sort, text: &str) -> Vec<Found> {
    match sort {
        Sort::Fixture => fixture(text),
        Sort::Recording => recording(text),
        Sort::Snapshot => snapshot(text),
        Sort::Report => report(text),
    }
}

fn broken(at: Spot, what: &str) -> Found {
    Found::new(at, Kind::Broken, what)
}

fn fixture(text: &str) -> Vec<Found> {
    let first = Spot { line: 1, column: 1 };
    let documents = tree::yaml(text).unwrap_or_default();
    // What the error says may hold a value.
    let ([document], Ok(_)) = (documents.as_slice(), Fixture::parse(text)) else {
        return vec![broken(first, "a fixture by its first lines, and not readable as one")];
    };
    let exchanges: Vec<&Node> =
        document.get("exchanges").map(Node::list).unwrap_or_default().iter().collect();
    let mut look = Look::new(&exchanges, document.get("names"), false);
    exchanges.iter().for_each(|exchange| look.exchange(exchange));
    for (_, _, value) in document.get("provides").map(Node::map).unwrap_or_default() {
        look.accounts(value);
    }
    look.found
}

fn recording(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    let mut lines = Vec::new();
    let count = text.lines().count();
    for (at, line) in text.lines().enumerate() {
        let place = Spot { line: at + 1, column: 1 };
        match tree::json(line, at + 1) {
            Some(node) if at == 0 => {
                let others = node.map().iter().filter(|(key, ..)| key != "names").map(|(.., node)| node);
                for text in others.flat_map(texts) {
                    let kinds = patterns::kinds(text);
                    found.extend(
                        kinds
                            .into_iter()
                            .map(|(kind, what)| Found::new(place, kind, format!("{what} in the header"))),
                    );
                }
            }
            Some(node) => {
                let mut exchange = node.value();
                if let Some(members) = exchange.as_object_mut() {
                    for own in OF_RECORDINGS {
                        members.remove(*own);
                    }
                }
                if serde_json::from_value::<RecordedExchange>(exchange).is_err() {
                    found.push(broken(place, "a line of a recording that is no exchange"));
                }
                lines.push(node);
            }
            // A recorder that was killed leaves half a line.
            None if at + 1 == count && !text.ends_with('\n') => {
                found.extend(SECRET_MEMBERS.iter().filter(|member| line.contains(**member)).take(1).map(
                    |_| {
                        broken(
                            place,
                            "the last line is cut short, and holds a sensitive member that cannot be checked",
                        )
                    },
                ));
            }
            None => found.push(broken(place, "a line of a recording that is no JSON")),
        }
    }
    let exchanges: Vec<&Node> = lines.iter().collect();
    let mut look = Look::new(&exchanges, None, true);
    exchanges.iter().for_each(|exchange| look.exchange(exchange));
    found.append(&mut look.found);
    found
}

/// What a line of a recording may hold beside the exchange.
const OF_RECORDINGS: &[&str] = &["names", "at", "session"];

/// All texts in a value.
fn texts(node: &Node) -> Vec<&str> {
    match &node.kind {
        NodeKind::Text(text) => vec![text],
        NodeKind::List(entries) => entries.iter().flat_map(texts).collect(),
        NodeKind::Map(members) => members.iter().flat_map(|(.., node)| texts(node)).collect(),
        _ => Vec::new(),
    }
}

/// Where a value stands.
#[derive(Clone, Copy)]
enum Place {
    Shape(ShapeId),
    Inside(Class),
}

struct Look {
    found: Vec<Found>,
    /// Whether everything that is not on the allow-list must be a stand-in. In a scenario's fixture what the scenario
    /// wrote into members that are not sensitive stays as it is.
    strict: bool,
    /// Texts that are names of secrets.
    names: BTreeSet<String>,
    /// How many numbers stand for others.
    numbers: usize,
    passwords: usize,
    rule: Rule,
    /// What is being read, in words.
    within: String,
}

impl Look {
    fn new(exchanges: &[&Node], names: Option<&Node>, strict: bool) -> Self {
        let mut look = Look {
            found: Vec::new(),
            strict,
            names: BTreeSet::new(),
            numbers: 0,
            passwords: exchanges.len() + 1,
            rule: Rule::default(),
            within: String::new(),
        };
        look.names.extend(names.map(Node::map).unwrap_or_default().iter().map(|(name, ..)| name.clone()));
        let mut numbers = BTreeSet::new();
        for exchange in exchanges {
            let own = exchange.get("names").map(Node::map).unwrap_or_default();
            look.names.extend(own.iter().map(|(name, ..)| name.clone()));
            look.each(exchange, &mut |look, class, node| match &node.kind {
                NodeKind::Text(text) if matches!(class, Class::Name | Class::Id) => {
                    look.names.insert(text.clone());
                }
                NodeKind::Text(text) if !matches!(class, Class::Open | Class::Message | Class::Key) => {
                    numbers.extend(form::numbers_in(text));
                }
                NodeKind::Number(number)
                    if class != Class::Open && class != Class::Time && class != Class::Day =>
                {
                    numbers.insert(number.to_string());
                }
                _ => {}
            });
        }
        look.numbers = numbers.len();
        look
    }

    fn exchange(&mut self, exchange: &Node) {
        let operation = exchange.get("operation").and_then(Node::text);
        if operation == Some("GetRandomPassword") {
            let asked = exchange.get("request").and_then(|request| request.get("body"));
            self.rule = Rule::of(&asked.map(Node::value).unwrap_or_default());
        }
        self.each(exchange, &mut Look::leaf);
        for side in ["request", "response"] {
            let part = exchange.get(side);
            let headers = part.and_then(|part| part.get("headers")).map(Node::map).unwrap_or_default();
            let words = headers.iter().map(|(.., node)| node).chain(part.and_then(|part| part.get("path")));
            self.within = format!("a header or the path of a {side}");
            for node in words {
                self.message(node.at, node.text().unwrap_or_default());
            }
        }
    }

    /// Calls with every scalar of both bodies and with every key that is no member's name.
    fn each(&mut self, exchange: &Node, on: &mut dyn FnMut(&mut Look, Class, &Node)) {
        let name = exchange.get("operation").and_then(Node::text);
        let operation = name.and_then(|name| shapes().operation(name));
        let of = |shape: Option<ShapeId>| shape.map_or(Place::Inside(Class::Closed), Place::Shape);
        let named = name.unwrap_or("an unknown operation");
        if let Some(body) = exchange.get("request").and_then(|request| request.get("body")) {
            self.within = format!("the request of {named}");
            self.walk(of(operation.map(|operation| operation.input)), body, on);
        }
        let Some(body) = exchange.get("response").and_then(|response| response.get("body")) else { return };
        self.within = format!("the response of {named}");
        if body.get("__type").is_none() {
            self.walk(of(operation.and_then(|operation| operation.output)), body, on);
            return;
        }
        for (key, at, value) in body.map() {
            self.key(*at, key, on);
            let class = match (key.as_str(), value.text()) {
                ("__type", Some(code)) if is_code(code) => Class::Open,
                ("Message" | "message", Some(_)) => Class::Message,
                _ => Class::Closed,
            };
            self.walk(Place::Inside(class), value, on);
        }
    }

    fn key(&mut self, at: Spot, key: &str, on: &mut dyn FnMut(&mut Look, Class, &Node)) {
        on(self, Class::Key, &Node { at, kind: NodeKind::Text(key.to_owned()) });
    }

    fn walk(&mut self, place: Place, node: &Node, on: &mut dyn FnMut(&mut Look, Class, &Node)) {
        let shape = match place {
            Place::Shape(id) => Some((id, shapes().shape(id))),
            Place::Inside(_) => None,
        };
        match (shape, &node.kind) {
            (Some((id, shape)), NodeKind::Map(members)) if matches!(shape.kind, ShapeKind::Structure(_)) => {
                for (key, at, value) in members {
                    let member = shapes().member(id, key);
                    if member.is_none() {
                        self.key(*at, key, on);
                    }
                    let place =
                        member.map_or(Place::Inside(Class::Closed), |member| Place::Shape(member.shape));
                    self.walk(place, value, on);
                }
            }
            (Some((_, shape)), NodeKind::Map(members)) if matches!(shape.kind, ShapeKind::Map { .. }) => {
                let ShapeKind::Map { key: of, value: inner } = &shape.kind else { return };
                for (key, at, value) in members {
                    let node = Node { at: *at, kind: NodeKind::Text(key.clone()) };
                    on(self, class_of(shapes().shape(*of)), &node);
                    self.walk(Place::Shape(*inner), value, on);
                }
            }
            (Some((_, shape)), NodeKind::List(entries)) if matches!(shape.kind, ShapeKind::List { .. }) => {
                let ShapeKind::List { element, .. } = &shape.kind else { return };
                entries.iter().for_each(|entry| self.walk(Place::Shape(*element), entry, on));
            }
            (_, NodeKind::Map(members)) => {
                let inside = Place::Inside(inside(place));
                for (key, at, value) in members {
                    self.key(*at, key, on);
                    self.walk(inside, value, on);
                }
            }
            (_, NodeKind::List(entries)) => {
                let inside = Place::Inside(inside(place));
                entries.iter().for_each(|entry| self.walk(inside, entry, on));
            }
            (_, NodeKind::Null | NodeKind::Bool(_)) => {}
            (Some((_, shape)), NodeKind::Text(text)) => {
                let class = match &shape.kind {
                    ShapeKind::String { .. } => class_of_text(shape, text),
                    ShapeKind::Blob { .. } => Class::Blob,
                    _ => inside(place),
                };
                on(self, class, node);
            }
            (Some((_, shape)), NodeKind::Number(_)) => {
                let class = match &shape.kind {
                    ShapeKind::Integer { .. } | ShapeKind::Timestamp => class_of(shape),
                    _ => inside(place),
                };
                on(self, class, node);
            }
            (None, _) => on(self, inside(place), node),
        }
    }

    fn leaf(&mut self, class: Class, node: &Node) {
        let within = self.within.clone();
        let bad = |kind: Kind, what: &str| Found::new(node.at, kind, format!("{what} in {within}"));
        match (class, &node.kind) {
            (Class::Open | Class::Time | Class::Day, NodeKind::Number(_)) => {}
            (_, NodeKind::Number(number)) => {
                let text = number.to_string();
                let count = text.strip_suffix(".5").unwrap_or(&text).parse::<usize>();
                if !count.is_ok_and(|count| (1..=self.numbers).contains(&count)) {
                    let kind = if class.is_sensitive() { Kind::SecretValue } else { Kind::Unjudged };
                    self.found.push(bad(kind, "a number that is no stand-in"));
                }
            }
            (Class::Secret, NodeKind::Text(text)) if !self.is_stand_in(text, false) => {
                self.found.push(bad(Kind::SecretValue, "a secret value that is no stand-in"));
            }
            (Class::Blob, NodeKind::Text(text)) if !self.is_stand_in(text, true) => {
                self.found.push(bad(Kind::SecretValue, "a binary secret value that is no stand-in"));
            }
            (Class::Password, NodeKind::Text(text)) => {
                let made = (1..=self.passwords).any(|number| self.rule.stand_in(text, number) == *text);
                if !text.is_empty() && !made {
                    self.found.push(bad(Kind::SecretValue, "a random password that is no stand-in"));
                }
            }
            (Class::Message, NodeKind::Text(text)) => self.message(node.at, text),
            (Class::Key, NodeKind::Text(text)) => {
                let known =
                    is_member_name(text) || self.is_harmless(text) || text.starts_with("<smcheck-key-");
                if !known {
                    self.found.push(bad(Kind::Unjudged, "a key that is no stand-in"));
                }
            }
            (Class::Closed | Class::Version | Class::Cursor | Class::Arn, NodeKind::Text(text))
                if self.strict =>
            {
                let known = self.is_harmless(text);
                if !known {
                    self.found
                        .push(bad(Kind::Unjudged, "a text that nobody has judged and that is no stand-in"));
                }
            }
            (_, NodeKind::Text(_)) => self.accounts(node),
            _ => {}
        }
    }

    fn is_stand_in(&self, text: &str, is_blob: bool) -> bool {
        // What has no form of its own may have got into the member: an id, a name.
        form::is_whole_stand_in(text, is_blob, self.numbers) || (!is_blob && is_uuid_stand_in(text))
    }

    fn is_harmless(&self, text: &str) -> bool {
        let token = text.strip_prefix("smcheck-token-");
        text.is_empty()
            || self.names.contains(text)
            || is_uuid_stand_in(text)
            || form::is_whole_stand_in(text, false, self.numbers)
            || token.is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_digit()))
            || SecretArn::parse(text).is_some_and(|arn| is_no_account(arn.account))
    }

    fn message(&mut self, at: Spot, text: &str) {
        let mut told = BTreeSet::new();
        message::mask(text, &[], &mut |trace, value| {
            let kept = trace == Trace::Arn && self.names.contains(value);
            if !kept && !is_of_ours(trace, value) {
                told.insert(match trace {
                    Trace::Arn => "an ARN with an account",
                    Trace::AccessKey => "the id of an access key",
                    Trace::Uuid => "an id",
                    Trace::Digest => "a digest",
                    Trace::Token => "a token",
                    Trace::Identity => "an identity or a password",
                    Trace::Time => "a time",
                    Trace::Host => "an address",
                    Trace::Account => "the number of an account",
                });
            }
            value.to_owned()
        });
        for what in told {
            self.found.push(Found::new(at, Kind::Message, format!("{what} in text of {}", self.within)));
        }
    }

    /// Account numbers in a text that is kept as it is.
    fn accounts(&mut self, node: &Node) {
        let text = node.text().unwrap_or_default();
        for found in ACCOUNT.captures_iter(text).filter_map(|found| found.get(1)) {
            if !patterns::is_documented(found.as_str()) && !is_no_account(found.as_str()) {
                self.found.push(Found::new(node.at, Kind::Account, "the number of an account in an ARN"));
            }
        }
    }
}

static ACCOUNT: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"arn:[^:\s]*:[^:\s]*:[^:\s]*:(\d{12}):").expect("it is tested"));

fn inside(place: Place) -> Class {
    match place {
        Place::Inside(class) => class,
        Place::Shape(id) => match class_of(shapes().shape(id)) {
            Class::Blob => Class::Blob,
            class if class.is_sensitive() => Class::Secret,
            _ => Class::Closed,
        },
    }
}

fn is_no_account(account: &str) -> bool {
    account.bytes().all(|b| b == b'0') || account == "smcheck"
}

fn is_uuid_stand_in(text: &str) -> bool {
    text.starts_with("00000000-0000-4000-8000-") || text.starts_with("00000000-0000-4000-A000-")
}

/// Whether what a message tells is a stand-in, or known to everybody.
fn is_of_ours(trace: Trace, value: &str) -> bool {
    match trace {
        Trace::Arn => {
            let account = value.split(':').nth(4).unwrap_or_default();
            is_no_account(account)
                || account.is_empty()
                || patterns::is_documented(account)
                || value.contains(form::MARK)
        }
        Trace::AccessKey => value.contains("SMCHECK") || value.contains("EXAMPLE"),
        Trace::Uuid => is_uuid_stand_in(value),
        Trace::Digest => value.bytes().all(|b| b == b'0'),
        // What a stand-in is filled up with, in base64.
        Trace::Token if value.replace("Li4u", "").len() <= 8 => true,
        Trace::Token | Trace::Identity => {
            form::is_stand_in(value)
                || form::is_whole_stand_in(value, false, 10_000)
                || patterns::is_placeholder(value)
        }
        Trace::Time => value.starts_with("2020-01-01T00:00:00") || value.starts_with("20200101T000000"),
        Trace::Host => value.starts_with("127.0.0.1") || value.starts_with("localhost"),
        Trace::Account => is_no_account(value) || patterns::is_documented(value),
    }
}

static MEMBER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(\s*(?:- )?)(SecretString|SecretBinary|RandomPassword|RotationToken):(?: (.*))?$")
        .expect("it is tested")
});
/// A name for people: `<secret:1>`, `<password: 32, lower upper>`, `${v1}`.
static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:<[a-z][a-z -]*[:>].*|<[a-z ]+\d*>|\$\{[^}]*\}|null|true|false|)$").expect("it is tested")
});

fn snapshot(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    // The members that a line stands under: how far they are indented.
    let mut under: Option<usize> = None;
    for (at, line) in text.lines().enumerate() {
        let indent = line.len() - line.trim_start().len();
        if under.is_some_and(|depth| indent <= depth && !line.trim().is_empty()) {
            under = None;
        }
        let (value, column) = match MEMBER.captures(line) {
            Some(member) => {
                let value = member.get(3).map_or("", |value| value.as_str()).trim();
                if value.is_empty() {
                    under = Some(member.get(1).map_or(0, |before| before.as_str().len()));
                }
                (value, member.get(3).map_or(line.len(), |value| value.start()))
            }
            None if under.is_some() => {
                let value = line.trim().trim_start_matches("- ");
                let value = value.split_once(": ").map_or(value, |(_, value)| value);
                (if value.ends_with(':') { "" } else { value }, indent)
            }
            None => continue,
        };
        if !NAMED.is_match(value) {
            let at = Spot { line: at + 1, column: line[..column].chars().count() + 1 };
            found.push(Found::new(at, Kind::SecretValue, "a sensitive member that is no name"));
        }
    }
    found
}

fn report(text: &str) -> Vec<Found> {
    fn visit(node: &Node, found: &mut Vec<Found>) {
        let sensitive = node.get("path").and_then(Node::text).is_some_and(|path| {
            SECRET_MEMBERS.iter().any(|member| path.split(['.', '[', ']']).any(|part| part == *member))
        });
        // What was expected stands in the scenario.
        if let Some(actual) = node.get("actual").filter(|_| sensitive) {
            for _ in texts(actual).into_iter().filter(|text| !NAMED.is_match(text)) {
                found.push(Found::new(actual.at, Kind::SecretValue, "a sensitive member that is no name"));
            }
        }
        node.list().iter().for_each(|entry| visit(entry, found));
        node.map().iter().for_each(|(.., entry)| visit(entry, found));
    }
    let mut found = Vec::new();
    match tree::json(text, 1) {
        Some(node) => visit(&node, &mut found),
        None => found.push(broken(Spot { line: 1, column: 1 }, "a report by its first lines, and no JSON")),
    }
    found
}
