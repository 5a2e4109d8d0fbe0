//! `smcheck run --fill`.

use std::path::Path;

use similar::{ChangeTag, TextDiff};

use super::args::RunArgs;
use super::exit::{Exit, Failure};
use super::run::show;
use super::signals::Signals;
use super::{output, settings};
use crate::judge::{JudgeOptions, assemble};
use crate::scenario::{EvidenceKind, nearest, outline, parse};
use crate::suite::catalogue::CatalogueFile;
use crate::suite::fill::{self, FillError, Filled};
use crate::suite::{Catalogue, RunError, today};
use crate::target::Kind;

/// Writes what a target answers into a scenario.
pub(super) async fn fill(args: RunArgs) -> Result<Exit, Failure> {
    let [id] = args.select.filters.as_slice() else {
        return Err(Failure::usage(
            "--fill takes the id of one scenario, for example: smcheck run --fill versions/put-twice",
        ));
    };
    let [target] = args.target.as_slice() else {
        return Err(Failure::usage("--fill takes one target"));
    };
    let file = find(&args, id)?;
    let path = Path::new(&file.path);
    let config = settings::config()?;
    let options = settings::run_options(&args.running, JudgeOptions::default(), false);
    let signals = Signals::listen().map_err(Failure::target)?;
    let opened = settings::open(settings::target(target, &config, &args.running).await?).await?;
    let (info, is_aws) = (opened.info.clone(), matches!(opened.target.kind, Kind::Aws { .. }));
    let filled =
        fill::fill(&file.path, &file.id, &file.bytes, args.all_steps, &opened, &options, signals.stop())
            .await;
    if let Ok(opened) = std::sync::Arc::try_unwrap(opened) {
        opened.close().await;
    }
    let filled = filled.map_err(|why| failure(why, &signals))?;
    for note in &filled.notes {
        output::warn(&format!("{}: {note}", file.path));
    }
    let exit = if filled.failing.is_empty() { Exit::Expected } else { Exit::Deviations };
    if filled.before == filled.after {
        let hint =
            if filled.notes.is_empty() && !args.all_steps { "; --all-steps writes all anew" } else { "" };
        output::line(&format!("{}: nothing to fill in{hint}", file.path));
        return Ok(exit);
    }
    // Somebody may have worked on it meanwhile.
    if std::fs::read(path).ok().as_deref() != Some(&*file.bytes) {
        return Err(Failure::usage(format!("{} was changed meanwhile: nothing was written", file.path)));
    }
    output::save(path, filled.after.as_bytes())?;
    output::print(&diff(&file.path, &filled));
    let failing: Vec<String> = filled.failing.iter().map(usize::to_string).collect();
    let but =
        if failing.is_empty() { String::new() } else { format!(", but for step {}", failing.join(", ")) };
    output::line(&format!(
        "{}: {} written; it passes on {} now{but}",
        file.path,
        crate::report::counted(filled.written, "member", "members"),
        info.name
    ));
    if !is_aws {
        let recorded =
            parse(&file.path, &file.id, filled.after.as_bytes()).ok().and_then(|all| all.into_iter().next());
        let claims = recorded.is_some_and(|scenario| scenario.evidence.kind == EvidenceKind::AwsRecorded);
        output::say(&format!(
            "What {} answers is no evidence of what AWS does:\ncompare it, and say in `evidence` where AWS does so.",
            info.name
        ));
        if claims {
            output::warn(
                "the evidence of this file is `aws-recorded`, and what was written was not recorded from AWS",
            );
        }
    }
    Ok(exit)
}

/// The file of a scenario.
fn find(args: &RunArgs, id: &str) -> Result<CatalogueFile, Failure> {
    let catalogue = Catalogue::choose(args.select.scenarios.as_deref(), Path::new("."));
    if catalogue == Catalogue::BuiltIn {
        return Err(Failure::usage(
            "the scenarios inside the binary cannot be filled in: begin one with `smcheck new ID`, or name a folder with --scenarios",
        ));
    }
    let files = catalogue.files().map_err(Failure::usage)?;
    let wanted = id.strip_suffix(".yaml").unwrap_or(id).split('[').next().unwrap_or(id);
    match files.iter().find(|file| file.id == wanted) {
        Some(file) => Ok(file.clone()),
        None => {
            let near = nearest::nearest(wanted, files.iter().map(|file| file.id.as_str()));
            let hint = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`smcheck list` shows all ids, and --fill takes a whole one".to_owned(),
            };
            Err(Failure::usage(format!("there is no scenario `{wanted}`; {hint}")))
        }
    }
}

fn failure(why: FillError, signals: &Signals) -> Failure {
    let message = why.to_string();
    match why {
        FillError::Run(RunError::Interrupted) => {
            Failure { exit: signals.exit().unwrap_or(Exit::Interrupt), message: "interrupted".to_owned() }
        }
        FillError::Run(why) => Failure::target(why),
        FillError::NotRun(reason) => {
            Failure::target(format!("the scenario could not be run to its end: {reason}"))
        }
        FillError::Broken(findings) | FillError::Findings(findings) => {
            findings.iter().for_each(|finding| output::say(&finding.to_string()));
            Failure::usage(message)
        }
        FillError::Changes => Failure::usage(message),
        FillError::DoesNotHold(_, verdict, info) | FillError::Deviates(verdict, info) => {
            let judge = JudgeOptions::default();
            let run = assemble(info, vec![*verdict], None, &today(), &judge);
            show(&run, std::time::Duration::ZERO, &judge, false);
            Failure { exit: Exit::Deviations, message }
        }
    }
}

/// What was written, each with its line. Lines around are not shown, and neither are secret values: they stand in the file.
fn diff(path: &str, filled: &Filled) -> String {
    let (bad, good) = (anstyle::AnsiColor::Red.on_default(), anstyle::AnsiColor::Green.on_default());
    let mut out = format!("--- {path}\n+++ {path}\n");
    let (old, new) = (masked(&filled.before), masked(&filled.after));
    let diff = TextDiff::from_lines(filled.before.as_str(), filled.after.as_str());
    for hunk in diff.grouped_ops(0) {
        let line = hunk.first().map_or(0, |op| op.new_range().start) + 1;
        out.push_str(&format!("@@ line {line}\n"));
        for change in hunk.iter().flat_map(|op| diff.iter_changes(op)) {
            let shown = match (change.new_index(), change.old_index()) {
                (Some(at), _) => new.get(at),
                (None, Some(at)) => old.get(at),
                (None, None) => None,
            };
            let shown = shown.map(String::as_str).unwrap_or_default().trim_end();
            let line: String = shown.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
            let line = match change.tag() {
                ChangeTag::Equal => format!("  {line}"),
                ChangeTag::Delete => format!("{bad}- {line}{bad:#}"),
                ChangeTag::Insert => format!("{good}+ {line}{good:#}"),
            };
            out.push_str(&format!("{}\n", line.trim_end()));
        }
    }
    out
}

/// Members that hold secrets.
const SECRET: [&str; 3] = ["SecretString", "SecretBinary", "RandomPassword"];

/// The lines of a file without the values of members that hold secrets. There are as many of them as before.
fn masked(text: &str) -> Vec<String> {
    // A mark of the byte order is no part of the text that has places.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut out = text.to_owned();
    // The parser says where a value ends, whatever its form; of nested ones the outer one is enough.
    let mut values = outline::values_of(text, &SECRET);
    values.sort_by_key(|at| (at.start, std::cmp::Reverse(at.end)));
    let mut end = 0;
    values.retain(|at| {
        let outer = at.start >= end;
        end = end.max(at.end);
        outer
    });
    for at in values.into_iter().rev() {
        let value = &text[at.clone()];
        // What says a form only is worth showing.
        let harmless = value.starts_with("{$type:") || value.starts_with("{$length:");
        if !harmless || value.contains(['\n', '"', '\'']) {
            let lines = "\n".repeat(value.matches('\n').count());
            out.replace_range(at, &format!("<secret>{lines}"));
        }
    }
    out.split('\n').map(masked_json).collect()
}

/// A line without such values in JSON that is written as text, as bodies of raw requests are. Where the text is escaped,
/// all behind the key goes.
fn masked_json(line: &str) -> String {
    let value = r#"((?:SecretString|SecretBinary|RandomPassword)" *: *)"(?:[^"\\]|\\.)*"?|((?:SecretString|SecretBinary|RandomPassword)\\+" *: *).*"#;
    match regex::Regex::new(value) {
        Ok(value) => value.replace_all(line, "${1}${2}<secret>").into_owned(),
        // The expression is ours and right; if it were not, nothing would be shown.
        Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn secret_values_are_not_shown() {
        for (text, shown) in [
            (r#"with: {SecretString: "a, \"b\"", Name: x}"#, "with: {SecretString: <secret>, Name: x}"),
            ("SecretString: one, two", "SecretString: <secret>"),
            ("SecretString : hunter3", "SecretString : <secret>"),
            ("SecretString: {$json: {pw: hunter2}}", "SecretString: <secret>"),
            (
                "a:\n  SecretString:\n    $json:\n      pw: hunter2\n  b: 1",
                "a:\n  SecretString:\n    <secret>\n\n  b: 1",
            ),
            (
                "a:\n  SecretString: |\n    one\n    two\n  b: 1",
                "a:\n  SecretString: |\n    <secret>\n\n  b: 1",
            ),
            ("{SecretBinary: b25l, A: b}", "{SecretBinary: <secret>, A: b}"),
            ("{SecretBinary: &pw b25l, A: b}", "{SecretBinary: <secret>, A: b}"),
            ("{\"SecretString\": 'it''s', A: b}", "{\"SecretString\": <secret>, A: b}"),
            ("{SecretString: {$type: string}}", "{SecretString: {$type: string}}"),
            ("{RandomPassword: {$length: 40}}", "{RandomPassword: {$length: 40}}"),
            (
                r#"body: '{"SecretString": "a\"b", "Name": "x"}'"#,
                r#"body: '{"SecretString": <secret>, "Name": "x"}'"#,
            ),
            (
                r#"body: "{\"SecretString\": \"ab\", \"Name\": \"x\"}""#,
                r#"body: "{\"SecretString\": <secret>"#,
            ),
            ("Name: one", "Name: one"),
        ] {
            assert_eq!(masked(text).join("\n"), shown);
        }
    }
}
