//! What a firmware may take, and what it takes.

use std::path::Path;
use std::process::Command;

use reader_firmware::serial::Footprint;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use simulator::unit::{Cost, DoorUnit};

use super::BoardRig;

/// The packages of the boards.
const BOARDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../reader-firmware/boards");

/// The firmware of the emulated board out of the package of the nRF52840 DK, from
/// `cargo build --release --no-default-features --features measuring --bin measuring --target-dir target/measuring`.
pub const MEASURING: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../reader-firmware/boards/nrf52840-dk/target/measuring/thumbv7em-none-eabihf/release/measuring"
);

/// The budget of the emulated board.
#[derive(Clone, Copy, Debug, Deserialize)]
#[expect(missing_docs, reason = "the file says what they are")]
pub struct EmulatedBudget {
    pub flash_octets: u32,
    pub static_octets: u32,
    pub stack_octets: u32,
    pub full_instructions: u64,
    pub full_instructions_assembler: u64,
    pub fast_instructions: u64,
}

/// What the nRF52840 DK may take of a processor, of which there is one here.
#[derive(Clone, Copy, Debug, Deserialize)]
#[expect(missing_docs, reason = "the file says what they are")]
pub struct DkBudget {
    pub full_instructions: u64,
    pub fast_instructions: u64,
}

/// What taps of all kinds cost.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// The first tap of a phone.
    pub full: Cost,
    /// The second.
    pub fast: Cost,
    /// What the firmware took for them, and for an enrolment and a list.
    pub footprint: Footprint,
}

impl EmulatedBudget {
    /// The file beside the firmware.
    pub fn read() -> Self {
        beside("qemu-mps2-an386")
    }
}

impl DkBudget {
    /// The file beside the firmware.
    pub fn read() -> Self {
        beside("nrf52840-dk")
    }
}

fn beside<T: DeserializeOwned>(board: &str) -> T {
    let path = Path::new(BOARDS).join(board).join("budget.toml");
    toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Enrols a board that has never been started and taps it in every way.
pub fn measured(mut rig: BoardRig, name: &str) -> Measured {
    rig.enrol();
    let full = rig.tap().cost.unwrap();
    let fast = rig.tap().cost.unwrap();
    let again = rig.tap().cost.unwrap();
    rig.unit.take_revocation_list(&rig.list(1, 800)).unwrap();
    let _denied = rig.tap();
    let footprint = rig.unit.board_status().unwrap().footprint;
    println!("{name}, full tap: {} instructions to the decision, {} in all", full.decision, full.whole);
    println!("{name}, fast tap: {} instructions to the decision, {} in all", fast.decision, fast.whole);
    println!("{name}: {footprint:?}");
    assert!(full.decision > fast.decision && fast.decision > 0, "something was measured");
    assert!(again.decision.abs_diff(fast.decision) < 100, "the same work costs the same: {again:?}");
    Measured { full, fast, footprint }
}

/// The most stack that a firmware of the emulated board can take, by its calls (`tests/stack`).
pub fn stack_bound(elf: &Path) -> u32 {
    let tool = concat!(env!("CARGO_MANIFEST_DIR"), "/stack");
    let facts = ["qemu-mps2-an386/stack.toml", "stack.toml"].map(|file| Path::new(BOARDS).join(file));
    let python = Path::new(tool).join(".venv/bin/python");
    let out = Command::new(python).arg(tool).arg("--json").arg(elf).args(facts).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let figures: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    figures["stack_octets"].as_u64().unwrap().try_into().unwrap()
}
