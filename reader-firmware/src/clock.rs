//! The reader's wall clock: unset after a power cut, and only ever moved forward by signed time tokens.

use credential::error::ObjectError;
use credential::object::VerifiedTimeToken;
use credential::time::{Instant, Now, UnixTime};

/// How long the clock may run on its own before the reader asks phones for the time again.
pub const SYNC_AFTER_MS: u64 = 86_400_000;

/// A wall clock that counts on from the newest time token.
#[derive(Clone, Copy, Debug, Default)]
pub struct WallClock {
    set: Option<(UnixTime, Instant)>,
    /// The last time known before a power cut.
    not_before: Option<UnixTime>,
}

impl WallClock {
    /// A clock that has not been set.
    pub const fn unset() -> Self {
        Self { set: None, not_before: None }
    }

    /// A clock that some battery kept running.
    pub const fn running(time: UnixTime, at: Instant) -> Self {
        Self { set: Some((time, at)), not_before: None }
    }

    /// Takes no token older than this: a time that was known before a power cut.
    pub const fn refuse_before(&mut self, time: UnixTime) {
        self.not_before = Some(time);
    }

    /// Both clocks at `instant`.
    pub fn now(&self, instant: Instant) -> Now {
        let unix = self.set.map(|(time, at)| {
            let elapsed_s = instant.0.saturating_sub(at.0) / 1000;
            UnixTime(time.0.saturating_add(u32::try_from(elapsed_s).unwrap_or(u32::MAX)))
        });
        Now { instant, unix }
    }

    /// Whether phones are asked to bring the time.
    pub fn wants_time(&self, instant: Instant) -> bool {
        self.set.is_none_or(|(_, at)| instant.0.saturating_sub(at.0) >= SYNC_AFTER_MS)
    }

    /// Moves the clock forward.
    ///
    /// # Errors
    /// [`ObjectError::NotNewer`] when the token would turn it back; the clock is then as it was.
    pub fn set(&mut self, token: &VerifiedTimeToken, instant: Instant) -> Result<UnixTime, ObjectError> {
        let time = token.forward_from(self.now(instant).unix.max(self.not_before))?;
        self.set = Some((time, instant));
        Ok(time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_counts_on_and_asks_for_the_time_after_a_day() {
        let clock = WallClock::running(UnixTime(1_000), Instant(500));
        assert_eq!(clock.now(Instant(2_499)).unix, Some(UnixTime(1_001)));
        assert!(!clock.wants_time(Instant(500 + SYNC_AFTER_MS - 1)));
        assert!(clock.wants_time(Instant(500 + SYNC_AFTER_MS)));
        assert_eq!(WallClock::unset().now(Instant(7)).unix, None);
        assert!(WallClock::unset().wants_time(Instant(0)));
    }
}
