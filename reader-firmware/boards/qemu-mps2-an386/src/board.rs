//! What this board gives the station beside its flash.

use core::sync::atomic::{AtomicU32, Ordering};

use chacha20::ChaCha20Rng;
use rand_core::{CryptoRng, SeedableRng};
use reader_firmware::controller::HostLink;
use reader_firmware::entrance::Ports;
use reader_firmware::log::FlashLog;
use reader_firmware::nfc::NoFrontEnd;
use reader_firmware::port::Watchdog;
use reader_firmware::serial::{Footprint, Rehearsal};
use reader_firmware::station::{Board, PortsOf, Unsupported};
use reader_firmware::update::Firmware;

use crate::flash::FileFlash;
use crate::fpga::{Housing, Lamps};
use crate::slots::Slots;
use crate::watchdog::CmsdkWatchdog;
use crate::{flash, footprint, fpga, timer};

/// Seconds by which tests have moved the clock forward.
static SKIPPED_S: AtomicU32 = AtomicU32::new(0);

/// Milliseconds by which tests have moved the clock forward.
pub(crate) fn skipped_ms() -> u64 {
    u64::from(SKIPPED_S.load(Ordering::Relaxed)).saturating_mul(1_000)
}

/// The emulated machine. It has no source of noise, so its random numbers are a stream cipher over a seed of the host:
/// right for an emulator, whose host sees all its memory anyway, and for nothing else.
pub(crate) struct Mps2 {
    random: Option<ChaCha20Rng>,
    watchdog: CmsdkWatchdog,
    slots: Slots,
}

impl Mps2 {
    pub(crate) fn new() -> Self {
        Self { random: None, watchdog: CmsdkWatchdog::start(), slots: Slots::new() }
    }
}

impl Board for Mps2 {
    type FrontEnd = NoFrontEnd;
    type Controller = HostLink;
    type Indicator = Lamps;
    type Tamper = Housing;
    type Log = FlashLog<FileFlash>;

    const TICKS_PER_SECOND: u32 = timer::TICKS_PER_SECOND;

    fn ticks() -> u32 {
        timer::ticks()
    }

    fn random(&mut self) -> Option<&mut dyn CryptoRng> {
        self.random.as_mut().map(|random| random as &mut dyn CryptoRng)
    }

    fn ports(&mut self) -> Option<PortsOf<Self>> {
        let (front_end, controller) = (NoFrontEnd::new(), HostLink);
        Some(Ports { front_end, controller, indicator: Lamps, tamper: Housing })
    }

    fn log(&mut self) -> Option<Self::Log> {
        FlashLog::open(FileFlash::new(), FileFlash::LOG, self.random.as_mut()?).ok()
    }

    fn seed(&mut self, seed: &[u8; 32]) -> Result<(), Unsupported> {
        self.random = Some(ChaCha20Rng::from_seed(*seed));
        Ok(())
    }

    fn watchdog(&mut self) -> Option<&mut dyn Watchdog> {
        Some(&mut self.watchdog)
    }

    fn firmware(&mut self) -> Option<&mut dyn Firmware> {
        Some(&mut self.slots)
    }

    fn spare_page(&self) -> Option<u32> {
        Some(FileFlash::SPARE)
    }

    fn footprint(&self) -> Footprint {
        footprint::measure()
    }

    fn rehearse(&mut self, rehearsal: Rehearsal) -> Result<(), Unsupported> {
        match rehearsal {
            Rehearsal::Skip { ms } => {
                let seconds = u32::try_from(ms / 1_000).map_err(|_| Unsupported)?;
                SKIPPED_S.fetch_add(seconds, Ordering::Relaxed);
            }
            Rehearsal::CutPower { after } => flash::cut_power(after),
            Rehearsal::Tamper { open } => fpga::set_open(open),
            Rehearsal::Hang => loop {
                cortex_m::asm::nop();
            },
            Rehearsal::CrossCheck { .. } => return Err(Unsupported),
        }
        Ok(())
    }
}
