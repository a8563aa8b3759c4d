//! The log of events: the port to where a reader keeps what it has to report, one in memory and one in a flash.
//!
//! A log keeps entries in the octets in which they travel ([`Entry`](credential::report::Entry)), until the manager
//! has acknowledged them. One that is full drops its oldest; the manager sees the gap in the numbers.
//!
//! Spec: `docs/PROTOCOL.md#reports`

mod flash;
mod ring;

pub use flash::FlashLog;
pub use ring::RingLog;

use credential::id::LogId;
use credential::report::Event;
use credential::time::UnixTime;

/// Where a reader keeps its events.
///
/// Nothing here may fail towards the door: an entry that could not be kept has used up its number all the same, and
/// shows as a gap.
pub trait EventLog {
    /// Names this log; drawn at random when the log was made, and kept as long as its numbers go on.
    fn id(&self) -> LogId;

    /// Keeps an event under the next number, dropping the oldest entries if there is no room.
    fn append(&mut self, time: Option<UnixTime>, event: &Event<'_>);

    /// The number of the oldest entry held; that of the next one if none is.
    fn oldest(&self) -> u32;

    /// The number that the next entry gets; 1 in a new log. A number never comes twice under one id.
    fn next(&self) -> u32;

    /// Copies entries to the front of `out`, from number `from` on, in order, as many as fit whole.
    fn read(&self, from: u32, out: &mut [u8]) -> Copied;

    /// Forgets the entries up to this number: they have arrived.
    fn acknowledge(&mut self, up_to: u32);

    /// Whether entries are kept at all.
    fn keeps(&self) -> bool {
        true
    }

    /// Whether every entry that is held can be read, and their numbers follow one another.
    fn is_whole(&self) -> bool;

    /// Whether no entry is held.
    fn is_empty(&self) -> bool {
        self.oldest() == self.next()
    }
}

/// What [`EventLog::read`] has copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Octets of whole entries.
    pub octets: usize,
    /// The number behind the last one copied, or what was asked for if there was none.
    pub next: u32,
}

/// Keeps nothing: for a door that does not report.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoLog;

impl EventLog for NoLog {
    fn id(&self) -> LogId {
        LogId([0; 8])
    }

    fn keeps(&self) -> bool {
        false
    }

    fn append(&mut self, _time: Option<UnixTime>, _event: &Event<'_>) {}

    fn oldest(&self) -> u32 {
        1
    }

    fn next(&self) -> u32 {
        1
    }

    fn read(&self, from: u32, _out: &mut [u8]) -> Copied {
        Copied { octets: 0, next: from }
    }

    fn acknowledge(&mut self, _up_to: u32) {}

    fn is_whole(&self) -> bool {
        true
    }
}

impl<L: EventLog + ?Sized> EventLog for &mut L {
    fn id(&self) -> LogId {
        (**self).id()
    }

    fn keeps(&self) -> bool {
        (**self).keeps()
    }

    fn append(&mut self, time: Option<UnixTime>, event: &Event<'_>) {
        (**self).append(time, event);
    }

    fn oldest(&self) -> u32 {
        (**self).oldest()
    }

    fn next(&self) -> u32 {
        (**self).next()
    }

    fn read(&self, from: u32, out: &mut [u8]) -> Copied {
        (**self).read(from, out)
    }

    fn acknowledge(&mut self, up_to: u32) {
        (**self).acknowledge(up_to);
    }

    fn is_whole(&self) -> bool {
        (**self).is_whole()
    }
}
