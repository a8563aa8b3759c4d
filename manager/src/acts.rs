//! What the manager does: each method of [`Manager`](crate::Manager) is one transaction of the rules on the store.

mod activating;
mod adding;
mod administrators;
mod audit_log;
mod auditing;
mod cards;
mod collecting;
mod deleting;
mod devices;
mod editing;
mod exporting;
mod importing;
mod inviting;
mod keys;
mod mailing;
mod progress;
mod projects;
mod provisioning;
mod readers;
mod reminding;
mod renewing;
mod reporting;
mod resetting;
mod revoking;
mod signing;
mod suspending;
mod syncing;
mod tokens;
mod turning;
mod undoing;
mod upkeep;
mod users;
mod watching;
mod webhooks;

pub use activating::{Activation, ChallengeGiven, DeviceAnswer};
pub use administrators::AdministratorChange;
pub use audit_log::AuditFilter;
pub use cards::{
    CardImportOptions, CardImportPlan, CardInvitation, CardValidation, CardsUndone, InstalledCard,
    ValidatedCard,
};
pub use devices::{DeviceSummary, ReaderAwareness, RevocationState};
pub use editing::EditedUser;
pub use importing::{ImportOptions, ImportPlan, Origin, PlanSummary};
pub use inviting::IssuedInvitation;
pub use mailing::{BounceTaken, MailPreview, MailSettings, MailSettingsEdit, MailTextState, MailTextView};
pub use progress::Progress;
pub(crate) use provisioning::NotProvisioned;
pub use readers::{EnrolledReader, NewReader, ReaderEdit, ReaderSummary};
pub(crate) use renewing::RenewalQueue;
pub use reporting::ReportTaken;
pub use revoking::{PublishedList, Revocation};
pub use signing::SignInLink;
pub(crate) use signing::{Finished, NewPassword, NewSession, Newcomer, Password, Visitor, relying_party};
pub(crate) use tokens::insert_first_owner;
pub use tokens::{Caller, NewToken};
pub use undoing::Undone;
pub use users::{UserPage, UserQuery};
pub use watching::Unready;
pub use webhooks::{NewWebhook, WebhookEdit};
