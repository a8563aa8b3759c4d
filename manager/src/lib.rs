//! The issuing service: users, invitations, devices, readers and revocation.

pub mod clock;
pub mod domain;
pub mod import;
mod random;
