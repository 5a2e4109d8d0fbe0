//! Values for playing back: what a team puts in place of stand-ins, from outside the recording.
//!
//! ```yaml
//! prod/db:
//!   password: {env: DB_PASSWORD}     # a member of the secret's JSON
//!   replicas[0].host: {value: localhost}
//! prod/key:
//!   $: {file: ../outside/key.pem}    # the whole secret; the path is relative to this file
//! ```
//!
//! Only a file that is read at the start and the environment ever hold a real value; it is played back and shown
//! nowhere.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;

/// How the file is called in a folder of recordings.
pub const FILE: &str = "values.yaml";

/// Values by secret and path.
#[derive(Default)]
pub struct Values(BTreeMap<String, Vec<Put>>);

struct Put {
    shown: String,
    path: Vec<Part>,
    value: String,
    used: AtomicBool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Key(String),
    Index(usize),
}

/// Where a value comes from.
#[derive(Debug, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Origin {
    Env { env: String },
    File { file: String },
    Value { value: Scalar },
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Scalar {
    Text(String),
    Other(Value),
}

/// Values that cannot be had. It tells where they should come from, never one of them.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {why}")]
pub struct ValuesError {
    file: String,
    why: String,
}

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Values({:?})", self.0.keys().collect::<Vec<_>>())
    }
}

impl Values {
    /// Reads the file, and every value from where the file says. `env` gives a variable of the environment.
    ///
    /// # Errors
    /// When the file cannot be read or is not of the form, or a variable or file that it names is missing.
    pub fn load(path: &Path, env: impl Fn(&str) -> Option<String>) -> Result<Self, ValuesError> {
        let error = |why: String| ValuesError { file: path.display().to_string(), why };
        let text = std::fs::read_to_string(path).map_err(|why| error(format!("cannot be read: {why}")))?;
        let parsed: BTreeMap<String, BTreeMap<String, Origin>> = serde_yaml::from_str(&text).map_err(|why| {
            let place = why.location().map_or(String::new(), |at| format!("{}:{}: ", at.line(), at.column()));
            // What serde found instead may be a value.
            error(format!(
                "{place}a secret's name, then paths, then {{env: NAME}}, {{file: PATH}} or {{value: TEXT}} is expected"
            ))
        })?;
        let mut values = Values::default();
        for (name, puts) in parsed {
            let mut all = Vec::with_capacity(puts.len());
            for (shown, origin) in puts {
                let whose = format!("{name}: {shown}");
                let Some(parts) = parse(&shown) else {
                    return Err(error(format!("{whose}: a path is `$`, or as in `a.b[0]`")));
                };
                let value = match origin {
                    Origin::Env { env: variable } => env(&variable).ok_or_else(|| {
                        error(format!("{whose}: the environment variable {variable} is not set"))
                    })?,
                    Origin::File { file } => {
                        let at = path.parent().unwrap_or(Path::new(".")).join(&file);
                        let text = std::fs::read_to_string(&at)
                            .map_err(|why| error(format!("{whose}: cannot read {}: {why}", at.display())))?;
                        // Editors end a file with a line feed, which is no part of a password.
                        text.strip_suffix('\n')
                            .map_or(text.as_str(), |text| text.trim_end_matches('\r'))
                            .to_owned()
                    }
                    Origin::Value { value: Scalar::Text(text) } => text,
                    Origin::Value { value: Scalar::Other(value) } => value.to_string(),
                };
                all.push(Put { shown, path: parts, value, used: AtomicBool::new(false) });
            }
            // The whole before its parts.
            all.sort_by_key(|put| put.path.len());
            values.0.insert(name, all);
        }
        Ok(values)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What a text of this secret becomes; `None` where there is nothing to put into it.
    pub fn apply(&self, secret: &str, text: &str) -> Option<String> {
        let mut made = text.to_owned();
        let mut any = false;
        for put in self.0.get(secret)? {
            if let Some(next) = put.put_into(&made) {
                put.used.store(true, Ordering::Relaxed);
                made = next;
                any = true;
            }
        }
        any.then_some(made)
    }

    /// The same of a value in base64.
    pub fn apply_blob(&self, secret: &str, blob: &str) -> Option<String> {
        let text = STANDARD.decode(blob).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        Some(STANDARD.encode(self.apply(secret, &text.unwrap_or_default())?))
    }

    /// What was put nowhere, as `SECRET: PATH`: a name or a path that no recorded answer has, perhaps.
    pub fn unused(&self) -> Vec<String> {
        let unused = |(name, puts): (&String, &Vec<Put>)| -> Vec<String> {
            let left = puts.iter().filter(|put| !put.used.load(Ordering::Relaxed));
            left.map(|put| format!("{name}: {}", put.shown)).collect()
        };
        self.0.iter().flat_map(unused).collect()
    }
}

impl Put {
    fn put_into(&self, text: &str) -> Option<String> {
        if self.path.is_empty() {
            return Some(self.value.clone());
        }
        let mut root: Value = serde_json::from_str(text).ok()?;
        let mut at = &mut root;
        for part in &self.path {
            at = match part {
                Part::Key(key) => at.get_mut(key)?,
                Part::Index(index) => at.get_mut(*index)?,
            };
        }
        // A number stays one, if it can.
        *at = match (&*at, serde_json::from_str::<Value>(&self.value)) {
            (Value::Number(_), Ok(number @ Value::Number(_))) => number,
            (Value::Bool(_), Ok(flag @ Value::Bool(_))) => flag,
            _ => Value::String(self.value.clone()),
        };
        Some(root.to_string())
    }
}

/// `$`, `a.b[0]`, `$.a.b`, `["a.b"]`.
fn parse(path: &str) -> Option<Vec<Part>> {
    let mut rest = path.strip_prefix('$').unwrap_or(path);
    if rest.is_empty() && path.is_empty() {
        return None;
    }
    let mut parts = Vec::new();
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix("[\"") {
            let (key, after) = inner.split_once("\"]")?;
            parts.push(Part::Key(key.to_owned()));
            rest = after;
        } else if let Some(inner) = rest.strip_prefix('[') {
            let (index, after) = inner.split_once(']')?;
            parts.push(Part::Index(index.parse().ok()?));
            rest = after;
        } else {
            let inner = rest.strip_prefix('.').unwrap_or(rest);
            let (key, after) = inner.split_at(inner.find(['.', '[']).unwrap_or(inner.len()));
            if key.is_empty() {
                return None;
            }
            parts.push(Part::Key(key.to_owned()));
            rest = after;
        }
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(yaml: &str) -> Result<Values, ValuesError> {
        let folder = tempfile::tempdir().expect("there is room");
        std::fs::write(folder.path().join("key"), "from a file\n").expect("it can be written");
        let path = folder.path().join(FILE);
        std::fs::write(&path, yaml).expect("it can be written");
        Values::load(&path, |name| (name == "SET").then(|| "from outside".to_owned()))
    }

    #[test]
    fn values_are_put_where_their_paths_lead() {
        let yaml = "a: {password: {env: SET}, 'hosts[1].port': {value: 5432}, no.such: {value: x}}\n\
                    b: {$: {file: key}}\nc: {'$[\"x.y\"]': {value: 'true'}}";
        let values = load(yaml).expect("all is there");
        let text = r#"{"password":"s","hosts":[1,{"port":7}]}"#;
        let made: Value = serde_json::from_str(&values.apply("a", text).expect("it is put")).expect("JSON");
        assert_eq!(made, serde_json::json!({"password": "from outside", "hosts": [1, {"port": 5432}]}));
        assert_eq!(values.apply("b", "whatever").as_deref(), Some("from a file"));
        assert_eq!(values.apply_blob("b", "c21jaGVjaw==").as_deref(), Some("ZnJvbSBhIGZpbGU="));
        assert_eq!(values.apply("c", r#"{"x.y":false}"#).as_deref(), Some(r#"{"x.y":true}"#));
        assert_eq!(values.apply("a", "no JSON"), None);
        assert_eq!(values.apply("d", "s"), None);
        assert_eq!(values.unused(), ["a: no.such"]);
        assert!(!format!("{values:?}").contains("outside"));
    }

    #[test]
    fn what_is_missing_is_told_without_any_value() {
        for (yaml, part) in [
            ("a: {$: {env: UNSET}}", "a: $: the environment variable UNSET is not set"),
            ("a: {$: {file: none}}", "a: $: cannot read"),
            ("a: {'b..c': {value: CANARY}}", "a: b..c: a path is"),
            ("a: CANARY", "is expected"),
            ("a: {$: {envv: CANARY}}", "is expected"),
        ] {
            let why = load(yaml).expect_err(yaml).to_string();
            assert!(why.contains(part) && !why.contains("CANARY"), "{why}");
        }
    }
}
