//! Importing a CSV file.

use std::io::{IsTerminal, Write};

use anyhow::{Context, bail};
use manager::domain::{Actor, Field, Mode, Person, Step};
use manager::import::Mapping;
use manager::{ImportOptions, ImportPlan, Manager, Origin, Refusal};
use serde::Serialize;

use super::{ImportArguments, KeyArguments, opening, output};

/// The plan, and what became of it.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    plan: &'a ImportPlan,
    applied: bool,
}

pub(super) async fn import(
    arguments: &ImportArguments,
    key: &KeyArguments,
    json: bool,
) -> anyhow::Result<()> {
    let octets = std::fs::read(&arguments.file).with_context(|| arguments.file.display().to_string())?;
    let manager = opening::open(&arguments.project.dir, key).await?;
    let mapping = arguments
        .map
        .iter()
        .fold(Mapping::default(), |mapping, (field, column)| mapping.with(*field, column));
    let options = ImportOptions { mode: arguments.mode, mapping, origin: Origin::Administrator };
    let plan = manager.plan_import_as(octets, options).await?;
    if !json {
        show(&plan);
    }
    let applied = !arguments.dry_run && apply(&manager, &plan, arguments, json).await?;
    if json {
        output::object(&Shown { plan: &plan, applied })?;
    } else {
        if applied {
            output::line(format!("Done. To undo it: manager undo {}", plan.summary.id));
        } else {
            output::line("Nothing was changed.");
        }
    }
    manager.close().await;
    Ok(())
}

/// Applies the plan if the arguments or the person at the terminal say so; whether it was applied.
async fn apply(
    manager: &Manager,
    plan: &ImportPlan,
    arguments: &ImportArguments,
    json: bool,
) -> anyhow::Result<bool> {
    if plan.summary.counts.is_nothing() {
        return Ok(false);
    }
    let mut confirmed = arguments.confirm_deletions;
    if !arguments.yes {
        if json || !std::io::stdin().is_terminal() {
            bail!("say --dry-run to see what would be done, or --yes to do it");
        }
        if !ask(plan)? {
            return Ok(false);
        }
        confirmed = true;
    }
    match manager.apply_import(Actor::Operator, plan.summary.id, confirmed).await {
        Err(manager::Error::Refused(refusal @ Refusal::ConfirmationNeeded(_))) => {
            Err(anyhow::Error::new(manager::Error::from(refusal)).context("--confirm-deletions is needed"))
        }
        other => other.map(|_| true).map_err(Into::into),
    }
}

fn ask(plan: &ImportPlan) -> anyhow::Result<bool> {
    let question = match plan.summary.confirmation {
        Some(_) => {
            format!("{} users would be deleted. Type \"delete\" to go on: ", plan.summary.counts.deleted)
        }
        None => "Do it? [y/N] ".to_owned(),
    };
    let mut out = std::io::stdout();
    write!(out, "{question}")?;
    out.flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    let wanted = if plan.summary.confirmation.is_some() { "delete" } else { "y" };
    Ok(answer.trim().eq_ignore_ascii_case(wanted))
}

fn show(plan: &ImportPlan) {
    let summary = &plan.summary;
    let delimiter = match summary.delimiter.map(|delimiter| delimiter.character()) {
        Some('\t') => "tab".to_owned(),
        Some(other) => format!("\"{other}\""),
        None => "none".to_owned(),
    };
    let header = if summary.has_header == Some(true) { "with a header" } else { "without a header" };
    let encoding = summary.encoding.as_deref().unwrap_or_default();
    output::line(format!("{encoding}, delimiter {delimiter}, {header}; mode {}.", summary.mode.name()));
    for (number, column) in (1..).zip(summary.columns.iter().flatten()) {
        let name = column.name.as_ref().map(|name| format!(" {name:?}")).unwrap_or_default();
        let field = column.field.map_or("ignored", Field::name);
        if column.name.is_some() || column.field.is_none() {
            output::line(format!("Column {number}{name}: {field}"));
        }
    }
    for step in &plan.steps {
        output::line(shown_step(step));
    }
    let counts = summary.counts;
    output::line(format!(
        "{} added, {} changed, {} deleted, {} unchanged, {} skipped.",
        counts.added, counts.changed, counts.deleted, counts.unchanged, counts.skipped
    ));
}

/// A mode as an argument.
pub(super) fn mode(text: &str) -> Result<Mode, String> {
    Mode::from_name(text).ok_or_else(|| "say replace, add-and-update or add-only".to_owned())
}

/// `FIELD=COLUMN` as an argument.
pub(super) fn mapped(text: &str) -> Result<(Field, String), String> {
    let (field, column) = text.split_once('=').ok_or("say FIELD=COLUMN, for example user_id=Badge")?;
    let field = Field::from_key(&field.trim().replace('-', "_"))
        .ok_or("the field is one of first_name, last_name, email, user_id, sync_id")?;
    if column.trim().is_empty() {
        return Err("say the name or the number of the column behind =".to_owned());
    }
    Ok((field, column.to_owned()))
}

fn shown_step(step: &Step) -> String {
    match step {
        Step::Add { new, .. } => format!("+ {}", shown_person(new)),
        Step::Change { old, new, .. } => format!("~ {}: {}", shown_person(old), changes(old, new)),
        Step::Delete { old, .. } => format!("- {}", shown_person(old)),
        Step::SkipListed { old, new, .. } => {
            format!("= {}: left as is, the list has {}", shown_person(old), changes(old, new))
        }
        Step::SkipReset { old, .. } => format!("= {}: skipped, the app was reset", shown_person(old)),
    }
}

fn shown_person(person: &Person) -> String {
    let Person { first_name, last_name, email, user_id, .. } = person;
    format!("{first_name} {last_name} <{email}> {user_id}")
}

fn changes(old: &Person, new: &Person) -> String {
    let sync_id = |person: &Person| person.sync_id.clone().unwrap_or_default();
    let fields = [
        ("first name", old.first_name.clone(), new.first_name.clone()),
        ("last name", old.last_name.clone(), new.last_name.clone()),
        ("e-mail address", old.email.clone(), new.email.clone()),
        ("ID", old.user_id.clone(), new.user_id.clone()),
        ("Sync ID", sync_id(old), sync_id(new)),
    ];
    let changed = fields.into_iter().filter(|(_, old, new)| old != new);
    let changed: Vec<String> =
        changed.map(|(field, old, new)| format!("{field} {old:?} → {new:?}")).collect();
    changed.join(", ")
}
