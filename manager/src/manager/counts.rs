//! How many users there are of each status, for lists that show it beside everything else: counting costs more the more
//! users there are, and a list is looked at more often than it changes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::domain::{UnixTime, UserStatus};

/// For how long counts may be those of before a write of another process, in seconds.
const KEPT_S: u32 = 3;

/// The counts of every status.
pub(crate) type Counts = [(UserStatus, u64); 8];

/// The counts as they were found last.
#[derive(Debug, Default)]
pub(crate) struct RecentCounts {
    /// Writes of this process so far.
    writes: AtomicU64,
    kept: Mutex<Option<Kept>>,
}

#[derive(Clone, Copy, Debug)]
struct Kept {
    writes: u64,
    at: UnixTime,
    counts: Counts,
}

impl RecentCounts {
    /// Something of the project is about to be written.
    pub(super) fn note_write(&self) {
        let _before = self.writes.fetch_add(1, Ordering::Relaxed);
    }

    /// So many writes there were.
    pub(crate) fn writes(&self) -> u64 {
        self.writes.load(Ordering::Relaxed)
    }

    /// The counts, if they can still be shown.
    pub(crate) fn kept(&self, now: UnixTime) -> Option<Counts> {
        let kept = *self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = kept.filter(|kept| kept.writes == self.writes() && now.0.abs_diff(kept.at.0) < KEPT_S);
        kept.map(|kept| kept.counts)
    }

    /// Keeps what was found after so many writes.
    pub(crate) fn keep(&self, writes: u64, at: UnixTime, counts: Counts) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(Kept { writes, at, counts });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_kept_until_something_is_written_and_for_seconds_only() {
        let recent = RecentCounts::default();
        let (at, counts) = (UnixTime(100), UserStatus::ALL.map(|status| (status, 7)));
        assert_eq!(recent.kept(at), None);
        recent.keep(recent.writes(), at, counts);
        assert_eq!(recent.kept(UnixTime(102)), Some(counts));
        assert_eq!(recent.kept(UnixTime(103)), None);
        recent.note_write();
        assert_eq!(recent.kept(at), None);
        // What was counted before the write came to an end is not what is there after it.
        recent.keep(0, at, counts);
        assert_eq!(recent.kept(at), None);
    }
}
