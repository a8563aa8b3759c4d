//! When a card ends: an instant, its IANA time zone, and the rule it came from.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::ids::{UnixTime, after};

/// The longest life of a card by a rule, in days: a hundred years would not fit the clock.
const DAYS_MAX: u32 = 20_000;

/// By which rule cards of a template end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpiryDesign {
    /// The rule.
    #[serde(default)]
    pub rule: ExpiryRule,
    /// For `fixed`: a day, `2027-09-30`, which counts to its end, or a local time, `2027-09-30T12:00`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// For `after_days`: after how many days, to the end of the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
    /// For `after_hours`: after how many hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<u32>,
    /// IANA time zone; that of the project if it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
}

/// A rule of expiry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExpiryRule {
    /// Never.
    #[default]
    None,
    /// At the same instant for all cards.
    Fixed,
    /// So many days after the card was issued.
    AfterDays,
    /// So many hours after the card was issued.
    AfterHours,
    /// As each card says.
    Imported,
}

/// When one card ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expiry {
    /// The first second at which it is no longer valid.
    pub at: UnixTime,
    /// The IANA time zone in which people read it.
    pub time_zone: String,
    /// Where it came from.
    pub rule: ExpiryRule,
}

/// Why there is no such end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExpiryError {
    /// Not a time zone.
    #[error("{0:?} is not an IANA time zone such as Europe/Berlin")]
    Zone(String),
    /// Neither a day nor a local time.
    #[error("{0:?} is neither a day (2027-09-30) nor a local time (2027-09-30T12:00)")]
    Moment(String),
    /// Further than can be told, or before 1970.
    #[error("the time is out of reach")]
    OutOfReach,
    /// The rule lacks what it needs, or has what it does not.
    #[error("{0}")]
    Rule(&'static str),
    /// The card has no end, and its template wants one.
    #[error("the template wants each card to say when it ends")]
    Missing,
}

impl ExpiryRule {
    /// Every rule.
    pub const ALL: [Self; 5] = [Self::None, Self::Fixed, Self::AfterDays, Self::AfterHours, Self::Imported];

    /// The name in the store and in template files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Fixed => "fixed",
            Self::AfterDays => "after_days",
            Self::AfterHours => "after_hours",
            Self::Imported => "imported",
        }
    }

    /// Undoes [`ExpiryRule::name`].
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.name() == name)
    }
}

impl ExpiryDesign {
    /// Whether the rule has what it needs and nothing else.
    ///
    /// # Errors
    /// [`ExpiryError`].
    pub fn check(&self) -> Result<(), ExpiryError> {
        if let Some(name) = &self.time_zone {
            zone(name)?;
        }
        let has = (self.at.is_some(), self.days.is_some(), self.hours.is_some());
        match (self.rule, has) {
            (ExpiryRule::None | ExpiryRule::Imported, (false, false, false)) => Ok(()),
            (ExpiryRule::None | ExpiryRule::Imported, _) => {
                Err(ExpiryError::Rule("this rule takes neither at, days nor hours"))
            }
            (ExpiryRule::Fixed, (true, false, false)) => {
                moment(self.at.as_deref().unwrap_or_default(), "UTC").map(|_| ())
            }
            (ExpiryRule::Fixed, _) => Err(ExpiryError::Rule("the rule fixed takes at, and nothing else")),
            (ExpiryRule::AfterDays, (false, true, false)) if in_range(self.days, DAYS_MAX) => Ok(()),
            (ExpiryRule::AfterDays, _) => {
                Err(ExpiryError::Rule("the rule after_days takes days, 1 to 20,000, and nothing else"))
            }
            (ExpiryRule::AfterHours, (false, false, true)) if in_range(self.hours, 24 * DAYS_MAX) => Ok(()),
            (ExpiryRule::AfterHours, _) => {
                Err(ExpiryError::Rule("the rule after_hours takes hours, 1 to 480,000, and nothing else"))
            }
        }
    }

    /// When a card ends that is issued now; `own` is what the card itself says.
    ///
    /// # Errors
    /// [`ExpiryError`].
    pub fn of_card(
        &self,
        own: Option<(&str, Option<&str>)>,
        project_zone: &str,
        now: UnixTime,
    ) -> Result<Option<Expiry>, ExpiryError> {
        let time_zone =
            own.and_then(|(_, name)| name).or(self.time_zone.as_deref()).unwrap_or(project_zone).to_owned();
        let expiry = |at, rule| Ok(Some(Expiry { at, time_zone: time_zone.clone(), rule }));
        if let Some((text, _)) = own {
            return expiry(moment(text, &time_zone)?, ExpiryRule::Imported);
        }
        match self.rule {
            ExpiryRule::None => Ok(None),
            ExpiryRule::Imported => Err(ExpiryError::Missing),
            ExpiryRule::Fixed => {
                expiry(moment(self.at.as_deref().unwrap_or_default(), &time_zone)?, self.rule)
            }
            ExpiryRule::AfterDays => {
                let zone = zone(&time_zone)?;
                let issued = Timestamp::from_second(i64::from(now.0)).map_err(|_| ExpiryError::OutOfReach)?;
                let days =
                    Span::new().try_days(self.days.unwrap_or(0)).map_err(|_| ExpiryError::OutOfReach)?;
                let last = issued.to_zoned(zone.clone()).date().checked_add(days);
                expiry(end_of(last.map_err(|_| ExpiryError::OutOfReach)?, &zone)?, self.rule)
            }
            ExpiryRule::AfterHours => {
                expiry(after(now, self.hours.unwrap_or(0).saturating_mul(3600)), self.rule)
            }
        }
    }
}

/// An end as people read it in their zone: `2027-09-30` for a day that counts to its end, else `2027-09-30 12:00`.
///
/// A time zone that there is no more is taken for UTC.
pub fn end_as_read(at: UnixTime, time_zone: &str) -> Option<String> {
    let zone = TimeZone::get(time_zone).unwrap_or(TimeZone::UTC);
    let last = Timestamp::from_second(i64::from(at.0).saturating_sub(1)).ok()?.to_zoned(zone.clone());
    if end_of(last.date(), &zone) == Ok(at) {
        return Some(last.date().to_string());
    }
    let end = Timestamp::from_second(i64::from(at.0)).ok()?.to_zoned(zone);
    Some(end.strftime("%Y-%m-%d %H:%M").to_string())
}

fn in_range(value: Option<u32>, max: u32) -> bool {
    value.is_some_and(|value| (1..=max).contains(&value))
}

/// The first second that is no longer within a day or before a local time.
fn moment(text: &str, time_zone: &str) -> Result<UnixTime, ExpiryError> {
    let zone = zone(time_zone)?;
    let wrong = || ExpiryError::Moment(crate::domain::shortened(text));
    if text.len() == 10 {
        return end_of(text.parse::<Date>().map_err(|_| wrong())?, &zone);
    }
    // Jiff would take a zone behind it, and pass over it.
    let is_plain = text.bytes().all(|one| one.is_ascii_digit() || b"-:T ".contains(&one));
    let local = text.parse::<DateTime>().ok().filter(|_| is_plain).ok_or_else(wrong)?;
    unix(local, &zone)
}

fn end_of(day: Date, zone: &TimeZone) -> Result<UnixTime, ExpiryError> {
    let next = day.tomorrow().map_err(|_| ExpiryError::OutOfReach)?;
    unix(next.to_datetime(Time::midnight()), zone)
}

fn unix(local: DateTime, zone: &TimeZone) -> Result<UnixTime, ExpiryError> {
    let zoned = local.to_zoned(zone.clone()).map_err(|_| ExpiryError::OutOfReach)?;
    let seconds = u32::try_from(zoned.timestamp().as_second()).map_err(|_| ExpiryError::OutOfReach)?;
    Ok(UnixTime(seconds))
}

fn zone(name: &str) -> Result<TimeZone, ExpiryError> {
    TimeZone::get(name).map_err(|_| ExpiryError::Zone(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime(1_790_000_000); // 2026-09-21 14:13:20 UTC

    fn design(rule: ExpiryRule) -> ExpiryDesign {
        ExpiryDesign { rule, ..ExpiryDesign::default() }
    }

    fn text(expiry: &Expiry) -> String {
        let zone = TimeZone::get(&expiry.time_zone).unwrap();
        Timestamp::from_second(expiry.at.0.into()).unwrap().to_zoned(zone).to_string()
    }

    #[test]
    fn a_day_counts_to_its_end_in_its_zone() {
        let end = |day, zone| {
            let found = design(ExpiryRule::Imported).of_card(Some((day, Some(zone))), "UTC", NOW);
            text(&found.unwrap().unwrap())
        };
        assert_eq!(end("2027-09-30", "Europe/Berlin"), "2027-10-01T00:00:00+02:00[Europe/Berlin]");
        // The last day of summer time has 25 hours.
        assert_eq!(end("2026-10-25", "Europe/Berlin"), "2026-10-26T00:00:00+01:00[Europe/Berlin]");
        // Midnight does not exist there on that day.
        assert_eq!(end("2018-11-03", "America/Sao_Paulo"), "2018-11-04T01:00:00-02:00[America/Sao_Paulo]");
        assert_eq!(end("2027-09-30T12:00", "Asia/Tokyo"), "2027-09-30T12:00:00+09:00[Asia/Tokyo]");
    }

    #[test]
    fn an_end_is_read_as_it_was_written() {
        for (written, zone, read) in [
            ("2027-09-30", "Europe/Berlin", "2027-09-30"),
            ("2018-11-03", "America/Sao_Paulo", "2018-11-03"),
            ("2027-09-30T12:00", "Asia/Tokyo", "2027-09-30 12:00"),
            ("2027-09-30T00:00", "UTC", "2027-09-29"),
        ] {
            let found = design(ExpiryRule::Imported).of_card(Some((written, Some(zone))), "UTC", NOW);
            assert_eq!(end_as_read(found.unwrap().unwrap().at, zone).as_deref(), Some(read), "{written}");
        }
    }

    #[test]
    fn rules_count_from_the_issue() {
        let days = ExpiryDesign {
            days: Some(10),
            time_zone: Some("Asia/Tokyo".to_owned()),
            ..design(ExpiryRule::AfterDays)
        };
        let found = days.of_card(None, "UTC", NOW).unwrap().unwrap();
        assert_eq!(text(&found), "2026-10-02T00:00:00+09:00[Asia/Tokyo]");
        let hours = ExpiryDesign { hours: Some(2), ..design(ExpiryRule::AfterHours) };
        assert_eq!(hours.of_card(None, "UTC", NOW).unwrap().unwrap().at, UnixTime(NOW.0 + 7200));
        assert_eq!(design(ExpiryRule::None).of_card(None, "UTC", NOW), Ok(None));
        assert_eq!(design(ExpiryRule::Imported).of_card(None, "UTC", NOW), Err(ExpiryError::Missing));
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for bad in [
            "",
            "tomorrow",
            "2027-02-30",
            "2027-09-30T25:00",
            "2027-09-30T12:00Z",
            "1969-01-01",
            "2200-01-01",
            "2027-09-30T12:00+02:00",
        ] {
            let found = design(ExpiryRule::Imported).of_card(Some((bad, None)), "UTC", NOW);
            assert!(found.is_err(), "{bad}");
        }
        assert!(
            ExpiryDesign { time_zone: Some("Mars/Base".to_owned()), ..design(ExpiryRule::None) }
                .check()
                .is_err()
        );
        assert!(design(ExpiryRule::Fixed).check().is_err());
        assert!(ExpiryDesign { days: Some(0), ..design(ExpiryRule::AfterDays) }.check().is_err());
    }
}
