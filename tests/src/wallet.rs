//! A wallet in memory, for tests of the exchange alone; the real one is in `phone-sdk`.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use credential::crypto::{Digest, Signer, SoftwareSigner};
use credential::device::{CredentialHandle, SigningRequest, Wallet};
use credential::id::{ProjectId, ReaderId};
use credential::object::{IssuerKeys, VerifiedCertificate};
use credential::report::Acknowledgement;
use credential::ticket::HeldTicket;
use credential::time::UnixTime;

/// At most one credential, with whatever a test puts beside it.
#[derive(Clone)]
pub struct MemoryWallet {
    /// The projects whose readers are known.
    pub issuers: Vec<IssuerKeys>,
    /// The credential, as issued.
    pub credential: Option<(ProjectId, Vec<u8>)>,
    /// The holder key.
    pub holder: Arc<SoftwareSigner>,
    /// Live tickets by reader.
    pub tickets: HashMap<ReaderId, Vec<(HeldTicket, UnixTime)>>,
    /// Readers to refuse.
    pub revoked_readers: Vec<ReaderId>,
    /// A revocation list to bring: version and octets.
    pub list: Option<(u32, Vec<u8>)>,
    /// Fingerprints of certificates that were verified; `None` for a wallet that does not remember, as by default.
    pub verified: Option<HashSet<Digest>>,
    /// A time token to bring.
    pub time_token: Option<Vec<u8>>,
    /// The longest report that it takes; `None` for a wallet that carries none, as by default.
    pub report_room: Option<u16>,
    /// Reports that it carries.
    pub reports: Vec<(ReaderId, Vec<u8>)>,
    /// An acknowledgement to bring.
    pub acknowledgement: Option<Acknowledgement>,
}

impl MemoryWallet {
    /// A wallet without anything in it.
    pub fn empty(holder: SoftwareSigner) -> Self {
        Self {
            issuers: Vec::new(),
            credential: None,
            holder: Arc::new(holder),
            tickets: HashMap::new(),
            revoked_readers: Vec::new(),
            list: None,
            verified: None,
            time_token: None,
            report_room: None,
            reports: Vec::new(),
            acknowledgement: None,
        }
    }

    /// How many tickets it holds, of all readers.
    pub fn tickets_held(&self) -> usize {
        self.tickets.values().map(Vec::len).sum()
    }

    /// The holder key's signature.
    pub fn sign(&self, request: &SigningRequest) -> [u8; 64] {
        self.holder.sign(&[request.message()]).expect("a software key signs").0
    }
}

impl Wallet for MemoryWallet {
    fn issuers(&self, project: ProjectId) -> Option<&IssuerKeys> {
        self.issuers.iter().find(|issuers| issuers.project() == project)
    }

    fn is_reader_revoked(&self, _: ProjectId, reader: ReaderId) -> bool {
        self.revoked_readers.contains(&reader)
    }

    fn choose(&self, reader: &VerifiedCertificate) -> Option<CredentialHandle> {
        let (project, _) = self.credential.as_ref()?;
        (*project == reader.fields().project).then_some(CredentialHandle(0))
    }

    fn credential(&self, _: CredentialHandle) -> Option<&[u8]> {
        self.credential.as_ref().map(|(_, octets)| octets.as_slice())
    }

    fn has_verified(&self, fingerprint: &Digest) -> bool {
        self.verified.as_ref().is_some_and(|verified| verified.contains(fingerprint))
    }

    fn note_verified(&mut self, fingerprint: &Digest) {
        if let Some(verified) = self.verified.as_mut() {
            verified.insert(*fingerprint);
        }
    }

    fn take_ticket(&mut self, _: CredentialHandle, reader: ReaderId, now: UnixTime) -> Option<HeldTicket> {
        let tickets = self.tickets.get_mut(&reader)?;
        tickets.retain(|(_, not_after)| now < *not_after);
        tickets.pop().map(|(ticket, _)| ticket)
    }

    fn keep_ticket(
        &mut self,
        _: CredentialHandle,
        reader: ReaderId,
        ticket: HeldTicket,
        not_after: UnixTime,
    ) {
        self.tickets.entry(reader).or_default().push((ticket, not_after));
    }

    fn revocation_list(&self, _: ProjectId, above: u32, octets_max: usize) -> Option<&[u8]> {
        let (version, octets) = self.list.as_ref()?;
        (*version > above && octets.len() <= octets_max).then_some(octets)
    }

    fn time_token(&self, _: ProjectId) -> Option<&[u8]> {
        self.time_token.as_deref()
    }

    fn report_room(&self, _: ProjectId, _: ReaderId) -> Option<u16> {
        self.report_room
    }

    fn keep_report(&mut self, _: ProjectId, reader: ReaderId, report: &[u8]) -> bool {
        self.reports.push((reader, report.to_vec()));
        true
    }

    fn report_acknowledgement(&self, _: ProjectId, _: ReaderId) -> Option<Acknowledgement> {
        self.acknowledgement
    }
}
