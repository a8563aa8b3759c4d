//! Errors in a form that other languages know.

use phone_sdk::port::{HttpFailure, KeyStoreError};
use phone_sdk::{Denied, Error, Restart, StorageError};
use uniffi::UnexpectedUniFFICallbackError;

/// Why the wallet did not do what it was asked for, sorted by what the app has to do.
///
/// `code` says in one stable word what happened (`docs/SDK.md#errors`), `detail` the same to a developer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum WalletError {
    /// Do the same again later, with growing pauses; nothing is lost.
    #[error("{detail}")]
    Retry {
        /// What happened.
        code: String,
        /// To a developer.
        detail: String,
    },
    /// Begin again with something that only the holder or the administrator can give.
    #[error("{detail}")]
    Restart {
        /// What happened.
        code: String,
        /// To a developer.
        detail: String,
        /// For `answers-wrong`: how often the holder may try before the card is locked.
        tries_left: Option<u32>,
    },
    /// Tell the holder; to repeat it helps nothing.
    #[error("{detail}")]
    Denied {
        /// What happened.
        code: String,
        /// To a developer.
        detail: String,
        /// For `card-locked`: when answers are taken again, in Unix seconds.
        until: Option<u64>,
    },
    /// The storage failed: free space, or tell the holder what is lost.
    #[error("{detail}")]
    Storage {
        /// What happened.
        code: String,
        /// To a developer.
        detail: String,
    },
    /// Mend the app.
    #[error("{detail}")]
    Misuse {
        /// What happened.
        code: String,
        /// To a developer.
        detail: String,
    },
}

/// Why a key vault does not do what it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum KeyError {
    /// There is no such key, or none any more.
    #[error("the key does not exist")]
    NoSuchKey,
    /// The phone has to be unlocked first.
    #[error("the key is locked")]
    Locked,
    /// It failed in another way.
    #[error("the key vault failed")]
    Failed,
}

/// Why a storage does not do what it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum StorageFailure {
    /// There is no room left.
    #[error("there is no room left")]
    Full,
    /// It failed in another way.
    #[error("the storage failed")]
    Failed,
}

/// Why a request has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum HttpError {
    /// The manager cannot be reached.
    #[error("the manager cannot be reached")]
    Unreachable,
    /// The answer did not come in time.
    #[error("the manager did not answer in time")]
    TimedOut,
    /// No trusted connection could be made.
    #[error("the connection is not trusted")]
    NotTrusted,
}

impl From<Error> for WalletError {
    fn from(error: Error) -> Self {
        let (code, detail) = (error.code().to_owned(), error.to_string());
        match error {
            Error::Retry(_) => Self::Retry { code, detail },
            Error::Restart(Restart::AnswersWrong { tries_left }) => {
                Self::Restart { code, detail, tries_left: Some(tries_left) }
            }
            Error::Restart(_) => Self::Restart { code, detail, tries_left: None },
            Error::Denied(Denied::CardLocked { until }) => {
                Self::Denied { code, detail, until: Some(u64::from(until.0)) }
            }
            Error::Denied(_) => Self::Denied { code, detail, until: None },
            Error::Storage(_) => Self::Storage { code, detail },
            Error::Misuse(_) => Self::Misuse { code, detail },
        }
    }
}

impl From<KeyError> for KeyStoreError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::NoSuchKey => Self::NoSuchKey,
            KeyError::Locked => Self::Locked,
            KeyError::Failed => Self::Failed,
        }
    }
}

impl From<StorageFailure> for StorageError {
    fn from(failure: StorageFailure) -> Self {
        Self::Io(match failure {
            StorageFailure::Full => std::io::ErrorKind::StorageFull,
            StorageFailure::Failed => std::io::ErrorKind::Other,
        })
    }
}

impl From<HttpError> for HttpFailure {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::Unreachable => Self::Unreachable,
            HttpError::TimedOut => Self::TimedOut,
            HttpError::NotTrusted => Self::NotTrusted,
        }
    }
}

// An exception that the app's code did not declare is a failure of its port, and its text stays where it is.
impl From<UnexpectedUniFFICallbackError> for KeyError {
    fn from(_: UnexpectedUniFFICallbackError) -> Self {
        Self::Failed
    }
}

impl From<UnexpectedUniFFICallbackError> for StorageFailure {
    fn from(_: UnexpectedUniFFICallbackError) -> Self {
        Self::Failed
    }
}

impl From<UnexpectedUniFFICallbackError> for HttpError {
    fn from(_: UnexpectedUniFFICallbackError) -> Self {
        Self::Unreachable
    }
}
