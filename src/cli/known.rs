//! `smcheck known update`.

use std::path::PathBuf;

use super::args::KnownUpdateArgs;
use super::exit::{Exit, Failure};
use super::signals::Signals;
use super::{output, run, settings};
use crate::judge::{JudgeOptions, KnownList, assemble, known};
use crate::suite::today;

/// Runs the scenarios and writes the deviations that occur into the list. Entries that are there keep their
/// reasons; new ones get a reason to fill in, which `smcheck lint` asks for.
pub(super) async fn update(args: KnownUpdateArgs) -> Result<Exit, Failure> {
    let config = settings::config()?;
    let scenarios = settings::load(&args.select)?;
    let signals = Signals::listen().map_err(Failure::target)?;
    let target = settings::target(&args.target, &config, &args.running).await?;
    let path = args
        .file
        .clone()
        .or_else(|| target.known.clone())
        .unwrap_or_else(|| PathBuf::from("known").join(format!("{}.yaml", target.name)));
    let existing = if path.is_file() { Some(KnownList::read(&path).map_err(Failure::usage)?) } else { None };
    let opened = settings::open(target).await?;
    let info = opened.info.clone();
    let options = settings::run_options(&args.running, JudgeOptions::default(), false);
    let mut verdicts = Vec::new();
    run::drive(&scenarios, opened, &options, &args.running, &signals, |done| {
        verdicts.push(done.verdict.clone());
    })
    .await?;
    let judged = assemble(info, verdicts, existing.as_ref(), &today(), &JudgeOptions::default());
    if let Some(why) = run::nothing_ran(std::slice::from_ref(&judged)) {
        return Err(Failure::usage(why));
    }
    let text = known::render(&judged, existing.as_ref());
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)
            .map_err(|why| Failure::usage(format!("cannot make {}: {why}", folder.display())))?;
    }
    output::save(&path, text.as_bytes())?;
    output::line(&format!(
        "wrote {}; `smcheck lint {}` names the reasons to fill in",
        path.display(),
        path.display()
    ));
    Ok(Exit::Expected)
}
