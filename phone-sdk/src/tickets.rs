//! Tickets on the phone: few, short-lived, and secret.

use credential::id::ReaderId;
use credential::secret::Secret;
use credential::ticket::{HeldTicket, Ticket};
use credential::time::UnixTime;

use crate::wallet::CardId;

/// What names a ticket: all of an entry but its secret.
pub(crate) const TAKEN_OCTETS: usize = 84;

/// Tickets kept for one card at one reader: those of two taps.
const PER_READER_MAX: usize = 4;

/// Tickets kept in all: those of some 64 doors, in less than 16 KiB.
const MAX: usize = 128;

/// All tickets, oldest first.
#[derive(Clone, Default)]
pub(crate) struct Tickets(Vec<Entry>);

/// One ticket and what it is for.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) card: CardId,
    pub(crate) reader: ReaderId,
    pub(crate) not_after: UnixTime,
    pub(crate) held: HeldTicket,
}

impl Tickets {
    /// The newest live ticket, and what is left without it and without those that are over.
    pub(crate) fn take(&self, card: CardId, reader: ReaderId, now: UnixTime) -> Option<(Entry, Self)> {
        let mut rest = Self(self.0.iter().filter(|entry| now < entry.not_after).cloned().collect());
        let position = rest.0.iter().rposition(|entry| entry.is_for(card, reader))?;
        let taken = rest.0.remove(position);
        Some((taken, rest))
    }

    /// Adds a ticket; where there are too many, the oldest goes.
    pub(crate) fn keep(&mut self, entry: Entry) {
        let same = |other: &Entry| other.is_for(entry.card, entry.reader);
        if self.0.iter().filter(|other| same(other)).count() >= PER_READER_MAX {
            self.remove_first(same);
        }
        if self.0.len() >= MAX {
            self.remove_first(|_| true);
        }
        self.0.push(entry);
    }

    /// Forgets the ticket of this name, if it is held.
    pub(crate) fn forget(&mut self, name: &[u8]) {
        self.remove_first(|entry| entry.name() == name);
    }

    /// All of them, oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.0.iter()
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
    /// Octets of an entry.
    pub(crate) const OCTETS: usize = TAKEN_OCTETS + 32;

    fn is_for(&self, card: CardId, reader: ReaderId) -> bool {
        self.card == card && self.reader == reader
    }

    fn name(&self) -> Vec<u8> {
        let mut name = Vec::with_capacity(TAKEN_OCTETS);
        self.encode_taken(&mut name);
        name
    }

    pub(crate) fn encode_taken(&self, out: &mut Vec<u8>) {
        for number in [self.card.0, self.reader.0, self.not_after.0] {
            out.extend_from_slice(&number.to_be_bytes());
        }
        out.extend_from_slice(&self.held.ticket.0);
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        self.encode_taken(out);
        out.extend_from_slice(self.held.psk.expose());
    }

    pub(crate) fn decode(octets: &[u8]) -> Option<Self> {
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

    fn entry(card: CardId, reader: ReaderId, octet: u8, not_after: UnixTime) -> Entry {
        let held = HeldTicket { ticket: Ticket([octet; 72]), psk: Secret::new([octet; 32]) };
        Entry { card, reader, not_after, held }
    }

    fn ticket(octet: u8) -> Entry {
        entry(CARD, DOOR, octet, UnixTime(2000))
    }

    #[test]
    fn an_entry_comes_back_from_its_octets() {
        let mut octets = Vec::new();
        ticket(3).encode(&mut octets);
        assert_eq!(octets.len(), Entry::OCTETS);
        let again = Entry::decode(&octets).unwrap();
        assert_eq!((again.name(), again.held), (ticket(3).name(), ticket(3).held));
    }

    #[test]
    fn a_ticket_is_taken_once_newest_first_and_only_while_it_lives() {
        let mut tickets = Tickets::default();
        tickets.keep(ticket(1));
        tickets.keep(entry(CARD, DOOR, 2, NOW));
        tickets.keep(ticket(3));
        assert!(tickets.take(CardId(2), DOOR, NOW).is_none());
        assert!(tickets.take(CARD, ReaderId(8), NOW).is_none());
        let (taken, rest) = tickets.take(CARD, DOOR, NOW).unwrap();
        assert_eq!(taken.held, ticket(3).held);
        let (taken, rest) = rest.take(CARD, DOOR, NOW).unwrap();
        assert_eq!(taken.held, ticket(1).held);
        assert!(rest.take(CARD, DOOR, NOW).is_none());
        assert_eq!(rest.len(), 0);
    }

    #[test]
    fn a_ticket_is_forgotten_by_its_name() {
        let mut tickets = Tickets::default();
        tickets.keep(ticket(1));
        tickets.keep(ticket(2));
        tickets.forget(&ticket(1).name());
        tickets.forget(&ticket(9).name());
        assert_eq!(tickets.take(CARD, DOOR, NOW).unwrap().0.held, ticket(2).held);
        assert_eq!(tickets.len(), 1);
    }

    #[test]
    fn the_oldest_tickets_go_when_there_are_too_many() {
        let mut tickets = Tickets::default();
        for octet in 0..10 {
            tickets.keep(ticket(octet));
        }
        assert_eq!(tickets.len(), PER_READER_MAX);
        for reader in 100..400 {
            tickets.keep(entry(CARD, ReaderId(reader), 0, UnixTime(2000)));
        }
        assert_eq!(tickets.len(), MAX);
        assert!(tickets.take(CARD, DOOR, NOW).is_none());
        assert!(tickets.take(CARD, ReaderId(399), NOW).is_some());
    }

    #[test]
    fn the_tickets_of_a_card_go_with_it() {
        let mut tickets = Tickets::default();
        tickets.keep(ticket(1));
        tickets.keep(entry(CardId(2), DOOR, 2, UnixTime(2000)));
        let left = tickets.of_cards(|card| card != CARD);
        assert!(left.take(CARD, DOOR, NOW).is_none());
        assert!(left.take(CardId(2), DOOR, NOW).is_some());
    }
}
