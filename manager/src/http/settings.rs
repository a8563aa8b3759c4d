//! What the operator sets about the service.

use crate::network::{Forwarding, Network};

/// How the API treats those who come without a token, and through whom requests may come.
///
/// A service that embeds the manager has neither limits nor proxies unless it sets them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpSettings {
    /// Proxies that are believed when they say for whom they ask.
    pub trusted_proxies: Vec<Network>,
    /// The header in which they say so.
    pub forwarding: Forwarding,
    /// How much one address may ask for.
    pub limits: FloodLimits,
}

/// Requests without a token that one address (of IPv6: one network of 64 bits) may send in a minute; as many may come
/// at once. 0 is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FloodLimits {
    /// For activations and their challenges.
    pub activation: u32,
    /// For renewals and their challenges, and for reports of readers.
    pub renewal: u32,
    /// For revocation lists, time tokens and everything else that anybody may fetch.
    pub fetch: u32,
    /// Wrong tokens.
    pub wrong_tokens: u32,
    /// For signing in to the administrators' page.
    pub sign_in: u32,
    /// For checks of cards by the codes that phones show.
    pub validation: u32,
}

impl FloodLimits {
    /// What `manager serve` sets: enough for a building full of phones behind one address, and too little for a flood.
    pub const SERVED: Self =
        Self { activation: 120, renewal: 600, fetch: 1200, wrong_tokens: 60, sign_in: 30, validation: 60 };
}
