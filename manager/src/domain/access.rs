//! Who may do what: a role bounds the scopes that a token of its administrator may have.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

/// What an administrator is in a project; a later role may do everything that an earlier one may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees everything and changes nothing.
    Viewer,
    /// Keeps users, invitations, phones and readers.
    Manager,
    /// Keeps settings, administrators and webhooks too.
    Owner,
}

/// One kind of thing that a token lets its holder do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
pub enum Scope {
    /// See administrators and what tokens they have.
    #[serde(rename = "administrators:read")]
    AdministratorsRead,
    /// Add and remove administrators, change roles, make and revoke tokens.
    #[serde(rename = "administrators:write")]
    AdministratorsWrite,
    /// Read the audit log.
    #[serde(rename = "audit:read")]
    AuditRead,
    /// See card templates, cards and their photos.
    #[serde(rename = "cards:read")]
    CardsRead,
    /// Design templates; add, edit, invite, deactivate and archive cards.
    #[serde(rename = "cards:write")]
    CardsWrite,
    /// Plan, apply and undo imports.
    #[serde(rename = "imports")]
    Imports,
    /// Report mails that did not arrive.
    #[serde(rename = "mail:bounces")]
    MailBounces,
    /// See readers and their configurations.
    #[serde(rename = "readers:read")]
    ReadersRead,
    /// Enrol, edit and revoke readers.
    #[serde(rename = "readers:write")]
    ReadersWrite,
    /// Provision users by SCIM.
    #[serde(rename = "scim")]
    Scim,
    /// See the settings of the project.
    #[serde(rename = "settings:read")]
    SettingsRead,
    /// Change the settings of the project.
    #[serde(rename = "settings:write")]
    SettingsWrite,
    /// Upload lists of people that are applied without being asked about.
    #[serde(rename = "sync")]
    Sync,
    /// See users, invitations and phones.
    #[serde(rename = "users:read")]
    UsersRead,
    /// Add, edit, invite, suspend, revoke and delete users.
    #[serde(rename = "users:write")]
    UsersWrite,
    /// Keep the endpoints that are told what happens.
    #[serde(rename = "webhooks")]
    Webhooks,
}

/// A set of scopes, listed in the order of their names.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Scopes(u32);

/// Text that names no role or scope.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessNameError {
    /// Not a role.
    #[error("{0:?} is no role; there are owner, manager and viewer")]
    Role(String),
    /// Not a scope.
    #[error("{0:?} is no scope; there are {all}", all = Scopes::all())]
    Scope(String),
}

impl Role {
    /// Every role, the one that may do least first.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Manager, Self::Owner];

    /// The name in the API, in the store and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Manager => "manager",
            Self::Owner => "owner",
        }
    }

    /// Undoes [`Role::name`].
    ///
    /// # Errors
    /// [`AccessNameError::Role`].
    pub fn from_name(name: &str) -> Result<Self, AccessNameError> {
        let found = Self::ALL.into_iter().find(|role| role.name() == name);
        found.ok_or_else(|| AccessNameError::Role(name.to_owned()))
    }

    /// The scopes that a token of such an administrator may have.
    pub fn scopes(self) -> Scopes {
        Scope::ALL.into_iter().filter(|scope| scope.least_role() <= self).collect()
    }
}

impl Scope {
    /// Every scope, in the order of the names.
    pub const ALL: [Self; 16] = [
        Self::AdministratorsRead,
        Self::AdministratorsWrite,
        Self::AuditRead,
        Self::CardsRead,
        Self::CardsWrite,
        Self::Imports,
        Self::MailBounces,
        Self::ReadersRead,
        Self::ReadersWrite,
        Self::Scim,
        Self::SettingsRead,
        Self::SettingsWrite,
        Self::Sync,
        Self::UsersRead,
        Self::UsersWrite,
        Self::Webhooks,
    ];

    /// The name in the API, in the store and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AdministratorsRead => "administrators:read",
            Self::AdministratorsWrite => "administrators:write",
            Self::AuditRead => "audit:read",
            Self::CardsRead => "cards:read",
            Self::CardsWrite => "cards:write",
            Self::Imports => "imports",
            Self::MailBounces => "mail:bounces",
            Self::ReadersRead => "readers:read",
            Self::ReadersWrite => "readers:write",
            Self::Scim => "scim",
            Self::SettingsRead => "settings:read",
            Self::SettingsWrite => "settings:write",
            Self::Sync => "sync",
            Self::UsersRead => "users:read",
            Self::UsersWrite => "users:write",
            Self::Webhooks => "webhooks",
        }
    }

    /// Undoes [`Scope::name`].
    ///
    /// # Errors
    /// [`AccessNameError::Scope`].
    pub fn from_name(name: &str) -> Result<Self, AccessNameError> {
        let found = Self::ALL.into_iter().find(|scope| scope.name() == name);
        found.ok_or_else(|| AccessNameError::Scope(name.to_owned()))
    }

    /// The least role that may do this.
    pub const fn least_role(self) -> Role {
        match self {
            Self::AuditRead | Self::CardsRead | Self::ReadersRead | Self::SettingsRead | Self::UsersRead => {
                Role::Viewer
            }
            Self::AdministratorsRead
            | Self::CardsWrite
            | Self::Imports
            | Self::MailBounces
            | Self::ReadersWrite
            | Self::Scim
            | Self::Sync
            | Self::UsersWrite => Role::Manager,
            Self::AdministratorsWrite | Self::SettingsWrite | Self::Webhooks => Role::Owner,
        }
    }

    const fn bit(self) -> u32 {
        1 << (self as u32)
    }
}

impl Scopes {
    /// Every scope that there is.
    pub fn all() -> Self {
        Scope::ALL.into_iter().collect()
    }

    /// Reads names separated by spaces or commas; `all` stands for every scope.
    ///
    /// # Errors
    /// The first name that is no scope.
    pub fn parse(text: &str) -> Result<Self, AccessNameError> {
        if text.trim() == "all" {
            return Ok(Self::all());
        }
        text.split([',', ' ']).filter(|name| !name.is_empty()).map(Scope::from_name).collect()
    }

    /// Whether the set has this scope.
    pub const fn has(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// What both sets have.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What this set has and the other has not.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether there is nothing in the set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The scopes, in the order of their names.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.has(*scope))
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.iter().map(Scope::name).collect();
        f.write_str(&names.join(" "))
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Scope::name)).finish()
    }
}

impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<Scope>::deserialize(deserializer)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_may_do_what_every_lesser_role_may() {
        let [viewer, manager, owner] = Role::ALL.map(Role::scopes);
        assert!(viewer.without(manager).is_empty() && manager.without(owner).is_empty());
        assert_eq!(viewer.to_string(), "audit:read cards:read readers:read settings:read users:read");
        assert_eq!(owner.without(manager).to_string(), "administrators:write settings:write webhooks");
        assert_eq!(owner, Scopes::all());
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        for scope in Scope::ALL {
            assert_eq!(Scope::from_name(scope.name()), Ok(scope));
        }
        assert!(Scope::ALL.map(Scope::name).is_sorted());
        for role in Role::ALL {
            assert_eq!(Role::from_name(role.name()), Ok(role));
        }
        let two = Scopes::parse("users:read, audit:read").unwrap();
        assert_eq!(two.to_string(), "audit:read users:read");
        assert_eq!(serde_json::to_string(&two).unwrap(), "[\"audit:read\",\"users:read\"]");
        assert_eq!(serde_json::from_str::<Scopes>("[\"users:read\",\"audit:read\"]").unwrap(), two);
        assert_eq!(Scopes::parse("all"), Ok(Scopes::all()));
        assert!(
            Scopes::parse("users:reed")
                .unwrap_err()
                .to_string()
                .starts_with("\"users:reed\" is no scope; there are administrators:read")
        );
        assert_eq!(
            Role::from_name("boss").unwrap_err().to_string(),
            "\"boss\" is no role; there are owner, manager and viewer"
        );
    }
}
