//! What the manager does: each method of [`Manager`](crate::Manager) is one transaction of the rules on the store.

mod activating;
mod administrators;
mod audit_log;
mod auditing;
mod exporting;
mod importing;
mod inviting;
mod keys;
mod mailing;
mod projects;
mod readers;
mod renewing;
mod revoking;
mod syncing;
mod tokens;
mod undoing;
mod upkeep;
mod users;
mod watching;

pub use activating::{Activation, ChallengeGiven, DeviceAnswer};
pub use administrators::AdministratorChange;
pub use audit_log::AuditFilter;
pub use importing::{ImportOptions, ImportPlan, Origin, PlanSummary};
pub use inviting::IssuedInvitation;
pub use mailing::{BounceTaken, MailPreview, MailSettings, MailSettingsEdit, MailTextState, MailTextView};
pub use readers::{EnrolledReader, NewReader, ReaderEdit, ReaderSummary};
pub(crate) use renewing::RenewalQueue;
pub use revoking::{PublishedList, Revocation};
pub(crate) use tokens::insert_first_owner;
pub use tokens::{Caller, NewToken};
pub use undoing::Undone;
pub use users::DeviceSummary;
pub use watching::Unready;
