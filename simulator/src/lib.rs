//! Phones, doors and radios without hardware.
//!
//! [`demo`] is the whole story in one run: from a file of people to an open door, and to two that stay shut.
//! [`mod@unit`] is a door as both of them tap it: in this process, or on a board that QEMU emulates.
//! [`door`] is a door of its own, which any manager enrols and any phone taps.
//! [`board`] looks after a board.
//! [`world`] is a building in virtual time, which does the same in every run of the same seed.
//! [`scenario`] is what is done in it and what has to come of it, in a file.
//! [`lab`] is a page where it is done by hand.
//! [`attack`] is what others try in it, and what they get.
//! [`load`] is thousands of phones and doors at work, and what that takes.
//! [`trace`] is what went over the link at a tap, in a file.
//! [`replay`] plays one side of it to the other as it is now.
//! [`mod@decode`] is what octets say, field by field; [`decoding`] is the command for it.

mod at_once;
pub mod attack;
pub mod board;
pub mod decode;
pub mod decoding;
pub mod demo;
pub mod door;
mod handset;
pub mod lab;
pub mod load;
pub mod output;
pub mod replay;
pub mod run;
pub mod scenario;
pub mod trace;
pub mod unit;
pub mod world;
