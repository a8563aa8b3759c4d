//! Taps under way: pieces travel, clocks run out, phones leave.

use credential::ble::segment::AttMtu;
use credential::iso7816::FrontEnd;
use credential::object::Presence;
use credential::transport::Transport;
use phone_sdk::BleEvent;
use reader_firmware::door::{Arrival, Device};

use anyhow::{Context, Result, ensure};

use super::link::{Carried, Carrier, End, LinkKind, LinkSettings};
use super::record::{Piece, TapRecord};
use super::{Event, World};
use crate::handset::{Handset, Wish};
use crate::unit::{DoorUnit, Handled, Happened};

/// What is asked of a tap.
#[derive(Clone, Copy, Debug, Default)]
pub struct TapPlan {
    /// The link; the door's own if it is `None`.
    pub link: Option<LinkSettings>,
    /// What the holder has shown.
    pub presence: Presence,
    /// The phone is gone after so many answers.
    pub leaves_after: Option<usize>,
    /// The phone's battery is empty after so many answers.
    pub dies_after: Option<usize>,
}

/// A tap under way.
pub(super) struct Running {
    pub(super) phone: usize,
    pub(super) door: usize,
    plan: TapPlan,
    link: LinkSettings,
    /// The link, once the phone's turn has come.
    up: Option<Up>,
    record: TapRecord,
    /// Events that wait in the queue.
    awaited: usize,
    answers: usize,
    over: bool,
}

impl Running {
    /// What was seen of it so far.
    pub(super) const fn record(&self) -> &TapRecord {
        &self.record
    }
}

struct Up {
    handset: Handset,
    carrier: Carrier,
}

impl World {
    /// Holds a phone to a door; what comes of it is in the record when the tap is over.
    ///
    /// A door that is busy serves the phone after the one before.
    ///
    /// # Errors
    /// When there is no such phone or door, or the phone is at a door.
    pub fn begin_tap(&mut self, phone: usize, door: usize, plan: TapPlan) -> Result<u64> {
        let at = self.phones.get_mut(phone).context("there is no such phone")?;
        let to = self.doors.get_mut(door).context("there is no such door")?;
        ensure!(at.tap.is_none(), "phone {} is at a door already", at.name());
        let number = self.taps_begun.saturating_add(1);
        self.taps_begun = number;
        let link = plan.link.unwrap_or(to.plan.link);
        let record = TapRecord {
            number,
            phone: at.name().to_owned(),
            door: to.name().to_owned(),
            link,
            began_us: self.clock.now_us(),
            up_us: None,
            ended_us: None,
            pieces: Vec::new(),
            at_door: Vec::new(),
            at_phone: Vec::new(),
            broken: None,
            pairs: 0,
        };
        let mut running =
            Running { phone, door, plan, link, up: None, record, awaited: 0, answers: 0, over: false };
        if !at.powered || !to.powered {
            running.record.broken =
                Some(if at.powered { "the door has no power" } else { "the phone's battery is empty" });
            running.record.ended_us = Some(self.clock.now_us());
            self.finish(running.record);
            return Ok(number);
        }
        at.tap = Some(number);
        self.running.insert(number, running);
        if to.tap.is_some() {
            to.waiting.push_back(number);
        } else {
            to.tap = Some(number);
            self.connect(number);
        }
        Ok(number)
    }

    /// The link comes up after its time.
    fn connect(&mut self, number: u64) {
        let Some(running) = self.running.get_mut(&number) else { return };
        running.awaited = running.awaited.saturating_add(1);
        let at = self.clock.now_us().saturating_add(running.link.connect_us);
        self.schedule(at, Event::Connected(number));
    }

    pub(super) fn connected(&mut self, number: u64) -> Result<()> {
        let now = self.clock.now_us();
        let Some(running) = self.running.get_mut(&number) else { return Ok(()) };
        running.awaited = running.awaited.saturating_sub(1);
        running.record.up_us = Some(now);
        let phone = self.phones.get(running.phone).context("the phone of a tap")?;
        let (wallet, presence, link) = (&phone.wallet, running.plan.presence, running.link);
        let mut handset = match link.kind {
            LinkKind::Nfc => Handset::nfc(wallet, presence),
            LinkKind::Ble => Handset::ble(wallet, presence),
            LinkKind::L2cap => Handset::stream(wallet, presence, Transport::BleL2cap),
            LinkKind::Tcp => Handset::stream(wallet, presence, Transport::Tcp),
        };
        let door = self.doors.get_mut(running.door).context("the door of a tap")?;
        door.unit.prepare();
        let wishes = handset.arrive(door.name(), link.att_mtu);
        let rng = self.seeds.rng(&format!("link {number}"));
        running.up = Some(Up { handset, carrier: Carrier::new(link, rng, now) });
        // Over GATT a phone is there when it has subscribed.
        match link.kind {
            LinkKind::Nfc => self.at_door(number, Device::Arrived(Arrival::Nfc(FrontEnd::SHORT)))?,
            LinkKind::L2cap => self.at_door(number, Device::Arrived(Arrival::L2cap))?,
            LinkKind::Tcp => self.at_door(number, Device::Arrived(Arrival::Tcp))?,
            LinkKind::Ble => {}
        }
        self.wish(number, wishes);
        self.settle(number)
    }

    /// Octets have come to one end.
    pub(super) fn arrived(&mut self, number: u64, to: End, octets: &[u8]) -> Result<()> {
        if !self.awaited(number) {
            return Ok(());
        }
        match to {
            End::Door => {
                if let Some(running) = self.running.get_mut(&number) {
                    let ends = running.up.as_ref().is_some_and(|up| up.handset.ends_message(octets));
                    if running.record.decision().is_none() && ends {
                        running.record.pairs = running.record.pairs.saturating_add(1);
                    }
                }
                self.at_door(number, Device::Sent(octets))?;
            }
            End::Phone => {
                if self.is_gone(number) {
                    return self.settle(number);
                }
                let Some(running) = self.running.get_mut(&number) else { return Ok(()) };
                let wishes = running.up.as_mut().map(|up| up.handset.receive(octets)).unwrap_or_default();
                self.wish(number, wishes);
            }
        }
        self.settle(number)
    }

    /// The phone's own stack reports something.
    pub(super) fn reported(&mut self, number: u64, event: BleEvent) -> Result<()> {
        if !self.awaited(number) {
            return Ok(());
        }
        if event == BleEvent::Subscribed {
            let att_mtu = self.running.get(&number).map_or(0, |running| running.link.att_mtu);
            let att_mtu = AttMtu::new(att_mtu).unwrap_or(AttMtu::DEFAULT);
            self.at_door(number, Device::Arrived(Arrival::Gatt(att_mtu)))?;
        }
        let Some(running) = self.running.get_mut(&number) else { return Ok(()) };
        let wishes = running.up.as_mut().map(|up| up.handset.told(event)).unwrap_or_default();
        self.wish(number, wishes);
        self.settle(number)
    }

    /// The door's patience may be over.
    pub(super) fn expired(&mut self, number: u64) -> Result<()> {
        let now = self.clock.now_us();
        let Some(running) = self.running.get(&number) else { return Ok(()) };
        let door = self.doors.get_mut(running.door).context("the door of a tap")?;
        match door.unit.poll_at_ms().map(|ms| door.crystal.moment_us(ms)) {
            Some(at) if at > now => {
                if running.awaited == 0 {
                    self.schedule(at, Event::Expires(number));
                }
                Ok(())
            }
            Some(_) => {
                let handled = door.unit.expire();
                self.note(number, handled);
                self.leave(number, Some("nobody answered"))
            }
            None if running.awaited == 0 => self.leave(number, None),
            None => Ok(()),
        }
    }

    /// The link has given up.
    pub(super) fn went_down(&mut self, number: u64) -> Result<()> {
        self.leave(number, Some("the link went down"))
    }

    /// Whether an event of a tap is still of interest, which it then no longer waits for.
    fn awaited(&mut self, number: u64) -> bool {
        let Some(running) = self.running.get_mut(&number) else { return false };
        running.awaited = running.awaited.saturating_sub(1);
        true
    }

    /// Tells the door what its radio says, and sends what it answers.
    fn at_door(&mut self, number: u64, device: Device<'_>) -> Result<()> {
        let Some(running) = self.running.get(&number) else { return Ok(()) };
        let door = self.doors.get_mut(running.door).context("the door of a tap")?;
        let delay = door.plan.delay_us;
        let mut transmitted = Vec::new();
        let handled = door.unit.handle(device, &mut transmitted)?;
        self.note(number, handled);
        for octets in transmitted {
            self.send(number, End::Phone, octets, delay);
        }
        Ok(())
    }

    /// Does what the phone wants.
    fn wish(&mut self, number: u64, wishes: Vec<Wish>) {
        let now = self.clock.now_us();
        for wish in wishes {
            let Some(running) = self.running.get_mut(&number) else { return };
            let delay = self.phones.get(running.phone).map_or(0, |phone| phone.plan.delay_us);
            match wish {
                Wish::Send(octets) => self.answer(number, octets, delay),
                Wish::Write(octets) => {
                    self.answer(number, octets, delay);
                    self.after_round_trips(number, now.saturating_add(delay), BleEvent::Written, 1);
                }
                Wish::Ask(event, requests) => self.after_round_trips(number, now, event, requests),
                Wish::Close => running.over = true,
            }
        }
    }

    fn after_round_trips(&mut self, number: u64, from_us: u64, event: BleEvent, count: u32) {
        let Some(running) = self.running.get_mut(&number) else { return };
        let Some(up) = &running.up else { return };
        let at = up.carrier.round_trips(from_us, count);
        running.awaited = running.awaited.saturating_add(1);
        self.schedule(at, Event::Reported(number, event));
    }

    /// Sends what the phone answers, unless it is gone by now.
    fn answer(&mut self, number: u64, octets: Vec<u8>, delay_us: u64) {
        if self.is_gone(number) {
            return;
        }
        if let Some(running) = self.running.get_mut(&number) {
            running.answers = running.answers.saturating_add(1);
        }
        self.send(number, End::Door, octets, delay_us);
    }

    /// Whether the phone is no longer there, as the plan of the tap says.
    fn is_gone(&mut self, number: u64) -> bool {
        let Some(running) = self.running.get_mut(&number) else { return true };
        let (leaves, dies) = (running.plan.leaves_after, running.plan.dies_after);
        if leaves.or(dies).is_none_or(|last| running.answers < last) {
            return false;
        }
        if dies.is_some()
            && let Some(phone) = self.phones.get_mut(running.phone)
        {
            phone.powered = false;
        }
        let why = if dies.is_some() { "the phone's battery is empty" } else { "the phone was taken away" };
        running.record.broken = Some(why);
        running.over = true;
        true
    }

    fn send(&mut self, number: u64, to: End, octets: Vec<u8>, delay_us: u64) {
        let Some(running) = self.running.get_mut(&number) else { return };
        let Some(up) = &mut running.up else { return };
        let sent_us = self.clock.now_us().saturating_add(delay_us);
        let carried = up.carrier.carry(sent_us, to, octets.clone());
        let (arrived_us, octets) = match &carried {
            Carried::Arrives(at, octets) => (Some(*at), octets.clone()),
            Carried::LinkDown(_) => (None, octets),
        };
        self.digest.add(sent_us, arrived_us, to, &octets);
        running.record.pieces.push(Piece { sent_us, arrived_us, to, octets });
        running.awaited = running.awaited.saturating_add(1);
        match carried {
            Carried::Arrives(at, octets) => self.schedule(at, Event::Arrived(number, to, octets)),
            Carried::LinkDown(at) => self.schedule(at, Event::WentDown(number)),
        }
    }

    /// Keeps what happened.
    fn note(&mut self, number: u64, handled: Handled) {
        let now = self.clock.now_us();
        let Some(running) = self.running.get_mut(&number) else { return };
        for happened in handled.events {
            running.over |= happened.ends();
            self.digest.event(now, &happened);
            running.record.at_door.push((now, happened));
        }
        let Some(up) = &mut running.up else { return };
        while let Some(event) = up.handset.poll_event() {
            running.record.at_phone.push((now, event));
        }
    }

    /// Where nothing more is to come, the tap is over or somebody's patience decides.
    fn settle(&mut self, number: u64) -> Result<()> {
        self.note(number, Handled::default());
        let Some(running) = self.running.get(&number) else { return Ok(()) };
        let cut_short = running.record.broken.is_some();
        if cut_short || (running.over && running.awaited == 0) {
            return self.leave(number, None);
        }
        if running.awaited == 0 {
            let at = self.clock.now_us();
            self.schedule(at, Event::Expires(number));
        }
        Ok(())
    }

    /// The phone goes; the next one may come.
    fn leave(&mut self, number: u64, broken: Option<&'static str>) -> Result<()> {
        self.at_door(number, Device::Left)?;
        let Some(mut running) = self.running.remove(&number) else { return Ok(()) };
        let now = self.clock.now_us();
        if let Some(up) = &mut running.up {
            up.handset.leave();
            while let Some(event) = up.handset.poll_event() {
                running.record.at_phone.push((now, event));
            }
        }
        // What the phone had to say at last belongs to it before it is dropped.
        running.up = None;
        running.record.broken = running.record.broken.or(broken);
        running.record.ended_us = Some(now);
        let (phone, door) = (running.phone, running.door);
        if let Some(phone) = self.phones.get_mut(phone) {
            phone.tap = None;
        }
        self.finish(running.record);
        let next = self.doors.get_mut(door).and_then(|door| {
            door.tap = door.waiting.pop_front();
            door.tap
        });
        if let Some(next) = next {
            self.connect(next);
        }
        self.set_alarm(phone);
        Ok(())
    }

    /// A tap that was over is kept, and told.
    fn finish(&mut self, record: TapRecord) {
        let text = said(&record);
        self.say(&record.door.clone(), text);
        self.digest.add(
            record.began_us,
            record.ended_us,
            End::Phone,
            record.told().unwrap_or("-").as_bytes(),
        );
        self.records.push(record);
    }
}

/// A tap in one line.
fn said(record: &TapRecord) -> String {
    let link = record.link.kind.name();
    let phone = &record.phone;
    let path = record.path().unwrap_or("no");
    let took =
        record.decided_after_us().map(|us| format!(" in {}", super::milliseconds(us))).unwrap_or_default();
    match (record.result(), record.decision()) {
        ("granted", Some((_, Happened::Granted { output, .. }))) => {
            format!("{phone} over {link}: granted, {output} goes out ({path} path{took})")
        }
        ("denied", _) => {
            let reason = record.reason().unwrap_or_default();
            format!("{phone} over {link}: denied, {reason} ({path} path{took})")
        }
        _ => {
            let reason = record.reason().unwrap_or_else(|| "nothing was said".to_owned());
            let told =
                record.told_in_words().map(|told| format!("; the phone says: {told}")).unwrap_or_default();
            format!("{phone} over {link}: no decision, {reason}{told}")
        }
    }
}
