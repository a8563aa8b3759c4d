//! What the processor starts: exchanges the slots of the flash where an update asks for it, and starts the firmware in
//! the first one.
//!
//! The watchdog runs from here on, so that a firmware that does not even get to its main loop is taken back, too.
#![no_std]
#![no_main]

#[path = "../flash.rs"]
#[expect(dead_code, reason = "shared with the firmware, which uses more of it")]
mod flash;
#[path = "../vectors.rs"]
mod vectors;
#[path = "../watchdog.rs"]
mod watchdog;

use core::panic::PanicInfo;

use cortex_m::peripheral::{Peripherals, SCB};
use cortex_m_rt::{ExceptionFrame, entry, exception};
use embassy_boot::{AlignedBuffer, BootLoader, BootLoaderConfig};

use flash::FileFlash;
use watchdog::CmsdkWatchdog;

#[entry]
fn main() -> ! {
    let _runs = CmsdkWatchdog::start();
    let config = BootLoaderConfig {
        active: FileFlash::part(FileFlash::ACTIVE),
        dfu: FileFlash::part(FileFlash::SLOT),
        state: FileFlash::part(FileFlash::STATE),
    };
    let mut page = AlignedBuffer([0; FileFlash::PAGE]);
    if BootLoader::new(config).prepare_boot(page.as_mut()).is_err() {
        SCB::sys_reset();
    }
    if let Some(core) = Peripherals::take() {
        // SAFETY: the first slot begins with the vector table of a firmware.
        unsafe { core.SCB.vtor.write(FileFlash::FIRMWARE) };
    }
    // SAFETY: as above; nothing of this program is used any more.
    unsafe { cortex_m::asm::bootload(FileFlash::FIRMWARE as *const u32) }
}

#[panic_handler]
fn panic(_info: &PanicInfo<'_>) -> ! {
    SCB::sys_reset()
}

/// The watchdog has run down once: the exchange may still end before it has run down again.
#[exception]
unsafe fn NonMaskableInt() {}

#[exception]
unsafe fn HardFault(_frame: &ExceptionFrame) -> ! {
    SCB::sys_reset()
}
