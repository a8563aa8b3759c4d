//! Messages without APDU headers, over GATT and over streams.
//!
//! | direction | octets | type |
//! | --- | --- | --- |
//! | reader to device | instruction, data | [`CommandMessage`] |
//! | device to reader | data, status word | [`ResponseApdu`](crate::iso7816::ResponseApdu), which has this form |
//!
//! GATT carries a message in [segments](segment), a stream (L2CAP channel, TCP) behind its
//! [length](stream).
//! Framing that does not come out closes the session: it cannot tell where the next message begins, so that
//! only a new connection helps.
//!
//! Source: `docs/PROTOCOL.md#ble-and-streams`.

mod announcement;
mod message;
pub mod segment;
pub mod stream;
mod uuid;

pub use announcement::{Announcement, COMPANY, HINT_OCTETS, Hint};
pub use message::{CommandMessage, EmptyMessage};
pub use uuid::{COMMAND_CHARACTERISTIC, PSM_CHARACTERISTIC, RESPONSE_CHARACTERISTIC, SERVICE, Uuid};

use crate::iso7816::REASSEMBLY_CAP;

/// The longest message in octets: as much data as APDUs carry, and a status word.
pub const MESSAGE_CAP: usize = REASSEMBLY_CAP + 2;
