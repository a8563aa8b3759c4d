//! Who is told when something needs looking after, and what they were told.

use askama::Template;
use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};

use super::{choices, told, wrong};
use crate::http::access::need::{SettingsRead, SettingsWrite};
use crate::mail::Language;
use crate::page::access::{Sent, Signed};
use crate::page::failure::Answer;
use crate::page::fields::Fields;
use crate::page::form::Field;
use crate::page::frame::{Frame, show};
use crate::page::site::Page;
use crate::store::{AlertRecipient, AlertRow};

/// Alerts that are shown.
const SHOWN: u32 = 50;

#[derive(Template)]
#[template(path = "settings/alerts.html")]
struct Shown {
    f: Frame,
    tab: &'static str,
    error: String,
    fields: Vec<Field>,
    recipients: Vec<AlertRecipient>,
    alerts: Vec<AlertRow>,
}

pub(super) fn routes() -> Router<Page> {
    Router::new()
        .route("/settings/alerts", get(page).post(add))
        .route("/settings/alerts/remove", post(remove))
}

async fn page(signed: Signed<SettingsRead>) -> Answer {
    shown(&signed, &Fields::default(), StatusCode::OK, String::new()).await
}

async fn shown<N>(signed: &Signed<N>, fields: &Fields, status: StatusCode, error: String) -> Answer {
    let f = signed.frame().clone().at("settings");
    let language = fields.some("language").unwrap_or(f.look.language.code());
    let language = Field::text("language", f.t("Language"), language).of_kind("choice", "off");
    let page = Shown {
        tab: "alerts",
        error,
        fields: vec![
            Field::text("address", f.t("E-mail address"), fields.text("address")).of_kind("email", "off"),
            Field { options: choices::languages(), ..language },
        ],
        recipients: signed.manager().alert_recipients().await?,
        alerts: signed.manager().alerts(None, SHOWN).await?,
        f,
    };
    Ok((status, show(&page)?).into_response())
}

async fn add(sent: Sent<SettingsWrite>) -> Answer {
    let f = sent.frame();
    let language = Language::from_name(sent.fields.text("language")).unwrap_or_default();
    let address = sent.fields.text("address");
    match sent.manager().add_alert_recipient(sent.actor(), address, language).await {
        Ok(added) => Ok(f.go_saying("/settings/alerts", f.with("{} is told from now on.", added.address))),
        Err(error) => {
            let error = wrong(f, error)?;
            shown(&sent, &sent.fields, StatusCode::UNPROCESSABLE_ENTITY, error).await
        }
    }
}

async fn remove(sent: Sent<SettingsWrite>) -> Answer {
    let address = sent.fields.text("address");
    let done = sent.manager().remove_alert_recipient(sent.actor(), address).await;
    let said = sent.frame().with("{} is told no more.", address);
    told(sent.frame(), done, "/settings/alerts", &said)
}
