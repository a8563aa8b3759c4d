//! Transcript and key schedule: each stage is a type, made only from the one before.
//!
//! Spec: `docs/PROTOCOL.md#transcript-and-keys`

use crate::crypto::{Crypto, Digest, TAG_OCTETS};
use crate::error::Error;
use crate::message::{SELECT_COMMAND, select::SelectResponse};
use crate::secret::Secret;
use crate::transport::Transport;

pub(crate) const BINDER_OCTETS: usize = 16;

/// The running hash over all messages so far.
#[derive(Clone, Copy)]
pub(crate) struct Transcript(Digest);

impl Transcript {
    /// h2: transport, SELECT and its response.
    pub(crate) fn begin<C: Crypto>(
        crypto: &C,
        transport: Transport,
        selected: &[u8; SelectResponse::OCTETS],
    ) -> Self {
        let start = Self(crypto.sha256(&[b"ostiary/1", &[0], transport.name().as_bytes()]));
        start.then(crypto, &[&SELECT_COMMAND]).then(crypto, &[selected])
    }

    /// The transcript with one more message, given in parts.
    pub(crate) fn then<C: Crypto, const N: usize>(self, crypto: &C, parts: &[&[u8]; N]) -> Self {
        let mut joined: heapless::Vec<&[u8], 4> = heapless::Vec::new();
        debug_assert!(N < joined.capacity(), "a message comes in at most three parts");
        let _ = joined.push(&self.0);
        let _ = joined.extend_from_slice(parts);
        Self(crypto.sha256(&joined))
    }

    pub(crate) const fn hash(&self) -> &Digest {
        &self.0
    }
}

/// The binder of a ticket: proof of its secret over the transcript up to the ticket (hb).
pub(crate) fn binder<C: Crypto>(
    crypto: &C,
    psk: &Secret<32>,
    up_to_ticket: Transcript,
) -> Secret<BINDER_OCTETS> {
    let key = crypto.expand(psk, &[b"ostiary/1 binder"]);
    let mac = crypto.hmac(&key, &[up_to_ticket.hash()]);
    let mut binder = Secret::zero();
    if let Some(front) = mac.expose().first_chunk() {
        *binder.expose_mut() = *front;
    }
    binder
}

/// The secret of the full path, from `ee` and `es`.
pub(crate) struct FullSecret(Secret<32>);

/// The secret of the fast path, from the ticket's secret and `ee`.
pub(crate) struct FastSecret(Secret<32>);

impl FullSecret {
    pub(crate) fn derive<C: Crypto>(crypto: &C, h4: Transcript, ee: &Secret<32>, es: &Secret<32>) -> Self {
        Self(crypto.extract(h4.hash(), &[ee.expose(), es.expose()]))
    }

    /// The tag that proves the certified key.
    pub(crate) fn confirmation<C: Crypto>(&self, crypto: &C, h4: Transcript) -> Secret<TAG_OCTETS> {
        let mut direction = Direction::new(crypto, &self.0, b"ostiary/1 confirm");
        // The first message of a fresh key cannot run out of counters.
        direction.seal(crypto, h4, &mut []).map_or_else(|_| Secret::zero(), Secret::new)
    }

    pub(crate) fn channel<C: Crypto>(&self, crypto: &C) -> Channel {
        Channel::new(crypto, &self.0)
    }
}

impl FastSecret {
    pub(crate) fn derive<C: Crypto>(crypto: &C, h4: Transcript, psk: &Secret<32>, ee: &Secret<32>) -> Self {
        Self(crypto.extract(h4.hash(), &[psk.expose(), ee.expose()]))
    }

    pub(crate) fn channel<C: Crypto>(&self, crypto: &C) -> Channel {
        Channel::new(crypto, &self.0)
    }
}

/// The keys of an established tap.
pub(crate) struct Channel {
    /// What the reader seals and the device opens.
    pub(crate) from_reader: Direction,
    /// What the device seals and the reader opens.
    pub(crate) from_device: Direction,
    /// For a protocol that continues the tap.
    pub(crate) exporter: Secret<32>,
}

impl Channel {
    fn new<C: Crypto>(crypto: &C, secret: &Secret<32>) -> Self {
        Self {
            from_reader: Direction::new(crypto, secret, b"ostiary/1 reader to device"),
            from_device: Direction::new(crypto, secret, b"ostiary/1 device to reader"),
            exporter: crypto.expand(secret, &[b"ostiary/1 exporter"]),
        }
    }
}

/// One direction: a key and the number of messages sealed under it.
pub(crate) struct Direction {
    key: Secret<32>,
    counter: u64,
}

impl Direction {
    fn new<C: Crypto>(crypto: &C, secret: &Secret<32>, label: &[u8]) -> Self {
        Self { key: crypto.expand(secret, &[label]), counter: 0 }
    }

    /// Seals in place and returns the tag.
    pub(crate) fn seal<C: Crypto>(
        &mut self,
        crypto: &C,
        before: Transcript,
        in_out: &mut [u8],
    ) -> Result<[u8; TAG_OCTETS], Error> {
        let nonce = self.next_nonce()?;
        Ok(crypto.seal(&self.key, &nonce, before.hash(), in_out))
    }

    /// Opens `ciphertext ‖ tag` in place and returns the plaintext.
    pub(crate) fn open<'m, C: Crypto>(
        &mut self,
        crypto: &C,
        before: Transcript,
        message: &'m mut [u8],
    ) -> Result<&'m mut [u8], Error> {
        let nonce = self.next_nonce()?;
        let (in_out, tag) = message.split_last_chunk_mut().ok_or(Error::AuthFailed)?;
        crypto.open(&self.key, &nonce, before.hash(), in_out, tag).map_err(|_| Error::AuthFailed)?;
        Ok(in_out)
    }

    /// `0x00 × 4 ‖ counter`; a counter never comes twice.
    fn next_nonce(&mut self) -> Result<[u8; 12], Error> {
        let [a, b, c, d, e, f, g, h] = self.counter.to_be_bytes();
        self.counter = self.counter.checked_add(1).ok_or(Error::AuthFailed)?;
        Ok([0, 0, 0, 0, a, b, c, d, e, f, g, h])
    }
}
