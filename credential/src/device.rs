//! The device's side of a tap.
//!
//! A [`Wallet`] is what the phone holds; a [`DeviceSession`] is one tap after another.

mod event;
mod expect;
mod session;
mod wallet;

pub use event::{DeviceEvent, RefusedReader, SIGNING_REQUEST_MAX, SigningRequest, TapReport};
pub use session::{Answer, DeviceEnv, DeviceSession, Reply};
pub use wallet::{CredentialHandle, Wallet};
