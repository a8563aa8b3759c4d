//! The real cryptography with a memory, so that the same public-key operation is not computed a thousand times a second.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hash;
use std::rc::Rc;

use credential::crypto::{
    AgreementKey, Crypto, Digest, InvalidKey, Mismatch, Point, RustCrypto, Signature, Signer, SoftwareSigner,
    TAG_OCTETS,
};
use credential::device::SigningRequest;
use credential::secret::Secret;

use crate::wallet::MemoryWallet;

/// [`RustCrypto`], whose results for key pairs, ECDH and verification are remembered for each thread.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Remembering;

/// Results that are kept before all are forgotten: some megabytes.
const MEMORY: usize = 20_000;

type Memory<K, V> = RefCell<HashMap<K, V>>;

thread_local! {
    static KEYS: Memory<[u8; 32], Result<Rc<AgreementKey>, InvalidKey>> = RefCell::default();
    static AGREED: Memory<(Point, Point), Result<Secret<32>, InvalidKey>> = RefCell::default();
    static SIGNED: Memory<Vec<u8>, Result<Signature, InvalidKey>> = RefCell::default();
    static VERIFIED: Memory<Vec<u8>, Result<(), Mismatch>> = RefCell::default();
}

fn remembered<K: Eq + Hash, V: Clone>(memory: &Memory<K, V>, key: K, compute: impl FnOnce() -> V) -> V {
    if let Some(known) = memory.borrow().get(&key) {
        return known.clone();
    }
    let value = compute();
    let mut memory = memory.borrow_mut();
    if memory.len() >= MEMORY {
        memory.clear();
    }
    memory.insert(key, value.clone());
    value
}

/// A signing key whose signatures are remembered.
pub(super) struct RememberingSigner(pub(super) SoftwareSigner);

impl Signer for RememberingSigner {
    type Error = InvalidKey;

    fn public_key(&self) -> Point {
        self.0.public_key()
    }

    fn sign(&self, message: &[&[u8]]) -> Result<Signature, InvalidKey> {
        signed(&self.0, message)
    }
}

/// The holder key's signature of a tap.
pub(super) fn sign(wallet: &MemoryWallet, request: &SigningRequest) -> [u8; 64] {
    signed(&wallet.holder, &[request.message()]).unwrap().0
}

fn signed(signer: &SoftwareSigner, message: &[&[u8]]) -> Result<Signature, InvalidKey> {
    let question = [signer.public_key().0.as_slice(), &message.concat()].concat();
    SIGNED.with(|memory| remembered(memory, question, || signer.sign(message)))
}

impl Crypto for Remembering {
    type AgreementKey = Rc<AgreementKey>;

    fn agreement_key(&self, scalar: &Secret<32>) -> Result<Rc<AgreementKey>, InvalidKey> {
        let compute = || RustCrypto.agreement_key(scalar).map(Rc::new);
        KEYS.with(|memory| remembered(memory, *scalar.expose(), compute))
    }

    fn public_point(&self, key: &Rc<AgreementKey>) -> Point {
        RustCrypto.public_point(key)
    }

    fn agree(&self, key: &Rc<AgreementKey>, point: &Point) -> Result<Secret<32>, InvalidKey> {
        let pair = (self.public_point(key), *point);
        AGREED.with(|memory| remembered(memory, pair, || RustCrypto.agree(key, point)))
    }

    fn verify(&self, key: &Point, message: &[&[u8]], signature: &Signature) -> Result<(), Mismatch> {
        let question = [key.0.as_slice(), &signature.0, &message.concat()].concat();
        VERIFIED.with(|memory| remembered(memory, question, || RustCrypto.verify(key, message, signature)))
    }

    fn sha256(&self, parts: &[&[u8]]) -> Digest {
        RustCrypto.sha256(parts)
    }

    fn hmac(&self, key: &Secret<32>, parts: &[&[u8]]) -> Secret<32> {
        RustCrypto.hmac(key, parts)
    }

    fn extract(&self, salt: &Digest, input: &[&[u8]]) -> Secret<32> {
        RustCrypto.extract(salt, input)
    }

    fn expand(&self, secret: &Secret<32>, info: &[&[u8]]) -> Secret<32> {
        RustCrypto.expand(secret, info)
    }

    fn seal(&self, key: &Secret<32>, nonce: &[u8; 12], aad: &[u8], in_out: &mut [u8]) -> [u8; TAG_OCTETS] {
        RustCrypto.seal(key, nonce, aad, in_out)
    }

    fn open(
        &self,
        key: &Secret<32>,
        nonce: &[u8; 12],
        aad: &[u8],
        in_out: &mut [u8],
        tag: &[u8; TAG_OCTETS],
    ) -> Result<(), Mismatch> {
        RustCrypto.open(key, nonce, aad, in_out, tag)
    }
}
