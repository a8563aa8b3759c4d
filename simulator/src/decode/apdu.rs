//! APDUs, and messages without their headers.

use credential::iso7816::{CommandApdu, LengthForm};

use super::field::{Field, Fields, Layout, Wrong};
use super::message::{Question, status};

/// A command APDU; its data is decoded where it is whole.
pub(super) fn command(octets: &[u8]) -> Result<(String, Vec<Field>), Wrong> {
    let apdu = CommandApdu::decode(octets).map_err(|error| Wrong::because(error.to_string()))?;
    let (class, code) = (apdu.header.cla, apdu.header.ins);
    let question =
        Question::of(code).ok_or_else(|| Wrong::because("the instruction is none of this exchange"))?;
    let chained = class & 0x10 != 0;
    let mut layout = Layout::of(octets, 0);
    layout.counted(1, "class", |class| {
        let of = match class {
            0x00 => "ISO 7816",
            0x80 => "of this exchange",
            0x90 => "of this exchange, more of the chain follows",
            _ => "not of this exchange",
        };
        format!("{class:02X}, {of}")
    })?;
    layout
        .told(1, "instruction", |octets| format!("{}, {}", crate::trace::to_hex(octets), question.name()))?;
    layout.octets(2, "P1, P2")?;
    let long = apdu.form == LengthForm::Extended;
    if !apdu.data.is_empty() {
        layout.number(if long { 3 } else { 1 }, "Lc")?;
        data(&mut layout, apdu.data, |data, at| {
            if chained { Err(Wrong::because("a part of a chain")) } else { question.data(data, at) }
        })?;
    }
    match layout.left() {
        0 => {}
        le => {
            layout.counted(le, "Le", |_| format!("{} octets", apdu.ne))?;
        }
    }
    let name = if chained { format!("part of {}", question.name()) } else { question.name().to_owned() };
    Ok((format!("command APDU {name}"), layout.finish()?))
}

/// A response APDU, or a message from the device, to a question that is known or is told by its length.
pub(super) fn response(octets: &[u8], to: Option<Question>) -> Result<(String, Vec<Field>), Wrong> {
    let length = octets.len().checked_sub(2).ok_or_else(|| Wrong::because("a status word has two octets"))?;
    let data = octets.get(..length).unwrap_or_default();
    let question = to.or_else(|| Question::answered_by(length)).filter(|_| length > 0);
    let mut layout = Layout::of(octets, 0);
    if length > 0 {
        self::data(&mut layout, data, |data, at| match question {
            Some(question) => question.answered(data, at),
            None => Err(Wrong::because("of nothing that has this length")),
        })?;
    }
    let word = layout.counted(2, "status word", |word| status(u16::try_from(word).unwrap_or_default()))?;
    if !matches!(word, 0x9000 | 0x6100..=0x6FFF) {
        return Err(Wrong::because("it does not end in a status word"));
    }
    let name = question.map_or("status word", Question::answer);
    Ok((name.to_owned(), layout.finish()?))
}

/// A message from the reader, over GATT or a stream.
pub(super) fn message(octets: &[u8]) -> Result<(String, Vec<Field>), Wrong> {
    let code = octets.first().copied().ok_or_else(|| Wrong::because("there are no octets"))?;
    let question =
        Question::of(code).filter(|question| !matches!(question, Question::Select | Question::GetResponse));
    let question = question.ok_or_else(|| Wrong::because("the instruction is none of this exchange"))?;
    let mut layout = Layout::of(octets, 0);
    layout
        .told(1, "instruction", |octets| format!("{}, {}", crate::trace::to_hex(octets), question.name()))?;
    let data = octets.get(1..).unwrap_or_default();
    let fields = question.data(data, 1)?;
    layout.put_inside(data.len(), "data", fields)?;
    Ok((question.name().to_owned(), layout.finish()?))
}

/// Data that is decoded if it can be, and else shown as it is.
fn data(
    layout: &mut Layout<'_>,
    data: &[u8],
    decode: impl FnOnce(&[u8], usize) -> Fields,
) -> Result<(), Wrong> {
    let at = layout.at();
    match decode(data, at) {
        Ok(fields) => layout.put_inside(data.len(), "data", fields),
        Err(wrong) => layout
            .told(data.len(), "data", |data| format!("{} ({wrong})", crate::trace::to_hex(data)))
            .map(|_| ()),
    }
}
