//! An entry: one event with its number and its time, in the same octets in a reader's log and in a report.
//!
//! | offset | octets | field |
//! | --- | --- | --- |
//! | 0 | 4 | sequence number |
//! | 4 | 4 | reader time, 0 = no clock |
//! | 8 | 1 | kind |
//! | 9 | 2 | length of the body |
//! | 11 | … | body |

use super::event::Event;
use crate::error::DecodeError;
use crate::message::hello::{time_code, time_of};
use crate::time::UnixTime;
use crate::wire::{Cursor, NoRoom, Writer};

/// Octets of an entry in front of its body.
pub const ENTRY_HEAD_OCTETS: usize = 11;

/// One event of a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Goes up by one with each event of a log, from 1, and never comes twice in it.
    pub sequence: u32,
    /// The reader's time; `None` if it had no clock.
    pub time: Option<UnixTime>,
    /// What happened.
    pub event: Event<'a>,
}

impl<'a> Entry<'a> {
    /// Octets of the longest entry that a reader of this version makes.
    pub const OCTETS_MAX: usize = ENTRY_HEAD_OCTETS + Event::BODY_OCTETS_MAX;

    /// Writes the entry to the front of `out` and returns its length; `None` when it does not fit.
    pub fn encode(&self, out: &mut [u8]) -> Option<usize> {
        self.put(out).ok()
    }

    fn put(&self, out: &mut [u8]) -> Result<usize, NoRoom> {
        let (head, body) = out.split_first_chunk_mut::<ENTRY_HEAD_OCTETS>().ok_or(NoRoom)?;
        let mut body = Writer::new(body);
        self.event.put_body(&mut body)?;
        let mut writer = Writer::new(head);
        writer.put(&self.sequence.to_be_bytes())?;
        writer.put(&time_code(self.time).to_be_bytes())?;
        writer.put(&[self.event.kind()])?;
        writer.put(&u16::try_from(body.length()).map_err(|_| NoRoom)?.to_be_bytes())?;
        ENTRY_HEAD_OCTETS.checked_add(body.length()).ok_or(NoRoom)
    }

    /// Takes an entry from the front of `octets`, and returns what is behind it.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] when the octets end before the entry does.
    pub fn decode(octets: &'a [u8]) -> Result<(Self, &'a [u8]), DecodeError> {
        let mut cursor = Cursor::new(octets);
        let (sequence, time) = (cursor.u32()?, time_of(cursor.u32()?));
        let (kind, length) = (cursor.u8()?, cursor.u16()?);
        let event = Event::from_body(kind, cursor.take(usize::from(length))?);
        Ok((Self { sequence, time, event }, cursor.rest()))
    }
}
