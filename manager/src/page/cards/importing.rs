//! Lists of cards: a file and an archive with photos, the plan that they mean, applying it, undoing it.

use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, RawQuery};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use uuid::Uuid;

use crate::acts::{CardImportOptions, CardImportPlan};
use crate::card_list::CardMapping;
use crate::domain::{
    CardDesign, CardStep, CardTemplate, CardValues, Confirmation, Mode, TemplateState, end_as_read,
};
use crate::error::{Error, Refusal};
use crate::http::access::need::CardsWrite;
use crate::page::access::{Sent, Signed, Uploaded};
use crate::page::diff::{Diff, ROWS, Row};
use crate::page::failure::Answer;
use crate::page::fields::Fields;
use crate::page::frame::{Frame, show};
use crate::page::site::Page;

/// The largest form with a list and photos, in octets.
const FORM_MAX: usize = 128 * 1024 * 1024;
/// Plans that are listed.
const PLANS: usize = 20;

/// Something that a column can hold, and the column that somebody named for it.
struct Target {
    /// As the import knows it.
    holds: String,
    label: String,
    column: String,
}

#[derive(Template)]
#[template(path = "card/imports.html")]
struct Upload {
    f: Frame,
    template: CardTemplate,
    error: String,
    errors: Vec<String>,
    mode: Mode,
    targets: Vec<Target>,
    /// Whether somebody has named columns.
    is_mapped: bool,
    plans: Vec<CardImportPlan>,
}

#[derive(Template)]
#[template(path = "card/import.html")]
struct Shown {
    f: Frame,
    template: CardTemplate,
    error: String,
    plan: CardImportPlan,
    /// Each column with what it was taken for; empty for one that is passed over.
    columns: Vec<(String, String)>,
    diff: Diff,
    needs: &'static str,
    can_undo: bool,
}

pub(super) fn routes() -> Router<Page> {
    Router::new()
        .route("/templates/{template}/import", get(form))
        .route("/card-imports/{plan}", get(plan))
        .route("/card-imports/{plan}/apply", post(apply))
        .route("/card-imports/{plan}/undo", post(undo))
}

/// Routes that take files.
pub(super) fn large_routes() -> Router<Page> {
    let upload = Router::new().route("/templates/{template}/import/plan", post(upload));
    upload.layer(DefaultBodyLimit::max(FORM_MAX))
}

async fn form(Path(id): Path<Uuid>, signed: Signed<CardsWrite>) -> Answer {
    let options = CardImportOptions::default();
    shown(&signed, id, StatusCode::OK, (options.mode, &Fields::default()), String::new(), Vec::new()).await
}

async fn shown<N>(
    signed: &Signed<N>,
    id: Uuid,
    status: StatusCode,
    (mode, sent): (Mode, &Fields),
    error: String,
    errors: Vec<String>,
) -> Answer {
    let template = signed.manager().template(id).await?;
    let f = signed.frame().clone().at("cards");
    if template.state == TemplateState::Draft {
        return Ok(f.go(&format!("/templates/{id}")));
    }
    let plans = signed.manager().card_imports().await?.into_iter();
    let plans = plans.filter(|plan| plan.template == id).take(PLANS).collect();
    let target = |(holds, label): (String, String)| {
        let column = sent.text(&format!("map:{holds}")).to_owned();
        Target { holds, label, column }
    };
    let targets: Vec<Target> = targets(&f, &template.design).into_iter().map(target).collect();
    let is_mapped = targets.iter().any(|target| !target.column.is_empty());
    let page = Upload { f, template, error, errors, mode, targets, is_mapped, plans };
    Ok((status, show(&page)?).into_response())
}

/// What columns can hold, with what people call it.
fn targets(f: &Frame, design: &CardDesign) -> Vec<(String, String)> {
    let own = |holds: &str, label: &str| (holds.to_owned(), label.to_owned());
    let mut targets = vec![own("card_id", f.t("Card number"))];
    targets.extend(design.fields().map(|(_, field)| (format!("field:{}", field.key), field.label.clone())));
    targets.extend([
        own("unique_identifier", f.t("Unique identifier")),
        own("barcode_value", f.t("Value of the barcode")),
        own("expires", f.t("Ends")),
        own("time_zone", f.t("Time zone")),
        own("email", f.t("E-mail address")),
        own("photo", f.t("Photo")),
    ]);
    targets
}

async fn upload(Path(id): Path<Uuid>, mut sent: Uploaded<CardsWrite>) -> Answer {
    let mode = Mode::from_name(sent.fields.text("mode")).unwrap_or(CardImportOptions::MODE);
    let (list, photos) = (sent.take_file("file"), sent.take_file("photos"));
    let f = sent.frame();
    let refused = |error: String, errors: Vec<String>| {
        shown(&sent, id, StatusCode::UNPROCESSABLE_ENTITY, (mode, &sent.fields), error, errors)
    };
    let Some(list) = list else {
        return refused(f.t("Choose a file first.").to_owned(), Vec::new()).await;
    };
    let design = sent.manager().template(id).await?.design;
    let mapping = targets(f, &design).into_iter().fold(CardMapping::default(), |mapping, (holds, _)| {
        match sent.fields.text(&format!("map:{holds}")).trim() {
            "" => mapping,
            column => mapping.holding(&holds, column),
        }
    });
    let options = CardImportOptions { mode, mapping, photos };
    match sent.manager().plan_card_import(id, list, options).await {
        Ok(plan) => Ok(f.go(&format!("/card-imports/{}", plan.id))),
        Err(Error::CardList(errors)) => {
            let errors: Vec<String> = errors.0.iter().map(ToString::to_string).collect();
            let error = f.with("Nothing was changed: the file has {} errors.", errors.len());
            refused(error, errors).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn plan(Path(id): Path<Uuid>, signed: Signed<CardsWrite>, RawQuery(query): RawQuery) -> Answer {
    let asked = Fields::parse(query.unwrap_or_default().as_bytes());
    let from = asked.text("from").parse().unwrap_or(0);
    plan_shown(&signed, id, from, StatusCode::OK, String::new()).await
}

async fn plan_shown<N>(
    signed: &Signed<N>,
    id: Uuid,
    from: usize,
    status: StatusCode,
    error: String,
) -> Answer {
    let f = signed.frame().clone().at("cards");
    let plan = signed.manager().card_import(id).await?;
    let template = signed.manager().template(plan.template).await?;
    let keys: Vec<&str> = template.design.fields().map(|(_, field)| field.key.as_str()).collect();
    let mut headers = vec![f.t("Card number").to_owned()];
    headers.extend(template.design.fields().map(|(_, field)| field.label.clone()));
    headers.extend(
        [
            f.t("Unique identifier"),
            f.t("Value of the barcode"),
            f.t("Ends"),
            f.t("E-mail address"),
            f.t("Photo"),
        ]
        .map(ToOwned::to_owned),
    );
    let rows = plan.steps.iter().skip(from).take(ROWS).map(|step| row(&f, &keys, step));
    let address = format!("{}/card-imports/{id}", f.base);
    let diff = Diff::new(address, headers, rows, (from, plan.steps.len()));
    let known = targets(&f, &template.design);
    let label = |holds: &str| known.iter().find(|(of, _)| of == holds).map(|(_, label)| label.clone());
    let columns = plan.columns.iter().map(|column| {
        let holds = column.holds.as_deref().and_then(label);
        (column.name.clone(), holds.unwrap_or_default())
    });
    let now = signed.manager().now();
    let page = Shown {
        columns: columns.collect(),
        diff,
        needs: match plan.confirmation {
            Some(Confirmation::EmptyList) => "The list names no card: all would be archived.",
            Some(Confirmation::ManyDeletions) => {
                "Many cards are not in the list and would be archived. Look whether it is the right file."
            }
            None => "",
        },
        can_undo: plan.undone_at.is_none() && plan.undo_until.is_some_and(|until| now < until),
        template,
        error,
        plan,
        f,
    };
    Ok((status, show(&page)?).into_response())
}

fn row(f: &Frame, keys: &[&str], step: &CardStep) -> Row {
    let of = |values: &CardValues, photo: bool| {
        let zone = values.time_zone.as_deref().unwrap_or(&f.zone);
        let mut cells = vec![values.card_id.clone()];
        cells.extend(keys.iter().map(|key| values.fields.get(*key).cloned().unwrap_or_default()));
        cells.extend([
            values.unique_identifier.clone().unwrap_or_default(),
            values.barcode_value.clone().unwrap_or_default(),
            values.expires_at.and_then(|at| end_as_read(at, zone)).unwrap_or_default(),
            values.email.clone().unwrap_or_default(),
            if photo { f.t("a new one").to_owned() } else { String::new() },
        ]);
        cells
    };
    match step {
        CardStep::Add { line, new, photo, .. } => {
            Row::new("added", "Added", Some(*line), None, of(new, *photo))
        }
        CardStep::Change { line, old, new, photo, .. } => {
            Row::new("changed", "Changed", Some(*line), Some(of(old, false)), of(new, *photo))
        }
        CardStep::Archive { old, .. } => Row::new("deleted", "Archived", None, None, of(old, false)),
        CardStep::SkipListed { line, old, .. } => {
            Row::new("skipped", "Left as it is", Some(*line), None, of(old, false))
        }
    }
}

async fn apply(Path(id): Path<Uuid>, sent: Sent<CardsWrite>) -> Answer {
    let f = sent.frame();
    let confirmed = sent.fields.is_set("confirm");
    match sent.manager().apply_card_import(sent.actor(), id, confirmed).await {
        Ok(plan) => {
            let counts = plan.counts;
            let said = f.with2("Applied: {} added, {} changed.", counts.added, counts.changed);
            let said = format!("{said} {}", f.with("{} archived.", counts.archived));
            Ok(f.go_saying(&format!("/card-imports/{id}"), said))
        }
        Err(error) => refused(&sent, id, error).await,
    }
}

async fn undo(Path(id): Path<Uuid>, sent: Sent<CardsWrite>) -> Answer {
    let f = sent.frame();
    match sent.manager().undo_card_import(sent.actor(), id).await {
        Ok(_) => Ok(f.go_saying(&format!("/card-imports/{id}"), f.t("Undone: all cards are as before."))),
        Err(error) => refused(&sent, id, error).await,
    }
}

/// The plan again, with why it was not done.
async fn refused(sent: &Sent<CardsWrite>, id: Uuid, error: Error) -> Answer {
    match error {
        Error::Refused(refusal) if !matches!(refusal, Refusal::PlanUnknown) => {
            let error = sent.frame().known(&refusal.to_string()).to_owned();
            plan_shown(sent, id, 0, StatusCode::CONFLICT, error).await
        }
        error => Err(error.into()),
    }
}
