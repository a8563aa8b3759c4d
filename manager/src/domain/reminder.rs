//! When the holder of an invitation that waits is reminded of it.

use serde::{Deserialize, Serialize};

use super::ids::{UnixTime, after};

const DAY_S: u32 = 24 * 3600;
const HOUR_S: u32 = 3600;

/// What a project sets about reminders; each is sent once for an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReminderSettings {
    /// Remind this many days after the invitation; `None` does not.
    pub after_days: Option<u32>,
    /// Remind this many hours before the invitation expires; `None` does not.
    pub before_expiry_hours: Option<u32>,
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
    /// After three days, and a day before the end.
    fn default() -> Self {
        Self { after_days: Some(3), before_expiry_hours: Some(24) }
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
        let last_call = self
            .before_expiry_hours
            .map(|hours| UnixTime(expires_at.0.saturating_sub(hours.saturating_mul(HOUR_S))));
        if last_call.is_some_and(|from| !end_told && from > created_at && now >= from) {
            return Some(Reminder::EndsSoon);
        }
        let waited = self.after_days.map(|days| after(created_at, days.saturating_mul(DAY_S)));
        let is_due = waited.is_some_and(|from| reminded_at.is_none() && !end_told && now >= from);
        is_due.then_some(Reminder::Waiting)
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
        let none = ReminderSettings { after_days: None, before_expiry_hours: None };
        assert_eq!(sent(none, WEEK), []);
    }

    #[test]
    fn a_holder_is_not_told_twice_of_the_same_end() {
        let late = ReminderSettings { after_days: Some(6), before_expiry_hours: Some(48) };
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
}
