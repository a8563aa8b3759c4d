//! The watchdog: an interrupt that changes nothing when it has run down, and a reset when it has run down again.
//!
//! Spec: Arm Cortex-M System Design Kit, APB watchdog

use reader_firmware::port::Watchdog;

/// The machine's clock.
const TICKS_PER_SECOND: u32 = 25_000_000;

const LOAD: usize = 0x4000_8000;
const CONTROL: usize = 0x4000_8008;
const CLEAR: usize = 0x4000_800C;
const LOCK: usize = 0x4000_8C00;

const UNLOCK: u32 = 0x1ACC_E551;
const INTERRUPT: u32 = 1;
const RESET: u32 = 1 << 1;

/// Half of what passes until the reset: longer than a full tap, an enrolment or a self-test computes.
const HALF_S: u32 = 5;

/// The watchdog of the machine.
pub(crate) struct CmsdkWatchdog(());

impl CmsdkWatchdog {
    /// Sets it going; from now on it has to be fed.
    pub(crate) fn start() -> Self {
        write(LOCK, UNLOCK);
        write(LOAD, HALF_S * TICKS_PER_SECOND);
        write(CONTROL, INTERRUPT | RESET);
        // Code that runs wild does not feed it by accident.
        write(LOCK, 0);
        Self(())
    }
}

impl Watchdog for CmsdkWatchdog {
    fn feed(&mut self) {
        write(LOCK, UNLOCK);
        write(CLEAR, 1);
        write(LOCK, 0);
    }
}

fn write(register: usize, value: u32) {
    // SAFETY: a register of the watchdog; there is one driver of it.
    unsafe { core::ptr::write_volatile(register as *mut u32, value) }
}
