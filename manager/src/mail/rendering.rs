//! Filling texts in.

use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, ErrorKind, Output, State, UndefinedBehavior};
use serde::Serialize;

use super::dates::moment;
use super::fields::{InvitationFields, MailFields, StoredAlert, StoredCard, StoredFields};
use super::{Language, MailKind, MailText};
use crate::domain::{AlertKind, UnixTime};

/// Steps that a text may take, so that a loop in it ends: thousands of times what any needs.
const FUEL: u64 = 100_000;
/// Octets of each part of a text, and of what it becomes.
const TEXT_MAX: usize = 64 * 1024;
/// Characters of a subject.
const SUBJECT_MAX: usize = 200;
/// The content id that [`LAYOUT`]'s picture has, which messages replace by their own.
const QR_PLACE: &str = "qr";

/// The head and the foot of every HTML part.
const LAYOUT: &str = include_str!("texts/layout.html");

/// What is wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// It does not begin with a subject.
    #[error("the text does not begin with a line \"Subject: …\" and an empty line")]
    NoSubject,
    /// It is too long, or becomes too long.
    #[error("the {0} is too long")]
    TooLong(&'static str),
    /// It is empty.
    #[error("the {0} is empty")]
    Empty(&'static str),
    /// It is not well formed, or uses a placeholder that there is not.
    #[error("the {part}, line {line}: {problem}")]
    Malformed {
        /// Which part.
        part: &'static str,
        /// Where in it, from 1.
        line: usize,
        /// What is wrong there.
        problem: String,
    },
    /// Something that the mail is useless without is not in it.
    #[error("the {part} lacks {{{{ {placeholder} }}}}, without which the mail is of no use")]
    Missing {
        /// Which part.
        part: &'static str,
        /// What it lacks.
        placeholder: &'static str,
    },
}

/// A text that was filled in.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Rendered {
    pub(crate) subject: String,
    pub(crate) plain: String,
    pub(crate) html: String,
}

#[derive(Serialize)]
struct HtmlFields<'a> {
    #[serde(flatten)]
    fields: &'a MailFields,
    #[serde(skip_serializing_if = "Option::is_none")]
    qr: Option<Value>,
}

#[derive(Serialize)]
struct LayoutFields<'a> {
    language: &'static str,
    subject: &'a str,
    body: Value,
}

/// Fills a text in.
pub(crate) fn render(
    text: &MailText,
    fields: &MailFields,
    language: Language,
) -> Result<Rendered, TextError> {
    let environment = environment();
    let subject = fill(&environment, "subject", &text.subject, fields)?;
    let subject = one_line(&subject);
    if subject.is_empty() {
        return Err(TextError::Empty("subject"));
    }
    if subject.chars().count() > SUBJECT_MAX {
        return Err(TextError::TooLong("subject"));
    }
    let plain = fill(&environment, "plain text", &text.plain, fields)?;
    let qr = fields.invitation.as_ref().map(|_| Value::from_safe_string(qr_element(language)));
    let html_fields = HtmlFields { fields, qr };
    let body = fill(&environment, "HTML", &text.html, &html_fields)?;
    let layout =
        LayoutFields { language: language.name(), subject: &subject, body: Value::from_safe_string(body) };
    let html = fill(&environment, "HTML", LAYOUT, &layout)?;
    Ok(Rendered { subject, plain, html })
}

/// Checks a text of a project: that it can be filled in, and has what the mail is for.
///
/// # Errors
/// The first thing that is wrong.
pub(crate) fn check(kind: MailKind, language: Language, text: &MailText) -> Result<(), TextError> {
    for (part, source) in [("subject", &text.subject), ("plain text", &text.plain), ("HTML", &text.html)] {
        if source.trim().is_empty() {
            return Err(TextError::Empty(part));
        }
    }
    let fields = sample(kind, language);
    let rendered = render(text, &fields, language)?;
    let Some(InvitationFields { link, code, .. }) = fields.invitation else { return Ok(()) };
    let needed = [
        ("plain text", &rendered.plain, "link", link.clone()),
        ("plain text", &rendered.plain, "code", code.clone()),
        ("HTML", &rendered.html, "link", escaped(&link)),
        ("HTML", &rendered.html, "code", escaped(&code)),
    ];
    for (part, text, placeholder, value) in needed {
        if !text.contains(&value) {
            return Err(TextError::Missing { part, placeholder });
        }
    }
    Ok(())
}

/// What a kind of mail could be filled in with, to try a text.
pub(crate) fn sample(kind: MailKind, language: Language) -> MailFields {
    let mut stored = StoredFields {
        first_name: "Änne".to_owned(),
        last_name: "O'Neill".to_owned(),
        ..StoredFields::default()
    };
    if kind == MailKind::UserChanged {
        stored.changes = vec![("user_id".to_owned(), "004711".to_owned())];
    }
    if kind.is_about_card() {
        let end = Some((1_790_000_000, "Europe/Berlin".to_owned()));
        stored.card = Some(StoredCard { kind: "Staff card".to_owned(), card_id: "S-4711".to_owned(), end });
    }
    if kind == MailKind::Alert {
        let details = vec!["anna@example.org: 5.1.1".to_owned()];
        stored.alert = Some(StoredAlert { kind: AlertKind::MailBounced, count: 1, details });
    }
    let invitation = kind.has_invitation().then(|| InvitationFields {
        link: "https://doors.example/activate#0024H36H2NCSVG04926D25ASKQ*".to_owned(),
        code: "0024-H36H-2NCS-VG04-926D-25AS-KQ*".to_owned(),
        expires: moment(UnixTime(1_790_000_000), "Europe/Berlin", language),
    });
    MailFields::new("Muster & Söhne", &stored, invitation, language)
}

/// The placeholders that a text of this kind may have.
pub(crate) fn placeholders(kind: MailKind, language: Language) -> Vec<String> {
    let fields = sample(kind, language);
    let fields = HtmlFields { qr: fields.invitation.as_ref().map(|_| Value::from("")), fields: &fields };
    match serde_json::to_value(&fields) {
        Ok(serde_json::Value::Object(fields)) => fields.keys().cloned().collect(),
        _ => Vec::new(),
    }
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment
        .set_auto_escape_callback(|part| if part == "HTML" { AutoEscape::Html } else { AutoEscape::None });
    environment.set_formatter(write_value);
    environment.set_keep_trailing_newline(true);
    environment.add_filter("length", minijinja::filters::length);
    environment.add_filter("upper", minijinja::filters::upper);
    environment.add_filter("lower", minijinja::filters::lower);
    environment.add_filter("join", minijinja::filters::join);
    environment.add_filter("default", minijinja::filters::default);
    environment
}

/// Escapes in HTML what stands in text and in quoted attributes; a slash stays, so that links stay legible.
fn write_value(out: &mut Output<'_>, state: &State<'_, '_>, value: &Value) -> Result<(), minijinja::Error> {
    if value.is_undefined() {
        return minijinja::escape_formatter(out, state, value);
    }
    let text = value.to_string();
    let written = match state.auto_escape() {
        AutoEscape::Html if !value.is_safe() => out.write_str(&escaped(&text)),
        _ => out.write_str(&text),
    };
    written.map_err(|_| minijinja::Error::new(ErrorKind::WriteFailure, "the text is too long"))
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

fn fill(
    environment: &Environment<'_>,
    part: &'static str,
    source: &str,
    fields: &impl Serialize,
) -> Result<String, TextError> {
    if source.len() > TEXT_MAX {
        return Err(TextError::TooLong(part));
    }
    let malformed = |error: minijinja::Error| TextError::Malformed {
        part,
        line: error.line().unwrap_or(1),
        problem: problem(&error),
    };
    let template = environment.template_from_named_str(part, source).map_err(malformed)?;
    let filled = template.render(fields).map_err(malformed)?;
    if filled.len() > TEXT_MAX.saturating_mul(2) { Err(TextError::TooLong(part)) } else { Ok(filled) }
}

fn problem(error: &minijinja::Error) -> String {
    match (error.kind(), error.detail()) {
        (ErrorKind::UndefinedError, _) => "a placeholder that this kind of mail does not have".to_owned(),
        (ErrorKind::OutOfFuel, _) => "a loop that takes too long".to_owned(),
        (kind, Some(detail)) => format!("{kind}: {detail}"),
        (kind, None) => kind.to_string(),
    }
}

/// A subject is one line, whatever a name has in it.
fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn qr_element(language: Language) -> String {
    let alternative = match language {
        Language::En => "QR code of the invitation",
        Language::De => "QR-Code der Einladung",
    };
    format!("<img src=\"cid:{QR_PLACE}\" alt=\"{alternative}\">")
}

#[cfg(test)]
mod tests;
