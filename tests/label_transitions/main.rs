//! The table of label transitions: generated from the reference model over all classes of label state.
//!
//! `UPDATE=1 cargo test --test label_transitions` writes the scenarios, the rules and the table; without it the test
//! fails when a committed file is not what the model says. How classes are chosen is told in `write.rs`, where the page
//! for readers begins.

mod calls;
mod evidence;
mod explore;
mod reference;
mod state;
mod words;
mod write;
mod yaml;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use state::Label;

/// What the walk finds; it is taken once for all tests.
fn explored() -> &'static explore::Explored {
    static EXPLORED: OnceLock<explore::Explored> = OnceLock::new();
    EXPLORED.get_or_init(explore::explore)
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The committed files: all scenarios of the folder, the rules and the table.
fn committed() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut read = |path: &Path| {
        let name =
            path.strip_prefix(root()).expect("it is below the root").to_string_lossy().replace('\\', "/");
        if let Ok(text) = fs::read_to_string(path) {
            found.insert(name, text);
        }
    };
    for class in fs::read_dir(root().join(write::FOLDER)).into_iter().flatten().flatten() {
        for file in fs::read_dir(class.path()).into_iter().flatten().flatten() {
            read(&file.path());
        }
    }
    read(&root().join(write::RULES));
    read(&root().join(write::TABLE));
    found
}

#[test]
fn the_committed_files_are_what_the_model_says() {
    let wanted = write::files(explored());
    let found = committed();
    if std::env::var_os("UPDATE").is_some() {
        for (path, text) in wanted.iter().filter(|(path, text)| found.get(*path) != Some(text)) {
            let path = root().join(path);
            fs::create_dir_all(path.parent().expect("it has a folder")).expect("a folder can be made");
            fs::write(path, text).expect("the file can be written");
        }
        for path in found.keys().filter(|path| !wanted.contains_key(*path)) {
            fs::remove_file(root().join(path)).expect("the file can be removed");
        }
        return;
    }
    let paths: BTreeSet<&String> = wanted.keys().chain(found.keys()).collect();
    let wrong: Vec<&String> =
        paths.into_iter().filter(|path| wanted.get(*path) != found.get(*path)).collect();
    assert!(
        wrong.is_empty(),
        "these are not what the model says; run UPDATE=1 cargo test --test label_transitions:\n{wrong:#?}"
    );
}

#[test]
fn the_model_does_what_was_recorded() {
    let explored = explored();
    let kept = explored.kept();
    for recorded in evidence::RECORDED {
        let found = kept
            .iter()
            .find(|found| found.call.class == recorded.class && found.name() == recorded.before)
            .unwrap_or_else(|| panic!("{} on {} has no row", recorded.class, recorded.before));
        assert_eq!(found.after.name(), recorded.after, "{}", found.id());
    }
}

/// The table is right to look at pairs: what becomes of a label depends, for each class of calls, on where it stands
/// itself and on where one other label stands.
#[test]
fn no_rule_looks_at_more_than_two_labels() {
    let explored = explored();
    let classes: BTreeSet<&str> = explored
        .all
        .iter()
        .filter(|found| found.call.keep == calls::Keep::Effects)
        .map(|found| found.call.class.as_str())
        .collect();
    for class in classes {
        let found: Vec<&explore::Transition> =
            explored.all.iter().filter(|found| found.call.class == class).collect();
        for label in state::LABELS {
            let decided = state::LABELS.into_iter().any(|other| {
                let mut fates = BTreeMap::new();
                found.iter().all(|found| {
                    let known = (found.place(label), found.place(other), found.stand_together(label, other));
                    let fate = found.story(label);
                    *fates.entry(known).or_insert_with(|| fate.clone()) == fate
                })
            });
            assert!(decided, "{class}: what becomes of {label:?} hangs on more than one other label");
        }
    }
}

/// Every class of puts that is told by less than pairs does what a class told by pairs does: as far as it goes, where it
/// names one label more.
#[test]
fn what_is_told_in_short_is_told_at_length_elsewhere() {
    let after = |class: &str, but: Option<Label>| -> BTreeMap<String, String> {
        let found = explored().all.iter().filter(|found| found.call.class == class);
        let without = |situation: &state::Situation| match but {
            Some(label) => situation.without(label).name(),
            None => situation.name(),
        };
        found.map(|found| (found.before.name(), without(&found.after))).collect()
    };
    assert!(after("put-default", None).len() > 50);
    assert_eq!(after("put-current", None), after("put-default", None));
    assert_eq!(after("update-value", None), after("put-default", None));
    for (class, more) in
        [("put-current-and-pending", Label::Pending), ("put-current-and-custom", Label::Custom)]
    {
        assert_eq!(after(class, Some(more)), after("put-default", Some(more)), "{class}");
    }
}

#[test]
fn a_refusal_moves_no_label() {
    for found in explored().all.iter().filter(|found| found.outcome.is_err()) {
        assert_eq!(found.before, found.after, "{}", found.id());
    }
}
