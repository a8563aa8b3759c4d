//! A door reader, from the radio to the wire of the access control system.
//!
//! No heap but for the features `osdp` and `heap`, no IO: a [`door::Door`] takes what the front ends received and says what they transmit, and every
//! decision comes out as an event with the bits for the controller.
//! An [`entrance::Entrance`] puts a door together with its [ports](port) into a main loop that never waits.
//! The same code runs on a microcontroller and on a host.
#![no_std]

#[cfg(any(feature = "central", feature = "heap", feature = "osdp"))]
extern crate alloc;
#[cfg(test)]
extern crate std;

#[cfg(feature = "ble")]
pub mod ble;
pub mod clock;
pub mod controller;
pub mod door;
pub mod enrolment;
pub mod entrance;
pub mod indicator;
pub mod link;
pub mod log;
pub mod micros;
pub mod nfc;
pub mod output;
pub mod pins;
pub mod port;
pub mod self_test;
pub mod serial;
pub mod station;
pub mod storage;
pub mod update;
