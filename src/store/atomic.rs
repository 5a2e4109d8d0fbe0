//! Writing a file whole or not at all.

use std::io::{self, Write as _};
use std::path::Path;

/// Writes beside, flushes, renames: whoever reads the path finds the old bytes or the new ones, and a run that
/// ends early leaves the old file whole. Folders on the way are made.
///
/// # Errors
/// When the file system refuses.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    std::fs::create_dir_all(folder)?;
    let mut beside = tempfile::Builder::new().prefix(".smcheck-").suffix(".tmp").tempfile_in(folder)?;
    beside.write_all(bytes)?;
    beside.as_file().sync_all()?;
    set_mode(beside.as_file())?;
    beside.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Temporary files are for their owner alone; what is kept is for the group and others too, as any file is.
#[cfg(unix)]
fn set_mode(file: &std::fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn set_mode(_: &std::fs::File) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let path = folder.path().join("a/b/c.snap");
        write(&path, b"one").expect("it can be written");
        write(&path, b"two").expect("it can be written again");
        assert_eq!(std::fs::read(&path).expect("it is there"), b"two");
        let beside = path.parent().expect("it has a folder").read_dir().expect("it can be read").count();
        assert_eq!(beside, 1);
    }
}
