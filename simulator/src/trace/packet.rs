//! A record as a packet of a capture.
//!
//! | octets | field |
//! | --- | --- |
//! | 1 | version, 1 |
//! | 1 | kind: 0 octets, 1 event, 2 a tap begins, 3 it ends |
//! | 1 | transport: 0 NFC, 1 GATT, 2 L2CAP, 3 TCP |
//! | 1 | bit 0: from (or at) 0 the reader, 1 the device; bit 1 set: never arrived |
//! | 8 | number of the tap |
//! | … | the octets; for another kind, the record in JSON as in the other form of a trace |

use anyhow::{Context, Result, ensure};

use super::{Link, Octets, Record, Side};

const VERSION: u8 = 1;
const OCTETS: u8 = 0;
const EVENT: u8 = 1;
const BEGINS: u8 = 2;
const ENDS: u8 = 3;
const DEVICE: u8 = 1;
const LOST: u8 = 2;

pub(super) fn encode(record: &Record, transport: u8) -> Result<Vec<u8>> {
    let (kind, flags, content) = match record {
        Record::Octets(octets) => {
            let lost = if octets.lost { LOST } else { 0 };
            (OCTETS, side(octets.from) | lost, octets.octets.clone())
        }
        Record::Event(event) => (EVENT, side(event.at), serde_json::to_vec(record)?),
        Record::Tap(_) => (BEGINS, 0, serde_json::to_vec(record)?),
        Record::End(_) => (ENDS, 0, serde_json::to_vec(record)?),
    };
    Ok([&[VERSION, kind, transport, flags], record.tap().to_be_bytes().as_slice(), &content].concat())
}

pub(super) fn decode(packet: &[u8], at_us: u64) -> Result<Record> {
    let (head, content) = packet.split_first_chunk::<12>().context("the packet is too short")?;
    let [version, kind, _transport, flags, tap @ ..] = *head;
    ensure!(version == VERSION, "the packet has version {version}, and this program knows {VERSION}");
    let from = if flags & DEVICE == 0 { Side::Reader } else { Side::Device };
    let (tap, lost) = (u64::from_be_bytes(tap), flags & LOST != 0);
    match kind {
        OCTETS => Ok(Record::Octets(Octets { tap, at_us, from, octets: content.to_vec(), lost })),
        _ => serde_json::from_slice(content).context("the packet has no record"),
    }
}

/// The number of a transport.
pub(super) const fn transport(link: Link) -> u8 {
    match link {
        Link::Nfc { .. } => 0,
        Link::BleGatt { .. } => 1,
        Link::BleL2cap => 2,
        Link::Tcp => 3,
    }
}

const fn side(side: Side) -> u8 {
    match side {
        Side::Reader => 0,
        Side::Device => DEVICE,
    }
}
