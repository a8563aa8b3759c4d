//! What a phone sends to the manager, with a key of its own.

use credential::crypto::{Point, Signer, SoftwareSigner};
use manager::domain::{InvitationCode, from_base64url, to_base64url};
use rand::rngs::StdRng;
use serde_json::{Value, json};

use super::http::Request;

/// A phone with a key.
pub struct Phone<S = SoftwareSigner> {
    key: S,
}

impl Phone {
    /// A phone with a new key.
    ///
    /// # Panics
    /// When the generator gives no scalar of the curve.
    pub fn new(rng: &mut StdRng) -> Self {
        Self { key: SoftwareSigner::generate(rng).unwrap().0 }
    }

    /// Asks for a challenge for an invitation.
    pub fn challenge(code: &str) -> Request {
        Request::post("/v1/activation/challenge", None, &json!({ "code": code }))
    }

    /// Asks for a challenge for a renewal.
    pub fn renewal_challenge(device: &str) -> Request {
        Request::post(&format!("/v1/devices/{device}/renewal/challenge"), None, &json!({}))
    }
}

impl<S: Signer> Phone<S> {
    /// A phone with this key.
    pub const fn with_key(key: S) -> Self {
        Self { key }
    }

    /// The public key.
    pub fn public_key(&self) -> Point {
        self.key.public_key()
    }

    /// Redeems an invitation.
    ///
    /// # Panics
    /// When code or challenge are none.
    pub fn activation(&self, code: &str, challenge: &Value) -> Request {
        let secret_hash = code.parse::<InvitationCode>().unwrap().hash();
        let challenge = challenge.as_str().unwrap();
        let octets: [u8; 32] = from_base64url(challenge).unwrap();
        let public_key = self.public_key().0;
        let signature = self.key.sign(&[b"ostiary activation\0", &octets, &public_key, &secret_hash]);
        let body = json!({
            "code": code,
            "challenge": challenge,
            "public_key": to_base64url(&public_key),
            "signature": to_base64url(&signature.ok().unwrap().0),
            "device": { "name": "phone", "platform": "test" },
        });
        Request::post("/v1/activation", None, &body)
    }

    /// Renews the credential of a device.
    ///
    /// # Panics
    /// When the challenge is none.
    pub fn renewal(&self, device: &str, challenge: &Value) -> Request {
        let challenge = challenge.as_str().unwrap();
        let octets: [u8; 32] = from_base64url(challenge).unwrap();
        let signature = self.key.sign(&[b"ostiary renewal\0", &octets, &self.public_key().0]);
        let body = json!({
            "challenge": challenge,
            "signature": to_base64url(&signature.ok().unwrap().0),
        });
        Request::post(&format!("/v1/devices/{device}/renewal"), None, &body)
    }
}
