//! The attributes.
//!
//! The values are never kept in the table: what is written goes to the door, what is notified comes from it.
#![expect(unused_qualifications, reason = "what the macros of trouble-host make is not seen from outside")]

use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use trouble_host::prelude::*;

use super::packets::Packets;

#[gatt_server(connections_max = 2, mutex_type = NoopRawMutex, packet_type = Packets, attribute_table_size = 24)]
pub(super) struct Server {
    pub(super) tap: TapService,
}

#[gatt_service(uuid = "f04f5354-4941-5259-0100-000000000000")]
pub(super) struct TapService {
    /// Segments from the phone, written with response.
    #[characteristic(uuid = "f04f5354-4941-5259-0100-000000000001", write)]
    pub(super) response: (),
    /// Segments from the reader.
    #[characteristic(uuid = "f04f5354-4941-5259-0100-000000000002", notify)]
    pub(super) command: (),
    /// The PSM.
    #[characteristic(uuid = "f04f5354-4941-5259-0100-000000000003", read, value = [0, 0])]
    pub(super) psm: [u8; 2],
}
