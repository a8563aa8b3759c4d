//! What can go wrong, sorted by who has to do something about it.

mod refusal;

use crate::card_list::CardListErrors;
use crate::domain::{ProjectError, UndoConflicts};
use crate::import::ImportErrors;
use crate::issuing::IssuingError;
use crate::random::RandomFailed;
use crate::store::StoreError;
use crate::vault::VaultError;
pub use refusal::Refusal;

/// Why the manager did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Whoever asked may not have it, or asked for something that is not there.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The list of people has errors.
    #[error(transparent)]
    Import(#[from] ImportErrors),
    /// The list of cards has errors.
    #[error(transparent)]
    CardList(#[from] CardListErrors),
    /// Users were changed since the import that is to be undone.
    #[error(transparent)]
    Undo(#[from] UndoConflicts),
    /// A setting of the project is not allowed.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// The directory is not that of a manager, or already is.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// The issuer keys do not open.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An object could not be signed.
    #[error(transparent)]
    Issuing(#[from] IssuingError),
    /// There were no random octets.
    #[error(transparent)]
    Random(#[from] RandomFailed),
    /// No mail can be sent.
    #[error("no mail can be sent: {0}")]
    MailBroken(String),
    /// The mailbox with reports cannot be read.
    #[error("the mailbox with reports: {0}")]
    Mailbox(String),
    /// The watched folder cannot be read, or a list in it not be moved.
    #[error("the watched folder: {0}")]
    WatchedFolder(String),
    /// Nothing can be posted to webhooks.
    #[error("nothing can be posted to webhooks: {0}")]
    WebhookClient(String),
    /// A task of the manager was stopped.
    #[error("the manager is stopping")]
    Stopping,
}

/// What is wrong with the directory of a manager.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// It could not be made or read.
    #[error("{path}: {cause}")]
    Io {
        /// Which file or directory.
        path: String,
        /// What the operating system says.
        cause: std::io::Error,
    },
    /// There is a project in it already.
    #[error("{0} has a project already")]
    Taken(String),
    /// There is no project in it.
    #[error("{0} has no project; make one with `manager init`")]
    Empty(String),
}
