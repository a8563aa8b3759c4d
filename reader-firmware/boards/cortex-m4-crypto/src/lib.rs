//! P-256 for Cortex-M4 in assembler (P256-Cortex-M4 by Emil Lenngren), behind the port of the exchange.
//!
//! Everything but the curve stays with the portable backend.
//! On other processors only the inputs are there on which the two are compared (feature `cases`).
#![no_std]

#[cfg(target_arch = "arm")]
mod backend;
#[cfg(feature = "cases")]
pub mod cases;
#[cfg(target_arch = "arm")]
mod curve;

#[cfg(target_arch = "arm")]
pub use backend::{Assembler, AssemblerKey};
