//! The one map from errors to status words.
//!
//! Spec: `docs/PROTOCOL.md#errors-and-timing`

use crate::error::{DecodeError, Error, PeerMisbehaved};
use crate::iso7816::StatusWord;

impl From<Error> for StatusWord {
    fn from(error: Error) -> Self {
        match error {
            Error::InvalidMessage(DecodeError::Truncated | DecodeError::Trailing) => Self::WRONG_LENGTH,
            Error::PeerIncompatible(_) => Self::FUNCTION_NOT_SUPPORTED,
            Error::PeerMisbehaved(PeerMisbehaved::UnknownInstruction) => Self::INSTRUCTION_NOT_SUPPORTED,
            Error::PeerMisbehaved(PeerMisbehaved::OutOfOrder) | Error::TimedOut => {
                Self::CONDITIONS_OF_USE_NOT_SATISFIED
            }
            // Everything that has to do with keys, and whatever is the device's own trouble, looks the same.
            Error::InvalidMessage(_) | Error::PeerMisbehaved(_) | Error::AuthFailed | Error::ApiMisuse(_) => {
                Self::SECURITY_STATUS_NOT_SATISFIED
            }
        }
    }
}
