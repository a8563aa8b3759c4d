//! Command APDUs, all seven cases.

use super::{CLA_CHAINING, SHORT_NE_MAX, StatusWord};
use crate::wire::{NoRoom, Writer};
use core::fmt;

/// The four octets that every command begins with.
///
/// Spec: ISO/IEC 7816-4 §5.1.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CommandHeader {
    /// Class.
    pub cla: u8,
    /// Instruction.
    pub ins: u8,
    /// First parameter.
    pub p1: u8,
    /// Second parameter.
    pub p2: u8,
}

impl CommandHeader {
    /// A header of these four octets.
    pub const fn new(cla: u8, ins: u8, p1: u8, p2: u8) -> Self {
        Self { cla, ins, p1, p2 }
    }

    /// The octets, as they are sent.
    pub const fn to_bytes(self) -> [u8; 4] {
        [self.cla, self.ins, self.p1, self.p2]
    }

    /// Whether the class says that the chain goes on.
    pub const fn is_chained(self) -> bool {
        self.cla & CLA_CHAINING != 0
    }

    /// This header with the chaining bit set or cleared.
    #[must_use]
    pub const fn with_chaining(self, chained: bool) -> Self {
        let cla = if chained { self.cla | CLA_CHAINING } else { self.cla & !CLA_CHAINING };
        Self { cla, ..self }
    }
}

impl fmt::Debug for CommandHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CommandHeader({:02X} {:02X} {:02X} {:02X})", self.cla, self.ins, self.p1, self.p2)
    }
}

/// A command as the application sees it, however many APDUs it came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogicalCommand<'a> {
    /// The header, the chaining bit cleared.
    pub header: CommandHeader,
    /// The data, joined.
    pub data: &'a [u8],
}

/// How Lc and Le are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LengthForm {
    /// One octet each: at most 255 octets of data and 256 of response data.
    Short,
    /// Two octets each, behind a zero octet: at most 65,535 and 65,536.
    Extended,
}

/// One command APDU.
///
/// | octets | field | absent if |
/// | --- | --- | --- |
/// | 4 | CLA, INS, P1, P2 | |
/// | 1 (short) or 3 (extended: 00 and `u16`) | Lc, the length of the data | there is no data |
/// | Lc | data | there is no data |
/// | 1 (short), 2 (extended), or 3 (extended without Lc: 00 and `u16`) | Le, all bits zero for the maximum | Ne is 0 |
///
/// Spec: ISO/IEC 7816-4 §5.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandApdu<'a> {
    /// The header.
    pub header: CommandHeader,
    /// The data; its length is Nc.
    pub data: &'a [u8],
    /// The most octets of response data that are expected, 0 if there is no Le.
    pub ne: usize,
    /// The form of Lc and Le; a command without both decodes as short.
    pub form: LengthForm,
}

impl<'a> CommandApdu<'a> {
    /// Reads a whole command.
    ///
    /// # Errors
    ///
    /// [`CommandError`] if the lengths within do not come out.
    pub fn decode(octets: &'a [u8]) -> Result<Self, CommandError> {
        let (&[cla, ins, p1, p2], body) = octets.split_first_chunk().ok_or(CommandError::NoHeader)?;
        let header = CommandHeader::new(cla, ins, p1, p2);
        let command = |form, data, ne| Self { header, data, ne, form };
        match *body {
            [] => Ok(command(LengthForm::Short, body, 0)),
            [le] => Ok(command(LengthForm::Short, &[], short_ne(le))),
            [0, _] => Err(CommandError::Truncated),
            [0, hi, lo] => Ok(command(LengthForm::Extended, &[], extended_ne([hi, lo]))),
            [0, hi, lo, ref rest @ ..] => {
                let (data, ne) = split_extended(u16::from_be_bytes([hi, lo]), rest)?;
                Ok(command(LengthForm::Extended, data, ne))
            }
            [lc, ref rest @ ..] => {
                let (data, ne) = split_short(lc, rest)?;
                Ok(command(LengthForm::Short, data, ne))
            }
        }
    }

    /// Writes the command and returns its length in octets.
    ///
    /// # Errors
    ///
    /// [`EncodeError`] if the form cannot say the length of the data or Ne, or `out` is too short.
    pub fn encode(&self, out: &mut [u8]) -> Result<usize, EncodeError> {
        let mut writer = Writer::new(out);
        writer.put(&self.header.to_bytes())?;
        match self.form {
            LengthForm::Short => self.encode_short(&mut writer)?,
            LengthForm::Extended => self.encode_extended(&mut writer)?,
        }
        Ok(writer.length())
    }

    fn encode_short(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        let lc = u8::try_from(self.data.len()).map_err(|_| EncodeError::DataTooLong)?;
        if self.ne > SHORT_NE_MAX {
            return Err(EncodeError::NeTooLarge);
        }
        if lc != 0 {
            writer.put(&[lc])?;
            writer.put(self.data)?;
        }
        if self.ne != 0 {
            writer.put(&[u8::try_from(self.ne).unwrap_or(0)])?;
        }
        Ok(())
    }

    fn encode_extended(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        let lc = u16::try_from(self.data.len()).map_err(|_| EncodeError::DataTooLong)?;
        if self.ne > EXTENDED_NE_MAX {
            return Err(EncodeError::NeTooLarge);
        }
        if lc != 0 {
            writer.put(&[0])?;
            writer.put(&lc.to_be_bytes())?;
            writer.put(self.data)?;
        } else if self.ne != 0 {
            writer.put(&[0])?;
        }
        if self.ne != 0 {
            writer.put(&u16::try_from(self.ne).unwrap_or(0).to_be_bytes())?;
        }
        Ok(())
    }
}

const EXTENDED_NE_MAX: usize = 65_536;

/// Cases 3 and 4 of short length: data and Ne from `rest`, which is what follows Lc.
fn split_short(lc: u8, rest: &[u8]) -> Result<(&[u8], usize), CommandError> {
    let (data, le) = rest.split_at_checked(usize::from(lc)).ok_or(CommandError::Truncated)?;
    match *le {
        [] => Ok((data, 0)),
        [le] => Ok((data, short_ne(le))),
        _ => Err(CommandError::TrailingOctets),
    }
}

/// Cases 3 and 4 of extended length: data and Ne from `rest`, which is what follows Lc.
fn split_extended(lc: u16, rest: &[u8]) -> Result<(&[u8], usize), CommandError> {
    if lc == 0 {
        return Err(CommandError::ZeroLc);
    }
    let (data, le) = rest.split_at_checked(usize::from(lc)).ok_or(CommandError::Truncated)?;
    match *le {
        [] => Ok((data, 0)),
        [_] => Err(CommandError::Truncated),
        [hi, lo] => Ok((data, extended_ne([hi, lo]))),
        _ => Err(CommandError::TrailingOctets),
    }
}

fn short_ne(le: u8) -> usize {
    if le == 0 { SHORT_NE_MAX } else { usize::from(le) }
}

fn extended_ne(le: [u8; 2]) -> usize {
    let le = u16::from_be_bytes(le);
    if le == 0 { EXTENDED_NE_MAX } else { usize::from(le) }
}

/// Why octets are not a command APDU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandError {
    /// There are fewer than four octets.
    NoHeader,
    /// The octets end within a length or before the data does.
    Truncated,
    /// An Lc of extended length is 0.
    ZeroLc,
    /// Octets follow Le.
    TrailingOctets,
}

impl CommandError {
    /// What a card answers: 6700.
    pub const fn status_word(self) -> StatusWord {
        StatusWord::WRONG_LENGTH
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoHeader => "a command is shorter than its header",
            Self::Truncated => "a command ends early",
            Self::ZeroLc => "a command says that it has no data, in extended length",
            Self::TrailingOctets => "a command goes on behind its end",
        })
    }
}

impl core::error::Error for CommandError {}

/// Why a command APDU cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EncodeError {
    /// The form cannot say the length of the data.
    DataTooLong,
    /// The form cannot say Ne.
    NeTooLarge,
    /// The output buffer is too small.
    BufferTooSmall,
}

impl From<NoRoom> for EncodeError {
    fn from(_: NoRoom) -> Self {
        Self::BufferTooSmall
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DataTooLong => "the data is too long for this form of command",
            Self::NeTooLarge => "the expected length is too large for this form of command",
            Self::BufferTooSmall => "the output buffer is too small",
        })
    }
}

impl core::error::Error for EncodeError {}

#[cfg(test)]
mod tests;
