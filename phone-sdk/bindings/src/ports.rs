//! What an app gives: key vault, storage, HTTP, user presence.

use std::sync::Arc;

use credential::crypto::Point;
use phone_sdk::StorageError;
use phone_sdk::port::{
    HttpClient, HttpFailure, HttpRequest, HttpResponse, KeyHandle, KeyStore, KeyStoreError, Storage,
    UserPresence,
};
use zeroize::Zeroizing;

use crate::error::{HttpError, KeyError, StorageFailure};

/// Where holder keys live: Android Keystore, Secure Enclave, or any other store of P-256 keys.
///
/// May be called from any thread.
#[uniffi::export(with_foreign)]
pub trait KeyVault: Send + Sync {
    /// Makes a P-256 signing key under this name, or finds the one there is: its public key as 65 octets
    /// (04, x, y) or 33 (02 or 03, x).
    fn make(&self, name: String) -> Result<Vec<u8>, KeyError>;
    /// The public key of this name.
    fn public_key(&self, name: String) -> Result<Vec<u8>, KeyError>;
    /// ECDSA with SHA-256 over `message`: r and s, 32 octets each, or in DER.
    fn sign(&self, name: String, message: Vec<u8>) -> Result<Vec<u8>, KeyError>;
    /// Deletes the key for good; to delete one that is not there succeeds.
    fn delete(&self, name: String) -> Result<(), KeyError>;
    /// Encrypts 32 octets under a key that never leaves the vault and is made if there is none.
    fn wrap(&self, key: Vec<u8>) -> Result<Vec<u8>, KeyError>;
    /// Undoes `wrap`; `NoSuchKey` for what it did not make.
    fn unwrap(&self, wrapped: Vec<u8>) -> Result<Vec<u8>, KeyError>;
}

/// Named octets that survive a restart; they are sealed before they come here.
#[uniffi::export(with_foreign)]
pub trait WalletStorage: Send + Sync {
    /// What is stored under a name.
    fn load(&self, name: String) -> Result<Option<Vec<u8>>, StorageFailure>;
    /// Replaces what is stored under a name: all of it or nothing, and lasting when this returns.
    fn store(&self, name: String, octets: Vec<u8>) -> Result<(), StorageFailure>;
    /// Adds octets at the end of what is stored under a name, lasting when this returns.
    fn append(&self, name: String, octets: Vec<u8>) -> Result<(), StorageFailure>;
    /// Removes what is stored under a name; to remove nothing succeeds.
    fn remove(&self, name: String) -> Result<(), StorageFailure>;
}

/// A request to a manager.
#[derive(Clone, uniffi::Record)]
pub struct HttpQuery {
    /// The whole address.
    pub url: String,
    /// JSON to POST; none for GET.
    pub json: Option<Vec<u8>>,
    /// Value of the header If-None-Match.
    pub if_none_match: Option<String>,
}

/// A manager's answer, whatever its status.
#[derive(Clone, uniffi::Record)]
pub struct HttpReply {
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// Carries requests to managers; called on a thread where waiting is allowed.
#[uniffi::export(with_foreign)]
pub trait HttpTransport: Send + Sync {
    /// Sends a request and waits for the whole answer; follows no redirection.
    fn send(&self, query: HttpQuery) -> Result<HttpReply, HttpError>;
}

/// What the holder has done for a tap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Presence {
    /// Nothing: the phone may be locked.
    None,
    /// The phone is unlocked.
    Unlocked,
    /// The holder has just been verified.
    Verified,
}

/// Says what the holder has done; asked at every command of a tap, so that it must answer at once.
#[uniffi::export(with_foreign)]
pub trait PresenceSource: Send + Sync {
    /// The presence that has been given until now.
    fn given(&self) -> Presence;
}

pub(crate) struct Keys(pub(crate) Arc<dyn KeyVault>);
pub(crate) struct Stored(pub(crate) Arc<dyn WalletStorage>);
pub(crate) struct Http(pub(crate) Arc<dyn HttpTransport>);
pub(crate) struct Given(pub(crate) Arc<dyn PresenceSource>);

impl KeyStore for Keys {
    fn make(&self, key: &KeyHandle) -> Result<Point, KeyStoreError> {
        point(&self.0.make(key.0.clone())?)
    }

    fn public_key(&self, key: &KeyHandle) -> Result<Point, KeyStoreError> {
        point(&self.0.public_key(key.0.clone())?)
    }

    fn sign(&self, key: &KeyHandle, message: &[u8]) -> Result<[u8; 64], KeyStoreError> {
        let signature = self.0.sign(key.0.clone(), message.to_vec())?;
        let plain = <[u8; 64]>::try_from(signature.as_slice()).ok();
        plain.or_else(|| from_der(&signature)).ok_or(KeyStoreError::Failed)
    }

    fn delete(&self, key: &KeyHandle) -> Result<(), KeyStoreError> {
        Ok(self.0.delete(key.0.clone())?)
    }

    fn wrap(&self, key: &[u8; 32]) -> Result<Vec<u8>, KeyStoreError> {
        Ok(self.0.wrap(key.to_vec())?)
    }

    fn unwrap(&self, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, KeyStoreError> {
        let key = Zeroizing::new(self.0.unwrap(wrapped.to_vec())?);
        key.as_slice().try_into().map(Zeroizing::new).map_err(|_| KeyStoreError::Failed)
    }
}

impl Storage for Stored {
    fn load(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StorageError> {
        Ok(self.0.load(name.to_owned())?.map(Zeroizing::new))
    }

    fn store(&self, name: &str, octets: &[u8]) -> Result<(), StorageError> {
        Ok(self.0.store(name.to_owned(), octets.to_vec())?)
    }

    fn remove(&self, name: &str) -> Result<(), StorageError> {
        Ok(self.0.remove(name.to_owned())?)
    }

    fn append(&self, name: &str, octets: &[u8]) -> Result<(), StorageError> {
        Ok(self.0.append(name.to_owned(), octets.to_vec())?)
    }
}

impl HttpClient for Http {
    fn send(&self, request: &HttpRequest<'_>) -> Result<HttpResponse, HttpFailure> {
        let query = HttpQuery {
            url: request.url.to_owned(),
            json: request.json.map(<[u8]>::to_vec),
            if_none_match: request.if_none_match.map(str::to_owned),
        };
        let HttpReply { status, body } = self.0.send(query)?;
        Ok(HttpResponse { status, body })
    }
}

impl UserPresence for Given {
    fn given(&self) -> credential::object::Presence {
        match self.0.given() {
            Presence::None => credential::object::Presence::None,
            Presence::Unlocked => credential::object::Presence::Unlocked,
            Presence::Verified => credential::object::Presence::Verified,
        }
    }
}

/// A public key in either form, compressed.
fn point(octets: &[u8]) -> Result<Point, KeyStoreError> {
    let compressed = match octets {
        [0x02 | 0x03, ..] => <[u8; 33]>::try_from(octets).ok(),
        [0x04, coordinates @ ..] if coordinates.len() == 64 => {
            let (x, y) = coordinates.split_at(32);
            let sign = 0x02 | (y.last().copied().unwrap_or(0) & 1);
            let mut point = [sign; 33];
            point.iter_mut().skip(1).zip(x).for_each(|(to, from)| *to = *from);
            Some(point)
        }
        _ => None,
    };
    compressed.map(Point).ok_or(KeyStoreError::Failed)
}

/// r and s of a signature in DER: SEQUENCE of two INTEGERs.
///
/// Spec: RFC 3279 §2.2.3
fn from_der(der: &[u8]) -> Option<[u8; 64]> {
    let [0x30, length, body @ ..] = der else { return None };
    if usize::from(*length) != body.len() {
        return None;
    }
    let (r, rest) = integer(body)?;
    let (s, rest) = integer(rest)?;
    let mut signature = [0; 64];
    let (to_r, to_s) = signature.split_at_mut(32);
    to_r.copy_from_slice(&r);
    to_s.copy_from_slice(&s);
    rest.is_empty().then_some(signature)
}

fn integer(der: &[u8]) -> Option<([u8; 32], &[u8])> {
    let [0x02, length, rest @ ..] = der else { return None };
    let (octets, rest) = rest.split_at_checked(usize::from(*length))?;
    let octets = octets.strip_prefix(&[0]).unwrap_or(octets);
    let mut number = [0; 32];
    let room = 32_usize.checked_sub(octets.len())?;
    number.get_mut(room..)?.copy_from_slice(octets);
    Some((number, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_in_der_is_read_whatever_the_length_of_its_numbers() {
        let of = |r: &[u8], s: &[u8]| {
            let body = [&[2, r.len() as u8][..], r, &[2, s.len() as u8], s].concat();
            [&[0x30, body.len() as u8][..], &body].concat()
        };
        let long = [[0].as_slice(), &[0x80; 32]].concat();
        let signature = from_der(&of(&long, &[7])).unwrap();
        assert_eq!(signature[..32], [0x80; 32]);
        assert_eq!((signature[62], signature[63]), (0, 7));
        for spoilt in [&of(&[1; 34], &[1])[..], &of(&long, &[1])[..20], b"", &[0x30, 0]] {
            assert_eq!(from_der(spoilt), None);
        }
    }

    #[test]
    fn a_public_key_is_taken_in_both_forms() {
        let mut whole = [4; 65];
        whole[64] = 3;
        let mut expected = [4; 33];
        expected[0] = 3;
        assert_eq!(point(&whole), Ok(Point(expected)));
        assert_eq!(point(&expected), Ok(Point(expected)));
        assert_eq!(point(&whole[..64]), Err(KeyStoreError::Failed));
    }
}
