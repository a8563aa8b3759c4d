//! Templates of cards: the list of them, and their designer.

mod designer;
mod draft;
mod form;

use std::collections::HashMap;

use askama::Template;
use axum::Router;
use axum::extract::RawQuery;
use axum::routing::{get, post};
use uuid::Uuid;

use super::access::Signed;
use super::failure::Answer;
use super::fields::Fields;
use super::frame::{Frame, show};
use super::site::Page;
use crate::domain::{CardStatus, CardTemplate, TemplateState};
use crate::http::access::need::CardsRead;

/// Templates that are shown.
const SHOWN: u32 = 1000;

/// A template in the list.
struct Row {
    template: CardTemplate,
    /// Its cards that are not archived.
    cards: u64,
    /// Those that a phone has.
    installed: u64,
}

#[derive(Template)]
#[template(path = "template/list.html")]
struct List {
    f: Frame,
    rows: Vec<Row>,
    /// The user for whom a card is to be added, to be passed on.
    user: Option<Uuid>,
}

pub(super) fn routes() -> Router<Page> {
    Router::new()
        .route("/templates", get(list).post(designer::add))
        .route("/templates/new", get(designer::new))
        .route("/templates/preview", post(designer::preview))
        .route("/templates/{template}", get(designer::one).post(designer::change))
        .route("/templates/{template}/remove", post(designer::remove))
}

async fn list(signed: Signed<CardsRead>, RawQuery(query): RawQuery) -> Answer {
    let asked = Fields::parse(query.unwrap_or_default().as_bytes());
    let templates = signed.manager().templates(None, SHOWN).await?;
    let mut counts: HashMap<Uuid, (u64, u64)> = HashMap::new();
    for (template, status, count) in signed.manager().card_counts().await? {
        let (cards, installed) = counts.entry(template).or_default();
        if status != CardStatus::Archived {
            *cards = cards.saturating_add(count);
        }
        if matches!(status, CardStatus::Active | CardStatus::Deactivated) {
            *installed = installed.saturating_add(count);
        }
    }
    let row = |template: CardTemplate| {
        let (cards, installed) = counts.get(&template.id).copied().unwrap_or_default();
        Row { template, cards, installed }
    };
    let rows = templates.into_iter().map(row).collect();
    let user = Uuid::parse_str(asked.text("user")).ok();
    show(&List { f: signed.frame().clone().at("cards"), rows, user })
}

impl Row {
    fn is_draft(&self) -> bool {
        self.template.state == TemplateState::Draft
    }
}
