//! Enrolling a reader by the public key that it made: nothing that is secret comes here or leaves.

use askama::Template;
use axum::http::StatusCode;
use axum::response::IntoResponse;

use super::form::{self, Form, form};
use crate::acts::NewReader;
use crate::domain::{OutputFormat, Presence, reader_key};
use crate::error::Error;
use crate::http::access::need::ReadersWrite;
use crate::page::access::{Signed, Uploaded};
use crate::page::failure::Answer;
use crate::page::fields::Fields;
use crate::page::form::Field;
use crate::page::frame::{Frame, show};

#[derive(Template)]
#[template(path = "reader_new.html")]
struct New {
    f: Frame,
    error: String,
    key: Vec<Field>,
    form: Form,
}

pub(super) async fn page(signed: Signed<ReadersWrite>) -> Answer {
    let fields = form::as_fields("", "", Presence::default(), OutputFormat::default());
    shown(&signed, &fields, StatusCode::OK, String::new())
}

fn shown<N>(signed: &Signed<N>, fields: &Fields, status: StatusCode, error: String) -> Answer {
    let f = signed.frame().clone().at("readers");
    let key = Field::text("public_key", f.t("Or type it"), fields.text("public_key"))
        .optional()
        .hinted(f.t("44 characters of base64url, or 66 hexadecimal digits."));
    Ok((status, show(&New { form: form(&f, fields), error, key: vec![key], f })?).into_response())
}

pub(super) async fn enrol(mut sent: Uploaded<ReadersWrite>) -> Answer {
    let file = sent.take_file("file");
    let f = sent.frame();
    let refused = |error| shown(&sent, &sent.fields, StatusCode::UNPROCESSABLE_ENTITY, error);
    let given = file.as_deref().unwrap_or(sent.fields.text("public_key").as_bytes());
    let Some(public_key) = reader_key(given) else {
        return refused(f.t("This is no public key of a reader: choose the file that it wrote.").to_owned());
    };
    let Some(output) = form::output(&sent.fields) else {
        return refused(f.t("Times and numbers are whole numbers.").to_owned());
    };
    let new = NewReader {
        name: sent.fields.text("name").to_owned(),
        place: sent.fields.text("place").to_owned(),
        public_key,
        presence: form::presence(&sent.fields),
        output,
    };
    match sent.manager().enrol_reader(sent.actor(), new).await {
        Ok(reader) => {
            let said = f.t("Enrolled. Now carry what is below to the reader.");
            Ok(f.go_saying(&format!("/readers/{}", reader.id.0), said))
        }
        Err(Error::Refused(refusal)) => refused(f.known(&refusal.to_string()).to_owned()),
        Err(error) => Err(error.into()),
    }
}
