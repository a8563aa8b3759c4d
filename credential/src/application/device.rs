//! The device's side of the seam.

use crate::ble::Uuid;
use crate::device::{DeviceEnv, DeviceEvent, SigningRequest};
use crate::error::Error;
use crate::iso7816::{Aid, CommandHeader, StatusWord};
use crate::time::{Instant, Now};
use crate::transport::Transport;

/// What came from the reader; the octets serve as working space.
#[derive(Debug)]
pub enum DeviceIncoming<'m> {
    /// A logical command APDU after SELECT.
    Apdu {
        /// Its header.
        header: CommandHeader,
        /// Its data.
        data: &'m mut [u8],
    },
    /// A whole message on BLE or a stream.
    Message(&'m mut [u8]),
}

/// What a device does next.
#[derive(Debug)]
pub enum DeviceAction {
    /// Send the first `length` octets of the output buffer.
    Reply {
        /// Octets in the output buffer: response data on NFC, the whole message elsewhere.
        length: usize,
        /// The status word that goes behind them on NFC; elsewhere it is part of the message.
        status: StatusWord,
        /// What the app may want to know.
        event: Option<DeviceEvent>,
    },
    /// Have the holder key sign, then call [`DeviceApplication::resume`].
    Sign(SigningRequest),
}

/// An exchange that a device can take part in; one tap at a time.
pub trait DeviceApplication {
    /// What NFC readers select it with.
    fn aid(&self) -> Aid;

    /// The GATT service of the BLE readers that it talks to; `None` if it is not for BLE.
    fn service(&self) -> Option<Uuid>;

    /// Begins a tap: returns the octets of the SELECT response, or of the message that opens the session.
    ///
    /// # Errors
    /// [`Error::ApiMisuse`] when `out` is too short.
    fn open(&mut self, transport: Transport, now: Now, out: &mut [u8]) -> Result<usize, Error>;

    /// Takes a command and says what to answer; there is always an answer.
    fn receive(
        &mut self,
        env: &mut DeviceEnv<'_>,
        incoming: DeviceIncoming<'_>,
        out: &mut [u8],
    ) -> DeviceAction;

    /// Goes on with the holder key's signature, r ‖ s; `None` if it could not sign.
    fn resume(
        &mut self,
        env: &mut DeviceEnv<'_>,
        signature: Option<&[u8; 64]>,
        out: &mut [u8],
    ) -> DeviceAction;

    /// When [`DeviceApplication::expire`] forgets the tap; `None` while idle.
    fn poll_at(&self) -> Option<Instant>;

    /// Forgets a tap that the reader broke off without a word.
    ///
    /// # Errors
    /// [`Error::TimedOut`] when there was one.
    fn expire(&mut self, now: Instant) -> Result<(), Error>;

    /// Forgets the tap: the field or the link is gone.
    fn reset(&mut self);
}
