//! A project and what its operator sets.

use std::ops::RangeInclusive;

use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::fields::{self, FieldError};
use super::ids::{ProjectId, UnixTime, project_id_text};
use super::reminder::{REMIND_AFTER_DAYS, REMIND_BEFORE_EXPIRY_HOURS, ReminderChange, ReminderSettings};

/// For how long an invitation or credential may be good, in seconds: an hour to a leap year.
pub const LIFE_S: RangeInclusive<u32> = 3600..=366 * 24 * 3600;
/// A week, in seconds.
const WEEK_S: u32 = 7 * 24 * 3600;

/// What a project is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewProject {
    /// What people call it: 1 to 100 characters.
    pub name: String,
    /// An IANA time zone, such as `Europe/Berlin`; dates alone mean the end of that day there.
    pub time_zone: String,
    /// The address under which phones reach the manager, such as `https://doors.example`.
    pub public_url: String,
    /// For how long an invitation is good, in seconds: 1 hour to 1 year.
    pub invitation_life_s: u32,
    /// For how long a credential is good, in seconds: 1 hour to 1 year.
    pub credential_life_s: u32,
}

/// A project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Project {
    /// Identifies the project on the air.
    #[serde(serialize_with = "project_id_as_text")]
    #[schema(value_type = String)]
    pub id: ProjectId,
    /// What people call it.
    pub name: String,
    /// An IANA time zone.
    pub time_zone: String,
    /// The address under which phones reach the manager, without a slash at its end.
    pub public_url: String,
    /// For how long an invitation is good, in seconds.
    pub invitation_life_s: u32,
    /// For how long a credential is good, in seconds.
    pub credential_life_s: u32,
    /// When holders of invitations are reminded.
    pub reminders: ReminderSettings,
    /// When it was made.
    #[schema(value_type = u32)]
    pub created_at: UnixTime,
}

/// What is to be changed of a project; what is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProjectChange {
    /// What people call it: 1 to 100 characters.
    pub name: Option<String>,
    /// An IANA time zone.
    pub time_zone: Option<String>,
    /// The address under which phones reach the manager.
    pub public_url: Option<String>,
    /// For how long a new invitation is good, in seconds: 1 hour to 1 year.
    pub invitation_life_s: Option<u32>,
    /// For how long a new credential is good, in seconds: 1 hour to 1 year.
    pub credential_life_s: Option<u32>,
    /// When holders of invitations are reminded.
    pub reminders: ReminderChange,
}

/// What is wrong with the settings of a project.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProjectError {
    /// The name.
    #[error("the project's name {0}")]
    Name(FieldError),
    /// The time zone.
    #[error("{0:?} is not an IANA time zone such as Europe/Berlin")]
    TimeZone(String),
    /// The address.
    #[error("{0:?} is not an address such as https://doors.example")]
    PublicUrl(String),
    /// The life of invitations or credentials.
    #[error("{what} live {seconds} s; 1 hour to 1 year is allowed")]
    Life {
        /// Of what.
        what: &'static str,
        /// What was asked for.
        seconds: u32,
    },
    /// The time of a reminder.
    #[error("reminders {when}: {value} {unit}; {least} to {most} are allowed, or none")]
    Reminder {
        /// After or before what.
        when: &'static str,
        /// What was asked for.
        value: u32,
        /// In which unit.
        unit: &'static str,
        /// The least that is allowed.
        least: u32,
        /// The most that is allowed.
        most: u32,
    },
}

impl NewProject {
    /// A project of the given name: UTC, loopback, a week for invitations and credentials.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            time_zone: "UTC".to_owned(),
            public_url: "http://127.0.0.1:8080".to_owned(),
            invitation_life_s: WEEK_S,
            credential_life_s: WEEK_S,
        }
    }

    /// The project, once it has an id.
    pub fn into_project(self, id: ProjectId, created_at: UnixTime) -> Project {
        Project {
            id,
            name: self.name.trim().to_owned(),
            time_zone: self.time_zone,
            public_url: self.public_url.trim_end_matches('/').to_owned(),
            invitation_life_s: self.invitation_life_s,
            credential_life_s: self.credential_life_s,
            reminders: ReminderSettings::default(),
            created_at,
        }
    }

    /// Checks everything that the operator set.
    ///
    /// # Errors
    /// The first setting that is not allowed.
    pub fn check(&self) -> Result<(), ProjectError> {
        if self.name.trim().is_empty() {
            return Err(ProjectError::Name(FieldError::Empty));
        }
        fields::name(&self.name).map_err(ProjectError::Name)?;
        jiff::tz::TimeZone::get(&self.time_zone)
            .map_err(|_| ProjectError::TimeZone(self.time_zone.clone()))?;
        if !is_base_url(&self.public_url) {
            return Err(ProjectError::PublicUrl(self.public_url.clone()));
        }
        for (what, seconds) in
            [("invitations", self.invitation_life_s), ("credentials", self.credential_life_s)]
        {
            if !LIFE_S.contains(&seconds) {
                return Err(ProjectError::Life { what, seconds });
            }
        }
        Ok(())
    }
}

impl ProjectChange {
    /// The project as it will be, and the names of the settings that become others.
    ///
    /// # Errors
    /// The first setting that is not allowed.
    pub fn applied(&self, project: &Project) -> Result<(Project, Vec<&'static str>), ProjectError> {
        let new = NewProject {
            name: self.name.as_ref().unwrap_or(&project.name).trim().to_owned(),
            time_zone: self.time_zone.as_ref().unwrap_or(&project.time_zone).clone(),
            public_url: self
                .public_url
                .as_ref()
                .unwrap_or(&project.public_url)
                .trim_end_matches('/')
                .to_owned(),
            invitation_life_s: self.invitation_life_s.unwrap_or(project.invitation_life_s),
            credential_life_s: self.credential_life_s.unwrap_or(project.credential_life_s),
        };
        new.check()?;
        let reminders = self.reminders.applied_to(project.reminders);
        check_reminders(reminders)?;
        let changes = [
            ("name", new.name != project.name),
            ("time_zone", new.time_zone != project.time_zone),
            ("public_url", new.public_url != project.public_url),
            ("invitation_life_s", new.invitation_life_s != project.invitation_life_s),
            ("credential_life_s", new.credential_life_s != project.credential_life_s),
            ("reminders", reminders != project.reminders),
        ];
        let changed = changes.into_iter().filter(|(_, is_other)| *is_other).map(|(name, _)| name).collect();
        Ok((Project { reminders, ..new.into_project(project.id, project.created_at) }, changed))
    }
}

fn check_reminders(reminders: ReminderSettings) -> Result<(), ProjectError> {
    let checks = [
        ("after an invitation", reminders.after_days, "days", REMIND_AFTER_DAYS),
        ("before its end", reminders.before_expiry_hours, "hours", REMIND_BEFORE_EXPIRY_HOURS),
        ("before the end of a card", reminders.card_expiry_days, "days", REMIND_AFTER_DAYS),
    ];
    for (when, value, unit, allowed) in checks {
        if let Some(value) = value.filter(|value| !allowed.contains(value)) {
            let (least, most) = (*allowed.start(), *allowed.end());
            return Err(ProjectError::Reminder { when, value, unit, least, most });
        }
    }
    Ok(())
}

fn project_id_as_text<S: Serializer>(id: &ProjectId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&project_id_text(*id))
}

/// Whether `text` is `http` or `https`, a host and an optional path, and carries neither query nor fragment.
fn is_base_url(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| {
        !host.is_empty()
            && !host.starts_with(['/', ':'])
            && host
                .bytes()
                .all(|octet| octet.is_ascii_graphic() && !matches!(octet, b'?' | b'#' | b'"' | b'@'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_are_not_allowed_are_named() {
        let good = NewProject::named("Works");
        assert_eq!(good.check(), Ok(()));
        let cases = [
            (NewProject { name: " ".into(), ..good.clone() }, "the project's name is empty"),
            (
                NewProject { time_zone: "Mars/Olympus".into(), ..good.clone() },
                "\"Mars/Olympus\" is not an IANA time zone such as Europe/Berlin",
            ),
            (
                NewProject { public_url: "doors.example".into(), ..good.clone() },
                "\"doors.example\" is not an address such as https://doors.example",
            ),
            (
                NewProject { credential_life_s: 3599, ..good },
                "credentials live 3599 s; 1 hour to 1 year is allowed",
            ),
        ];
        for (project, message) in cases {
            assert_eq!(project.check().unwrap_err().to_string(), message);
        }
    }
    #[test]
    fn reminders_are_changed_one_by_one_and_within_bounds() {
        let project = NewProject::named("Works").into_project(ProjectId([1; 8]), UnixTime(1));
        let reminded = |after_days| ProjectChange {
            reminders: ReminderChange { after_days: Some(after_days), ..ReminderChange::default() },
            ..ProjectChange::default()
        };
        let (changed, names) = reminded(None).applied(&project).unwrap();
        assert_eq!(changed.reminders, ReminderSettings { after_days: None, ..project.reminders });
        assert_eq!(names, ["reminders"]);
        assert_eq!(reminded(Some(3)).applied(&project).unwrap().1, [""; 0]);
        assert_eq!(
            reminded(Some(367)).applied(&project).unwrap_err().to_string(),
            "reminders after an invitation: 367 days; 1 to 366 are allowed, or none"
        );
    }
}
