//! A board on the host whose way to the access control system is an OSDP line.

use std::os::unix::net::UnixStream;

use credential::crypto::{Point, Signer, SoftwareSigner};
use credential::secret::Secret;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand_core::CryptoRng;
use reader_firmware::controller::osdp::{OsdpLink, OsdpSettings};
use reader_firmware::entrance::Ports;
use reader_firmware::indicator::Light;
use reader_firmware::log::FlashLog;
use reader_firmware::micros::Micros;
use reader_firmware::nfc::NoFrontEnd;
use reader_firmware::port::{Indicator, TamperInput};
use reader_firmware::station::{Board, PortsOf, Unsupported};
use reader_firmware::update::{BoardName, BootSlot, Firmware, SlotError};

use crate::flash::SharedFlash;
use crate::line::Line;
use crate::model::ModelFlash;

pub(crate) const NAME: BoardName = match BoardName::new("host") {
    Some(name) => name,
    None => unreachable!(),
};

/// Pages of the slot, one more than a firmware has.
const PAGES: usize = 7;

/// The firmware key.
pub(crate) fn signer() -> SoftwareSigner {
    SoftwareSigner::new(&Secret::new([0x46; 32])).expect("a scalar")
}

pub(crate) struct HostBoard {
    random: Option<StdRng>,
    flash: SharedFlash,
    key: [u8; 16],
    line: Option<UnixStream>,
    slot: BootSlot<ModelFlash, ModelFlash>,
    /// Whether it was to start anew.
    started: bool,
}

impl HostBoard {
    pub(crate) fn new(flash: SharedFlash, key: [u8; 16], line: UnixStream) -> Self {
        let slot = BootSlot::new(ModelFlash::new(PAGES), ModelFlash::new(1));
        Self { random: None, flash, key, line: Some(line), slot, started: false }
    }

    /// Whether a firmware is marked for the next start, and whether that was asked for.
    pub(crate) fn firmware_state(&mut self) -> (bool, bool) {
        (self.slot.is_on_trial().unwrap_or(false), self.started)
    }
}

impl Board for HostBoard {
    type FrontEnd = NoFrontEnd;
    type Controller = OsdpLink;
    type Indicator = Dark;
    type Tamper = Dark;
    type Log = FlashLog<SharedFlash>;

    const TICKS_PER_SECOND: u32 = 1;

    fn ticks() -> u32 {
        0
    }

    fn random(&mut self) -> Option<&mut dyn CryptoRng> {
        self.random.as_mut().map(|random| random as &mut dyn CryptoRng)
    }

    fn ports(&mut self) -> Option<PortsOf<Self>> {
        let key = Some(Secret::new(self.key));
        let settings = OsdpSettings { address: 101, baud_rate: 115_200, serial: 7, key };
        let line = Box::new(Line(self.line.take()?));
        let controller = OsdpLink::new(settings, line, Micros::START).ok()?;
        Some(Ports { front_end: NoFrontEnd::new(), controller, indicator: Dark, tamper: Dark })
    }

    fn log(&mut self) -> Option<Self::Log> {
        FlashLog::open(self.flash.clone(), SharedFlash::LOG, self.random.as_mut()?).ok()
    }

    fn seed(&mut self, seed: &[u8; 32]) -> Result<(), Unsupported> {
        self.random = Some(StdRng::from_seed(*seed));
        Ok(())
    }

    fn firmware(&mut self) -> Option<&mut dyn Firmware> {
        Some(self)
    }
}

impl Firmware for HostBoard {
    fn board(&self) -> BoardName {
        NAME
    }

    fn version(&self) -> u32 {
        1
    }

    fn key(&self) -> Point {
        signer().public_key()
    }

    fn capacity(&self) -> u32 {
        self.slot.capacity()
    }

    fn write(&mut self, at: u32, octets: &[u8]) -> Result<(), SlotError> {
        self.slot.write(at, octets)
    }

    fn read(&mut self, at: u32, octets: &mut [u8]) -> Result<(), SlotError> {
        self.slot.read(at, octets)
    }

    fn mark(&mut self) -> Result<(), SlotError> {
        self.slot.mark()
    }

    fn is_on_trial(&mut self) -> Result<bool, SlotError> {
        self.slot.is_on_trial()
    }

    fn confirm(&mut self) -> Result<(), SlotError> {
        self.slot.confirm()
    }

    fn restart(&mut self) {
        self.started = true;
    }
}

/// No lamp, and a housing that is shut.
pub(crate) struct Dark;

impl Indicator for Dark {
    fn light(&mut self, _: Light) {}

    fn sound(&mut self, _: bool) {}
}

impl TamperInput for Dark {
    fn is_open(&mut self) -> bool {
        false
    }
}
