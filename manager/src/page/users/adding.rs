//! Adding somebody, and inviting at once.

use askama::Template;
use axum::http::StatusCode;
use axum::response::IntoResponse;

use super::{one, person};
use crate::domain::Person;
use crate::error::{Error, Refusal};
use crate::http::access::need::UsersWrite;
use crate::page::access::{Sent, Signed};
use crate::page::failure::Answer;
use crate::page::form::Field;
use crate::page::frame::{Frame, show};

#[derive(Template)]
#[template(path = "user_new.html")]
struct New {
    f: Frame,
    error: String,
    fields: Vec<Field>,
    invite: bool,
}

pub(super) async fn form(signed: Signed<UsersWrite>) -> Answer {
    let f = signed.frame().clone().at("users");
    show(&New { fields: person::form(&f, &Person::default(), None), error: String::new(), invite: true, f })
}

pub(super) async fn add(sent: Sent<UsersWrite>) -> Answer {
    let f = sent.frame().clone().at("users");
    let invite = sent.fields.is_set("invite");
    let new = person::read(&sent.fields);
    match sent.manager().add_user(sent.actor(), &new).await {
        Ok(user) if invite => one::invited(&sent, user.id).await,
        Ok(user) => Ok(f.go_saying(&format!("/users/{}", user.id), f.with("{} is added.", new.full_name()))),
        Err(Error::Refused(refusal)) if person::is_about_fields(&refusal) => {
            refused(f, &new, invite, &refusal)
        }
        Err(error) => Err(error.into()),
    }
}

fn refused(f: Frame, new: &Person, invite: bool, refusal: &Refusal) -> Answer {
    let fields = person::form(&f, new, Some(refusal));
    let error = f.t("Something is not right yet: look at the fields that are marked.").to_owned();
    Ok((StatusCode::UNPROCESSABLE_ENTITY, show(&New { f, error, fields, invite })?).into_response())
}
