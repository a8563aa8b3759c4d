//! A card as its holder sees it: front and back, of a template with samples or of a card with what stands on it.

use crate::domain::{
    BarcodeSource, Card, CardContent, CardDesign, CardStatus, FieldDesign, FieldKind, PhotoRule, Symbology,
    UnixTime, end_as_read,
};
use crate::page::frame::Frame;
use crate::page::pictures::Bars;

/// The two sides of a card.
pub(in crate::page) struct Face {
    /// What people call the kind of card.
    pub(in crate::page) kind: String,
    /// What stands on it as its number.
    pub(in crate::page) number: String,
    pub(in crate::page) front: Vec<Line>,
    pub(in crate::page) secondary: Vec<Line>,
    pub(in crate::page) back: Vec<Line>,
    /// Whether there is a place for a photo.
    pub(in crate::page) has_photo: bool,
    /// The address of the photo; empty without one.
    pub(in crate::page) photo: String,
    /// The barcode, and its value as it stands below it.
    pub(in crate::page) bars: Option<Bars>,
    pub(in crate::page) value: String,
    /// Until when it is valid.
    pub(in crate::page) end: Option<String>,
    /// Whether a code stands on it that is new every half minute.
    pub(in crate::page) has_code: bool,
    /// What stands across it where it does not hold.
    pub(in crate::page) alarm: &'static str,
}

/// A field with its value.
pub(in crate::page) struct Line {
    pub(in crate::page) label: String,
    pub(in crate::page) value: String,
}

impl Face {
    /// A card of a template, with samples in the place of what each card says.
    pub(in crate::page) fn sample(f: &Frame, design: &CardDesign, now: UnixTime) -> Self {
        let source = design.barcode.as_ref().map(|barcode| (barcode.symbology, &barcode.source));
        let value = source.map(|(symbology, _)| sample_of_barcode(symbology).to_owned()).unwrap_or_default();
        let lines = |fields: &[FieldDesign]| {
            let of = |field: &FieldDesign| match source {
                Some((_, BarcodeSource::Field(key))) if *key == field.key => value.clone(),
                _ => sample_of_field(f, field.kind).to_owned(),
            };
            fields.iter().map(|field| Line { label: field.label.clone(), value: of(field) }).collect()
        };
        let number = match source {
            Some((_, BarcodeSource::CardId)) => value.clone(),
            _ => "4711".to_owned(),
        };
        Self {
            kind: design.name.clone(),
            number,
            front: lines(&design.front),
            secondary: lines(&design.secondary),
            back: lines(&design.back),
            has_photo: design.photo.rule != PhotoRule::None,
            photo: String::new(),
            bars: source.and_then(|(symbology, _)| Bars::of(symbology, &value)),
            value,
            end: end(f, design, now),
            has_code: design.validation.is_some(),
            alarm: "",
        }
    }

    /// A card; `photo` is the address of its photo, empty without one.
    pub(in crate::page) fn of(
        f: &Frame,
        design: &CardDesign,
        card: &Card,
        photo: String,
        now: UnixTime,
    ) -> Self {
        let lines = |fields: &[FieldDesign]| {
            let value = |field: &FieldDesign| card.fields.get(&field.key).filter(|value| !value.is_empty());
            let line =
                |field: &FieldDesign| Some(Line { label: field.label.clone(), value: value(field)?.clone() });
            fields.iter().filter_map(line).collect()
        };
        let content = CardContent {
            card_id: &card.card_id,
            fields: &card.fields,
            barcode_value: card.barcode_value.as_deref(),
            unique_identifier: card.unique_identifier.as_deref(),
            questions: card.questions.len(),
            email: card.email.as_deref(),
        };
        let value = content.barcode(design).unwrap_or_default();
        let is_over = card.expires_at.is_some_and(|end| end <= now);
        let is_withdrawn = matches!(card.status, CardStatus::Deactivated | CardStatus::Archived);
        let zone = card.time_zone.as_deref().unwrap_or(&f.zone);
        Self {
            kind: design.name.clone(),
            number: card.card_id.clone(),
            front: lines(&design.front),
            secondary: lines(&design.secondary),
            back: lines(&design.back),
            has_photo: design.photo.rule != PhotoRule::None,
            photo,
            bars: design.barcode.as_ref().and_then(|barcode| Bars::of(barcode.symbology, &value)),
            value,
            end: card.expires_at.and_then(|at| end_as_read(at, zone)),
            has_code: design.validation.is_some(),
            alarm: match (is_withdrawn, is_over) {
                (true, _) => f.t("NOT VALID"),
                (false, true) => f.t("EXPIRED"),
                (false, false) => "",
            },
        }
    }
}

/// When a card ends that is added now.
fn end(f: &Frame, design: &CardDesign, now: UnixTime) -> Option<String> {
    let own = design.wants_end().then_some(("2027-09-30", None));
    let expiry = design.expiry.of_card(own, &f.zone, now).ok()??;
    end_as_read(expiry.at, &expiry.time_zone)
}

fn sample_of_field(f: &Frame, kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Text => f.t("Example"),
        FieldKind::Number => "4711",
        FieldKind::Date => "2027-09-30",
        FieldKind::Email => "anna@example.org",
        FieldKind::Phone => "+49 30 123456",
        FieldKind::Url => "https://example.org",
    }
}

/// A value that the symbology carries.
const fn sample_of_barcode(symbology: Symbology) -> &'static str {
    match symbology {
        Symbology::Ean13 => "4006381333931",
        Symbology::Ean8 => "73513537",
        Symbology::UpcA => "036000291452",
        Symbology::UpcE => "01234565",
        Symbology::Itf => "004711",
        _ => "S-4711",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_symbology_carries_its_sample() {
        for symbology in Symbology::ALL {
            assert_eq!(symbology.check(sample_of_barcode(symbology)), Ok(()), "{symbology:?}");
        }
    }
}
