//! The door's octets, to a phone.

use anyhow::{Context, Result};
use credential::object::Presence;
use credential::transport::Transport;
use phone_sdk::TapEvent;

use super::{Overhearing, Recorded, Replayed, Step, place};
use crate::handset::{Handset, in_words};
use crate::trace::{Link, Side};
use crate::world::World;

pub(super) fn play(recorded: &Recorded, world: &mut World, to: Option<&str>) -> Result<Replayed> {
    let names: Vec<String> = world.phones.iter().map(|phone| phone.name().to_owned()).collect();
    let index = place(names.iter().map(String::as_str), to, &recorded.begins.phone)?;
    let wallet = world.phones.get(index).context("there is no such phone")?.wallet();
    // Nothing is refused for want of presence that would not be refused anyway.
    let presence = Presence::Verified;
    let (mut handset, att_mtu) = match recorded.begins.link {
        Link::Nfc { .. } => (Handset::nfc(wallet, presence), 0),
        Link::BleGatt { att_mtu } => (Handset::ble(wallet, presence), att_mtu),
        Link::BleL2cap => (Handset::stream(wallet, presence, Transport::BleL2cap), 0),
        Link::Tcp => (Handset::stream(wallet, presence, Transport::Tcp), 0),
    };
    let mut heard = Overhearing::begin(recorded);
    let mut replayed = Replayed::default();
    let wishes = handset.arrive(&recorded.begins.door, att_mtu);
    let sent = handset.at_once(wishes);
    note(sent, "a door is there".into(), &mut handset, &mut heard, &mut replayed);
    for octets in recorded.of(Side::Reader).filter(|octets| !octets.lost) {
        if replayed.refused.is_some() {
            break;
        }
        let played = heard.hear(Side::Reader, &octets.octets);
        let wishes = handset.receive(&octets.octets);
        let sent = handset.at_once(wishes);
        note(sent, played, &mut handset, &mut heard, &mut replayed);
    }
    handset.leave();
    Ok(replayed)
}

fn note(
    sent: Vec<Vec<u8>>,
    played: String,
    handset: &mut Handset,
    heard: &mut Overhearing,
    replayed: &mut Replayed,
) {
    let answered: Vec<String> = sent.iter().map(|octets| heard.hear(Side::Device, octets)).collect();
    let events: Vec<TapEvent> = std::iter::from_fn(|| handset.poll_event()).collect();
    let happened = events.iter().map(|event| format!("{}: {}", event.code(), in_words(event))).collect();
    for event in &events {
        match event {
            TapEvent::Finished(_) => replayed.accepted = true,
            other => replayed.refuse(in_words(other)),
        }
    }
    // A card says no with a status word before it says why.
    let word = sent.last().and_then(|octets| octets.last_chunk::<2>().copied());
    if let Some(word @ [0x62..=0x6F, _]) = word {
        replayed.refuse(format!("status word {:04X}", u16::from_be_bytes(word)));
    }
    replayed.steps.push(Step { played, answered, happened });
}
