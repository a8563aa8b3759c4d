//! What a tap asks of the phone.

use credential::crypto::Digest;
use credential::device::{CredentialHandle, Wallet};
use credential::id::{ProjectId, ReaderId};
use credential::limits::REPORT_MAX;
use credential::object::{IssuerKeys, VerifiedCertificate};
use credential::report::Acknowledgement;
use credential::ticket::HeldTicket;
use credential::time::UnixTime;

use super::Vault;
use crate::journal::Changes;
use crate::state::{AcknowledgementRecord, CardRecord, ReportRecord, Standing};
use crate::tickets::Entry;

/// Seconds within which a manager has to have answered for reports to be carried to it: a week.
const HEARD_LATELY_S: u32 = 7 * 86_400;

impl Wallet for Vault {
    fn issuers(&self, project: ProjectId) -> Option<&IssuerKeys> {
        self.document.project(project).map(|project| &project.issuers)
    }

    fn is_reader_revoked(&self, project: ProjectId, reader: ReaderId) -> bool {
        let revocations = self.document.project(project).and_then(|project| project.revocations.as_ref());
        revocations.is_some_and(|list| list.readers.binary_search(&reader).is_ok())
    }

    /// The holder's choice for this door, else the newest credential of the project, those in force first.
    ///
    /// A credential that is out of date is presented where there is no other: the door says so, and its clock counts.
    fn choose(&self, reader: &VerifiedCertificate) -> Option<CredentialHandle> {
        let door = reader.fields();
        let candidates =
            || self.document.cards.iter().filter(|card| card.project == door.project && is_presented(card));
        let mut overrides = self.document.overrides.iter();
        let chosen = overrides.find(|choice| (choice.project, choice.reader) == (door.project, door.reader));
        let overridden = chosen.and_then(|choice| candidates().find(|card| card.id == choice.card));
        let now = self.clock.now().unix;
        let rank = |card: &&CardRecord| {
            let fields = card.fields();
            let validity = fields.as_ref().map(|fields| fields.validity);
            let in_force = validity.zip(now).is_some_and(|(validity, now)| validity.contains(now).is_ok());
            (in_force, validity.map(|validity| validity.not_before), fields.map(|fields| fields.serial))
        };
        overridden.or_else(|| candidates().max_by_key(rank)).map(|card| card.handle)
    }

    fn credential(&self, handle: CredentialHandle) -> Option<&[u8]> {
        let card = self.card_of(handle).filter(|card| is_presented(card))?;
        match &card.superseded {
            Some((old, octets)) if *old == handle => Some(octets),
            _ => Some(&card.credential),
        }
    }

    fn take_ticket(
        &mut self,
        handle: CredentialHandle,
        reader: ReaderId,
        now: UnixTime,
    ) -> Option<HeldTicket> {
        let card = self.card_of(handle).filter(|card| card.handle == handle)?.id;
        let (taken, rest) = self.memory.tickets.take(card, reader, now)?;
        let before = core::mem::replace(&mut self.memory.tickets, rest);
        self.pending.taken(&taken);
        if self.flush().is_err() {
            // Nobody knows whether the ticket is gone in storage, and so it is not presented.
            self.memory.tickets = before;
            self.pending = Changes::default();
            return None;
        }
        Some(taken.held)
    }

    fn has_verified(&self, fingerprint: &Digest) -> bool {
        self.document.settings.remembers_certificates && self.memory.certificates.contains(fingerprint)
    }

    /// Kept in memory until the tap is over, as tickets are.
    fn note_verified(&mut self, fingerprint: &Digest) {
        if self.document.settings.remembers_certificates {
            if !self.memory.certificates.contains(fingerprint) {
                self.pending.verified(fingerprint);
            }
            self.memory.certificates.note(fingerprint);
        }
    }

    /// Kept in memory until the tap is over, and stored then: the door must not wait for it.
    fn keep_ticket(
        &mut self,
        handle: CredentialHandle,
        reader: ReaderId,
        ticket: HeldTicket,
        not_after: UnixTime,
    ) {
        // A ticket that was given for a credential before its renewal would give away the old user ID.
        let current = self.card_of(handle).filter(|card| card.handle == handle && is_presented(card));
        if let Some(card) = current.map(|card| card.id) {
            let entry = Entry { card, reader, not_after, held: ticket };
            self.pending.kept(&entry);
            self.memory.tickets.keep(entry);
        }
    }

    fn revocation_list(&self, project: ProjectId, above: u32, octets_max: usize) -> Option<&[u8]> {
        let list = self.document.project(project)?.revocations.as_ref()?;
        (list.version > above && list.octets.len() <= octets_max).then_some(list.octets.as_slice())
    }

    fn time_token(&self, project: ProjectId) -> Option<&[u8]> {
        let token = self.document.project(project)?.time_token.as_ref()?;
        Some(&token.octets)
    }

    /// As long as a reader makes it, where the manager has been heard of lately: else the way there is too long.
    fn report_room(&self, project: ProjectId, _reader: ReaderId) -> Option<u16> {
        let now = self.clock.now().unix?;
        let lately = |card: &CardRecord| {
            card.project == project && now.0.saturating_sub(card.heard_at) < HEARD_LATELY_S
        };
        let carries = self.document.settings.carries_reports && self.document.cards.iter().any(lately);
        carries.then(|| u16::try_from(REPORT_MAX).ok()).flatten()
    }

    /// Stored before the reader is told so, so that a kill loses nothing that was promised.
    fn keep_report(&mut self, project: ProjectId, reader: ReaderId, report: &[u8]) -> bool {
        let Some(now) = self.clock.now().unix else { return false };
        let record = ReportRecord { project, reader, octets: report.to_vec() };
        self.change(|document| document.keep_report(record, now)).is_ok()
    }

    fn report_acknowledgement(&self, project: ProjectId, reader: ReaderId) -> Option<Acknowledgement> {
        let of = |said: &&AcknowledgementRecord| (said.project, said.reader) == (project, reader);
        let said = self.document.acknowledgements.iter().find(of)?;
        said.octets.as_slice().try_into().ok().map(Acknowledgement)
    }
}

fn is_presented(card: &CardRecord) -> bool {
    card.standing == Standing::Good && !card.credential.is_empty()
}
