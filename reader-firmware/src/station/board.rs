//! What a board gives a station beside its flash.

use rand_core::CryptoRng;

use crate::entrance::{Ports, Settings};
use crate::log::EventLog;
use crate::port::{ControllerLink, Indicator, NfcFrontEnd, TamperInput, Watchdog};
use crate::serial::{Footprint, Rehearsal};
use crate::update::Firmware;

/// This board does not do that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsupported;

/// The ports of a board.
pub type PortsOf<B> =
    Ports<<B as Board>::FrontEnd, <B as Board>::Controller, <B as Board>::Indicator, <B as Board>::Tamper>;

/// What a board gives a station beside its flash.
pub trait Board {
    /// Its NFC front end; [`NoFrontEnd`](crate::nfc::NoFrontEnd) for none.
    type FrontEnd: NfcFrontEnd;

    /// Its way to the access control system; [`HostLink`](crate::controller::HostLink) if that is at the serial line.
    type Controller: ControllerLink;

    /// Its lamp and buzzer.
    type Indicator: Indicator;

    /// Its tamper contact.
    type Tamper: TamperInput;

    /// Where the door keeps its events.
    type Log: EventLog;

    /// Ticks of the counter in one second.
    const TICKS_PER_SECOND: u32;

    /// A counter that runs through, for measuring.
    fn ticks() -> u32;

    /// The random source; `None` while it waits for its seed.
    fn random(&mut self) -> Option<&mut dyn CryptoRng>;

    /// The ports of the main loop, which are asked for once, when the board becomes a door.
    fn ports(&mut self) -> Option<PortsOf<Self>>;

    /// How the main loop behaves.
    fn settings(&self) -> Settings {
        Settings::default()
    }

    /// Opens the log; `None` while the random source waits for its seed, or if there is no place for a log.
    fn log(&mut self) -> Option<Self::Log>;

    /// Takes a seed from the line.
    ///
    /// # Errors
    /// [`Unsupported`] on a board with noise of its own, which never takes anybody else's.
    fn seed(&mut self, seed: &[u8; 32]) -> Result<(), Unsupported>;

    /// What starts the board anew when the main loop hangs; `None` if it has nothing of the kind.
    fn watchdog(&mut self) -> Option<&mut dyn Watchdog> {
        None
    }

    /// The firmware that runs and the slot for another one; `None` on a board that takes no updates.
    fn firmware(&mut self) -> Option<&mut dyn Firmware> {
        None
    }

    /// Where in the flash a page begins that nothing else uses, for the self-test.
    fn spare_page(&self) -> Option<u32> {
        None
    }

    /// What the firmware takes.
    fn footprint(&self) -> Footprint {
        Footprint::default()
    }

    /// Does what only tests ask for.
    ///
    /// # Errors
    /// [`Unsupported`] on a board for a building.
    fn rehearse(&mut self, _rehearsal: Rehearsal) -> Result<(), Unsupported> {
        Err(Unsupported)
    }
}
