//! The designer of a template: its form, with the card as it will look beside it.

use askama::Template;
use axum::extract::{Path, RawQuery};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use uuid::Uuid;

use super::draft::Draft;
use super::form::{Group, Rows, groups, name, rows};
use crate::domain::{CardTemplate, Expected, TemplateState, Version};
use crate::error::{Error, Refusal};
use crate::http::access::need::{CardsRead, CardsWrite};
use crate::page::access::{Sent, Signed};
use crate::page::cards::Face;
use crate::page::failure::Answer;
use crate::page::fields::Fields;
use crate::page::form::Field;
use crate::page::frame::{Frame, show};

#[derive(Template)]
#[template(path = "template/designer.html")]
struct Designer {
    f: Frame,
    /// The template that is changed; a new one without.
    id: Option<Uuid>,
    version: String,
    error: String,
    errors: Vec<String>,
    name: Field,
    sides: Vec<Rows>,
    groups: Vec<Group>,
    face: Face,
}

/// An approved template, which is only looked at.
#[derive(Template)]
#[template(path = "template/one.html")]
struct One {
    f: Frame,
    template: CardTemplate,
    facts: Vec<(&'static str, String)>,
    face: Face,
}

/// The card alone, to be put in the place of the one before.
#[derive(Template)]
#[template(path = "part/face.html")]
struct Preview {
    f: Frame,
    face: Face,
}

/// How a designer is shown.
struct Shown {
    status: StatusCode,
    draft: Draft,
    of: Option<(Uuid, String)>,
    error: String,
    errors: Vec<String>,
    /// The id of what gets the focus.
    focus: String,
}

impl Shown {
    fn new(draft: Draft, of: Option<(Uuid, String)>) -> Self {
        let (error, errors, focus) = (String::new(), Vec::new(), String::new());
        Self { status: StatusCode::OK, draft, of, error, errors, focus }
    }

    fn refusing(self, error: String, errors: Vec<String>) -> Self {
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, error, errors, ..self }
    }

    fn answer<N>(self, signed: &Signed<N>) -> Answer {
        let f = signed.frame().clone().at("cards");
        let (design, _) = self.draft.design();
        let (id, version) = self.of.map(|(id, version)| (Some(id), version)).unwrap_or_default();
        let page = Designer {
            face: Face::sample(&f, &design, signed.manager().now()),
            name: name(&f, &self.draft),
            sides: rows(&f, &self.draft, &self.focus),
            groups: groups(&f, &self.draft),
            id,
            version,
            error: self.error,
            errors: self.errors,
            f,
        };
        Ok((self.status, show(&page)?).into_response())
    }
}

pub(super) async fn new(signed: Signed<CardsWrite>, RawQuery(query): RawQuery) -> Answer {
    let asked = Fields::parse(query.unwrap_or_default().as_bytes());
    let draft = match Uuid::parse_str(asked.text("from")) {
        Ok(pattern) => {
            let mut design = signed.manager().template(pattern).await?.design;
            design.name = signed.frame().with("{} (copy)", design.name);
            Draft::of(&design)
        }
        Err(_) => Draft::first(signed.frame().t("Name")),
    };
    Shown::new(draft, None).answer(&signed)
}

pub(super) async fn one(Path(id): Path<Uuid>, signed: Signed<CardsRead>) -> Answer {
    let template = signed.manager().template(id).await?;
    let f = signed.frame().clone().at("cards");
    if template.state == TemplateState::Draft && f.may("cards:write") {
        let version = Version::of(&template).tag();
        return Shown::new(Draft::of(&template.design), Some((id, version))).answer(&signed);
    }
    let face = Face::sample(&f, &template.design, signed.manager().now());
    show(&One { facts: super::form::facts(&f, &template.design), face, template, f })
}

pub(super) async fn preview(sent: Sent<CardsWrite>) -> Answer {
    let (design, _) = Draft::read(&sent.fields).design();
    let f = sent.frame().clone();
    show(&Preview { face: Face::sample(&f, &design, sent.manager().now()), f })
}

pub(super) async fn add(sent: Sent<CardsWrite>) -> Answer {
    taken(&sent, None).await
}

pub(super) async fn change(Path(id): Path<Uuid>, sent: Sent<CardsWrite>) -> Answer {
    let version = sent.fields.text("version").to_owned();
    taken(&sent, Some((id, version))).await
}

/// Does what the button of the form says.
async fn taken(sent: &Sent<CardsWrite>, of: Option<(Uuid, String)>) -> Answer {
    let f = sent.frame();
    let act = sent.fields.text("act");
    let mut draft = Draft::read(&sent.fields);
    let before = draft.clone();
    if draft.turn(act) {
        let focus = super::form::focus(act, &before, &draft);
        return Shown { focus, ..Shown::new(draft, of) }.answer(sent);
    }
    if !matches!(act, "save" | "approve") {
        return Shown::new(draft, of).answer(sent);
    }
    let (design, mut wrong) = draft.design();
    wrong.extend(design.check().err().unwrap_or_default());
    if !wrong.is_empty() {
        let errors = wrong.iter().map(|text| f.known(text).to_owned()).collect();
        let error = f.t("Nothing is saved yet, because something is not right:").to_owned();
        return Shown::new(draft, of).refusing(error, errors).answer(sent);
    }
    let (manager, actor) = (sent.manager(), sent.actor());
    let saved = match &of {
        None => manager.add_template(actor, &design).await,
        Some((id, version)) => {
            let expected = Expected::OneOf(vec![version.clone()]);
            manager.replace_template(actor, &expected, *id, &design).await
        }
    };
    let saved = match saved {
        Ok(saved) => saved,
        Err(Error::Refused(refusal)) if refusal != Refusal::TemplateUnknown => {
            let error = f.known(&refusal.to_string()).to_owned();
            return Shown::new(draft, of).refusing(error, Vec::new()).answer(sent);
        }
        Err(error) => return Err(error.into()),
    };
    if act == "approve" {
        manager.approve_template(actor, saved.id).await?;
        let said = f.t("Approved: cards can be added now.");
        return Ok(f.go_saying(&format!("/templates/{}/cards", saved.id), said));
    }
    Ok(f.go_saying(&format!("/templates/{}", saved.id), f.t("Saved as a draft.")))
}

pub(super) async fn remove(Path(id): Path<Uuid>, sent: Sent<CardsWrite>) -> Answer {
    let f = sent.frame();
    match sent.manager().remove_template(sent.actor(), id).await {
        Ok(()) => Ok(f.go_saying("/templates", f.t("The draft is removed."))),
        Err(Error::Refused(refusal @ Refusal::TemplateState(_))) => {
            Ok(f.go_refusing(&format!("/templates/{id}"), f.known(&refusal.to_string())))
        }
        Err(error) => Err(error.into()),
    }
}
