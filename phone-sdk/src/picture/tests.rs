use super::*;
use crate::wallet::{IdBarcode, IdField};

fn card() -> IdCard {
    let field = |label: &str, value: &str| IdField {
        label: label.to_owned(),
        kind: "text".to_owned(),
        value: value.to_owned(),
    };
    IdCard {
        kind: "Student card".to_owned(),
        card_id: "S-4711".to_owned(),
        is_valid: true,
        front: vec![field("Name", "Anna Berg")],
        secondary: vec![field("Faculty", "Physics"), field("Year", "2026")],
        back: vec![field("Library", "0815")],
        barcode: Some(IdBarcode { symbology: "code_128".to_owned(), value: "S-4711".to_owned() }),
        photo: PhotoState::None,
        expires_at: Some(UnixTime(1_800_000_000)),
        time_zone: None,
        ends: Some("2027-01-15".to_owned()),
    }
}

fn shown(card: &IdCard) -> Shown<'_> {
    Shown {
        card,
        project: "Example University",
        photo: None,
        validation: Some(Moving {
            link: "https://doors.example/v/AAAAAAAAAAAAAAAAAAAAAA/12345678".to_owned(),
            elapsed_s: 10,
            step_s: 30,
        }),
        now: Some(UnixTime(1_790_000_000)),
        language: Language::English,
    }
}

#[test]
fn everything_on_the_card_is_on_its_picture() {
    let card = card();
    let front = face::front(&shown(&card));
    for text in ["Student card", "Example University", "S-4711", "Anna Berg", "Faculty", "2026", "2027-01-15"]
    {
        assert!(front.contains(text), "{text}");
    }
    assert!(front.contains("<animate") && front.contains("dur=\"20s\""));
    assert!(!front.contains("0815"));
    let back = face::back(&shown(&card));
    assert!(back.contains("Library") && back.contains("0815") && !back.contains("Anna Berg"));
}

#[test]
fn a_card_that_does_not_hold_says_so_in_the_language_of_its_holder() {
    let valid = card();
    let mut later = shown(&valid);
    assert!(!face::front(&later).contains("EXPIRED"));
    later.now = Some(UnixTime(1_800_000_000));
    assert!(face::front(&later).contains("EXPIRED"));
    let gone = IdCard { is_valid: false, ..valid.clone() };
    assert!(face::back(&shown(&gone)).contains("NOT VALID"));
    let german = Shown { language: Language::German, ..shown(&gone) };
    assert!(face::front(&german).contains("NICHT GÜLTIG"));
}

#[test]
fn what_stands_on_a_card_stays_text() {
    let evil = "</text><script>alert(1)</script>\"'&\u{0}\u{1b}";
    let mut card = card();
    (card.kind, card.card_id) = (evil.to_owned(), evil.to_owned());
    for field in card.front.iter_mut().chain(&mut card.secondary).chain(&mut card.back) {
        (field.label, field.value) = (evil.to_owned(), evil.to_owned());
    }
    card.barcode = Some(IdBarcode { symbology: "qr".to_owned(), value: evil.to_owned() });
    card.ends = Some(evil.to_owned());
    let shown = Shown { project: evil, ..shown(&card) };
    for picture in [face::front(&shown), face::back(&shown)] {
        assert!(!picture.contains("<script") && !picture.contains('\u{0}') && !picture.contains('\u{1b}'));
        assert!(picture.contains("&lt;script&gt;"));
    }
}

#[test]
fn nothing_is_fetched_from_elsewhere() {
    let card = card();
    let mut with_photo = shown(&card);
    with_photo.photo = Some(b"octets");
    let picture = face::front(&with_photo);
    let addresses = picture.match_indices("href=\"").map(|(at, _)| &picture[at + 6..at + 11]);
    assert_eq!(addresses.collect::<Vec<_>>(), ["data:"]);
}

#[test]
fn a_card_full_of_long_texts_is_higher_and_loses_none() {
    let mut card = card();
    let long = "Donaudampfschifffahrtsgesellschaft ".repeat(14);
    card.front = (0..20)
        .map(|place| IdField { label: format!("L{place}"), kind: "text".to_owned(), value: long.clone() })
        .collect();
    let picture = face::front(&shown(&card));
    assert_eq!(picture.matches("Donaudampfschifffahrtsgesellschaft").count(), 20 * 14);
}

#[cfg(feature = "png")]
#[test]
fn a_picture_in_pixels_is_as_wide_as_was_asked() {
    let card = card();
    let picture = CardPicture { svg: face::front(&shown(&card)), changes_at: None };
    let png = picture.png(PNG_WIDTH).unwrap();
    assert_eq!(png[..8], *b"\x89PNG\r\n\x1a\n");
    assert_eq!(png[16..20], PNG_WIDTH.to_be_bytes());
    assert_eq!(picture.png(0), Err(PngError::Width));
    assert_eq!(picture.png(PNG_WIDTH_MAX + 1), Err(PngError::Width));
}
