//! A directory with one file for each name.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::Storage;
use crate::error::StorageError;

const NAME_OCTETS_MAX: usize = 96;
const LOCK: &str = ".lock";

/// Files in a directory that only this user may read.
///
/// A file is replaced by writing another, flushing it to the disk, renaming it, and flushing the directory; octets
/// are appended with one flush.
/// The directory is locked while it is open, because two wallets over the same files would present a ticket twice.
pub struct DirectoryStorage {
    directory: PathBuf,
    _lock: File,
}

impl DirectoryStorage {
    /// Opens a directory, and makes it if it is not there.
    ///
    /// # Errors
    /// [`StorageError::InUse`] while another wallet has it open, [`StorageError::Io`] for anything else.
    pub fn open(directory: impl Into<PathBuf>) -> Result<Self, StorageError> {
        let directory = directory.into();
        make_directory(&directory)?;
        let lock = private().create(true).truncate(false).write(true).open(directory.join(LOCK))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(StorageError::InUse),
            Err(fs::TryLockError::Error(error)) => return Err(error.into()),
        }
        let storage = Self { directory, _lock: lock };
        storage.sweep()?;
        Ok(storage)
    }

    /// Removes what a kill in the middle of a replacement has left.
    fn sweep(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.directory)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "new") {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    fn path(&self, name: &str) -> Result<PathBuf, StorageError> {
        let allowed = |octet: u8| octet.is_ascii_lowercase() || octet.is_ascii_digit() || octet == b'-';
        if name.is_empty() || name.len() > NAME_OCTETS_MAX || !name.bytes().all(allowed) {
            return Err(StorageError::Name);
        }
        Ok(self.directory.join(name))
    }
}

impl Storage for DirectoryStorage {
    fn load(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StorageError> {
        let mut file = match File::open(self.path(name)?) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        // Room for the whole file at once: growing would leave copies of secrets behind.
        let length = usize::try_from(file.metadata()?.len()).map_err(|_| StorageError::Corrupt)?;
        let mut octets = Zeroizing::new(vec![0; length]);
        file.read_exact(&mut octets)?;
        Ok(Some(octets))
    }

    fn store(&self, name: &str, octets: &[u8]) -> Result<(), StorageError> {
        let path = self.path(name)?;
        let new = path.with_extension("new");
        let mut file = private().create(true).truncate(true).write(true).open(&new)?;
        file.write_all(octets)?;
        file.sync_all()?;
        drop(file);
        fs::rename(&new, &path)?;
        Ok(sync_directory(&self.directory)?)
    }

    fn append(&self, name: &str, octets: &[u8]) -> Result<(), StorageError> {
        let mut file = OpenOptions::new().append(true).open(self.path(name)?)?;
        file.write_all(octets)?;
        Ok(file.sync_data()?)
    }

    fn remove(&self, name: &str) -> Result<(), StorageError> {
        match fs::remove_file(self.path(name)?) {
            Ok(()) => Ok(sync_directory(&self.directory)?),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(unix)]
fn private() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}

#[cfg(not(unix))]
fn private() -> OpenOptions {
    OpenOptions::new()
}

#[cfg(unix)]
fn make_directory(directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

#[cfg(not(unix))]
fn make_directory(directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)
}

#[cfg(unix)]
fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// Elsewhere a directory cannot be opened as a file, and a rename is as lasting as the file system makes it.
#[cfg(not(unix))]
fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(directory: &Path) -> DirectoryStorage {
        DirectoryStorage::open(directory).unwrap()
    }

    #[test]
    fn what_is_stored_is_there_after_opening_again() {
        let directory = tempfile::tempdir().unwrap();
        let wallet = directory.path().join("a/b");
        open(&wallet).store("name-1", b"one").unwrap();
        open(&wallet).store("name-1", b"another").unwrap();
        assert_eq!(open(&wallet).load("name-1").unwrap().unwrap().as_slice(), b"another");
        open(&wallet).append("name-1", b" one").unwrap();
        assert_eq!(open(&wallet).load("name-1").unwrap().unwrap().as_slice(), b"another one");
        open(&wallet).remove("name-1").unwrap();
        open(&wallet).remove("name-1").unwrap();
        assert!(open(&wallet).load("name-1").unwrap().is_none());
    }

    #[test]
    fn a_replacement_that_was_cut_off_leaves_the_old_octets() {
        let directory = tempfile::tempdir().unwrap();
        open(directory.path()).store("name", b"old").unwrap();
        fs::write(directory.path().join("name.new"), b"ne").unwrap();
        assert_eq!(open(directory.path()).load("name").unwrap().unwrap().as_slice(), b"old");
        assert!(!directory.path().join("name.new").exists());
    }

    #[test]
    fn a_directory_is_open_once() {
        let directory = tempfile::tempdir().unwrap();
        let first = open(directory.path());
        assert!(matches!(DirectoryStorage::open(directory.path()), Err(StorageError::InUse)));
        drop(first);
        open(directory.path());
    }

    #[test]
    fn a_name_cannot_leave_the_directory() {
        let directory = tempfile::tempdir().unwrap();
        let storage = open(directory.path());
        for name in ["", "..", "../x", "a/b", "A", ".lock", "name.new"] {
            assert_eq!(storage.store(name, b"x"), Err(StorageError::Name), "{name}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn only_the_user_may_read_the_files() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let wallet = directory.path().join("wallet");
        open(&wallet).store("name", b"x").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&wallet), mode(&wallet.join("name"))), (0o700, 0o600));
    }
}
