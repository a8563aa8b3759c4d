//! Digital ID cards, and what is asked of their holders, in a form that other languages know.

/// A card to show: what stands on it, without the picture that an app makes of it.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct IdCard {
    /// What people call the kind of card.
    pub kind: String,
    /// The number on it.
    pub card_id: String,
    /// Whether it is valid, as far as the manager has said; `expires_at` counts too.
    pub is_valid: bool,
    /// The fields on the front.
    pub front: Vec<IdField>,
    /// The fields of the second row of the front.
    pub secondary: Vec<IdField>,
    /// The fields on the back.
    pub back: Vec<IdField>,
    /// The barcode, if it has one.
    pub barcode: Option<IdBarcode>,
    /// Where its photo is; the octets come from `photo`.
    pub photo: PhotoState,
    /// When it ends, in Unix seconds; none if it does not.
    pub expires_at: Option<u64>,
    /// The IANA time zone in which people read that.
    pub time_zone: Option<String>,
    /// The same as people read it there: the last day, or a day and a time.
    pub ends: Option<String>,
}

/// A field with its value.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct IdField {
    /// What stands beside the value.
    pub label: String,
    /// `text`, `number`, `date`, `email`, `phone` or `url`; anything else is to be shown as text.
    pub kind: String,
    /// The value.
    pub value: String,
}

/// A barcode.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct IdBarcode {
    /// `qr`, `code_128`, `code_39`, `pdf417`, `aztec`, `data_matrix`, `ean_13`, `ean_8`, `upc_a`, `upc_e` or `itf`.
    pub symbology: String,
    /// What it says.
    pub value: String,
}

/// Where the photo of a card is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum PhotoState {
    /// There is none.
    None,
    /// It is shown.
    Shown,
    /// The one that the holder sent waits for approval.
    Waiting,
    /// The one that the holder sent was refused.
    Refused,
}

/// A link at which anybody can see whether a card is valid, to be shown as a QR code.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct ValidationLink {
    /// The link.
    pub url: String,
    /// When the next one is to be shown in its place, in Unix seconds.
    pub until: u64,
}

/// What an invitation asks of its holder.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Requirements {
    /// What the project calls itself.
    pub project_name: String,
    /// What people call the kind of card that comes to be shown, if one comes.
    pub card: Option<String>,
    /// Whether the unique identifier is asked for.
    pub unique_identifier: bool,
    /// The security questions.
    pub questions: Vec<String>,
    /// What has to be accepted.
    pub terms: Option<Terms>,
    /// Whether a photo is asked for.
    pub photo: Option<PhotoWanted>,
}

/// What has to be accepted.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Terms {
    /// Names the wording; accepting is to give it back.
    pub version: String,
    /// The wording.
    pub text: String,
}

/// A photo that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct PhotoWanted {
    /// Whether the card does not come without one.
    pub required: bool,
    /// Whether it is shown only once an administrator has approved it.
    pub needs_approval: bool,
}

/// What a holder gives.
#[derive(Clone, uniffi::Record)]
pub struct Holder {
    /// The unique identifier.
    pub unique_identifier: String,
    /// The answers, in the order of the questions.
    pub answers: Vec<String>,
    /// The version of the terms that the holder accepts.
    pub accepted_terms: Option<String>,
    /// A photo: a JPEG, PNG or WebP of at most 512 KiB.
    pub photo: Option<Vec<u8>>,
}

impl From<phone_sdk::IdCard> for IdCard {
    fn from(card: phone_sdk::IdCard) -> Self {
        Self {
            kind: card.kind,
            card_id: card.card_id,
            is_valid: card.is_valid,
            front: fields(card.front),
            secondary: fields(card.secondary),
            back: fields(card.back),
            barcode: card
                .barcode
                .map(|barcode| IdBarcode { symbology: barcode.symbology, value: barcode.value }),
            photo: match card.photo {
                phone_sdk::PhotoState::Shown => PhotoState::Shown,
                phone_sdk::PhotoState::Waiting => PhotoState::Waiting,
                phone_sdk::PhotoState::Refused => PhotoState::Refused,
                _ => PhotoState::None,
            },
            expires_at: card.expires_at.map(|end| u64::from(end.0)),
            time_zone: card.time_zone,
            ends: card.ends,
        }
    }
}

impl From<phone_sdk::ValidationLink> for ValidationLink {
    fn from(link: phone_sdk::ValidationLink) -> Self {
        Self { url: link.url, until: u64::from(link.until.0) }
    }
}

fn fields(fields: Vec<phone_sdk::IdField>) -> Vec<IdField> {
    let field =
        |field: phone_sdk::IdField| IdField { label: field.label, kind: field.kind, value: field.value };
    fields.into_iter().map(field).collect()
}

impl From<phone_sdk::Requirements> for Requirements {
    fn from(asked: phone_sdk::Requirements) -> Self {
        Self {
            project_name: asked.project_name,
            card: asked.card,
            unique_identifier: asked.unique_identifier,
            questions: asked.questions,
            terms: asked.terms.map(|terms| Terms { version: terms.version, text: terms.text }),
            photo: asked
                .photo
                .map(|photo| PhotoWanted { required: photo.required, needs_approval: photo.needs_approval }),
        }
    }
}

impl From<Holder> for phone_sdk::Holder {
    fn from(holder: Holder) -> Self {
        Self {
            unique_identifier: holder.unique_identifier,
            answers: holder.answers,
            accepted_terms: holder.accepted_terms,
            photo: holder.photo,
        }
    }
}
