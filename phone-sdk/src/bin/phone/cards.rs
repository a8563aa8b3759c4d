//! Commands about cards.

use std::io::{self, BufRead, IsTerminal, Write};

use anyhow::{Context, bail};
use phone_sdk::{Card, CardState, CardWarning, Error, Invitation, Restart, Wallet};
use serde_json::{Value, json};

use crate::arguments::{
    ActivateArguments, CardsArguments, PreferArguments, RemoveArguments, RenewArguments, ResetArguments,
};
use crate::output::{self, Ended};
use crate::{holder, id_card};

pub(crate) fn activate(wallet: &Wallet, arguments: &ActivateArguments, json: bool) -> anyhow::Result<Ended> {
    let text = match arguments.invitation.as_str() {
        "-" => standard_input()?,
        text => text.to_owned(),
    };
    let invitation = match &arguments.manager {
        Some(manager) if !text.contains("://") => Invitation::from_code(manager, &text)?,
        _ => Invitation::from_link(&text)?,
    };
    let given = holder::given(&arguments.holder)?;
    let card = match wallet.activate_with(&invitation, &given) {
        Err(Error::Restart(Restart::HolderAsked)) => {
            let asked = wallet.requirements(&invitation)?;
            wallet.activate_with(&invitation, &holder::completed(given, &asked)?)?
        }
        activated => activated?,
    };
    show(&[card], json)?;
    Ok(Ended::Done)
}

pub(crate) fn list(wallet: &Wallet, arguments: &CardsArguments, json: bool) -> anyhow::Result<Ended> {
    let cards = match arguments.card {
        Some(id) => vec![wallet.card(id)?],
        None => wallet.cards(),
    };
    if let (Some(id), Some(out)) = (arguments.card, &arguments.photo_out) {
        let photo = wallet.photo(id)?.context("this card has no photo")?;
        std::fs::write(out, photo).with_context(|| out.display().to_string())?;
    }
    if cards.is_empty() && !json {
        output::line("There is no card in this wallet; `phone activate LINK` brings one.");
    } else {
        show(&cards, json)?;
    }
    Ok(Ended::Done)
}

/// Renews one card after another; what is said of one does not keep the others from being renewed.
pub(crate) fn renew(wallet: &Wallet, arguments: &RenewArguments, json: bool) -> anyhow::Result<Ended> {
    let (mut renewed, mut failed) = (Vec::new(), Vec::new());
    if arguments.due {
        let report = wallet.renew_due()?;
        (renewed, failed) = (report.renewed, report.failed);
    } else {
        let all = || wallet.cards().iter().map(|card| card.id).collect();
        let cards = if arguments.cards.is_empty() { all() } else { arguments.cards.clone() };
        for id in cards {
            match wallet.renew(id).and_then(|card| wallet.refresh(card.project)) {
                Ok(_) => renewed.push(id),
                Err(error) => failed.push((id, error)),
            }
        }
    }
    // What doors have reported goes along; what does not arrive now goes another time.
    let _ = wallet.deliver_reports();
    if let Some((id, error)) = failed.pop() {
        return Err(anyhow::Error::new(error).context(format!("card {}", id.0)));
    }
    let cards: Vec<Card> = renewed.into_iter().filter_map(|id| wallet.card(id).ok()).collect();
    match (cards.is_empty() && !json, wallet.cards().is_empty()) {
        (true, true) => output::line("There is no card."),
        (true, false) => output::line("No card has to be renewed yet."),
        (false, _) => show(&cards, json)?,
    }
    Ok(Ended::Done)
}

pub(crate) fn prefer(wallet: &Wallet, arguments: &PreferArguments, json: bool) -> anyhow::Result<Ended> {
    let card = wallet.card(arguments.card)?;
    wallet.prefer(card.project, arguments.reader, (!arguments.no_longer).then_some(card.id))?;
    if json {
        let chosen = (!arguments.no_longer).then_some(card.id);
        output::object(&json!({ "reader": arguments.reader, "card": chosen }))?;
    } else if arguments.no_longer {
        output::line(format!("The wallet chooses the card for door {} again.", arguments.reader.0));
    } else {
        output::line(format!("Door {} is shown card {} from now on.", arguments.reader.0, card.id.0));
    }
    Ok(Ended::Done)
}

pub(crate) fn remove(wallet: &Wallet, arguments: &RemoveArguments, json: bool) -> anyhow::Result<Ended> {
    if arguments.offline {
        wallet.remove(arguments.card)?;
    } else {
        let told = wallet.give_back(arguments.card);
        told.context("the card is still there (--offline removes it without its manager)")?;
    }
    if json {
        output::object(&json!({ "removed": arguments.card }))?;
    } else {
        output::line(format!("Card {} is removed.", arguments.card.0));
    }
    Ok(Ended::Done)
}

pub(crate) fn reset(wallet: &Wallet, arguments: &ResetArguments, json: bool) -> anyhow::Result<Ended> {
    let count = wallet.cards().len();
    if !arguments.yes && !confirmed(count)? {
        bail!("nothing was removed");
    }
    for card in wallet.cards().iter().filter(|_| !arguments.offline) {
        let told = wallet.give_back(card.id);
        told.with_context(|| {
            format!("card {} is still there (--offline removes it without its manager)", card.id.0)
        })?;
    }
    wallet.reset()?;
    if json {
        output::object(&json!({ "removed": count }))?;
    } else {
        output::line(format!("The wallet is empty; cards removed: {count}."));
    }
    Ok(Ended::Done)
}

fn confirmed(cards: usize) -> anyhow::Result<bool> {
    if !io::stdin().is_terminal() {
        bail!("say --yes to remove all cards and keys without being asked");
    }
    eprint!("Remove all cards ({cards}) and their keys for good? [y/N] ");
    io::stderr().flush()?;
    Ok(matches!(standard_input()?.to_ascii_lowercase().as_str(), "y" | "yes"))
}

pub(crate) fn standard_input() -> anyhow::Result<String> {
    let mut text = String::new();
    io::stdin().lock().read_line(&mut text).context("cannot read standard input")?;
    Ok(text.trim().to_owned())
}

fn show(cards: &[Card], json: bool) -> anyhow::Result<()> {
    if json {
        return output::object(&json!({ "cards": cards.iter().map(of).collect::<Vec<_>>() }));
    }
    for card in cards {
        let state = said(card.state);
        let (number, project) = (card.id.0, &card.project_name);
        let name = format!("{} {}", card.first_name, card.last_name);
        output::line(match &card.user_id {
            Some(user_id) => format!("{number:>3}  {project}  {name} ({}): {state}", user_id.as_str()),
            // A card to show alone has no user.
            None if name.trim().is_empty() => format!("{number:>3}  {project}: {state}"),
            None => format!("{number:>3}  {project}  {name} (-): {state}"),
        });
        if let Some(id_card) = &card.id_card {
            id_card::lines(id_card).iter().for_each(|line| output::line(format!("     {line}")));
        }
        if let Some(warning) = card.warning {
            output::line(format!("     {}", warned(warning)));
        }
    }
    Ok(())
}

fn of(card: &Card) -> Value {
    json!({
        "id": card.id,
        "project": format!("{:016x}", u64::from_be_bytes(card.project.0)),
        "project_name": card.project_name,
        "first_name": card.first_name,
        "last_name": card.last_name,
        "user_id": card.user_id.as_ref().map(|user_id| user_id.as_str()),
        "not_before": card.validity.map(|validity| validity.not_before),
        "not_after": card.validity.map(|validity| validity.not_after),
        "renew_after": card.renew_after,
        "state": card.state.name(),
        "warning": card.warning.map(CardWarning::name),
        "id_card": card.id_card,
    })
}

const fn said(state: CardState) -> &'static str {
    match state {
        CardState::Active => "opens doors",
        CardState::RenewalDue => "opens doors; renew it when there is a network",
        CardState::NotYetValid => "opens no door yet",
        CardState::Expired => "expired: renew it",
        CardState::Suspended => "suspended: renew it once the administrator has resumed it",
        CardState::Revoked => "revoked for good: remove it",
        CardState::ShowOnly => "is shown, and opens no door",
        _ => "of a state that this version does not know",
    }
}

fn warned(warning: CardWarning) -> String {
    match warning {
        CardWarning::Revoked => "Doors refuse it; `phone remove` takes it away.".to_owned(),
        CardWarning::OnRevocationList => {
            "Doors refuse it: it is on the revocation list; `phone renew` says why.".to_owned()
        }
        CardWarning::Suspended => "Doors are not shown it.".to_owned(),
        CardWarning::Expired { since } => format!("Doors refuse it since {} (Unix time).", since.0),
        CardWarning::ClockWrong { ahead_s } => format!("The clock of this computer is wrong by {ahead_s} s."),
        CardWarning::OfflineTooLong { until, .. } => {
            format!("It could not be renewed for long; doors refuse it from {} (Unix time) on.", until.0)
        }
        _ => "It has a warning that this version does not know.".to_owned(),
    }
}
