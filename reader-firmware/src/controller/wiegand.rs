//! Pulses on D0 and D1: a low pulse on D0 is a zero, one on D1 a one.
//!
//! Spec: SIA AC-01

use core::fmt;

use embedded_hal::digital::OutputPin;

use crate::micros::Micros;
use crate::output::Output;
use crate::output::wiegand::WiegandFrame;
use crate::port::{ControllerEvent, ControllerLink, Taken};

/// How long pulses are and how far apart.
///
/// Belongs to the board and its cable, not to the configuration: that says which bits, this says how they are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    pulse_us: u16,
    interval_us: u16,
    frame_gap_us: u32,
}

/// A timing that no controller would read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimingError {
    /// A pulse is from 20 to 1,000 µs.
    Pulse,
    /// The interval is from 200 to 20,000 µs, and at least twice the pulse.
    Interval,
    /// The gap between frames is from three intervals to a second.
    FrameGap,
}

impl Timing {
    /// Pulses of 50 µs every 2 ms, and 50 ms of silence after a frame: what controllers expect unless told otherwise.
    pub const USUAL: Self = Self { pulse_us: 50, interval_us: 2_000, frame_gap_us: 50_000 };

    /// Pulses of `pulse_us`, from the beginning of one to that of the next `interval_us`, and `frame_gap_us` of
    /// silence between frames.
    ///
    /// # Errors
    /// [`TimingError`] says which value is out of range.
    pub fn new(pulse_us: u16, interval_us: u16, frame_gap_us: u32) -> Result<Self, TimingError> {
        if !(20..=1_000).contains(&pulse_us) {
            return Err(TimingError::Pulse);
        }
        if !(200..=20_000).contains(&interval_us) || interval_us < pulse_us.saturating_mul(2) {
            return Err(TimingError::Interval);
        }
        if frame_gap_us < u32::from(interval_us).saturating_mul(3) || frame_gap_us > 1_000_000 {
            return Err(TimingError::FrameGap);
        }
        Ok(Self { pulse_us, interval_us, frame_gap_us })
    }

    /// From the first edge to the end of the silence, for a frame of so many bits.
    pub fn frame_us(self, bits: u8) -> u64 {
        u64::from(self.interval_us)
            .saturating_mul(u64::from(bits))
            .saturating_add(u64::from(self.frame_gap_us))
    }
}

/// One of the two wires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// Zeros.
    D0,
    /// Ones.
    D1,
}

/// What happens to a wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// A pulse begins.
    Falls(Line),
    /// A pulse ends.
    Rises(Line),
}

/// A schedule of edges, one frame at a time.
///
/// A poll that comes late lengthens what is on the wire and never shortens what follows.
/// Where polls may come later than a controller stands, let a timer poll it.
#[derive(Clone, Copy, Debug)]
pub struct Transmitter {
    timing: Timing,
    /// The bits that are still to come, and when the next edge is due.
    sending: Option<(WiegandFrame, u8)>,
    low: Option<(Line, Micros)>,
    at: Micros,
}

/// A frame is under way already, or the silence after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy;

impl Transmitter {
    /// An idle transmitter.
    pub const fn new(timing: Timing) -> Self {
        Self { timing, sending: None, low: None, at: Micros::START }
    }

    /// Begins a frame.
    ///
    /// # Errors
    /// [`Busy`] until the silence after the frame before is over.
    pub fn send(&mut self, frame: WiegandFrame, now: Micros) -> Result<(), Busy> {
        if self.sending.is_some() || now < self.at {
            return Err(Busy);
        }
        (self.sending, self.at) = (Some((frame, 0)), now);
        Ok(())
    }

    /// The next edge, if it is due; to be called until there is none.
    pub fn poll(&mut self, now: Micros) -> Option<Edge> {
        let (frame, next) = self.sending.filter(|_| now >= self.at)?;
        if let Some((line, fell)) = self.low.take() {
            let recovery = self.timing.interval_us.saturating_sub(self.timing.pulse_us);
            self.at =
                fell.after_us(u64::from(self.timing.interval_us)).max(now.after_us(u64::from(recovery)));
            if next >= frame.bits() {
                self.sending = None;
                self.at = now.after_us(u64::from(self.timing.frame_gap_us));
            }
            return Some(Edge::Rises(line));
        }
        let line = if frame.iter().nth(usize::from(next))? { Line::D1 } else { Line::D0 };
        self.sending = Some((frame, next.saturating_add(1)));
        self.low = Some((line, now));
        self.at = now.after_us(u64::from(self.timing.pulse_us));
        Some(Edge::Falls(line))
    }

    /// When the next edge is due; `None` between frames.
    pub fn poll_at(&self) -> Option<Micros> {
        self.sending.map(|_| self.at)
    }
}

/// A transmitter on two pins that idle high, as open-collector outputs with the controller's pull-ups do.
///
/// While a frame is on the wire the main loop does nothing else; see [`ControllerLink::holds_line`].
pub struct WiegandLink<D0, D1> {
    transmitter: Transmitter,
    d0: D0,
    d1: D1,
}

impl<D0: OutputPin, D1: OutputPin> WiegandLink<D0, D1> {
    /// Lets both wires go.
    pub fn new(timing: Timing, mut d0: D0, mut d1: D1) -> Self {
        let _ = d0.set_high();
        let _ = d1.set_high();
        Self { transmitter: Transmitter::new(timing), d0, d1 }
    }
}

impl<D0: OutputPin, D1: OutputPin> ControllerLink for WiegandLink<D0, D1> {
    fn put_out(&mut self, output: &Output, now: Micros) -> Taken {
        let Output::Wiegand(frame) = output else { return Taken::WrongFormat };
        match self.transmitter.send(*frame, now) {
            Ok(()) => Taken::HandedOver,
            Err(Busy) => Taken::NotTaken,
        }
    }

    fn poll(&mut self, now: Micros) -> Option<ControllerEvent> {
        while let Some(edge) = self.transmitter.poll(now) {
            // A wire that cannot be driven cannot be mended from here.
            let _ = match edge {
                Edge::Falls(Line::D0) => self.d0.set_low().is_ok(),
                Edge::Falls(Line::D1) => self.d1.set_low().is_ok(),
                Edge::Rises(Line::D0) => self.d0.set_high().is_ok(),
                Edge::Rises(Line::D1) => self.d1.set_high().is_ok(),
            };
        }
        None
    }

    fn poll_at(&self) -> Option<Micros> {
        self.transmitter.poll_at()
    }

    fn holds_line(&self) -> bool {
        self.transmitter.poll_at().is_some()
    }
}

impl fmt::Display for TimingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pulse => "a Wiegand pulse is from 20 to 1,000 µs",
            Self::Interval => "a Wiegand interval is from 200 to 20,000 µs and at least twice the pulse",
            Self::FrameGap => "the gap between Wiegand frames is from three intervals to 1,000,000 µs",
        })
    }
}

impl core::error::Error for TimingError {}

#[cfg(test)]
mod tests;
