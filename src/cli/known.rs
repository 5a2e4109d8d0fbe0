//! `smcheck known update`.

use std::path::PathBuf;

use super::args::KnownUpdateArgs;
use super::driving::{Weighing, drive};
use super::exit::{Exit, Failure};
use super::signals::Signals;
use super::{output, run, settings};
use crate::judge::{JudgeOptions, KnownList, assemble, known};
use crate::report::counted;
use crate::suite::today;

/// Runs the scenarios and writes the deviations that occur into the list. Entries that are there keep their
/// reasons, and those that no longer occur are taken out; new ones get a reason to fill in, which `smcheck lint` asks
/// for.
pub(super) async fn update(args: KnownUpdateArgs) -> Result<Exit, Failure> {
    let config = settings::config()?;
    let scenarios = settings::load(&args.select)?;
    let signals = Signals::listen().map_err(Failure::target)?;
    let target = settings::target(&args.target, &config, &args.running).await?;
    // What the target's name has and a file's name may not have: `127.0.0.1:4599`.
    let named =
        || PathBuf::from("known").join(format!("{}.yaml", target.name.replace(['/', ':', '\\'], "-")));
    let path = args.file.clone().or_else(|| target.known.clone()).unwrap_or_else(named);
    let is_used = args.file.is_none() && target.known.is_some();
    let existing = if path.is_file() {
        Some(KnownList::read(&path).map_err(Failure::usage)?)
    } else if is_used {
        // The list inside the binary, which the file will take the place of.
        settings::built_in_known(&target)?
    } else {
        None
    };
    let opened = settings::open(target).await?;
    let info = opened.info.clone();
    settings::compare_versions(&info, existing.as_ref());
    let options = settings::run_options(&args.running, JudgeOptions::default(), false);
    let weighing = Weighing { known: existing.as_ref(), ..Weighing::default() };
    let mut verdicts = Vec::new();
    drive(&scenarios, opened, &options, &args.running, &signals, &weighing, |done| {
        verdicts.push(done.verdict.clone());
    })
    .await?;
    let name = info.name.clone();
    let judge = JudgeOptions { is_part: !args.select.filters.is_empty(), ..JudgeOptions::default() };
    let judged = assemble(info, verdicts, existing.as_ref(), &today(), &judge);
    if let Some(why) = run::nothing_ran(std::slice::from_ref(&judged)) {
        return Err(Failure::usage(why));
    }
    let text = known::render(&judged, existing.as_ref(), &today());
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)
            .map_err(|why| Failure::usage(format!("cannot make {}: {why}", folder.display())))?;
    }
    output::save(&path, text.as_bytes())?;
    for gone in &judged.gone {
        output::line(&format!("no longer occurs: {}", gone.entry));
    }
    output::line(&said(&KnownList::parse(&path.display().to_string(), &text).map_err(Failure::usage)?));
    if !is_used {
        output::line(&format!(
            "use it: `--known {0}`, or `known = \"{0}\"` below [targets.{name}] in smcheck.toml",
            path.display()
        ));
    }
    Ok(Exit::Expected)
}

/// What was written, and what is left to do in it.
fn said(list: &KnownList) -> String {
    let wrote = format!("wrote {}: {}", list.path, counted(list.entries.len(), "entry", "entries"));
    match list.lint().len() {
        0 => wrote,
        open => format!(
            "{wrote}, {}; `smcheck lint {}` names them",
            counted(open, "reason to fill in", "reasons to fill in"),
            list.path
        ),
    }
}
