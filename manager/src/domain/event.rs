//! What others can be told: for each act of the audit log the event that it is, if it is one.

use serde_json::json;
use uuid::Uuid;

use super::audit::Act;
use super::ids::{ProjectId, UnixTime, project_id_text};

/// The event that an endpoint is told on request, to see that it listens.
pub const TEST_EVENT: &str = "webhook.test";

/// Something that happened, as others are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// What kind of thing.
    pub kind: &'static str,
    /// Of what kind whatever it happened to is, as a member of the body.
    pub about: &'static str,
    /// To whom or what it happened.
    pub subject: &'a str,
    /// In which project.
    pub project: ProjectId,
    /// When.
    pub at: UnixTime,
    /// Who acted, as the audit log has it.
    pub actor: &'a str,
    /// More about it, without personal data, as the audit log has it.
    pub detail: &'a str,
    /// The row of the audit log, if there is one.
    pub entry: Option<u64>,
}

/// Which events an endpoint is told of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum EventFilter {
    /// Every event, also those that are added later.
    #[default]
    All,
    /// These.
    Only(Vec<&'static str>),
}

/// A name of no event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is no event; there are {all}", all = event_kinds().collect::<Vec<_>>().join(", "))]
pub struct EventNameError {
    name: String,
}

impl Act {
    /// The event that others can be told of, and of what kind its subject is; `None` for what only concerns whoever
    /// looks after the manager.
    pub const fn event(self) -> Option<(&'static str, &'static str)> {
        Some(match self {
            Self::UserAdded => ("user.added", "user"),
            Self::UserEdited => ("user.changed", "user"),
            Self::UserSuspended => ("user.suspended", "user"),
            Self::UserResumed => ("user.resumed", "user"),
            Self::UserReset => ("user.reset", "user"),
            Self::UserDeleted => ("user.deleted", "user"),
            Self::UserGone => ("user.gone", "user"),
            Self::UserInvited => ("invitation.created", "user"),
            Self::InvitationMailed => ("invitation.mailed", "user"),
            Self::InvitationReminded => ("invitation.reminded", "user"),
            Self::InvitationExpired => ("invitation.expired", "user"),
            Self::InvitationVoided => ("invitation.voided", "user"),
            Self::DeviceActivated => ("device.activated", "user"),
            Self::DevicesRevoked => ("device.revoked", "user"),
            Self::ImportApplied => ("import.applied", "plan"),
            Self::ImportUndone => ("import.undone", "plan"),
            Self::SyncWaiting => ("import.waiting", "plan"),
            Self::ReaderEnrolled => ("reader.enrolled", "reader"),
            Self::ReaderEdited => ("reader.changed", "reader"),
            Self::ReaderRevoked => ("reader.revoked", "reader"),
            Self::ListPublished => ("revocation_list.published", "list_version"),
            Self::IssuerKeyMade => ("issuer_key.made", "issuer_key"),
            Self::IssuerKeyActivated => ("issuer_key.activated", "issuer_key"),
            Self::IssuerKeyRetired => ("issuer_key.retired", "issuer_key"),
            Self::AdministratorAdded => ("administrator.added", "administrator"),
            Self::AdministratorChanged => ("administrator.changed", "administrator"),
            Self::AdministratorRemoved => ("administrator.removed", "administrator"),
            Self::TokenMade => ("token.made", "token"),
            Self::TokenRevoked => ("token.revoked", "token"),
            Self::ProjectChanged => ("settings.changed", "settings"),
            Self::TemplateAdded => ("card_template.added", "card_template"),
            Self::TemplateChanged => ("card_template.changed", "card_template"),
            Self::TemplateApproved => ("card_template.approved", "card_template"),
            Self::TemplateRemoved => ("card_template.removed", "card_template"),
            Self::CardAdded => ("card.added", "card"),
            Self::CardEdited => ("card.changed", "card"),
            Self::CardInvited => ("card.invited", "card"),
            Self::CardInvitationMailed => ("card.invitation_mailed", "card"),
            Self::CardInvitationReminded => ("card.invitation_reminded", "card"),
            Self::CardInvitationExpired => ("card.invitation_expired", "card"),
            Self::CardInvitationVoided => ("card.invitation_voided", "card"),
            Self::CardEndTold => ("card.end_told", "card"),
            Self::CardsImported => ("card_import.applied", "plan"),
            Self::CardsImportUndone => ("card_import.undone", "plan"),
            Self::CardInstalled => ("card.installed", "card"),
            Self::CardDeactivated => ("card.deactivated", "card"),
            Self::CardReactivated => ("card.reactivated", "card"),
            Self::CardArchived => ("card.archived", "card"),
            Self::CardRestored => ("card.restored", "card"),
            Self::CardUninstalled => ("card.uninstalled", "card"),
            Self::CardLocked => ("card.locked", "card"),
            Self::CardUnlocked => ("card.unlocked", "card"),
            Self::CardPhotoSet => ("card.photo_set", "card"),
            Self::CardPhotoSent => ("card.photo_sent", "card"),
            Self::CardPhotoApproved => ("card.photo_approved", "card"),
            Self::CardPhotoRefused => ("card.photo_refused", "card"),
            Self::SignInLinkMade
            | Self::AccountLinked
            | Self::SignedIn
            | Self::SignInChanged
            | Self::PasskeySuspected
            | Self::ProjectMade
            | Self::UndoWindowSet
            | Self::IssuerKeysResealed
            | Self::BackupRestored
            | Self::MailSettingsChanged
            | Self::MailTextChanged
            | Self::MailTested
            | Self::AlertRecipientsChanged
            | Self::WebhookAdded
            | Self::WebhookChanged
            | Self::WebhookSecretExchanged
            | Self::WebhookRemoved
            | Self::WebhookTested
            | Self::WebhookRedelivered => return None,
        })
    }
}

/// The name of every event.
pub fn event_kinds() -> impl Iterator<Item = &'static str> {
    Act::ALL.iter().filter_map(|act| act.event()).map(|(kind, _)| kind)
}

impl Event<'_> {
    /// What is sent, as JSON: identifiers only, so that whoever may know more has to ask for it.
    pub fn body(&self) -> String {
        let at = jiff::Timestamp::from_second(i64::from(self.at.0)).unwrap_or_default();
        let mut data = serde_json::Map::new();
        data.insert("project".to_owned(), json!(project_id_text(self.project)));
        data.insert(self.about.to_owned(), json!(self.subject));
        data.insert("actor".to_owned(), json!(self.actor));
        data.insert("detail".to_owned(), json!(self.detail));
        data.insert("entry".to_owned(), json!(self.entry));
        json!({ "type": self.kind, "timestamp": at.to_string(), "data": data }).to_string()
    }
}

impl EventFilter {
    /// Reads names; none, or `all`, is every event.
    ///
    /// # Errors
    /// The first name of no event.
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, EventNameError> {
        let mut only = Vec::new();
        for name in names {
            if name == "all" {
                return Ok(Self::All);
            }
            let found = event_kinds().find(|kind| *kind == name);
            only.push(found.ok_or_else(|| EventNameError { name: name.to_owned() })?);
        }
        only.sort_unstable();
        only.dedup();
        Ok(if only.is_empty() { Self::All } else { Self::Only(only) })
    }

    /// The names, which [`EventFilter::from_names`] reads.
    pub fn names(&self) -> Vec<&'static str> {
        match self {
            Self::All => vec!["all"],
            Self::Only(names) => names.clone(),
        }
    }

    /// Whether an endpoint is told of this event.
    pub fn has(&self, kind: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => kind == TEST_EVENT || names.contains(&kind),
        }
    }
}

/// The id of an event, by which whoever is told twice knows it again.
pub fn event_id(at: UnixTime) -> Uuid {
    Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, u64::from(at.0), 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_act_is_known_once_and_no_two_are_the_same_event() {
        let mut names: Vec<&str> = Act::ALL.iter().map(|act| act.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Act::ALL.len());
        let mut kinds: Vec<&str> = event_kinds().collect();
        let count = kinds.len();
        kinds.sort_unstable();
        kinds.dedup();
        assert_eq!(kinds.len(), count);
    }

    #[test]
    fn a_filter_is_read_as_it_is_written() {
        let two = EventFilter::from_names(["user.gone", "user.added", "user.gone"]).unwrap();
        assert_eq!(two.names(), ["user.added", "user.gone"]);
        assert!(two.has("user.gone") && !two.has("user.reset") && two.has(TEST_EVENT));
        assert_eq!(EventFilter::from_names([]), Ok(EventFilter::All));
        assert_eq!(EventFilter::from_names(["all"]).unwrap().names(), ["all"]);
        let error = EventFilter::from_names(["user.vanished"]).unwrap_err().to_string();
        assert!(error.starts_with("\"user.vanished\" is no event; there are "), "{error}");
    }

    #[test]
    fn a_body_has_identifiers_and_the_time() {
        let event = Event {
            kind: "user.added",
            about: "user",
            subject: "01990f3e",
            project: ProjectId([1; 8]),
            at: UnixTime(1_790_000_000),
            actor: "operator",
            detail: "",
            entry: Some(3),
        };
        assert_eq!(
            event.body(),
            r#"{"data":{"actor":"operator","detail":"","entry":3,"project":"0101010101010101","user":"01990f3e"},"timestamp":"2026-09-21T14:13:20Z","type":"user.added"}"#
        );
    }
}
