//! What the texts of mail are filled in with.

use serde::{Deserialize, Serialize};

use super::Language;
use super::dates::moment;
use crate::domain::{AlertKind, UnixTime};

/// The fields of a mail; each kind has the common ones and its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct MailFields {
    /// What people call the project.
    pub(crate) project: String,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    /// First and last name.
    pub(crate) name: String,
    #[serde(flatten)]
    pub(crate) invitation: Option<InvitationFields>,
    #[serde(flatten)]
    pub(crate) change: Option<ChangeFields>,
    #[serde(flatten)]
    pub(crate) alert: Option<AlertFields>,
    #[serde(flatten)]
    pub(crate) card: Option<CardFields>,
}

/// What of it is written into the outbox together with the mail: nothing secret, and no words of a language.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredFields {
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    /// What changed, as the name of the field and its new value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) changes: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) alert: Option<StoredAlert>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) card: Option<StoredCard>,
}

/// A card that a mail is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredCard {
    /// What people call the kind of card.
    pub(crate) kind: String,
    pub(crate) card_id: String,
    /// When it ends and the time zone of that, if it does.
    pub(crate) end: Option<(u32, String)>,
}

/// What administrators are told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredAlert {
    pub(crate) kind: AlertKind,
    /// How often it happened since the last mail about it.
    pub(crate) count: u32,
    /// The first few times, each in one line.
    pub(crate) details: Vec<String>,
}

/// The fields of a mail about an invitation that is open.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub(crate) struct InvitationFields {
    pub(crate) link: String,
    /// The code to type, in groups.
    pub(crate) code: String,
    /// When it ends, as people read it.
    pub(crate) expires: String,
}

/// The fields of a mail about a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ChangeFields {
    pub(crate) changes: Vec<ChangedField>,
}

/// A field with its new value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ChangedField {
    pub(crate) field: &'static str,
    pub(crate) value: String,
}

/// The fields of a mail about a card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct CardFields {
    /// What people call the kind of card.
    pub(crate) card: String,
    /// The number on it.
    pub(crate) card_id: String,
    /// When it ends, as people read it; nothing if it does not.
    pub(crate) ends: String,
}

/// The fields of an alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct AlertFields {
    /// What happened, in one sentence.
    pub(crate) alert: &'static str,
    pub(crate) count: u32,
    pub(crate) details: Vec<String>,
}

impl MailFields {
    /// The fields of a mail of `project` in a language.
    pub(crate) fn new(
        project: &str,
        stored: &StoredFields,
        invitation: Option<InvitationFields>,
        language: Language,
    ) -> Self {
        let StoredFields { first_name, last_name, changes, alert, card } = stored;
        let ends = |card: &StoredCard| match &card.end {
            Some((at, zone)) => moment(UnixTime(*at), zone, language),
            None => String::new(),
        };
        let changed = |(field, value): &(String, String)| ChangedField {
            field: field_label(field, language),
            value: value.clone(),
        };
        Self {
            project: project.to_owned(),
            first_name: first_name.clone(),
            last_name: last_name.clone(),
            name: format!("{first_name} {last_name}").trim().to_owned(),
            invitation,
            change: (!changes.is_empty())
                .then(|| ChangeFields { changes: changes.iter().map(changed).collect() }),
            alert: alert.as_ref().map(|StoredAlert { kind, count, details }| AlertFields {
                alert: sentence(*kind, language),
                count: *count,
                details: details.clone(),
            }),
            card: card.as_ref().map(|card| CardFields {
                card: card.kind.clone(),
                card_id: card.card_id.clone(),
                ends: ends(card),
            }),
        }
    }
}

/// What a field of a person is called.
fn field_label(field: &str, language: Language) -> &'static str {
    match (field, language) {
        ("first_name", Language::En) => "First name",
        ("first_name", Language::De) => "Vorname",
        ("last_name", Language::En) => "Last name",
        ("last_name", Language::De) => "Nachname",
        ("email", Language::En) => "E-mail address",
        ("email", Language::De) => "E-Mail-Adresse",
        ("user_id", _) => "ID",
        ("sync_id", _) => "Sync ID",
        (_, Language::En) => "Other",
        (_, Language::De) => "Sonstiges",
    }
}

/// What happened, in one sentence.
const fn sentence(kind: AlertKind, language: Language) -> &'static str {
    match (kind, language) {
        (AlertKind::MailBounced, Language::En) => "Mail to users did not arrive",
        (AlertKind::MailBounced, Language::De) => "E-Mails an Benutzer sind nicht angekommen",
        (AlertKind::MailBroken, Language::En) => "No mail could be sent for a while",
        (AlertKind::MailBroken, Language::De) => "Eine Zeit lang konnten keine E-Mails gesendet werden",
        (AlertKind::ImportStopped, Language::En) => "An import waits for your confirmation",
        (AlertKind::ImportStopped, Language::De) => "Ein Import wartet auf Ihre Bestätigung",
        (AlertKind::ImportRefused, Language::En) => "A list of people could not be imported",
        (AlertKind::ImportRefused, Language::De) => "Eine Personenliste konnte nicht importiert werden",
        (AlertKind::WebhookDisabled, Language::En) => {
            "A webhook was turned off because it failed for too long"
        }
        (AlertKind::WebhookDisabled, Language::De) => {
            "Ein Webhook wurde abgeschaltet, weil er zu lange gescheitert ist"
        }
        (AlertKind::WebhookFailed, Language::En) => "A webhook did not take what it was to be told",
        (AlertKind::WebhookFailed, Language::De) => {
            "Ein Webhook hat nicht angenommen, was ihm mitgeteilt werden sollte"
        }
        (AlertKind::IssuerKeyExpiring, Language::En) => "An issuer key should be exchanged soon",
        (AlertKind::IssuerKeyExpiring, Language::De) => {
            "Ein Ausstellerschlüssel sollte bald gewechselt werden"
        }
        (AlertKind::IssuerKeyRotated, Language::En) => "The issuer key was exchanged",
        (AlertKind::IssuerKeyRotated, Language::De) => "Der Ausstellerschlüssel wurde gewechselt",
    }
}

impl std::fmt::Debug for InvitationFields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InvitationFields(..)")
    }
}
