//! Time in a world: it moves when something happens, and everybody's clock hangs on it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use credential::time::{Instant, Now, UnixTime};

use crate::unit::Ticks;

/// A second in microseconds.
pub(crate) const SECOND_US: u64 = 1_000_000;

/// What a phone's clock is wrong by when it is not set at all.
const UNSET: i64 = i64::MIN;

/// The clock of a world: microseconds since its beginning.
#[derive(Clone, Debug)]
pub struct WorldClock {
    start: UnixTime,
    now_us: Arc<AtomicU64>,
}

impl WorldClock {
    /// A clock that stands at `start`.
    pub fn new(start: UnixTime) -> Self {
        Self { start, now_us: Arc::default() }
    }

    /// Microseconds since the beginning.
    pub fn now_us(&self) -> u64 {
        self.now_us.load(Ordering::Relaxed)
    }

    /// The wall clock.
    pub fn unix(&self) -> UnixTime {
        self.unix_at(self.now_us())
    }

    /// The wall clock at a moment.
    pub fn unix_at(&self, at_us: u64) -> UnixTime {
        UnixTime(self.start.0.saturating_add(u32::try_from(at_us / SECOND_US).unwrap_or(u32::MAX)))
    }

    /// Microseconds from the beginning to a time of the wall clock.
    pub(super) fn us_until(&self, time: UnixTime) -> u64 {
        u64::from(time.0.saturating_sub(self.start.0)).saturating_mul(SECOND_US)
    }

    /// Moves on; never back.
    pub(crate) fn move_to(&self, at_us: u64) {
        self.now_us.fetch_max(at_us, Ordering::Relaxed);
    }
}

impl manager::clock::Clock for WorldClock {
    fn now(&self) -> UnixTime {
        self.unix()
    }
}

/// A phone's clock, which may be wrong.
#[derive(Clone, Debug)]
pub(crate) struct PhoneClock {
    world: WorldClock,
    ahead_s: Arc<AtomicI64>,
}

impl PhoneClock {
    pub(crate) fn new(world: WorldClock) -> Self {
        Self { world, ahead_s: Arc::default() }
    }

    /// Sets by how much the clock is wrong; `None` unsets it.
    pub(super) fn set_ahead(&self, ahead_s: Option<i64>) {
        self.ahead_s.store(ahead_s.unwrap_or(UNSET), Ordering::Relaxed);
    }
}

impl phone_sdk::port::Clock for PhoneClock {
    fn now(&self) -> Now {
        let unix = match self.ahead_s.load(Ordering::Relaxed) {
            UNSET => None,
            ahead_s => Some(i64::from(self.world.unix().0).saturating_add(ahead_s)),
        };
        let unix = unix.map(|unix| UnixTime(u32::try_from(unix.max(0)).unwrap_or(u32::MAX)));
        Now { instant: Instant(self.world.now_us() / 1_000), unix }
    }
}

/// A door's crystal, which may run fast or slow.
#[derive(Clone, Debug)]
pub(crate) struct Crystal {
    world: WorldClock,
    /// Parts in a million by which it is fast; slow if negative.
    drift_ppm: i32,
}

impl Crystal {
    pub(super) const fn new(world: WorldClock, drift_ppm: i32) -> Self {
        Self { world, drift_ppm }
    }

    /// The moment of the world at which the crystal shows these milliseconds, or the microsecond after it.
    pub(crate) fn moment_us(&self, ms: u64) -> u64 {
        let us = i128::from(ms).saturating_mul(1_000).saturating_mul(MILLION);
        let rate = MILLION.saturating_add(i128::from(self.drift_ppm)).max(1);
        u64::try_from(us.checked_div(rate).unwrap_or(0)).unwrap_or(u64::MAX).saturating_add(1)
    }
}

const MILLION: i128 = 1_000_000;

impl Ticks for Crystal {
    fn ms(&self) -> u64 {
        let us = i128::from(self.world.now_us());
        let drift = us.saturating_mul(i128::from(self.drift_ppm)) / MILLION;
        u64::try_from(us.saturating_add(drift) / 1_000).unwrap_or(0)
    }
}
