//! The module table of ARCHITECTURE.md, held: who may use whom, how long a file may be, and that each says its job.
//!
//! The sources are read as text: comments and literals are blanked, then every `crate::` path counts, in `use`
//! lines, in groups and inline, and so does a chain of `super::` that leaves its module.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A file of more lines than this holds two ideas.
const LONGEST: usize = 600;
/// The crate page and the program: they name every module.
const ROOTS: [&str; 2] = ["lib.rs", "main.rs"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// All Rust files under `src/`: their path below it, with `/`, and their text.
fn sources() -> BTreeMap<String, String> {
    fn visit(folder: &Path, below: &str, out: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(folder).expect("a folder of the sources") {
            let path = entry.expect("an entry").path();
            let name = format!("{below}{}", path.file_name().expect("a name").to_string_lossy());
            if path.is_dir() {
                visit(&path, &format!("{name}/"), out);
            } else if name.ends_with(".rs") {
                out.insert(name, fs::read_to_string(&path).expect("UTF-8"));
            }
        }
    }
    let mut out = BTreeMap::new();
    visit(&root().join("src"), "", &mut out);
    assert!(out.len() > 2, "the sources were not found");
    out
}

/// The table: each module and what it may use, itself included.
fn table(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let rows: Vec<(String, String)> = text
        .lines()
        .skip_while(|line| !line.starts_with("| module"))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            (cells[0].trim_matches('`').to_owned(), cells[cells.len() - 1].to_owned())
        })
        .collect();
    let names: Vec<String> = rows.iter().map(|(name, _)| name.clone()).collect();
    let mut out = BTreeMap::new();
    for (at, (name, uses)) in rows.iter().enumerate() {
        let mut allowed: BTreeSet<String> = match uses.as_str() {
            "nothing of ours" => BTreeSet::new(),
            "everything" => names.iter().cloned().collect(),
            "all above" => names[..at].iter().cloned().collect(),
            list => list.split(',').map(|used| used.trim().to_owned()).collect(),
        };
        for used in &allowed {
            assert!(names.contains(used), "the row of {name} uses `{used}`, which has no row");
        }
        allowed.insert(name.clone());
        assert!(out.insert(name.clone(), allowed).is_none(), "two rows for {name}");
    }
    out
}

fn the_table() -> BTreeMap<String, BTreeSet<String>> {
    table(&fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md"))
}

/// The module that a file belongs to: the folder under `src/`, or the file itself.
fn module(file: &str) -> &str {
    file.split('/').next().unwrap_or(file).trim_end_matches(".rs")
}

/// The text without comments, strings and characters; line feeds stay, so that lines can be counted.
fn blanked(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = end_of_blank(&chars, at);
        if end == at {
            out.push(chars[at]);
            at += 1;
        } else {
            out.extend(chars[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
            at = end;
        }
    }
    out
}

/// Where the comment or literal that begins here ends; the same place if none begins.
fn end_of_blank(chars: &[char], start: usize) -> usize {
    let get = |at: usize| chars.get(at).copied().unwrap_or('\0');
    let find = |from: usize, wanted: &dyn Fn(usize) -> bool| (from..chars.len()).find(|at| wanted(*at));
    match (get(start), get(start + 1)) {
        ('/', '/') => find(start, &|at| get(at) == '\n').unwrap_or(chars.len()),
        ('/', '*') => {
            let (mut depth, mut at) = (1, start + 2);
            while at < chars.len() && depth > 0 {
                match (get(at), get(at + 1)) {
                    ('/', '*') => (depth, at) = (depth + 1, at + 2),
                    ('*', '/') => (depth, at) = (depth - 1, at + 2),
                    _ => at += 1,
                }
            }
            at.min(chars.len())
        }
        ('r', '"' | '#') if !is_part_of_word(chars, start) => {
            let hashes = find(start + 1, &|at| get(at) != '#').unwrap_or(chars.len()) - start - 1;
            if get(start + 1 + hashes) != '"' {
                return start; // a raw identifier
            }
            let closes = |at: usize| get(at) == '"' && (1..=hashes).all(|hash| get(at + hash) == '#');
            find(start + 2 + hashes, &closes).map_or(chars.len(), |at| at + 1 + hashes)
        }
        ('"', _) => {
            let mut at = start + 1;
            while at < chars.len() && get(at) != '"' {
                at += if get(at) == '\\' { 2 } else { 1 };
            }
            (at + 1).min(chars.len())
        }
        ('\'', '\\') => find(start + 3, &|at| get(at) == '\'').map_or(chars.len(), |at| at + 1),
        ('\'', _) if get(start + 2) == '\'' => start + 3,
        _ => start, // a lifetime among others
    }
}

fn is_part_of_word(chars: &[char], at: usize) -> bool {
    // `br"…"` is a literal too; its `b` may stay.
    at > 0 && is_word(chars[at - 1]) && !(chars[at - 1] == 'b' && (at < 2 || !is_word(chars[at - 2])))
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Every name that is reached from the crate's root in this file, with the line.
fn reached(file: &str, text: &str) -> Vec<(usize, String)> {
    let code = blanked(text);
    let mut out = Vec::new();
    let line = |at: usize| code[..at].matches('\n').count() + 1;
    for (at, _) in code.match_indices("crate::") {
        if !code[..at].ends_with(is_word) {
            out.extend(first_names(&code[at + "crate::".len()..]).into_iter().map(|name| (line(at), name)));
        }
    }
    // `super::` as often as the file is deep is the root; within a module of its own, tests for instance, once more.
    let depth = file.trim_end_matches("/mod.rs").split('/').count();
    for (at, _) in code.match_indices("super::") {
        if code[..at].ends_with("super::") || code[..at].ends_with(is_word) {
            continue;
        }
        let mut rest = &code[at..];
        let mut steps = 0;
        while let Some(after) = rest.strip_prefix("super::") {
            (rest, steps) = (after, steps + 1);
        }
        if steps >= depth {
            out.extend(first_names(rest).into_iter().map(|name| (line(at), name)));
        }
    }
    out
}

/// The first names of a path or of each path in a group: `{judge::{a, b}, trace}` gives `judge` and `trace`.
fn first_names(rest: &str) -> Vec<String> {
    let rest = rest.trim_start();
    let name = |text: &str| text.trim_start().chars().take_while(|c| is_word(*c)).collect::<String>();
    let Some(group) = rest.strip_prefix('{') else {
        return vec![name(rest)];
    };
    let (mut depth, mut begin, mut out) = (0, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                out.push(name(&group[begin..at]));
                begin = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    out.retain(|name| !name.is_empty());
    out
}

/// What is wrong with one file, by the table.
fn trespasses(file: &str, text: &str, table: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let Some(allowed) = table.get(module(file)) else {
        return vec![format!("src/{file}: `{}` has no row in ARCHITECTURE.md", module(file))];
    };
    reached(file, text)
        .into_iter()
        .filter(|(_, name)| !allowed.contains(name))
        // What `super::` finds beside modules is the parent's own; a name at the root would be a way around.
        .filter(|(_, name)| table.contains_key(name) || text.contains(&format!("crate::{name}")))
        .map(|(line, name)| {
            if table.contains_key(&name) {
                format!("src/{file}:{line}: {} may not use {name}", module(file))
            } else {
                format!("src/{file}:{line}: crate::{name} is not a module of the table; name its module")
            }
        })
        .collect()
}

#[test]
fn modules_use_only_what_the_table_allows() {
    let table = the_table();
    let wrong: Vec<String> = sources()
        .iter()
        .filter(|(file, _)| !ROOTS.contains(&file.as_str()))
        .flat_map(|(file, text)| trespasses(file, text, &table))
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_table_has_no_circle() {
    let table = the_table();
    // Whoever uses only what is done already is done; a circle never is.
    let mut done = BTreeSet::new();
    loop {
        let next: Vec<&String> = table
            .iter()
            .filter(|(name, uses)| {
                !done.contains(*name) && uses.iter().all(|used| used == *name || done.contains(used))
            })
            .map(|(name, _)| name)
            .collect();
        if next.is_empty() {
            break;
        }
        done.extend(next.into_iter().cloned());
    }
    let left: Vec<&String> = table.keys().filter(|name| !done.contains(*name)).collect();
    assert!(left.is_empty(), "these use each other: {left:?}");
}

#[test]
fn no_file_is_too_long() {
    let long: Vec<String> = sources()
        .iter()
        .filter(|(_, text)| text.lines().count() > LONGEST)
        .map(|(file, text)| format!("src/{file}: {} lines", text.lines().count()))
        .collect();
    assert!(long.is_empty(), "at most {LONGEST} lines: {long:#?}");
}

#[test]
fn every_module_says_what_it_is_for() {
    let silent: Vec<String> = sources()
        .iter()
        .filter(|(file, text)| *file != "main.rs" && !text.starts_with("//! "))
        .map(|(file, _)| format!("src/{file} does not begin with `//!` and its job"))
        .collect();
    assert!(silent.is_empty(), "{silent:#?}");
}

#[test]
fn paths_are_found_in_every_form() {
    let text = r##"
        //! See [`crate::server`].
        use crate::{judge::{Verdict, verdict::{Cause}}, trace, service as words};
        use crate::report::json;
        pub(in crate::model) fn f<'a>(x: &'a str) -> crate::store::Fixture {
            let _ = ("crate::run", r#"crate::cli " "#, '"', "a \" crate::suite", b'\'');
            /* crate::explore /* nested */ crate::explore */
            $crate::scenario::parse(); mycrate::target::x()
        }
    "##;
    let names: Vec<String> = reached("a/b.rs", text).into_iter().map(|(_, name)| name).collect();
    assert_eq!(names, ["judge", "trace", "service", "report", "model", "store", "scenario"]);
    let lines: Vec<usize> = reached("a/b.rs", text).into_iter().map(|(line, _)| line).collect();
    assert_eq!(lines, [3, 3, 3, 4, 5, 5, 8]);
}

#[test]
fn a_trespass_is_named_with_its_place() {
    let table = table(
        "| module | job | may use |\n|---|---|---|\n| `a` | x | nothing of ours |\n| `b` | x | a |\n| `c` | x | all above |\n",
    );
    assert_eq!(trespasses("b/mod.rs", "use crate::{a::X, b::Y};", &table), Vec::<String>::new());
    assert_eq!(trespasses("c.rs", "use crate::{a::X, b::Y};", &table), Vec::<String>::new());
    assert_eq!(trespasses("a/x.rs", "\nuse crate::b::Y;", &table), ["src/a/x.rs:2: a may not use b"]);
    assert_eq!(trespasses("a/x.rs", "use super::super::b::Y;", &table), ["src/a/x.rs:1: a may not use b"]);
    assert_eq!(trespasses("a/mod.rs", "use super::b;", &table), ["src/a/mod.rs:1: a may not use b"]);
    assert_eq!(trespasses("a/x.rs", "use super::b;", &table), Vec::<String>::new());
    assert_eq!(trespasses("a/x.rs", "mod tests { use super::super::thing; }", &table), Vec::<String>::new());
    assert_eq!(trespasses("d.rs", "", &table), ["src/d.rs: `d` has no row in ARCHITECTURE.md"]);
    let around = "src/a/x.rs:1: crate::Verdict is not a module of the table; name its module";
    assert_eq!(trespasses("a/x.rs", "use crate::Verdict;", &table), [around]);
}
