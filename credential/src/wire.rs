//! Reading and writing octets in order, without an index.

use crate::error::DecodeError;

/// Takes values from the front of octets that came from outside.
pub(crate) struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    pub(crate) const fn new(octets: &'a [u8]) -> Self {
        Self(octets)
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(DecodeError::Truncated)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(DecodeError::Truncated)?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, DecodeError> {
        self.array::<1>().map(u8::from_be_bytes)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, DecodeError> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, DecodeError> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, DecodeError> {
        self.array().map(u64::from_be_bytes)
    }

    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// The rest must be padding: zero octets.
    pub(crate) fn zeros(self) -> Result<(), DecodeError> {
        if self.0.iter().all(|octet| *octet == 0) { Ok(()) } else { Err(DecodeError::Padding) }
    }

    /// Nothing may be left.
    pub(crate) const fn finish(self) -> Result<(), DecodeError> {
        if self.0.is_empty() { Ok(()) } else { Err(DecodeError::Trailing) }
    }
}

/// Octets of a message that has only one length.
pub(crate) fn exactly<const N: usize>(octets: &[u8]) -> Result<&[u8; N], DecodeError> {
    let short = if octets.len() < N { DecodeError::Truncated } else { DecodeError::Trailing };
    octets.try_into().map_err(|_| short)
}

/// The output ran out of room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoRoom;

/// Puts values behind one another into a buffer of the caller's.
pub(crate) struct Writer<'a> {
    octets: &'a mut [u8],
    length: usize,
}

impl<'a> Writer<'a> {
    pub(crate) const fn new(octets: &'a mut [u8]) -> Self {
        Self { octets, length: 0 }
    }

    pub(crate) fn put(&mut self, octets: &[u8]) -> Result<(), NoRoom> {
        let end = self.length.checked_add(octets.len()).ok_or(NoRoom)?;
        self.octets.get_mut(self.length..end).ok_or(NoRoom)?.copy_from_slice(octets);
        self.length = end;
        Ok(())
    }

    /// Zero octets up to a length in all of `length`.
    pub(crate) fn pad_to(&mut self, length: usize) -> Result<(), NoRoom> {
        self.octets.get_mut(self.length..length).ok_or(NoRoom)?.fill(0);
        self.length = length;
        Ok(())
    }

    pub(crate) const fn length(&self) -> usize {
        self.length
    }
}
