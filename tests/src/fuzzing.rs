//! What the fuzzer runs: one function a target, which takes any octets and panics if a promise is broken.
//!
//! The same functions run under libFuzzer (`tests/fuzz/`) and, over the kept corpora, as ordinary tests.
#![expect(clippy::indexing_slicing, clippy::panic, reason = "a broken promise must stop the fuzzer")]

mod air;
mod apdu;
mod ble_message;
mod card;
mod csv_import;
mod device_session;
mod input;
mod interface_device;
mod invitation_code;
mod log;
mod objects;
mod phone_wallet;
mod reader_session;
mod remembering;
mod report;
mod sealed;
mod segments;
mod stage;
mod stream;
mod substituting;

use credential::time::UnixTime;
use credential::transport::Transport;

use crate::world::{START, WEEK_S};
use input::Input;

pub use apdu::apdu;
pub use ble_message::ble_message;
pub use card::card;
pub use csv_import::csv_import;
pub use device_session::device_session;
pub use interface_device::interface_device;
pub use invitation_code::invitation_code;
pub use objects::objects;
pub use phone_wallet::phone_wallet;
pub use reader_session::reader_session;
pub use report::report;
pub use sealed::sealed;
pub use segments::segments;
pub use stream::stream;

/// The body of a target.
pub type Target = fn(&[u8]);

/// Every target by the name of its file and its corpus.
pub const TARGETS: &[(&str, Target)] = &[
    ("apdu", apdu),
    ("ble_message", ble_message),
    ("card", card),
    ("csv_import", csv_import),
    ("device_session", device_session),
    ("interface_device", interface_device),
    ("invitation_code", invitation_code),
    ("objects", objects),
    ("phone_wallet", phone_wallet),
    ("reader_session", reader_session),
    ("report", report),
    ("sealed", sealed),
    ("segments", segments),
    ("stream", stream),
];

const TRANSPORTS: [Transport; 4] = [Transport::Nfc, Transport::BleGatt, Transport::BleL2cap, Transport::Tcp];

/// A wall clock: none, or around the moments at which the credentials of the stage begin and end.
fn clock(input: &mut Input<'_>) -> Option<UnixTime> {
    let minutes = u32::from(input.octet()) * 60;
    match input.below(4) {
        0 => None,
        1 => Some(START),
        2 => Some(UnixTime(START.0 - 600 + minutes)),
        _ => Some(UnixTime(START.0 + WEEK_S - 600 + minutes)),
    }
}
