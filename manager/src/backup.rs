//! Copies of a database while it is in use, and going on from one.
//!
//! A backup is the database alone, sealed issuer keys included, with a manifest beside it. Neither needs the passphrase,
//! key file or token that opens the keys, and neither has it.

mod aside;
mod error;
mod restoring;
mod tools;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::clock::Clock;
use crate::domain::{hex, project_id_text};
use crate::store::{Home, ProjectCounters, Store};
pub use error::BackupError;
pub use restoring::{RestoreOptions, Restored, restore};
pub use tools::ServerAddress;

/// The form of the manifest.
const FORMAT: u32 = 1;
/// What a manifest's name has behind the name of the backup.
const MANIFEST: &str = "manifest.json";
/// Octets that are hashed at a time.
const CHUNK: usize = 64 * 1024;

/// What is known of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The form of the manifest, 1.
    pub format: u32,
    /// The version of the manager that made the backup.
    pub manager_version: String,
    /// When it was made, in Unix seconds.
    pub made_at: u32,
    /// What the file is.
    pub kind: BackupKind,
    /// The length of the file.
    pub octets: u64,
    /// SHA-256 of the file in hexadecimal digits.
    pub sha256: String,
    /// The projects in it; on a server, at least this far.
    pub projects: Vec<ProjectInBackup>,
}

/// What the file of a backup is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BackupKind {
    /// An SQLite database.
    Sqlite,
    /// A dump of pg_dump in its custom format.
    Postgresql,
}

/// How far a project was when it was backed up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectInBackup {
    /// The project id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The last serial that was given out.
    pub last_serial: u64,
    /// The version of the newest revocation list.
    pub list_version: u32,
    /// Entries of the audit log.
    pub audit_entries: u64,
    /// The hash of the last of them, in hexadecimal digits.
    pub audit_head: String,
}

/// Backs up the database of `home`, which may be in use, into a new file.
///
/// # Errors
/// [`BackupError`] says what to do.
pub async fn backup(
    home: &Home,
    server: Option<&ServerAddress>,
    file: &Path,
    clock: &impl Clock,
) -> Result<Manifest, BackupError> {
    let partial = with_ending(file, "part");
    let manifest_file = with_ending(file, MANIFEST);
    for taken in [file, &manifest_file] {
        if taken.exists() {
            return Err(BackupError::Exists(taken.display().to_string()));
        }
    }
    if home.file().is_some_and(|file| !file.exists()) {
        return Err(BackupError::NothingThere(home.to_string()));
    }
    make_private(&partial)?;
    let made = write(home, server, &partial).await;
    let (kind, projects) = match made {
        Ok(made) => made,
        Err(error) => {
            // A backup that failed leaves nothing that looks like one.
            let _gone = fs::remove_file(&partial);
            return Err(error);
        }
    };
    let (octets, sha256) = digest(&partial)?;
    let manifest = Manifest {
        format: FORMAT,
        manager_version: env!("CARGO_PKG_VERSION").to_owned(),
        made_at: clock.now().0,
        kind,
        octets,
        sha256,
        projects: projects.into_iter().map(ProjectInBackup::from).collect(),
    };
    let text = serde_json::to_string_pretty(&manifest).map_err(|_| BackupError::Manifest)?;
    make_private(&manifest_file)?;
    fs::write(&manifest_file, text).map_err(|cause| BackupError::file(&manifest_file, cause))?;
    fs::rename(&partial, file).map_err(|cause| BackupError::file(file, cause))?;
    Ok(manifest)
}

async fn write(
    home: &Home,
    server: Option<&ServerAddress>,
    partial: &Path,
) -> Result<(BackupKind, Vec<ProjectCounters>), BackupError> {
    let store = Store::open(home).await?;
    let kind = match server {
        Some(server) => {
            let projects = store.read().await?.counters().await?;
            store.close().await;
            tools::dump(server, partial).await?;
            return Ok((BackupKind::Postgresql, projects));
        }
        None => BackupKind::Sqlite,
    };
    store.copy_into(partial).await?;
    store.close().await;
    File::open(partial)
        .and_then(|file| file.sync_all())
        .map_err(|cause| BackupError::file(partial, cause))?;
    Ok((kind, Store::counters_in(partial).await?))
}

/// A file of this name with one more ending.
fn with_ending(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

/// Makes an empty file that only its owner reads.
fn make_private(file: &Path) -> Result<(), BackupError> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file).map(|_| ()).map_err(|cause| BackupError::file(file, cause))
}

/// Length and SHA-256 of a file.
fn digest(file: &Path) -> Result<(u64, String), BackupError> {
    let read = || -> io::Result<(u64, String)> {
        let (mut opened, mut hash, mut octets) = (File::open(file)?, Sha256::new(), 0_u64);
        let mut chunk = vec![0; CHUNK];
        loop {
            let length = opened.read(&mut chunk)?;
            let Some(part) = chunk.get(..length).filter(|part| !part.is_empty()) else {
                return Ok((octets, hex(&hash.finalize())));
            };
            hash.update(part);
            octets = octets.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
        }
    };
    read().map_err(|cause| BackupError::file(file, cause))
}

impl From<ProjectCounters> for ProjectInBackup {
    fn from(counters: ProjectCounters) -> Self {
        Self {
            id: project_id_text(counters.project),
            name: counters.name,
            last_serial: counters.last_serial,
            list_version: counters.list_version,
            audit_entries: counters.audit_length,
            audit_head: hex(&counters.audit_head),
        }
    }
}
