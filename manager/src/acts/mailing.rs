//! Mail: written together with the act that it is about, sent later, reported on later still.

mod alerting;
mod bouncing;
mod cards;
mod enqueuing;
mod looking;
mod sending;
mod settings;
mod texts;

pub use bouncing::BounceTaken;
pub use settings::{MailSettings, MailSettingsEdit};
pub use texts::{MailPreview, MailTextState, MailTextView};
