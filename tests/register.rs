//! The rule register: what of it the catalogue checks, and that the pages made from it are what it says.
//!
//! `UPDATE=1 cargo test --test register` writes the pages.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use smcheck::scenario::coverage::{Coverage, Dimension};
use smcheck::scenario::register::{Register, page};
use smcheck::scenario::{Scenario, json_schema};
use smcheck::suite::{Catalogue, catalogue};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn scenarios() -> Vec<Arc<Scenario>> {
    Catalogue::Folder(root().join("scenarios")).load(&[]).expect("the catalogue is right")
}

fn register() -> Register {
    catalogue::rules(&root()).unwrap_or_else(|why| panic!("{why}"))
}

/// Holds a committed file to what it is made from, or writes it.
fn is_current(path: &Path, text: &str) {
    if std::env::var_os("UPDATE").is_some() {
        fs::write(path, text).expect("it can be written");
    }
    let committed = fs::read_to_string(path).unwrap_or_default();
    assert!(committed == text, "{} is old: UPDATE=1 cargo test --test register", path.display());
}

#[test]
fn the_page_is_what_the_register_says() {
    is_current(&root().join("docs/what-aws-does.md"), &page(&register(), &scenarios()));
}

#[test]
fn the_schema_is_what_the_language_says() {
    is_current(&root().join("scenarios/schema.json"), &format!("{:#}\n", json_schema()));
}

#[test]
fn the_catalogue_checks_what_the_service_has() {
    let coverage = Coverage::of(&scenarios(), &register());
    assert_eq!(coverage.unknown_rules, [], "rules that scenarios name and the register does not have");
    for (dimension, at_least) in [
        (Dimension::Operations, 100.0),
        (Dimension::InputMembers, 100.0),
        (Dimension::OutputMembers, 100.0),
        (Dimension::Errors, 90.0),
        (Dimension::LabelTransitions, 100.0),
        (Dimension::Rules, 95.0),
    ] {
        let share = coverage.share(dimension);
        assert!(share.checkable > 0, "{}: there is nothing to check", dimension.as_str());
        let missing: Vec<String> =
            coverage.missing(dimension).map(|item| format!("{} {}", item.operation, item.name)).collect();
        assert!(
            share.percent() >= at_least,
            "{}: {} of {} are checked; not these: {missing:#?}",
            dimension.as_str(),
            share.checked,
            share.checkable
        );
    }
}

#[test]
fn every_exemption_is_still_needed() {
    // What a scenario shows all the same needs no excuse.
    let (register, scenarios) = (register(), scenarios());
    let coverage = Coverage::of(&scenarios, &register);
    for dimension in [Dimension::InputMembers, Dimension::OutputMembers, Dimension::Errors] {
        for item in coverage.items(dimension) {
            assert!(
                item.exempt.is_none() || item.scenarios == 0,
                "rules/exempt.yaml excuses {} {}, and {} scenarios show it",
                item.operation,
                item.name,
                item.scenarios
            );
        }
    }
    for rule in register.rules() {
        let named = scenarios.iter().any(|scenario| scenario.rules.contains(&rule.id));
        assert!(rule.untestable.is_none() || !named, "{} is untestable, and a scenario names it", rule.id);
    }
}
