//! Why a backup is not made, or not gone on from.

use std::io;
use std::path::Path;

use crate::domain::AuditBreak;
use crate::error::Error;
use crate::store::StoreError;

/// What is wrong, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is a file of this name already.
    #[error("{0} is there already; name another file")]
    Exists(String),
    /// There is no database to back up.
    #[error("{0} has no database")]
    NothingThere(String),
    /// There is a database where one should be restored to.
    #[error("{0} has a database already; restore to another place")]
    NotEmpty(String),
    /// A file could not be read or written.
    #[error("{path}: {cause}")]
    File {
        /// Which file.
        path: String,
        /// What the operating system says.
        cause: io::Error,
    },
    /// The manifest could not be read or written.
    #[error(
        "the manifest beside the backup is missing or not one; restore with the two files as they were made"
    )]
    Manifest,
    /// The file is not what the manifest says.
    #[error("the backup is not the file that its manifest describes: it was changed or cut")]
    Changed,
    /// The file does not hold what its kind should.
    #[error("the backup is not a sound database")]
    Unsound,
    /// The audit log in the backup does not hold.
    #[error("in project {project}, {cause}")]
    Audit {
        /// The project id.
        project: String,
        /// Where it does not hold.
        cause: AuditBreak,
    },
    /// The backup is of the other kind of database.
    #[error("this backup is of {0}")]
    OtherKind(&'static str),
    /// The revocation list is not one of a project in the backup.
    #[error("{0} is not a revocation list that a project of the backup has signed")]
    List(String),
    /// A tool of PostgreSQL is not there.
    #[error("{tool} cannot be run ({cause}); install the client programs of PostgreSQL")]
    ToolMissing {
        /// The name of the program.
        tool: &'static str,
        /// What the operating system says.
        cause: io::Error,
    },
    /// A tool of PostgreSQL failed.
    #[error("{tool} failed: {message}")]
    ToolFailed {
        /// The name of the program.
        tool: &'static str,
        /// What it said last.
        message: String,
    },
    /// The address of the database cannot be given to the tools.
    #[error("the address of the database has a password that cannot be read")]
    Address,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The manager failed.
    #[error(transparent)]
    Manager(#[from] Error),
}

impl BackupError {
    pub(super) fn file(path: &Path, cause: io::Error) -> Self {
        Self::File { path: path.display().to_string(), cause }
    }
}
