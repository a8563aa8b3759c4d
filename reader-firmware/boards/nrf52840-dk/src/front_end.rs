//! The I2C bus to the PN532, with its IRQ pin.
//!
//! Not `pn532::i2c::I2CInterfaceWithIrq`: that reads the ready octet and the frame as two reads of one transaction,
//! which the bus master of this chip cannot do. Here it is one read, and a bus that hangs is given up.

use core::task::Poll;

use embassy_nrf::gpio::Input;
use embassy_nrf::twim::{Error, Twim};
use embassy_time::Duration;
use pn532::i2c::I2C_ADDRESS;

/// Octets of the longest frame, that of an APDU, its ready octet in front.
const FRAME_MAX: usize = 1 + 262;

/// The longest frame takes 6 ms at 400 kHz; the chip may hold the clock for a while.
const PATIENCE: Duration = Duration::from_millis(25);

pub(crate) struct Bus {
    twim: Twim<'static>,
    irq: Input<'static>,
}

impl Bus {
    pub(crate) const fn new(twim: Twim<'static>, irq: Input<'static>) -> Self {
        Self { twim, irq }
    }
}

impl pn532::Interface for Bus {
    type Error = Error;

    fn write(&mut self, frame: &mut [u8]) -> Result<(), Error> {
        self.twim.blocking_write_timeout(I2C_ADDRESS, frame, PATIENCE)
    }

    fn wait_ready(&mut self) -> Poll<Result<(), Error>> {
        if self.irq.is_low() { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    fn read(&mut self, frame: &mut [u8]) -> Result<(), Error> {
        let mut read = [0; FRAME_MAX];
        let whole = read.get_mut(..frame.len().saturating_add(1)).ok_or(Error::RxBufferTooLong)?;
        self.twim.blocking_read_timeout(I2C_ADDRESS, whole, PATIENCE)?;
        let (_ready, octets) = whole.split_at(1);
        frame.copy_from_slice(octets);
        Ok(())
    }
}
