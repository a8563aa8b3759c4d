//! A card as a picture: front and back as SVG, and as PNG with the feature `png`.
//!
//! What moves in it, a bar and a QR code that is new every half minute, no copy of it has: see
//! [`crate::Wallet::validation_link`]. An app shows the picture anew at [`CardPicture::changes_at`].

mod barcode;
mod drawing;
mod face;
#[cfg(feature = "png")]
mod png;
mod text;
mod words;

use credential::time::UnixTime;

use crate::error::Error;
use crate::wallet::{CardId, IdCard, PhotoState, Wallet};

#[cfg(feature = "png")]
pub use png::{PNG_WIDTH, PNG_WIDTH_MAX, PngError};

/// How a picture is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PictureOptions {
    /// Which side.
    pub side: CardSide,
    /// The language of what stands on it beside the fields.
    pub language: Language,
}

/// A side of a card.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CardSide {
    /// Photo, front and secondary fields, barcode, and what moves.
    #[default]
    Front,
    /// The fields of the back.
    Back,
}

/// A language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// German.
    German,
}

/// A picture of a card.
#[derive(Clone, PartialEq, Eq)]
pub struct CardPicture {
    /// As SVG 1.1, complete in itself, without a script and without an address of anything.
    pub svg: String,
    /// When another picture should be shown in its place; `None` where nothing in it changes.
    pub changes_at: Option<UnixTime>,
}

/// Everything that is on a picture.
struct Shown<'a> {
    card: &'a IdCard,
    project: &'a str,
    photo: Option<&'a [u8]>,
    validation: Option<Moving>,
    now: Option<UnixTime>,
    language: Language,
}

/// What moves.
struct Moving {
    link: String,
    /// Seconds since the code in the link began, and for how many it is shown.
    elapsed_s: u32,
    step_s: u32,
}

impl Wallet {
    /// A card to show, as a picture; `None` where there is nothing to show.
    ///
    /// # Errors
    /// [`crate::Misuse::NoSuchCard`] when there is none of this id, [`Error::Storage`] when its photo cannot be read.
    pub fn picture(&self, id: CardId, options: PictureOptions) -> Result<Option<CardPicture>, Error> {
        let card = self.card(id)?;
        let Some(id_card) = &card.id_card else { return Ok(None) };
        let photo = match id_card.photo {
            PhotoState::None => None,
            _ => self.photo(id)?,
        };
        let validation = self.validation_link(id)?;
        let changes_at = validation.as_ref().map(|link| link.until);
        let moving = validation.map(|link| Moving {
            link: link.url.clone(),
            elapsed_s: link.now.0.saturating_sub(link.since.0),
            step_s: link.until.0.saturating_sub(link.since.0),
        });
        let shown = Shown {
            card: id_card,
            project: &card.project_name,
            photo: photo.as_deref(),
            validation: moving,
            now: self.now(),
            language: options.language,
        };
        let svg = match options.side {
            CardSide::Front => face::front(&shown),
            CardSide::Back => face::back(&shown),
        };
        // The back has nothing that moves, but may come to its end.
        let changes_at = changes_at.filter(|_| options.side == CardSide::Front);
        let end = id_card.expires_at.filter(|end| self.now().is_some_and(|now| now < *end));
        let changes_at = [changes_at, end].into_iter().flatten().min();
        Ok(Some(CardPicture { svg, changes_at }))
    }
}

impl std::fmt::Debug for CardPicture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // What stands on it is a person's.
        f.debug_struct("CardPicture").field("changes_at", &self.changes_at).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
