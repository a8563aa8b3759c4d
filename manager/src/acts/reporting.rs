//! What readers report through phones: opened, believed and kept, each event once.

use credential::crypto::{Crypto, Point};
use credential::id::LogId;
use credential::object::{Credential, IssuerKey, IssuerKeys};
use credential::report::{
    Acknowledged, Acknowledgement, ENTRY_HEAD_OCTETS, Entry, Event, Evidence, ReportContents, ReportKeys,
};
use credential::secret::Secret;
use uuid::Uuid;

use crate::backend::Backend;
use crate::domain::{
    ReaderEvent, ReaderId, ReaderLog, ReceiptState, Serial, UnixTime, event_hash, events_start,
};
use crate::error::{Error, Refusal};
use crate::issuing;
use crate::manager::Manager;
use crate::store::{EventRow, LogRow, ReaderRow, ReportKeyRow, StoreError, Transaction};

/// Octets of a report: more than any reader makes.
const REPORT_OCTETS_MAX: usize = 2048;

/// Events that a page of a list has at most.
const PAGE: u32 = 1000;

/// What became of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportTaken {
    /// How many of its events were new.
    pub new: u32,
    /// To be brought to the reader.
    pub acknowledgement: Acknowledgement,
}

impl Manager {
    /// Takes a report that a phone has carried from a reader; an event that has come before is passed over.
    ///
    /// # Errors
    /// [`Refusal::ReportInvalid`] for whatever is not a report of this reader of this project.
    pub async fn take_report(&self, reader: ReaderId, mut report: Vec<u8>) -> Result<ReportTaken, Error> {
        if report.len() > REPORT_OCTETS_MAX {
            return Err(Refusal::ReportInvalid.into());
        }
        let (project, now) = (self.project_id(), self.now());
        let mut tx = self.write_beside().await?;
        let known = tx.reader(project, reader).await?.ok_or(Refusal::ReportInvalid)?;
        let keys = self.keys_with(&mut tx, &known).await?;
        let plaintext = keys.open(&Backend, &mut report).map_err(|_| Refusal::ReportInvalid)?;
        let contents = ReportContents::decode(plaintext).map_err(|_| Refusal::ReportInvalid)?;
        let mut end = tx.lock_reader_chain(project, reader, &events_start(project, reader)).await?;
        let LogId(log) = contents.log;
        let mut kept = tx.reader_log(project, reader, log, now).await?;
        let had = tx.event_numbers(project, reader, log, kept.complete_to, u32::MAX).await?;
        let mut new = 0_u32;
        for entry in contents.entries() {
            if entry.sequence <= kept.complete_to || had.binary_search(&entry.sequence).is_ok() {
                continue;
            }
            end = self.keep_event(&mut tx, &known, log, end, &entry).await?;
            new = new.saturating_add(1);
            kept.newest = kept.newest.max(entry.sequence);
        }
        kept.arrived = kept.arrived.saturating_add(new);
        kept.complete_to = self.complete_to(&mut tx, reader, log, kept, contents.oldest).await?;
        tx.set_reader_log(project, reader, log, kept, now).await?;
        tx.set_reader_chain(project, reader, end).await?;
        tx.commit().await?;
        let said = Acknowledged { log: contents.log, up_to: kept.complete_to };
        Ok(ReportTaken { new, acknowledgement: Acknowledgement::make(&Backend, &keys, said) })
    }

    /// Up to `limit` events of a reader behind the place `after`, in the order in which they arrived.
    ///
    /// # Errors
    /// [`Refusal::ReaderUnknown`].
    pub async fn reader_events(
        &self,
        reader: ReaderId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<ReaderEvent>, Error> {
        let project = self.project_id();
        let mut tx = self.read().await?;
        if tx.reader(project, reader).await?.is_none() {
            return Err(Refusal::ReaderUnknown.into());
        }
        Ok(tx.reader_events(project, reader, after, limit.min(PAGE)).await?)
    }

    /// What is known of the newest logs of a reader, the latest first.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn reader_logs(&self, reader: ReaderId) -> Result<Vec<ReaderLog>, Error> {
        let mut tx = self.read().await?;
        Ok(tx.reader_logs(self.project_id(), reader).await?)
    }

    /// Up to `limit` events of a user's phones at readers behind the event `after`, in the order in which they arrived.
    ///
    /// # Errors
    /// [`Refusal::UserUnknown`].
    pub async fn user_events(
        &self,
        user: Uuid,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<ReaderEvent>, Error> {
        let project = self.project_id();
        let mut tx = self.read().await?;
        if tx.user(project, user, self.now()).await?.is_none() {
            return Err(Refusal::UserUnknown.into());
        }
        Ok(tx.user_events(project, user, after.unwrap_or(Uuid::nil()), limit.min(PAGE)).await?)
    }

    /// Verifies the chains of all readers: how many events there are, or the reader and the place that do not hold.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn verify_events(&self) -> Result<Result<u64, (ReaderId, u64)>, Error> {
        let project = self.project_id();
        let mut tx = self.read().await?;
        let mut verified = 0_u64;
        for (reader, length, head) in tx.reader_chains(project).await? {
            let (mut place, mut previous) = (0_u64, events_start(project, reader));
            loop {
                let rows = tx.reader_event_rows(project, reader, place, PAGE).await?;
                let Some(last) = rows.last().map(|row| row.place) else { break };
                for row in &rows {
                    place = place.saturating_add(1);
                    let event = Event::from_body(row.kind, &row.body);
                    let entry = Entry { sequence: row.number, time: row.at, event };
                    previous = event_hash(&previous, place, row.log, row.received_at, &entry, &row.body);
                    if row.place != place || row.hash != previous {
                        return Ok(Err((reader, place)));
                    }
                }
                place = last;
            }
            if (place, previous) != (length, head) {
                return Ok(Err((reader, place.saturating_add(1))));
            }
            verified = verified.saturating_add(place);
        }
        Ok(Ok(verified))
    }

    /// The point of the key that readers report to, which is made when it is first asked for.
    pub(super) async fn report_point(&self, tx: &mut Transaction) -> Result<[u8; 33], Error> {
        let project = self.project_id();
        if let Some(row) = tx.report_key(project).await? {
            return Ok(row.public_key);
        }
        let (scalar, public_key) = issuing::generate()?;
        let sealed_private_key = self.vault().seal(&self.report_label(), scalar.expose())?;
        let row = ReportKeyRow { public_key, sealed_private_key };
        tx.insert_report_key(project, &row, self.now()).await?;
        Ok(public_key)
    }

    /// The keys that the manager shares with a reader.
    async fn keys_with(&self, tx: &mut Transaction, reader: &ReaderRow) -> Result<ReportKeys, Error> {
        let row = tx.report_key(self.project_id()).await?.ok_or(Refusal::ReportInvalid)?;
        let opened = self.vault().open(&self.report_label(), &row.sealed_private_key)?;
        let scalar = opened.as_slice().try_into().map_err(|_| StoreError::Corrupt("report key"))?;
        let own =
            Backend.agreement_key(&Secret::new(scalar)).map_err(|_| StoreError::Corrupt("report key"))?;
        ReportKeys::derive(&Backend, &own, &Point(reader.public_key), self.project_id(), reader.id)
            .map_err(|_| Refusal::ReportInvalid.into())
    }

    /// Puts an event at the end of the reader's chain; the new end.
    async fn keep_event(
        &self,
        tx: &mut Transaction,
        reader: &ReaderRow,
        log: [u8; 8],
        (length, head): (u64, [u8; 32]),
        entry: &Entry<'_>,
    ) -> Result<(u64, [u8; 32]), Error> {
        let (project, now) = (self.project_id(), self.now());
        let mut encoded = vec![0; REPORT_OCTETS_MAX];
        let octets = entry.encode(&mut encoded).ok_or(Refusal::ReportInvalid)?;
        let body = encoded.get(ENTRY_HEAD_OCTETS..octets).unwrap_or_default().to_vec();
        let (serial, receipt) = match &entry.event {
            Event::GrantedFull(evidence) => self.judge_evidence(tx, reader.id, evidence).await?,
            Event::GrantedFast { serial } | Event::Denied { serial: Some(serial), .. } => {
                (Some(*serial), None)
            }
            Event::ListTaken { version } => {
                self.note_list(tx, reader.id, *version, now).await?;
                (None, None)
            }
            _ => (None, None),
        };
        let user = match serial {
            Some(serial) => tx.holder_of(project, serial).await?,
            None => None,
        };
        let place = length.saturating_add(1);
        let hash = event_hash(&head, place, log, now, entry, &body);
        let event = EventRow {
            place,
            id: self.ids().next(now),
            log,
            number: entry.sequence,
            at: entry.time,
            received_at: now,
            kind: entry.event.kind(),
            body,
            serial,
            user,
            receipt,
            hash,
        };
        tx.insert_reader_event(project, reader.id, &event).await?;
        Ok((place, hash))
    }

    /// Whether a receipt holds, and whose credential is in it.
    async fn judge_evidence(
        &self,
        tx: &mut Transaction,
        reader: ReaderId,
        evidence: &Evidence<'_>,
    ) -> Result<(Option<Serial>, Option<ReceiptState>), Error> {
        let Ok(claimed) = Credential::decode(evidence.credential) else {
            return Ok((None, Some(ReceiptState::Broken)));
        };
        // Also a key that is retired by now has signed what it has signed.
        let keys = tx.issuer_keys(self.project_id()).await?;
        let key = keys.iter().find(|key| key.index == claimed.issuer.0);
        let key = key.map(|key| IssuerKey { index: claimed.issuer, point: Point(key.public_key) });
        let issuers = key.and_then(|key| IssuerKeys::new(self.project_id(), &[key]));
        let receipt = evidence.receipt(reader);
        let verified = match (receipt, issuers) {
            (Some(receipt), Some(issuers)) => receipt.verify(&Backend, &issuers).ok(),
            _ => None,
        };
        Ok(match verified {
            Some(verified) => (Some(verified.fields().serial), Some(ReceiptState::Holds)),
            None => (None, Some(ReceiptState::Broken)),
        })
    }

    /// A reader that took a list has it, as if it had said so itself.
    async fn note_list(
        &self,
        tx: &mut Transaction,
        reader: ReaderId,
        version: u32,
        now: UnixTime,
    ) -> Result<(), Error> {
        let newest = tx.revocation_list_issue(self.project_id()).await?.map_or(0, |(newest, _)| newest);
        if version <= newest {
            tx.reader_has_list(self.project_id(), reader, version, now).await?;
        }
        Ok(())
    }

    /// Up to where everything of a log has arrived, or is gone from the reader.
    async fn complete_to(
        &self,
        tx: &mut Transaction,
        reader: ReaderId,
        log: [u8; 8],
        kept: LogRow,
        oldest: u32,
    ) -> Result<u32, Error> {
        // What is below the oldest entry that the reader holds will never come.
        let mut complete_to = kept.complete_to.max(oldest.saturating_sub(1));
        for number in tx.event_numbers(self.project_id(), reader, log, complete_to, u32::MAX).await? {
            if number != complete_to.saturating_add(1) {
                break;
            }
            complete_to = number;
        }
        Ok(complete_to)
    }

    /// What the report key is sealed as, so that it opens as nothing else.
    fn report_label(&self) -> Vec<u8> {
        [b"ostiary report key\0".as_slice(), &self.project_id().0].concat()
    }
}
