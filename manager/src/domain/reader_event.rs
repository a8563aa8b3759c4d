//! What happened at readers: the words for it, and the chain of hashes that each reader's events make.

use credential::report::{Blame, Entry, Event};
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use uuid::Uuid;

use super::ids::{ProjectId, ReaderId, UnixTime};
use super::text::hex;

const LABEL: &[u8] = b"ostiary reader events\0";

/// An event that a reader reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReaderEvent {
    /// Names the event.
    pub id: Uuid,
    /// The reader.
    pub reader: u32,
    /// Its place among what is held of this reader, from 1, in the order in which it arrived.
    pub place: u64,
    /// The log that the reader kept it in, in hexadecimal digits; a reader that lost its log begins another.
    pub log: String,
    /// Its number in that log.
    pub number: u32,
    /// When it happened by the reader's clock; null if it had none.
    #[schema(value_type = Option<u32>)]
    pub at: Option<UnixTime>,
    /// When it arrived.
    #[schema(value_type = u32)]
    pub received_at: UnixTime,
    /// What happened: `started`, `granted`, `denied`, `list_taken`, `time_taken`, `configuration_taken`, `failed`,
    /// `tamper`, `self_test` or `unknown`.
    pub event: &'static str,
    /// More about it.
    pub detail: String,
    /// The credential, where there was one.
    pub serial: Option<u64>,
    /// Whose it is.
    pub user: Option<Uuid>,
    /// What became of its proof; null where there is none, as after a fast tap.
    pub receipt: Option<ReceiptState>,
}

/// Whether the device signature of a tap proves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptState {
    /// The phone has signed this tap at this door.
    Holds,
    /// The receipt does not verify: the reader has reported what was not so.
    Broken,
}

impl ReceiptState {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Broken => "broken",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [Self::Holds, Self::Broken].into_iter().find(|state| state.name() == name)
    }
}

/// What is known of a log of a reader's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReaderLog {
    /// Its id in hexadecimal digits.
    pub log: String,
    /// The highest number that has arrived.
    pub newest: u32,
    /// Up to this number everything has arrived or is lost.
    pub complete_to: u32,
    /// How many events of it have arrived.
    pub arrived: u32,
    /// How many are missing below `newest`: lost by the reader, or still with a phone.
    pub missing: u32,
    /// When something of it last arrived.
    #[schema(value_type = u32)]
    pub heard_at: UnixTime,
}

/// The word for an event, and more about it.
pub(crate) fn in_words(kind: u8, body: &[u8]) -> (&'static str, String) {
    match Event::from_body(kind, body) {
        Event::Started { configuration } => ("started", format!("configuration {configuration}")),
        Event::GrantedFull(_) => ("granted", "full path".to_owned()),
        Event::GrantedFast { .. } => ("granted", "fast path".to_owned()),
        Event::GrantedOther => ("granted", "by another application".to_owned()),
        Event::Denied { reason, .. } => ("denied", reason.to_string()),
        Event::ListTaken { version } => ("list_taken", format!("version {version}")),
        Event::TimeTaken { before: Some(before) } => ("time_taken", format!("before {}", before.0)),
        Event::TimeTaken { before: None } => ("time_taken", "there was none before".to_owned()),
        Event::ConfigurationTaken { version } => ("configuration_taken", format!("version {version}")),
        Event::Failed { blame, count } => ("failed", format!("{}, {count} times", blamed(blame))),
        Event::Tamper { open: true } => ("tamper", "opened".to_owned()),
        Event::Tamper { open: false } => ("tamper", "closed again".to_owned()),
        Event::SelfTest { failed: None } => ("self_test", "passed".to_owned()),
        Event::SelfTest { failed: Some(test) } => ("self_test", format!("test {test} failed")),
        Event::Unknown { kind, body } => ("unknown", format!("kind {kind}: {}", hex(body))),
        _ => ("unknown", format!("kind {kind}: {}", hex(body))),
    }
}

fn blamed(blame: Blame) -> String {
    match blame {
        Blame::InvalidMessage => "messages that do not decode".to_owned(),
        Blame::PeerMisbehaved => "a device broke the rules".to_owned(),
        Blame::PeerIncompatible => "a device of another version".to_owned(),
        Blame::AuthFailed => "authentication failed".to_owned(),
        Blame::TimedOut => "a device was too late".to_owned(),
        Blame::Reader => "the reader itself".to_owned(),
        Blame::Link => "the link broke the rules".to_owned(),
        Blame::NoApplication => "a device without an application".to_owned(),
        other => format!("blame {}", other.code()),
    }
}

/// Where the chain of a reader begins.
pub(crate) fn events_start(project: ProjectId, reader: ReaderId) -> [u8; 32] {
    Sha256::new()
        .chain_update(LABEL)
        .chain_update(project.0)
        .chain_update(reader.0.to_be_bytes())
        .finalize()
        .into()
}

/// The hash of an event that follows one with the hash `previous`.
pub(crate) fn event_hash(
    previous: &[u8; 32],
    place: u64,
    log: [u8; 8],
    received_at: UnixTime,
    entry: &Entry<'_>,
    body: &[u8],
) -> [u8; 32] {
    let length = u64::try_from(body.len()).unwrap_or(u64::MAX);
    Sha256::new()
        .chain_update(LABEL)
        .chain_update(previous)
        .chain_update(place.to_be_bytes())
        .chain_update(log)
        .chain_update(entry.sequence.to_be_bytes())
        .chain_update(entry.time.map_or(0, |time| time.0).to_be_bytes())
        .chain_update(received_at.0.to_be_bytes())
        .chain_update([entry.event.kind()])
        .chain_update(length.to_be_bytes())
        .chain_update(body)
        .finalize()
        .into()
}
