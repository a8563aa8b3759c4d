//! Joining segments.

use super::{FIRST, LAST, SEQUENCE, following};
use crate::ble::MESSAGE_CAP;
use core::fmt;
use heapless::Vec;
use zeroize::Zeroize;

/// Joins the segments of one direction of one connection.
///
/// After an error it takes nothing more, because the session is closed; a new connection needs
/// [`reset`](Self::reset).
pub struct Reassembler<const N: usize = MESSAGE_CAP> {
    buffer: Vec<u8, N>,
    sequence: u8,
    state: State,
}

#[derive(Clone, Copy)]
enum State {
    Outside,
    /// The buffer holds the beginning of a message of `len` octets.
    Within {
        len: usize,
    },
    Closed,
}

impl<const N: usize> Reassembler<N> {
    /// The reassembler of a new connection.
    pub const fn new() -> Self {
        Self { buffer: Vec::new(), sequence: 0, state: State::Outside }
    }

    /// Forgets everything, for a new connection.
    pub fn reset(&mut self) {
        self.buffer.zeroize();
        self.sequence = 0;
        self.state = State::Outside;
    }

    /// Takes a segment and returns the message if this was its last.
    ///
    /// # Errors
    ///
    /// [`SegmentError`]; the message is dropped and the session is to be closed.
    pub fn push(&mut self, segment: &[u8]) -> Result<Option<&[u8]>, SegmentError> {
        match self.take(segment) {
            Ok(true) => Ok(Some(&self.buffer)),
            Ok(false) => Ok(None),
            Err(error) => {
                self.buffer.zeroize();
                self.state = State::Closed;
                Err(error)
            }
        }
    }

    /// Takes a segment and says whether the buffer is a whole message.
    fn take(&mut self, segment: &[u8]) -> Result<bool, SegmentError> {
        let (&flags, rest) = segment.split_first().ok_or(SegmentError::Truncated)?;
        let first = flags & FIRST != 0;
        let (len, part) = match self.state {
            State::Closed => return Err(SegmentError::Closed),
            _ if flags & SEQUENCE != self.sequence => return Err(SegmentError::Sequence),
            State::Within { .. } if first => return Err(SegmentError::FirstWithin),
            State::Outside if !first => return Err(SegmentError::NotFirstOutside),
            State::Within { len } => (len, rest),
            State::Outside => self.begin(rest)?,
        };
        if part.is_empty() {
            return Err(SegmentError::Truncated);
        }
        // Fails only for more than the announced length, which fits.
        self.buffer.extend_from_slice(part).map_err(|_| SegmentError::Length)?;
        let whole = self.buffer.len() == len;
        if self.buffer.len() > len || whole != (flags & LAST != 0) {
            return Err(SegmentError::Length);
        }
        self.sequence = following(self.sequence);
        self.state = if whole { State::Outside } else { State::Within { len } };
        Ok(whole)
    }

    /// Reads what the first segment has behind its flags: the length of the message, and a part of it.
    fn begin<'a>(&mut self, rest: &'a [u8]) -> Result<(usize, &'a [u8]), SegmentError> {
        let (len, part) = rest.split_first_chunk().ok_or(SegmentError::Truncated)?;
        let len = usize::from(u16::from_be_bytes(*len));
        if len > N {
            return Err(SegmentError::MessageTooLong);
        }
        self.buffer.clear();
        Ok((len, part))
    }
}

impl<const N: usize> Default for Reassembler<N> {
    fn default() -> Self {
        Self::new()
    }
}

/// What a peer did against the rules of segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SegmentError {
    /// A segment ends within its header or carries nothing.
    Truncated,
    /// The sequence number is not the next.
    Sequence,
    /// A first segment came in the middle of a message.
    FirstWithin,
    /// A segment that is not a first one came outside a message.
    NotFirstOutside,
    /// The parts are longer than the message, or end where the last segment does not.
    Length,
    /// The message is longer than the reassembly buffer.
    MessageTooLong,
    /// The session was closed by an earlier error.
    Closed,
}

impl fmt::Display for SegmentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "a segment ends early",
            Self::Sequence => "a segment is not the next one",
            Self::FirstWithin => "a message began in the middle of another",
            Self::NotFirstOutside => "a message began in its middle",
            Self::Length => "the segments of a message do not come to its length",
            Self::MessageTooLong => "a message is longer than the reassembly buffer",
            Self::Closed => "the session is closed",
        })
    }
}

impl core::error::Error for SegmentError {}
