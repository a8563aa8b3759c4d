//! How cards are listed and shown.

use manager::domain::{Card, CardStatus, folded};
use manager::{CardFilter, Manager};
use serde_json::json;
use uuid::Uuid;

use super::ListArguments;
use crate::cli::output;
use crate::cli::people::words::moment;

/// Cards that are read at a time.
const PAGE: u32 = 1000;

pub(super) async fn list(manager: &Manager, arguments: &ListArguments, json: bool) -> anyhow::Result<()> {
    if arguments.counts {
        return counts(manager, json).await;
    }
    let template = match &arguments.template {
        Some(template) => Some(manager.find_template(template).await?.id),
        None => None,
    };
    let filter = CardFilter {
        status: arguments.status,
        template,
        user: None,
        photo_waits: arguments.photo_waits,
        search: arguments.search.as_deref().and_then(folded),
    };
    let mut cards: Vec<Card> = Vec::new();
    loop {
        let page = manager.cards(&filter, cards.last().map(|card| card.id), PAGE).await?;
        if page.is_empty() {
            break;
        }
        cards.extend(page);
    }
    if json {
        return output::object(&json!({ "cards": cards }));
    }
    for card in &cards {
        let waits = if card.photo.waiting_since.is_some() { ", a photo waits" } else { "" };
        let title = card.fields.values().next().map(String::as_str).unwrap_or_default();
        output::line(format!(
            "{:12}  {:11}  {}  {title}{waits}",
            card.card_id,
            card.status.label(),
            card.template_name
        ));
    }
    output::line(output::counted(cards.len(), "card", "cards"));
    Ok(())
}

async fn counts(manager: &Manager, json: bool) -> anyhow::Result<()> {
    let counts = manager.card_counts().await?;
    if json {
        let one = |(template, status, count): &(Uuid, CardStatus, u64)| json!({ "template": template, "status": status, "count": count });
        return output::object(&json!({ "counts": counts.iter().map(one).collect::<Vec<_>>() }));
    }
    for (template, status, count) in counts {
        let name = manager.template(template).await?.design.name;
        output::line(format!("{:11}  {count:9}  {name}", status.label()));
    }
    Ok(())
}

pub(super) fn show(manager: &Manager, card: &Card, json: bool) -> anyhow::Result<()> {
    if json {
        return output::object(card);
    }
    let row = |label: &str, text: &str| output::line(format!("{label:17}  {text}"));
    row("Card ID", &card.card_id);
    row("Template", &card.template_name);
    row("Status", card.status.label());
    for (key, value) in &card.fields {
        row(key, value);
    }
    let optional = [
        ("Barcode", &card.barcode_value),
        ("Unique identifier", &card.unique_identifier),
        ("E-mail address", &card.email),
        ("Terms accepted", &card.terms_accepted),
    ];
    for (label, value) in optional {
        if let Some(value) = value {
            row(label, value);
        }
    }
    for question in &card.questions {
        row("Question", question);
    }
    if let Some(expires_at) = card.expires_at {
        row("Ends", &format!("{} ({})", moment(manager, expires_at), card.expiry_rule.name()));
    }
    let photo = match (card.photo.waiting_since, card.photo.refused, &card.photo.shown) {
        (Some(_), ..) => "waits for approval",
        (None, true, _) => "refused",
        (None, false, Some(_)) => "shown",
        (None, false, None) => "none",
    };
    row("Photo", photo);
    if let Some(until) = card.locked_until {
        row("Locked until", &moment(manager, until));
    }
    if let (Some(device), Some(at)) = (card.device, card.installed_at) {
        row("Phone", &format!("{device}, since {}", moment(manager, at)));
    }
    if let Some(user) = card.user {
        row("User", &user.to_string());
    }
    row("Id", &card.id.to_string());
    Ok(())
}
