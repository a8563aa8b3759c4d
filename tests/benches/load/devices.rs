//! Devices, and the requests that they send, made as far as they can be beforehand.

use std::fmt::Write as _;

use base64ct::{Base64UrlUnpadded, Encoding};
use credential::crypto::{AwsLcSigner, Signer};
use credential::secret::Secret;
use manager::domain::{InvitationCode, to_base64url};
use rand::RngExt;
use rand::rngs::StdRng;

/// What is done twice over: a challenge is asked for, and answered with a proof.
pub(crate) struct Device {
    signer: AwsLcSigner,
    label: &'static [u8],
    /// What the signed message has after the challenge.
    rest: Vec<u8>,
    ask: Vec<u8>,
    path: String,
    /// Members of the proof apart from challenge and signature.
    members: String,
    /// The status of a good answer.
    pub(crate) good: u16,
}

impl Device {
    /// A device that will redeem an invitation.
    pub(crate) fn to_activate(rng: &mut StdRng, code: &str) -> Self {
        let signer = AwsLcSigner::new(&Secret::new(rng.random())).unwrap();
        let key = signer.public_key().0;
        let hash = code.parse::<InvitationCode>().unwrap().hash();
        let public_key = to_base64url(&key);
        let members = format!(
            r#""code":"{code}","public_key":"{public_key}","device":{{"name":"phone","platform":"bench"}},"#
        );
        Self {
            signer,
            label: b"ostiary activation\0",
            rest: [key.as_slice(), &hash].concat(),
            ask: post("/v1/activation/challenge", &format!(r#"{{"code":"{code}"}}"#)),
            path: "/v1/activation".to_owned(),
            members,
            good: 201,
        }
    }

    /// The same device, which was activated under this id and will renew.
    pub(crate) fn renewing(self, id: &str) -> Self {
        let path = format!("/v1/devices/{id}/renewal");
        Self {
            label: b"ostiary renewal\0",
            rest: self.signer.public_key().0.to_vec(),
            ask: post(&format!("{path}/challenge"), "{}"),
            path,
            members: String::new(),
            good: 200,
            signer: self.signer,
        }
    }

    /// Asks for a challenge.
    pub(crate) fn ask(&self) -> &[u8] {
        &self.ask
    }

    /// Answers the challenge that stands in the body of an answer.
    pub(crate) fn prove(&self, challenge: &[u8], request: &mut Vec<u8>) {
        let challenge = text_member(challenge, "challenge").expect("a challenge");
        let octets = Base64UrlUnpadded::decode_vec(challenge).unwrap();
        let signature = self.signer.sign(&[self.label, &octets, &self.rest]).unwrap();
        let mut body = String::with_capacity(512);
        let signature = to_base64url(&signature.0);
        let _ = write!(body, r#"{{{}"challenge":"{challenge}","signature":"{signature}"}}"#, self.members);
        request.clear();
        request.extend(post(&self.path, &body));
    }
}

/// A member of a JSON object that is a text without escapes.
pub(crate) fn text_member<'a>(body: &'a [u8], name: &str) -> Option<&'a str> {
    let body = std::str::from_utf8(body).ok()?;
    let (_, rest) = body.split_once(&format!("\"{name}\":\""))?;
    Some(rest.split_once('"')?.0)
}

fn post(path: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nhost: loopback\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
