//! What can be done, by names that stay.

/// Each act once: what it is, and its name in the log.
macro_rules! acts {
    ($($(#[$doc:meta])+ $act:ident => $name:literal,)+) => {
        /// What was done.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Act {
            $($(#[$doc])+ $act,)+
        }

        impl Act {
            /// Every act.
            pub const ALL: &[Self] = &[$(Self::$act),+];

            /// The name in the log.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$act => $name,)+
                }
            }
        }
    };
}

acts! {
    /// A project was made.
    ProjectMade => "project_made",
    /// Settings of the project were changed.
    ProjectChanged => "project_changed",
    /// An administrator was added.
    AdministratorAdded => "administrator_added",
    /// Name, address or role of an administrator was changed.
    AdministratorChanged => "administrator_changed",
    /// An administrator was removed.
    AdministratorRemoved => "administrator_removed",
    /// A sign-in link was made for an administrator.
    SignInLinkMade => "sign_in_link_made",
    /// A sign-in link was opened: its account acts as the administrator from now on.
    AccountLinked => "account_linked",
    /// An administrator signed in to the page.
    SignedIn => "signed_in",
    /// What an administrator signs in with was changed.
    SignInChanged => "sign_in_changed",
    /// A passkey was refused because its counter fell: there may be a copy of it.
    PasskeySuspected => "passkey_suspected",
    /// An API token was made.
    TokenMade => "token_made",
    /// An API token was revoked.
    TokenRevoked => "token_revoked",
    /// An import was applied.
    ImportApplied => "import_applied",
    /// The time in which imports can be undone was set.
    UndoWindowSet => "undo_window_set",
    /// An import was undone.
    ImportUndone => "import_undone",
    /// A list that was brought by a program deletes so many users that it has to be confirmed.
    SyncWaiting => "sync_waiting",
    /// A user was added.
    UserAdded => "user_added",
    /// What is known of a user was changed.
    UserEdited => "user_edited",
    /// A user was invited.
    UserInvited => "user_invited",
    /// The holder of an invitation that waits was reminded.
    InvitationReminded => "invitation_reminded",
    /// An invitation expired unused.
    InvitationExpired => "invitation_expired",
    /// An invitation was voided by wrong answers.
    InvitationVoided => "invitation_voided",
    /// A device redeemed an invitation.
    DeviceActivated => "device_activated",
    /// The devices of a user were revoked.
    DevicesRevoked => "devices_revoked",
    /// A user was suspended.
    UserSuspended => "user_suspended",
    /// The suspension of a user ended.
    UserResumed => "user_resumed",
    /// A user started over, by the holder's or an administrator's wish.
    UserReset => "user_reset",
    /// A user was deleted.
    UserDeleted => "user_deleted",
    /// The phones of a deleted user have learned of it, or hold nothing any more.
    UserGone => "user_gone",
    /// A reader was enrolled.
    ReaderEnrolled => "reader_enrolled",
    /// What is set about a reader was changed.
    ReaderEdited => "reader_edited",
    /// A reader was revoked.
    ReaderRevoked => "reader_revoked",
    /// A revocation list was published although nothing was revoked.
    ListPublished => "list_published",
    /// An issuer key was made.
    IssuerKeyMade => "issuer_key_made",
    /// An issuer key began to sign.
    IssuerKeyActivated => "issuer_key_activated",
    /// An issuer key is no longer accepted.
    IssuerKeyRetired => "issuer_key_retired",
    /// The issuer keys were sealed under another passphrase or key file.
    IssuerKeysResealed => "issuer_keys_resealed",
    /// The database was restored from a backup.
    BackupRestored => "backup_restored",
    /// The settings of mail were changed.
    MailSettingsChanged => "mail_settings_changed",
    /// A text of mail was changed.
    MailTextChanged => "mail_text_changed",
    /// An invitation was mailed again.
    InvitationMailed => "invitation_mailed",
    /// A test mail was written.
    MailTested => "mail_tested",
    /// Who is told of alerts was changed.
    AlertRecipientsChanged => "alert_recipients_changed",
    /// An endpoint for webhooks was added.
    WebhookAdded => "webhook_added",
    /// An endpoint for webhooks was changed, or turned off or on.
    WebhookChanged => "webhook_changed",
    /// An endpoint for webhooks was given another secret.
    WebhookSecretExchanged => "webhook_secret_exchanged",
    /// An endpoint for webhooks was removed.
    WebhookRemoved => "webhook_removed",
    /// A test was queued for an endpoint for webhooks.
    WebhookTested => "webhook_tested",
    /// An endpoint for webhooks is told something once more.
    WebhookRedelivered => "webhook_redelivered",
    /// A card template was added.
    TemplateAdded => "template_added",
    /// The design of a card template was changed.
    TemplateChanged => "template_changed",
    /// A card template was approved.
    TemplateApproved => "template_approved",
    /// A draft of a card template was removed.
    TemplateRemoved => "template_removed",
    /// A card was added.
    CardAdded => "card_added",
    /// What stands on a card was changed.
    CardEdited => "card_edited",
    /// The holder of a card was invited.
    CardInvited => "card_invited",
    /// The open invitation to a card was mailed again.
    CardInvitationMailed => "card_invitation_mailed",
    /// The holder of a card was reminded of an invitation.
    CardInvitationReminded => "card_invitation_reminded",
    /// An invitation to a card has expired unused.
    CardInvitationExpired => "card_invitation_expired",
    /// An invitation to a card was voided by wrong proofs.
    CardInvitationVoided => "card_invitation_voided",
    /// The holder of a card was told of its end.
    CardEndTold => "card_end_told",
    /// A list of cards was imported.
    CardsImported => "cards_imported",
    /// An import of cards was undone.
    CardsImportUndone => "cards_import_undone",
    /// A phone installed a card.
    CardInstalled => "card_installed",
    /// A card was deactivated.
    CardDeactivated => "card_deactivated",
    /// A card was reactivated.
    CardReactivated => "card_reactivated",
    /// A card was archived.
    CardArchived => "card_archived",
    /// An archived card came back.
    CardRestored => "card_restored",
    /// A card was taken off its phone.
    CardUninstalled => "card_uninstalled",
    /// A card was locked by wrong answers.
    CardLocked => "card_locked",
    /// A card was unlocked.
    CardUnlocked => "card_unlocked",
    /// The photo of a card was set or taken away.
    CardPhotoSet => "card_photo_set",
    /// The holder of a card sent a photo.
    CardPhotoSent => "card_photo_sent",
    /// A photo that the holder sent was approved.
    CardPhotoApproved => "card_photo_approved",
    /// A photo that the holder sent was refused.
    CardPhotoRefused => "card_photo_refused",
}
