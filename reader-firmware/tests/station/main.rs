//! A whole door on the host: the main loop over front ends, phones, panels and lamps that are not there.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::type_complexity,
    reason = "tests"
)]

mod board;
mod chip;
mod chip_tests;
mod field;
mod loop_tests;
mod phone;
mod picture;
mod soak;
#[path = "../../../tests/src/wallet.rs"]
#[allow(dead_code, reason = "shared with the room `tests`, which uses more of it")]
mod wallet;
#[path = "../../../tests/src/world.rs"]
#[allow(dead_code, reason = "shared with the room `tests`, which uses more of it")]
mod world;
