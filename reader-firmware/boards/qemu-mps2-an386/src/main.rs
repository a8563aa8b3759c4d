//! The door on a Cortex-M4 that QEMU emulates: a serial line to the host, a flash in a file, and no radio of its own.
//!
//! Everything but the wiring to the chip is in the library `reader-firmware`.
#![no_std]
#![no_main]

mod board;
mod flash;
mod footprint;
mod fpga;
mod slots;
mod timer;
mod uart;
mod vectors;
mod watchdog;

use core::panic::PanicInfo;

use cortex_m::peripheral::SCB;
use cortex_m_rt::{ExceptionFrame, entry, exception};
use reader_firmware::serial::{FrameReader, Numbered, Report};
use reader_firmware::station::Station;
use reader_firmware::storage::Storage;
use static_cell::StaticCell;

use board::Mps2;
use flash::FileFlash;
use timer::Clock;
use uart::Uart;

#[cfg(feature = "assembler")]
use cortex_m4_crypto::Assembler as Backend;
#[cfg(not(feature = "assembler"))]
use credential::crypto::RustCrypto as Backend;

type Door = Station<Backend, Mps2, FileFlash>;

/// Octets that are taken from the line before something else has its turn.
const AT_A_TIME: usize = 256;

static DOOR: StaticCell<Door> = StaticCell::new();
static READER: StaticCell<FrameReader> = StaticCell::new();

#[entry]
fn main() -> ! {
    let mut clock = Clock::start();
    let mut uart = Uart::start();
    let (door, reader) = set_up();
    // A line that takes nothing is a line that nobody reads.
    let _ = Numbered { number: 0, content: Report::Started }.send(&mut |octet| uart.write(octet));
    loop {
        let mut is_quiet = false;
        for _ in 0..AT_A_TIME {
            let Some(octet) = uart.read() else {
                is_quiet = true;
                break;
            };
            let damaged = reader.damaged();
            if let Some(content) = reader.push(octet) {
                let now = clock.now(board::skipped_ms());
                door.take(content, damaged, now, &mut |octet| uart.write(octet));
            }
        }
        let now = clock.now(board::skipped_ms());
        if now >= door.poll_at() {
            door.poll(now, &mut |octet| uart.write(octet));
        }
        if is_quiet {
            uart.wait();
        }
    }
}

/// Apart from `main`, so that what is moved into its place here takes no stack afterwards.
#[inline(never)]
fn set_up() -> (&'static mut Door, &'static mut FrameReader) {
    let Ok(storage) = Storage::new(FileFlash::new(), FileFlash::DOOR) else { SCB::sys_reset() };
    (DOOR.init(Station::new(Backend, Mps2::new(), storage)), READER.init(FrameReader::new()))
}

/// What cannot go on begins anew, as after a power cut.
#[panic_handler]
fn panic(_info: &PanicInfo<'_>) -> ! {
    SCB::sys_reset()
}

/// The watchdog has run down once: the main loop may still come round before it has run down again.
#[exception]
unsafe fn NonMaskableInt() {}

#[exception]
unsafe fn HardFault(_frame: &ExceptionFrame) -> ! {
    SCB::sys_reset()
}
