//! The texts that mail is made of, as they are unless a project has its own.

use super::{Language, MailKind};

/// The text of a kind of mail in a language, with placeholders such as `{{ link }}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailText {
    /// The subject.
    pub subject: String,
    /// The part that every mail program shows.
    pub plain: String,
    /// What stands in the body of the HTML part, between its head and its foot.
    pub html: String,
}

/// What begins the first line of a text in a file.
const SUBJECT: &str = "Subject: ";

impl MailText {
    /// The text that is used unless the project has its own.
    pub fn standard(kind: MailKind, language: Language) -> Self {
        let (plain, html) = match language {
            Language::En => english(kind),
            Language::De => german(kind),
        };
        let (subject, plain) = Self::from_file(plain).unwrap_or_default();
        Self { subject, plain, html: html.to_owned() }
    }

    /// The subject and the plain text of a file that begins with `Subject: …` and an empty line.
    pub fn from_file(file: &str) -> Option<(String, String)> {
        let file = file.replace("\r\n", "\n");
        let (subject, plain) = file.strip_prefix(SUBJECT)?.split_once("\n\n")?;
        Some((subject.trim().to_owned(), plain.to_owned()))
    }

    /// Undoes [`MailText::from_file`].
    pub fn to_file(&self) -> String {
        format!("{SUBJECT}{}\n\n{}", self.subject, self.plain)
    }
}

const fn english(kind: MailKind) -> (&'static str, &'static str) {
    match kind {
        MailKind::Invitation => {
            (include_str!("texts/en/invitation.txt"), include_str!("texts/en/invitation.html"))
        }
        MailKind::Reinvitation => {
            (include_str!("texts/en/reinvitation.txt"), include_str!("texts/en/reinvitation.html"))
        }
        MailKind::InvitationReminder => (
            include_str!("texts/en/invitation_reminder.txt"),
            include_str!("texts/en/invitation_reminder.html"),
        ),
        MailKind::InvitationExpired => (
            include_str!("texts/en/invitation_expired.txt"),
            include_str!("texts/en/invitation_expired.html"),
        ),
        MailKind::UserChanged => {
            (include_str!("texts/en/user_changed.txt"), include_str!("texts/en/user_changed.html"))
        }
        MailKind::Deletion => (include_str!("texts/en/deletion.txt"), include_str!("texts/en/deletion.html")),
        MailKind::CardInvitation => {
            (include_str!("texts/en/card_invitation.txt"), include_str!("texts/en/card_invitation.html"))
        }
        MailKind::CardInvitationReminder => (
            include_str!("texts/en/card_invitation_reminder.txt"),
            include_str!("texts/en/card_invitation_reminder.html"),
        ),
        MailKind::CardInvitationExpired => (
            include_str!("texts/en/card_invitation_expired.txt"),
            include_str!("texts/en/card_invitation_expired.html"),
        ),
        MailKind::CardExpiring => {
            (include_str!("texts/en/card_expiring.txt"), include_str!("texts/en/card_expiring.html"))
        }
        MailKind::CardExpired => {
            (include_str!("texts/en/card_expired.txt"), include_str!("texts/en/card_expired.html"))
        }
        MailKind::Alert => (include_str!("texts/en/alert.txt"), include_str!("texts/en/alert.html")),
        MailKind::Test => (include_str!("texts/en/test.txt"), include_str!("texts/en/test.html")),
    }
}

const fn german(kind: MailKind) -> (&'static str, &'static str) {
    match kind {
        MailKind::Invitation => {
            (include_str!("texts/de/invitation.txt"), include_str!("texts/de/invitation.html"))
        }
        MailKind::Reinvitation => {
            (include_str!("texts/de/reinvitation.txt"), include_str!("texts/de/reinvitation.html"))
        }
        MailKind::InvitationReminder => (
            include_str!("texts/de/invitation_reminder.txt"),
            include_str!("texts/de/invitation_reminder.html"),
        ),
        MailKind::InvitationExpired => (
            include_str!("texts/de/invitation_expired.txt"),
            include_str!("texts/de/invitation_expired.html"),
        ),
        MailKind::UserChanged => {
            (include_str!("texts/de/user_changed.txt"), include_str!("texts/de/user_changed.html"))
        }
        MailKind::Deletion => (include_str!("texts/de/deletion.txt"), include_str!("texts/de/deletion.html")),
        MailKind::CardInvitation => {
            (include_str!("texts/de/card_invitation.txt"), include_str!("texts/de/card_invitation.html"))
        }
        MailKind::CardInvitationReminder => (
            include_str!("texts/de/card_invitation_reminder.txt"),
            include_str!("texts/de/card_invitation_reminder.html"),
        ),
        MailKind::CardInvitationExpired => (
            include_str!("texts/de/card_invitation_expired.txt"),
            include_str!("texts/de/card_invitation_expired.html"),
        ),
        MailKind::CardExpiring => {
            (include_str!("texts/de/card_expiring.txt"), include_str!("texts/de/card_expiring.html"))
        }
        MailKind::CardExpired => {
            (include_str!("texts/de/card_expired.txt"), include_str!("texts/de/card_expired.html"))
        }
        MailKind::Alert => (include_str!("texts/de/alert.txt"), include_str!("texts/de/alert.html")),
        MailKind::Test => (include_str!("texts/de/test.txt"), include_str!("texts/de/test.html")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_written_to_a_file_as_it_was_read() {
        let text = MailText::standard(MailKind::Invitation, Language::De);
        assert_eq!(MailText::from_file(&text.to_file()), Some((text.subject, text.plain)));
        assert_eq!(MailText::from_file("Subject: a\r\n\r\nb\r\nc"), Some(("a".into(), "b\nc".into())));
        assert_eq!(MailText::from_file("Hello"), None);
        assert_eq!(MailText::from_file("Subject: a\nb"), None);
    }
}
