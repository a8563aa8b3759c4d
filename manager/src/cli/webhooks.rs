//! Endpoints that are told what happens.

use clap::{Args, Subcommand};
use manager::domain::{Actor, DeliveryState, Expected, Webhook};
use manager::network::Network;
use manager::{Delivery, JobKind, Manager, NewWebhook, WebhookEdit, WebhookOptions};
use serde_json::{json, to_value};
use uuid::Uuid;

use super::{KeyArguments, ProjectArguments, output};

#[derive(Debug, Subcommand)]
pub(crate) enum WebhookCommand {
    /// Add an endpoint; prints its secret, once.
    Add(AddArguments),
    /// List endpoints.
    List(ProjectArguments),
    /// Show an endpoint.
    Show(WebhookArguments),
    /// Change an endpoint, or turn it off or on; what is not named stays as it is.
    Edit(EditArguments),
    /// Give an endpoint another secret, and print it, once; it signs from now on.
    Secret(WebhookArguments),
    /// Remove an endpoint, and what it was and was to be told.
    Remove(WebhookArguments),
    /// Post the event webhook.test now, and show what came of it.
    Test(TestArguments),
    /// List what an endpoint was and is to be told, newest first.
    Deliveries(DeliveriesArguments),
    /// Tell an endpoint something once more.
    Redeliver(RedeliverArguments),
}

/// Where endpoints may be.
#[derive(Clone, Debug, Args)]
pub(crate) struct ReachArguments {
    /// Network that is not public, such as 10.1.0.0/16 or 127.0.0.1, that webhooks may nevertheless reach; may be given
    /// more than once.
    #[arg(
        long = "webhook-network",
        env = "OSTIARY_WEBHOOK_NETWORKS",
        value_name = "RANGE",
        value_delimiter = ','
    )]
    networks: Vec<Network>,
}

#[derive(Debug, Args)]
pub(crate) struct AddArguments {
    /// Where events are posted to: https://…, or http://… on the loopback interface.
    url: String,
    /// Events that it is told of, with commas between them; docs/manager/webhooks.md lists them.
    #[arg(long, value_name = "EVENTS", value_delimiter = ',', default_value = "all")]
    events: Vec<String>,
    /// What it is for.
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    description: String,
    #[command(flatten)]
    project: ProjectArguments,
}

#[derive(Debug, Args)]
pub(crate) struct WebhookArguments {
    /// The endpoint's id.
    webhook: Uuid,
    #[command(flatten)]
    project: ProjectArguments,
}

#[derive(Debug, Args)]
#[group(id = "webhook_change", required = true, multiple = true)]
struct ChangeArguments {
    /// Where events are posted to.
    #[arg(long)]
    url: Option<String>,
    /// Events that it is told of, with commas between them; all is every event.
    #[arg(long, value_name = "EVENTS", value_delimiter = ',')]
    events: Option<Vec<String>>,
    /// What it is for.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Turn it on: it is told what happens from now on.
    #[arg(long, conflicts_with = "off")]
    on: bool,
    /// Turn it off, and give up what it was to be told.
    #[arg(long)]
    off: bool,
}

#[derive(Debug, Args)]
pub(crate) struct EditArguments {
    /// The endpoint's id.
    webhook: Uuid,
    #[command(flatten)]
    change: ChangeArguments,
    #[command(flatten)]
    project: ProjectArguments,
}

#[derive(Debug, Args)]
pub(crate) struct TestArguments {
    /// The endpoint's id.
    webhook: Uuid,
    /// As for `serve`.
    #[command(flatten)]
    reach: ReachArguments,
    #[command(flatten)]
    project: ProjectArguments,
}

#[derive(Debug, Args)]
pub(crate) struct DeliveriesArguments {
    /// The endpoint's id.
    webhook: Uuid,
    /// Only those in this state: queued, delivered, deferred or failed.
    #[arg(long, value_parser = parse_state)]
    state: Option<DeliveryState>,
    /// How many at most.
    #[arg(long, default_value_t = 20)]
    limit: u32,
    #[command(flatten)]
    project: ProjectArguments,
}

#[derive(Debug, Args)]
pub(crate) struct RedeliverArguments {
    /// The endpoint's id.
    webhook: Uuid,
    /// The delivery's id.
    #[arg(required_unless_present = "failed")]
    delivery: Option<Uuid>,
    /// Everything that was given up, the newest 1,000.
    #[arg(long, conflicts_with = "delivery")]
    failed: bool,
    #[command(flatten)]
    project: ProjectArguments,
}

impl ReachArguments {
    /// The manager whose webhooks reach these networks.
    pub(super) fn apply(&self, manager: Manager) -> Manager {
        manager.with_webhooks(WebhookOptions { networks: self.networks.clone(), ..WebhookOptions::default() })
    }
}

pub(super) async fn run(command: &WebhookCommand, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    match command {
        WebhookCommand::Add(arguments) => add(arguments, key, json).await,
        WebhookCommand::List(arguments) => list(arguments, key, json).await,
        WebhookCommand::Show(arguments) => show(arguments, key, json).await,
        WebhookCommand::Edit(arguments) => edit(arguments, key, json).await,
        WebhookCommand::Secret(arguments) => secret(arguments, key, json).await,
        WebhookCommand::Remove(arguments) => remove(arguments, key, json).await,
        WebhookCommand::Test(arguments) => test(arguments, key, json).await,
        WebhookCommand::Deliveries(arguments) => deliveries(arguments, key, json).await,
        WebhookCommand::Redeliver(arguments) => redeliver(arguments, key, json).await,
    }
}

async fn add(arguments: &AddArguments, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    let manager = arguments.project.open(key).await?;
    let new = NewWebhook {
        url: arguments.url.clone(),
        description: arguments.description.clone(),
        events: arguments.events.clone(),
    };
    let (webhook, secret) = manager.add_webhook(Actor::Operator, &new).await?;
    with_secret(&webhook, &secret, json)?;
    manager.close().await;
    Ok(())
}

async fn secret(arguments: &WebhookArguments, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    let manager = arguments.project.open(key).await?;
    let (webhook, secret) = manager.exchange_webhook_secret(Actor::Operator, arguments.webhook).await?;
    with_secret(&webhook, &secret, json)?;
    manager.close().await;
    Ok(())
}

fn with_secret(webhook: &Webhook, secret: &str, json: bool) -> anyhow::Result<()> {
    if json {
        let mut shown = to_value(webhook)?;
        if let Some(shown) = shown.as_object_mut() {
            shown.insert("secret".to_owned(), json!(secret));
        }
        return output::object(&shown);
    }
    output::line(line(webhook));
    output::line(format!("Secret, shown only now: {secret}"));
    Ok(())
}

async fn list(arguments: &ProjectArguments, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    let manager = arguments.open(key).await?;
    let webhooks = manager.webhooks().await?;
    if json {
        output::object(&json!({ "webhooks": webhooks }))?;
    } else {
        for webhook in &webhooks {
            output::line(line(webhook));
        }
        output::line(output::counted(webhooks.len(), "webhook", "webhooks"));
    }
    manager.close().await;
    Ok(())
}

async fn show(arguments: &WebhookArguments, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    let manager = arguments.project.open(key).await?;
    let webhook = manager.webhook(arguments.webhook).await?;
    shown(&webhook, json)?;
    manager.close().await;
    Ok(())
}

async fn edit(arguments: &EditArguments, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    let manager = arguments.project.open(key).await?;
    let ChangeArguments { url, events, description, on, off } = &arguments.change;
    let edit = WebhookEdit {
        url: url.clone(),
        description: description.clone(),
        events: events.clone(),
        enabled: (*on || *off).then_some(*on),
    };
    let webhook = manager.edit_webhook(Actor::Operator, &Expected::Any, arguments.webhook, &edit).await?;
    shown(&webhook, json)?;
    manager.close().await;
    Ok(())
}

async fn remove(arguments: &WebhookArguments, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    let manager = arguments.project.open(key).await?;
    manager.remove_webhook(Actor::Operator, arguments.webhook).await?;
    if json {
        output::object(&json!({ "removed": arguments.webhook }))?;
    } else {
        output::line("Removed.");
    }
    manager.close().await;
    Ok(())
}

/// Queues the test, posts what is due, and says what became of it.
async fn test(arguments: &TestArguments, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    let manager = arguments.reach.apply(arguments.project.open(key).await?);
    let queued = manager.test_webhook(Actor::Operator, arguments.webhook).await?;
    let report = manager.run_kind(JobKind::Webhooks).await?;
    let delivery = manager.delivery(arguments.webhook, queued.id).await?;
    if json {
        output::object(&json!({ "delivery": delivery, "run": report }))?;
    } else {
        output::line(delivery_line(&delivery));
        if delivery.state == DeliveryState::Queued {
            output::line("It is posted with the next run; look again with `webhook deliveries`.");
        }
    }
    manager.close().await;
    Ok(())
}

async fn deliveries(arguments: &DeliveriesArguments, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    let manager = arguments.project.open(key).await?;
    let DeliveriesArguments { webhook, state, limit, .. } = arguments;
    let deliveries = manager.deliveries(*webhook, *state, None, *limit).await?;
    if json {
        output::object(&json!({ "deliveries": deliveries }))?;
    } else {
        for delivery in &deliveries {
            output::line(delivery_line(delivery));
        }
        output::line(output::counted(deliveries.len(), "delivery", "deliveries"));
    }
    manager.close().await;
    Ok(())
}

async fn redeliver(arguments: &RedeliverArguments, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    let manager = arguments.project.open(key).await?;
    let webhook = arguments.webhook;
    let meant: Vec<Uuid> = match arguments.delivery {
        Some(delivery) => vec![delivery],
        None => {
            let failed = manager.deliveries(webhook, Some(DeliveryState::Failed), None, 1000).await?;
            // In the order in which they happened.
            failed.into_iter().rev().map(|delivery| delivery.id).collect()
        }
    };
    let mut queued = Vec::with_capacity(meant.len());
    for delivery in meant {
        queued.push(manager.redeliver(Actor::Operator, webhook, delivery).await?);
    }
    if json {
        output::object(&json!({ "queued": queued }))?;
    } else {
        output::line(format!("Queued again: {}", output::counted(queued.len(), "delivery", "deliveries")));
    }
    manager.close().await;
    Ok(())
}

fn shown(webhook: &Webhook, json: bool) -> anyhow::Result<()> {
    if json {
        return output::object(webhook);
    }
    output::line(line(webhook));
    if !webhook.description.is_empty() {
        output::line(format!("For: {}", webhook.description));
    }
    output::line(format!("Events: {}", webhook.events.join(", ")));
    Ok(())
}

fn line(webhook: &Webhook) -> String {
    let state = match (webhook.off_because, webhook.failing_since) {
        (Some(reason), _) => format!("off ({})", reason.name()),
        (None, Some(since)) => format!("failing since {}", time(since)),
        (None, None) => "on".to_owned(),
    };
    format!("{}  {}  {state}", webhook.id, webhook.url)
}

fn delivery_line(delivery: &Delivery) -> String {
    let Delivery { id, event, state, since, attempts, error, next_attempt_at, .. } = delivery;
    let error = error.as_ref().map(|error| format!("  ({error})")).unwrap_or_default();
    let next = next_attempt_at.map(|at| format!("  next {}", time(at))).unwrap_or_default();
    format!("{id}  {event:24}  {:9}  since {}  {attempts} attempts{next}{error}", state.name(), time(*since))
}

fn time(at: manager::domain::UnixTime) -> String {
    jiff::Timestamp::from_second(i64::from(at.0)).map(|time| time.to_string()).unwrap_or_default()
}

fn parse_state(text: &str) -> Result<DeliveryState, String> {
    let names = DeliveryState::ALL.map(DeliveryState::name).join(", ");
    DeliveryState::from_name(text).ok_or_else(|| format!("the states are {names}"))
}
