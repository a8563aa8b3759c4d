//! Door readers: how each stands, and what it has reported.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::routing::{get, post};

use super::access::{Sent, Signed};
use super::failure::Answer;
use super::frame::{Frame, show};
use super::site::Page;
use crate::acts::ReaderSummary;
use crate::domain::{ReaderEvent, ReaderId};
use crate::error::Refusal;
use crate::http::access::need::{ReadersRead, ReadersWrite};

/// Readers and events that are shown.
const SHOWN: u32 = 1000;
/// Events of one reader that are shown.
const EVENTS: usize = 50;

#[derive(Template)]
#[template(path = "readers.html")]
struct List {
    f: Frame,
    readers: Vec<ReaderSummary>,
}

#[derive(Template)]
#[template(path = "reader.html")]
struct One {
    f: Frame,
    reader: ReaderSummary,
    events: Vec<ReaderEvent>,
    missing: u64,
}

pub(super) fn routes() -> Router<Page> {
    Router::new()
        .route("/readers", get(list))
        .route("/readers/{reader}", get(one))
        .route("/readers/{reader}/revoke", post(revoke))
}

async fn list(signed: Signed<ReadersRead>) -> Answer {
    let readers = signed.manager().readers(ReaderId(0), SHOWN).await?;
    show(&List { f: signed.frame().clone().at("readers"), readers })
}

async fn one(Path(id): Path<u32>, signed: Signed<ReadersRead>) -> Answer {
    let manager = signed.manager();
    let before = ReaderId(id.saturating_sub(1));
    let found = manager.readers(before, 1).await?.into_iter().find(|reader| reader.reader_id == id);
    let reader = found.ok_or(Refusal::ReaderUnknown)?;
    let events = manager.reader_events(ReaderId(id), 0, SHOWN).await?;
    let logs = manager.reader_logs(ReaderId(id)).await?;
    let missing = logs.iter().map(|log| u64::from(log.missing)).fold(0, u64::saturating_add);
    let events = events.into_iter().rev().take(EVENTS).collect();
    show(&One { f: signed.frame().clone().at("readers"), reader, events, missing })
}

async fn revoke(Path(id): Path<u32>, sent: Sent<ReadersWrite>) -> Answer {
    sent.manager().revoke_reader(sent.actor(), ReaderId(id)).await?;
    let f = sent.frame();
    Ok(f.go_saying(
        &format!("/readers/{id}"),
        f.t("Revoked: phones no longer answer it once they have the new list."),
    ))
}
