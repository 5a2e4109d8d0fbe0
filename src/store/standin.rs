//! Stand-ins: what is written into a recording instead of values that must not be written or that differ from run
//! to run. They have the same form, are numbered by appearance and never computed from the value, and the same
//! value has the same stand-in, so that playback can bind it to whatever a client sends in its place.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use serde_json::Value;

use super::fixture::{BASE, NO_MIDNIGHT_MS, NameForm};
use super::form;
use super::names::{self, NameRules};
use crate::service::SecretArn;
use crate::service::redact::class::{is_member_name, is_region, is_uuid};
use crate::service::redact::message::{self, Known, Trace};
use crate::service::redact::password::Rule;
use crate::service::redact::{Class, Leaf, Naming};
use crate::service::time::{DAY_MS, Timestamp};

/// A literal longer than this gets a stand-in, since nobody reads it.
const LONG: usize = 1024;
/// A text longer than this is not searched for names made for the run: how much of it is filling depends on them.
const NAMED: usize = 200;
/// A time further away than this many days is no time.
const DAYS_MAX: i64 = 36_500;

/// Values of different groups have different stand-ins, even where they are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Group {
    Name,
    Arn,
    Uuid,
    Secret,
    Password,
    Text,
    Token,
    Key,
    Number,
    /// A string inside a secret that holds JSON, or a part of one that is a URL.
    Part,
}

/// The stand-ins of one recording.
#[derive(Default)]
pub struct StandIns {
    /// Names made for the run, and what stands around their unique part.
    declared: BTreeMap<String, NameForm>,
    literals: BTreeSet<String>,
    given: HashMap<(Group, String), String>,
    counts: BTreeMap<Group, usize>,
    /// In which order values appeared.
    appeared: HashMap<String, usize>,
    /// Parts of secrets, for messages.
    parts: BTreeMap<String, String>,
    /// Stand-ins of secrets.
    secrets: BTreeSet<String>,
    /// Stand-ins of names, with what the names look like.
    names: BTreeMap<String, NameForm>,
    /// Those of them that nobody has taken yet.
    fresh: BTreeMap<String, NameForm>,
    /// Which names stay as they are, in the recording of an application; `None` where only literals do.
    rules: Option<NameRules>,
    /// To which member of the service model the values belong that come.
    member: String,
    /// How many values were replaced, by member.
    replaced: BTreeMap<String, u64>,
    received_at: Timestamp,
    rule: Rule,
    /// Whether secret values are replaced in messages even where they are ordinary words.
    wary: bool,
}

impl fmt::Debug for StandIns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StandIns({})", self.given.len())
    }
}

impl StandIns {
    /// Stand-ins for a recording. `declared` holds the names made for the run with what stands around their unique
    /// part, `literals` what may be written as it is.
    pub fn new(declared: BTreeMap<String, NameForm>, literals: BTreeSet<String>) -> Self {
        StandIns { declared, literals, ..Self::default() }
    }

    /// Stand-ins for the recording of an application: names stay as they are, except those that the rules say.
    pub fn of_application(rules: NameRules) -> Self {
        StandIns { rules: Some(rules), wary: true, ..Self::default() }
    }

    /// The stand-ins of names that came since this was asked last.
    pub fn take_names(&mut self) -> BTreeMap<String, NameForm> {
        std::mem::take(&mut self.fresh)
    }

    /// How many values were replaced so far, by the member that they stood in; an empty name is of members that the
    /// model does not know.
    pub fn replaced(&self) -> &BTreeMap<String, u64> {
        &self.replaced
    }

    /// The same for what an application sends, whose secrets nobody invented: in a message they are replaced wherever
    /// they stand as a word, and in members of the allow-list too where no such text is a word.
    #[must_use]
    pub fn wary(mut self) -> Self {
        self.wary = true;
        self
    }

    /// Begins an exchange: times are told from when its response came.
    pub fn begin(&mut self, received_at: Timestamp) {
        self.received_at = received_at;
    }

    /// Reads what a request for a password asks for.
    pub fn asked(&mut self, rule: Rule) {
        self.rule = rule;
    }

    /// The stand-ins of names so far.
    pub fn names(&self) -> BTreeMap<String, NameForm> {
        self.names.clone()
    }

    /// What stands for a text that nobody has judged: a header, a path, a value of a target's configuration.
    pub fn closed(&mut self, text: &str) -> String {
        for group in [Group::Name, Group::Arn, Group::Uuid] {
            if let Some(stand_in) = self.find(group, text) {
                return stand_in;
            }
        }
        if self.declared.contains_key(text) {
            return self.name(text);
        }
        if self.literals.contains(text) {
            return self.readable(text);
        }
        for group in [Group::Secret, Group::Password, Group::Text, Group::Token] {
            if let Some(stand_in) = self.find(group, text) {
                return stand_in;
            }
        }
        if SecretArn::parse(text).is_some() {
            return self.arn(text);
        }
        if is_uuid(text) { self.uuid(text) } else { self.opaque(text) }
    }

    /// What stands for a version id, a token, the id of a request.
    pub fn uuid(&mut self, text: &str) -> String {
        self.give(Group::Uuid, text, |number| {
            // The variant keeps the case of the letters, which matters to whoever checks the form.
            let letter = if text.bytes().any(|b| b.is_ascii_uppercase()) { 'A' } else { '8' };
            format!("00000000-0000-4000-{letter}000-{number:012}")
        })
    }

    fn find(&mut self, group: Group, text: &str) -> Option<String> {
        let stand_in = self.given.get(&(group, text.to_owned()))?.clone();
        self.appear(text);
        Some(stand_in)
    }

    fn give(&mut self, group: Group, text: &str, make: impl FnOnce(usize) -> String) -> String {
        if let Some(stand_in) = self.find(group, text) {
            return stand_in;
        }
        let count = self.counts.entry(group).or_insert(0);
        *count += 1;
        let stand_in = make(*count);
        self.appear(text);
        self.given.insert((group, text.to_owned()), stand_in.clone());
        stand_in
    }

    fn appear(&mut self, text: &str) {
        let next = self.appeared.len();
        self.appeared.entry(text.to_owned()).or_insert(next);
    }

    fn name(&mut self, text: &str) -> String {
        if !self.declared.contains_key(text) && self.literals.contains(text) {
            return self.readable(text);
        }
        let form = match &self.rules {
            None => self.declared.get(text).cloned().unwrap_or_default(),
            Some(_) if !names::is_name(text) => return self.opaque(text),
            Some(rules) => match rules.form(text) {
                Some(form) => form,
                None => {
                    // It stands for itself, so that it is known wherever it turns up; it uses up no number.
                    self.appear(text);
                    self.given.entry((Group::Name, text.to_owned())).or_insert_with(|| text.to_owned());
                    return text.to_owned();
                }
            },
        };
        if let Some(stand_in) = self.find(Group::Name, text) {
            return stand_in;
        }
        let stand_in = self
            .give(Group::Name, text, |number| format!("{}secret-{number:04}{}", form.prefix, form.suffix));
        if self.rules.is_some() {
            self.fresh.insert(stand_in.clone(), form.clone());
        }
        self.names.insert(stand_in.clone(), form);
        stand_in
    }

    /// A literal, with the names made for the run replaced.
    fn readable(&mut self, text: &str) -> String {
        let mut inside: Vec<String> =
            self.declared.keys().filter(|name| text.contains(name.as_str())).cloned().collect();
        if text.len() > LONG || (text.len() > NAMED && !inside.is_empty()) {
            return self.opaque(text);
        }
        inside.sort_by_key(|name| std::cmp::Reverse(name.len()));
        inside.into_iter().fold(text.to_owned(), |text, name| match text.contains(&name) {
            true => {
                let stand_in = self.name(&name);
                text.replace(&name, &stand_in)
            }
            false => text,
        })
    }

    fn opaque(&mut self, text: &str) -> String {
        self.give(Group::Text, text, |number| {
            let mark = format!("{}text-{number:04}", form::MARK);
            form::like(text, &mark, &mut form::Alone::new(&mark))
        })
    }

    fn secret(&mut self, text: &str, is_blob: bool) -> String {
        if let Some(stand_in) = self.find(Group::Secret, text) {
            return stand_in;
        }
        let mark = match self.given.get(&(Group::Part, text.to_owned())) {
            Some(mark) => mark.clone(),
            None => {
                let count = self.counts.entry(Group::Secret).or_insert(0);
                *count += 1;
                format!("{}secret-{count:04}", form::MARK)
            }
        };
        let mut marks = Parts { stand_ins: self, mark: &mark, new: 0 };
        let mut stand_in = match is_blob {
            true => form::like_blob(text, &mark, &mut marks),
            false => form::like_secret(text, &mark, &mut marks),
        };
        // Two values may differ in nothing that a stand-in shows; JSON may end in spaces.
        while self.secrets.contains(&stand_in) {
            stand_in = form::spaced(&stand_in, is_blob);
        }
        self.secrets.insert(stand_in.clone());
        self.spell(text, &stand_in, 1);
        self.appear(text);
        self.given.insert((Group::Secret, text.to_owned()), stand_in.clone());
        stand_in
    }

    /// Keeps for messages how a secret may be written in them; the first spelling is the value itself.
    fn spell(&mut self, text: &str, shown: &str, skip: usize) {
        for spelling in message::spellings(text).into_iter().skip(skip) {
            self.parts.entry(spelling).or_insert_with(|| shown.to_owned());
        }
    }

    fn arn(&mut self, text: &str) -> String {
        if let Some(stand_in) = self.find(Group::Arn, text) {
            return stand_in;
        }
        if self.literals.contains(text) {
            return self.readable(text);
        }
        let Some(arn) = SecretArn::parse(text) else { return self.closed(text) };
        let (name, suffix) = self.name_in(&arn);
        let name = self.name(&name);
        let partition = match arn.partition {
            "aws-cn" | "aws-us-gov" | "aws-iso" | "aws-iso-b" => arn.partition,
            _ => "aws",
        };
        let region = if is_region(arn.region) { arn.region } else { "us-east-1" };
        let account = match arn.account.bytes().all(|b| b.is_ascii_digit()) {
            true => "0".repeat(arn.account.len().min(20)),
            false => "smcheck".to_owned(),
        };
        self.give(Group::Arn, text, |number| {
            let mut made = format!("arn:{partition}:secretsmanager:{region}:{account}:secret:{name}");
            if let Some(length) = suffix {
                made.push_str(&format!("-{}", suffix_of(number, length)));
            }
            made
        })
    }

    /// The name in an ARN, and how long its suffix is. A name that is known decides, since a partial ARN of a
    /// name that itself ends in a hyphen and six characters looks like a complete one.
    fn name_in(&self, arn: &SecretArn<'_>) -> (String, Option<usize>) {
        let known = |name: &str| {
            self.declared.contains_key(name)
                || self.literals.contains(name)
                || self.given.contains_key(&(Group::Name, name.to_owned()))
        };
        if known(arn.resource) {
            return (arn.resource.to_owned(), None);
        }
        let cuts = arn.resource.match_indices('-').map(|(at, _)| arn.resource.split_at(at));
        let found = cuts.rev().find(|(name, _)| known(name));
        match (found, arn.name_and_suffix()) {
            (Some((name, rest)), _) => (name.to_owned(), Some(rest.chars().count() - 1)),
            (None, Some((name, suffix))) => (name.to_owned(), Some(suffix.len())),
            (None, None) => (arn.resource.to_owned(), None),
        }
    }

    fn message(&mut self, text: &str) -> String {
        // A recording may hold very many values, and a message few of them.
        let occurs = |value: &str| text.contains(value);
        let pair = |(value, shown): (&String, &String)| {
            occurs(value).then(|| Known { value: value.clone(), shown: shown.clone() })
        };
        let mut known: Vec<Known> = self.parts.iter().filter_map(pair).collect();
        let mut words = if self.wary { known.clone() } else { Vec::new() };
        for ((group, value), shown) in self.given.iter().filter(|((_, value), _)| occurs(value)) {
            let entry = || Known { value: value.clone(), shown: shown.clone() };
            if self.wary && matches!(group, Group::Secret | Group::Password) {
                words.push(entry());
            }
            if !matches!(group, Group::Number | Group::Key | Group::Part) {
                known.push(entry());
            }
        }
        let unseen: Vec<String> =
            self.declared.keys().filter(|name| text.contains(name.as_str())).cloned().collect();
        for value in unseen {
            let shown = self.name(&value);
            known.push(Known { value, shown });
        }
        message::mask_words(text, &known, &words, &mut |trace, value| match trace {
            Trace::Arn => self.arn(value),
            Trace::Uuid if is_uuid(value) => self.uuid(value),
            Trace::Uuid | Trace::Token | Trace::Identity => {
                self.give(Group::Text, value, |number| format!("{}text-{number:04}", form::MARK))
            }
            Trace::AccessKey => "AKIASMCHECK000000000".to_owned(),
            Trace::Digest => "0".repeat(value.len().clamp(32, 64)),
            Trace::Time if value.contains('-') => "2020-01-01T00:00:00Z".to_owned(),
            Trace::Time => "20200101T000000Z".to_owned(),
            Trace::Host => "127.0.0.1:0".to_owned(),
            Trace::Account => "000000000000".to_owned(),
        })
    }

    /// A time as whole days from the moment of its exchange; `None` where it is none.
    fn time(&self, seconds: f64, by_day: bool) -> Option<Value> {
        let at = Timestamp::from_seconds(seconds)?;
        let days = match by_day {
            true => (at.day().0 - self.received_at.day().0) / DAY_MS,
            false => (at.0 - self.received_at.0 + DAY_MS / 2).div_euclid(DAY_MS),
        };
        if days.abs() > DAYS_MAX {
            return None;
        }
        let odd = if by_day && at != at.day() { NO_MIDNIGHT_MS } else { 0 };
        Some(Value::from((BASE.0 + days * DAY_MS + odd) / 1000))
    }

    fn number(&mut self, number: &serde_json::Number) -> Value {
        let stand_in =
            self.give(Group::Number, &number.to_string(), |count| form::counted(number, count).to_string());
        serde_json::from_str(&stand_in).unwrap_or_default()
    }

    /// Whether a member that is written as it is holds what was sent as a secret. A value that could be an ordinary
    /// word is not looked at: AWSCURRENT may be somebody's password, and is a label all the same.
    fn is_misplaced(&self, class: Class, text: &str) -> bool {
        let open = matches!(class, Class::Open | Class::Name | Class::Id | Class::Version | Class::Cursor);
        let was_sent = |group| self.given.contains_key(&(group, text.to_owned()));
        let ordinary = text.chars().all(|c| c.is_ascii_alphabetic()) || text.chars().count() < 8;
        self.wary
            && open
            && !ordinary
            && !is_uuid(text)
            && (was_sent(Group::Secret) || was_sent(Group::Part) || was_sent(Group::Password))
    }

    fn text(&mut self, class: Class, text: &str) -> String {
        if self.is_misplaced(class, text) {
            return self.secret(text, false);
        }
        match class {
            Class::Open => self.readable(text),
            Class::Key if is_member_name(text) => text.to_owned(),
            Class::Key => self.give(Group::Key, text, |number| format!("<{}key-{number:04}>", form::MARK)),
            Class::Id | Class::Arn if SecretArn::parse(text).is_some() => self.arn(text),
            Class::Name | Class::Id => match self.find(Group::Text, text) {
                Some(stand_in) => stand_in,
                None => self.name(text),
            },
            Class::Version if is_uuid(text) && !self.literals.contains(text) => self.uuid(text),
            // An SDK stops at an empty one; a stand-in would have it ask for one page more.
            Class::Cursor if text.is_empty() => String::new(),
            Class::Cursor if !self.literals.contains(text) => {
                self.give(Group::Token, text, |number| format!("{}token-{number:04}", form::MARK))
            }
            Class::Message => self.message(text),
            Class::Secret => self.secret(text, false),
            Class::Blob => self.secret(text, true),
            Class::Password => {
                let rule = self.rule.clone();
                self.give(Group::Password, text, |number| rule.stand_in(text, number))
            }
            Class::Arn | Class::Version | Class::Cursor | Class::Time | Class::Day | Class::Closed => {
                self.closed(text)
            }
        }
    }
}

impl Naming for StandIns {
    fn member(&mut self, name: &str) {
        name.clone_into(&mut self.member);
    }

    fn stand(&mut self, leaf: Leaf<'_>) -> Value {
        let stand_in = self.stand_in(leaf);
        if stand_in != *leaf.value {
            match self.replaced.get_mut(&self.member) {
                Some(count) => *count += 1,
                None => drop(self.replaced.insert(self.member.clone(), 1)),
            }
        }
        stand_in
    }

    fn rank(&self, leaf: Leaf<'_>) -> Value {
        self.rank_of(leaf)
    }
}

impl StandIns {
    fn stand_in(&mut self, leaf: Leaf<'_>) -> Value {
        match (leaf.class, leaf.value) {
            (class, Value::String(text)) => Value::String(self.text(class, text)),
            (Class::Open, _) => leaf.value.clone(),
            (class @ (Class::Time | Class::Day), Value::Number(number)) => {
                let time = number.as_f64().and_then(|seconds| self.time(seconds, class == Class::Day));
                time.unwrap_or_else(|| self.number(number))
            }
            (_, Value::Number(number)) => self.number(number),
            (_, other) => other.clone(),
        }
    }

    fn rank_of(&self, leaf: Leaf<'_>) -> Value {
        let blank = |kind: &str| Value::String(format!("~{kind}"));
        match (leaf.class, leaf.value) {
            (Class::Open, value) => value.clone(),
            (Class::Time | Class::Day, Value::Number(_)) => blank("time"),
            (Class::Message, Value::String(_)) => blank("message"),
            (Class::Password, Value::String(_)) => blank("password"),
            (_, Value::String(text)) => match self.appeared.get(text.as_str()) {
                Some(order) => Value::String(format!("{order:06}")),
                None if self.literals.contains(text) && !leaf.class.is_sensitive() => leaf.value.clone(),
                None => blank("value"),
            },
            (_, Value::Number(_)) => blank("number"),
            (_, other) => other.clone(),
        }
    }
}

/// Marks of the parts of one secret: a part that was seen before has the mark that it had.
struct Parts<'s> {
    stand_ins: &'s mut StandIns,
    mark: &'s str,
    /// How many parts were new.
    new: usize,
}

impl form::Marks for Parts<'_> {
    fn part(&mut self, text: &str) -> String {
        if let Some(mark) = self.stand_ins.given.get(&(Group::Part, text.to_owned())) {
            return mark.clone();
        }
        let whole = self.stand_ins.given.get(&(Group::Secret, text.to_owned()));
        let mark = match whole.filter(|shown| form::is_mark(shown)) {
            Some(shown) => shown.clone(),
            None => {
                self.new += 1;
                if self.new == 1 { self.mark.to_owned() } else { format!("{}.{}", self.mark, self.new) }
            }
        };
        self.stand_ins.given.insert((Group::Part, text.to_owned()), mark.clone());
        mark
    }

    fn number(&mut self, number: &serde_json::Number) -> Value {
        self.stand_ins.number(number)
    }

    fn shown(&mut self, text: &str, shown: &str) {
        self.stand_ins.spell(text, shown, 0);
    }
}

/// A suffix of an ARN with this number: letters, and the number at the end.
fn suffix_of(number: usize, length: usize) -> String {
    let digits = number.to_string();
    format!("{}{digits}", "A".repeat(length.min(64).saturating_sub(digits.len())))
}
