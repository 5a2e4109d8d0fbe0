//! Requests as commands: the AWS CLI where it can say the call, curl where it cannot.

use std::borrow::Borrow;

use serde_json::Value;

use super::client::{cannot, members};
use super::quote::{Piece, json, quoted, text};
use super::saves::{Save, query};
use super::shell::{Script, WIDTH, kebab};
use crate::scenario::{Action, OperationCall, Parallel, RawBody, RawRequest, Side, Sign, Template};
use crate::service::{Kind as ShapeKind, shapes};

impl Script<'_> {
    /// Writes a call, and what is taken from its answer.
    pub(super) fn call(&mut self, call: &OperationCall, side: Side, lead: &str, saves: &[Save]) {
        if let Some(why) = cannot(call, &self.known) {
            self.comment(&format!("The AWS CLI cannot send this: {why}."));
            self.curl_call(call, side, lead);
            self.by_hand(saves, lead);
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
                    let file = self.blob(&quoted(&text(value, &self.names)), lead);
                    format!("{option} fileb://\"{file}\"")
                }
                _ => {
                    let pieces = text(&value, &self.names);
                    let word = quoted(&pieces);
                    let dashed = matches!(pieces.first(), Some(Piece::Text(text)) if text.starts_with('-'));
                    if dashed { format!("{option}={word}") } else { format!("{option} {word}") }
                }
            });
        }
        if operation.is_some_and(|operation| operation.pages.is_some()) {
            words.push("--no-paginate".to_owned());
        }
        let (asked, others): (Vec<&Save>, Vec<&Save>) = saves.iter().partition(|save| save.path.is_some());
        if asked.is_empty() {
            self.line(&joined(&words, lead));
        } else {
            let paths: Vec<&[Piece]> = asked.iter().filter_map(|save| save.path.as_deref()).collect();
            words.push(query(&paths));
            let names: Vec<String> = asked.iter().map(|save| self.variable(save)).collect();
            let command = joined(&words, lead);
            self.line(&format!("{lead}IFS=$'\\t' read -r {} < <({})", names.join(" "), command.trim_start()));
            for name in names {
                self.line(&format!("{lead}got {name} \"${name}\""));
            }
        }
        self.by_hand(&others, lead);
    }

    /// Says what is to be taken from the answer above, where no command takes it.
    pub(super) fn by_hand<S: Borrow<Save>>(&mut self, saves: &[S], lead: &str) {
        for save in saves.iter().map(Borrow::borrow) {
            let name = self.variable(save);
            let words = if save.words.is_empty() { "the whole answer" } else { &save.words };
            self.comment(&format!("set {name} by hand: {words}"));
            self.line(&format!("{lead}{name}=${{{name}:-}}"));
        }
    }

    fn variable(&self, save: &Save) -> String {
        match save.name.strip_suffix(".arn") {
            Some(secret) => self.names.arn(secret),
            None => self.names.variable(&save.name),
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
        let body = format!("--data-raw {}", quoted(&json(&call.input, &self.names)));
        self.curl("POST", "", &headers, &body, Sign::Good, side, lead);
    }

    /// Writes an exact request.
    pub(super) fn raw(&mut self, raw: &RawRequest, side: Side, lead: &str) {
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
            headers.push((
                name.clone(),
                value.as_ref().map(|value| text(value, &self.names)).unwrap_or_default(),
            ));
        }
        let body = match &raw.body {
            // A text that begins with `@` would be the name of a file to `--data-binary`.
            RawBody::Text(body) => format!("--data-raw {}", quoted(&text(body, &self.names))),
            RawBody::Bytes(bytes) => {
                use base64::Engine as _;
                let encoded = base64::engine::general_purpose::STANDARD.encode(bytes);
                let encoded = quoted(&[Piece::Text(encoded)]);
                format!("--data-binary @\"{}\"", self.blob(&encoded, lead))
            }
        };
        let path = quoted(&below_the_root(text(&raw.path, &self.names)));
        let path = if path == "''" { String::new() } else { path };
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
        let mut words = vec![format!(
            // Brackets and dots of a path are sent as they are.
            "curl -sS -i -g --path-as-is -X {}",
            quoted(&[Piece::Text(method.to_owned())])
        )];
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
        words.push(format!("\"$endpoint/\"{path}"));
        let command = joined(&words, lead);
        self.line(&command);
        self.line(&format!("{lead}echo"));
    }

    /// Writes requests that are sent at once.
    pub(super) fn parallel(&mut self, parallel: &Parallel, side: Side, lead: &str) {
        for call in &parallel.calls {
            match &call.action {
                Action::Call(call) => self.call(call, side, lead, &[]),
                Action::Raw(raw) => self.raw(raw, side, lead),
                Action::Parallel(_) | Action::Advance(_) => continue,
            }
            // The last line is the command itself, or the `echo` behind curl.
            let trimmed = self.out.trim_end();
            let length = trimmed.strip_suffix(&format!("\n{lead}echo")).unwrap_or(trimmed).len();
            self.out.truncate(length);
            self.out.push_str(" &\n");
        }
        self.line(&format!("{lead}wait"));
    }
}

/// A path without its first `/`, which stands behind the endpoint: a path of another kind must not turn that into the
/// name of another host.
fn below_the_root(mut path: Vec<Piece>) -> Vec<Piece> {
    match path.first_mut() {
        Some(Piece::Text(text)) => *text = text.strip_prefix('/').unwrap_or(text).to_owned(),
        Some(Piece::Shell(expansion)) => {
            let name = expansion.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
            if let Some(name) = name.filter(|name| !name.contains('%')) {
                *expansion = format!("${{{name}#/}}");
            }
        }
        None => {}
    }
    path.retain(|piece| *piece != Piece::Text(String::new()));
    path
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
