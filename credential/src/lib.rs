//! The exchange between a phone (the *device*) and a door reader (the *reader*), both roles.
//!
//! Nothing here does IO, allocates, blocks or panics: octets, a clock reading and a random source go in;
//! what to send, when to wake and what happened come out.
//! The octets are specified in `docs/PROTOCOL.md`, the structure in `docs/ARCHITECTURE.md`.
//!
//! * [`object`]: what an issuer signs, and the checks that turn octets into something verified.
//! * [`reader`] and [`device`]: the two sessions.
//! * [`report`]: what a reader tells the manager, through phones that cannot read it.
//! * [`application`]: the seam at which a reader or a device offers this exchange beside others.
//! * [`iso7816`] and [`ble`]: how messages become APDUs, segments and frames.
//! * [`crypto`]: the port to P-256, AES-256-GCM and SHA-256.
#![no_std]

#[cfg(any(test, feature = "aws-lc"))]
extern crate std;

pub mod application;
pub mod ble;
pub mod crypto;
pub mod device;
pub mod error;
pub mod id;
pub mod iso7816;
pub mod limits;
pub mod message;
pub mod object;
pub mod reader;
pub mod report;
mod schedule;
pub mod secret;
mod status;
pub mod ticket;
pub mod time;
pub mod transport;
mod wire;
