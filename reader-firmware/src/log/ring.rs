//! A log in memory: what a host needs, and a microcontroller that may lose its log with its power.

use credential::id::LogId;
use credential::report::{ENTRY_HEAD_OCTETS, Entry, Event};
use credential::time::UnixTime;
use heapless::Deque;
use rand_core::CryptoRng;

use super::{Copied, EventLog};

/// The newest entries that fit into `N` octets; at least [`Entry::OCTETS_MAX`] of them, or nothing is kept.
pub struct RingLog<const N: usize> {
    id: LogId,
    octets: Deque<u8, N>,
    oldest: u32,
    next: u32,
}

impl<const N: usize> RingLog<N> {
    /// An empty log with an id of its own.
    pub fn new(rng: &mut dyn CryptoRng) -> Self {
        let mut id = [0; 8];
        rng.fill_bytes(&mut id);
        Self { id: LogId(id), octets: Deque::new(), oldest: 1, next: 1 }
    }

    /// Octets of the entry that begins at `start`.
    fn entry_octets(&self, start: usize) -> Option<usize> {
        let mut length = self.octets.iter().skip(start.checked_add(ENTRY_HEAD_OCTETS - 2)?);
        let length = u16::from_be_bytes([*length.next()?, *length.next()?]);
        ENTRY_HEAD_OCTETS.checked_add(usize::from(length))
    }

    fn drop_oldest(&mut self) -> Option<()> {
        for _ in 0..self.entry_octets(0)? {
            self.octets.pop_front()?;
        }
        self.oldest = self.oldest.saturating_add(1);
        Some(())
    }
}

impl<const N: usize> EventLog for RingLog<N> {
    fn id(&self) -> LogId {
        self.id
    }

    fn append(&mut self, time: Option<UnixTime>, event: &Event<'_>) {
        let Some(behind) = self.next.checked_add(1) else { return };
        let mut encoded = [0; Entry::OCTETS_MAX];
        let entry = Entry { sequence: self.next, time, event: *event };
        let encoded = entry.encode(&mut encoded).and_then(|length| encoded.get(..length));
        self.next = behind;
        let Some(encoded) = encoded.filter(|encoded| encoded.len() <= N) else {
            // It leaves a gap, and with it goes everything before: numbers in a log follow one another.
            self.octets.clear();
            self.oldest = behind;
            return;
        };
        while self.octets.capacity().saturating_sub(self.octets.len()) < encoded.len() {
            if self.drop_oldest().is_none() {
                return;
            }
        }
        for octet in encoded {
            let _ = self.octets.push_back(*octet);
        }
    }

    fn oldest(&self) -> u32 {
        self.oldest
    }

    fn next(&self) -> u32 {
        self.next
    }

    fn read(&self, from: u32, out: &mut [u8]) -> Copied {
        let (mut start, mut sequence, mut copied) = (0_usize, self.oldest, 0_usize);
        while sequence < self.next {
            let Some(length) = self.entry_octets(start) else { break };
            if sequence >= from {
                let Some(room) = out.get_mut(copied..).and_then(|room| room.get_mut(..length)) else { break };
                for (to, octet) in room.iter_mut().zip(self.octets.iter().skip(start)) {
                    *to = *octet;
                }
                copied = copied.saturating_add(length);
            }
            start = start.saturating_add(length);
            sequence = sequence.saturating_add(1);
        }
        Copied { octets: copied, next: if copied == 0 { from } else { sequence } }
    }

    fn acknowledge(&mut self, up_to: u32) {
        while self.oldest <= up_to && self.oldest < self.next {
            if self.drop_oldest().is_none() {
                return;
            }
        }
    }

    fn is_whole(&self) -> bool {
        let entries = self.oldest..self.next;
        let behind =
            entries.into_iter().try_fold(0_usize, |start, _| start.checked_add(self.entry_octets(start)?));
        behind == Some(self.octets.len())
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use credential::id::Serial;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    /// Entries of this event have 19 octets.
    fn visit(serial: u64) -> Event<'static> {
        Event::GrantedFast { serial: Serial(serial) }
    }

    fn log<const N: usize>(visits: u64) -> RingLog<N> {
        let mut log = RingLog::new(&mut StdRng::seed_from_u64(1));
        for serial in 1..=visits {
            log.append(Some(UnixTime(9)), &visit(serial));
        }
        log
    }

    fn sequences(log: &impl EventLog, from: u32, room: usize) -> (Vec<u32>, u32) {
        let mut out = std::vec![0; room];
        let copied = log.read(from, &mut out);
        let (mut rest, mut found) = (&out[..copied.octets], Vec::new());
        while !rest.is_empty() {
            let (entry, behind) = Entry::decode(rest).unwrap();
            assert_eq!(entry.event, visit(u64::from(entry.sequence)));
            found.push(entry.sequence);
            rest = behind;
        }
        (found, copied.next)
    }

    #[test]
    fn entries_come_out_whole_in_order_and_from_where_they_are_asked_for() {
        let log = log::<400>(5);
        assert_eq!((log.oldest(), log.next()), (1, 6));
        assert_eq!(sequences(&log, 1, 400), (Vec::from([1, 2, 3, 4, 5]), 6));
        assert_eq!(sequences(&log, 1, 2 * 19 + 18), (Vec::from([1, 2]), 3));
        assert_eq!(sequences(&log, 3, 19), (Vec::from([3]), 4));
        assert_eq!(sequences(&log, 6, 400), (Vec::new(), 6));
        assert_eq!(sequences(&log, 1, 18), (Vec::new(), 1));
    }

    #[test]
    fn a_full_log_drops_its_oldest_and_never_a_number() {
        let log = log::<400>(1000);
        assert_eq!((log.oldest(), log.next()), (1001 - 400 / 19, 1001));
        assert_eq!(sequences(&log, 1, 19), (Vec::from([log.oldest()]), log.oldest() + 1));
    }

    #[test]
    fn what_is_acknowledged_is_forgotten_and_numbers_go_on() {
        let mut log = log::<400>(5);
        log.acknowledge(3);
        assert_eq!(sequences(&log, 1, 400), (Vec::from([4, 5]), 6));
        log.acknowledge(2);
        assert_eq!(log.oldest(), 4);
        log.acknowledge(u32::MAX);
        assert!(log.is_empty());
        log.append(None, &visit(6));
        assert_eq!(sequences(&log, 1, 400), (Vec::from([6]), 7));
    }

    #[test]
    fn an_entry_larger_than_the_log_leaves_a_gap() {
        let mut log = log::<30>(1);
        log.append(None, &Event::Unknown { kind: 99, body: &[0; 20] });
        assert_eq!((log.oldest(), log.next(), log.is_empty()), (3, 3, true));
        log.append(None, &visit(3));
        assert_eq!(sequences(&log, 1, 30), (Vec::from([3]), 4));
    }

    #[test]
    fn two_logs_have_two_ids() {
        let mut rng = StdRng::seed_from_u64(1);
        assert_ne!(RingLog::<300>::new(&mut rng).id(), RingLog::<300>::new(&mut rng).id());
    }
}
