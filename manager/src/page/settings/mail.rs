//! Who the mail of the project is from, how it leaves, its texts, and a mail to try it.

use askama::Template;
use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};

use super::choices;
use super::{told, wrong};
use crate::acts::{MailSettings, MailSettingsEdit};
use crate::domain::{Expected, Version};
use crate::http::access::need::{SettingsRead, SettingsWrite};
use crate::mail::{Language, MailKind};
use crate::page::access::{Sent, Signed};
use crate::page::failure::Answer;
use crate::page::fields::Fields;
use crate::page::form::Field;
use crate::page::frame::{Frame, show};
use crate::page::site::Page;
use crate::store::{MailFilter, Mailing};

/// Mails that are shown.
const SHOWN: u32 = 10;

/// A kind of mail with its texts.
struct Kind {
    name: &'static str,
    label: &'static str,
    /// Languages, and whether the text is the project's own.
    texts: Vec<(&'static str, bool)>,
}

#[derive(Template)]
#[template(path = "settings/mail.html")]
struct Shown {
    f: Frame,
    tab: &'static str,
    error: String,
    version: String,
    sender: Vec<Field>,
    server: Vec<Field>,
    has_server: bool,
    has_password: bool,
    kinds: Vec<Kind>,
    test: Vec<Field>,
    mails: Vec<Mailing>,
}

pub(super) fn routes() -> Router<Page> {
    Router::new().route("/settings/mail", get(page).post(save)).route("/settings/mail/test", post(test))
}

async fn page(signed: Signed<SettingsRead>) -> Answer {
    let settings = signed.manager().mail_settings().await?;
    shown(&signed, &as_fields(&settings), StatusCode::OK, String::new()).await
}

async fn shown<N>(signed: &Signed<N>, fields: &Fields, status: StatusCode, error: String) -> Answer {
    let f = signed.frame().clone().at("settings");
    let manager = signed.manager();
    let settings = manager.mail_settings().await?;
    let text = |name, label| Field::text(name, label, fields.text(name));
    let language = Field { options: choices::languages(), ..text("language", f.t("Language of mail")) };
    let sender = vec![
        text("from_address", f.t("From")).of_kind("email", "off"),
        text("from_name", f.t("Name of the sender")),
        text("reply_to", f.t("Answers go to")).of_kind("email", "off").optional(),
        text("bounce_address", f.t("Reports on mail that did not arrive go to"))
            .of_kind("email", "off")
            .optional(),
        language.of_kind("choice", "off").hinted(f.t("For everybody who has none of their own.")),
        text("per_minute", f.t("Mails in a minute at most")).of_kind("number", "off"),
    ];
    let server = vec![
        text("smtp_url", f.t("Mail server")).optional().hinted(
            f.t("Such as smtps://USER@HOST:465. Without one, mail leaves as the installation sends it."),
        ),
        Field::text("smtp_password", f.t("Password"), "")
            .of_kind("password", "new-password")
            .optional()
            .hinted(f.t("It is kept sealed and never shown. Left empty, it stays as it is.")),
        Field::text("smtp_authorities", f.t("Certificates of its authorities"), "")
            .of_kind("area", "off")
            .optional()
            .hinted(f.t("As PEM, if not those of the system. Left empty, they stay as they are.")),
    ];
    let states = manager.mail_texts().await?;
    let texts = |kind| {
        let mine = states.iter().filter(move |state| state.kind == kind);
        mine.map(|state| (state.language.name(), state.own)).collect()
    };
    let kind =
        |kind: MailKind| Kind { name: kind.name(), label: choices::mail_kind(&f, kind), texts: texts(kind) };
    let to = signed.account().0.email.clone();
    let page = Shown {
        tab: "mail",
        error,
        version: fields.text("version").to_owned(),
        sender,
        server,
        has_server: settings.smtp_url.is_some(),
        has_password: settings.has_smtp_password,
        kinds: MailKind::ALL.into_iter().map(kind).collect(),
        test: vec![Field::text("address", f.t("To"), to).of_kind("email", "off")],
        mails: match f.may("users:read") {
            true => manager.mails(MailFilter::default(), None, SHOWN).await?,
            false => Vec::new(),
        },
        f,
    };
    Ok((status, show(&page)?).into_response())
}

/// The settings as the form has them.
fn as_fields(settings: &MailSettings) -> Fields {
    let optional = |text: &Option<String>| text.clone().unwrap_or_default();
    Fields::default()
        .replacing("version", &Version::of(settings).tag())
        .replacing("from_address", &settings.from_address)
        .replacing("from_name", &settings.from_name)
        .replacing("reply_to", &optional(&settings.reply_to))
        .replacing("bounce_address", &optional(&settings.bounce_address))
        .replacing("language", settings.language.name())
        .replacing("per_minute", &settings.per_minute.to_string())
        .replacing("smtp_url", &optional(&settings.smtp_url))
}

/// What a form asks for: only what differs, so that what is not set stays as it comes from elsewhere.
fn edit(fields: &Fields, settings: &MailSettings) -> Option<MailSettingsEdit> {
    let before = as_fields(settings);
    let other = |name: &str| {
        let text = fields.text(name).trim();
        (text != before.text(name)).then(|| text.to_owned())
    };
    let smtp_password = match (fields.is_set("forget_password"), fields.some("smtp_password")) {
        (true, _) => Some(String::new()),
        (false, given) => given.map(ToOwned::to_owned),
    };
    Some(MailSettingsEdit {
        from_address: other("from_address"),
        from_name: other("from_name"),
        reply_to: other("reply_to"),
        bounce_address: other("bounce_address"),
        language: other("language").and_then(|name| Language::from_name(&name)),
        per_minute: match other("per_minute") {
            Some(text) => Some(text.parse().ok()?),
            None => None,
        },
        smtp_url: other("smtp_url"),
        smtp_password,
        smtp_authorities: fields.some("smtp_authorities").map(ToOwned::to_owned),
    })
}

async fn save(sent: Sent<SettingsWrite>) -> Answer {
    let (manager, f) = (sent.manager(), sent.frame());
    let expected = Expected::OneOf(vec![sent.fields.text("version").to_owned()]);
    let done = match edit(&sent.fields, &manager.mail_settings().await?) {
        Some(edit) => manager.edit_expected_mail_settings(sent.actor(), &expected, &edit).await,
        None => {
            let error = f.t("Times and numbers are whole numbers.").to_owned();
            return shown(&sent, &sent.fields, StatusCode::UNPROCESSABLE_ENTITY, error).await;
        }
    };
    match done {
        Ok(_) => Ok(f.go_saying("/settings/mail", f.t("Saved."))),
        Err(error) => {
            let error = wrong(f, error)?;
            shown(&sent, &sent.fields, StatusCode::UNPROCESSABLE_ENTITY, error).await
        }
    }
}

async fn test(sent: Sent<SettingsWrite>) -> Answer {
    let done = sent.manager().send_test_mail(sent.actor(), sent.fields.text("address"), None).await;
    let said = sent.frame().t("The test mail is on its way: look below what becomes of it.");
    told(sent.frame(), done, "/settings/mail", said)
}
