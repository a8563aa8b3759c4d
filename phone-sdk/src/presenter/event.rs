//! What a tap tells the app.

use core::fmt;

use credential::device::RefusedReader;
use credential::error::Error;
use credential::id::{ProjectId, ReaderId};
use credential::reader::{DenyReason, Path};

use crate::port::{KeyStoreError, RandomFailure};
use crate::wallet::CardId;

/// Something that the app may show.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TapEvent {
    /// The reader has said, and proved, what it decided.
    Finished(Tap),
    /// The reader is given random octets, and cannot tell why.
    ReaderRefused(RefusedReader),
    /// The tap came to nothing; the next one can begin.
    Failed(TapFailure),
}

/// A tap that came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tap {
    /// The door's project.
    pub project: ProjectId,
    /// The door.
    pub reader: ReaderId,
    /// The card that was presented; `None` if it was removed meanwhile.
    pub card: Option<CardId>,
    /// How the reader decided.
    pub path: Path,
    /// Open, or why not.
    pub result: Result<(), DenyReason>,
    /// Whether the reader was given a newer revocation list.
    pub brought_list: bool,
    /// Whether the reader was given a time token.
    pub brought_time: bool,
    /// Whether the reader may hand over a report now; the link is better kept until it goes by itself.
    pub takes_report: bool,
}

/// Why a tap came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TapFailure {
    /// The exchange failed.
    Exchange(Error),
    /// The framing of the link did not come out.
    Framing,
    /// The field or the link was lost in the middle.
    LinkLost,
    /// The reader turned to another application of the phone in the middle.
    Deselected,
    /// What was connected to over BLE has not got the service of a reader.
    NotAReader,
    /// The holder key did not sign.
    KeyStore(KeyStoreError),
    /// The random source failed.
    Random(RandomFailure),
}

impl TapEvent {
    /// One word that names what happened, the same in every version and language; the screen has its own words for it.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Finished(tap) => match tap.result {
                Ok(()) => "granted",
                Err(reason) => denied(reason),
            },
            Self::ReaderRefused(refused) => match refused {
                RefusedReader::UnknownProject => "project-unknown",
                RefusedReader::Certificate(_) => "reader-not-genuine",
                RefusedReader::NoClock => "clock-not-set",
                RefusedReader::Revoked => "reader-revoked",
                RefusedReader::NoCredential => "no-card",
                RefusedReader::PresenceRequired(_) => "presence-needed",
                _ => "reader-refused",
            },
            Self::Failed(failure) => failure.code(),
        }
    }
}

const fn denied(reason: DenyReason) -> &'static str {
    match reason {
        DenyReason::NotAccepted => "not-accepted",
        DenyReason::Expired => "expired",
        DenyReason::NotYetValid => "not-yet-valid",
        DenyReason::Revoked => "revoked",
        DenyReason::NoClock => "reader-without-clock",
        DenyReason::Refused => "refused",
        _ => "denied",
    }
}

impl TapFailure {
    const fn code(self) -> &'static str {
        match self {
            Self::Exchange(_) => "exchange-failed",
            Self::Framing => "framing-failed",
            Self::LinkLost => "link-lost",
            Self::Deselected => "deselected",
            Self::NotAReader => "not-a-reader",
            Self::KeyStore(KeyStoreError::Locked) => "key-store-locked",
            Self::KeyStore(KeyStoreError::NoSuchKey) => "key-gone",
            Self::KeyStore(_) => "key-store-failed",
            Self::Random(_) => "random-source-failed",
        }
    }
}

impl fmt::Display for TapFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exchange(error) => error.fmt(f),
            Self::Framing => f.write_str("the reader's messages do not keep to the rules of the link"),
            Self::LinkLost => f.write_str("the phone was taken away too early"),
            Self::Deselected => f.write_str("the reader turned to another application"),
            Self::NotAReader => f.write_str("this device is not a door reader"),
            Self::KeyStore(error) => error.fmt(f),
            Self::Random(failure) => failure.fmt(f),
        }
    }
}
