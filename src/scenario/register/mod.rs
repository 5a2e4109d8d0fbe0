//! The rule register: what AWS is known to do, rule by rule, each with its evidence.
//!
//! The rules are data under `rules/`, one file for each operation, one for the protocol and one for staging labels.
//! Scenarios name the rules that they check; `coverage` finds those that nothing checks, and `page` writes
//! `docs/what-aws-does.md`.

mod page;

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::ast::{EvidenceKind, Place, Scenario};
use super::finding::{Finding, shown_word};
use super::nearest::nearest;
use crate::service::shapes;

pub use page::page;

/// The operation of rules that belong to no single one.
pub const EVERY: &str = "*";

/// All rules, in the order of their files and then as they stand in them.
#[derive(Clone, Debug, Default)]
pub struct Register {
    files: Vec<RuleFile>,
    exempt: Vec<Exempt>,
}

/// The rules of one operation.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleFile {
    /// The file's name without its ending: `create-secret`.
    #[serde(skip)]
    pub name: String,
    /// The operation, or [`EVERY`].
    pub operation: String,
    /// The heading, where it is not the operation's name.
    #[serde(default)]
    pub title: Option<String>,
    /// What a reader should know before the rules.
    #[serde(default)]
    pub about: Option<String>,
    /// The rules.
    pub rules: Vec<Rule>,
}

/// One thing that AWS does.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its id: the operation, or a word for what belongs to all, a full stop, and words that name it.
    pub id: String,
    /// The rule in our words.
    pub rule: String,
    /// Why it is believed.
    pub evidence: RuleEvidence,
    /// The facts of the evidence collection that it rests on, by id.
    #[serde(default)]
    pub facts: Vec<String>,
    /// Where AWS's documentation says it.
    #[serde(default)]
    pub reference: Option<String>,
    /// What sources contradict each other about, and which one we follow.
    #[serde(default)]
    pub conflict: Option<String>,
    /// Why no scenario can check it.
    #[serde(default)]
    pub untestable: Option<String>,
}

/// Why a rule is believed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleEvidence {
    /// How strong it is.
    pub kind: EvidenceKind,
    /// Where it comes from.
    pub source: String,
    /// When it was recorded.
    #[serde(default)]
    pub date: Option<String>,
}

/// Something of the service model that no scenario can show.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exempt {
    /// The operation, or [`EVERY`].
    pub operation: String,
    /// A member that cannot be sent.
    #[serde(default)]
    pub input: Option<String>,
    /// A member that cannot come back.
    #[serde(default)]
    pub output: Option<String>,
    /// An error that cannot be provoked.
    #[serde(default)]
    pub error: Option<String>,
    /// Why not.
    pub reason: String,
}

/// The file that lists what no scenario can show.
const EXEMPT: &str = "exempt";

/// A file of the register that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("rules/{file}.yaml: {message}")]
pub struct BadRegister {
    /// The file's name without its ending.
    pub file: String,
    /// What is wrong with it, and where.
    pub message: String,
}

impl Register {
    /// Reads the register from its files: name without ending, and text.
    ///
    /// # Errors
    /// All files that are not what they should be: no YAML of this form, an id twice, a rule without evidence, an
    /// operation, member or error that the service does not have.
    pub fn read<'f>(files: impl IntoIterator<Item = (&'f str, &'f str)>) -> Result<Self, Vec<BadRegister>> {
        let mut register = Register::default();
        let mut bad = Vec::new();
        for (name, text) in files {
            let read = if name == EXEMPT {
                serde_yaml::from_str(text).map(|exempt: Vec<Exempt>| register.exempt = exempt)
            } else {
                serde_yaml::from_str(text)
                    .map(|file: RuleFile| register.files.push(RuleFile { name: name.to_owned(), ..file }))
            };
            if let Err(why) = read {
                bad.push(BadRegister { file: name.to_owned(), message: why.to_string() });
            }
        }
        bad.extend(register.wrong());
        if bad.is_empty() { Ok(register) } else { Err(bad) }
    }

    fn wrong(&self) -> Vec<BadRegister> {
        let mut bad = Vec::new();
        let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
        for file in &self.files {
            let mut wrong = |message| bad.push(BadRegister { file: file.name.clone(), message });
            if file.operation != EVERY && shapes().operation(&file.operation).is_none() {
                wrong(format!("there is no operation {}", file.operation));
            }
            for rule in &file.rules {
                if let Some(other) = seen.insert(&rule.id, &file.name) {
                    wrong(format!("the id {} is in rules/{other}.yaml too", rule.id));
                }
                let begins_right = rule
                    .id
                    .split_once('.')
                    .is_some_and(|(area, words)| !words.is_empty() && file.begins_ids_with(area));
                if !begins_right || rule.id.contains(char::is_whitespace) {
                    wrong(format!("the id {} is not `{}.some-words`", rule.id, file.operation));
                }
                if rule.rule.trim().is_empty() || rule.evidence.source.trim().is_empty() {
                    wrong(format!("{} says nothing, or not where it is from", rule.id));
                }
                if rule.evidence.kind == EvidenceKind::AwsRecorded && rule.evidence.date.is_none() {
                    wrong(format!("{} is aws-recorded without a date", rule.id));
                }
            }
        }
        bad.extend(
            self.exempt
                .iter()
                .filter_map(Exempt::wrong)
                .map(|message| BadRegister { file: EXEMPT.to_owned(), message }),
        );
        bad
    }

    /// The files, in the order in which they were read.
    pub fn files(&self) -> &[RuleFile] {
        &self.files
    }

    /// All rules.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.files.iter().flat_map(|file| &file.rules)
    }

    /// The rule with this id.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules().find(|rule| rule.id == id)
    }

    /// The rules that scenarios of one file name and that there are not, each where it stands in the file.
    pub fn unknown_rules(&self, path: &str, scenarios: &[Scenario], bytes: &[u8]) -> Vec<Finding> {
        let named: BTreeSet<&str> =
            scenarios.iter().flat_map(|scenario| scenario.rules.iter().map(String::as_str)).collect();
        let text = String::from_utf8_lossy(bytes);
        named
            .into_iter()
            .filter(|id| self.rule(id).is_none())
            .map(|id| {
                let at = text.lines().enumerate().find_map(|(line, text)| Some((line, text, text.find(id)?)));
                let (line, source_line, column) = at.unwrap_or_default();
                Finding {
                    path: path.to_owned(),
                    place: Place { line: line + 1, column: source_line[..column].chars().count() + 1 },
                    message: format!("there is no rule `{}` in the register", shown_word(id)),
                    hint: nearest(id, self.rules().map(|rule| rule.id.as_str()))
                        .map(|near| format!("did you mean `{near}`?")),
                    source_line: source_line.to_owned(),
                    width: id.chars().count(),
                }
            })
            .collect()
    }

    /// What no scenario can show.
    pub fn exempt(&self) -> &[Exempt] {
        &self.exempt
    }
}

impl RuleFile {
    /// Whether ids of this file may begin so.
    fn begins_ids_with(&self, area: &str) -> bool {
        if self.operation == EVERY {
            !area.is_empty() && shapes().operation(area).is_none()
        } else {
            area == self.operation
        }
    }

    /// What the rules are about, as a heading.
    pub fn heading(&self) -> &str {
        self.title.as_deref().unwrap_or(&self.operation)
    }
}

impl Exempt {
    fn wrong(&self) -> Option<String> {
        let Exempt { operation, input, output, error, reason } = self;
        if self.operation != EVERY && shapes().operation(operation).is_none() {
            return Some(format!("there is no operation {operation}"));
        }
        let count = [input, output, error].into_iter().flatten().count();
        if count != 1 {
            return Some(format!(
                "an entry of {operation} names {count} of input, output and error, not one"
            ));
        }
        reason.trim().is_empty().then(|| format!("an entry of {operation} gives no reason"))
    }

    /// Whether the entry is about this operation.
    pub fn is_of(&self, operation: &str) -> bool {
        self.operation == EVERY || self.operation == operation
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "operation: CreateSecret\nrules:\n  - id: CreateSecret.x\n    rule: It does.\n    \
                        evidence: {kind: aws-docs, source: here}\n";

    #[test]
    fn a_register_is_read() {
        let register = Register::read([("create-secret", GOOD)]).expect("it is right");
        assert_eq!(register.rules().count(), 1);
        assert!(register.rule("CreateSecret.x").is_some() && register.rule("CreateSecret.y").is_none());
    }

    #[test]
    fn everything_wrong_is_said() {
        let cases = [
            (GOOD.replace("operation: CreateSecret", "operation: CreateSecrets"), "no operation"),
            (GOOD.replace("id: CreateSecret.x", "id: PutSecretValue.x"), "is not `CreateSecret.some-words`"),
            (GOOD.replace("aws-docs", "aws-recorded"), "without a date"),
            (GOOD.replace("It does.", "' '"), "says nothing"),
            (GOOD.replace("rule:", "rules:"), "unknown field"),
        ];
        for (text, expected) in cases {
            let bad = Register::read([("create-secret", text.as_str())]).expect_err("it is wrong");
            assert!(bad.iter().any(|bad| bad.to_string().contains(expected)), "{expected}: {bad:?}");
        }
        let twice = Register::read([("a", GOOD), ("b", GOOD)]).expect_err("an id twice");
        assert!(twice[0].message.contains("rules/a.yaml too"), "{twice:?}");
        let exempt = "- {operation: CreateSecret, reason: none}";
        assert!(Register::read([("exempt", exempt)]).is_err());
    }
}
