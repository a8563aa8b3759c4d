//! Cards: those of a template, what can be done to several at once, one of them, and lists of them.

mod adding;
mod content;
mod face;
mod importing;
mod list;
mod one;
mod photos;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

pub(super) use face::Face;

use super::frame::Frame;
use super::site::Page;
use crate::domain::{CardDesign, User, complained_of};
use crate::error::Error;
use crate::manager::Manager;

pub(super) fn routes() -> Router<Page> {
    Router::new()
        .route("/templates/{template}/cards", get(list::list).post(adding::add))
        .route("/templates/{template}/cards/new", get(adding::new))
        .route("/cards/statuses", get(list::statuses))
        .route("/cards/acts", post(list::several))
        .route("/cards/{card}", get(one::one).post(one::edit))
        .route("/cards/{card}/waiting-photo", get(photos::waiting))
        .route("/cards/{card}/invite", post(one::invite))
        .route("/cards/{card}/{act}", post(one::act))
        .merge(importing::routes())
}

/// Routes that take files.
pub(super) fn large_routes() -> Router<Page> {
    let photos = Router::new().route("/cards/{card}/photo", get(photos::shown).post(photos::set));
    photos.layer(DefaultBodyLimit::max(photos::FORM_MAX)).merge(importing::large_routes())
}

/// The user whom a form names by e-mail address, user ID or id; nobody where it is empty.
async fn user_named(manager: &Manager, text: &str) -> Result<Option<User>, Error> {
    match text.trim() {
        "" => Ok(None),
        text => manager.find_user(text).await.map(Some),
    }
}

/// Complaints that are not about a field which the form of such a card has.
fn without_place(f: &Frame, design: &CardDesign, wrong: &[String]) -> Vec<String> {
    let groups = content::form(f, design, &super::fields::Fields::default(), &[], None);
    let has = |name: &str| groups.iter().flat_map(|group| &group.fields).any(|field| field.name == name);
    let is_placed = |text: &&String| complained_of(design, text).is_some_and(|name| has(&name));
    wrong.iter().filter(|text| !is_placed(text)).map(|text| f.known(text).to_owned()).collect()
}
