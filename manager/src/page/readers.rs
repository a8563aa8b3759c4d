//! Door readers: how each stands, what it has reported, what is set about it, and enrolling one.

mod enrolling;
mod form;

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};

use super::access::{Sent, Signed};
use super::failure::Answer;
use super::fields::Fields;
use super::frame::{Frame, show};
use super::site::Page;
use crate::acts::{ReaderEdit, ReaderSummary};
use crate::domain::{Expected, ReaderEvent, ReaderId, Version, project_id_text};
use crate::error::{Error, Refusal};
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
    error: String,
    reader: ReaderSummary,
    events: Vec<ReaderEvent>,
    missing: u64,
    /// Where list and time are, which everybody may fetch.
    public: String,
    has_list: bool,
    version: String,
    form: form::Form,
}

pub(super) fn routes() -> Router<Page> {
    Router::new()
        .route("/readers", get(list).post(enrolling::enrol))
        .route("/readers/new", get(enrolling::page))
        .route("/readers/{reader}", get(one).post(edit))
        .route("/readers/{reader}/configuration", post(configuration))
        .route("/readers/{reader}/revoke", post(revoke))
}

async fn list(signed: Signed<ReadersRead>) -> Answer {
    let readers = signed.manager().readers(ReaderId(0), SHOWN).await?;
    show(&List { f: signed.frame().clone().at("readers"), readers })
}

async fn one(Path(id): Path<u32>, signed: Signed<ReadersRead>) -> Answer {
    let reader = signed.manager().reader(ReaderId(id)).await?;
    let fields = form::as_fields(&reader.name, &reader.place, reader.presence, reader.output)
        .replacing("version", &Version::of(&reader).tag());
    shown(&signed, reader, &fields, StatusCode::OK, String::new()).await
}

async fn shown<N>(
    signed: &Signed<N>,
    reader: ReaderSummary,
    fields: &Fields,
    status: StatusCode,
    error: String,
) -> Answer {
    let manager = signed.manager();
    let id = ReaderId(reader.reader_id);
    let events = manager.reader_events(id, 0, SHOWN).await?;
    let logs = manager.reader_logs(id).await?;
    let missing = logs.iter().map(|log| u64::from(log.missing)).fold(0, u64::saturating_add);
    let events = events.into_iter().rev().take(EVENTS).collect();
    let f = signed.frame().clone().at("readers");
    let mounted = f.base.strip_suffix(super::PREFIX).unwrap_or_default();
    let page = One {
        error,
        reader,
        events,
        missing,
        public: format!("{mounted}/v1/projects/{}", project_id_text(manager.project_id())),
        has_list: manager.revocation_list().await?.is_some(),
        version: fields.text("version").to_owned(),
        form: form::form(&f, fields),
        f,
    };
    Ok((status, show(&page)?).into_response())
}

async fn edit(Path(id): Path<u32>, sent: Sent<ReadersWrite>) -> Answer {
    let (manager, f) = (sent.manager(), sent.frame());
    let id = ReaderId(id);
    let Some(output) = form::output(&sent.fields) else {
        let error = f.t("Times and numbers are whole numbers.").to_owned();
        let reader = manager.reader(id).await?;
        return shown(&sent, reader, &sent.fields, StatusCode::UNPROCESSABLE_ENTITY, error).await;
    };
    let edit = ReaderEdit {
        name: Some(sent.fields.text("name").to_owned()),
        place: Some(sent.fields.text("place").to_owned()),
        presence: Some(form::presence(&sent.fields)),
        output: Some(output),
    };
    let expected = Expected::OneOf(vec![sent.fields.text("version").to_owned()]);
    match manager.edit_expected_reader(sent.actor(), &expected, id, edit).await {
        Ok(_) => Ok(f.go_saying(
            &format!("/readers/{}", id.0),
            f.t("Saved. The reader learns of it with its next configuration."),
        )),
        Err(Error::Refused(refusal)) if refusal != Refusal::ReaderUnknown => {
            let error = f.known(&refusal.to_string()).to_owned();
            let reader = manager.reader(id).await?;
            shown(&sent, reader, &sent.fields, StatusCode::UNPROCESSABLE_ENTITY, error).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Hands the newest configuration out, which is written down: hence a form, and no link that a browser may follow early.
async fn configuration(Path(id): Path<u32>, sent: Sent<ReadersWrite>) -> Answer {
    let reader = sent.manager().reader_configuration(ReaderId(id)).await?;
    let name = format!("attachment; filename=\"reader-{id}-{}.configuration\"", reader.configuration_version);
    let headers =
        [(header::CONTENT_TYPE, "application/octet-stream".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, reader.configuration).into_response())
}

async fn revoke(Path(id): Path<u32>, sent: Sent<ReadersWrite>) -> Answer {
    sent.manager().revoke_reader(sent.actor(), ReaderId(id)).await?;
    let f = sent.frame();
    Ok(f.go_saying(
        &format!("/readers/{id}"),
        f.t("Revoked: phones no longer answer it once they have the new list."),
    ))
}
