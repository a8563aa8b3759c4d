//! Phones, doors and radios without hardware.
//!
//! [`demo`] is the whole story in one run: from a file of people to an open door, and to two that stay shut.
//! [`mod@unit`] is a door as both of them tap it: in this process, or on a board that QEMU emulates.
//! [`door`] is a door of its own, which any manager enrols and any phone taps.
//! [`mod@decode`] is what octets say, field by field; [`decoding`] is the command for it.
//! [`trace`] is what went over the link at a tap, in a file.

pub mod decode;
pub mod decoding;
pub mod demo;
pub mod door;
mod output;
pub mod trace;
pub mod unit;
