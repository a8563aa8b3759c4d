//! Plans that were made before: listing, applying and undoing them; and the list of people as a file.

use anyhow::Context;
use manager::PlanSummary;
use manager::domain::{Actor, UnixTime};
use serde_json::json;

use super::{
    ApplyArguments, ExportArguments, KeyArguments, ProjectArguments, UndoArguments, UndoWindowArguments,
    opening, output,
};

/// Plans that are listed.
const PLANS: u32 = 50;
const SECONDS_PER_HOUR: u32 = 3600;

pub(super) async fn apply(arguments: &ApplyArguments, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    let manager = opening::open(&arguments.project.dir, key).await?;
    let applied = manager.apply_import(Actor::Operator, arguments.plan, arguments.confirm_deletions).await;
    let counts = match applied {
        Err(error @ manager::Error::Refused(manager::Refusal::ConfirmationNeeded(_))) => {
            return Err(anyhow::Error::new(error).context("--confirm-deletions is needed"));
        }
        other => other?,
    };
    if json {
        output::object(&json!({ "id": arguments.plan, "counts": counts }))?;
    } else {
        let (added, changed, deleted) = (counts.added, counts.changed, counts.deleted);
        output::line(format!("{added} added, {changed} changed, {deleted} deleted."));
    }
    manager.close().await;
    Ok(())
}

pub(super) async fn list(arguments: &ProjectArguments, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    let manager = opening::open(&arguments.dir, key).await?;
    let plans = manager.import_plans(PLANS).await?;
    if json {
        output::object(&json!({ "plans": plans }))?;
    }
    for plan in plans.iter().filter(|_| !json) {
        let counts = plan.counts;
        output::line(format!(
            "{}  {}  {}: {} added, {} changed, {} deleted  ({}, {})",
            plan.id,
            moment(plan.created_at),
            state(plan),
            counts.added,
            counts.changed,
            counts.deleted,
            plan.mode.name(),
            plan.origin,
        ));
    }
    manager.close().await;
    Ok(())
}

pub(super) async fn undo(arguments: &UndoArguments, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    let manager = opening::open(&arguments.project.dir, key).await?;
    let undone = manager.undo_import(Actor::Operator, arguments.plan).await?;
    if json {
        output::object(&undone)?;
    } else {
        output::line(format!(
            "Undone: {} removed again, {} as before, {} restored.",
            undone.removed, undone.put_back, undone.restored
        ));
        if undone.restored > 0 {
            output::line("Phones of restored users open doors again once they have renewed.");
        }
    }
    manager.close().await;
    Ok(())
}

pub(super) async fn undo_window(
    arguments: &UndoWindowArguments,
    key: &KeyArguments,
    json: bool,
) -> anyhow::Result<()> {
    let manager = opening::open(&arguments.project.dir, key).await?;
    if let Some(hours) = arguments.hours {
        manager.set_undo_window(Actor::Operator, hours.saturating_mul(SECONDS_PER_HOUR)).await?;
    }
    let seconds = manager.undo_window_s().await?;
    if json {
        output::object(&json!({ "undo_window_s": seconds }))?;
    } else {
        let hours = seconds.checked_div(SECONDS_PER_HOUR).unwrap_or_default();
        output::line(format!("Imports can be undone for {hours} hours."));
    }
    manager.close().await;
    Ok(())
}

pub(super) async fn export(
    arguments: &ExportArguments,
    key: &KeyArguments,
    json: bool,
) -> anyhow::Result<()> {
    let manager = opening::open(&arguments.project.dir, key).await?;
    let text = manager.export_users().await?;
    // The header is no user.
    let users = text.lines().count().saturating_sub(1);
    match &arguments.output {
        Some(file) => {
            std::fs::write(file, &text).with_context(|| file.display().to_string())?;
            let file = file.display().to_string();
            if json {
                output::object(&json!({ "file": file, "users": users }))?;
            } else {
                output::line(format!("{users} users written to {file}."));
            }
        }
        None if json => output::object(&json!({ "users": users, "csv": text }))?,
        None => output::text(&text),
    }
    manager.close().await;
    Ok(())
}

fn state(plan: &PlanSummary) -> &'static str {
    match (plan.applied_at, plan.undone_at, plan.confirmation) {
        (_, Some(_), _) => "undone",
        (Some(_), None, _) => "applied",
        (None, None, Some(_)) => "waits to be confirmed",
        (None, None, None) => "not applied",
    }
}

fn moment(time: UnixTime) -> String {
    jiff::Timestamp::from_second(i64::from(time.0))
        .map_or_else(|_| time.0.to_string(), |time| time.to_string())
}
