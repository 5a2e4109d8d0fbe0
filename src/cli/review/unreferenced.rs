//! `smcheck review --unreferenced`: snapshots and fixtures to which no scenario belongs any more.

use std::collections::BTreeSet;
use std::io::{BufRead as _, IsTerminal as _};
use std::path::Path;

use super::chosen;
use super::look::file_of;
use crate::cli::args::{ReviewArgs, Select};
use crate::cli::exit::{Exit, Failure};
use crate::cli::{output, settings};
use crate::report::{counted, plain};
use crate::store::{RecordedFile, unreferenced};
use crate::suite::Catalogue;

pub(super) fn run(args: &ReviewArgs) -> Result<Exit, Failure> {
    // All scenarios, whatever the filters say: they choose among the files, and not what counts as there. A file with
    // findings ends it here, since what it declares is not known.
    let scenarios = settings::load(&Select { filters: Vec::new(), scenarios: args.scenarios.clone() })?;
    let ids: BTreeSet<&str> = scenarios.iter().map(|scenario| scenario.id.as_str()).collect();
    let mut search = unreferenced(&args.out, &|id| ids.contains(id)).map_err(Failure::usage)?;
    if search.owned.is_empty() && search.found.is_empty() {
        return Err(Failure::usage(format!(
            "there are no snapshots and no fixtures under {}; `smcheck record` makes them",
            args.out.display()
        )));
    }
    let all = search.found.iter().chain(&search.owned).map(|file| file.id.clone()).collect::<Vec<_>>();
    let asked = |file: &RecordedFile| {
        args.origin.as_ref().is_none_or(|origin| *origin == file.origin)
            && chosen(&file.id, &args.filters, &all)
    };
    search.found.retain(asked);
    search.owned.retain(asked);
    if search.owned.is_empty() && search.found.is_empty() {
        return Err(Failure::usage("no snapshot and no fixture matches the filters and --origin"));
    }
    let files: BTreeSet<&str> = ids.iter().map(|id| file_of(id)).collect();
    for file in &search.found {
        let why = match files.contains(file_of(&file.id)) {
            true if file.id.ends_with(']') => format!("the scenario has no case {}", case_of(&file.id)),
            true => "the scenario has cases now".to_owned(),
            false => format!("no scenario {}", file.id),
        };
        output::line(&format!("{}: {}", shown(&file.path), plain(&why)));
    }
    for path in &search.strange {
        output::say(&format!("{} was not made by `smcheck record` and stays", shown(path)));
    }
    let held = match Catalogue::choose(args.scenarios.as_deref(), Path::new(".")) {
        Catalogue::BuiltIn => "the catalogue inside the binary".to_owned(),
        Catalogue::Folder(folder) => folder.display().to_string(),
    };
    let all = search.owned.len() + search.found.len();
    output::line(&format!(
        "{} of {} unreferenced, by {} of {held}",
        search.found.len(),
        counted(all, "file", "files"),
        counted(ids.len(), "scenario", "scenarios"),
    ));
    if search.found.is_empty() {
        return Ok(Exit::Expected);
    }
    if !args.delete {
        output::say("`smcheck review --unreferenced --delete` removes them");
        return Ok(Exit::Deviations);
    }
    if !args.yes && !agreed(search.found.len())? {
        output::line("nothing was removed");
        return Ok(Exit::Deviations);
    }
    for file in &search.found {
        file.delete(&args.out).map_err(Failure::usage)?;
    }
    output::line(&format!("removed {}", counted(search.found.len(), "file", "files")));
    Ok(Exit::Expected)
}

fn shown(path: &Path) -> String {
    plain(&path.strip_prefix(".").unwrap_or(path).display().to_string())
}

fn case_of(id: &str) -> &str {
    id.get(file_of(id).len()..).unwrap_or_default()
}

fn agreed(count: usize) -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage(
            "nothing was removed: there is no terminal to ask on; --yes removes without asking",
        ));
    }
    output::say(&format!("Remove {}? [y/N]", counted(count, "file", "files")));
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    Ok(read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes"))
}
