//! The documentation, held to what is true: every block of commands in README.md and docs/ is run, or says why it is
//! not; what it shows is what comes out; every link leads somewhere. docs/decisions/0009-commands-in-pages-are-run.md
//! tells the convention.
//!
//! `UPDATE=1 cargo test --test docs` writes the output that commands have now into the pages; read `git diff` after it.

mod links;
mod page;
mod shell;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Completion, Failed, Trial};

use page::Page;

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = match pages(root) {
        Ok(pages) => pages,
        Err(why) => {
            let trial = Trial::test("the pages can be read", move || Err(Failed::from(why)));
            return libtest_mimic::run(&Arguments::from_args(), vec![trial]).exit_code();
        }
    };
    let mut trials = Vec::new();
    for page in pages.iter().filter(|page| page.has_commands_to_hold()) {
        let (held, name) = (page.clone(), format!("{}: blocks of commands are marked", page.path));
        trials.push(Trial::test(name, move || told(page::unmarked(&held, root))));
        if page.runs().next().is_none() {
            continue;
        }
        for need in shell::NEEDS.iter().filter(|need| page.runs().any(|block| block.needs(need.word))) {
            let name = format!("{}: blocks that need {}", page.path, need.word);
            trials.push(Trial::ignorable_test(name, move || match need.missing(root) {
                Some(reason) if need.required() => Err(Failed::from(reason)),
                Some(reason) => Ok(Completion::ignored_with(reason)),
                // They were run with the others of their page, in its order.
                None => Ok(Completion::Completed),
            }));
        }
        let (page, name) = (page.clone(), format!("{}: commands", page.path));
        trials.push(Trial::test(name, move || shell::hold(&page, root).map_err(Failed::from)));
    }
    let all = pages.clone();
    trials.push(Trial::test("links lead somewhere", move || told(links::broken(&all, root))));
    trials.push(Trial::test("the tests of pages notice", move || {
        shell::notices();
        links::notices();
        page::notices(root);
        Ok(())
    }));
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn told(wrong: Vec<String>) -> Result<(), Failed> {
    if wrong.is_empty() { Ok(()) } else { Err(Failed::from(wrong.join("\n"))) }
}

/// All Markdown of the repository, in the order of its paths.
fn pages(root: &Path) -> Result<Vec<Page>, String> {
    let mut paths = Vec::new();
    collect(root, &mut paths).map_err(|why| format!("cannot list the pages: {why}"))?;
    paths.sort();
    paths.iter().map(|path| Page::read(root, path)).collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if !name.starts_with('.') && name != "target" && name != "node_modules" {
                collect(&path, paths)?;
            }
        } else if name.ends_with(".md") {
            paths.push(path);
        }
    }
    Ok(())
}
