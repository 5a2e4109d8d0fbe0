//! Where scenarios come from: a folder, or the catalogue inside the binary.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::scenario::register::{BadRegister, Register};
use crate::scenario::{self, Finding, Scenario};

mod built_in {
    include!(concat!(env!("OUT_DIR"), "/catalogue.rs"));
}

/// The folder that takes the place of the built-in catalogue where it exists.
pub const FOLDER: &str = "scenarios";

/// What `--scenarios` calls the catalogue inside the binary, where no folder has this name.
pub const BUILT_IN: &str = "catalogue";

/// The folder that takes the place of the built-in rule register where it exists.
pub const RULES_FOLDER: &str = "rules";

/// Where scenarios come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Catalogue {
    /// The scenarios inside the binary.
    BuiltIn,
    /// All `.yaml` files under a folder.
    Folder(PathBuf),
}

/// Scenarios that cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file or folder cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Files are not what they should be.
    #[error("{}", summary(.0))]
    Findings(Vec<Finding>),
    /// No scenario has an id that the filters ask for.
    #[error("no scenario matches {}; `smcheck list` shows all ids", quoted(.0))]
    NothingMatches(Vec<String>),
    /// The folder holds no scenario.
    #[error("there is no scenario under {}", .0.display())]
    Empty(PathBuf),
}

impl Catalogue {
    /// The folder that was named, or `scenarios` in the current folder, or what the binary carries.
    pub fn choose(named: Option<&Path>, current: &Path) -> Self {
        match named {
            Some(word) if word == Path::new(BUILT_IN) && !current.join(word).is_dir() => Catalogue::BuiltIn,
            Some(folder) => Catalogue::Folder(folder.to_path_buf()),
            None if current.join(FOLDER).is_dir() => Catalogue::Folder(PathBuf::from(FOLDER)),
            None => Catalogue::BuiltIn,
        }
    }

    /// Whether this is another set of scenarios than the binary's, and not a copy of it that somebody works on: such a
    /// copy has most of the files.
    pub fn replaces_built_in(&self) -> bool {
        let Catalogue::Folder(_) = self else { return false };
        let files = self.files().unwrap_or_default();
        let here: std::collections::BTreeSet<&str> = files.iter().map(|file| file.id.as_str()).collect();
        let both = built_in::SCENARIOS.iter().filter(|(id, _)| here.contains(id)).count();
        both * 2 < built_in::SCENARIOS.len()
    }

    /// All files: the path as findings name it, the id, and the bytes.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn files(&self) -> Result<Vec<CatalogueFile>, LoadError> {
        match self {
            Catalogue::BuiltIn => Ok(built_in::SCENARIOS
                .iter()
                .map(|(id, text)| CatalogueFile {
                    path: format!("{FOLDER}/{id}.yaml"),
                    id: (*id).to_owned(),
                    bytes: std::borrow::Cow::Borrowed(text.as_bytes()),
                })
                .collect()),
            Catalogue::Folder(folder) => {
                let mut paths = Vec::new();
                collect(folder, &mut paths)?;
                paths.sort();
                paths.iter().map(|path| CatalogueFile::read(folder, path)).collect()
            }
        }
    }

    /// All scenarios whose id contains one of the filters (all, where there is none), in the order of their ids.
    ///
    /// # Errors
    /// Everything that is wrong with any of the files, or that nothing matches.
    pub fn load(&self, filters: &[String]) -> Result<Vec<Arc<Scenario>>, LoadError> {
        let mut findings = Vec::new();
        let mut scenarios = Vec::new();
        for file in self.files()? {
            match scenario::parse(&file.path, &file.id, &file.bytes) {
                Ok(found) => scenarios.extend(found.into_iter().map(Arc::new)),
                Err(found) => findings.extend(found),
            }
        }
        if !findings.is_empty() {
            return Err(LoadError::Findings(findings));
        }
        if scenarios.is_empty() {
            let folder =
                if let Catalogue::Folder(folder) = self { folder.clone() } else { PathBuf::from(FOLDER) };
            return Err(LoadError::Empty(folder));
        }
        if !filters.is_empty() {
            scenarios.retain(|scenario| filters.iter().any(|filter| scenario.id.contains(filter.as_str())));
            if scenarios.is_empty() {
                return Err(LoadError::NothingMatches(filters.to_vec()));
            }
        }
        scenarios.sort_by(|left, right| left.id.cmp(&right.id));
        Ok(scenarios)
    }
}

/// One file of a catalogue.
#[derive(Clone, Debug)]
pub struct CatalogueFile {
    /// How findings name it.
    pub path: String,
    /// The id of its scenario, without a case.
    pub id: String,
    /// Its bytes.
    pub bytes: std::borrow::Cow<'static, [u8]>,
}

impl CatalogueFile {
    fn read(folder: &Path, path: &Path) -> Result<Self, LoadError> {
        // One byte more than the limit is enough to see that a file is too large.
        let bytes = read_at_most(path, scenario::FILE_MAX + 1)
            .map_err(|source| LoadError::Read { path: path.to_path_buf(), source })?;
        let id = path.strip_prefix(folder).unwrap_or(path).with_extension("");
        let id = id.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
        Ok(CatalogueFile { path: path.to_string_lossy().into_owned(), id, bytes: bytes.into() })
    }
}

fn read_at_most(path: &Path, limit: usize) -> std::io::Result<Vec<u8>> {
    use std::io::Read;
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(limit as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> Result<(), LoadError> {
    let read = |source| LoadError::Read { path: folder.to_path_buf(), source };
    for entry in std::fs::read_dir(folder).map_err(read)? {
        let path = entry.map_err(read)?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if hidden {
            continue;
        }
        if path.is_dir() {
            collect(&path, paths)?;
        } else if path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml") {
            paths.push(path);
        }
    }
    Ok(())
}

/// The rule register: the files of a `rules` folder here, or what the binary carries.
///
/// # Errors
/// A file that cannot be read; everything that is wrong with the register, one line each.
pub fn rules(current: &Path) -> Result<Register, String> {
    let folder = current.join(RULES_FOLDER);
    let lines = |bad: Vec<BadRegister>| bad.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    if !folder.is_dir() {
        return Register::read(built_in::RULES.iter().copied()).map_err(lines);
    }
    let files = Catalogue::Folder(folder).files().map_err(|why| why.to_string())?;
    let text = |file: &CatalogueFile| match std::str::from_utf8(&file.bytes) {
        Ok(text) => Ok((file.id.clone(), text.to_owned())),
        Err(_) => Err(format!("{}: the file is not UTF-8", file.path)),
    };
    let texts = files.iter().map(text).collect::<Result<Vec<_>, _>>()?;
    Register::read(texts.iter().map(|(name, text)| (name.as_str(), text.as_str()))).map_err(lines)
}

/// How many files the catalogue inside the binary has. Its scenarios, which are more, would have to be read first.
pub fn built_in_files() -> usize {
    built_in::SCENARIOS.len()
}

/// The snapshot of the reference that the binary carries for a scenario, by the snapshot's file name without
/// ending.
pub fn built_in_snapshot(name: &str) -> Option<&'static str> {
    find(built_in::SNAPSHOTS, name)
}

/// The known list that the binary carries for a target.
pub fn built_in_known(name: &str) -> Option<&'static str> {
    find(built_in::KNOWN, name)
}

fn find(table: &'static [(&str, &str)], name: &str) -> Option<&'static str> {
    table.binary_search_by(|(path, _)| (*path).cmp(name)).ok().map(|at| table[at].1)
}

fn quoted(filters: &[String]) -> String {
    filters.iter().map(|filter| format!("`{filter}`")).collect::<Vec<_>>().join(" or ")
}

fn summary(findings: &[Finding]) -> String {
    let files: std::collections::BTreeSet<&str> =
        findings.iter().map(|finding| finding.path.as_str()).collect();
    let plural = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    format!("{} in {}", plural(findings.len(), "finding"), plural(files.len(), "file"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_can_be_named_where_a_folder_takes_its_place() {
        let here = tempfile::tempdir().expect("there is room for a folder");
        let named = Some(Path::new(BUILT_IN));
        assert_eq!(Catalogue::choose(named, here.path()), Catalogue::BuiltIn);
        std::fs::create_dir(here.path().join(BUILT_IN)).expect("it can be made");
        assert_eq!(Catalogue::choose(named, here.path()), Catalogue::Folder(PathBuf::from(BUILT_IN)));
    }

    #[test]
    fn the_repositorys_own_folder_is_the_catalogue() {
        let own = Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER);
        assert!(!Catalogue::Folder(own).replaces_built_in());
        let here = tempfile::tempdir().expect("there is room for a folder");
        assert!(Catalogue::Folder(here.path().to_path_buf()).replaces_built_in());
        assert!(!Catalogue::BuiltIn.replaces_built_in());
    }
}
