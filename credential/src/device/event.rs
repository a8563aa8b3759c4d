//! What a tap tells the app, and what it asks of it.

use heapless::Vec;

use super::CredentialHandle;
use crate::error::{Error, ObjectError};
use crate::id::{ProjectId, ReaderId};
use crate::message::outcome::DenyReason;
use crate::object::Presence;
use crate::reader::Path;
use crate::secret::Secret;

/// Why a reader gets an answer of random octets: told to the app, never to the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefusedReader {
    /// This phone holds nothing of the reader's project.
    UnknownProject,
    /// The certificate does not hold, is out of date, or is signed by an unknown key.
    Certificate(ObjectError),
    /// The phone's own clock has not been set.
    NoClock,
    /// The reader is on the revocation list.
    Revoked,
    /// The project is known, and no credential of it is for this door.
    NoCredential,
    /// The door demands that the holder unlocks the phone or is verified first.
    PresenceRequired(Presence),
}

/// The holder key must sign: answered with [`super::DeviceSession::resume`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningRequest {
    /// The credential whose holder key signs.
    pub credential: CredentialHandle,
    message: Vec<u8, SIGNING_REQUEST_MAX>,
}

/// Octets of the longest message that an application asks to have signed.
pub const SIGNING_REQUEST_MAX: usize = 160;

impl SigningRequest {
    /// Asks for a signature over `message`; `None` when it is longer than [`SIGNING_REQUEST_MAX`].
    pub fn new(credential: CredentialHandle, message: &[u8]) -> Option<Self> {
        Some(Self { credential, message: Vec::from_slice(message).ok()? })
    }

    /// The octets to sign with ECDSA and SHA-256.
    pub fn message(&self) -> &[u8] {
        &self.message
    }
}

/// The result of a tap, as the reader authenticated it.
#[derive(Debug, PartialEq, Eq)]
pub struct TapReport {
    /// The door's project.
    pub project: ProjectId,
    /// The door.
    pub reader: ReaderId,
    /// The credential that was presented.
    pub credential: CredentialHandle,
    /// How the reader decided.
    pub path: Path,
    /// Open, or why not.
    pub result: Result<(), DenyReason>,
    /// Whether the reader was given a newer revocation list.
    pub brought_list: bool,
    /// Whether the reader was given a time token.
    pub brought_time: bool,
    /// Whether the reader may hand over a report now: the link is better kept until it has.
    pub takes_report: bool,
    /// Key material for a protocol that continues the tap.
    pub exporter: Secret<32>,
}

/// Something that the app may want to show or keep.
#[derive(Debug, PartialEq, Eq)]
pub enum DeviceEvent {
    /// The reader is not answered for real.
    Refused(RefusedReader),
    /// The tap is over.
    Finished(TapReport),
    /// The reader has handed over a report, after the tap.
    Reported {
        /// Whether the wallet keeps it.
        kept: bool,
    },
    /// The tap failed; the session waits for the next SELECT.
    Failed(Error),
}

impl core::fmt::Display for RefusedReader {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::UnknownProject => {
                f.write_str("the reader belongs to a project that this phone does not know")
            }
            Self::Certificate(error) => write!(f, "the reader's certificate is refused: {error}"),
            Self::NoClock => f.write_str("the phone's clock is not set"),
            Self::Revoked => f.write_str("the reader is revoked"),
            Self::NoCredential => f.write_str("no credential on this phone is for this door"),
            Self::PresenceRequired(Presence::Verified) => {
                f.write_str("the door asks that you confirm with finger, face or code first")
            }
            Self::PresenceRequired(_) => f.write_str("the door asks that you unlock the phone first"),
        }
    }
}
