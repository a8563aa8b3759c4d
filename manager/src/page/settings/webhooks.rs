//! Endpoints that are told what happens: the list, and adding one.

use askama::Template;
use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;

use super::once::Once;
use super::wrong;
use crate::acts::NewWebhook;
use crate::domain::{Webhook, event_kinds};
use crate::http::access::need::Webhooks;
use crate::page::access::{Sent, Signed};
use crate::page::failure::Answer;
use crate::page::fields::Fields;
use crate::page::form::Field;
use crate::page::frame::{Frame, show};
use crate::page::site::Page;

/// An event to choose, and whether it is chosen.
pub(super) type Choice = (&'static str, bool);

#[derive(Template)]
#[template(path = "settings/webhooks.html")]
struct Shown {
    f: Frame,
    tab: &'static str,
    error: String,
    fields: Vec<Field>,
    events: Vec<Choice>,
    webhooks: Vec<Webhook>,
}

pub(super) fn routes() -> Router<Page> {
    Router::new().route("/settings/webhooks", get(page).post(add))
}

/// The fields of an endpoint.
pub(super) fn form(f: &Frame, fields: &Fields) -> Vec<Field> {
    vec![
        Field::text("url", f.t("Address"), fields.text("url"))
            .of_kind("url", "off")
            .hinted(f.t("Where events are posted to, such as https://example.com/hooks.")),
        Field::text("description", f.t("What it is for"), fields.text("description")).optional(),
    ]
}

/// The events with which of them a form has chosen.
pub(super) fn choices(fields: &Fields) -> Vec<Choice> {
    event_kinds().map(|kind| (kind, fields.all("event").any(|chosen| chosen == kind))).collect()
}

/// What a form has chosen; nothing is everything.
pub(super) fn chosen(fields: &Fields) -> Vec<String> {
    fields.all("event").map(ToOwned::to_owned).collect()
}

async fn page(signed: Signed<Webhooks>) -> Answer {
    shown(&signed, &Fields::default(), StatusCode::OK, String::new()).await
}

async fn shown<N>(signed: &Signed<N>, fields: &Fields, status: StatusCode, error: String) -> Answer {
    let f = signed.frame().clone().at("settings");
    let webhooks = signed.manager().webhooks().await?;
    let page =
        Shown { tab: "webhooks", error, fields: form(&f, fields), events: choices(fields), webhooks, f };
    Ok((status, show(&page)?).into_response())
}

async fn add(sent: Sent<Webhooks>) -> Answer {
    let text = |name| sent.fields.text(name).to_owned();
    let new = NewWebhook { url: text("url"), description: text("description"), events: chosen(&sent.fields) };
    match sent.manager().add_webhook(sent.actor(), &new).await {
        Ok((webhook, secret)) => with_secret(sent.frame(), &webhook, &secret),
        Err(error) => {
            let error = wrong(sent.frame(), error)?;
            shown(&sent, &sent.fields, StatusCode::UNPROCESSABLE_ENTITY, error).await
        }
    }
}

/// Shows the secret of an endpoint, which is shown only here.
pub(super) fn with_secret(f: &Frame, webhook: &Webhook, secret: &str) -> Answer {
    let f = f.clone().at("settings");
    let once = Once {
        tab: "webhooks",
        title: f.t("Secret of the webhook").to_owned(),
        lead: f.with("By it {} verifies that what is posted comes from here.", &webhook.url),
        values: vec![(f.t("Secret"), secret.to_owned())],
        qr: None,
        back: format!("/settings/webhooks/{}", webhook.id),
        f,
    };
    once.show()
}
