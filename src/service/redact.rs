//! What of an exchange may be kept, and the names that stand for the rest.
//!
//! Denied by default: a value is shown as it is only where the allow-list says so for its member, or where the
//! scenario itself wrote it as a literal and the member is not sensitive. Everything else becomes a name, numbered
//! by appearance and never computed from the value: `${v1}`, `<uuid:1>`, `<arn:db>`, `<secret:1>`, `<time>`.

use serde_json::Value;

/// Names values for display: in verdicts, reports and snapshots. The same value has the same name wherever it
/// stands, for as long as the redactor lives (one scenario).
#[derive(Debug, Default)]
pub struct Redactor {}

impl Redactor {
    /// A redactor that knows no value yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Tells the name of a value: a variable's (`${db}`, `${v1}`), an ARN's (`<arn:db>`).
    pub fn name(&mut self, value: &str, shown: &str) {
        let _ = (value, shown);
    }

    /// Tells a literal that the scenario sent; it stays readable in members that are not sensitive.
    pub fn literal(&mut self, value: &str) {
        let _ = value;
    }

    /// A whole input of an operation.
    pub fn input(&mut self, operation: Option<&str>, input: &Value) -> Value {
        let _ = operation;
        input.clone()
    }

    /// A whole output of an operation.
    pub fn output(&mut self, operation: Option<&str>, output: &Value) -> Value {
        let _ = operation;
        output.clone()
    }

    /// The value at a path (`Tags[0].Value`; empty for the whole) of an output.
    pub fn output_at(&mut self, operation: Option<&str>, path: &str, value: &Value) -> Value {
        let _ = (operation, path);
        value.clone()
    }

    /// An error message: identities, ARNs, account numbers and every value that has a name are replaced.
    pub fn message(&mut self, text: &str) -> String {
        text.to_owned()
    }
}
