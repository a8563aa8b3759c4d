//! The file format of Wireshark: one section, one interface with the link type that it keeps for its users.
//!
//! Written here because three kinds of block are all that is needed.
//!
//! Spec: draft-ietf-opsawg-pcapng, §3 (blocks), §4.1 to §4.3

mod read;

use std::collections::HashMap;
use std::io::Write;

use anyhow::Result;

use super::{Record, packet};
pub(super) use read::read;

/// Section header, interface description, enhanced packet.
const SECTION: u32 = 0x0A0D_0D0A;
const INTERFACE: u32 = 1;
const PACKET: u32 = 6;

/// Says in which order the octets of numbers are.
const ORDER: u32 = 0x1A2B_3C4D;

/// LINKTYPE_USER0.
const LINK_TYPE: u16 = 147;

/// Writes records as packets.
#[derive(Default)]
pub(super) struct Writer {
    /// The transport of each tap under way, which stands before each of its packets.
    transports: HashMap<u64, u8>,
}

impl Writer {
    /// Writes what stands at the front of a file.
    pub(super) fn begin(out: &mut dyn Write) -> Result<Self> {
        let unknown_length = u64::MAX.to_le_bytes();
        let section = [&ORDER.to_le_bytes()[..], &[1, 0], &[0, 0], &unknown_length].concat();
        block(SECTION, &section, out)?;
        let all_octets = 0_u32.to_le_bytes();
        let interface = [&LINK_TYPE.to_le_bytes()[..], &[0, 0], &all_octets].concat();
        block(INTERFACE, &interface, out)?;
        Ok(Self::default())
    }

    pub(super) fn write(&mut self, record: &Record, out: &mut dyn Write) -> Result<()> {
        if let Record::Tap(tap) = record {
            self.transports.insert(tap.tap, packet::transport(tap.link));
        }
        let transport = self.transports.get(&record.tap()).copied().unwrap_or_default();
        let data = packet::encode(record, transport)?;
        if let Record::End(end) = record {
            self.transports.remove(&end.tap);
        }
        let [high @ .., _, _, _, _] = record.at_us().to_be_bytes();
        let [_, _, _, _, low @ ..] = record.at_us().to_be_bytes();
        let length = u32::try_from(data.len())?;
        let numbers = [0, u32::from_be_bytes(high), u32::from_be_bytes(low), length, length];
        let mut body: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        body.extend_from_slice(&data);
        block(PACKET, &body, out)
    }
}

fn block(kind: u32, body: &[u8], out: &mut dyn Write) -> Result<()> {
    let padding = [0; 3];
    let padding =
        padding.get(..body.len().next_multiple_of(4).saturating_sub(body.len())).unwrap_or_default();
    let length = u32::try_from(body.len().saturating_add(padding.len()).saturating_add(12))?.to_le_bytes();
    Ok(out.write_all(&[&kind.to_le_bytes(), &length, body, padding, &length].concat())?)
}
