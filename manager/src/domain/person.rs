//! What is known of a person, and the rules for all of it at once.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::fields::{self, FieldError};

/// What is known of a person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Person {
    /// First name; empty for somebody who has only one name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// E-mail address.
    pub email: String,
    /// What doors get.
    pub user_id: String,
    /// The identifier in the system that the list comes from.
    pub sync_id: Option<String>,
}

/// A field of a person, which is a column of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// First name.
    FirstName,
    /// Last name.
    LastName,
    /// E-mail address.
    Email,
    /// What doors get.
    UserId,
    /// Sync ID, optional.
    SyncId,
}

impl Person {
    /// Every field that breaks its rules, in the order of [`Field::ALL`].
    pub fn check(&self) -> Vec<(Field, FieldError)> {
        let last_name = match self.last_name.as_str() {
            "" => Err(FieldError::Empty),
            last_name => fields::name(last_name),
        };
        let checks = [
            (Field::FirstName, fields::name(&self.first_name)),
            (Field::LastName, last_name),
            (Field::Email, fields::email(&self.email)),
            (Field::UserId, fields::user_id(&self.user_id)),
            (Field::SyncId, self.sync_id.as_deref().map_or(Ok(()), fields::sync_id)),
        ];
        checks.into_iter().filter_map(|(field, check)| Some((field, check.err()?))).collect()
    }

    /// The same person without white space around the values, as a list is read; an empty Sync ID is none.
    #[must_use]
    pub fn trimmed(&self) -> Self {
        let trimmed = |text: &str| text.trim().to_owned();
        Self {
            first_name: trimmed(&self.first_name),
            last_name: trimmed(&self.last_name),
            email: trimmed(&self.email),
            user_id: trimmed(&self.user_id),
            sync_id: self.sync_id.as_deref().map(trimmed).filter(|id| !id.is_empty()),
        }
    }

    /// First and last name.
    pub fn full_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name).trim().to_owned()
    }
}

impl Field {
    /// The fields in the order of the columns of a list.
    pub const ALL: [Self; 5] = [Self::FirstName, Self::LastName, Self::Email, Self::UserId, Self::SyncId];

    /// The name that people read, as in the header of a list.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FirstName => "First name",
            Self::LastName => "Last name",
            Self::Email => "E-mail address",
            Self::UserId => "ID",
            Self::SyncId => "Sync ID",
        }
    }

    /// The name in the API and on the command line.
    pub const fn key(self) -> &'static str {
        match self {
            Self::FirstName => "first_name",
            Self::LastName => "last_name",
            Self::Email => "email",
            Self::UserId => "user_id",
            Self::SyncId => "sync_id",
        }
    }

    /// Undoes [`Field::key`].
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.key() == key)
    }

    /// Whether every person has it.
    pub const fn is_required(self) -> bool {
        !matches!(self, Self::FirstName | Self::SyncId)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anna() -> Person {
        Person {
            first_name: "Anna".into(),
            last_name: "Berg".into(),
            email: "anna@x.example".into(),
            user_id: "1".into(),
            sync_id: None,
        }
    }

    #[test]
    fn a_person_has_a_last_name_an_address_and_an_id() {
        assert_eq!(anna().check(), []);
        assert_eq!(Person { first_name: String::new(), ..anna() }.check(), []);
        let empty = [Field::LastName, Field::Email, Field::UserId].map(|field| (field, FieldError::Empty));
        assert_eq!(Person::default().check(), empty);
        assert!(Field::ALL.into_iter().all(|field| {
            field.is_required() == empty.iter().any(|(needed, _)| *needed == field)
                && Field::from_key(field.key()) == Some(field)
        }));
    }

    #[test]
    fn white_space_around_values_does_not_count() {
        let spaced = Person {
            first_name: " Anna".into(),
            email: "anna@x.example\t".into(),
            sync_id: Some(" ".into()),
            ..anna()
        };
        assert_eq!(spaced.trimmed(), anna());
    }
}
