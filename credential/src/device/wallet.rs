//! The port to what a phone holds.

use crate::crypto::Digest;
use crate::id::{ProjectId, ReaderId};
use crate::object::{IssuerKeys, VerifiedCertificate};
use crate::report::Acknowledgement;
use crate::ticket::HeldTicket;
use crate::time::UnixTime;

/// A wallet's own name for one of its credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CredentialHandle(pub u32);

/// What a device session asks of the phone's wallet.
///
/// Nothing here may wait for the network: a tap has no time for it.
pub trait Wallet {
    /// The issuer keys of a project that this wallet belongs to.
    fn issuers(&self, project: ProjectId) -> Option<&IssuerKeys>;

    /// Whether the newest revocation list held names this reader.
    fn is_reader_revoked(&self, project: ProjectId, reader: ReaderId) -> bool;

    /// The credential to present at this door; the same choice each time for the same wallet.
    fn choose(&self, reader: &VerifiedCertificate) -> Option<CredentialHandle>;

    /// Whether a reader certificate of this fingerprint was verified before.
    ///
    /// A wallet that remembers saves one signature check at each door that it knows, and lets whoever shows it a
    /// stolen certificate and measures the time of the answer tell that it has been there.
    /// The default remembers nothing.
    fn has_verified(&self, _fingerprint: &Digest) -> bool {
        false
    }

    /// A reader certificate of this fingerprint was verified; kept only by wallets that want [`Wallet::has_verified`].
    fn note_verified(&mut self, _fingerprint: &Digest) {}

    /// The octets of a credential, as issued.
    fn credential(&self, handle: CredentialHandle) -> Option<&[u8]>;

    /// A ticket of this reader for this credential that is live at `now`.
    ///
    /// The wallet must have forgotten the ticket for good before it returns, so that it is never presented twice;
    /// where it cannot be sure, it returns `None`.
    fn take_ticket(
        &mut self,
        handle: CredentialHandle,
        reader: ReaderId,
        now: UnixTime,
    ) -> Option<HeldTicket>;

    /// Keeps a ticket for a later tap, until `not_after`.
    fn keep_ticket(
        &mut self,
        handle: CredentialHandle,
        reader: ReaderId,
        ticket: HeldTicket,
        not_after: UnixTime,
    );

    /// A revocation list of the project with a version above `above` and at most `octets_max` octets.
    fn revocation_list(&self, project: ProjectId, above: u32, octets_max: usize) -> Option<&[u8]>;

    /// The newest time token of the project.
    fn time_token(&self, project: ProjectId) -> Option<&[u8]>;

    /// Octets of the longest report of this reader that the wallet would carry to the manager; `None` for none.
    ///
    /// The default carries nothing.
    fn report_room(&self, _project: ProjectId, _reader: ReaderId) -> Option<u16> {
        None
    }

    /// Keeps a report for the manager, and says whether it will survive.
    fn keep_report(&mut self, _project: ProjectId, _reader: ReaderId, _report: &[u8]) -> bool {
        false
    }

    /// The newest acknowledgement of this reader's reports that the manager gave for it.
    fn report_acknowledgement(&self, _project: ProjectId, _reader: ReaderId) -> Option<Acknowledgement> {
        None
    }
}
