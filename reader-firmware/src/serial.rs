//! The serial line between a board and its host: commands down, reports up, each in a frame with a check.
//!
//! Both sides use this code; it does no IO.
//!
//! Spec: `docs/READER.md#serial-line`

mod command;
mod frame;
mod report;

pub use command::{Arrived, Command, Rehearsal, Update};
pub use frame::{FRAME_MAX, FrameReader, FrameWriter};
pub use report::{Check, DoorState, Event, Footprint, Report, SelfTest, Status, Trouble, Way};

use serde::{Deserialize, Serialize};

/// Version of what is said on the line; a host refuses a board that speaks another one.
pub const VERSION: u8 = 2;

/// A frame's content: what is said, and for which command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbered<T> {
    /// Number of the command; reports that answer none have 0.
    pub number: u8,
    /// What is said.
    pub content: T,
}

/// A frame whose check holds and whose content is not of this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable;

impl<'a, T: Deserialize<'a>> Numbered<T> {
    /// Reads the content of a frame.
    ///
    /// # Errors
    /// [`Unreadable`] for anything but a whole content with nothing behind it.
    pub fn decode(content: &'a [u8]) -> Result<Self, Unreadable> {
        match postcard::take_from_bytes(content) {
            Ok((numbered, [])) => Ok(numbered),
            _ => Err(Unreadable),
        }
    }
}

impl<T: Serialize> Numbered<T> {
    /// Writes the whole frame, octet by octet.
    ///
    /// # Errors
    /// [`Unreadable`] for a content that cannot be encoded; the peer then drops the frame.
    pub fn send(&self, out: &mut dyn FnMut(u8)) -> Result<(), Unreadable> {
        postcard::serialize_with_flavor(self, FrameWriter::begin(out)).map_err(|_| Unreadable)
    }
}

#[cfg(test)]
mod tests;
