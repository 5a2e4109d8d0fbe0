//! Names for people: in verdicts, reports and snapshots.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

use serde_json::Value;

use super::class::{Class, is_member_name, is_uuid};
use super::message::{self, Known, Trace};
use super::password::Rule;
use super::tree::Tree;
use super::walk::{self, Leaf, Naming};
use crate::service::SecretArn;

/// A literal longer than this is cut, and gets a number that keeps it apart from others.
const LONG: usize = 120;
/// How much of a literal that is cut is shown.
const HEAD: usize = 40;

/// Names values for display: in verdicts, reports and snapshots. The same value has the same name wherever it
/// stands, for as long as the redactor lives (one scenario).
#[derive(Default)]
pub struct Redactor {
    /// Names that were told.
    told: HashMap<String, String>,
    /// Names that were given.
    given: HashMap<(Group, String), String>,
    literals: HashSet<String>,
    /// In which order values appeared.
    appeared: HashMap<String, usize>,
    counts: BTreeMap<String, usize>,
    /// Parts of secrets, for messages: what a secret in JSON holds, and what one in base64 says.
    parts: Vec<Known>,
    rule: Rule,
}

/// Values of different groups have different names, even where they are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Group {
    Plain,
    Secret,
    Number,
    Long,
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redactor({} told, {} given)", self.told.len(), self.given.len())
    }
}

impl Redactor {
    /// A redactor that knows no value yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Tells the name of a value: a variable's (`${db}`, `${v1}`), an ARN's (`<arn:db>`).
    pub fn name(&mut self, value: &str, shown: &str) {
        if let Some(base) = shown.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')) {
            *self.counts.entry(base.to_owned()).or_insert(0) += 1;
        }
        self.told.insert(value.to_owned(), shown.to_owned());
    }

    /// Tells a literal that the scenario sent; it stays readable in members that are not sensitive.
    pub fn literal(&mut self, value: &str) {
        self.literals.insert(value.to_owned());
    }

    /// Tells one name for several values, which nothing shall tell apart from now on: versions and secrets of
    /// requests that were sent at once.
    pub fn alias(&mut self, values: &[String], shown: &str) {
        let place = self.appeared.len();
        for value in values {
            // One place in the order too, or the order of a list would tell them apart.
            self.appeared.insert(value.clone(), place);
            self.told.insert(value.clone(), shown.to_owned());
            self.given.insert((Group::Secret, value.clone()), shown.to_owned());
        }
    }

    /// A whole input of an operation.
    pub fn input(&mut self, operation: Option<&str>, input: &Value) -> Value {
        self.input_tree(operation, input).into_value()
    }

    /// A whole input of an operation, its members in the order of the service model.
    pub fn input_tree(&mut self, operation: Option<&str>, input: &Value) -> Tree {
        if operation == Some("GetRandomPassword") {
            self.rule = Rule::of(input);
        }
        walk::input(self, operation, input)
    }

    /// A whole output of an operation, or the body of a failure.
    pub fn output(&mut self, operation: Option<&str>, output: &Value) -> Value {
        self.output_tree(operation, output).into_value()
    }

    /// A whole output of an operation, or the body of a failure, its members in the order of the service model.
    pub fn output_tree(&mut self, operation: Option<&str>, output: &Value) -> Tree {
        walk::output(self, operation, output)
    }

    /// The value at a path (`Tags[0].Value`; empty for the whole) of an output.
    pub fn output_at(&mut self, operation: Option<&str>, path: &str, value: &Value) -> Value {
        walk::output_at(self, operation, path, value).into_value()
    }

    /// An error message: identities, ARNs, account numbers and every value that has a name are replaced.
    pub fn message(&mut self, text: &str) -> String {
        let mut known = self.parts.clone();
        let pair = |(value, shown): (&String, &String)| Known { value: value.clone(), shown: shown.clone() };
        known.extend(self.told.iter().map(pair));
        let given = self.given.iter().filter(|((group, _), _)| *group != Group::Number);
        known.extend(given.map(|((_, value), shown)| pair((value, shown))));
        message::mask(text, &known, &mut |trace, value| match trace {
            Trace::Arn => match self.arn(value) {
                shown if shown == value => "<arn>".to_owned(),
                shown => shown,
            },
            Trace::Uuid => self.give(Group::Plain, value, "uuid"),
            Trace::AccessKey => "<access-key>".to_owned(),
            Trace::Digest => "<digest>".to_owned(),
            Trace::Token => "<token>".to_owned(),
            Trace::Identity => "<identity>".to_owned(),
            Trace::Time => "<time>".to_owned(),
            Trace::Host => "<host>".to_owned(),
            Trace::Account => "<account>".to_owned(),
        })
    }

    /// The name that was told or given, if there is one.
    fn known(&mut self, group: Group, value: &str) -> Option<String> {
        let shown = match self.told.get(value) {
            Some(shown) if group == Group::Plain => shown.clone(),
            _ => self.given.get(&(group, value.to_owned()))?.clone(),
        };
        self.appear(value);
        Some(shown)
    }

    fn appear(&mut self, value: &str) {
        let next = self.appeared.len();
        self.appeared.entry(value.to_owned()).or_insert(next);
    }

    /// The name of a value that has none yet: `<uuid:1>`, `<uuid:2>`.
    fn give(&mut self, group: Group, value: &str, kind: &str) -> String {
        if let Some(shown) = self.known(group, value) {
            return shown;
        }
        let count = self.counts.entry(kind.to_owned()).or_insert(0);
        *count += 1;
        let shown = format!("<{kind}:{count}>");
        self.keep(group, value, shown)
    }

    /// The same for what has a variable's name: `<arn:db>`, and `<arn:db:2>` for another one of that name.
    fn give_of(&mut self, kind: &str, of: &str, value: &str) -> String {
        let base = format!("{kind}:{of}");
        let count = self.counts.entry(base.clone()).or_insert(0);
        *count += 1;
        let shown = if *count == 1 { format!("<{base}>") } else { format!("<{base}:{count}>") };
        self.keep(Group::Plain, value, shown)
    }

    fn keep(&mut self, group: Group, value: &str, shown: String) -> String {
        self.appear(value);
        self.given.insert((group, value.to_owned()), shown.clone());
        shown
    }

    /// A literal, with the names in it replaced; a long one is cut.
    fn readable(&mut self, text: &str) -> String {
        let shown = self.with_names(text);
        let length = text.chars().count();
        if length <= LONG {
            return shown;
        }
        let number = match self.given.get(&(Group::Long, text.to_owned())) {
            Some(shown) => shown.clone(),
            None => {
                let count = self.counts.entry("long".to_owned()).or_insert(0);
                *count += 1;
                let shown = format!("<long:{count}, {length} characters>");
                self.given.insert((Group::Long, text.to_owned()), shown.clone());
                shown
            }
        };
        let head: String = shown.chars().take(HEAD).collect();
        format!("{head}…{number}")
    }

    /// The text with every name that was told replaced.
    fn with_names(&self, text: &str) -> String {
        let mut told: Vec<(&String, &String)> =
            self.told.iter().filter(|(value, _)| value.len() >= 8 && text.contains(value.as_str())).collect();
        told.sort_by(|a, b| (b.0.len(), a.0).cmp(&(a.0.len(), b.0)));
        told.into_iter().fold(text.to_owned(), |text, (value, shown)| text.replace(value.as_str(), shown))
    }

    /// What a secret's name is called inside another name: `db` for `${db}`; `None` for a name nobody told.
    fn name_of(&mut self, name: &str) -> Option<String> {
        match self.told.get(name) {
            Some(shown) => {
                let bare = shown.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
                Some(bare.unwrap_or(shown).to_owned())
            }
            None => self.literals.contains(name).then(|| self.readable(name)),
        }
    }

    fn arn(&mut self, text: &str) -> String {
        if let Some(shown) = self.known(Group::Plain, text) {
            return shown;
        }
        if self.literals.contains(text) {
            return self.readable(text);
        }
        let Some(arn) = SecretArn::parse(text) else { return self.closed(text) };
        if let Some(of) = self.name_of(arn.resource) {
            return self.give_of("partial", &of, text);
        }
        let complete = arn.name_and_suffix().filter(|(name, _)| arn.is_complete_for(name));
        match complete.and_then(|(name, _)| self.name_of(name)) {
            Some(of) => self.give_of("arn", &of, text),
            None => self.give(Group::Plain, text, "arn"),
        }
    }

    /// A text that nobody has judged.
    fn closed(&mut self, text: &str) -> String {
        if let Some(shown) = self.known(Group::Plain, text) {
            return shown;
        }
        if self.literals.contains(text) {
            return self.readable(text);
        }
        if let Some(shown) = self.known(Group::Secret, text) {
            return shown;
        }
        if SecretArn::parse(text).is_some() {
            return self.arn(text);
        }
        self.give(Group::Plain, text, if is_uuid(text) { "uuid" } else { "text" })
    }

    fn named(&mut self, text: &str, kind: &str) -> String {
        if let Some(shown) = self.known(Group::Plain, text) {
            return shown;
        }
        if self.literals.contains(text) {
            return self.readable(text);
        }
        self.give(Group::Plain, text, kind)
    }

    fn secret(&mut self, text: &str, is_base64: bool) -> String {
        if let Some(shown) = self.known(Group::Secret, text) {
            return shown;
        }
        let shown = self.give(Group::Secret, text, "secret");
        let parts = message::parts(text, is_base64);
        self.parts.extend(parts.into_iter().map(|value| Known { value, shown: shown.clone() }));
        shown
    }

    fn text(&mut self, class: Class, text: &str) -> String {
        match class {
            Class::Open => self.readable(text),
            Class::Key if is_member_name(text) => text.to_owned(),
            Class::Key => self.give(Group::Plain, text, "key"),
            Class::Name => self.named(text, "name"),
            Class::Id if SecretArn::parse(text).is_some() => self.arn(text),
            Class::Id => self.named(text, "name"),
            Class::Arn => self.arn(text),
            Class::Version => self.named(text, if is_uuid(text) { "uuid" } else { "text" }),
            Class::Cursor => self.named(text, "token"),
            Class::Message => self.message(text),
            Class::Secret => self.secret(text, false),
            Class::Blob => self.secret(text, true),
            Class::Password => {
                self.parts.push(Known { value: text.to_owned(), shown: "<password>".to_owned() });
                self.rule.describe(text)
            }
            Class::Time | Class::Day | Class::Closed => self.closed(text),
        }
    }
}

impl Naming for Redactor {
    fn stand(&mut self, leaf: Leaf<'_>) -> Value {
        match (leaf.class, leaf.value) {
            (class, Value::String(text)) => Value::String(self.text(class, text)),
            (Class::Open, _) => leaf.value.clone(),
            (Class::Time | Class::Day, Value::Number(_)) => Value::String("<time>".to_owned()),
            (_, Value::Number(number)) => {
                Value::String(self.give(Group::Number, &number.to_string(), "number"))
            }
            (_, other) => other.clone(),
        }
    }

    fn rank(&self, leaf: Leaf<'_>) -> Value {
        let blank = |kind: &str| Value::String(format!("~{kind}"));
        match (leaf.class, leaf.value) {
            (Class::Open, value) => value.clone(),
            (Class::Time | Class::Day, Value::Number(_)) => blank("time"),
            (Class::Message, Value::String(_)) => blank("message"),
            (Class::Password, Value::String(text)) => Value::String(self.rule.describe(text)),
            (_, Value::String(text)) => match self.appeared.get(text.as_str()) {
                Some(order) => Value::String(format!("{order:06}")),
                None => match self.told.get(text) {
                    Some(shown) => Value::String(format!("~{shown}")),
                    None if self.literals.contains(text) && !leaf.class.is_sensitive() => {
                        Value::String(self.with_names(text))
                    }
                    None => blank("value"),
                },
            },
            (_, Value::Number(_)) => blank("number"),
            (_, other) => other.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ARN: &str = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:smcheck_run_db-Ab12Cd";

    fn redactor() -> Redactor {
        let mut redactor = Redactor::new();
        redactor.name("smcheck_run_db", "${db}");
        redactor.name("0f8fad5b-d9cb-469f-a165-70867728950e", "${v1}");
        redactor.literal("a team");
        redactor
    }

    #[test]
    fn relations_survive() {
        let mut redactor = redactor();
        let shown = redactor.output(
            Some("GetSecretValue"),
            &json!({"ARN": ARN, "Name": "smcheck_run_db", "SecretString": "one", "CreatedDate": 1.5,
                "VersionId": "0f8fad5b-d9cb-469f-a165-70867728950e", "VersionStages": ["B", "A"]}),
        );
        assert_eq!(
            shown,
            json!({"ARN": "<arn:db>", "Name": "${db}", "SecretString": "<secret:1>", "CreatedDate": "<time>",
                "VersionId": "${v1}", "VersionStages": ["A", "B"]})
        );
        let shown = redactor.input(
            Some("PutSecretValue"),
            &json!({"SecretId": ARN, "SecretString": "two", "ClientRequestToken": "7c9e6679-7425-40de-944b-e07fc1f90ae7"}),
        );
        assert_eq!(
            shown,
            json!({"SecretId": "<arn:db>", "SecretString": "<secret:2>", "ClientRequestToken": "<uuid:1>"})
        );
        let other = ARN.replace("Ab12Cd", "Zz99Zz");
        let at =
            |redactor: &mut Redactor, path, value| redactor.output_at(Some("DescribeSecret"), path, &value);
        assert_eq!(at(&mut redactor, "ARN", json!(other)), json!("<arn:db:2>"));
        assert_eq!(at(&mut redactor, "ARN", json!(&ARN[..ARN.len() - 7])), json!("<partial:db>"));
        assert_eq!(at(&mut redactor, "ARN", json!("arn:aws:secretsmanager:r:1:secret:x")), json!("<arn:1>"));
    }

    #[test]
    fn a_literal_stays_readable_and_a_secret_does_not() {
        let mut redactor = redactor();
        redactor.literal("one");
        let at =
            |redactor: &mut Redactor, path, value| redactor.output_at(Some("DescribeSecret"), path, &value);
        assert_eq!(at(&mut redactor, "Description", json!("a team")), json!("a team"));
        assert_eq!(at(&mut redactor, "Description", json!("another")), json!("<text:1>"));
        assert_eq!(at(&mut redactor, "Tags[0].Value", json!("a team")), json!("a team"));
        assert_eq!(at(&mut redactor, "Tags[0].Value", json!("another")), json!("<text:1>"));
        assert_eq!(at(&mut redactor, "Surprise.deep[3]", json!("secret")), json!("<text:2>"));
        assert_eq!(at(&mut redactor, "CreatedDate", json!("today")), json!("<text:3>"));
        assert_eq!(at(&mut redactor, "VersionIdsToStages.x", json!(["AWSCURRENT"])), json!(["AWSCURRENT"]));
        let secret = redactor.output_at(Some("GetSecretValue"), "SecretString", &json!("one"));
        assert_eq!(secret, json!("<secret:1>"));
    }

    #[test]
    fn a_password_is_its_length_and_classes() {
        let mut redactor = redactor();
        redactor.input(Some("GetRandomPassword"), &json!({"IncludeSpace": true}));
        let shown = redactor.output(Some("GetRandomPassword"), &json!({"RandomPassword": "aB3! aB3!"}));
        assert_eq!(shown, json!({"RandomPassword": "<password: 9, lower upper digit punctuation space>"}));
    }

    #[test]
    fn an_unordered_list_is_sorted_before_anything_in_it_is_numbered() {
        let versions = |order: [usize; 2]| {
            let entries = [
                json!({"VersionId": "7c9e6679-7425-40de-944b-e07fc1f90ae7", "VersionStages": ["A"]}),
                json!({"VersionId": "16fd2706-8baf-433b-82eb-8c7fada847da", "VersionStages": ["B"]}),
            ];
            json!({"Versions": order.map(|at| entries[at].clone())})
        };
        let shown = |order| redactor().output(Some("ListSecretVersionIds"), &versions(order));
        assert_eq!(shown([0, 1]), shown([1, 0]));
    }

    #[test]
    fn a_failure_is_shown_with_its_names() {
        let mut redactor = redactor();
        let shown = redactor.output(
            Some("CreateSecret"),
            &json!({"__type": "ResourceExistsException", "Message": "the secret smcheck_run_db exists", "x": "y"}),
        );
        assert_eq!(
            shown,
            json!({"__type": "ResourceExistsException", "Message": "the secret ${db} exists", "x": "<text:1>"})
        );
        assert_eq!(redactor.message(&format!("{ARN}: no")), "<arn:db>: no");
    }
}
