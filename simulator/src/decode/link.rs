//! How messages are cut on the way: GATT segments and frames of a stream.

use super::apdu;
use super::field::{Field, Layout, Wrong};

const FIRST: u8 = 0x80;
const LAST: u8 = 0x40;

/// A segment; the message in it where it is whole.
pub(super) fn segment(octets: &[u8]) -> Result<(String, Vec<Field>), Wrong> {
    let flags = octets.first().copied().ok_or_else(|| Wrong::because("there are no octets"))?;
    let (first, last) = (flags & FIRST != 0, flags & LAST != 0);
    let mut layout = Layout::of(octets, 0);
    layout.told(1, "flags and sequence number", |_| {
        let place = match (first, last) {
            (true, true) => "the only one",
            (true, false) => "first",
            (false, true) => "last",
            (false, false) => "in the middle",
        };
        format!("{place}, number {}", flags & 0x3F)
    })?;
    let mut whole = None;
    if first {
        let length = layout.number(2, "length of the message")?;
        let rest = u64::try_from(layout.left()).unwrap_or(u64::MAX);
        if length < rest || (last && length != rest) {
            return Err(Wrong::because("the length of the message does not come out"));
        }
        whole = last.then(|| octets.get(3..).unwrap_or_default());
    }
    put_message(&mut layout, whole)?;
    Ok(("GATT segment".to_owned(), layout.finish()?))
}

/// A frame of a stream, whole.
pub(super) fn frame(octets: &[u8]) -> Result<(String, Vec<Field>), Wrong> {
    let mut layout = Layout::of(octets, 0);
    let length = layout.number(2, "length of the message")?;
    if length != u64::try_from(layout.left()).unwrap_or(u64::MAX) || length == 0 {
        return Err(Wrong::because("the length of the message does not come out"));
    }
    put_message(&mut layout, octets.get(2..))?;
    Ok(("frame of a stream".to_owned(), layout.finish()?))
}

/// The message of either side, if it is one.
fn put_message(layout: &mut Layout<'_>, whole: Option<&[u8]>) -> Result<(), Wrong> {
    let (at, left) = (layout.at(), layout.left());
    let decoded = whole.and_then(|message| either(message).ok());
    let Some((name, fields)) = decoded else {
        let name = if whole.is_some() { "message" } else { "part of a message" };
        return layout.octets(left, name).map(|_| ());
    };
    let fields = fields.into_iter().map(|field| field.moved(at)).collect();
    layout.put_inside(left, "message", fields)?;
    layout.name_last(name);
    Ok(())
}

/// A message of the reader or of the device.
pub(super) fn either(message: &[u8]) -> Result<(String, Vec<Field>), Wrong> {
    apdu::message(message).or_else(|_| apdu::response(message, None))
}
