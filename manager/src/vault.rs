//! The issuer keys at rest: sealed under a key that only the operator can make.

mod keeper;
pub(crate) mod pkcs11;

use std::fmt;
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use argon2::{Algorithm, Argon2, Params, Version};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

pub(crate) use keeper::{Keeper, KeptKey};
pub use pkcs11::{TokenAccess, TokenError};

use crate::domain::{from_base64url, to_base64url};
use crate::random::{self, RandomFailed};
use crate::store::VaultRow;

/// Argon2id as in RFC 9106 §4, second recommended option: 64 MiB, 3 passes, 4 lanes.
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 4;
/// The most memory that a stored setting may ask for: 4 GiB.
const MEMORY_KIB_MAX: u32 = 4 * 1024 * 1024;
/// Characters that a passphrase has at least.
const PASSPHRASE_MIN: usize = 10;
const SALT_OCTETS: usize = 16;
const NONCE_OCTETS: usize = 12;

/// What the operator has that opens the issuer keys.
#[derive(Clone)]
pub enum Unlock {
    /// A passphrase of at least 10 characters.
    Passphrase(Zeroizing<String>),
    /// A file with a random key, made together with the project if it is not there.
    KeyFile(PathBuf),
    /// A PKCS#11 token, in which the keys are made and stay.
    Token(TokenAccess),
}

/// Why the issuer keys do not open.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The PKCS#11 token does not do what it should.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// Keys in a token cannot be sealed for somebody else.
    #[error("keys in a PKCS#11 token are not sealed: there is no passphrase or key file to change")]
    NotSealed,
    /// The passphrase is too short for a new project.
    #[error("a passphrase needs at least {PASSPHRASE_MIN} characters")]
    PassphraseShort,
    /// The passphrase or the key file is not that of this project.
    #[error("the passphrase or key file does not open the issuer keys of this project")]
    Wrong,
    /// The project was made with the other kind.
    #[error("the issuer keys of this project open with a {0}")]
    OtherKind(&'static str),
    /// The key file could not be read or made.
    #[error("the key file {path}: {cause}")]
    File {
        /// Which file.
        path: String,
        /// What the operating system says.
        cause: std::io::Error,
    },
    /// The key file has something else in it.
    #[error("{0} is not a key file")]
    NotAKeyFile(String),
    /// The key could not be derived from the passphrase.
    #[error("the key could not be derived: {0}")]
    Derivation(argon2::Error),
    /// There were no random octets.
    #[error(transparent)]
    Random(#[from] RandomFailed),
}

/// An opened vault: seals and opens under its key, which is wiped when dropped.
pub(crate) struct Vault(Zeroizing<[u8; 32]>);

impl Unlock {
    /// Makes a new vault, and the key file if there is to be one and it is not there.
    pub(crate) fn create(&self) -> Result<(Vault, VaultRow), VaultError> {
        match self {
            Self::Passphrase(passphrase) => {
                if passphrase.chars().count() < PASSPHRASE_MIN {
                    return Err(VaultError::PassphraseShort);
                }
                let row = VaultRow {
                    kind: PASSPHRASE.to_owned(),
                    salt: random::octets::<SALT_OCTETS>()?.to_vec(),
                    memory_kib: MEMORY_KIB,
                    passes: PASSES,
                    lanes: LANES,
                };
                Ok((derive(passphrase, &row)?, row))
            }
            Self::KeyFile(path) => {
                let row = VaultRow {
                    kind: KEY_FILE.to_owned(),
                    salt: Vec::new(),
                    memory_kib: 0,
                    passes: 0,
                    lanes: 0,
                };
                Ok((read_or_make_key_file(path)?, row))
            }
            Self::Token(_) => Err(VaultError::NotSealed),
        }
    }

    /// Opens the vault of a project.
    pub(crate) fn open(&self, row: &VaultRow) -> Result<Vault, VaultError> {
        match (self, row.kind.as_str()) {
            (Self::Passphrase(passphrase), PASSPHRASE) => derive(passphrase, row),
            (Self::KeyFile(path), KEY_FILE) => read_key_file(path),
            (_, PASSPHRASE) => Err(VaultError::OtherKind("passphrase")),
            (_, TOKEN) => Err(VaultError::OtherKind("PKCS#11 token")),
            _ => Err(VaultError::OtherKind("key file")),
        }
    }
}

const PASSPHRASE: &str = "passphrase";
const KEY_FILE: &str = "key_file";
const TOKEN: &str = "token";

/// The row of a project whose keys are in a token: there is nothing to derive.
fn token_row() -> VaultRow {
    VaultRow { kind: TOKEN.to_owned(), salt: Vec::new(), memory_kib: 0, passes: 0, lanes: 0 }
}

impl Vault {
    /// A vault whose key is at hand.
    pub(crate) const fn with_key(key: Zeroizing<[u8; 32]>) -> Self {
        Self(key)
    }

    /// The vault of a key.
    fn of_key(key: &[u8; 32]) -> Self {
        Self(Zeroizing::new(*key))
    }

    fn key(&self) -> &[u8; 32] {
        &self.0
    }

    /// Seals octets together with what they are: nonce, ciphertext, tag.
    pub(crate) fn seal(&self, what: &[u8], octets: &[u8]) -> Result<Vec<u8>, VaultError> {
        let nonce = random::octets::<NONCE_OCTETS>()?;
        let sealed = self.cipher().encrypt(&Nonce::from(nonce), Payload { msg: octets, aad: what });
        let sealed = sealed.map_err(|_| VaultError::Wrong)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Undoes [`Vault::seal`].
    pub(crate) fn open(&self, what: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_OCTETS>().ok_or(VaultError::Wrong)?;
        let opened = self.cipher().decrypt(&Nonce::from(*nonce), Payload { msg: sealed, aad: what });
        opened.map(Zeroizing::new).map_err(|_| VaultError::Wrong)
    }

    /// A secret that is always the same for the same name, and says nothing of the key or of any other.
    pub(crate) fn derive(&self, name: &[u8]) -> Zeroizing<[u8; 32]> {
        let mut secret = Zeroizing::new([0; 32]);
        // HMAC takes a key of any length.
        if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&*self.0) {
            mac.update(name);
            secret.copy_from_slice(&mac.finalize().into_bytes());
        }
        secret
    }

    fn cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new((&*self.0).into())
    }
}

fn derive(passphrase: &str, row: &VaultRow) -> Result<Vault, VaultError> {
    let memory_kib = row.memory_kib.min(MEMORY_KIB_MAX);
    let params = Params::new(memory_kib, row.passes, row.lanes, Some(32)).map_err(VaultError::Derivation)?;
    let mut key = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.as_bytes(), &row.salt, key.as_mut())
        .map_err(VaultError::Derivation)?;
    Ok(Vault(key))
}

fn read_or_make_key_file(path: &Path) -> Result<Vault, VaultError> {
    let failed = |cause| VaultError::File { path: path.display().to_string(), cause };
    let key = Zeroizing::new(random::octets::<32>()?);
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(mut file) => {
            let text = Zeroizing::new(format!("{}\n", to_base64url(key.as_ref())));
            file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
            Ok(Vault(key))
        }
        Err(cause) if cause.kind() == ErrorKind::AlreadyExists => read_key_file(path),
        Err(cause) => Err(failed(cause)),
    }
}

fn read_key_file(path: &Path) -> Result<Vault, VaultError> {
    let shown = || path.display().to_string();
    let text = fs::read_to_string(path).map_err(|cause| VaultError::File { path: shown(), cause })?;
    let text = Zeroizing::new(text);
    let key = from_base64url::<32>(text.trim_end()).ok_or_else(|| VaultError::NotAKeyFile(shown()))?;
    Ok(Vault(Zeroizing::new(key)))
}

impl fmt::Debug for Unlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passphrase(_) => f.write_str("Passphrase(..)"),
            Self::KeyFile(path) => f.debug_tuple("KeyFile").field(path).finish(),
            Self::Token(access) => f.debug_tuple("Token").field(access).finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passphrase(text: &str) -> Unlock {
        Unlock::Passphrase(Zeroizing::new(text.to_owned()))
    }

    #[test]
    fn only_the_right_passphrase_opens() {
        let (vault, row) = passphrase("correct horse").create().unwrap();
        let sealed = vault.seal(b"what", b"secret").unwrap();
        let again = passphrase("correct horse").open(&row).unwrap();
        assert_eq!(again.open(b"what", &sealed).unwrap().as_slice(), b"secret");
        let wrong = passphrase("correct hearse").open(&row).unwrap();
        assert!(matches!(wrong.open(b"what", &sealed), Err(VaultError::Wrong)));
        assert!(matches!(passphrase("short").create(), Err(VaultError::PassphraseShort)));
    }

    #[test]
    fn a_key_file_is_made_once_and_for_its_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        let unlock = Unlock::KeyFile(path.clone());
        let (vault, row) = unlock.create().unwrap();
        let sealed = vault.seal(b"what", b"secret").unwrap();
        let (again, _) = unlock.create().unwrap();
        assert_eq!(again.open(b"what", &sealed).unwrap().as_slice(), b"secret");
        assert!(matches!(passphrase("correct horse").open(&row), Err(VaultError::OtherKind("key file"))));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        fs::write(&path, "something else").unwrap();
        assert!(matches!(unlock.open(&row), Err(VaultError::NotAKeyFile(_))));
    }

    #[test]
    fn what_was_sealed_opens_as_nothing_else_and_not_when_changed() {
        let dir = tempfile::tempdir().unwrap();
        let (vault, _) = Unlock::KeyFile(dir.path().join("key")).create().unwrap();
        let sealed = vault.seal(b"key 0", b"secret").unwrap();
        assert!(vault.open(b"key 1", &sealed).is_err());
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(vault.open(b"key 0", &changed).is_err(), "octet {place}");
        }
        assert!(vault.open(b"key 0", &sealed[..11]).is_err());
    }

    #[test]
    fn a_passphrase_is_not_in_debug_output() {
        assert_eq!(format!("{:?}", passphrase("correct horse")), "Passphrase(..)");
    }
}
