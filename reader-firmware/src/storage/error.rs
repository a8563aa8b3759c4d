//! Why the storage fails.

use core::fmt;

use sequential_storage::Error;

/// Why an item cannot be stored or loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StorageError {
    /// The part of the flash is too small, or its ends are not those of pages.
    Range,
    /// The flash itself reports an error.
    Flash,
    /// There is no room for another item.
    Full,
    /// The item is longer than the storage's limit.
    TooLarge,
    /// What is in the flash was not written by this storage, or is beyond repair.
    Corrupted,
}

impl<E> From<Error<E>> for StorageError {
    fn from(error: Error<E>) -> Self {
        match error {
            Error::Storage { .. } => Self::Flash,
            Error::FullStorage => Self::Full,
            Error::BufferTooBig
            | Error::BufferTooSmall(_)
            | Error::ItemTooBig
            | Error::SerializationError(_) => Self::TooLarge,
            _ => Self::Corrupted,
        }
    }
}

impl fmt::Display for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Range => {
                "give the storage at least two whole pages of the flash, each larger than the longest item"
            }
            Self::Flash => "the flash reports an error",
            Self::Full => "the storage is full",
            Self::TooLarge => "the item is longer than the storage has room for",
            Self::Corrupted => "the flash holds something else; erase the storage and enrol the door again",
        })
    }
}

impl core::error::Error for StorageError {}
