//! Moments as people read them.

use jiff::Timestamp;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;

use super::Language;
use crate::domain::UnixTime;

const MONTHS_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const MONTHS_DE: [&str; 12] = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
];

/// A moment in a time zone, by the minute; a zone that is not known is UTC.
pub(crate) fn moment(time: UnixTime, zone: &str, language: Language) -> String {
    let (zone, zone_name) = TimeZone::get(zone).map_or((TimeZone::UTC, "UTC"), |found| (found, zone));
    let Ok(timestamp) = Timestamp::from_second(i64::from(time.0)) else { return String::new() };
    let civil = timestamp.to_zoned(zone).datetime();
    let (day, year, hour, minute) = (civil.day(), civil.year(), civil.hour(), civil.minute());
    let weekday = weekday(civil.weekday(), language);
    let month = month(civil.month(), language);
    match language {
        Language::En => format!("{weekday}, {day} {month} {year}, {hour:02}:{minute:02} ({zone_name})"),
        Language::De => format!("{weekday}, {day}. {month} {year}, {hour:02}:{minute:02} Uhr ({zone_name})"),
    }
}

fn month(number: i8, language: Language) -> &'static str {
    let names = match language {
        Language::En => &MONTHS_EN,
        Language::De => &MONTHS_DE,
    };
    let place = usize::try_from(number).unwrap_or(1).saturating_sub(1);
    names.get(place).copied().unwrap_or_default()
}

const fn weekday(day: Weekday, language: Language) -> &'static str {
    match (language, day) {
        (Language::En, Weekday::Monday) => "Monday",
        (Language::En, Weekday::Tuesday) => "Tuesday",
        (Language::En, Weekday::Wednesday) => "Wednesday",
        (Language::En, Weekday::Thursday) => "Thursday",
        (Language::En, Weekday::Friday) => "Friday",
        (Language::En, Weekday::Saturday) => "Saturday",
        (Language::En, Weekday::Sunday) => "Sunday",
        (Language::De, Weekday::Monday) => "Montag",
        (Language::De, Weekday::Tuesday) => "Dienstag",
        (Language::De, Weekday::Wednesday) => "Mittwoch",
        (Language::De, Weekday::Thursday) => "Donnerstag",
        (Language::De, Weekday::Friday) => "Freitag",
        (Language::De, Weekday::Saturday) => "Samstag",
        (Language::De, Weekday::Sunday) => "Sonntag",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_in_the_zone_of_the_project() {
        let time = UnixTime(1_790_000_000);
        let shown = |zone, language| moment(time, zone, language);
        assert_eq!(shown("UTC", Language::En), "Monday, 21 September 2026, 14:13 (UTC)");
        assert_eq!(
            shown("Europe/Berlin", Language::De),
            "Montag, 21. September 2026, 16:13 Uhr (Europe/Berlin)"
        );
        assert_eq!(shown("Mars/Olympus", Language::En), shown("UTC", Language::En));
    }
}
