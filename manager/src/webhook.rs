//! Telling endpoints what happens: where they may be, how what is sent is signed, and how it is posted.
//!
//! Spec: Standard Webhooks 1.0.0.

mod address;
mod post;
mod secret;

pub use address::WebhookUrlError;
pub(crate) use address::check;
pub(crate) use post::{Letter, Posted, Poster};
pub(crate) use secret::Secret;

use std::time::Duration;

use crate::network::Network;

/// What the operator sets about webhooks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookOptions {
    /// Networks that are not public, and that endpoints may nevertheless be in.
    pub networks: Vec<Network>,
    /// For how long an endpoint may take until it has answered: less than a minute, or what it has not answered may be
    /// told twice.
    pub timeout: Duration,
}

impl Default for WebhookOptions {
    /// The public network, and 15 seconds.
    fn default() -> Self {
        Self { networks: Vec::new(), timeout: Duration::from_secs(15) }
    }
}
