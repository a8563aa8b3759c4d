//! When the holder of an invitation that waits is reminded of it.

use std::ops::RangeInclusive;

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::ids::{UnixTime, after};

const DAY_S: u32 = 24 * 3600;
const HOUR_S: u32 = 3600;
/// Days after which somebody can be reminded: up to the longest life of an invitation.
pub const REMIND_AFTER_DAYS: RangeInclusive<u32> = 1..=366;
/// Hours before the end at which somebody can be reminded: up to the longest life of an invitation.
pub const REMIND_BEFORE_EXPIRY_HOURS: RangeInclusive<u32> = 1..=366 * 24;
/// Nobody is told of an invitation that has been over for longer, in seconds: a week. A manager that was off for a month
/// does not write to those who have forgotten the matter.
pub const EXPIRY_IS_NEWS_S: u32 = 7 * DAY_S;

/// What a project sets about reminders; each is sent once for an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReminderSettings {
    /// Remind this many days after the invitation; `None` does not.
    pub after_days: Option<u32>,
    /// Remind this many hours before the invitation expires; `None` does not.
    pub before_expiry_hours: Option<u32>,
    /// Tell the holder when an invitation has expired.
    pub when_expired: bool,
    /// Tell the holder of a card so many days before it ends; `None` does not.
    pub card_expiry_days: Option<u32>,
    /// Tell the holder of a card when it has ended.
    pub when_card_expired: bool,
}

/// What is to be changed about reminders; what is left out stays, and `null` turns a reminder off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReminderChange {
    /// Remind this many days after the invitation, 1 to 366.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 366)]
    pub after_days: Option<Option<u32>>,
    /// Remind this many hours before the invitation expires, 1 to 8,784.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 8784)]
    pub before_expiry_hours: Option<Option<u32>>,
    /// Tell the holder when an invitation has expired.
    pub when_expired: Option<bool>,
    /// Tell the holder of a card so many days before it ends, 1 to 366.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 366)]
    pub card_expiry_days: Option<Option<u32>>,
    /// Tell the holder of a card when it has ended.
    pub when_card_expired: Option<bool>,
}

/// An invitation that was sent and waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PendingInvitation {
    /// When it was made.
    pub created_at: UnixTime,
    /// The first second at which it is no longer valid.
    pub expires_at: UnixTime,
    /// When its holder was reminded last.
    pub reminded_at: Option<UnixTime>,
    /// Whether its holder was told that it will end soon.
    pub end_told: bool,
}

/// Why a holder is reminded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reminder {
    /// The invitation still waits.
    Waiting,
    /// The invitation will end soon.
    EndsSoon,
}

impl Default for ReminderSettings {
    /// After three days, and a day before the end; ten days before the end of a card.
    fn default() -> Self {
        Self {
            after_days: Some(3),
            before_expiry_hours: Some(24),
            when_expired: true,
            card_expiry_days: Some(10),
            when_card_expired: true,
        }
    }
}

impl ReminderChange {
    /// The settings as they will be.
    #[must_use]
    pub fn applied_to(self, settings: ReminderSettings) -> ReminderSettings {
        ReminderSettings {
            after_days: self.after_days.unwrap_or(settings.after_days),
            before_expiry_hours: self.before_expiry_hours.unwrap_or(settings.before_expiry_hours),
            when_expired: self.when_expired.unwrap_or(settings.when_expired),
            card_expiry_days: self.card_expiry_days.unwrap_or(settings.card_expiry_days),
            when_card_expired: self.when_card_expired.unwrap_or(settings.when_card_expired),
        }
    }
}

impl ReminderSettings {
    /// The reminder that is due at `now`, if one is.
    ///
    /// An invitation whose whole life is no longer than the time before its end has no reminder of that end: its own
    /// mail says when it ends. When both are due, the end is what the holder has to know.
    pub fn due(self, invitation: PendingInvitation, now: UnixTime) -> Option<Reminder> {
        let PendingInvitation { created_at, expires_at, reminded_at, end_told } = invitation;
        if now >= expires_at {
            return None;
        }
        let last_call = self.before_expiry_s().map(|before| UnixTime(expires_at.0.saturating_sub(before)));
        if last_call.is_some_and(|from| !end_told && from > created_at && now >= from) {
            return Some(Reminder::EndsSoon);
        }
        let waited = self.after_s().map(|seconds| after(created_at, seconds));
        let is_due = waited.is_some_and(|from| reminded_at.is_none() && !end_told && now >= from);
        is_due.then_some(Reminder::Waiting)
    }

    /// Whether the holder of an invitation that has expired is to be told so.
    pub fn tells_expiry(self, expires_at: UnixTime, now: UnixTime) -> bool {
        self.when_expired && now >= expires_at && now < after(expires_at, EXPIRY_IS_NEWS_S)
    }

    /// How long before the end of a card its holder is told, in seconds.
    pub fn card_expiry_s(self) -> Option<u32> {
        self.card_expiry_days.map(|days| days.saturating_mul(DAY_S))
    }

    /// For how long an invitation waits before its holder is reminded, in seconds.
    pub fn after_s(self) -> Option<u32> {
        self.after_days.map(|days| days.saturating_mul(DAY_S))
    }

    /// How long before its end the holder is reminded, in seconds.
    pub fn before_expiry_s(self) -> Option<u32> {
        self.before_expiry_hours.map(|hours| hours.saturating_mul(HOUR_S))
    }
}

impl Reminder {
    /// The name in the audit log and in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::EndsSoon => "ends_soon",
        }
    }
}

/// Tells `null` from a member that is not there.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<u32>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEEK: PendingInvitation = PendingInvitation {
        created_at: UnixTime(0),
        expires_at: UnixTime(7 * DAY_S),
        reminded_at: None,
        end_told: false,
    };

    /// Everything that is sent when somebody looks every hour.
    fn sent(settings: ReminderSettings, mut invitation: PendingInvitation) -> Vec<(u32, Reminder)> {
        let mut sent = Vec::new();
        for hour in 0..8 * 24_u32 {
            let now = UnixTime(hour.saturating_mul(HOUR_S));
            if let Some(reminder) = settings.due(invitation, now) {
                sent.push((hour, reminder));
                invitation.reminded_at = Some(now);
                invitation.end_told |= reminder == Reminder::EndsSoon;
            }
        }
        sent
    }

    #[test]
    fn each_reminder_is_sent_once_and_at_its_time() {
        let both = ReminderSettings::default();
        assert_eq!(sent(both, WEEK), [(72, Reminder::Waiting), (144, Reminder::EndsSoon)]);
        let after = ReminderSettings { before_expiry_hours: None, ..both };
        assert_eq!(sent(after, WEEK), [(72, Reminder::Waiting)]);
        let before = ReminderSettings { after_days: None, ..both };
        assert_eq!(sent(before, WEEK), [(144, Reminder::EndsSoon)]);
        let none = ReminderSettings { after_days: None, before_expiry_hours: None, ..both };
        assert_eq!(sent(none, WEEK), []);
    }

    #[test]
    fn a_holder_is_not_told_twice_of_the_same_end() {
        let late = ReminderSettings {
            after_days: Some(6),
            before_expiry_hours: Some(48),
            ..ReminderSettings::default()
        };
        assert_eq!(sent(late, WEEK), [(120, Reminder::EndsSoon)]);
    }

    #[test]
    fn an_invitation_of_a_day_has_no_reminder_of_its_end() {
        let day = PendingInvitation { expires_at: UnixTime(DAY_S), ..WEEK };
        assert_eq!(sent(ReminderSettings::default(), day), []);
    }

    #[test]
    fn an_expired_invitation_is_not_brought_to_mind() {
        let now = WEEK.expires_at;
        assert_eq!(ReminderSettings::default().due(WEEK, now), None);
    }
    #[test]
    fn an_expiry_is_told_for_a_week_and_only_where_it_is_wanted() {
        let told = ReminderSettings::default();
        let end = WEEK.expires_at;
        let at = |seconds: u32| after(end, seconds);
        assert!(!told.tells_expiry(end, UnixTime(end.0 - 1)));
        assert!(told.tells_expiry(end, end) && told.tells_expiry(end, at(7 * DAY_S - 1)));
        assert!(!told.tells_expiry(end, at(7 * DAY_S)));
        assert!(!ReminderSettings { when_expired: false, ..told }.tells_expiry(end, end));
    }

    #[test]
    fn null_turns_a_reminder_off_and_what_is_left_out_stays() {
        let change: ReminderChange = serde_json::from_str(r#"{"after_days": null}"#).unwrap();
        let both = ReminderSettings::default();
        assert_eq!(change.applied_to(both), ReminderSettings { after_days: None, ..both });
        assert_eq!(ReminderChange::default().applied_to(both), both);
        assert!(serde_json::from_str::<ReminderChange>(r#"{"days": 3}"#).is_err());
    }
}
