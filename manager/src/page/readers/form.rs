//! What is set about a reader, as a form has it.

use crate::domain::{OutputFormat, Parity, Presence, WiegandFormat, WiegandNumber};
use crate::page::fields::Fields;
use crate::page::form::Field;
use crate::page::frame::Frame;

/// The fields of the form.
pub(super) struct Form {
    /// Name, place, what the door demands, and how the user ID is given.
    pub(super) about: Vec<Field>,
    /// The layout of a Wiegand frame.
    pub(super) wiegand: Vec<Field>,
    pub(super) is_wiegand: bool,
}

/// The form with what stands in it.
pub(super) fn form(f: &Frame, fields: &Fields) -> Form {
    let text = |name, label| Field::text(name, label, fields.text(name));
    let choice = |name, label, options: &[(&str, &str)]| {
        let options = options.iter().map(|(value, label)| ((*value).to_owned(), (*label).to_owned()));
        Field { options: options.collect(), ..text(name, label).of_kind("choice", "off") }
    };
    let presence = [
        ("none", f.t("nothing: the phone may be locked")),
        ("unlocked", f.t("an unlocked phone")),
        ("verified", f.t("a holder who was just verified")),
    ];
    let output = [("text", f.t("as text")), ("wiegand", f.t("as a Wiegand frame"))];
    let about = vec![
        text("name", f.t("Name")),
        text("place", f.t("Place")).optional(),
        choice("presence", f.t("What the door demands"), &presence),
        choice("output", f.t("How it gives the user ID"), &output),
    ];
    let number = |name, label| text(name, label).of_kind("number", "off").optional();
    let numbers = [("decimal", f.t("decimal digits")), ("hexadecimal", f.t("hexadecimal digits"))];
    let parity = [("even_odd", f.t("even and odd")), ("none", f.t("none"))];
    let wiegand = vec![
        number("bits", f.t("Bits in all")),
        number("facility_bits", f.t("Bits of the facility code")),
        number("facility_code", f.t("Facility code")),
        choice("number", f.t("User IDs are"), &numbers),
        choice("parity", f.t("Parity"), &parity),
    ];
    Form { about, wiegand, is_wiegand: fields.text("output") == "wiegand" }
}

/// How the form says that the user ID is given; `None` where a number of a frame is none.
pub(super) fn output(fields: &Fields) -> Option<OutputFormat> {
    if fields.text("output") != "wiegand" {
        return Some(OutputFormat::Text);
    }
    Some(OutputFormat::Wiegand(WiegandFormat {
        number: match fields.text("number") {
            "hexadecimal" => WiegandNumber::Hexadecimal,
            _ => WiegandNumber::Decimal,
        },
        bits: fields.text("bits").trim().parse().ok()?,
        facility_bits: fields.text("facility_bits").trim().parse().ok()?,
        facility_code: fields.text("facility_code").trim().parse().ok()?,
        parity: match fields.text("parity") {
            "none" => Parity::None,
            _ => Parity::EvenOdd,
        },
    }))
}

/// What the form says that the door demands.
pub(super) fn presence(fields: &Fields) -> Presence {
    Presence::from_name(fields.text("presence")).unwrap_or_default()
}

/// The form of a reader that is set like this.
pub(super) fn as_fields(name: &str, place: &str, presence: Presence, output: OutputFormat) -> Fields {
    let fields = Fields::default()
        .replacing("name", name)
        .replacing("place", place)
        .replacing("presence", presence.name());
    // What a frame usually has, for whoever changes to one.
    let usual = WiegandFormat {
        number: WiegandNumber::Decimal,
        bits: 26,
        facility_bits: 8,
        facility_code: 0,
        parity: Parity::EvenOdd,
    };
    let (kind, frame) = match output {
        OutputFormat::Text => ("text", usual),
        OutputFormat::Wiegand(frame) => ("wiegand", frame),
    };
    let number = match frame.number {
        WiegandNumber::Decimal => "decimal",
        WiegandNumber::Hexadecimal => "hexadecimal",
    };
    let parity = match frame.parity {
        Parity::None => "none",
        Parity::EvenOdd => "even_odd",
    };
    fields
        .replacing("output", kind)
        .replacing("bits", &frame.bits.to_string())
        .replacing("facility_bits", &frame.facility_bits.to_string())
        .replacing("facility_code", &frame.facility_code.to_string())
        .replacing("number", number)
        .replacing("parity", parity)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_says_of_a_reader_what_is_set() {
        let frame = WiegandFormat {
            number: WiegandNumber::Hexadecimal,
            bits: 32,
            facility_bits: 0,
            facility_code: 7,
            parity: Parity::None,
        };
        for set in [OutputFormat::Text, OutputFormat::Wiegand(frame)] {
            let fields = as_fields("Front", "", Presence::Verified, set);
            assert_eq!((output(&fields), presence(&fields)), (Some(set), Presence::Verified));
        }
        assert_eq!(output(&Fields::parse(b"output=wiegand&bits=300")), None);
    }
}
