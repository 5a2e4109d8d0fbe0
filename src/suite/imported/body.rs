//! Bodies: stand-ins become variables, what differs from run to run becomes a matcher.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::calls::Call;
use super::names::{Names, matcher};
use super::yaml::text;
use crate::scenario::template::escaped;
use crate::service::redact::{Class, Leaf, Naming, Tree, walk};
use crate::service::time::{DAY_MS, Timestamp};
use crate::service::{ErrorBody, SecretArn, shapes};
use crate::store::fixture::BASE;
use crate::store::form;

/// `with` of a step.
pub(super) fn input(names: &mut Names, call: &Call, needs: &mut BTreeSet<&'static str>) -> Tree {
    let mut input = call.input.clone();
    if call.operation == "ListSecrets" {
        filters(names, call, &mut input, needs);
    }
    let mut provided = |member: &str, need: &'static str| {
        // The key of the account is written as it is, and any other is somebody's own.
        if input.get(member).and_then(Value::as_str).is_some_and(form::is_stand_in) {
            needs.insert(need);
            input[member] = Value::from(format!("\u{0}{need}"));
        }
    };
    provided("KmsKeyId", "customer-kms-key");
    provided("RotationLambdaARN", "rotation-lambda");
    let tree = walk::input(&mut Asking(names), Some(&call.operation), &input);
    if call.operation == "CreateSecret"
        && let (Some(name), true) = (call.asked("Name"), call.succeeded)
    {
        names.create(name);
    }
    tree
}

/// A filter's values are stand-ins: those that were to find what was found become its names.
fn filters(names: &Names, call: &Call, input: &mut Value, needs: &mut BTreeSet<&'static str>) {
    let listed = call.output.as_ref().and_then(|body| body.get("SecretList")).and_then(Value::as_array);
    let found: Vec<&str> =
        listed.into_iter().flatten().filter_map(|entry| entry.get("Name")?.as_str()).collect();
    let filters = input.get_mut("Filters").and_then(Value::as_array_mut);
    let mut narrowed = false;
    for filter in filters.into_iter().flatten().filter(|filter| filter["Key"] == "name") {
        narrowed = true;
        let known =
            !found.is_empty() && found.len() <= 10 && found.iter().all(|name| names.variable(name).is_some());
        let values = filter.get("Values").and_then(Value::as_array).cloned().unwrap_or_default();
        let opaque = values.iter().any(|value| value.as_str().is_some_and(form::is_stand_in));
        if known && opaque {
            filter["Values"] = json!(found);
        }
    }
    if !narrowed {
        needs.insert("empty-account");
    }
}

struct Asking<'n>(&'n mut Names);

impl Naming for Asking<'_> {
    fn stand(&mut self, leaf: Leaf<'_>) -> Value {
        let Value::String(value) = leaf.value else { return leaf.value.clone() };
        if let Some(need) = value.strip_prefix('\u{0}') {
            return Value::from(format!("${{{need}}}"));
        }
        Value::from(match leaf.class {
            Class::Key => return leaf.value.clone(),
            Class::Id | Class::Arn | Class::Name => self.0.id(value),
            Class::Version => self.0.sent_version(value),
            Class::Cursor => return self.0.cursor(value, false),
            _ => match self.0.variable(value) {
                Some(variable) => format!("${{{variable}}}"),
                None => escaped(value),
            },
        })
    }

    fn rank(&self, leaf: Leaf<'_>) -> Value {
        leaf.value.clone()
    }
}

/// `returns` or `fails` of a step.
pub(super) fn output(names: &mut Names, call: &Call) -> Option<(String, Tree)> {
    if !call.succeeded {
        let error = call.output.as_ref().and_then(ErrorBody::read);
        let Some(error) = error else { return Some(("fails".to_owned(), Tree::Map(Vec::new()))) };
        let mut fails = vec![("code".to_owned(), text(&error.code))];
        let message = error.message.as_deref().and_then(|message| names.message(message));
        fails.extend(message.map(|message| ("message".to_owned(), text(&message))));
        return Some(("fails".to_owned(), Tree::Map(fails)));
    }
    let mut body = call.output.clone()?;
    let mut partial = strange(&call.operation, &mut body);
    partial |= unknown_secrets(names, &mut body);
    partial |= unsaved_keys(names, &mut body);
    let tree = walk::output_as_it_stands(&mut Answering(names), Some(&call.operation), &body);
    let Tree::Map(mut members) = unordered(tree) else { return None };
    if partial {
        members.insert(0, ("$partial".to_owned(), Tree::Leaf(true.into())));
    }
    Some(("returns".to_owned(), Tree::Map(members)))
}

/// Takes out members that the model does not know.
fn strange(operation: &str, body: &mut Value) -> bool {
    let output = shapes().operation(operation).and_then(|operation| operation.output);
    let Some(members) = body.as_object_mut() else { return false };
    let before = members.len();
    members.retain(|name, _| output.is_some_and(|output| shapes().member(output, name).is_some()));
    members.len() < before
}

/// Takes out a list in which secrets of others stand.
fn unknown_secrets(names: &Names, body: &mut Value) -> bool {
    let Some(list) = body.get("SecretList").and_then(Value::as_array) else { return false };
    let known = |entry: &Value| entry["Name"].as_str().is_some_and(|name| names.variable(name).is_some());
    if list.iter().all(known) {
        return false;
    }
    body.as_object_mut().is_some_and(|members| members.remove("SecretList").is_some())
}

/// Takes out maps by version in which a version stands that has no variable yet.
fn unsaved_keys(names: &Names, body: &mut Value) -> bool {
    let Some(members) = body.as_object_mut() else { return false };
    let stages = ["VersionIdsToStages", "SecretVersionsToStages"];
    let unknown =
        |value: &Value| value.as_object().is_some_and(|map| map.keys().any(|id| !names.knows_version(id)));
    let mut partial = false;
    for name in stages {
        if members.get(name).is_some_and(unknown) {
            members.remove(name);
            partial = true;
        }
    }
    if let Some(list) = members.get_mut("SecretList").and_then(Value::as_array_mut) {
        for entry in list {
            if entry.get("SecretVersionsToStages").is_some_and(unknown)
                && let Some(entry) = entry.as_object_mut()
            {
                entry.remove("SecretVersionsToStages");
                entry.insert("$partial".to_owned(), Value::Bool(true));
            }
        }
    }
    partial
}

/// Lists without an order, as matchers.
pub(in crate::suite) fn unordered(tree: Tree) -> Tree {
    const MEMBERS: [&str; 4] = ["VersionStages", "Versions", "Tags", "KmsKeyIds"];
    const MAPS: [&str; 2] = ["VersionIdsToStages", "SecretVersionsToStages"];
    let loose = |tree: Tree| match tree {
        Tree::List(entries) if entries.len() > 1 => matcher("$unordered", Tree::List(entries)),
        other => other,
    };
    match tree {
        Tree::Map(members) => {
            let member = |(key, value): (String, Tree)| {
                let value = match (value, MAPS.contains(&key.as_str())) {
                    (Tree::Map(versions), true) => {
                        Tree::Map(versions.into_iter().map(|(id, labels)| (id, loose(labels))).collect())
                    }
                    (value, _) => unordered(value),
                };
                let value = if MEMBERS.contains(&key.as_str()) { loose(value) } else { value };
                (key, value)
            };
            Tree::Map(members.into_iter().map(member).collect())
        }
        Tree::List(entries) => Tree::List(entries.into_iter().map(unordered).collect()),
        leaf => leaf,
    }
}

struct Answering<'n>(&'n mut Names);

impl Naming for Answering<'_> {
    fn stand(&mut self, leaf: Leaf<'_>) -> Value {
        match (leaf.class, leaf.value) {
            (Class::Key, Value::String(key)) => Value::from(key.as_str()),
            (Class::Time | Class::Day, Value::Number(number)) => time(number.as_f64()),
            (class, Value::String(value)) => self.text(class, value),
            (_, other) => other.clone(),
        }
    }

    fn rank(&self, leaf: Leaf<'_>) -> Value {
        leaf.value.clone()
    }
}

impl Answering<'_> {
    fn text(&mut self, class: Class, value: &str) -> Value {
        match class {
            Class::Arn | Class::Id if SecretArn::parse(value).is_some() => self.0.arn(value),
            Class::Name | Class::Id | Class::Arn => Value::from(self.0.id(value)),
            Class::Version => self.0.answered_version(value),
            Class::Cursor => self.0.cursor(value, true),
            Class::Password => json!({"$length": value.chars().count()}),
            // Of a key that the target provided nothing is known here.
            _ if value.starts_with("arn:") && form::is_stand_in(value) => json!({"$type": "string"}),
            _ => match self.0.variable(value) {
                Some(variable) => Value::from(format!("${{{variable}}}")),
                None => Value::from(escaped(value)),
            },
        }
    }
}

/// A time that lies days away is told, since it is what the call asked for.
fn time(seconds: Option<f64>) -> Value {
    let at = seconds.and_then(Timestamp::from_seconds);
    let days = at.map_or(0, |at| (at.0 - BASE.0).div_euclid(DAY_MS));
    match days {
        ..=0 => json!({"$time": "any"}),
        days => json!({"$time": {"in": format!("{days} days")}}),
    }
}
