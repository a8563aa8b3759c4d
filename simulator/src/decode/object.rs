//! Signed objects, and what is sealed or signed beside them.

use super::field::{Fields, Layout, Wrong};
use crate::trace::to_hex;

const SIGNATURE: usize = 64;
const CERTIFICATE: usize = 120;
const TAG: usize = 16;

pub(super) fn certificate(octets: &[u8], at: usize) -> Fields {
    let mut layout = Layout::of(octets, at);
    head(&mut layout)?;
    layout.number(4, "reader id")?;
    validity(&mut layout)?;
    let presence =
        |number| ["none", "unlocked", "verified"].get(usize::try_from(number).unwrap_or(9)).copied();
    let presence =
        layout.counted(1, "user presence", |number| presence(number).unwrap_or("unknown").to_owned())?;
    known(presence <= 2, "the user presence is none that is known")?;
    layout.point("reader public key")?;
    signature(layout)
}

pub(super) fn credential(octets: &[u8], at: usize) -> Fields {
    let mut layout = Layout::of(octets, at);
    credential_fields(&mut layout)?;
    signature(layout)
}

fn credential_fields(layout: &mut Layout<'_>) -> Result<(), Wrong> {
    head(layout)?;
    layout.number(8, "serial")?;
    validity(layout)?;
    known(layout.number(1, "flags")? == 0, "there are flags that are not known")?;
    layout.point("holder public key")?;
    let length = layout.number(1, "length of the user ID")?;
    known((1..=32).contains(&length), "the user ID has a length that none has")?;
    let id = layout.told(usize::try_from(length).unwrap_or_default(), "user ID", text)?;
    known(id.iter().all(|octet| (0x20..0x7F).contains(octet)), "the user ID is not printable")
}

pub(super) fn revocation_list(octets: &[u8], at: usize) -> Fields {
    let mut layout = Layout::of(octets, at);
    head(&mut layout)?;
    layout.number(4, "version")?;
    layout.time("issued at")?;
    ascending(&mut layout, "number of serials", "serial, after the one before")?;
    ascending(&mut layout, "number of reader ids", "reader id, after the one before")?;
    signature(layout)
}

fn ascending(layout: &mut Layout<'_>, count: &'static str, each: &'static str) -> Result<(), Wrong> {
    for _ in 0..layout.varint(count)? {
        layout.varint(each)?;
    }
    Ok(())
}

pub(super) fn time_token(octets: &[u8], at: usize) -> Fields {
    let mut layout = Layout::of(octets, at);
    head(&mut layout)?;
    layout.time("time")?;
    signature(layout)
}

pub(super) fn configuration(octets: &[u8], at: usize) -> Fields {
    const REPORT_KEY: u64 = 2;
    let mut layout = Layout::of(octets, at);
    head(&mut layout)?;
    layout.number(4, "configuration version")?;
    layout.inside(CERTIFICATE, "reader certificate", certificate)?;
    let issuers = layout.number(1, "number of issuer keys")?;
    known((1..=4).contains(&issuers), "there are 1 to 4 issuer keys")?;
    for _ in 0..issuers {
        layout.number(1, "issuer key index")?;
        layout.point("issuer key")?;
    }
    let flags = layout.counted(1, "flags", |flags| {
        let tickets = if flags & 1 == 0 { "no tickets" } else { "tickets" };
        let report = if flags & REPORT_KEY == 0 { "no report key" } else { "a report key" };
        format!("{tickets}, {report}")
    })?;
    known(flags <= 3, "there are flags that are not known")?;
    layout.number(4, "version of the revocation list expected")?;
    if flags & REPORT_KEY != 0 {
        layout.point("report key")?;
    }
    let format = layout.counted(1, "output format", |format| match format {
        0 => "text".to_owned(),
        1 => "Wiegand".to_owned(),
        _ => "unknown".to_owned(),
    })?;
    if format == 1 {
        layout.counted(1, "number", |base| if base == 0 { "decimal" } else { "hexadecimal" }.to_owned())?;
        layout.number(1, "bits")?;
        layout.number(1, "facility bits")?;
        layout.number(4, "facility code")?;
        layout.counted(1, "parity", |parity| if parity == 0 { "none" } else { "even and odd" }.to_owned())?;
    }
    signature(layout)
}

pub(super) fn sealed_configuration(octets: &[u8], at: usize) -> Fields {
    let mut layout = Layout::of(octets, at);
    let key = layout.octets(65, "encapsulated key")?;
    known(key.first() == Some(&4), "the encapsulated key is not uncompressed")?;
    let inside = layout.left().checked_sub(TAG).ok_or_else(|| Wrong::because("it ends in the tag"))?;
    layout.sealed(inside, "configuration", "sealed to the reader's key (HPKE)")?;
    layout.octets(TAG, "tag")?;
    layout.finish()
}

pub(super) fn sealed_report(octets: &[u8], at: usize) -> Fields {
    let mut layout = Layout::of(octets, at);
    layout.octets(12, "nonce")?;
    let inside = layout.left().checked_sub(TAG).ok_or_else(|| Wrong::because("it ends in the tag"))?;
    known(inside > 0, "there is nothing between nonce and tag")?;
    layout.sealed(inside, "contents", "sealed to the manager's report key")?;
    layout.octets(TAG, "tag")?;
    layout.finish()
}

pub(super) fn acknowledgement(octets: &[u8], at: usize) -> Fields {
    let mut layout = Layout::of(octets, at);
    layout.octets(8, "log id")?;
    layout.number(4, "number up to which all has arrived")?;
    layout.octets(TAG, "tag, under the acknowledging key")?;
    layout.finish()
}

pub(super) fn announcement(octets: &[u8], at: usize) -> Fields {
    let mut layout = Layout::of(octets, at);
    layout.counted(2, "PSM", |psm| if psm == 0 { "none".to_owned() } else { format!("0x{psm:02X}") })?;
    layout.told(4, "hint", |hint| if hint == [0; 4] { "none".to_owned() } else { to_hex(hint) })?;
    layout.finish()
}

fn head(layout: &mut Layout<'_>) -> Result<(), Wrong> {
    known(layout.number(1, "format")? == 1, "the format is not 1")?;
    layout.octets(8, "project id")?;
    layout.number(1, "issuer key index")?;
    Ok(())
}

fn validity(layout: &mut Layout<'_>) -> Result<(), Wrong> {
    let before = layout.time("not before")?;
    let after = layout.time("not after")?;
    known(before < after, "it ends before it begins")
}

fn signature(mut layout: Layout<'_>) -> Fields {
    layout.octets(SIGNATURE, "signature, not verified here")?;
    layout.finish()
}

pub(super) fn text(octets: &[u8]) -> String {
    format!("\"{}\"", String::from_utf8_lossy(octets).escape_debug())
}

pub(super) fn known(holds: bool, otherwise: &str) -> Result<(), Wrong> {
    if holds { Ok(()) } else { Err(Wrong::because(otherwise)) }
}
