//! Variables: which secret and which version of the recording each stands for.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::calls::Call;
use super::labels::After;
use super::yaml::{map, text};
use crate::scenario::template::{escaped, worded};
use crate::service::SecretArn;
use crate::service::redact::Tree;
use crate::store::exchange::Recording;
use crate::store::fixture::NameForm;

/// Words that mean something else in a template.
const TAKEN: [&str; 6] =
    ["region", "rotation-lambda", "customer-kms-key", "second-region", "second-account", "empty-account"];

/// The variables of the scenario.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Names that the recording says stand for others.
    forms: BTreeMap<String, NameForm>,
    /// Variables of secrets, by name.
    secrets: BTreeMap<String, String>,
    /// Names of secrets by ARN.
    arns: BTreeMap<String, String>,
    /// Secrets that a step has created so far.
    created: BTreeSet<String>,
    /// Variables of versions, by id; those of `declared` are made by the runner.
    versions: BTreeMap<String, String>,
    declared: Vec<String>,
    /// Variables that a step saved, and those that this one saves.
    saved: BTreeSet<String>,
    saving: Vec<String>,
    /// Tokens that continue a list, by stand-in.
    cursors: BTreeMap<String, String>,
}

impl Names {
    /// No variables yet.
    pub(super) fn new(recording: &Recording) -> Self {
        let mut forms = recording.head.names.clone();
        forms.extend(recording.lines.iter().flat_map(|line| line.names.clone()));
        Names { forms, ..Self::default() }
    }

    /// Finds all secrets and tokens. A secret that was there before the recording began is created by a step of its
    /// own, put in front; the names of those come too.
    pub(super) fn with_setup(&mut self, calls: Vec<Call>) -> (Vec<Call>, Vec<String>) {
        for call in &calls {
            self.learn(call);
        }
        let mut made = BTreeSet::new();
        let mut missing: Vec<String> = Vec::new();
        for call in calls.iter().filter(|call| call.succeeded) {
            let id = call.asked("SecretId").or_else(|| call.asked("Name"));
            let Some(name) = id.and_then(|id| self.name_of(id)) else { continue };
            if call.operation == "CreateSecret" {
                made.insert(name.clone());
            } else if !made.contains(&name) && !missing.contains(&name) {
                missing.push(name.clone());
            }
            self.secret(&name);
        }
        let mut all: Vec<Call> = missing.iter().map(|name| self.setup(name, &calls)).collect();
        all.extend(calls);
        (all, missing)
    }

    /// The step that creates what was there before.
    fn setup(&mut self, name: &str, calls: &[Call]) -> Call {
        let of_it = |call: &&Call| {
            call.asked("SecretId").and_then(|id| self.name_of(id)).as_deref() == Some(name) && call.succeeded
        };
        let read = calls.iter().filter(of_it).find(|call| call.operation == "GetSecretValue");
        let token = read.and_then(|call| call.answered("VersionId")).map(str::to_owned);
        let token = token.unwrap_or_else(|| format!("00000000-0000-4000-8000-9{:011}", self.declared.len()));
        let mut input = json!({"Name": name, "ClientRequestToken": token});
        let value = |member: &str| read.and_then(|call| call.answered(member)).map(str::to_owned);
        match (value("SecretString"), value("SecretBinary")) {
            (Some(text), _) => input["SecretString"] = Value::from(text),
            (None, Some(bytes)) => input["SecretBinary"] = Value::from(bytes),
            (None, None) => input["SecretString"] = Value::from("smcheck-secret-0000"),
        }
        let arn = self.arns.iter().find(|(_, found)| *found == name).map(|(arn, _)| arn.clone());
        let mut output = json!({"Name": name, "VersionId": token});
        if let Some(arn) = arn {
            output["ARN"] = Value::from(arn);
        }
        Call {
            operation: "CreateSecret".to_owned(),
            input,
            output: Some(output),
            succeeded: true,
            note: Some("Not in the recording: the secret was there before it began.".to_owned()),
        }
    }

    fn learn(&mut self, call: &Call) {
        let entries = call.output.as_ref().and_then(|body| body.get("SecretList")).and_then(Value::as_array);
        for body in entries.into_iter().flatten().chain(call.output.as_ref()) {
            let member = |name: &str| body.get(name).and_then(Value::as_str);
            if let (Some(arn), Some(name)) = (member("ARN"), member("Name")) {
                self.arns.insert(arn.to_owned(), name.to_owned());
            }
        }
    }

    /// The name of a secret, from a name or an ARN.
    pub(super) fn name_of(&self, id: &str) -> Option<String> {
        if let Some(name) = self.arns.get(id) {
            return Some(name.clone());
        }
        match SecretArn::parse(id) {
            Some(arn) => {
                let whole =
                    self.secrets.contains_key(arn.resource) || self.arns.values().any(|n| n == arn.resource);
                let name = arn.name_and_suffix().map_or(arn.resource, |(name, _)| name);
                Some(if whole { arn.resource } else { name }.to_owned())
            }
            None => Some(id.to_owned()),
        }
    }

    fn secret(&mut self, name: &str) -> String {
        if let Some(variable) = self.secrets.get(name) {
            return variable.clone();
        }
        let last = name.rsplit('/').next().unwrap_or(name);
        let mut base: String = last
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' })
            .take(30)
            .collect();
        base = base.trim_matches(['-', '_']).to_owned();
        if !base.starts_with(|c: char| c.is_ascii_alphabetic()) {
            base = format!("s{base}");
        }
        let variable = self.free(&base);
        self.secrets.insert(name.to_owned(), variable.clone());
        variable
    }

    fn free(&self, base: &str) -> String {
        let taken = |name: &str| {
            TAKEN.contains(&name)
                || self
                    .secrets
                    .values()
                    .chain(self.versions.values())
                    .chain(self.cursors.values())
                    .any(|v| v == name)
                || (name.starts_with('v') && name[1..].bytes().all(|b| b.is_ascii_digit()) && base != "v")
        };
        if base != "v" && !taken(base) {
            return base.to_owned();
        }
        (1..)
            .map(|number| format!("{base}{number}"))
            .find(|name| base == "v" && !self.is_used(name) || !taken(name))
            .unwrap_or_default()
    }

    fn is_used(&self, name: &str) -> bool {
        self.secrets
            .values()
            .chain(self.versions.values())
            .chain(self.cursors.values())
            .any(|used| used == name)
    }

    /// The variable of a declared secret.
    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        self.secrets.get(name).map(String::as_str)
    }

    /// What a request says instead of the id of a secret.
    pub(super) fn id(&self, id: &str) -> String {
        let Some(name) = self.name_of(id) else { return escaped(id) };
        let Some(variable) = self.secrets.get(&name) else { return escaped(id) };
        match SecretArn::parse(id) {
            None => format!("${{{variable}}}"),
            Some(_) if !self.created.contains(&name) => escaped(id),
            Some(arn) if arn.resource == name => format!("${{{variable}.partial}}"),
            Some(_) => format!("${{{variable}.arn}}"),
        }
    }

    /// What is expected instead of the ARN of a secret.
    pub(super) fn arn(&self, arn: &str) -> Value {
        let known = self.name_of(arn).filter(|name| self.created.contains(name));
        match known.and_then(|name| self.secrets.get(&name).cloned()) {
            Some(variable) => json!({"$arn": variable}),
            None => json!({"$type": "string"}),
        }
    }

    /// A CreateSecret of this name has succeeded.
    pub(super) fn create(&mut self, name: &str) {
        self.created.insert(name.to_owned());
    }

    /// What a request says instead of a token or the id of a version.
    pub(super) fn sent_version(&mut self, id: &str) -> String {
        let variable = match self.versions.get(id) {
            Some(variable) => variable.clone(),
            None => {
                let variable = self.free("v");
                self.versions.insert(id.to_owned(), variable.clone());
                self.declared.push(variable.clone());
                variable
            }
        };
        format!("${{{variable}}}")
    }

    /// What is expected instead of the id of a version; one that is new is saved.
    pub(super) fn answered_version(&mut self, id: &str) -> Value {
        if let Some(variable) = self.versions.get(id) {
            // What this very step saves has no value yet.
            return match self.saving.contains(variable) {
                true => json!({"$uuid": "any"}),
                false => Value::from(format!("${{{variable}}}")),
            };
        }
        let variable = self.free("v");
        self.versions.insert(id.to_owned(), variable.clone());
        self.saving.push(variable.clone());
        json!({"$save": {"as": variable, "is": {"$uuid": "any"}}})
    }

    /// Whether the id of a version has a value that a key can have.
    pub(super) fn knows_version(&self, id: &str) -> bool {
        self.versions.get(id).is_some_and(|variable| !self.saving.contains(variable))
    }

    /// What continues a list: saved from an answer, sent by a request.
    pub(super) fn cursor(&mut self, token: &str, in_answer: bool) -> Value {
        if let Some(variable) = self.cursors.get(token) {
            return match in_answer && self.saving.contains(variable) {
                true => json!({"$type": "string"}),
                false => Value::from(format!("${{{variable}}}")),
            };
        }
        if !in_answer {
            return Value::from(escaped(token));
        }
        let variable = self.free("next");
        self.cursors.insert(token.to_owned(), variable.clone());
        self.saving.push(variable.clone());
        json!({"$save": variable})
    }

    /// What this step has saved has a value from now on.
    pub(super) fn end_step(&mut self) {
        self.saved.extend(std::mem::take(&mut self.saving));
    }

    /// A text in which names, versions and ARNs stand; `None` where another stand-in is left in it.
    pub(super) fn message(&self, message: &str) -> Option<String> {
        let mut known: Vec<(&str, String)> = Vec::new();
        for (arn, name) in &self.arns {
            if let (Some(variable), true) = (self.secrets.get(name), self.created.contains(name)) {
                known.push((arn, format!("${{{variable}.arn}}")));
            }
        }
        let names = self.secrets.iter().map(|(name, variable)| (name.as_str(), format!("${{{variable}}}")));
        known.extend(names);
        let versions = self.versions.iter().filter(|(_, variable)| !self.saving.contains(variable));
        known.extend(versions.map(|(id, variable)| (id.as_str(), format!("${{{variable}}}"))));
        // A short name may be a part of any word.
        known.retain(|(value, _)| value.len() >= 4 || message == *value);
        let text = worded(message, known)?;
        let marks = ["smcheck-", "00000000-0000-4000-", ":000000000000:"];
        (!marks.iter().any(|mark| text.contains(mark))).then_some(text)
    }

    /// `labels` of a step; `None` where a version in it has no variable with a value.
    pub(super) fn labels(&self, after: &After) -> Option<Tree> {
        let variable = self.secrets.get(&after.secret)?;
        let version = |(id, labels): &(String, Vec<String>)| {
            let version = self.versions.get(id).filter(|_| self.knows_version(id))?;
            Some((version.clone(), Tree::List(labels.iter().map(|label| text(label)).collect())))
        };
        let versions = Tree::Map(after.versions.iter().map(version).collect::<Option<_>>()?);
        Some(match self.secrets.len() {
            1 => versions,
            _ => Tree::Map(vec![(variable.clone(), versions)]),
        })
    }

    /// `secrets` of the file.
    pub(super) fn secrets(&self) -> Option<Tree> {
        if self.secrets.is_empty() {
            return None;
        }
        let form = |name: &String| {
            let folder = name.rfind('/').map_or("", |at| &name[..=at]);
            let plain = NameForm { prefix: folder.to_owned(), suffix: String::new() };
            self.forms.get(name).cloned().unwrap_or(plain)
        };
        let shaped: Vec<(&String, NameForm)> =
            self.secrets.iter().map(|(name, variable)| (variable, form(name))).collect();
        if shaped.iter().all(|(_, form)| *form == NameForm::default()) {
            return Some(Tree::List(shaped.into_iter().map(|(variable, _)| text(variable)).collect()));
        }
        let entry = |(variable, form): (&String, NameForm)| {
            let parts = [("prefix", form.prefix), ("suffix", form.suffix)];
            let parts = parts.into_iter().filter(|(_, part)| !part.is_empty());
            (variable.clone(), Tree::Map(parts.map(|(key, part)| (key.to_owned(), text(&part))).collect()))
        };
        Some(Tree::Map(shaped.into_iter().map(entry).collect()))
    }

    /// `versions` of the file.
    pub(super) fn versions(&self) -> Option<Tree> {
        let declared = || self.declared.iter().map(|variable| text(variable)).collect();
        (!self.declared.is_empty()).then(|| Tree::List(declared()))
    }
}

/// A matcher with one key.
pub(super) fn matcher(key: &str, value: Tree) -> Tree {
    map([(key, value)])
}
