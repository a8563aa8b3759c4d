//! The dual timer: one half counts ticks for measuring, the other one keeps the time.
//!
//! Spec: Arm Cortex-M System Design Kit, APB dual-input timers

use cortex_m::Peripherals;
use cortex_m::peripheral::syst::SystClkSource;
use reader_firmware::micros::Micros;

/// The machine's clock.
pub(crate) const TICKS_PER_SECOND: u32 = 25_000_000;

const TIMER_1: usize = 0x4000_2000;
const TIMER_2: usize = 0x4000_2020;
const VALUE: usize = 4;
const CONTROL: usize = 8;

const ENABLE: u32 = 1 << 7;
const DIVIDE_BY_256: u32 = 2 << 2;
const WIDE: u32 = 1 << 1;

/// The counter that runs through.
pub(crate) fn ticks() -> u32 {
    !read(TIMER_1 + VALUE)
}

/// The time since the start; to be asked more often than its counter wraps, which takes twelve hours.
pub(crate) struct Clock {
    last: u32,
    counted: u64,
}

impl Clock {
    pub(crate) fn start() -> Self {
        write(TIMER_1 + CONTROL, ENABLE | WIDE);
        write(TIMER_2 + CONTROL, ENABLE | WIDE | DIVIDE_BY_256);
        if let Some(mut core) = Peripherals::take() {
            // Wakes the main loop, which finds out that a device has been silent for too long.
            core.SYST.set_clock_source(SystClkSource::Core);
            core.SYST.set_reload(TICKS_PER_SECOND / 20);
            core.SYST.clear_current();
            core.SYST.enable_counter();
            core.SYST.enable_interrupt();
        }
        Self { last: !read(TIMER_2 + VALUE), counted: 0 }
    }

    pub(crate) fn now(&mut self, skipped_ms: u64) -> Micros {
        let value = !read(TIMER_2 + VALUE);
        self.counted += u64::from(value.wrapping_sub(self.last));
        self.last = value;
        Micros(self.counted * 256 / u64::from(TICKS_PER_SECOND / 1_000_000)).after_ms(skipped_ms)
    }
}

fn read(register: usize) -> u32 {
    // SAFETY: the registers of the dual timer; reading the value has no effect on it.
    unsafe { core::ptr::read_volatile(register as *const u32) }
}

fn write(register: usize, value: u32) {
    // SAFETY: the control registers of the dual timer, which nothing else of this program uses.
    unsafe { core::ptr::write_volatile(register as *mut u32, value) }
}
