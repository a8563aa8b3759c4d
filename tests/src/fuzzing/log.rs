//! Conversations as each side heard them.

use credential::reader::{DenyReason, Path};
use credential::secret::Secret;
use credential::transport::Transport;

/// Every message's data, from the answer to SELECT on.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Log {
    pub(super) transport: Transport,
    pub(super) messages: Vec<Vec<u8>>,
}

/// A conversation of a phone's.
pub(super) struct PhoneLog {
    pub(super) log: Log,
    /// Whether OFFER was of random octets.
    pub(super) decoy: bool,
    /// Whether PROOF was signed with the holder key.
    pub(super) signed: bool,
    /// Set when OUTCOME was believed.
    pub(super) exporter: Option<Secret<32>>,
}

/// A conversation of the door's.
pub(super) struct DoorLog {
    pub(super) log: Log,
    /// What it told the device in the end.
    pub(super) decided: Option<Result<(), DenyReason>>,
    pub(super) path: Option<Path>,
}

impl PhoneLog {
    pub(super) fn new(transport: Transport, selected: Vec<u8>) -> Self {
        let log = Log { transport, messages: vec![selected] };
        Self { log, decoy: false, signed: false, exporter: None }
    }
}

impl DoorLog {
    pub(super) const fn new(transport: Transport) -> Self {
        Self { log: Log { transport, messages: Vec::new() }, decided: None, path: None }
    }

    /// Whether the door said and heard all that is in `log`, and perhaps more after it.
    pub(super) fn said(&self, log: &Log) -> bool {
        self.log.transport == log.transport && self.log.messages.starts_with(&log.messages)
    }
}
