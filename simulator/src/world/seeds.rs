//! One seed for everything that is random in a world.

use credential::crypto::{Crypto, RustCrypto};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Where the random sources of a world come from: one for each thing that needs one, so that what is added to one
/// phone does not change another.
#[derive(Clone, Debug)]
pub struct Seeds(u64);

impl Seeds {
    /// The seeds of a run.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A random source for what has this name.
    pub fn rng(&self, name: &str) -> StdRng {
        StdRng::from_seed(RustCrypto.sha256(&[b"simulator", &self.0.to_be_bytes(), name.as_bytes()]))
    }

    /// A seed for what has this name.
    pub fn number(&self, name: &str) -> u64 {
        self.rng(name).next_u64()
    }
}
