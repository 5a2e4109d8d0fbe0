//! Values with variables in them.

use serde_json::{Map, Value};

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
    Fill {
        /// What it begins with.
        start: Box<Template>,
        /// What it is filled with.
        with: String,
        /// How many characters it has in all.
        length: usize,
    },
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

/// A string whose `${` is not closed, or names nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadTemplate {
    /// Where in the string, in characters.
    pub at: usize,
    /// What is wrong.
    pub message: &'static str,
}

impl Template {
    /// Reads a string: `${name}` is a variable, `$${` a literal `${`.
    ///
    /// # Errors
    /// When a `${` is not closed or names no variable.
    pub fn read(text: &str) -> Result<Self, BadTemplate> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            let place = || text[..text.len() - rest.len() + at].chars().count();
            if rest[..at].ends_with('$') {
                literal.push_str(&rest[..at - 1]);
                literal.push_str("${");
                rest = &rest[at + 2..];
                continue;
            }
            literal.push_str(&rest[..at]);
            let after = &rest[at + 2..];
            let end =
                after.find('}').ok_or_else(|| BadTemplate { at: place(), message: "`${` is not closed" })?;
            let name = &after[..end];
            if !is_variable(name) {
                let message = "a variable's name has letters, digits, `_`, `-` and `.`";
                return Err(BadTemplate { at: place(), message });
            }
            if !literal.is_empty() {
                parts.push(Part::Literal(std::mem::take(&mut literal)));
            }
            parts.push(Part::Variable(name.to_owned()));
            rest = &after[end + 1..];
        }
        literal.push_str(rest);
        if parts.is_empty() {
            return Ok(Template::Value(Value::String(literal)));
        }
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        Ok(match parts.as_slice() {
            [Part::Variable(name)] => Template::Whole(name.clone()),
            _ => Template::Text(parts),
        })
    }

    /// The value, with every variable replaced.
    ///
    /// # Errors
    /// When a variable has no value.
    pub fn resolve(&self, variables: &Variables) -> Result<Value, Unbound> {
        let find = |name: &str| variables.get(name).ok_or_else(|| Unbound(name.to_owned()));
        Ok(match self {
            Template::Value(value) => value.clone(),
            Template::Whole(name) => find(name)?.clone(),
            Template::Text(parts) => {
                let mut text = String::new();
                for part in parts {
                    match part {
                        Part::Literal(literal) => text.push_str(literal),
                        Part::Variable(name) => text.push_str(&plain_text(find(name)?)),
                    }
                }
                Value::String(text)
            }
            Template::List(entries) => {
                Value::Array(entries.iter().map(|entry| entry.resolve(variables)).collect::<Result<_, _>>()?)
            }
            Template::Map(members) => {
                let mut map = Map::new();
                for (key, value) in members {
                    map.insert(key.resolve_text(variables)?, value.resolve(variables)?);
                }
                Value::Object(map)
            }
            Template::Fill { start, with, length } => {
                let start = start.resolve_text(variables)?;
                Value::String(start.chars().chain(with.chars().cycle()).take(*length).collect())
            }
        })
    }

    /// The text of a value that must be a string: numbers and booleans as JSON writes them.
    ///
    /// # Errors
    /// When a variable has no value.
    pub fn resolve_text(&self, variables: &Variables) -> Result<String, Unbound> {
        Ok(plain_text(&self.resolve(variables)?))
    }

    /// Tells every variable that it uses.
    pub fn each_variable(&self, each: &mut dyn FnMut(&str)) {
        match self {
            Template::Value(_) => {}
            Template::Whole(name) => each(name),
            Template::Text(parts) => {
                for part in parts {
                    if let Part::Variable(name) = part {
                        each(name);
                    }
                }
            }
            Template::List(entries) => entries.iter().for_each(|entry| entry.each_variable(each)),
            Template::Map(members) => {
                for (key, value) in members {
                    key.each_variable(each);
                    value.each_variable(each);
                }
            }
            Template::Fill { start, .. } => start.each_variable(each),
        }
    }
}

/// Whether a text can name a variable.
pub fn is_variable(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_') && name.chars().all(allowed)
}

fn plain_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn resolved(text: &str) -> Value {
        let variables = Variables::from([("n".to_owned(), json!(3)), ("s".to_owned(), json!("x"))]);
        Template::read(text).expect("it is right").resolve(&variables).expect("all have a value")
    }

    #[test]
    fn a_whole_variable_keeps_its_type() {
        assert_eq!(resolved("${n}"), json!(3));
        assert_eq!(resolved("a-${s}-${n}"), json!("a-x-3"));
        assert_eq!(resolved("$${n} $$"), json!("${n} $$"));
    }

    #[test]
    fn a_bad_template_says_where() {
        assert_eq!(Template::read("ab${c").map_err(|bad| bad.at), Err(2));
        assert_eq!(Template::read("${}").map_err(|bad| bad.at), Err(0));
    }
}
