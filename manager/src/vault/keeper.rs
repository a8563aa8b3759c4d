//! Who keeps the private issuer keys: a vault that seals them, or a token that never gives them out.

use credential::crypto::Signer;
use credential::secret::Secret;

use super::pkcs11::Token;
use super::{Unlock, Vault, VaultError};
use crate::domain::ProjectId;
use crate::issuing::{self, SigningKey};
use crate::random::RandomFailed;
use crate::store::VaultRow;

/// Makes and opens private issuer keys. Its calls block: on Argon2id, or on a token.
pub(crate) enum Keeper {
    /// Seals them.
    Vault(Vault),
    /// Has them in a token.
    Token(Token),
}

/// A private key as the database has it.
pub(crate) struct KeptKey {
    pub(crate) public_key: [u8; 33],
    /// The sealed scalar, or the identifier in the token.
    pub(crate) private_key: Vec<u8>,
    pub(crate) in_token: bool,
}

impl Keeper {
    /// Makes a new keeper for a new project.
    pub(crate) fn create(unlock: &Unlock) -> Result<(Self, VaultRow), VaultError> {
        if let Unlock::Token(access) = unlock {
            return Ok((Self::Token(Token::open(access)?), super::token_row()));
        }
        let (vault, row) = unlock.create()?;
        Ok((Self::Vault(vault), row))
    }

    /// Opens the keeper of a project.
    pub(crate) fn open(unlock: &Unlock, row: &VaultRow) -> Result<Self, VaultError> {
        if let (Unlock::Token(access), super::TOKEN) = (unlock, row.kind.as_str()) {
            return Ok(Self::Token(Token::open(access)?));
        }
        Ok(Self::Vault(unlock.open(row)?))
    }

    /// Makes a key for an index.
    pub(crate) fn make(&self, project: ProjectId, index: u8) -> Result<KeptKey, VaultError> {
        match self {
            Self::Vault(vault) => {
                let (scalar, public_key) = issuing::generate().map_err(|_| RandomFailed)?;
                let private_key = vault.seal(&label(project, index), scalar.expose())?;
                Ok(KeptKey { public_key, private_key, in_token: false })
            }
            Self::Token(token) => {
                let (id, public_key) = token.generate()?;
                Ok(KeptKey { public_key, private_key: id.to_vec(), in_token: true })
            }
        }
    }

    /// Opens a key; its public half has to be the one that is known.
    pub(crate) fn key(
        &self,
        project: ProjectId,
        index: u8,
        kept: &KeptKey,
    ) -> Result<SigningKey, VaultError> {
        match self {
            Self::Vault(vault) if !kept.in_token => {
                let opened = vault.open(&label(project, index), &kept.private_key)?;
                let scalar = opened.as_slice().try_into().map(Secret::new).map_err(|_| VaultError::Wrong)?;
                let signer = SigningKey::software(&scalar).map_err(|_| VaultError::Wrong)?;
                if signer.public_key().0 != kept.public_key {
                    return Err(VaultError::Wrong);
                }
                Ok(signer)
            }
            Self::Token(token) if kept.in_token => {
                Ok(SigningKey::Token(token.key(&kept.private_key, &kept.public_key)?))
            }
            Self::Vault(_) => Err(VaultError::OtherKind("PKCS#11 token")),
            Self::Token(_) => Err(VaultError::OtherKind("passphrase or key file")),
        }
    }

    /// Seals the key of a project's other secrets.
    pub(crate) fn seal_data_key(&self, project: ProjectId, key: &[u8; 32]) -> Result<Vec<u8>, VaultError> {
        match self {
            Self::Vault(vault) => vault.seal(&data_label(project), key),
            Self::Token(token) => Ok(token.seal(&data_label(project), key)?),
        }
    }

    /// Undoes [`Keeper::seal_data_key`].
    pub(crate) fn open_data_key(&self, project: ProjectId, sealed: &[u8]) -> Result<Vault, VaultError> {
        let opened = match self {
            Self::Vault(vault) => vault.open(&data_label(project), sealed)?,
            Self::Token(token) => token.open_sealed(&data_label(project), sealed)?,
        };
        let key: &[u8; 32] = opened.as_slice().try_into().map_err(|_| VaultError::Wrong)?;
        Ok(Vault::of_key(key))
    }

    /// Seals the key of a project's other secrets for another keeper.
    pub(crate) fn reseal_data_key(
        &self,
        project: ProjectId,
        sealed: &[u8],
        other: &Self,
    ) -> Result<Vec<u8>, VaultError> {
        other.seal_data_key(project, self.open_data_key(project, sealed)?.key())
    }

    /// Seals a key that this keeper sealed for another one.
    pub(crate) fn reseal(
        &self,
        project: ProjectId,
        index: u8,
        private_key: &[u8],
        other: &Self,
    ) -> Result<Vec<u8>, VaultError> {
        let (Self::Vault(from), Self::Vault(to)) = (self, other) else {
            return Err(VaultError::NotSealed);
        };
        let label = label(project, index);
        to.seal(&label, &from.open(&label, private_key)?)
    }
}

/// What the key of a project's other secrets is sealed as.
fn data_label(project: ProjectId) -> Vec<u8> {
    [b"ostiary data key\0".as_slice(), &project.0].concat()
}

/// What the private key at an index is sealed as, so that it opens as nothing else.
fn label(project: ProjectId, index: u8) -> Vec<u8> {
    [b"ostiary issuer key\0".as_slice(), &project.0, &[index]].concat()
}
