//! Frames: flags around octets that are escaped, and a check before the last flag.
//!
//! Spec: RFC 1662 §4 (octet-stuffed framing) with the 32-bit FCS of §C.3

use crc::{CRC_32_ISO_HDLC, Crc, Digest, NoTable};
use credential::ble::MESSAGE_CAP;
use heapless::Vec;
use postcard::ser_flavors::Flavor;

const FLAG: u8 = 0x7E;
const ESCAPE: u8 = 0x7D;
const FLIP: u8 = 0x20;
const CHECK_OCTETS: usize = 4;

/// The longest content of a frame, its check included: a message of the exchange and what stands around it.
pub const FRAME_MAX: usize = MESSAGE_CAP + 64;

/// Without a table, which would take a kilobyte of a flash that is small: the line is slower than the computing.
static CHECK: Crc<u32, NoTable> = Crc::<u32, NoTable>::new(&CRC_32_ISO_HDLC);

/// Writes one frame, octet by octet.
pub struct FrameWriter<'o> {
    digest: Digest<'static, u32, NoTable>,
    out: &'o mut dyn FnMut(u8),
}

impl<'o> FrameWriter<'o> {
    /// Begins a frame.
    pub fn begin(out: &'o mut dyn FnMut(u8)) -> Self {
        out(FLAG);
        Self { digest: CHECK.digest(), out }
    }

    /// Appends an octet of the content.
    pub fn put(&mut self, octet: u8) {
        self.digest.update(&[octet]);
        self.escaped(octet);
    }

    /// Ends the frame.
    pub fn end(mut self) {
        let check = core::mem::replace(&mut self.digest, CHECK.digest()).finalize();
        check.to_le_bytes().into_iter().for_each(|octet| self.escaped(octet));
        (self.out)(FLAG);
    }

    fn escaped(&mut self, octet: u8) {
        if matches!(octet, FLAG | ESCAPE) {
            (self.out)(ESCAPE);
            (self.out)(octet ^ FLIP);
        } else {
            (self.out)(octet);
        }
    }
}

impl Flavor for FrameWriter<'_> {
    type Output = ();

    fn try_push(&mut self, octet: u8) -> postcard::Result<()> {
        self.put(octet);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        self.end();
        Ok(())
    }
}

/// Takes a line's octets and gives the contents of whole frames; what is damaged is dropped up to the next flag.
pub struct FrameReader<const N: usize = FRAME_MAX> {
    buffer: Vec<u8, N>,
    state: State,
    damaged: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Between frames, or in one that is lost: everything up to a flag is noise.
    Hunting,
    Inside,
    Escaped,
    /// The buffer holds a frame that the caller has.
    Given,
}

impl<const N: usize> FrameReader<N> {
    /// A reader that waits for the first flag.
    pub const fn new() -> Self {
        Self { buffer: Vec::new(), state: State::Hunting, damaged: 0 }
    }

    /// Takes one octet; gives the content of a frame when it was the last one.
    pub fn push(&mut self, octet: u8) -> Option<&[u8]> {
        if self.state == State::Given {
            // The flag that ended a frame may begin the next one.
            self.begin();
        }
        match (self.state, octet) {
            (State::Hunting, FLAG) => self.begin(),
            (State::Hunting | State::Given, _) => {}
            (State::Inside, FLAG) => return self.end(),
            (State::Escaped, FLAG) => {
                self.damaged = self.damaged.saturating_add(1);
                self.begin();
            }
            (State::Inside, ESCAPE) => self.state = State::Escaped,
            (State::Inside, _) => self.take(octet),
            (State::Escaped, _) => {
                self.state = State::Inside;
                self.take(octet ^ FLIP);
            }
        }
        None
    }

    /// Frames that were dropped because of noise.
    pub const fn damaged(&self) -> u32 {
        self.damaged
    }

    fn begin(&mut self) {
        self.buffer.clear();
        self.state = State::Inside;
    }

    fn take(&mut self, octet: u8) {
        if self.buffer.push(octet).is_err() {
            self.damaged = self.damaged.saturating_add(1);
            self.state = State::Hunting;
        }
    }

    fn end(&mut self) -> Option<&[u8]> {
        let whole = match self.buffer.split_last_chunk::<CHECK_OCTETS>() {
            Some((content, check)) => CHECK.checksum(content).to_le_bytes() == *check,
            // Flags may follow one another.
            None if self.buffer.is_empty() => {
                self.begin();
                return None;
            }
            None => false,
        };
        if !whole {
            self.damaged = self.damaged.saturating_add(1);
            self.begin();
            return None;
        }
        self.state = State::Given;
        self.buffer.split_last_chunk::<CHECK_OCTETS>().map(|(content, _)| content)
    }
}

impl<const N: usize> Default for FrameReader<N> {
    fn default() -> Self {
        Self::new()
    }
}
