//! `smcheck audit`.

use std::io::Read as _;
use std::path::PathBuf;

use serde_json::json;

use super::args::AuditArgs;
use super::exit::{Exit, Failure};
use super::output;
use crate::report::counted;
use crate::store::audit::{self, Audited, Canaries};

/// Looks for secrets in files and folders.
pub(super) fn audit(args: &AuditArgs) -> Result<Exit, Failure> {
    let roots = if args.paths.is_empty() { vec![PathBuf::from(".")] } else { args.paths.clone() };
    let mut planted = Vec::new();
    for (at, written) in args.canary.iter().enumerate() {
        planted.extend(canary(at + 1, written)?);
    }
    let canaries = Canaries::new(&planted).map_err(Failure::usage)?;
    let audited = audit::audit(&roots, &canaries).map_err(Failure::usage)?;
    if let Some(path) = &args.json {
        let text = format!("{:#}\n", as_json(&audited, planted.len()));
        output::deliver(path, &text)?;
    }
    if args.json.as_ref().is_none_or(|path| path.as_os_str() != "-") {
        show(&audited, args.strict, planted.len());
    }
    for path in &audited.unreadable {
        output::error(&format!("cannot read {path}"));
    }
    for path in &audited.empty {
        output::error(&format!("{path} holds no file to look into"));
    }
    let fails = |severity: &str| severity == "error" || args.strict;
    Ok(if !audited.unreadable.is_empty() {
        Exit::Target
    } else if !audited.empty.is_empty() {
        Exit::Usage
    } else if audited.findings.iter().any(|finding| fails(&finding.severity))
        || (args.strict && !audited.unused.is_empty())
    {
        Exit::Deviations
    } else {
        Exit::Expected
    })
}

/// A planted text with the name that findings show.
fn canary(number: usize, written: &str) -> Result<Vec<(String, String)>, Failure> {
    if let Some(variable) = written.strip_prefix("env:") {
        let text = std::env::var(variable).map_err(|_| {
            Failure::usage(format!("--canary env:{variable}: no such variable, or no text in it"))
        })?;
        return Ok(vec![(format!("the canary of {variable}"), text)]);
    }
    let Some(path) = written.strip_prefix('@') else {
        return Ok(vec![(format!("canary {number}"), written.to_owned())]);
    };
    let mut text = String::new();
    let read = match path {
        "-" => std::io::stdin().read_to_string(&mut text).map(|_| ()),
        _ => std::fs::read_to_string(path).map(|found| text = found),
    };
    read.map_err(|why| Failure::usage(format!("--canary @{path}: {why}")))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    Ok(lines.map(|(at, line)| (format!("the canary of {path}, line {}", at + 1), line.to_owned())).collect())
}

fn show(audited: &Audited, strict: bool, canaries: usize) {
    for finding in &audited.findings {
        let place = format!("{}:{}:{}", finding.path, finding.line, finding.column);
        let severity = if strict { "error" } else { &finding.severity };
        let guess = if finding.basis == "guess" { ", as it looks" } else { "" };
        output::line(&format!("{place}: {severity}[{}]: {}{guess}", finding.kind, finding.what));
        output::line(&format!("    {}", finding.mend));
    }
    for unused in &audited.unused {
        output::line(&format!("unused allowance: {unused}"));
    }
    if !audited.skipped.is_empty() {
        let (shown, more) = audited.skipped.split_at(audited.skipped.len().min(8));
        let more = if more.is_empty() { String::new() } else { format!(", and {} more", more.len()) };
        output::line(&format!("not looked into: {}{more}", shown.join(", ")));
    }
    let looked = match canaries {
        0 => String::new(),
        1 => ", for 1 canary too".to_owned(),
        many => format!(", for {many} canaries too"),
    };
    let no_text = match audited.binary {
        0 => String::new(),
        1 => "; 1 file is no text".to_owned(),
        many => format!("; {many} files are no text"),
    };
    output::line(&format!(
        "{}{looked}: {}, {} allowed{no_text}. What looks like a secret outside of recordings is a guess, and what does not \
         look like one is not found.",
        counted(audited.files, "file", "files"),
        counted(audited.findings.len(), "finding", "findings"),
        audited.allowed.len(),
    ));
}

fn as_json(audited: &Audited, canaries: usize) -> serde_json::Value {
    json!({
        "schema": 1,
        "smcheck": env!("CARGO_PKG_VERSION"),
        "files": audited.files,
        "binary": audited.binary,
        "canaries": canaries,
        "heuristic": "findings whose basis is `guess` rest on how a text looks",
        "findings": audited.findings,
        "allowed": audited.allowed,
        "unused": audited.unused,
        "skipped": audited.skipped,
        "unreadable": audited.unreadable,
        "empty": audited.empty,
    })
}
