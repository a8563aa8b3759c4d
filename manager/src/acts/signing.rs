//! Signing in to the administrators' page: links for the first time, passkeys, passwords with one-time codes, sessions.
//!
//! A person has one account in an installation. An account acts as an administrator of a project once the link of that
//! administrator was opened with it; what it may do there is what the administrator's role says at the time.

mod ceremonies;
mod enrolling;
mod one_time;
mod passkeys;
mod passwords;
mod sessions;

pub(crate) use enrolling::Newcomer;
pub use enrolling::SignInLink;
pub(crate) use passkeys::relying_party;
pub(crate) use passwords::{Finished, NewPassword, Password};
pub(crate) use sessions::{NewSession, Visitor};
