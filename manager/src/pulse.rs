//! Whether this process goes on as it should: what readiness asks for, apart from database and keys.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Signs of life of one process.
#[derive(Debug, Default)]
pub(crate) struct Pulse {
    stopping: AtomicBool,
    last_beat: Mutex<Option<Instant>>,
    /// When everything was last seen to be well.
    last_well: Mutex<Option<Instant>>,
}

impl Pulse {
    /// The process was told to stop.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// The work that is done again and again was done.
    pub(crate) fn beat(&self) {
        *self.last_beat.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Whether the work that is done again and again was done within `time`; also while it never was, since then this
    /// process does not do it.
    pub(crate) fn has_beaten_within(&self, time: Duration) -> bool {
        let last = *self.last_beat.lock().unwrap_or_else(PoisonError::into_inner);
        last.is_none_or(|last| last.elapsed() <= time)
    }

    /// Remembers that everything is well.
    pub(crate) fn is_well(&self) {
        *self.last_well.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Whether everything was well within `time`.
    pub(crate) fn was_well_within(&self, time: Duration) -> bool {
        let last = *self.last_well.lock().unwrap_or_else(PoisonError::into_inner);
        last.is_some_and(|last| last.elapsed() <= time)
    }
}
