//! Command and response APDUs, and the two drivers that carry one logical command over them.
//!
//! | octets on the wire | type |
//! | --- | --- |
//! | CLA, INS, P1, P2, Lc, data, Le | [`CommandApdu`] |
//! | data, SW1, SW2 | [`ResponseApdu`] |
//!
//! A *logical command* is a header and up to [`REASSEMBLY_CAP`] octets of data, a *logical response* as many
//! octets and a status word.
//! [`InterfaceDevice`] (the reader) and [`Card`] (the phone) split both into APDUs that the contactless front
//! ends can carry, by extended length or by command chaining and GET RESPONSE, and join them again.
//! Neither does input or output.
//!
//! Source: `docs/PROTOCOL.md#nfc`. Spec: ISO/IEC 7816-4.

mod aid;
mod buffer;
mod card;
mod command;
mod interface_device;
#[cfg(test)]
mod pair_tests;
#[cfg(test)]
pub(crate) mod random;
mod response;
mod status_word;

pub use aid::{Aid, AidLengthError};
pub use buffer::BufferTooSmall;
pub use card::{Card, CardError, CardStep};
pub use command::{CommandApdu, CommandError, CommandHeader, EncodeError, LengthForm, LogicalCommand};
pub use interface_device::{
    FrontEnd, InterfaceDevice, InterfaceDeviceError, InterfaceDeviceMisuse, InterfaceDeviceStep,
    PeerViolation,
};
pub use response::{ResponseApdu, ResponseError};
pub use status_word::StatusWord;

use crate::limits::MESSAGE_MAX;

/// The most octets of data that either side joins into one logical command or response.
///
/// Source: `docs/PROTOCOL.md#nfc`, `[reassembly-cap]`.
pub const REASSEMBLY_CAP: usize = MESSAGE_MAX;

/// The most octets of data in a command APDU of short length.
pub const SHORT_DATA_MAX: usize = 255;

/// The most octets of data in the answer to a command APDU of short length.
pub const SHORT_NE_MAX: usize = 256;

/// Class of the interindustry commands SELECT and GET RESPONSE, on logical channel 0.
pub const CLA_INTERINDUSTRY: u8 = 0x00;

/// Class of the commands of the exchange, on logical channel 0.
pub const CLA_EXCHANGE: u8 = 0x80;

/// The bit of the class that says that the chain goes on.
///
/// Spec: ISO/IEC 7816-4 §5.1.1.1.
pub const CLA_CHAINING: u8 = 0x10;

/// Instruction SELECT.
pub const INS_SELECT: u8 = 0xA4;

/// Instruction GET RESPONSE.
pub const INS_GET_RESPONSE: u8 = 0xC0;
