//! Values with variables in them.

use std::fmt;

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
        /// What the text begins with.
        start: Box<Template>,
        /// What it is filled with, again and again; never empty.
        with: String,
        /// How many characters it has in the end.
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

/// Why a string is no template. Both hold what was read, from `${` on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadTemplate {
    /// There is no `}`.
    #[error("`${{` is never closed")]
    Unclosed(String),
    /// What stands between the braces is no name.
    #[error("`{0}` names no variable")]
    Name(String),
}

impl Template {
    /// Reads a string: `${name}` is a variable, `$${` a literal `${`.
    ///
    /// # Errors
    /// When a `${` is not closed, or what it holds is no name.
    pub fn from_text(text: &str) -> Result<Self, BadTemplate> {
        if !text.contains("${") {
            return Ok(Template::Value(Value::from(text)));
        }
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            let (before, from) = rest.split_at(at);
            if let Some(before) = before.strip_suffix('$') {
                literal.push_str(before);
                literal.push_str("${");
                rest = &from[2..];
                continue;
            }
            literal.push_str(before);
            let end = from.find('}').ok_or_else(|| BadTemplate::Unclosed(from.to_owned()))?;
            let name = &from[2..end];
            if !is_reference(name) {
                return Err(BadTemplate::Name(from[..=end].to_owned()));
            }
            if !literal.is_empty() {
                parts.push(Part::Literal(std::mem::take(&mut literal)));
            }
            parts.push(Part::Variable(name.to_owned()));
            rest = &from[end + 1..];
        }
        literal.push_str(rest);
        Ok(match parts.as_slice() {
            [] => Template::Value(Value::from(literal)),
            [Part::Variable(name)] if literal.is_empty() => Template::Whole(name.clone()),
            _ => {
                if !literal.is_empty() {
                    parts.push(Part::Literal(literal));
                }
                Template::Text(parts)
            }
        })
    }

    /// The value, with every variable replaced.
    ///
    /// # Errors
    /// When a variable has no value.
    pub fn resolve(&self, variables: &Variables) -> Result<Value, Unbound> {
        self.fill_in(&|name| variables.get(name).cloned().ok_or_else(|| Unbound(name.to_owned())))
    }

    /// The value with every variable replaced that is known; the others stay as `${name}`.
    pub fn resolve_known(&self, variables: &Variables) -> Value {
        let known = |name: &str| {
            Ok::<_, std::convert::Infallible>(
                variables.get(name).cloned().unwrap_or_else(|| Value::from(format!("${{{name}}}"))),
            )
        };
        match self.fill_in(&known) {
            Ok(value) => value,
            Err(never) => match never {},
        }
    }

    /// The text of a value that must be a string: numbers and booleans as JSON writes them.
    ///
    /// # Errors
    /// When a variable has no value.
    pub fn resolve_text(&self, variables: &Variables) -> Result<String, Unbound> {
        Ok(into_text(self.resolve(variables)?))
    }

    /// The names of all variables in it, in the order of the text.
    pub fn variables(&self) -> Vec<&str> {
        let mut found = Vec::new();
        self.collect(&mut found);
        found
    }

    fn collect<'t>(&'t self, found: &mut Vec<&'t str>) {
        match self {
            Template::Value(_) => {}
            Template::Whole(name) => found.push(name),
            Template::Text(parts) => found.extend(parts.iter().filter_map(|part| match part {
                Part::Variable(name) => Some(name.as_str()),
                Part::Literal(_) => None,
            })),
            Template::List(entries) => entries.iter().for_each(|entry| entry.collect(found)),
            Template::Map(members) => {
                for (key, value) in members {
                    key.collect(found);
                    value.collect(found);
                }
            }
            Template::Fill { start, .. } => start.collect(found),
        }
    }

    fn fill_in<E>(&self, lookup: &impl Fn(&str) -> Result<Value, E>) -> Result<Value, E> {
        Ok(match self {
            Template::Value(value) => value.clone(),
            Template::Whole(name) => lookup(name)?,
            Template::Text(parts) => {
                let mut text = String::new();
                for part in parts {
                    match part {
                        Part::Literal(literal) => text.push_str(literal),
                        Part::Variable(name) => text.push_str(&into_text(lookup(name)?)),
                    }
                }
                Value::String(text)
            }
            Template::List(entries) => {
                Value::Array(entries.iter().map(|entry| entry.fill_in(lookup)).collect::<Result<_, E>>()?)
            }
            Template::Map(members) => {
                let mut map = Map::new();
                for (key, value) in members {
                    map.insert(into_text(key.fill_in(lookup)?), value.fill_in(lookup)?);
                }
                Value::Object(map)
            }
            Template::Fill { start, with, length } => {
                let start = into_text(start.fill_in(lookup)?);
                Value::String(start.chars().chain(with.chars().cycle()).take(*length).collect())
            }
        })
    }
}

/// As a scenario writes it, for messages.
impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&into_text(self.resolve_known(&Variables::new())))
    }
}

/// A text as a template that stands for it.
pub fn escaped(text: &str) -> String {
    text.replace("${", "$${")
}

/// A text as a template in which each of the `known` values is written as is said beside it, the longest first. `None`
/// where a value follows a `$`, which no template can say.
pub fn worded(text: &str, mut known: Vec<(&str, String)>) -> Option<String> {
    known.retain(|(value, _)| !value.is_empty());
    known.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
    // In one go, so that nothing is looked for in what was put in.
    let (mut out, mut plain, mut rest) = (String::new(), String::new(), text);
    while let Some(next) = rest.chars().next() {
        match known.iter().find(|(value, _)| rest.starts_with(value)) {
            Some(_) if plain.ends_with('$') => return None,
            Some((value, shown)) => {
                out.push_str(&escaped(&std::mem::take(&mut plain)));
                out.push_str(shown);
                rest = &rest[value.len()..];
            }
            None => {
                plain.push(next);
                rest = &rest[next.len_utf8()..];
            }
        }
    }
    out.push_str(&escaped(&plain));
    Some(out)
}

/// Whether the text may name a variable: a letter, then letters, digits, `-` and `_`.
pub fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic())
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// Whether the text may stand between `${` and `}`: a name, or a secret's `NAME.arn` or `NAME.partial`.
fn is_reference(text: &str) -> bool {
    is_name(split_reference(text).0)
}

/// A reference in its parts: the variable's name, and `arn` or `partial` where that follows.
pub(super) fn split_reference(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once('.') {
        Some((name, part @ ("arn" | "partial"))) => (name, Some(part)),
        _ => (text, None),
    }
}

fn into_text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn variables() -> Variables {
        Variables::from([
            ("db".to_owned(), json!("name")),
            ("n".to_owned(), json!(7)),
            ("db.arn".to_owned(), json!("arn:x")),
            ("list".to_owned(), json!([1, 2])),
        ])
    }

    fn resolved(text: &str) -> Value {
        Template::from_text(text).expect("it is a template").resolve(&variables()).expect("all is bound")
    }

    #[test]
    fn a_whole_variable_keeps_its_type() {
        assert_eq!(resolved("${n}"), json!(7));
        assert_eq!(resolved("${list}"), json!([1, 2]));
        assert_eq!(resolved("no ${n} of ${db.arn}"), json!("no 7 of arn:x"));
    }

    #[test]
    fn two_dollars_are_a_literal() {
        assert_eq!(resolved("$${n}"), json!("${n}"));
        assert_eq!(resolved("a$${n} ${n}$"), json!("a${n} 7$"));
        assert_eq!(resolved("$ {n} $n"), json!("$ {n} $n"));
    }

    #[test]
    fn a_text_is_worded_with_variables() {
        let known =
            || vec![("ab", "${short}".to_owned()), ("abc", "${db}".to_owned()), ("", "${n}".to_owned())];
        assert_eq!(worded("ab ${x} abcd", known()).as_deref(), Some("${short} $${x} ${db}d"));
        assert_eq!(worded("costs $abc", known()), None);
    }

    #[test]
    fn what_is_no_template_says_where() {
        assert_eq!(Template::from_text("a ${b"), Err(BadTemplate::Unclosed("${b".to_owned())));
        for bad in ["${}", "${a b}", "${1a}", "${db.name}", "${ü}"] {
            assert_eq!(Template::from_text(bad), Err(BadTemplate::Name(bad.to_owned())));
        }
    }

    #[test]
    fn fill_makes_exactly_the_length() {
        let fill = |start: &str, with: &str, length| {
            let start = Box::new(Template::from_text(start).expect("it is a template"));
            Template::Fill { start, with: with.to_owned(), length }.resolve(&variables()).expect("bound")
        };
        assert_eq!(fill("${db}", "ab", 9), json!("nameababa"));
        assert_eq!(fill("", "ü", 3), json!("üüü"));
        assert_eq!(fill("${db}", "x", 2), json!("na"));
    }

    #[test]
    fn an_unknown_variable_is_named_or_stays() {
        let template = Template::Map(vec![(
            Template::from_text("k${n}").expect("it is a template"),
            Template::from_text("${gone}").expect("it is a template"),
        )]);
        assert_eq!(template.resolve(&variables()), Err(Unbound("gone".to_owned())));
        assert_eq!(template.resolve_known(&variables()), json!({"k7": "${gone}"}));
        assert_eq!(template.variables(), ["n", "gone"]);
    }
}
