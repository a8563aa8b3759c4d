//! One user: what is known, the phones, the mail, the taps, the history, and what can be done.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use uuid::Uuid;

use super::person;
use crate::acts::{AuditFilter, DeviceSummary};
use crate::domain::{AuditEntry, Card, Expected, Person, PersonEdit, ReaderEvent, User, Version};
use crate::error::{Error, Refusal};
use crate::http::access::need::{UsersRead, UsersWrite};
use crate::page::access::{Sent, Signed};
use crate::page::failure::{Answer, not_found};
use crate::page::form::Field;
use crate::page::frame::{Frame, show};
use crate::page::pictures::Qr;
use crate::page::site::Page;
use crate::store::{CardFilter, MailFilter, Mailing};

/// Mails, taps and entries of the audit log that are shown.
const SHOWN: u32 = 20;

#[derive(Template)]
#[template(path = "user.html")]
struct One {
    f: Frame,
    user: User,
    version: String,
    error: String,
    fields: Vec<Field>,
    devices: Vec<DeviceSummary>,
    mails: Vec<Mailing>,
    taps: Vec<ReaderEvent>,
    history: Vec<AuditEntry>,
    cards: Vec<Card>,
}

#[derive(Template)]
#[template(path = "invited.html")]
struct Invited {
    f: Frame,
    user: User,
    link: String,
    code: String,
    qr: Option<Qr>,
    expires: String,
}

pub(super) fn routes() -> Router<Page> {
    Router::new()
        .route("/users/{user}", get(one).post(edit))
        .route("/users/{user}/invite", post(invite))
        .route("/users/{user}/{act}", post(act))
}

async fn one(Path(id): Path<Uuid>, signed: Signed<UsersRead>) -> Answer {
    shown(&signed, id, StatusCode::OK, None).await
}

async fn shown<N>(
    signed: &Signed<N>,
    id: Uuid,
    status: StatusCode,
    wrong: Option<(&Person, &Refusal)>,
) -> Answer {
    let manager = signed.manager();
    let f = signed.frame().clone().at("users");
    let user = manager.user(id).await?;
    let taps = manager.user_events(id, None, 1000).await?;
    let history = match f.may("audit:read") {
        true => {
            let filter = AuditFilter { subject: Some(id.to_string()), ..AuditFilter::default() };
            manager.audit_entries(&filter, 0, 1000).await?
        }
        false => Vec::new(),
    };
    let cards = match f.may("cards:read") {
        true => {
            let filter = CardFilter { user: Some(id), ..CardFilter::default() };
            manager.cards(&filter, None, SHOWN).await?
        }
        false => Vec::new(),
    };
    let newest = |length: usize| length.saturating_sub(usize::try_from(SHOWN).unwrap_or(usize::MAX));
    let fields = match wrong {
        Some((person, refusal)) => person::form(&f, person, Some(refusal)),
        None => person::form(&f, &user.person, None),
    };
    let error = match wrong {
        Some((_, refusal)) if person::is_about_fields(refusal) => {
            f.t("Something is not right yet: look at the fields that are marked.").to_owned()
        }
        Some((_, refusal)) => f.known(&refusal.to_string()).to_owned(),
        None => String::new(),
    };
    let page = One {
        version: Version::of(&user).tag(),
        error,
        fields,
        devices: manager.devices(id).await?,
        mails: manager.mails(MailFilter { user: Some(id), ..MailFilter::default() }, None, SHOWN).await?,
        taps: taps.iter().skip(newest(taps.len())).rev().cloned().collect(),
        history: history.iter().skip(newest(history.len())).rev().cloned().collect(),
        cards,
        user,
        f,
    };
    Ok((status, show(&page)?).into_response())
}

async fn edit(Path(id): Path<Uuid>, sent: Sent<UsersWrite>) -> Answer {
    let f = sent.frame();
    let new = person::read(&sent.fields);
    let edit = PersonEdit {
        first_name: Some(new.first_name.clone()),
        last_name: Some(new.last_name.clone()),
        email: Some(new.email.clone()),
        user_id: Some(new.user_id.clone()),
        sync_id: Some(new.sync_id.clone()),
    };
    let expected = Expected::OneOf(vec![sent.fields.text("version").to_owned()]);
    match sent.manager().edit_expected_user(sent.actor(), &expected, id, &edit).await {
        Ok(edited) => {
            let said = match (&edited.invitation, &edited.revocation) {
                (Some(_), _) => {
                    f.t("Saved. A new invitation is on its way to the new address, and the old one is void.")
                }
                (_, Some(_)) => {
                    f.t("Saved. Doors no longer take the old ID; the phone gets the new one when it renews.")
                }
                _ => f.t("Saved."),
            };
            Ok(f.go_saying(&format!("/users/{id}"), said))
        }
        Err(Error::Refused(
            refusal @ (Refusal::PreconditionFailed | Refusal::PersonInvalid(_) | Refusal::Taken { .. }),
        )) => shown(&sent, id, StatusCode::UNPROCESSABLE_ENTITY, Some((&new, &refusal))).await,
        Err(error) => Err(error.into()),
    }
}

async fn invite(Path(id): Path<Uuid>, sent: Sent<UsersWrite>) -> Answer {
    invited(&sent, id).await
}

/// Invites, and shows the invitation, which is shown only here.
pub(super) async fn invited(sent: &Sent<UsersWrite>, id: Uuid) -> Answer {
    let invitation = sent.manager().invite(sent.actor(), id).await?;
    let f = sent.frame().clone().at("users");
    show(&Invited {
        user: sent.manager().user(id).await?,
        qr: Qr::of(&invitation.link),
        code: invitation.code.grouped(),
        expires: f.when(&invitation.expires_at),
        link: invitation.link,
        f,
    })
}

async fn act(Path((id, act)): Path<(Uuid, String)>, sent: Sent<UsersWrite>) -> Answer {
    let (manager, actor, f) = (sent.manager(), sent.actor(), sent.frame());
    let (done, said) = match act.as_str() {
        "resend" => {
            (manager.resend_invitation(actor, id).await.map(drop), f.t("The invitation is mailed once more."))
        }
        "suspend" => {
            (manager.suspend_user(actor, id).await.map(drop), f.t("Suspended: doors refuse the phone."))
        }
        "resume" => (manager.resume_user(actor, id).await, f.t("The suspension is over.")),
        "reset" => (manager.reset_user(actor, id).await.map(drop), f.t("Reset: the phone is revoked.")),
        "revoke" => (manager.revoke_user(actor, id).await.map(drop), f.t("The phones are revoked for good.")),
        "delete" => (manager.delete_user(actor, id).await.map(drop), f.t("Deleted.")),
        _ => return Ok(not_found().await.into_response()),
    };
    let here = format!("/users/{id}");
    match done {
        Ok(()) => Ok(f.go_saying(&here, said)),
        Err(Error::Refused(Refusal::UserUnknown)) => Err(Refusal::UserUnknown.into()),
        Err(Error::Refused(refusal)) => Ok(f.go_refusing(&here, f.known(&refusal.to_string()))),
        Err(error) => Err(error.into()),
    }
}
