//! The taps of a world in virtual time, as records.

use credential::iso7816::FrontEnd;
use serde_json::json;

use super::{End, Event, Link, Octets, Record, Side, TapBegins};
use crate::world::{End as Whose, LinkKind, LinkSettings, TapRecord};

/// The records of one tap, in the order in which things happened.
pub fn of_tap(tap: &TapRecord) -> Vec<Record> {
    let number = tap.number;
    let mut records: Vec<Record> = tap
        .pieces
        .iter()
        .map(|piece| {
            let from = if piece.to == Whose::Door { Side::Device } else { Side::Reader };
            let (octets, lost) = (piece.octets.clone(), piece.arrived_us.is_none());
            Record::Octets(Octets { tap: number, at_us: piece.sent_us, from, octets, lost })
        })
        .collect();
    let event = |at_us: u64, at, event| Record::Event(Event { tap: number, at_us, at, event });
    records
        .extend(tap.at_door.iter().map(|(at_us, happened)| event(*at_us, Side::Reader, happened.to_json())));
    records.extend(
        tap.at_phone.iter().map(|(at_us, told)| event(*at_us, Side::Device, json!({ "event": told.code() }))),
    );
    records.sort_by_key(Record::at_us);
    let (door, phone) = (tap.door.clone(), tap.phone.clone());
    let link = Link::from(tap.link);
    let begins = Record::Tap(TapBegins { tap: number, at_us: tap.began_us, link, door, phone });
    let ends =
        tap.ended_us.map(|at_us| Record::End(End { tap: number, at_us, why: tap.broken.map(str::to_owned) }));
    std::iter::once(begins).chain(records).chain(ends).collect()
}

impl From<LinkSettings> for Link {
    fn from(link: LinkSettings) -> Self {
        let FrontEnd { max_transmit, max_receive } = FrontEnd::SHORT;
        match link.kind {
            LinkKind::Nfc => Self::Nfc { max_transmit, max_receive },
            LinkKind::Ble => Self::BleGatt { att_mtu: link.att_mtu },
            LinkKind::L2cap => Self::BleL2cap,
            LinkKind::Tcp => Self::Tcp,
        }
    }
}
