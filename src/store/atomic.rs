//! Writing a file whole or not at all.

use std::io::{self, Write as _};
use std::path::Path;

/// Writes beside, flushes, renames: whoever reads the path finds the old bytes or the new ones, and a run that
/// ends early leaves the old file whole. Folders on the way are made. A device or a pipe, such as `/dev/null` or what a
/// shell puts in the place of `>(…)`, is written into, and stays what it is.
///
/// # Errors
/// When the file system refuses.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if is_stream(path) {
        return std::fs::write(path, bytes);
    }
    let beside = beside(path, bytes)?;
    set_mode(beside.as_file())?;
    beside.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Tries whether [`write()`] could write there, before there is anything to write. Nothing is left behind.
///
/// # Errors
/// When the file system refuses.
pub fn try_out(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if is_stream(path) {
        return Ok(());
    }
    beside(path, &[])?.close()
}

/// As [`write()`], for the owner's eyes alone: nobody else can read the file, whatever was there before.
///
/// # Errors
/// When the file system refuses.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    beside(path, bytes)?.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// As [`write()`], where there is no file yet.
///
/// # Errors
/// `AlreadyExists` when there is one, which stays as it is; else when the file system refuses.
pub fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = beside(path, bytes)?;
    set_mode(beside.as_file())?;
    beside.persist_noclobber(path).map_err(|error| error.error)?;
    Ok(())
}

/// Whether something is there that is neither a file nor a folder.
fn is_stream(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir())
}

fn beside(path: &Path, bytes: &[u8]) -> io::Result<tempfile::NamedTempFile> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    std::fs::create_dir_all(folder)?;
    let mut beside = tempfile::Builder::new().prefix(".smcheck-").suffix(".tmp").tempfile_in(folder)?;
    beside.write_all(bytes)?;
    beside.as_file().sync_all()?;
    Ok(beside)
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

    #[test]
    fn a_pipe_is_written_into_and_stays_one() {
        use std::os::unix::fs::FileTypeExt as _;
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let path = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&path).status().expect("there is mkfifo");
        assert!(made.success());
        try_out(&path).expect("it could be written");
        let reader = std::thread::spawn({
            let path = path.clone();
            move || std::fs::read(path)
        });
        write(&path, b"one").expect("it can be written");
        assert!(std::fs::metadata(&path).expect("it is there").file_type().is_fifo());
        assert_eq!(reader.join().expect("it ends").expect("it can be read"), b"one");
    }

    #[test]
    fn a_file_that_is_there_stays_when_it_should_be_new() {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let path = folder.path().join("a.jsonl");
        write_new(&path, b"one").expect("there is none yet");
        let refused = write_new(&path, b"two").expect_err("there is one");
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(&path).expect("it is there"), b"one");
    }

    #[cfg(unix)]
    #[test]
    fn a_private_file_is_nobody_elses_also_where_it_was() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let path = folder.path().join("env");
        write(&path, b"open").expect("it can be written");
        write_private(&path, b"closed").expect("it can be replaced");
        let mode = std::fs::metadata(&path).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
