//! Binding: which value of the client each stand-in of a recording stands for.
//!
//! A stand-in is bound by the request that carries it, by typed member and whole value: version ids and tokens,
//! names with what stands around their unique part, names within ARNs, secret values. One stand-in stands for one
//! value and one value for one stand-in, so that equality between requests still counts.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::names::Names;
use crate::service::SecretArn;
use crate::service::redact::Class;
use crate::service::redact::class::is_uuid;
use crate::store::fixture::NameForm;
use crate::store::form::is_stand_in;

/// How many bytes of a stand-in are looked at before it is looked up.
const HEAD: usize = 4;

/// What the stand-ins of a recording stand for, as far as requests and responses have shown.
#[derive(Clone, Default)]
pub struct Bindings {
    /// Stand-ins of names, with what every name looks like.
    names: Arc<Names>,
    values: HashMap<Arc<str>, Arc<str>>,
    /// By group, then by value.
    stand_ins: [HashMap<Arc<str>, Arc<str>>; 5],
    /// How long the stand-ins are that are bound, by their first bytes: for finding them in a text.
    lengths: HashMap<[u8; HEAD], BTreeSet<usize>>,
    /// Grows with every binding.
    generation: u64,
}

impl fmt::Debug for Bindings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bindings({})", self.values.len())
    }
}

/// Values of different groups do not stand in each other's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Group {
    Name,
    Uuid,
    Arn,
    Secret,
    Text,
}

/// What a match would bind.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct New(Vec<(Group, String, String)>);

impl New {
    /// How many stand-ins it would bind.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it would bind nothing but tokens and secrets, which are new with every request.
    pub fn is_fresh(&self) -> bool {
        self.0.iter().all(|(group, _, _)| matches!(group, Group::Uuid | Group::Secret))
    }

    /// Whether it would bind none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for New {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "New({})", self.0.len())
    }
}

impl Bindings {
    /// No bindings yet; `names` are the stand-ins of names.
    pub fn new(names: Arc<Names>) -> Self {
        Bindings { names, ..Self::default() }
    }

    /// One more stand-in of a name, while a recording is being read.
    pub(super) fn know(&mut self, stand_in: String, form: NameForm) {
        Arc::make_mut(&mut self.names).add(stand_in, form);
    }

    pub(super) fn into_names(self) -> Arc<Names> {
        self.names
    }

    /// Keeps what a match has bound.
    pub fn keep(&mut self, new: New) {
        for (group, stand_in, value) in new.0 {
            let (stand_in, value): (Arc<str>, Arc<str>) = (stand_in.into(), value.into());
            if let Some(head) = head(&stand_in) {
                self.lengths.entry(head).or_default().insert(stand_in.len());
            }
            self.stand_ins[group as usize].insert(Arc::clone(&value), Arc::clone(&stand_in));
            self.values.insert(stand_in, value);
            self.generation += 1;
        }
    }

    /// A number that is another one whenever something was bound in between.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// The value that a stand-in stands for.
    pub fn value(&self, stand_in: &str) -> Option<&str> {
        self.values.get(stand_in).map(|value| &**value)
    }

    /// The stand-in of a value that is bound.
    pub fn stand_in(&self, value: &str) -> Option<&str> {
        let groups = [Group::Name, Group::Uuid, Group::Arn, Group::Secret, Group::Text];
        groups.into_iter().find_map(|group| self.in_group(group, value))
    }

    /// The stand-in of a value where only that one could stand in a member of this class: `None` too where the class
    /// does not tell.
    pub fn stand_in_of(&self, class: Class, value: &str) -> Option<&str> {
        let group = match class {
            _ if class.is_sensitive() => Group::Secret,
            Class::Name => Group::Name,
            Class::Id if SecretArn::parse(value).is_none() => Group::Name,
            Class::Id | Class::Arn => Group::Arn,
            Class::Version => Group::Uuid,
            _ => return None,
        };
        self.in_group(group, value)
    }

    fn in_group(&self, group: Group, value: &str) -> Option<&str> {
        self.stand_ins[group as usize].get(value).map(|found| &**found)
    }

    /// The stand-ins of names.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// The longest bound stand-in that a text begins with, and its value. `secret-0001` is not one that
    /// `secret-00012` begins with.
    pub fn at_start(&self, text: &str) -> Option<(usize, &str)> {
        let lengths = self.lengths.get(&head(text)?)?;
        lengths.iter().rev().find_map(|length| {
            let stand_in = text.get(..*length)?;
            let ends = !text[*length..].starts_with(|c: char| c.is_ascii_digit());
            self.value(stand_in).filter(|_| ends).map(|value| (*length, value))
        })
    }

    /// Whether the text holds nothing but a stand-in.
    pub fn is_stand_in(&self, text: &str) -> bool {
        self.names.contains(text) || is_uuid_stand_in(text) || is_stand_in(text)
    }

    /// Holds a recorded value against one that a client sent; `new` takes what has to be bound for it.
    pub fn matches(&self, new: &mut New, class: Class, recorded: &Value, sent: &Value) -> bool {
        match (recorded, sent) {
            (Value::String(recorded), Value::String(sent)) => self.matches_text(new, class, recorded, sent),
            (Value::Number(_), Value::Number(_)) if class != Class::Open => true,
            (Value::Number(recorded), Value::Number(sent)) => recorded.as_f64() == sent.as_f64(),
            _ => recorded == sent,
        }
    }

    fn matches_text(&self, new: &mut New, class: Class, recorded: &str, sent: &str) -> bool {
        if class.is_sensitive() {
            return self.bind(new, Group::Secret, recorded, sent);
        }
        if self.names.contains(recorded) {
            return self.bind_name(new, recorded, sent);
        }
        if is_uuid_stand_in(recorded) {
            return is_uuid(sent) && self.bind(new, Group::Uuid, recorded, sent);
        }
        if let Some(form) = self.arn_form(recorded) {
            return self.bind_arn(new, recorded, &form, sent);
        }
        if is_stand_in(recorded) {
            return self.bind(new, Group::Text, recorded, sent);
        }
        self.matches_literal(new, class, recorded, sent)
    }

    /// A literal in which names may stand. A name that is not bound yet is bound by what stands in its place, if
    /// the member is one for names and nothing else is open.
    fn matches_literal(&self, new: &mut New, class: Class, recorded: &str, sent: &str) -> bool {
        if recorded == sent {
            return true;
        }
        let mut filled = recorded.to_owned();
        let mut open = None;
        for name in self.names.within(recorded) {
            match self.bound(new, name) {
                Some(value) => filled = filled.replace(name, value),
                None if open.is_none() => open = Some(name),
                None => return false,
            }
        }
        match open {
            None => filled == sent,
            Some(name) if matches!(class, Class::Name | Class::Id) => {
                let Some((before, after)) = filled.split_once(name) else { return false };
                let inner = sent.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
                inner.is_some_and(|inner| self.bind_name(new, name, inner))
            }
            Some(_) => false,
        }
    }

    fn bound<'b>(&'b self, new: &'b New, stand_in: &str) -> Option<&'b str> {
        let fresh = new.0.iter().find(|(_, found, _)| found == stand_in).map(|(_, _, value)| value.as_str());
        fresh.or_else(|| self.value(stand_in))
    }

    fn bind(&self, new: &mut New, group: Group, stand_in: &str, value: &str) -> bool {
        if let Some(bound) = self.bound(new, stand_in) {
            return bound == value;
        }
        let taken = self.stand_ins[group as usize].contains_key(value)
            || new.0.iter().any(|(other, _, bound)| *other == group && bound == value);
        if !taken {
            new.0.push((group, stand_in.to_owned(), value.to_owned()));
        }
        !taken
    }

    fn bind_name(&self, new: &mut New, stand_in: &str, value: &str) -> bool {
        let form = self.names.form(stand_in).cloned().unwrap_or_default();
        let fits = value.len() > form.prefix.len() + form.suffix.len()
            && value.starts_with(&form.prefix)
            && value.ends_with(&form.suffix)
            && SecretArn::parse(value).is_none();
        fits && self.bind(new, Group::Name, stand_in, value)
    }

    fn bind_arn(&self, new: &mut New, stand_in: &str, form: &ArnForm, value: &str) -> bool {
        if let Some(bound) = self.bound(new, stand_in) {
            return bound == value;
        }
        let Some(arn) = SecretArn::parse(value) else { return false };
        let name = match form.suffix {
            None => arn.resource,
            Some(length) => {
                let Some(at) = arn.resource.len().checked_sub(length + 1) else { return false };
                match arn.resource.split_at_checked(at) {
                    Some((name, rest)) if rest.starts_with('-') => name,
                    _ => return false,
                }
            }
        };
        self.matches_text(new, Class::Name, &form.name, name) && self.bind(new, Group::Arn, stand_in, value)
    }

    /// How the stand-in of an ARN is made of the stand-in of a name; `None` for anything else.
    pub fn arn_form(&self, stand_in: &str) -> Option<ArnForm> {
        let arn = SecretArn::parse(stand_in)?;
        if !(arn.account.bytes().all(|b| b == b'0') || arn.account == "smcheck") {
            return None;
        }
        if self.names.contains(arn.resource) {
            return Some(ArnForm { name: arn.resource.to_owned(), suffix: None });
        }
        let (name, suffix) = arn.resource.rsplit_once('-')?;
        let digits = suffix.trim_start_matches('A');
        let numbered = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        numbered.then(|| ArnForm { name: name.to_owned(), suffix: Some(suffix.len()) })
    }

    /// The ARN that a stand-in stands for: the bound one, or the stand-in with the bound name in it.
    pub fn arn(&self, stand_in: &str) -> Option<String> {
        if let Some(value) = self.value(stand_in) {
            return Some(value.to_owned());
        }
        let form = self.arn_form(stand_in)?;
        let arn = SecretArn::parse(stand_in)?;
        let head = &stand_in[..stand_in.len() - arn.resource.len()];
        let tail = &arn.resource[form.name.len()..];
        let name =
            match self.value(&form.name) {
                Some(bound) => bound.to_owned(),
                // A scenario may write text around a name that it declared.
                None => self.names.within(&form.name).into_iter().fold(form.name.clone(), |text, name| {
                    text.replace(name, self.value(name).unwrap_or(name))
                }),
            };
        Some(format!("{head}{name}{tail}"))
    }

    /// Binds what a response has said to what it has said it with.
    pub fn answered(&mut self, stand_in: &str, value: &str) {
        let group = if self.names.contains(stand_in) {
            Group::Name
        } else if is_uuid_stand_in(stand_in) {
            Group::Uuid
        } else if self.arn_form(stand_in).is_some() {
            Group::Arn
        } else if stand_in.contains("smcheck-secret-") {
            Group::Secret
        } else {
            Group::Text
        };
        if self.value(stand_in).is_none() {
            self.keep(New(vec![(group, stand_in.to_owned(), value.to_owned())]));
        }
    }
}

/// How the stand-in of an ARN is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArnForm {
    /// The stand-in of the name, or the name.
    pub name: String,
    /// The length of the suffix; `None` where there is none.
    pub suffix: Option<usize>,
}

fn head(text: &str) -> Option<[u8; HEAD]> {
    text.as_bytes().first_chunk().copied()
}

fn is_uuid_stand_in(text: &str) -> bool {
    let rest = text.strip_prefix("00000000-0000-4000-");
    is_uuid(text) && rest.is_some_and(|rest| rest.starts_with("8000-") || rest.starts_with("A000-"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const UUID: &str = "00000000-0000-4000-8000-000000000001";

    fn bindings() -> Bindings {
        let around = NameForm { prefix: "a/".to_owned(), suffix: "-x".to_owned() };
        let plain = ("secret-0001".to_owned(), NameForm::default());
        let names = BTreeMap::from([plain, ("a/secret-0002-x".to_owned(), around)]);
        Bindings::new(Arc::new(Names::new(names)))
    }

    fn bind(bindings: &mut Bindings, class: Class, recorded: &str, sent: &str) -> bool {
        let mut new = New::default();
        let matches = bindings.matches_text(&mut new, class, recorded, sent);
        if matches {
            bindings.keep(new);
        }
        matches
    }

    #[test]
    fn a_stand_in_stands_for_one_value_and_a_value_for_one_stand_in() {
        let mut bindings = bindings();
        assert!(bind(&mut bindings, Class::Name, "secret-0001", "db"));
        assert!(bind(&mut bindings, Class::Id, "secret-0001", "db"));
        assert!(!bind(&mut bindings, Class::Id, "secret-0001", "other"));
        assert!(!bind(&mut bindings, Class::Name, "a/secret-0002-x", "db"));
        assert!(!bind(&mut bindings, Class::Name, "a/secret-0002-x", "b/db-x"));
        assert!(bind(&mut bindings, Class::Name, "a/secret-0002-x", "a/db-x"));
        assert!(!bind(&mut bindings, Class::Version, UUID, "no-uuid"));
        assert!(bind(&mut bindings, Class::Version, UUID, "0f8fad5b-d9cb-469f-a165-70867728950e"));
        assert!(bind(&mut bindings, Class::Secret, "smcheck-secret-0001", "hunter2"));
        assert!(!bind(&mut bindings, Class::Secret, "smcheck-secret-0002", "hunter2"));
    }

    #[test]
    fn an_arn_binds_the_name_within() {
        let mut bindings = bindings();
        let recorded = "arn:aws:secretsmanager:us-east-1:000000000000:secret:secret-0001-AAAAA1";
        let sent = "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/db-Ab12Cd";
        assert!(bind(&mut bindings, Class::Id, recorded, sent));
        assert_eq!(bindings.value("secret-0001"), Some("prod/db"));
        assert_eq!(bindings.arn(recorded).as_deref(), Some(sent));
        let other = "arn:aws:secretsmanager:us-east-1:000000000000:secret:secret-0001-AAAAA2";
        assert_eq!(
            bindings.arn(other).as_deref(),
            Some("arn:aws:secretsmanager:us-east-1:000000000000:secret:prod/db-AAAAA2")
        );
        let partial = "arn:aws:secretsmanager:us-east-1:000000000000:secret:secret-0001";
        assert!(!bind(&mut bindings, Class::Id, partial, sent));
        assert!(bind(&mut bindings, Class::Id, partial, &sent[..sent.len() - 7]));
    }

    #[test]
    fn a_name_in_a_literal_is_bound_where_names_stand_only() {
        let mut bindings = bindings();
        assert!(!bind(&mut bindings, Class::Closed, "for secret-0001", "for db"));
        assert!(bind(&mut bindings, Class::Id, "secret-0001-missing", "db-missing"));
        assert!(bind(&mut bindings, Class::Closed, "for secret-0001", "for db"));
        assert!(!bind(&mut bindings, Class::Closed, "for secret-0001", "for dbx"));
    }
}
