//! ACK: the device has understood, and brings what the reader wished for.
//!
//! Plaintext: a sequence of at most one item of each kind.
//!
//! | octets | field |
//! | --- | --- |
//! | 1 | kind, 1 = revocation list, 2 = time token, 3 = room for a report, 4 = acknowledgement of reports |
//! | 2 | length |
//! | … | octets: the signed object, the longest report (2), the acknowledgement (28) |

use crate::error::DecodeError;
use crate::report::Acknowledgement;
use crate::wire::{Cursor, NoRoom, Writer, exactly};

const REVOCATION_LIST: u8 = 1;
const TIME_TOKEN: u8 = 2;
const REPORT_ROOM: u8 = 3;
const ACKNOWLEDGEMENT: u8 = 4;

/// Octets in front of each item.
pub(crate) const ITEM_OVERHEAD: usize = 3;

/// Octets of the item that says how long a report may be.
pub(crate) const REPORT_ROOM_OCTETS: usize = 2;

/// The plaintext of ACK: signed objects, not yet verified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ack<'a> {
    pub(crate) revocation_list: Option<&'a [u8]>,
    pub(crate) time_token: Option<&'a [u8]>,
    pub(crate) report_room: Option<u16>,
    pub(crate) acknowledgement: Option<&'a [u8; Acknowledgement::OCTETS]>,
}

impl<'a> Ack<'a> {
    pub(crate) fn encode(&self, out: &mut [u8]) -> Result<usize, NoRoom> {
        let room = self.report_room.map(u16::to_be_bytes);
        let items = [
            (REVOCATION_LIST, self.revocation_list),
            (TIME_TOKEN, self.time_token),
            (REPORT_ROOM, room.as_ref().map(<[u8; REPORT_ROOM_OCTETS]>::as_slice)),
            (ACKNOWLEDGEMENT, self.acknowledgement.map(<[u8; Acknowledgement::OCTETS]>::as_slice)),
        ];
        let mut writer = Writer::new(out);
        for (kind, item) in items {
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
            let kind = cursor.u8()?;
            let length = cursor.u16()?;
            let item = cursor.take(usize::from(length))?;
            let twice = match kind {
                REVOCATION_LIST => ack.revocation_list.replace(item).is_some(),
                TIME_TOKEN => ack.time_token.replace(item).is_some(),
                REPORT_ROOM => ack.report_room.replace(u16::from_be_bytes(*exactly(item)?)).is_some(),
                ACKNOWLEDGEMENT => ack.acknowledgement.replace(exactly(item)?).is_some(),
                _ => return Err(DecodeError::UnknownValue),
            };
            if twice {
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
            Ack { revocation_list: Some(b"list"), ..Ack::default() },
            Ack { time_token: Some(b"token"), ..Ack::default() },
            Ack { revocation_list: Some(b"list"), time_token: Some(b""), ..Ack::default() },
            Ack { report_room: Some(1024), ..Ack::default() },
            Ack {
                revocation_list: Some(b"list"),
                time_token: Some(b"token"),
                report_room: Some(0),
                acknowledgement: Some(&[7; 28]),
            },
        ] {
            let mut plaintext = [0; 60];
            let length = ack.encode(&mut plaintext).unwrap();
            assert_eq!(Ack::decode(&plaintext[..length]), Ok(ack));
            assert_eq!(ack.encode(&mut plaintext[..length.saturating_sub(1)]).is_err(), length > 0);
        }
    }

    #[test]
    fn a_kind_twice_an_unknown_kind_and_an_item_of_a_wrong_length_are_refused() {
        assert_eq!(Ack::decode(&[1, 0, 0, 1, 0, 0]), Err(DecodeError::Count));
        assert_eq!(Ack::decode(&[3, 0, 2, 4, 0, 3, 0, 2, 4, 0]), Err(DecodeError::Count));
        assert_eq!(Ack::decode(&[5, 0, 0]), Err(DecodeError::UnknownValue));
        assert_eq!(Ack::decode(&[3, 0, 1, 4]), Err(DecodeError::Truncated));
        assert_eq!(Ack::decode(&[3, 0, 3, 4, 0, 0]), Err(DecodeError::Trailing));
        assert_eq!(Ack::decode(&[4, 0, 1, 4]), Err(DecodeError::Truncated));
        assert_eq!(Ack::decode(&[1, 0, 2, 9]), Err(DecodeError::Truncated));
        assert_eq!(Ack::decode(&[1, 0]), Err(DecodeError::Truncated));
    }
}
