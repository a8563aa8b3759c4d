//! A door on Nordic's nRF52840 DK: a PN532 for NFC, the chip's own radio for BLE, wires to the controller, and the
//! serial line of the DK's interface chip to a host.
//!
//! Everything but the wiring to the chip is in the library `reader-firmware`.
#![no_std]
#![no_main]

mod board;
mod clock;
mod controller;
mod flash;
// The same linker, the same paint.
#[path = "../../qemu-mps2-an386/src/footprint.rs"]
mod footprint;
mod front_end;
mod radio;
mod site;
mod start;
mod wires;

use core::panic::PanicInfo;

use cortex_m::peripheral::SCB;
use cortex_m_rt::{ExceptionFrame, exception};
use embassy_executor::{InterruptExecutor, Spawner};
use embassy_nrf::bind_interrupts;
use embassy_nrf::interrupt;
use embassy_nrf::peripherals::{TWISPI0, UARTE0, UARTE1};
use embassy_nrf::{buffered_uarte, twim};

bind_interrupts!(pub(crate) struct Interrupts {
    EGU0_SWI0 => nrf_mpsl::LowPrioInterruptHandler;
    CLOCK_POWER => nrf_mpsl::ClockInterruptHandler;
    RADIO => nrf_mpsl::HighPrioInterruptHandler;
    TIMER0 => nrf_mpsl::HighPrioInterruptHandler;
    RTC0 => nrf_mpsl::HighPrioInterruptHandler;
    TWISPI0 => twim::InterruptHandler<TWISPI0>;
    UARTE0 => buffered_uarte::InterruptHandler<UARTE0>;
    UARTE1 => buffered_uarte::InterruptHandler<UARTE1>;
});

/// What may not be late: the pulses on the wires.
static PUNCTUAL: InterruptExecutor = InterruptExecutor::new();

#[interrupt]
unsafe fn EGU1_SWI1() {
    // SAFETY: the interrupt is the executor's, which was started before it was unmasked.
    unsafe { PUNCTUAL.on_interrupt() }
}

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    if start::start(spawner, &PUNCTUAL).is_err() {
        SCB::sys_reset();
    }
}

/// What cannot go on begins anew, as after a power cut.
#[panic_handler]
fn panic(_info: &PanicInfo<'_>) -> ! {
    SCB::sys_reset()
}

#[exception]
unsafe fn HardFault(_frame: &ExceptionFrame) -> ! {
    SCB::sys_reset()
}
