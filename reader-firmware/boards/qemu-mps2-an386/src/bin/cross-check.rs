//! Compares the assembler with the portable backend: answers with digests of what it makes of the cases it is asked
//! for, which the host has made with the other one.
#![no_std]
#![no_main]

#[path = "../uart.rs"]
mod uart;
#[path = "../vectors.rs"]
mod vectors;

use core::panic::PanicInfo;

use cortex_m::peripheral::SCB;
use cortex_m_rt::entry;
use cortex_m4_crypto::{Assembler, cases};
use reader_firmware::serial::{Command, FrameReader, Numbered, Rehearsal, Report, Trouble};

use uart::Uart;

#[entry]
fn main() -> ! {
    stop_watchdog();
    let mut uart = Uart::start();
    let mut reader: FrameReader = FrameReader::new();
    let say = |uart: &mut Uart, number, content| {
        let _unsaid = Numbered { number, content }.send(&mut |octet| uart.write(octet));
    };
    say(&mut uart, 0, Report::Started);
    loop {
        while let Some(octet) = uart.read() {
            let Some(content) = reader.push(octet) else { continue };
            let Ok(Numbered { number, content }) = Numbered::<Command<'_>>::decode(content) else { continue };
            if let Command::Rehearse(Rehearsal::CrossCheck { first, count }) = content {
                say(&mut uart, number, Report::Digest(cases::digest(&Assembler, first, count)));
                say(&mut uart, number, Report::Done);
            } else {
                say(&mut uart, number, Report::Refused(Trouble::Unsupported));
            }
        }
        uart.wait();
    }
}

/// The boot loader has set it going, and what is compared here takes longer than it waits.
fn stop_watchdog() {
    const CONTROL: usize = 0x4000_8008;
    const LOCK: usize = 0x4000_8C00;
    const UNLOCK: u32 = 0x1ACC_E551;
    // SAFETY: registers of the watchdog, which nothing else of this program uses.
    unsafe {
        core::ptr::write_volatile(LOCK as *mut u32, UNLOCK);
        core::ptr::write_volatile(CONTROL as *mut u32, 0);
    }
}

#[panic_handler]
fn panic(_info: &PanicInfo<'_>) -> ! {
    SCB::sys_reset()
}
