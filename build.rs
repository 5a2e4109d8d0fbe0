//! Puts the catalogue into the binary: scenarios, the rules that they check, the reference's snapshots, and the
//! known lists.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let mut code = String::new();
    table(&mut code, &root, "SCENARIOS", "scenarios", "yaml")?;
    table(&mut code, &root, "SNAPSHOTS", "snapshots/embedded", "snap")?;
    table(&mut code, &root, "KNOWN", "known", "yaml")?;
    table(&mut code, &root, "RULES", "rules", "yaml")?;
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("catalogue.rs");
    // An unchanged file keeps its date, so that nothing is compiled again for it.
    if fs::read_to_string(&out).is_ok_and(|before| before == code) {
        return Ok(());
    }
    fs::write(out, code)
}

/// Writes `pub(super) static NAME: &[(path without ending, text)]`, sorted by path.
fn table(code: &mut String, root: &Path, name: &str, folder: &str, ending: &str) -> io::Result<()> {
    println!("cargo:rerun-if-changed={folder}");
    let base = root.join(folder);
    let mut files = Vec::new();
    if base.is_dir() {
        collect(&base, ending, &mut files)?;
    }
    files.sort();
    let _ = writeln!(code, "pub(super) static {name}: &[(&str, &str)] = &[");
    for file in files {
        let path = file.strip_prefix(&base).unwrap_or(&file).with_extension("");
        let _ =
            writeln!(code, "    ({:?}, include_str!({:?})),", path.to_string_lossy(), file.to_string_lossy());
    }
    code.push_str("];\n");
    Ok(())
}

fn collect(folder: &Path, ending: &str, files: &mut Vec<PathBuf>) -> io::Result<()> {
    println!("cargo:rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, ending, files)?;
        } else if path.extension().is_some_and(|found| found == ending) {
            println!("cargo:rerun-if-changed={}", path.display());
            files.push(path);
        }
    }
    Ok(())
}
