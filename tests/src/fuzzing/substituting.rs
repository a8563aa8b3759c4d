//! The real cryptography, which seals something else than it is asked to: so a peer that holds the right keys can say
//! anything.

use std::cell::RefCell;
use std::rc::Rc;

use credential::crypto::{Crypto, Digest, InvalidKey, Mismatch, Point, Signature, TAG_OCTETS};
use credential::secret::Secret;

use super::remembering::Remembering;

/// What is to be sealed instead of every plaintext of the same length.
pub(super) struct Substitute {
    /// Octets at the front that stay as they are.
    pub(super) kept: usize,
    /// The plaintext; its first `kept` octets do not matter.
    pub(super) plaintext: Vec<u8>,
}

/// [`Remembering`], with what a clone of it was told to seal.
#[derive(Clone, Default)]
pub(super) struct Substituting {
    substitute: Rc<RefCell<Option<Substitute>>>,
    /// The last plaintext that was sealed instead, as it was sealed.
    sealed: Rc<RefCell<Option<Vec<u8>>>>,
}

impl Substituting {
    /// Seals `substitute` from now on; `None` for what is asked.
    pub(super) fn seal_instead(&self, substitute: Option<Substitute>) {
        self.substitute.replace(substitute);
        self.sealed.replace(None);
    }

    /// What was sealed instead, if anything was.
    pub(super) fn sealed(&self) -> Option<Vec<u8>> {
        self.sealed.borrow().clone()
    }
}

impl Crypto for Substituting {
    type AgreementKey = <Remembering as Crypto>::AgreementKey;

    fn seal(&self, key: &Secret<32>, nonce: &[u8; 12], aad: &[u8], in_out: &mut [u8]) -> [u8; TAG_OCTETS] {
        let substitute = self.substitute.borrow();
        if let Some(substitute) = substitute.as_ref().filter(|other| other.plaintext.len() == in_out.len()) {
            in_out[substitute.kept..].copy_from_slice(&substitute.plaintext[substitute.kept..]);
            self.sealed.replace(Some(in_out.to_vec()));
        }
        Remembering.seal(key, nonce, aad, in_out)
    }

    fn agreement_key(&self, scalar: &Secret<32>) -> Result<Self::AgreementKey, InvalidKey> {
        Remembering.agreement_key(scalar)
    }

    fn public_point(&self, key: &Self::AgreementKey) -> Point {
        Remembering.public_point(key)
    }

    fn agree(&self, key: &Self::AgreementKey, point: &Point) -> Result<Secret<32>, InvalidKey> {
        Remembering.agree(key, point)
    }

    fn verify(&self, key: &Point, message: &[&[u8]], signature: &Signature) -> Result<(), Mismatch> {
        Remembering.verify(key, message, signature)
    }

    fn sha256(&self, parts: &[&[u8]]) -> Digest {
        Remembering.sha256(parts)
    }

    fn hmac(&self, key: &Secret<32>, parts: &[&[u8]]) -> Secret<32> {
        Remembering.hmac(key, parts)
    }

    fn extract(&self, salt: &Digest, input: &[&[u8]]) -> Secret<32> {
        Remembering.extract(salt, input)
    }

    fn expand(&self, secret: &Secret<32>, info: &[&[u8]]) -> Secret<32> {
        Remembering.expand(secret, info)
    }

    fn open(
        &self,
        key: &Secret<32>,
        nonce: &[u8; 12],
        aad: &[u8],
        in_out: &mut [u8],
        tag: &[u8; TAG_OCTETS],
    ) -> Result<(), Mismatch> {
        Remembering.open(key, nonce, aad, in_out, tag)
    }
}
