//! The phone SDK for Kotlin, Swift and Python.
//!
//! Thin: every function here calls one of `phone_sdk` and gives its types a form that the other languages know.
//! What asks a manager is asynchronous (`suspend`, `async`); what a tap needs answers at once.

mod background;
mod ble;
mod card;
mod error;
mod id_card;
mod nearby;
#[cfg(feature = "picture")]
mod picture;
mod ports;
mod tap;
mod wallet;

pub use ble::{BleAction, BleCentral, BleEvent, BleHandles, BleTap};
pub use card::{Card, CardState, CardWarning, RenewalFailure, RenewalReport};
pub use error::{HttpError, KeyError, StorageFailure, WalletError};
pub use nearby::{NearbyReader, ReaderScan};
pub use ports::{HttpQuery, HttpReply, HttpTransport, KeyVault, Presence, PresenceSource, WalletStorage};
pub use tap::{Deactivation, NfcTap, TapEvent, TapPath};
pub use wallet::PhoneWallet;

uniffi::setup_scaffolding!();
