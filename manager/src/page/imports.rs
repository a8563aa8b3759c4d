//! Lists of people: a file, the plan that it means, applying it, undoing it.

use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, RawQuery};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use uuid::Uuid;

use super::access::{Sent, Signed, Uploaded};
use super::applying::Standing;
use super::diff::{Diff, ROWS, Row};
use super::failure::Answer;
use super::fields::Fields;
use super::frame::{Frame, show};
use super::site::Page;
use crate::acts::{ImportOptions, Origin, PlanSummary};
use crate::domain::{Confirmation, Counts, Field, Mode, Person, Step};
use crate::error::{Error, Refusal};
use crate::http::access::need::Imports;

/// The largest file, in octets.
const FILE_MAX: usize = 64 * 1024 * 1024;
/// Plans that are listed.
const PLANS: u32 = 20;

#[derive(Template)]
#[template(path = "imports.html")]
struct Upload {
    f: Frame,
    error: String,
    errors: Vec<String>,
    mode: Mode,
    plans: Vec<PlanSummary>,
}

#[derive(Template)]
#[template(path = "import.html")]
struct Shown {
    f: Frame,
    error: String,
    /// What came of the plan, where somebody looked meanwhile.
    done: String,
    plan: PlanSummary,
    /// Whether there is nothing to do.
    is_done: bool,
    diff: Diff,
    needs: &'static str,
    can_undo: bool,
}

/// A plan that is being applied.
#[derive(Template)]
#[template(path = "import_going.html")]
struct Going {
    f: Frame,
    id: Uuid,
    done: usize,
    all: usize,
}

/// What is said of a plan.
#[derive(Default)]
struct Told {
    error: String,
    done: String,
}

impl Told {
    fn error(error: String) -> Self {
        Self { error, ..Self::default() }
    }
}

pub(super) fn routes() -> Router<Page> {
    Router::new()
        .route("/imports", get(form))
        .route("/imports/{plan}", get(plan))
        .route("/imports/{plan}/apply", post(apply))
        .route("/imports/{plan}/undo", post(undo))
}

/// Routes that take files.
pub(super) fn large_routes() -> Router<Page> {
    Router::new().route("/imports/plan", post(upload)).layer(DefaultBodyLimit::max(FILE_MAX))
}

async fn form(signed: Signed<Imports>) -> Answer {
    shown(&signed, StatusCode::OK, Mode::default(), String::new(), Vec::new()).await
}

async fn shown<N>(
    signed: &Signed<N>,
    status: StatusCode,
    mode: Mode,
    error: String,
    errors: Vec<String>,
) -> Answer {
    let f = signed.frame().clone().at("users");
    let plans = signed.manager().import_plans(PLANS).await?;
    Ok((status, show(&Upload { f, error, errors, mode, plans })?).into_response())
}

async fn upload(mut sent: Uploaded<Imports>) -> Answer {
    let mode = match sent.fields.text("mode") {
        "add_and_update" => Mode::AddAndUpdate,
        "add_only" => Mode::AddOnly,
        _ => Mode::Replace,
    };
    let Some(file) = sent.take_file("file") else {
        let error = sent.frame().t("Choose a file first.").to_owned();
        return shown(&sent, StatusCode::UNPROCESSABLE_ENTITY, mode, error, Vec::new()).await;
    };
    let f = sent.frame();
    let options = ImportOptions { mode, origin: Origin::Administrator, ..ImportOptions::default() };
    match sent.manager().plan_import_as(file, options).await {
        Ok(plan) => Ok(f.go(&format!("/imports/{}", plan.summary.id))),
        Err(Error::Import(errors)) => {
            let errors: Vec<String> = errors.0.iter().map(ToString::to_string).collect();
            let error = f.with("Nothing was changed: the file has {} errors.", errors.len());
            shown(&sent, StatusCode::UNPROCESSABLE_ENTITY, mode, error, errors).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn plan(Path(id): Path<Uuid>, signed: Signed<Imports>, RawQuery(query): RawQuery) -> Answer {
    let asked = Fields::parse(query.unwrap_or_default().as_bytes());
    let from = asked.text("from").parse().unwrap_or(0);
    let told = match signed.page().applying().look(signed.manager().project_id(), id) {
        Some(Standing::Going(done, all)) => {
            return show(&Going { f: signed.frame().clone().at("users"), id, done, all });
        }
        Some(Standing::Over(Ok(counts))) => Told { done: done(signed.frame(), counts), ..Told::default() },
        Some(Standing::Over(Err(Error::Refused(refusal)))) => {
            Told::error(signed.frame().known(&refusal.to_string()).to_owned())
        }
        Some(Standing::Over(Err(error))) => return Err(error.into()),
        None => Told::default(),
    };
    plan_shown(&signed, id, from, StatusCode::OK, told).await
}

async fn plan_shown<N>(signed: &Signed<N>, id: Uuid, from: usize, status: StatusCode, told: Told) -> Answer {
    let f = signed.frame().clone().at("users");
    let (plan, steps) = signed.manager().import_plan_from(id, from, ROWS).await?;
    let now = signed.manager().now();
    let summary = &plan;
    let Counts { added, changed, deleted, skipped, .. } = plan.counts;
    let all = added.saturating_add(changed).saturating_add(deleted).saturating_add(skipped);
    let headers = Field::ALL.iter().map(|field| f.known(field.name()).to_owned()).collect();
    let diff = Diff::new(format!("{}/imports/{id}", f.base), headers, steps.iter().map(row), (from, all));
    let needs = match summary.confirmation {
        Some(Confirmation::EmptyList) => "The list names nobody: everybody would be deleted.",
        Some(Confirmation::ManyDeletions) => {
            "Many people are not in the list and would be deleted. Look whether it is the right file."
        }
        None => "",
    };
    let page = Shown {
        diff,
        can_undo: summary.undone_at.is_none() && summary.undo_until.is_some_and(|until| now < until),
        is_done: steps.is_empty() && from == 0,
        needs,
        error: told.error,
        done: told.done,
        plan,
        f,
    };
    Ok((status, show(&page)?).into_response())
}

fn row(step: &Step) -> Row {
    let (kind, word, line, old, new) = match step {
        Step::Add { line, new } => ("added", "Added", Some(*line), None, new),
        Step::Change { line, old, new, .. } => ("changed", "Changed", Some(*line), Some(old), new),
        Step::Delete { old, .. } => ("deleted", "Deleted", None, None, old),
        Step::SkipListed { line, old, .. } => ("skipped", "Left as it is", Some(*line), None, old),
        Step::SkipReset { line, old, .. } => ("skipped", "Left alone: the app was reset", *line, None, old),
    };
    Row::new(kind, word, line, old.map(values), values(new))
}

fn values(person: &Person) -> Vec<String> {
    let Person { first_name, last_name, email, user_id, sync_id } = person.clone();
    vec![first_name, last_name, email, user_id, sync_id.unwrap_or_default()]
}

async fn apply(Path(id): Path<Uuid>, sent: Sent<Imports>) -> Answer {
    let confirmed = sent.fields.is_set("confirm");
    match sent.page().applying().apply(sent.manager(), sent.actor(), id, confirmed).await {
        Some(outcome) => applied(&sent, id, outcome).await,
        // It goes on, and its page shows how far it is.
        None => Ok(sent.frame().go(&format!("/imports/{id}"))),
    }
}

/// What came of a plan that was applied.
async fn applied<N>(signed: &Signed<N>, id: Uuid, outcome: Result<Counts, Error>) -> Answer {
    let f = signed.frame();
    match outcome {
        Ok(counts) => Ok(f.go_saying(&format!("/imports/{id}"), done(f, counts))),
        Err(Error::Refused(refusal)) if !matches!(refusal, Refusal::PlanUnknown) => {
            let error = f.known(&refusal.to_string()).to_owned();
            plan_shown(signed, id, 0, StatusCode::CONFLICT, Told::error(error)).await
        }
        Err(error) => Err(error.into()),
    }
}

fn done(f: &Frame, counts: Counts) -> String {
    let said = f.with2("Applied: {} added, {} changed.", counts.added, counts.changed);
    format!("{said} {}", f.with("{} deleted.", counts.deleted))
}

async fn undo(Path(id): Path<Uuid>, sent: Sent<Imports>) -> Answer {
    let f = sent.frame();
    match sent.manager().undo_import(sent.actor(), Some(id)).await {
        Ok(_) => Ok(f.go_saying(&format!("/imports/{id}"), f.t("Undone: everybody is as before."))),
        Err(Error::Refused(refusal)) if !matches!(refusal, Refusal::PlanUnknown) => {
            let error = f.known(&refusal.to_string()).to_owned();
            plan_shown(&sent, id, 0, StatusCode::CONFLICT, Told::error(error)).await
        }
        Err(error) => Err(error.into()),
    }
}
