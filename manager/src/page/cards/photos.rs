//! Photos of cards, for whoever may see the card.

use axum::extract::Path;
use axum::http::header;
use axum::response::IntoResponse;
use uuid::Uuid;

use crate::error::{Error, Refusal};
use crate::http::access::need::{CardsRead, CardsWrite};
use crate::page::access::{Signed, Uploaded};
use crate::page::failure::Answer;
use crate::photo::PHOTO_OCTETS_MAX;

/// The longest form with a photo, in octets: a little more than the photo, so that it is said what is wrong with one
/// that is too large.
pub(super) const FORM_MAX: usize = PHOTO_OCTETS_MAX + 64 * 1024;

pub(super) async fn shown(Path(id): Path<Uuid>, signed: Signed<CardsRead>) -> Answer {
    photo(&signed, id, false).await
}

pub(super) async fn waiting(Path(id): Path<Uuid>, signed: Signed<CardsRead>) -> Answer {
    photo(&signed, id, true).await
}

async fn photo(signed: &Signed<CardsRead>, id: Uuid, waiting: bool) -> Answer {
    let octets = signed.manager().card_photo(id, waiting).await?;
    Ok(([(header::CONTENT_TYPE, "image/jpeg")], octets).into_response())
}

pub(super) async fn set(Path(id): Path<Uuid>, mut sent: Uploaded<CardsWrite>) -> Answer {
    let octets = sent.take_file("photo");
    let (f, here) = (sent.frame(), format!("/cards/{id}"));
    let Some(octets) = octets else {
        return Ok(f.go_refusing(&here, f.t("Choose a photo first.")));
    };
    match sent.manager().set_card_photo(sent.actor(), id, octets).await {
        Ok(_) => Ok(f.go_saying(&here, f.t("The photo is set; the phone gets it when it renews."))),
        Err(Error::Refused(Refusal::CardUnknown)) => Err(Refusal::CardUnknown.into()),
        Err(Error::Refused(refusal)) => Ok(f.go_refusing(&here, f.known(&refusal.to_string()))),
        Err(error) => Err(error.into()),
    }
}
