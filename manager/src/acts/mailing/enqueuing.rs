//! Writing mail into the outbox, in the transaction of the act that it is about.

use uuid::Uuid;

use crate::domain::{InvitationCode, Person, UnixTime};
use crate::error::Error;
use crate::mail::{Language, MailKind, StoredAlert, StoredFields, is_sendable};
use crate::manager::Manager;
use crate::store::{Holders, NewMail, Transaction};

impl Manager {
    /// Mails an invitation that was just made: its secret is kept, sealed, until the invitation is used, void or over.
    pub(crate) async fn mail_invitation(
        &self,
        tx: &mut Transaction,
        kind: MailKind,
        (user, person): (Uuid, &Person),
        (invitation, code): (Uuid, &InvitationCode),
    ) -> Result<(), Error> {
        let label = self.secret_label(invitation);
        let sealed = self.vault().seal(&label, code.canonical().as_bytes())?;
        tx.keep_invitation_secret(Holders::Users, self.project_id(), &code.hash(), &sealed).await?;
        self.enqueue(tx, kind, (user, person), Some(invitation), &person.email, Vec::new()).await
    }

    /// Mails a reminder of an invitation that is open; `false` if its secret was not kept, so that there is nothing to
    /// mail.
    pub(crate) async fn mail_reminder(
        &self,
        tx: &mut Transaction,
        kind: MailKind,
        (user, person): (Uuid, &Person),
    ) -> Result<bool, Error> {
        let Some(invitation) = tx.mailable_invitation(Holders::Users, self.project_id(), user).await? else {
            return Ok(false);
        };
        self.enqueue(tx, kind, (user, person), Some(invitation.id), &person.email, Vec::new()).await?;
        Ok(true)
    }

    /// Mails a user about something that has no secret in it, from `not_before` on; whoever was never written to hears
    /// nothing.
    pub(crate) async fn mail_user(
        &self,
        tx: &mut Transaction,
        kind: MailKind,
        (user, person): (Uuid, &Person),
        not_before: UnixTime,
    ) -> Result<(), Error> {
        if !tx.was_mailed(self.project_id(), user).await? {
            return Ok(());
        }
        let fields = stored(person, Vec::new());
        let to = (Some(user), None);
        self.insert(tx, kind, to, None, &person.email, None, &fields, not_before).await
    }

    /// Mails a user what changed, to the old address too if it is another one; whoever was never written to hears
    /// nothing.
    pub(crate) async fn mail_change(
        &self,
        tx: &mut Transaction,
        (user, new): (Uuid, &Person),
        old: &Person,
    ) -> Result<(), Error> {
        let sync_id = |person: &Person| person.sync_id.clone().unwrap_or_default();
        let fields = [
            ("first_name", &old.first_name, &new.first_name),
            ("last_name", &old.last_name, &new.last_name),
            ("email", &old.email, &new.email),
            ("user_id", &old.user_id, &new.user_id),
            ("sync_id", &sync_id(old), &sync_id(new)),
        ];
        let changes: Vec<(String, String)> = fields
            .into_iter()
            .filter(|(_, old, new)| old != new)
            .map(|(field, _, new)| (field.to_owned(), new.clone()))
            .collect();
        if changes.is_empty() || !tx.was_mailed(self.project_id(), user).await? {
            return Ok(());
        }
        if old.email != new.email {
            self.enqueue(tx, MailKind::UserChanged, (user, new), None, &old.email, changes.clone()).await?;
        }
        self.enqueue(tx, MailKind::UserChanged, (user, new), None, &new.email, changes).await
    }

    /// Mails somebody who is told of alerts.
    pub(super) async fn mail_alert(
        &self,
        tx: &mut Transaction,
        address: &str,
        language: Language,
        alert: StoredAlert,
    ) -> Result<(), Error> {
        let fields = StoredFields { alert: Some(alert), ..StoredFields::default() };
        self.insert(tx, MailKind::Alert, (None, None), None, address, Some(language), &fields, self.now())
            .await
    }

    /// Mails a test.
    pub(super) async fn mail_test(
        &self,
        tx: &mut Transaction,
        address: &str,
        language: Option<Language>,
    ) -> Result<(), Error> {
        let fields = StoredFields::default();
        self.insert(tx, MailKind::Test, (None, None), None, address, language, &fields, self.now()).await
    }

    /// What the secret of an invitation is sealed as, so that it opens as nothing else.
    pub(super) fn secret_label(&self, invitation: Uuid) -> Vec<u8> {
        [b"ostiary invitation secret\0".as_slice(), &self.project_id().0, invitation.as_bytes()].concat()
    }

    async fn enqueue(
        &self,
        tx: &mut Transaction,
        kind: MailKind,
        (user, person): (Uuid, &Person),
        invitation: Option<Uuid>,
        address: &str,
        changes: Vec<(String, String)>,
    ) -> Result<(), Error> {
        let fields = stored(person, changes);
        self.insert(tx, kind, (Some(user), None), invitation, address, None, &fields, self.now()).await
    }

    #[expect(clippy::too_many_arguments, reason = "the columns of a row, set in this file only")]
    pub(super) async fn insert(
        &self,
        tx: &mut Transaction,
        kind: MailKind,
        (user, card): (Option<Uuid>, Option<Uuid>),
        invitation: Option<Uuid>,
        address: &str,
        language: Option<Language>,
        fields: &StoredFields,
        not_before: UnixTime,
    ) -> Result<(), Error> {
        if !is_sendable(address) {
            // Addresses are checked when they come in; one that passed there and cannot be sent to bounces later.
            tracing::warn!(kind = kind.name(), "a mail goes to an address that cannot be sent to");
        }
        let now = self.now();
        let id = self.ids().next(now);
        let mail = NewMail { id, kind, user, card, invitation, address, language, fields, not_before };
        Ok(tx.enqueue_mail(self.project_id(), &mail, now).await?)
    }
}

fn stored(person: &Person, changes: Vec<(String, String)>) -> StoredFields {
    let (first_name, last_name) = (person.first_name.clone(), person.last_name.clone());
    StoredFields { first_name, last_name, changes, ..StoredFields::default() }
}
