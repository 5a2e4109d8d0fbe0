//! A body held against a shape of the service model: members, JSON types, limits.

use std::collections::HashMap;
use std::sync::LazyLock;

use base64::Engine as _;
use regex::Regex;
use serde_json::{Map, Value, json};

use super::contract::{Breach, Found};
use super::verdict::Kind as DeviationKind;
use crate::scenario::EvidenceKind;
use crate::service::{Kind, Shape, ShapeId, shapes};

/// A number of seconds beyond this lies after the year 5000: somebody counted milliseconds.
const SECONDS_MAX: f64 = 1.0e11;

/// The longest name that AWS accepts. The model's `SecretNameType` says 256, but names of 512 characters are
/// created and returned (`NameType`; aws-recorded), so a returned name is held to this.
const NAME_MAX: u64 = 512;

/// Patterns as the service means them: the whole string must match.
static PATTERNS: LazyLock<HashMap<&'static str, Regex>> = LazyLock::new(|| {
    let mut patterns = HashMap::new();
    for operation in shapes().operations() {
        if let Some(output) = operation.output {
            collect_patterns(output, &mut patterns);
        }
    }
    patterns
});

fn collect_patterns(id: ShapeId, patterns: &mut HashMap<&'static str, Regex>) {
    match &shapes().shape(id).kind {
        Kind::Structure(members) => members.iter().for_each(|m| collect_patterns(m.shape, patterns)),
        Kind::List { element, .. } => collect_patterns(*element, patterns),
        Kind::Map { key, value } => {
            collect_patterns(*key, patterns);
            collect_patterns(*value, patterns);
        }
        Kind::String { pattern: Some(pattern), .. } => {
            // A pattern that this engine cannot read is not checked; a test holds that there is none.
            if let Ok(regex) = Regex::new(&format!("^(?:{pattern})$")) {
                patterns.insert(pattern, regex);
            }
        }
        Kind::String { .. } | Kind::Blob { .. } | Kind::Integer { .. } | Kind::Boolean | Kind::Timestamp => {}
    }
}

/// Where in a body a value stands. Linked from the value up to the body, so that a body without faults costs no
/// text.
#[derive(Clone, Copy)]
enum At<'p> {
    Body,
    Member(&'p At<'p>, &'p str),
    Key(&'p At<'p>, &'p str),
    Index(&'p At<'p>, usize),
}

impl At<'_> {
    fn write(&self, general: bool, text: &mut String) {
        match self {
            At::Body => {}
            At::Member(parent, name) => {
                parent.write(general, text);
                super::paths::push_member(
                    text,
                    if general { super::paths::shown_member(name) } else { name },
                );
            }
            At::Key(parent, key) => {
                parent.write(general, text);
                super::paths::push_member(text, if general { "*" } else { key });
            }
            At::Index(parent, _) if general => {
                parent.write(general, text);
                text.push_str("[]");
            }
            At::Index(parent, at) => {
                parent.write(general, text);
                text.push_str(&format!("[{at}]"));
            }
        }
    }

    fn text(&self, general: bool) -> String {
        let mut text = String::new();
        self.write(general, &mut text);
        text
    }
}

/// Holds the body of a success against the output's shape.
pub(super) fn check_body(output: ShapeId, body: &Map<String, Value>) -> Vec<Breach> {
    let mut check = Check { breaches: Vec::new() };
    check.structure(output, body, &At::Body);
    check.breaches
}

struct Check {
    breaches: Vec<Breach>,
}

impl Check {
    fn breach(&mut self, kind: DeviationKind, at: &At<'_>, expected: Value, actual: Found) {
        self.breaches.push(Breach {
            kind,
            path: at.text(true),
            at: at.text(false),
            expected,
            actual,
            evidence: EvidenceKind::AwsModel,
            source: shapes().source().to_owned(),
        });
    }

    fn structure(&mut self, id: ShapeId, body: &Map<String, Value>, at: &At<'_>) {
        for (name, value) in body {
            let here = At::Member(at, name);
            match shapes().member(id, name) {
                Some(member) if value.is_null() => {
                    self.null(&here, type_name(&shapes().shape(member.shape).kind));
                }
                Some(member) => self.value(member.shape, value, &here),
                None => self.breach(DeviationKind::Member, &here, Value::Null, Found::Body(value.clone())),
            }
        }
        for member in shapes().members(id).iter().filter(|member| member.required) {
            if !body.contains_key(&member.name) {
                let expected = json!({"$type": type_name(&shapes().shape(member.shape).kind)});
                self.breach(DeviationKind::Member, &At::Member(at, &member.name), expected, Found::Nothing);
            }
        }
    }

    /// AWS leaves out a member that has no value; no recording of AWS holds a `null`.
    fn null(&mut self, at: &At<'_>, type_name: &str) {
        self.breaches.push(Breach {
            kind: DeviationKind::Type,
            path: at.text(true),
            at: at.text(false),
            expected: json!({"$oneOf": [{"$type": type_name}, {"$absent": true}]}),
            actual: Found::Words(json!("null")),
            evidence: EvidenceKind::AwsRecorded,
            source: "recordings of AWS leave out a member that has no value".to_owned(),
        });
    }

    fn value(&mut self, id: ShapeId, value: &Value, at: &At<'_>) {
        let shape = shapes().shape(id);
        match (&shape.kind, value) {
            (Kind::Structure(_), Value::Object(members)) => self.structure(id, members, at),
            (Kind::List { element, min, max }, Value::Array(entries)) => {
                self.length(at, entries.len() as u64, *min, *max, "entries");
                for (index, entry) in entries.iter().enumerate() {
                    self.value(*element, entry, &At::Index(at, index));
                }
            }
            (Kind::Map { key, value }, Value::Object(members)) => {
                for (name, entry) in members {
                    let here = At::Key(at, name);
                    self.string(shapes().shape(*key), name, &here);
                    self.value(*value, entry, &here);
                }
            }
            (Kind::String { .. }, Value::String(text)) => self.string(shape, text, at),
            (Kind::Blob { min, max }, Value::String(text)) => {
                match base64::engine::general_purpose::STANDARD.decode(text) {
                    Ok(bytes) => self.length(at, bytes.len() as u64, *min, *max, "bytes"),
                    Err(_) => self.breach(
                        DeviationKind::Value,
                        at,
                        json!("base64"),
                        Found::Words(json!("text that is no base64")),
                    ),
                }
            }
            (Kind::Integer { min, max }, Value::Number(number)) if !number.is_f64() => {
                // What does not fit into 64 bits is beyond every limit.
                let number = number.as_i64().unwrap_or(i64::MAX);
                if min.is_some_and(|min| number < min) || max.is_some_and(|max| number > max) {
                    let expected = json!(format!("a number {}", span(*min, *max)));
                    self.breach(DeviationKind::Value, at, expected, Found::Body(value.clone()));
                }
            }
            (Kind::Boolean, Value::Bool(_)) => {}
            (Kind::Timestamp, Value::Number(number)) => {
                if number.as_f64().is_none_or(|seconds| !(0.0..SECONDS_MAX).contains(&seconds)) {
                    let expected = json!("a number of seconds since 1970");
                    self.breach(DeviationKind::Value, at, expected, Found::Words(json!("another number")));
                }
            }
            (kind, other) => {
                let expected = json!({"$type": type_name(kind)});
                self.breach(DeviationKind::Type, at, expected, Found::Words(json!(json_type(other))));
            }
        }
    }

    fn string(&mut self, shape: &Shape, text: &str, at: &At<'_>) {
        let Kind::String { min, max, pattern, variants } = &shape.kind else { return };
        let max = if shape.name == "SecretNameType" { Some(NAME_MAX) } else { *max };
        // Bytes are at least as many as characters, so most strings need no counting.
        if min.is_some() || max.is_some_and(|max| text.len() as u64 > max) {
            self.length(at, text.chars().count() as u64, *min, max, "characters");
        }
        if !variants.is_empty() && !variants.iter().any(|variant| variant == text) {
            self.breach(DeviationKind::Value, at, json!({"$oneOf": variants}), string_found(text));
        }
        if let Some(pattern) = pattern
            && PATTERNS.get(pattern.as_str()).is_some_and(|regex| !regex.is_match(text))
        {
            self.breach(DeviationKind::Value, at, json!({"$regex": pattern}), string_found(text));
        }
    }

    fn length(&mut self, at: &At<'_>, length: u64, min: Option<u64>, max: Option<u64>, unit: &str) {
        if min.is_some_and(|min| length < min) || max.is_some_and(|max| length > max) {
            let expected = json!(format!("{} {unit}", span(min, max)));
            let actual = Found::Words(json!(format!("{length} {unit}")));
            self.breach(DeviationKind::Value, at, expected, actual);
        }
    }
}

fn string_found(text: &str) -> Found {
    Found::Body(Value::String(text.to_owned()))
}

/// Limits in words: `1 to 20`, `at least 1`, `at most 20`.
fn span<N: std::fmt::Display>(min: Option<N>, max: Option<N>) -> String {
    match (min, max) {
        (Some(min), Some(max)) => format!("{min} to {max}"),
        (Some(min), None) => format!("at least {min}"),
        (None, Some(max)) => format!("at most {max}"),
        (None, None) => "any number of".to_owned(),
    }
}

/// The word of the scenario language for a kind of shape.
fn type_name(kind: &Kind) -> &'static str {
    match kind {
        Kind::Structure(_) | Kind::Map { .. } => "map",
        Kind::List { .. } => "list",
        Kind::String { .. } | Kind::Blob { .. } => "string",
        Kind::Integer { .. } => "integer",
        Kind::Boolean => "boolean",
        Kind::Timestamp => "timestamp",
    }
}

/// The word for the type of a JSON value.
pub(super) fn json_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "list",
        Value::Object(_) => "map",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(operation: &str, body: &Value) -> Vec<(DeviationKind, String)> {
        let output = shapes().operation(operation).and_then(|op| op.output).expect("it has an output");
        let body = body.as_object().expect("a body is an object");
        check_body(output, body).into_iter().map(|breach| (breach.kind, breach.path)).collect()
    }

    const ID: &str = "11111111-1111-4111-8111-111111111111";

    #[test]
    fn a_right_body_has_no_breach() {
        let body = json!({"Name": "n".repeat(512), "VersionIdsToStages": {ID: ["AWSCURRENT"]},
            "CreatedDate": 1_700_000_000.123, "Tags": [{"Key": "k", "Value": ""}], "RotationEnabled": false,
            "RotationRules": {"AutomaticallyAfterDays": 30, "Duration": "3h"}, "PrimaryRegion": "eu-west-3"});
        assert_eq!(found("DescribeSecret", &body), []);
    }

    #[test]
    fn every_kind_of_breach_is_found_with_its_general_path() {
        use DeviationKind::{Member, Type, Value};
        for (body, kind, path) in [
            (json!({"Nmae": "x"}), Member, "Nmae"),
            (json!({"Description": null}), Type, "Description"),
            (json!({"CreatedDate": "2026-01-01T00:00:00Z"}), Type, "CreatedDate"),
            (json!({"CreatedDate": 1_700_000_000_000_i64}), Value, "CreatedDate"),
            (json!({"RotationEnabled": "false"}), Type, "RotationEnabled"),
            (
                json!({"RotationRules": {"AutomaticallyAfterDays": 30.5}}),
                Type,
                "RotationRules.AutomaticallyAfterDays",
            ),
            (
                json!({"RotationRules": {"AutomaticallyAfterDays": 1001}}),
                Value,
                "RotationRules.AutomaticallyAfterDays",
            ),
            (json!({"RotationRules": {"Duration": "3 h"}}), Value, "RotationRules.Duration"),
            (json!({"Tags": [{"Key": ""}]}), Value, "Tags[].Key"),
            (json!({"Tags": {}}), Type, "Tags"),
            (json!({"VersionIdsToStages": {ID: []}}), Value, "VersionIdsToStages.*"),
            (json!({"VersionIdsToStages": {"v1": ["A"]}}), Value, "VersionIdsToStages.*"),
            (json!({"VersionIdsToStages": {ID: [null]}}), Type, "VersionIdsToStages.*[]"),
            (json!({"ReplicationStatus": [{"Status": "Fine"}]}), Value, "ReplicationStatus[].Status"),
        ] {
            assert_eq!(found("DescribeSecret", &body), [(kind, path.to_owned())], "{body}");
        }
        assert_eq!(
            found("GetSecretValue", &json!({"SecretBinary": "%"})),
            [(Value, "SecretBinary".to_owned())]
        );
        assert_eq!(found("ListResourcePolicies", &json!({})), [(Member, "ResourcePolicies".to_owned())]);
    }

    #[test]
    fn all_patterns_of_outputs_can_be_read() {
        fn patterns(id: ShapeId, found: &mut Vec<String>) {
            match &shapes().shape(id).kind {
                Kind::Structure(members) => members.iter().for_each(|m| patterns(m.shape, found)),
                Kind::List { element, .. } => patterns(*element, found),
                Kind::Map { value, .. } => patterns(*value, found),
                Kind::String { pattern: Some(pattern), .. } => found.push(pattern.clone()),
                _ => {}
            }
        }
        let mut all = Vec::new();
        shapes().operations().filter_map(|op| op.output).for_each(|id| patterns(id, &mut all));
        assert!(all.len() >= 4);
        assert!(all.iter().all(|pattern| PATTERNS.contains_key(pattern.as_str())));
    }
}
