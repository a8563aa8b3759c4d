//! One text of mail: what stands in it, how it will look, and back to the standard one.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};

use super::{choices, preview, told, wrong};
use crate::domain::{Expected, Version};
use crate::error::Refusal;
use crate::http::access::need::{SettingsRead, SettingsWrite};
use crate::mail::{Language, MailKind, MailText, placeholders};
use crate::page::access::{Sent, Signed};
use crate::page::failure::Answer;
use crate::page::fields::Fields;
use crate::page::form::Field;
use crate::page::frame::{Frame, show};
use crate::page::site::Page;

#[derive(Template)]
#[template(path = "settings/text.html")]
struct Shown {
    f: Frame,
    tab: &'static str,
    error: String,
    kind: &'static str,
    label: &'static str,
    language: &'static str,
    language_label: &'static str,
    own: bool,
    version: String,
    fields: Vec<Field>,
    placeholders: Vec<String>,
}

pub(super) fn routes() -> Router<Page> {
    Router::new()
        .route("/settings/mail/texts/{kind}/{language}", get(page).post(save))
        .route("/settings/mail/texts/{kind}/{language}/reset", post(reset))
        .route(
            "/settings/mail/texts/{kind}/{language}/preview",
            get(preview::of_kept).post(preview::of_typed),
        )
}

/// The kind and the language in a path.
pub(super) fn named((kind, language): (String, String)) -> Result<(MailKind, Language), Refusal> {
    let named = MailKind::from_name(&kind).zip(Language::from_name(&language));
    named.ok_or(Refusal::MailUnknown)
}

/// The text in a form, with the line ends that texts have: browsers send others.
pub(super) fn typed(fields: &Fields) -> MailText {
    let text = |name| fields.text(name).replace("\r\n", "\n");
    MailText { subject: text("subject"), plain: text("plain"), html: text("html") }
}

async fn page(Path(path): Path<(String, String)>, signed: Signed<SettingsRead>) -> Answer {
    let name = named(path)?;
    let view = signed.manager().mail_text(name.0, name.1).await?;
    let version = Version::of(&view).tag();
    let text = MailText { subject: view.subject, plain: view.plain, html: view.html };
    shown(&signed, name, (&text, &version), view.own, StatusCode::OK, String::new())
}

fn shown<N>(
    signed: &Signed<N>,
    (kind, language): (MailKind, Language),
    (text, version): (&MailText, &str),
    own: bool,
    status: StatusCode,
    error: String,
) -> Answer {
    let f = signed.frame().clone().at("settings");
    let fields = vec![
        Field::text("subject", f.t("Subject"), &text.subject),
        Field::text("plain", f.t("Plain text"), &text.plain).of_kind("area", "off"),
        Field::text("html", f.t("HTML"), &text.html).of_kind("area", "off"),
    ];
    let page = Shown {
        tab: "mail",
        error,
        kind: kind.name(),
        label: choices::mail_kind(&f, kind),
        language: language.name(),
        language_label: match language {
            Language::En => "English",
            Language::De => "Deutsch",
        },
        own,
        version: version.to_owned(),
        fields,
        placeholders: placeholders(kind, language),
        f,
    };
    Ok((status, show(&page)?).into_response())
}

async fn save(Path(path): Path<(String, String)>, sent: Sent<SettingsWrite>) -> Answer {
    let name = named(path)?;
    let (manager, f) = (sent.manager(), sent.frame());
    let text = typed(&sent.fields);
    let version = sent.fields.text("version");
    let expected = Expected::OneOf(vec![version.to_owned()]);
    let path = format!("/settings/mail/texts/{}/{}", name.0.name(), name.1.name());
    match manager.set_mail_text(sent.actor(), &expected, name, &text).await {
        Ok(()) => Ok(f.go_saying(&path, f.t("Saved: mail that leaves from now on has this text."))),
        Err(error) => {
            let error = wrong(f, error)?;
            let own = manager.mail_text(name.0, name.1).await?.own;
            shown(&sent, name, (&text, version), own, StatusCode::UNPROCESSABLE_ENTITY, error)
        }
    }
}

async fn reset(Path(path): Path<(String, String)>, sent: Sent<SettingsWrite>) -> Answer {
    let name = named(path)?;
    let done = sent.manager().reset_mail_text(sent.actor(), name.0, name.1).await;
    let path = format!("/settings/mail/texts/{}/{}", name.0.name(), name.1.name());
    told(sent.frame(), done, &path, sent.frame().t("The standard text is used again."))
}
