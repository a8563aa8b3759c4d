//! What has arrived at the manager, for the reader to forget.
//!
//! | offset | octets | field |
//! | --- | --- | --- |
//! | 0 | 8 | log id |
//! | 8 | 4 | the sequence number up to which everything has arrived |
//! | 12 | 16 | tag |

use super::keys::ReportKeys;
use crate::crypto::Crypto;
use crate::id::LogId;
use crate::secret::Secret;
use crate::wire::Cursor;

const STATEMENT_OCTETS: usize = 12;
const ACKNOWLEDGEMENT_TAG_OCTETS: usize = 16;

/// An acknowledgement as it travels, not yet believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acknowledgement(pub [u8; Self::OCTETS]);

/// An acknowledgement that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acknowledged {
    /// The log that it is about.
    pub log: LogId,
    /// Entries up to this one have arrived, or are known to be lost.
    pub up_to: u32,
}

impl Acknowledgement {
    /// Octets of an acknowledgement.
    pub const OCTETS: usize = STATEMENT_OCTETS + ACKNOWLEDGEMENT_TAG_OCTETS;

    /// The manager's word for `acknowledged`.
    pub fn make<C: Crypto>(crypto: &C, keys: &ReportKeys, acknowledged: Acknowledged) -> Self {
        let mut statement = [0; STATEMENT_OCTETS];
        let octets = acknowledged.log.0.into_iter().chain(acknowledged.up_to.to_be_bytes());
        for (to, from) in statement.iter_mut().zip(octets) {
            *to = from;
        }
        let tag = tag(crypto, keys, &statement);
        let mut made = [0; Self::OCTETS];
        for (to, from) in made.iter_mut().zip(statement.iter().chain(tag.expose())) {
            *to = *from;
        }
        Self(made)
    }

    /// What the manager says, if it does; `None` when the tag does not hold for this reader.
    pub fn verify<C: Crypto>(&self, crypto: &C, keys: &ReportKeys) -> Option<Acknowledged> {
        let (statement, claimed) = self.0.split_first_chunk::<STATEMENT_OCTETS>()?;
        let claimed = Secret::<ACKNOWLEDGEMENT_TAG_OCTETS>::new(*claimed.first_chunk()?);
        if tag(crypto, keys, statement) != claimed {
            return None;
        }
        let mut cursor = Cursor::new(statement);
        Some(Acknowledged { log: LogId(cursor.array().ok()?), up_to: cursor.u32().ok()? })
    }
}

fn tag<C: Crypto>(
    crypto: &C,
    keys: &ReportKeys,
    statement: &[u8; STATEMENT_OCTETS],
) -> Secret<ACKNOWLEDGEMENT_TAG_OCTETS> {
    let mac = crypto.hmac(keys.acknowledging(), &[statement]);
    mac.expose().first_chunk().map_or_else(Secret::zero, |front| Secret::new(*front))
}
