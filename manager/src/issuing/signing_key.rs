//! A private issuer key, wherever it is.

use credential::crypto::{InvalidKey, Point, Signature, Signer, SoftwareSigner};
use credential::secret::Secret;

use crate::backend::BackendSigner;
use crate::random::Repeatable;
use crate::vault::TokenError;
use crate::vault::pkcs11::TokenKey;

/// What signs.
pub(crate) enum SigningKey {
    /// In the memory of this process, sealed at rest.
    Software(BackendSigner),
    /// The same, with signatures that do not differ from call to call.
    Repeatable(SoftwareSigner),
    /// In a PKCS#11 token.
    Token(TokenKey),
}

impl SigningKey {
    /// The key of a scalar.
    pub(crate) fn software(scalar: &Secret<32>) -> Result<Self, InvalidKey> {
        Ok(match Repeatable::of_this_thread() {
            Some(_) => Self::Repeatable(SoftwareSigner::new(scalar)?),
            None => Self::Software(BackendSigner::new(scalar)?),
        })
    }

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
            Self::Repeatable(signer) => signer.public_key(),
            Self::Token(key) => key.public_key(),
        }
    }

    fn sign(&self, message: &[&[u8]]) -> Result<Signature, Option<TokenError>> {
        match self {
            Self::Software(signer) => signer.sign(message).map_err(|_| None),
            Self::Repeatable(signer) => signer.sign(message).map_err(|_| None),
            Self::Token(key) => key.sign(message).map_err(Some),
        }
    }
}
