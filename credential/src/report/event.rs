//! What can happen at a reader: kinds and bodies.
//!
//! | kind | octets of the body |
//! | --- | --- |
//! | 1 started | configuration version (4) |
//! | 2 granted, full path | reader time of the tap (4), h5 (32), device signature (64), credential |
//! | 3 granted, fast path | serial (8) |
//! | 4 granted by another application | none |
//! | 5 denied | reason (1), path (1), serial (8) if the credential was genuine |
//! | 6 list taken | version (4) |
//! | 7 time taken | reader time before, 0 = none (4) |
//! | 8 configuration taken | version (4) |
//! | 9 failed | blame (1), how often (4) |
//! | 10 tamper | 1 opened, 0 closed again (1) |
//! | 11 self-test | 0 passed, else which test failed (1) |

use heapless::Vec;

use crate::crypto::{Digest, Signature};
use crate::error::{DecodeError, Error};
use crate::id::{ReaderId, Serial};
use crate::message::hello::{time_code, time_of};
use crate::object::Credential;
use crate::reader::{DenyReason, Path, Receipt};
use crate::time::UnixTime;
use crate::wire::{Cursor, NoRoom, Writer};

/// One thing that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The reader started.
    Started {
        /// Version of the configuration in force.
        configuration: u32,
    },
    /// A tap was granted on the full path; what proves it is here.
    GrantedFull(Evidence<'a>),
    /// A tap was granted on the fast path, which leaves no signature.
    GrantedFast {
        /// The credential.
        serial: Serial,
    },
    /// Another application than this exchange granted a tap.
    GrantedOther,
    /// A tap was denied.
    Denied {
        /// Why.
        reason: DenyReason,
        /// On which path.
        path: Path,
        /// The credential, if it was genuine.
        serial: Option<Serial>,
    },
    /// A newer revocation list is in force.
    ListTaken {
        /// Its version.
        version: u32,
    },
    /// The clock was set; the entry has the time that it was set to.
    TimeTaken {
        /// The time before; `None` if there was none.
        before: Option<UnixTime>,
    },
    /// A newer configuration is in force.
    ConfigurationTaken {
        /// Its version.
        version: u32,
    },
    /// Taps failed since the last such entry.
    Failed {
        /// Whose fault it was.
        blame: Blame,
        /// How often.
        count: u32,
    },
    /// The housing was opened, or closed again.
    Tamper {
        /// Whether it is open now.
        open: bool,
    },
    /// The reader tested itself.
    SelfTest {
        /// The number of the test that failed; `None` if all passed.
        failed: Option<u8>,
    },
    /// A kind, or a body, that this version does not know.
    Unknown {
        /// The kind.
        kind: u8,
        /// The octets of the body.
        body: &'a [u8],
    },
}

/// What a full tap leaves: a receipt without the name of its reader, which the report has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evidence<'a> {
    /// The reader's time in HELLO.
    pub time: Option<UnixTime>,
    /// Transcript hash that the device signed.
    pub transcript: Digest,
    /// The device's signature.
    pub signature: Signature,
    /// The credential, as issued.
    pub credential: &'a [u8],
}

/// Whose fault a failed tap was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Blame {
    /// Octets of the device did not decode.
    InvalidMessage,
    /// The device broke the rules of the exchange.
    PeerMisbehaved,
    /// No version or suite in common.
    PeerIncompatible,
    /// A key, tag or signature did not hold.
    AuthFailed,
    /// The device did not answer in time.
    TimedOut,
    /// The reader's own code or random source.
    Reader,
    /// The link broke the rules.
    Link,
    /// The device knows none of the reader's applications.
    NoApplication,
    /// One that this version does not know.
    Unknown(u8),
}

impl Event<'_> {
    /// Octets of the longest body.
    pub const BODY_OCTETS_MAX: usize = 4 + 32 + 64 + Credential::OCTETS_MAX;

    /// The octet that stands for the kind.
    pub const fn kind(&self) -> u8 {
        match self {
            Self::Started { .. } => 1,
            Self::GrantedFull(_) => 2,
            Self::GrantedFast { .. } => 3,
            Self::GrantedOther => 4,
            Self::Denied { .. } => 5,
            Self::ListTaken { .. } => 6,
            Self::TimeTaken { .. } => 7,
            Self::ConfigurationTaken { .. } => 8,
            Self::Failed { .. } => 9,
            Self::Tamper { .. } => 10,
            Self::SelfTest { .. } => 11,
            Self::Unknown { kind, .. } => *kind,
        }
    }

    pub(super) fn put_body(&self, writer: &mut Writer<'_>) -> Result<(), NoRoom> {
        match self {
            Self::GrantedFull(evidence) => evidence.put(writer),
            Self::GrantedFast { serial } => writer.put(&serial.0.to_be_bytes()),
            Self::GrantedOther => Ok(()),
            Self::Denied { reason, path, serial } => {
                writer.put(&[reason.code(), path.code()])?;
                serial.map_or(Ok(()), |serial| writer.put(&serial.0.to_be_bytes()))
            }
            Self::Started { configuration: version }
            | Self::ListTaken { version }
            | Self::ConfigurationTaken { version } => writer.put(&version.to_be_bytes()),
            Self::TimeTaken { before } => writer.put(&time_code(*before).to_be_bytes()),
            Self::Failed { blame, count } => {
                writer.put(&[blame.code()])?;
                writer.put(&count.to_be_bytes())
            }
            Self::Tamper { open } => writer.put(&[u8::from(*open)]),
            Self::SelfTest { failed } => writer.put(&[failed.unwrap_or(0)]),
            Self::Unknown { body, .. } => writer.put(body),
        }
    }
}

impl<'a> Event<'a> {
    /// The event of a kind and a body; a body that does not fit its kind is kept as unknown.
    pub fn from_body(kind: u8, body: &'a [u8]) -> Self {
        known(kind, body).unwrap_or(Self::Unknown { kind, body })
    }
}

fn known(kind: u8, body: &[u8]) -> Result<Event<'_>, DecodeError> {
    let mut cursor = Cursor::new(body);
    let event = match kind {
        1 => Event::Started { configuration: cursor.u32()? },
        2 => return Evidence::take(cursor).map(Event::GrantedFull),
        3 => Event::GrantedFast { serial: Serial(cursor.u64()?) },
        4 => Event::GrantedOther,
        5 => Event::Denied {
            reason: DenyReason::from_code(cursor.u8()?),
            path: Path::from_code(cursor.u8()?).ok_or(DecodeError::UnknownValue)?,
            serial: if cursor.rest().is_empty() { None } else { Some(Serial(cursor.u64()?)) },
        },
        6 => Event::ListTaken { version: cursor.u32()? },
        7 => Event::TimeTaken { before: time_of(cursor.u32()?) },
        8 => Event::ConfigurationTaken { version: cursor.u32()? },
        9 => Event::Failed { blame: Blame::from_code(cursor.u8()?), count: cursor.u32()? },
        10 => Event::Tamper {
            open: match cursor.u8()? {
                0 => false,
                1 => true,
                _ => return Err(DecodeError::UnknownValue),
            },
        },
        11 => Event::SelfTest { failed: Some(cursor.u8()?).filter(|test| *test != 0) },
        _ => return Err(DecodeError::UnknownValue),
    };
    cursor.finish()?;
    Ok(event)
}

impl<'a> Evidence<'a> {
    fn put(&self, writer: &mut Writer<'_>) -> Result<(), NoRoom> {
        writer.put(&time_code(self.time).to_be_bytes())?;
        writer.put(&self.transcript)?;
        writer.put(&self.signature.0)?;
        writer.put(self.credential)
    }

    fn take(mut cursor: Cursor<'a>) -> Result<Self, DecodeError> {
        let (time, transcript, signature) = (time_of(cursor.u32()?), cursor.array()?, cursor.array()?);
        Ok(Self { time, transcript, signature: Signature(signature), credential: cursor.rest() })
    }

    /// The receipt, to be verified; `None` when the credential is longer than any.
    pub fn receipt(&self, reader: ReaderId) -> Option<Receipt> {
        Some(Receipt {
            reader,
            time: self.time,
            transcript: self.transcript,
            signature: self.signature,
            credential: Vec::from_slice(self.credential).ok()?,
        })
    }
}

impl<'a> From<&'a Receipt> for Evidence<'a> {
    fn from(receipt: &'a Receipt) -> Self {
        Self {
            time: receipt.time,
            transcript: receipt.transcript,
            signature: receipt.signature,
            credential: &receipt.credential,
        }
    }
}

impl Blame {
    /// The octet that stands for it.
    pub const fn code(self) -> u8 {
        match self {
            Self::InvalidMessage => 1,
            Self::PeerMisbehaved => 2,
            Self::PeerIncompatible => 3,
            Self::AuthFailed => 4,
            Self::TimedOut => 5,
            Self::Reader => 6,
            Self::Link => 7,
            Self::NoApplication => 8,
            Self::Unknown(code) => code,
        }
    }

    /// The blame that an octet stands for.
    pub const fn from_code(code: u8) -> Self {
        match code {
            1 => Self::InvalidMessage,
            2 => Self::PeerMisbehaved,
            3 => Self::PeerIncompatible,
            4 => Self::AuthFailed,
            5 => Self::TimedOut,
            6 => Self::Reader,
            7 => Self::Link,
            8 => Self::NoApplication,
            other => Self::Unknown(other),
        }
    }
}

impl From<Error> for Blame {
    fn from(error: Error) -> Self {
        match error {
            Error::InvalidMessage(_) => Self::InvalidMessage,
            Error::PeerMisbehaved(_) => Self::PeerMisbehaved,
            Error::PeerIncompatible(_) => Self::PeerIncompatible,
            Error::AuthFailed => Self::AuthFailed,
            Error::TimedOut => Self::TimedOut,
            Error::ApiMisuse(_) => Self::Reader,
        }
    }
}
