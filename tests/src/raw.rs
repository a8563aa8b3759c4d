//! Messages made by hand, for peers that do not keep to the rules.
//!
//! Spec: `docs/PROTOCOL.md#transcript-and-keys`, written down here a second time on the bare port to cryptography.

use credential::crypto::{AgreementKey, Crypto, Signature, Signer};
use credential::message::SELECT_COMMAND;
use credential::secret::Secret;
use rand::Rng;
use rand::rngs::StdRng;

use crate::world::CRYPTO;

/// The answer to SELECT of every device.
pub const SELECT_RESPONSE: [u8; 6] = [1, 1, 1, 1, 8, 0];

/// The plaintext of PROOF, in octets.
pub const PROOF_PLAINTEXT: usize = 221;

/// The command data of HELLO.
pub fn hello(time: u32, certificate: &[u8], point: &[u8; 33]) -> Vec<u8> {
    [&[1, 1], &time.to_be_bytes()[..], certificate, point].concat()
}

/// A fresh key for key agreement.
pub fn ephemeral(rng: &mut StdRng) -> AgreementKey {
    CRYPTO.generate(rng).unwrap()
}

/// The same signature in its other form: n − s in the place of s.
pub fn other_s(signature: &[u8; 64]) -> [u8; 64] {
    const ORDER: [u8; 32] = [
        0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xBC,
        0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
    ];
    let mut other = *signature;
    let mut borrow = 0;
    let s = other.iter_mut().skip(32);
    for (octet, order) in s.zip(ORDER).rev() {
        let difference = i16::from(order) - i16::from(*octet) - borrow;
        borrow = i16::from(difference < 0);
        *octet = difference.rem_euclid(256).try_into().unwrap();
    }
    other
}

/// A device that does what it likes after HELLO, on NFC.
pub struct RawDevice {
    transcript: [u8; 32],
    ephemeral: AgreementKey,
    hello: Vec<u8>,
    device_key: Secret<32>,
}

impl RawDevice {
    /// Answers HELLO with a fresh point and a random ticket; returns OFFER too.
    pub fn offer(rng: &mut StdRng, hello: &[u8]) -> (Self, Vec<u8>) {
        let ephemeral = ephemeral(rng);
        let mut offer = vec![0; 121];
        rng.fill_bytes(&mut offer);
        offer.splice(..33, CRYPTO.public_point(&ephemeral).0);
        let start = CRYPTO.sha256(&[b"ostiary/1\0nfc"]);
        let messages: [&[u8]; 4] = [&SELECT_COMMAND, &SELECT_RESPONSE, hello, &offer];
        let transcript = messages.iter().fold(start, |h, message| CRYPTO.sha256(&[&h, message]));
        (Self { transcript, ephemeral, hello: hello.to_vec(), device_key: Secret::new([0; 32]) }, offer)
    }

    /// Takes CONFIRM, whether it holds or not.
    pub fn confirm(&mut self, confirm: &[u8]) {
        let point = |at: usize| credential::crypto::Point(self.hello[at..at + 33].try_into().unwrap());
        // The ephemeral point stands at the end of HELLO, the certified one behind the 23 octets of the certificate
        // that come first.
        let ee = CRYPTO.agree(&self.ephemeral, &point(126)).unwrap();
        let es = CRYPTO.agree(&self.ephemeral, &point(6 + 23)).unwrap();
        let secret = CRYPTO.extract(&self.transcript, &[ee.expose(), es.expose()]);
        self.device_key = CRYPTO.expand(&secret, &[b"ostiary/1 device to reader"]);
        self.transcript = CRYPTO.sha256(&[&self.transcript, confirm]);
    }

    /// The device signature that an honest holder of `signer` would give now.
    pub fn signature<S: Signer<Error: core::fmt::Debug>>(&self, signer: &S) -> Signature {
        let (time, reader) = (&self.hello[2..6], &self.hello[6 + 10..6 + 14]);
        signer.sign(&[b"ostiary tap\0", reader, time, &self.transcript]).unwrap()
    }

    /// PROOF of a signature and a credential, with this in the place of the padding.
    pub fn proof(&self, signature: &[u8; 64], credential: &[u8], padding: u8) -> Vec<u8> {
        let mut proof = [&signature[..], credential].concat();
        proof.resize(PROOF_PLAINTEXT, padding);
        let tag = CRYPTO.seal(&self.device_key, &[0; 12], &self.transcript, &mut proof);
        proof.extend_from_slice(&tag);
        proof
    }
}
