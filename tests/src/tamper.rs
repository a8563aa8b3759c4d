//! One change to one message of a tap.

use credential::message::Instruction;

use crate::pair::InTransit;

/// The messages of both directions, in the order of the full path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// The answer to SELECT.
    SelectResponse,
    /// Reader to device.
    Hello,
    /// The answer to HELLO.
    Offer,
    /// Reader to device, full path only.
    Confirm,
    /// The answer to CONFIRM.
    Proof,
    /// Reader to device.
    Outcome,
    /// The answer to OUTCOME.
    Ack,
    /// Reader to device, after the tap.
    Report,
    /// The answer to REPORT.
    Received,
}

/// A change to the octets of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// One bit of the data, counted from the lowest of the first octet.
    FlipData(usize),
    /// One bit of the instruction of a command or of the status word of a response, counted from the lowest.
    FlipHead(usize),
    /// Only so many octets of the data arrive.
    Truncate(usize),
    /// One octet more arrives.
    Append,
}

impl Message {
    /// Which message this is.
    pub const fn of(message: &InTransit<'_>) -> Self {
        let (instruction, command) = match message {
            InTransit::Command(octet, _) => (Instruction::from_code(**octet), true),
            InTransit::Response(exchanged) => (exchanged.instruction, false),
        };
        match (instruction, command) {
            (Some(Instruction::Hello), true) => Self::Hello,
            (Some(Instruction::Confirm), true) => Self::Confirm,
            (Some(Instruction::Outcome) | None, true) => Self::Outcome,
            (Some(Instruction::Report), true) => Self::Report,
            (None, false) => Self::SelectResponse,
            (Some(Instruction::Hello), false) => Self::Offer,
            (Some(Instruction::Confirm), false) => Self::Proof,
            (Some(Instruction::Outcome), false) => Self::Ack,
            (Some(Instruction::Report), false) => Self::Received,
        }
    }

    /// Whether the reader sends it.
    pub const fn is_command(self) -> bool {
        matches!(self, Self::Hello | Self::Confirm | Self::Outcome | Self::Report)
    }

    /// Every single-bit flip and every truncation of a message with so many octets of data, and an octet too many.
    pub fn changes(self, octets: usize) -> Vec<Change> {
        let head_bits = if self.is_command() { 8 } else { 16 };
        let flips = (0..octets * 8).map(Change::FlipData).chain((0..head_bits).map(Change::FlipHead));
        flips.chain((0..octets).map(Change::Truncate)).chain([Change::Append]).collect()
    }
}

impl Change {
    /// Makes the change.
    pub fn apply(self, message: &mut InTransit<'_>) {
        let data = match message {
            InTransit::Command(octet, data) => {
                if let Self::FlipHead(bit) = self {
                    **octet ^= 1 << bit;
                }
                data
            }
            InTransit::Response(exchanged) => {
                if let Self::FlipHead(bit) = self {
                    exchanged.status.0 ^= 1 << bit;
                }
                &mut exchanged.response
            }
        };
        match self {
            Self::FlipData(bit) => {
                *data.get_mut(bit / 8).expect("a bit of the data") ^= 1 << (bit % 8);
            }
            Self::FlipHead(_) => {}
            Self::Truncate(octets) => data.truncate(octets),
            Self::Append => data.push(0),
        }
    }
}
