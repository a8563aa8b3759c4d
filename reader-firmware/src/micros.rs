//! Time in microseconds, for what is faster than the exchange.

use credential::time::Instant;

/// Microseconds of the clock whose milliseconds are an [`Instant`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Micros(pub u64);

impl Micros {
    /// The beginning of time.
    pub const START: Self = Self(0);

    /// So many milliseconds after the beginning.
    pub const fn from_ms(ms: u64) -> Self {
        Self(ms.saturating_mul(1_000))
    }

    /// The same reading for the exchange.
    pub const fn instant(self) -> Instant {
        Instant(self.0 / 1_000)
    }

    /// `us` microseconds later.
    pub const fn after_us(self, us: u64) -> Self {
        Self(self.0.saturating_add(us))
    }

    /// `ms` milliseconds later.
    pub const fn after_ms(self, ms: u64) -> Self {
        self.after_us(ms.saturating_mul(1_000))
    }

    /// Milliseconds since `earlier`, 0 if that is later.
    pub const fn ms_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0) / 1_000
    }
}

impl From<Instant> for Micros {
    fn from(instant: Instant) -> Self {
        Self::from_ms(instant.0)
    }
}

/// The earlier of two times, of which either may be missing.
pub(crate) fn earlier(one: Option<Micros>, other: Option<Micros>) -> Option<Micros> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
