//! The time since the start, as the door counts it; the chip counts 32,768 ticks a second.

use embassy_time::Instant;
use reader_firmware::micros::Micros;

pub(crate) fn now() -> Micros {
    Micros(Instant::now().as_micros())
}

/// The first tick at which `now` is not before `at`.
pub(crate) fn instant(at: Micros) -> Instant {
    Instant::from_micros(at.0.saturating_add(31))
}
