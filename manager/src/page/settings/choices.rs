//! What there is to choose from, in words of the page.

use crate::domain::{Role, Scope};
use crate::mail::{Language, MailKind};
use crate::page::frame::Frame;

/// The roles, with what each may do.
pub(super) fn roles(f: &Frame) -> Vec<(String, String)> {
    let label = |role| match role {
        Role::Owner => f.t("owner: everything, settings and administrators too"),
        Role::Manager => f.t("manager: users, cards and readers"),
        Role::Viewer => f.t("viewer: sees and changes nothing"),
    };
    Role::ALL.into_iter().map(|role| (role.name().to_owned(), label(role).to_owned())).collect()
}

/// The languages of mail.
pub(super) fn languages() -> Vec<(String, String)> {
    let label = |language| match language {
        Language::En => "English",
        Language::De => "Deutsch",
    };
    Language::ALL
        .into_iter()
        .map(|language| (language.name().to_owned(), label(language).to_owned()))
        .collect()
}

/// What people call a kind of mail.
pub(super) fn mail_kind(f: &Frame, kind: MailKind) -> &'static str {
    match kind {
        MailKind::Invitation => f.t("Invitation"),
        MailKind::Reinvitation => f.t("New invitation for somebody with a phone"),
        MailKind::InvitationReminder => f.t("Reminder of an invitation"),
        MailKind::InvitationExpired => f.t("An invitation has expired"),
        MailKind::UserChanged => f.t("Name, address or ID has changed"),
        MailKind::Deletion => f.t("Somebody was deleted"),
        MailKind::CardInvitation => f.t("Invitation to a card"),
        MailKind::CardInvitationReminder => f.t("Reminder of an invitation to a card"),
        MailKind::CardInvitationExpired => f.t("An invitation to a card has expired"),
        MailKind::CardExpiring => f.t("A card ends soon"),
        MailKind::CardExpired => f.t("A card has ended"),
        MailKind::Alert => f.t("Alert to those who look after the project"),
        MailKind::Test => f.t("Test"),
    }
}

/// What a token may be good for.
pub(super) fn scope(f: &Frame, scope: Scope) -> &'static str {
    match scope {
        Scope::AdministratorsRead => f.t("See administrators and tokens"),
        Scope::AdministratorsWrite => f.t("Keep administrators and tokens"),
        Scope::AuditRead => f.t("Read the audit log"),
        Scope::CardsRead => f.t("See cards"),
        Scope::CardsWrite => f.t("Keep cards"),
        Scope::Imports => f.t("Import lists"),
        Scope::MailBounces => f.t("Report mails that did not arrive"),
        Scope::ReadersRead => f.t("See readers"),
        Scope::ReadersWrite => f.t("Keep readers"),
        Scope::Scim => f.t("Provision users by SCIM"),
        Scope::SettingsRead => f.t("See settings"),
        Scope::SettingsWrite => f.t("Change settings"),
        Scope::Sync => f.t("Bring lists that are applied by themselves"),
        Scope::UsersRead => f.t("See users"),
        Scope::UsersWrite => f.t("Keep users"),
        Scope::Webhooks => f.t("Keep webhooks"),
    }
}
