//! A scenario as commands of a shell: the AWS CLI where it can say the call, curl where it cannot, and a sentence where
//! neither can.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;

use super::client::{Known, cannot, members};
use super::quote::{Names, Piece, quoted, text};
use super::saves::{self, Save};
use super::{Found, Reproduction, printable};
use crate::run::plan::NAME_PREFIX;
use crate::scenario::matcher::Matcher;
use crate::scenario::{
    Action, Expect, Need, OperationCall, Repeat, Scenario, SecretDecl, Side, Step, Template, Variables,
};

/// Comments are broken before this column.
pub(super) const WIDTH: usize = 100;

/// Writes the script. `server` is how the target is called.
pub fn script(made: &Reproduction, server: &str) -> String {
    let scenario = &made.scenario;
    let mut script = Script {
        scenario,
        out: String::new(),
        blobs: 0,
        names: saves::names(scenario),
        known: Known::new(scenario),
        wanted: saves::wanted(scenario),
        read: BTreeSet::new(),
        server,
    };
    let mut steps = String::new();
    for (at, step) in scenario.steps.iter().enumerate() {
        script.step(at, step, &made.found);
        steps.push_str(&std::mem::take(&mut script.out));
    }
    script.reading(&made.found);
    steps.push_str(&std::mem::take(&mut script.out));
    script.preamble(&steps);
    script.out.push_str(steps.trim_end());
    script.out.push('\n');
    script.out
}

pub(super) struct Script<'s> {
    pub(super) scenario: &'s Scenario,
    pub(super) out: String,
    /// Files with bytes, so far.
    pub(super) blobs: usize,
    /// What variables are called in the shell.
    pub(super) names: Names,
    /// What variables hold, as far as it is known.
    pub(super) known: Known<'s>,
    /// Secrets whose ARN is asked for later.
    wanted: BTreeSet<String>,
    /// Those of them whose ARN has been read.
    read: BTreeSet<String>,
    server: &'s str,
}

impl Script<'_> {
    pub(super) fn line(&mut self, line: &str) {
        self.out.push_str(line);
        self.out.push('\n');
    }

    /// A comment, broken into lines.
    pub(super) fn comment(&mut self, text: &str) {
        let mut line = String::from("#");
        for word in printable(text).split(' ') {
            if line.len() + word.len() >= WIDTH && line.len() > 3 {
                self.line(&line);
                line = String::from("#  ");
            }
            line.push(' ');
            line.push_str(word);
        }
        self.line(&line);
    }

    fn preamble(&mut self, steps: &str) {
        let scenario = self.scenario;
        self.line("#!/usr/bin/env bash");
        self.comment(&scenario.title);
        let evidence = &scenario.evidence;
        self.comment(&format!("Evidence: {}, {}", evidence.kind.as_str(), evidence.source));
        self.line("#");
        self.line("#   bash THIS_FILE [ENDPOINT]");
        self.line("set -u");
        self.line("endpoint=${1:-${AWS_ENDPOINT_URL_SECRETS_MANAGER:-http://127.0.0.1:4566}}");
        self.line("region=${AWS_REGION:-us-east-1}");
        self.line("export AWS_ACCESS_KEY_ID=${AWS_ACCESS_KEY_ID:-test} AWS_SECRET_ACCESS_KEY=${AWS_SECRET_ACCESS_KEY:-test}");
        self.line("export AWS_PAGER=");
        for need in &scenario.needs {
            let what = match need {
                Need::RotationLambda => "the ARN of a function that rotates",
                Need::CustomerKmsKey => "the id of a KMS key",
                Need::SecondRegion => "a region to replicate to",
                Need::SecondAccount => "the number of another account",
                Need::Iam | Need::Clock | Need::EmptyAccount => continue,
            };
            let name = self.names.variable(need.as_str());
            self.line(&format!("{name}=${{{}:?{what}}}", name.to_uppercase()));
        }
        if steps.contains("$SECOND_ACCESS_KEY_ID") {
            self.line(": \"${SECOND_ACCESS_KEY_ID:?the access key of another account}\"");
            self.line(": \"${SECOND_SECRET_ACCESS_KEY:?the secret key of another account}\"");
        }
        if steps.contains("$(fill ") {
            self.line("# fill START WITH LENGTH: a text of LENGTH characters");
            self.line("fill() { local text=$1; while [ ${#text} -lt \"$3\" ]; do text+=$2; done; printf %s \"${text:0:$3}\"; }");
        }
        if steps.lines().any(|line| line.trim_start().starts_with("got ")) {
            self.line("# got NAME VALUE: shows what an answer held; of the name of a file the AWS CLI would send what is in it");
            self.line("got() {");
            self.line("  echo \"$1=$2\"");
            self.line("  case $2 in");
            self.line("    f | fi | fil | file | file:* | fileb | fileb:* | h | ht | htt | http | http:* | https | https:*)");
            self.line("      echo \"this value of $1 is not given to the AWS CLI\" >&2; exit 1 ;;");
            self.line("  esac");
            self.line("}");
        }
        let has_files = steps.contains("$files/");
        if has_files {
            self.line("files=$(mktemp -d)");
        }
        self.line("");
        if !scenario.secrets.is_empty() {
            self.line("run=$(date +%s)_$$  # so that the names are new each time");
        }
        for secret in &scenario.secrets {
            let around = |text: &str| Piece::Text(text.to_owned());
            let pieces = [
                around(&format!("{}{NAME_PREFIX}", secret.prefix)),
                Piece::Shell("${run}".to_owned()),
                around(&format!("_{}{}", secret.variable, secret.suffix)),
            ];
            self.line(&format!("{}={}", self.names.variable(&secret.variable), quoted(&pieces)));
        }
        for (at, version) in scenario.versions.iter().enumerate() {
            self.line(&format!("{}={}", self.names.variable(version), token(at + 1)));
        }
        self.line("");
        self.tidy(has_files);
    }

    fn step(&mut self, at: usize, step: &Step, found: &Found) {
        let here = found.deviation.step == at + 1;
        let name = match &step.action {
            Action::Call(call) => call.operation.clone(),
            Action::Raw(_) => "an exact request".to_owned(),
            Action::Parallel(_) => "several requests at once".to_owned(),
            Action::Advance(_) => "time goes by".to_owned(),
        };
        self.comment(&format!("Step {}: {name}", at + 1));
        let outcome = found.deviation.kind == crate::judge::Kind::Outcome;
        let silent = matches!(step.action, Action::Advance(_)) || (here && outcome);
        if !silent {
            self.comment(&format!("AWS: {}", says(&step.expect, &step.action)));
        }
        if here {
            self.comment(&format!("AWS: {}", super::issue::expected(&found.deviation)));
            self.comment(&format!("{}: {}", self.server, super::issue::actual(&found.deviation)));
        }
        if step.eventually.is_some() {
            self.comment("It may take a while until it does; ask again until then.");
        }
        // Whatever made the secret: what a later command names must have been read.
        for secret in saves::arns(step) {
            self.read_arn(&secret, Side::default());
        }
        let lead = match &step.repeat {
            Some(Repeat::Times { times, variable }) => {
                let name = variable.as_deref().map_or("_".to_owned(), |name| self.names.variable(name));
                self.line(&format!("for {name} in $(seq {times}); do"));
                "  "
            }
            Some(Repeat::Over { values, variable }) => {
                let values: Vec<String> =
                    values.iter().map(|value| quoted(&text(value, &self.names))).collect();
                self.line(&format!("for {} in {}; do", self.names.variable(variable), values.join(" ")));
                "  "
            }
            Some(Repeat::Pages { .. }) => {
                self.comment("Page by page: --next-token of a call is the NextToken of the one before.");
                ""
            }
            None => "",
        };
        self.action(step, lead);
        if !lead.is_empty() {
            self.line("done");
        }
        for secret in self.created(step) {
            self.read_arn(&secret, step.side);
        }
        self.line("");
    }

    fn action(&mut self, step: &Step, lead: &str) {
        let mut saves = saves::saves(step, &self.names);
        match &step.action {
            Action::Call(call) => {
                let name = made_by(call).filter(|name| self.wanted.contains(name));
                match name {
                    Some(name) if cannot(call, &self.known).is_none() => {
                        saves.push(Save::arn(&name));
                        self.read.insert(name);
                    }
                    // It is made anew, and what was read before is another's.
                    Some(name) => _ = self.read.remove(&name),
                    None => {}
                }
                self.call(call, step.side, lead, &saves);
            }
            Action::Raw(raw) => {
                self.raw(raw, step.side, lead);
                self.by_hand(&saves, lead);
            }
            Action::Parallel(parallel) => {
                self.parallel(parallel, step.side, lead);
                self.by_hand(&saves, lead);
            }
            Action::Advance(span) => {
                let span = crate::scenario::span_text(*span);
                self.comment(&format!(
                    "The clock of the server moves forward by {span} here. No call of the service does that; \
                     use the server's own means, or wait."
                ));
            }
        }
    }

    /// The secrets that a step makes, of those whose ARN is asked for.
    fn created(&self, step: &Step) -> Vec<String> {
        let calls: Vec<&Action> = match &step.action {
            Action::Parallel(parallel) => parallel.calls.iter().map(|call| &call.action).collect(),
            action => vec![action],
        };
        let names = calls.into_iter().filter_map(|action| match action {
            Action::Call(call) => made_by(call),
            Action::Raw(_) | Action::Parallel(_) | Action::Advance(_) => None,
        });
        let each = |name: String| match self.known.values(&name) {
            [] => vec![name],
            values => values
                .iter()
                .filter_map(|value| match value {
                    Template::Whole(name) => Some(name.clone()),
                    _ => None,
                })
                .collect(),
        };
        names.flat_map(each).filter(|name| self.wanted.contains(name)).collect()
    }

    /// Asks the server for an ARN that no command above has read.
    fn read_arn(&mut self, secret: &str, side: Side) {
        let is_secret = self.scenario.secrets.iter().any(|one| one.variable == secret);
        if !is_secret || !self.read.insert(secret.to_owned()) {
            return;
        }
        let key = Template::Value(Value::from("SecretId"));
        let input = Template::Map(vec![(key, Template::Whole(secret.to_owned()))]);
        let call = OperationCall { operation: "DescribeSecret".to_owned(), input };
        self.call(&call, side, "", &[Save::arn(secret)]);
    }

    /// Reads what no step of the scenario shows: labels, or what the run read beside the steps.
    fn reading(&mut self, found: &Found) {
        let deviation = &found.deviation;
        let labels = matches!(deviation.kind, crate::judge::Kind::Labels | crate::judge::Kind::Invariant);
        let called = |operation: &str| {
            self.scenario.steps.iter().any(|step| match &step.action {
                Action::Call(call) => call.operation == operation,
                Action::Raw(_) | Action::Parallel(_) | Action::Advance(_) => true,
            })
        };
        let operation = match deviation.operation.as_str() {
            _ if labels => "ListSecretVersionIds",
            operation @ ("DescribeSecret" | "ListSecretVersionIds" | "ListSecrets") if !called(operation) => {
                operation
            }
            _ => return,
        };
        let step = self.scenario.steps.get(deviation.step.saturating_sub(1));
        let Some(secret) = self.secret_of(&deviation.path, step) else { return };
        // Labels are read where the step calls.
        let side = step.map(|step| step.side).unwrap_or_default();
        let named = Template::Whole(secret.variable.clone());
        let key = |name: &str| Template::Value(Value::from(name));
        let input = match operation {
            "ListSecrets" => vec![(
                key("Filters"),
                Template::List(vec![Template::Map(vec![
                    (key("Key"), key("name")),
                    (key("Values"), Template::List(vec![named])),
                ])]),
            )],
            "ListSecretVersionIds" => {
                vec![(key("SecretId"), named), (key("IncludeDeprecated"), Template::Value(Value::Bool(true)))]
            }
            _ => vec![(key("SecretId"), named)],
        };
        self.comment("Where it shows:");
        let call = OperationCall { operation: operation.to_owned(), input: Template::Map(input) };
        self.call(&call, side, "", &[]);
        self.line("");
    }

    /// The secret that a deviation is about: the one its path names, else the one that its step names.
    fn secret_of(&self, path: &str, step: Option<&Step>) -> Option<&SecretDecl> {
        let scenario = self.scenario;
        let by_path = || {
            // With one secret the path goes on with the version, which may have a name of that sort too.
            let rest = path.strip_prefix("labels.").filter(|_| scenario.secrets.len() > 1)?;
            let name = rest.split('.').next()?;
            scenario.secrets.iter().find(|secret| secret.variable == name)
        };
        let by_step = || {
            let templates = step.map(|step| saves::templates(&step.action)).unwrap_or_default();
            let named = |template: &&Template| {
                let members = members(template);
                ["SecretId", "Name"].iter().find_map(|wanted| {
                    members.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone())
                })
            };
            templates.iter().find_map(|template| {
                // What is no call has no members, and is looked through.
                let template = named(template).unwrap_or_else(|| (*template).clone());
                let names = template.variables().into_iter().map(str::to_owned).collect::<Vec<_>>();
                names.iter().find_map(|name| {
                    saves::secret(scenario, name).or_else(|| {
                        let mut values = self.known.values(name).iter().flat_map(|value| value.variables());
                        values.find_map(|name| saves::secret(scenario, name))
                    })
                })
            })
        };
        by_path().or_else(by_step).or_else(|| scenario.secrets.first())
    }

    /// Cleans up when the script ends, however that comes about.
    fn tidy(&mut self, has_files: bool) {
        let scenario = self.scenario;
        if scenario.secrets.is_empty() && !has_files {
            return;
        }
        self.line("# Leave nothing behind, wherever this ends.");
        self.line("tidy() {");
        if !scenario.secrets.is_empty() {
            let names: Vec<String> = scenario
                .secrets
                .iter()
                .map(|secret| quoted(&[Piece::Shell(self.names.expansion(&secret.variable))]))
                .collect();
            self.line(&format!("  for secret in {}; do", names.join(" ")));
            self.line(
                "    aws secretsmanager delete-secret --endpoint-url \"$endpoint\" --region \"$region\" \\",
            );
            self.line("      --secret-id \"$secret\" --force-delete-without-recovery >/dev/null 2>&1");
            self.line("  done");
        }
        if has_files {
            self.line("  rm -rf \"$files\"");
        }
        self.line("}");
        self.line("trap tidy EXIT");
        self.line("");
    }
}

/// The variable that names the secret which a call makes.
fn made_by(call: &OperationCall) -> Option<String> {
    let name = members(&call.input).into_iter().find(|(member, _)| member == "Name");
    match name {
        Some((_, Template::Whole(name))) if call.operation == "CreateSecret" => Some(name),
        _ => None,
    }
}

/// What AWS does with a step, as the scenario has it.
fn says(expect: &Expect, action: &Action) -> String {
    match expect {
        Expect::Fails(failure) => {
            let word = |matcher: &Option<Matcher>| {
                matcher.as_ref().map(|matcher| match matcher.describe(&Variables::new()) {
                    Value::String(text) => text,
                    other => other.to_string(),
                })
            };
            let code = word(&failure.code).map_or_else(String::new, |code| format!(" with {code}"));
            let message = word(&failure.message).map_or_else(String::new, |message| format!(": {message}"));
            let status = failure.status.map_or_else(String::new, |status| format!(", status {status}"));
            format!("fails{code}{status}{message}")
        }
        _ if matches!(action, Action::Parallel(_)) => "answers each".to_owned(),
        Expect::Success | Expect::Returns(_) | Expect::Either => "succeeds".to_owned(),
    }
}

/// A UUID that is easy to tell from the others.
fn token(number: usize) -> String {
    match number {
        1..=9 => {
            let digit = |count: usize| number.to_string().repeat(count);
            format!("{}-{}-4{}-8{}-{}", digit(8), digit(4), digit(3), digit(3), digit(12))
        }
        _ => format!("{number:08}-0000-4000-8000-000000000000"),
    }
}

/// `SecretId` as the CLI has it: `secret-id`.
pub(super) fn kebab(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| letters.get(at));
        let after = letters.get(at + 1);
        let begins = letter.is_uppercase()
            && before.is_some_and(|before| {
                !before.is_uppercase() || after.is_some_and(|after| after.is_lowercase())
            });
        if begins {
            out.push('-');
        }
        let _ = write!(out, "{}", letter.to_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_have_the_names_of_the_cli() {
        for (name, option) in [
            ("SecretId", "secret-id"),
            ("RotationLambdaARN", "rotation-lambda-arn"),
            ("KmsKeyId", "kms-key-id"),
            ("ListSecretVersionIds", "list-secret-version-ids"),
            ("ExternalSecretRotationRoleArn", "external-secret-rotation-role-arn"),
        ] {
            assert_eq!(kebab(name), option);
        }
    }
}
