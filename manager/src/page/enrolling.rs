//! Coming to the page for the first time, with a sign-in link.

use askama::Template;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use webauthn_rs::prelude::RegisterPublicKeyCredential;
use zeroize::Zeroizing;

use super::access::Guest;
use super::failure::{Answer, Failure};
use super::fields::Fields;
use super::form::Field;
use super::frame::{Frame, show};
use super::pictures::Qr;
use super::site::Page;
use crate::acts::{Finished, NewPassword, Newcomer};
use crate::domain::{Account, Administrator, PASSWORD_MIN};
use crate::error::{Error, Refusal};

/// Where the code of the link is typed, or comes from the link.
#[derive(Template)]
#[template(path = "enrol.html")]
struct Code {
    f: Frame,
    error: String,
    fields: Vec<Field>,
}

/// What to sign in with from now on.
#[derive(Template)]
#[template(path = "enrol_how.html")]
struct How {
    f: Frame,
    error: String,
    administrator: Administrator,
    /// Whether an account acts as the administrator already, which its holder comes back into.
    comes_back: bool,
    code: String,
    /// The name of whoever is signed in already.
    known: String,
    has_passkeys: bool,
    fields: Vec<Field>,
    password: Vec<Field>,
}

/// The first code of the authenticator app.
#[derive(Template)]
#[template(path = "one_time.html")]
pub(super) struct OneTime {
    pub(super) f: Frame,
    pub(super) error: String,
    /// Where the code goes.
    pub(super) action: String,
    pub(super) ceremony: String,
    pub(super) secret: String,
    pub(super) qr: Option<Qr>,
    pub(super) fields: Vec<Field>,
}

/// A passkey that was made.
#[derive(Deserialize)]
pub(super) struct Made {
    pub(super) ceremony: String,
    pub(super) credential: RegisterPublicKeyCredential,
}

pub(super) fn routes() -> Router<Page> {
    Router::new()
        .route("/enrol", get(page).post(how))
        .route("/enrol/join", post(join))
        .route("/enrol/passkey", post(begin_passkey))
        .route("/enrol/passkey/answer", post(finish_passkey))
        .route("/enrol/password", post(begin_password))
        .route("/enrol/password/code", post(finish_password))
}

fn code_form(guest: &Guest, status: StatusCode, error: &str) -> Answer {
    let f = guest.frame.clone();
    let hint = f.t("It stands in the link. Letters may be small, hyphens may be left out.");
    let fields = vec![Field::text("code", f.t("Sign-in code"), "").hinted(hint)];
    let error = f.known(error).to_owned();
    let shown = show(&Code { f, error, fields })?;
    Ok(guest.remembering((status, shown).into_response()))
}

async fn page(guest: Guest) -> Answer {
    code_form(&guest, StatusCode::OK, "")
}

async fn how(guest: Guest) -> Answer {
    match guest.manager().look_at_link(guest.fields.text("code")).await {
        Ok(known) => how_form(&guest, known, StatusCode::OK, ""),
        Err(Error::Refused(refusal @ Refusal::SignInLinkInvalid)) => {
            code_form(&guest, StatusCode::FORBIDDEN, &refusal.to_string())
        }
        Err(error) => Err(error.into()),
    }
}

fn how_form(
    guest: &Guest,
    (administrator, account): (Administrator, Option<Account>),
    status: StatusCode,
    error: &str,
) -> Answer {
    let f = guest.frame.clone();
    let name = account.as_ref().map_or(&administrator.name, |account| &account.name);
    let name = guest.fields.some("name").unwrap_or(name).to_owned();
    let email = account.as_ref().map(|account| account.email.as_str()).or(administrator.email.as_deref());
    let email = guest.fields.some("email").or(email).unwrap_or_default().to_owned();
    let hint =
        f.with("At least {} characters; a sentence is easier to keep in mind than signs.", PASSWORD_MIN);
    let fields = vec![
        Field::text("name", f.t("Your name"), name).of_kind("text", "name"),
        Field::text("email", f.t("E-mail address"), email)
            .of_kind("email", "username")
            .hinted(f.t("You sign in with it.")),
    ];
    let mut password = Field::text("password", f.t("Password"), "").of_kind("password", "new-password");
    password.hint = hint;
    let known = guest.known.as_ref().map(|(account, _)| account.name.clone()).unwrap_or_default();
    let how = How {
        error: f.known(error).to_owned(),
        administrator,
        comes_back: account.is_some() && guest.known.is_none(),
        code: guest.fields.text("code").to_owned(),
        known,
        has_passkeys: guest.page().relying_party().is_some(),
        fields,
        password: vec![password],
        f,
    };
    Ok((status, show(&how)?).into_response())
}

async fn join(guest: Guest) -> Answer {
    let Some((account, session)) = &guest.known else { return Ok(guest.frame.go("/sign-in")) };
    guest.manager().join(guest.fields.text("code"), account.id, *session).await?;
    Ok(guest.frame.go_saying("/", guest.frame.t("This project is one of yours now.")))
}

fn newcomer(fields: &Fields) -> Newcomer {
    let text = |name| fields.text(name).to_owned();
    Newcomer { code: text("code"), name: text("name"), email: text("email") }
}

async fn begin_passkey(guest: Guest) -> Result<Json<Value>, Failure> {
    let party = guest.page().relying_party().ok_or(Refusal::PasskeyRefused)?;
    let newcomer = newcomer(&Fields::parse(&guest.body));
    let (ceremony, options) = guest.manager().begin_first_passkey(&party, &newcomer).await?;
    Ok(Json(json!({ "ceremony": ceremony, "options": options })))
}

async fn finish_passkey(guest: Guest) -> Answer {
    let party = guest.page().relying_party().ok_or(Refusal::PasskeyRefused)?;
    let made: Made = serde_json::from_slice(&guest.body).map_err(|_| Refusal::PasskeyRefused)?;
    let session =
        guest.manager().finish_passkey(&party, &made.ceremony, &made.credential, &guest.visitor).await?;
    let answer = Json(json!({ "go": guest.frame.base })).into_response();
    Ok(Guest::signed_in(answer, &session))
}

async fn begin_password(guest: Guest) -> Answer {
    let password = Zeroizing::new(guest.fields.text("password").to_owned());
    match guest.manager().begin_password(&newcomer(&guest.fields), password).await {
        Ok(new) => ask_for_code(guest.frame.clone(), "/enrol/password/code", new, StatusCode::OK),
        Err(Error::Refused(
            refusal @ (Refusal::SignIn(_)
            | Refusal::AccountTaken
            | Refusal::AccountElsewhere
            | Refusal::Administrator(_)),
        )) => {
            let known = guest.manager().look_at_link(guest.fields.text("code")).await?;
            how_form(&guest, known, StatusCode::UNPROCESSABLE_ENTITY, &refusal.to_string())
        }
        Err(error) => Err(error.into()),
    }
}

/// Shows what the authenticator app is to be given, and asks for its first code.
pub(super) fn ask_for_code(f: Frame, action: &str, new: NewPassword, status: StatusCode) -> Answer {
    let wrong = f.t("The one-time code is not right; look whether the clock of the phone is.");
    let fields = vec![
        Field::text("code", f.t("One-time code"), "")
            .of_kind("code", "one-time-code")
            .hinted(f.t("The six digits that your authenticator app shows.")),
    ];
    let one_time = OneTime {
        error: if status == StatusCode::OK { String::new() } else { wrong.to_owned() },
        action: format!("{}{action}", f.base),
        ceremony: new.ceremony,
        secret: new.secret.to_string(),
        qr: Qr::of(&new.address),
        fields,
        f,
    };
    Ok((status, show(&one_time)?).into_response())
}

async fn finish_password(guest: Guest) -> Answer {
    let (ceremony, code) = (guest.fields.text("ceremony"), guest.fields.text("code"));
    match guest.manager().finish_password(ceremony, code, &guest.visitor).await? {
        Finished::In(session) => Ok(Guest::signed_in(guest.frame.go("/"), &session)),
        Finished::Again(new) => {
            let action = "/enrol/password/code";
            ask_for_code(guest.frame.clone(), action, new, StatusCode::UNPROCESSABLE_ENTITY)
        }
    }
}
