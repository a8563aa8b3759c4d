//! The serial line: the first UART of the machine, polled; its interrupt only ends a sleep.
//!
//! Spec: Arm Cortex-M System Design Kit, APB UART

use cortex_m::interrupt::InterruptNumber;
use cortex_m::peripheral::{NVIC, SCB};

const DATA: usize = 0x4000_4000;
const STATE: usize = 0x4000_4004;
const CONTROL: usize = 0x4000_4008;
const INTERRUPT: usize = 0x4000_400C;
const DIVISOR: usize = 0x4000_4010;

const TRANSMIT_FULL: u32 = 1;
const RECEIVE_FULL: u32 = 1 << 1;
const TRANSMIT: u32 = 1;
const RECEIVE: u32 = 1 << 1;
const RECEIVE_INTERRUPT: u32 = 1 << 3;
const RECEIVED: u32 = 1 << 1;

/// The UART's receive interrupt.
#[derive(Clone, Copy)]
struct Received;

// SAFETY: the first UART of the MPS2 has its receive interrupt at 0.
unsafe impl InterruptNumber for Received {
    fn number(self) -> u16 {
        0
    }
}

pub(crate) struct Uart(());

impl Uart {
    pub(crate) fn start() -> Self {
        // 16 is the smallest divisor that the UART takes; an emulated line is as fast as its host.
        write(DIVISOR, 16);
        write(CONTROL, TRANSMIT | RECEIVE | RECEIVE_INTERRUPT);
        // Nothing handles an interrupt: with all of them masked, one that is pending ends a sleep.
        cortex_m::interrupt::disable();
        // SAFETY: no critical section depends on this mask.
        unsafe { NVIC::unmask(Received) };
        Self(())
    }

    pub(crate) fn read(&mut self) -> Option<u8> {
        (read(STATE) & RECEIVE_FULL != 0).then(|| read(DATA) as u8)
    }

    pub(crate) fn write(&mut self, octet: u8) {
        while read(STATE) & TRANSMIT_FULL != 0 {}
        write(DATA, u32::from(octet));
    }

    /// Sleeps until an octet comes or the timer strikes.
    pub(crate) fn wait(&mut self) {
        cortex_m::asm::wfi();
        SCB::clear_pendst();
        write(INTERRUPT, RECEIVED);
        NVIC::unpend(Received);
    }
}

fn read(register: usize) -> u32 {
    // SAFETY: a register of the UART; there is one driver of it.
    unsafe { core::ptr::read_volatile(register as *const u32) }
}

fn write(register: usize, value: u32) {
    // SAFETY: a register of the UART; there is one driver of it.
    unsafe { core::ptr::write_volatile(register as *mut u32, value) }
}
