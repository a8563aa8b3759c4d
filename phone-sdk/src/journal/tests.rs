use std::sync::Arc;

use credential::id::ReaderId;
use credential::secret::Secret;
use credential::ticket::{HeldTicket, Ticket};
use credential::time::UnixTime;

use super::*;
use crate::port::{MemoryStorage, SeededRandom};
use crate::wallet::CardId;

struct Bench {
    storage: MemoryStorage,
    random: Arc<SeededRandom>,
    sealer: Sealer,
}

impl Bench {
    fn new() -> Self {
        let random = Arc::new(SeededRandom::new(1));
        let sealer = Sealer::new(Secret::new([1; 32]), Arc::clone(&random) as _);
        Self { storage: MemoryStorage::default(), random, sealer }
    }

    fn open(&self) -> (Journal, Memory) {
        Journal::open(&self.storage, &self.sealer, &*self.random).unwrap()
    }

    /// A journal of three kept tickets, of which the second was taken, and a certificate; and where each entry ends.
    fn written(&self) -> Vec<usize> {
        let mut journal =
            Journal::begin(&self.storage, &self.sealer, &*self.random, &Memory::default()).unwrap();
        let mut ends = vec![self.stored().len()];
        for change in 1..=5 {
            let mut changes = Changes::default();
            match change {
                4 => changes.taken(&ticket(2)),
                5 => changes.verified(&[9; 32]),
                kept => changes.kept(&ticket(kept)),
            }
            journal.append(&self.storage, &self.sealer, &changes).unwrap();
            ends.push(self.stored().len());
        }
        ends
    }

    fn stored(&self) -> Vec<u8> {
        self.storage.load(NAME).unwrap().unwrap().to_vec()
    }
}

fn ticket(octet: u8) -> Entry {
    let held = HeldTicket { ticket: Ticket([octet; 72]), psk: Secret::new([octet; 32]) };
    Entry { card: CardId(1), reader: ReaderId(7), not_after: UnixTime(2000), held }
}

/// The first octet of each ticket held, and how many certificates are.
fn held(memory: &Memory) -> (Vec<u8>, usize) {
    let tickets = memory.tickets.iter().map(|entry| entry.held.ticket.0[0]).collect();
    (tickets, memory.certificates.iter().count())
}

#[test]
fn what_was_appended_is_read_again_and_rewriting_keeps_it() {
    let bench = Bench::new();
    bench.written();
    let (_, memory) = bench.open();
    assert_eq!(held(&memory), (vec![1, 3], 1));
    let mut journal = Journal::begin(&bench.storage, &bench.sealer, &*bench.random, &memory).unwrap();
    let mut changes = Changes::default();
    changes.taken(&ticket(3));
    journal.append(&bench.storage, &bench.sealer, &changes).unwrap();
    assert_eq!(held(&bench.open().1), (vec![1], 1));
}

#[test]
fn no_damage_brings_a_ticket_back() {
    let bench = Bench::new();
    let ends = bench.written();
    let whole = bench.stored();
    let mut damaged: Vec<Vec<u8>> = (1..whole.len()).map(|length| whole[..length].to_vec()).collect();
    // An end between two entries cannot be told from one that was meant.
    damaged.retain(|octets| !ends.contains(&octets.len()));
    for position in 1..whole.len() {
        let mut changed = whole.clone();
        changed[position] ^= 0x80;
        damaged.push(changed);
    }
    for octets in damaged {
        bench.storage.store(NAME, &octets).unwrap();
        let (mut journal, memory) = bench.open();
        assert_eq!(held(&memory), (Vec::new(), 0));
        let mut changes = Changes::default();
        changes.kept(&ticket(8));
        journal.append(&bench.storage, &bench.sealer, &changes).unwrap();
        assert_eq!(held(&bench.open().1), (vec![8], 0));
    }
}

#[test]
fn an_entry_that_is_left_out_or_repeated_is_damage() {
    let bench = Bench::new();
    let ends = bench.written();
    let whole = bench.stored();
    let without = [&whole[..ends[3]], &whole[ends[4]..]].concat();
    let twice = [&whole[..ends[1]], &whole[ends[0]..ends[1]]].concat();
    for changed in [without, twice] {
        bench.storage.store(NAME, &changed).unwrap();
        assert_eq!(held(&bench.open().1), (Vec::new(), 0));
    }
}

#[test]
fn a_journal_of_a_newer_version_is_left_alone() {
    let bench = Bench::new();
    bench.storage.store(NAME, &[2, 0, 0]).unwrap();
    let opened = Journal::open(&bench.storage, &bench.sealer, &*bench.random);
    assert_eq!(opened.err(), Some(StorageError::Newer));
}
