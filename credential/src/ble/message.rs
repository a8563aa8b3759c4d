//! The form of a command.

use crate::iso7816::BufferTooSmall;
use crate::wire::Writer;
use core::fmt;

/// A command on BLE and on streams.
///
/// | octets | field |
/// | --- | --- |
/// | 1 | instruction |
/// | n | data |
///
/// Source: `docs/PROTOCOL.md#ble-and-streams`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandMessage<'a> {
    /// The instruction, as in a command APDU.
    pub ins: u8,
    /// The data.
    pub data: &'a [u8],
}

impl<'a> CommandMessage<'a> {
    /// Reads a whole message.
    ///
    /// # Errors
    ///
    /// [`EmptyMessage`] if there is no octet.
    pub fn decode(octets: &'a [u8]) -> Result<Self, EmptyMessage> {
        let (ins, data) = octets.split_first().ok_or(EmptyMessage)?;
        Ok(Self { ins: *ins, data })
    }

    /// Writes the message and returns its length in octets.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`] if `out` is shorter than instruction and data.
    pub fn encode(&self, out: &mut [u8]) -> Result<usize, BufferTooSmall> {
        let mut writer = Writer::new(out);
        writer.put(&[self.ins])?;
        writer.put(self.data)?;
        Ok(writer.length())
    }
}

/// A message has no octet at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EmptyMessage;

impl fmt::Display for EmptyMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message is empty")
    }
}

impl core::error::Error for EmptyMessage {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_comes_back_as_it_was_sent() {
        let data = [3; 300];
        let mut out = [0; 301];
        for len in 0..=data.len() {
            let command = CommandMessage { ins: 0x10, data: &data[..len] };
            let written = command.encode(&mut out).unwrap();
            assert_eq!(written, len + 1);
            assert_eq!(CommandMessage::decode(&out[..written]), Ok(command));
            assert_eq!(command.encode(&mut out[..len]), Err(BufferTooSmall));
        }
    }

    #[test]
    fn a_command_without_an_instruction_is_refused() {
        assert_eq!(CommandMessage::decode(&[]), Err(EmptyMessage));
    }
}
