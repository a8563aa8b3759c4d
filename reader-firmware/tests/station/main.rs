//! A station on the host: what comes over its line, what it keeps in a flash that loses its power, and who taps it.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

mod board;
mod courier_tests;
mod flash;
mod host;
mod life_tests;
#[path = "../../src/storage/model.rs"]
mod model;
#[path = "../entrance/phone.rs"]
#[expect(dead_code, reason = "shared with the tests of the main loop, which use more of it")]
mod phone;
mod tap_tests;
mod testing_tests;
#[path = "../../../tests/src/wallet.rs"]
#[expect(dead_code, unreachable_pub, reason = "shared with the room `tests`, which uses more of it")]
mod wallet;
#[path = "../../../tests/src/world.rs"]
#[expect(dead_code, unreachable_pub, reason = "shared with the room `tests`, which uses more of it")]
mod world;
