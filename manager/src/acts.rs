//! What the manager does: each method of [`Manager`](crate::Manager) is one transaction of the rules on the store.

mod access;
mod activating;
mod auditing;
mod importing;
mod inviting;
mod projects;
mod readers;
mod renewing;
mod revoking;
mod upkeep;
mod users;
mod watching;

pub use access::Caller;
pub use activating::{Activation, ChallengeGiven, DeviceAnswer};
pub use importing::ImportPlan;
pub use inviting::IssuedInvitation;
pub use readers::{EnrolledReader, NewReader};
pub use revoking::Revocation;
pub use users::DeviceSummary;
pub use watching::Unready;
