//! Values with variables in them.

use serde_json::Value;

/// The values of variables, by name.
pub type Variables = std::collections::BTreeMap<String, Value>;

/// A value of a scenario with `${name}` in keys and values.
#[derive(Clone, Debug, PartialEq)]
pub enum Template {
    /// A value without variables in it.
    Value(Value),
    /// A string that is one variable; it keeps the variable's type.
    Whole(String),
    /// A string with variables inside.
    Text(Vec<Part>),
    /// A list.
    List(Vec<Template>),
    /// A map; keys may hold variables.
    Map(Vec<(Template, Template)>),
    /// `$fill`: text of a given length in characters.
    Fill { start: Box<Template>, with: String, length: usize },
}

/// A part of a string with variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Text as it stands.
    Literal(String),
    /// A variable.
    Variable(String),
}

/// A variable that has no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the variable `{0}` has no value yet")]
pub struct Unbound(pub String);

impl Template {
    /// The value, with every variable replaced.
    ///
    /// # Errors
    /// When a variable has no value.
    pub fn resolve(&self, variables: &Variables) -> Result<Value, Unbound> {
        let _ = variables;
        todo!()
    }

    /// The text of a value that must be a string: numbers and booleans as JSON writes them.
    ///
    /// # Errors
    /// When a variable has no value.
    pub fn resolve_text(&self, variables: &Variables) -> Result<String, Unbound> {
        Ok(match self.resolve(variables)? {
            Value::String(text) => text,
            other => other.to_string(),
        })
    }
}
