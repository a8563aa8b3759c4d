//! A directory for what a world keeps while it is there: in memory, where there is room for that.

use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context, Result};
use tempfile::{Builder, TempDir};

/// Directories in memory, where the system has any.
const IN_MEMORY: &str = "/dev/shm";

/// What the directories are called.
const PREFIX: &str = "ostiary-world-";

/// The file in each that is locked for as long as somebody works there.
const HELD: &str = "held";

/// A directory that is gone when nobody works there any more: at once, or, when the process was killed, as soon as the
/// next one needs a directory.
#[derive(Debug)]
pub(crate) struct Scratch {
    directory: TempDir,
    _held: File,
}

impl Scratch {
    /// Makes one.
    ///
    /// # Errors
    /// When there is no room for it.
    pub(crate) fn new() -> Result<Self> {
        let in_memory = Path::new(IN_MEMORY);
        if in_memory.is_dir() {
            sweep(in_memory);
            if let Ok(scratch) = Self::new_in(in_memory) {
                return Ok(scratch);
            }
        }
        let elsewhere = std::env::temp_dir();
        sweep(&elsewhere);
        Self::new_in(&elsewhere).context("there is no room for the manager's database")
    }

    fn new_in(place: &Path) -> Result<Self> {
        let directory = Builder::new().prefix(PREFIX).tempdir_in(place)?;
        let unlocked = directory.path().join("new");
        let held = File::create(&unlocked)?;
        held.lock()?;
        // It has its name only when it is locked: who sweeps does not find it before.
        fs::rename(unlocked, directory.path().join(HELD))?;
        Ok(Self { directory, _held: held })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }
}

/// Removes what was left behind; what cannot be removed belongs to somebody else.
fn sweep(place: &Path) {
    let entries = fs::read_dir(place).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX)) {
        let held = File::open(entry.path().join(HELD));
        if held.is_ok_and(|held| held.try_lock().is_ok()) {
            let _not_ours = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_process_left_is_swept_and_what_is_in_use_is_not() {
        let place = tempfile::tempdir().unwrap();
        let used = Scratch::new_in(place.path()).unwrap();
        let left = Scratch::new_in(place.path()).unwrap();
        let Scratch { directory, _held } = left;
        let left = directory.keep();
        drop(_held);
        fs::write(left.join("store.db"), "rows").unwrap();
        sweep(place.path());
        assert!(used.path().is_dir());
        assert!(!left.exists());
        let path = used.path().to_owned();
        drop(used);
        assert!(!path.exists());
    }
}
