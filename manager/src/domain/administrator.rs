//! Administrators of a project and their tokens.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::access::{Role, Scopes};
use super::fields::{self, FieldError};
use super::ids::UnixTime;

/// Somebody who keeps a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Administrator {
    /// Names the administrator in the audit log.
    pub id: Uuid,
    /// What people call the administrator: 1 to 100 characters.
    pub name: String,
    /// Where the administrator is told what happens; an owner made without one has none.
    pub email: Option<String>,
    /// What the administrator may do.
    pub role: Role,
    /// When the administrator was added, in Unix seconds.
    #[schema(value_type = u32)]
    pub created_at: UnixTime,
}

/// What an administrator is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAdministrator {
    /// 1 to 100 characters.
    pub name: String,
    /// An e-mail address that no other administrator of the project has.
    pub email: Option<String>,
    /// What the administrator may do.
    pub role: Role,
}

/// What is known of a token beside its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TokenSummary {
    /// Names the token in the audit log.
    pub id: Uuid,
    /// Whose it is.
    pub administrator: Uuid,
    /// What it is for: 1 to 100 characters.
    pub name: String,
    /// What it was made for; its holder may do no more than the administrator's role allows at the time.
    #[schema(value_type = Vec<super::access::Scope>)]
    pub scopes: Scopes,
    /// When it was made, in Unix seconds.
    #[schema(value_type = u32)]
    pub created_at: UnixTime,
    /// The first second at which it is no longer good; none if it does not expire.
    #[schema(value_type = Option<u32>)]
    pub expires_at: Option<UnixTime>,
    /// When it was last used, to about a minute.
    #[schema(value_type = Option<u32>)]
    pub last_used_at: Option<UnixTime>,
    /// When it was revoked.
    #[schema(value_type = Option<u32>)]
    pub revoked_at: Option<UnixTime>,
}

/// What is wrong with an administrator or a token to be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdministratorError {
    /// The name.
    #[error("The name {0}.")]
    Name(FieldError),
    /// The e-mail address.
    #[error("The e-mail address {0}.")]
    Email(FieldError),
    /// A token that would be good for nothing.
    #[error("A token needs at least one scope.")]
    NoScope,
    /// A token that was over before it began.
    #[error("A token's end has to be in the future.")]
    Expired,
}

impl NewAdministrator {
    /// Checks name and address.
    ///
    /// # Errors
    /// The first that is not allowed.
    pub fn check(&self) -> Result<(), AdministratorError> {
        check_name(&self.name)?;
        self.email.as_deref().map_or(Ok(()), fields::email).map_err(AdministratorError::Email)
    }
}

/// Checks the name of an administrator or a token.
///
/// # Errors
/// [`AdministratorError::Name`].
pub fn check_name(name: &str) -> Result<(), AdministratorError> {
    if name.trim().is_empty() {
        return Err(AdministratorError::Name(FieldError::Empty));
    }
    fields::name(name).map_err(AdministratorError::Name)
}

/// Whether an administrator may be removed (`to` is `None`) or given another role: a project is never without an owner.
pub fn leaves_an_owner(from: Role, to: Option<Role>, owners: u64) -> bool {
    from != Role::Owner || to == Some(Role::Owner) || owners > 1
}

/// Whether a token that was revoked or ends at these times is still good.
pub fn is_good(revoked_at: Option<UnixTime>, expires_at: Option<UnixTime>, now: UnixTime) -> bool {
    revoked_at.is_none() && expires_at.is_none_or(|end| now < end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_owner_has_to_stay() {
        assert!(!leaves_an_owner(Role::Owner, None, 1));
        assert!(!leaves_an_owner(Role::Owner, Some(Role::Manager), 1));
        assert!(leaves_an_owner(Role::Owner, Some(Role::Owner), 1));
        assert!(leaves_an_owner(Role::Owner, None, 2));
        assert!(leaves_an_owner(Role::Manager, None, 1));
    }

    #[test]
    fn a_token_is_good_until_it_is_revoked_or_its_end_comes() {
        let (end, now) = (UnixTime(100), UnixTime(99));
        assert!(is_good(None, Some(end), now) && is_good(None, None, now));
        assert!(!is_good(None, Some(end), end) && !is_good(Some(now), Some(end), now));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let new = |name: &str, email: Option<&str>| NewAdministrator {
            name: name.to_owned(),
            email: email.map(str::to_owned),
            role: Role::Viewer,
        };
        assert_eq!(new("Anna", None).check(), Ok(()));
        assert_eq!(new(" ", None).check().unwrap_err().to_string(), "The name is empty.");
        let wrong = new("Anna", Some("foo@")).check().unwrap_err();
        assert_eq!(wrong.to_string(), "The e-mail address \"foo@\" is not an e-mail address.");
    }
}
