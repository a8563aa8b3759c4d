//! Adding a card: the form, a look at the card as it will be, and then it is kept.

use askama::Template;
use axum::extract::{Path, RawQuery};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use uuid::Uuid;

use super::content::{Content, Group, brought, form};
use super::{Face, one};
use crate::domain::{Card, CardTemplate, NewCard, PhotoRule, TemplateState, User};
use crate::error::{Error, Refusal};
use crate::http::access::need::CardsWrite;
use crate::manager::Manager;
use crate::page::access::{Sent, Signed};
use crate::page::failure::{Answer, Failure};
use crate::page::fields::Fields;
use crate::page::frame::{Frame, show};

#[derive(Template)]
#[template(path = "card/new.html")]
struct New {
    f: Frame,
    template: CardTemplate,
    error: String,
    errors: Vec<String>,
    groups: Vec<Group>,
}

/// The card as it will be, with the form in hidden fields.
#[derive(Template)]
#[template(path = "card/review.html")]
struct Review {
    f: Frame,
    template: CardTemplate,
    card: Card,
    user: String,
    face: Face,
    brought: Vec<(String, String)>,
    wants_photo: bool,
}

pub(super) async fn new(
    Path(id): Path<Uuid>,
    signed: Signed<CardsWrite>,
    RawQuery(query): RawQuery,
) -> Answer {
    let template = approved(signed.manager(), id).await?;
    let asked = Fields::parse(query.unwrap_or_default().as_bytes());
    let values = match Uuid::parse_str(asked.text("user")) {
        Ok(user) => of_user(&template, &signed.manager().user(user).await?),
        Err(_) => Fields::default(),
    };
    shown(&signed, template, &values, StatusCode::OK, &[], String::new())
}

fn shown<N>(
    signed: &Signed<N>,
    template: CardTemplate,
    values: &Fields,
    status: StatusCode,
    wrong: &[String],
    error: String,
) -> Answer {
    let f = signed.frame().clone().at("cards");
    let groups = form(&f, &template.design, values, wrong, None);
    let page = New { groups, errors: super::without_place(&f, &template.design, wrong), template, error, f };
    Ok((status, show(&page)?).into_response())
}

pub(super) async fn add(Path(id): Path<Uuid>, sent: Sent<CardsWrite>) -> Answer {
    let template = approved(sent.manager(), id).await?;
    let values = sent.fields.clone();
    let act = values.text("act");
    if act == "edit" {
        return shown(&sent, template, &values, StatusCode::OK, &[], String::new());
    }
    let content = Content::read(&template.design, &values);
    let wrong = content.wrong(&template.design, content.questions.len());
    let f = sent.frame();
    let refused = |template, wrong: &[String], error: String| {
        shown(&sent, template, &values, StatusCode::UNPROCESSABLE_ENTITY, wrong, error)
    };
    if !wrong.is_empty() {
        let error = f.t("Something is not right yet: look at the fields that are marked.").to_owned();
        return refused(template, &wrong, error);
    }
    let (new, user) = match new_card(sent.manager(), &template, content, values.text("user")).await {
        Ok(found) => found,
        Err(Error::Refused(refusal @ Refusal::UserUnknown)) => {
            return refused(template, &[], f.known(&refusal.to_string()).to_owned());
        }
        Err(error) => return Err(error.into()),
    };
    let done = match act {
        "save" | "invite" => sent.manager().add_card(sent.actor(), &new).await,
        _ => sent.manager().review_card(&new).await,
    };
    match (done, act) {
        (Ok(card), "invite") => one::invited(&sent, card.id).await,
        (Ok(card), "save") => {
            let said = match template.design.photo.rule {
                PhotoRule::None => f.with("Card {} is added.", &card.card_id),
                _ => f.with("Card {} is added. Its photo comes next.", &card.card_id),
            };
            Ok(f.go_saying(&format!("/cards/{}", card.id), said))
        }
        (Ok(card), _) => {
            let face = Face::of(f, &template.design, &card, String::new(), sent.manager().now());
            let user = user.map(|user| user.person.full_name()).unwrap_or_default();
            let wants_photo = template.design.photo.rule == PhotoRule::Required;
            let brought = brought(&template.design, &values);
            let f = f.clone().at("cards");
            show(&Review { f, template, card, user, face, brought, wants_photo })
        }
        (Err(Error::Refused(refusal)), _) => refused(template, &[], f.known(&refusal.to_string()).to_owned()),
        (Err(error), _) => Err(error.into()),
    }
}

/// The card that a form says, and the user whose it is.
async fn new_card(
    manager: &Manager,
    template: &CardTemplate,
    content: Content,
    user: &str,
) -> Result<(NewCard, Option<User>), Error> {
    let user = super::user_named(manager, user).await?;
    let new = NewCard {
        template: template.id,
        card_id: content.card_id,
        fields: content.fields,
        barcode_value: content.barcode_value,
        unique_identifier: content.unique_identifier,
        questions: content.questions,
        // A time zone alone says nothing.
        time_zone: content.time_zone.filter(|_| content.expires.is_some()),
        expires: content.expires,
        email: content.email,
        user: user.as_ref().map(|user| user.id),
    };
    Ok((new, user))
}

/// What is known of a user, where the template has fields of such names.
fn of_user(template: &CardTemplate, user: &User) -> Fields {
    let person = &user.person;
    let known = [
        ("name", person.full_name()),
        ("first_name", person.first_name.clone()),
        ("last_name", person.last_name.clone()),
        ("email", person.email.clone()),
    ];
    let mut values = Fields::default().replacing("user", &person.email);
    for (key, value) in known {
        if template.design.fields().any(|(_, field)| field.key == key) {
            values = values.replacing(&super::content::name_of(key), &value);
        }
    }
    values
}

/// The template, if it may have cards.
async fn approved(manager: &Manager, id: Uuid) -> Result<CardTemplate, Failure> {
    let template = manager.template(id).await?;
    match template.state {
        TemplateState::Approved => Ok(template),
        TemplateState::Draft => Err(Refusal::TemplateState("approved").into()),
    }
}
