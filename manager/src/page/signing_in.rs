//! Signing in and out.

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use webauthn_rs::prelude::PublicKeyCredential;
use zeroize::Zeroizing;

use super::access::Guest;
use super::cookies;
use super::failure::{Answer, Failure};
use super::form::Field;
use super::frame::{Frame, show};
use super::site::Page;
use crate::acts::Password;
use crate::error::{Error, Refusal};

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn {
    f: Frame,
    error: String,
    has_passkeys: bool,
    fields: Vec<Field>,
}

/// A passkey's answer.
#[derive(Deserialize)]
struct Answered {
    ceremony: String,
    credential: PublicKeyCredential,
}

pub(super) fn routes() -> Router<Page> {
    Router::new()
        .route("/sign-in", get(page).post(with_password))
        .route("/sign-in/passkey", post(ask_for_passkey))
        .route("/sign-in/passkey/answer", post(with_passkey))
        .route("/sign-out", post(out))
}

/// The fields of the form; a password never comes back.
fn fields(f: &Frame, email: &str) -> Vec<Field> {
    vec![
        Field::text("email", f.t("E-mail address"), email).of_kind("email", "username"),
        Field::text("password", f.t("Password"), "").of_kind("password", "current-password"),
        Field::text("code", f.t("One-time code"), "")
            .of_kind("code", "one-time-code")
            .hinted(f.t("The six digits that your authenticator app shows.")),
    ]
}

fn form(guest: &Guest, status: StatusCode, error: &str, email: &str) -> Answer {
    let f = guest.frame.clone();
    let (error, fields) = (f.known(error).to_owned(), fields(&f, email));
    let has_passkeys = guest.page().relying_party().is_some();
    let shown = show(&SignIn { f, error, has_passkeys, fields })?;
    Ok(guest.remembering((status, shown).into_response()))
}

async fn page(guest: Guest) -> Answer {
    if guest.known.is_some() && guest.frame.said.is_none() {
        return Ok(guest.frame.go("/"));
    }
    form(&guest, StatusCode::OK, "", "")
}

async fn with_password(guest: Guest) -> Answer {
    let email = guest.fields.text("email").to_owned();
    let password = Zeroizing::new(guest.fields.text("password").to_owned());
    let code = guest.fields.text("code").to_owned();
    let given = Password { email: email.clone(), password, code };
    match guest.manager().sign_in(given, &guest.visitor).await {
        Ok(session) => Ok(Guest::signed_in(guest.frame.go("/"), &session)),
        Err(Error::Refused(refusal @ Refusal::SignInRefused)) => {
            form(&guest, StatusCode::FORBIDDEN, &refusal.to_string(), &email)
        }
        Err(error) => Err(error.into()),
    }
}

async fn ask_for_passkey(guest: Guest) -> Result<Json<Value>, Failure> {
    let party = guest.page().relying_party().ok_or(Refusal::PasskeyRefused)?;
    let (ceremony, options) = guest.manager().ask_for_passkey(&party).await?;
    Ok(Json(json!({ "ceremony": ceremony, "options": options })))
}

async fn with_passkey(guest: Guest) -> Answer {
    let party = guest.page().relying_party().ok_or(Refusal::PasskeyRefused)?;
    let answered: Answered = serde_json::from_slice(&guest.body).map_err(|_| Refusal::PasskeyRefused)?;
    let Answered { ceremony, credential } = answered;
    let session =
        guest.manager().sign_in_with_passkey(&party, &ceremony, &credential, &guest.visitor).await?;
    let answer = Json(json!({ "go": guest.frame.base })).into_response();
    Ok(Guest::signed_in(answer, &session))
}

async fn out(guest: Guest) -> Result<Response, Failure> {
    if let Some((account, session)) = &guest.known {
        guest.manager().end_page_session(account.id, *session).await?;
    }
    let mut response = guest.frame.go_saying("/sign-in", guest.frame.t("You are signed out."));
    response.headers_mut().append(header::SET_COOKIE, cookies::clear(cookies::SESSION));
    Ok(response)
}
