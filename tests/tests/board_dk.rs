//! What a tap costs the nRF52840 DK: its package's own code for a Cortex-M4, in QEMU, because nothing here is that chip.
//!
//! Runs with the stage `dk` of `tests/run`, because it needs QEMU and the firmware.

use std::path::Path;

use tests::board::BoardRig;
use tests::board::budget::{DkBudget, MEASURING, measured, stack_bound};

#[test]
fn the_door_as_the_dk_compiles_it_keeps_to_its_instructions() {
    let budget = DkBudget::read();
    let measured = measured(BoardRig::with(MEASURING), "nRF52840 DK");
    let bound = stack_bound(Path::new(MEASURING));
    println!("nRF52840 DK: the measuring firmware takes {bound} octets of stack at the most by its calls");
    assert!(measured.full.decision <= budget.full_instructions);
    assert!(measured.fast.decision <= budget.fast_instructions);
    assert!(measured.footprint.stack_octets <= bound, "what was seen is not above what can be");
}
