//! What this board gives the station beside its flash.

use chacha20::ChaCha20Rng;
use embassy_nrf::gpio::{Input, Output};
use embassy_nrf::wdt::WatchdogHandle;
use rand_core::CryptoRng;
use reader_firmware::indicator::{Player, Status};
use reader_firmware::log::FlashLog;
use reader_firmware::micros::Micros;
use reader_firmware::nfc::Pn532FrontEnd;
use reader_firmware::pins::{IndicatorPins, TamperPin};
use reader_firmware::port::Watchdog;
use reader_firmware::serial::Footprint;
use reader_firmware::station::{Board, PortsOf, Unsupported};

use crate::controller::Controller;
use crate::flash::ChipFlash;
use crate::footprint;
use crate::front_end::Bus;

/// The lamp and the buzzer.
pub(crate) type Lamp = IndicatorPins<Output<'static>, Output<'static>, Output<'static>, Output<'static>>;

/// The chip and what is wired to it.
pub(crate) struct Dk {
    random: ChaCha20Rng,
    flash: ChipFlash,
    /// Until it is a door.
    ports: Option<PortsOf<Self>>,
    commissioning: Player,
    watchdog: Option<ChipWatchdog>,
}

/// The watchdog of the chip, which runs from the start on.
pub(crate) struct ChipWatchdog(pub(crate) WatchdogHandle);

impl Watchdog for ChipWatchdog {
    fn feed(&mut self) {
        self.0.pet();
    }
}

impl Dk {
    pub(crate) fn new(
        random: ChaCha20Rng,
        flash: ChipFlash,
        ports: PortsOf<Self>,
        watchdog: Option<ChipWatchdog>,
        now: Micros,
    ) -> Self {
        let commissioning = Player::new(Status::Commissioning, now);
        Self { random, flash, ports: Some(ports), commissioning, watchdog }
    }

    /// Shows that the board waits to be enrolled, as long as it does, and says when to show the next of it.
    pub(crate) fn show_waiting(&mut self, now: Micros) -> Option<Micros> {
        let ports = self.ports.as_mut()?;
        self.commissioning.poll(now, &mut ports.indicator);
        self.commissioning.poll_at()
    }
}

impl Board for Dk {
    type FrontEnd = Pn532FrontEnd<Bus>;
    type Controller = Controller;
    type Indicator = Lamp;
    type Tamper = TamperPin<Input<'static>>;
    type Log = FlashLog<ChipFlash>;

    const TICKS_PER_SECOND: u32 = embassy_time::TICK_HZ as u32;

    fn ticks() -> u32 {
        embassy_time::Instant::now().as_ticks() as u32
    }

    fn random(&mut self) -> Option<&mut dyn CryptoRng> {
        Some(&mut self.random)
    }

    fn ports(&mut self) -> Option<PortsOf<Self>> {
        self.ports.take()
    }

    fn log(&mut self) -> Option<Self::Log> {
        FlashLog::open(self.flash, ChipFlash::LOG, &mut self.random).ok()
    }

    fn seed(&mut self, _: &[u8; 32]) -> Result<(), Unsupported> {
        Err(Unsupported)
    }

    fn watchdog(&mut self) -> Option<&mut dyn Watchdog> {
        self.watchdog.as_mut().map(|watchdog| watchdog as &mut dyn Watchdog)
    }

    fn spare_page(&self) -> Option<u32> {
        Some(ChipFlash::SPARE)
    }

    fn footprint(&self) -> Footprint {
        footprint::measure()
    }
}
