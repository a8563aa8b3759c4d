//! What a platform gives to the wallet.
//!
//! | port | real | simulated |
//! | --- | --- | --- |
//! | [`KeyStore`] | [`SoftwareKeyStore`] | the same over [`MemoryStorage`] |
//! | [`Storage`] | [`DirectoryStorage`] | [`MemoryStorage`] |
//! | [`HttpClient`] | `TlsClient`, with the feature `https` | the manager's own router, or a double of a test |
//! | [`Clock`] | [`SystemClock`] | [`ManualClock`] |
//! | [`Random`] | [`SystemRandom`] | [`SeededRandom`] |
//! | [`UserPresence`] | the app | a [`Presence`], which is always given |
//!
//! All take `&self` and may be called from several threads.

mod directory;
mod simulated;
mod software_keys;
mod system;
#[cfg(feature = "https")]
mod tls_client;

use core::fmt;

use credential::crypto::Point;
use credential::object::Presence;
use credential::time::Now;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::error::StorageError;

pub use directory::DirectoryStorage;
pub use simulated::{ManualClock, MemoryStorage, SeededRandom};
pub use software_keys::SoftwareKeyStore;
pub use system::{SystemClock, SystemRandom};
#[cfg(feature = "https")]
pub use tls_client::TlsClient;

/// Where holder keys live: secure hardware where a phone has it.
pub trait KeyStore: Send + Sync {
    /// Makes a P-256 signing key under this name and returns its public key; the key of that name, if there is one.
    ///
    /// # Errors
    /// [`KeyStoreError`]; whether the key was made is then unknown.
    fn make(&self, key: &KeyHandle) -> Result<Point, KeyStoreError>;

    /// The public key.
    ///
    /// # Errors
    /// [`KeyStoreError::NoSuchKey`] when it was never made or the platform has invalidated it.
    fn public_key(&self, key: &KeyHandle) -> Result<Point, KeyStoreError>;

    /// ECDSA with SHA-256 over `message`: r ‖ s, s high or low.
    ///
    /// # Errors
    /// [`KeyStoreError`] when the key cannot sign now, or not at all.
    fn sign(&self, key: &KeyHandle, message: &[u8]) -> Result<[u8; 64], KeyStoreError>;

    /// Deletes the key for good; to delete one that is not there succeeds.
    ///
    /// # Errors
    /// [`KeyStoreError`]; whether the key is deleted is then unknown.
    fn delete(&self, key: &KeyHandle) -> Result<(), KeyStoreError>;

    /// Encrypts the key that seals the wallet's storage, under a key that never leaves the key store and is made if
    /// there is none.
    ///
    /// # Errors
    /// [`KeyStoreError`].
    fn wrap(&self, key: &[u8; 32]) -> Result<Vec<u8>, KeyStoreError>;

    /// Undoes [`KeyStore::wrap`].
    ///
    /// # Errors
    /// [`KeyStoreError::NoSuchKey`] when the wrapping key is gone, or these octets are not of its making.
    fn unwrap(&self, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, KeyStoreError>;
}

/// The name of a key in a [`KeyStore`]: small letters, digits and hyphens, at most 64 octets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct KeyHandle(pub String);

/// Why a key store does not do what it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyStoreError {
    /// There is no such key, or none any more.
    #[error("the key does not exist")]
    NoSuchKey,
    /// The phone has to be unlocked first.
    #[error("the key is locked")]
    Locked,
    /// The key store failed in another way.
    #[error("the key store failed")]
    Failed,
}

/// Named octets that survive a restart.
///
/// Names are small letters, digits and hyphens, at most 96 octets.
pub trait Storage: Send + Sync {
    /// What is stored under a name.
    ///
    /// # Errors
    /// [`StorageError`] when it cannot be read; that it is not there is `None`.
    fn load(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StorageError>;

    /// Replaces what is stored under a name: all of it or nothing, and lasting when this returns.
    ///
    /// # Errors
    /// [`StorageError`]; whether the old or the new octets are stored is then unknown.
    fn store(&self, name: &str, octets: &[u8]) -> Result<(), StorageError>;

    /// Removes what is stored under a name, lasting when this returns; to remove nothing succeeds.
    ///
    /// # Errors
    /// [`StorageError`]; whether it is removed is then unknown.
    fn remove(&self, name: &str) -> Result<(), StorageError>;

    /// Adds octets after those that are stored under a name, lasting when this returns.
    ///
    /// A kill may leave some of the octets, from the front on.
    /// This is done once in every tap: what comes with the trait replaces the whole, and a storage that can append
    /// is faster.
    ///
    /// # Errors
    /// [`StorageError`]; any number of the octets may then have been added.
    fn append(&self, name: &str, octets: &[u8]) -> Result<(), StorageError> {
        let stored = self.load(name)?.unwrap_or_default();
        let mut whole = Zeroizing::new(Vec::with_capacity(stored.len().saturating_add(octets.len())));
        whole.extend_from_slice(&stored);
        whole.extend_from_slice(octets);
        self.store(name, &whole)
    }
}

/// Carries one request to the manager and its answer back.
pub trait HttpClient: Send + Sync {
    /// Sends a request and waits for the whole answer; follows no redirection.
    ///
    /// # Errors
    /// [`HttpFailure`] when there is no answer; a status of 400 or more is an answer.
    fn send(&self, request: &HttpRequest<'_>) -> Result<HttpResponse, HttpFailure>;
}

/// A request to the manager.
#[derive(Clone, Copy)]
pub struct HttpRequest<'a> {
    /// The whole address.
    pub url: &'a str,
    /// JSON to POST; `None` for GET.
    pub json: Option<&'a [u8]>,
    /// Value of the header If-None-Match, if it is to be sent.
    pub if_none_match: Option<&'a str>,
}

/// The manager's answer.
#[derive(Clone)]
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// The body, decoded from whatever transfer coding it had.
    pub body: Vec<u8>,
}

/// Why a request has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HttpFailure {
    /// The manager cannot be reached.
    #[error("the manager cannot be reached")]
    Unreachable,
    /// The answer did not come in time.
    #[error("the manager did not answer in time")]
    TimedOut,
    /// No trusted connection could be made: a certificate that does not hold, or a wrong clock.
    #[error("the connection to the manager is not trusted")]
    NotTrusted,
    /// The address is not one that can be requested.
    #[error("the address of the manager is not valid")]
    Address,
    /// The answer is too long or not HTTP.
    #[error("the answer is not valid HTTP")]
    Invalid,
}

/// Both clocks of the phone.
pub trait Clock: Send + Sync {
    /// One reading of both.
    fn now(&self) -> Now;
}

/// The source of all randomness.
pub trait Random: Send + Sync {
    /// Fills `out` with octets that nobody can predict.
    ///
    /// # Errors
    /// [`RandomFailure`] when there are none; `out` is then not to be used.
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomFailure>;
}

/// The random source is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the random source is broken")]
pub struct RandomFailure;

/// What the holder has done for this tap; asked at every command, so that it must not wait.
pub trait UserPresence: Send + Sync {
    /// The presence that has been given until now.
    fn given(&self) -> Presence;
}

impl UserPresence for Presence {
    fn given(&self) -> Presence {
        *self
    }
}

impl fmt::Debug for HttpRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The body of an activation is a secret.
        f.debug_struct("HttpRequest").field("url", &self.url).finish_non_exhaustive()
    }
}

impl fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpResponse").field("status", &self.status).finish_non_exhaustive()
    }
}
