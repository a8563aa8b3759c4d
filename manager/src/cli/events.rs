//! What readers have reported, on the screen.

use clap::Args;
use manager::domain::{ReaderEvent, ReaderId, ReaderLog, ReceiptState};
use serde_json::json;
use uuid::Uuid;

use super::{KeyArguments, ProjectArguments, opening, output};

/// Events that are read at a time.
const PAGE: u32 = 1000;

#[derive(Debug, Args)]
pub(crate) struct ReaderEventsArguments {
    /// The reader's number.
    reader: u32,
    /// Only events behind this place.
    #[arg(long, value_name = "PLACE", default_value_t = 0)]
    after: u64,
    #[command(flatten)]
    project: ProjectArguments,
}

#[derive(Debug, Args)]
pub(crate) struct UserTapsArguments {
    /// The user, by e-mail address, user ID or id.
    user: String,
    #[command(flatten)]
    pub(crate) project: ProjectArguments,
}

/// Everything that a reader has reported, and what is missing of it.
pub(super) async fn of_reader(
    arguments: &ReaderEventsArguments,
    key: &KeyArguments,
    json: bool,
) -> anyhow::Result<()> {
    let manager = opening::open(&arguments.project.dir, key).await?;
    let reader = ReaderId(arguments.reader);
    let mut events: Vec<ReaderEvent> = Vec::new();
    loop {
        let after = events.last().map_or(arguments.after, |event| event.place);
        let page = manager.reader_events(reader, after, PAGE).await?;
        if page.is_empty() {
            break;
        }
        events.extend(page);
    }
    let logs = manager.reader_logs(reader).await?;
    if json {
        output::object(&json!({ "events": events, "logs": logs }))?;
    } else {
        events.iter().for_each(|event| output::line(in_words(event)));
        logs.iter().filter(|log| log.missing > 0).for_each(|log| output::line(missing(log)));
        output::line(output::counted(events.len(), "event", "events"));
    }
    manager.close().await;
    Ok(())
}

/// Where the phones of a user were granted or denied.
pub(super) async fn of_user(
    manager: &manager::Manager,
    arguments: &UserTapsArguments,
    json: bool,
) -> anyhow::Result<()> {
    let user = manager.find_user(&arguments.user).await?;
    let mut events: Vec<ReaderEvent> = Vec::new();
    loop {
        let after: Option<Uuid> = events.last().map(|event| event.id);
        let page = manager.user_events(user.id, after, PAGE).await?;
        if page.is_empty() {
            break;
        }
        events.extend(page);
    }
    if json {
        return output::object(&json!({ "user": user.id, "events": events }));
    }
    events.iter().for_each(|event| output::line(in_words(event)));
    output::line(output::counted(events.len(), "tap", "taps"));
    Ok(())
}

fn in_words(event: &ReaderEvent) -> String {
    let at = event.at.map_or_else(|| "no clock".to_owned(), |at| at.0.to_string());
    let whose = event.serial.map_or_else(String::new, |serial| format!("  credential {serial}"));
    let receipt = match event.receipt {
        Some(ReceiptState::Holds) => "  receipt holds",
        Some(ReceiptState::Broken) => "  RECEIPT DOES NOT HOLD",
        None => "",
    };
    let ReaderEvent { reader, place, event, detail, .. } = event;
    format!("{place:>6}  {at}  reader {reader}  {event}  {detail}{whose}{receipt}")
}

fn missing(log: &ReaderLog) -> String {
    let ReaderLog { log: id, missing, newest, complete_to, .. } = log;
    format!("Log {id}: {missing} of {newest} are missing; up to {complete_to} they will not come any more.")
}
