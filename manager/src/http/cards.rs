//! Routes for cards.

use axum::Json;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::access::{Allowed, Api, CardsRead, CardsWrite};
use super::conditional::{IfMatch, Tagged};
use super::json::{Body, Segment};
use super::paging::{Page, PageQuery};
use super::problem::Problem;
use crate::acts::CardInvitation;
use crate::domain::{Card, CardEdit, CardStatus, CardTurn, NewCard, folded};
use crate::store::{CardFilter, Mailing};

/// Which cards are meant.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct CardQuery {
    /// Only those of this status.
    status: Option<CardStatus>,
    /// Only those of this template.
    template: Option<Uuid>,
    /// Only the card of this user.
    user: Option<Uuid>,
    /// Only those with a photo that waits for approval.
    photo_waits: Option<bool>,
    /// Only those with a word in card ID, fields, unique identifier or e-mail address that begins so.
    search: Option<String>,
}

/// A page of cards.
#[derive(Serialize, ToSchema)]
pub(super) struct Cards {
    cards: Vec<Card>,
    /// The `cursor` of the next page; null on the last.
    next: Option<String>,
}

/// How many cards there are of each template and status.
#[derive(Serialize, ToSchema)]
#[schema(as = CardTotals)]
pub(super) struct Totals {
    /// Those that there are none of are left out.
    counts: Vec<Total>,
}

/// How many cards of one template have one status.
#[derive(Serialize, ToSchema)]
#[schema(as = CardTotal)]
pub(super) struct Total {
    /// The template.
    template: Uuid,
    /// The status.
    status: CardStatus,
    /// How many.
    count: u64,
}

/// For how long an invitation is to be good.
#[derive(Deserialize, ToSchema)]
pub(super) struct CardInvitationRequest {
    /// Seconds, 3,600 to 31,622,400; as the template or the project sets it if left out.
    life_s: Option<u32>,
}

/// An invitation to a card with its secret, which is shown only here.
#[derive(Serialize, ToSchema)]
#[schema(as = CardInvitation)]
pub(super) struct CardInvitationView {
    /// The card.
    card: Uuid,
    /// The secret, to be typed.
    code: String,
    /// The secret as a link, which is also the text of the QR code.
    link: String,
    /// The first second at which it is no longer good.
    expires_at: u32,
    /// The address that it is mailed to; null where neither the card nor its user has one.
    mailed_to: Option<String>,
}

impl From<CardInvitation> for CardInvitationView {
    fn from(invitation: CardInvitation) -> Self {
        Self {
            card: invitation.card,
            code: invitation.code.grouped(),
            link: invitation.link,
            expires_at: invitation.expires_at.0,
            mailed_to: invitation.mailed_to,
        }
    }
}

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::default()
        .routes(routes!(list, add))
        .routes(routes!(counts))
        .routes(routes!(review))
        .routes(routes!(show, edit))
        .routes(routes!(invite))
        .routes(routes!(resend))
        .routes(routes!(deactivate, reactivate))
        .routes(routes!(archive, restore))
        .routes(routes!(uninstall))
        .routes(routes!(unlock))
}

/// Lists cards in the order in which they were added, or finds some of them.
#[utoipa::path(get, path = "/v1/cards", operation_id = "list_cards", tag = "Cards",
    security(("token" = ["cards:read"])),
    params(PageQuery, CardQuery),
    responses((status = 200, description = "A page of cards", body = Cards)))]
async fn list(
    access: Allowed<CardsRead>,
    page: Page<Uuid>,
    query: Result<Query<CardQuery>, QueryRejection>,
) -> Result<Json<Cards>, Problem> {
    let Query(query) = query.map_err(|rejection| Problem::request_invalid(rejection.body_text()))?;
    let filter = CardFilter {
        status: query.status,
        template: query.template,
        user: query.user,
        photo_waits: query.photo_waits.unwrap_or(false),
        search: query.search.as_deref().and_then(folded),
    };
    let cards = access.manager().cards(&filter, page.after, page.limit).await?;
    let next = page.next(&cards, |card| card.id);
    Ok(Json(Cards { cards, next }))
}

/// Tells how many cards there are of each template and status.
#[utoipa::path(get, path = "/v1/cards/counts", operation_id = "count_cards", tag = "Cards",
    security(("token" = ["cards:read"])),
    responses((status = 200, description = "The counts", body = Totals)))]
async fn counts(access: Allowed<CardsRead>) -> Result<Json<Totals>, Problem> {
    let counts = access.manager().card_counts().await?.into_iter();
    let counts = counts.map(|(template, status, count)| Total { template, status, count }).collect();
    Ok(Json(Totals { counts }))
}

/// Adds a card of an approved template; it is on no phone yet.
#[utoipa::path(post, path = "/v1/cards", operation_id = "add_card", tag = "Cards",
    security(("token" = ["cards:write"])),
    request_body = NewCard,
    responses(
        (status = 201, description = "The card", body = Card),
        (status = 404, description = "`card-template-unknown`, `user-unknown`"),
        (status = 409, description = "`card-taken`: another card has the card ID, the unique identifier or the user; `card-template-state`: a draft"),
        (status = 410, description = "`user-deleted`"),
        (status = 422, description = "`card-invalid`: everything that is wrong with it")))]
async fn add(
    access: Allowed<CardsWrite>,
    Body(new): Body<NewCard>,
) -> Result<(StatusCode, Json<Card>), Problem> {
    Ok((StatusCode::CREATED, Json(access.manager().add_card(access.actor(), &new).await?)))
}

/// Shows a card as it would be added, or refuses it as adding it would; nothing is written.
#[utoipa::path(post, path = "/v1/cards/review", operation_id = "review_card", tag = "Cards",
    security(("token" = ["cards:write"])),
    request_body = NewCard,
    responses(
        (status = 200, description = "The card; the id that it gets is another one", body = Card),
        (status = 404, description = "`card-template-unknown`, `user-unknown`"),
        (status = 409, description = "`card-taken`: another card has the card ID, the unique identifier or the user; `card-template-state`: a draft"),
        (status = 410, description = "`user-deleted`"),
        (status = 422, description = "`card-invalid`: everything that is wrong with it")))]
async fn review(access: Allowed<CardsWrite>, Body(new): Body<NewCard>) -> Result<Json<Card>, Problem> {
    Ok(Json(access.manager().review_card(&new).await?))
}

/// Shows a card; answers to its security questions are shown to nobody.
#[utoipa::path(get, path = "/v1/cards/{card}", operation_id = "show_card", tag = "Cards",
    security(("token" = ["cards:read"])),
    params(("card" = Uuid, Path, description = "The card")),
    responses(
        (status = 200, description = "The card", body = Card,
            headers(("ETag" = String, description = "The version of the card"))),
        (status = 404, description = "`card-unknown`")))]
async fn show(access: Allowed<CardsRead>, Segment(card): Segment<Uuid>) -> Result<Tagged<Card>, Problem> {
    Ok(Tagged(access.manager().card(card).await?))
}

/// Changes what stands on a card; its phone learns so when it renews.
#[utoipa::path(patch, path = "/v1/cards/{card}", operation_id = "edit_card", tag = "Cards",
    security(("token" = ["cards:write"])),
    params(
        ("card" = Uuid, Path, description = "The card"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the card that the edit is meant for, or `*`")),
    request_body = CardEdit,
    responses(
        (status = 200, description = "The card", body = Card,
            headers(("ETag" = String, description = "The version of the card"))),
        (status = 404, description = "`card-unknown`, `user-unknown`"),
        (status = 409, description = "`card-taken`: another card has the card ID, the unique identifier or the user"),
        (status = 410, description = "`card-archived`, `user-deleted`"),
        (status = 412, description = "`precondition-failed`: changed meanwhile"),
        (status = 422, description = "`card-invalid`: everything that is wrong with it"),
        (status = 428, description = "`precondition-required`: there is no `If-Match`")))]
async fn edit(
    access: Allowed<CardsWrite>,
    Segment(card): Segment<Uuid>,
    IfMatch(expected): IfMatch,
    Body(edit): Body<CardEdit>,
) -> Result<Tagged<Card>, Problem> {
    Ok(Tagged(access.manager().edit_card(access.actor(), &expected, card, &edit).await?))
}

/// Invites whoever gets a card, to the card alone; earlier invitations are void, and a phone that has it loses it.
#[utoipa::path(post, path = "/v1/cards/{card}/invitations", operation_id = "invite_to_card", tag = "Cards",
    security(("token" = ["cards:write"])),
    params(("card" = Uuid, Path, description = "The card")),
    request_body = Option<CardInvitationRequest>,
    responses(
        (status = 201, description = "The invitation", body = CardInvitationView),
        (status = 404, description = "`card-unknown`"),
        (status = 410, description = "`card-archived`"),
        (status = 422, description = "`invitation-life-invalid`; `card-invalid`: it needs a photo first")))]
async fn invite(
    access: Allowed<CardsWrite>,
    Segment(card): Segment<Uuid>,
    Body(request): Body<CardInvitationRequest>,
) -> Result<(StatusCode, Json<CardInvitationView>), Problem> {
    let invitation = access.manager().invite_to_card(access.actor(), card, request.life_s).await?;
    Ok((StatusCode::CREATED, Json(invitation.into())))
}

/// Deactivates a card: it stays on its phone, and is shown as not valid.
#[utoipa::path(post, path = "/v1/cards/{card}/deactivation", operation_id = "deactivate_card", tag = "Cards",
    security(("token" = ["cards:write"])),
    params(("card" = Uuid, Path, description = "The card")),
    responses(
        (status = 200, description = "The card", body = Card),
        (status = 404, description = "`card-unknown`"),
        (status = 409, description = "`card-status`: not active"),
        (status = 410, description = "`card-archived`")))]
async fn deactivate(
    access: Allowed<CardsWrite>,
    Segment(card): Segment<Uuid>,
) -> Result<Json<Card>, Problem> {
    turn(&access, card, CardTurn::Deactivate).await
}

/// Reactivates a card that was deactivated.
#[utoipa::path(delete, path = "/v1/cards/{card}/deactivation", operation_id = "reactivate_card", tag = "Cards",
    security(("token" = ["cards:write"])),
    params(("card" = Uuid, Path, description = "The card")),
    responses(
        (status = 200, description = "The card", body = Card),
        (status = 404, description = "`card-unknown`"),
        (status = 409, description = "`card-status`: not deactivated"),
        (status = 410, description = "`card-archived`")))]
async fn reactivate(
    access: Allowed<CardsWrite>,
    Segment(card): Segment<Uuid>,
) -> Result<Json<Card>, Problem> {
    turn(&access, card, CardTurn::Reactivate).await
}

/// Archives a card: its phone loses it, and nobody is invited to it.
#[utoipa::path(post, path = "/v1/cards/{card}/archive", operation_id = "archive_card", tag = "Cards",
    security(("token" = ["cards:write"])),
    params(("card" = Uuid, Path, description = "The card")),
    responses(
        (status = 200, description = "The card", body = Card),
        (status = 404, description = "`card-unknown`"),
        (status = 410, description = "`card-archived`")))]
async fn archive(access: Allowed<CardsWrite>, Segment(card): Segment<Uuid>) -> Result<Json<Card>, Problem> {
    turn(&access, card, CardTurn::Archive).await
}

/// Brings an archived card back; it is on no phone.
#[utoipa::path(delete, path = "/v1/cards/{card}/archive", operation_id = "restore_card", tag = "Cards",
    security(("token" = ["cards:write"])),
    params(("card" = Uuid, Path, description = "The card")),
    responses(
        (status = 200, description = "The card", body = Card),
        (status = 404, description = "`card-unknown`"),
        (status = 409, description = "`card-status`: not archived; `card-taken`: its user has another card by now"),
        (status = 410, description = "`user-deleted`")))]
async fn restore(access: Allowed<CardsWrite>, Segment(card): Segment<Uuid>) -> Result<Json<Card>, Problem> {
    turn(&access, card, CardTurn::Restore).await
}

/// Takes a card off its phone.
#[utoipa::path(post, path = "/v1/cards/{card}/uninstallation", operation_id = "uninstall_card", tag = "Cards",
    security(("token" = ["cards:write"])),
    params(("card" = Uuid, Path, description = "The card")),
    responses(
        (status = 200, description = "The card", body = Card),
        (status = 404, description = "`card-unknown`"),
        (status = 409, description = "`card-status`: on no phone"),
        (status = 410, description = "`card-archived`")))]
async fn uninstall(access: Allowed<CardsWrite>, Segment(card): Segment<Uuid>) -> Result<Json<Card>, Problem> {
    turn(&access, card, CardTurn::Uninstall).await
}

/// Lets a card that wrong answers locked take answers again.
#[utoipa::path(delete, path = "/v1/cards/{card}/lock", operation_id = "unlock_card", tag = "Cards",
    security(("token" = ["cards:write"])),
    params(("card" = Uuid, Path, description = "The card")),
    responses(
        (status = 200, description = "The card", body = Card),
        (status = 404, description = "`card-unknown`")))]
async fn unlock(access: Allowed<CardsWrite>, Segment(card): Segment<Uuid>) -> Result<Json<Card>, Problem> {
    Ok(Json(access.manager().unlock_card(access.actor(), card).await?))
}

async fn turn(access: &Allowed<CardsWrite>, card: Uuid, turn: CardTurn) -> Result<Json<Card>, Problem> {
    Ok(Json(access.manager().turn_card(access.actor(), card, turn).await?))
}

/// Mails the open invitation to a card again, with the same code, to the address that the card has now.
#[utoipa::path(post, path = "/v1/cards/{card}/invitations/mail", operation_id = "mail_card_invitation", tag = "Cards",
    security(("token" = ["cards:write"])),
    params(("card" = Uuid, Path, description = "The card")),
    responses(
        (status = 202, description = "The mail", body = Mailing),
        (status = 404, description = "`card-unknown`"),
        (status = 409, description = "`mail-not-repeatable`: there is no open invitation or no address; invite again")))]
async fn resend(
    access: Allowed<CardsWrite>,
    Segment(card): Segment<Uuid>,
) -> Result<(StatusCode, Json<Mailing>), Problem> {
    let mail = access.manager().resend_card_invitation(access.actor(), card).await?;
    Ok((StatusCode::ACCEPTED, Json(mail)))
}
