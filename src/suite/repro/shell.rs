//! A scenario as commands of a shell: the AWS CLI where it can say the call, curl where it cannot, and a sentence where
//! neither can.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;

use super::client::{cannot, members};
use super::quote::{Piece, expansion, json, quoted, text, variable};
use super::{Found, Reproduction};
use crate::run::plan::NAME_PREFIX;
use crate::scenario::matcher::Matcher;
use crate::scenario::{
    Action, Expect, Need, OperationCall, Parallel, RawBody, RawRequest, Repeat, Scenario, Side, Sign, Step,
    Template, Variables,
};
use crate::service::{Kind as ShapeKind, shapes};

/// Comments are broken before this column.
const WIDTH: usize = 100;

/// Writes the script. `server` is how the target is called.
pub fn script(made: &Reproduction, server: &str) -> String {
    let scenario = &made.scenario;
    let mut script = Script { scenario, out: String::new(), blobs: 0, wanted: wanted(scenario), server };
    let mut steps = String::new();
    for (at, step) in scenario.steps.iter().enumerate() {
        script.step(at, step, &made.found);
        steps.push_str(&std::mem::take(&mut script.out));
    }
    script.reading(&made.found);
    steps.push_str(&std::mem::take(&mut script.out));
    script.preamble(&steps);
    script.out.push_str(&steps);
    script.tidy();
    script.out
}

/// ARNs that a later step asks for by `${db.arn}`.
fn wanted(scenario: &Scenario) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for step in &scenario.steps {
        for template in templates(&step.action) {
            for name in template.variables() {
                if let Some((secret, "arn" | "partial")) = name.rsplit_once('.') {
                    names.insert(secret.to_owned());
                }
            }
        }
    }
    names
}

fn templates(action: &Action) -> Vec<&Template> {
    match action {
        Action::Call(call) => vec![&call.input],
        Action::Raw(raw) => {
            let body = match &raw.body {
                RawBody::Text(text) => Some(text),
                RawBody::Bytes(_) => None,
            };
            let headers = raw.headers.iter().filter_map(|(_, value)| value.as_ref());
            std::iter::once(&raw.path).chain(headers).chain(body).collect()
        }
        Action::Parallel(parallel) => {
            parallel.calls.iter().flat_map(|call| templates(&call.action)).collect()
        }
        Action::Advance(_) => Vec::new(),
    }
}

struct Script<'s> {
    scenario: &'s Scenario,
    out: String,
    /// Files with bytes, so far.
    blobs: usize,
    /// Secrets whose ARN is asked for later.
    wanted: BTreeSet<String>,
    server: &'s str,
}

impl Script<'_> {
    fn line(&mut self, line: &str) {
        self.out.push_str(line);
        self.out.push('\n');
    }

    /// A comment, broken into lines; `lead` stands before the first.
    fn comment(&mut self, text: &str) {
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
        if steps.contains("$(fill ") {
            self.line("# fill START WITH LENGTH: a text of LENGTH characters");
            self.line("fill() { local text=$1; while [ ${#text} -lt \"$3\" ]; do text+=$2; done; printf %s \"${text:0:$3}\"; }");
        }
        if steps.contains("$files/") {
            self.line("files=$(mktemp -d); trap 'rm -rf \"$files\"' EXIT");
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
            self.line(&format!("{}={}", variable(&secret.variable), quoted(&pieces)));
        }
        for (at, version) in scenario.versions.iter().enumerate() {
            self.line(&format!("{}={}", variable(version), token(at + 1)));
        }
        for need in &scenario.needs {
            let what = match need {
                Need::RotationLambda => "the ARN of a function that rotates",
                Need::CustomerKmsKey => "the id of a KMS key",
                Need::SecondRegion => "a region to replicate to",
                Need::SecondAccount => "the number of another account",
                Need::Iam | Need::Clock | Need::EmptyAccount => continue,
            };
            let name = variable(need.as_str());
            self.line(&format!("{name}=${{{}:?{what}}}", name.to_uppercase()));
        }
        self.line("");
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
        let saves = self.saves(step);
        match (&step.action, &step.repeat) {
            (Action::Call(call), Some(Repeat::Times { times, variable: name })) => {
                let name = name.as_deref().map_or("_", |name| name);
                self.line(&format!("for {} in $(seq {times}); do", variable(name)));
                self.call(call, step.side, "  ", &[]);
                self.line("done");
            }
            (Action::Call(call), Some(Repeat::Over { values, variable: name })) => {
                let values: Vec<String> = values.iter().map(|value| quoted(&text(value))).collect();
                self.line(&format!("for {} in {}; do", variable(name), values.join(" ")));
                self.call(call, step.side, "  ", &[]);
                self.line("done");
            }
            (Action::Call(call), Some(Repeat::Pages { .. })) => {
                self.comment("Page by page: --next-token of a call is the NextToken of the one before.");
                self.call(call, step.side, "", &[]);
            }
            (Action::Call(call), None) => self.call(call, step.side, "", &saves),
            (Action::Raw(raw), _) => self.raw(raw, step.side, ""),
            (Action::Parallel(parallel), _) => self.parallel(parallel, step.side),
            (Action::Advance(span), _) => {
                let span = crate::scenario::span_text(*span);
                self.comment(&format!(
                    "The clock of the server moves forward by {span} here. No call of the service does that; \
                     use the server's own means, or wait."
                ));
            }
        }
        self.line("");
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
        let Some(secret) = self.scenario.secrets.first() else { return };
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
        self.call(&call, Side::default(), "", &[]);
        self.line("");
    }

    /// What a step takes from its answer: the variable, and the path.
    fn saves(&self, step: &Step) -> Vec<(String, String)> {
        let mut saves: Vec<(String, String)> =
            step.save.iter().map(|(name, path)| (variable(name), path.to_string())).collect();
        if let Expect::Returns(matcher) = &step.expect {
            collect_saves(matcher, "", &mut saves);
        }
        if let Action::Call(call) = &step.action
            && call.operation == "CreateSecret"
            && let Some((_, Template::Whole(name))) =
                members(&call.input).into_iter().find(|(member, _)| member == "Name")
            && self.wanted.contains(&name)
        {
            saves.push((format!("{}_arn", variable(&name)), "ARN".to_owned()));
        }
        saves
    }

    fn call(&mut self, call: &OperationCall, side: Side, lead: &str, saves: &[(String, String)]) {
        if let Some(why) = cannot(call) {
            self.comment(&format!("The AWS CLI cannot send this: {why}."));
            self.curl_call(call, side, lead);
            return;
        }
        let mut words = vec![format!("{}aws secretsmanager {}", account(side), kebab(&call.operation))];
        words.push("--endpoint-url \"$endpoint\" --region ".to_owned() + region(side));
        let operation = shapes().operation(&call.operation);
        for (member, value) in members(&call.input) {
            let shape = operation.and_then(|operation| shapes().member(operation.input, &member));
            let kind = shape.map(|member| &shapes().shape(member.shape).kind);
            let option = format!("--{}", kebab(&member));
            words.push(match (kind, &value) {
                (Some(ShapeKind::Boolean), Template::Value(Value::Bool(true))) => option,
                (Some(ShapeKind::Boolean), Template::Value(Value::Bool(false))) => {
                    format!("--no-{}", kebab(&member))
                }
                (Some(ShapeKind::Blob { .. }), value) => {
                    let file = self.blob(&quoted(&text(value)), lead);
                    format!("{option} fileb://\"{file}\"")
                }
                _ => {
                    let word = quoted(&text(&value));
                    let dashed =
                        matches!(text(&value).first(), Some(Piece::Text(text)) if text.starts_with('-'));
                    if dashed { format!("{option}={word}") } else { format!("{option} {word}") }
                }
            });
        }
        if operation.is_some_and(|operation| operation.pages.is_some()) {
            words.push("--no-paginate".to_owned());
        }
        if let Some(query) = query(saves) {
            words.push(query);
        }
        let command = joined(&words, lead);
        match saves {
            [] => self.line(&command),
            saves => {
                let names: Vec<&str> = saves.iter().map(|(name, _)| name.as_str()).collect();
                self.line(&format!("{lead}read -r {} < <({})", names.join(" "), command.trim_start()));
                let shown: Vec<String> = names.iter().map(|name| format!("\"{name}=${name}\"")).collect();
                self.line(&format!("{lead}echo {}", shown.join(" ")));
            }
        }
    }

    /// Writes bytes to a file, and says its name.
    fn blob(&mut self, base64: &str, lead: &str) -> String {
        self.blobs += 1;
        let file = format!("$files/{}", self.blobs);
        self.line(&format!("{lead}printf %s {base64} | base64 -d >\"{file}\""));
        file
    }

    fn curl_call(&mut self, call: &OperationCall, side: Side, lead: &str) {
        let header = |name: &str, value: &str| (name.to_owned(), vec![Piece::Text(value.to_owned())]);
        let headers = vec![
            header("Content-Type", "application/x-amz-json-1.1"),
            header("X-Amz-Target", &format!("secretsmanager.{}", call.operation)),
        ];
        let body = format!("--data-binary {}", quoted(&json(&call.input)));
        self.curl("POST", "", &headers, &body, Sign::Good, side, lead);
    }

    fn raw(&mut self, raw: &RawRequest, side: Side, lead: &str) {
        if raw.sign == Sign::Expired {
            self.comment("Neither the AWS CLI nor curl sends a request that was signed a day ago; run the scenario for this step.");
            return;
        }
        let given = |name: &str| raw.headers.iter().any(|(header, _)| header.eq_ignore_ascii_case(name));
        let mut headers = Vec::new();
        if !given("content-type") {
            headers.push((
                "Content-Type".to_owned(),
                vec![Piece::Text("application/x-amz-json-1.1".to_owned())],
            ));
        }
        for (name, value) in &raw.headers {
            // A name without a value takes the header out that curl would send.
            headers.push((name.clone(), value.as_ref().map(text).unwrap_or_default()));
        }
        let body = match &raw.body {
            RawBody::Text(body) => format!("--data-binary {}", quoted(&text(body))),
            RawBody::Bytes(bytes) => {
                use base64::Engine as _;
                let encoded = base64::engine::general_purpose::STANDARD.encode(bytes);
                let encoded = quoted(&[Piece::Text(encoded)]);
                format!("--data-binary @\"{}\"", self.blob(&encoded, lead))
            }
        };
        let path = quoted(&text(&raw.path));
        let path = if path == "/" { String::new() } else { path };
        self.curl(&raw.method, &path, &headers, &body, raw.sign, side, lead);
    }

    #[expect(clippy::too_many_arguments, reason = "these are the parts of a request")]
    fn curl(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(String, Vec<Piece>)],
        body: &str,
        sign: Sign,
        side: Side,
        lead: &str,
    ) {
        let mut words = vec![format!("curl -sS -i -X {method}")];
        let signed_for = if sign == Sign::WrongRegion { "ap-south-1" } else { region(side) };
        let signed_for =
            if signed_for.starts_with('"') { &signed_for[1..signed_for.len() - 1] } else { signed_for };
        let key = match (sign, side.second_account) {
            (Sign::UnknownKey, _) => "AKIAUNKNOWNUNKNOWN00:none",
            (Sign::Bad, _) => "$AWS_ACCESS_KEY_ID:not-the-key",
            (_, true) => "$SECOND_ACCESS_KEY_ID:$SECOND_SECRET_ACCESS_KEY",
            (_, false) => "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY",
        };
        if sign != Sign::None {
            words.push(format!("--aws-sigv4 \"aws:amz:{signed_for}:secretsmanager\" --user \"{key}\""));
        }
        for (name, value) in headers {
            let lead = if value.is_empty() { format!("{name}:") } else { format!("{name}: ") };
            let mut pieces = vec![Piece::Text(lead)];
            pieces.extend(value.iter().cloned());
            words.push(format!("-H {}", quoted(&pieces)));
        }
        words.push(body.to_owned());
        words.push(if path.is_empty() {
            "\"$endpoint/\"".to_owned()
        } else {
            format!("\"$endpoint\"{path}")
        });
        let command = joined(&words, lead);
        self.line(&command);
        self.line(&format!("{lead}echo"));
    }

    fn parallel(&mut self, parallel: &Parallel, side: Side) {
        for call in &parallel.calls {
            match &call.action {
                Action::Call(call) => self.call(call, side, "", &[]),
                Action::Raw(raw) => self.raw(raw, side, ""),
                Action::Parallel(_) | Action::Advance(_) => continue,
            }
            // The last line is the command itself, or the `echo` behind curl.
            let trimmed = self.out.trim_end().trim_end_matches("\necho").len();
            self.out.truncate(trimmed);
            self.out.push_str(" &\n");
        }
        self.line("wait");
    }

    fn tidy(&mut self) {
        let scenario = self.scenario;
        if scenario.secrets.is_empty() {
            return;
        }
        self.line("# Leave nothing behind.");
        let names: Vec<String> = scenario
            .secrets
            .iter()
            .map(|secret| quoted(&[Piece::Shell(expansion(&secret.variable))]))
            .collect();
        self.line(&format!("for secret in {}; do", names.join(" ")));
        self.line("  aws secretsmanager delete-secret --endpoint-url \"$endpoint\" --region \"$region\" \\");
        self.line("    --secret-id \"$secret\" --force-delete-without-recovery >/dev/null 2>&1");
        self.line("done");
    }
}

/// A word of a comment: one line, nothing that steers a terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
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

fn collect_saves(matcher: &Matcher, path: &str, saves: &mut Vec<(String, String)>) {
    match matcher {
        Matcher::Save { name, .. } => saves.push((variable(name), path.to_owned())),
        Matcher::Map { members, .. } => {
            for (key, value) in members {
                let dot = if path.is_empty() { "" } else { "." };
                collect_saves(value, &format!("{path}{dot}{key}"), saves);
            }
        }
        Matcher::List(entries) => {
            for (at, entry) in entries.iter().enumerate() {
                collect_saves(entry, &format!("{path}[{at}]"), saves);
            }
        }
        _ => {}
    }
}

fn query(saves: &[(String, String)]) -> Option<String> {
    let paths: Vec<&str> = saves.iter().map(|(_, path)| path.as_str()).collect();
    (!paths.is_empty()).then(|| format!("--output text --query '[{}]'", paths.join(", ")))
}

/// A command, broken into lines where it is long.
fn joined(words: &[String], lead: &str) -> String {
    let whole = format!("{lead}{}", words.join(" "));
    if whole.chars().count() <= WIDTH {
        return whole;
    }
    format!("{lead}{}", words.join(&format!(" \\\n{lead}  ")))
}

fn region(side: Side) -> &'static str {
    if side.second_region { "\"$second_region\"" } else { "\"$region\"" }
}

/// What stands before a command that another account sends.
fn account(side: Side) -> &'static str {
    if side.second_account {
        "AWS_ACCESS_KEY_ID=$SECOND_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY=$SECOND_SECRET_ACCESS_KEY "
    } else {
        ""
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
