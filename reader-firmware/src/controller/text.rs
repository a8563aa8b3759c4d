//! The user ID as a line on a serial wire.

use embedded_io::{Write, WriteReady};
use heapless::Vec;

use credential::limits::USER_ID_MAX;

use crate::micros::Micros;
use crate::output::Output;
use crate::port::{ControllerEvent, ControllerLink, Taken};

/// Octets that may stand before the user ID.
const BEFORE_MAX: usize = 4;

/// Octets of the longest line.
const LINE_MAX: usize = BEFORE_MAX + USER_ID_MAX + 2;

/// How often a wire is asked again that had no room.
const RETRY_US: u64 = 1_000;

/// What ends a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LineEnd {
    /// Carriage return, as scanners do.
    Cr,
    /// Line feed.
    Lf,
    /// Both.
    #[default]
    CrLf,
}

impl LineEnd {
    const fn octets(self) -> &'static [u8] {
        match self {
            Self::Cr => b"\r",
            Self::Lf => b"\n",
            Self::CrLf => b"\r\n",
        }
    }
}

/// How a line looks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextSettings {
    /// Octets before the user ID, such as STX.
    pub before: Vec<u8, BEFORE_MAX>,
    /// What ends the line.
    pub end: LineEnd,
}

/// Lines on anything that is written to octet by octet, without waiting for it.
pub struct TextLink<W> {
    wire: W,
    settings: TextSettings,
    line: Vec<u8, LINE_MAX>,
    written: usize,
    poll_at: Option<Micros>,
    broken: bool,
}

impl<W: Write + WriteReady> TextLink<W> {
    /// Writes to `wire`.
    pub const fn new(wire: W, settings: TextSettings) -> Self {
        Self { wire, settings, line: Vec::new(), written: 0, poll_at: None, broken: false }
    }

    /// Writes as much as the wire takes; `false` when it is broken.
    fn write(&mut self, now: Micros) -> bool {
        while let Some(rest) = self.line.get(self.written..).filter(|rest| !rest.is_empty()) {
            match self.wire.write_ready() {
                Ok(true) => {}
                Ok(false) => {
                    self.poll_at = Some(now.after_us(RETRY_US));
                    return true;
                }
                Err(_) => return false,
            }
            match self.wire.write(rest) {
                Ok(octets) if octets > 0 => self.written = self.written.saturating_add(octets),
                _ => return false,
            }
        }
        self.forget();
        true
    }

    fn forget(&mut self) {
        self.line.clear();
        (self.written, self.poll_at) = (0, None);
    }
}

impl<W: Write + WriteReady> ControllerLink for TextLink<W> {
    fn put_out(&mut self, output: &Output, now: Micros) -> Taken {
        let Output::Text(user_id) = output else { return Taken::WrongFormat };
        if !self.line.is_empty() {
            return Taken::NotTaken;
        }
        for part in [&self.settings.before, user_id.as_bytes(), self.settings.end.octets()] {
            // The line has room for the longest of each.
            let _ = self.line.extend_from_slice(part);
        }
        self.poll_at = Some(now);
        Taken::HandedOver
    }

    fn poll(&mut self, now: Micros) -> Option<ControllerEvent> {
        if self.poll_at.is_none_or(|at| now < at) {
            return None;
        }
        let broken = !self.write(now);
        if broken {
            // Half a line that is continued later could be read as another ID.
            self.forget();
        }
        let changed = core::mem::replace(&mut self.broken, broken) != broken;
        changed.then_some(if broken { ControllerEvent::Offline } else { ControllerEvent::Online })
    }

    fn poll_at(&self) -> Option<Micros> {
        self.poll_at
    }
}

#[cfg(test)]
mod tests {
    use core::convert::Infallible;
    use std::vec::Vec;

    use credential::id::UserId;

    use super::*;

    /// Takes three octets, then has no room once.
    #[derive(Default)]
    struct Narrow(Vec<u8>, bool);

    impl embedded_io::ErrorType for Narrow {
        type Error = Infallible;
    }

    impl WriteReady for Narrow {
        fn write_ready(&mut self) -> Result<bool, Infallible> {
            self.1 = !self.1;
            Ok(self.1)
        }
    }

    impl Write for Narrow {
        fn write(&mut self, octets: &[u8]) -> Result<usize, Infallible> {
            let taken = octets.len().min(3);
            self.0.extend_from_slice(&octets[..taken]);
            Ok(taken)
        }

        fn flush(&mut self) -> Result<(), Infallible> {
            Ok(())
        }
    }

    #[test]
    fn a_line_is_written_whole_however_narrow_the_wire() {
        let before = heapless::Vec::from_slice(b"\x02").unwrap();
        let mut link = TextLink::new(Narrow::default(), TextSettings { before, end: LineEnd::CrLf });
        let output = Output::Text(UserId::new(b"A-4711 x").unwrap());
        assert_eq!(link.put_out(&output, Micros(0)), Taken::HandedOver);
        assert_eq!(link.put_out(&output, Micros(0)), Taken::NotTaken);
        let mut polls = 0;
        while let Some(at) = link.poll_at() {
            assert_eq!(link.poll(at), None);
            polls += 1;
        }
        assert_eq!(link.wire.0, b"\x02A-4711 x\r\n");
        assert_eq!(polls, 4);
    }
}
