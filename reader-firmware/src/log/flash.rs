//! A log in a flash: it outlives the power, and its oldest entries make room for the newest.
//!
//! Nothing is ever changed in place: that entries have arrived is one more record behind them. A record is
//!
//! | octets | field |
//! | --- | --- |
//! | 1 | 0 entry, 1 arrived |
//! | 8 | id of the log |
//! | … | the entry as it travels; or the last number that has arrived and the next one, 4 octets each |

use core::cell::RefCell;
use core::ops::Range;

use credential::id::LogId;
use credential::report::{Entry, Event};
use credential::time::UnixTime;
use embedded_storage::nor_flash::NorFlash;
use rand_core::CryptoRng;
use sequential_storage::cache::{Cache, Uncached};
use sequential_storage::queue::{QueueConfig, QueueStorage};

use super::{Copied, EventLog};
use crate::storage::{Blocking, StorageError, ready};

const ENTRY: u8 = 0;
const ARRIVED: u8 = 1;
/// Octets before what a record holds.
const HEAD: usize = 9;
/// Octets of the longest record, up to the next word of a flash with words of 32 octets.
const RECORD_MAX: usize = (HEAD + Entry::OCTETS_MAX).next_multiple_of(32);

type Queue<F> = QueueStorage<Blocking<F>, Cache<Uncached, Uncached, Uncached>>;

/// A log in a part of a flash.
pub struct FlashLog<F: NorFlash> {
    /// Reading moves the flash, too, and a log is read without being changed.
    queue: RefCell<Queue<F>>,
    id: LogId,
    oldest: u32,
    next: u32,
}

/// What is found in the flash.
struct Found {
    id: LogId,
    /// Number of the first entry that is still there.
    first: u32,
    arrived: u32,
    next: u32,
}

enum Record<'r> {
    Entry(u32, &'r [u8]),
    Arrived { up_to: u32, next: u32 },
}

impl<F: NorFlash> FlashLog<F> {
    /// The log in `range` of a flash, which is its own; a flash without one gets a new one.
    ///
    /// # Errors
    /// [`StorageError::Range`] for less than two pages, or ends that are not those of pages.
    pub fn open(flash: F, range: Range<u32>, rng: &mut dyn CryptoRng) -> Result<Self, StorageError> {
        let config = QueueConfig::try_new(range).map_err(|_| StorageError::Range)?;
        let mut queue = QueueStorage::new(Blocking::new(flash), config, Cache::new_uncached());
        let found = look_through(&mut queue, |_, _| true).unwrap_or_else(|| {
            let mut id = [0; 8];
            rng.fill_bytes(&mut id);
            Found { id: LogId(id), first: 1, arrived: 0, next: 1 }
        });
        let oldest = found.first.max(found.arrived.saturating_add(1)).min(found.next);
        Ok(Self { queue: RefCell::new(queue), id: found.id, oldest, next: found.next })
    }

    /// Pages erased since the start.
    pub fn erases(&mut self) -> u32 {
        self.queue.get_mut().flash().erases()
    }

    /// The flash.
    pub fn flash(&mut self) -> &mut F {
        self.queue.get_mut().flash().inner()
    }

    /// Writes a record; what was erased for it is no longer held.
    fn write(&mut self, kind: u8, body: &[u8]) {
        let queue = self.queue.get_mut();
        let mut record = [0; RECORD_MAX];
        let length = HEAD.saturating_add(body.len());
        let Some((head, room)) = record.split_first_chunk_mut::<HEAD>() else { return };
        let [tag, id @ ..] = head;
        (*tag, *id) = (kind, self.id.0);
        let Some(room) = room.get_mut(..body.len()) else { return };
        room.copy_from_slice(body);
        let before = queue.flash().erases();
        // A record that could not be written leaves a gap; nothing here fails towards the door.
        let _gap = ready(queue.push(record.get(..length).unwrap_or_default(), true));
        if queue.flash().erases() != before {
            let first = look_through(queue, |_, _| true).map_or(self.next, |found| found.first);
            self.oldest = self.oldest.max(first);
        }
    }
}

impl<F: NorFlash> EventLog for FlashLog<F> {
    fn id(&self) -> LogId {
        self.id
    }

    fn append(&mut self, time: Option<UnixTime>, event: &Event<'_>) {
        let Some(behind) = self.next.checked_add(1) else { return };
        let mut encoded = [0; Entry::OCTETS_MAX];
        let entry = Entry { sequence: self.next, time, event: *event };
        let encoded = entry.encode(&mut encoded).and_then(|length| encoded.get(..length));
        self.next = behind;
        if let Some(encoded) = encoded {
            self.write(ENTRY, encoded);
        }
    }

    fn oldest(&self) -> u32 {
        self.oldest
    }

    fn next(&self) -> u32 {
        self.next
    }

    fn read(&self, from: u32, out: &mut [u8]) -> Copied {
        let mut copied = Copied { octets: 0, next: from };
        let Ok(mut queue) = self.queue.try_borrow_mut() else { return copied };
        let from = from.max(self.oldest);
        look_through(&mut queue, |number, entry| {
            if number < from {
                return true;
            }
            let room = out.get_mut(copied.octets..).and_then(|room| room.get_mut(..entry.len()));
            let Some(room) = room else { return false };
            room.copy_from_slice(entry);
            copied =
                Copied { octets: copied.octets.saturating_add(entry.len()), next: number.saturating_add(1) };
            true
        });
        copied
    }

    fn acknowledge(&mut self, up_to: u32) {
        let up_to = up_to.min(self.next.saturating_sub(1));
        if up_to < self.oldest {
            return;
        }
        self.oldest = up_to.saturating_add(1);
        let mut body = [0; 8];
        let (arrived, next) = body.split_at_mut(4);
        arrived.copy_from_slice(&up_to.to_be_bytes());
        next.copy_from_slice(&self.next.to_be_bytes());
        self.write(ARRIVED, &body);
    }

    fn is_whole(&self) -> bool {
        let Ok(mut queue) = self.queue.try_borrow_mut() else { return false };
        let mut wanted = self.oldest;
        let mut follows = true;
        let found = look_through(&mut queue, |number, _| {
            if number >= self.oldest {
                follows &= number == wanted;
                wanted = number.saturating_add(1);
            }
            true
        });
        follows && wanted == self.next && found.is_none_or(|found| found.id == self.id)
    }
}

/// Walks over the records of the newest log, oldest first, until `see` has seen enough entries.
fn look_through<F: NorFlash>(queue: &mut Queue<F>, mut see: impl FnMut(u32, &[u8]) -> bool) -> Option<Found> {
    let mut buffer = [0; RECORD_MAX];
    let mut records = ready(queue.iter()).ok()?;
    let mut found: Option<Found> = None;
    while let Ok(Some(octets)) = ready(records.next(&mut buffer)) {
        let Some((id, record)) = decode(&octets) else { continue };
        let number = match record {
            Record::Entry(number, _) => number,
            Record::Arrived { up_to, .. } => up_to,
        };
        let found = match &mut found {
            Some(found) if found.id == id => found,
            other => other.insert(Found { id, first: number, arrived: 0, next: 1 }),
        };
        match record {
            Record::Entry(number, entry) => {
                found.next = found.next.max(number.saturating_add(1));
                if !see(number, entry) {
                    break;
                }
            }
            Record::Arrived { up_to, next } => {
                found.arrived = found.arrived.max(up_to);
                found.next = found.next.max(next);
            }
        }
    }
    found
}

fn decode(octets: &[u8]) -> Option<(LogId, Record<'_>)> {
    let ([kind, id @ ..], body) = octets.split_first_chunk::<HEAD>()?;
    let record = match *kind {
        ENTRY => Record::Entry(Entry::decode(body).ok()?.0.sequence, body),
        ARRIVED => {
            let (up_to, next) = body.split_first_chunk::<4>()?;
            let next = next.try_into().ok()?;
            Record::Arrived { up_to: u32::from_be_bytes(*up_to), next: u32::from_be_bytes(next) }
        }
        _ => return None,
    };
    Some((LogId(*id), record))
}

#[cfg(test)]
mod tests;
