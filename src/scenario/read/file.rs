//! The keys of a file.

use std::sync::Arc;

use super::scope::{Declared, NEEDS_WITH_VALUE, Scope, Variable};
use super::{Fields, Reader};
use crate::scenario::ast::{Evidence, EvidenceKind, Need, Scenario, SecretDecl, Step};
use crate::scenario::finding::shown_word;
use crate::scenario::node::{Key, Node, NodeKind};
use crate::scenario::source::Span;
use crate::scenario::words::{EVIDENCE, FILE, SECRET};

/// The longest text around the unique part of a name; AWS takes 512 characters in all, and a test of the limit
/// may want a little more.
const LONGEST_AFFIX: usize = 1_000;

/// What a scenario is called, and where it comes from.
pub(in crate::scenario) struct Origin<'o> {
    pub(in crate::scenario) id: String,
    pub(in crate::scenario) path: &'o Arc<str>,
    pub(in crate::scenario) hash: &'o Arc<str>,
    /// The case's name.
    pub(in crate::scenario) case: Option<Span>,
}

impl Reader<'_> {
    /// A whole scenario; `None` when something that it cannot do without is missing. It is complete only when
    /// there is no finding.
    pub(in crate::scenario) fn scenario(&mut self, root: &Node, origin: Origin<'_>) -> Option<Scenario> {
        self.scope = Scope::new(root.get("steps"));
        let fields = self.fields_of(root, "a scenario", FILE)?;
        let first = fields.entries.first().map_or(root.span, |(key, _)| key.span);
        for key in ["title", "evidence", "steps"] {
            if fields.get(key).is_none() {
                self.findings.add(first, format!("`{key}` is missing"), missing_hint(key));
            }
        }
        let title = fields.get("title").and_then(|node| self.title(node));
        let evidence = fields.get("evidence").and_then(|node| self.evidence(node));
        let secrets = fields.get("secrets").map(|node| self.secrets(node)).unwrap_or_default();
        let versions = fields.get("versions").map(|node| self.versions(node)).unwrap_or_default();
        let needs = fields.get("needs").map(|node| self.needs(node)).unwrap_or_default();
        let rules = fields.get("rules").map(|node| self.rules(node)).unwrap_or_default();
        let isolated = self.flag(&fields, "isolated", false);
        self.scope.isolated = isolated;
        let varies_by_date = fields.get("varies").is_some_and(|node| {
            let right = node.text() == Some("date");
            if !right {
                self.wrong(node.span, "`varies` knows `date` only", "write `varies: date`, or leave it out");
            }
            right
        });
        let stop = self.flag(&fields, "stop", true);
        self.note(fields.get("note"));
        let steps = self.steps(fields.get("steps")?);
        Some(Scenario {
            id: origin.id,
            path: Arc::clone(origin.path),
            hash: Arc::clone(origin.hash),
            title: title?,
            evidence: evidence?,
            secrets,
            versions,
            needs,
            rules,
            isolated,
            varies_by_date,
            stop,
            steps,
            place: origin.case.unwrap_or(first).place(),
        })
    }

    /// The keys of `cases` that no row's scenario uses are findings like unused variables.
    pub(in crate::scenario) fn declare_case_key(&mut self, key: &str, span: Span, used: bool) {
        let taken = key == "region" || self.declared.contains_key(key);
        if taken {
            self.wrong(
                span,
                format!("`{key}` is declared twice"),
                "a key of `cases` needs a name of its own",
            );
        }
        self.declared.insert(key.to_owned(), Declared { span, what: "case key" });
        if used || taken {
            self.used.insert(key.to_owned());
        }
    }

    fn title(&mut self, node: &Node) -> Option<String> {
        let title = self.plain_text(node, "`title`")?;
        if let Some(at) = title.find("${") {
            let message = "`title` takes no variable but the keys of `cases`";
            let words = title[at..].split_inclusive('}').next().unwrap_or_default();
            let span = self.source.find(node.span, words);
            self.findings.add(span, message, None);
        }
        Some(title)
    }

    pub(super) fn note(&mut self, node: Option<&Node>) {
        if let Some(node) = node
            && node.text().is_none()
        {
            self.wrong_kind(node, "`note`", "text");
        }
    }

    fn flag(&mut self, fields: &Fields<'_>, name: &str, otherwise: bool) -> bool {
        let node = fields.get(name);
        node.and_then(|node| self.boolean(node, &format!("`{name}`"))).unwrap_or(otherwise)
    }

    fn steps(&mut self, node: &Node) -> Vec<Step> {
        let Some(entries) = node.list() else {
            self.wrong_kind(node, "`steps`", "a list of steps");
            self.mention(node);
            return Vec::new();
        };
        if entries.is_empty() {
            self.wrong(node.span, "`steps` is empty", "a scenario needs at least one step");
        }
        let mut steps = Vec::with_capacity(entries.len());
        for entry in entries {
            if self.findings.full() {
                break;
            }
            steps.extend(self.step(entry));
        }
        steps
    }

    /// Why an expectation is believed.
    pub(super) fn evidence(&mut self, node: &Node) -> Option<Evidence> {
        if node.map().is_none() {
            let message = format!("`evidence` takes a map, not {}", node.words());
            self.wrong(node.span, message, "`{kind: aws-docs, source: \"API reference, PutSecretValue\"}`");
            return None;
        }
        let fields = self.fields_of(node, "`evidence`", EVIDENCE)?;
        for key in ["kind", "source"] {
            if fields.get(key).is_none() {
                self.findings.add(node.span, format!("`evidence` needs `{key}`"), missing_hint(key));
            }
        }
        let kind = fields.get("kind").and_then(|node| self.evidence_kind(node));
        let source = fields.get("source").and_then(|node| self.plain_text(node, "`source`"));
        let date = fields.get("date").and_then(|node| self.date(node));
        if kind == Some(EvidenceKind::AwsRecorded) && fields.get("date").is_none() {
            self.wrong(node.span, "`aws-recorded` needs a `date`", "YYYY-MM-DD, YYYY-MM or YYYY");
        }
        Some(Evidence { kind: kind?, source: source?, date })
    }

    fn evidence_kind(&mut self, node: &Node) -> Option<EvidenceKind> {
        let word = node.scalar_text().map(|text| &**text).unwrap_or_default();
        let kind = EvidenceKind::ALL.into_iter().find(|kind| kind.as_str() == word);
        if kind.is_none() {
            let message = format!("unknown kind of evidence `{}`", shown_word(word));
            self.findings.unknown(node.span, message, word, EvidenceKind::ALL.map(EvidenceKind::as_str));
        }
        kind
    }

    fn date(&mut self, node: &Node) -> Option<String> {
        let text = node.scalar_text().map(|text| &**text).unwrap_or_default();
        if !is_date(text) {
            let message = format!("`{}` is no date", shown_word(text));
            self.wrong(node.span, message, "YYYY-MM-DD, YYYY-MM or YYYY");
            return None;
        }
        Some(text.to_owned())
    }

    fn secrets(&mut self, node: &Node) -> Vec<SecretDecl> {
        let Some(entries) = node.map() else {
            let names = self.names(node, "`secrets`");
            return names
                .into_iter()
                .filter(|(name, span)| {
                    self.declare(name, *span, "secret", Variable::Secret { created: false })
                })
                .map(|(variable, _)| SecretDecl { variable, prefix: String::new(), suffix: String::new() })
                .collect();
        };
        entries.iter().filter_map(|(key, value)| self.shaped_secret(key, value)).collect()
    }

    fn shaped_secret(&mut self, key: &Key, value: &Node) -> Option<SecretDecl> {
        let declared = self.declare(&key.text, key.span, "secret", Variable::Secret { created: false });
        let (mut prefix, mut suffix) = (String::new(), String::new());
        // `{db: }` and `{db: {}}` are names without a special shape.
        if !matches!(value.kind, NodeKind::Null(_)) {
            let fields = self.fields_of(value, &format!("the secret `{}`", shown_word(&key.text)), SECRET)?;
            let mut affix = |name: &str| {
                let Some(node) = fields.get(name) else { return String::new() };
                let text = node.scalar_text().map(ToString::to_string);
                match &text {
                    None => self.wrong_kind(node, &format!("`{name}`"), "text"),
                    Some(text) if text.contains("${") => {
                        self.findings.add(node.span, format!("`{name}` takes no variable"), None);
                    }
                    Some(text) if text.chars().count() > LONGEST_AFFIX => {
                        let message = format!("`{name}` is longer than {LONGEST_AFFIX} characters");
                        self.findings.add(node.span, message, None);
                    }
                    Some(_) => {}
                }
                text.unwrap_or_default()
            };
            (prefix, suffix) = (affix("prefix"), affix("suffix"));
        }
        declared.then(|| SecretDecl { variable: key.text.to_string(), prefix, suffix })
    }

    fn versions(&mut self, node: &Node) -> Vec<String> {
        let names = self.names(node, "`versions`");
        let version = || Variable::Version { sent: false };
        names
            .into_iter()
            .filter(|(name, span)| self.declare(name, *span, "version", version()))
            .map(|(name, _)| name)
            .collect()
    }

    /// A list of words.
    fn names(&mut self, node: &Node, place: &str) -> Vec<(String, Span)> {
        let Some(entries) = node.list() else {
            self.wrong_kind(node, place, "a list of names");
            return Vec::new();
        };
        let name = |entry| Some((self.plain_text(entry, "a name")?, entry.span));
        entries.iter().filter_map(name).collect()
    }

    fn needs(&mut self, node: &Node) -> Vec<Need> {
        let mut needs = Vec::new();
        for (word, span) in self.names(node, "`needs`") {
            let Some(need) = Need::ALL.into_iter().find(|need| need.as_str() == word) else {
                let message = format!("unknown need `{}`", shown_word(&word));
                let near = self.findings.unknown(span, message, &word, Need::ALL.map(Need::as_str));
                // What was meant counts, so that its variable is not a second finding.
                if let Some(near) = near {
                    self.scope.set(near, Variable::Given);
                    self.scope.empty_account |= near == Need::EmptyAccount.as_str();
                    self.scope.clock |= near == Need::Clock.as_str();
                }
                continue;
            };
            if needs.contains(&need) {
                self.findings.add(span, format!("the need `{word}` stands here twice"), None);
                continue;
            }
            needs.push(need);
            self.scope.empty_account |= need == Need::EmptyAccount;
            self.scope.clock |= need == Need::Clock;
            if NEEDS_WITH_VALUE.contains(&need) && self.scope.set(&word, Variable::Given).is_some() {
                self.wrong(
                    span,
                    format!("`{word}` is declared, and the need defines it too"),
                    "choose another name",
                );
            }
        }
        needs
    }

    fn rules(&mut self, node: &Node) -> Vec<String> {
        let mut rules = Vec::new();
        for (rule, span) in self.names(node, "`rules`") {
            if rule.contains(char::is_whitespace) {
                self.findings.add(span, format!("`{}` is no id of a rule", shown_word(&rule)), None);
            } else if rules.contains(&rule) {
                self.findings.add(span, format!("the rule `{rule}` stands here twice"), None);
            } else {
                rules.push(rule);
            }
        }
        rules
    }
}

fn missing_hint(key: &str) -> Option<String> {
    let hint = match key {
        "title" => "one sentence that states the behaviour",
        "evidence" => "why we believe it: `{kind: aws-docs, source: \"API reference, PutSecretValue\"}`",
        "steps" => "the operations to call, and what each must answer",
        "kind" => "aws-recorded, aws-docs, aws-model, reported or inferred",
        "source" => "where a reader can look it up",
        _ => return None,
    };
    Some(hint.to_owned())
}

/// `YYYY`, `YYYY-MM` or `YYYY-MM-DD`, and a day that there was.
fn is_date(text: &str) -> bool {
    let digits = |text: &str, length| text.len() == length && text.bytes().all(|b| b.is_ascii_digit());
    let mut parts = text.splitn(3, '-');
    let year = parts.next().is_some_and(|year| digits(year, 4) && year.starts_with("20"));
    match (parts.next(), parts.next()) {
        (None, _) => year,
        (Some(month), None) => {
            year && digits(month, 2) && format!("{text}-01").parse::<jiff::civil::Date>().is_ok()
        }
        (Some(month), Some(day)) => {
            year && digits(month, 2) && digits(day, 2) && text.parse::<jiff::civil::Date>().is_ok()
        }
    }
}
