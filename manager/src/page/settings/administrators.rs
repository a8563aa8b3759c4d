//! Who looks after the project: adding with a sign-in link, roles, a new link for somebody who cannot get in, removing.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use uuid::Uuid;

use super::once::Once;
use super::{choices, told, wrong};
use crate::acts::AdministratorChange;
use crate::domain::{Administrator, Expected, NewAdministrator, Role, Version};
use crate::http::access::need::{AdministratorsRead, AdministratorsWrite};
use crate::page::access::{Sent, Signed};
use crate::page::failure::Answer;
use crate::page::fields::Fields;
use crate::page::form::Field;
use crate::page::frame::{Frame, show};
use crate::page::pictures::Qr;
use crate::page::site::Page;

/// Administrators that are shown.
const SHOWN: u32 = 1000;

#[derive(Template)]
#[template(path = "settings/administrators.html")]
struct List {
    f: Frame,
    tab: &'static str,
    error: String,
    fields: Vec<Field>,
    administrators: Vec<Administrator>,
}

#[derive(Template)]
#[template(path = "settings/administrator.html")]
struct One {
    f: Frame,
    tab: &'static str,
    error: String,
    version: String,
    fields: Vec<Field>,
    administrator: Administrator,
}

pub(super) fn routes() -> Router<Page> {
    Router::new()
        .route("/settings/administrators", get(list).post(add))
        .route("/settings/administrators/{administrator}", get(one).post(edit))
        .route("/settings/administrators/{administrator}/link", post(link))
        .route("/settings/administrators/{administrator}/remove", post(remove))
}

fn form(f: &Frame, fields: &Fields) -> Vec<Field> {
    let role = Field::text("role", f.t("Role"), fields.some("role").unwrap_or(Role::Manager.name()));
    vec![
        Field::text("name", f.t("Name"), fields.text("name")),
        Field::text("email", f.t("E-mail address"), fields.text("email")).of_kind("email", "off"),
        Field { options: choices::roles(f), ..role.of_kind("choice", "off") },
    ]
}

async fn list(signed: Signed<AdministratorsRead>) -> Answer {
    listed(&signed, &Fields::default(), StatusCode::OK, String::new()).await
}

async fn listed<N>(signed: &Signed<N>, fields: &Fields, status: StatusCode, error: String) -> Answer {
    let f = signed.frame().clone().at("settings");
    let administrators = signed.manager().administrators(None, SHOWN).await?;
    let page = List { tab: "administrators", error, fields: form(&f, fields), administrators, f };
    Ok((status, show(&page)?).into_response())
}

async fn add(sent: Sent<AdministratorsWrite>) -> Answer {
    let (manager, f) = (sent.manager(), sent.frame());
    let text = |name| sent.fields.text(name).trim().to_owned();
    let role = Role::from_name(sent.fields.text("role")).unwrap_or(Role::Viewer);
    let new = NewAdministrator { name: text("name"), email: Some(text("email")), role };
    match manager.add_administrator(sent.actor(), &new).await {
        Ok(administrator) => linked(&sent, administrator).await,
        Err(error) => {
            let error = wrong(f, error)?;
            listed(&sent, &sent.fields, StatusCode::UNPROCESSABLE_ENTITY, error).await
        }
    }
}

/// Makes a sign-in link, and shows it, which is shown only here.
async fn linked(sent: &Sent<AdministratorsWrite>, administrator: Administrator) -> Answer {
    let made = sent.manager().make_sign_in_link(sent.actor(), administrator.id).await?;
    let f = sent.frame().clone().at("settings");
    let lead = f.with(
        "Give it to that person only: whoever opens it first acts as this administrator. It is good once, until {}.",
        f.when(&made.expires_at),
    );
    let once = Once {
        tab: "administrators",
        title: f.with("Sign-in link for {}", &administrator.name),
        lead,
        qr: Qr::of(&made.link),
        values: vec![(f.t("Link"), made.link), (f.t("Code to type"), made.code)],
        back: format!("/settings/administrators/{}", administrator.id),
        f,
    };
    once.show()
}

async fn one(Path(id): Path<Uuid>, signed: Signed<AdministratorsRead>) -> Answer {
    let administrator = signed.manager().administrator(id).await?;
    let fields = Fields::default()
        .replacing("name", &administrator.name)
        .replacing("email", administrator.email.as_deref().unwrap_or_default())
        .replacing("role", administrator.role.name())
        .replacing("version", &Version::of(&administrator).tag());
    shown(&signed, administrator, &fields, StatusCode::OK, String::new())
}

fn shown<N>(
    signed: &Signed<N>,
    administrator: Administrator,
    fields: &Fields,
    status: StatusCode,
    error: String,
) -> Answer {
    let f = signed.frame().clone().at("settings");
    let version = fields.text("version").to_owned();
    let page = One { tab: "administrators", error, version, fields: form(&f, fields), administrator, f };
    Ok((status, show(&page)?).into_response())
}

async fn edit(Path(id): Path<Uuid>, sent: Sent<AdministratorsWrite>) -> Answer {
    let (manager, f) = (sent.manager(), sent.frame());
    let change = AdministratorChange {
        name: Some(sent.fields.text("name").to_owned()),
        email: sent.fields.some("email").map(|email| email.trim().to_owned()),
        role: Role::from_name(sent.fields.text("role")).ok(),
    };
    let expected = Expected::OneOf(vec![sent.fields.text("version").to_owned()]);
    match manager.change_expected_administrator(sent.actor(), &expected, id, &change).await {
        Ok(_) => Ok(f.go_saying("/settings/administrators", f.t("Saved."))),
        Err(error) => {
            let error = wrong(f, error)?;
            let administrator = manager.administrator(id).await?;
            shown(&sent, administrator, &sent.fields, StatusCode::UNPROCESSABLE_ENTITY, error)
        }
    }
}

async fn link(Path(id): Path<Uuid>, sent: Sent<AdministratorsWrite>) -> Answer {
    let administrator = sent.manager().administrator(id).await?;
    linked(&sent, administrator).await
}

async fn remove(Path(id): Path<Uuid>, sent: Sent<AdministratorsWrite>) -> Answer {
    let done = sent.manager().remove_administrator(sent.actor(), id).await;
    let said = sent.frame().t("Removed: that person gets in no more, and the tokens are revoked.");
    told(sent.frame(), done, "/settings/administrators", said)
}
