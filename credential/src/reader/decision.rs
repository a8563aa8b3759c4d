//! What a tap comes to.

use heapless::Vec;

use crate::crypto::{Crypto, Digest, Mismatch, Signature};
use crate::id::{ReaderId, Serial, UserId};
use crate::message::proof::tap_message;
use crate::object::{Credential, IssuerKeys, VerifiedCredential, VerifiedRevocationList, VerifiedTimeToken};
use crate::report::Acknowledged;
use crate::time::UnixTime;

pub use crate::message::outcome::DenyReason;

/// How the decision was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Path {
    /// By credential and device signature.
    Full,
    /// By a ticket, without a public-key operation.
    Fast,
}

/// Whether the door opens, and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The one thing that a tap gives.
    Grant(UserId),
    /// Nobody is named.
    Deny(DenyReason),
}

/// The reader's decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Grant or deny.
    pub outcome: Outcome,
    /// How it was reached.
    pub path: Path,
    /// The credential that was judged; `None` when it was not genuine.
    pub serial: Option<Serial>,
    /// Evidence of the tap; only the full path has a device signature.
    pub receipt: Option<Receipt>,
}

/// What the reader's owner says to a decision before the device is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The decision stands.
    Stands,
    /// The access control system or an allow-list refuses this user ID here and now.
    Refused,
}

/// A tap that can be proved later to anybody who has the issuer's public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The door.
    pub reader: ReaderId,
    /// The reader's time at the tap; `None` if it had no clock.
    pub time: Option<UnixTime>,
    /// Transcript hash that the device signed.
    pub transcript: Digest,
    /// The device's signature.
    pub signature: Signature,
    /// The credential, as issued.
    pub credential: Vec<u8, { Credential::OCTETS_MAX }>,
}

/// What the device brought for the reader, verified; what did not hold is not here.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Brought<'m> {
    /// A revocation list that is newer than the one held.
    pub revocation_list: Option<VerifiedRevocationList<'m>>,
    /// A time token that moves the clock forward.
    pub time_token: Option<VerifiedTimeToken>,
    /// What has arrived at the manager, of what the reader reported.
    pub acknowledged: Option<Acknowledged>,
    /// Octets of the longest report that the device takes now; `None` if it takes none.
    pub report_room: Option<u16>,
}

impl Path {
    /// The octet that stands for the path in a report.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Full => 0,
            Self::Fast => 1,
        }
    }

    pub(crate) const fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Full),
            1 => Some(Self::Fast),
            _ => None,
        }
    }
}

impl Receipt {
    /// Verifies the receipt: whose credential tapped which door at which time.
    ///
    /// # Errors
    /// [`Mismatch`] when the credential or the device signature does not hold.
    pub fn verify<C: Crypto>(
        &self,
        crypto: &C,
        issuers: &IssuerKeys,
    ) -> Result<VerifiedCredential, Mismatch> {
        let credential =
            VerifiedCredential::verify(crypto, &self.credential, issuers).map_err(|_| Mismatch)?;
        let time_code = crate::message::hello::time_code(self.time);
        let message = tap_message(self.reader, time_code, &self.transcript);
        crypto.verify(&credential.fields().holder_key, &[&message], &self.signature)?;
        Ok(credential)
    }
}
