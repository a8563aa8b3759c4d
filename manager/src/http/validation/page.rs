//! The page that somebody sees who has scanned a card: what is told of it, large, and without a script.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use base64ct::{Base64, Encoding};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};
use sha2::{Digest, Sha256};

use crate::acts::ValidatedCard;
use crate::domain::CardStanding;

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");

/// The language of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    English,
    German,
}

impl Language {
    /// The one of the two that a browser asks for first.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let asked = headers.get(header::ACCEPT_LANGUAGE).and_then(|asked| asked.to_str().ok()).unwrap_or("");
        let primary = |one: &str| one.trim().get(..2).unwrap_or_default().to_ascii_lowercase();
        let first = asked.split(',').map(primary).find(|one| one == "de" || one == "en");
        if first.as_deref() == Some("de") { Self::German } else { Self::English }
    }

    const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    const fn standing(self, standing: CardStanding) -> &'static str {
        match (self, standing) {
            (Self::English, CardStanding::Valid) => "This card is valid",
            (Self::English, CardStanding::Deactivated) => "This card is not valid: it was deactivated",
            (Self::English, CardStanding::Expired) => "This card is not valid: it has expired",
            (Self::English, CardStanding::Withdrawn) => "This card is not valid: it is on this phone no more",
            (Self::German, CardStanding::Valid) => "Diese Karte ist gültig",
            (Self::German, CardStanding::Deactivated) => {
                "Diese Karte ist nicht gültig: sie wurde deaktiviert"
            }
            (Self::German, CardStanding::Expired) => "Diese Karte ist nicht gültig: sie ist abgelaufen",
            (Self::German, CardStanding::Withdrawn) => {
                "Diese Karte ist nicht gültig: sie ist nicht mehr auf diesem Telefon"
            }
        }
    }

    const fn unknown(self) -> (&'static str, &'static str) {
        match self {
            Self::English => (
                "This code is not valid",
                "It is of no card, or too old: a picture of a card is good for a minute only. Have the card shown on the \
                 phone itself, and scan it again.",
            ),
            Self::German => (
                "Dieser Code gilt nicht",
                "Er gehört zu keiner Karte oder ist zu alt: Das Bild einer Karte gilt nur eine Minute. Lassen Sie sich die \
                 Karte auf dem Telefon selbst zeigen und scannen Sie noch einmal.",
            ),
        }
    }

    const fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::English => ("Card number", "Valid until", "Photo"),
            Self::German => ("Kartennummer", "Gültig bis", "Foto"),
        }
    }
}

/// The page of a card.
pub(super) fn of(card: &ValidatedCard, project: &str, language: Language) -> Response {
    let (number, until, photo) = language.words();
    let mut fields = card.fields.clone();
    if card.standing != CardStanding::Withdrawn {
        fields.insert(0, (number.to_owned(), card.card_id.clone()));
        fields.extend(card.ends.clone().map(|ends| (until.to_owned(), ends)));
    }
    let is_good = card.standing == CardStanding::Valid;
    let page = context! {
        language => language.code(), heading => language.standing(card.standing), is_good, project,
        kind => card.kind, fields, text => "", photo_words => photo,
        photo => card.photo.as_deref().map(Base64::encode_string),
    };
    answer(page)
}

/// The page for a code that is of no card.
pub(super) fn unknown(language: Language) -> Response {
    let (heading, text) = language.unknown();
    let fields: [(String, String); 0] = [];
    let page = context! {
        language => language.code(), heading, is_good => false, project => "", kind => "", fields, text,
        photo_words => "", photo => (),
    };
    answer(page)
}

fn answer(page: minijinja::Value) -> Response {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let page = context! { style => minijinja::Value::from_safe_string(STYLE.to_owned()), ..page };
    let filled = environment.render_str(PAGE, page);
    let Ok(html) = filled else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let mut response = Html(html).into_response();
    let headers = response.headers_mut();
    let policy = policy();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// Nothing runs, and nothing is fetched: the photo is in the page, and the style is this one.
fn policy() -> String {
    let style = Base64::encode_string(&Sha256::digest(STYLE));
    format!(
        "default-src 'none'; img-src data:; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    )
}
