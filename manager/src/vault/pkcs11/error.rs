//! What goes wrong with a token, by who has to do something about it.

use cryptoki::error::{Error as Pkcs11Error, RvError};

use crate::random::RandomFailed;

/// Why a PKCS#11 token does not do what it should.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The library of the token could not be loaded.
    #[error("the PKCS#11 module {module} cannot be loaded: {cause}")]
    Module {
        /// The file of the library.
        module: String,
        /// What the loader says.
        cause: String,
    },
    /// No token of this label is there.
    #[error("there is no PKCS#11 token with the label {0:?}; connect it, or correct the label")]
    NotThere(String),
    /// The token refused the PIN; it is not tried again, since a few wrong ones lock the token.
    #[error("the token refuses the PIN; correct the PIN file, then start again")]
    Pin,
    /// The key is not in the token any more.
    #[error("the token does not hold the issuer key of this project")]
    KeyGone,
    /// The private key in the token is not that of the public key in the database.
    #[error("the key in the token is not the issuer key of this project")]
    OtherKey,
    /// The token gave a public key that is not one of P-256.
    #[error("the token made a key that is not one of P-256")]
    KeyForm,
    /// The token gave something that is not a signature.
    #[error("the token gave something that is not a signature")]
    SignatureForm,
    /// The token did not seal what it is to open.
    #[error("the token does not hold the key of this project's other secrets")]
    Sealed,
    /// Anything else that the token says.
    #[error("the token failed: {0}")]
    Failed(String),
    /// There were no random octets.
    #[error(transparent)]
    Random(#[from] RandomFailed),
}

impl TokenError {
    /// Whether the same request may succeed a little later, when the token is there again.
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::NotThere(_) | Self::Failed(_))
    }

    pub(super) fn from_pkcs11(error: &Pkcs11Error) -> Self {
        match error {
            Pkcs11Error::Pkcs11(
                RvError::PinIncorrect
                | RvError::PinLocked
                | RvError::PinInvalid
                | RvError::PinLenRange
                | RvError::PinExpired,
                _,
            ) => Self::Pin,
            other => Self::Failed(other.to_string()),
        }
    }
}
