//! The texts of mail: which there are, the project's own ones, and how they will look.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::{Act, Actor, Expected};
use crate::error::{Error, Refusal};
use crate::mail::{
    InvitationFields, Language, MailFields, MailKind, MailText, StoredFields, check, render, sample,
    with_picture,
};
use crate::manager::Manager;

/// Whether a project has a text of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct MailTextState {
    /// The kind of mail.
    pub kind: MailKind,
    /// The language.
    pub language: Language,
    /// Whether the project has a text of its own.
    pub own: bool,
}

/// A text with its placeholders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct MailTextView {
    /// The kind of mail.
    pub kind: MailKind,
    /// The language.
    pub language: Language,
    /// Whether the project has a text of its own.
    pub own: bool,
    /// The subject.
    pub subject: String,
    /// The part that every mail program shows.
    pub plain: String,
    /// The body of the HTML part.
    pub html: String,
}

/// A text that was filled in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct MailPreview {
    /// The subject.
    pub subject: String,
    /// The part that every mail program shows.
    pub plain: String,
    /// The HTML part, with its QR code in it.
    pub html: String,
}

impl Manager {
    /// Every text, and whether it is the project's own.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn mail_texts(&self) -> Result<Vec<MailTextState>, Error> {
        let own = self.read().await?.own_mail_texts(self.project_id()).await?;
        let is_own = |kind: MailKind, language: Language| {
            own.iter().any(|(own, own_language)| own == kind.name() && own_language == language.name())
        };
        let states = MailKind::ALL.into_iter().flat_map(|kind| {
            let state = move |language| (kind, language);
            Language::ALL.into_iter().map(state)
        });
        Ok(states
            .map(|(kind, language)| MailTextState { kind, language, own: is_own(kind, language) })
            .collect())
    }

    /// A text: the project's own, or the standard one.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn mail_text(&self, kind: MailKind, language: Language) -> Result<MailTextView, Error> {
        let own = self.read().await?.mail_text(self.project_id(), kind, language).await?;
        Ok(view(kind, language, own))
    }

    /// Gives the project a text of its own, if the text is still the one that is to be replaced.
    ///
    /// # Errors
    /// [`Refusal::MailText`] when it cannot be filled in, or lacks what the mail is for, [`Refusal::PreconditionFailed`].
    pub async fn set_mail_text(
        &self,
        actor: Actor,
        expected: &Expected,
        (kind, language): (MailKind, Language),
        text: &MailText,
    ) -> Result<(), Error> {
        check(kind, language, text).map_err(Refusal::MailText)?;
        let mut tx = self.write().await?;
        let own = tx.mail_text(self.project_id(), kind, language).await?;
        if !expected.holds(&view(kind, language, own)) {
            return Err(Refusal::PreconditionFailed.into());
        }
        tx.put_mail_text(self.project_id(), kind, language, text, self.now()).await?;
        let subject = format!("{} {}", kind.name(), language.name());
        self.note(&mut tx, actor, Act::MailTextChanged, subject, "set").await?;
        Ok(tx.commit().await?)
    }

    /// Takes the project's own text away, so that the standard one is used.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn reset_mail_text(
        &self,
        actor: Actor,
        kind: MailKind,
        language: Language,
    ) -> Result<(), Error> {
        let mut tx = self.write().await?;
        if tx.delete_mail_text(self.project_id(), kind, language).await? {
            let subject = format!("{} {}", kind.name(), language.name());
            self.note(&mut tx, actor, Act::MailTextChanged, subject, "reset").await?;
        }
        Ok(tx.commit().await?)
    }

    /// What a mail would say to a user, or to somebody made up; a code in it is made up in any case.
    ///
    /// # Errors
    /// [`Refusal::UserUnknown`], [`Refusal::MailText`].
    pub async fn preview_mail(
        &self,
        kind: MailKind,
        language: Language,
        user: Option<Uuid>,
    ) -> Result<MailPreview, Error> {
        let MailTextView { subject, plain, html, .. } = self.mail_text(kind, language).await?;
        self.try_mail_text(kind, language, &MailText { subject, plain, html }, user).await
    }

    /// What a mail would say with a text that the project does not have, as [`Manager::preview_mail`] shows it.
    ///
    /// # Errors
    /// [`Refusal::UserUnknown`], [`Refusal::MailText`].
    pub async fn try_mail_text(
        &self,
        kind: MailKind,
        language: Language,
        text: &MailText,
        user: Option<Uuid>,
    ) -> Result<MailPreview, Error> {
        let mut fields = sample(kind, language);
        fields.project.clone_from(&self.project().name);
        if let Some(user) = user {
            let person = self.user(user).await?.person;
            let (first_name, last_name) = (person.first_name, person.last_name);
            let stored = StoredFields { first_name, last_name, ..StoredFields::default() };
            let MailFields { invitation, change, alert, card, .. } = fields;
            let link = |fields: InvitationFields| InvitationFields {
                link: fields.link.replace("https://doors.example", &self.project().public_url),
                ..fields
            };
            let invitation = invitation.map(link);
            let named = MailFields::new(&self.project().name, &stored, invitation, language);
            fields = MailFields { change, alert, card, ..named };
        }
        let rendered = render(text, &fields, language).map_err(Refusal::MailText)?;
        let html = match &fields.invitation {
            Some(invitation) => with_picture(&rendered.html, &invitation.link),
            None => rendered.html,
        };
        Ok(MailPreview { subject: rendered.subject, plain: rendered.plain, html })
    }
}

/// A text as it is shown: the project's own, or else the standard one.
fn view(kind: MailKind, language: Language, own: Option<MailText>) -> MailTextView {
    let is_own = own.is_some();
    let MailText { subject, plain, html } = own.unwrap_or_else(|| MailText::standard(kind, language));
    MailTextView { kind, language, own: is_own, subject, plain, html }
}
