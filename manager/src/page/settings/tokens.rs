//! Tokens with which programs act for administrators.

use std::collections::HashMap;

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use uuid::Uuid;

use super::once::Once;
use super::{choices, told, wrong};
use crate::acts::NewToken;
use crate::domain::{Scope, Scopes, TokenSummary, after};
use crate::error::Refusal;
use crate::http::access::need::{AdministratorsRead, AdministratorsWrite};
use crate::page::access::{Sent, Signed};
use crate::page::failure::Answer;
use crate::page::fields::Fields;
use crate::page::form::Field;
use crate::page::frame::{Frame, show};
use crate::page::site::Page;

/// Tokens and administrators that are shown.
const SHOWN: u32 = 1000;
const DAY_S: u32 = 24 * 3600;

/// Something that a token may be good for.
struct Choice {
    scope: Scope,
    label: &'static str,
    is_chosen: bool,
}

#[derive(Template)]
#[template(path = "settings/tokens.html")]
struct Shown {
    f: Frame,
    tab: &'static str,
    error: String,
    fields: Vec<Field>,
    scopes: Vec<Choice>,
    /// Tokens with whose each is, newest first; whether it is good.
    tokens: Vec<(TokenSummary, String, bool)>,
}

pub(super) fn routes() -> Router<Page> {
    Router::new()
        .route("/settings/tokens", get(page).post(make))
        .route("/settings/tokens/{token}/revoke", post(revoke))
}

async fn page(signed: Signed<AdministratorsRead>) -> Answer {
    shown(&signed, &Fields::default(), StatusCode::OK, String::new()).await
}

async fn shown<N>(signed: &Signed<N>, fields: &Fields, status: StatusCode, error: String) -> Answer {
    let f = signed.frame().clone().at("settings");
    let manager = signed.manager();
    let administrators = manager.administrators(None, SHOWN).await?;
    let names: HashMap<Uuid, String> = administrators.iter().map(|one| (one.id, one.name.clone())).collect();
    let now = manager.now();
    let tokens = manager.tokens(None, SHOWN).await?.into_iter().rev().map(|token| {
        let is_good = crate::domain::is_good(token.revoked_at, token.expires_at, now);
        let name = names.get(&token.administrator).cloned().unwrap_or_default();
        (token, name, is_good)
    });
    let me = signed.administrator().to_string();
    let whose = Field::text("administrator", f.t("Whose"), fields.some("administrator").unwrap_or(&me));
    let options = administrators
        .iter()
        .map(|one| (one.id.to_string(), format!("{} ({})", one.name, f.known(one.role.name()))));
    let lives = ["30", "90", "365", "0"].map(|days| {
        let label = match days {
            "0" => f.t("until it is revoked").to_owned(),
            days => f.with("{} days", days),
        };
        (days.to_owned(), label)
    });
    let days = Field::text("days", f.t("Good for"), fields.some("days").unwrap_or("365"));
    let rights = signed.rights();
    let scopes = Scope::ALL.into_iter().filter(|scope| rights.has(*scope)).map(|scope| Choice {
        scope,
        label: choices::scope(&f, scope),
        is_chosen: fields.all("scope").any(|name| name == scope.name()),
    });
    let page = Shown {
        tab: "tokens",
        error,
        fields: vec![
            Field::text("name", f.t("What it is for"), fields.text("name")),
            Field { options: options.collect(), ..whose.of_kind("choice", "off") },
            Field { options: lives.to_vec(), ..days.of_kind("choice", "off") },
        ],
        scopes: scopes.collect(),
        tokens: tokens.collect(),
        f,
    };
    Ok((status, show(&page)?).into_response())
}

async fn make(sent: Sent<AdministratorsWrite>) -> Answer {
    let (manager, f) = (sent.manager(), sent.frame());
    let scopes = sent.fields.all("scope").filter_map(|name| Scope::from_name(name).ok());
    let days: u32 = sent.fields.text("days").parse().unwrap_or(0);
    let administrator = Uuid::parse_str(sent.fields.text("administrator"));
    let new = NewToken {
        administrator: administrator.map_err(|_| Refusal::AdministratorUnknown)?,
        name: sent.fields.text("name").to_owned(),
        scopes: Some(scopes.collect::<Scopes>()),
        expires_at: (days > 0).then(|| after(manager.now(), days.saturating_mul(DAY_S))),
    };
    match manager.make_token(sent.actor(), sent.rights(), &new).await {
        Ok((token, secret)) => {
            let f = f.clone().at("settings");
            let once = Once {
                tab: "tokens",
                title: f.with("Token “{}”", token.name),
                lead: f
                    .t("Put it where the program keeps its secrets: it is sent as Authorization: Bearer TOKEN.")
                    .to_owned(),
                values: vec![(f.t("Token"), secret.expose().to_string())],
                qr: None,
                back: "/settings/tokens".to_owned(),
                f,
            };
            once.show()
        }
        Err(error) => {
            let error = wrong(f, error)?;
            shown(&sent, &sent.fields, StatusCode::UNPROCESSABLE_ENTITY, error).await
        }
    }
}

async fn revoke(Path(token): Path<Uuid>, sent: Sent<AdministratorsWrite>) -> Answer {
    let done = sent.manager().revoke_token(sent.actor(), token).await;
    told(sent.frame(), done, "/settings/tokens", sent.frame().t("The token is revoked."))
}
