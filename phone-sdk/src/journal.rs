//! The journal of tickets and remembered certificates: what changes at every tap, one append a change.
//!
//! Stored under the name `taps`:
//!
//! | octets | field |
//! | --- | --- |
//! | 1 | version, 1 |
//! | 16 | random octets of this journal |
//! | … | entries, oldest first |
//!
//! An entry is its length (4 octets, high one first) and sealed changes; what it is sealed for is the label, the
//! octets of the journal and the number of the entry (4 octets, from 0), so that none can be left out, moved or
//! brought in from an older journal.
//! A change is its kind and:
//!
//! | kind | what follows |
//! | --- | --- |
//! | 1, a ticket was kept | card (4), reader id (4), not after (4), ticket (72), secret (32) |
//! | 2, a ticket was taken | card (4), reader id (4), not after (4), ticket (72) |
//! | 3, a certificate was verified | its fingerprint (32) |
//!
//! Whatever is wrong with the journal, an entry at the end that lost power has cut off included, only costs time: it
//! is begun anew and empty, and the next taps are full ones. So no damage brings a ticket back that was taken.

use credential::crypto::Digest;
use zeroize::Zeroizing;

use crate::certificates::Certificates;
use crate::error::StorageError;
use crate::port::{Random, Storage};
use crate::sealing::{OVERHEAD, Sealer};
use crate::tickets::{Entry, TAKEN_OCTETS, Tickets};

/// The name under which it is stored.
pub(crate) const NAME: &str = "taps";

const VERSION: u8 = 1;
const ID_OCTETS: usize = 16;
const HEADER_OCTETS: usize = 1 + ID_OCTETS;
const LABEL: &[u8] = b"ostiary wallet taps";

/// Octets at which the journal is written anew, after a tap: a few hundred taps.
const COMPACT_OCTETS: usize = 96 * 1024;

const KEPT: u8 = 1;
const TAKEN: u8 = 2;
const VERIFIED: u8 = 3;

/// Where the next entry goes.
pub(crate) struct Journal {
    id: [u8; ID_OCTETS],
    entries: u32,
    octets: usize,
}

/// What the journal holds.
#[derive(Clone, Default)]
pub(crate) struct Memory {
    pub(crate) tickets: Tickets,
    pub(crate) certificates: Certificates,
}

/// Changes that make up one entry.
#[derive(Default)]
pub(crate) struct Changes(Zeroizing<Vec<u8>>);

impl Changes {
    pub(crate) fn kept(&mut self, entry: &Entry) {
        self.make_room();
        self.0.push(KEPT);
        entry.encode(&mut self.0);
    }

    pub(crate) fn taken(&mut self, entry: &Entry) {
        self.make_room();
        self.0.push(TAKEN);
        entry.encode_taken(&mut self.0);
    }

    pub(crate) fn verified(&mut self, fingerprint: &Digest) {
        self.make_room();
        self.0.push(VERIFIED);
        self.0.extend_from_slice(fingerprint);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Growing in place could leave copies of secrets behind.
    fn make_room(&mut self) {
        if self.0.capacity().saturating_sub(self.0.len()) < 1 + Entry::OCTETS {
            let mut larger = Zeroizing::new(Vec::with_capacity(self.0.len().saturating_mul(2).max(1024)));
            larger.extend_from_slice(&self.0);
            self.0 = larger;
        }
    }
}

impl Journal {
    /// Reads the journal, and begins it anew where that is needed.
    pub(crate) fn open(
        storage: &dyn Storage,
        sealer: &Sealer,
        random: &dyn Random,
    ) -> Result<(Self, Memory), StorageError> {
        let stored = storage.load(NAME)?.unwrap_or_default();
        if stored.first().is_some_and(|version| *version > VERSION) {
            return Err(StorageError::Newer);
        }
        if stored.is_empty() {
            return Ok((Self::unwritten(), Memory::default()));
        }
        match read(&stored, sealer) {
            Some(read) => Ok(read),
            None => {
                let memory = Memory::default();
                Self::begin(storage, sealer, random, &memory).map(|journal| (journal, memory))
            }
        }
    }

    /// Appends one entry: lasting when this returns.
    pub(crate) fn append(
        &mut self,
        storage: &dyn Storage,
        sealer: &Sealer,
        changes: &Changes,
    ) -> Result<(), StorageError> {
        let mut octets = Vec::with_capacity(changes.0.len().saturating_add(4 + OVERHEAD));
        seal_entry(&self.id, self.entries, sealer, &changes.0, &mut octets)?;
        storage.append(NAME, &octets)?;
        self.entries = self.entries.saturating_add(1);
        self.octets = self.octets.saturating_add(octets.len());
        Ok(())
    }

    /// Writes a new journal that holds `memory` and no more.
    pub(crate) fn begin(
        storage: &dyn Storage,
        sealer: &Sealer,
        random: &dyn Random,
        memory: &Memory,
    ) -> Result<Self, StorageError> {
        let mut journal = Self { id: [0; ID_OCTETS], entries: 0, octets: 0 };
        random.fill(&mut journal.id)?;
        let mut octets = vec![VERSION];
        octets.extend_from_slice(&journal.id);
        let mut changes = Changes::default();
        memory.tickets.iter().for_each(|entry| changes.kept(entry));
        memory.certificates.iter().for_each(|fingerprint| changes.verified(fingerprint));
        if !changes.is_empty() {
            seal_entry(&journal.id, 0, sealer, &changes.0, &mut octets)?;
            journal.entries = 1;
        }
        storage.store(NAME, &octets)?;
        journal.octets = octets.len();
        Ok(journal)
    }

    /// Whether it has grown so long that it should be written anew, or has never been written.
    pub(crate) const fn wants_rewriting(&self) -> bool {
        self.octets == 0 || self.octets > COMPACT_OCTETS
    }

    /// What nothing can be appended to.
    pub(crate) const fn unwritten() -> Self {
        Self { id: [0; ID_OCTETS], entries: 0, octets: 0 }
    }
}

/// What is stored; `None` unless every octet of it is as it was written.
fn read(stored: &[u8], sealer: &Sealer) -> Option<(Journal, Memory)> {
    let (header, mut rest) = stored.split_first_chunk::<HEADER_OCTETS>()?;
    let (version, id) = header.split_first()?;
    let id = (*version == VERSION).then_some(id)?.try_into().ok()?;
    let mut memory = Memory::default();
    let mut entries = 0_u32;
    while !rest.is_empty() {
        let (length, octets) = rest.split_first_chunk()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (sealed, after) = octets.split_at_checked(length)?;
        apply(&sealer.open(&about(&id, entries), sealed)?, &mut memory)?;
        entries = entries.saturating_add(1);
        rest = after;
    }
    Some((Journal { id, entries, octets: stored.len() }, memory))
}

fn apply(mut changes: &[u8], memory: &mut Memory) -> Option<()> {
    while let Some((kind, rest)) = changes.split_first() {
        let length = match *kind {
            KEPT => Entry::OCTETS,
            TAKEN => TAKEN_OCTETS,
            VERIFIED => 32,
            _ => return None,
        };
        let (octets, rest) = rest.split_at_checked(length)?;
        match *kind {
            KEPT => memory.tickets.keep(Entry::decode(octets)?),
            TAKEN => memory.tickets.forget(octets),
            _ => memory.certificates.note(&octets.try_into().ok()?),
        }
        changes = rest;
    }
    Some(())
}

fn seal_entry(
    id: &[u8; ID_OCTETS],
    number: u32,
    sealer: &Sealer,
    changes: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), StorageError> {
    let length = u32::try_from(changes.len().saturating_add(OVERHEAD)).unwrap_or(u32::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    Ok(sealer.seal(&about(id, number), changes, out)?)
}

fn about(id: &[u8; ID_OCTETS], number: u32) -> Vec<u8> {
    [LABEL, id, &number.to_be_bytes()].concat()
}

#[cfg(test)]
mod tests;
