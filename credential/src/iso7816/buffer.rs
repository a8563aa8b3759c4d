//! The caller's output buffers.

use crate::wire::NoRoom;
use core::fmt;

/// The caller's buffer cannot take what is to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BufferTooSmall;

impl From<NoRoom> for BufferTooSmall {
    fn from(_: NoRoom) -> Self {
        Self
    }
}

impl fmt::Display for BufferTooSmall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the output buffer is too small")
    }
}

impl core::error::Error for BufferTooSmall {}
