//! Harnesses shared by the tests that cross rooms.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "this crate is only used by tests and benchmarks"
)]

pub mod live;
pub mod door;
pub mod pair;
pub mod phone;
pub mod vectors;
pub mod wallet;
pub mod world;
