//! The port for the time of day.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::domain::UnixTime;

/// Tells the time; tests and the simulator move it.
pub trait Clock: Send + Sync + 'static {
    /// The present second.
    fn now(&self) -> UnixTime;
}

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixTime {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        UnixTime(u32::try_from(since_epoch.as_secs()).unwrap_or(u32::MAX))
    }
}

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct ManualClock(AtomicU32);

impl ManualClock {
    /// A clock that shows `start`.
    pub const fn new(start: UnixTime) -> Self {
        Self(AtomicU32::new(start.0))
    }

    /// Moves the clock forward by `seconds`, and no further than it can show.
    pub fn advance(&self, seconds: u32) {
        let later = self.0.load(Ordering::SeqCst).saturating_add(seconds);
        self.0.store(later, Ordering::SeqCst);
    }

    /// Makes the clock show `time`.
    pub fn set(&self, time: UnixTime) {
        self.0.store(time.0, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> UnixTime {
        UnixTime(self.0.load(Ordering::SeqCst))
    }
}

impl<C: Clock> Clock for std::sync::Arc<C> {
    fn now(&self) -> UnixTime {
        self.as_ref().now()
    }
}
