//! A card to show, in lines of text.

use phone_sdk::{IdCard, PhotoState};

/// What stands on it.
pub(crate) fn lines(card: &IdCard) -> Vec<String> {
    let valid = if card.is_valid { "" } else { ", NOT VALID at present" };
    let mut lines = vec![format!("{} {}{valid}", card.kind, card.card_id)];
    let fields = card.front.iter().chain(&card.secondary).chain(&card.back);
    lines.extend(fields.map(|field| format!("{}: {}", field.label, field.value)));
    lines.extend(card.barcode.as_ref().map(|barcode| format!("{}: {}", barcode.symbology, barcode.value)));
    let photo = match card.photo {
        PhotoState::Waiting => Some("The photo waits for approval."),
        PhotoState::Refused => Some("The photo was refused; a new invitation takes another."),
        _ => None,
    };
    lines.extend(photo.map(str::to_owned));
    lines.extend(match (&card.ends, card.expires_at) {
        (Some(end), _) => Some(format!("Valid until {end}.")),
        (None, Some(end)) => Some(format!("Ends at {} (Unix time).", end.0)),
        (None, None) => None,
    });
    lines
}
