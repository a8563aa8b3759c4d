//! One tap between the door and a phone, octet by octet as the radio would carry it, and what it took.

use std::collections::VecDeque;
use std::time::{Duration, Instant as Stopwatch};

use anyhow::Result;
use credential::ble::segment::AttMtu;
use credential::iso7816::FrontEnd;
use phone_sdk::{BleAction, BleEvent, BleHandles, BlePresenter, Deactivation, NfcPresenter, TapEvent};
use reader_firmware::door::{Arrival, Device};

use super::building::Building;
use super::phone::DemoPhone;
use super::report::TapRow;
use crate::output::path_name;
use crate::unit::{Cost, Happened};

/// An att_mtu that many phones negotiate, octets.
const ATT_MTU: u16 = 247;

/// Where the characteristics are; nothing here looks at it.
const HANDLES: BleHandles = BleHandles { command: 1, response: 2, psm: None };

/// The link of a tap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    Nfc,
    Ble,
}

/// The phone's end of a link.
enum PhoneEnd {
    Nfc(Box<NfcPresenter>),
    Ble(Box<BlePresenter>),
}

/// What was counted on the link to the reader's decision.
#[derive(Default)]
struct Meter {
    pairs: usize,
    octets_to_phone: usize,
    octets_to_reader: usize,
    reader: Duration,
    phone: Duration,
}

/// Plays a tap to its end.
pub(super) fn play(
    building: &mut Building,
    phone: &DemoPhone,
    over: Over,
    occasion: &'static str,
) -> Result<TapRow> {
    // Between taps the door has time for what it would otherwise do during one.
    building.door.prepare();
    let mut tap = Running {
        building,
        meter: Meter::default(),
        decided: None,
        cost: None,
        to_phone: VecDeque::new(),
        to_reader: VecDeque::new(),
    };
    let mut end = PhoneEnd::new(phone, over);
    tap.at_door(Device::Arrived(over.arrival()?))?;
    tap.to_reader.extend(end.arrive());
    tap.run(&mut end)?;
    tap.at_door(Device::Left)?;
    let told = end.leave();
    Ok(tap.row(phone, over, occasion, told))
}

/// A tap under way.
struct Running<'b> {
    building: &'b mut Building,
    meter: Meter,
    /// The decision, once there is one; from then on nothing is counted.
    decided: Option<Happened>,
    /// What the tap cost on a microcontroller.
    cost: Option<Cost>,
    to_phone: VecDeque<Vec<u8>>,
    to_reader: VecDeque<Vec<u8>>,
}

impl Running<'_> {
    /// Carries octets back and forth until neither side has any.
    fn run(&mut self, end: &mut PhoneEnd) -> Result<()> {
        loop {
            if let Some(octets) = self.to_phone.pop_front() {
                let began = Stopwatch::now();
                self.to_reader.extend(end.receive(&octets));
                let took = began.elapsed();
                self.count(|meter| {
                    meter.octets_to_phone = meter.octets_to_phone.saturating_add(octets.len());
                    meter.phone = meter.phone.saturating_add(took);
                });
            } else if let Some(octets) = self.to_reader.pop_front() {
                self.count(|meter| {
                    meter.octets_to_reader = meter.octets_to_reader.saturating_add(octets.len());
                    meter.pairs = meter.pairs.saturating_add(usize::from(end.ends_message(&octets)));
                });
                self.at_door(Device::Sent(&octets))?;
            } else {
                return Ok(());
            }
        }
    }

    fn at_door(&mut self, device: Device<'_>) -> Result<()> {
        let mut transmitted = Vec::new();
        let handled = self.building.door.handle(device, &mut transmitted)?;
        self.to_phone.extend(transmitted);
        if handled.cost.is_some() {
            // A board says at the end what it took to the decision.
            self.cost = handled.cost;
            self.meter.reader = handled.took;
        } else {
            self.count(|meter| meter.reader = meter.reader.saturating_add(handled.took));
        }
        if let Some(decision) = handled.events.into_iter().find(Happened::decides) {
            self.decided = Some(decision);
        }
        Ok(())
    }

    fn count(&mut self, add: impl FnOnce(&mut Meter)) {
        if self.decided.is_none() {
            add(&mut self.meter);
        }
    }

    fn row(self, phone: &DemoPhone, over: Over, occasion: &'static str, told: Option<String>) -> TapRow {
        let user_id = &phone.user.person.user_id;
        let (decision, path, reason, output) = match &self.decided {
            Some(Happened::Granted { output, path, .. }) => {
                ("grant", Some(*path), None, Some(output.clone()))
            }
            Some(Happened::Denied { reason, path, .. }) => ("deny", Some(*path), Some(reason.clone()), None),
            Some(Happened::DoesNotFit(why)) => ("deny", None, Some(why.clone()), None),
            _ => ("none", None, None, None),
        };
        let carries = |output: &String| self.building.output.carries(output, user_id);
        TapRow {
            user: user_id.clone(),
            name: phone.name(),
            occasion,
            transport: over.name(),
            path: path.map(path_name),
            pairs: self.meter.pairs,
            octets: self.meter.octets_to_phone.saturating_add(self.meter.octets_to_reader),
            octets_to_phone: self.meter.octets_to_phone,
            octets_to_reader: self.meter.octets_to_reader,
            reader_us: microseconds(self.meter.reader),
            reader_instructions: self.cost.map(|cost| cost.decision),
            reader_instructions_whole: self.cost.map(|cost| cost.whole),
            phone_us: microseconds(self.meter.phone),
            decision,
            reason,
            carries_user: output.as_ref().is_none_or(carries),
            output,
            phone_told: told,
        }
    }
}

impl Over {
    const fn name(self) -> &'static str {
        match self {
            Self::Nfc => "nfc",
            Self::Ble => "ble",
        }
    }

    fn arrival(self) -> Result<Arrival> {
        Ok(match self {
            Self::Nfc => Arrival::Nfc(FrontEnd::SHORT),
            Self::Ble => Arrival::Gatt(AttMtu::new(ATT_MTU)?),
        })
    }
}

impl PhoneEnd {
    fn new(phone: &DemoPhone, over: Over) -> Self {
        match over {
            Over::Nfc => Self::Nfc(Box::new(phone.nfc())),
            Over::Ble => Self::Ble(Box::new(phone.ble())),
        }
    }

    /// What the phone sends of its own accord: nothing as a card, the opening message as a central.
    fn arrive(&mut self) -> Vec<Vec<u8>> {
        let Self::Ble(presenter) = self else { return Vec::new() };
        presenter.handle(BleEvent::Connected { peripheral: "door".to_owned(), att_mtu: ATT_MTU });
        writes(presenter)
    }

    /// What the phone sends in answer.
    fn receive(&mut self, octets: &[u8]) -> Vec<Vec<u8>> {
        match self {
            Self::Nfc(presenter) => vec![presenter.process_command(octets)],
            Self::Ble(presenter) => {
                presenter.handle(BleEvent::Notified(octets.to_vec()));
                writes(presenter)
            }
        }
    }

    /// Whether these octets to the reader are the end of a message: each response APDU is one, and each last segment.
    fn ends_message(&self, octets: &[u8]) -> bool {
        const LAST: u8 = 0x40;
        match self {
            Self::Nfc(_) => true,
            Self::Ble(_) => octets.first().is_some_and(|flags| flags & LAST != 0),
        }
    }

    /// Takes the phone away; what it was told, if the tap came to its end.
    fn leave(mut self) -> Option<String> {
        let mut told = None;
        while let Some(event) = self.poll_event() {
            told = Some(match event {
                TapEvent::Finished(tap) => {
                    tap.result.map_or_else(|reason| reason.to_string(), |()| "grant".to_owned())
                }
                TapEvent::ReaderRefused(refused) => refused.to_string(),
                TapEvent::Failed(failure) => failure.to_string(),
                _ => continue,
            });
        }
        match &mut self {
            Self::Nfc(presenter) => presenter.deactivated(Deactivation::LinkLoss),
            Self::Ble(presenter) => presenter.handle(BleEvent::Disconnected),
        }
        told
    }

    fn poll_event(&mut self) -> Option<TapEvent> {
        match self {
            Self::Nfc(presenter) => presenter.poll_event(),
            Self::Ble(presenter) => presenter.poll_event(),
        }
    }
}

/// Does what the presenter asks of the central API, and collects the segments that it writes.
fn writes(presenter: &mut BlePresenter) -> Vec<Vec<u8>> {
    let mut written = Vec::new();
    while let Some(action) = presenter.poll_action() {
        match action {
            BleAction::Discover { .. } => presenter.handle(BleEvent::Discovered(HANDLES)),
            BleAction::Subscribe { .. } => presenter.handle(BleEvent::Subscribed),
            BleAction::Write { value, .. } => {
                written.push(value);
                presenter.handle(BleEvent::Written);
            }
            // A central without channels is asked for nothing else.
            _ => break,
        }
    }
    written
}

fn microseconds(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
