//! Where mail stands, and what administrators are told.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::ids::UnixTime;

/// What became of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MailState {
    /// It waits to be sent.
    Queued,
    /// A server has taken it, or it lies in the outbox directory.
    Sent,
    /// It was not taken and will be tried again.
    Deferred,
    /// It will not arrive.
    Bounced,
    /// What it was about was over before it was sent.
    Dropped,
}

/// Where the last mail to a user stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct MailStanding {
    /// Names the mail.
    pub id: Uuid,
    /// The kind of mail.
    pub kind: String,
    /// What became of it.
    pub state: MailState,
    /// Since when.
    #[schema(value_type = u32)]
    pub since: UnixTime,
    /// The class of the last error, if there was one.
    pub error: Option<String>,
}

/// Something that administrators are told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlertKind {
    /// A mail to a user will not arrive.
    MailBounced,
    /// No mail can be sent at all.
    MailBroken,
    /// An import by itself waits for somebody to confirm it.
    ImportStopped,
    /// A list that lay in a watched folder cannot be applied.
    ImportRefused,
    /// A webhook was turned off because it failed for too long.
    WebhookDisabled,
    /// Something that a webhook was to be told was given up.
    WebhookFailed,
    /// An issuer key should be exchanged soon.
    IssuerKeyExpiring,
    /// The project signs with another issuer key now.
    IssuerKeyRotated,
}

impl MailState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Queued, Self::Sent, Self::Deferred, Self::Bounced, Self::Dropped];

    /// The name in the store and in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Deferred => "deferred",
            Self::Bounced => "bounced",
            Self::Dropped => "dropped",
        }
    }

    /// Undoes [`MailState::name`].
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

impl AlertKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::MailBounced,
        Self::MailBroken,
        Self::ImportStopped,
        Self::ImportRefused,
        Self::WebhookDisabled,
        Self::WebhookFailed,
        Self::IssuerKeyExpiring,
        Self::IssuerKeyRotated,
    ];

    /// The name in the store and in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MailBounced => "mail_bounced",
            Self::MailBroken => "mail_broken",
            Self::ImportStopped => "import_stopped",
            Self::ImportRefused => "import_refused",
            Self::WebhookDisabled => "webhook_disabled",
            Self::WebhookFailed => "webhook_failed",
            Self::IssuerKeyExpiring => "issuer_key_expiring",
            Self::IssuerKeyRotated => "issuer_key_rotated",
        }
    }

    /// Undoes [`AlertKind::name`].
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}
