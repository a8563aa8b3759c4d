//! Frames on a stream: each message behind its length.
//!
//! | octets | field |
//! | --- | --- |
//! | 2 | n, the length of the message, 1 or more |
//! | n | message |
//!
//! Source: `docs/PROTOCOL.md#ble-and-streams`.

use super::MESSAGE_CAP;
use crate::wire::Writer;
use core::fmt;
use heapless::Vec;
use zeroize::Zeroize;

/// Octets of the length before a message.
pub const FRAME_HEADER: usize = 2;

/// Writes a message behind its length, and returns the length of both in octets.
///
/// # Errors
///
/// [`FrameEncodeError`] if the message is empty or too long, or `out` is too small.
pub fn encode_frame(message: &[u8], out: &mut [u8]) -> Result<usize, FrameEncodeError> {
    let len = u16::try_from(message.len()).map_err(|_| FrameEncodeError::TooLong)?;
    if len == 0 {
        return Err(FrameEncodeError::Empty);
    }
    let mut writer = Writer::new(out);
    writer
        .put(&len.to_be_bytes())
        .and_then(|()| writer.put(message))
        .map_err(|_| FrameEncodeError::BufferTooSmall)?;
    Ok(writer.length())
}

/// Takes a stream in pieces of any size and gives whole messages.
///
/// After an error it takes nothing more, because the place of the next length is lost; a new connection needs
/// [`reset`](Self::reset).
///
/// ```
/// use credential::ble::stream::FrameDecoder;
///
/// let mut decoder = FrameDecoder::<16>::new();
/// let mut messages = 0;
/// for piece in [[0, 2, 7], [8, 0, 1], [9, 0, 1]] {
///     let mut input = piece.as_slice();
///     while let Some(message) = decoder.next_message(&mut input)? {
///         assert!(message == [7, 8] || message == [9]);
///         messages += 1;
///     }
/// }
/// assert_eq!(messages, 2);
/// # Ok::<(), credential::ble::stream::FrameError>(())
/// ```
pub struct FrameDecoder<const N: usize = MESSAGE_CAP> {
    buffer: Vec<u8, N>,
    state: State,
}

#[derive(Clone, Copy)]
enum State {
    /// Nothing of a length has come.
    Length,
    /// The first octet of a length has come.
    HalfLength(u8),
    /// The buffer holds the beginning of a message of which `missing` octets have not come.
    Message {
        missing: usize,
    },
    Closed,
}

impl<const N: usize> FrameDecoder<N> {
    /// The decoder of a new connection.
    pub const fn new() -> Self {
        Self { buffer: Vec::new(), state: State::Length }
    }

    /// Forgets everything, for a new connection.
    pub fn reset(&mut self) {
        self.buffer.zeroize();
        self.state = State::Length;
    }

    /// Takes octets from the front of `input`, up to the end of a message, and returns that message.
    ///
    /// `None` means that all input was taken and no message is whole.
    ///
    /// # Errors
    ///
    /// [`FrameError`]; the session is to be closed.
    pub fn next_message(&mut self, input: &mut &[u8]) -> Result<Option<&[u8]>, FrameError> {
        while let Some((&octet, rest)) = input.split_first() {
            match self.state {
                State::Closed => return Err(FrameError::Closed),
                State::Length => {
                    *input = rest;
                    self.state = State::HalfLength(octet);
                }
                State::HalfLength(high) => {
                    *input = rest;
                    self.begin(u16::from_be_bytes([high, octet]))?;
                }
                State::Message { missing } => {
                    if self.take(missing, input) {
                        return Ok(Some(&self.buffer));
                    }
                }
            }
        }
        Ok(None)
    }

    fn begin(&mut self, len: u16) -> Result<(), FrameError> {
        let missing = usize::from(len);
        self.buffer.clear();
        self.state = State::Closed;
        if missing == 0 {
            return Err(FrameError::Empty);
        }
        if missing > N {
            return Err(FrameError::MessageTooLong);
        }
        self.state = State::Message { missing };
        Ok(())
    }

    /// Takes as much of a message as there is, and says whether it is whole.
    fn take(&mut self, missing: usize, input: &mut &[u8]) -> bool {
        let (part, rest) = input.split_at_checked(missing).unwrap_or((input, &[]));
        // The length was checked against the capacity.
        let _ = self.buffer.extend_from_slice(part);
        *input = rest;
        let missing = missing.saturating_sub(part.len());
        self.state = if missing == 0 { State::Length } else { State::Message { missing } };
        missing == 0
    }
}

impl<const N: usize> Default for FrameDecoder<N> {
    fn default() -> Self {
        Self::new()
    }
}

/// What a peer did against the rules of frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// A message has no octet.
    Empty,
    /// A message is longer than the reassembly buffer.
    MessageTooLong,
    /// The session was closed by an earlier error.
    Closed,
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "a message is empty",
            Self::MessageTooLong => "a message is longer than the reassembly buffer",
            Self::Closed => "the session is closed",
        })
    }
}

impl core::error::Error for FrameError {}

/// Why a frame cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameEncodeError {
    /// The message has no octet.
    Empty,
    /// The length of the message does not fit a `u16`.
    TooLong,
    /// The output buffer is too small.
    BufferTooSmall,
}

impl fmt::Display for FrameEncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "a message is empty",
            Self::TooLong => "a message is longer than its length field can say",
            Self::BufferTooSmall => "the output buffer is too small",
        })
    }
}

impl core::error::Error for FrameEncodeError {}

#[cfg(test)]
mod tests;
