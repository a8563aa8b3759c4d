//! What a project sets: its lives and reminders, mail and its texts, who is told of alerts, issuer keys, administrators,
//! tokens, webhooks. One file for each part; every part shows the others beside it.

mod administrators;
mod alerts;
mod choices;
mod keys;
mod mail;
mod once;
mod preview;
mod project;
mod texts;
mod tokens;
mod webhook;
mod webhooks;

use axum::Router;
use axum::response::Response;

use super::failure::{Answer, Failure};
use super::frame::Frame;
use super::site::Page;
use crate::error::Error;

pub(super) fn routes() -> Router<Page> {
    Router::new()
        .merge(administrators::routes())
        .merge(alerts::routes())
        .merge(keys::routes())
        .merge(mail::routes())
        .merge(project::routes())
        .merge(texts::routes())
        .merge(tokens::routes())
        .merge(webhook::routes())
        .merge(webhooks::routes())
}

/// What is wrong, in words for whoever sent a form; another error is not the form's.
fn wrong(f: &Frame, error: Error) -> Result<String, Failure> {
    match error {
        Error::Refused(refusal) => Ok(f.known(&refusal.to_string()).to_owned()),
        Error::Project(error) => Ok(f.known(&error.to_string()).to_owned()),
        error => Err(error.into()),
    }
}

/// Goes on to a page that says what was done, or why it was not.
fn told<T>(f: &Frame, done: Result<T, Error>, path: &str, said: &str) -> Answer {
    match done {
        Ok(_) => Ok(f.go_saying(path, said)),
        Err(error) => Ok(refused(f, path, &wrong(f, error)?)),
    }
}

fn refused(f: &Frame, path: &str, why: &str) -> Response {
    f.go_refusing(path, why)
}
