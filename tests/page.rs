//! The page of `smcheck compare` in a browser: rendered here, driven by `tests/page/page.test.mjs`.
//!
//! It needs node, npm, Chromium and, once, the package registry. Where one of them is missing the test says what and
//! ends as skipped; with `SMCHECK_NEED_BROWSER=1`, as CI has it, that is a failure. `SMCHECK_CHROMIUM` names a browser
//! that is not on the path. `cargo test --test page -- --nocapture` shows how long the page takes.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// What is rendered: a name, and the arguments of the generator.
const PAGES: [(&str, &[&str]); 4] =
    [("500x8", &["500", "8"]), ("1800x8", &["1800", "8"]), ("hostile", &["hostile"]), ("empty", &["0", "2"])];

/// The folder of the test's own files.
fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/page")
}

/// A program of this name on the path.
fn on_path(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(name)).find(|file| file.is_file())
}

fn run(program: &Path, args: &[OsString], at: &Path) -> Result<Output, String> {
    let output = Command::new(program)
        .args(args)
        .current_dir(at)
        .output()
        .map_err(|error| format!("{} cannot be run: {error}", program.display()))?;
    if output.status.success() {
        return Ok(output);
    }
    let told =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Err(format!("{} ended with {}:\n{told}", program.display(), output.status))
}

/// What is needed to look at the page.
struct Tools {
    node: PathBuf,
    browser: PathBuf,
    /// The folder with the pinned packages.
    modules: PathBuf,
}

/// Finds the programs and installs the pinned packages under `target/`; an error says what is missing.
fn tools() -> Result<Tools, String> {
    let node = on_path("node").ok_or("node is not on the path")?;
    let npm = on_path("npm").ok_or("npm is not on the path")?;
    let browser = match env::var_os("SMCHECK_CHROMIUM") {
        Some(named) => PathBuf::from(named),
        None => BROWSERS
            .iter()
            .find_map(|name| on_path(name))
            .ok_or("no Chromium is on the path, and SMCHECK_CHROMIUM names none")?,
    };
    let modules = Path::new(env!("CARGO_TARGET_TMPDIR")).join("page-modules");
    let lock = fs::read(sources().join("package-lock.json")).map_err(|error| error.to_string())?;
    let installed = modules.join("installed.json");
    if fs::read(&installed).is_ok_and(|before| before == lock) {
        return Ok(Tools { node, browser, modules });
    }
    fs::create_dir_all(&modules).map_err(|error| error.to_string())?;
    for file in ["package.json", "package-lock.json"] {
        fs::copy(sources().join(file), modules.join(file)).map_err(|error| error.to_string())?;
    }
    let args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"].map(OsString::from);
    run(&npm, &args, &modules)?;
    // Last, so that an installation that was interrupted is begun again.
    fs::write(&installed, lock).map_err(|error| error.to_string())?;
    Ok(Tools { node, browser, modules })
}

/// Renders all pages into a folder: `NAME.json` is the data, `NAME.html` the page of it.
fn render(node: &Path, folder: &Path) -> Result<(), String> {
    fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    for (name, args) in PAGES {
        let mut all = vec![sources().join("synthetic.mjs").into_os_string()];
        all.extend(args.iter().map(OsString::from));
        let data = run(node, &all, folder)?.stdout;
        let value = serde_json::from_slice(&data).map_err(|error| format!("{name}: {error}"))?;
        fs::write(folder.join(format!("{name}.json")), &data).map_err(|error| error.to_string())?;
        fs::write(folder.join(format!("{name}.html")), smcheck::report::page::page(&value))
            .map_err(|error| error.to_string())?;
    }
    Ok(())
}

#[test]
fn the_page_in_a_browser() {
    let tools = match tools() {
        Ok(tools) => tools,
        Err(why) => {
            assert!(env::var_os("SMCHECK_NEED_BROWSER").is_none(), "SMCHECK_NEED_BROWSER is set, and {why}");
            // Past the harness, which keeps what a test that passes prints to itself.
            let _ = writeln!(io::stderr(), "the_page_in_a_browser: skipped: {why}");
            return;
        }
    };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("page");
    render(&tools.node, &folder).unwrap_or_else(|why| panic!("{why}"));
    let output = Command::new(&tools.node)
        .args(["--test", "--test-reporter=spec"])
        .arg(sources().join("page.test.mjs"))
        .env("SMCHECK_PAGE_DIR", &folder)
        .env("SMCHECK_PAGE_MODULES", &tools.modules)
        .env("SMCHECK_CHROMIUM", &tools.browser)
        .output()
        .expect("node runs");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "the page does not hold:\n{told}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    // A file without a test passes, too.
    assert!(
        told.lines().any(|line| line.contains("tests") && line.chars().any(|c| ('1'..='9').contains(&c))),
        "{told}"
    );
    println!("{told}");
}
