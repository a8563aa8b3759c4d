//! The cards of a template: search, filters, pages, and what can be done to several at once.

use askama::Template;
use axum::extract::{Path, RawQuery};
use uuid::Uuid;

use crate::domain::{Card, CardStatus, CardTemplate, CardTurn, TemplateState, folded};
use crate::error::{Error, Refusal};
use crate::http::access::need::{CardsRead, CardsWrite};
use crate::http::paging;
use crate::manager::Manager;
use crate::page::access::{Sent, Signed};
use crate::page::failure::{Answer, Failure};
use crate::page::fields::Fields;
use crate::page::frame::{Frame, show};
use crate::store::CardFilter;

/// Cards on one page.
const PER_PAGE: u32 = 50;
/// Fields of the front that the list shows.
const COLUMNS: usize = 3;
/// Cards whose statuses are looked at again at once.
const WATCHED_MAX: usize = 100;

/// A status to choose, with how many have it.
struct Choice {
    status: CardStatus,
    count: u64,
    chosen: bool,
    address: String,
}

#[derive(Template)]
#[template(path = "card/list.html")]
struct List {
    f: Frame,
    template: CardTemplate,
    /// The labels of the fields that are shown.
    headers: Vec<String>,
    cards: Vec<(Card, Vec<String>)>,
    search: String,
    choices: Vec<Choice>,
    all: u64,
    is_all: bool,
    photo_waits: bool,
    has_photos: bool,
    watched: String,
    next: Option<String>,
    is_first: bool,
}

/// What became of the statuses that somebody looks at.
#[derive(Template)]
#[template(path = "card/statuses.html")]
struct Statuses {
    f: Frame,
    cards: Vec<Card>,
}

pub(super) async fn list(
    Path(id): Path<Uuid>,
    signed: Signed<CardsRead>,
    RawQuery(query): RawQuery,
) -> Answer {
    let manager = signed.manager();
    let f = signed.frame().clone().at("cards");
    let template = manager.template(id).await?;
    if template.state == TemplateState::Draft {
        return Ok(f.go(&format!("/templates/{id}")));
    }
    let asked = Fields::parse(query.unwrap_or_default().as_bytes());
    let status = asked.some("status").and_then(CardStatus::from_name);
    let photo_waits = asked.is_set("photo_waits");
    let search = asked.text("search").trim().to_owned();
    let filter = CardFilter { status, template: Some(id), user: None, photo_waits, search: folded(&search) };
    let outdated = || Refusal::RequestInvalid("the cursor is that of another list".to_owned());
    let after: Option<Uuid> =
        asked.some("cursor").map(|cursor| paging::read(cursor).ok_or_else(outdated)).transpose()?;
    let mut cards = manager.cards(&filter, after, PER_PAGE.saturating_add(1)).await?;
    let per_page = usize::try_from(PER_PAGE).unwrap_or(usize::MAX);
    let has_more = cards.len() > per_page;
    cards.truncate(per_page);
    let here = asked.replacing("cursor", "");
    let root = format!("{}/templates/{id}/cards", f.base);
    let address = |fields: &Fields| match fields.encoded() {
        text if text.is_empty() => root.clone(),
        text => format!("{root}?{text}"),
    };
    let next = cards.last().filter(|_| has_more).map(|card| paging::written(&card.id));
    let counts = manager.card_counts().await?.into_iter().filter(|(template, ..)| *template == id);
    let counts: Vec<(CardStatus, u64)> = counts.map(|(_, status, count)| (status, count)).collect();
    let of = |one: CardStatus| counts.iter().find(|(of, _)| *of == one).map(|(_, count)| (one, *count));
    let choice = |(one, count): (CardStatus, u64)| Choice {
        status: one,
        count,
        chosen: status == Some(one),
        address: address(&here.replacing("status", one.name())),
    };
    let watched: Vec<String> =
        cards.iter().take(WATCHED_MAX).map(|card| format!("card={}", card.id)).collect();
    let fields: Vec<_> = template.design.front.iter().take(COLUMNS).collect();
    let values = |card: &Card| {
        fields.iter().map(|field| card.fields.get(&field.key).cloned().unwrap_or_default()).collect()
    };
    let page = List {
        headers: fields.iter().map(|field| field.label.clone()).collect(),
        cards: cards.into_iter().map(|card| (card.clone(), values(&card))).collect(),
        choices: CardStatus::ALL.into_iter().filter_map(of).map(choice).collect(),
        all: counts.iter().map(|(_, count)| *count).fold(0, u64::saturating_add),
        is_all: status.is_none() && !photo_waits,
        has_photos: template.design.photo.rule != crate::domain::PhotoRule::None,
        watched: watched.join("&"),
        next: next.map(|cursor| address(&here.replacing("cursor", &cursor))),
        is_first: after.is_none(),
        template,
        search,
        photo_waits,
        f,
    };
    show(&page)
}

/// The cards that a form or an address names.
fn named(fields: &Fields) -> Vec<Uuid> {
    fields.all("card").filter_map(|text| Uuid::parse_str(text).ok()).collect()
}

pub(super) async fn statuses(signed: Signed<CardsRead>, RawQuery(query): RawQuery) -> Answer {
    let asked = Fields::parse(query.unwrap_or_default().as_bytes());
    let mut cards = Vec::new();
    for id in named(&asked).into_iter().take(WATCHED_MAX) {
        match signed.manager().card(id).await {
            Ok(card) => cards.push(card),
            // One that is gone stands in the list until it is loaded again.
            Err(Error::Refused(Refusal::CardUnknown)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    show(&Statuses { f: signed.frame().clone(), cards })
}

/// What is done to a card, alone or with others.
pub(super) async fn done(
    manager: &Manager,
    sent: &Sent<CardsWrite>,
    act: &str,
    id: Uuid,
) -> Result<Option<&'static str>, Error> {
    let (actor, f) = (sent.actor(), sent.frame());
    let turn = |turn| manager.turn_card(actor, id, turn);
    let said = match act {
        "resend" => {
            manager.resend_card_invitation(actor, id).await?;
            f.t("The invitation is mailed once more.")
        }
        "deactivate" => {
            turn(CardTurn::Deactivate).await?;
            f.t("Deactivated: the phone shows it as not valid once it renews.")
        }
        "reactivate" => {
            turn(CardTurn::Reactivate).await?;
            f.t("The card is valid again.")
        }
        "uninstall" => {
            turn(CardTurn::Uninstall).await?;
            f.t("Uninstalled: the phone loses it when it renews.")
        }
        "archive" => {
            turn(CardTurn::Archive).await?;
            f.t("Archived.")
        }
        "restore" => {
            turn(CardTurn::Restore).await?;
            f.t("The card is back; it is on no phone.")
        }
        "unlock" => {
            manager.unlock_card(actor, id).await?;
            f.t("The card takes answers again.")
        }
        "approve-photo" => {
            manager.judge_card_photo(actor, id, true).await?;
            f.t("The photo is approved; the phone gets it when it renews.")
        }
        "refuse-photo" => {
            manager.judge_card_photo(actor, id, false).await?;
            f.t("The photo is refused.")
        }
        "remove-photo" => {
            manager.remove_card_photo(actor, id).await?;
            f.t("The photo is taken away.")
        }
        _ => return Ok(None),
    };
    Ok(Some(said))
}

pub(super) async fn several(sent: Sent<CardsWrite>) -> Answer {
    let f = sent.frame();
    let template = Uuid::parse_str(sent.fields.text("template")).unwrap_or_default();
    let back = format!("/templates/{template}/cards");
    let (cards, act) = (named(&sent.fields), sent.fields.text("act"));
    if cards.is_empty() {
        return Ok(f.go_refusing(&back, f.t("No card is chosen: tick one first.")));
    }
    let (mut count, mut refused) = (0_usize, Vec::new());
    for card in cards {
        let outcome = match act {
            "invite" => sent.manager().invite_to_card(sent.actor(), card, None).await.map(|_| Some("")),
            act => done(sent.manager(), &sent, act, card).await,
        };
        match outcome {
            Ok(Some(_)) => count = count.saturating_add(1),
            Ok(None) => {
                let refusal = Refusal::RequestInvalid("there is no such act".to_owned());
                return Err(Failure::from(refusal));
            }
            Err(Error::Refused(refusal)) => {
                let name = sent.manager().card(card).await.map(|card| card.card_id).unwrap_or_default();
                refused.push(format!("{name}: {}", f.known(&refusal.to_string())));
            }
            Err(error) => return Err(error.into()),
        }
    }
    if refused.is_empty() {
        return Ok(f.go_saying(&back, f.with("Done for {}.", count)));
    }
    let said = format!("{} {} {}", f.with("Done for {}.", count), f.t("Not done:"), refused.join(" "));
    Ok(f.go_refusing(&back, said))
}
