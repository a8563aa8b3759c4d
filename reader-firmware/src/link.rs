//! Links: how the octets of a radio become whole messages of an application, and back.

mod gatt;
mod nfc;
mod stream;

pub use gatt::GattLink;
pub use nfc::{NfcLink, NfcReceived};
pub use stream::StreamLink;

/// Takes each piece that is to be transmitted: an APDU, a GATT segment, a frame.
pub type Sink<'s> = &'s mut dyn FnMut(&[u8]);

/// Why a link drops the tap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkError {
    /// The device's APDUs, segments or frames are not what they should be.
    Peer,
    /// This side's message does not fit the link.
    Misuse,
}

impl core::fmt::Display for LinkError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Peer => "the device's octets are not what the link expects",
            Self::Misuse => "the message does not fit the link",
        })
    }
}

impl core::error::Error for LinkError {}

/// Octets that a link's working space has to have.
pub const MESSAGE_SPACE: usize = credential::ble::MESSAGE_CAP;
