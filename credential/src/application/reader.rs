//! The reader's side of the seam.

use crate::ble::Uuid;
use crate::error::Error;
use crate::iso7816::{Aid, CommandHeader, StatusWord};
use crate::reader::{Brought, Decision, ReaderEnv, Verdict};
use crate::time::{Instant, Now};
use crate::transport::Transport;

/// What came from the device; the octets serve as working space.
#[derive(Debug)]
pub enum ReaderIncoming<'m> {
    /// The logical response to a command APDU.
    Apdu {
        /// Its data.
        data: &'m mut [u8],
        /// Its status word.
        status: StatusWord,
    },
    /// A whole message on BLE or a stream.
    Message(&'m mut [u8]),
}

/// What to send: the first `length` octets of the output buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReaderOutgoing {
    /// On NFC the header of the command whose data the octets are; elsewhere `None`, the octets are the message.
    pub header: Option<CommandHeader>,
    /// Octets in the output buffer.
    pub length: usize,
}

/// What a reader does next.
#[derive(Debug)]
pub enum ReaderAction<'m> {
    /// Send this and await the answer.
    Send(ReaderOutgoing),
    /// Act on the decision, then call [`ReaderApplication::conclude`].
    Decided(Decision),
    /// The tap is over; verified objects may have come with it, and [`ReaderApplication::report`] may follow.
    Finished(Brought<'m>),
    /// The device has answered a report.
    Reported {
        /// Whether it will carry it to the manager.
        kept: bool,
    },
}

/// An exchange that a reader can run; one tap at a time.
///
/// Whatever goes wrong leaves it idle and ready for the next tap.
pub trait ReaderApplication {
    /// What NFC devices are selected with.
    fn aid(&self) -> Aid;

    /// The GATT service under which BLE devices find it; `None` if it is not for BLE.
    fn service(&self) -> Option<Uuid>;

    /// Idle work, so that the next tap does not wait for it.
    fn prepare(&mut self, env: &mut ReaderEnv<'_>);

    /// Begins a tap: on NFC the SELECT of [`ReaderApplication::aid`] was sent, elsewhere the link is up.
    fn begin(&mut self, transport: Transport, now: Now);

    /// Takes what came from the device.
    ///
    /// # Errors
    /// [`Error`] by blame; the tap is then forgotten.
    fn receive<'m>(
        &mut self,
        env: &mut ReaderEnv<'_>,
        incoming: ReaderIncoming<'m>,
        out: &mut [u8],
    ) -> Result<ReaderAction<'m>, Error>;

    /// Tells the device the result, after a [`ReaderAction::Decided`].
    ///
    /// # Errors
    /// [`Error`] by blame; the tap is then forgotten.
    fn conclude(
        &mut self,
        env: &mut ReaderEnv<'_>,
        verdict: Verdict,
        out: &mut [u8],
    ) -> Result<ReaderOutgoing, Error>;

    /// Hands a report over, after a [`ReaderAction::Finished`] whose device takes one; `None` if there is none.
    ///
    /// `fill` writes the contents and returns their length, 0 for none.
    /// The default is for exchanges that know no reports.
    ///
    /// # Errors
    /// [`Error`] by blame; the tap was over before.
    fn report(
        &mut self,
        _env: &mut ReaderEnv<'_>,
        _fill: &mut dyn FnMut(&mut [u8]) -> usize,
        _out: &mut [u8],
    ) -> Result<Option<ReaderOutgoing>, Error> {
        Ok(None)
    }

    /// Whether the device of this tap takes APDUs of extended length.
    fn extended_length(&self) -> bool;

    /// When [`ReaderApplication::expire`] gives up the tap; `None` while idle.
    fn poll_at(&self) -> Option<Instant>;

    /// Gives up a tap whose time is over.
    ///
    /// # Errors
    /// [`Error::TimedOut`] when there was one.
    fn expire(&mut self, now: Instant) -> Result<(), Error>;

    /// Forgets the tap: the device is gone.
    fn reset(&mut self);
}
