//! Another crate tests its own server with three lines: here is one, built and run as its author would.

use std::path::Path;
use std::process::{Command, Output};

fn cargo_test(folder: &Path, wrong: bool, arguments: &[&str]) -> Output {
    // The target folder of this very build, so that nothing is built twice.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("it lies in the target folder");
    let mut command = Command::new(env!("CARGO"));
    command.args(["test", "--offline", "--quiet", "--test", "conformance", "--"]).args(arguments);
    command.current_dir(folder).env("CARGO_TARGET_DIR", target);
    // As Cargo.toml has it: with another profile every dependency would be built once more.
    command.env("CARGO_PROFILE_DEV_DEBUG", "line-tables-only");
    if wrong {
        command.env("WRONG", "1");
    }
    command.output().expect("cargo is there")
}

fn copy(folder: &Path) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let from = root.join("tests/other-crate");
    for file in ["Cargo.toml", "src/lib.rs", "tests/conformance.rs"] {
        let to = folder.join(file);
        std::fs::create_dir_all(to.parent().expect("it has a folder")).expect("it can be made");
        let text = std::fs::read_to_string(from.join(file)).expect("it is there");
        std::fs::write(to, text.replace("SMCHECK", &root.to_string_lossy())).expect("it can be written");
    }
    // The versions of this build, so that nothing has to be fetched.
    std::fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).expect("it can be copied");
}

#[test]
fn another_crate_tests_its_own_server() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    copy(folder.path());
    let said = |output: &Output| {
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    };
    let list = cargo_test(folder.path(), false, &["--list"]);
    assert!(list.status.success(), "{}", said(&list));
    assert!(said(&list).contains("labels/put-moves-current"), "{}", said(&list));
    assert!(!said(&list).contains("my server starts"), "listing starts no server");
    let good = cargo_test(folder.path(), false, &["get-secret-value/"]);
    assert!(good.status.success(), "{}", said(&good));
    assert!(said(&good).contains("my server starts"));
    let wrong = cargo_test(folder.path(), true, &["get-secret-value/"]);
    assert!(!wrong.status.success(), "a wrong server fails");
    assert!(said(&wrong).contains("get-secret-value/unknown-secret"), "{}", said(&wrong));
}
