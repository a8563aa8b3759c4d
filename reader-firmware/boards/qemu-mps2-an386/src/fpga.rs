//! The board's own input and output: two lamps. QEMU plays them; nobody sees them.
//!
//! Spec: Arm MPS2 Technical Reference Manual, FPGA system registers

use core::sync::atomic::{AtomicBool, Ordering};

use reader_firmware::indicator::Light;
use reader_firmware::port::{Indicator, TamperInput};

const LAMPS: usize = 0x4002_8000;
const RED: u32 = 1;
const GREEN: u32 = 1 << 1;

/// Whether tests have opened the housing, which this board does not have.
static OPEN: AtomicBool = AtomicBool::new(false);

/// Opens or closes it.
pub(crate) fn set_open(open: bool) {
    OPEN.store(open, Ordering::Relaxed);
}

/// The two lamps as one of two colours; there is no buzzer.
pub(crate) struct Lamps;

impl Indicator for Lamps {
    fn light(&mut self, light: Light) {
        let (red, green, _blue) = light.rgb();
        let lit = if red { RED } else { 0 } | if green { GREEN } else { 0 };
        // SAFETY: the register of the lamps, which nothing else of this program uses.
        unsafe { core::ptr::write_volatile(LAMPS as *mut u32, lit) }
    }

    fn sound(&mut self, _: bool) {}
}

/// The contact that tests open and close.
pub(crate) struct Housing;

impl TamperInput for Housing {
    fn is_open(&mut self) -> bool {
        OPEN.load(Ordering::Relaxed)
    }
}
