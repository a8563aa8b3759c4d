//! OUTCOME: the result, new tickets and the reader's wishes, sealed; always of one length.
//!
//! Plaintext:
//!
//! | offset | octets | field |
//! | --- | --- | --- |
//! | 0 | 1 | result, 0 = grant |
//! | 1 | 2 | longest ACK plaintext, octets |
//! | 3 | 4 | version of the reader's revocation list |
//! | 7 | 1 | wishes, bit 0 = time token, bit 1 = take a report |
//! | 8 | 1 | number of tickets |
//! | 9 | 108 each | ticket: lifetime in seconds (4), ticket (72), secret (32) |
//! | … | to 225 | zero octets |

use heapless::Vec;

use crate::crypto::TAG_OCTETS;
use crate::error::DecodeError;
use crate::limits::TICKETS_PER_OUTCOME;
use crate::secret::Secret;
use crate::ticket::{HeldTicket, Ticket};
use crate::wire::{Cursor, NoRoom, Writer};

const WISH_TIME: u8 = 1;
const WISH_REPORT: u8 = 2;

/// Why a door stays shut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DenyReason {
    /// The credential or the device signature does not hold.
    NotAccepted,
    /// The credential has expired.
    Expired,
    /// The credential is not yet valid.
    NotYetValid,
    /// The credential is on the revocation list.
    Revoked,
    /// The reader has no clock and cannot tell whether a credential is valid.
    NoClock,
    /// The access control system, or the reader's own allow-list, says no.
    Refused,
    /// A reason that this version does not know.
    Unknown(u8),
}

/// What the reader tells the device in the end.
pub(crate) type TapResult = Result<(), DenyReason>;

/// The plaintext of OUTCOME.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct OutcomeMessage {
    pub(crate) result: TapResult,
    pub(crate) ack_max: u16,
    pub(crate) list_version: u32,
    pub(crate) wants_time: bool,
    pub(crate) has_report: bool,
    pub(crate) tickets: Vec<(u32, HeldTicket), TICKETS_PER_OUTCOME>,
}

impl OutcomeMessage {
    pub(crate) const PLAINTEXT_OCTETS: usize = 9 + TICKETS_PER_OUTCOME * (4 + Ticket::OCTETS + 32);
    pub(crate) const OCTETS: usize = Self::PLAINTEXT_OCTETS + TAG_OCTETS;

    pub(crate) fn encode(&self, out: &mut [u8]) -> Result<usize, NoRoom> {
        let mut writer = Writer::new(out);
        writer.put(&[result_code(self.result)])?;
        writer.put(&self.ack_max.to_be_bytes())?;
        writer.put(&self.list_version.to_be_bytes())?;
        let wishes = [(self.wants_time, WISH_TIME), (self.has_report, WISH_REPORT)];
        writer.put(&[wishes.iter().filter(|(wish, _)| *wish).fold(0, |all, (_, bit)| all | bit)])?;
        writer.put(&[u8::try_from(self.tickets.len()).map_err(|_| NoRoom)?])?;
        for (lifetime_s, held) in &self.tickets {
            writer.put(&lifetime_s.to_be_bytes())?;
            writer.put(&held.ticket.0)?;
            writer.put(held.psk.expose())?;
        }
        writer.pad_to(Self::PLAINTEXT_OCTETS)?;
        Ok(writer.length())
    }

    pub(crate) fn decode(plaintext: &[u8]) -> Result<Self, DecodeError> {
        let mut cursor = Cursor::new(plaintext);
        let result = match cursor.u8()? {
            0 => Ok(()),
            code => Err(DenyReason::from_code(code)),
        };
        let ack_max = cursor.u16()?;
        let list_version = cursor.u32()?;
        let wishes = cursor.u8()?;
        let (wants_time, has_report) = (wishes & WISH_TIME != 0, wishes & WISH_REPORT != 0);
        let count = cursor.u8()?;
        if usize::from(count) > TICKETS_PER_OUTCOME || (count != 0 && result.is_err()) {
            return Err(DecodeError::Count);
        }
        let mut tickets = Vec::new();
        for _ in 0..count {
            let lifetime_s = cursor.u32()?;
            let held = HeldTicket { ticket: Ticket(cursor.array()?), psk: Secret::new(cursor.array()?) };
            tickets.push((lifetime_s, held)).map_err(|_| DecodeError::Count)?;
        }
        cursor.zeros()?;
        Ok(Self { result, ack_max, list_version, wants_time, has_report, tickets })
    }
}

impl DenyReason {
    /// The octet that stands for the reason.
    pub const fn code(self) -> u8 {
        match self {
            Self::NotAccepted => 1,
            Self::Expired => 2,
            Self::NotYetValid => 3,
            Self::Revoked => 4,
            Self::NoClock => 5,
            Self::Refused => 6,
            Self::Unknown(code) => code,
        }
    }

    /// The reason that an octet stands for.
    pub const fn from_code(code: u8) -> Self {
        match code {
            1 => Self::NotAccepted,
            2 => Self::Expired,
            3 => Self::NotYetValid,
            4 => Self::Revoked,
            5 => Self::NoClock,
            6 => Self::Refused,
            other => Self::Unknown(other),
        }
    }
}

impl core::fmt::Display for DenyReason {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NotAccepted => f.write_str("not accepted"),
            Self::Expired => f.write_str("expired"),
            Self::NotYetValid => f.write_str("not yet valid"),
            Self::Revoked => f.write_str("revoked"),
            Self::NoClock => f.write_str("the reader has no clock"),
            Self::Refused => f.write_str("refused by the access control system"),
            Self::Unknown(code) => write!(f, "unknown reason {code}"),
        }
    }
}

const fn result_code(result: TapResult) -> u8 {
    match result {
        Ok(()) => 0,
        // 0 would be a grant.
        Err(DenyReason::Unknown(0)) => DenyReason::NotAccepted.code(),
        Err(reason) => reason.code(),
    }
}

const _: () = assert!(OutcomeMessage::OCTETS == crate::limits::COMMAND_MAX);

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket(octet: u8) -> (u32, HeldTicket) {
        (u32::from(octet), HeldTicket { ticket: Ticket([octet; 72]), psk: Secret::new([octet; 32]) })
    }

    fn outcome(result: TapResult, tickets: &[(u32, HeldTicket)]) -> OutcomeMessage {
        let tickets = Vec::from_slice(tickets).unwrap();
        OutcomeMessage { result, ack_max: 2032, list_version: 7, wants_time: true, has_report: true, tickets }
    }

    #[test]
    fn an_outcome_comes_back_and_has_one_length() {
        for outcome in [
            outcome(Ok(()), &[ticket(1), ticket(2)]),
            outcome(Ok(()), &[ticket(1)]),
            outcome(Err(DenyReason::Revoked), &[]),
            outcome(Err(DenyReason::Unknown(200)), &[]),
        ] {
            let mut plaintext = [0xFF; OutcomeMessage::PLAINTEXT_OCTETS];
            assert_eq!(outcome.encode(&mut plaintext), Ok(OutcomeMessage::PLAINTEXT_OCTETS));
            assert_eq!(OutcomeMessage::decode(&plaintext), Ok(outcome));
        }
    }

    #[test]
    fn three_tickets_or_tickets_with_a_denial_are_refused() {
        let mut plaintext = [0; OutcomeMessage::PLAINTEXT_OCTETS];
        outcome(Ok(()), &[ticket(1), ticket(2)]).encode(&mut plaintext).unwrap();
        plaintext[8] = 3;
        assert_eq!(OutcomeMessage::decode(&plaintext), Err(DecodeError::Count));
        (plaintext[8], plaintext[0]) = (2, 4);
        assert_eq!(OutcomeMessage::decode(&plaintext), Err(DecodeError::Count));
    }

    #[test]
    fn an_unknown_wish_is_ignored_and_padding_is_refused() {
        let mut plaintext = [0; OutcomeMessage::PLAINTEXT_OCTETS];
        outcome(Ok(()), &[]).encode(&mut plaintext).unwrap();
        plaintext[7] = 0xFC;
        let wishes = |outcome: OutcomeMessage| (outcome.wants_time, outcome.has_report);
        assert_eq!(OutcomeMessage::decode(&plaintext).map(wishes), Ok((false, false)));
        plaintext[100] = 1;
        assert_eq!(OutcomeMessage::decode(&plaintext), Err(DecodeError::Padding));
    }
}
