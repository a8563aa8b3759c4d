//! GATT segments: messages cut to what one write or notification carries.
//!
//! | octets | field |
//! | --- | --- |
//! | 1 | bit 7: first segment; bit 6: last segment; bits 5 to 0: sequence number |
//! | 2 | only in the first segment: length of the message |
//! | 1 or more | part of the message |
//!
//! The sequence number counts the segments of one direction over the whole connection, modulo 64.
//!
//! Source: `docs/PROTOCOL.md#ble-and-streams`, `[segments]`.

mod reassembler;

pub use reassembler::{Reassembler, SegmentError};

use crate::wire::Writer;
use core::fmt;

/// The longest segment in octets.
///
/// An attribute value has at most 512 octets, also where att_mtu would leave room for two more.
///
/// Spec: Bluetooth Core, volume 3, part F, §3.2.9.
pub const SEGMENT_MAX: usize = 512;

const FIRST: u8 = 0x80;
const LAST: u8 = 0x40;
const SEQUENCE: u8 = 0x3F;

/// The negotiated size of an ATT packet, 23 to 517 octets.
///
/// Spec: Bluetooth Core, volume 3, part F, §3.2.8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AttMtu(u16);

impl AttMtu {
    /// What holds until something else is negotiated: 23 octets.
    pub const DEFAULT: Self = Self(23);
    /// The largest that is of use: 517 octets.
    pub const MAX: Self = Self(517);

    /// An att_mtu of so many octets.
    ///
    /// # Errors
    ///
    /// [`AttMtuError`] if it is not from 23 to 517.
    pub const fn new(octets: u16) -> Result<Self, AttMtuError> {
        if octets < Self::DEFAULT.0 || octets > Self::MAX.0 { Err(AttMtuError) } else { Ok(Self(octets)) }
    }

    /// The size in octets.
    pub const fn octets(self) -> u16 {
        self.0
    }

    /// The longest segment in octets: without opcode and handle, and no longer than an attribute value.
    pub fn segment_max(self) -> usize {
        usize::from(self.0.saturating_sub(3)).min(SEGMENT_MAX)
    }
}

/// An att_mtu is not from 23 to 517 octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttMtuError;

impl fmt::Display for AttMtuError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an att_mtu is from 23 to 517 octets")
    }
}

impl core::error::Error for AttMtuError {}

/// Cuts the messages of one direction of one connection.
#[derive(Debug)]
pub struct Segmenter {
    att_mtu: AttMtu,
    sequence: u8,
}

impl Segmenter {
    /// The segmenter of a new connection.
    pub const fn new(att_mtu: AttMtu) -> Self {
        Self { att_mtu, sequence: 0 }
    }

    /// Cuts to another size from the next message on.
    pub fn set_att_mtu(&mut self, att_mtu: AttMtu) {
        self.att_mtu = att_mtu;
    }

    /// Begins a message.
    ///
    /// All segments have to be sent before another message begins.
    ///
    /// # Errors
    ///
    /// [`MessageError`] if the message is empty or has more than 65,535 octets.
    pub fn segments<'a>(&'a mut self, message: &'a [u8]) -> Result<Segments<'a>, MessageError> {
        let len = u16::try_from(message.len()).map_err(|_| MessageError::TooLong)?;
        if len == 0 {
            return Err(MessageError::Empty);
        }
        Ok(Segments { segmenter: self, len, rest: message, first: true })
    }
}

/// The segments of one message that are still to be sent.
#[derive(Debug)]
pub struct Segments<'a> {
    segmenter: &'a mut Segmenter,
    len: u16,
    rest: &'a [u8],
    first: bool,
}

impl Segments<'_> {
    /// Writes the next segment to the front of `out` and returns it, or `None` after the last.
    pub fn next_segment<'o>(&mut self, out: &'o mut [u8; SEGMENT_MAX]) -> Option<&'o [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let header_len = if self.first { 3 } else { 1 };
        let room = self.segmenter.att_mtu.segment_max().saturating_sub(header_len);
        let (part, rest) = self.rest.split_at_checked(room).unwrap_or((self.rest, &[]));
        let mut flags = self.segmenter.sequence;
        if self.first {
            flags |= FIRST;
        }
        if rest.is_empty() {
            flags |= LAST;
        }
        let mut writer = Writer::new(out);
        writer.put(&[flags]).ok()?;
        if self.first {
            writer.put(&self.len.to_be_bytes()).ok()?;
        }
        writer.put(part).ok()?;
        let written = writer.length();
        self.rest = rest;
        self.first = false;
        self.segmenter.sequence = following(self.segmenter.sequence);
        out.get(..written)
    }
}

/// The sequence number after `sequence`.
const fn following(sequence: u8) -> u8 {
    sequence.wrapping_add(1) & SEQUENCE
}

/// Why a message cannot be framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageError {
    /// It has no octet.
    Empty,
    /// Its length does not fit a `u16`.
    TooLong,
}

impl fmt::Display for MessageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "a message is empty",
            Self::TooLong => "a message is longer than its length field can say",
        })
    }
}

impl core::error::Error for MessageError {}

#[cfg(test)]
mod tests;
