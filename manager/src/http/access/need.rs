//! The scopes as types, to be named by the routes: `Allowed<UsersRead>`. A scope gets its type with its first route.

use crate::domain::Scope;

/// What a route needs.
pub(crate) trait Need: Send + std::marker::Sync + 'static {
    /// The scope that a token needs.
    const SCOPE: Scope;
}

/// [`Scope::AdministratorsRead`].
pub(crate) struct AdministratorsRead;
/// [`Scope::AdministratorsWrite`].
pub(crate) struct AdministratorsWrite;
/// [`Scope::AuditRead`].
pub(crate) struct AuditRead;
/// [`Scope::CardsRead`].
pub(crate) struct CardsRead;
/// [`Scope::CardsWrite`].
pub(crate) struct CardsWrite;
/// [`Scope::Imports`].
pub(crate) struct Imports;
/// [`Scope::MailBounces`].
pub(crate) struct MailBounces;
/// [`Scope::ReadersRead`].
pub(crate) struct ReadersRead;
/// [`Scope::ReadersWrite`].
pub(crate) struct ReadersWrite;
/// [`Scope::Scim`].
pub(crate) struct Scim;
/// [`Scope::SettingsRead`].
pub(crate) struct SettingsRead;
/// [`Scope::SettingsWrite`].
pub(crate) struct SettingsWrite;
/// [`Scope::Sync`].
pub(crate) struct Sync;
/// [`Scope::UsersRead`].
pub(crate) struct UsersRead;
/// [`Scope::UsersWrite`].
pub(crate) struct UsersWrite;
/// [`Scope::Webhooks`].
pub(crate) struct Webhooks;

impl Need for AdministratorsRead {
    const SCOPE: Scope = Scope::AdministratorsRead;
}
impl Need for AdministratorsWrite {
    const SCOPE: Scope = Scope::AdministratorsWrite;
}
impl Need for AuditRead {
    const SCOPE: Scope = Scope::AuditRead;
}
impl Need for CardsRead {
    const SCOPE: Scope = Scope::CardsRead;
}
impl Need for CardsWrite {
    const SCOPE: Scope = Scope::CardsWrite;
}
impl Need for Imports {
    const SCOPE: Scope = Scope::Imports;
}
impl Need for MailBounces {
    const SCOPE: Scope = Scope::MailBounces;
}
impl Need for ReadersRead {
    const SCOPE: Scope = Scope::ReadersRead;
}
impl Need for ReadersWrite {
    const SCOPE: Scope = Scope::ReadersWrite;
}
impl Need for Scim {
    const SCOPE: Scope = Scope::Scim;
}
impl Need for Sync {
    const SCOPE: Scope = Scope::Sync;
}
impl Need for SettingsRead {
    const SCOPE: Scope = Scope::SettingsRead;
}
impl Need for SettingsWrite {
    const SCOPE: Scope = Scope::SettingsWrite;
}
impl Need for UsersRead {
    const SCOPE: Scope = Scope::UsersRead;
}
impl Need for UsersWrite {
    const SCOPE: Scope = Scope::UsersWrite;
}
impl Need for Webhooks {
    const SCOPE: Scope = Scope::Webhooks;
}
