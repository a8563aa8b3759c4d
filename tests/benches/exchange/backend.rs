//! P-256 without anything around it.

use std::fmt;

use credential::crypto::{Crypto, InvalidKey, Operations, Signer};
use credential::secret::Secret;

use crate::harness::{Bench, Row};

/// A backend, and the signer of a phone that uses it.
pub(crate) struct Backend<C, S> {
    /// As it is called in the table.
    pub(crate) name: &'static str,
    /// As it is called in the names of rows.
    pub(crate) key: &'static str,
    /// The backend.
    pub(crate) crypto: C,
    /// Makes the holder's signer.
    pub(crate) signer: fn(&Secret<32>) -> Result<S, InvalidKey>,
}

/// The P-256 operations of each kind of tap, both sides.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Full path, the credential unknown to the reader.
    pub(crate) first: TapCount,
    /// Full path, the reader remembers that the issuer's signature held.
    pub(crate) remembered: TapCount,
    /// Fast path.
    pub(crate) fast: TapCount,
}

/// The P-256 operations of one tap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TapCount {
    /// What the tap is called.
    pub(crate) name: &'static str,
    /// The reader's between taps.
    pub(crate) idle: Operations,
    /// The reader's up to the decision.
    pub(crate) to_decision: Operations,
    /// The reader's after it.
    pub(crate) after_decision: Operations,
    /// The device's, without its signature.
    pub(crate) device: Operations,
    /// Signatures of the holder key.
    pub(crate) signatures: u32,
}

impl fmt::Display for TapCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, idle, to_decision, after_decision, device, signatures } = self;
        write!(f, "P-256 operations of a {name}: reader {} while idle, ", named(*idle, 0))?;
        write!(f, "{} up to the decision, {} after it; ", named(*to_decision, 0), named(*after_decision, 0))?;
        write!(f, "device {}.", named(*device, *signatures))
    }
}

fn named(operations: Operations, signatures: u32) -> String {
    let Operations { key_pairs, agreements, verifications } = operations;
    let kinds = [
        (key_pairs, "key pair"),
        (agreements, "ECDH"),
        (verifications, "verification"),
        (signatures, "signature"),
    ];
    let named: Vec<_> = kinds
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, kind)| format!("{count} × {kind}"))
        .collect();
    if named.is_empty() { "none".to_owned() } else { named.join(" + ") }
}

/// One row an operation, and the sums.
pub(crate) fn add_to<C, S>(bench: &mut Bench, backend: &Backend<C, S>, counts: &Counts)
where
    C: Crypto + Copy + 'static,
    S: Signer + 'static,
{
    let Backend { name, key, crypto, .. } = *backend;
    let row = |id: &str, label: &str| {
        let row = Row::new(format!("{key}/{id}"), format!("{label}, {name}"));
        if key == "rustcrypto" { row } else { row.against(format!("rustcrypto/{id}")) }
    };
    bench.whole(row("key-pair", "key pair from a scalar"), {
        let operations = Ready::new(backend);
        move || operations.key_pair(&crypto)
    });
    bench.whole(row("ecdh", "ECDH"), {
        let operations = Ready::new(backend);
        move || operations.agree(&crypto)
    });
    bench.whole(row("sign", "ECDSA signature"), {
        let operations = Ready::new(backend);
        move || operations.sign()
    });
    bench.whole(row("verify", "ECDSA verification"), {
        let operations = Ready::new(backend);
        move || operations.verify(&crypto)
    });
    for (id, label, count) in [
        ("sum/first", "bare sum of a full tap, first visit", counts.first),
        ("sum/remembered", "bare sum of a full tap, credential remembered", counts.remembered),
    ] {
        let operations = Ready::new(backend);
        bench.whole(row(id, label), move || operations.all_of(&crypto, count));
    }
}

/// One row: so many operations one after the other, without a signature.
pub(crate) fn add_sum<C, S>(bench: &mut Bench, backend: &Backend<C, S>, row: Row, sum: Operations)
where
    C: Crypto + Copy + 'static,
    S: Signer + 'static,
{
    let (operations, crypto) = (Ready::new(backend), backend.crypto);
    bench.whole(row, move || operations.each(&crypto, sum));
}

/// Everything that one P-256 operation needs.
struct Ready<C: Crypto, S> {
    scalar: Secret<32>,
    own: C::AgreementKey,
    peer: credential::crypto::Point,
    holder: S,
    message: [u8; 84],
    signature: credential::crypto::Signature,
}

impl<C: Crypto, S: Signer> Ready<C, S> {
    fn new(backend: &Backend<C, S>) -> Self {
        let scalar = Secret::new([0x35; 32]);
        let holder = (backend.signer)(&scalar).unwrap();
        let message = [7; 84];
        let signature = holder.sign(&[&message]).ok().unwrap();
        let peer = backend.crypto.agreement_key(&Secret::new([0x53; 32])).unwrap();
        Self {
            own: backend.crypto.agreement_key(&scalar).unwrap(),
            peer: backend.crypto.public_point(&peer),
            scalar,
            holder,
            message,
            signature,
        }
    }

    fn key_pair(&self, crypto: &C) {
        std::hint::black_box(crypto.agreement_key(&self.scalar).unwrap());
    }

    fn agree(&self, crypto: &C) {
        std::hint::black_box(crypto.agree(&self.own, &self.peer).unwrap());
    }

    fn sign(&self) {
        std::hint::black_box(self.holder.sign(&[&self.message]).ok().unwrap());
    }

    fn verify(&self, crypto: &C) {
        crypto.verify(&self.holder.public_key(), &[&self.message], &self.signature).unwrap();
    }

    fn all_of(&self, crypto: &C, count: TapCount) {
        for side in [count.idle, count.to_decision, count.after_decision, count.device] {
            self.each(crypto, side);
        }
        (0..count.signatures).for_each(|_| self.sign());
    }

    fn each(&self, crypto: &C, sum: Operations) {
        (0..sum.key_pairs).for_each(|_| self.key_pair(crypto));
        (0..sum.agreements).for_each(|_| self.agree(crypto));
        (0..sum.verifications).for_each(|_| self.verify(crypto));
    }
}
