//! Which users a list shows, in which order, and where its next page begins.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::user::UserStatus;

/// The statuses that a list shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserFilter(Vec<UserStatus>);

/// The order of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserOrder {
    /// By what it is sorted.
    pub by: SortedBy,
    /// Whether the last comes first.
    pub is_reversed: bool,
}

/// By what a list of users is sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortedBy {
    /// Last name, first name.
    Name,
    /// When they were added.
    #[default]
    Created,
    /// When they were last changed.
    Updated,
}

/// The place of a user in a list, after which the next page begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserPlace {
    /// The list that it is a place of.
    pub list: UserList,
    /// The value that the list is sorted by, as text.
    pub key: String,
    /// The user.
    pub id: Uuid,
}

/// A list of users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserList {
    /// Everybody, in an order.
    Sorted(UserOrder),
    /// Those who are found by the key of this number.
    Found(u8),
}

/// Text that is not an order, or not a status.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UserListError {
    /// Not an order.
    #[error("{0:?} is not an order; name, created and updated are, and -name, -created and -updated")]
    Order(String),
    /// Not a status.
    #[error("{0:?} is not a status; {all} and all are", all = statuses())]
    Status(String),
}

impl UserFilter {
    /// Everybody, also those who are gone.
    pub fn everybody() -> Self {
        Self(UserStatus::ALL.to_vec())
    }

    /// Whether a user of this status is shown.
    pub fn has(&self, status: UserStatus) -> bool {
        self.0.contains(&status)
    }
}

impl Default for UserFilter {
    /// Everybody but those who are gone.
    fn default() -> Self {
        Self(UserStatus::ALL.into_iter().filter(|status| *status != UserStatus::Deleted).collect())
    }
}

impl FromStr for UserFilter {
    type Err = UserListError;

    /// Reads names of statuses with commas between them, or `all`.
    fn from_str(text: &str) -> Result<Self, UserListError> {
        if text == "all" {
            return Ok(Self::everybody());
        }
        let status = |name: &str| {
            let status = UserStatus::from_name(name.trim());
            status.ok_or_else(|| UserListError::Status(name.trim().to_owned()))
        };
        text.split(',').map(status).collect::<Result<_, _>>().map(Self)
    }
}

impl SortedBy {
    const ALL: [Self; 3] = [Self::Name, Self::Created, Self::Updated];

    const fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Created => "created",
            Self::Updated => "updated",
        }
    }
}

impl FromStr for UserOrder {
    type Err = UserListError;

    fn from_str(text: &str) -> Result<Self, UserListError> {
        let (is_reversed, name) = match text.strip_prefix('-') {
            Some(name) => (true, name),
            None => (false, text),
        };
        let by = SortedBy::ALL.into_iter().find(|by| by.name() == name);
        by.map(|by| Self { by, is_reversed }).ok_or_else(|| UserListError::Order(text.to_owned()))
    }
}

impl TryFrom<String> for UserOrder {
    type Error = UserListError;

    fn try_from(text: String) -> Result<Self, UserListError> {
        text.parse()
    }
}

impl From<UserOrder> for String {
    fn from(order: UserOrder) -> Self {
        order.to_string()
    }
}

impl fmt::Display for UserOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.is_reversed { "-" } else { "" }, self.by.name())
    }
}

fn statuses() -> String {
    UserStatus::ALL.map(UserStatus::name).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_names_statuses_and_shows_nobody_who_is_gone_by_itself() {
        let filter: UserFilter = "invited, reset".parse().unwrap();
        assert!(filter.has(UserStatus::Invited) && filter.has(UserStatus::Reset));
        assert!(!filter.has(UserStatus::Active));
        assert!(!UserFilter::default().has(UserStatus::Deleted));
        assert!(UserFilter::default().has(UserStatus::DeletionPending));
        assert!("all".parse::<UserFilter>().unwrap().has(UserStatus::Deleted));
        let error = "activ".parse::<UserFilter>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "\"activ\" is not a status; not_invited, invited, invitation_expired, active, suspended, reset, \
             deletion_pending, deleted and all are"
        );
    }

    #[test]
    fn an_order_is_read_as_it_is_written() {
        for text in ["name", "-name", "created", "-created", "updated", "-updated"] {
            assert_eq!(text.parse::<UserOrder>().unwrap().to_string(), text);
        }
        assert_eq!(UserOrder::default().to_string(), "created");
        assert!("--name".parse::<UserOrder>().is_err());
        assert!("".parse::<UserOrder>().is_err());
    }
}
