//! The first page: how the project stands, and what to do next.

use askama::Template;
use axum::Router;
use axum::routing::get;

use super::access::{Anything, Signed};
use super::failure::Answer;
use super::frame::{Frame, show};
use super::site::Page;
use crate::domain::{ReaderId, UserStatus};

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    f: Frame,
    counts: Vec<(UserStatus, u64)>,
    users: u64,
    readers: usize,
}

pub(super) fn routes() -> Router<Page> {
    Router::new().route("/", get(home))
}

async fn home(signed: Signed<Anything>) -> Answer {
    let manager = signed.manager();
    let counts = manager.recent_user_counts().await?;
    let present = counts.iter().filter(|(status, _)| status.is_present());
    let users = present.clone().map(|(_, count)| *count).fold(0, u64::saturating_add);
    let readers = manager.readers(ReaderId(0), 1000).await?.len();
    let counts = present.copied().collect();
    show(&Home { f: signed.frame().clone().at("home"), counts, users, readers })
}
