//! What GitHub's runners tell a step through the environment: where the repository is, and where a summary goes.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::exit::Failure;
use crate::judge::RunVerdict;
use crate::report::{Failing, markdown};

/// Where a scenario's file is in the repository; nothing where there is no such file, as with the catalogue inside the
/// binary.
pub(super) fn place(path: &str) -> Option<String> {
    let here = std::env::current_dir().ok()?;
    let top = std::env::var_os("GITHUB_WORKSPACE").map_or_else(|| here.clone(), PathBuf::from);
    place_in(Path::new(path), &here, &top)
}

fn place_in(path: &Path, here: &Path, top: &Path) -> Option<String> {
    let file = here.join(path).canonicalize().ok()?;
    let top = top.canonicalize().ok()?;
    Some(file.strip_prefix(top).ok()?.to_string_lossy().into_owned())
}

/// Appends the report to the step's summary, where there is one.
pub(super) fn summary(runs: &[RunVerdict], failing: &Failing<'_>) -> Result<(), Failure> {
    append(|room| markdown::render(runs, failing, room))
}

/// Appends a text to the step's summary, where there is one; `text` is told how many bytes it may have.
pub(super) fn append(text: impl FnOnce(usize) -> String) -> Result<(), Failure> {
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) else {
        return Ok(());
    };
    let path = PathBuf::from(path);
    let cannot = |why: std::io::Error| {
        Failure::usage(format!("cannot write the step's summary {}: {why}", path.display()))
    };
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(&path).map_err(cannot)?;
    let there = usize::try_from(file.metadata().map_err(cannot)?.len()).unwrap_or(usize::MAX);
    // What other steps of ours wrote counts too, and a summary that is too long is not shown at all.
    let text = text(markdown::STEP_SUMMARY.saturating_sub(there.saturating_add(1)));
    if there.saturating_add(text.len()) < markdown::STEP_SUMMARY {
        file.write_all(format!("{text}\n").as_bytes()).map_err(cannot)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_from_the_top_of_the_repository() {
        let top = tempfile::tempdir().expect("there is room for a folder");
        let here = top.path().join("conformance");
        std::fs::create_dir_all(here.join("scenarios")).expect("it can be made");
        std::fs::write(here.join("scenarios/a.yaml"), "").expect("it can be written");
        let found = |path: &Path| place_in(path, &here, top.path());
        assert_eq!(found(Path::new("scenarios/a.yaml")).as_deref(), Some("conformance/scenarios/a.yaml"));
        assert_eq!(found(&here.join("scenarios/a.yaml")).as_deref(), Some("conformance/scenarios/a.yaml"));
        assert_eq!(found(Path::new("scenarios/b.yaml")), None, "it is not there");
        assert_eq!(
            place_in(Path::new("scenarios/a.yaml"), &here, &here.join("scenarios")).as_deref(),
            Some("a.yaml")
        );
        let elsewhere = tempfile::tempdir().expect("there is room for a folder");
        assert_eq!(place_in(Path::new("scenarios/a.yaml"), &here, elsewhere.path()), None);
    }
}
