//! The seam at which a reader or a device offers this exchange beside others.
//!
//! A reader has a list of [`ReaderApplication`]s and tries them by AID (NFC) or by GATT service (BLE); a device has a
//! list of [`DeviceApplication`]s and is selected by either.
//! What an application sends and takes are whole messages: a logical APDU on NFC, a message of its own encoding
//! elsewhere. Chaining, segments and frames are the links' work, below this seam.
//! [`OstiaryReader`] and [`OstiaryDevice`] put the exchange of this crate behind it.

mod device;
mod ostiary_device;
mod ostiary_reader;
mod reader;

pub use device::{DeviceAction, DeviceApplication, DeviceIncoming};
pub use ostiary_device::OstiaryDevice;
pub use ostiary_reader::OstiaryReader;
pub use reader::{ReaderAction, ReaderApplication, ReaderIncoming, ReaderOutgoing};
