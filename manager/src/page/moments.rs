//! Moments as people read them, in the time zone of the project.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::domain::UnixTime;

/// A moment for people, to the minute.
pub(super) fn read(time: UnixTime, zone: &str) -> String {
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    at(time).to_zoned(zone).strftime("%Y-%m-%d %H:%M").to_string()
}

fn at(time: UnixTime) -> Timestamp {
    Timestamp::from_second(i64::from(time.0)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_in_the_zone_of_the_project() {
        let time = UnixTime(1_790_000_000);
        assert_eq!(read(time, "UTC"), "2026-09-21 14:13");
        assert_eq!(read(time, "Europe/Berlin"), "2026-09-21 16:13");
        assert_eq!(read(time, "nowhere"), "2026-09-21 14:13");
    }
}
