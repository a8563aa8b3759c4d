//! A door reader, from the radio to the wire of the access control system.
//!
//! No heap, no IO: a [`door::Door`] takes what the front ends received and says what they transmit, and every
//! decision comes out as an event with the bits for the controller.
//! The same code runs on a microcontroller and on a host.
#![no_std]

#[cfg(test)]
extern crate std;

pub mod clock;
pub mod door;
pub mod enrolment;
pub mod link;
pub mod log;
pub mod output;
pub mod serial;
pub mod station;
pub mod storage;
