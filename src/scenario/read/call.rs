//! `do` and `with`: an operation and its input.

use serde_json::{Map, Value};

use super::Reader;
use super::templates::Want;
use crate::scenario::ast::{Need, OperationCall};
use crate::scenario::finding::shown_word;
use crate::scenario::node::Node;
use crate::scenario::template::Template;
use crate::service::{Operation, shapes};

impl Reader<'_> {
    /// An operation with its input. `succeeds` says whether it may succeed, and so make a secret.
    pub(super) fn call(
        &mut self,
        name: &Node,
        with: Option<&Node>,
        succeeds: bool,
    ) -> (Option<&'static Operation>, OperationCall) {
        let operation = self.operation(name);
        let want = operation.map_or(Want::Any, |operation| Want::Shape(operation.input));
        let shown = operation.map_or_else(|| shown_word(name.text().unwrap_or("do")), |op| op.name.clone());
        let input = match with {
            Some(with) if with.map().is_none() && with.text().is_none_or(|text| !text.contains("${")) => {
                self.wrong_kind(with, "`with`", "a map");
                self.mention(with);
                Template::Value(Value::Null)
            }
            Some(with) => self.value(with, want, &shown),
            None => Template::Value(Value::Object(Map::new())),
        };
        if let Some(token) = member(&input, "ClientRequestToken") {
            self.sent(&token);
        }
        match operation.map(|operation| operation.name.as_str()) {
            Some("CreateSecret") if succeeds => {
                member(&input, "Name").into_iter().for_each(|name| self.created(&name));
            }
            Some("ListSecrets") if succeeds => self.list_secrets(name, &input),
            // What was meant is not known; that its secret or token does not exist would be a finding too many.
            None => with.into_iter().for_each(|with| self.mention(with)),
            Some(_) => {}
        }
        (operation, OperationCall { operation: shown, input })
    }

    fn operation(&mut self, node: &Node) -> Option<&'static Operation> {
        let Some(name) = node.text() else {
            self.wrong_kind(node, "`do`", "the name of an operation");
            return None;
        };
        let operation = shapes().operation(name);
        if operation.is_none() {
            let message = format!("unknown operation `{}`", shown_word(name));
            let all = shapes().operations().map(|operation| operation.name.as_str());
            self.findings.unknown(node.span, message, name, all);
        }
        operation
    }

    /// A list of all secrets of an account says something only where nobody else has secrets.
    fn list_secrets(&mut self, place: &Node, input: &Template) {
        let filtered = match member(input, "Filters") {
            None => false,
            Some(Template::Value(Value::Array(filters))) => !filters.is_empty(),
            Some(_) => true,
        };
        if !filtered && !self.scope.empty_account {
            let need = Need::EmptyAccount.as_str();
            let hint = format!("filter by name, or add `{need}` to `needs`");
            self.wrong(place.span, format!("ListSecrets without Filters needs `{need}`"), &hint);
        }
    }
}

/// A member of the input, by its name.
fn member(input: &Template, name: &str) -> Option<Template> {
    match input {
        Template::Value(value) => value.get(name).cloned().map(Template::Value),
        Template::Map(members) => members
            .iter()
            .find(|(key, _)| matches!(key, Template::Value(Value::String(key)) if key == name))
            .map(|(_, value)| value.clone()),
        _ => None,
    }
}
