//! The golden vectors of the second implementation, and how this implementation is held against them.
//!
//! `tests/vectors/generator/README.md` says what is in the files.
//! Every shape refuses fields that it does not know, so that no case passes because it was not understood.

pub mod blocks;
pub mod check;
pub mod configurations;
pub mod device;
pub mod hostile;
pub mod link;
pub mod objects;
pub mod octets;
pub mod primitives;
pub mod reader;
pub mod reports;
pub mod schedule;
pub mod script;
pub mod taps;

use std::path::Path;

use serde::de::DeserializeOwned;

/// Reads a vector file by its name.
///
/// # Panics
/// When the file is missing or has another shape.
pub fn load<T: DeserializeOwned>(name: &str) -> T {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors").join(name);
    let text = std::fs::read_to_string(&path).expect("a vector file can be read");
    let content = serde_json::from_str(&text).map_err(|error| format!("{name}: {error}"));
    content.expect("a vector file has the shape that is known")
}
