//! Cards as pictures, in a form that other languages know.

use phone_sdk::{CardId, PictureOptions};

use crate::error::WalletError;
use crate::wallet::PhoneWallet;

/// A side of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum CardSide {
    /// Photo, fields, barcode, and what moves.
    Front,
    /// The fields of the back.
    Back,
}

/// A language of what stands on a picture beside the fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum CardLanguage {
    /// English.
    English,
    /// German.
    German,
}

/// A picture of a card.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct CardPicture {
    /// As SVG, complete in itself.
    pub svg: String,
    /// When another should be shown in its place, in Unix seconds; none where nothing in it changes.
    pub changes_at: Option<u64>,
}

#[uniffi::export]
impl PhoneWallet {
    /// A card to show, as a picture; none where there is nothing to show.
    pub fn picture(
        &self,
        card: u32,
        side: CardSide,
        language: CardLanguage,
    ) -> Result<Option<CardPicture>, WalletError> {
        let picture = self.0.picture(CardId(card), options(side, language))?;
        Ok(picture.map(|picture| CardPicture {
            svg: picture.svg,
            changes_at: picture.changes_at.map(|at| u64::from(at.0)),
        }))
    }
}

#[cfg(feature = "png")]
#[uniffi::export]
impl PhoneWallet {
    /// The same as a PNG of so many pixels across; none too where so many cannot be drawn.
    pub fn picture_png(
        &self,
        card: u32,
        side: CardSide,
        language: CardLanguage,
        width: u32,
    ) -> Result<Option<Vec<u8>>, WalletError> {
        let picture = self.0.picture(CardId(card), options(side, language))?;
        Ok(picture.and_then(|picture| picture.png(width).ok()))
    }
}

const fn options(side: CardSide, language: CardLanguage) -> PictureOptions {
    PictureOptions {
        side: match side {
            CardSide::Front => phone_sdk::CardSide::Front,
            CardSide::Back => phone_sdk::CardSide::Back,
        },
        language: match language {
            CardLanguage::English => phone_sdk::Language::English,
            CardLanguage::German => phone_sdk::Language::German,
        },
    }
}
