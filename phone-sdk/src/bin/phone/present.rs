//! Taps.

use std::sync::Arc;

use anyhow::Context;
use credential::object::Presence;
use credential::reader::Path;
use phone_sdk::{TapEvent, Wallet};
use serde_json::{Value, json};

use crate::arguments::{Given, Over, PresentArguments};
use crate::output::{self, Ended};
use crate::{stream, virtual_card};

pub(crate) fn present(wallet: &Wallet, arguments: &PresentArguments, json: bool) -> anyhow::Result<Ended> {
    let presence = Arc::new(match arguments.presence {
        Given::None => Presence::None,
        Given::Unlocked => Presence::Unlocked,
        Given::Verified => Presence::Verified,
    });
    let mut taps = Vec::new();
    for _ in 0..arguments.taps {
        let events = tap(wallet, presence.clone(), arguments)?;
        if !json {
            events.iter().for_each(|event| output::line(said(wallet, event)));
        }
        if events.is_empty() && !json {
            output::line("The door said nothing.");
        }
        taps.push(events);
    }
    if json {
        let tap = |events: &Vec<TapEvent>| events.iter().map(of).collect::<Vec<_>>();
        output::object(&json!({ "taps": taps.iter().map(tap).collect::<Vec<_>>() }))?;
    }
    let opened = |event: &TapEvent| matches!(event, TapEvent::Finished(tap) if tap.result.is_ok());
    let all_opened = taps.iter().all(|events| events.iter().any(opened));
    Ok(if all_opened { Ended::Done } else { Ended::NotOpened })
}

fn tap(
    wallet: &Wallet,
    presence: Arc<Presence>,
    arguments: &PresentArguments,
) -> anyhow::Result<Vec<TapEvent>> {
    let address = || arguments.address();
    match arguments.transport {
        Over::Tcp => stream::tap(wallet, presence, address())
            .with_context(|| format!("cannot tap the door at {}", address())),
        Over::PcscCard => virtual_card::tap(wallet, presence, address())
            .with_context(|| format!("cannot tap the door at {}", address())),
        #[cfg(feature = "ble")]
        Over::Ble => {
            let time = std::time::Duration::from_secs(arguments.seconds);
            crate::ble::tap(wallet, presence, arguments.door.as_deref(), time).context("cannot tap over BLE")
        }
    }
}

/// The readers in range.
#[cfg(feature = "ble")]
pub(crate) fn readers(
    wallet: &Wallet,
    arguments: &crate::arguments::ReadersArguments,
    json: bool,
) -> anyhow::Result<Ended> {
    let readers = crate::ble::readers(wallet, std::time::Duration::from_secs(arguments.seconds))?;
    if json {
        let reader = |reader: &phone_sdk::NearbyReader| {
            json!({
                "peripheral": reader.peripheral,
                "name": reader.name,
                "rssi_dbm": reader.rssi_dbm,
                "psm": reader.psm,
                "reader": reader.visited.map(|(_, reader)| reader),
            })
        };
        output::object(&json!({ "readers": readers.iter().map(reader).collect::<Vec<_>>() }))?;
    } else if readers.is_empty() {
        output::line("No reader is in range.");
    }
    for reader in readers.iter().filter(|_| !json) {
        let door = reader.visited.map_or(String::new(), |(_, reader)| format!(", door {}", reader.0));
        let channel = reader.psm.filter(|psm| *psm != 0);
        let channel = channel.map_or(String::new(), |psm| format!(", channel 0x{psm:02X}"));
        let name = reader.name.as_deref().unwrap_or("-");
        output::line(format!("{:>4} dBm  {name} ({}){door}{channel}", reader.rssi_dbm, reader.peripheral));
    }
    Ok(Ended::Done)
}

const fn name(path: Path) -> &'static str {
    match path {
        Path::Full => "full",
        Path::Fast => "fast",
    }
}

fn said(wallet: &Wallet, event: &TapEvent) -> String {
    match event {
        TapEvent::Finished(tap) => {
            let result = match tap.result {
                Ok(()) => "open".to_owned(),
                Err(reason) => format!("denied: {reason}"),
            };
            let card = tap.card.and_then(|id| wallet.card(id).ok());
            let card =
                card.map_or(String::new(), |card| format!(", card {} of {}", card.id.0, card.project_name));
            let brought = match (tap.brought_list, tap.brought_time) {
                (true, true) => "; the door was brought a revocation list and the time",
                (true, false) => "; the door was brought a revocation list",
                (false, true) => "; the door was brought the time",
                (false, false) => "",
            };
            format!("Door {}: {result} ({} path{card}){brought}", tap.reader.0, name(tap.path))
        }
        TapEvent::ReaderRefused(refused) => format!("The reader was told nothing: {refused}"),
        TapEvent::Failed(failure) => format!("The tap came to nothing: {failure}"),
        _ => "Something happened that this version does not know.".to_owned(),
    }
}

fn of(event: &TapEvent) -> Value {
    match event {
        TapEvent::Finished(tap) => json!({
            "event": "finished",
            "code": event.code(),
            "project": format!("{:016x}", u64::from_be_bytes(tap.project.0)),
            "reader": tap.reader,
            "card": tap.card,
            "path": name(tap.path),
            "result": if tap.result.is_ok() { "grant" } else { "deny" },
            "reason": tap.result.err().map(|reason| reason.to_string()),
            "brought_list": tap.brought_list,
            "brought_time": tap.brought_time,
        }),
        TapEvent::ReaderRefused(refused) => {
            json!({ "event": "reader-refused", "code": event.code(), "reason": refused.to_string() })
        }
        TapEvent::Failed(failure) => {
            json!({ "event": "failed", "code": event.code(), "reason": failure.to_string() })
        }
        _ => json!({ "event": "unknown" }),
    }
}
