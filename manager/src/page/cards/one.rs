//! One card: how it looks, where it stands, its photo, mail and history, and what can be done.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use uuid::Uuid;

use super::Face;
use super::content::{Content, Group, form, of_card};
use super::list::done;
use crate::acts::AuditFilter;
use crate::domain::{
    AuditEntry, Card, CardEdit, CardStatus, CardTurn, Expected, PhotoRule, User, Version, end_as_read,
    next_card_status,
};
use crate::error::{Error, Refusal};
use crate::http::access::need::{CardsRead, CardsWrite};
use crate::page::access::{Sent, Signed};
use crate::page::failure::{Answer, not_found};
use crate::page::fields::Fields;
use crate::page::frame::{Frame, show};
use crate::page::pictures::Qr;
use crate::store::{MailFilter, Mailing};

/// Mails and entries of the audit log that are shown.
const SHOWN: u32 = 20;

#[derive(Template)]
#[template(path = "card/one.html")]
struct One {
    f: Frame,
    card: Card,
    version: String,
    error: String,
    errors: Vec<String>,
    groups: Vec<Group>,
    face: Face,
    end: Option<String>,
    is_locked: bool,
    has_photo: bool,
    user: Option<User>,
    mails: Vec<Mailing>,
    history: Vec<AuditEntry>,
}

#[derive(Template)]
#[template(path = "card/invited.html")]
struct Invited {
    f: Frame,
    card: Card,
    link: String,
    code: String,
    qr: Option<Qr>,
    expires: String,
    mailed_to: Option<String>,
}

/// A form that was refused, and why.
#[derive(Default)]
struct Wrong {
    values: Fields,
    wrong: Vec<String>,
    error: String,
}

impl One {
    /// Whether this may be done to the card as it stands.
    fn can(&self, turn: &str) -> bool {
        let turn = match turn {
            "deactivate" => CardTurn::Deactivate,
            "reactivate" => CardTurn::Reactivate,
            "uninstall" => CardTurn::Uninstall,
            "archive" => CardTurn::Archive,
            "restore" => CardTurn::Restore,
            _ => CardTurn::Invite,
        };
        next_card_status(self.card.status, turn).is_ok()
    }

    /// Whether it is on a phone.
    fn is_installed(&self) -> bool {
        matches!(self.card.status, CardStatus::Active | CardStatus::Deactivated) && self.card.device.is_some()
    }

    /// What the acts depend on.
    fn state(&self) -> String {
        let Card { status, device, locked_until, wrong_answers, photo, .. } = &self.card;
        let waits = photo.waiting_since.is_some();
        format!("{} {} {} {wrong_answers} {waits}", status.name(), device.is_some(), locked_until.is_some())
    }
}

pub(super) async fn one(Path(id): Path<Uuid>, signed: Signed<CardsRead>) -> Answer {
    shown(&signed, id, StatusCode::OK, None).await
}

async fn shown<N>(signed: &Signed<N>, id: Uuid, status: StatusCode, wrong: Option<Wrong>) -> Answer {
    let manager = signed.manager();
    let f = signed.frame().clone().at("cards");
    let card = manager.card(id).await?;
    let design = manager.template(card.template).await?.design;
    let user = match card.user {
        Some(user) if f.may("users:read") => Some(manager.user(user).await?),
        _ => None,
    };
    let history = match f.may("audit:read") {
        true => {
            let filter = AuditFilter { subject: Some(id.to_string()), ..AuditFilter::default() };
            manager.audit_entries(&filter, 0, 1000).await?
        }
        false => Vec::new(),
    };
    let newest = history.len().saturating_sub(usize::try_from(SHOWN).unwrap_or(usize::MAX));
    let email = user.as_ref().map(|user| user.person.email.as_str()).unwrap_or_default();
    let is_wrong = wrong.is_some();
    let wrong = wrong.unwrap_or_default();
    let values = if is_wrong { wrong.values } else { of_card(&card, email) };
    let photo = card.photo.shown.as_ref();
    let photo = photo.map(|hash| format!("{}/cards/{id}/photo?{hash}", f.base)).unwrap_or_default();
    let zone = card.time_zone.as_deref().unwrap_or(&f.zone);
    let page = One {
        version: Version::of(&card).tag(),
        errors: super::without_place(&f, &design, &wrong.wrong),
        groups: form(&f, &design, &values, &wrong.wrong, Some(&card)),
        face: Face::of(&f, &design, &card, photo, manager.now()),
        end: card.expires_at.and_then(|at| end_as_read(at, zone)),
        is_locked: card.locked_until.is_some_and(|until| until > manager.now()),
        has_photo: design.photo.rule != PhotoRule::None,
        mails: manager.mails(MailFilter { card: Some(id), ..MailFilter::default() }, None, SHOWN).await?,
        history: history.iter().skip(newest).rev().cloned().collect(),
        error: wrong.error,
        user,
        card,
        f,
    };
    Ok((status, show(&page)?).into_response())
}

pub(super) async fn edit(Path(id): Path<Uuid>, sent: Sent<CardsWrite>) -> Answer {
    let (manager, f) = (sent.manager(), sent.frame());
    let card = manager.card(id).await?;
    let design = manager.template(card.template).await?.design;
    let content = Content::read(&design, &sent.fields);
    let answered: Vec<_> =
        content.questions.iter().filter(|given| !given.answer.is_empty()).cloned().collect();
    let questions = if answered.is_empty() { card.questions.len() } else { content.questions.len() };
    let wrong = content.wrong(&design, questions);
    let refused = |wrong: Vec<String>, error: String| {
        let wrong = Wrong { values: sent.fields.clone(), wrong, error };
        shown(&sent, id, StatusCode::UNPROCESSABLE_ENTITY, Some(wrong))
    };
    if !wrong.is_empty() {
        let error = f.t("Something is not right yet: look at the fields that are marked.").to_owned();
        return refused(wrong, error).await;
    }
    let user = match super::user_named(manager, sent.fields.text("user")).await {
        Ok(user) => user.map(|user| user.id),
        Err(Error::Refused(refusal @ Refusal::UserUnknown)) => {
            return refused(Vec::new(), f.known(&refusal.to_string()).to_owned()).await;
        }
        Err(error) => return Err(error.into()),
    };
    let edit = CardEdit {
        card_id: Some(content.card_id),
        fields: content.fields,
        barcode_value: Some(content.barcode_value),
        // A field that the form does not have is left as it is.
        unique_identifier: design.identity.unique_identifier.then_some(content.unique_identifier),
        questions: Some(content.questions).filter(|_| !answered.is_empty()),
        time_zone: content.time_zone.filter(|_| content.expires.is_some()),
        expires: content.expires,
        email: Some(content.email),
        // Whoever may not see users does not take one away either.
        user: f.may("users:read").then_some(user),
    };
    let expected = Expected::OneOf(vec![sent.fields.text("version").to_owned()]);
    match manager.edit_card(sent.actor(), &expected, id, &edit).await {
        Ok(_) => Ok(f.go_saying(
            &format!("/cards/{id}"),
            f.t("Saved. A phone that has the card shows it so once it renews."),
        )),
        Err(Error::Refused(Refusal::CardUnknown)) => Err(Refusal::CardUnknown.into()),
        Err(Error::Refused(refusal)) => refused(Vec::new(), f.known(&refusal.to_string()).to_owned()).await,
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn invite(Path(id): Path<Uuid>, sent: Sent<CardsWrite>) -> Answer {
    invited(&sent, id).await
}

/// Invites, and shows the invitation, which is shown only here.
pub(super) async fn invited(sent: &Sent<CardsWrite>, id: Uuid) -> Answer {
    let f = sent.frame().clone().at("cards");
    let invitation = match sent.manager().invite_to_card(sent.actor(), id, None).await {
        Ok(invitation) => invitation,
        Err(Error::Refused(refusal @ (Refusal::CardInvalid(_) | Refusal::CardArchived))) => {
            return Ok(f.go_refusing(&format!("/cards/{id}"), f.known(&refusal.to_string())));
        }
        Err(error) => return Err(error.into()),
    };
    show(&Invited {
        card: sent.manager().card(id).await?,
        qr: Qr::of(&invitation.link),
        code: invitation.code.grouped(),
        expires: f.when(&invitation.expires_at),
        link: invitation.link,
        mailed_to: invitation.mailed_to,
        f,
    })
}

pub(super) async fn act(Path((id, act)): Path<(Uuid, String)>, sent: Sent<CardsWrite>) -> Answer {
    let f = sent.frame();
    let here = format!("/cards/{id}");
    match done(sent.manager(), &sent, &act, id).await {
        Ok(Some(said)) => Ok(f.go_saying(&here, said)),
        Ok(None) => Ok(not_found().await.into_response()),
        Err(Error::Refused(Refusal::CardUnknown)) => Err(Refusal::CardUnknown.into()),
        Err(Error::Refused(refusal)) => Ok(f.go_refusing(&here, f.known(&refusal.to_string()))),
        Err(error) => Err(error.into()),
    }
}
