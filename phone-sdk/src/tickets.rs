//! Tickets on the phone: few, short-lived, and secret.
//!
//! Stored as the version octet 1 and records of 116 octets, oldest first:
//!
//! | octets | field |
//! | --- | --- |
//! | 4 | card |
//! | 4 | reader id |
//! | 4 | not after |
//! | 72 | ticket |
//! | 32 | secret |

use credential::id::ReaderId;
use credential::secret::Secret;
use credential::ticket::{HeldTicket, Ticket};
use credential::time::UnixTime;
use zeroize::Zeroizing;

use crate::error::StorageError;
use crate::wallet::CardId;

const VERSION: u8 = 1;
const RECORD_OCTETS: usize = 116;

/// Tickets kept for one card at one reader: those of two taps.
const PER_READER_MAX: usize = 4;

/// Tickets kept in all: those of some 64 doors, in less than 16 KiB.
const MAX: usize = 128;

/// All tickets, oldest first.
#[derive(Clone, Default)]
pub(crate) struct Tickets(Vec<Entry>);

#[derive(Clone)]
struct Entry {
    card: CardId,
    reader: ReaderId,
    not_after: UnixTime,
    held: HeldTicket,
}

impl Tickets {
    pub(crate) fn decode(octets: &[u8]) -> Result<Self, StorageError> {
        let records = match octets.split_first() {
            Some((&VERSION, records)) => records,
            Some((version, _)) if *version > VERSION => return Err(StorageError::Newer),
            _ => return Err(StorageError::Corrupt),
        };
        if records.len().checked_rem(RECORD_OCTETS) != Some(0) {
            return Err(StorageError::Corrupt);
        }
        let entries = records.chunks_exact(RECORD_OCTETS).map(Entry::decode);
        entries.collect::<Option<_>>().map(Self).ok_or(StorageError::Corrupt)
    }

    pub(crate) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let octets = self.0.len().saturating_mul(RECORD_OCTETS).saturating_add(1);
        // All room at once: growing would leave copies of secrets behind.
        let mut out = Zeroizing::new(Vec::with_capacity(octets));
        out.push(VERSION);
        self.0.iter().for_each(|entry| entry.encode(&mut out));
        out
    }

    /// The newest live ticket, and what is left without it and without those that are over.
    pub(crate) fn take(&self, card: CardId, reader: ReaderId, now: UnixTime) -> Option<(HeldTicket, Self)> {
        let mut rest = Self(self.0.iter().filter(|entry| now < entry.not_after).cloned().collect());
        let position = rest.0.iter().rposition(|entry| entry.is_for(card, reader))?;
        let taken = rest.0.remove(position);
        Some((taken.held, rest))
    }

    /// Adds a ticket; where there are too many, the oldest goes.
    pub(crate) fn keep(&mut self, card: CardId, reader: ReaderId, held: HeldTicket, not_after: UnixTime) {
        if self.0.iter().filter(|entry| entry.is_for(card, reader)).count() >= PER_READER_MAX {
            self.remove_first(|entry| entry.is_for(card, reader));
        }
        if self.0.len() >= MAX {
            self.remove_first(|_| true);
        }
        self.0.push(Entry { card, reader, not_after, held });
    }

    /// What is left without the tickets of cards that `keep` does not know.
    pub(crate) fn of_cards(&self, keep: impl Fn(CardId) -> bool) -> Self {
        Self(self.0.iter().filter(|entry| keep(entry.card)).cloned().collect())
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    fn remove_first(&mut self, wanted: impl Fn(&Entry) -> bool) {
        if let Some(position) = self.0.iter().position(wanted) {
            self.0.remove(position);
        }
    }
}

impl Entry {
    fn is_for(&self, card: CardId, reader: ReaderId) -> bool {
        self.card == card && self.reader == reader
    }

    fn encode(&self, out: &mut Vec<u8>) {
        for number in [self.card.0, self.reader.0, self.not_after.0] {
            out.extend_from_slice(&number.to_be_bytes());
        }
        out.extend_from_slice(&self.held.ticket.0);
        out.extend_from_slice(self.held.psk.expose());
    }

    fn decode(octets: &[u8]) -> Option<Self> {
        let (card, octets) = octets.split_first_chunk()?;
        let (reader, octets) = octets.split_first_chunk()?;
        let (not_after, octets) = octets.split_first_chunk()?;
        let (ticket, psk) = octets.split_first_chunk()?;
        Some(Self {
            card: CardId(u32::from_be_bytes(*card)),
            reader: ReaderId(u32::from_be_bytes(*reader)),
            not_after: UnixTime(u32::from_be_bytes(*not_after)),
            held: HeldTicket { ticket: Ticket(*ticket), psk: Secret::new(psk.try_into().ok()?) },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CARD: CardId = CardId(1);
    const DOOR: ReaderId = ReaderId(7);
    const NOW: UnixTime = UnixTime(1000);

    fn ticket(octet: u8) -> HeldTicket {
        HeldTicket { ticket: Ticket([octet; 72]), psk: Secret::new([octet; 32]) }
    }

    #[test]
    fn tickets_come_back_from_their_octets() {
        let mut tickets = Tickets::default();
        assert_eq!(Tickets::decode(&tickets.encode()).unwrap().len(), 0);
        for octet in 1..=4 {
            tickets.keep(CARD, ReaderId(u32::from(octet)), ticket(octet), UnixTime(2000));
        }
        let again = Tickets::decode(&tickets.encode()).unwrap();
        for octet in 1..=4 {
            assert_eq!(again.take(CARD, ReaderId(u32::from(octet)), NOW).unwrap().0, ticket(octet));
        }
    }

    #[test]
    fn a_spoilt_store_is_refused() {
        let mut tickets = Tickets::default();
        tickets.keep(CARD, DOOR, ticket(1), UnixTime(2000));
        let octets = tickets.encode();
        for length in 0..octets.len() {
            let read = Tickets::decode(&octets[..length]).map(|tickets| tickets.len());
            assert_eq!(read, if length == 1 { Ok(0) } else { Err(StorageError::Corrupt) }, "{length}");
        }
        assert_eq!(Tickets::decode(&[2]).map(|tickets| tickets.len()), Err(StorageError::Newer));
    }

    #[test]
    fn a_ticket_is_taken_once_newest_first_and_only_while_it_lives() {
        let mut tickets = Tickets::default();
        tickets.keep(CARD, DOOR, ticket(1), UnixTime(2000));
        tickets.keep(CARD, DOOR, ticket(2), NOW);
        tickets.keep(CARD, DOOR, ticket(3), UnixTime(2000));
        assert!(tickets.take(CardId(2), DOOR, NOW).is_none());
        assert!(tickets.take(CARD, ReaderId(8), NOW).is_none());
        let (taken, rest) = tickets.take(CARD, DOOR, NOW).unwrap();
        assert_eq!(taken, ticket(3));
        let (taken, rest) = rest.take(CARD, DOOR, NOW).unwrap();
        assert_eq!(taken, ticket(1));
        assert!(rest.take(CARD, DOOR, NOW).is_none());
        assert_eq!(rest.len(), 0);
    }

    #[test]
    fn the_oldest_tickets_go_when_there_are_too_many() {
        let mut tickets = Tickets::default();
        for octet in 0..10 {
            tickets.keep(CARD, DOOR, ticket(octet), UnixTime(2000));
        }
        assert_eq!(tickets.len(), PER_READER_MAX);
        for reader in 100..400 {
            tickets.keep(CARD, ReaderId(reader), ticket(0), UnixTime(2000));
        }
        assert_eq!(tickets.len(), MAX);
        assert!(tickets.take(CARD, DOOR, NOW).is_none());
        assert!(tickets.take(CARD, ReaderId(399), NOW).is_some());
    }

    #[test]
    fn the_tickets_of_a_card_go_with_it() {
        let mut tickets = Tickets::default();
        tickets.keep(CARD, DOOR, ticket(1), UnixTime(2000));
        tickets.keep(CardId(2), DOOR, ticket(2), UnixTime(2000));
        let left = tickets.of_cards(|card| card != CARD);
        assert!(left.take(CARD, DOOR, NOW).is_none());
        assert!(left.take(CardId(2), DOOR, NOW).is_some());
    }
}
