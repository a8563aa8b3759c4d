//! Importing a CSV file.

use std::io::{IsTerminal, Write};

use anyhow::{Context, bail};
use manager::domain::{Actor, Person, Step};
use manager::{ImportPlan, Manager, Refusal};
use serde_json::{json, to_value};

use super::{ImportArguments, KeyArguments, opening, output};

pub(super) async fn import(
    arguments: &ImportArguments,
    key: &KeyArguments,
    json: bool,
) -> anyhow::Result<()> {
    let octets = std::fs::read(&arguments.file).with_context(|| arguments.file.display().to_string())?;
    let manager = opening::open(&arguments.project.dir, key).await?;
    let plan = manager.plan_import(octets).await?;
    if !json {
        show(&plan);
    }
    let applied = !arguments.dry_run && apply(&manager, &plan, arguments, json).await?;
    if json {
        let mut shown = to_value(&plan)?;
        if let Some(shown) = shown.as_object_mut() {
            shown.insert("applied".to_owned(), json!(applied));
        }
        output::object(&shown)?;
    } else {
        output::line(if applied { "Done." } else { "Nothing was changed." });
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
    let counts = plan.counts;
    if counts.added == 0 && counts.changed == 0 && counts.deleted == 0 {
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
    match manager.apply_import(Actor::Operator, plan.id, confirmed).await {
        Err(manager::Error::Refused(refusal @ Refusal::ConfirmationNeeded(_))) => {
            Err(anyhow::Error::new(manager::Error::from(refusal)).context("--confirm-deletions is needed"))
        }
        other => other.map(|_| true).map_err(Into::into),
    }
}

fn ask(plan: &ImportPlan) -> anyhow::Result<bool> {
    let question = match plan.confirmation {
        Some(_) => format!("{} users would be deleted. Type \"delete\" to go on: ", plan.counts.deleted),
        None => "Do it? [y/N] ".to_owned(),
    };
    let mut out = std::io::stdout();
    write!(out, "{question}")?;
    out.flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    let wanted = if plan.confirmation.is_some() { "delete" } else { "y" };
    Ok(answer.trim().eq_ignore_ascii_case(wanted))
}

fn show(plan: &ImportPlan) {
    let delimiter = match plan.delimiter.character() {
        '\t' => "tab".to_owned(),
        other => format!("\"{other}\""),
    };
    let header = if plan.has_header { "with a header" } else { "without a header" };
    output::line(format!("{}, delimiter {delimiter}, {header}.", plan.encoding));
    for step in &plan.steps {
        output::line(shown_step(step));
    }
    let counts = plan.counts;
    output::line(format!(
        "{} added, {} changed, {} deleted, {} unchanged, {} skipped.",
        counts.added, counts.changed, counts.deleted, counts.unchanged, counts.skipped
    ));
}

fn shown_step(step: &Step) -> String {
    match step {
        Step::Add { new, .. } => format!("+ {}", shown_person(new)),
        Step::Change { old, new, .. } => format!("~ {}: {}", shown_person(old), changes(old, new)),
        Step::Delete { old, .. } => format!("- {}", shown_person(old)),
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
