//! One endpoint: what it is told, what became of it, and what can be done.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use uuid::Uuid;

use super::webhooks::{Choice, choices, chosen, form, with_secret};
use super::{told, wrong};
use crate::acts::WebhookEdit;
use crate::domain::{Expected, Version, Webhook};
use crate::http::access::need::Webhooks;
use crate::page::access::{Sent, Signed};
use crate::page::failure::{Answer, not_found};
use crate::page::fields::Fields;
use crate::page::form::Field;
use crate::page::frame::{Frame, show};
use crate::page::site::Page;
use crate::store::Delivery;

/// Deliveries that are shown.
const SHOWN: u32 = 50;

#[derive(Template)]
#[template(path = "settings/webhook.html")]
struct Shown {
    f: Frame,
    tab: &'static str,
    error: String,
    version: String,
    fields: Vec<Field>,
    events: Vec<Choice>,
    hook: Webhook,
    deliveries: Vec<Delivery>,
}

pub(super) fn routes() -> Router<Page> {
    Router::new()
        .route("/settings/webhooks/{webhook}", get(page).post(edit))
        .route("/settings/webhooks/{webhook}/{act}", post(act))
        .route("/settings/webhooks/{webhook}/deliveries/{delivery}", post(redeliver))
}

async fn page(Path(id): Path<Uuid>, signed: Signed<Webhooks>) -> Answer {
    let webhook = signed.manager().webhook(id).await?;
    let events: Vec<(&str, &str)> = webhook.events.iter().map(|event| ("event", *event)).collect();
    let events = form_urlencoded::Serializer::new(String::new()).extend_pairs(events).finish();
    let fields = Fields::parse(events.as_bytes())
        .replacing("url", &webhook.url)
        .replacing("description", &webhook.description)
        .replacing("version", &Version::of(&webhook).tag());
    shown(&signed, webhook, &fields, StatusCode::OK, String::new()).await
}

async fn shown<N>(
    signed: &Signed<N>,
    webhook: Webhook,
    fields: &Fields,
    status: StatusCode,
    error: String,
) -> Answer {
    let f = signed.frame().clone().at("settings");
    let page = Shown {
        tab: "webhooks",
        error,
        version: fields.text("version").to_owned(),
        fields: form(&f, fields),
        events: choices(fields),
        deliveries: signed.manager().deliveries(webhook.id, None, None, SHOWN).await?,
        hook: webhook,
        f,
    };
    Ok((status, show(&page)?).into_response())
}

async fn edit(Path(id): Path<Uuid>, sent: Sent<Webhooks>) -> Answer {
    let (manager, f) = (sent.manager(), sent.frame());
    let edit = WebhookEdit {
        url: Some(sent.fields.text("url").to_owned()),
        description: Some(sent.fields.text("description").to_owned()),
        events: Some(chosen(&sent.fields)),
        enabled: None,
    };
    let expected = Expected::OneOf(vec![sent.fields.text("version").to_owned()]);
    match manager.edit_webhook(sent.actor(), &expected, id, &edit).await {
        Ok(_) => Ok(f.go_saying(&format!("/settings/webhooks/{id}"), f.t("Saved."))),
        Err(error) => {
            let error = wrong(f, error)?;
            let webhook = manager.webhook(id).await?;
            shown(&sent, webhook, &sent.fields, StatusCode::UNPROCESSABLE_ENTITY, error).await
        }
    }
}

async fn act(Path((id, act)): Path<(Uuid, String)>, sent: Sent<Webhooks>) -> Answer {
    let (manager, actor, f) = (sent.manager(), sent.actor(), sent.frame());
    let here = format!("/settings/webhooks/{id}");
    let turn = |on| WebhookEdit { enabled: Some(on), ..WebhookEdit::default() };
    match act.as_str() {
        "test" => {
            let done = manager.test_webhook(actor, id).await;
            told(f, done, &here, f.t("A test is queued: look below what becomes of it."))
        }
        "on" => {
            let done = manager.edit_webhook(actor, &Expected::Any, id, &turn(true)).await;
            told(f, done, &here, f.t("It is on, and told what happens from now on."))
        }
        "off" => {
            let done = manager.edit_webhook(actor, &Expected::Any, id, &turn(false)).await;
            told(f, done, &here, f.t("It is off, and told nothing."))
        }
        "secret" => {
            let (webhook, secret) = manager.exchange_webhook_secret(actor, id).await?;
            with_secret(f, &webhook, &secret)
        }
        "remove" => {
            let done = manager.remove_webhook(actor, id).await;
            told(f, done, "/settings/webhooks", f.t("The webhook is removed."))
        }
        _ => Ok(not_found().await.into_response()),
    }
}

async fn redeliver(Path((id, delivery)): Path<(Uuid, Uuid)>, sent: Sent<Webhooks>) -> Answer {
    let done = sent.manager().redeliver(sent.actor(), id, delivery).await;
    let here = format!("/settings/webhooks/{id}");
    told(sent.frame(), done, &here, sent.frame().t("It is posted once more."))
}
