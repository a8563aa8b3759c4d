//! The BLE part on an air of its own: real host stacks on both sides, virtual controllers, tokio's paused clock.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

mod air;
#[path = "../entrance/board.rs"]
#[expect(dead_code, reason = "shared with the tests of the main loop, which use more of it")]
mod board;
mod central;
mod facts;
#[path = "../entrance/field.rs"]
#[expect(dead_code, reason = "shared with the tests of the main loop, which use more of it")]
mod field;
#[path = "../entrance/phone.rs"]
#[expect(dead_code, reason = "shared with the tests of the main loop, which use more of it")]
mod phone;
mod reader;
mod tap_times;
#[path = "../../../tests/src/wallet.rs"]
#[expect(dead_code, unreachable_pub, reason = "shared with the room `tests`, which uses more of it")]
mod wallet;
#[path = "../../../tests/src/world.rs"]
#[expect(dead_code, unreachable_pub, reason = "shared with the room `tests`, which uses more of it")]
mod world;
