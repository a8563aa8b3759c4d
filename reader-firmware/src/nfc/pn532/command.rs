//! The commands that a door needs, what they carry and how their answers are read.

use credential::iso7816::FrontEnd;
use heapless::Vec;
use pn532::requests::Command as Code;

/// Cards that the chip handles at a time.
///
/// Spec: UM0701-02 §7.3.5
pub(super) const CARDS_MAX: usize = 2;

/// Data of the longest command: a target and 252 octets, in a normal frame of 255 with its identifier and code.
///
/// Spec: UM0701-02 §6.2.1.1
pub(super) const DATA_MAX: usize = 253;

/// Octets of the longest frame, as the crate `pn532` counts them.
pub(super) const FRAME: usize = DATA_MAX + 9;

/// What is left for APDUs.
pub(super) const LIMITS: FrontEnd = FrontEnd { max_transmit: DATA_MAX - 1, max_receive: DATA_MAX - 1 };

/// What is done once after a start.
pub(super) const SET_UP: [Command; 2] = [Command::Normal, Command::FewRetries];

/// Octets of the answer to a look: two cards with the longest identifier and a usual answer to select.
const LOOK_MAX: usize = 120;

/// A command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// No secure element.
    Normal,
    /// One try each, so that a look at an empty field ends at once.
    FewRetries,
    /// Finds cards and brings those that speak ISO-DEP up to it.
    Look,
    /// Sends an APDU to a card.
    Exchange {
        /// The chip's number of the card.
        target: u8,
    },
    /// Asks for nothing but a sign of life, where there is no card to exchange with.
    Nobody,
    /// Forgets the cards.
    Release,
    /// Switches the field off.
    FieldOff,
}

/// What an answer says.
pub(super) enum Answer<'a> {
    /// It was done.
    Done,
    /// The set-up is over.
    Configured,
    /// The numbers of the cards that speak ISO-DEP.
    Cards(Vec<u8, CARDS_MAX>),
    /// A response APDU.
    Response(&'a [u8]),
    /// The card is gone, or does not keep to the protocol.
    CardLost,
    /// The chip does not keep to its own.
    Broken,
}

impl Command {
    /// Its code.
    pub(super) const fn code(self) -> Code {
        match self {
            Self::Normal => Code::SAMConfiguration,
            Self::FewRetries | Self::FieldOff => Code::RFConfiguration,
            Self::Look => Code::InListPassiveTarget,
            Self::Exchange { .. } => Code::InDataExchange,
            Self::Nobody => Code::GetFirmwareVersion,
            Self::Release => Code::InRelease,
        }
    }

    /// Writes its data to the front of `out` and returns the length.
    pub(super) fn data(self, apdu: &[u8], out: &mut [u8; DATA_MAX]) -> usize {
        let (head, tail): (&[u8], &[u8]) = match self {
            // Normal mode, no time limit, with the IRQ pin. Spec: UM0701-02 §7.2.10
            Self::Normal => (&[0x01, 0x00, 0x01], &[]),
            // MaxRetries for ATR, PSL and passive activation. Spec: UM0701-02 §7.3.1, item 5
            Self::FewRetries => (&[0x05, 0x00, 0x00, 0x01], &[]),
            // Two cards of type A at 106 kbit/s. Spec: UM0701-02 §7.3.5
            Self::Look => (&[0x02, 0x00], &[]),
            Self::Exchange { target } => (&[target], apdu),
            Self::Nobody => (&[], &[]),
            // All of them. Spec: UM0701-02 §7.3.11
            Self::Release => (&[0x00], &[]),
            // Spec: UM0701-02 §7.3.1, item 1
            Self::FieldOff => (&[0x01, 0x00], &[]),
        };
        let octets = head.iter().chain(tail);
        out.iter_mut().zip(octets).map(|(to, from)| *to = *from).count()
    }

    /// Octets of the longest answer.
    pub(super) const fn answer_max(self) -> usize {
        match self {
            Self::Normal | Self::FewRetries | Self::FieldOff => 0,
            Self::Look => LOOK_MAX,
            Self::Exchange { .. } => DATA_MAX,
            Self::Nobody => 4,
            Self::Release => 1,
        }
    }

    /// How long the chip may take. An exchange is given up by the exchange itself before that.
    pub(super) const fn timeout_ms(self) -> u64 {
        match self {
            Self::Exchange { .. } => 3_000,
            Self::Look => 500,
            _ => 100,
        }
    }

    /// Whether its answer ends an operation of the port.
    pub(super) const fn ends_operation(self) -> bool {
        matches!(self, Self::Look | Self::Exchange { .. } | Self::Nobody)
    }

    /// Reads its answer.
    pub(super) fn read(self, answer: &[u8]) -> Answer<'_> {
        match self {
            Self::Normal | Self::Release | Self::FieldOff => Answer::Done,
            Self::FewRetries => Answer::Configured,
            Self::Look => iso_dep_cards(answer).map_or(Answer::Broken, Answer::Cards),
            Self::Nobody => Answer::CardLost,
            // Spec: UM0701-02 §7.1, status; a response that goes on (0x40) is longer than was asked for.
            Self::Exchange { .. } => match answer.split_first() {
                Some((0x00, apdu)) => Answer::Response(apdu),
                Some(_) => Answer::CardLost,
                None => Answer::Broken,
            },
        }
    }
}

/// The numbers of the cards that speak ISO-DEP; `None` when the list does not come out.
///
/// Spec: UM0701-02 §7.3.5; ISO/IEC 14443-3 §6.5.3.4, SAK bit 6
fn iso_dep_cards(answer: &[u8]) -> Option<Vec<u8, CARDS_MAX>> {
    let (count, mut rest) = answer.split_first()?;
    let mut cards = Vec::new();
    for _ in 0..*count {
        let ([target, _, _, sak, id_octets], after) = rest.split_first_chunk::<5>()?;
        (_, rest) = after.split_at_checked(usize::from(*id_octets))?;
        if sak & 0x20 == 0 {
            continue;
        }
        // The answer to select begins with its own length.
        let ats_octets = rest.first().copied()?;
        (_, rest) = rest.split_at_checked(usize::from(ats_octets).max(1))?;
        cards.push(*target).ok()?;
    }
    Some(cards)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_that_do_not_speak_iso_dep_are_left_out() {
        let plain = [1, 0x00, 0x04, 0x08, 4, 1, 2, 3, 4];
        let phone = [2, 0x00, 0x04, 0x20, 4, 8, 1, 2, 3, 5, 0x78, 0x80, 0x70, 0x02];
        let both = [&[2], plain.as_slice(), &phone].concat();
        assert_eq!(iso_dep_cards(&both).unwrap(), [2]);
        assert!(iso_dep_cards(&[0]).unwrap().is_empty());
        for length in 0..both.len() {
            assert_eq!(iso_dep_cards(&both[..length]), None);
        }
    }

    #[test]
    fn an_answer_that_goes_on_or_failed_loses_the_card() {
        let exchange = Command::Exchange { target: 1 };
        assert!(matches!(exchange.read(&[0x00, 0x90, 0x00]), Answer::Response([0x90, 0x00])));
        assert!(matches!(exchange.read(&[0x01]), Answer::CardLost));
        assert!(matches!(exchange.read(&[0x40, 1, 2]), Answer::CardLost));
        assert!(matches!(exchange.read(&[]), Answer::Broken));
    }
}
