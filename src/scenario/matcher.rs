//! Matchers: what a value must be. Whether it is, says [`evaluate`](super::evaluate).

use std::time::Duration;

use serde_json::Value;

use super::template::{Template, Variables};
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
        /// The members; their names may hold variables.
        members: Vec<(Template, Matcher)>,
        /// Whether members that are not listed may be there.
        partial: bool,
    },
    /// The complete ARN of the declared secret, from its latest successful CreateSecret.
    Arn {
        /// The secret's variable.
        secret: String,
        /// The region of a replica, whose ARN is otherwise the same.
        region: Option<Template>,
    },
    /// A UUID in lower case.
    Uuid,
    /// A timestamp.
    Time(TimeMatcher),
    /// A string that the expression matches as a whole.
    Regex {
        /// The expression, anchored at both ends.
        regex: regex::Regex,
        /// The expression as it was written.
        text: String,
    },
    /// A value of a type.
    Type(TypeName),
    /// A length, in characters of a string and entries of a list or map.
    Length {
        /// At least this.
        min: Option<u64>,
        /// At most this.
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
        /// What the value must match besides.
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
        /// How far from the request, in milliseconds; negative for the past.
        offset_ms: i64,
        /// How far it may be from there, to either side.
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
    /// A number without a fraction; `1.0` is one, since numbers compare by value.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// A list.
    List,
    /// A map.
    Map,
    /// A finite number: seconds since 1970.
    Timestamp,
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

    /// Whether a value is of this type.
    pub fn fits(self, value: &Value) -> bool {
        match self {
            Self::String => value.is_string(),
            Self::Number => value.is_number(),
            Self::Integer => {
                value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|n| n.fract() == 0.0)
            }
            Self::Boolean => value.is_boolean(),
            Self::List => value.is_array(),
            Self::Map => value.is_object(),
            Self::Timestamp => value.as_f64().is_some_and(f64::is_finite),
        }
    }
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
