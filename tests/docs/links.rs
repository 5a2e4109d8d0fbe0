//! Links within the repository: the file is there, and so is the heading.

use std::path::{Component, Path, PathBuf};

use super::page::Page;

/// What is wrong with the links of the pages. Links to other hosts are not followed.
pub(crate) fn broken(pages: &[Page], root: &Path) -> Vec<String> {
    let mut wrong = Vec::new();
    for page in pages {
        for (line, link) in &page.links {
            if let Some(why) = why(page, link, pages, root) {
                wrong.push(format!("{}:{line}: {link}: {why}", page.path));
            }
        }
    }
    wrong
}

fn why(page: &Page, link: &str, pages: &[Page], root: &Path) -> Option<String> {
    if link.split_once(':').is_some_and(|(scheme, _)| scheme.chars().all(|c| c.is_ascii_alphabetic())) {
        return None;
    }
    let (file, anchor) = link.split_once('#').map_or((link, None), |(file, anchor)| (file, Some(anchor)));
    let path = if file.is_empty() { page.path.clone() } else { joined(&page.path, file)? };
    if !root.join(&path).exists() {
        return Some("there is no such file".to_owned());
    }
    let anchor = anchor?;
    let there = pages.iter().find(|other| other.path == path);
    match there {
        Some(other) if other.anchors.contains(anchor) => None,
        Some(_) => Some(format!("{path} has no heading `#{anchor}`")),
        // A line of a file that is no page.
        None => None,
    }
}

/// A relative path from where a page stands, without `.` and `..`.
fn joined(page: &str, link: &str) -> Option<String> {
    let mut path = PathBuf::new();
    for part in Path::new(page).parent()?.join(link).components() {
        match part {
            Component::ParentDir => {
                path.pop();
            }
            Component::Normal(name) => path.push(name),
            _ => {}
        }
    }
    Some(path.to_string_lossy().replace('\\', "/"))
}

/// Broken links are told.
pub(crate) fn notices() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = [
        Page::parse(
            "docs/targets.md",
            "# One `two`: three\n\n[a](#one-two-three) [b](#none) [c](b.md#x) [d](c.md)",
        ),
        Page::parse(
            "docs/language.md",
            "# x\n\n## x\n\n[a](language.md#x-1) [b](../README.md) [c](../../no.md)",
        ),
    ];
    let wrong = broken(&pages, root);
    assert_eq!(wrong.len(), 4, "{wrong:?}");
}
