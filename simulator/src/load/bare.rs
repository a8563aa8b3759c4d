//! What the processor gives at most: the P-256 operations of a tap, in all threads at once, and nothing else.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use credential::crypto::{Crypto, Operations, Point, RustCrypto, Signature, Signer, SoftwareSigner};
use credential::secret::Secret;

use super::workers::share;

/// For how long each is measured.
const WINDOW: Duration = Duration::from_millis(250);

/// Both sides of a full tap at a first visit, without the one signature; as `cargo bench` counts it in `tests`.
const FIRST: Operations = Operations { key_pairs: 2, agreements: 4, verifications: 3 };

/// Both sides of a fast tap at a door that the phone knows.
const FAST: Operations = Operations { key_pairs: 2, agreements: 2, verifications: 0 };

/// How many taps a second there would be if they were nothing but their P-256 operations.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bare {
    /// Full taps at a first visit.
    pub(super) first: f64,
    /// Fast taps.
    pub(super) fast: f64,
}

impl Bare {
    /// Measures with so many threads.
    pub(super) fn measure(threads: usize) -> Result<Self> {
        let keys = Keys::new()?;
        let rate = |sum: Operations, signatures: u32| -> Result<f64> {
            let rates = share(threads, 0..threads, |_| {
                let (began, mut taps) = (Instant::now(), 0_u32);
                while began.elapsed() < WINDOW {
                    keys.once(sum, signatures)?;
                    taps = taps.saturating_add(1);
                }
                Ok(f64::from(taps) / began.elapsed().as_secs_f64())
            })?;
            Ok(rates.iter().sum())
        };
        Ok(Self { first: rate(FIRST, 1)?, fast: rate(FAST, 0)? })
    }

    /// The middle of two measurements.
    pub(super) const fn middle(self, other: Self) -> Self {
        Self { first: f64::midpoint(self.first, other.first), fast: f64::midpoint(self.fast, other.fast) }
    }
}

/// Everything that one operation needs.
struct Keys {
    scalar: Secret<32>,
    own: <RustCrypto as Crypto>::AgreementKey,
    peer: Point,
    signer: SoftwareSigner,
    signature: Signature,
}

/// What is signed; as long as a credential.
const MESSAGE: [u8; 84] = [7; 84];

impl Keys {
    fn new() -> Result<Self> {
        let scalar = Secret::new([0x35; 32]);
        let own = RustCrypto.agreement_key(&scalar)?;
        let peer = RustCrypto.public_point(&RustCrypto.agreement_key(&Secret::new([0x53; 32]))?);
        let signer = SoftwareSigner::new(&scalar)?;
        let signature = signer.sign(&[&MESSAGE])?;
        Ok(Self { scalar, own, peer, signer, signature })
    }

    fn once(&self, sum: Operations, signatures: u32) -> Result<()> {
        for _ in 0..sum.key_pairs {
            black_box(RustCrypto.agreement_key(&self.scalar)?);
        }
        for _ in 0..sum.agreements {
            black_box(RustCrypto.agree(&self.own, &self.peer)?);
        }
        let key = self.signer.public_key();
        for _ in 0..sum.verifications {
            RustCrypto.verify(&key, &[&MESSAGE], &self.signature).ok().context("an own signature holds")?;
        }
        for _ in 0..signatures {
            black_box(self.signer.sign(&[&MESSAGE])?);
        }
        Ok(())
    }
}
