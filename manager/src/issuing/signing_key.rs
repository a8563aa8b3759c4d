//! A private issuer key, wherever it is.

use credential::crypto::{Point, Signature, Signer};

use crate::backend::BackendSigner;
use crate::vault::TokenError;
use crate::vault::pkcs11::TokenKey;

/// What signs.
pub(crate) enum SigningKey {
    /// In the memory of this process, sealed at rest.
    Software(BackendSigner),
    /// In a PKCS#11 token.
    Token(TokenKey),
}

impl SigningKey {
    /// Whether a signature is waited for, so that it must not be made on a thread that serves others.
    pub(super) const fn waits(&self) -> bool {
        matches!(self, Self::Token(_))
    }
}

impl Signer for SigningKey {
    type Error = Option<TokenError>;

    fn public_key(&self) -> Point {
        match self {
            Self::Software(signer) => signer.public_key(),
            Self::Token(key) => key.public_key(),
        }
    }

    fn sign(&self, message: &[&[u8]]) -> Result<Signature, Option<TokenError>> {
        match self {
            Self::Software(signer) => signer.sign(message).map_err(|_| None),
            Self::Token(key) => key.sign(message).map_err(Some),
        }
    }
}
