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
        trials.push(Trial::test(name, move || told(&page::unmarked(&held, root))));
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
    trials.push(Trial::test("links lead somewhere", move || told(&links::broken(&all, root))));
    let table = pages.iter().find(|page| page.path == "docs/exit-codes.md").map(|page| page.path.clone());
    trials.push(Trial::test("every command has its exit codes", move || {
        let page = table.ok_or("there is no docs/exit-codes.md")?;
        let text = std::fs::read_to_string(root.join(page)).map_err(|why| why.to_string())?;
        told(&without_exit_codes(&text, &shell::commands()?))
    }));
    trials.push(Trial::test("the tests of pages notice", move || {
        shell::notices();
        links::notices();
        page::notices(root);
        let none = without_exit_codes(
            "| `run`, `lint` | 0 |\n| `known update` | 0 |",
            &["run", "known"].map(Into::into),
        );
        assert!(none.iter().map(String::as_str).eq(["the row of `lint` is of no command"]), "{none:?}");
        assert_eq!(without_exit_codes("", &["run".to_owned()]).len(), 1);
        Ok(())
    }));
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn told(wrong: &[String]) -> Result<(), Failed> {
    if wrong.is_empty() { Ok(()) } else { Err(Failed::from(wrong.join("\n"))) }
}

/// Commands without a row in the table of exit codes, and rows without a command.
fn without_exit_codes(text: &str, commands: &[String]) -> Vec<String> {
    let cells = text.lines().filter_map(|line| line.strip_prefix("| `")?.split(" |").next());
    let named: Vec<&str> = cells
        .flat_map(|cell| cell.split(", "))
        .filter_map(|name| name.trim_matches('`').split_whitespace().next())
        .collect();
    let missing = commands.iter().filter(|command| !named.contains(&command.as_str()));
    let mut wrong: Vec<String> = missing.map(|command| format!("`{command}` has no row")).collect();
    let stray = named.iter().filter(|name| !commands.iter().any(|command| command == *name));
    wrong.extend(stray.map(|name| format!("the row of `{name}` is of no command")));
    wrong
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
