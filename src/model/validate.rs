//! The checks that AWS makes before it looks at the request's meaning: types, then the limits of the service model,
//! each in AWS's own words and all at once.
//!
//! The texts are reported (protocol.sensitive-value-elided) or `inferred` (protocol.null-required,
//! GetRandomPassword.too-long, ListSecrets.filter.invalid-key); that several errors are joined with `; ` in the
//! order of members is `inferred` from services with the same framework.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value};

use super::failure::Failure;
use super::input::{decoded, whole_number};
use crate::service::{Kind, ShapeId, shapes};

/// Members whose limits the service checks itself, with another text than the framework's: an empty value is a
/// missing value (PutSecretValue.empty-string), and tokens have sentences of their own (`resolve::token`).
const NO_MINIMUM: &[&str] = &["SecretString", "SecretBinary"];
const OWN_CHECK: &[&str] = &["ClientRequestToken"];

/// The order in which AWS names the values of an enumeration, where it was seen (ListSecrets.filter.invalid-key,
/// with the two keys that came later behind); elsewhere the order of the model.
const SEEN_ORDER: &[(&str, &[&str])] = &[(
    "FilterNameStringType",
    &["all", "name", "tag-key", "description", "tag-value", "primary-region", "owning-service"],
)];

/// The patterns of the model, compiled once. A pattern must match the whole value.
static PATTERNS: LazyLock<BTreeMap<String, Regex>> = LazyLock::new(|| {
    let mut patterns = BTreeMap::new();
    for operation in shapes().operations() {
        collect(operation.input, &mut patterns);
    }
    patterns
});

fn collect(id: ShapeId, patterns: &mut BTreeMap<String, Regex>) {
    match &shapes().shape(id).kind {
        Kind::Structure(members) => members.iter().for_each(|member| collect(member.shape, patterns)),
        Kind::List { element, .. } => collect(*element, patterns),
        Kind::String { pattern: Some(pattern), .. } if !patterns.contains_key(pattern) => {
            // Without ^ and $: `\z` would not let `$` see a trailing line feed, and the group takes their place.
            if let Ok(regex) = Regex::new(&format!(r"\A(?:{pattern})\z")) {
                patterns.insert(pattern.clone(), regex);
            }
        }
        _ => {}
    }
}

/// Checks the JSON types of a whole input. Members that the operation does not have are passed over, as AWS does
/// (aws-recorded: PutSecretValue.no-client-request-token sends a Description).
pub(crate) fn types(structure: ShapeId, input: &Map<String, Value>) -> Result<(), Failure> {
    for member in shapes().members(structure) {
        if let Some(value) = input.get(&member.name) {
            type_of(member.shape, value)?;
        }
    }
    Ok(())
}

fn type_of(id: ShapeId, value: &Value) -> Result<(), Failure> {
    let kind = &shapes().shape(id).kind;
    let fits = match (kind, value) {
        (_, Value::Null) => true,
        (Kind::Structure(_), Value::Object(members)) => return types(id, members),
        (Kind::List { element, .. }, Value::Array(values)) => {
            return values.iter().try_for_each(|value| type_of(*element, value));
        }
        (Kind::Map { value: shape, .. }, Value::Object(members)) => {
            return members.values().try_for_each(|value| type_of(*shape, value));
        }
        (Kind::String { .. }, Value::String(_)) | (Kind::Boolean, Value::Bool(_)) => true,
        (Kind::Blob { .. }, Value::String(text)) => decoded(text).is_some(),
        (Kind::Integer { .. }, Value::Number(_)) => whole_number(value).is_some(),
        (Kind::Timestamp, Value::Number(_)) => true,
        _ => false,
    };
    if fits { Ok(()) } else { Err(unexpected(value, wanted(kind))) }
}

fn wanted(kind: &Kind) -> &'static str {
    match kind {
        Kind::Structure(_) => "structure",
        Kind::List { .. } => "list",
        Kind::Map { .. } => "map",
        Kind::String { .. } => "String",
        Kind::Blob { .. } => "Blob",
        Kind::Integer { .. } => "Long",
        Kind::Boolean => "Boolean",
        Kind::Timestamp => "Timestamp",
    }
}

/// A value of the wrong JSON type. `inferred`: the texts are those of services with the same protocol.
pub(crate) fn unexpected(value: &Value, wanted: &str) -> Failure {
    let found = match value {
        Value::Object(_) => {
            return Failure::serialization("Start of structure or map found where not expected.");
        }
        Value::Array(_) => return Failure::serialization("Start of list found where not expected."),
        Value::String(_) => "STRING_VALUE",
        Value::Number(_) => "NUMBER_VALUE",
        Value::Bool(true) => "TRUE_VALUE",
        Value::Bool(false) => "FALSE_VALUE",
        Value::Null => "NULL_VALUE",
    };
    Failure::serialization(format!("{found} can not be converted to a {wanted}"))
}

/// Checks everything that the service model limits, and names all that is wrong.
pub(crate) fn limits(structure: ShapeId, input: &Map<String, Value>) -> Result<(), Failure> {
    let mut errors = Vec::new();
    members(structure, input, "", &mut errors);
    let count = errors.len();
    match count {
        0 => Ok(()),
        1 => Err(Failure::validation(format!("1 validation error detected: {}", errors[0]))),
        _ => Err(Failure::validation(format!("{count} validation errors detected: {}", errors.join("; ")))),
    }
}

fn members(structure: ShapeId, input: &Map<String, Value>, prefix: &str, errors: &mut Vec<String>) {
    for member in shapes().members(structure) {
        match input.get(&member.name).filter(|value| !value.is_null()) {
            None if member.required => {
                let path = path(prefix, &member.name);
                errors.push(format!(
                    "Value null at '{path}' failed to satisfy constraint: Member must not be null"
                ));
            }
            Some(value) if !OWN_CHECK.contains(&member.name.as_str()) => {
                let minimum = !NO_MINIMUM.contains(&member.name.as_str());
                check(member.shape, value, minimum, &|| path(prefix, &member.name), errors);
            }
            _ => {}
        }
    }
}

/// `filters.1.member.key`: members start with a small letter, list elements are counted from 1.
fn path(prefix: &str, member: &str) -> String {
    let mut letters = member.chars();
    let first = letters.next().map(|first| first.to_ascii_lowercase());
    prefix.chars().chain(first).chain(letters).collect()
}

/// The path of a value is made only when something is wrong with it or inside it.
fn check(id: ShapeId, value: &Value, minimum: bool, path: &dyn Fn() -> String, errors: &mut Vec<String>) {
    let shape = shapes().shape(id);
    let broken = broken(id, value, minimum);
    if !broken.is_empty() {
        let path = path();
        let shown = if shape.sensitive { String::new() } else { format!(" '{}'", shown(value)) };
        errors.extend(broken.iter().map(|constraint| {
            format!("Value{shown} at '{path}' failed to satisfy constraint: {constraint}")
        }));
    }
    match (&shape.kind, value) {
        (Kind::Structure(_), Value::Object(inner)) => {
            members(id, inner, &format!("{}.", path()), errors);
        }
        (Kind::List { element, .. }, Value::Array(values)) => {
            elements(*element, value, values, path, errors);
        }
        _ => {}
    }
}

/// Structures in a list are checked one by one, with a path of their own. Of plain values the framework names the
/// list and all constraints of its elements (`inferred` from services with the same framework).
fn elements(
    element: ShapeId,
    list: &Value,
    values: &[Value],
    path: &dyn Fn() -> String,
    errors: &mut Vec<String>,
) {
    if matches!(shapes().shape(element).kind, Kind::Structure(_)) {
        for (at, value) in values.iter().enumerate() {
            if let Value::Object(inner) = value {
                let prefix = format!("{}.{}.member.", path(), at + 1);
                members(element, inner, &prefix, errors);
            }
        }
        return;
    }
    let wrong = values.iter().any(|value| value.is_null() || !broken(element, value, true).is_empty());
    if wrong {
        let constraints = constraints(element).join(", ");
        errors.push(format!(
            "Value '{}' at '{}' failed to satisfy constraint: Member must satisfy constraint: [{constraints}]",
            shown(list),
            path()
        ));
    }
}

/// The constraints that a value breaks by itself, its parts aside.
fn broken(id: ShapeId, value: &Value, minimum: bool) -> Vec<String> {
    let shape = shapes().shape(id);
    let mut broken = Vec::new();
    match (&shape.kind, value) {
        (Kind::String { min, max, pattern, variants }, Value::String(text)) => {
            // SecretString is limited in bytes (aws-docs: quota.secret-size); the others in characters.
            let length = if shape.sensitive { text.len() } else { text.chars().count() } as u64;
            lengths(length, min.filter(|_| minimum), *max, &mut broken);
            if let Some(pattern) = pattern
                && PATTERNS.get(pattern).is_some_and(|regex| !regex.is_match(text))
            {
                broken.push(pattern_text(pattern));
            }
            if !variants.is_empty() && !variants.contains(text) {
                broken.push(enum_text(&shape.name, variants));
            }
        }
        (Kind::Blob { min, max }, Value::String(text)) => {
            let length = decoded(text).map_or(0, |bytes| bytes.len()) as u64;
            lengths(length, min.filter(|_| minimum), *max, &mut broken);
        }
        (Kind::List { min, max, .. }, Value::Array(values)) => {
            lengths(values.len() as u64, *min, *max, &mut broken);
        }
        (Kind::Integer { min, max }, number) => {
            let number = whole_number(number).unwrap_or_default();
            if let Some(max) = max.filter(|max| number > *max) {
                broken.push(format!("Member must have value less than or equal to {max}"));
            }
            if let Some(min) = min.filter(|min| number < *min) {
                broken.push(format!("Member must have value greater than or equal to {min}"));
            }
        }
        _ => {}
    }
    broken
}

fn lengths(length: u64, min: Option<u64>, max: Option<u64>, broken: &mut Vec<String>) {
    if let Some(max) = max.filter(|max| length > *max) {
        broken.push(longest(max));
    }
    if let Some(min) = min.filter(|min| length < *min) {
        broken.push(shortest(min));
    }
}

fn longest(max: u64) -> String {
    format!("Member must have length less than or equal to {max}")
}

fn shortest(min: u64) -> String {
    format!("Member must have length greater than or equal to {min}")
}

fn pattern_text(pattern: &str) -> String {
    format!("Member must satisfy regular expression pattern: {pattern}")
}

fn enum_text(shape: &str, variants: &[String]) -> String {
    let seen = SEEN_ORDER.iter().find(|(name, _)| *name == shape);
    let values = seen.map_or_else(|| variants.join(", "), |(_, order)| order.join(", "));
    format!("Member must satisfy enum value set: [{values}]")
}

/// All constraints of a plain shape, in the framework's order.
fn constraints(id: ShapeId) -> Vec<String> {
    let mut all = Vec::new();
    if let Kind::String { min, max, pattern, variants } = &shapes().shape(id).kind {
        all.extend(max.map(longest));
        all.extend(min.map(shortest));
        all.extend(pattern.as_deref().map(pattern_text));
        if !variants.is_empty() {
            all.push(enum_text(&shapes().shape(id).name, variants));
        }
    }
    all
}

/// A value as the framework, which is written in Java, prints it.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => format!("[{}]", values.iter().map(shown).collect::<Vec<_>>().join(", ")),
        Value::Object(members) => {
            let members: Vec<_> =
                members.iter().map(|(name, value)| format!("{}={}", path("", name), shown(value))).collect();
            format!("{{{}}}", members.join(", "))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn message(operation: &str, input: &Value) -> String {
        let operation = shapes().operation(operation).expect("it is an operation");
        let input = input.as_object().expect("it is an object");
        limits(operation.input, input).expect_err("something is wrong").message
    }

    #[test]
    fn a_missing_member_is_null() {
        assert_eq!(
            message("DescribeSecret", &json!({})),
            "1 validation error detected: Value null at 'secretId' failed to satisfy constraint: Member must not be \
             null"
        );
    }

    #[test]
    fn all_errors_are_named_in_the_order_of_members() {
        assert_eq!(
            message("UpdateSecretVersionStage", &json!({"VersionStage": "", "MoveToVersionId": "v"})),
            "3 validation errors detected: Value null at 'secretId' failed to satisfy constraint: Member must not be \
             null; Value '' at 'versionStage' failed to satisfy constraint: Member must have length greater than or \
             equal to 1; Value 'v' at 'moveToVersionId' failed to satisfy constraint: Member must have length greater \
             than or equal to 32"
        );
    }

    #[test]
    fn numbers_have_values_and_filters_have_places() {
        assert_eq!(
            message("GetRandomPassword", &json!({"PasswordLength": 4097})),
            "1 validation error detected: Value '4097' at 'passwordLength' failed to satisfy constraint: Member must \
             have value less than or equal to 4096"
        );
        assert_eq!(
            message("ListSecrets", &json!({"Filters": [{"Key": "invalid", "Values": ["foo"]}]})),
            "1 validation error detected: Value 'invalid' at 'filters.1.member.key' failed to satisfy constraint: \
             Member must satisfy enum value set: [all, name, tag-key, description, tag-value, primary-region, \
             owning-service]"
        );
    }

    #[test]
    fn a_sensitive_value_is_not_repeated() {
        let long = "x".repeat(65537);
        assert_eq!(
            message("CreateSecret", &json!({"Name": "a", "SecretString": long})),
            "1 validation error detected: Value at 'secretString' failed to satisfy constraint: Member must have length \
             less than or equal to 65536"
        );
    }

    #[test]
    fn a_list_of_plain_values_is_named_as_a_whole() {
        assert_eq!(
            message("UntagResource", &json!({"SecretId": "a", "TagKeys": ["k", ""]})),
            "1 validation error detected: Value '[k, ]' at 'tagKeys' failed to satisfy constraint: Member must satisfy \
             constraint: [Member must have length less than or equal to 128, Member must have length greater than or \
             equal to 1]"
        );
    }

    #[test]
    fn every_pattern_compiles_and_must_match_whole() {
        fn count(id: ShapeId) -> usize {
            match &shapes().shape(id).kind {
                Kind::Structure(members) => members.iter().map(|member| count(member.shape)).sum(),
                Kind::List { element, .. } => count(*element),
                Kind::String { pattern: Some(pattern), .. } => {
                    usize::from(!PATTERNS.contains_key(pattern.as_str()))
                }
                _ => 0,
            }
        }
        assert!(shapes().operations().all(|operation| count(operation.input) == 0));
        assert!(PATTERNS["[0-9]+h"].is_match("12h"));
        assert!(!PATTERNS["[0-9]+h"].is_match("12hours"));
    }

    #[test]
    fn every_enumeration_is_named_whole() {
        for (name, order) in SEEN_ORDER {
            let operation = shapes().operation("ListSecrets").expect("it is an operation");
            let filters = shapes().member(operation.input, "Filters").expect("it is a member");
            let Kind::List { element, .. } = shapes().shape(filters.shape).kind else { panic!("a list") };
            let key = shapes().member(element, "Key").expect("it is a member");
            let Kind::String { variants, .. } = &shapes().shape(key.shape).kind else { panic!("a string") };
            assert_eq!(&shapes().shape(key.shape).name, name);
            assert_eq!(variants.len(), order.len());
            assert!(variants.iter().all(|variant| order.contains(&variant.as_str())));
        }
    }
}
