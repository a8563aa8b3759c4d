//! Phones, doors and radios without hardware.
//!
//! [`demo`] is the whole story in one run: from a file of people to an open door, and to two that stay shut.
//! [`mod@unit`] is a door as both of them tap it: in this process, or on a board that QEMU emulates.
//! [`door`] is a door of its own, which any manager enrols and any phone taps.
<<<<<<< HEAD
//! [`board`] looks after a board.

pub mod board;
=======
//! [`attack`] is what others try in it, and what they get.
//! [`scenario`] is what is done in it and what has to come of it, in a file.
//! [`world`] is a building in virtual time, which does the same in every run of the same seed.

pub mod attack;
>>>>>>> sim
pub mod demo;
pub mod door;
mod handset;
pub mod output;
pub mod run;
pub mod scenario;
pub mod unit;
pub mod world;
