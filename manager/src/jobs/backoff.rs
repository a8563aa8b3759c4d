//! Pauses that double, with chance in them so that those who failed together do not come back together.

use crate::domain::{UnixTime, after};
use crate::random;

/// A pause that doubles with each failure, between two bounds, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Backoff {
    /// After the first failure.
    pub(crate) first_s: u32,
    /// At most.
    pub(crate) most_s: u32,
}

impl Backoff {
    /// The pause after `failures` failures, which is at least 1, without chance.
    pub(crate) const fn pause_s(self, failures: u32) -> u32 {
        let doublings = failures.saturating_sub(1);
        let doublings = if doublings > 31 { 31 } else { doublings };
        let pause = self.first_s.saturating_mul(1_u32 << doublings);
        if pause < self.most_s { pause } else { self.most_s }
    }

    /// When to try again after `failures` failures: up to a quarter later than the pause says.
    pub(crate) fn again_at(self, now: UnixTime, failures: u32) -> UnixTime {
        after(now, jittered(self.pause_s(failures)))
    }
}

/// `seconds` and up to a quarter more, by chance; without a random source, just `seconds`.
pub(crate) fn jittered(seconds: u32) -> u32 {
    let chance = random::octets().map_or(0, u32::from_be_bytes);
    let most = u64::from(seconds / 4).saturating_add(1);
    let more = u64::from(chance).checked_rem(most).unwrap_or(0);
    seconds.saturating_add(u32::try_from(more).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: Backoff = Backoff { first_s: 60, most_s: 3600 };

    #[test]
    fn a_pause_doubles_up_to_its_bound() {
        let pauses: Vec<u32> =
            [1, 2, 3, 6, 7, 40, u32::MAX].map(|failures| BACKOFF.pause_s(failures)).to_vec();
        assert_eq!(pauses, [60, 120, 240, 1920, 3600, 3600, 3600]);
    }

    #[test]
    fn chance_adds_at_most_a_quarter() {
        for _ in 0..1000 {
            let again = BACKOFF.again_at(UnixTime(1000), 1);
            assert!((1060..=1075).contains(&again.0), "{again:?}");
        }
        assert_eq!(jittered(0), 0);
        assert_eq!(jittered(u32::MAX), u32::MAX);
    }
}
