//! The two clocks of the exchange.

use serde::{Deserialize, Serialize};

/// Seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct UnixTime(pub u32);

/// Milliseconds of a clock that never goes back, from any starting point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(pub u64);

impl Instant {
    /// This instant, `ms` milliseconds later.
    pub const fn after_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }
}

/// One reading of both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// For timeouts and the age of keys.
    pub instant: Instant,
    /// For validity; `None` while the clock has not been set.
    pub unix: Option<UnixTime>,
}

/// The span in which a signed object is valid: `not_before ≤ t < not_after`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// The first second at which it is valid.
    pub not_before: UnixTime,
    /// The first second at which it is no longer valid.
    pub not_after: UnixTime,
}

impl Validity {
    /// Where `time` lies.
    ///
    /// # Errors
    /// [`OutsideValidity`] says on which side it lies.
    pub fn contains(self, time: UnixTime) -> Result<(), OutsideValidity> {
        if time < self.not_before {
            Err(OutsideValidity::NotYetValid)
        } else if time >= self.not_after {
            Err(OutsideValidity::Expired)
        } else {
            Ok(())
        }
    }
}

/// On which side of its validity an object is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutsideValidity {
    /// Before `not_before`.
    NotYetValid,
    /// At or after `not_after`.
    Expired,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn validity_includes_its_first_second_and_excludes_its_last() {
        let validity = Validity { not_before: UnixTime(10), not_after: UnixTime(20) };
        assert_eq!(validity.contains(UnixTime(9)), Err(OutsideValidity::NotYetValid));
        assert_eq!(validity.contains(UnixTime(10)), Ok(()));
        assert_eq!(validity.contains(UnixTime(19)), Ok(()));
        assert_eq!(validity.contains(UnixTime(20)), Err(OutsideValidity::Expired));
    }
}
