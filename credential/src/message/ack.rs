//! ACK: the device has understood, and brings what the reader wished for.
//!
//! Plaintext: a sequence of at most one item of each kind.
//!
//! | octets | field |
//! | --- | --- |
//! | 1 | kind, 1 = revocation list, 2 = time token |
//! | 2 | length |
//! | … | octets of the signed object |

use crate::error::DecodeError;
use crate::wire::{Cursor, NoRoom, Writer};

const REVOCATION_LIST: u8 = 1;
const TIME_TOKEN: u8 = 2;

/// Octets in front of each item.
pub(crate) const ITEM_OVERHEAD: usize = 3;

/// The plaintext of ACK: signed objects, not yet verified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ack<'a> {
    pub(crate) revocation_list: Option<&'a [u8]>,
    pub(crate) time_token: Option<&'a [u8]>,
}

impl<'a> Ack<'a> {
    pub(crate) fn encode(&self, out: &mut [u8]) -> Result<usize, NoRoom> {
        let mut writer = Writer::new(out);
        for (kind, item) in [(REVOCATION_LIST, self.revocation_list), (TIME_TOKEN, self.time_token)] {
            if let Some(item) = item {
                writer.put(&[kind])?;
                writer.put(&u16::try_from(item.len()).map_err(|_| NoRoom)?.to_be_bytes())?;
                writer.put(item)?;
            }
        }
        Ok(writer.length())
    }

    pub(crate) fn decode(plaintext: &'a [u8]) -> Result<Self, DecodeError> {
        let mut cursor = Cursor::new(plaintext);
        let mut ack = Self::default();
        while !cursor.rest().is_empty() {
            let slot = match cursor.u8()? {
                REVOCATION_LIST => &mut ack.revocation_list,
                TIME_TOKEN => &mut ack.time_token,
                _ => return Err(DecodeError::UnknownValue),
            };
            let length = cursor.u16()?;
            if slot.replace(cursor.take(usize::from(length))?).is_some() {
                return Err(DecodeError::Count);
            }
        }
        Ok(ack)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_brought_comes_back() {
        for ack in [
            Ack::default(),
            Ack { revocation_list: Some(b"list"), time_token: None },
            Ack { revocation_list: None, time_token: Some(b"token") },
            Ack { revocation_list: Some(b"list"), time_token: Some(b"") },
        ] {
            let mut plaintext = [0; 20];
            let length = ack.encode(&mut plaintext).unwrap();
            assert_eq!(Ack::decode(&plaintext[..length]), Ok(ack));
            assert_eq!(ack.encode(&mut plaintext[..length.saturating_sub(1)]).is_err(), length > 0);
        }
    }

    #[test]
    fn a_kind_twice_an_unknown_kind_and_a_short_item_are_refused() {
        assert_eq!(Ack::decode(&[1, 0, 0, 1, 0, 0]), Err(DecodeError::Count));
        assert_eq!(Ack::decode(&[3, 0, 0]), Err(DecodeError::UnknownValue));
        assert_eq!(Ack::decode(&[1, 0, 2, 9]), Err(DecodeError::Truncated));
        assert_eq!(Ack::decode(&[1, 0]), Err(DecodeError::Truncated));
    }
}
