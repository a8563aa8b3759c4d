//! Templates: how cards look, and what is asked of whoever installs one.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::barcode::{BarcodeDesign, BarcodeSource};
use super::expiry::{ExpiryDesign, ExpiryRule};
use super::field::FieldDesign;
use crate::domain::fields;
use crate::domain::ids::UnixTime;
use crate::domain::project::LIFE_S;

/// The longest name of a template, in characters.
const NAME_MAX: usize = 100;
/// Fields on one side of a card at most.
const FIELDS_MAX: usize = 20;
/// The longest label, in characters.
const LABEL_MAX: usize = 60;
/// The longest key, in characters.
const KEY_MAX: usize = 40;
/// Security questions at most.
const QUESTIONS_MAX: u8 = 5;
/// The longest version of terms, in characters.
const VERSION_MAX: usize = 40;
/// The longest terms, in characters.
const TERMS_MAX: usize = 20_000;

/// A template as an administrator designs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CardDesign {
    /// What people call the kind of card; no two templates of a project have the same.
    #[schema(max_length = 100)]
    pub name: String,
    /// The fields on the front, in the order in which they are shown.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub front: Vec<FieldDesign>,
    /// The fields of the second row of the front, or of its second page.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub secondary: Vec<FieldDesign>,
    /// The fields on the back.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub back: Vec<FieldDesign>,
    /// Whether cards have a photo.
    #[serde(default)]
    pub photo: PhotoDesign,
    /// The barcode, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub barcode: Option<BarcodeDesign>,
    /// How cards come to their holders.
    #[serde(default)]
    pub issuance: Issuance,
    /// When cards end.
    #[serde(default)]
    pub expiry: ExpiryDesign,
    /// How a holder shows who it is.
    #[serde(default)]
    pub identity: IdentityCheck,
    /// What a holder has to accept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<Terms>,
    /// What anybody is told who scans the code that moves; without it there is no such code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<ValidationDesign>,
}

/// What anybody is told of a card, who holds a phone with it before the eyes and scans its code.
///
/// Whether the card is valid, its number and its kind are always told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ValidationDesign {
    /// Keys of the fields that are told, the holder's name for example.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub fields: Vec<String>,
    /// Whether the photo is shown.
    #[serde(default)]
    pub photo: bool,
}

/// Whether cards have a photo, and whether the holder may send it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PhotoDesign {
    /// Whether a card has one.
    #[serde(default)]
    pub rule: PhotoRule,
    /// What becomes of one that the holder sends.
    #[serde(default)]
    pub from_holder: HolderPhoto,
}

/// Whether a card has a photo.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PhotoRule {
    /// It never has.
    #[default]
    None,
    /// It may have.
    Optional,
    /// It always has.
    Required,
}

/// What becomes of a photo that the holder sends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HolderPhoto {
    /// The holder sends none.
    #[default]
    Never,
    /// It waits until an administrator approves or refuses it.
    AfterApproval,
    /// It is shown at once.
    AtOnce,
}

/// How cards come to their holders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Issuance {
    /// For how many hours an invitation to a card is good, 1 to 8,760; as the project sets it if it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 8760)]
    pub invitation_hours: Option<u32>,
}

/// How a holder shows who it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IdentityCheck {
    /// Whether the unique identifier is asked for.
    #[serde(default)]
    pub unique_identifier: bool,
    /// How many security questions are asked beside it, up to 5.
    #[serde(default)]
    #[schema(maximum = 5)]
    pub questions: u8,
}

/// What a holder has to accept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// Names this wording; what was accepted is kept with the card.
    #[schema(max_length = 40)]
    pub version: String,
    /// The wording.
    #[schema(max_length = 20000)]
    pub text: String,
}

/// Where a template stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TemplateState {
    /// It can be changed, and has no cards.
    Draft,
    /// It cannot be changed any more, and has cards.
    Approved,
}

/// A template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CardTemplate {
    /// Names the template.
    pub id: Uuid,
    /// Where it stands.
    pub state: TemplateState,
    /// How its cards look, and what is asked.
    #[serde(flatten)]
    pub design: CardDesign,
    /// When it was added.
    #[schema(value_type = u32)]
    pub created_at: UnixTime,
    /// When it was last changed.
    #[schema(value_type = u32)]
    pub updated_at: UnixTime,
}

/// A side of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The front.
    Front,
    /// The second row of the front.
    Secondary,
    /// The back.
    Back,
}

impl Side {
    /// What it is called in a template file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Front => "front",
            Self::Secondary => "secondary",
            Self::Back => "back",
        }
    }
}

impl CardDesign {
    /// Every field with its side.
    pub fn fields(&self) -> impl Iterator<Item = (Side, &FieldDesign)> {
        let front = self.front.iter().map(|field| (Side::Front, field));
        let secondary = self.secondary.iter().map(|field| (Side::Secondary, field));
        front.chain(secondary).chain(self.back.iter().map(|field| (Side::Back, field)))
    }

    /// Whether cards can be made of it.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn check(&self) -> Result<(), Vec<String>> {
        let mut wrong = Vec::new();
        if self.name.trim().is_empty() {
            wrong.push("the name is empty".to_owned());
        }
        if let Err(error) = fields::text(&self.name, NAME_MAX) {
            wrong.push(format!("the name {error}"));
        }
        self.check_fields(&mut wrong);
        if self.photo.rule == PhotoRule::None && self.photo.from_holder != HolderPhoto::Never {
            wrong.push("a holder sends a photo, and cards have none".to_owned());
        }
        self.check_barcode(&mut wrong);
        self.check_validation(&mut wrong);
        let hours = LIFE_S.start() / 3600..=LIFE_S.end() / 3600;
        if self.issuance.invitation_hours.is_some_and(|given| !hours.contains(&given)) {
            wrong.push("an invitation is good for 1 hour to 1 year".to_owned());
        }
        if let Err(error) = self.expiry.check() {
            wrong.push(format!("expiry: {error}"));
        }
        let IdentityCheck { unique_identifier, questions } = self.identity;
        if questions > QUESTIONS_MAX {
            wrong.push(format!("at most {QUESTIONS_MAX} security questions are asked"));
        }
        if questions > 0 && !unique_identifier {
            wrong.push("security questions are asked beside the unique identifier only".to_owned());
        }
        if let Some(Terms { version, text }) = &self.terms {
            if version.trim().is_empty() || fields::text(version, VERSION_MAX).is_err() {
                wrong.push(format!("the version of the terms has 1 to {VERSION_MAX} characters"));
            }
            if text.trim().is_empty() || text.chars().count() > TERMS_MAX {
                wrong.push(format!("the terms have 1 to {TERMS_MAX} characters"));
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    fn check_fields(&self, wrong: &mut Vec<String>) {
        for (side, count) in [
            (Side::Front, self.front.len()),
            (Side::Secondary, self.secondary.len()),
            (Side::Back, self.back.len()),
        ] {
            if count > FIELDS_MAX {
                wrong.push(format!("{} has {count} fields, and may have {FIELDS_MAX}", side.name()));
            }
        }
        let mut keys: Vec<&str> = Vec::new();
        for (side, field) in self.fields() {
            let FieldDesign { key, label, .. } = field;
            let shown = fields::shortened(key);
            let is_key = |one: char| one.is_ascii_lowercase() || one.is_ascii_digit() || one == '_';
            if key.is_empty() || key.len() > KEY_MAX || !key.chars().all(is_key) {
                wrong.push(format!(
                    "{}: the key {shown:?} has to be of small letters, digits and _, at most {KEY_MAX}",
                    side.name()
                ));
            } else if keys.contains(&key.as_str()) {
                wrong.push(format!("{}: another field has the key {shown:?}", side.name()));
            }
            keys.push(key);
            if label.trim().is_empty() || fields::text(label, LABEL_MAX).is_err() {
                wrong.push(format!(
                    "{}: the label of {shown:?} has to have 1 to {LABEL_MAX} characters",
                    side.name()
                ));
            }
        }
    }

    fn check_validation(&self, wrong: &mut Vec<String>) {
        let Some(validation) = &self.validation else { return };
        if validation.fields.len() > FIELDS_MAX {
            wrong.push(format!("validation: at most {FIELDS_MAX} fields are told"));
        }
        for key in &validation.fields {
            if !self.fields().any(|(_, field)| field.key == *key) {
                wrong.push(format!("validation: there is no field {:?}", fields::shortened(key)));
            }
        }
        if validation.photo && self.photo.rule == PhotoRule::None {
            wrong.push("validation: a photo is shown, and cards have none".to_owned());
        }
    }

    fn check_barcode(&self, wrong: &mut Vec<String>) {
        match self.barcode.as_ref().map(|barcode| &barcode.source) {
            Some(BarcodeSource::Field(key)) if !self.fields().any(|(_, field)| field.key == *key) => {
                wrong.push(format!("barcode: there is no field {:?}", fields::shortened(key)));
            }
            Some(BarcodeSource::UniqueIdentifier) if !self.identity.unique_identifier => {
                wrong.push("barcode: cards have no unique identifier".to_owned());
            }
            _ => {}
        }
    }

    /// Whether a card of its own has to say when it ends.
    pub fn wants_end(&self) -> bool {
        self.expiry.rule == ExpiryRule::Imported
    }
}

impl TemplateState {
    /// The name in the API and in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Approved => "approved",
        }
    }

    /// Undoes [`TemplateState::name`].
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Draft, Self::Approved].into_iter().find(|state| state.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_wrong_with_a_design_is_said_at_once() {
        let design: CardDesign = serde_json::from_str(
            r#"{ "name": " ", "front": [{ "key": "Name", "label": "" }, { "key": "a", "label": "A" }],
                 "back": [{ "key": "a", "label": "B" }], "photo": { "from_holder": "at_once" },
                 "barcode": { "symbology": "qr", "source": "field:b" }, "issuance": { "invitation_hours": 0 },
                 "expiry": { "rule": "fixed" }, "identity": { "questions": 9 },
                 "terms": { "version": "", "text": "" },
                 "validation": { "fields": ["c"], "photo": true } }"#,
        )
        .unwrap();
        let wrong = design.check().unwrap_err();
        for (place, word) in [
            "name is empty",
            "\"Name\"",
            "label",
            "another field",
            "cards have none",
            "no field \"b\"",
            "no field \"c\"",
            "photo is shown",
            "1 hour",
            "takes at",
            "at most 5",
            "beside the unique",
            "version",
            "the terms have",
        ]
        .iter()
        .enumerate()
        {
            assert!(wrong[place].contains(word), "{word}: {wrong:?}");
        }
        assert_eq!(wrong.len(), 14, "{wrong:?}");
    }

    #[test]
    fn a_name_is_enough() {
        let design: CardDesign = serde_json::from_str(r#"{ "name": "Visitor" }"#).unwrap();
        assert_eq!(design.check(), Ok(()));
        assert!(serde_json::from_str::<CardDesign>(r#"{ "name": "Visitor", "colour": "red" }"#).is_err());
        let unknown = r#"{ "name": "V", "barcode": { "symbology": "qr", "source": "elsewhere" } }"#;
        assert!(serde_json::from_str::<CardDesign>(unknown).unwrap_err().to_string().contains("field:KEY"));
    }
}
