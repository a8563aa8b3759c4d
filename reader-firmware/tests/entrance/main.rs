//! A whole door on the host: the main loop over front ends, phones, panels and lamps that are not there.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
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
#[expect(dead_code, unreachable_pub, reason = "shared with the room `tests`, which uses more of it")]
mod wallet;
#[path = "../../../tests/src/world.rs"]
#[expect(dead_code, unreachable_pub, reason = "shared with the room `tests`, which uses more of it")]
mod world;
