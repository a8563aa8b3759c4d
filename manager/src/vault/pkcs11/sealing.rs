//! Sealing in a token: an AES key that is made there for each thing that is sealed, and never outside.

use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::aead::GcmParams;
use cryptoki::object::{Attribute, ObjectClass};
use zeroize::Zeroizing;

use super::{KEY_ID_OCTETS, Token, TokenError};
use crate::random;

const NONCE_OCTETS: usize = 12;
const TAG_BITS: u64 = 128;
const KEY_OCTETS: u64 = 32;

impl Token {
    /// Seals octets together with what they are: identifier of the key, nonce, ciphertext, tag.
    pub(crate) fn seal(&self, what: &[u8], octets: &[u8]) -> Result<Vec<u8>, TokenError> {
        let id = random::octets::<KEY_ID_OCTETS>()?;
        let nonce = random::octets::<NONCE_OCTETS>()?;
        let template = [
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Encrypt(true),
            Attribute::Decrypt(true),
            Attribute::ValueLen(KEY_OCTETS.into()),
            Attribute::Id(id.to_vec()),
            Attribute::Label(b"Ostiary data key".to_vec()),
        ];
        let sealed = self.0.with(|open| {
            let key = open.session.generate_key(&Mechanism::AesKeyGen, &template)?;
            let mut nonce = nonce;
            let params = GcmParams::new(&mut nonce, what, TAG_BITS.into())?;
            open.session.encrypt(&Mechanism::AesGcm(params), key, octets).map(Some)
        })?;
        let sealed = sealed.ok_or(TokenError::Sealed)?;
        Ok([id.as_slice(), &nonce, &sealed].concat())
    }

    /// Undoes [`Token::seal`].
    pub(crate) fn open_sealed(&self, what: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, TokenError> {
        let (id, rest) = sealed.split_first_chunk::<KEY_ID_OCTETS>().ok_or(TokenError::Sealed)?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_OCTETS>().ok_or(TokenError::Sealed)?;
        let template =
            [Attribute::Class(ObjectClass::SECRET_KEY), Attribute::Id(id.to_vec()), Attribute::Decrypt(true)];
        let opened = self.0.with(|open| {
            let Some(key) = open.session.find_objects(&template)?.into_iter().next() else { return Ok(None) };
            let mut nonce = *nonce;
            let params = GcmParams::new(&mut nonce, what, TAG_BITS.into())?;
            open.session.decrypt(&Mechanism::AesGcm(params), key, sealed).map(Some)
        })?;
        opened.map(Zeroizing::new).ok_or(TokenError::Sealed)
    }
}
