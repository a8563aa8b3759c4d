//! The audit log: a chain of hashes, so that a row that was changed, removed or added afterwards is found.

use std::fmt;

use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::ids::{ProjectId, UnixTime};

/// Who acted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// An administrator who came with a token.
    Administrator {
        /// Who.
        administrator: Uuid,
        /// With which token.
        token: Uuid,
    },
    /// An administrator who is signed in to the page.
    SignedIn {
        /// Who.
        administrator: Uuid,
        /// In which session.
        session: Uuid,
    },
    /// Whoever can run commands on the manager's machine.
    Operator,
    /// A device, proven by its key.
    Device(Uuid),
    /// The manager itself, when a time has come.
    Manager,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// A project was made.
    ProjectMade,
    /// Settings of the project were changed.
    ProjectChanged,
    /// An administrator was added.
    AdministratorAdded,
    /// Name, address or role of an administrator was changed.
    AdministratorChanged,
    /// An administrator was removed.
    AdministratorRemoved,
    /// A sign-in link was made for an administrator.
    SignInLinkMade,
    /// A sign-in link was opened: its account acts as the administrator from now on.
    AccountLinked,
    /// An administrator signed in to the page.
    SignedIn,
    /// What an administrator signs in with was changed.
    SignInChanged,
    /// An API token was made.
    TokenMade,
    /// An API token was revoked.
    TokenRevoked,
    /// An import was applied.
    ImportApplied,
    /// The time in which imports can be undone was set.
    UndoWindowSet,
    /// An import was undone.
    ImportUndone,
    /// A list that was brought by a program deletes so many users that it has to be confirmed.
    SyncWaiting,
    /// A user was added.
    UserAdded,
    /// What is known of a user was changed.
    UserEdited,
    /// A user was invited.
    UserInvited,
    /// The holder of an invitation that waits was reminded.
    InvitationReminded,
    /// An invitation expired unused.
    InvitationExpired,
    /// An invitation was voided by wrong answers.
    InvitationVoided,
    /// A device redeemed an invitation.
    DeviceActivated,
    /// The devices of a user were revoked.
    DevicesRevoked,
    /// A user was suspended.
    UserSuspended,
    /// The suspension of a user ended.
    UserResumed,
    /// A user started over, by the holder's or an administrator's wish.
    UserReset,
    /// A user was deleted.
    UserDeleted,
    /// The phones of a deleted user have learned of it, or hold nothing any more.
    UserGone,
    /// A reader was enrolled.
    ReaderEnrolled,
    /// What is set about a reader was changed.
    ReaderEdited,
    /// A reader was revoked.
    ReaderRevoked,
    /// A revocation list was published although nothing was revoked.
    ListPublished,
    /// An issuer key was made.
    IssuerKeyMade,
    /// An issuer key began to sign.
    IssuerKeyActivated,
    /// An issuer key is no longer accepted.
    IssuerKeyRetired,
    /// The issuer keys were sealed under another passphrase or key file.
    IssuerKeysResealed,
    /// The database was restored from a backup.
    BackupRestored,
    /// The settings of mail were changed.
    MailSettingsChanged,
    /// A text of mail was changed.
    MailTextChanged,
    /// An invitation was mailed again.
    InvitationMailed,
    /// A test mail was written.
    MailTested,
    /// Who is told of alerts was changed.
    AlertRecipientsChanged,
    /// An endpoint for webhooks was added.
    WebhookAdded,
    /// An endpoint for webhooks was changed, or turned off or on.
    WebhookChanged,
    /// An endpoint for webhooks was removed.
    WebhookRemoved,
    /// A test was queued for an endpoint for webhooks.
    WebhookTested,
    /// An endpoint for webhooks is told something once more.
    WebhookRedelivered,
    /// A card template was added.
    TemplateAdded,
    /// The design of a card template was changed.
    TemplateChanged,
    /// A card template was approved.
    TemplateApproved,
    /// A draft of a card template was removed.
    TemplateRemoved,
    /// A card was added.
    CardAdded,
    /// What stands on a card was changed.
    CardEdited,
    /// The holder of a card was invited.
    CardInvited,
    /// The open invitation to a card was mailed again.
    CardInvitationMailed,
    /// The holder of a card was reminded of an invitation.
    CardInvitationReminded,
    /// An invitation to a card has expired unused.
    CardInvitationExpired,
    /// An invitation to a card was voided by wrong proofs.
    CardInvitationVoided,
    /// The holder of a card was told of its end.
    CardEndTold,
    /// A list of cards was imported.
    CardsImported,
    /// An import of cards was undone.
    CardsImportUndone,
    /// A phone installed a card.
    CardInstalled,
    /// A card was deactivated.
    CardDeactivated,
    /// A card was reactivated.
    CardReactivated,
    /// A card was archived.
    CardArchived,
    /// An archived card came back.
    CardRestored,
    /// A card was taken off its phone.
    CardUninstalled,
    /// A card was locked by wrong answers.
    CardLocked,
    /// A card was unlocked.
    CardUnlocked,
    /// The photo of a card was set or taken away.
    CardPhotoSet,
    /// The holder of a card sent a photo.
    CardPhotoSent,
    /// A photo that the holder sent was approved.
    CardPhotoApproved,
    /// A photo that the holder sent was refused.
    CardPhotoRefused,
}

/// One row of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditEntry {
    /// Its place, from 1.
    pub sequence: u64,
    /// When it happened.
    pub time: UnixTime,
    /// Who acted.
    pub actor: String,
    /// What was done.
    pub act: String,
    /// To whom or what.
    pub subject: String,
    /// More about it, without personal data.
    pub detail: String,
    /// The hash of the row before.
    #[serde(skip)]
    pub previous: [u8; 32],
    /// The hash of this row.
    #[serde(skip)]
    pub hash: [u8; 32],
}

/// Where the log does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuditBreak {
    /// The row was changed, or a row before it was removed or added.
    #[error("the audit log does not hold at row {0}")]
    Row(u64),
    /// The log holds in itself and does not have the row that was expected of it.
    #[error("row {0} of the audit log is not the one that was expected: the log was replaced or cut")]
    Head(u64),
    /// Rows at the end are missing or too many.
    #[error("the audit log has {found} rows and its project says {expected}")]
    Length {
        /// Rows that the project says there are.
        expected: u64,
        /// Rows that there are.
        found: u64,
    },
}

impl AuditEntry {
    /// The row that follows `previous`, with its hash.
    pub fn following(
        (sequence, previous): (u64, [u8; 32]),
        time: UnixTime,
        actor: Actor,
        act: Act,
        subject: String,
        detail: String,
    ) -> Self {
        let mut entry = Self {
            sequence: sequence.saturating_add(1),
            time,
            actor: actor.to_string(),
            act: act.name().to_owned(),
            subject,
            detail,
            previous,
            hash: [0; 32],
        };
        entry.hash = entry.compute_hash();
        entry
    }

    /// SHA-256 over every field, each text behind its length so that no two rows read alike.
    fn compute_hash(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(b"ostiary audit\0");
        hash.update(self.previous);
        hash.update(self.sequence.to_be_bytes());
        hash.update(self.time.0.to_be_bytes());
        for text in [&self.actor, &self.act, &self.subject, &self.detail] {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        }
        hash.finalize().into()
    }
}

/// The hash that stands before the first row of a project.
pub fn chain_start(project: ProjectId) -> [u8; 32] {
    Sha256::new().chain_update(b"ostiary audit start\0").chain_update(project.0).finalize().into()
}

/// Verifies rows that follow `(sequence, hash)`, and returns what the next ones have to follow.
///
/// # Errors
/// The first row that does not hold.
pub fn verify_chain(
    (mut sequence, mut previous): (u64, [u8; 32]),
    entries: &[AuditEntry],
) -> Result<(u64, [u8; 32]), AuditBreak> {
    for entry in entries {
        sequence = sequence.saturating_add(1);
        if entry.sequence != sequence || entry.previous != previous || entry.hash != entry.compute_hash() {
            return Err(AuditBreak::Row(sequence));
        }
        previous = entry.hash;
    }
    Ok((sequence, previous))
}

impl Act {
    /// Every act.
    pub const ALL: [Self; 73] = [
        Self::ProjectMade,
        Self::ProjectChanged,
        Self::AdministratorAdded,
        Self::AdministratorChanged,
        Self::AdministratorRemoved,
        Self::SignInLinkMade,
        Self::AccountLinked,
        Self::SignedIn,
        Self::SignInChanged,
        Self::TokenMade,
        Self::TokenRevoked,
        Self::ImportApplied,
        Self::UndoWindowSet,
        Self::ImportUndone,
        Self::SyncWaiting,
        Self::UserAdded,
        Self::UserEdited,
        Self::UserInvited,
        Self::InvitationReminded,
        Self::InvitationExpired,
        Self::InvitationVoided,
        Self::DeviceActivated,
        Self::DevicesRevoked,
        Self::UserSuspended,
        Self::UserResumed,
        Self::UserReset,
        Self::UserDeleted,
        Self::UserGone,
        Self::ReaderEnrolled,
        Self::ReaderEdited,
        Self::ReaderRevoked,
        Self::ListPublished,
        Self::IssuerKeyMade,
        Self::IssuerKeyActivated,
        Self::IssuerKeyRetired,
        Self::IssuerKeysResealed,
        Self::BackupRestored,
        Self::MailSettingsChanged,
        Self::MailTextChanged,
        Self::InvitationMailed,
        Self::MailTested,
        Self::AlertRecipientsChanged,
        Self::WebhookAdded,
        Self::WebhookChanged,
        Self::WebhookRemoved,
        Self::WebhookTested,
        Self::WebhookRedelivered,
        Self::TemplateAdded,
        Self::TemplateChanged,
        Self::TemplateApproved,
        Self::TemplateRemoved,
        Self::CardAdded,
        Self::CardEdited,
        Self::CardInvited,
        Self::CardInvitationMailed,
        Self::CardInvitationReminded,
        Self::CardInvitationExpired,
        Self::CardInvitationVoided,
        Self::CardEndTold,
        Self::CardsImported,
        Self::CardsImportUndone,
        Self::CardInstalled,
        Self::CardDeactivated,
        Self::CardReactivated,
        Self::CardArchived,
        Self::CardRestored,
        Self::CardUninstalled,
        Self::CardLocked,
        Self::CardUnlocked,
        Self::CardPhotoSet,
        Self::CardPhotoSent,
        Self::CardPhotoApproved,
        Self::CardPhotoRefused,
    ];

    /// The name in the log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ProjectMade => "project_made",
            Self::ProjectChanged => "project_changed",
            Self::AdministratorAdded => "administrator_added",
            Self::AdministratorChanged => "administrator_changed",
            Self::AdministratorRemoved => "administrator_removed",
            Self::SignInLinkMade => "sign_in_link_made",
            Self::AccountLinked => "account_linked",
            Self::SignedIn => "signed_in",
            Self::SignInChanged => "sign_in_changed",
            Self::TokenMade => "token_made",
            Self::TokenRevoked => "token_revoked",
            Self::ImportApplied => "import_applied",
            Self::UndoWindowSet => "undo_window_set",
            Self::ImportUndone => "import_undone",
            Self::SyncWaiting => "sync_waiting",
            Self::UserAdded => "user_added",
            Self::UserEdited => "user_edited",
            Self::UserInvited => "user_invited",
            Self::InvitationReminded => "invitation_reminded",
            Self::InvitationExpired => "invitation_expired",
            Self::InvitationVoided => "invitation_voided",
            Self::DeviceActivated => "device_activated",
            Self::DevicesRevoked => "devices_revoked",
            Self::UserSuspended => "user_suspended",
            Self::UserResumed => "user_resumed",
            Self::UserReset => "user_reset",
            Self::UserDeleted => "user_deleted",
            Self::UserGone => "user_gone",
            Self::ReaderEnrolled => "reader_enrolled",
            Self::ReaderEdited => "reader_edited",
            Self::ReaderRevoked => "reader_revoked",
            Self::ListPublished => "list_published",
            Self::IssuerKeyMade => "issuer_key_made",
            Self::IssuerKeyActivated => "issuer_key_activated",
            Self::IssuerKeyRetired => "issuer_key_retired",
            Self::IssuerKeysResealed => "issuer_keys_resealed",
            Self::BackupRestored => "backup_restored",
            Self::MailSettingsChanged => "mail_settings_changed",
            Self::MailTextChanged => "mail_text_changed",
            Self::InvitationMailed => "invitation_mailed",
            Self::MailTested => "mail_tested",
            Self::AlertRecipientsChanged => "alert_recipients_changed",
            Self::WebhookAdded => "webhook_added",
            Self::WebhookChanged => "webhook_changed",
            Self::WebhookRemoved => "webhook_removed",
            Self::WebhookTested => "webhook_tested",
            Self::WebhookRedelivered => "webhook_redelivered",
            Self::TemplateAdded => "template_added",
            Self::TemplateChanged => "template_changed",
            Self::TemplateApproved => "template_approved",
            Self::TemplateRemoved => "template_removed",
            Self::CardAdded => "card_added",
            Self::CardEdited => "card_edited",
            Self::CardInvited => "card_invited",
            Self::CardInvitationMailed => "card_invitation_mailed",
            Self::CardInvitationReminded => "card_invitation_reminded",
            Self::CardInvitationExpired => "card_invitation_expired",
            Self::CardInvitationVoided => "card_invitation_voided",
            Self::CardEndTold => "card_end_told",
            Self::CardsImported => "cards_imported",
            Self::CardsImportUndone => "cards_import_undone",
            Self::CardInstalled => "card_installed",
            Self::CardDeactivated => "card_deactivated",
            Self::CardReactivated => "card_reactivated",
            Self::CardArchived => "card_archived",
            Self::CardRestored => "card_restored",
            Self::CardUninstalled => "card_uninstalled",
            Self::CardLocked => "card_locked",
            Self::CardUnlocked => "card_unlocked",
            Self::CardPhotoSet => "card_photo_set",
            Self::CardPhotoSent => "card_photo_sent",
            Self::CardPhotoApproved => "card_photo_approved",
            Self::CardPhotoRefused => "card_photo_refused",
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Administrator { administrator, token } => {
                write!(f, "administrator {administrator} token {token}")
            }
            Self::SignedIn { administrator, session } => {
                write!(f, "administrator {administrator} session {session}")
            }
            Self::Operator => f.write_str("operator"),
            Self::Device(id) => write!(f, "device {id}"),
            Self::Manager => f.write_str("manager"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROJECT: ProjectId = ProjectId([7; 8]);

    fn chain(length: u64) -> Vec<AuditEntry> {
        let mut head = (0, chain_start(PROJECT));
        (0..length)
            .map(|number| {
                let entry = AuditEntry::following(
                    head,
                    UnixTime(100),
                    Actor::Operator,
                    Act::UserInvited,
                    format!("user {number}"),
                    String::new(),
                );
                head = (entry.sequence, entry.hash);
                entry
            })
            .collect()
    }

    #[test]
    fn an_untouched_chain_holds() {
        let entries = chain(5);
        let end = verify_chain((0, chain_start(PROJECT)), &entries);
        assert_eq!(end, Ok((5, entries[4].hash)));
    }

    #[test]
    fn every_changed_field_is_found_at_its_row() {
        let changes: [fn(&mut AuditEntry); 7] = [
            |entry| entry.time.0 += 1,
            |entry| entry.actor.push('x'),
            |entry| entry.act.push('x'),
            |entry| entry.subject.clear(),
            |entry| entry.detail.push('x'),
            |entry| entry.previous[0] ^= 1,
            |entry| entry.hash[31] ^= 1,
        ];
        for change in changes {
            let mut entries = chain(5);
            change(&mut entries[2]);
            assert_eq!(verify_chain((0, chain_start(PROJECT)), &entries), Err(AuditBreak::Row(3)));
        }
    }

    #[test]
    fn a_removed_or_exchanged_row_is_found() {
        let mut removed = chain(5);
        removed.remove(1);
        assert_eq!(verify_chain((0, chain_start(PROJECT)), &removed), Err(AuditBreak::Row(2)));
        let mut exchanged = chain(5);
        exchanged.swap(3, 4);
        assert_eq!(verify_chain((0, chain_start(PROJECT)), &exchanged), Err(AuditBreak::Row(4)));
        assert_eq!(verify_chain((0, chain_start(ProjectId([8; 8]))), &chain(1)), Err(AuditBreak::Row(1)));
    }

    #[test]
    fn text_cannot_move_between_fields() {
        let entry = |subject: &str, detail: &str| {
            let head = (0, chain_start(PROJECT));
            AuditEntry::following(
                head,
                UnixTime(1),
                Actor::Manager,
                Act::UserDeleted,
                subject.into(),
                detail.into(),
            )
        };
        assert_ne!(entry("ab", "c").hash, entry("a", "bc").hash);
    }
}
