//! Where an embedded database is restored to before it is put in its place: what was killed half-way is never found there.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::{BackupError, make_private};
use crate::error::Error;
use crate::store::Home;

/// The folder in the manager's directory.
const FOLDER: &str = "restoring";

/// A place beside, which is emptied when this is dropped.
pub(super) struct Aside {
    pub(super) home: Home,
    pub(super) file: PathBuf,
}

impl Aside {
    /// A place beside `target`, which must not be there; whatever an earlier restoration left is removed.
    pub(super) fn new(home: &Home, target: &Path) -> Result<Self, BackupError> {
        if target.exists() {
            return Err(BackupError::NotEmpty(home.to_string()));
        }
        let folder = home.directory().join(FOLDER);
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(|cause| BackupError::file(&folder, cause))?;
        }
        crate::manager::make_directory(&folder).map_err(Error::from)?;
        let aside = Home::from(&folder);
        let file = aside.file().unwrap_or_else(|| folder.join("manager.db"));
        Ok(Self { home: aside, file })
    }

    /// Copies the backup here, readable for its owner only.
    pub(super) fn fill(&self, backup: &Path) -> Result<(), BackupError> {
        make_private(&self.file)?;
        fs::copy(backup, &self.file).map(|_| ()).map_err(|cause| BackupError::file(&self.file, cause))
    }

    /// Puts the database in its place, in one step that lasts; nobody may have it open.
    pub(super) fn put_in_place(self, target: &Path) -> Result<(), BackupError> {
        let failed = |cause| BackupError::file(target, cause);
        File::open(&self.file).and_then(|file| file.sync_all()).map_err(failed)?;
        fs::rename(&self.file, target).map_err(failed)?;
        let parent = target.parent().unwrap_or(target);
        File::open(parent).and_then(|directory| directory.sync_all()).map_err(failed)
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(self.home.directory());
    }
}
