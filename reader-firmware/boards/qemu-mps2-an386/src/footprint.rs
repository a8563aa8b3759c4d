//! What the firmware takes, from the linker's symbols and the paint on the stack.

use core::ptr::addr_of;

use reader_firmware::serial::Footprint;

/// What cortex-m-rt fills the stack with before the start.
const PAINT: u32 = 0xCCCC_CCCC;

unsafe extern "C" {
    static __vector_table: u8;
    static __sidata: u8;
    static __sdata: u8;
    static __edata: u8;
    static __sheap: u32;
    static _stack_start: u32;
}

pub(crate) fn measure() -> Footprint {
    let data = between(addr_of!(__sdata), addr_of!(__edata));
    Footprint {
        flash_octets: between(addr_of!(__vector_table), addr_of!(__sidata)) + data,
        static_octets: between(addr_of!(__sdata), addr_of!(__sheap).cast()),
        stack_octets: deepest(),
    }
}

fn between(from: *const u8, to: *const u8) -> u32 {
    (to.addr() - from.addr()) as u32
}

/// From the top of the stack down to the last word that was ever written.
fn deepest() -> u32 {
    let (bottom, top) = (addr_of!(__sheap), addr_of!(_stack_start));
    let mut word = bottom;
    // SAFETY: the words from the end of the statics to the top of the stack are RAM; reading them changes nothing.
    while word < top && unsafe { core::ptr::read_volatile(word) } == PAINT {
        word = word.wrapping_add(1);
    }
    between(word.cast(), top.cast())
}
