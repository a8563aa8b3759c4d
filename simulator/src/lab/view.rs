//! What the page shows: everybody and everything as they are now, and one tap after the other.

use jiff::Timestamp;
use phone_sdk::{Card, CardWarning};
use serde_json::{Value, json};

use super::building::Building;
use super::lamp;
use crate::decode::Conversation;
use crate::scenario::{StepReport, acts};
use crate::trace::of_tap;
use crate::world::{Door, Phone, TapRecord, World};

/// Lines of what happened that are shown.
const LINES: usize = 200;

/// Everything but the taps.
pub(super) fn state(building: &mut Building) -> Value {
    let people: Vec<Value> =
        (0..building.play.world.people().len()).map(|index| person(building, index)).collect();
    let scenario = &building.script.scenario;
    let world = &building.play.world;
    let steps: Vec<Value> = building.play.reports.iter().map(step).collect();
    let skipped = world.timeline().len().saturating_sub(LINES);
    let lines = world.timeline().iter().skip(skipped);
    json!({
        "title": scenario.title,
        "seed": scenario.plan.seed,
        "now_us": world.clock().now_us(),
        "clock": clock(world, world.clock().now_us()),
        "generation": building.generation,
        "slowness": building.slowness,
        "busy": building.is_busy(),
        "digest": world.digest(),
        "script": building.script.text(),
        "steps": steps,
        "people": people,
        "phones": world.phones().iter().map(|at| phone(world, at)).collect::<Vec<_>>(),
        "doors": world.doors().iter().map(|at| door(world, at)).collect::<Vec<_>>(),
        "links": scenario.links,
        "lines": lines.map(|line| json!({
            "at_us": line.at_us, "clock": clock(world, line.at_us), "who": line.who, "text": line.text,
        })).collect::<Vec<_>>(),
        "taps": world.records().iter().map(outcome).collect::<Vec<_>>(),
    })
}

/// What can be done, and what it reads.
pub(super) fn everything() -> Value {
    let act = |(name, reads, _): (&str, &str, &[&str])| {
        let reads: Vec<&str> = reads.split(", ").filter(|read| !read.is_empty()).collect();
        json!({ "do": name, "reads": reads })
    };
    acts().map(act).collect()
}

/// A tap, message by message; of one that is under way as much as was seen.
pub(super) fn tap(world: &World, number: u64) -> Option<Value> {
    let record = world.tap_under_way(number).or_else(|| world.record(number))?;
    let mut conversation = Conversation::default();
    let records = of_tap(record);
    let said: Vec<_> = records.iter().flat_map(|record| conversation.take(record)).collect();
    let door = world.doors().iter().find(|door| door.name() == record.door);
    let at_door = record.at_door.iter().map(|(at_us, happened)| {
        json!({
            "at_us": at_us, "at": "reader", "event": happened.to_json(), "lamp": lamp::shown(happened),
        })
    });
    let at_phone = record.at_phone.iter().map(|(at_us, told)| {
        json!({
            "at_us": at_us, "at": "device",
            "event": { "event": told.code(), "words": crate::handset::in_words(told) },
        })
    });
    let pieces: Vec<Value> = record
        .pieces
        .iter()
        .map(|piece| {
            json!({
                "sent_us": piece.sent_us,
                "arrived_us": piece.arrived_us,
                "from": if piece.to == crate::world::End::Door { "device" } else { "reader" },
                "octets": piece.octets.len(),
            })
        })
        .collect();
    let mut view = outcome(record);
    let more = json!({
        "clock": clock(world, record.began_us),
        "up_us": record.up_us,
        "ended_us": record.ended_us,
        "interval_us": record.link.interval_us,
        "format": door.map(|door| door.plan().output.to_string()),
        "told_in_words": record.told_in_words(),
        "messages": said,
        "pieces": pieces,
        "events": at_door.chain(at_phone).collect::<Vec<_>>(),
        "reading": lamp::reading(),
    });
    if let (Some(view), Value::Object(more)) = (view.as_object_mut(), more) {
        view.extend(more);
    }
    Some(view)
}

/// A tap in a line.
fn outcome(record: &TapRecord) -> Value {
    json!({
        "number": record.number,
        "phone": record.phone,
        "door": record.door,
        "link": record.link.kind.name(),
        "began_us": record.began_us,
        "result": record.result(),
        "path": record.path(),
        "output": record.output(),
        "reason": record.reason(),
        "told": record.told(),
        "pairs": record.pairs,
        "octets": record.octets(),
        "us": record.decided_after_us(),
        "over": record.ended_us.is_some(),
    })
}

fn person(building: &mut Building, index: usize) -> Value {
    let user = building.play.world.user(index).ok();
    let Some(somebody) = building.play.world.people().get(index) else { return Value::Null };
    json!({
        "name": somebody.plan.name,
        "last_name": somebody.plan.person.last_name,
        "email": somebody.plan.person.email,
        "user_id": user.as_ref().map(|user| user.person.user_id.clone()),
        "status": user.as_ref().map_or("not_known", |user| user.status.name()),
        "invitations": somebody.invitations.len(),
    })
}

fn phone(world: &World, phone: &Phone) -> Value {
    let card = |card: &Card| {
        json!({
            "project": card.project_name,
            "holder": card.first_name,
            "user_id": card.user_id.as_ref().map(|id| id.as_str().to_owned()),
            "state": card.state.name(),
            "warning": card.warning.map(CardWarning::name),
        })
    };
    json!({
        "name": phone.name(),
        "powered": phone.is_powered(),
        "online": phone.is_online(),
        "cards": phone.wallet().cards().iter().map(card).collect::<Vec<_>>(),
        "reports": phone.wallet().reports_held(),
        "tap": under_way(world, |record| record.phone == phone.name()),
    })
}

fn door(world: &World, door: &Door) -> Value {
    let (plan, unit) = (door.plan(), door.unit());
    json!({
        "name": door.name(),
        "reader": door.reader().0,
        "output": plan.output.to_string(),
        "presence": plan.presence.name(),
        "link": plan.link.kind.name(),
        "powered": door.is_powered(),
        "list": unit.list_version(),
        "configuration": unit.configuration_version(),
        "clock": unit.wall_clock().map(|time| time.0),
        "lamp": lamp::resting(),
        "tap": under_way(world, |record| record.door == door.name()),
    })
}

fn under_way(world: &World, whose: impl Fn(&TapRecord) -> bool) -> Option<u64> {
    let is_whose = |number: &u64| world.tap_under_way(*number).is_some_and(&whose);
    world.taps_under_way().into_iter().find(is_whose)
}

fn step(report: &StepReport) -> Value {
    json!({
        "line": report.line,
        "do": report.name,
        "at_us": report.at_us,
        "facts": report.facts.to_json(),
        "text": report.facts.to_string(),
        "failures": report.failures,
    })
}

fn clock(world: &World, at_us: u64) -> String {
    let us = i64::from(world.clock().unix_at(0).0)
        .saturating_mul(1_000_000)
        .saturating_add(i64::try_from(at_us).unwrap_or(i64::MAX));
    Timestamp::from_microsecond(us)
        .map(|time| time.strftime("%a %d %b %H:%M:%S%.3f").to_string())
        .unwrap_or_default()
}
