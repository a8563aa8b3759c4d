//! What stands on a picture beside the card's own.

use super::Language;

/// The words of one language.
pub(super) struct Words {
    pub(super) code: &'static str,
    pub(super) not_valid: &'static str,
    pub(super) expired: &'static str,
    pub(super) valid_until: &'static str,
    pub(super) number: &'static str,
    pub(super) photo: &'static str,
    pub(super) scan: &'static str,
    pub(super) front: &'static str,
    pub(super) back: &'static str,
}

impl Language {
    pub(super) const fn words(self) -> &'static Words {
        match self {
            Self::English => &Words {
                code: "en",
                not_valid: "NOT VALID",
                expired: "EXPIRED",
                valid_until: "Valid until",
                number: "Card number",
                photo: "Photo",
                scan: "Scan to check",
                front: "front",
                back: "back",
            },
            Self::German => &Words {
                code: "de",
                not_valid: "NICHT GÜLTIG",
                expired: "ABGELAUFEN",
                valid_until: "Gültig bis",
                number: "Kartennummer",
                photo: "Foto",
                scan: "Zum Prüfen scannen",
                front: "Vorderseite",
                back: "Rückseite",
            },
        }
    }
}
