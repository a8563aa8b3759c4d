//! What can go wrong, sorted by whose fault it is.

use core::fmt;

/// Octets that are not what they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// The octets end before the value does.
    Truncated,
    /// Octets are left over.
    Trailing,
    /// A signed object of an unknown format.
    Format,
    /// A value outside the ones that the field may have.
    UnknownValue,
    /// A number of items outside the allowed range.
    Count,
    /// A list that does not ascend strictly.
    NotSorted,
    /// A user ID that is empty, too long or not printable ASCII.
    UserId,
    /// Padding that is not zero.
    Padding,
    /// A variable-length integer that is too long or too large.
    Varint,
}

/// Why octets that claim to be a signed object are not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ObjectError {
    /// They do not decode.
    Malformed(DecodeError),
    /// No key is held for the project and the issuer key index that they name.
    UnknownIssuer,
    /// The signature does not hold.
    BadSignature,
    /// Used before its first second.
    NotYetValid,
    /// Used at or after its last.
    Expired,
    /// Not newer than what is held already.
    NotNewer,
    /// Meant for another reader.
    NotForThisReader,
    /// Larger than the room kept for it.
    TooLarge,
    /// Sealed for another key, or changed on the way.
    Unsealable,
}

/// A failed session, by blame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The peer's octets do not decode.
    InvalidMessage(DecodeError),
    /// The peer broke the rules of the exchange.
    PeerMisbehaved(PeerMisbehaved),
    /// The peer speaks another version or suite.
    PeerIncompatible(PeerIncompatible),
    /// A key, tag or signature does not hold; deliberately not said which.
    AuthFailed,
    /// The peer did not answer in time.
    TimedOut,
    /// The caller used the session in a way that it does not allow.
    ApiMisuse(ApiMisuse),
}

/// Rules that a peer can break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PeerMisbehaved {
    /// A message that is not the one awaited.
    OutOfOrder,
    /// An instruction that does not exist.
    UnknownInstruction,
    /// A public key that is not a point of the curve.
    InvalidPoint,
    /// A status word other than 9000, as received.
    Status(u16),
}

/// What two honest peers may not have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PeerIncompatible {
    /// No protocol version in common.
    Version,
    /// No suite in common.
    Suite,
    /// The peer takes less than the exchange needs.
    Limits,
}

/// Mistakes of the calling code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ApiMisuse {
    /// The output buffer is shorter than [`crate::limits::COMMAND_MAX`] or than the answer.
    BufferTooSmall,
    /// A call that the session's state does not await.
    OutOfOrder,
    /// The random source gave no usable octets.
    RandomSource,
}

impl From<DecodeError> for Error {
    fn from(error: DecodeError) -> Self {
        Self::InvalidMessage(error)
    }
}

impl From<PeerIncompatible> for Error {
    fn from(incompatible: PeerIncompatible) -> Self {
        Self::PeerIncompatible(incompatible)
    }
}

impl From<DecodeError> for ObjectError {
    fn from(error: DecodeError) -> Self {
        Self::Malformed(error)
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "the octets end too early",
            Self::Trailing => "octets are left over",
            Self::Format => "unknown format",
            Self::UnknownValue => "a field has a value that is not allowed",
            Self::Count => "a number of items that is not allowed",
            Self::NotSorted => "a list is not in ascending order",
            Self::UserId => "the user ID is not 1 to 32 printable ASCII octets",
            Self::Padding => "padding is not zero",
            Self::Varint => "a variable-length integer is too large",
        })
    }
}

impl fmt::Display for ObjectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(error) => error.fmt(f),
            Self::UnknownIssuer => f.write_str("signed by an issuer key that is not known here"),
            Self::BadSignature => f.write_str("the signature does not hold"),
            Self::NotYetValid => f.write_str("not yet valid"),
            Self::Expired => f.write_str("expired"),
            Self::NotNewer => f.write_str("not newer than the one already held"),
            Self::NotForThisReader => f.write_str("meant for another reader"),
            Self::TooLarge => f.write_str("larger than the room kept for it"),
            Self::Unsealable => f.write_str("sealed for another key, or changed on the way"),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidMessage(error) => write!(f, "the peer's message is invalid: {error}"),
            Self::PeerMisbehaved(PeerMisbehaved::OutOfOrder) => {
                f.write_str("the peer sent a message out of order")
            }
            Self::PeerMisbehaved(PeerMisbehaved::UnknownInstruction) => {
                f.write_str("the peer sent an unknown instruction")
            }
            Self::PeerMisbehaved(PeerMisbehaved::InvalidPoint) => {
                f.write_str("the peer's public key is invalid")
            }
            Self::PeerMisbehaved(PeerMisbehaved::Status(status)) => {
                write!(f, "the peer answered with status {status:04X}")
            }
            Self::PeerIncompatible(PeerIncompatible::Version) => f.write_str("no protocol version in common"),
            Self::PeerIncompatible(PeerIncompatible::Suite) => f.write_str("no suite in common"),
            Self::PeerIncompatible(PeerIncompatible::Limits) => {
                f.write_str("the peer takes too short messages")
            }
            Self::AuthFailed => f.write_str("authentication failed"),
            Self::TimedOut => f.write_str("the peer did not answer in time"),
            Self::ApiMisuse(ApiMisuse::BufferTooSmall) => f.write_str("the output buffer is too small"),
            Self::ApiMisuse(ApiMisuse::OutOfOrder) => f.write_str("the session does not await this call"),
            Self::ApiMisuse(ApiMisuse::RandomSource) => f.write_str("the random source is broken"),
        }
    }
}

impl core::error::Error for DecodeError {}
impl core::error::Error for ObjectError {}
impl core::error::Error for Error {}
