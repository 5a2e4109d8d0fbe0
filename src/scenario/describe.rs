//! A matcher in the words of the language, for reports: `{"$time": "now"}`.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::matcher::{Matcher, TimeMatcher};
use super::template::Variables;
use super::units::{millis_text, span_text};

/// The tolerance of `$time` where none is written.
pub(super) const TOLERANCE: Duration = Duration::from_secs(60);

impl Matcher {
    /// The expectation as a scenario would write it, with variables replaced where their values are known. The
    /// ARN of a secret that was created is shown as the ARN.
    pub fn describe(&self, variables: &Variables) -> Value {
        let many = |all: &[Matcher]| Value::Array(all.iter().map(|m| m.describe(variables)).collect());
        match self {
            Matcher::Exact(template) => template.resolve_known(variables),
            Matcher::List(entries) => many(entries),
            Matcher::Map { members, partial } => {
                let mut map = Map::new();
                if *partial {
                    map.insert("$partial".to_owned(), Value::Bool(true));
                }
                for (key, matcher) in members {
                    let key = match key.resolve_known(variables) {
                        Value::String(text) => text,
                        other => other.to_string(),
                    };
                    map.insert(key, matcher.describe(variables));
                }
                Value::Object(map)
            }
            Matcher::Arn { secret, region } => {
                let latest = variables.get(&format!("{secret}.arn"));
                let Some(region) = region else {
                    return latest.cloned().unwrap_or_else(|| json!({"$arn": secret}));
                };
                let region = region.resolve_known(variables);
                let arn = latest.and_then(Value::as_str).zip(region.as_str());
                let arn = arn.and_then(|(arn, region)| super::evaluate::moved(arn, region));
                arn.map_or_else(|| json!({"$arn": {"secret": secret, "region": region}}), Value::String)
            }
            Matcher::Uuid => json!({"$uuid": "any"}),
            Matcher::Time(time) => json!({"$time": time.describe()}),
            Matcher::Regex { text, .. } => json!({"$regex": text}),
            Matcher::Type(name) => json!({"$type": name.as_str()}),
            Matcher::Length { min: Some(min), max: Some(max) } if min == max => json!({"$length": min}),
            Matcher::Length { min, max } => {
                let mut bounds = Map::new();
                bounds.extend(min.map(|min| ("min".to_owned(), Value::from(min))));
                bounds.extend(max.map(|max| ("max".to_owned(), Value::from(max))));
                json!({"$length": bounds})
            }
            Matcher::Absent => json!({"$absent": true}),
            Matcher::Unordered(entries) => json!({"$unordered": many(entries)}),
            Matcher::Contains(part) => json!({"$contains": part.describe(variables)}),
            Matcher::Not(inner) => json!({"$not": inner.describe(variables)}),
            Matcher::OneOf(alternatives) => json!({"$oneOf": many(alternatives)}),
            Matcher::Save { name, is: None } => json!({"$save": name}),
            Matcher::Save { name, is: Some(is) } => {
                json!({"$save": {"as": name, "is": is.describe(variables)}})
            }
            Matcher::Json(inner) => json!({"$json": inner.describe(variables)}),
            Matcher::Bytes(bytes) => json!({"$bytes": STANDARD.encode(bytes)}),
        }
    }
}

impl TimeMatcher {
    fn describe(&self) -> Value {
        match self {
            TimeMatcher::Any => json!("any"),
            TimeMatcher::Near { offset_ms: 0, within } if *within == TOLERANCE => json!("now"),
            TimeMatcher::Near { offset_ms, within } if *within == TOLERANCE => {
                json!({"in": millis_text(*offset_ms)})
            }
            TimeMatcher::Near { offset_ms, within } => {
                json!({"in": millis_text(*offset_ms), "within": span_text(*within)})
            }
            TimeMatcher::Day => json!("day"),
            TimeMatcher::After(name) => json!({"after": name}),
            TimeMatcher::Before(name) => json!({"before": name}),
            TimeMatcher::Equals(name) => json!({"equals": name}),
        }
    }
}
