//! Response APDUs.

use super::{BufferTooSmall, StatusWord};
use crate::wire::Writer;
use core::fmt;

/// A response: data and status word.
///
/// | octets | field |
/// | --- | --- |
/// | n | data |
/// | 2 | SW1, SW2 |
///
/// A response on BLE and on streams has the same form.
///
/// Spec: ISO/IEC 7816-4 §5.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResponseApdu<'a> {
    /// The data, without the status word.
    pub data: &'a [u8],
    /// The status word.
    pub status: StatusWord,
}

impl<'a> ResponseApdu<'a> {
    /// A response that is only a status word.
    pub const fn of_status(status: StatusWord) -> Self {
        Self { data: &[], status }
    }

    /// Reads a whole response.
    ///
    /// # Errors
    ///
    /// [`ResponseError`] if there are fewer than two octets.
    pub fn decode(octets: &'a [u8]) -> Result<Self, ResponseError> {
        let (data, status) = octets.split_last_chunk::<2>().ok_or(ResponseError)?;
        Ok(Self { data, status: StatusWord::from_be_bytes(*status) })
    }

    /// Writes the response and returns its length in octets.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`] if `out` is shorter than data and status word.
    pub fn encode(&self, out: &mut [u8]) -> Result<usize, BufferTooSmall> {
        let mut writer = Writer::new(out);
        writer.put(self.data)?;
        writer.put(&self.status.to_be_bytes())?;
        Ok(writer.length())
    }
}

/// A response has no status word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResponseError;

impl fmt::Display for ResponseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a response is shorter than its status word")
    }
}

impl core::error::Error for ResponseError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_comes_back_as_it_was_sent() {
        let data = [7; 300];
        let mut out = [0; 302];
        for len in 0..=data.len() {
            let response = ResponseApdu { data: &data[..len], status: StatusWord::more(len) };
            let written = response.encode(&mut out).unwrap();
            assert_eq!(written, len + 2);
            assert_eq!(ResponseApdu::decode(&out[..written]), Ok(response));
            assert_eq!(response.encode(&mut out[..written - 1]), Err(BufferTooSmall));
        }
    }

    #[test]
    fn a_response_without_a_whole_status_word_is_refused() {
        assert_eq!(ResponseApdu::decode(&[]), Err(ResponseError));
        assert_eq!(ResponseApdu::decode(&[0x90]), Err(ResponseError));
        assert_eq!(ResponseApdu::decode(&[0x90, 0]), Ok(ResponseApdu::of_status(StatusWord::NORMAL)));
    }
}
