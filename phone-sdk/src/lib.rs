//! A wallet for app authors: activate an invitation, keep the credential alive, present it at doors.
//!
//! Nothing here knows a platform: keys, storage, network, clock, randomness and user presence come through the
//! [`port`]s, each with a real part for desktops.
//!
//! * [`Wallet`]: what the phone holds, and what it does online (`docs/ACTIVATION.md`).
//! * [`NfcPresenter`], [`BlePresenter`], [`StreamPresenter`]: a tap over each kind of link, without IO
//!   (`docs/PROTOCOL.md`); [`NearbyReaders`]: the readers in range, to open one from afar.
//! * [`Error`]: sorted by what the app has to do.

mod certificates;
mod client;
mod code;
mod error;
mod invitation;
mod journal;
#[cfg(feature = "picture")]
mod picture;
pub mod port;
mod presenter;
mod sealing;
mod state;
mod tickets;
mod vault;
mod wallet;

pub use code::CodeError;
pub use error::{Denied, Error, Misuse, NotGenuine, Restart, Retry, StorageError};
pub use invitation::Invitation;
#[cfg(feature = "picture")]
pub use picture::{CardPicture, CardSide, Language, PictureOptions};
#[cfg(feature = "png")]
pub use picture::{PNG_WIDTH, PNG_WIDTH_MAX, PngError};
pub use presenter::{
    BleAction, BleCentral, BleEvent, BleHandles, BlePresenter, Deactivation, NearbyReader, NearbyReaders,
    NfcPresenter, Sighting, StreamClosed, StreamPresenter, Tap, TapEvent, TapFailure,
};
pub use wallet::{
    Card, CardId, CardState, CardWarning, DeviceLabel, Holder, IdBarcode, IdCard, IdField, PhotoState,
    PhotoWanted, Ports, Refreshed, RenewalReport, Requirements, Terms, ValidationLink, Wallet,
};
