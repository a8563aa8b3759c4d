//! What an issuer signs, and the checks that turn received octets into something verified.
//!
//! Spec: `docs/PROTOCOL.md#signed-objects`

mod certificate;
mod configuration;
mod credential;
mod issuer;
mod output_format;
mod revocation;
mod sealing;
mod signed;
mod time_token;

pub use certificate::{Presence, ReaderCertificate, VerifiedCertificate};
pub use configuration::{ReaderConfiguration, VerifiedConfiguration};
pub use credential::{Credential, VerifiedCredential};
pub use issuer::{IssuerKey, IssuerKeys};
pub use output_format::{IdBase, OutputFormat, Parity, Wiegand};
pub use revocation::{HeldRevocationList, RevocationList, Revocations, VerifiedRevocationList};
pub use sealing::{SEAL_OVERHEAD, open_sealed, seal};
pub use signed::IssueError;
pub use time_token::{TimeToken, VerifiedTimeToken};

#[cfg(test)]
mod tests;
