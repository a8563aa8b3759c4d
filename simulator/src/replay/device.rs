//! The phone's octets, to a door.

use anyhow::{Context, Result};
use credential::ble::segment::AttMtu;
use credential::iso7816::FrontEnd;
use reader_firmware::door::{Arrival, Device};

use super::{Overhearing, Recorded, Replayed, Step, place};
use crate::trace::{Link, Side};
use crate::unit::{DoorUnit, Happened};
use crate::world::World;

pub(super) fn play(recorded: &Recorded, world: &mut World, to: Option<&str>) -> Result<Replayed> {
    let names: Vec<String> = world.doors.iter().map(|door| door.name().to_owned()).collect();
    let index = place(names.iter().map(String::as_str), to, &recorded.begins.door)?;
    let door = world.doors.get_mut(index).context("there is no such door")?;
    let mut heard = Overhearing::begin(recorded);
    let mut replayed = Replayed::default();
    door.unit.prepare();
    let mut step = |device: Device<'_>, played: String, replayed: &mut Replayed, heard: &mut Overhearing| {
        let mut out = Vec::new();
        let events = door.unit.handle(device, &mut out)?.events;
        let answered = out.iter().map(|octets| heard.hear(Side::Reader, octets)).collect();
        let happened = events.iter().map(|event| event.to_json().to_string()).collect();
        replayed.steps.push(Step { played, answered, happened });
        anyhow::Ok(events)
    };
    let mut events = step(
        Device::Arrived(arrival(recorded.begins.link)),
        "a phone arrives".into(),
        &mut replayed,
        &mut heard,
    )?;
    for octets in recorded.of(Side::Device).filter(|octets| !octets.lost) {
        if judge(&events, &mut replayed) {
            break;
        }
        let played = heard.hear(Side::Device, &octets.octets);
        events = step(Device::Sent(&octets.octets), played, &mut replayed, &mut heard)?;
    }
    judge(&events, &mut replayed);
    door.unit.handle(Device::Left, &mut Vec::new())?;
    Ok(replayed)
}

/// Takes what the door says of it; whether the tap is over.
fn judge(events: &[Happened], replayed: &mut Replayed) -> bool {
    for event in events {
        match event {
            Happened::Granted { .. } => replayed.accepted = true,
            Happened::Denied { reason, .. } => replayed.refuse(format!("denied, {reason}")),
            Happened::Failed(why) | Happened::LinkFailed(why) | Happened::DoesNotFit(why) => {
                replayed.refuse(why.clone())
            }
            Happened::NoApplication => replayed.refuse("no application in common"),
            _ => {}
        }
    }
    events.iter().any(Happened::ends)
}

fn arrival(link: Link) -> Arrival {
    match link {
        Link::Nfc { max_transmit, max_receive } => Arrival::Nfc(FrontEnd { max_transmit, max_receive }),
        Link::BleGatt { att_mtu } => Arrival::Gatt(AttMtu::new(att_mtu).unwrap_or(AttMtu::DEFAULT)),
        Link::BleL2cap => Arrival::L2cap,
        Link::Tcp => Arrival::Tcp,
    }
}
