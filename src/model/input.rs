//! A checked input, member by member. `null` is the same as a member that is not there.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::failure::Failure;
use super::state::SecretValue;

/// The input of an operation after its types were checked.
#[derive(Clone, Copy)]
pub(crate) struct Input<'a>(pub(crate) &'a Map<String, Value>);

impl<'a> Input<'a> {
    pub(crate) fn get(self, member: &str) -> Option<&'a Value> {
        self.0.get(member).filter(|value| !value.is_null())
    }

    pub(crate) fn text(self, member: &str) -> Option<&'a str> {
        self.get(member)?.as_str()
    }

    /// The text of a member that validation has found to be there.
    pub(crate) fn required(self, member: &str) -> &'a str {
        self.text(member).unwrap_or_default()
    }

    pub(crate) fn flag(self, member: &str) -> Option<bool> {
        self.get(member)?.as_bool()
    }

    pub(crate) fn number(self, member: &str) -> Option<i64> {
        whole_number(self.get(member)?)
    }

    pub(crate) fn list(self, member: &str) -> Option<&'a [Value]> {
        self.get(member)?.as_array().map(Vec::as_slice)
    }

    pub(crate) fn texts(self, member: &str) -> Option<Vec<&'a str>> {
        Some(self.list(member)?.iter().filter_map(Value::as_str).collect())
    }

    pub(crate) fn structure(self, member: &str) -> Option<Input<'a>> {
        self.get(member)?.as_object().map(Input)
    }

    /// The elements of a list of structures.
    pub(crate) fn structures(self, member: &str) -> Option<Vec<Input<'a>>> {
        Some(self.list(member)?.iter().filter_map(Value::as_object).map(Input).collect())
    }

    /// The secret value of a request, or `None` where it has none. An empty one counts as none (reported for
    /// PutSecretValue: PutSecretValue.empty-string; `inferred` for the others).
    ///
    /// `inferred`: CreateSecret.both-values; the documentation only says "but not both".
    pub(crate) fn secret_value(self) -> Result<Option<SecretValue>, Failure> {
        let text = self.text("SecretString").filter(|text| !text.is_empty());
        let binary = self.text("SecretBinary").filter(|text| !text.is_empty());
        match (text, binary) {
            (Some(_), Some(_)) => Err(Failure::parameter(
                "You can't specify both a binary secret value and a string secret value in the same secret.",
            )),
            (Some(text), None) => Ok(Some(SecretValue::Text(text.to_owned()))),
            (None, Some(base64)) => Ok(decoded(base64).map(SecretValue::Binary)),
            (None, None) => Ok(None),
        }
    }
}

/// The bytes of a blob; `None` for anything that is not base64.
pub(crate) fn decoded(base64: &str) -> Option<Vec<u8>> {
    STANDARD.decode(base64).ok()
}

/// A JSON number without a fraction, however it is written.
pub(crate) fn whole_number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| {
        let number = value.as_f64()?;
        (number.fract() == 0.0 && number.abs() < 9.0e15).then_some(number as i64)
    })
}

impl SecretValue {
    /// The member and the text that show the value in a response. A binary value is base64 on the wire
    /// (aws-recorded: GetSecretValue.binary).
    pub(crate) fn shown(&self) -> (&'static str, String) {
        match self {
            SecretValue::Text(text) => ("SecretString", text.clone()),
            SecretValue::Binary(bytes) => ("SecretBinary", STANDARD.encode(bytes)),
        }
    }
}
