//! What the AWS CLI cannot send: it fills in tokens, checks what botocore checks, and reads files.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::shell::kebab;
use crate::run::plan::NAME_PREFIX;
use crate::scenario::template::Part;
use crate::scenario::{OperationCall, Repeat, Scenario, Template};
use crate::service::{Kind as ShapeKind, ShapeId, shapes};

/// Values that begin so are names to the CLI: it sends what is in the file, or at the URL.
const SCHEMES: [&str; 4] = ["file://", "fileb://", "http://", "https://"];
/// No scheme has more characters.
const LONGEST: usize = 8;

/// What is known of a scenario's variables before its script runs.
#[derive(Debug, Default)]
pub(super) struct Known<'s> {
    /// What the name of a secret begins with.
    secrets: BTreeMap<&'s str, String>,
    versions: Vec<&'s str>,
    /// The values of a variable of `repeat`.
    over: BTreeMap<&'s str, Vec<&'s Template>>,
}

impl<'s> Known<'s> {
    pub(super) fn new(scenario: &'s Scenario) -> Self {
        let name = |prefix: &str| format!("{prefix}{NAME_PREFIX}");
        let mut known = Known {
            secrets: scenario.secrets.iter().map(|one| (one.variable.as_str(), name(&one.prefix))).collect(),
            versions: scenario.versions.iter().map(String::as_str).collect(),
            over: BTreeMap::new(),
        };
        for step in &scenario.steps {
            match &step.repeat {
                Some(Repeat::Over { values, variable }) => {
                    known.over.entry(variable).or_default().extend(values);
                }
                // A number is no name of a file, as a version is none.
                Some(Repeat::Times { variable: Some(variable), .. }) => known.versions.push(variable),
                Some(Repeat::Times { variable: None, .. } | Repeat::Pages { .. }) | None => {}
            }
        }
        known
    }

    /// The values that a variable of `repeat` takes; none of another.
    pub(super) fn values(&self, variable: &str) -> &[&'s Template] {
        self.over.get(variable).map_or(&[], Vec::as_slice)
    }

    /// Whether the CLI would take a value for the name of a file. Of what only the running script knows, that looks
    /// itself (`got`).
    fn is_file(&self, template: &Template) -> bool {
        match template {
            Template::Value(Value::String(text)) => SCHEMES.iter().any(|scheme| text.starts_with(scheme)),
            Template::Value(_) | Template::List(_) | Template::Map(_) => false,
            Template::Fill { start, with, .. } => {
                let filling = Part::Literal(with.repeat(LONGEST));
                self.is_file(&match &**start {
                    Template::Whole(name) => Template::Text(vec![Part::Variable(name.clone()), filling]),
                    Template::Text(parts) => Template::Text(parts.iter().cloned().chain([filling]).collect()),
                    start => Template::Value(Value::from(format!("{start}{}", with.repeat(LONGEST)))),
                })
            }
            Template::Whole(name) => self.variable_is_file(name).unwrap_or(false),
            Template::Text(parts) => {
                let judged = parts.iter().find_map(|part| match part {
                    Part::Literal(text) if text.is_empty() => None,
                    Part::Literal(text) => Some(begins_like_one(text)),
                    Part::Variable(name) => self.variable_is_file(name),
                });
                judged.unwrap_or(false)
            }
        }
    }

    /// The same of a variable at the beginning; nothing where what follows decides.
    fn variable_is_file(&self, name: &str) -> Option<bool> {
        if let Some(name) = self.secrets.get(name) {
            return Some(begins_like_one(name));
        }
        if self.versions.contains(&name) {
            return Some(false);
        }
        let values = self.over.get(name)?;
        let risky = |value: &&&Template| match value {
            Template::Value(Value::String(text)) => text.is_empty() || begins_like_one(text),
            value => self.is_file(value),
        };
        Some(values.iter().any(|value| risky(&value)))
    }

    /// Whether a variable stands for lists or maps only.
    fn is_structured(&self, template: &Template) -> bool {
        match template {
            Template::List(_) | Template::Map(_) => true,
            Template::Value(value) => value.is_array() || value.is_object(),
            Template::Whole(name) => {
                let values = self.values(name);
                !values.is_empty()
                    && values.iter().all(|value| match value {
                        Template::Whole(_) => false,
                        value => self.is_structured(value),
                    })
            }
            Template::Text(_) | Template::Fill { .. } => false,
        }
    }
}

/// Whether a text is the name of a file, or what comes after it could make it one.
fn begins_like_one(text: &str) -> bool {
    SCHEMES.iter().any(|scheme| text.starts_with(scheme) || scheme.starts_with(text))
}

/// Why the AWS CLI cannot send a call.
pub(super) fn cannot(call: &OperationCall, known: &Known<'_>) -> Option<String> {
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
        // Another option of that name may mean something else, and the name may be anything.
        let Some(member) = shapes().member(operation.input, name) else {
            return Some(format!("it has no option for {name}"));
        };
        let shape = &shapes().shape(member.shape).kind;
        if !matches!(shape, ShapeKind::Blob { .. }) && known.is_file(value) {
            return Some(format!("--{} would be read as the name of a file", kebab(name)));
        }
        // Text would be read in the short syntax of the CLI, which has files too.
        let is_composed =
            matches!(shape, ShapeKind::List { .. } | ShapeKind::Map { .. } | ShapeKind::Structure(_));
        if is_composed && !known.is_structured(value) {
            return Some(format!("--{} would be read in a syntax of its own", kebab(name)));
        }
        refused(value, member.shape).map(|why| format!("--{} {why}", kebab(name)))
    })
}

/// Why a value does not get past the checks of the CLI.
fn refused(value: &Template, shape: ShapeId) -> Option<String> {
    let kind = &shapes().shape(shape).kind;
    match (kind, value) {
        (_, Template::Value(Value::Null)) => Some("cannot be null".to_owned()),
        (ShapeKind::String { .. }, Template::Value(value)) if !value.is_string() => {
            Some("would be sent as text".to_owned())
        }
        (ShapeKind::Blob { .. }, Template::Value(value)) => {
            // Bytes are read from a file, which no other text can be written into.
            let decoded = value.as_str().map(|text| STANDARD.decode(text));
            (!matches!(decoded, Some(Ok(_)))).then(|| "is no base64".to_owned())
        }
        (ShapeKind::Boolean, Template::Value(value)) if !value.is_boolean() => {
            Some("takes no value".to_owned())
        }
        (ShapeKind::String { min, .. }, Template::Value(Value::String(text))) => {
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
        let why = |operation: &str, input: Value| cannot(&call(operation, input), &Known::default());
        let j =
            serde_json::json!({"SecretId": "a", "ClientRequestToken": "t".repeat(32), "SecretString": "x"});
        assert_eq!(why("PutSecretValue", j), None);
        let of = |json: &str| serde_json::from_str::<Value>(json).unwrap_or_default();
        assert!(
            why("PutSecretValue", of(r#"{"SecretId": "a"}"#)).is_some_and(|why| why.contains("would add"))
        );
        let bytes =
            serde_json::json!({"Name": "a", "ClientRequestToken": "t".repeat(32), "SecretBinary": "a!"});
        assert!(why("CreateSecret", bytes).is_some_and(|why| why.contains("no base64")));
        assert!(why("GetSecretValue", of("{}")).is_some_and(|why| why.contains("insists on --secret-id")));
        assert!(why("GetSecretValue", of(r#"{"SecretId": ""}"#)).is_some_and(|why| why.contains("shorter")));
        assert!(
            why("GetRandomPassword", of(r#"{"PasswordLength": 0}"#))
                .is_some_and(|why| why.contains("less than 1"))
        );
    }

    #[test]
    fn nothing_that_the_cli_would_take_for_a_file_is_given_to_it() {
        let values = [Template::Value("file:///etc/hostname".into()), Template::Value("plain".into())];
        let known = Known {
            secrets: [("db", NAME_PREFIX.to_owned()), ("odd", format!("file://{NAME_PREFIX}"))].into(),
            versions: vec!["v1"],
            over: [("bad", vec![&values[0]]), ("good", vec![&values[1]])].into(),
        };
        let of = |text: &str| Template::from_text(text).expect("it is a template");
        for (text, is_file) in [
            ("file:///etc/hostname", true),
            ("file:///etc/${db}", true),
            ("${bad}", true),
            ("${odd}", true),
            ("${saved}file:///etc/hostname", true),
            ("fi${bad}", true),
            ("fi${saved}", true),
            ("a file://", false),
            ("${db}", false),
            ("${v1}file://", false),
            ("${db.arn}", false),
            ("${good}", false),
            ("host-${saved}", false),
        ] {
            assert_eq!(known.is_file(&of(text)), is_file, "{text}");
        }
        let fill = |start: &str, with: &str| Template::Fill {
            start: Box::new(of(start)),
            with: with.to_owned(),
            length: 40,
        };
        assert!(known.is_file(&fill("fi", "le:///etc/hostname")) && !known.is_file(&fill("", "ab")));
        for (member, value) in [
            ("Tags", serde_json::json!("Key@=file:///etc/hostname,Value=a")),
            ("CliInputJson", serde_json::json!("file:///etc/hostname")),
            ("$(id)", serde_json::json!("a")),
        ] {
            let mut input = serde_json::json!({"SecretId": "a"});
            input[member] = value;
            let call = OperationCall { operation: "TagResource".to_owned(), input: Template::Value(input) };
            assert!(cannot(&call, &known).is_some(), "{member}");
        }
    }
}
