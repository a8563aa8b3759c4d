//! PROOF: who is at the door, sealed.
//!
//! Plaintext:
//!
//! | offset | octets | field |
//! | --- | --- | --- |
//! | 0 | 64 | device signature |
//! | 64 | 126 to 157 | credential |
//! | … | to 221 | zero octets |

use crate::crypto::{Digest, Signature, TAG_OCTETS};
use crate::error::DecodeError;
use crate::id::ReaderId;
use crate::object::Credential;
use crate::wire::{Cursor, NoRoom, Writer};

/// The plaintext of PROOF.
pub(crate) struct Proof<'a> {
    pub(crate) signature: Signature,
    pub(crate) credential: &'a [u8],
}

impl<'a> Proof<'a> {
    pub(crate) const PLAINTEXT_OCTETS: usize = 64 + Credential::OCTETS_MAX;
    pub(crate) const OCTETS: usize = Self::PLAINTEXT_OCTETS + TAG_OCTETS;

    pub(crate) fn encode(&self, out: &mut [u8]) -> Result<usize, NoRoom> {
        let mut writer = Writer::new(out);
        writer.put(&self.signature.0)?;
        writer.put(self.credential)?;
        writer.pad_to(Self::PLAINTEXT_OCTETS)?;
        Ok(writer.length())
    }

    pub(crate) fn decode(plaintext: &'a [u8]) -> Result<Self, DecodeError> {
        let mut cursor = Cursor::new(plaintext);
        let signature = Signature(cursor.array()?);
        let credential = cursor.take(Credential::octets_at_front(cursor.rest())?)?;
        cursor.zeros()?;
        Ok(Self { signature, credential })
    }
}

/// The octets that the holder key signs in every full tap.
pub(crate) fn tap_message(reader: ReaderId, time_code: u32, h5: &Digest) -> [u8; TAP_MESSAGE_OCTETS] {
    let mut message = [0; TAP_MESSAGE_OCTETS];
    let mut writer = Writer::new(&mut message);
    let written = writer
        .put(b"ostiary tap\0")
        .and_then(|()| writer.put(&reader.0.to_be_bytes()))
        .and_then(|()| writer.put(&time_code.to_be_bytes()))
        .and_then(|()| writer.put(h5));
    debug_assert!(written.is_ok(), "12, 4, 4 and 32 octets make the message");
    message
}

/// Octets of [`tap_message`].
pub(crate) const TAP_MESSAGE_OCTETS: usize = 52;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_has_one_length_whatever_the_user_id() {
        for user_id_octets in 1..=32_u8 {
            let mut credential = [9; Credential::OCTETS_MAX];
            credential[60] = user_id_octets;
            let credential = &credential[..125 + usize::from(user_id_octets)];
            let mut plaintext = [0xFF; Proof::PLAINTEXT_OCTETS];
            let proof = Proof { signature: Signature([8; 64]), credential };
            assert_eq!(proof.encode(&mut plaintext), Ok(Proof::PLAINTEXT_OCTETS));
            let back = Proof::decode(&plaintext).unwrap();
            assert_eq!((back.signature, back.credential), (Signature([8; 64]), credential));
        }
    }

    #[test]
    fn padding_that_is_not_zero_is_refused() {
        let mut credential = [9; 126];
        credential[60] = 1;
        let mut plaintext = [0; Proof::PLAINTEXT_OCTETS];
        Proof { signature: Signature([8; 64]), credential: &credential }.encode(&mut plaintext).unwrap();
        for octet in 64 + 126..Proof::PLAINTEXT_OCTETS {
            let mut padded = plaintext;
            padded[octet] = 1;
            assert!(matches!(Proof::decode(&padded), Err(DecodeError::Padding)));
        }
        assert!(matches!(Proof::decode(&plaintext[..100]), Err(DecodeError::Truncated)));
    }
}
