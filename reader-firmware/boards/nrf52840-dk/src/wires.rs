//! The wires to the controller: bits on D0 and D1, text on a serial wire; the configuration says which.

use core::convert::Infallible;

use embassy_nrf::buffered_uarte::BufferedUarteTx;
use embassy_nrf::gpio::Output as Pin;
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::signal::Signal;
use embassy_time::Timer;
use embedded_hal::digital::{ErrorType, OutputPin};
use embedded_io::{ErrorKind, Write, WriteReady};
use reader_firmware::controller::{TextLink, WiegandLink};
use reader_firmware::micros::Micros;
use reader_firmware::output::Output;
use reader_firmware::output::wiegand::WiegandFrame;
use reader_firmware::port::{ControllerEvent, ControllerLink, Taken};

use crate::clock;

/// A frame on its way from the door to the wires.
static FRAME: Signal<CriticalSectionRawMutex, WiegandFrame> = Signal::new();

/// Signalled when the wires have been silent for long enough after a frame.
static FREE: Signal<CriticalSectionRawMutex, ()> = Signal::new();

/// A wire behind a transistor, which pulls it low while the pin is high.
pub(crate) struct OpenDrain(pub(crate) Pin<'static>);

impl ErrorType for OpenDrain {
    type Error = Infallible;
}

impl OutputPin for OpenDrain {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.0.set_high();
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        self.0.set_low();
        Ok(())
    }
}

/// Both ways to the controller.
pub(crate) struct Wires {
    text: TextLink<Wire>,
    free: bool,
}

impl Wires {
    /// Text goes to `wire`, frames to [`pulses`].
    pub(crate) fn new(wire: BufferedUarteTx<'static>) -> Self {
        Self { text: TextLink::new(Wire(wire), Default::default()), free: true }
    }
}

impl ControllerLink for Wires {
    fn put_out(&mut self, output: &Output, now: Micros) -> Taken {
        let Output::Wiegand(frame) = output else { return self.text.put_out(output, now) };
        self.free |= FREE.try_take().is_some();
        if !core::mem::replace(&mut self.free, false) {
            return Taken::NotTaken;
        }
        FRAME.signal(*frame);
        Taken::HandedOver
    }

    fn poll(&mut self, now: Micros) -> Option<ControllerEvent> {
        self.text.poll(now)
    }

    fn poll_at(&self) -> Option<Micros> {
        self.text.poll_at()
    }
}

/// Puts frames on the wires, above all else but the radio: nothing that a door computes makes a pulse longer.
#[embassy_executor::task]
pub(crate) async fn pulses(mut link: WiegandLink<OpenDrain, OpenDrain>, silence: embassy_time::Duration) {
    loop {
        let frame = FRAME.wait().await;
        let _taken = link.put_out(&Output::Wiegand(frame), clock::now());
        while let Some(at) = link.poll_at() {
            Timer::at(clock::instant(at)).await;
            link.poll(clock::now());
        }
        Timer::after(silence).await;
        FREE.signal(());
    }
}

/// The sending half of a UART, whose buffer is longer than any line.
pub(crate) struct Wire(BufferedUarteTx<'static>);

/// The line before has not left yet.
#[derive(Debug)]
pub(crate) struct Full;

impl embedded_io::Error for Full {
    fn kind(&self) -> ErrorKind {
        ErrorKind::OutOfMemory
    }
}

impl core::fmt::Display for Full {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the line before has not left yet")
    }
}

impl core::error::Error for Full {}

impl embedded_io::ErrorType for Wire {
    type Error = Full;
}

impl WriteReady for Wire {
    fn write_ready(&mut self) -> Result<bool, Full> {
        Ok(true)
    }
}

impl Write for Wire {
    fn write(&mut self, octets: &[u8]) -> Result<usize, Full> {
        match self.0.try_write(octets) {
            Ok(written) if written > 0 => Ok(written),
            _ => Err(Full),
        }
    }

    fn flush(&mut self) -> Result<(), Full> {
        Ok(())
    }
}
