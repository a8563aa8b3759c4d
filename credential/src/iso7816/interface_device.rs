//! The reader's side: one logical command out, one logical response back.

use super::{
    BufferTooSmall, CLA_INTERINDUSTRY, CommandApdu, CommandHeader, EncodeError, INS_GET_RESPONSE, LengthForm,
    LogicalCommand, REASSEMBLY_CAP, ResponseApdu, SHORT_DATA_MAX, SHORT_NE_MAX, StatusWord,
};
use heapless::Vec;
use zeroize::Zeroize;

mod error;

pub use error::{InterfaceDeviceError, InterfaceDeviceMisuse, PeerViolation};

/// What the contactless front end can carry, in octets of whole APDUs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrontEnd {
    /// The longest command APDU.
    pub max_transmit: usize,
    /// The longest response APDU, status word included.
    pub max_receive: usize,
}

impl FrontEnd {
    /// A front end that carries exactly what APDUs of short length need.
    pub const SHORT: Self = Self { max_transmit: 261, max_receive: 258 };
}

/// What the owner of an [`InterfaceDevice`] does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InterfaceDeviceStep<'a> {
    /// Transmit this many octets of the output buffer, and give the answer to [`InterfaceDevice::receive`].
    Transmit(usize),
    /// The response is whole.
    Complete(ResponseApdu<'a>),
}

/// Carries logical commands to a card, one at a time.
///
/// Data of more than 255 octets goes in one APDU of extended length where that is allowed and fits the front
/// end, and otherwise in a chain; a response that comes in parts is fetched and joined.
/// The one buffer of `N` octets holds the command until the card answers it, and then the response.
/// Every error ends the command, and the next one can be sent.
///
/// Source: `docs/PROTOCOL.md#nfc`. Spec: ISO/IEC 7816-4 §5.1.1.1, §7.6.1.
pub struct InterfaceDevice<const N: usize = REASSEMBLY_CAP> {
    front_end: FrontEnd,
    extended: bool,
    buffer: Vec<u8, N>,
    awaited: Option<Awaited>,
}

/// The APDU whose answer is awaited.
#[derive(Clone, Copy)]
struct Awaited {
    sent: Sent,
    ne: usize,
    /// It was sent again because the card asked for another Le.
    repeated: bool,
}

#[derive(Clone, Copy)]
enum Sent {
    /// The octets from `start` to `end` of the command in the buffer.
    Command {
        header: CommandHeader,
        start: usize,
        end: usize,
        form: LengthForm,
    },
    GetResponse,
}

impl<const N: usize> InterfaceDevice<N> {
    /// An idle interface device that uses short length only.
    pub const fn new(front_end: FrontEnd) -> Self {
        Self { front_end, extended: false, buffer: Vec::new(), awaited: None }
    }

    /// Allows or forbids extended length, as the card's answer to SELECT says.
    pub fn set_extended(&mut self, allowed: bool) {
        self.extended = allowed;
    }

    /// Forgets the command and the card, as when the field is switched off.
    pub fn reset(&mut self) {
        self.awaited = None;
        self.extended = false;
        self.buffer.zeroize();
    }

    /// Begins a command and returns how many octets of `out` to transmit.
    ///
    /// The data is copied; a command that was under way is forgotten.
    ///
    /// # Errors
    ///
    /// [`InterfaceDeviceError::Misuse`] if the data is longer than `N`, or front end or `out` cannot take one
    /// octet of it in an APDU of short length (7 octets in all).
    pub fn send(
        &mut self,
        command: LogicalCommand<'_>,
        out: &mut [u8],
    ) -> Result<usize, InterfaceDeviceError> {
        self.awaited = None;
        self.buffer.clear();
        self.buffer.extend_from_slice(command.data).map_err(|_| InterfaceDeviceMisuse::CommandTooLong)?;
        self.transmit_from(command.header, 0, out)
    }

    /// Takes the answer to the APDU that was transmitted.
    ///
    /// # Errors
    ///
    /// [`InterfaceDeviceError`], sorted by blame; the command has ended.
    pub fn receive(
        &mut self,
        response: &[u8],
        out: &mut [u8],
    ) -> Result<InterfaceDeviceStep<'_>, InterfaceDeviceError> {
        let awaited = self.awaited.take().ok_or(InterfaceDeviceMisuse::NoCommand)?;
        let response = ResponseApdu::decode(response).map_err(|_| PeerViolation::NoStatusWord)?;
        if response.data.len() > awaited.ne {
            return Err(PeerViolation::MoreThanExpected.into());
        }
        match awaited.sent {
            Sent::Command { header, end, .. } if end < self.buffer.len() => {
                self.after_part(response.status, header, end, out)
            }
            sent => match response.status.right_le() {
                Some(ne) if response.data.is_empty() && !awaited.repeated => {
                    self.transmit(sent, ne.min(self.short_ne()), true, out).map(InterfaceDeviceStep::Transmit)
                }
                Some(_) => Err(PeerViolation::WrongLeAgain.into()),
                None => self.collect(sent, response, out),
            },
        }
    }

    /// Goes on after the answer to a part of a chain that is not the last.
    fn after_part(
        &mut self,
        status: StatusWord,
        header: CommandHeader,
        end: usize,
        out: &mut [u8],
    ) -> Result<InterfaceDeviceStep<'_>, InterfaceDeviceError> {
        if status == StatusWord::NORMAL {
            return self.transmit_from(header, end, out).map(InterfaceDeviceStep::Transmit);
        }
        if status.is_more() || status.right_le().is_some() {
            return Err(PeerViolation::AnswerInChain.into());
        }
        self.buffer.clear();
        Ok(InterfaceDeviceStep::Complete(ResponseApdu::of_status(status)))
    }

    /// Joins a part of the response to what came before.
    fn collect(
        &mut self,
        sent: Sent,
        response: ResponseApdu<'_>,
        out: &mut [u8],
    ) -> Result<InterfaceDeviceStep<'_>, InterfaceDeviceError> {
        if matches!(sent, Sent::Command { .. }) {
            self.buffer.clear();
        } else if response.data.is_empty() && response.status.is_more() {
            return Err(PeerViolation::EmptyPart.into());
        }
        self.buffer.extend_from_slice(response.data).map_err(|_| InterfaceDeviceError::ResponseTooLong)?;
        match response.status.more_octets() {
            Some(octets) => self
                .transmit(Sent::GetResponse, octets.min(self.short_ne()), false, out)
                .map(InterfaceDeviceStep::Transmit),
            None => Ok(InterfaceDeviceStep::Complete(ResponseApdu {
                data: &self.buffer,
                status: response.status,
            })),
        }
    }

    /// Transmits as much of the command from `start` on as one APDU takes.
    fn transmit_from(
        &mut self,
        header: CommandHeader,
        start: usize,
        out: &mut [u8],
    ) -> Result<usize, InterfaceDeviceError> {
        let room = out.len().min(self.front_end.max_transmit);
        let rest = self.buffer.len().saturating_sub(start);
        let short_room = room.saturating_sub(SHORT_OVERHEAD).min(SHORT_DATA_MAX);
        let whole_extended = self.extended
            && start == 0
            && rest > SHORT_DATA_MAX
            && rest <= room.saturating_sub(EXTENDED_OVERHEAD);
        let (form, len) = if whole_extended {
            (LengthForm::Extended, rest)
        } else {
            (LengthForm::Short, rest.min(short_room))
        };
        if short_room == 0 {
            return Err(InterfaceDeviceMisuse::BufferTooSmall.into());
        }
        let ne = match form {
            _ if len < rest => 0,
            LengthForm::Short => self.short_ne(),
            LengthForm::Extended => self.front_end.max_response_data().min(N.max(SHORT_NE_MAX)),
        };
        let end = start.saturating_add(len);
        self.transmit(Sent::Command { header, start, end, form }, ne, false, out)
    }

    /// Writes an APDU and awaits its answer.
    fn transmit(
        &mut self,
        sent: Sent,
        ne: usize,
        repeated: bool,
        out: &mut [u8],
    ) -> Result<usize, InterfaceDeviceError> {
        let command = match sent {
            Sent::Command { header, start, end, form } => CommandApdu {
                header: header.with_chaining(end < self.buffer.len()),
                data: self.buffer.get(start..end).unwrap_or_default(),
                ne,
                form,
            },
            Sent::GetResponse => CommandApdu { header: GET_RESPONSE, data: &[], ne, form: LengthForm::Short },
        };
        let len = command.encode(out)?;
        self.awaited = Some(Awaited { sent, ne, repeated });
        Ok(len)
    }

    /// The Ne that asks for as much as short length and the front end allow.
    fn short_ne(&self) -> usize {
        self.front_end.max_response_data().min(SHORT_NE_MAX)
    }
}

impl FrontEnd {
    /// Octets of response data, at least 1 so that every response makes progress and at most what Le can say.
    fn max_response_data(self) -> usize {
        self.max_receive.saturating_sub(2).clamp(1, 65_536)
    }
}

/// Octets of a command APDU of short length that are not data: header, Lc and Le.
const SHORT_OVERHEAD: usize = 6;

/// Octets of a command APDU of extended length that are not data: header, Lc and Le.
const EXTENDED_OVERHEAD: usize = 9;

const GET_RESPONSE: CommandHeader = CommandHeader::new(CLA_INTERINDUSTRY, INS_GET_RESPONSE, 0, 0);

#[cfg(test)]
mod tests;
