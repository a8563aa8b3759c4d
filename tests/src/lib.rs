//! Harnesses shared by the tests that cross rooms.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "this crate is only used by tests and benchmarks"
)]

pub mod board;
pub mod distribution;
pub mod door;
pub mod framing;
pub mod fuzzing;
pub mod link;
pub mod live;
pub mod pair;
pub mod peers;
pub mod phone;
pub mod raw;
pub mod service;
pub mod siege;
pub mod site;
pub mod storm;
pub mod strangers;
pub mod tamper;
pub mod vectors;
pub mod wallet;
pub mod world;
