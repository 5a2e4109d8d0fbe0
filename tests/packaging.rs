//! The recipes under `packaging/` say nothing that `Cargo.toml` says already: above all no version.

use std::path::Path;

use serde_json::Value;

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

#[test]
fn the_npm_package_takes_its_version_from_cargo() {
    let package: Value = serde_json::from_str(&read("npm/package.json")).expect("it is JSON");
    assert_eq!(package["name"], env!("CARGO_PKG_NAME"));
    for member in ["version", "description", "keywords", "license"] {
        assert!(package.get(member).is_none(), "packaging/build.sh takes {member} from Cargo.toml");
    }
}

#[test]
fn the_wheel_takes_its_version_from_cargo() {
    let wheel: toml::Table = toml::from_str(&read("pypi/pyproject.toml")).expect("it is TOML");
    let project = wheel["project"].as_table().expect("a table");
    assert_eq!(project["name"].as_str(), Some(env!("CARGO_PKG_NAME")));
    assert_eq!(project["dynamic"].as_array().map(|names| names.contains(&"version".into())), Some(true));
    assert_eq!(project["license"].as_str(), Some(env!("CARGO_PKG_LICENSE")));
    for member in ["version", "description", "keywords", "readme"] {
        assert!(!project.contains_key(member), "maturin takes {member} from Cargo.toml");
    }
}

#[test]
fn the_action_takes_its_version_from_cargo() {
    // The line that packaging/action/install.sh and packaging/build.sh look for.
    let cargo =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).expect("ours");
    let first = cargo.lines().find_map(|line| line.strip_prefix("version = \"")?.strip_suffix('"'));
    assert_eq!(first, Some(env!("CARGO_PKG_VERSION")));
    for file in ["action/action.yml", "action/install.sh", "action/run.sh", "build.sh", "static.sh"] {
        assert!(!read(file).contains(env!("CARGO_PKG_VERSION")), "packaging/{file} names the version");
    }
}
