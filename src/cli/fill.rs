//! `smcheck run --fill`.

use std::path::Path;

use similar::{ChangeTag, TextDiff};

use super::args::RunArgs;
use super::exit::{Exit, Failure};
use super::run::show;
use super::signals::Signals;
use super::{output, settings};
use crate::judge::{JudgeOptions, assemble};
use crate::scenario::{EvidenceKind, nearest, parse};
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
    if filled.before == filled.after {
        let hint =
            if filled.notes.is_empty() && !args.all_steps { "; --all-steps writes all anew" } else { "" };
        output::line(&format!("{}: nothing to fill in{hint}", file.path));
        return Ok(Exit::Expected);
    }
    // Somebody may have worked on it meanwhile.
    if std::fs::read(path).ok().as_deref() != Some(&*file.bytes) {
        return Err(Failure::usage(format!("{} was changed meanwhile: nothing was written", file.path)));
    }
    output::save(path, filled.after.as_bytes())?;
    output::print(&diff(&file.path, &filled));
    output::line(&format!(
        "{}: {} written; it passes on {} now",
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
    Ok(Exit::Expected)
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
    match why {
        FillError::Run(RunError::Interrupted) => {
            Failure { exit: signals.exit().unwrap_or(Exit::Interrupt), message: "interrupted".to_owned() }
        }
        FillError::Run(why) => Failure::target(why),
        FillError::NotRun(reason) => {
            Failure::target(format!("the scenario could not be run to its end: {reason}"))
        }
        FillError::Findings(findings) => {
            findings.iter().for_each(|finding| output::say(&finding.to_string()));
            Failure::usage("nothing was written")
        }
        FillError::Deviates(verdict, info) => {
            let judge = JudgeOptions::default();
            let run = assemble(info, vec![*verdict], None, &today(), &judge);
            show(&run, std::time::Duration::ZERO, &judge, false);
            Failure {
                exit: Exit::Deviations,
                message: "what the scenario states already does not hold on the target: nothing was written"
                    .to_owned(),
            }
        }
    }
}

/// What was written, each with its line. Lines around are not shown, and neither are secret values: they stand in the file.
fn diff(path: &str, filled: &Filled) -> String {
    let (bad, good) = (anstyle::AnsiColor::Red.on_default(), anstyle::AnsiColor::Green.on_default());
    let mut out = format!("--- {path}\n+++ {path}\n");
    let diff = TextDiff::from_lines(filled.before.as_str(), filled.after.as_str());
    for hunk in diff.grouped_ops(0) {
        let line = hunk.first().map_or(0, |op| op.new_range().start) + 1;
        out.push_str(&format!("@@ line {line}\n"));
        for change in hunk.iter().flat_map(|op| diff.iter_changes(op)) {
            let text = change.value().trim_end();
            let line: String =
                masked(text).chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
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

/// A line without the values of members that hold secrets.
fn masked(line: &str) -> String {
    let value = r#"((?:SecretString|SecretBinary|RandomPassword)["']?: *)("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^"'{\[\s][^,}]*)"#;
    match regex::Regex::new(value) {
        Ok(value) => value.replace_all(line, "${1}<secret>").into_owned(),
        // The expression is ours and right; if it were not, nothing would be shown.
        Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn secret_values_are_not_shown() {
        for (line, shown) in [
            (r#"  with: {SecretString: "a, \"b\"", Name: x}"#, "  with: {SecretString: <secret>, Name: x}"),
            ("  SecretString: one two", "  SecretString: <secret>"),
            ("{SecretBinary: b25l, A: b}", "{SecretBinary: <secret>, A: b}"),
            ("{SecretString: 'it''s', A: b}", "{SecretString: <secret>, A: b}"),
            ("{SecretString: {$type: string}}", "{SecretString: {$type: string}}"),
            ("Name: one", "Name: one"),
        ] {
            assert_eq!(masked(line), shown);
        }
    }
}
