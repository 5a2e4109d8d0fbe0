//! `docs/what-aws-does.md`: the register as a page for someone who doubts.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use super::{EVERY, Register, Rule, RuleFile};
use crate::scenario::ast::{EvidenceKind, Scenario};

/// How many scenarios of a rule are named.
const NAMED: usize = 3;
/// The prefix of the ids that have a table of their own.
const TRANSITION: &str = "Transition.";

const OPENING: &str = "\
# What AWS Secrets Manager does

Every rule that smcheck knows of the service: in our words, with the evidence for it and the scenarios that check it. The
page is generated from `rules/` (`smcheck explain --page`), so that it cannot drift from what is tested; a test holds it
equal.

How to read it. The word in front of a source says how strong the evidence is:

| word | worth |
|---|---|
| **recorded** | a response of AWS that somebody stored, or a test that its authors run against AWS |
| **documented** | AWS's documentation says so |
| **modelled** | the machine-readable model of AWS's SDKs says so |
| **reported** | output that somebody pasted in public |
| *inferred* | an analogy of ours; nobody has shown it |

Nothing here was recorded by this project: it has no account. To settle a doubt with an account of yours, run the
scenario: `smcheck run SCENARIO -t aws` ([aws.md](aws.md) says what that costs and how it is guarded). A rule by its id:
`smcheck explain RULE`.
";

/// The page, with links to the scenarios that check each rule.
pub fn page(register: &Register, scenarios: &[Arc<Scenario>]) -> String {
    let mut checks: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for scenario in scenarios {
        // The cases of a file are one link.
        let file = scenario.id.split('[').next().unwrap_or_default();
        for rule in &scenario.rules {
            let files = checks.entry(rule).or_default();
            if !files.contains(&file) {
                files.push(file);
            }
        }
    }
    let mut page = OPENING.to_owned();
    let mut files: Vec<&RuleFile> = register.files().iter().filter(|file| !is_table(file)).collect();
    // What holds for all comes first.
    files.sort_by_key(|file| (file.operation != EVERY, file.heading().to_owned()));
    numbers(&mut page, register, &files);
    page.push_str("\n## Contents\n\n");
    for file in &files {
        let _ = writeln!(page, "- [{}](#{}) ({})", file.heading(), anchor(file.heading()), file.rules.len());
    }
    page.push_str(
        "- [Where sources contradict each other](#where-sources-contradict-each-other)\n\
         - [What no scenario can check](#what-no-scenario-can-check)\n\
         - [Every transition of staging labels](label-transitions.md), a table of its own\n",
    );
    for file in &files {
        let _ = write!(page, "\n## {}\n\n", file.heading());
        if let Some(about) = &file.about {
            let _ = write!(page, "{}\n\n", about.trim());
        }
        for rule in &file.rules {
            entry(&mut page, rule, checks.get(rule.id.as_str()).map_or(&[], Vec::as_slice));
        }
    }
    conflicts(&mut page, &files);
    untestable(&mut page, &files, register);
    page
}

fn is_table(file: &RuleFile) -> bool {
    file.rules.iter().all(|rule| rule.id.starts_with(TRANSITION))
}

fn numbers(page: &mut String, register: &Register, files: &[&RuleFile]) {
    let rules = || files.iter().flat_map(|file| &file.rules);
    let of = |kind| rules().filter(|rule| rule.evidence.kind == kind).count();
    let transitions = register.rules().count() - rules().count();
    let parts: Vec<String> =
        EvidenceKind::ALL.iter().map(|kind| format!("{} {}", of(*kind), word(*kind))).collect();
    let _ = write!(
        page,
        "\n{} rules ({}), and {transitions} transitions of staging labels.\n",
        rules().count(),
        parts.join(", ")
    );
}

fn entry(page: &mut String, rule: &Rule, checks: &[&str]) {
    let mark = if rule.evidence.kind == EvidenceKind::Inferred { "*" } else { "**" };
    let _ = write!(
        page,
        "- <a id=\"{id}\"></a>{text}<br>\n  {mark}{word}{mark}{date}: {source}{reference}<br>\n  `{id}`",
        id = rule.id,
        text = text(&rule.rule),
        word = word(rule.evidence.kind),
        date = rule.evidence.date.as_ref().map_or_else(String::new, |date| format!(" {date}")),
        source = text(&rule.evidence.source),
        reference = rule
            .reference
            .as_ref()
            .filter(|reference| **reference != rule.evidence.source)
            .map_or_else(String::new, |reference| format!("; {}", text(reference))),
    );
    match (&rule.untestable, checks) {
        (Some(why), []) => {
            let _ = write!(page, ", not checked: {}", text(why));
        }
        (None, []) => page.push_str(", checked by no scenario yet"),
        (_, checks) => {
            let links: Vec<String> =
                checks.iter().take(NAMED).map(|id| format!("[{id}](../scenarios/{id}.yaml)")).collect();
            let _ = write!(page, ", checked by {}", links.join(", "));
            if checks.len() > NAMED {
                let _ = write!(page, " and {} more", checks.len() - NAMED);
            }
        }
    }
    page.push('\n');
    if let Some(conflict) = &rule.conflict {
        let _ = writeln!(page, "  > Sources differ. {}", text(conflict));
    }
}

fn conflicts(page: &mut String, files: &[&RuleFile]) {
    page.push_str("\n## Where sources contradict each other\n\n");
    for rule in files.iter().flat_map(|file| &file.rules) {
        if let Some(conflict) = &rule.conflict {
            let _ = writeln!(page, "- [{id}](#{id}): {}", text(conflict), id = rule.id);
        }
    }
}

fn untestable(page: &mut String, files: &[&RuleFile], register: &Register) {
    page.push_str("\n## What no scenario can check\n\n");
    for rule in files.iter().flat_map(|file| &file.rules) {
        if let Some(why) = &rule.untestable {
            let _ = writeln!(page, "- [{id}](#{id}): {}", text(why), id = rule.id);
        }
    }
    for exempt in register.exempt() {
        let (what, name) = match (&exempt.input, &exempt.output, &exempt.error) {
            (Some(member), ..) => ("input", member),
            (_, Some(member), _) => ("output", member),
            (_, _, Some(code)) => ("error", code),
            _ => continue,
        };
        let operation = if exempt.operation == EVERY { "every operation" } else { &exempt.operation };
        let _ = writeln!(page, "- {what} `{name}` of {operation}: {}", text(&exempt.reason));
    }
}

/// The word of a kind of evidence on this page.
fn word(kind: EvidenceKind) -> &'static str {
    match kind {
        EvidenceKind::AwsRecorded => "recorded",
        EvidenceKind::AwsDocs => "documented",
        EvidenceKind::AwsModel => "modelled",
        EvidenceKind::Reported => "reported",
        EvidenceKind::Inferred => "inferred",
    }
}

/// On one line, and with nothing that Markdown or HTML would take for its own.
fn text(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut safe = String::with_capacity(line.len());
    let mut code = false;
    for c in line.chars() {
        match c {
            '`' => {
                code = !code;
                safe.push(c);
            }
            '<' if !code => safe.push_str("&lt;"),
            '>' if !code => safe.push_str("&gt;"),
            '*' | '_' | '[' | ']' if !code => {
                safe.push('\\');
                safe.push(c);
            }
            _ => safe.push(c),
        }
    }
    safe
}

/// The anchor that Markdown gives a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase();
    kept.chars()
        .filter_map(|c| match c {
            ' ' => Some('-'),
            c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
            _ => None,
        })
        .collect()
}
