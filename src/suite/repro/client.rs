//! What the AWS CLI cannot send: it fills in tokens, and checks what botocore checks.

use serde_json::Value;

use super::shell::kebab;
use crate::scenario::{OperationCall, Template};
use crate::service::{Kind as ShapeKind, ShapeId, shapes};

/// Why the AWS CLI cannot send a call: it fills in tokens, and checks what botocore checks.
pub(super) fn cannot(call: &OperationCall) -> Option<String> {
    let operation = shapes().operation(&call.operation)?;
    let given = members(&call.input);
    for member in shapes().members(operation.input) {
        let sent = given.iter().any(|(name, _)| *name == member.name);
        if member.required && !sent {
            return Some(format!("it insists on --{}", kebab(&member.name)));
        }
        if member.token && !sent {
            return Some(format!("it would add a --{} of its own", kebab(&member.name)));
        }
    }
    given.iter().find_map(|(name, value)| {
        let member = shapes().member(operation.input, name)?;
        refused(value, member.shape).map(|why| format!("--{} {why}", kebab(name)))
    })
}

/// Why a value does not get past the checks of the CLI.
fn refused(value: &Template, shape: ShapeId) -> Option<String> {
    let kind = &shapes().shape(shape).kind;
    match (kind, value) {
        (ShapeKind::String { min, .. }, Template::Value(Value::String(text))) => {
            if ["file://", "fileb://", "http://", "https://"].iter().any(|scheme| text.starts_with(scheme)) {
                return Some("would be read as the name of a file".to_owned());
            }
            let least = (*min)?;
            ((text.chars().count() as u64) < least).then(|| format!("is shorter than {least}"))
        }
        (ShapeKind::Integer { min, .. }, Template::Value(Value::Number(number))) => {
            let least = (*min)?;
            number.as_i64().is_some_and(|number| number < least).then(|| format!("is less than {least}"))
        }
        (ShapeKind::Structure(wanted), Template::Map(_) | Template::Value(Value::Object(_))) => {
            let given = members(value);
            let missing = wanted
                .iter()
                .find(|member| member.required && !given.iter().any(|(name, _)| *name == member.name))
                .map(|member| format!("has no {}", member.name));
            missing.or_else(|| {
                given.iter().find_map(|(name, value)| refused(value, shapes().member(shape, name)?.shape))
            })
        }
        (ShapeKind::List { element, min, .. }, _) => {
            let entries = entries(value)?;
            let least = min.unwrap_or_default();
            if (entries.len() as u64) < least {
                return Some(format!("has fewer than {least} entries"));
            }
            entries.iter().find_map(|entry| refused(entry, *element))
        }
        _ => None,
    }
}

/// The members of a map.
pub(super) fn members(template: &Template) -> Vec<(String, Template)> {
    match template {
        Template::Map(members) => {
            members.iter().map(|(key, value)| (key.to_string(), value.clone())).collect()
        }
        Template::Value(Value::Object(members)) => {
            members.iter().map(|(key, value)| (key.clone(), Template::Value(value.clone()))).collect()
        }
        _ => Vec::new(),
    }
}

fn entries(template: &Template) -> Option<Vec<Template>> {
    match template {
        Template::List(entries) => Some(entries.clone()),
        Template::Value(Value::Array(entries)) => {
            Some(entries.iter().map(|entry| Template::Value(entry.clone())).collect())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_cli_would_refuse_or_add_to_is_known() {
        let call = |operation: &str, input: Value| OperationCall {
            operation: operation.to_owned(),
            input: Template::Value(input),
        };
        let why = |operation: &str, input: Value| cannot(&call(operation, input));
        let j =
            serde_json::json!({"SecretId": "a", "ClientRequestToken": "t".repeat(32), "SecretString": "x"});
        assert_eq!(why("PutSecretValue", j), None);
        let of = |json: &str| serde_json::from_str::<Value>(json).unwrap_or_default();
        assert!(
            why("PutSecretValue", of(r#"{"SecretId": "a"}"#)).is_some_and(|why| why.contains("would add"))
        );
        assert!(why("GetSecretValue", of("{}")).is_some_and(|why| why.contains("insists on --secret-id")));
        assert!(why("GetSecretValue", of(r#"{"SecretId": ""}"#)).is_some_and(|why| why.contains("shorter")));
        assert!(
            why("GetRandomPassword", of(r#"{"PasswordLength": 0}"#))
                .is_some_and(|why| why.contains("less than 1"))
        );
    }
}
