//! OFFER: the device's ephemeral point, and a ticket if it has one.
//!
//! | offset | octets | field |
//! | --- | --- | --- |
//! | 0 | 33 | device ephemeral point |
//! | 33 | 72 | ticket, or random octets |
//! | 105 | 16 | binder, or random octets |

use crate::crypto::Point;
use crate::error::DecodeError;
use crate::schedule::BINDER_OCTETS;
use crate::ticket::Ticket;
use crate::wire::{Cursor, NoRoom, Writer};

/// The response data of HELLO.
#[derive(Clone, Copy)]
pub(crate) struct Offer {
    pub(crate) ephemeral: Point,
    pub(crate) ticket: Ticket,
    pub(crate) binder: [u8; BINDER_OCTETS],
}

impl Offer {
    pub(crate) const OCTETS: usize = 121;

    pub(crate) fn encode(&self, out: &mut [u8]) -> Result<usize, NoRoom> {
        let mut writer = Writer::new(out);
        writer.put(&self.ephemeral.0)?;
        writer.put(&self.ticket.0)?;
        writer.put(&self.binder)?;
        Ok(writer.length())
    }

    pub(crate) fn decode(octets: &[u8]) -> Result<Self, DecodeError> {
        let mut cursor = Cursor::new(octets);
        let offer = Self {
            ephemeral: Point(cursor.array()?),
            ticket: Ticket(cursor.array()?),
            binder: cursor.array()?,
        };
        cursor.finish()?;
        Ok(offer)
    }
}

const _: () = assert!(Offer::OCTETS == 33 + Ticket::OCTETS + BINDER_OCTETS);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_comes_back_as_it_was_sent_and_only_whole() {
        let offer = Offer { ephemeral: Point([3; 33]), ticket: Ticket([4; 72]), binder: [5; 16] };
        let mut octets = [0; Offer::OCTETS];
        assert_eq!(offer.encode(&mut octets), Ok(Offer::OCTETS));
        let back = Offer::decode(&octets).unwrap();
        assert_eq!((back.ephemeral, back.ticket, back.binder), (offer.ephemeral, offer.ticket, offer.binder));
        for length in 0..octets.len() {
            assert!(matches!(Offer::decode(&octets[..length]), Err(DecodeError::Truncated)));
        }
        assert!(matches!(Offer::decode(&[0; 122]), Err(DecodeError::Trailing)));
    }
}
