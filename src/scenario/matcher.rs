//! Matchers: what a value must be, and whether it is.

use std::time::Duration;

use base64::Engine;
use serde_json::{Map, Value, json};

use super::eval::describe_length;
use super::template::{Part, Template, Variables};
use crate::service::time::Timestamp;

/// What a value must be.
#[derive(Clone, Debug)]
pub enum Matcher {
    /// Exactly this scalar, or whatever the template gives.
    Exact(Template),
    /// A list with these entries in this order.
    List(Vec<Matcher>),
    /// A map with these members and, unless `partial`, no others.
    Map {
        /// The members that are named.
        members: Vec<(Template, Matcher)>,
        /// Whether others are allowed.
        partial: bool,
    },
    /// The complete ARN of the declared secret, from its latest successful CreateSecret.
    Arn(String),
    /// A UUID in lower case.
    Uuid,
    /// A timestamp.
    Time(TimeMatcher),
    /// A string that the expression matches as a whole. The text is as written.
    Regex {
        /// The expression, anchored at both ends.
        regex: regex::Regex,
        /// As it is written.
        text: String,
    },
    /// A value of a type.
    Type(TypeName),
    /// A length, in characters of a string and entries of a list or map.
    Length {
        /// The shortest.
        min: Option<u64>,
        /// The longest.
        max: Option<u64>,
    },
    /// The member is not there.
    Absent,
    /// A list with these entries in any order.
    Unordered(Vec<Matcher>),
    /// A part of a string, an entry of a list, members of a map.
    Contains(Box<Matcher>),
    /// What the matcher does not match.
    Not(Box<Matcher>),
    /// What one of the matchers matches.
    OneOf(Vec<Matcher>),
    /// Anything (or what `is` matches), saved under a name.
    Save {
        /// The variable.
        name: String,
        /// What the value must be.
        is: Option<Box<Matcher>>,
    },
    /// A string that holds JSON which matches.
    Json(Box<Matcher>),
    /// Base64 of exactly these bytes.
    Bytes(Vec<u8>),
}

/// What a timestamp must be.
#[derive(Clone, Debug)]
pub enum TimeMatcher {
    /// Any timestamp.
    Any,
    /// The time of the request plus an offset in milliseconds, within a tolerance.
    Near {
        /// How far after the request, in milliseconds; negative is before.
        offset_ms: i64,
        /// How far from there.
        within: Duration,
    },
    /// Midnight UTC of the day of the request.
    Day,
    /// Not earlier than a saved timestamp.
    After(String),
    /// Not later than a saved timestamp.
    Before(String),
    /// The same as a saved timestamp.
    Equals(String),
}

/// The types that `$type` knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TypeName {
    /// Text.
    String,
    /// Any number.
    Number,
    /// A number without a fraction.
    Integer,
    /// True or false.
    Boolean,
    /// A JSON array.
    List,
    /// A JSON object.
    Map,
    /// A finite number of seconds.
    Timestamp,
}

/// What a matcher may look at besides the value.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The variables that are known. `NAME.arn` holds the ARN of a declared secret once it was created.
    pub variables: &'a Variables,
    /// When the request was sent.
    pub sent_at: Timestamp,
    /// When the response had come.
    pub received_at: Timestamp,
}

/// The outcome of matching.
#[derive(Clone, Debug, Default)]
pub struct Evaluation {
    /// Every place where the value is not what it must be; empty when it matches.
    pub mismatches: Vec<Mismatch>,
    /// What `$save` saved, in order.
    pub saved: Vec<(String, Value)>,
}

/// A place where a value is not what it must be.
#[derive(Clone, Debug, PartialEq)]
pub struct Mismatch {
    /// The path into the body: `Versions[0].VersionId`; empty for the body itself.
    pub path: String,
    /// In which way.
    pub kind: MismatchKind,
    /// What was expected: a value, or a matcher in the words of the language (`{"$time": "now"}`); `None` where
    /// nothing was.
    pub expected: Option<Value>,
    /// What was there; `None` where nothing was.
    pub actual: Option<Value>,
}

/// In which way a value is not what it must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MismatchKind {
    /// A member is missing, or is there and should not be.
    Member,
    /// A value of the right type is another.
    Value,
    /// The type is wrong.
    Type,
}

impl Matcher {
    /// The expectation in the words of the language, with the variables that have a value replaced.
    pub fn describe(&self, variables: &Variables) -> Value {
        let word = |key: &str, value: Value| json!({ key: value });
        let all = |matchers: &[Matcher]| matchers.iter().map(|matcher| matcher.describe(variables)).collect();
        match self {
            Matcher::Exact(template) => describe_template(template, variables),
            Matcher::List(entries) => Value::Array(all(entries)),
            Matcher::Map { members, partial } => {
                let mut map = Map::new();
                if *partial {
                    map.insert("$partial".to_owned(), json!(true));
                }
                for (key, matcher) in members {
                    map.insert(text_of(&describe_template(key, variables)), matcher.describe(variables));
                }
                Value::Object(map)
            }
            Matcher::Arn(variable) => word("$arn", json!(variable)),
            Matcher::Uuid => word("$uuid", json!("any")),
            Matcher::Time(time) => word("$time", time.describe()),
            Matcher::Regex { text, .. } => word("$regex", json!(text)),
            Matcher::Type(name) => word("$type", json!(name.as_str())),
            Matcher::Length { min, max } => word("$length", describe_length(*min, *max)),
            Matcher::Absent => word("$absent", json!(true)),
            Matcher::Unordered(entries) => word("$unordered", Value::Array(all(entries))),
            Matcher::Contains(inner) => word("$contains", inner.describe(variables)),
            Matcher::Not(inner) => word("$not", inner.describe(variables)),
            Matcher::OneOf(choices) => word("$oneOf", Value::Array(all(choices))),
            Matcher::Save { is: Some(inner), .. } => inner.describe(variables),
            Matcher::Save { name, is: None } => word("$save", json!(name)),
            Matcher::Json(inner) => word("$json", inner.describe(variables)),
            Matcher::Bytes(bytes) => {
                word("$bytes", json!(base64::engine::general_purpose::STANDARD.encode(bytes)))
            }
        }
    }

    /// Tells every variable that it uses; of an ARN the secret's.
    pub fn each_variable(&self, each: &mut dyn FnMut(&str)) {
        match self {
            Matcher::Exact(template) => template.each_variable(each),
            Matcher::List(inner) | Matcher::Unordered(inner) | Matcher::OneOf(inner) => {
                inner.iter().for_each(|matcher| matcher.each_variable(each));
            }
            Matcher::Map { members, .. } => {
                for (key, matcher) in members {
                    key.each_variable(each);
                    matcher.each_variable(each);
                }
            }
            Matcher::Arn(variable) => each(variable),
            Matcher::Time(
                TimeMatcher::After(name) | TimeMatcher::Before(name) | TimeMatcher::Equals(name),
            ) => {
                each(name);
            }
            Matcher::Contains(inner) | Matcher::Not(inner) | Matcher::Json(inner) => {
                inner.each_variable(each)
            }
            Matcher::Save { is: Some(inner), .. } => inner.each_variable(each),
            Matcher::Save { is: None, .. }
            | Matcher::Time(_)
            | Matcher::Uuid
            | Matcher::Regex { .. }
            | Matcher::Type(_)
            | Matcher::Length { .. }
            | Matcher::Absent
            | Matcher::Bytes(_) => {}
        }
    }

    /// Tells every variable that it saves.
    pub fn each_saved(&self, each: &mut dyn FnMut(&str)) {
        match self {
            Matcher::Save { name, is } => {
                each(name);
                if let Some(inner) = is {
                    inner.each_saved(each);
                }
            }
            Matcher::List(inner) | Matcher::Unordered(inner) | Matcher::OneOf(inner) => {
                inner.iter().for_each(|matcher| matcher.each_saved(each));
            }
            Matcher::Map { members, .. } => members.iter().for_each(|(_, matcher)| matcher.each_saved(each)),
            Matcher::Contains(inner) | Matcher::Json(inner) => inner.each_saved(each),
            _ => {}
        }
    }
}

impl TimeMatcher {
    fn describe(&self) -> Value {
        match self {
            TimeMatcher::Any => json!("any"),
            TimeMatcher::Day => json!("day"),
            TimeMatcher::Near { offset_ms: 0, .. } => json!("now"),
            TimeMatcher::Near { offset_ms, within } => {
                json!({"in": describe_span(*offset_ms), "within": describe_span(millis(*within))})
            }
            TimeMatcher::After(name) => json!({ "after": name }),
            TimeMatcher::Before(name) => json!({ "before": name }),
            TimeMatcher::Equals(name) => json!({ "equals": name }),
        }
    }
}

impl TypeName {
    /// All types.
    pub const ALL: [TypeName; 7] =
        [Self::String, Self::Number, Self::Integer, Self::Boolean, Self::List, Self::Map, Self::Timestamp];

    /// The word in scenarios.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Number => "number",
            Self::Integer => "integer",
            Self::Boolean => "boolean",
            Self::List => "list",
            Self::Map => "map",
            Self::Timestamp => "timestamp",
        }
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// A span in the greatest unit that fits it.
fn describe_span(span: i64) -> String {
    let units = [(86_400_000, "days"), (3_600_000, "h"), (60_000, "min"), (1000, "s")];
    let fitting = units.iter().find(|(size, _)| span != 0 && span % size == 0);
    fitting.map_or_else(|| format!("{span} ms"), |(size, unit)| format!("{} {unit}", span / size))
}

/// A template with the variables that have a value replaced, and the others as they are written.
fn describe_template(template: &Template, variables: &Variables) -> Value {
    if let Ok(value) = template.resolve(variables) {
        return value;
    }
    match template {
        Template::Value(value) => value.clone(),
        Template::Whole(name) => json!(format!("${{{name}}}")),
        Template::Text(parts) => {
            let shown = parts.iter().map(|part| match part {
                Part::Literal(text) => text.clone(),
                Part::Variable(name) => variables.get(name).map_or_else(|| format!("${{{name}}}"), text_of),
            });
            Value::String(shown.collect())
        }
        Template::List(entries) => entries.iter().map(|entry| describe_template(entry, variables)).collect(),
        Template::Map(members) => members
            .iter()
            .map(|(key, value)| {
                (text_of(&describe_template(key, variables)), describe_template(value, variables))
            })
            .collect(),
        Template::Fill { with, length, .. } => json!({"$fill": {"with": with, "length": length}}),
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
