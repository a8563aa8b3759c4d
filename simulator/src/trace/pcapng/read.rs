//! Reading a capture, ours or one that Wireshark has saved anew.

use anyhow::{Context, Result, bail, ensure};

use super::{INTERFACE, LINK_TYPE, ORDER, PACKET, SECTION};
use crate::trace::{Record, packet};

/// The option of an interface that says what a tick of its clock is.
const RESOLUTION: u16 = 9;

/// Microseconds, unless an interface says otherwise.
const USUAL_RESOLUTION: u8 = 6;

/// Numbers with their low octet first, or their high one.
#[derive(Clone, Copy)]
struct Numbers {
    low_first: bool,
}

struct Interface {
    is_ours: bool,
    /// A tick is ten to minus so many, or two if the highest bit is set, seconds.
    resolution: u8,
}

pub(in crate::trace) fn read(mut file: &[u8]) -> Result<Vec<Record>> {
    let mut numbers = Numbers { low_first: true };
    let (mut interfaces, mut records) = (Vec::new(), Vec::new());
    while !file.is_empty() {
        let head = file.first_chunk::<12>().context("the capture ends in a block")?;
        let [kind @ .., _, _, _, _, _, _, _, _] = *head;
        if u32::from_be_bytes(kind) == SECTION {
            let [.., a, b, c, d] = *head;
            numbers.low_first = u32::from_le_bytes([a, b, c, d]) == ORDER;
            interfaces.clear();
        }
        let [_, _, _, _, length @ .., _, _, _, _] = *head;
        let length = usize::try_from(numbers.u32(length))?;
        ensure!(length >= 12 && length.is_multiple_of(4), "the capture has a block of {length} octets");
        let (block, rest) = file.split_at_checked(length).context("the capture ends in a block")?;
        let body = block.get(8..length.saturating_sub(4)).unwrap_or_default();
        match numbers.u32(kind) {
            INTERFACE => interfaces.push(interface(body, numbers)?),
            PACKET => records.extend(record(body, numbers, &interfaces)?),
            _ => {}
        }
        file = rest;
    }
    Ok(records)
}

fn interface(body: &[u8], numbers: Numbers) -> Result<Interface> {
    let ([a, b, _, _, _, _, _, _], mut options) = body.split_first_chunk().context("an interface is cut")?;
    let mut resolution = USUAL_RESOLUTION;
    while let Some(([code_a, code_b, length_a, length_b], rest)) = options.split_first_chunk() {
        let length = usize::from(numbers.u16([*length_a, *length_b]));
        if numbers.u16([*code_a, *code_b]) == RESOLUTION {
            resolution = rest.first().copied().unwrap_or(resolution);
        }
        options = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    Ok(Interface { is_ours: numbers.u16([*a, *b]) == LINK_TYPE, resolution })
}

/// The record in a packet; `None` for a packet of something else.
fn record(body: &[u8], numbers: Numbers, interfaces: &[Interface]) -> Result<Option<Record>> {
    let (fields, data) = body.split_first_chunk::<20>().context("a packet is cut")?;
    let mut fields =
        fields.chunks_exact(4).map(|field| field.try_into().map_or(0, |field| numbers.u32(field)));
    let mut next = || fields.next().unwrap_or_default();
    let (interface, high, low, captured) = (next(), next(), next(), next());
    let interface = interfaces.get(usize::try_from(interface)?).context("a packet is of no interface")?;
    if !interface.is_ours {
        return Ok(None);
    }
    let data = data.get(..usize::try_from(captured)?).context("a packet is cut")?;
    let ticks = u128::from(high) << 32 | u128::from(low);
    Ok(Some(packet::decode(data, microseconds(ticks, interface.resolution)?)?))
}

fn microseconds(ticks: u128, resolution: u8) -> Result<u64> {
    let per_second = match resolution {
        0..=18 => 10_u128.pow(resolution.into()),
        128..=190 => 1_u128 << (resolution & 0x7F),
        _ => bail!("the capture's clock has a tick that nobody has"),
    };
    Ok(u64::try_from(ticks.saturating_mul(1_000_000).checked_div(per_second).unwrap_or_default())?)
}

impl Numbers {
    const fn u16(self, octets: [u8; 2]) -> u16 {
        if self.low_first { u16::from_le_bytes(octets) } else { u16::from_be_bytes(octets) }
    }

    const fn u32(self, octets: [u8; 4]) -> u32 {
        if self.low_first { u32::from_le_bytes(octets) } else { u32::from_be_bytes(octets) }
    }
}
