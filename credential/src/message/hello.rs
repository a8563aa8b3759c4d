//! HELLO: the reader names itself.
//!
//! | offset | octets | field |
//! | --- | --- | --- |
//! | 0 | 1 | version |
//! | 1 | 1 | suite |
//! | 2 | 4 | reader time, Unix seconds, 0 = no clock |
//! | 6 | 120 | reader certificate |
//! | 126 | 33 | reader ephemeral point |

use super::select::{SUITE, VERSION};
use crate::crypto::Point;
use crate::error::{DecodeError, PeerIncompatible};
use crate::object::ReaderCertificate;
use crate::time::UnixTime;
use crate::wire::{Cursor, NoRoom, Writer};

/// The command data of HELLO.
#[derive(Clone, Copy)]
pub(crate) struct Hello {
    pub(crate) version: u8,
    pub(crate) suite: u8,
    pub(crate) time: Option<UnixTime>,
    pub(crate) certificate: [u8; ReaderCertificate::OCTETS],
    pub(crate) ephemeral: Point,
}

impl Hello {
    pub(crate) const OCTETS: usize = 159;

    pub(crate) const fn new(
        time: Option<UnixTime>,
        certificate: [u8; ReaderCertificate::OCTETS],
        ephemeral: Point,
    ) -> Self {
        Self { version: VERSION, suite: SUITE, time, certificate, ephemeral }
    }

    pub(crate) fn encode(&self, out: &mut [u8]) -> Result<usize, NoRoom> {
        let mut writer = Writer::new(out);
        writer.put(&[self.version, self.suite])?;
        writer.put(&time_code(self.time).to_be_bytes())?;
        writer.put(&self.certificate)?;
        writer.put(&self.ephemeral.0)?;
        Ok(writer.length())
    }

    pub(crate) fn decode(octets: &[u8]) -> Result<Self, DecodeError> {
        let mut cursor = Cursor::new(octets);
        let hello = Self {
            version: cursor.u8()?,
            suite: cursor.u8()?,
            time: time_of(cursor.u32()?),
            certificate: cursor.array()?,
            ephemeral: Point(cursor.array()?),
        };
        cursor.finish()?;
        Ok(hello)
    }

    /// Refuses a version or a suite other than those of this code.
    pub(crate) const fn check_supported(&self) -> Result<(), PeerIncompatible> {
        match (self.version, self.suite) {
            (VERSION, SUITE) => Ok(()),
            (VERSION, _) => Err(PeerIncompatible::Suite),
            _ => Err(PeerIncompatible::Version),
        }
    }
}

/// A reader time as it is written: 0 for no clock.
pub(crate) const fn time_code(time: Option<UnixTime>) -> u32 {
    match time {
        Some(UnixTime(time)) => time,
        None => 0,
    }
}

/// A reader time as it was written.
pub(crate) const fn time_of(code: u32) -> Option<UnixTime> {
    match code {
        0 => None,
        time => Some(UnixTime(time)),
    }
}

const _: () = assert!(Hello::OCTETS == 6 + ReaderCertificate::OCTETS + 33);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hello_comes_back_as_it_was_sent_and_only_whole() {
        for time in [None, Some(UnixTime(1_800_000_000))] {
            let hello = Hello::new(time, [7; 120], Point([2; 33]));
            let mut octets = [0; Hello::OCTETS];
            assert_eq!(hello.encode(&mut octets), Ok(Hello::OCTETS));
            let back = Hello::decode(&octets).unwrap();
            assert_eq!((back.time, back.certificate, back.ephemeral), (time, [7; 120], Point([2; 33])));
            for length in 0..octets.len() {
                assert!(matches!(Hello::decode(&octets[..length]), Err(DecodeError::Truncated)));
            }
            assert!(matches!(Hello::decode(&[0; 160]), Err(DecodeError::Trailing)));
        }
    }
}
