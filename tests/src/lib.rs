//! Harnesses shared by the tests that cross rooms.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::arithmetic_side_effects,
    reason = "this crate is only used by tests and benchmarks"
)]

pub mod fuzzing;
pub mod pair;
pub mod vectors;
pub mod wallet;
pub mod world;
