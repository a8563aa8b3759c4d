//! Issuer keys in a PKCS#11 token: made there, used there, and never outside.
//!
//! Spec: PKCS #11 v2.40. SoftHSM2 is the token that the tests run against.

mod connection;
mod error;
mod module;
mod sealing;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use credential::crypto::{Crypto, Point, RustCrypto, Signature, Signer};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, ObjectHandle};
use cryptoki::session::Session;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use connection::Connection;
pub use error::TokenError;

use crate::random;

/// The DER encoding of the object identifier of P-256, 1.2.840.10045.3.1.7.
const P256: [u8; 10] = [0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07];
/// What is signed to see that the private key in the token is that of the public key that is known.
const PROBE: &[&[u8]] = &[b"ostiary issuer key probe", &[0]];
/// Octets of the identifier (CKA_ID) of a key in the token.
pub(crate) const KEY_ID_OCTETS: usize = 16;

/// Which token holds the issuer keys, and the PIN that opens it.
#[derive(Clone)]
pub struct TokenAccess {
    /// The PKCS#11 library of the token's maker.
    pub module: PathBuf,
    /// The label of the token.
    pub token: String,
    /// The PIN of the token's user.
    pub pin: Zeroizing<String>,
}

/// An open token. Clones share its sessions.
#[derive(Clone)]
pub(crate) struct Token(Arc<Connection>);

/// One issuer key in a token.
pub(crate) struct TokenKey {
    token: Token,
    id: Vec<u8>,
    public_key: Point,
}

impl Token {
    /// Loads the module, finds the token and logs in.
    pub(crate) fn open(access: &TokenAccess) -> Result<Self, TokenError> {
        let connection = Connection::new(access)?;
        // A wrong PIN or label is told now and not at the first signature.
        connection.with(|_| Ok(Some(())))?;
        Ok(Self(Arc::new(connection)))
    }

    /// Makes a key pair in the token; the identifier of the key and the public half.
    pub(crate) fn generate(&self) -> Result<([u8; KEY_ID_OCTETS], [u8; 33]), TokenError> {
        let id = random::octets::<KEY_ID_OCTETS>()?;
        let shared = |private: bool| {
            [
                Attribute::Token(true),
                Attribute::Private(private),
                Attribute::Id(id.to_vec()),
                Attribute::Label(b"Ostiary issuer key".to_vec()),
            ]
        };
        let mut public = vec![Attribute::EcParams(P256.to_vec()), Attribute::Verify(true)];
        public.extend(shared(false));
        let mut private =
            vec![Attribute::Sensitive(true), Attribute::Extractable(false), Attribute::Sign(true)];
        private.extend(shared(true));
        let point = self.0.with(|open| {
            let session = &open.session;
            let (public_handle, _) =
                session.generate_key_pair(&Mechanism::EccKeyPairGen, &public, &private)?;
            let attributes = session.get_attributes(public_handle, &[AttributeType::EcPoint])?;
            Ok(attributes.into_iter().find_map(|attribute| match attribute {
                Attribute::EcPoint(point) => compress(&point),
                _ => None,
            }))
        })?;
        Ok((id, point.ok_or(TokenError::KeyForm)?))
    }

    /// The key with this identifier, once it has signed something that its public key verifies.
    pub(crate) fn key(&self, id: &[u8], public_key: &[u8; 33]) -> Result<TokenKey, TokenError> {
        let key = TokenKey { token: self.clone(), id: id.to_vec(), public_key: Point(*public_key) };
        let signature = key.sign(PROBE)?;
        RustCrypto.verify(&key.public_key, PROBE, &signature).map_err(|_| TokenError::OtherKey)?;
        Ok(key)
    }
}

impl Signer for TokenKey {
    type Error = TokenError;

    fn public_key(&self) -> Point {
        self.public_key
    }

    /// Hashes here and signs in the token; blocks until it has answered.
    fn sign(&self, message: &[&[u8]]) -> Result<Signature, TokenError> {
        let mut digest = Sha256::new();
        for part in message {
            digest.update(part);
        }
        let digest = digest.finalize();
        let octets = self.token.0.with(|open| {
            let handle = open.private_key(&self.id)?;
            handle.map(|handle| open.session.sign(&Mechanism::Ecdsa, handle, &digest)).transpose()
        })?;
        let octets = octets.ok_or(TokenError::KeyGone)?;
        let octets = octets.as_slice().try_into().map_err(|_| TokenError::SignatureForm)?;
        Signature::normalized(octets).map_err(|_| TokenError::SignatureForm)
    }
}

/// The private key with an identifier, as a session sees it.
fn find_private_key(session: &Session, id: &[u8]) -> cryptoki::error::Result<Option<ObjectHandle>> {
    let template = [
        Attribute::Class(cryptoki::object::ObjectClass::PRIVATE_KEY),
        Attribute::Id(id.to_vec()),
        Attribute::Sign(true),
    ];
    Ok(session.find_objects(&template)?.into_iter().next())
}

/// A public point as tokens give it, in compressed form: 04 ‖ x ‖ y, as it should be within a DER OCTET STRING.
fn compress(point: &[u8]) -> Option<[u8; 33]> {
    const OCTET_STRING: [u8; 2] = [0x04, 65];
    let bare = if point.len() == 67 { point.strip_prefix(&OCTET_STRING)? } else { point };
    let [4, coordinates @ ..] = bare else { return None };
    let coordinates: &[u8; 64] = coordinates.try_into().ok()?;
    let (x, y) = coordinates.split_at_checked(32)?;
    let sign = 2 | (y.last()? & 1);
    let mut compressed = [sign; 33];
    compressed.last_chunk_mut::<32>()?.copy_from_slice(x);
    Some(compressed)
}

impl fmt::Debug for TokenAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenAccess")
            .field("module", &self.module)
            .field("token", &self.token)
            .field("pin", &"..")
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_compressed_from_either_form_that_tokens_give() {
        let key = credential::crypto::SoftwareSigner::new(&credential::secret::Secret::new([9; 32])).unwrap();
        let known = p256::PublicKey::from_sec1_bytes(&key.public_key().0).unwrap();
        let uncompressed = p256::elliptic_curve::sec1::ToSec1Point::to_sec1_point(&known, false);
        let bare = uncompressed.as_bytes().to_vec();
        let wrapped = [&[0x04, 65], bare.as_slice()].concat();
        assert_eq!(compress(&bare), Some(key.public_key().0));
        assert_eq!(compress(&wrapped), Some(key.public_key().0));
        assert_eq!(compress(&bare[..64]), None);
        assert_eq!(compress(&[0; 67]), None);
    }

    #[test]
    fn a_pin_is_not_in_debug_output() {
        let access =
            TokenAccess { module: "m.so".into(), token: "t".into(), pin: Zeroizing::new("1234".into()) };
        assert!(!format!("{access:?}").contains("1234"));
    }
}
