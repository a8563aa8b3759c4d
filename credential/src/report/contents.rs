//! What is sealed in a report.
//!
//! | offset | octets | field |
//! | --- | --- | --- |
//! | 0 | 8 | log id |
//! | 8 | 4 | sequence number of the oldest entry that the reader holds |
//! | 12 | … | entries, at least one, their numbers ascending |

use super::entry::Entry;
use crate::error::DecodeError;
use crate::id::LogId;
use crate::wire::{Cursor, Writer};

/// Octets in front of the entries.
pub const CONTENTS_HEAD_OCTETS: usize = 12;

/// An opened report that decodes as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportContents<'a> {
    /// Which log the entries are from.
    pub log: LogId,
    /// Entries below this one are with the manager already, or lost.
    pub oldest: u32,
    entries: &'a [u8],
}

impl<'a> ReportContents<'a> {
    /// Decodes the plaintext of a report.
    ///
    /// # Errors
    /// [`DecodeError`]: the octets end early, there is no entry, or the numbers do not ascend from `oldest` on.
    pub fn decode(plaintext: &'a [u8]) -> Result<Self, DecodeError> {
        let mut cursor = Cursor::new(plaintext);
        let (log, oldest, entries) = (LogId(cursor.array()?), cursor.u32()?, cursor.rest());
        let (mut rest, mut at_least) = (entries, Some(oldest));
        if oldest == 0 || entries.is_empty() {
            return Err(DecodeError::Count);
        }
        while !rest.is_empty() {
            let (entry, behind) = Entry::decode(rest)?;
            if at_least.is_none_or(|at_least| entry.sequence < at_least) {
                return Err(DecodeError::NotSorted);
            }
            (rest, at_least) = (behind, entry.sequence.checked_add(1));
        }
        Ok(Self { log, oldest, entries })
    }

    /// The entries in order.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'a>> + use<'a> {
        let mut rest = self.entries;
        core::iter::from_fn(move || {
            let (entry, behind) = Entry::decode(rest).ok()?;
            rest = behind;
            Some(entry)
        })
    }
}

/// Writes what stands in front of the entries, and returns the room for them; `None` when there is none.
pub fn write_head(log: LogId, oldest: u32, out: &mut [u8]) -> Option<&mut [u8]> {
    let (head, entries) = out.split_first_chunk_mut::<CONTENTS_HEAD_OCTETS>()?;
    let mut writer = Writer::new(head);
    writer.put(&log.0).ok()?;
    writer.put(&oldest.to_be_bytes()).ok()?;
    Some(entries)
}
