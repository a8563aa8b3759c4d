//! A board without noise of its own, with a housing that tests open and a panel that can be told to say no.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};

use credential::crypto::RustCrypto;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand_core::CryptoRng;
use reader_firmware::entrance::Ports;
use reader_firmware::indicator::Light;
use reader_firmware::log::FlashLog;
use reader_firmware::micros::Micros;
use reader_firmware::nfc::NoFrontEnd;
use reader_firmware::output::Output;
use reader_firmware::port::{ControllerEvent, ControllerLink, Indicator, Taken, TamperInput, Watchdog};
use reader_firmware::station::{Board, PortsOf, Station, Unsupported};

use crate::flash::SharedFlash;

pub(crate) type TestStation = Station<RustCrypto, TestBoard, SharedFlash>;

/// What tests look at and change from outside.
#[derive(Clone, Default)]
pub(crate) struct Outside {
    pub(crate) housing_open: Rc<Cell<bool>>,
    pub(crate) light: Rc<Cell<Option<Light>>>,
    /// How often the watchdog was fed.
    pub(crate) fed: Rc<Cell<u32>>,
    pub(crate) panel: Rc<RefCell<VecDeque<Taken>>>,
}

pub(crate) struct TestBoard {
    random: Option<StdRng>,
    flash: SharedFlash,
    pub(crate) outside: Outside,
}

impl TestBoard {
    pub(crate) fn new(flash: SharedFlash) -> Self {
        Self { random: None, flash, outside: Outside::default() }
    }
}

impl Board for TestBoard {
    type FrontEnd = NoFrontEnd;
    type Controller = Outside;
    type Indicator = Outside;
    type Tamper = Outside;
    type Log = FlashLog<SharedFlash>;

    const TICKS_PER_SECOND: u32 = 1_000;

    /// One that has moved on whenever it is asked.
    fn ticks() -> u32 {
        static TICKS: AtomicU32 = AtomicU32::new(0);
        TICKS.fetch_add(1, Ordering::Relaxed)
    }

    fn watchdog(&mut self) -> Option<&mut dyn Watchdog> {
        Some(&mut self.outside)
    }

    fn spare_page(&self) -> Option<u32> {
        Some(SharedFlash::SPARE)
    }

    fn random(&mut self) -> Option<&mut dyn CryptoRng> {
        self.random.as_mut().map(|random| random as &mut dyn CryptoRng)
    }

    fn ports(&mut self) -> Option<PortsOf<Self>> {
        let outside = || self.outside.clone();
        let front_end = NoFrontEnd::new();
        Some(Ports { front_end, controller: outside(), indicator: outside(), tamper: outside() })
    }

    fn log(&mut self) -> Option<Self::Log> {
        FlashLog::open(self.flash.clone(), SharedFlash::LOG, self.random.as_mut()?).ok()
    }

    fn seed(&mut self, seed: &[u8; 32]) -> Result<(), Unsupported> {
        self.random = Some(StdRng::from_seed(*seed));
        Ok(())
    }
}

impl ControllerLink for Outside {
    fn put_out(&mut self, _: &Output, _: Micros) -> Taken {
        self.panel.borrow_mut().pop_front().unwrap_or(Taken::HandedOver)
    }

    fn poll(&mut self, _: Micros) -> Option<ControllerEvent> {
        None
    }

    fn poll_at(&self) -> Option<Micros> {
        None
    }
}

impl Watchdog for Outside {
    fn feed(&mut self) {
        self.fed.set(self.fed.get() + 1);
    }
}

impl Indicator for Outside {
    fn light(&mut self, light: Light) {
        self.light.set(Some(light));
    }

    fn sound(&mut self, _: bool) {}
}

impl TamperInput for Outside {
    fn is_open(&mut self) -> bool {
        self.housing_open.get()
    }
}
