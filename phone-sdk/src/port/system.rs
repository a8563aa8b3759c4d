//! Clock and random source of the operating system.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use credential::time::{self, Now, UnixTime};

use super::{Clock, Random, RandomFailure};

/// The clocks of the operating system.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// A clock whose instants count from now.
    pub fn new() -> Self {
        Self { started: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Now {
        let elapsed_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).ok();
        let seconds = since_epoch.and_then(|duration| u32::try_from(duration.as_secs()).ok());
        // A clock at 0 has not been set.
        let unix = seconds.filter(|seconds| *seconds != 0).map(UnixTime);
        Now { instant: time::Instant(elapsed_ms), unix }
    }
}

/// The random source of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomFailure> {
        getrandom::fill(out).map_err(|_| RandomFailure)
    }
}
