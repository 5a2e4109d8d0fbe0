//! What a recording has no business with is refused before it is signed: writes, and secrets of other names.

use globset::GlobMatcher;
use serde_json::Value;

use crate::service::{SecretArn, WireRequest, shapes};
use crate::store::names::{self, BadPattern};

/// Operations that need not be about a secret.
const NAMELESS: &[&str] = &["GetRandomPassword", "ValidateResourcePolicy"];

/// What may pass.
#[derive(Clone, Debug)]
pub struct Guard {
    writes: bool,
    only: Vec<Only>,
}

#[derive(Clone, Debug)]
struct Only {
    glob: GlobMatcher,
    /// What every name begins with that begins like this fits the pattern: `test/` of `test/*`.
    all_of: Option<String>,
}

impl Guard {
    /// Lets reads pass, writes where `writes` says so, and where there are patterns only what is about secrets with
    /// names that one of them fits.
    ///
    /// # Errors
    /// The pattern that cannot be read.
    pub fn new(writes: bool, only: &[String]) -> Result<Self, BadPattern> {
        let only = only.iter().map(|pattern| {
            let all_of =
                pattern.strip_suffix('*').filter(|start| !start.contains(['*', '?', '[', '{', '\\']));
            Ok(Only { glob: names::matcher(pattern)?, all_of: all_of.map(str::to_owned) })
        });
        Ok(Guard { writes, only: only.collect::<Result<_, _>>()? })
    }

    /// Whether a request may pass.
    ///
    /// # Errors
    /// The sentence that says why not.
    pub(super) fn admit(&self, request: &WireRequest) -> Result<(), String> {
        let known = request.operation().and_then(|name| shapes().operation(name));
        let operation = known.map(|operation| operation.name.as_str());
        let shown = operation.unwrap_or("a request for no operation of the service");
        if !self.writes && !known.is_some_and(|operation| operation.reads) {
            return Err(format!("{shown} is not let through, since only reads are; see --allow"));
        }
        if self.only.is_empty() || operation.is_some_and(|operation| self.is_about_ours(operation, request)) {
            return Ok(());
        }
        Err(format!("{shown} is not let through, since it is not only about secrets that --only names"))
    }

    fn is_about_ours(&self, operation: &str, request: &WireRequest) -> bool {
        let body = if request.body.is_empty() { Some(Value::Null) } else { request.json() };
        let Some(body) = body else { return false };
        match operation {
            "ListSecrets" => self.lists_ours(&body),
            "BatchGetSecretValue" => match body.get("SecretIdList") {
                Some(Value::Array(ids)) => {
                    !ids.is_empty() && body.get("Filters").is_none() && ids.iter().all(|id| self.is_ours(id))
                }
                _ => self.lists_ours(&body),
            },
            _ => {
                let named: Vec<&Value> =
                    ["SecretId", "Name"].iter().filter_map(|member| body.get(member)).collect();
                match named.is_empty() {
                    true => NAMELESS.contains(&operation),
                    false => named.into_iter().all(|id| self.is_ours(id)),
                }
            }
        }
    }

    /// Whether an id is the name, or the ARN, of a secret that may be called.
    fn is_ours(&self, id: &Value) -> bool {
        let Value::String(id) = id else { return false };
        let name = match SecretArn::parse(id) {
            Some(arn) => arn.name_and_suffix().map_or(arn.resource, |(name, _)| name),
            None => id,
        };
        self.only.iter().any(|only| only.glob.is_match(name))
    }

    /// Whether a list can hold nothing but what may be called: one of its filters is on the beginning of names.
    fn lists_ours(&self, body: &Value) -> bool {
        let filters = body.get("Filters").and_then(Value::as_array);
        let holds = |value: &Value| {
            let begins = |start: &String, value: &str| value.starts_with(start.as_str());
            value.as_str().is_some_and(|value| {
                self.only.iter().filter_map(|only| only.all_of.as_ref()).any(|start| begins(start, value))
            })
        };
        filters.into_iter().flatten().any(|filter| {
            let values = filter.get("Values").and_then(Value::as_array);
            filter.get("Key").and_then(Value::as_str) == Some("name")
                && values.is_some_and(|values| !values.is_empty() && values.iter().all(holds))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn admits(writes: bool, only: &[&str], operation: &str, input: &Value) -> bool {
        let only: Vec<String> = only.iter().map(|pattern| (*pattern).to_owned()).collect();
        let guard = Guard::new(writes, &only).expect("they are patterns");
        guard.admit(&WireRequest::call(operation, input)).is_ok()
    }

    #[test]
    fn every_operation_is_a_read_or_a_write() {
        for name in NAMELESS {
            assert!(shapes().operation(name).is_some(), "{name}");
        }
        for operation in shapes().operations() {
            let by_name = ["Get", "List", "Describe", "Batch", "Validate"];
            let reads = by_name.iter().any(|start| operation.name.starts_with(start));
            assert_eq!(admits(false, &[], &operation.name, &json!({})), reads, "{}", operation.name);
        }
        assert!(!admits(false, &[], "DropSecret", &json!({})));
        assert!(admits(true, &[], "DropSecret", &json!({})));
    }

    #[test]
    fn only_what_is_named_passes() {
        let admits = |operation: &str, input: Value| admits(true, &["test/*", "one"], operation, &input);
        let arn = |name: &str| format!("arn:aws:secretsmanager:eu-west-3:123456789012:secret:{name}-AbCdEf");
        assert!(admits("GetSecretValue", json!({"SecretId": "test/a/b"})));
        assert!(admits("GetSecretValue", json!({"SecretId": arn("test/a")})));
        assert!(admits("GetSecretValue", json!({"SecretId": arn("one")})));
        assert!(admits("CreateSecret", json!({"Name": "one"})));
        assert!(admits("GetRandomPassword", json!({})));
        assert!(admits("BatchGetSecretValue", json!({"SecretIdList": ["one", "test/x"]})));
        assert!(admits("ListSecrets", json!({"Filters": [{"Key": "name", "Values": ["test/a", "test/"]}]})));
        for (operation, input) in [
            ("GetSecretValue", json!({"SecretId": "prod/a"})),
            ("GetSecretValue", json!({"SecretId": arn("prod/test/a")})),
            ("GetSecretValue", json!({"SecretId": "one", "Name": "two"})),
            ("GetSecretValue", json!({"SecretId": 1})),
            ("GetSecretValue", json!({})),
            ("DropSecret", json!({"SecretId": "one"})),
            ("BatchGetSecretValue", json!({"SecretIdList": ["one", "two"]})),
            ("BatchGetSecretValue", json!({"SecretIdList": []})),
            ("ListSecrets", json!({})),
            ("ListSecrets", json!({"Filters": [{"Key": "name", "Values": ["test"]}]})),
            ("ListSecrets", json!({"Filters": [{"Key": "name", "Values": ["test/", "!x"]}]})),
            ("ListSecrets", json!({"Filters": [{"Key": "name", "Values": ["one"]}]})),
            ("ListSecrets", json!({"Filters": [{"Key": "description", "Values": ["test/"]}]})),
        ] {
            assert!(!admits(operation, input.clone()), "{operation} {input}");
        }
    }
}
