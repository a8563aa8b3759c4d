//! Cards as phones get them, and what their holders give. Spec: docs/ACTIVATION.md#what-the-holder-gives

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::acts::InstalledCard;
use crate::domain::{
    CardStatus, FieldDesign, FieldKind, HolderGives, Requirements, Symbology, Terms, end_as_read,
    to_base64url,
};
use crate::http::problem::Problem;

/// What the holder gives, where a card asks for it.
#[derive(Default, Deserialize, ToSchema)]
pub(super) struct HolderRequest {
    /// The unique identifier.
    #[serde(default)]
    unique_identifier: String,
    /// The answers, in the order of the questions.
    #[serde(default)]
    #[schema(max_items = 5)]
    answers: Vec<String>,
    /// The version of the terms that the holder accepts.
    #[serde(default)]
    terms: Option<String>,
    /// A photo in base64url: JPEG, PNG or WebP of at most 512 KiB.
    #[serde(default)]
    photo: Option<String>,
}

/// The words of what is asked for.
#[derive(Serialize, ToSchema)]
pub(super) struct Asked {
    /// What people call the kind of card.
    card: String,
    /// The security questions.
    questions: Vec<String>,
    /// What has to be accepted.
    terms: Option<Terms>,
    /// Whether a photo can be given.
    photo: Option<AskedPhoto>,
}

/// A photo that can be given.
#[derive(Serialize, ToSchema)]
struct AskedPhoto {
    /// Whether it has to be.
    required: bool,
    /// Whether it is shown only once an administrator has approved it.
    needs_approval: bool,
}

/// A card as a phone shows it.
#[derive(Serialize, ToSchema)]
#[schema(as = ShownCard)]
pub(super) struct CardView {
    id: Uuid,
    /// What people call the kind of card.
    template: String,
    /// `active`, or `deactivated` for a card that is not valid at present.
    status: CardStatus,
    card_id: String,
    front: Vec<FieldView>,
    secondary: Vec<FieldView>,
    back: Vec<FieldView>,
    barcode: Option<BarcodeView>,
    photo: PhotoView,
    /// The first second at which the card is no longer valid; null if it does not end.
    expires_at: Option<u32>,
    /// The IANA time zone in which people read that.
    time_zone: Option<String>,
    /// The same as people read it there: the last day, `2027-09-30`, or a time, `2027-09-30 12:00`.
    ends: Option<String>,
    /// By what the phone shows that it is the card; null where nobody is told.
    validation: Option<ValidationView>,
}

/// By what a phone shows that its card is the card.
#[derive(Serialize, ToSchema)]
#[schema(as = CardValidation)]
struct ValidationView {
    /// What links to the card name it by.
    reference: String,
    /// The secret of its codes, 32 octets.
    secret: String,
}

/// A field with its value.
#[derive(Serialize, ToSchema)]
#[schema(as = ShownField)]
struct FieldView {
    label: String,
    kind: FieldKind,
    value: String,
}

/// A barcode with its value.
#[derive(Serialize, ToSchema)]
#[schema(as = ShownBarcode)]
struct BarcodeView {
    symbology: Symbology,
    value: String,
}

/// A photo, or where it is.
#[derive(Serialize, ToSchema)]
#[schema(as = ShownPhoto)]
struct PhotoView {
    state: PhotoStanding,
    /// Names the photo that is shown.
    version: Option<String>,
    /// The photo that is shown, a JPEG in base64url, unless the phone holds it.
    image: Option<String>,
}

/// Where a photo is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum PhotoStanding {
    /// There is none.
    None,
    /// It is shown.
    Shown,
    /// The one that the holder sent waits for approval; another may be shown until then.
    Waiting,
    /// The one that the holder sent was refused; another may be shown.
    Refused,
}

impl HolderRequest {
    pub(super) fn gives(self) -> Result<HolderGives, Problem> {
        let photo = self.photo.map(|photo| Base64UrlUnpadded::decode_vec(&photo)).transpose();
        Ok(HolderGives {
            unique_identifier: self.unique_identifier,
            answers: self.answers,
            terms: self.terms,
            photo: photo
                .map_err(|_| Problem::request_invalid("holder.photo is not base64url without padding"))?,
        })
    }
}

/// What there is to ask; `None` where the invitation brings no card.
pub(super) fn asked(requirements: Requirements) -> Option<Asked> {
    Some(Asked {
        card: requirements.card?,
        questions: requirements.questions,
        terms: requirements.terms,
        photo: requirements
            .photo
            .map(|photo| AskedPhoto { required: photo.required, needs_approval: photo.needs_approval }),
    })
}

/// A card for a phone that holds the photo with this version.
pub(super) fn view(installed: InstalledCard, held_photo: Option<&str>) -> CardView {
    let InstalledCard { card, design, barcode, photo, validation } = installed;
    let side = |fields: &[FieldDesign]| -> Vec<FieldView> {
        let value = |field: &FieldDesign| {
            let value = card.fields.get(&field.key)?.clone();
            Some(FieldView { label: field.label.clone(), kind: field.kind, value })
        };
        fields.iter().filter_map(value).collect()
    };
    let state = match (card.photo.waiting_since, card.photo.refused, &card.photo.shown) {
        (Some(_), ..) => PhotoStanding::Waiting,
        (None, true, _) => PhotoStanding::Refused,
        (None, false, Some(_)) => PhotoStanding::Shown,
        (None, false, None) => PhotoStanding::None,
    };
    let is_held = held_photo.is_some() && held_photo == card.photo.shown.as_deref();
    CardView {
        id: card.id,
        template: design.name.clone(),
        status: card.status,
        front: side(&design.front),
        secondary: side(&design.secondary),
        back: side(&design.back),
        barcode: design
            .barcode
            .zip(barcode)
            .map(|(design, value)| BarcodeView { symbology: design.symbology, value }),
        photo: PhotoView {
            state,
            image: photo.filter(|_| !is_held).as_deref().map(to_base64url),
            version: card.photo.shown,
        },
        card_id: card.card_id,
        ends: card.expires_at.and_then(|at| end_as_read(at, card.time_zone.as_deref().unwrap_or("UTC"))),
        validation: validation.map(|validation| ValidationView {
            reference: to_base64url(validation.device.as_bytes()),
            secret: to_base64url(&*validation.secret),
        }),
        expires_at: card.expires_at.map(|at| at.0),
        time_zone: card.time_zone,
    }
}
