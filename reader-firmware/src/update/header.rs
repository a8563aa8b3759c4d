//! What stands before an image: for which board, which version, and whose word it is.
//!
//! | octets | field |
//! | --- | --- |
//! | 1 | format, 1 |
//! | 16 | board, zeros behind its name |
//! | 4 | version, high octet first |
//! | 4 | octets of the image, high octet first |
//! | 32 | SHA-256 of the image |
//! | 64 | signature of the firmware key over `ostiary firmware` and the fields above |

use credential::crypto::{Crypto, Point, Signature, Signer};

use super::UpdateError;

const LABEL: &[u8] = b"ostiary firmware";
const FORMAT: u8 = 1;
const BODY: usize = 57;

/// The name of a kind of board, whose images no other takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoardName([u8; 16]);

/// What an image is, not yet believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirmwareHeader {
    /// The boards that it is for.
    pub board: BoardName,
    /// Its version; a board takes none that is not newer than the newest that it ever confirmed.
    pub version: u32,
    /// Its length.
    pub octets: u32,
    /// SHA-256 over it.
    pub digest: [u8; 32],
}

impl BoardName {
    /// The name; `None` if it is empty or has more than 16 octets.
    pub const fn new(name: &str) -> Option<Self> {
        let mut octets = [0; 16];
        let (mut rest, mut room) = (name.as_bytes(), octets.as_mut_slice());
        if rest.is_empty() {
            return None;
        }
        while let [octet, others @ ..] = rest {
            let Some((place, places)) = room.split_first_mut() else { return None };
            *place = *octet;
            (rest, room) = (others, places);
        }
        Some(Self(octets))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        let name = self.0.split(|octet| *octet == 0).next().unwrap_or_default();
        core::str::from_utf8(name).unwrap_or_default()
    }
}

impl FirmwareHeader {
    /// Octets of an encoded header, signature included.
    pub const OCTETS: usize = BODY + 64;

    /// Signs the header.
    ///
    /// # Errors
    /// The signer's.
    pub fn issue<S: Signer>(&self, signer: &S) -> Result<[u8; Self::OCTETS], S::Error> {
        let body = self.body();
        let signature = signer.sign(&[LABEL, &body])?;
        let mut out = [0; Self::OCTETS];
        for (to, from) in out.iter_mut().zip(body.iter().chain(&signature.0)) {
            *to = *from;
        }
        Ok(out)
    }

    /// Reads a header and verifies that the firmware key has signed it.
    ///
    /// # Errors
    /// [`UpdateError::Header`] for anything else than a header of this format, [`UpdateError::Signature`].
    pub fn verify<C: Crypto>(crypto: &C, octets: &[u8], key: &Point) -> Result<Self, UpdateError> {
        let header = Self::decode(octets).ok_or(UpdateError::Header)?;
        let (body, signature) = octets.split_at_checked(BODY).ok_or(UpdateError::Header)?;
        let signature = Signature(signature.try_into().map_err(|_| UpdateError::Header)?);
        crypto.verify(key, &[LABEL, body], &signature).map_err(|_| UpdateError::Signature)?;
        Ok(header)
    }

    /// Reads a header without believing it.
    pub fn decode(octets: &[u8]) -> Option<Self> {
        if octets.len() != Self::OCTETS {
            return None;
        }
        let ([FORMAT], rest) = octets.split_first_chunk()? else { return None };
        let (board, rest) = rest.split_first_chunk()?;
        let (version, rest) = rest.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let (digest, _) = rest.split_first_chunk()?;
        Some(Self {
            board: BoardName(*board),
            version: u32::from_be_bytes(*version),
            octets: u32::from_be_bytes(*length),
            digest: *digest,
        })
    }

    fn body(&self) -> [u8; BODY] {
        let mut body = [0; BODY];
        let (version, octets) = (self.version.to_be_bytes(), self.octets.to_be_bytes());
        let fields = [FORMAT].into_iter().chain(self.board.0).chain(version).chain(octets).chain(self.digest);
        for (to, from) in body.iter_mut().zip(fields) {
            *to = from;
        }
        body
    }
}

impl core::fmt::Display for BoardName {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.as_str())
    }
}
