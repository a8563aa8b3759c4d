//! One's own account: what one signs in with, and where one is signed in.

use askama::Template;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::access::{Anything, Guest, Sent, Signed};
use super::enrolling::{Made, ask_for_code};
use super::failure::{Answer, Failure};
use super::form::Field;
use super::frame::{Frame, show};
use super::site::Page;
use crate::acts::{Finished, Visitor};
use crate::domain::{Account, PASSWORD_MIN, PageSession, PasskeySummary};
use crate::error::{Error, Refusal};

#[derive(Template)]
#[template(path = "account.html")]
struct MyAccount {
    f: Frame,
    error: String,
    account: Account,
    session: Uuid,
    sessions: Vec<PageSession>,
    passkeys: Vec<PasskeySummary>,
    has_passkeys: bool,
    password: Vec<Field>,
}

pub(super) fn routes() -> Router<Page> {
    Router::new()
        .route("/account", get(account))
        .route("/account/sessions/end-others", post(end_others))
        .route("/account/sessions/{session}/end", post(end))
        .route("/account/passkeys", post(begin_passkey))
        .route("/account/passkeys/answer", post(finish_passkey))
        .route("/account/passkeys/{passkey}/remove", post(remove_passkey))
        .route("/account/password", post(begin_password))
        .route("/account/password/code", post(finish_password))
        .route("/account/password/remove", post(remove_password))
}

async fn account(signed: Signed<Anything>) -> Answer {
    shown(&signed, StatusCode::OK, "").await
}

async fn shown(signed: &Signed<Anything>, status: StatusCode, error: &str) -> Answer {
    let (account, session) = signed.account();
    let f = signed.frame().clone().at("account");
    let hint =
        f.with("At least {} characters; a sentence is easier to keep in mind than signs.", PASSWORD_MIN);
    let password =
        Field::text("password", f.t("New password"), "").of_kind("password", "new-password").hinted(hint);
    let page = MyAccount {
        error: f.known(error).to_owned(),
        account: account.clone(),
        session,
        sessions: signed.manager().page_sessions(account.id).await?,
        passkeys: signed.manager().passkeys(account.id).await?,
        has_passkeys: signed.page().relying_party().is_some(),
        password: vec![password],
        f,
    };
    Ok((status, show(&page)?).into_response())
}

async fn end(Path(id): Path<Uuid>, sent: Sent<Anything>) -> Answer {
    let (account, _) = sent.account();
    sent.manager().end_page_session(account.id, id).await?;
    Ok(sent.frame().go_saying("/account", sent.frame().t("The session is ended.")))
}

async fn end_others(sent: Sent<Anything>) -> Answer {
    let (account, session) = sent.account();
    sent.manager().end_other_page_sessions(account.id, session).await?;
    Ok(sent.frame().go_saying("/account", sent.frame().t("Every other session is ended.")))
}

async fn begin_passkey(sent: Sent<Anything>) -> Result<Json<Value>, Failure> {
    let party = sent.page().relying_party().ok_or(Refusal::PasskeyRefused)?;
    let (account, session) = sent.account();
    let (ceremony, options) = sent.manager().begin_passkey(&party, (account.id, session)).await?;
    Ok(Json(json!({ "ceremony": ceremony, "options": options })))
}

async fn finish_passkey(headers: HeaderMap, sent: Sent<Anything>) -> Answer {
    let party = sent.page().relying_party().ok_or(Refusal::PasskeyRefused)?;
    let made: Made = serde_json::from_slice(&sent.body).map_err(|_| Refusal::PasskeyRefused)?;
    let visitor = visitor(&headers);
    let session = sent.manager().finish_passkey(&party, &made.ceremony, &made.credential, &visitor).await?;
    let answer = Json(json!({ "go": format!("{}/account", sent.frame().base) })).into_response();
    Ok(Guest::signed_in(answer, &session))
}

async fn remove_passkey(Path(passkey): Path<Uuid>, sent: Sent<Anything>) -> Answer {
    let (account, session) = sent.account();
    let f = sent.frame();
    match sent.manager().remove_passkey((account.id, session), passkey).await {
        Ok(()) => Ok(f.go_saying("/account", f.t("The passkey is removed."))),
        Err(Error::Refused(refusal)) => Ok(f.go_refusing("/account", f.known(&refusal.to_string()))),
        Err(error) => Err(error.into()),
    }
}

async fn begin_password(sent: Sent<Anything>) -> Answer {
    let (account, session) = sent.account();
    let password = Zeroizing::new(sent.fields.text("password").to_owned());
    match sent.manager().begin_new_password((account.id, session), password).await {
        Ok(new) => ask_for_code(sent.frame().clone(), "/account/password/code", new, StatusCode::OK),
        Err(Error::Refused(refusal @ Refusal::SignIn(_))) => {
            shown(&sent, StatusCode::UNPROCESSABLE_ENTITY, &refusal.to_string()).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn finish_password(headers: HeaderMap, sent: Sent<Anything>) -> Answer {
    let (ceremony, code) = (sent.fields.text("ceremony"), sent.fields.text("code"));
    let f = sent.frame();
    match sent.manager().finish_password(ceremony, code, &visitor(&headers)).await? {
        Finished::In(session) => {
            let answer =
                f.go_saying("/account", f.t("You sign in with this password and one-time codes now."));
            Ok(Guest::signed_in(answer, &session))
        }
        Finished::Again(new) => {
            ask_for_code(f.clone(), "/account/password/code", new, StatusCode::UNPROCESSABLE_ENTITY)
        }
    }
}

async fn remove_password(sent: Sent<Anything>) -> Answer {
    let (account, session) = sent.account();
    let f = sent.frame();
    match sent.manager().remove_password(account.id, session).await {
        Ok(()) => Ok(f.go_saying("/account", f.t("The password is removed."))),
        Err(Error::Refused(refusal)) => Ok(f.go_refusing("/account", f.known(&refusal.to_string()))),
        Err(error) => Err(error.into()),
    }
}

fn visitor(headers: &HeaderMap) -> Visitor {
    let user_agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    Visitor { user_agent: user_agent.unwrap_or_default().to_owned() }
}
