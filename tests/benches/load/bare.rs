//! What the processor gives at most: one ECDSA signature and one verification with the fastest backend, one after the
//! other in one thread, and nothing else.

use std::time::{Duration, Instant};

use credential::crypto::{AwsLc, AwsLcSigner, Crypto, Signer};
use credential::secret::Secret;

/// For how long the bare rate is measured before and after each window.
const WINDOW: Duration = Duration::from_millis(500);
/// Keys that take turns, more than the backend remembers: devices come in turn as well.
const KEYS: u8 = 200;

/// Pairs of a signature and a verification per second.
pub(crate) fn rate() -> f64 {
    let issuer = AwsLcSigner::new(&Secret::new([0x35; 32])).unwrap();
    let message = [7; 84];
    let devices: Vec<_> = (1..=KEYS)
        .map(|number| {
            let signer = AwsLcSigner::new(&Secret::new([number; 32])).unwrap();
            (signer.public_key(), signer.sign(&[&message]).unwrap())
        })
        .collect();
    let mut pairs = 0_u32;
    let began = Instant::now();
    while began.elapsed() < WINDOW {
        for (key, proof) in &devices {
            AwsLc.verify(key, &[&message], proof).unwrap();
            std::hint::black_box(issuer.sign(&[&message]).unwrap());
            pairs += 1;
        }
    }
    f64::from(pairs) / began.elapsed().as_secs_f64()
}
