//! A project and what its operator sets.

use std::ops::RangeInclusive;

use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::fields::{self, FieldError};
use super::ids::{ProjectId, UnixTime, project_id_text};

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
        let changes = [
            ("name", new.name != project.name),
            ("time_zone", new.time_zone != project.time_zone),
            ("public_url", new.public_url != project.public_url),
            ("invitation_life_s", new.invitation_life_s != project.invitation_life_s),
            ("credential_life_s", new.credential_life_s != project.credential_life_s),
        ];
        let changed = changes.into_iter().filter(|(_, is_other)| *is_other).map(|(name, _)| name).collect();
        Ok((new.into_project(project.id, project.created_at), changed))
    }
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
}
