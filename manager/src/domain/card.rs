//! Digital ID cards: how they look, what is in one, and what its holder has to give to install it.

mod answers;
mod barcode;
mod content;
mod design;
mod expiry;
mod field;
mod record;
mod requirement;
mod status;
mod validation;

pub use answers::{SecurityAnswer, SecurityQuestion, answers_hold, fold_answer};
pub use barcode::{BarcodeDesign, BarcodeError, BarcodeSource, Symbology};
pub use content::{CardContent, check_content, complained_of};
pub use design::{
    CardDesign, CardTemplate, HolderPhoto, IdentityCheck, Issuance, PhotoDesign, PhotoRule, Side,
    TemplateState, Terms, ValidationDesign,
};
pub use expiry::{Expiry, ExpiryDesign, ExpiryError, ExpiryRule, end_as_read};
pub use field::{FieldDesign, FieldKind};
pub use record::{Card, CardEdit, CardPhoto, LOCK_S, NewCard, TRIES_MAX};
pub use requirement::{HolderGives, PhotoWanted, Requirements};
pub use status::{CardForbidden, CardStatus, CardTurn, next_card_status};
pub use validation::{CardStanding, ValidationCode};
