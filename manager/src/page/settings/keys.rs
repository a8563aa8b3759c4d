//! The issuer keys: which sign, which are believed, and what keeps each from its next state.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::response::IntoResponse;
use axum::routing::{get, post};

use super::told;
use crate::domain::{KeyStanding, KeyState};
use crate::http::access::need::{SettingsRead, SettingsWrite};
use crate::page::access::{Sent, Signed};
use crate::page::failure::{Answer, not_found};
use crate::page::frame::{Frame, show};
use crate::page::site::Page;

/// A key, with what it waits for in words.
struct Key {
    key: KeyStanding,
    /// What the next state waits for; empty if it waits for nothing.
    waits: Vec<String>,
    /// Whether nothing that it signed would be lost.
    is_ready: bool,
}

#[derive(Template)]
#[template(path = "settings/keys.html")]
struct Shown {
    f: Frame,
    tab: &'static str,
    keys: Vec<Key>,
    /// Whether there is none that is prepared, so that making one is the next thing to do.
    can_make: bool,
}

pub(super) fn routes() -> Router<Page> {
    Router::new().route("/settings/keys", get(page).post(make)).route("/settings/keys/{key}/{act}", post(act))
}

async fn page(signed: Signed<SettingsRead>) -> Answer {
    let f = signed.frame().clone().at("settings");
    let keys = signed.manager().issuer_key_list().await?;
    let can_make = !keys.iter().any(|key| key.state == KeyState::Prepared);
    let keys = keys.into_iter().rev().map(|key| standing(&f, key)).collect();
    show(&Shown { tab: "keys", keys, can_make, f })
}

fn standing(f: &Frame, key: KeyStanding) -> Key {
    let mut waits = Vec::new();
    if !key.readers_behind.is_empty() {
        let readers: Vec<String> = key.readers_behind.iter().map(ToString::to_string).collect();
        waits.push(
            f.with("Readers that have not fetched their newest configuration: {}.", readers.join(", ")),
        );
    }
    if let Some(until) = &key.phones_until {
        let (phones, until) = (key.phones_behind, f.when(until));
        waits.push(match key.state {
            KeyState::Prepared => f.with2(
                "Phones that have not renewed since it was made: {}; the last will have by {}.",
                phones,
                until,
            ),
            _ => f.with2("Phones with credentials that it signed: {}; the last one ends {}.", phones, until),
        });
    }
    Key { is_ready: key.held_up_by().is_none(), waits, key }
}

async fn make(sent: Sent<SettingsWrite>) -> Answer {
    let done = sent.manager().rotate_issuer_key(sent.actor()).await;
    let said = sent
        .frame()
        .t("The key is made. Readers get it with their next configuration and phones when they renew; then let it sign.");
    told(sent.frame(), done, "/settings/keys", said)
}

async fn act(Path((key, act)): Path<(u8, String)>, sent: Sent<SettingsWrite>) -> Answer {
    let (manager, f) = (sent.manager(), sent.frame());
    let forced = sent.fields.is_set("force");
    let (done, said) = match act.as_str() {
        "activate" => (
            manager.activate_issuer_key(sent.actor(), key, forced).await,
            f.t("It signs from now on. The key before is believed until what it signed has expired; then end it."),
        ),
        "retire" => (
            manager.retire_issuer_key(sent.actor(), key, forced).await,
            f.t("The key is believed no more."),
        ),
        _ => return Ok(not_found().await.into_response()),
    };
    told(f, done, "/settings/keys", said)
}
