//! The phone's side: command APDUs in, response APDUs out, logical commands between.

use super::{
    BufferTooSmall, CLA_CHAINING, CLA_EXCHANGE, CLA_INTERINDUSTRY, CommandApdu, CommandHeader,
    INS_GET_RESPONSE, INS_SELECT, LogicalCommand, REASSEMBLY_CAP, ResponseApdu, StatusWord,
};
use core::fmt;
use heapless::Vec;
use zeroize::Zeroize;

/// What the owner of a [`Card`] does with a command APDU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardStep<'a> {
    /// Transmit this many octets of the output buffer; the command was for this driver alone.
    Transmit(usize),
    /// Act on this command and give the response to [`Card::respond`].
    Command(LogicalCommand<'a>),
}

/// Joins command APDUs into logical commands and splits logical responses.
///
/// Whatever comes in leads to a response, and the next command is taken as if nothing had been.
/// The one buffer of `N` octets holds the command until it is answered, and then the response until it is
/// fetched.
///
/// | command | answer |
/// | --- | --- |
/// | a chain goes on | 9000 |
/// | GET RESPONSE while a response waits | its next part |
/// | GET RESPONSE with nothing to fetch | 6985 |
/// | another command than the chain's, except SELECT | 6883 |
/// | data over the reassembly cap | 6A84 |
/// | not a command APDU | 6700 |
/// | another class than 00, 80 and 90: other logical channels, secure messaging | 6E00 |
/// | another interindustry instruction than SELECT and GET RESPONSE | 6D00 |
///
/// Source: `docs/PROTOCOL.md#nfc`. Spec: ISO/IEC 7816-4 §5.1.1.1, §7.6.1.
pub struct Card<const N: usize = REASSEMBLY_CAP> {
    buffer: Vec<u8, N>,
    state: State,
}

#[derive(Clone, Copy)]
enum State {
    Idle,
    /// The buffer holds the data of a chain that goes on; the header is without the chaining bit.
    Chaining(CommandHeader),
    /// A logical command was handed out, whose last APDU expects `ne` octets.
    Answering {
        ne: usize,
    },
    /// The buffer holds a response of which `sent` octets have been sent.
    Fetching {
        sent: usize,
        status: StatusWord,
    },
}

/// A command APDU that was in order.
enum Accepted {
    Part,
    Command(CommandHeader),
    GetResponse { sent: usize, status: StatusWord, ne: usize },
}

impl<const N: usize> Card<N> {
    /// A card that waits for a command.
    pub const fn new() -> Self {
        Self { buffer: Vec::new(), state: State::Idle }
    }

    /// Forgets everything, as when the field is gone.
    pub fn reset(&mut self) {
        self.state = State::Idle;
        self.buffer.zeroize();
    }

    /// Takes one command APDU.
    ///
    /// A logical command that was handed out and not answered is forgotten.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`] if `out` cannot take a status word, or one octet of a response and a status word.
    pub fn receive(&mut self, octets: &[u8], out: &mut [u8]) -> Result<CardStep<'_>, BufferTooSmall> {
        let status = match self.accept(octets) {
            Ok(Accepted::Command(header)) => {
                return Ok(CardStep::Command(LogicalCommand { header, data: &self.buffer }));
            }
            Ok(Accepted::GetResponse { sent, status, ne }) => {
                return self.transmit_from(sent, status, ne, out).map(CardStep::Transmit);
            }
            Ok(Accepted::Part) => StatusWord::NORMAL,
            Err(status) => {
                self.state = State::Idle;
                self.buffer.clear();
                status
            }
        };
        ResponseApdu::of_status(status).encode(out).map(CardStep::Transmit)
    }

    /// Answers the logical command that was handed out, and returns how many octets of `out` to transmit.
    ///
    /// Data that Le or `out` has no room for waits for GET RESPONSE.
    ///
    /// # Errors
    ///
    /// [`CardError`]; nothing has changed, and the command can still be answered.
    pub fn respond(&mut self, response: ResponseApdu<'_>, out: &mut [u8]) -> Result<usize, CardError> {
        let State::Answering { ne } = self.state else {
            return Err(CardError::NoCommand);
        };
        self.buffer.clear();
        self.buffer.extend_from_slice(response.data).map_err(|_| CardError::ResponseTooLong)?;
        Ok(self.transmit_from(0, response.status, ne, out)?)
    }

    /// Judges a command APDU, or says with which status word it is refused.
    fn accept(&mut self, octets: &[u8]) -> Result<Accepted, StatusWord> {
        let &[cla, ..] = octets.first_chunk::<4>().ok_or(StatusWord::WRONG_LENGTH)?;
        // The class says how the rest is to be read, so that it is judged before the lengths.
        if !matches!(cla, CLA_INTERINDUSTRY | CLA_EXCHANGE | CLA_EXCHANGE_CHAINED) {
            return Err(StatusWord::CLASS_NOT_SUPPORTED);
        }
        let command = CommandApdu::decode(octets).map_err(|error| error.status_word())?;
        let header = command.header.with_chaining(false);
        match (self.state, header.cla, header.ins) {
            (_, CLA_INTERINDUSTRY, INS_SELECT) => self.begin(command),
            (State::Chaining(first), ..) if first == header => self.join(command),
            (State::Chaining(_), ..) => Err(StatusWord::LAST_COMMAND_OF_CHAIN_EXPECTED),
            (state, CLA_INTERINDUSTRY, INS_GET_RESPONSE) => fetch(state, command),
            (_, CLA_INTERINDUSTRY, _) => Err(StatusWord::INSTRUCTION_NOT_SUPPORTED),
            _ => self.begin(command),
        }
    }

    /// Takes the first or only part of a command.
    fn begin(&mut self, command: CommandApdu<'_>) -> Result<Accepted, StatusWord> {
        self.buffer.clear();
        self.join(command)
    }

    /// Takes a part of a command behind those that the buffer holds.
    fn join(&mut self, command: CommandApdu<'_>) -> Result<Accepted, StatusWord> {
        self.buffer.extend_from_slice(command.data).map_err(|_| StatusWord::NOT_ENOUGH_MEMORY)?;
        let header = command.header.with_chaining(false);
        if command.header.is_chained() {
            self.state = State::Chaining(header);
            Ok(Accepted::Part)
        } else {
            self.state = State::Answering { ne: command.ne };
            Ok(Accepted::Command(header))
        }
    }

    /// Writes the response in the buffer from `sent` on, as far as `ne` and `out` allow.
    fn transmit_from(
        &mut self,
        sent: usize,
        status: StatusWord,
        ne: usize,
        out: &mut [u8],
    ) -> Result<usize, BufferTooSmall> {
        let room = out.len().checked_sub(2).ok_or(BufferTooSmall)?;
        let rest = self.buffer.get(sent..).unwrap_or_default();
        let (part, left) = rest.split_at_checked(ne.min(room)).unwrap_or((rest, &[]));
        if part.is_empty() && !left.is_empty() && ne != 0 {
            return Err(BufferTooSmall);
        }
        let (state, status) = if left.is_empty() {
            (State::Idle, status)
        } else {
            let sent = sent.saturating_add(part.len());
            (State::Fetching { sent, status }, StatusWord::more(left.len()))
        };
        let len = ResponseApdu { data: part, status }.encode(out)?;
        self.state = state;
        Ok(len)
    }
}

impl<const N: usize> Default for Card<N> {
    fn default() -> Self {
        Self::new()
    }
}

const CLA_EXCHANGE_CHAINED: u8 = CLA_EXCHANGE | CLA_CHAINING;

/// Judges GET RESPONSE.
fn fetch(state: State, command: CommandApdu<'_>) -> Result<Accepted, StatusWord> {
    let State::Fetching { sent, status } = state else {
        return Err(StatusWord::CONDITIONS_OF_USE_NOT_SATISFIED);
    };
    if !command.data.is_empty() || command.ne == 0 {
        return Err(StatusWord::WRONG_LENGTH);
    }
    Ok(Accepted::GetResponse { sent, status, ne: command.ne })
}

/// Why a logical response was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardError {
    /// No logical command waits for a response.
    NoCommand,
    /// The data is longer than the reassembly buffer.
    ResponseTooLong,
    /// The output buffer cannot take one octet of data and a status word.
    BufferTooSmall,
}

impl From<BufferTooSmall> for CardError {
    fn from(_: BufferTooSmall) -> Self {
        Self::BufferTooSmall
    }
}

impl fmt::Display for CardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoCommand => "no command waits for a response",
            Self::ResponseTooLong => "the response is longer than the reassembly buffer",
            Self::BufferTooSmall => "the output buffer is too small",
        })
    }
}

impl core::error::Error for CardError {}

#[cfg(test)]
mod tests;
